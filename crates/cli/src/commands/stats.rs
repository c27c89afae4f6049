//! `stats`: what the vault is made of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use vault::{Growth, KindStats, ObjectChanges, ObjectSize, PruneInfo, Reader, Vault};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::KindName;
use crate::output::{Align, Printer, Table, chart, human};
use crate::report::{Failure, Outcome};

/// Show how the vault grew, what is big, and what changes most
///
/// By kind: how many times the documents that all runs show are kept once
/// (deduplication), and how much smaller they are stored (compression). What
/// came when, as a chart on a terminal; the biggest objects; the objects that
/// change most often; the prunes that were made.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct StatsArgs {
    /// The kind of the objects that change most
    #[arg(long, value_name = "KIND", default_value = "dashboards")]
    pub kind: KindName,

    /// At most N objects a list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: u32,
}

const EXAMPLES: &str = "
  The vault:
    lookervault stats

  The looks that change most often:
    lookervault stats --kind looks --limit 30

  How much smaller a vault is than copies of everything, for a script:
    lookervault stats --json | jq '.copied_bytes / .vault_bytes'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Columns of the longest bar.
const BAR: u64 = 30;
/// More days than these are summed by the week, more weeks by the month.
const MOST_PERIODS: i32 = 31;

/// All that is told.
struct Stats {
    path: PathBuf,
    vault_bytes: u64,
    dictionary_bytes: u64,
    volatile_bytes: u64,
    kinds: Vec<KindStats>,
    growth: Vec<Growth>,
    biggest: Vec<ObjectSize>,
    changed: Vec<ObjectChanges>,
    prunes: Vec<PruneInfo>,
}

/// Prints the statistics.
///
/// # Errors
/// When there is no vault or it cannot be read.
pub fn run(context: &Context, args: &StatsArgs) -> Outcome {
    let reader = Vault::open_for_reading(&context.config()?.vault.value)?;
    let stats = gather(&reader, args)?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.json(&Document::new(&stats, args.kind))?;
    } else {
        print(printer, &stats, args.kind)?;
    }
    Ok(Exit::Ok)
}

fn gather(reader: &Reader, args: &StatsArgs) -> Result<Stats, Failure> {
    let size = reader.size()?;
    Ok(Stats {
        path: reader.path().to_owned(),
        vault_bytes: size.file_bytes,
        dictionary_bytes: size.dictionary_bytes,
        volatile_bytes: size.volatile_bytes,
        kinds: reader.kind_stats()?,
        growth: reader.growth()?,
        biggest: reader.biggest(args.limit)?,
        changed: reader.most_changed(args.kind.plural(), args.limit)?,
        prunes: reader.prunes()?,
    })
}

impl Stats {
    /// Bytes of documents, were each run a full copy.
    fn copied_bytes(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.copied_bytes).sum()
    }
}

fn print(printer: &Printer, stats: &Stats, kind: KindName) -> Result<(), Failure> {
    printer.line(format!(
        "{} with {}; full copies of what they show would take {}.",
        human::bytes(stats.vault_bytes),
        human::counted(stats.growth.len() as u64, "run", "runs"),
        human::bytes(stats.copied_bytes()),
    ))?;
    printer.section("Kinds", &kinds_table(&stats.kinds))?;
    printer.section("Growth", &growth_table(printer, &stats.growth))?;
    printer.section("Biggest objects", &biggest_table(&stats.biggest))?;
    printer.section(&format!("Most changed {kind}"), &changed_table(printer, &stats.changed))?;
    printer.section("Prunes", &prunes_table(printer, &stats.prunes))
}

/// How many times `part` fits into `whole`: `4.2x`.
fn times(whole: u64, part: u64) -> String {
    if part == 0 { String::new() } else { format!("{:.1}x", whole as f64 / part as f64) }
}

fn kinds_table(kinds: &[KindStats]) -> Table {
    let numbers =
        ["objects", "versions", "bodies", "full copies", "dedup", "bodies raw", "stored", "compression"];
    let columns: Vec<_> =
        std::iter::once(("kind", Align::Left)).chain(numbers.map(|name| (name, Align::Right))).collect();
    let mut table = Table::new(&columns);
    for kind in kinds {
        table.row([
            kind.kind.clone(),
            human::count(kind.objects),
            human::count(kind.versions),
            human::count(kind.bodies),
            human::bytes(kind.copied_bytes),
            times(kind.copied_bytes, kind.raw_bytes),
            human::bytes(kind.raw_bytes),
            human::bytes(kind.stored_bytes),
            times(kind.raw_bytes, kind.stored_bytes),
        ]);
    }
    table
}

/// What came in a day, a week or a month.
#[derive(Debug, Default, PartialEq, Eq)]
struct Period {
    runs: u64,
    versions: u64,
    stored_bytes: u64,
}

/// Growth by the day; by the week or month when there would be too many days.
fn periods(growth: &[Growth], zone: &TimeZone) -> BTreeMap<Date, Period> {
    let day = |run: &Growth| run.started_at.to_zoned_datetime(zone.clone()).date();
    let (Some(first), Some(last)) = (growth.iter().map(day).min(), growth.iter().map(day).max()) else {
        return BTreeMap::new();
    };
    let days = first.until(last).map_or(i32::MAX, |span| span.get_days());
    let begin = |date: Date| match days {
        0..MOST_PERIODS => date,
        _ if days < MOST_PERIODS * 7 => {
            date.iso_week_date().first_of_week().map_or(date, jiff::civil::ISOWeekDate::date)
        }
        _ => date.first_of_month(),
    };
    let mut periods: BTreeMap<Date, Period> = BTreeMap::new();
    for run in growth {
        let period = periods.entry(begin(day(run))).or_default();
        period.runs += 1;
        period.versions += run.versions;
        period.stored_bytes += run.stored_bytes;
    }
    periods
}

fn growth_table(printer: &Printer, growth: &[Growth]) -> Table {
    let mut columns = vec![
        ("since", Align::Left),
        ("runs", Align::Right),
        ("versions", Align::Right),
        ("stored", Align::Right),
    ];
    // Bars are for people who look at a terminal.
    let has_bars = printer.style().width.is_some();
    columns.extend(has_bars.then_some(("", Align::Left)));
    let mut table = Table::new(&columns);
    let periods = periods(growth, printer.zone());
    let most = periods.values().map(|period| period.stored_bytes).max().unwrap_or_default();
    for (since, period) in periods {
        let mut cells = vec![
            since.to_string(),
            human::count(period.runs),
            human::count(period.versions),
            human::bytes(period.stored_bytes),
        ];
        cells.extend(has_bars.then(|| chart::bar(period.stored_bytes, most, BAR)));
        table.row(cells);
    }
    table
}

fn biggest_table(objects: &[ObjectSize]) -> Table {
    let mut table = Table::new(&[
        ("kind", Align::Left),
        ("id", Align::Right),
        ("title", Align::Left),
        ("size", Align::Right),
        ("stored", Align::Right),
    ]);
    for object in objects {
        table.row([
            object.kind.clone(),
            object.key.clone(),
            object.title.clone().unwrap_or_default(),
            human::bytes(object.raw_bytes),
            human::bytes(object.stored_bytes),
        ]);
    }
    table
}

fn changed_table(printer: &Printer, objects: &[ObjectChanges]) -> Table {
    let columns =
        [("id", Align::Right), ("title", Align::Left), ("changes", Align::Right), ("last", Align::Left)];
    let mut table = Table::new(&columns);
    for object in objects {
        table.row([
            object.key.clone(),
            object.title.clone().unwrap_or_default(),
            human::count(object.changes),
            human::time(object.changed_at, printer.zone()),
        ]);
    }
    table
}

fn prunes_table(printer: &Printer, prunes: &[PruneInfo]) -> Table {
    let mut table = Table::new(&[
        ("when", Align::Left),
        ("runs", Align::Right),
        ("versions", Align::Right),
        ("bodies", Align::Right),
        ("stored", Align::Right),
        ("rules", Align::Left),
    ]);
    for prune in prunes {
        let dropped = prune.dropped;
        table.row([
            human::time(prune.at, printer.zone()),
            human::count(dropped.runs),
            human::count(dropped.versions),
            human::count(dropped.bodies),
            human::bytes(dropped.bytes),
            prune.policy.clone(),
        ]);
    }
    table
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    vault: PathBuf,
    vault_bytes: u64,
    copied_bytes: u64,
    dictionary_bytes: u64,
    volatile_bytes: u64,
    kinds: Vec<KindPart<'a>>,
    growth: Vec<GrowthPart>,
    biggest: Vec<BiggestPart<'a>>,
    changed_kind: &'static str,
    most_changed: Vec<ChangedPart<'a>>,
    prunes: Vec<PrunePart<'a>>,
}

#[derive(Serialize)]
struct KindPart<'a> {
    kind: &'a str,
    objects: u64,
    versions: u64,
    bodies: u64,
    copied_bytes: u64,
    raw_bytes: u64,
    stored_bytes: u64,
}

#[derive(Serialize)]
struct GrowthPart {
    run: i64,
    started_at: Timestamp,
    versions: u64,
    bodies: u64,
    stored_bytes: u64,
}

#[derive(Serialize)]
struct BiggestPart<'a> {
    instance: &'a str,
    kind: &'a str,
    id: &'a str,
    title: Option<&'a str>,
    bytes: u64,
    stored_bytes: u64,
}

#[derive(Serialize)]
struct ChangedPart<'a> {
    instance: &'a str,
    id: &'a str,
    title: Option<&'a str>,
    changes: u64,
    changed_at: Timestamp,
}

#[derive(Serialize)]
struct PrunePart<'a> {
    at: Timestamp,
    rules: Option<&'a RawValue>,
    runs: Vec<i64>,
    versions: u64,
    bodies: u64,
    bytes: u64,
    gone_objects: u64,
}

impl<'a> Document<'a> {
    fn new(stats: &'a Stats, kind: KindName) -> Self {
        Self {
            schema: "lookervault.stats/1",
            vault: stats.path.clone(),
            vault_bytes: stats.vault_bytes,
            copied_bytes: stats.copied_bytes(),
            dictionary_bytes: stats.dictionary_bytes,
            volatile_bytes: stats.volatile_bytes,
            kinds: stats.kinds.iter().map(KindPart::new).collect(),
            growth: stats.growth.iter().map(GrowthPart::new).collect(),
            biggest: stats.biggest.iter().map(BiggestPart::new).collect(),
            changed_kind: kind.plural(),
            most_changed: stats.changed.iter().map(ChangedPart::new).collect(),
            prunes: stats.prunes.iter().map(PrunePart::new).collect(),
        }
    }
}

impl<'a> KindPart<'a> {
    fn new(kind: &'a KindStats) -> Self {
        Self {
            kind: &kind.kind,
            objects: kind.objects,
            versions: kind.versions,
            bodies: kind.bodies,
            copied_bytes: kind.copied_bytes,
            raw_bytes: kind.raw_bytes,
            stored_bytes: kind.stored_bytes,
        }
    }
}

impl GrowthPart {
    fn new(run: &Growth) -> Self {
        Self {
            run: run.run.number(),
            started_at: run.started_at,
            versions: run.versions,
            bodies: run.bodies,
            stored_bytes: run.stored_bytes,
        }
    }
}

impl<'a> BiggestPart<'a> {
    fn new(object: &'a ObjectSize) -> Self {
        Self {
            instance: &object.instance_url,
            kind: &object.kind,
            id: &object.key,
            title: object.title.as_deref(),
            bytes: object.raw_bytes,
            stored_bytes: object.stored_bytes,
        }
    }
}

impl<'a> ChangedPart<'a> {
    fn new(object: &'a ObjectChanges) -> Self {
        Self {
            instance: &object.instance_url,
            id: &object.key,
            title: object.title.as_deref(),
            changes: object.changes,
            changed_at: object.changed_at,
        }
    }
}

impl<'a> PrunePart<'a> {
    fn new(prune: &'a PruneInfo) -> Self {
        Self {
            at: prune.at,
            rules: serde_json::from_str(&prune.policy).ok(),
            runs: prune.runs.iter().map(|run| run.number()).collect(),
            versions: prune.dropped.versions,
            bodies: prune.dropped.bodies,
            bytes: prune.dropped.bytes,
            gone_objects: prune.dropped.objects,
        }
    }
}

#[cfg(test)]
mod tests {
    use vault::RunId;

    use super::*;

    fn growth(days: &[&str]) -> Vec<Growth> {
        let run = |day: &&str| Growth {
            run: RunId::from_number(1),
            started_at: format!("{day}T12:00:00Z").parse().unwrap(),
            versions: 2,
            bodies: 1,
            stored_bytes: 10,
        };
        days.iter().map(run).collect()
    }

    #[test]
    fn periods_grow_with_the_history() {
        let since = |days: &[&str]| -> Vec<String> {
            periods(&growth(days), &TimeZone::UTC).keys().map(Date::to_string).collect()
        };
        assert_eq!(since(&["2026-11-01", "2026-11-03"]), ["2026-11-01", "2026-11-03"]);
        assert_eq!(since(&["2026-10-01", "2026-11-03", "2026-11-06"]), ["2026-09-28", "2026-11-02"]);
        assert_eq!(since(&["2025-11-01", "2026-11-03", "2026-11-16"]), ["2025-11-01", "2026-11-01"]);
        assert!(since(&[]).is_empty());
        let all = periods(&growth(&["2026-11-01", "2026-11-01"]), &TimeZone::UTC);
        assert_eq!(
            all.into_values().collect::<Vec<_>>(),
            [Period { runs: 2, versions: 4, stored_bytes: 20 }]
        );
    }
}
