//! Measures search over a long history: takes a vault that `extract` has made,
//! adds to a copy of it a year of daily runs that each change one dashboard in a
//! hundred, and asks.
//!
//! ```sh
//! lookervault sim --port 9999 --dashboards 26000 &
//! lookervault extract dashboards folders --vault big.db
//! cargo run --release -p engine --example search_speed -- big.db
//! ```

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program for developers")]

use std::path::Path;
use std::time::{Duration, Instant};

use engine::documents::INDEXER;
use engine::impact::{Subject, impact};
use vault::{
    BodyHash, Doubt, InstanceId, Period, Reader, Record, RunEnd, RunId, RunStart, RunState, Search, Side,
    Terms, Vault, Writer,
};

const DAYS: usize = 365;

fn main() {
    let source = std::env::args().nth(1).expect("the path of a vault that `extract` has made");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("copy.db");
    std::fs::copy(&source, &path).expect("a copy");
    let before = index(&path);
    live_on(&path);
    let grown = index(&path);
    println!("indexing: {before}; a year more: {grown}");
    let reader = Vault::open_for_reading(&path).expect("a reader");
    let instance = reader.instances().expect("instances")[0].id;
    for words in ["shipments", "revenue region", "\"gross margin\"", "rev*", "orders", "day361", "zzz"] {
        for (name, moment) in [("now", Period::Now), ("ever", Period::Ever)] {
            ask(&reader, instance, words, name, moment);
        }
    }
    let subject = Subject::field("orders.count").expect("a field");
    let (took, found) = timed(|| impact(&reader, instance, &subject).expect("an answer"));
    println!("impact of orders.count: {} objects in {took:.1?}", found.affected.len());
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let answer = work();
    (start.elapsed(), answer)
}

fn index(path: &Path) -> String {
    let mut vault = Vault::open_for_writing(path, "speed").expect("a vault");
    let size = |vault: &Vault| vault.reader().expect("a reader").file_bytes() / 1_000_000;
    let before = size(&vault);
    let (took, bodies) = timed(|| vault.index_content(&INDEXER, &mut |_| ()).expect("an index"));
    format!("{bodies} bodies in {took:.1?}, {before} MB grew to {} MB", size(&vault))
}

fn ask(reader: &Reader, instance: InstanceId, words: &str, name: &str, moment: Period) {
    let terms = Terms::parse(words).expect("words");
    let search = Search { instance, terms: &terms, kinds: &[], sides: &[Side::Live], moment, limit: 20 };
    let mut times: Vec<Duration> = Vec::new();
    let mut found = 0;
    for _ in 0..5 {
        let (took, answer) = timed(|| engine::search::search(reader, &search).expect("an answer"));
        found = answer.found;
        times.push(took);
    }
    println!(
        "{words:<16} {name:<5} {found:>6} found; first {:.1?}, best {:.1?}",
        times[0],
        times.iter().min().expect("five")
    );
}

/// A year in which a hundredth of all dashboards is edited each day.
fn live_on(path: &Path) {
    let reader = Vault::open_for_reading(path).expect("a reader");
    let instance = reader.instances().expect("instances")[0].id;
    let mut bodies = Vec::new();
    let each = |key: &str, body: &[u8]| bodies.push((key.to_owned(), body.to_vec()));
    reader.bodies(instance, "dashboards", each).expect("bodies");
    for day in 0..DAYS {
        let mut vault = Vault::open_for_writing(path, "speed").expect("a vault");
        let run = vault.begin_run(&start(instance)).expect("a run");
        let writer = vault.into_writer();
        let edited = bodies.iter_mut().skip(day * 37 % 100).step_by(100);
        let records = edited.map(|(key, body)| {
            *body = edit(body, day);
            record(&writer, key, body)
        });
        writer.items(run, records.collect()).expect("records");
        finish(writer, run);
    }
}

/// The same dashboard with another title of its first tile.
fn edit(body: &[u8], day: usize) -> Vec<u8> {
    let text = std::str::from_utf8(body).expect("text");
    text.replacen("\"title\":\"", &format!("\"title\":\"day{day} "), 1).into_bytes()
}

fn record(writer: &Writer, key: &str, body: &[u8]) -> Record {
    Record {
        kind: "dashboards".into(),
        key: key.to_owned(),
        side: Side::Live,
        title: None,
        folder: None,
        updated_at: None,
        created_at: None,
        read_at: jiff::Timestamp::now(),
        unsettled: false,
        body: BodyHash::of(body),
        encoded: Some(writer.codec().encode("dashboards", body)),
        references: Vec::new(),
        volatile_hash: 0,
        volatile: None,
    }
}

fn start(instance: InstanceId) -> RunStart {
    RunStart {
        instance,
        command: "speed".into(),
        scope: "{}".into(),
        options: "{}".into(),
        account: "{}".into(),
        release: None,
        started_at: jiff::Timestamp::now(),
    }
}

fn finish(writer: Writer, run: RunId) {
    let end = RunEnd {
        account: None,
        doubt: Doubt::default(),
        ranges_restated: false,
        run,
        state: RunState::Complete,
        ended_at: jiff::Timestamp::now(),
        totals_json: "{}".into(),
        absence: Vec::new(),
    };
    writer.finish(end).expect("an end");
    writer.close().expect("a close");
}
