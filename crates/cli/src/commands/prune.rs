//! `prune`: forget runs by rules, and give their space back.

use std::path::Path;

use clap::Args;
use engine::retention::{Age, Count, JudgedGroup, Plan, Policy};
use jiff::Timestamp;
use serde::Serialize;
use vault::{Dropped, Reader, Vault, VaultError};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Printer, Table, human};
use crate::report::{Failure, Outcome};
use crate::scope;

/// Forget runs by rules, and give their space back
///
/// The rules mean what they mean in restic. Runs of one instance and scope are
/// judged together; a run that any rule keeps is kept, and shows exactly what it
/// showed. Only complete runs count, except for --keep-within and --keep-tag.
/// The newest complete run of a scope, and what came after it, always stays.
/// Days are those of the local time zone; weeks begin on Monday.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct PruneArgs {
    /// Keep the newest N runs (a number or `unlimited`, here and below)
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t, hide_default_value = true)]
    pub keep_last: Count,

    /// Keep the newest run of each of the last N days that have one
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t, hide_default_value = true)]
    pub keep_daily: Count,

    /// The same by weeks
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t, hide_default_value = true)]
    pub keep_weekly: Count,

    /// The same by months
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t, hide_default_value = true)]
    pub keep_monthly: Count,

    /// The same by years
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t, hide_default_value = true)]
    pub keep_yearly: Count,

    /// Keep all runs of this span before the newest: 30d, 8w, 1y6m (m are months, h hours)
    #[arg(long, value_name = "DURATION")]
    pub keep_within: Option<Age>,

    /// Keep the run of this name; may be given several times
    #[arg(long = "keep-tag", value_name = "TAG")]
    pub keep_tags: Vec<String>,

    /// Keep the last content of what is gone for so long after it was found gone
    #[arg(long, value_name = "DURATION", default_value = "1y")]
    pub keep_gone: Age,

    /// Only say what would go
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

const EXAMPLES: &str = "
  See what would go:
    lookervault prune --keep-daily 30 --keep-monthly 12 --dry-run

  Everything of the last two weeks, then a run a week for a year:
    lookervault prune --keep-within 14d --keep-weekly 52

  All runs of the quarter, and a run with a name:
    lookervault prune --keep-within 3m --keep-tag before-migration";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage, Exit::Busy];

/// Prunes the vault and prints what was kept and what went.
///
/// # Errors
/// When no rule is given, there is no vault, or it cannot be written.
pub fn run(context: &Context, args: &PruneArgs) -> Outcome {
    let policy = policy(args);
    if policy.is_empty() {
        return Err(Failure::new("prune.no_policy", Exit::Usage, "no rule says which runs are kept")
            .hint("give at least one, for instance --keep-daily 30; --dry-run shows what would go"));
    }
    let path = context.config()?.vault.value;
    let printer = &context.printer;
    let pruned = if args.dry_run {
        let reader = Vault::open_for_reading(&path)?;
        let plan = plan(context, &reader, &policy)?;
        let (dropped, bytes) = (reader.would_prune(&plan.pruning)?, reader.file_bytes());
        Pruned { plan, dropped, before: bytes, after: bytes }
    } else {
        prune(context, &path, &policy)?
    };
    if printer.is_json() {
        printer.json(&Document::new(&pruned, args.dry_run))?;
    } else {
        print(printer, &pruned, args.dry_run)?;
    }
    Ok(Exit::Ok)
}

/// What was done, or would be.
struct Pruned {
    plan: Plan,
    dropped: Dropped,
    /// Bytes of the vault's file before...
    before: u64,
    /// ...and after.
    after: u64,
}

fn policy(args: &PruneArgs) -> Policy {
    Policy {
        keep_last: args.keep_last,
        keep_daily: args.keep_daily,
        keep_weekly: args.keep_weekly,
        keep_monthly: args.keep_monthly,
        keep_yearly: args.keep_yearly,
        keep_within: args.keep_within,
        keep_tags: args.keep_tags.clone(),
        keep_gone: args.keep_gone,
    }
}

/// Judges the runs; `--instance` limits that to one instance.
fn plan(context: &Context, reader: &Reader, policy: &Policy) -> Result<Plan, Failure> {
    let instance = match &context.global.instance {
        Some(_) => Some(context.instance_in(reader)?.id),
        None => None,
    };
    let known: Vec<String> = reader.tags()?.into_iter().map(|tag| tag.name).collect();
    if let Some(unknown) = policy.keep_tags.iter().find(|tag| !known.contains(tag)) {
        return Err(Failure::new("prune.unknown_tag", Exit::Usage, format!("no run is called `{unknown}`"))
            .hint("`lookervault tag` lists the names"));
    }
    Ok(Plan::new(reader, policy, instance, context.printer.zone(), Timestamp::now())?)
}

fn prune(context: &Context, path: &Path, policy: &Policy) -> Result<Pruned, Failure> {
    // A vault that is not there is not made in order to be pruned.
    if !path.exists() {
        return Err(VaultError::Absent { path: path.into() }.into());
    }
    let mut vault = Vault::open_for_writing(path, "prune")?;
    let reader = vault.reader()?;
    let before = reader.file_bytes();
    let plan = plan(context, &reader, policy)?;
    drop(reader);
    let dropped = vault.prune(&plan.pruning)?;
    if !dropped.is_nothing() || vault.has_free_pages()? {
        context.printer.status("Giving space back...");
        if let Err(error) = vault.compact() {
            let message = "the runs are forgotten, but their space could not be given back";
            let hint = format!("{}; then prune once more", Failure::from(error).message);
            context.printer.warn(message, Some(&hint));
        }
    }
    let after = vault.reader()?.file_bytes();
    Ok(Pruned { plan, dropped, before, after })
}

fn print(printer: &Printer, pruned: &Pruned, dry_run: bool) -> Result<(), Failure> {
    for group in &pruned.plan.groups {
        let name = format!("{}, {}", group.instance.name(), human::one_line(&scope::words(&group.scope)));
        printer.line(printer.paint().bold(name))?;
        printer.table(&table(printer, group))?;
        printer.line("")?;
    }
    let dropped = &pruned.dropped;
    if dropped.is_nothing() {
        return printer.line("There is nothing to prune.");
    }
    printer.line(format!(
        "{} {}, {}, {} ({}){}.",
        if dry_run { "Would forget" } else { "Forgot" },
        human::counted(dropped.runs, "run", "runs"),
        human::counted(dropped.versions, "version", "versions"),
        human::counted(dropped.bodies, "body", "bodies"),
        human::bytes(dropped.bytes),
        match dropped.objects {
            0 => String::new(),
            objects => format!(
                ", with them the last content of {}",
                human::counted(objects, "object that is gone", "objects that are gone")
            ),
        },
    ))?;
    if dry_run {
        return Ok(());
    }
    let (before, after) = (human::bytes(pruned.before), human::bytes(pruned.after));
    printer.line(format!("The vault had {before} and has {after}."))
}

fn table(printer: &Printer, group: &JudgedGroup) -> Table {
    let columns = [
        ("", Align::Left),
        ("run", Align::Right),
        ("started", Align::Left),
        ("state", Align::Left),
        ("kept because", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for judged in &group.runs {
        let run = &judged.run;
        table.row([
            if judged.reasons.is_empty() { "forget" } else { "keep" }.to_owned(),
            run.id.to_string(),
            human::time(run.started_at, printer.zone()),
            run.state.name().to_owned(),
            judged.reasons.join(", "),
        ]);
    }
    table
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    dry_run: bool,
    groups: Vec<GroupPart<'a>>,
    runs: u64,
    versions: u64,
    bodies: u64,
    bytes: u64,
    gone_objects: u64,
    vault_bytes_before: u64,
    vault_bytes: u64,
}

#[derive(Serialize)]
struct GroupPart<'a> {
    instance: &'a str,
    epoch: u32,
    scope: serde_json::Value,
    keep: Vec<KeepPart<'a>>,
    forget: Vec<i64>,
}

#[derive(Serialize)]
struct KeepPart<'a> {
    run: i64,
    reasons: &'a [String],
}

impl<'a> Document<'a> {
    fn new(pruned: &'a Pruned, dry_run: bool) -> Self {
        let dropped = pruned.dropped;
        Self {
            schema: "lookervault.prune/1",
            dry_run,
            groups: pruned.plan.groups.iter().map(GroupPart::new).collect(),
            runs: dropped.runs,
            versions: dropped.versions,
            bodies: dropped.bodies,
            bytes: dropped.bytes,
            gone_objects: dropped.objects,
            vault_bytes_before: pruned.before,
            vault_bytes: pruned.after,
        }
    }
}

impl<'a> GroupPart<'a> {
    fn new(group: &'a JudgedGroup) -> Self {
        let (keep, forget): (Vec<_>, Vec<_>) =
            group.runs.iter().partition(|judged| !judged.reasons.is_empty());
        Self {
            instance: &group.instance.url,
            epoch: group.instance.epoch,
            scope: serde_json::from_str(&group.scope).unwrap_or_else(|_| group.scope.clone().into()),
            keep: keep
                .into_iter()
                .map(|judged| KeepPart { run: judged.run.id.number(), reasons: &judged.reasons })
                .collect(),
            forget: forget.into_iter().map(|judged| judged.run.id.number()).collect(),
        }
    }
}
