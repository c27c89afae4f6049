//! Measures reads of the past in a vault of 26,000 dashboards and 365 daily
//! runs, of which each changed one in a hundred:
//! `cargo run --release -p vault --example past [VAULT]`. With a name the vault
//! is kept there, for the program to be tried on.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program for developers")]

#[path = "../speed/made_up.rs"]
#[expect(dead_code, reason = "dashboards are enough here")]
mod made_up;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use vault::{
    BodyHash, ChangeFilter, Codec, CompiledRules, Doubt, InstanceId, ListFilter, Record, Rules, RunEnd,
    RunId, RunStart, RunState, Side, Vault, canonicalise,
};

const OBJECTS: u64 = 26_000;
const RUNS: u64 = 365;
const KIND: &str = "dashboards";
const RULES: Rules = Rules { volatile: &[], redact: &[], references: &[] };

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let kept = std::env::args().nth(1).map(PathBuf::from);
    let path = kept.unwrap_or_else(|| directory.path().join("v.db"));
    let started = Instant::now();
    let runs = write(&path);
    println!("{OBJECTS} dashboards, {RUNS} runs: written in {:.0?}", started.elapsed());
    read(&path, &runs);
}

/// Dashboards that a run changes: one in a hundred, others each time.
fn changed(run: u64) -> impl Iterator<Item = u64> {
    (0..OBJECTS).filter(move |id| run == 0 || (id * 7 + run * 13).is_multiple_of(100))
}

fn write(path: &Path) -> Vec<RunId> {
    let rules = RULES.compile();
    (0..RUNS).map(|run| write_run(path, &rules, run)).collect()
}

fn write_run(path: &Path, rules: &CompiledRules, run: u64) -> RunId {
    let mut vault = Vault::open_for_writing(path, "past").expect("a vault");
    let instance = vault.instance("https://made-up.looker.example").expect("an instance");
    let at = day(run);
    let start = RunStart {
        instance,
        command: "past".into(),
        scope: "{}".into(),
        options: "{}".into(),
        account: "{}".into(),
        release: None,
        started_at: at,
    };
    let id = vault.begin_run(&start).expect("a run");
    let writer = vault.into_writer();
    let codec = writer.codec();
    let mut records = Vec::new();
    for object in changed(run) {
        records.push(record(object, run, rules, &codec));
        if records.len() == 100 {
            writer.items(id, std::mem::take(&mut records)).expect("a page");
        }
    }
    writer.items(id, records).expect("a page");
    let (state, absence) = (RunState::Complete, Vec::new());
    let totals_json = "{}".into();
    let ended_at = at;
    writer
        .finish(RunEnd {
            run: id,
            state,
            ended_at,
            account: None,
            totals_json,
            absence,
            doubt: Doubt::default(),
            ranges_restated: false,
        })
        .expect("an end");
    writer.close().expect("a close");
    id
}

fn day(run: u64) -> Timestamp {
    Timestamp::from_second(1_760_000_000).expect("a time") + (24 * run.cast_signed()).hours()
}

fn record(id: u64, run: u64, rules: &CompiledRules, codec: &Codec) -> Record {
    let canonical = canonicalise(&made_up::dashboard(id, run), rules).expect("JSON");
    Record {
        kind: KIND.into(),
        key: id.to_string(),
        side: Side::Live,
        title: Some(format!("Dashboard {id}")),
        folder: Some((id % 100).to_string()),
        updated_at: Some(day(run)),
        created_at: Some(day(0)),
        read_at: day(run),
        unsettled: false,
        body: BodyHash::of(&canonical.body),
        encoded: Some(codec.encode(KIND, &canonical.body)),
        references: Vec::new(),
        volatile_hash: 0,
        volatile: None,
    }
}

fn read(path: &Path, runs: &[RunId]) {
    let reader = Vault::open_for_reading(path).expect("a reader");
    let instance: InstanceId = reader.instances().expect("instances")[0].id;
    report("any object at any time", 2_000, |turn| {
        let key = (turn * 7919 % OBJECTS).to_string();
        let run = runs[(turn * 31) as usize % runs.len()];
        reader.show_at(instance, KIND, &key, Some(run)).expect("a state").expect("an object");
    });
    report("the list of a past run", 10, |turn| {
        let filter = ListFilter { at: Some(runs[(turn * 31) as usize % runs.len()]), ..ListFilter::of(KIND) };
        let mut rows = 0;
        reader.list(&filter, |_| rows += 1).expect("a list");
        assert_eq!(rows, OBJECTS);
    });
    report("what differs between neighbours", 100, |turn| {
        let later = 1 + (turn * 31) as usize % (runs.len() - 1);
        let mut found = 0;
        reader.differing(instance, runs[later - 1], runs[later], |_| found += 1).expect("differences");
        assert_eq!(found, OBJECTS / 100);
    });
    report("changes of one run", 100, |turn| {
        let later = 1 + (turn * 31) as usize % (runs.len() - 1);
        let (after, until) = (Some(runs[later - 1]), Some(runs[later]));
        let mut found = 0;
        let filter = ChangeFilter { after, until, ..ChangeFilter::of(instance) };
        reader
            .changes(&filter, |_| {
                found += 1;
                true
            })
            .expect("changes");
        assert_eq!(found, OBJECTS / 100);
    });
}

fn report(what: &str, turns: u64, mut work: impl FnMut(u64)) {
    let mut times: Vec<Duration> = (0..turns)
        .map(|turn| {
            let started = Instant::now();
            work(turn);
            started.elapsed()
        })
        .collect();
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("  {what}: {median:.2?}, at most {worst:.2?}");
}
