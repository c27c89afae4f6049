//! A simulated instance, its vault, and the days that pass on both.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::process;
use crate::support::World;
use crate::support::looker::Looker;
use crate::support::minimum::{Cost, Known, costs};
use crate::support::targets::{Scale, Understands, Work, a_day_of_work, a_day_passes, metered, slice};

const VAULT: &str = "lookervault.db";

/// An instance and a place to keep it.
pub(crate) struct Instance {
    pub(crate) looker: Looker,
    understands: Understands,
    world: World,
    day: usize,
    /// What was edited since the last run.
    work: Work,
}

/// What a run came to.
pub(crate) struct Run {
    /// Metered calls: administrative, query-based.
    pub(crate) calls: [u64; 2],
    /// Of them those for objects that cost a call each.
    pub(crate) slice: u64,
    /// Kind by kind.
    pub(crate) costs: Vec<Cost>,
    /// Objects that no run has read yet.
    pub(crate) missing: u64,
    pub(crate) wall: Duration,
    pub(crate) peak_memory: Option<u64>,
    pub(crate) vault_bytes: u64,
}

impl Run {
    /// The fewest calls of a ledger.
    pub(crate) fn fewest(&self, ledger: &str) -> u64 {
        self.costs.iter().filter(|cost| cost.ledger == ledger).map(|cost| cost.fewest).sum()
    }

    /// Calls that are not for objects that cost a call each.
    pub(crate) fn bulk(&self) -> u64 {
        self.calls.iter().sum::<u64>() - self.slice
    }
}

impl Instance {
    /// Starts it with an empty vault; `within_allowance` spreads what costs a call an
    /// object over days.
    pub(crate) fn start(scale: &Scale, understands: Understands, within_allowance: bool) -> Self {
        let looker = Looker::start(scale.simulated(understands));
        let mut world = looker.world();
        if within_allowance {
            scale.within_allowance(&mut world);
        }
        Self { looker, understands, world, day: 0, work: Work::new() }
    }

    /// A day passes on which people work: what they edited.
    pub(crate) fn live_a_day(&mut self) -> &Work {
        self.day += 1;
        a_day_passes(&self.world.path(VAULT));
        self.work = a_day_of_work(&self.looker, self.day);
        &self.work
    }

    /// Extracts everything that is due.
    ///
    /// # Errors
    /// When the run is not complete, or its account of calls is not what the simulator
    /// saw.
    pub(crate) fn extract(&self) -> anyhow::Result<Run> {
        self.looker.reset_stats();
        let ended = process::run(self.world.command("extract --json --quiet"))?;
        ensure!(ended.succeeded, "extract failed: {}{}", ended.stdout, ended.stderr);
        let report: Value = serde_json::from_str(&ended.stdout).context("the report cannot be read")?;
        ensure!(report["state"] == "complete", "extract ended {}", report["state"]);
        let booked: u64 = numbers(&report["calls"], "calls").sum();
        let seen = self.looker.served();
        ensure!(booked == seen, "{booked} calls were booked, but the simulator saw {seen}");
        let known = Known { looker: &self.looker, understands: self.understands, work: &self.work };
        Ok(Run {
            calls: metered(&report),
            slice: slice(&report),
            costs: costs(&report, &known),
            missing: numbers(&report["spread"], "missing").sum(),
            wall: ended.wall,
            peak_memory: ended.peak_memory,
            vault_bytes: std::fs::metadata(self.world.path(VAULT))?.len(),
        })
    }
}

/// A number of every entry of a list.
fn numbers<'a>(list: &'a Value, name: &'a str) -> impl Iterator<Item = u64> + 'a {
    list.as_array().into_iter().flatten().filter_map(move |entry| entry[name].as_u64())
}
