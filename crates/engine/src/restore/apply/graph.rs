//! Which steps may be made now.
//!
//! A step waits for those that it names, and for those that give an id it needs. What
//! waits for a step that failed, directly or through others, is blocked; everything
//! else goes on.

use std::collections::{BTreeSet, HashMap};

use super::super::plan::Plan;
use super::super::step::{Ids, Step, Symbol};
use super::RestoreError;

/// Steps by their place in the plan, and what holds each back.
#[derive(Debug)]
pub(super) struct Graph {
    /// Steps that wait for a step.
    dependents: Vec<Vec<usize>>,
    /// Steps that a step still waits for.
    unmet: Vec<usize>,
    /// Those that wait for nothing more; what was sent before comes first, then the
    /// order of the plan.
    ready: BTreeSet<(bool, usize)>,
    /// Those that were sent by an earlier process and not answered.
    sent: Vec<bool>,
    /// Those that nothing more is done with.
    settled: Vec<bool>,
}

impl Graph {
    /// The graph of a plan whose steps for `known` need nobody to give them.
    ///
    /// # Errors
    /// When no order exists in which the steps could be made, or this build cannot
    /// make one.
    pub(super) fn new(plan: &Plan, known: &Ids) -> Result<Self, RestoreError> {
        let steps = &plan.steps;
        let mut graph = Self {
            dependents: vec![Vec::new(); steps.len()],
            unmet: vec![0; steps.len()],
            ready: BTreeSet::new(),
            sent: vec![false; steps.len()],
            settled: vec![false; steps.len()],
        };
        let numbers: HashMap<u32, usize> =
            steps.iter().enumerate().map(|(at, step)| (step.number, at)).collect();
        let givers: HashMap<&Symbol, usize> = steps
            .iter()
            .enumerate()
            .flat_map(|(at, step)| step.gives.iter().map(move |given| (&given.symbol, at)))
            .collect();
        if numbers.len() < steps.len() {
            return Err(RestoreError::Plan("two of its steps have the same number".to_owned()));
        }
        for (at, step) in steps.iter().enumerate() {
            for giver in needs(step, plan, &numbers, &givers, known)? {
                graph.dependents[giver].push(at);
                graph.unmet[at] += 1;
            }
        }
        graph.refuse_circles(steps)?;
        graph.ready = (0..steps.len()).filter(|at| graph.unmet[*at] == 0).map(|at| (true, at)).collect();
        Ok(graph)
    }

    fn refuse_circles(&self, steps: &[Step]) -> Result<(), RestoreError> {
        let mut unmet = self.unmet.clone();
        let mut free: Vec<usize> = (0..steps.len()).filter(|at| unmet[*at] == 0).collect();
        let mut reached = 0;
        while let Some(at) = free.pop() {
            reached += 1;
            for dependent in &self.dependents[at] {
                unmet[*dependent] -= 1;
                if unmet[*dependent] == 0 {
                    free.push(*dependent);
                }
            }
        }
        if reached == steps.len() {
            return Ok(());
        }
        let stuck = steps.iter().zip(&unmet).find(|(_, unmet)| **unmet > 0);
        let stuck = stuck.map(|(step, _)| step.number).unwrap_or_default();
        Err(RestoreError::Plan(format!("its step {stuck} waits for itself")))
    }

    /// Notes that an earlier process sent it and heard no answer.
    pub(super) fn was_sent(&mut self, at: usize) {
        self.sent[at] = true;
        if self.ready.remove(&(true, at)) {
            self.ready.insert((false, at));
        }
    }

    /// Takes a step that may be made now.
    pub(super) fn take(&mut self) -> Option<usize> {
        self.ready.pop_first().map(|(_, at)| at)
    }

    /// Gives one back that was taken.
    pub(super) fn give_back(&mut self, at: usize) {
        self.ready.insert((!self.sent[at], at));
    }

    /// Notes that a step is done.
    pub(super) fn done(&mut self, at: usize) {
        self.settle(at);
        for dependent in std::mem::take(&mut self.dependents[at]) {
            self.unmet[dependent] -= 1;
            if self.unmet[dependent] == 0 && !self.settled[dependent] {
                self.give_back(dependent);
            }
        }
    }

    /// Notes that a step will not be done; gives what is blocked by it.
    pub(super) fn failed(&mut self, at: usize) -> Vec<usize> {
        self.settle(at);
        let mut blocked = Vec::new();
        let mut found = vec![at];
        while let Some(at) = found.pop() {
            for dependent in std::mem::take(&mut self.dependents[at]) {
                if !self.settled[dependent] {
                    self.settle(dependent);
                    blocked.push(dependent);
                    found.push(dependent);
                }
            }
        }
        blocked.sort_unstable();
        blocked
    }

    /// Notes that nothing more is done with a step.
    pub(super) fn settle(&mut self, at: usize) {
        self.settled[at] = true;
        self.ready.remove(&(!self.sent[at], at));
    }
}

/// The steps that one waits for.
fn needs(
    step: &Step,
    plan: &Plan,
    numbers: &HashMap<u32, usize>,
    givers: &HashMap<&Symbol, usize>,
    known: &Ids,
) -> Result<BTreeSet<usize>, RestoreError> {
    let wrong =
        |what: String| Err(RestoreError::Plan(format!("its step {} ({}) {what}", step.number, step.about)));
    if step.operation().is_none() {
        return wrong(format!("writes {} in a way that this build does not know", step.resource));
    }
    if step.object >= plan.objects.len() {
        return wrong("belongs to no object".to_owned());
    }
    let mut needs = BTreeSet::new();
    for number in &step.needs {
        match numbers.get(number) {
            Some(needed) => needs.insert(*needed),
            None => return wrong(format!("waits for step {number}, which there is not")),
        };
    }
    let mut missing = None;
    step.symbols(&mut |symbol| match givers.get(symbol) {
        Some(giver) => {
            needs.insert(*giver);
        }
        None if known.contains_key(symbol) => {}
        None => missing = Some(symbol),
    });
    match missing {
        Some(symbol) => wrong(format!("needs the id of {symbol}, which nothing gives")),
        None => Ok(needs),
    }
}
