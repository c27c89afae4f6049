//! What an extraction came to, for people and for scripts.

use std::path::Path;
use std::time::Duration;

use engine::allowance::{Allowance, Standing};
use engine::extract::{GapReport, Report, Stop};
use jiff::Timestamp;
use looker::pacing::{Ledger, Reason};
use serde::Serialize;
use vault::{RunId, Suspicion, Vault};

use crate::output::{Align, Printer, Table, human};
use crate::references;
use crate::report::Failure;
use crate::standing::{self, ByLedger, MonthPart};

/// Gaps and other lists are cut after so many lines; the vault has them all.
const MOST_LINES: usize = 20;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    vault: String,
    vault_bytes: u64,
    #[serde(flatten)]
    report: &'a Report,
    calls_by_ledger: ByLedger,
    over_allowance: bool,
    month: MonthPart,
}

/// The allowance that a run was under.
pub(crate) struct Under {
    /// The allowance.
    pub(crate) allowance: Allowance,
    /// Whether it was set aside.
    pub(crate) set_aside: bool,
}

/// Prints the report of a run into the vault at `path`, and what it left of the
/// allowance.
///
/// # Errors
/// When stdout or the vault's size cannot be had.
pub(crate) fn print(printer: &Printer, report: &Report, path: &Path, under: &Under) -> Result<(), Failure> {
    let reader = Vault::open_for_reading(path)?;
    let vault_bytes = reader.file_bytes();
    let instance = reader.run(RunId::from_number(report.run))?.info.instance.id;
    let standing = Standing::read(&reader, Some(instance), &under.allowance, Timestamp::now())?;
    let mut calls_by_ledger = ByLedger::default();
    report.calls.iter().for_each(|line| calls_by_ledger.add(line.ledger.name(), line.calls));
    if printer.is_json() {
        return printer.json(&Document {
            schema: "lookervault.extract/1",
            vault: path.display().to_string(),
            vault_bytes,
            report,
            calls_by_ledger,
            over_allowance: under.set_aside,
            month: MonthPart::new(&standing, &under.allowance),
        });
    }
    kinds(printer, report)?;
    let seconds = report.seconds.max(0.001);
    let objects: u64 = report.kinds.iter().map(|kind| kind.seen).sum();
    printer.line(format!(
        "{} in {}, {} objects/s, {} ({}); vault {} at {}",
        human::counted(objects, "object", "objects"),
        human::duration(Duration::from_secs_f64(seconds)),
        human::count((objects as f64 / seconds) as u64),
        calls_by_ledger.words(),
        by_reason(report),
        human::bytes(vault_bytes),
        path.display(),
    ))?;
    if let Some(left) = standing::line(&standing, &under.allowance) {
        printer.line(left)?;
    }
    if under.set_aside {
        printer.line("The allowance did not hold this run back (--over-allowance).")?;
    }
    for line in references::lines(&report.references) {
        printer.line(line)?;
    }
    for part in report.not_read.iter().take(MOST_LINES) {
        printer.line(format!("not read: {}", human::one_line(part)))?;
    }
    if report.not_read.len() > MOST_LINES {
        printer.line(format!(
            "… and {} more; see `lookervault runs show`",
            report.not_read.len() - MOST_LINES
        ))?;
    }
    verdict(printer, report, &standing::renewal(&standing, &under.allowance))
}

fn kinds(printer: &Printer, report: &Report) -> Result<(), Failure> {
    let columns = [
        ("kind", Align::Left),
        ("seen", Align::Right),
        ("new", Align::Right),
        ("changed", Align::Right),
        ("gone", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for kind in &report.kinds {
        let counts = [kind.seen, kind.new, kind.changed, kind.gone].map(human::count);
        table.row(std::iter::once(kind.kind.clone()).chain(counts));
    }
    if table.is_empty() { Ok(()) } else { printer.table(&table) }
}

fn by_reason(report: &Report) -> String {
    let all = [
        Reason::Session,
        Reason::Listing,
        Reason::Page,
        Reason::LookAhead,
        Reason::Item,
        Reason::Probe,
        Reason::Write,
        Reason::Recovery,
        Reason::Retry,
    ];
    let metered = || report.calls.iter().filter(|line| line.ledger != Ledger::Unmetered);
    let of = |reason: Reason| {
        let calls: u64 = metered().filter(|line| line.reason == reason).map(|line| line.calls).sum();
        (calls > 0).then(|| format!("{} {}", human::count(calls), reason.name().replace('_', "-")))
    };
    all.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

fn verdict(printer: &Printer, report: &Report, renewal: &str) -> Result<(), Failure> {
    for moving in report.moving.iter().take(MOST_LINES) {
        printer.line(format!("still moving: {moving} (read again next run)"))?;
    }
    if report.state == "complete" {
        let again = if report.resumed { " (continued)" } else { "" };
        return printer.line(format!("Run {} is complete{again}.", report.run));
    }
    if !report.suspicions.is_empty() {
        return suspect(printer, report);
    }
    for gap in report.gaps.iter().take(MOST_LINES) {
        printer.line(format!("gap: {}", gap_line(gap)))?;
    }
    if report.gaps.len() > MOST_LINES {
        printer
            .line(format!("… and {} more; see `lookervault runs show`", report.gaps.len() - MOST_LINES))?;
    }
    let why = report.stopped.as_ref().map(Stop::reason);
    let why = why.unwrap_or_else(|| human::counted(report.gaps.len() as u64, "gap", "gaps"));
    let closed = |gap: &GapReport| report.unavailable.iter().any(|entry| entry.kind == gap.kind);
    let next = match &report.stopped {
        None if report.gaps.iter().all(closed) => {
            "`lookervault check` shows what the account can see.".to_owned()
        }
        Some(Stop::Allowance(_)) => format!(
            "The allowance: {renewal}; continue then with `lookervault extract --resume`, or now with --over-allowance."
        ),
        _ => "Continue with `lookervault extract --resume`.".to_owned(),
    };
    printer.line(format!("Run {} is incomplete: {why}. {next}", report.run))
}

fn suspect(printer: &Printer, report: &Report) -> Result<(), Failure> {
    for reason in &report.suspicions {
        printer.line(format!("suspect: {}", suspicion(reason)))?;
    }
    printer.line(format!(
        "Run {0} is suspect: what it read is stored, nothing was marked as gone. \
         `lookervault runs confirm {0}` if that is right; otherwise see to it and extract again.",
        report.run
    ))
}

/// Why a run is suspect, in words.
pub(crate) fn suspicion(suspicion: &Suspicion) -> String {
    let list =
        |names: &[String]| names.iter().map(|name| human::one_line(name)).collect::<Vec<_>>().join(", ");
    match suspicion {
        Suspicion::OtherAccount { before, now } => {
            format!(
                "{} reads now, the last complete run was read by {}",
                human::one_line(now),
                human::one_line(before)
            )
        }
        Suspicion::UnknownAccount => "the instance no longer tells who the account is".to_owned(),
        Suspicion::LostRoles { ids } => format!("the account lost roles: {}", list(ids)),
        Suspicion::HiddenRoles => "the account may no longer see roles, its own included".to_owned(),
        Suspicion::LostPermissions { names } => format!("the account lost permissions: {}", list(names)),
        Suspicion::Vanished { kind, gone, known } => {
            format!("{} of {} {kind} vanished at once", human::count(*gone), human::count(*known))
        }
    }
}

fn gap_line(gap: &GapReport) -> String {
    let rows = match (gap.offset, gap.limit) {
        (Some(offset), Some(limit)) => format!(", rows {offset} to {}", offset + limit.saturating_sub(1)),
        (Some(offset), None) => format!(", rows from {offset} on"),
        (None, _) => String::new(),
    };
    format!("{}{rows}: {}", gap.place, human::one_line(&gap.reason))
}
