//! `extract --plan`: what a run will cost, before it makes a call.

use std::collections::BTreeMap;

use engine::allowance::Standing;
use engine::extract::{self, KindPlan, Learned, Plan, Sizing};
use jiff::Timestamp;
use looker::pacing::Ledger;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vault::{Reader, Vault};

use super::{ExtractArgs, Settled};
use crate::config::Config;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Printer, Table, human};
use crate::report::{Failure, Outcome};
use crate::standing::{self, MonthPart};
use crate::watching::Bars;
use crate::{interrupt, remote};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    is_known: bool,
    sizing: SizingPart<'a>,
    kinds: &'a [KindPlan],
    calls_by_ledger: BTreeMap<&'static str, Bounds>,
    max_calls: Option<u64>,
    month: MonthPart,
    is_enough: bool,
}

/// Calls that were made to learn sizes, and what is not known all the same.
#[derive(Serialize)]
struct SizingPart<'a> {
    run: Option<i64>,
    calls: u64,
    unknown: Vec<&'a str>,
}

#[derive(Clone, Copy, Serialize)]
struct Bounds {
    at_least: u64,
    likely: u64,
}

/// Plans a run and tells what it will cost.
///
/// # Errors
/// When folders are named that nobody knows, the vault cannot be read, or sizes
/// cannot be learned.
pub(super) fn run(context: &Context, args: &ExtractArgs, config: &Config) -> Outcome {
    let instance = context.instance(config)?;
    let settled = Settled::new(args, config, instance)?;
    let address = settled.instance.base_url.value.to_string();
    let bars = Bars::new(&context.printer);
    let mut learned = Learned::default();
    let (mut plan, mut standing) = read(config, &address, &settled, &learned, &bars)?;
    if may_learn(&context.printer, &settled, &plan.sizing) {
        learned = learn(context, config, &settled, &plan.sizing, &bars)?;
        (plan, standing) = read(config, &address, &settled, &learned, &bars)?;
    }
    bars.finish();
    let told = Told { plan, standing, learned, settled, address };
    told.print(&context.printer)?;
    Ok(if told.is_enough() { Exit::Ok } else { Exit::Budget })
}

/// The plan by what the vault knows, if there is one, and the month until now.
fn read(
    config: &Config,
    address: &str,
    settled: &Settled,
    learned: &Learned,
    bars: &Bars,
) -> Result<(Plan, Standing), Failure> {
    let path = &config.vault.value;
    let reader = if path.exists() { Some(Vault::open_for_reading(path)?) } else { None };
    let plan = extract::plan(reader.as_ref(), address, settled.request.clone(), learned, bars)?;
    let allowance = &settled.under.allowance;
    let standing = match &reader {
        Some(reader) => Standing::read(reader, instance_of(reader, address)?, allowance, Timestamp::now())?,
        None => Standing::unspent(allowance, Timestamp::now()),
    };
    Ok((plan, standing))
}

fn instance_of(reader: &Reader, address: &str) -> Result<Option<vault::InstanceId>, Failure> {
    Ok(reader.instances()?.into_iter().find(|known| known.url == address).map(|known| known.id))
}

/// Says what learning the sizes costs, and asks where somebody can answer.
fn may_learn(printer: &Printer, settled: &Settled, sizing: &Sizing) -> bool {
    if sizing.is_empty() {
        return false;
    }
    let calls = sizing.calls();
    let kinds = sizing.kinds().collect::<Vec<_>>().join(", ");
    let price = human::counted(calls, "administrative call", "administrative calls");
    printer.status(format!("How much there is to read is not known of {kinds}. To count costs {price}."));
    if settled.settings.max_calls.as_ref().is_some_and(|most| most.value.get() < calls) {
        printer.status("--max-calls does not allow them.");
        return false;
    }
    !printer.style().asks || printer.ask("Count?", &[("yes", true), ("no", false)]).unwrap_or(false)
}

fn learn(
    context: &Context,
    config: &Config,
    settled: &Settled,
    sizing: &Sizing,
    bars: &Bars,
) -> Result<Learned, Failure> {
    let client = remote::client(&settled.instance, &settled.settings)?;
    let vault = Vault::open_for_writing(&config.vault.value, vault::PLANNING)?;
    context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        Ok(extract::learn(&client, vault, &settled.request, sizing, bars, &interrupted).await?)
    })
}

/// A plan and what it is held against.
struct Told {
    plan: Plan,
    standing: Standing,
    learned: Learned,
    settled: Settled,
    address: String,
}

impl Told {
    fn max_calls(&self) -> Option<u64> {
        self.settled.settings.max_calls.as_ref().map(|calls| calls.value.get())
    }

    /// What the allowance leaves of a ledger, unless it was set aside.
    fn left(&self, ledger: Ledger) -> Option<u64> {
        let limit = self.standing.of(ledger)?.limit.filter(|_| !self.settled.under.set_aside)?;
        Some(limit.left_for_extraction)
    }

    /// Whether the least that the run costs is there.
    fn is_enough(&self) -> bool {
        self.shortages(|(at_least, _)| at_least).is_empty()
    }

    /// What does not suffice for so many calls, in words.
    fn shortages(&self, bound: fn((u64, u64)) -> u64) -> Vec<String> {
        let mut shortages = Vec::new();
        for ledger in Ledger::METERED {
            let (calls, left) = (bound(self.plan.of(ledger)), self.left(ledger));
            shortages.extend(left.filter(|left| *left < calls).map(|left| {
                let label = ledger.label();
                format!(
                    "{} {label} calls, and the month's allowance leaves {}",
                    human::count(calls),
                    human::count(left)
                )
            }));
        }
        let calls = bound(self.plan.metered());
        shortages.extend(self.max_calls().filter(|most| *most < calls).map(|most| {
            format!("{} calls, and --max-calls allows {}", human::count(calls), human::count(most))
        }));
        shortages
    }

    fn print(&self, printer: &Printer) -> Result<(), Failure> {
        if printer.is_json() {
            let bounds = |ledger: Ledger| {
                let (at_least, likely) = self.plan.of(ledger);
                (ledger.name(), Bounds { at_least, likely })
            };
            return printer.json(&Document {
                schema: "lookervault.plan/1",
                instance: &self.address,
                is_known: self.plan.is_known,
                sizing: SizingPart {
                    run: self.learned.run,
                    calls: self.learned.calls,
                    unknown: self.plan.sizing.kinds().collect(),
                },
                kinds: &self.plan.kinds,
                calls_by_ledger: Ledger::METERED.map(bounds).into(),
                max_calls: self.max_calls(),
                month: MonthPart::new(&self.standing, &self.settled.under.allowance),
                is_enough: self.is_enough(),
            });
        }
        printer.table(&self.table())?;
        printer.line(self.verdict())?;
        if let Some(line) = standing::line(&self.standing, &self.settled.under.allowance) {
            printer.line(line)?;
        }
        let paint = printer.paint();
        let short = self.shortages(|(at_least, _)| at_least);
        if !short.is_empty() {
            return printer
                .line(paint.bad(format!("It will not come to its end: it needs {}.", short.join("; "))));
        }
        let short = self.shortages(|(_, likely)| likely);
        if short.is_empty() {
            return Ok(());
        }
        printer
            .line(paint.caution(format!("It may not come to its end: it likely needs {}.", short.join("; "))))
    }

    fn verdict(&self) -> String {
        let words = |bound: fn((u64, u64)) -> u64| {
            let [administrative, query_based] = Ledger::METERED.map(|ledger| bound(self.plan.of(ledger)));
            standing::ByLedger { administrative, query_based, unmetered: 0 }.words()
        };
        let (at_least, likely) = (words(|(at_least, _)| at_least), words(|(_, likely)| likely));
        let spent = match self.learned.calls {
            0 => "This plan made no call.".to_owned(),
            calls => format!("This plan made {}.", human::counted(calls, "call", "calls")),
        };
        if at_least == likely {
            return format!("The run costs {at_least}, if nothing has changed. {spent}");
        }
        format!("The run costs at least {at_least}, likely {likely}. {spent}")
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[
            ("kind", Align::Left),
            ("administrative", Align::Right),
            ("query-based", Align::Right),
            ("for", Align::Left),
            ("notes", Align::Left),
        ]);
        for kind in &self.plan.kinds {
            let calls = Ledger::METERED.map(|ledger| {
                let of = kind.calls.iter().filter(|calls| calls.ledger == ledger);
                of.fold((0, 0), |sum, calls| (sum.0 + calls.at_least, sum.1 + calls.likely))
            });
            let [administrative, query_based] = calls.map(range);
            table.row([kind.kind.to_owned(), administrative, query_based, reasons(kind), self.notes(kind)]);
        }
        let [administrative, query_based] = Ledger::METERED.map(|ledger| self.plan.of(ledger)).map(range);
        table.row(["total".to_owned(), administrative, query_based, String::new(), String::new()]);
        table
    }

    fn notes(&self, kind: &KindPlan) -> String {
        let mut notes = kind.notes.clone();
        if !kind.is_due {
            let read_at = kind.read_at.map(|at| format!(", read {} ago", human::age(at, Timestamp::now())));
            let cadence = looker::Kind::find(kind.kind).map(|kind| self.settled.request.cadences.of(kind));
            let cadence = cadence.map(|cadence| cadence.to_string()).unwrap_or_default();
            notes.insert(0, format!("not due: {cadence}{}", read_at.unwrap_or_default()));
        }
        notes.join("; ")
    }
}

/// `7`, or `2 to 7`.
fn range((at_least, likely): (u64, u64)) -> String {
    match (at_least, likely) {
        (0, 0) => String::new(),
        (at_least, likely) if at_least == likely => human::count(at_least),
        (at_least, likely) => format!("{} to {}", human::count(at_least), human::count(likely)),
    }
}

/// `2 listing, 5 page`.
fn reasons(kind: &KindPlan) -> String {
    let calls = kind.calls.iter();
    let one = |calls: &extract::PlannedCalls| {
        format!("{} {}", range((calls.at_least, calls.likely)), calls.reason.name().replace('_', "-"))
    };
    calls.map(one).collect::<Vec<_>>().join(", ")
}
