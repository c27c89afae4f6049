//! One restore, and what it came to.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use looker_sim::{Latency, SimConfig};
use serde::Serialize;
use serde_json::Value;

use crate::phases::{Course, Phase};
use crate::process;
use crate::support::looker::Looker;
use crate::support::restoration::{Damage, Documents};

/// JSON of a dashboard with about twelve tiles.
const DASHBOARD_BYTES: usize = 80_000;

/// The figures of a restore.
#[derive(Serialize)]
pub(crate) struct Restored {
    pub(crate) case: &'static str,
    pub(crate) dashboards: u32,
    /// Calls at once.
    pub(crate) workers: u32,
    /// Seconds that each call takes the simulator.
    pub(crate) latency: f64,
    /// Of all of them.
    pub(crate) tiles: usize,
    pub(crate) calls: u64,
    /// As the formula says.
    pub(crate) formula: u64,
    /// That the API allows.
    pub(crate) least: u64,
    /// Calls beyond that, each with its reason.
    pub(crate) above: BTreeMap<&'static str, u64>,
    pub(crate) wall_seconds: f64,
    pub(crate) peak_memory: Option<u64>,
    /// In the order of time.
    pub(crate) phases: Vec<Phase>,
}

impl Restored {
    /// What the calls alone take, so many at once.
    pub(crate) fn calls_alone(&self) -> f64 {
        self.alone(self.calls)
    }

    /// What so many calls take by themselves, so many at once.
    pub(crate) fn alone(&self, calls: u64) -> f64 {
        calls as f64 * self.latency / f64::from(self.workers)
    }

    /// What its phases take at the least, one after the other: each as long as its calls, or
    /// as the processor time that was spent in it if all cores shared that.
    pub(crate) fn at_least(&self) -> f64 {
        let cores = thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let shared = |phase: &Phase| (phase.program_seconds + phase.simulator_seconds) / cores;
        self.phases.iter().map(|phase| self.alone(phase.calls).max(shared(phase))).sum()
    }

    /// The case and how many calls at once.
    pub(crate) fn name(&self) -> String {
        format!("{} dashboards, {}, {} at once", self.dashboards, self.case, self.workers)
    }

    pub(crate) fn over_calls(&self) -> f64 {
        self.wall_seconds / self.calls_alone()
    }
}

/// Extracts dashboards, does the damage to all of them, and brings them back with so many
/// calls at once, each of which takes the simulator as long as `latency`.
///
/// # Errors
/// When the program fails, or its account is not what the simulator saw.
pub(crate) fn restore(
    damage: Damage,
    dashboards: u32,
    workers: u32,
    latency: Duration,
) -> anyhow::Result<Restored> {
    let looker = Looker::start(SimConfig {
        dashboards,
        dashboard_bytes: DASHBOARD_BYTES,
        looks: 0,
        trash_percent: 0,
        latency: Latency { base: latency, ..Latency::default() },
        ..SimConfig::default()
    });
    let mut world = looker.world();
    world.set("LOOKERVAULT_PACING", "fixed");
    let extracted = world.run("extract --json --quiet");
    ensure!(extracted.code == 0, "extract failed: {}", extracted.all());
    let documents = Documents::of(&looker);
    let price = damage.price(&documents);
    let tiles =
        documents.dashboards.iter().filter_map(|one| Some(one["dashboard_elements"].as_array()?.len())).sum();
    drop(documents);
    damage.wreck(&looker);
    looker.reset_stats();
    let line = format!(
        "restore bulk dashboards --as-of 1 --on-conflict overwrite --allow-irreversible --yes --json --quiet --workers {workers}"
    );
    let course = Course::begin(looker.running_for());
    let ended = process::run_watched(world.command(&line), &|pid| course.note(pid))?;
    ensure!(ended.succeeded, "restore failed: {}{}", ended.stdout, ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).context("the report cannot be read")?;
    let lines = report["calls"].as_array().context("a report without calls")?;
    let sum = |of: &dyn Fn(&Value) -> bool| -> u64 {
        lines.iter().filter(|line| of(line)).filter_map(|line| line["calls"].as_u64()).sum()
    };
    let (booked, seen) = (sum(&|_| true), looker.served());
    ensure!(booked == seen, "{booked} calls were booked, but the simulator saw {seen}");
    Ok(Restored {
        case: damage.name(),
        dashboards,
        workers,
        latency: latency.as_secs_f64(),
        tiles,
        calls: sum(&|line| line["ledger"] != "unmetered"),
        formula: price.total(),
        least: price.least(),
        above: price.above,
        wall_seconds: ended.wall.as_secs_f64(),
        peak_memory: ended.peak_memory,
        phases: course.phases(&looker.requests(), ended.wall),
    })
}
