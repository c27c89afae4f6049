//! Which kinds a run reads: all that were named, else those that are due.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::catalogue::Cadence;
use vault::{InstanceId, KindRead, Reader, VaultError};

use super::report::{Rested, Stop};
use super::request::Request;
use super::run::Findings;

/// A week, less what a weekly run may be early.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 - 6);

/// Takes out of a request what is not due, unless a person named the kinds.
pub(super) fn rest(
    request: &mut Request,
    reader: &Reader,
    instance: InstanceId,
    now: Timestamp,
) -> Result<Vec<Rested>, VaultError> {
    if request.kinds_named || request.refresh.all_now {
        return Ok(Vec::new());
    }
    let ages = reader.kind_ages(instance)?;
    let mut rested = Vec::new();
    request.kinds.retain(|kind| {
        let last = ages.iter().find(|age| age.read.kind == kind.name).map(|age| age.read.read_at);
        let fresh = last.filter(|at| kind.cadence == Cadence::Weekly && at.duration_until(now) < WEEK);
        rested.extend(fresh.map(|read_at| Rested { kind: kind.name, read_at }));
        fresh.is_none() && kind.cadence != Cadence::OnRequest
    });
    Ok(rested)
}

/// The time since the run before, for what a kind reads again by its age; of one
/// that is read weekly, since it was read.
pub(super) fn interval(
    kind: &Kind,
    reader: &Reader,
    instance: InstanceId,
    since_last_run: Option<SignedDuration>,
    now: Timestamp,
) -> Result<Option<SignedDuration>, VaultError> {
    if kind.cadence == Cadence::EveryRun {
        return Ok(since_last_run);
    }
    let ages = reader.kind_ages(instance)?;
    let last = ages.iter().find(|age| age.read.kind == kind.name);
    Ok(last.map_or(since_last_run, |age| Some(age.read.read_at.duration_until(now))))
}

/// What is to be remembered of kinds that a run has read whole.
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
    let kinds = request.kinds.iter().filter(|kind| !has_gap(kind.name) && !is_filling(kind.name));
    kinds.map(|kind| KindRead { kind: Cow::Borrowed(kind.name), read_at: now }).collect()
}
