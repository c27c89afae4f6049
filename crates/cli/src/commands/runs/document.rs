//! The documents of `runs` and `runs show`.

use jiff::civil::Date;
use serde::Serialize;
use vault::{Gap, GapWhat, KindCounts, RunDetails, RunId, RunInfo, StreamRecord, Suspicion};

use super::ages::{AgesPart, OfInstance};
use super::{by_day, took};
use crate::output::Kept;

#[derive(Serialize)]
pub(super) struct ListDocument<'a> {
    schema: &'static str,
    runs: Vec<RunPart<'a>>,
    ages: Vec<AgesPart<'a>>,
}

#[derive(Serialize)]
pub(super) struct RunDocument<'a> {
    schema: &'static str,
    run: RunPart<'a>,
    streams: Vec<StreamPart<'a>>,
    gaps: Vec<GapPart<'a>>,
    calls: Vec<CallPart<'a>>,
}

#[derive(Serialize)]
struct RunPart<'a> {
    id: i64,
    state: &'static str,
    command: &'a str,
    instance: &'a str,
    epoch: u32,
    release: Option<&'a str>,
    account: Kept<'a>,
    scope: Kept<'a>,
    options: Kept<'a>,
    started_at: String,
    ended_at: Option<String>,
    seconds: Option<f64>,
    kinds: Vec<KindPart<'a>>,
    gaps: u64,
    calls: u64,
    suspicions: &'a [Suspicion],
    held: u64,
    confirmed_at: Option<String>,
    superseded_by: Option<i64>,
    totals: Option<Kept<'a>>,
}

#[derive(Serialize)]
struct KindPart<'a> {
    kind: &'a str,
    seen: u64,
    new: u64,
    changed: u64,
    gone: u64,
}

#[derive(Serialize)]
struct StreamPart<'a> {
    stream: u32,
    kind: &'a str,
    name: &'a str,
    state: &'static str,
    folder_id: Option<&'a str>,
    rows: Option<u64>,
    page_size: u32,
}

#[derive(Serialize)]
struct GapPart<'a> {
    kind: &'a str,
    stream: Option<u32>,
    what: &'static str,
    offset: Option<u64>,
    limit: Option<u32>,
    id: Option<&'a str>,
    reason: &'a str,
    tries: u32,
}

#[derive(Serialize)]
struct CallPart<'a> {
    day: String,
    kind: &'a str,
    reason: &'a str,
    ledger: &'a str,
    calls: u64,
}

impl<'a> RunPart<'a> {
    fn new(run: &'a RunInfo) -> Self {
        Self {
            id: run.id.number(),
            state: run.state.name(),
            command: &run.command,
            instance: &run.instance.url,
            epoch: run.instance.epoch,
            release: run.release.as_deref(),
            account: Kept::new(&run.account),
            scope: Kept::new(&run.scope),
            options: Kept::new(&run.options),
            started_at: run.started_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            seconds: took(run).map(|took| took.as_secs_f64()),
            kinds: run.kinds.iter().map(KindPart::new).collect(),
            gaps: run.gaps,
            calls: run.calls,
            suspicions: &run.suspicions,
            held: run.held,
            confirmed_at: run.confirmed_at.map(|at| at.to_string()),
            superseded_by: run.superseded_by.map(RunId::number),
            totals: run.totals_json.as_deref().map(Kept::new),
        }
    }
}

impl<'a> KindPart<'a> {
    fn new(kind: &'a KindCounts) -> Self {
        Self { kind: &kind.kind, seen: kind.seen, new: kind.added, changed: kind.changed, gone: kind.removed }
    }
}

impl<'a> StreamPart<'a> {
    fn new(stream: &'a StreamRecord) -> Self {
        Self {
            stream: stream.stream,
            kind: &stream.kind,
            name: &stream.name,
            state: stream.side.name(),
            folder_id: stream.folder.as_deref(),
            rows: stream.size,
            page_size: stream.page_limit,
        }
    }
}

impl<'a> GapPart<'a> {
    fn new(gap: &'a Gap) -> Self {
        let (what, offset, limit, id) = match &gap.what {
            GapWhat::Range { offset, limit } => ("range", Some(*offset), Some(*limit), None),
            GapWhat::Object { key } => ("object", None, None, Some(key.as_str())),
            GapWhat::Kind => ("kind", None, None, None),
            GapWhat::Listing { .. } => ("listing", None, None, None),
        };
        Self {
            kind: &gap.kind,
            stream: gap.stream,
            what,
            offset,
            limit,
            id,
            reason: &gap.reason,
            tries: gap.tries,
        }
    }
}

impl<'a> ListDocument<'a> {
    pub(super) fn new(runs: &'a [RunInfo], ages: &'a [OfInstance]) -> Self {
        Self {
            schema: "lookervault.runs/1",
            runs: runs.iter().map(RunPart::new).collect(),
            ages: ages.iter().map(AgesPart::new).collect(),
        }
    }
}

impl<'a> RunDocument<'a> {
    pub(super) fn new(details: &'a RunDetails) -> Self {
        let call = |((day, kind, reason, ledger), calls): ((Date, &'a str, &'a str, &'a str), u64)| {
            CallPart { day: day.to_string(), kind, reason, ledger, calls }
        };
        Self {
            schema: "lookervault.run/1",
            run: RunPart::new(&details.info),
            streams: details.streams.iter().map(StreamPart::new).collect(),
            gaps: details.gaps.iter().map(GapPart::new).collect(),
            calls: by_day(&details.calls).into_iter().map(call).collect(),
        }
    }
}
