//! Which kinds a run reads: all that were named, else those that are due.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::catalogue::{Cadence, List};
use vault::{KindAge, KindRead};

use super::report::{Rested, Stop};
use super::request::Request;
use super::run::Findings;
use super::today::Today;

/// Runs are not on time to the minute.
pub(super) const EARLY: SignedDuration = SignedDuration::from_hours(6);

/// How often kinds are read, where that is not what the catalogue says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cadences(BTreeMap<&'static str, Cadence>);

impl Cadences {
    /// How often a kind is read.
    pub fn of(&self, kind: &Kind) -> Cadence {
        self.0.get(kind.name).copied().unwrap_or(kind.cadence)
    }

    /// Whether somebody said how often a kind is read.
    pub(super) fn is_set(&self, kind: &Kind) -> bool {
        self.0.contains_key(kind.name)
    }
}

impl FromIterator<(&'static Kind, Cadence)> for Cadences {
    fn from_iter<T: IntoIterator<Item = (&'static Kind, Cadence)>>(cadences: T) -> Self {
        Self(cadences.into_iter().map(|(kind, cadence)| (kind.name, cadence)).collect())
    }
}

/// Whether what was read then is to be read again. Something that is read only on
/// request never is by itself.
pub(super) fn is_due(cadence: Cadence, read_at: Option<Timestamp>, now: Timestamp) -> bool {
    match cadence {
        Cadence::EveryRun => true,
        Cadence::Days(days) => read_at.is_none_or(|at| {
            at.duration_until(now) + EARLY >= SignedDuration::from_hours(24 * i64::from(days))
        }),
        Cadence::OnRequest => false,
    }
}

/// What a run does not read because it is not due.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Kinds.
    pub(super) kinds: Vec<Rested>,
    /// Of kinds of which there is one each, those that rest, by their operations.
    pub(super) singles: HashSet<&'static str>,
}

/// Takes out of a request what is not due, unless a person named the kinds.
/// One that is closed to the account rests since it was `refused`, if that was later.
pub(super) fn rest(
    request: &mut Request,
    today: &Today,
    ages: &[KindAge],
    refused: &HashMap<String, Timestamp>,
) -> Rest {
    let mut rest = Rest::default();
    if request.kinds_named || request.refresh.all_now {
        return rest;
    }
    let Request { kinds, cadences, .. } = request;
    kinds.retain(|kind| {
        let read_at = ages.iter().find(|age| age.read.kind == kind.name).map(|age| age.read.read_at);
        let read_at = read_at.max(refused.get(kind.name).copied());
        let is_due = today.has(kind);
        let rests = read_at.filter(|_| !is_due && cadences.of(kind) != Cadence::OnRequest);
        rest.kinds.extend(rests.map(|read_at| Rested { kind: kind.name, read_at }));
        if let List::Singles(operations) = &kind.list {
            let resting = operations.iter().filter(|operation| !today.has_single(operation));
            rest.singles.extend(resting.map(|operation| operation.id));
        }
        is_due
    });
    rest
}

/// The time since the run before, for what a kind reads again by its age; of one
/// that not every run reads, since it was read.
pub(super) fn interval(
    kind: &Kind,
    cadence: Cadence,
    ages: &[KindAge],
    since_last_run: Option<SignedDuration>,
    now: Timestamp,
) -> Option<SignedDuration> {
    if cadence == Cadence::EveryRun {
        return since_last_run;
    }
    let last = ages.iter().find(|age| age.read.kind == kind.name);
    last.map_or(since_last_run, |age| Some(age.read.read_at.duration_until(now)))
}

/// What is to be remembered of kinds that a run has read whole. Of one that was closed
/// nothing was read.
pub(super) fn read(
    request: &Request,
    findings: &Findings,
    stopped: Option<&Stop>,
    now: Timestamp,
) -> Vec<KindRead> {
    if stopped.is_some() || request.folders.is_some() {
        return Vec::new();
    }
    let has_gap = |name: &str| findings.gaps.iter().any(|gap| gap.kind == name);
    // Until a first fill is done, every run goes on with it.
    let is_filling = |name: &str| findings.spread.iter().any(|kind| kind.kind == name && kind.missing > 0);
    let is_closed = |name: &str| findings.unavailable.iter().any(|kind| kind.kind == name);
    let is_read = |name: &str| !has_gap(name) && !is_filling(name) && !is_closed(name);
    let kinds = request.kinds.iter().filter(|kind| is_read(kind.name));
    kinds.map(|kind| KindRead { kind: Cow::Borrowed(kind.name), read_at: now }).collect()
}
