//! `runs`: what was read when.

mod ages;
mod confirm;
mod document;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vault::{
    CallCount, GapWhat, KindCounts, Reader, RunDetails, RunInfo, RunState, Side, StreamRecord, Vault,
};

pub use confirm::RunsConfirmArgs;
use document::{ListDocument, RunDocument};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::moments;
use crate::output::{Align, Printer, Table, human};
use crate::report::{Failure, Outcome};
use crate::{scope, summary};

/// List runs, show one, or confirm one
///
/// A run is one reading of a scope. It is `complete` when a closing listing
/// agreed with what was stored, `incomplete` when it has gaps or was stopped,
/// `interrupted` when its process died; the last two can be resumed. It is
/// `suspect` when more was gone than is believed without being asked, until it
/// is confirmed or a later run of the same scope takes its place (`superseded`).
/// Not every run reads every kind: --ages shows how old each is.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_long_help = command_help(EXAMPLES, EXITS))]
pub struct RunsArgs {
    /// At most N runs, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Show how old each kind is instead: when it was last read, how often it is, and
    /// what was never read
    #[arg(long)]
    pub ages: bool,

    /// What to do instead of listing.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// Commands below `runs`.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a command is documented where its arguments are")]
pub enum RunsCommand {
    Show(RunsShowArgs),
    Confirm(RunsConfirmArgs),
}

/// Show one run: its streams, gaps and calls
#[derive(Args, Debug)]
#[command(after_long_help = command_help(SHOW_EXAMPLES, EXITS))]
pub struct RunsShowArgs {
    /// The run: its number, its tag, `latest` or a time
    #[arg(value_name = "RUN")]
    pub run: String,
}

const EXAMPLES: &str = "
  The newest runs:
    lookervault runs

  How old each kind is, and what was never read:
    lookervault runs --ages

  What one of them could not read:
    lookervault runs show 7

  What run 7 found gone is gone indeed:
    lookervault runs confirm 7";

const SHOW_EXAMPLES: &str = "
  What run 7 read, and what it could not read:
    lookervault runs show 7

  Its calls, for a script:
    lookervault runs show 7 --json | jq .calls";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// Prints runs or one run.
///
/// # Errors
/// When there is no vault, it cannot be read, or it has no such run.
pub fn run(context: &Context, args: &RunsArgs) -> Outcome {
    let config = context.config()?;
    let path = &config.vault.value;
    match &args.command {
        Some(RunsCommand::Confirm(confirm)) => confirm::run(&context.printer, path, confirm)?,
        Some(RunsCommand::Show(show)) => show_run(context, &Vault::open_for_reading(path)?, show)?,
        None => {
            let reader = Vault::open_for_reading(path)?;
            let ages = ages::read(&reader, &config)?;
            if args.ages && !context.printer.is_json() {
                ages::print(&context.printer, &ages)?;
            } else {
                list(&context.printer, &reader, args.limit, &ages)?;
            }
        }
    }
    Ok(Exit::Ok)
}

fn list(printer: &Printer, reader: &Reader, limit: usize, ages: &[ages::OfInstance]) -> Result<(), Failure> {
    let runs = reader.runs(limit)?;
    if printer.is_json() {
        return printer.json(&ListDocument::new(&runs, ages));
    }
    if runs.is_empty() {
        printer.status("The vault has no runs yet.");
        return Ok(());
    }
    printer.table(&runs_table(printer, &runs))?;
    ages::line(ages, Timestamp::now()).map_or(Ok(()), |line| printer.line(line))
}

fn runs_table(printer: &Printer, runs: &[RunInfo]) -> Table {
    let mut table = Table::new(&[
        ("run", Align::Right),
        ("started", Align::Left),
        ("took", Align::Right),
        ("state", Align::Left),
        ("seen", Align::Right),
        ("new", Align::Right),
        ("changed", Align::Right),
        ("gone", Align::Right),
        ("gaps", Align::Right),
        ("calls", Align::Right),
        ("instance", Align::Left),
        ("scope", Align::Left),
    ]);
    for run in runs {
        let sum = |of: fn(&KindCounts) -> u64| human::count(run.kinds.iter().map(of).sum());
        table.row([
            run.id.to_string(),
            human::time(run.started_at, printer.zone()),
            took(run).map(human::duration).unwrap_or_default(),
            state(run).to_owned(),
            sum(|kind| kind.seen),
            sum(|kind| kind.added),
            sum(|kind| kind.changed),
            sum(|kind| kind.removed),
            human::count(run.gaps),
            human::count(run.calls),
            run.instance.name(),
            scope::words(&run.scope),
        ]);
    }
    table
}

/// How a run stands, in a word for people.
fn state(run: &RunInfo) -> &'static str {
    if run.superseded_by.is_some() { "superseded" } else { run.state.name() }
}

fn took(run: &RunInfo) -> Option<Duration> {
    Duration::try_from(run.ended_at?.duration_since(run.started_at)).ok()
}

fn show_run(context: &Context, reader: &Reader, args: &RunsShowArgs) -> Result<(), Failure> {
    let printer = &context.printer;
    let meant = moments::find(reader, &args.run, &context.now(), || context.instance_in(reader))?;
    let details = reader.run(meant.moment.run)?;
    if printer.is_json() {
        return printer.json(&RunDocument::new(&details));
    }
    print_head(printer, &details.info)?;
    printer.section("Kinds", &kinds_table(&details.info.kinds))?;
    printer.section("Streams", &streams_table(&details.streams))?;
    printer.section("Gaps", &gaps_table(&details))?;
    printer.section("Calls", &calls_table(&details.calls))
}

fn print_head(printer: &Printer, run: &RunInfo) -> Result<(), Failure> {
    let state = match run.state {
        RunState::Complete => printer.paint().good(state(run)),
        _ => printer.paint().caution(state(run)),
    };
    printer.line(format!("{} {state}", printer.paint().bold(format!("Run {}", run.id))))?;
    let time = |at: Timestamp| human::time(at, printer.zone());
    let facts = [
        ("Command", Some(run.command.clone())),
        ("Instance", Some(run.instance.name())),
        ("Release", run.release.clone()),
        ("Account", Some(words::account(&run.account))),
        ("Scope", Some(scope::words(&run.scope))),
        ("Started", Some(time(run.started_at))),
        ("Ended", run.ended_at.map(time)),
        ("Took", took(run).map(human::duration)),
    ];
    for (label, value) in facts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            printer.line(format!("  {:<10} {}", format!("{label}:"), human::one_line(&value)))?;
        }
    }
    print_suspicions(printer, run)?;
    print_unread(printer, run)
}

fn print_suspicions(printer: &Printer, run: &RunInfo) -> Result<(), Failure> {
    for suspicion in &run.suspicions {
        printer.line(format!("  suspect: {}", summary::suspicion(suspicion)))?;
    }
    let held = human::counted(run.held, "object", "objects");
    match (run.confirmed_at, run.superseded_by) {
        (Some(at), _) => printer.line(format!("  It was confirmed at {}.", human::time(at, printer.zone()))),
        (None, Some(later)) => printer.line(format!("  Run {later} of the same scope took its place.")),
        (None, None) if run.state == RunState::Suspect => printer
            .line(format!("  {held} would be gone; `lookervault runs confirm {}` if that is right.", run.id)),
        (None, None) => Ok(()),
    }
}

/// What was closed to the account, kinds and parts of them.
fn print_unread(printer: &Printer, run: &RunInfo) -> Result<(), Failure> {
    let unread = words::Unread::of(run.totals_json.as_deref().unwrap_or_default());
    for closed in &unread.unavailable {
        printer.line(format!("  {} not available: {}", closed.kind, human::one_line(&closed.reason)))?;
    }
    for part in &unread.not_read {
        printer.line(format!("  not read: {}", human::one_line(part)))?;
    }
    Ok(())
}

fn kinds_table(kinds: &[KindCounts]) -> Table {
    let mut table = Table::new(&[
        ("kind", Align::Left),
        ("seen", Align::Right),
        ("new", Align::Right),
        ("changed", Align::Right),
        ("gone", Align::Right),
    ]);
    for kind in kinds {
        let counts = [kind.seen, kind.added, kind.changed, kind.removed].map(human::count);
        table.row(std::iter::once(kind.kind.clone()).chain(counts));
    }
    table
}

fn streams_table(streams: &[StreamRecord]) -> Table {
    let mut table = Table::new(&[
        ("stream", Align::Right),
        ("kind", Align::Left),
        ("name", Align::Left),
        ("state", Align::Left),
        ("rows", Align::Right),
        ("page", Align::Right),
    ]);
    for stream in streams {
        table.row([
            stream.stream.to_string(),
            stream.kind.to_string(),
            stream.name.clone(),
            stream.side.name().to_owned(),
            stream.size.map(human::count).unwrap_or_default(),
            stream.page_limit.to_string(),
        ]);
    }
    table
}

fn gaps_table(details: &RunDetails) -> Table {
    let mut table = Table::new(&[
        ("kind", Align::Left),
        ("stream", Align::Left),
        ("missing", Align::Left),
        ("tries", Align::Right),
        ("reason", Align::Left),
    ]);
    for gap in &details.gaps {
        let stream = details.streams.iter().find(|stream| Some(stream.stream) == gap.stream);
        table.row([
            gap.kind.to_string(),
            stream.map(|stream| stream.name.clone()).unwrap_or_default(),
            missing(&gap.what),
            gap.tries.to_string(),
            gap.reason.clone(),
        ]);
    }
    table
}

fn missing(what: &GapWhat) -> String {
    match what {
        GapWhat::Range { offset, limit } => {
            format!("rows {offset} to {}", offset + u64::from(*limit).saturating_sub(1))
        }
        GapWhat::Object { key } => format!("object {key}"),
        GapWhat::Kind => "the whole kind".into(),
        GapWhat::Listing { side: Side::Live } => "the closing listing".into(),
        GapWhat::Listing { side: Side::Trash } => "the closing listing of the trash".into(),
    }
}

fn calls_table(calls: &[CallCount]) -> Table {
    let mut table = Table::new(&[
        ("day", Align::Left),
        ("kind", Align::Left),
        ("reason", Align::Left),
        ("ledger", Align::Left),
        ("calls", Align::Right),
    ]);
    for ((day, kind, reason, ledger), calls) in by_day(calls) {
        table.row([&day.to_string(), kind, reason, ledger, &human::count(calls)]);
    }
    table
}

/// Calls by day (UTC), kind, reason and ledger.
fn by_day(calls: &[CallCount]) -> BTreeMap<(Date, &str, &str, &str), u64> {
    let mut days = BTreeMap::new();
    for count in calls {
        let day = TimeZone::UTC.to_datetime(count.at).date();
        *days.entry((day, count.kind.as_str(), count.reason.as_str(), count.ledger.as_str())).or_default() +=
            count.calls;
    }
    days
}
