//! One measured extraction and what it came to.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::floor::{self, Floor};
use crate::process;
use crate::simulator::{Served, Simulator, Stats};

/// Most requests at once, unless a way says otherwise.
pub(crate) const WORKERS: usize = 8;

/// A way to extract dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) strategy: &'static str,
    pub(crate) workers: usize,
    pub(crate) pacing: &'static str,
}

impl Way {
    pub(crate) const PER_FOLDER: Self = Self { strategy: "per-folder", workers: WORKERS, pacing: "fixed" };
    pub(crate) const SCAN: Self = Self { strategy: "scan", ..Self::PER_FOLDER };
    /// All of the instance by one stream of pages, one after the other.
    pub(crate) const OLD: Self = Self { workers: 1, ..Self::SCAN };
    pub(crate) const AUTO: Self = Self { strategy: "auto", ..Self::PER_FOLDER };
    pub(crate) const ADAPTIVE: Self = Self { pacing: "adaptive", ..Self::PER_FOLDER };

    pub(crate) fn name(self) -> String {
        let adaptive = if self.pacing == "adaptive" { ", adaptive" } else { "" };
        format!("{} x{}{adaptive}", self.strategy, self.workers)
    }
}

/// The figures of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    /// What was extracted from, for instance a scenario.
    pub(crate) subject: String,
    pub(crate) way: String,
    pub(crate) round: usize,
    /// Wall time of the process, in seconds.
    pub(crate) wall: f64,
    /// Processor time of the process, in seconds.
    pub(crate) cpu: Option<f64>,
    /// Bytes.
    pub(crate) peak_memory: Option<u64>,
    /// Dashboards now in the vault.
    pub(crate) items: u64,
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) metered_calls: u64,
    /// All requests the simulator saw.
    pub(crate) requests: u64,
    /// Calls beyond the end of what they list.
    pub(crate) wasted_calls: u64,
    /// Full dashboards sent by the simulator.
    pub(crate) moved: u64,
    /// Of these, such that lie in no folder asked for.
    pub(crate) moved_outside: u64,
    pub(crate) raw_bytes: u64,
    pub(crate) stored_bytes: u64,
    pub(crate) vault_bytes: u64,
    pub(crate) content_digest: String,
    pub(crate) floor: Floor,
}

impl Run {
    pub(crate) fn items_per_second(&self) -> f64 {
        self.items as f64 / self.wall
    }

    /// Raw bytes of bodies over what is stored of them.
    pub(crate) fn compression(&self) -> f64 {
        self.raw_bytes as f64 / self.stored_bytes.max(1) as f64
    }

    /// How many times the least possible time it took; `None` without latency.
    pub(crate) fn over_floor(&self) -> Option<f64> {
        (self.floor.at_least > 0.0).then(|| self.wall / self.floor.at_least)
    }

    pub(crate) fn pages(&self) -> u64 {
        ["page", "look_ahead"].iter().filter_map(|reason| self.calls.get(*reason)).sum()
    }
}

/// What the benchmark reads of the program's own report.
#[derive(Deserialize)]
struct Report {
    state: String,
    kinds: Vec<Seen>,
    calls: Vec<Booked>,
    metered_calls: u64,
}

#[derive(Deserialize)]
struct Seen {
    kind: String,
    seen: u64,
}

#[derive(Deserialize)]
struct Booked {
    reason: String,
    calls: u64,
}

/// Extracts dashboards into a fresh vault and measures it.
///
/// # Errors
/// When the program fails, its run is not complete, or its account of calls is
/// not what the simulator saw.
pub(crate) fn extract(
    simulator: &Simulator,
    subject: &str,
    folders: &[String],
    way: Way,
    round: usize,
) -> anyhow::Result<Run> {
    let home = tempfile::tempdir()?;
    let vault = home.path().join("vault.db");
    simulator.reset()?;
    let ended = process::run(command(simulator, home.path(), &vault, folders, way))?;
    ensure!(ended.succeeded, "extract ({}) failed: {}{}", way.name(), ended.stdout, ended.stderr);
    let report: Report = serde_json::from_str(&ended.stdout).context("the report cannot be read")?;
    ensure!(report.state == "complete", "extract ({}) ended {}", way.name(), report.state);
    let (requests, stats) = (simulator.requests()?, simulator.stats()?);
    let calls = by_reason(&report.calls);
    let booked: u64 = calls.values().sum();
    ensure!(booked == stats.requests, "{booked} calls were booked, but the simulator saw {}", stats.requests);
    let stored = stored(&vault)?;
    let seen = report.kinds.iter().filter(|kind| kind.kind == "dashboards").map(|kind| kind.seen);
    Ok(Run {
        subject: subject.to_owned(),
        way: way.name(),
        round,
        wall: ended.wall.as_secs_f64(),
        cpu: ended.cpu.as_ref().map(Duration::as_secs_f64),
        peak_memory: ended.peak_memory,
        items: seen.sum(),
        calls,
        metered_calls: report.metered_calls,
        requests: stats.requests,
        wasted_calls: wasted(&requests),
        moved: stats.full_dashboards_by_folder.values().sum(),
        moved_outside: moved_outside(&stats, folders),
        raw_bytes: stored.raw_bytes,
        stored_bytes: stored.stored_bytes,
        vault_bytes: stored.vault_bytes,
        content_digest: stored.digest,
        floor: floor::of(&requests, way.workers),
    })
}

/// The program in an environment where it finds no configuration but ours.
fn command(simulator: &Simulator, home: &Path, vault: &Path, folders: &[String], way: Way) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lookervault"));
    command
        .args(["extract", "dashboards", "--json", "--quiet", "--page-size", "100"])
        .args(["--folder-strategy", way.strategy, "--pacing", way.pacing])
        .args(["--workers", &way.workers.to_string()])
        .arg("--vault")
        .arg(vault)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .envs(simulator.environment());
    if !folders.is_empty() {
        command.args(["--folder-ids", &folders.join(",")]);
    }
    command
}

fn by_reason(booked: &[Booked]) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for line in booked {
        *calls.entry(line.reason.clone()).or_default() += line.calls;
    }
    calls
}

/// Calls beyond the end of what they list. The first page of an empty listing is
/// none: it is what tells that it is empty.
fn wasted(requests: &[Served]) -> u64 {
    let beyond = |served: &&Served| match served.parameter("offset") {
        None | Some("0") => floor::is_page(served),
        Some(_) => true,
    };
    requests.iter().filter(beyond).filter(|served| served.full_rows + served.light_rows == 0).count() as u64
}

fn moved_outside(stats: &Stats, folders: &[String]) -> u64 {
    let by_folder = stats.full_dashboards_by_folder.iter();
    by_folder.filter(|(id, _)| !folders.is_empty() && !folders.contains(id)).map(|(_, moved)| moved).sum()
}

/// What a vault holds.
struct Content {
    raw_bytes: u64,
    stored_bytes: u64,
    vault_bytes: u64,
    digest: String,
}

/// Reads a vault through the library that wrote it.
fn stored(path: &Path) -> anyhow::Result<Content> {
    let reader = vault::Vault::open_for_reading(path)?;
    let size = reader.size()?;
    let digests: Vec<String> = reader
        .instances()?
        .into_iter()
        .map(|instance| reader.content_digest(instance.id))
        .collect::<Result<_, _>>()?;
    Ok(Content {
        raw_bytes: size.kinds.iter().map(|kind| kind.raw_bytes).sum(),
        stored_bytes: size.kinds.iter().map(|kind| kind.compressed_bytes).sum::<u64>()
            + size.dictionary_bytes,
        vault_bytes: size.file_bytes,
        digest: digests.join(" "),
    })
}
