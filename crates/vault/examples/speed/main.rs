//! Measures what the vault's parts can do on one core:
//! `cargo run --release -p vault --example speed`.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program for developers")]

mod made_up;

use std::time::{Duration, Instant};

use vault::{
    BodyHash, Canonical, Codec, CompiledRules, FieldPattern, Page, Record, ReferencePattern, Rules, RunEnd,
    RunId, RunStart, RunState, Side, StreamRecord, Vault, Verdict, canonicalise, volatile_hash,
};

const RULES: Rules = Rules {
    volatile: &[
        FieldPattern::Anywhere("can"),
        FieldPattern::Suffix("_as_html"),
        FieldPattern::Suffix("_url"),
        FieldPattern::Anywhere("url"),
        FieldPattern::Anywhere("view_count"),
        FieldPattern::Anywhere("favorite_count"),
        FieldPattern::Anywhere("last_accessed_at"),
        FieldPattern::Anywhere("last_viewed_at"),
        FieldPattern::Path(&["dashboard_elements", "alert_count"]),
    ],
    redact: &[FieldPattern::Anywhere("password"), FieldPattern::Suffix("_secret")],
    references: &[
        ReferencePattern { path: &["folder_id"], kind: "folder" },
        ReferencePattern { path: &["user_id"], kind: "user" },
        ReferencePattern { path: &["dashboard_elements", "look_id"], kind: "look" },
        ReferencePattern { path: &["dashboard_elements", "query", "model"], kind: "model" },
    ],
};

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let vault = Vault::open_for_writing(&directory.path().join("v.db"), "speed").expect("a vault");
    let rules = RULES.compile();
    for (kind, make) in
        [("dashboard", made_up::dashboard as fn(u64, u64) -> Vec<u8>), ("look", made_up::look)]
    {
        let raw: Vec<_> = (0..2_000).map(|id| make(id, 0)).collect();
        documents(kind, &raw, &rules, &vault.codec());
    }
    writing(vault, &rules);
}

fn documents(kind: &str, raw: &[Vec<u8>], rules: &CompiledRules, codec: &Codec) {
    let bytes: usize = raw.iter().map(Vec::len).sum();
    println!("{kind}: {} documents of {} bytes", raw.len(), bytes / raw.len());
    let best = |work: &mut dyn FnMut()| {
        let times = (0..5).map(|_| time(work));
        times.min().unwrap_or_default()
    };
    let mut canonical: Vec<Canonical> = Vec::new();
    let took = best(&mut || {
        canonical = raw.iter().map(|raw| canonicalise(raw, rules).expect("JSON")).collect();
    });
    report("canonicalise", bytes, took);
    let bodies: usize = canonical.iter().map(|canonical| canonical.body.len()).sum();
    let took = best(&mut || {
        for canonical in &canonical {
            canonicalise(&canonical.body, rules).expect("JSON");
        }
    });
    report("canonicalise again", bodies, took);
    let took = best(&mut || {
        let _ = std::hint::black_box(canonical.iter().map(|c| BodyHash::of(&c.body)).max());
    });
    report("hash", bodies, took);
    let plain = codec.clone();
    encode("without dictionary", "none", 100, &plain, &canonical);
    let mut training = Duration::ZERO;
    for canonical in &canonical {
        training = training.max(time(&mut || drop(codec.encode(kind, &canonical.body))));
        if let Some(volatile) = &canonical.volatile {
            codec.encode_volatile(kind, volatile);
        }
    }
    println!("  training took {training:.1?}");
    encode("with dictionary", kind, canonical.len(), codec, &canonical);
    let volatile: Vec<_> = canonical.iter().filter_map(|c| c.volatile.as_ref()).collect();
    let raw: usize = volatile.iter().map(|v| v.len()).sum();
    let packed: usize = volatile.iter().map(|v| codec.encode_volatile(kind, v).data.len()).sum();
    println!("  volatile: {} bytes each, {} stored", raw / volatile.len(), packed / volatile.len());
}

fn encode(what: &str, kind: &str, count: usize, codec: &Codec, canonical: &[Canonical]) {
    let canonical = &canonical[canonical.len() - count..];
    let bytes: usize = canonical.iter().map(|canonical| canonical.body.len()).sum();
    let mut packed = 0;
    let took = time(&mut || {
        packed = canonical.iter().map(|c| codec.encode(kind, &c.body).data.len()).sum();
    });
    report(&format!("encode {what}"), bytes, took);
    println!(
        "    {} -> {} bytes each, {:.1} times smaller",
        bytes / count,
        packed / count,
        bytes as f64 / packed as f64
    );
}

fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn report(what: &str, bytes: usize, took: Duration) {
    println!("  {what}: {:.0} MB/s", bytes as f64 / took.as_secs_f64() / 1e6);
}

/// Stores 20,000 dashboards, then the same ones again as an unchanged second run.
fn writing(mut vault: Vault, rules: &CompiledRules) {
    const OBJECTS: usize = 20_000;
    let instance = vault.instance("https://made-up.looker.example").expect("an instance");
    vault.index_references(&[("dashboard", &RULES)], &mut |_| ()).expect("an index");
    let codec = vault.codec();
    println!("writing: {OBJECTS} dashboards in pages of 100, encoded before");
    let pages: Vec<Vec<Record>> = (0..OBJECTS / 100)
        .map(|page| (0..100).map(|row| record((page * 100 + row) as u64, rules, &codec)).collect())
        .collect();
    let path = vault.path().to_owned();
    let mut opened = Some(vault);
    for run in ["first run", "unchanged run"] {
        let open = || Vault::open_for_writing(&path, "speed").expect("a vault");
        let mut vault = opened.take().unwrap_or_else(open);
        let run_id = vault
            .begin_run(&RunStart {
                instance,
                command: "speed".into(),
                scope: "{}".into(),
                options: "{}".into(),
                account: "{}".into(),
                release: None,
                started_at: jiff::Timestamp::now(),
            })
            .expect("a run");
        let writer = RunWriter { writer: vault.into_writer(), run: run_id };
        writer.stream();
        let pages = pages.clone();
        let (start, busy) = (Instant::now(), cpu_time());
        for (page, objects) in pages.into_iter().enumerate() {
            writer.page(page as u64, objects);
        }
        writer.writer.flush().expect("a flush");
        let (wall, busy) = (start.elapsed(), cpu_time().saturating_sub(busy));
        println!(
            "  {run}: {:.0} objects/s; at 4,000 a second {:.0} % of one core",
            OBJECTS as f64 / wall.as_secs_f64(),
            busy.as_secs_f64() / OBJECTS as f64 * 4_000.0 * 100.0
        );
        let took = time(&mut || writer.finish());
        println!("    finishing took {took:.1?}");
        writer.writer.close().expect("a close");
    }
    let reader = Vault::open_for_reading(&path).expect("a reader");
    let took = time(&mut || {
        let report = reader.verify(&mut |_| ()).expect("a report");
        assert_eq!(report.verdict, Verdict::Sound, "{:?}", report.findings);
    });
    let size = reader.size().expect("a size");
    println!(
        "  verifying took {took:.1?}; the file has {} MB: {:?}",
        size.file_bytes / 1_000_000,
        size.kinds
    );
}

struct RunWriter {
    writer: vault::Writer,
    run: RunId,
}

impl RunWriter {
    fn stream(&self) {
        let stream = StreamRecord {
            run: self.run,
            stream: 0,
            kind: "dashboard".into(),
            name: "all".into(),
            side: Side::Live,
            folder: None,
            size: None,
            page_limit: 100,
        };
        self.writer.stream(stream).expect("a stream");
    }

    fn page(&self, page: u64, objects: Vec<Record>) {
        let page = Page { run: self.run, stream: 0, offset: page * 100, limit: 100, rows: 100, objects };
        self.writer.page(page).expect("a page");
    }

    fn finish(&self) {
        let end = RunEnd::now(self.run, RunState::Complete, "{}".into());
        self.writer.finish(end).expect("an end");
    }
}

fn record(id: u64, rules: &CompiledRules, codec: &Codec) -> Record {
    let canonical = canonicalise(&made_up::dashboard(id, 0), rules).expect("JSON");
    Record {
        kind: "dashboard".into(),
        key: id.to_string(),
        side: Side::Live,
        title: Some(format!("Dashboard {id}")),
        folder: Some((id % 100).to_string()),
        updated_at: None,
        created_at: None,
        read_at: jiff::Timestamp::UNIX_EPOCH,
        unsettled: false,
        body: BodyHash::of(&canonical.body),
        encoded: Some(codec.encode("dashboard", &canonical.body)),
        references: canonical.references,
        volatile_hash: canonical.volatile.as_deref().map_or(0, volatile_hash),
        volatile: canonical.volatile.map(|volatile| codec.encode_volatile("dashboard", &volatile)),
        counters: canonical.counters,
    }
}

/// Processor time of this process so far (user and system), from Linux's `/proc`.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}
