//! From rows to records: canonical, hashed, compressed, on threads of their own.
//!
//! A page of a hundred dashboards is three megabytes and takes some tens of
//! milliseconds of a core. That work runs on blocking threads, as many as there
//! are cores. A few pages more may wait for a core, so that workers go on asking
//! while one is busy for longer (training a dictionary); then a worker that brings
//! a page waits, and memory holds a bounded number of pages however fast the
//! server is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use looker::rows::Row;
use looker::{Client, Kind};
use tokio::sync::Semaphore;
use vault::{CompiledRules, Record, RunId, Side, Writer};

use super::error::ExtractError;
use super::groups::{Group, Stream};
use super::pool::{Answer, Brake, Sink, blocking};
use super::record::Recorder;
use super::report::{GapReport, Stop};
use super::request::Request;
use super::rules::rules;
use crate::Watch;
use crate::bookkeeping::count_calls;

/// Pages that may wait for a core.
const WAITING_PAGES: usize = 6;

/// Turns rows into records and hands them to the vault's writer.
pub(super) struct Preparer {
    pub(super) run: RunId,
    pub(super) writer: Writer,
    pub(super) client: Client,
    pub(super) watch: Arc<dyn Watch>,
    rules: HashMap<&'static str, CompiledRules>,
    /// Pages that may be in memory here, waiting or at work.
    places: Arc<Semaphore>,
    place_count: u32,
    /// Pages that may be at work.
    cores: Arc<Semaphore>,
    failure: Mutex<Option<ExtractError>>,
    unstorable: Mutex<Vec<GapReport>>,
    pub(super) counters: Counters,
}

/// What passed through.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) rows: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) unsettled: AtomicU64,
}

impl Counters {
    /// Rows that came otherwise than by pages.
    pub(super) fn count(&self, rows: &[Row]) {
        let bytes: usize = rows.iter().map(|row| row.raw.len()).sum();
        self.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Where a page's records belong, when it counts as progress.
#[derive(Debug)]
struct Page {
    stream: u32,
    offset: u64,
    limit: u32,
    rows: u32,
}

fn compiled(request: &Request) -> HashMap<&'static str, CompiledRules> {
    let rules = |kind: &&'static Kind| (kind.name, rules(kind, request.destinations).compile());
    request.kinds.iter().map(rules).collect()
}

impl Preparer {
    pub(super) fn new(
        run: RunId,
        writer: Writer,
        client: Client,
        watch: Arc<dyn Watch>,
        request: &Request,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let places = cores + WAITING_PAGES;
        Self {
            run,
            writer,
            client,
            watch,
            rules: compiled(request),
            places: Arc::new(Semaphore::new(places)),
            place_count: u32::try_from(places).unwrap_or(u32::MAX),
            cores: Arc::new(Semaphore::new(cores)),
            failure: Mutex::default(),
            unstorable: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Prepares rows on a thread of their own and stores them with their page.
    async fn submit(
        self: &Arc<Self>,
        group: Group,
        stream: Stream,
        answer: Answer,
        progress: bool,
        brake: &Arc<Brake>,
    ) -> Result<(), ExtractError> {
        self.result()?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (shared, brake) = (Arc::clone(self), Arc::clone(brake));
        tokio::spawn(async move {
            let core = shared.cores.acquire().await;
            let worker = Arc::clone(&shared);
            let stored = blocking(move || worker.store_answer(&group, &stream, answer, progress)).await;
            if let Err(error) = stored {
                brake.pull(Stop::Refused(error.to_string()));
                shared.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            drop(core);
            drop(place);
        });
        Ok(())
    }

    fn store_answer(
        &self,
        group: &Group,
        stream: &Stream,
        answer: Answer,
        progress: bool,
    ) -> Result<(), ExtractError> {
        let (kind, side) = (group.kind, group.side);
        let (length, offset) = (answer.content.len(), answer.range.offset);
        let mut rows = self.envelopes(kind, offset, answer.content.rows(kind));
        let foreign = |row: &Row| !stream.covers(row.folder.as_deref());
        if !rows.is_empty() && rows.iter().all(foreign) {
            return Err(ExtractError::IgnoredFilter { group: group.name() });
        }
        rows.retain(|row| group.holds(row.folder.as_deref()));
        if !progress {
            return self.store_items(kind, side, &rows, answer.date);
        }
        let page = Page {
            stream: u32::try_from(answer.stream).unwrap_or(u32::MAX),
            offset,
            limit: answer.range.limit,
            rows: u32::try_from(length).unwrap_or(u32::MAX),
        };
        self.store_page(kind, side, &page, &rows, answer.date)
    }

    /// The rows of an answer; one without an id is named as a gap.
    fn envelopes(
        &self,
        kind: &'static Kind,
        offset: u64,
        answered: impl Iterator<Item = Result<Row, looker::Error>>,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        for (index, row) in (offset..).zip(answered) {
            match row {
                Ok(row) => rows.push(row),
                Err(error) => self.name_gap(kind, &format!("at row {index}"), error.message),
            }
        }
        rows
    }

    /// Waits until all that was submitted is with the writer.
    pub(super) async fn settle(&self) -> Result<(), ExtractError> {
        let all = self.places.acquire_many(self.place_count).await;
        drop(all);
        self.result()
    }

    fn result(&self) -> Result<(), ExtractError> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn store_page(
        &self,
        kind: &'static Kind,
        side: Side,
        page: &Page,
        rows: &[Row],
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let objects = self.records(kind, side, rows, date)?;
        self.writer.page(vault::Page {
            run: self.run,
            stream: page.stream,
            offset: page.offset,
            limit: page.limit,
            rows: page.rows,
            objects,
        })?;
        self.count_calls()
    }

    /// Stores the answer of a list that is not paged. Blocks.
    pub(super) fn store_whole(
        &self,
        kind: &'static Kind,
        stream: u32,
        rows: &[Row],
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.counters.count(rows);
        let page = Page { stream, offset: 0, limit: count.max(1), rows: count };
        self.store_page(kind, Side::Live, &page, rows, date)
    }

    /// Stores objects read by id. Blocks.
    pub(super) fn store_items(
        &self,
        kind: &'static Kind,
        side: Side,
        rows: &[Row],
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let objects = self.records(kind, side, rows, date)?;
        self.writer.items(self.run, objects)?;
        self.count_calls()
    }

    /// Writes down the calls sent since the last time.
    pub(super) fn count_calls(&self) -> Result<(), ExtractError> {
        Ok(count_calls(&self.client, &self.writer, self.run)?)
    }

    fn records(
        &self,
        kind: &'static Kind,
        side: Side,
        rows: &[Row],
        date: Timestamp,
    ) -> Result<Vec<Record>, ExtractError> {
        let reader = self.writer.reader()?;
        let (rules, codec) = (&self.rules[kind.name], &self.writer.codec());
        let recorder = Recorder { kind, side, read_at: date, rules, codec };
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            match recorder.record(row, |body| reader.has_body(body))? {
                Ok(record) => records.push(record),
                Err(reason) => self.name_gap(kind, &row.id, reason),
            }
        }
        let unsettled = records.iter().filter(|record| record.unsettled).count() as u64;
        self.counters.unsettled.fetch_add(unsettled, Ordering::Relaxed);
        self.watch.read(kind.name, records.len() as u64);
        Ok(records)
    }

    /// The counters in a row, if it has any.
    pub(super) fn counters_in(&self, kind: &Kind, raw: &[u8]) -> Option<String> {
        vault::canonicalise(raw, &self.rules[kind.name]).ok()?.counters
    }

    fn name_gap(&self, kind: &'static Kind, key: &str, reason: String) {
        self.watch.warn(&format!("{} {key} cannot be stored: {reason}", kind.singular));
        let gap = GapReport::of_object(kind, key, reason, 1);
        self.unstorable.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
    }

    /// Objects that came but are no documents.
    pub(super) fn unstorable(&self) -> Vec<GapReport> {
        std::mem::take(&mut *self.unstorable.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Stores the pages of full rows.
pub(super) struct PageSink {
    pub(super) preparer: Arc<Preparer>,
    pub(super) groups: Arc<Vec<Group>>,
    pub(super) streams: Arc<Vec<Stream>>,
    pub(super) brake: Arc<Brake>,
    /// Whether pages are progress of the run's streams, or a second look.
    pub(super) progress: bool,
}

impl Sink for PageSink {
    fn take(&self, answer: Answer) -> BoxFuture<'_, Result<(), ExtractError>> {
        async move {
            let stream = self.streams[answer.stream].clone();
            let counters = &self.preparer.counters;
            counters.rows.fetch_add(answer.content.len(), Ordering::Relaxed);
            counters.bytes.fetch_add(answer.bytes, Ordering::Relaxed);
            let group = self.groups[stream.group].clone();
            self.preparer.submit(group, stream, answer, self.progress, &self.brake).await
        }
        .boxed()
    }
}
