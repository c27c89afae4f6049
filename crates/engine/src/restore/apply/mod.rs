//! Carrying a plan out.
//!
//! # The problem
//!
//! A write whose answer is lost may have run or not. Sent again it may make a second
//! one of what cannot be told apart from the first; not sent again, it may be missing.
//! And the process may be killed between any two instructions.
//!
//! # The choice
//!
//! Each step is in the journal before its request leaves, and again as soon as its
//! answer came; both are on the disk before anything else follows from them. So of
//! every step it is known at any time whether it was never sent, is answered, or may
//! have run. Of those that may have run, what can be said twice (an update, a deletion,
//! a query) is sent again. A creation is looked for first, among what has the same
//! parent: what was there when the plan was made, and what other steps were given, is
//! left out; of the rest exactly one may be like it. That one it made. If there is none
//! after some looks, it is sent again; if there are several, nobody can say, and the
//! step fails and names them.
//!
//! A list that is replaced as a whole holds who was there when the plan was made. When a
//! restore is resumed, or its plan is old, the list is read first: somebody who came
//! since must not be lost.
//!
//! What is made as another user is made last, when groups, roles and access are as they
//! should be: by then the user may what it should ([`actors`]).
//!
//! Creations that could be taken for each other are therefore never under way together
//! ([`lanes`]). All other steps are made as soon as what they need is there
//! ([`graph`]), many at a time: the client's gate says how many requests run at once,
//! and more steps than that are under way, since some wait for the disk.

mod actors;
mod answer;
mod carry;
mod graph;
mod journal;
mod lanes;
mod report;
mod sending;
mod unlisted;

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use vault::{RestoreId, StepEntry, StepInfo, StepRecord, StepState};

use super::RestoreError;
use super::plan::Plan;
use super::session::Session;
use super::step::{Ids, Symbol};
use actors::Actors;
use carry::{Outcome, Request};
use graph::Graph;
use journal::Journal;
use lanes::Lanes;
use report::Ledger;

pub use report::{Applied, AppliedObject, BlockedBy, StepFailure};

/// How old a plan may be before what it was made from is looked at once more.
pub(super) const FRESH: Duration = Duration::from_mins(10);

/// How long is waited for what does not show, or is not answered.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Pauses before each look for something that may have been made, or that was made
    /// a moment ago and does not show yet.
    pub looks: Vec<Duration>,
    /// How often a step is sent, while other calls are answered, before it fails.
    pub sends: u32,
    /// How long requests may still take that are on their way when somebody interrupts.
    pub grace: Duration,
    /// How old a plan may be before a list that is replaced is looked at once more.
    pub fresh: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            looks: [500, 2_000, 5_000].map(Duration::from_millis).to_vec(),
            sends: 6,
            grace: Duration::from_secs(10),
            fresh: FRESH,
        }
    }
}

/// Steps under way, as a multiple of the requests that may run at once. The others wait
/// for the journal meanwhile: twice for each request, and a sync of a disk may take as
/// long as a request.
const STEPS_A_REQUEST: usize = 6;

/// Carries out a plan, or what is left of it: what the journal has as done is not done
/// again. A spent limit, an interrupt or a server that stays down ends it early; then
/// it can be resumed by the same call.
///
/// The restore's state is the caller's to write, as soon as nothing more follows.
///
/// # Errors
/// When the plan cannot be carried out in any order, or the vault cannot be read or
/// written. What is on its way then is found out about by the next call.
pub async fn apply(
    session: &Session,
    restore: RestoreId,
    plan: &Plan,
    patience: &Patience,
) -> Result<Applied, RestoreError> {
    apply_telling(session, restore, plan, patience, &|_| ()).await
}

/// The same; tells `settled` of each object of the plan, by its place there, of which no
/// step will be sent any more.
pub(super) async fn apply_telling(
    session: &Session,
    restore: RestoreId,
    plan: &Plan,
    patience: &Patience,
    settled: &dyn Fn(usize),
) -> Result<Applied, RestoreError> {
    let known = plan.ids.ids();
    let graph = Graph::new(plan, &known)?;
    let begun = session.writer.reader()?.restore_steps(restore, None)?;
    let age = Duration::try_from(Timestamp::now() - plan.made_at).unwrap_or_default();
    let is_late = !begun.is_empty() || age > patience.fresh;
    let journal = Journal::open(session.writer.clone());
    let ids = Mutex::new(known.clone());
    let actors = Actors::default();
    let work = Work { session, restore, plan, patience, is_late, journal, known, ids, actors };
    let mut driver = Driver {
        work: &work,
        settled,
        graph,
        lanes: Lanes::default(),
        ledger: Ledger::new(plan),
        requests: HashMap::new(),
        resumed: HashMap::new(),
        later: Some(Vec::new()),
    };
    driver.take_up(begun).await?;
    let ran = driver.run().await;
    work.actors.sign_out(patience.grace).await;
    ran?;
    let ledger = driver.ledger;
    let ids = std::mem::take(&mut *work.ids());
    let applied = ledger.close(ids, session.brake.pulled());
    work.journal.close().await;
    Ok(applied)
}

/// What all steps share.
struct Work<'a> {
    session: &'a Session,
    restore: RestoreId,
    plan: &'a Plan,
    patience: &'a Patience,
    /// Whether time has passed since the plan was made.
    is_late: bool,
    journal: Journal,
    /// Ids that the plan knows.
    known: Ids,
    /// These, and all that were given.
    ids: Mutex<Ids>,
    /// Users as whom steps are made.
    actors: Actors,
}

impl Work<'_> {
    fn ids(&self) -> MutexGuard<'_, Ids> {
        // Each change is one insertion: a panic elsewhere leaves nothing half-made.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines into the journal; they are on the disk when this returns.
    async fn journal(&self, lines: Vec<(usize, StepEntry)>) -> Result<(), RestoreError> {
        let at = Timestamp::now();
        let line = |(step, entry): (usize, StepEntry)| StepRecord {
            restore: self.restore,
            step: self.plan.steps[step].number,
            entry,
            at,
        };
        self.journal.write(lines.into_iter().map(line).collect()).await
    }
}

/// Decides what is done next.
struct Driver<'a> {
    work: &'a Work<'a>,
    /// Is told of objects that are settled.
    settled: &'a dyn Fn(usize),
    graph: Graph,
    lanes: Lanes,
    ledger: Ledger<'a>,
    /// Requests of steps that wait for another one.
    requests: HashMap<usize, Request>,
    /// What the journal has of steps that are to be taken up again.
    resumed: HashMap<usize, StepInfo>,
    /// Steps that are made as other users, until everything else is settled.
    later: Option<Vec<usize>>,
}

impl Driver<'_> {
    /// Takes over what an earlier process did.
    async fn take_up(&mut self, begun: Vec<StepInfo>) -> Result<(), RestoreError> {
        let steps = &self.work.plan.steps;
        let numbers: BTreeMap<u32, usize> =
            steps.iter().enumerate().map(|(at, step)| (step.number, at)).collect();
        let mut lost = Vec::new();
        // Only what is begun is in it; that it is blocked is found out anew.
        let begun = begun.into_iter().filter_map(|line| Some((*numbers.get(&line.step)?, line)));
        for (at, line) in begun {
            match line.state {
                StepState::Done => self.is_done(at, line.given),
                StepState::Failed | StepState::Skipped => {
                    let failure = line.error.as_deref().and_then(|text| serde_json::from_str(text).ok());
                    if let Some(failure) = failure {
                        self.ledger.failure(at, failure);
                    }
                    self.graph.settle(at);
                    lost.push((at, line.state));
                }
                StepState::Sent => {
                    self.graph.was_sent(at);
                    self.ledger.set(at, StepState::Sent);
                    self.resumed.insert(at, line);
                }
                StepState::Pending | StepState::Blocked => {}
            }
        }
        // What was given up is not blocked by what was.
        let lines: Vec<_> = lost.into_iter().flat_map(|(at, state)| self.is_lost(at, state)).collect();
        if lines.is_empty() { Ok(()) } else { self.work.journal(lines).await }
    }

    async fn run(&mut self) -> Result<(), RestoreError> {
        let work = self.work;
        let Session { brake, client, watch, .. } = work.session;
        watch.phase("writing");
        for object in self.ledger.open() {
            watch.expect(work.kind(object), 1);
        }
        let cut_off = async {
            brake.at_once().await;
            tokio::time::sleep(work.patience.grace).await;
        };
        let mut cut_off = pin!(cut_off);
        let width = STEPS_A_REQUEST * client.settings().ceiling;
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < width && brake.pulled().is_none() {
                let Some((at, request)) = self.next() else { break };
                let resumed = self.resumed.remove(&at);
                self.ledger.set(at, StepState::Sent);
                under_way.push(async move { (at, carry::carry(work, at, &request, resumed).await) });
            }
            tokio::select! {
                settled = under_way.next() => match settled {
                    Some((at, outcome)) => self.settle(at, outcome?).await?,
                    None if self.comes_to_the_last() => {}
                    None => return Ok(()),
                },
                () = &mut cut_off => return Ok(()),
            }
        }
    }

    /// Lets the steps go that are made as other users. Whether there are any.
    fn comes_to_the_last(&mut self) -> bool {
        let later = self.later.take().unwrap_or_default();
        for at in &later {
            self.graph.give_back(*at);
        }
        !later.is_empty() && self.work.session.brake.pulled().is_none()
    }

    /// The next step that may go, with its request.
    fn next(&mut self) -> Option<(usize, Request)> {
        loop {
            let at = self.graph.take()?;
            if let Some(later) = self.later.as_mut().filter(|_| self.work.plan.steps[at].as_user.is_some()) {
                later.push(at);
                continue;
            }
            let Some(request) = self.requests.remove(&at).or_else(|| Request::new(self.work, at)) else {
                continue;
            };
            match &request.created {
                Some(created) if !self.lanes.enter(at, &created.likeness) => {
                    self.requests.insert(at, request);
                }
                _ => return Some((at, request)),
            }
        }
    }

    async fn settle(&mut self, at: usize, outcome: Outcome) -> Result<(), RestoreError> {
        for waiting in self.lanes.leave(at) {
            self.graph.give_back(waiting);
        }
        match outcome {
            Outcome::Done(given) => self.is_done(at, given),
            Outcome::Failed(failure) => {
                self.ledger.failure(at, failure);
                let lines = self.is_lost(at, StepState::Failed);
                if !lines.is_empty() {
                    self.work.journal(lines).await?;
                }
            }
            Outcome::Stopped { was_sent } => {
                let state = if was_sent { StepState::Sent } else { StepState::Pending };
                self.ledger.set(at, state);
            }
        }
        Ok(())
    }

    fn is_done(&mut self, at: usize, given: Vec<vault::GivenId>) {
        let mut ids = self.work.ids();
        for given in &given {
            ids.insert(Symbol::new(&given.resource, given.key.as_str()), given.id.clone());
        }
        drop(ids);
        self.ledger.given(at, given);
        self.graph.done(at);
        self.note(at, StepState::Done);
    }

    /// Notes that a step will not be done; gives the lines about what that blocks.
    fn is_lost(&mut self, at: usize, state: StepState) -> Vec<(usize, StepEntry)> {
        self.note(at, state);
        let step = self.work.plan.steps[at].number;
        let error = serde_json::json!(BlockedBy { step }).to_string();
        let blocked = self.graph.failed(at);
        blocked
            .into_iter()
            .map(|at| {
                self.note(at, StepState::Blocked);
                (at, StepEntry::Blocked { error: error.clone() })
            })
            .collect()
    }

    fn note(&mut self, at: usize, state: StepState) {
        if let Some(object) = self.ledger.set(at, state) {
            self.work.session.watch.read(self.work.kind(object), 1);
            (self.settled)(object);
        }
    }
}
