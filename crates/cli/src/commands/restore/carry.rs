//! Planning and carrying out.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::path::Path;

use clap::Args;
use engine::restore::{self, Listing, Plan, Planned, Request, RestoreError, Restored, Session};
use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::{InstanceId, Reader, RestoreId, RestoreState, Vault};

use super::select::{self, ConflictChoice, SelectArgs};
use super::{document, history, print};
use crate::commands::extract::ExtractArgs;
use crate::config::{Config, Instance, Origin, Setting};
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Printer, human};
use crate::report::{Failure, Outcome};
use crate::watching::Bars;
use crate::{interrupt, remote};

/// How to carry a plan out.
#[derive(Args, Clone, Debug, Default)]
pub struct ApplyArgs {
    /// Do not ask; fail where somebody would have to decide
    #[arg(short, long)]
    pub yes: bool,

    /// Also do what an undo could not give back exactly
    #[arg(long)]
    pub allow_irreversible: bool,
}

/// An instance that can be written to.
struct Target {
    config: Config,
    client: Client,
    address: String,
    over_allowance: bool,
}

impl Target {
    fn new(context: &Context, select: &SelectArgs) -> Result<Self, Failure> {
        let config = context.config()?;
        let instance: Instance = context.instance(&config)?;
        let flags = ExtractArgs { workers: select.workers, ..ExtractArgs::default() }.flags();
        let mut settings = config.extract(&flags, &instance)?;
        let origin = Origin::Flag { name: "--max-calls" };
        settings.max_calls = select.max_calls.map(|value| Setting { value, origin });
        let client = remote::client(&instance, &settings)?;
        let address = instance.base_url.value.to_string();
        Ok(Self { config, client, address, over_allowance: select.over_allowance })
    }

    fn reader(&self) -> Result<Reader, Failure> {
        Ok(Vault::open_for_reading(&self.config.vault.value)?)
    }

    async fn session(
        &self,
        context: &Context,
        instance: InstanceId,
        interrupted: &CancellationToken,
    ) -> Result<Session, Failure> {
        let vault = Vault::open_for_writing(&self.config.vault.value, vault::RESTORING)?;
        let allowance = self.config.allowance(&self.address)?.allowance();
        let allowance = (!self.over_allowance).then_some(allowance);
        let bars = Bars::new(&context.printer);
        Ok(Session::open(&self.client, vault, instance, allowance.as_ref(), bars, interrupted).await?)
    }
}

/// Shows a plan.
///
/// # Errors
/// When it cannot be made, or its file cannot be written.
pub(super) fn plan(context: &Context, select: &SelectArgs, out: Option<&Path>) -> Outcome {
    let target = Target::new(context, select)?;
    let request = select.request(context, &target.reader()?, &target.address)?;
    let planned = context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        let instance = target.reader()?.moment(request.as_of)?.instance;
        let session = target.session(context, instance, &interrupted).await?;
        let planned = restore::plan(&session, request).await;
        session.close(r#"{"restore":"plan"}"#.to_owned()).await?;
        Ok(planned?)
    })?;
    if let Some(path) = out {
        document::write_plan(&context.cwd.join(path), &planned.plan)?;
    }
    if context.printer.is_json() {
        context.printer.json(&document::plan(&planned.plan))?;
    } else {
        print::plan(&context.printer, &planned.plan)?;
        if let Some(path) = out {
            context.printer.status(format!("`lookervault restore apply {}` carries it out.", path.display()));
        }
    }
    Ok(exit_of(&planned.plan, select.on_conflict))
}

/// What a plan says to scripts: whether there is anything to do, or to be decided.
fn exit_of(plan: &Plan, on_conflict: Option<ConflictChoice>) -> Exit {
    let is_decided = matches!(on_conflict, Some(ConflictChoice::Overwrite | ConflictChoice::Skip));
    let awaits_decision = !is_decided && plan.objects.iter().any(|object| object.conflict);
    if is_blocked(plan) || awaits_decision {
        Exit::Incomplete
    } else if plan.is_empty() {
        Exit::Ok
    } else {
        Exit::Differs
    }
}

/// Plans, shows, asks, and carries out.
///
/// # Errors
/// When it cannot be planned or carried out.
pub(super) fn restore(context: &Context, select: &SelectArgs, apply: &ApplyArgs) -> Outcome {
    let target = Target::new(context, select)?;
    let request = select.request(context, &target.reader()?, &target.address)?;
    let on_conflict = select.on_conflict;
    let (printer, asks) = (context.printer.clone(), !apply.yes);
    go(context, &target, apply, on_conflict, move |session| {
        Box::pin(async move {
            let planned = restore::plan(session, request.clone()).await?;
            let wider = if asks { widened(&printer, request, &planned.plan) } else { None };
            match wider {
                Some(wider) => Ok(restore::plan(session, wider).await?),
                None => Ok(planned),
            }
        })
    })
}

/// Asks whether what is needed comes along, whether what refers to something that gets a
/// new id is led there, and whether favourites are set again: what to plan instead.
fn widened(printer: &Printer, mut request: Request, plan: &Plan) -> Option<Request> {
    let answers = &[("yes", true), ("no", false)];
    let all = |of: fn(&restore::Object) -> &[String]| {
        let names: BTreeSet<&str> =
            plan.objects.iter().flat_map(|object| of(object).iter().map(String::as_str)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let (lacks, referrers) = (all(|object| &object.lacks), all(|object| &object.referrers));
    let mut is_wider = false;
    if !request.with_dependencies && !lacks.is_empty() {
        let question = format!("It needs what is not there: {}. Bring it along?", human::one_line(&lacks));
        request.with_dependencies = printer.ask(&question, answers) == Some(true);
        is_wider |= request.with_dependencies;
    }
    if !request.relink && !referrers.is_empty() {
        let referrers = human::one_line(&referrers);
        let question = format!("What gets a new id is referred to by {referrers}. Lead them to it?");
        request.relink = printer.ask(&question, answers) == Some(true);
        is_wider |= request.relink;
    }
    if !request.favorites
        && let Some(question) = of_favorites(plan)
    {
        request.favorites = printer.ask(&question, answers) == Some(true);
        is_wider |= request.favorites;
    }
    is_wider.then_some(request)
}

/// Asks for what takes signing in as others; nothing where no favourites are left.
fn of_favorites(plan: &Plan) -> Option<String> {
    let left = || plan.objects.iter().flat_map(|object| &object.favored_by);
    let users: BTreeSet<&String> = left().collect();
    let users = human::counted(users.len() as u64, "user", "users");
    let objects = plan.objects.iter().filter(|object| !object.favored_by.is_empty()).count();
    let objects = human::counted(objects as u64, "object", "objects");
    left().next()?;
    Some(format!(
        "{users} had {objects} of these among the favorites. Sign in as each of them and set them again?"
    ))
}

/// Carries out a plan of a file.
///
/// # Errors
/// When it cannot be read, what is live has moved since, or it cannot be carried out.
pub(super) fn apply_file(
    context: &Context,
    file: &Path,
    select: &SelectArgs,
    apply: &ApplyArgs,
    replan: bool,
) -> Outcome {
    let target = Target::new(context, select)?;
    let plan = document::read_plan(&context.cwd.join(file), &target.address)?;
    let again = replan.then(|| select::again(&target.reader()?, &plan, select.on_conflict)).transpose()?;
    let printer = context.printer.clone();
    go(context, &target, apply, select.on_conflict, move |session| {
        Box::pin(async move {
            match (restore::look_again(session, plan).await, again) {
                (Err(RestoreError::Moved { objects }), Some(again)) => {
                    let changed = human::counted(objects.len() as u64, "object", "objects");
                    printer.status(format!("{changed} changed since the plan was made: planned again."));
                    Ok(restore::plan(session, again).await?)
                }
                (looked, _) => Ok(looked?),
            }
        })
    })
}

/// Gives back what a restore changed.
///
/// # Errors
/// When there is no such restore, or it cannot be undone.
pub(super) fn undo(
    context: &Context,
    id: i64,
    apply: &ApplyArgs,
    max_calls: Option<NonZeroU64>,
    over_allowance: bool,
) -> Outcome {
    let select = SelectArgs { max_calls, over_allowance, ..SelectArgs::default() };
    let target = Target::new(context, &select)?;
    let reader = target.reader()?;
    let (request, made) = restore::undo(&reader, RestoreId::from_number(id))?;
    drop(reader);
    go(context, &target, apply, Some(ConflictChoice::Overwrite), |session| {
        Box::pin(async move { Ok(restore::plan_undo(session, request, made).await?) })
    })
}

/// What makes a plan within a session.
type Planning<'s> = std::pin::Pin<Box<dyn Future<Output = Result<Planned, Failure>> + 's>>;

fn go(
    context: &Context,
    target: &Target,
    apply: &ApplyArgs,
    on_conflict: Option<ConflictChoice>,
    planning: impl FnOnce(&Session) -> Planning<'_>,
) -> Outcome {
    let instance = instance_of(target)?;
    context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        let session = target.session(context, instance, &interrupted).await?;
        let planned = planning(&session).await;
        let mut planned = match planned {
            Ok(planned) => planned,
            Err(error) => {
                session.close("{}".to_owned()).await?;
                return Err(error);
            }
        };
        if !context.printer.is_json() {
            print::plan(&context.printer, &planned.plan)?;
            context.printer.flush()?;
        }
        let decided = decide(context, &mut planned.plan, apply, on_conflict);
        if !matches!(decided, Ok(true)) {
            session.close(r#"{"restore":"before"}"#.to_owned()).await?;
            decided?;
            if context.printer.is_json() {
                context.printer.json(&document::plan(&planned.plan))?;
            }
            return Ok(exit_of(&planned.plan, on_conflict));
        }
        let (session, restore) = restore::begin(session, &mut planned).await?;
        context.printer.status(format!(
            "Restore {restore} begins; `lookervault restore undo {restore}` will give back what is there now."
        ));
        finish(context, session, restore, &planned.plan, &planned.listing).await
    })
}

async fn finish(
    context: &Context,
    session: Session,
    restore: RestoreId,
    plan: &Plan,
    listing: &Listing,
) -> Outcome {
    let restored = restore::carry_out(&session, restore, plan, listing).await;
    session.close(r#"{"restore":"after"}"#.to_owned()).await?;
    let restored = restored?;
    if context.printer.is_json() {
        context.printer.json(&document::restored(plan, &restored))?;
    } else {
        print::restored(&context.printer, plan, &restored)?;
    }
    Ok(exit(plan, &restored))
}

/// How a restore ended.
pub(super) fn exit(plan: &Plan, restored: &Restored) -> Exit {
    use engine::extract::Stop;
    match &restored.applied.stopped {
        Some(Stop::Interrupted) => Exit::Interrupted,
        Some(stop) if stop.is_limit() => Exit::Budget,
        Some(_) => Exit::Connection,
        None if is_blocked(plan) => Exit::Incomplete,
        None if restored.state == RestoreState::Complete => Exit::Ok,
        None => Exit::Incomplete,
    }
}

/// Whether something of what was wanted cannot be done.
fn is_blocked(plan: &Plan) -> bool {
    plan.objects.iter().any(|object| matches!(object.action, restore::Action::Blocked(_)))
}

/// Whether a plan is carried out. Asks where somebody is there to answer.
///
/// # Errors
/// When somebody would have to decide, and nobody is there.
pub(super) fn decide(
    context: &Context,
    plan: &mut Plan,
    apply: &ApplyArgs,
    on_conflict: Option<ConflictChoice>,
) -> Result<bool, Failure> {
    let printer = &context.printer;
    let asks = printer.style().asks && !apply.yes;
    if plan.is_empty() {
        return Ok(false);
    }
    let conflicts = plan.conflicts();
    if !conflicts.is_empty() && on_conflict != Some(ConflictChoice::Overwrite) {
        let choice = match on_conflict {
            None if asks => {
                let question = "Somebody changed these since they were read. Overwrite, skip, or stop?";
                printer
                    .ask(question, &[("overwrite", Some(true)), ("skip", Some(false)), ("stop", None)])
                    .flatten()
            }
            _ => None,
        };
        match choice {
            Some(true) => {}
            Some(false) => plan.leave_out(&conflicts),
            None => {
                let names: Vec<String> = conflicts.iter().map(|at| plan.objects[*at].name()).collect();
                let message = format!("somebody changed {} after the vault last read it", names.join(", "));
                return Err(Failure::new("restore.conflict", Exit::Incomplete, message).hint(
                    "look with `lookervault diff latest live`; --on-conflict overwrite or skip decides",
                ));
            }
        }
    }
    let irreversible = plan.irreversible().count();
    if irreversible > 0 && !apply.allow_irreversible {
        let allowed = asks
            && printer.ask("Do also what cannot be undone exactly?", &[("yes", true), ("no", false)])
                == Some(true);
        if !allowed {
            let message = format!("{irreversible} of the steps could not be undone exactly");
            return Err(Failure::new("restore.irreversible", Exit::Incomplete, message)
                .hint("the plan names them; --allow-irreversible allows them"));
        }
    }
    if apply.yes {
        return Ok(true);
    }
    if asks {
        return Ok(printer.ask("Go on?", &[("yes", true), ("no", false)]) == Some(true));
    }
    Err(Failure::new("restore.unanswered", Exit::Usage, "nobody is here to say yes")
        .hint("--yes carries it out without asking; `restore plan` only shows it"))
}

/// Goes on with a restore.
///
/// # Errors
/// When there is none to go on with, or it cannot be carried out.
pub(super) fn resume(
    context: &Context,
    id: Option<i64>,
    max_calls: Option<NonZeroU64>,
    over_allowance: bool,
) -> Outcome {
    let select = SelectArgs { max_calls, over_allowance, ..SelectArgs::default() };
    let target = Target::new(context, &select)?;
    let reader = target.reader()?;
    let info = history::find(&reader, id, |info| info.state != RestoreState::Complete)?;
    let plan = history::plan_of(&reader, &info)?;
    drop(reader);
    if plan.address != target.address {
        return Err(Failure::new(
            "restore.instance",
            Exit::Usage,
            format!("restore {} is of {}", info.id, plan.address),
        )
        .hint("choose that instance with --instance"));
    }
    let mut vault = Vault::open_for_writing(&target.config.vault.value, vault::RESTORING)?;
    vault.reopen_restore(info.id)?;
    drop(vault);
    context.block_on(async {
        let interrupted = CancellationToken::new();
        let _listening = interrupt::on_signal(&interrupted, &context.printer);
        let session = target.session(context, info.instance, &interrupted).await?;
        finish(context, session, info.id, &plan, &Listing::default()).await
    })
}

/// The newest epoch of the instance's address.
fn instance_of(target: &Target) -> Result<InstanceId, Failure> {
    let reader = target.reader()?;
    let found = reader.instances()?.into_iter().filter(|info| info.url == target.address);
    let newest = found.max_by_key(|info| info.epoch).map(|info| info.id);
    newest.ok_or_else(|| {
        engine::restore::RestoreError::NothingStored { address: target.address.clone() }.into()
    })
}
