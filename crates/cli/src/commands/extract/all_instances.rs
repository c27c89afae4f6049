//! `extract --all-instances`: every instance of the configuration into one vault.
//!
//! One after the other: the vault has one writer, and what an instance costs
//! should not depend on its neighbours. The vault's lock is held from the first
//! to the last. What goes wrong with one instance is told in its place.

use std::path::Path;
use std::sync::Arc;

use engine::extract::Report;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vault::{Vault, WriteAccess};

use super::{ExtractArgs, Planned, exit, opening, work_until};
use crate::config::{Config, Configured};
use crate::context::Context;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Align, Printer, Table, human};
use crate::report::{ErrorPart, Failure, Outcome};
use crate::summary::{self, Under};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    vault: String,
    vault_bytes: Option<u64>,
    instances: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    instance: &'a str,
    base_url: Option<&'a str>,
    exit_code: u8,
    report: Option<&'a Report>,
    error: Option<ErrorPart<'a>>,
}

/// How it ended for one instance.
struct Ended {
    name: String,
    base_url: Option<String>,
    outcome: Result<(Report, Under), Failure>,
}

/// Extracts from all of them and tells what it came to.
///
/// # Errors
/// When none is configured, one was chosen, or the vault is in use. What fails
/// for an instance is part of the answer.
pub(super) fn run(context: &Context, args: &ExtractArgs, config: &Config) -> Outcome {
    if context.global.instance.is_some() {
        return Err(Failure::new("usage", Exit::Usage, "--instance and --all-instances exclude each other")
            .hint("leave one of them out"));
    }
    let configured = config.all_instances()?;
    let access = Arc::new(WriteAccess::take(&config.vault.value, "extract")?);
    let ended = context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        let mut ended = Vec::new();
        for one in configured {
            let base_url = one.instance.as_ref().ok().map(|instance| instance.base_url.value.to_string());
            let name = one.name.clone();
            announce(&context.printer, &name, base_url.as_deref())?;
            let outcome = extract(context, args, config, one, &access, &interrupted).await;
            show(&context.printer, &outcome, &config.vault.value)?;
            ended.push(Ended { name, base_url, outcome });
        }
        Ok(ended)
    })?;
    drop(access);
    print(&context.printer, &ended, &config.vault.value)?;
    Ok(Exit::worst(ended.iter().map(Ended::exit)))
}

async fn extract(
    context: &Context,
    args: &ExtractArgs,
    config: &Config,
    one: Configured,
    access: &Arc<WriteAccess>,
    interrupted: &CancellationToken,
) -> Result<(Report, Under), Failure> {
    if interrupted.is_cancelled() {
        return Err(Failure::new("interrupted", Exit::Interrupted, "not begun: interrupted"));
    }
    let instance = one.instance?;
    for warning in &instance.warnings {
        context.printer.warn(&warning.message, Some(&warning.hint));
    }
    let planned = Planned::new(args, config, instance)?;
    let open = opening(access);
    let report = work_until(context, &planned.client, open, planned.request, interrupted).await?;
    Ok((report, planned.under))
}

/// Tells people which instance is next.
fn announce(printer: &Printer, name: &str, address: Option<&str>) -> Result<(), Failure> {
    if printer.is_json() {
        return Ok(());
    }
    printer.line(address.map_or_else(|| format!("{name}:"), |address| format!("{name} ({address}):")))
}

/// Tells people of one instance as soon as it is done.
fn show(printer: &Printer, outcome: &Result<(Report, Under), Failure>, vault: &Path) -> Result<(), Failure> {
    if printer.is_json() {
        return Ok(());
    }
    match outcome {
        Ok((report, under)) => summary::print(printer, report, vault, under)?,
        Err(failure) => printer.failure(failure),
    }
    printer.line("")?;
    printer.flush()
}

fn print(printer: &Printer, ended: &[Ended], vault: &Path) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&Document {
            schema: "lookervault.extract_all/1",
            vault: vault.display().to_string(),
            vault_bytes: Vault::open_for_reading(vault).ok().map(|reader| reader.file_bytes()),
            instances: ended.iter().map(Ended::entry).collect(),
        });
    }
    let mut table = Table::new(&[
        ("instance", Align::Left),
        ("run", Align::Right),
        ("objects", Align::Right),
        ("new", Align::Right),
        ("changed", Align::Right),
        ("gone", Align::Right),
        ("metered calls", Align::Right),
        ("end", Align::Left),
    ]);
    for one in ended {
        table.row(one.row());
    }
    printer.table(&table)
}

impl Ended {
    fn exit(&self) -> Exit {
        match &self.outcome {
            Ok((report, _)) => exit(report),
            Err(failure) => failure.exit,
        }
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            instance: &self.name,
            base_url: self.base_url.as_deref(),
            exit_code: self.exit().code(),
            report: self.outcome.as_ref().ok().map(|(report, _)| report),
            error: self.outcome.as_ref().err().map(Failure::part),
        }
    }

    fn row(&self) -> [String; 8] {
        let counts = self.outcome.as_ref().ok().map(|(report, _)| {
            let sum = |count: fn(&engine::extract::KindReport) -> u64| {
                human::count(report.kinds.iter().map(count).sum())
            };
            [
                report.run.to_string(),
                sum(|kind| kind.seen),
                sum(|kind| kind.new),
                sum(|kind| kind.changed),
                sum(|kind| kind.gone),
                human::count(report.metered_calls),
            ]
        });
        let [run, objects, new, changed, gone, calls] = counts.unwrap_or_default();
        let end = match &self.outcome {
            Ok((report, _)) => match &report.stopped {
                Some(stop) => format!("{}: {}", report.state, human::one_line(&stop.reason())),
                None => report.state.to_owned(),
            },
            Err(failure) => format!("failed: {}", human::one_line(&failure.message)),
        };
        [self.name.clone(), run, objects, new, changed, gone, calls, end]
    }
}
