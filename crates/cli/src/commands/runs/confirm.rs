//! `runs confirm`: what a suspect run found gone is gone.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use vault::{Confirmed, RunId, Vault, VaultError};

use crate::args::command_help;
use crate::exit::Exit;
use crate::output::{Printer, human};
use crate::report::Failure;

/// Confirm a suspect run: what it found gone is gone
///
/// What the run did not find any more, and no later run has seen since, is marked
/// as gone from that run on, and the run is complete. No call is made. A run whose
/// place a later run of the same scope took cannot be confirmed.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct RunsConfirmArgs {
    /// The run's number
    #[arg(value_name = "ID")]
    pub id: i64,
}

const EXAMPLES: &str = "
  Why is run 7 suspect, and what would be gone?
    lookervault runs show 7

  That is right:
    lookervault runs confirm 7";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Busy];

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    run: i64,
    state: &'static str,
    gone: Vec<KindPart<'a>>,
    seen_since: u64,
}

#[derive(Serialize)]
struct KindPart<'a> {
    kind: &'a str,
    gone: u64,
}

/// Confirms the run and tells what it came to.
///
/// # Errors
/// When there is no vault, it is in use, or the run cannot be confirmed.
pub(super) fn run(printer: &Printer, path: &Path, args: &RunsConfirmArgs) -> Result<(), Failure> {
    // Nothing is made where nothing is.
    if let Err(absent @ VaultError::Absent { .. }) = Vault::open_for_reading(path) {
        return Err(absent.into());
    }
    let run = RunId::from_number(args.id);
    let confirmed = Vault::open_for_writing(path, "runs confirm")?.confirm_run(run, Timestamp::now())?;
    print(printer, run, &confirmed)
}

fn print(printer: &Printer, run: RunId, confirmed: &Confirmed) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&Document {
            schema: "lookervault.runs_confirm/1",
            run: run.number(),
            state: "complete",
            gone: confirmed.gone.iter().map(|(kind, gone)| KindPart { kind, gone: *gone }).collect(),
            seen_since: confirmed.seen_since,
        });
    }
    let gone: Vec<String> =
        confirmed.gone.iter().map(|(kind, gone)| format!("{} {kind}", human::count(*gone))).collect();
    let gone = if gone.is_empty() { "nothing".to_owned() } else { gone.join(", ") };
    printer.line(format!("Run {run} is complete; marked as gone: {gone}."))?;
    if confirmed.seen_since > 0 {
        let seen = human::counted(confirmed.seen_since, "object", "objects");
        printer.line(format!("{seen} that it did not find have been seen since and stay."))?;
    }
    Ok(())
}
