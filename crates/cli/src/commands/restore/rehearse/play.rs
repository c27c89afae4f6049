//! A rehearsal from its beginning to its end.

use std::path::PathBuf;

use engine::extract::CallReport;
use engine::restore::{self, Listing, OnConflict, Plan, Planned, Request, Restored, Session};
use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::{InstanceId, Vault};

use super::damage::{self, Inflicted};
use super::stage::Stage;
use super::{Damage, RehearseArgs};
use crate::commands::restore::carry::{self, ApplyArgs};
use crate::commands::restore::select::ConflictChoice;
use crate::context::{Context, Opened};
use crate::interrupt;
use crate::report::Failure;
use crate::watching::Bars;

/// What came of a rehearsal.
pub(super) struct Rehearsal {
    /// The vault that it was rehearsed from, which it leaves as it is.
    pub(super) vault: PathBuf,
    /// The newest run of the instance: what the simulated Looker holds is what that left.
    pub(super) state_of: Option<i64>,
    /// What the simulated Looker holds.
    pub(super) stage: Stage,
    pub(super) damage: Option<(Damage, Inflicted)>,
    pub(super) plan: Plan,
    /// Calls that planning took, sign-in included.
    pub(super) planning: Vec<CallReport>,
    /// None where there was nothing to do.
    pub(super) restored: Option<Restored>,
}

/// Sets the stage, does the damage, and restores.
///
/// # Errors
/// When nothing is selected, the vault cannot be read or copied, or somebody would have
/// to decide.
pub(super) fn play(context: &Context, args: &RehearseArgs) -> Result<Rehearsal, Failure> {
    let opened = context.read_vault()?;
    opened.tell_epoch(&context.printer);
    let mut request = args.select.request(context, &opened.reader, &opened.instance.url)?;
    // Whoever rehearses wants to see all of it: what differs is restored.
    if args.select.on_conflict.is_none() {
        request.on_conflict = OnConflict::Overwrite;
    }
    // Holds what the vault holds; it goes away with this function.
    let folder = tempfile::Builder::new().prefix("lookervault-rehearsal-").tempdir()?;
    let copy = folder.path().join("vault.db");
    opened.reader.copy_to(&copy)?;
    context.block_on(run(context, args, &opened, request, copy))
}

async fn run(
    context: &Context,
    args: &RehearseArgs,
    opened: &Opened,
    request: Request,
    copy: PathBuf,
) -> Result<Rehearsal, Failure> {
    let interrupted = CancellationToken::new();
    let _listening = interrupt::on_signal(&interrupted, &context.printer);
    let reader = Vault::open_for_reading(&copy)?;
    let instance = opened.instance.id;
    let state_of = reader.latest_moment(instance, 0)?.map(|moment| moment.run.number());
    let stage = Stage::set(&reader, instance, args.damage).await?;
    context.printer.status(stage.describe(&opened.instance.name()));
    let damage = match args.damage {
        None => None,
        Some(damage) => {
            let source = reader.moment(request.as_of)?.instance;
            let objects = request.selection.resolve(&reader, source, request.as_of)?;
            Some((damage, damage::inflict(damage, &stage, &reader, instance, &objects).await?))
        }
    };
    let client = stage.client(args.select.workers, args.select.max_calls)?;
    let rehearsing = Rehearsing { context, client: &client, copy, instance, interrupted };
    let on_conflict = args.select.on_conflict.unwrap_or(ConflictChoice::Overwrite);
    let (plan, planning, restored) = rehearsing.restore(request, on_conflict).await?;
    let vault = opened.reader.path().to_owned();
    Ok(Rehearsal { vault, state_of, stage, damage, plan, planning, restored })
}

/// What planning and carrying out share.
struct Rehearsing<'r> {
    context: &'r Context,
    client: &'r Client,
    copy: PathBuf,
    instance: InstanceId,
    interrupted: CancellationToken,
}

impl Rehearsing<'_> {
    /// Plans, decides as a restore does when nobody is there to be asked, and carries out
    /// what there is to do. Gives the plan, the calls that it took, and what came of it.
    async fn restore(
        &self,
        request: Request,
        on_conflict: ConflictChoice,
    ) -> Result<(Plan, Vec<CallReport>, Option<Restored>), Failure> {
        let vault = Vault::open_for_writing(&self.copy, vault::RESTORING)?;
        let bars = Bars::new(&self.context.printer);
        let session = Session::open(self.client, vault, self.instance, None, bars, &self.interrupted).await?;
        let planned = self.decided(&session, request, on_conflict).await;
        let planning = CallReport::all(self.client);
        let mut planned = match planned {
            Ok((planned, true)) => planned,
            // The vault is closed before its folder goes.
            nothing_to_do => {
                session.close("{}".to_owned()).await?;
                return nothing_to_do.map(|(planned, _)| (planned.plan, planning, None));
            }
        };
        let (session, id) = restore::begin(session, &mut planned).await?;
        let restored = restore::carry_out(&session, id, &planned.plan, &Listing::default()).await;
        session.close(r#"{"restore":"after"}"#.to_owned()).await?;
        Ok((planned.plan, planning, Some(restored?)))
    }

    /// A plan, and whether there is something to do.
    async fn decided(
        &self,
        session: &Session,
        request: Request,
        on_conflict: ConflictChoice,
    ) -> Result<(Planned, bool), Failure> {
        let mut planned = restore::plan(session, request).await?;
        let all = ApplyArgs { yes: true, allow_irreversible: true };
        let goes_on = carry::decide(self.context, &mut planned.plan, &all, Some(on_conflict))?;
        Ok((planned, goes_on))
    }
}
