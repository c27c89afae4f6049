//! Which runs are kept: the rules that users of restic know.
//!
//! Runs of one instance and scope are a group, and each group is judged by
//! itself. Only complete runs count towards `last`, `daily`, `weekly`, `monthly`
//! and `yearly`: of each of the newest so many days (weeks...) that have one, the
//! newest is kept; days without a run do not count. As long as a rule has room
//! left it keeps the oldest run too. `within` counts back from the newest complete
//! run of the group, not from now. A run that any rule keeps is kept.
//!
//! Whatever the rules say, the newest complete run of a group stays, and so does
//! what came after it, which can be resumed or confirmed.

mod age;
mod policy;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vault::{InstanceId, InstanceInfo, Pruning, Reader, Result, RunId, RunInfo, RunState};

pub use age::Age;
use policy::Candidate;
pub use policy::{Count, Policy};

/// What becomes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The run.
    pub run: RunInfo,
    /// Why it is kept; it is forgotten when there is no reason.
    pub reasons: Vec<String>,
}

/// The runs of one instance and scope, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedGroup {
    /// The instance.
    pub instance: InstanceInfo,
    /// The scope, as it is stored.
    pub scope: String,
    /// The runs.
    pub runs: Vec<Judged>,
}

/// What a policy keeps and forgets in a vault.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Every run.
    pub groups: Vec<JudgedGroup>,
    /// What the vault is to do.
    pub pruning: Pruning,
}

impl Plan {
    /// Judges the runs of a vault, or of one instance in it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn new(
        reader: &Reader,
        policy: &Policy,
        instance: Option<InstanceId>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Self> {
        let needed: HashSet<RunId> = reader.unforgettable()?.into_iter().collect();
        let mut tags: BTreeMap<RunId, Vec<String>> = BTreeMap::new();
        for tag in reader.tags()? {
            tags.entry(tag.run).or_default().push(tag.name);
        }
        let runs = reader.runs(usize::MAX)?;
        let runs = runs.into_iter().filter(|run| instance.is_none_or(|id| id == run.instance.id));
        let judged = group(runs).into_iter().map(|((_, scope), runs)| {
            let instance = runs[0].instance.clone();
            let candidates: Vec<Candidate> = runs.iter().map(candidate).collect();
            let mut reasons = policy.reasons(&candidates, zone);
            for (run, reasons) in runs.iter().zip(&mut reasons) {
                reasons.extend(policy.tags_kept(tags.get(&run.id)));
                if needed.contains(&run.id) {
                    reasons.push(needed_because(run).to_owned());
                }
            }
            let runs = runs.into_iter().zip(reasons).map(|(run, reasons)| Judged { run, reasons });
            JudgedGroup { instance, scope, runs: runs.collect() }
        });
        let groups: Vec<JudgedGroup> = judged.collect();
        let forgotten = groups.iter().flat_map(|group| &group.runs).filter(|run| run.reasons.is_empty());
        let pruning = Pruning {
            runs: forgotten.map(|judged| judged.run.id).collect(),
            gone_since: policy.keep_gone.before(now, zone),
            policy: policy.to_json(),
            at: now,
        };
        Ok(Self { groups, pruning })
    }
}

/// Runs by instance and scope; each group stays in the order it comes in.
fn group(runs: impl Iterator<Item = RunInfo>) -> BTreeMap<(String, String), Vec<RunInfo>> {
    let mut groups: BTreeMap<(String, String), Vec<RunInfo>> = BTreeMap::new();
    for run in runs {
        groups.entry((run.instance.name(), run.scope.clone())).or_default().push(run);
    }
    groups
}

fn candidate(run: &RunInfo) -> Candidate {
    Candidate { started_at: run.started_at, is_complete: run.state == RunState::Complete }
}

fn needed_because(run: &RunInfo) -> &'static str {
    match run.state {
        RunState::Complete => "newest complete",
        RunState::Suspect => "can be confirmed",
        _ => "can be resumed",
    }
}

#[cfg(test)]
mod tests;
