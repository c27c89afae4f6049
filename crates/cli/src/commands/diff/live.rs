//! The live side: the instance as it is now.
//!
//! It is read by an extraction like any other, in the scope of the run that it is
//! compared with. What was read was paid for, so it is kept: the run is part of
//! the history, and the comparison can be asked again for nothing.

use engine::extract::RunScope;
use looker::Kind;
use looker::catalogue::KINDS;
use vault::{RunId, Vault};

use super::side::Closed;
use super::{DiffArgs, Side};
use crate::commands::extract::{ExtractArgs, Planned, exit, work};
use crate::config::Config;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::human;
use crate::report::Failure;

/// What was read.
pub(super) struct Live {
    /// The run.
    pub(super) run: RunId,
    /// The kinds that were read.
    pub(super) kinds: Vec<&'static Kind>,
    /// How the run ended.
    pub(super) exit: Exit,
}

/// Reads the instance in the scope of the other side, whose vault is closed for it.
///
/// # Errors
/// When it cannot be read, or the vault cannot be written.
pub(super) fn read(
    context: &Context,
    config: &Config,
    args: &DiffArgs,
    other: Side,
) -> Result<(Closed, Live), Failure> {
    let extract = ExtractArgs { spending: args.spending, ..ExtractArgs::default() };
    let mut planned = Planned::new(&extract, config, context.instance(config)?)?;
    let info = other.reader.run(other.meant.moment.run)?.info;
    let scope = RunScope::parse(&info.scope);
    let (kinds, left_out) = kinds(args, &other, &scope)?;
    let request = &mut planned.request;
    request.folders =
        args.folders().or(scope.folders).filter(|_| kinds.iter().any(|kind| kind.lies_in_folders()));
    request.trash = scope.trash;
    request.kinds.clone_from(&kinds);
    request.kinds_named = true;
    request.refresh.all_now = true;
    "diff".clone_into(&mut request.command);
    let printer = &context.printer;
    printer.status(format!(
        "Reading {} live; {} took {}. What is read is kept in the vault as a run.",
        human::counted(kinds.len() as u64, "kind", "kinds"),
        format_args!("run {}", info.id),
        human::counted(info.calls, "call", "calls"),
    ));
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|kind| kind.name).collect();
        printer.status(format!(
            "Left out, since they cost a call an object: {}; --kind names them.",
            names.join(", ")
        ));
    }
    let other = other.close();
    let path = config.vault.value.clone();
    let open = move || Vault::open_for_writing(&path, "diff");
    let report = context.block_on(work(context, &planned.client, open, planned.request))?;
    let exit = exit(&report);
    let calls = human::counted(report.metered_calls, "call", "calls");
    printer.status(format!("Read as run {} with {calls}.", report.run));
    if exit != Exit::Ok {
        let message = format!("run {} is incomplete: what it did not read is taken as unchanged", report.run);
        printer.warn(&message, Some("`lookervault runs show` names its gaps"));
    }
    let compared =
        kinds.into_iter().filter(|kind| !args.kinds.is_empty() || !engine::diff::is_part_of_others(kind));
    Ok((other, Live { run: RunId::from_number(report.run), kinds: compared.collect(), exit }))
}

/// The kinds to read, and those that would be too dear: of what was asked for, else
/// of the other side's scope as far as it holds any.
fn kinds(
    args: &DiffArgs,
    other: &Side,
    scope: &RunScope,
) -> Result<(Vec<&'static Kind>, Vec<&'static Kind>), Failure> {
    if !args.kinds.is_empty() {
        return Ok((args.kinds(), Vec::new()));
    }
    let counts = other.reader.counts()?;
    let holds = |kind: &Kind| {
        counts.iter().any(|count| count.instance == other.instance.id && count.kind == kind.name)
    };
    let in_scope =
        |kind: &Kind| scope.kinds.is_empty() || scope.kinds.iter().any(|other| other.name == kind.name);
    let kinds = KINDS.iter().filter(|kind| in_scope(kind) && holds(kind));
    let is_cheap = |kind: &&Kind| kind.each().is_none() || engine::diff::is_part_of_others(kind);
    Ok(kinds.partition(is_cheap))
}
