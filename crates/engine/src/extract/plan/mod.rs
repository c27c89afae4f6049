//! What an extraction will cost, before it makes a call.
//!
//! A run decides from numbers: sizes, ages, what is missing, what the instance was
//! found to understand. The vault has them, so the plan takes the same decisions
//! by the same functions, and makes no call. Of an instance that the vault does not
//! know, sizes can be learned by light listings first ([`learn`]).
//!
//! A count has two bounds. *At least* is what a run costs on an instance where
//! nothing has changed; *likely* adds what changed between the last runs. Calls that
//! fail are tried again, and come on top.

mod each;
mod known;
mod paged;
mod sizes;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::catalogue::{Cadence, KINDS, List};
use looker::pacing::{Ledger, Reason};
use serde::Serialize;
use vault::Reader;

use super::due;
use super::error::ExtractError;
use super::refresh::Ages;
use super::request::Request;
use super::schedules::{ACTIVITY, ONE_PLAN, disabled};
use super::scope::FolderSet;
use super::whole::folders_kind;
use crate::Watch;
use known::{Changes, Known};

pub use sizes::{Learned, Sizing, learn};

/// What a run will cost.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whether the vault knows the instance.
    pub is_known: bool,
    /// `session`, then every kind of the request in the order of the catalogue.
    pub kinds: Vec<KindPlan>,
    /// Sizes that are not known, and could be learned.
    pub sizing: Sizing,
}

/// What a kind will cost.
#[derive(Debug, Clone, Serialize)]
pub struct KindPlan {
    /// The kind, or `session`.
    pub kind: &'static str,
    /// Whether the run reads it.
    pub is_due: bool,
    /// When it was last read, if it is not due.
    pub read_at: Option<Timestamp>,
    /// Calls by reason and ledger.
    pub calls: Vec<PlannedCalls>,
    /// What to know of the count.
    pub notes: Vec<String>,
}

/// Calls of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PlannedCalls {
    /// What for.
    pub reason: Reason,
    /// Booked where.
    pub ledger: Ledger,
    /// On an instance where nothing has changed.
    pub at_least: u64,
    /// With changes as between the last runs.
    pub likely: u64,
}

impl Plan {
    /// Calls of a ledger: at least, and likely.
    pub fn of(&self, ledger: Ledger) -> (u64, u64) {
        let calls = self.kinds.iter().flat_map(|kind| &kind.calls);
        calls
            .filter(|calls| calls.ledger == ledger)
            .fold((0, 0), |(least, likely), calls| (least + calls.at_least, likely + calls.likely))
    }

    /// Metered calls: at least, and likely.
    pub fn metered(&self) -> (u64, u64) {
        let ledgers = Ledger::METERED.map(|ledger| self.of(ledger));
        ledgers.into_iter().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }
}

impl KindPlan {
    fn new(kind: &'static str) -> Self {
        Self { kind, is_due: true, read_at: None, calls: Vec::new(), notes: Vec::new() }
    }

    /// Who we are.
    fn session() -> Self {
        let mut plan = Self::new("session");
        plan.add(Reason::Session, Ledger::Administrative, 1);
        plan
    }

    /// Adds calls that are made whatever has changed.
    fn add(&mut self, reason: Reason, ledger: Ledger, calls: u64) {
        self.add_between(reason, ledger, calls, calls);
    }

    fn add_between(&mut self, reason: Reason, ledger: Ledger, at_least: u64, likely: u64) {
        if at_least.max(likely) == 0 {
            return;
        }
        let likely = likely.max(at_least);
        match self.calls.iter_mut().find(|calls| (calls.reason, calls.ledger) == (reason, ledger)) {
            Some(calls) => {
                calls.at_least += at_least;
                calls.likely += likely;
            }
            None => self.calls.push(PlannedCalls { reason, ledger, at_least, likely }),
        }
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// What decides, beside the vault.
struct Planner<'v> {
    known: Known<'v>,
    /// With the kinds that are due.
    request: Request,
    /// The folders it came to, when not all.
    folders: Option<Arc<FolderSet>>,
    since_last_run: Option<SignedDuration>,
    now: Timestamp,
}

/// Plans a run of `request` on the instance at `address`. Makes no call.
///
/// # Errors
/// When folders are named that the vault does not know, or it cannot be read.
pub fn plan(
    reader: Option<&Reader>,
    address: &str,
    mut request: Request,
    learned: &Learned,
    watch: &dyn Watch,
) -> Result<Plan, ExtractError> {
    super::scope::check(&request)?;
    let now = Timestamp::now();
    let asked_for = request.kinds.clone();
    let known = Known::open(reader, address, &mut request, learned, now)?;
    let folders = known.folders(&request, watch)?;
    let since_last_run = known.last_ended()?.map(|at| at.duration_until(now));
    let planner = Planner { known, request, folders: folders.map(Arc::new), since_last_run, now };
    let mut kinds = vec![KindPlan::session()];
    for kind in KINDS {
        let is_asked_for = asked_for.contains(&kind);
        kinds.extend(planner.kind(kind)?.filter(|plan| is_asked_for || !plan.calls.is_empty()));
    }
    Ok(Plan { is_known: planner.known.is_known(), kinds, sizing: planner.sizing() })
}

impl Planner<'_> {
    /// What a kind costs; `None` for one that is read on request, and was not named.
    fn kind(&self, kind: &'static Kind) -> Result<Option<KindPlan>, ExtractError> {
        let mut plan = KindPlan::new(kind.name);
        self.growing_scope(kind, &mut plan);
        if !self.request.kinds.contains(&kind) {
            plan.is_due = false;
            plan.read_at = self.known.read_at(kind);
            self.tree(kind, &mut plan);
            let is_shown = self.request.cadences.of(kind) != Cadence::OnRequest || !plan.calls.is_empty();
            return Ok(is_shown.then_some(plan));
        }
        match &kind.list {
            List::Whole(whole) => {
                plan.add(Reason::Page, whole.operation.ledger, 1);
                if kind.name == "scheduled_plans" {
                    self.disabled_schedules(kind, &mut plan)?;
                }
            }
            List::Singles(operations) => {
                let due = operations.iter().filter(|operation| !self.known.resting.contains(operation.id));
                due.for_each(|operation| plan.add(Reason::Item, operation.ledger, 1));
            }
            List::Paged(_) => self.paged(kind, &mut plan)?,
            List::Each(each) => self.each(kind, each, &mut plan)?,
        }
        Ok(Some(plan))
    }

    /// The tree of folders that a scope needs, though folders are not read.
    fn tree(&self, kind: &'static Kind, plan: &mut KindPlan) {
        let is_needed = self.request.folders.as_ref().is_some_and(super::FolderScope::needs_tree);
        if let Some((folders, whole)) = folders_kind().filter(|(folders, _)| *folders == kind && is_needed) {
            plan.add(Reason::Page, whole.operation.ledger, 1);
            plan.note(format!("{} say which are meant", folders.name));
        }
    }

    /// Folders are listed again before a scope is proved to which new ones may belong.
    fn growing_scope(&self, kind: &'static Kind, plan: &mut KindPlan) {
        let can_grow = self.request.folders.as_ref().is_some_and(super::FolderScope::can_grow);
        let in_full = |kind: &&Kind| kind.lies_in_folders() && self.known.passes.is_due(kind);
        let is_proved = can_grow && self.request.kinds.iter().copied().any(|kind| in_full(&kind));
        if let Some((folders, whole)) = folders_kind().filter(|(folders, _)| *folders == kind && is_proved) {
            plan.add(Reason::Listing, whole.operation.ledger, 1);
            plan.note(format!("{} say at the end what has come to belong", folders.name));
        }
    }

    /// The query that finds them, and those that are read again by their age.
    fn disabled_schedules(&self, kind: &'static Kind, plan: &mut KindPlan) -> Result<(), ExtractError> {
        plan.add(Reason::Listing, ACTIVITY.ledger, 1);
        let Some((reader, instance)) = self.known.vault() else {
            plan.note("disabled ones come on top, one call each");
            return Ok(());
        };
        let disabled = disabled(reader, instance)?;
        let ages = Ages::of(reader, instance, kind.name)?;
        let slice = self.slice(kind, ONE_PLAN.refresh, disabled, &ages);
        plan.add(Reason::Item, ONE_PLAN.operation.ledger, slice.keys.len() as u64);
        Ok(())
    }

    /// How many objects of a kind came, changed and went from run to run.
    fn changes(&self, kind: &Kind) -> Changes {
        self.known.changes(kind.name)
    }

    /// The time since a kind was last read.
    fn interval(&self, kind: &Kind) -> Option<SignedDuration> {
        let cadence = self.request.cadences.of(kind);
        due::interval(kind, cadence, self.known.kind_ages(), self.since_last_run, self.now)
    }
}
