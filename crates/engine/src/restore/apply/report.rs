//! What came of a plan.

use std::collections::BTreeMap;

use looker::error::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vault::{GivenId, RestoreState, StepState};

use super::super::plan::Plan;
use super::super::step::Ids;
use crate::extract::Stop;
use crate::live::Cost;

/// What came of a plan.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Why it stopped before its end. It can be resumed.
    pub stopped: Option<Stop>,
    /// Objects of the plan, in its order.
    pub objects: Vec<AppliedObject>,
    /// Every id that is known now: those of the plan, and those that were given.
    pub ids: Ids,
    /// Calls that the steps make which are still to be made.
    pub left: Cost,
}

/// What came of an object of the plan.
#[derive(Debug, Clone, Default)]
pub struct AppliedObject {
    /// Its steps by state.
    pub steps: BTreeMap<StepState, usize>,
    /// What the instance gave for its stored keys.
    pub given: Vec<GivenId>,
    /// What failed, by the step's number.
    pub failures: Vec<(u32, StepFailure)>,
}

/// Why a step failed, as the journal keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepFailure {
    /// Method and path.
    pub request: String,
    /// The body that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// What the server said, or what is wrong.
    pub reason: String,
    /// What it said against single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Ids of what it may have made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// Why a step is blocked, as the journal keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BlockedBy {
    /// The number of the step that failed.
    pub step: u32,
}

impl Applied {
    /// The state that the restore is in.
    pub fn state(&self) -> RestoreState {
        if self.stopped.is_none() && self.is_done() {
            RestoreState::Complete
        } else {
            RestoreState::Incomplete
        }
    }

    /// Steps in a state.
    pub fn count(&self, state: StepState) -> usize {
        self.objects.iter().filter_map(|object| object.steps.get(&state)).sum()
    }

    fn is_done(&self) -> bool {
        let settled = [StepState::Done, StepState::Skipped];
        self.objects.iter().flat_map(|object| object.steps.keys()).all(|state| settled.contains(state))
    }
}

/// The report while it is being written.
#[derive(Debug)]
pub(super) struct Ledger<'a> {
    plan: &'a Plan,
    states: Vec<StepState>,
    objects: Vec<AppliedObject>,
    /// Steps of an object that are not settled.
    open: Vec<usize>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut open = vec![0; plan.objects.len()];
        plan.steps.iter().for_each(|step| open[step.object] += 1);
        Self {
            plan,
            states: vec![StepState::Pending; plan.steps.len()],
            objects: vec![AppliedObject::default(); plan.objects.len()],
            open,
        }
    }

    /// Objects that have something to do.
    pub(super) fn open(&self) -> impl Iterator<Item = usize> {
        self.open.iter().enumerate().filter(|(_, open)| **open > 0).map(|(object, _)| object)
    }

    /// Notes a state; gives the object when that was the last of its steps.
    pub(super) fn set(&mut self, at: usize, state: StepState) -> Option<usize> {
        let was_open = is_open(self.states[at]);
        self.states[at] = state;
        if !was_open || is_open(state) {
            return None;
        }
        let object = self.plan.steps[at].object;
        self.open[object] -= 1;
        (self.open[object] == 0).then_some(object)
    }

    pub(super) fn given(&mut self, at: usize, given: Vec<GivenId>) {
        self.objects[self.plan.steps[at].object].given.extend(given);
    }

    pub(super) fn failure(&mut self, at: usize, failure: StepFailure) {
        let step = &self.plan.steps[at];
        self.objects[step.object].failures.push((step.number, failure));
    }

    pub(super) fn close(mut self, ids: Ids, stopped: Option<Stop>) -> Applied {
        let mut left = Cost::default();
        for (step, state) in self.plan.steps.iter().zip(&self.states) {
            *self.objects[step.object].steps.entry(*state).or_default() += 1;
            if is_open(*state)
                && let Some((_, _, ledger)) = step.operation()
            {
                left.add(ledger);
            }
        }
        Applied { stopped, objects: self.objects, ids, left }
    }
}

fn is_open(state: StepState) -> bool {
    matches!(state, StepState::Pending | StepState::Sent)
}
