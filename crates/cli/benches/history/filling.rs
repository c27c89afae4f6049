//! The vault of that year: each day's run as `extract` would have stored it.
//!
//! A real extraction a day for a year would take hours and measure the network
//! stack. So the days before the last go to the vault's writer directly, in records
//! that the engine makes of the simulator's bodies by the catalogue's rules, with a
//! run of its own each, and are made ready to be searched at its end. That it comes
//! to the same is checked by the last day, which the program itself extracts, over
//! HTTP and in full: it must find that day's edits changed and nothing else.

use std::path::Path;

use anyhow::{Context, ensure};
use engine::documents::INDEXER;
use engine::extract::{Destinations, Recorder, rules};
use jiff::Timestamp;
use looker::rows::Row;
use serde::Deserialize;
use vault::{CompiledRules, Record, RunEnd, RunStart, RunState, Side, Vault, Writer};

use crate::program::Program;
use crate::year::{Body, Year};

/// Rows that go to the writer together.
const PAGE: usize = 100;

/// A kind of the catalogue with what its records are made by.
struct Prepared {
    kind: &'static looker::Kind,
    rules: CompiledRules,
}

impl Prepared {
    fn of(name: &str) -> anyhow::Result<Self> {
        let kind = looker::Kind::find(name).with_context(|| format!("there is no kind {name}"))?;
        Ok(Self { kind, rules: rules(kind, Destinations::Redact).compile() })
    }

    fn records(&self, bodies: &[Body], read_at: Timestamp, writer: &Writer) -> anyhow::Result<Vec<Record>> {
        let codec = &writer.codec();
        let recorder = Recorder { kind: self.kind, side: Side::Live, read_at, rules: &self.rules, codec };
        let record = |(id, body): &Body| {
            let row = Row::read(body.clone(), self.kind)?;
            recorder.record(&row, |_| Ok(false))?.map_err(|why| anyhow::anyhow!("{id}: {why}"))
        };
        bodies.iter().map(record).collect()
    }
}

/// Writes the runs of all days but the last.
pub(crate) struct Filling<'a> {
    path: &'a Path,
    url: String,
    dashboards: Prepared,
    people_and_places: [(Prepared, Vec<Body>); 2],
}

impl<'a> Filling<'a> {
    /// # Errors
    /// When the catalogue has lost a kind.
    pub(crate) fn new(path: &'a Path, year: &Year) -> anyhow::Result<Self> {
        let people_and_places = [
            (Prepared::of("folders")?, year.all(looker_sim::Kind::Folder)),
            (Prepared::of("users")?, year.all(looker_sim::Kind::User)),
        ];
        Ok(Self { path, url: year.url(), dashboards: Prepared::of("dashboards")?, people_and_places })
    }

    /// Writes a day's run: the dashboards that it found new or edited; the first one
    /// brings folders and users too.
    ///
    /// # Errors
    /// When a body is no document, or the vault cannot be written.
    pub(crate) fn day(&self, at: Timestamp, is_first: bool, dashboards: &[Body]) -> anyhow::Result<()> {
        let mut vault = Vault::open_for_writing(self.path, "bench")?;
        let instance = vault.instance(&self.url)?;
        let run = vault.begin_run(&RunStart {
            instance,
            command: "extract".to_owned(),
            scope: r#"{"folders":null,"kinds":["dashboards"],"trash":true}"#.to_owned(),
            options: "{}".to_owned(),
            account: r#"{"client_id":"bench"}"#.to_owned(),
            release: None,
            started_at: at,
        })?;
        let writer = vault.into_writer();
        let others = self.people_and_places.iter().map(|(kind, bodies)| (kind, bodies.as_slice()));
        let others = others.filter(|_| is_first);
        for (kind, bodies) in others.chain([(&self.dashboards, dashboards)]) {
            for page in bodies.chunks(PAGE) {
                writer.items(run, kind.records(page, at, &writer)?)?;
            }
        }
        let end = RunEnd::now(run, RunState::Complete, "{}".to_owned());
        writer.finish(RunEnd { ended_at: at, ..end })?;
        writer.close()?;
        Vault::open_for_writing(self.path, "bench")?.index_content(&INDEXER, &mut |_| ())?;
        Ok(())
    }
}

/// What `extract --json` says of a run's kinds.
#[derive(Deserialize)]
struct Extracted {
    kinds: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    kind: String,
    new: u64,
    changed: u64,
    gone: u64,
}

/// Extracts the last day with the program and checks what it has found.
///
/// # Errors
/// When it fails, or finds anything but that day's edits.
pub(crate) fn extract(program: &Program, year: &Year, edits: usize) -> anyhow::Result<()> {
    let output =
        program.command(&["extract", "dashboards", "--full", "--json"]).envs(year.environment()).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the last day's extraction failed: {told}");
    let report: Extracted = serde_json::from_slice(&output.stdout)?;
    let found = report.kinds.iter().find(|kind| kind.kind == "dashboards").context("no dashboards")?;
    let Found { new, changed, gone, .. } = found;
    ensure!(
        (*new, *changed, *gone) == (0, edits as u64, 0),
        "the last day's extraction found {new} new, {changed} changed, {gone} gone instead of {edits} \
         changed: the days before were not written as an extraction writes them"
    );
    Ok(())
}
