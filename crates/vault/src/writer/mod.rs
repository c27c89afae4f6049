//! The one writer.
//!
//! # The problem
//!
//! Many workers read objects at once; a database has one writer. Each object
//! must be stored together with the progress it means, or a killed run would
//! either lose it or read it again. A commit costs a disk sync, so there must
//! be few. And when the disk is slower than the network, memory must not fill
//! with what waits.
//!
//! # The choice
//!
//! A thread owns the connection (and the vault's lock). Workers hand it whole
//! messages through a bounded channel: a full channel blocks them, which is the
//! back-pressure. The thread applies messages inside an open transaction and
//! commits it at 2,000 objects or after a quarter of a second. A message is never
//! split between transactions, so a page and its progress are always committed
//! together. Questions ([`Writer::flush`], [`Writer::disagreements`],
//! [`Writer::finish`]) commit what came before them and are answered through a
//! channel of their own. The journal of a restore is answered by a commit that all
//! who wait at that moment share.
//!
//! The first failure is the last word: the transaction is rolled back, and this
//! and every later call on any handle answers the same error. Nothing after it
//! is written, so what is committed is always a prefix of what was handed over.

mod closing;
mod counters;
mod counting;
mod disagreements;
mod freshness;
mod journal;
mod messages;
mod objects;
mod progress;
mod readers;
mod thread;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;

pub use closing::Missing;
pub(crate) use closing::{in_scope, make_absent};
pub(crate) use counting::kind_counts;
pub use disagreements::{Disagreement, Disagreements};
pub use freshness::{Adopted, Stale};
pub use journal::{RestoreChange, StepEntry, StepRecord};
use messages::{Message, Reply, Work};
pub use readers::LentReader;
use readers::Readers;

use crate::reader::KindCounts;
use crate::record::Kind;
use crate::{
    AbsenceScope, CallCount, Codec, FullPass, Gap, Indexer, KindRead, Listed, ListingScope, Page, Probe,
    Reader, Record, Result, RunEnd, RunId, RunStart, RunState, StreamRecord, Suspicion, Vault, VaultError,
};

/// How many messages may wait. A page of 100 dashboards is about 400 KB.
const QUEUE: usize = 16;

/// A handle to the one thread that writes. Clones share it; calls from any
/// thread may block while the queue is full.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// What handles and thread share.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    codec: Codec,
    readers: Readers,
    failure: OnceLock<VaultError>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How a run was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// The state as stored: `Incomplete` where `Complete` was asked for and
    /// gaps are left, `Suspect` where it is held.
    pub state: RunState,
    /// What it saw and changed.
    pub kinds: Vec<KindCounts>,
    /// Why it is suspect.
    pub suspicions: Vec<Suspicion>,
    /// Gaps that are left.
    pub gaps: u64,
    /// All calls of the run.
    pub calls: u64,
}

impl Writer {
    /// Moves an open vault to a thread of its own.
    pub(crate) fn start(vault: Vault) -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        let (path, codec) = (vault.path.clone(), vault.codec.clone());
        let (failure, thread) = (OnceLock::new(), Mutex::new(None));
        let shared = Shared { path, codec, readers: Readers::new(), failure, thread };
        let writer = Self { queue, shared: Arc::new(shared) };
        let shared = Arc::clone(&writer.shared);
        let thread = std::thread::Builder::new().name("vault-writer".to_owned());
        match thread.spawn(move || thread::run(vault, &messages, &shared)) {
            Ok(handle) => {
                *writer.shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
            }
            Err(error) => writer.shared.fail(VaultError::io(&writer.shared.path, error)),
        }
        writer
    }

    /// Tells of a stream, or what became known about it. A stream must be told
    /// of before its first page.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn stream(&self, stream: StreamRecord) -> Result<()> {
        self.work(Work::Stream(stream))
    }

    /// Stores a page: its objects and the progress they mean, in one transaction.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn page(&self, page: Page) -> Result<()> {
        self.work(Work::Page(page))
    }

    /// Stores objects that were fetched by id.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn items(&self, run: RunId, objects: Vec<Record>) -> Result<()> {
        self.work(Work::Items(run, objects))
    }

    /// Adds rows to the light listing of this round. Of an object that is
    /// listed twice the later row counts.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn listing(&self, run: RunId, listing: u32, rows: Vec<Listed>) -> Result<()> {
        self.work(Work::Listing(run, listing, rows))
    }

    /// Adds calls to those already counted.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn calls(&self, run: RunId, calls: Vec<CallCount>) -> Result<()> {
        self.work(Work::Calls(run, calls))
    }

    /// Names a gap; a gap in the same thing replaces the one named before.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn gap(&self, run: RunId, gap: Gap) -> Result<()> {
        self.work(Work::Gap(run, gap))
    }

    /// Notes when objects were read that are read again by their age.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn refreshed(&self, run: RunId, kind: Kind, keys: Vec<String>, at: Timestamp) -> Result<()> {
        self.work(Work::Refreshed { run, kind, keys, at })
    }

    /// Notes that the run has read a kind.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn kind_read(&self, run: RunId, read: KindRead) -> Result<()> {
        self.work(Work::KindRead(run, read))
    }

    /// Notes that objects were refused, as their turn to be read.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn refused(&self, run: RunId, kind: Kind, keys: Vec<String>, at: Timestamp) -> Result<()> {
        self.work(Work::Refused { run, kind, keys, at })
    }

    /// Notes that a kind was refused as a whole.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn kind_refused(&self, run: RunId, kind: Kind, at: Timestamp) -> Result<()> {
        self.work(Work::KindRefused { run, kind, at })
    }

    /// Remembers what the run's instance was found to understand.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn probe(&self, run: RunId, probe: Probe) -> Result<()> {
        self.work(Work::Probe(run, probe))
    }

    /// Notes who the run is signed in as (JSON), once that is known.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn account(&self, run: RunId, account: String) -> Result<()> {
        self.work(Work::Account(run, account))
    }

    /// Notes the options that matter to a reader of the run (JSON), if they changed since
    /// it began.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn options(&self, run: RunId, options: String) -> Result<()> {
        self.work(Work::Options(run, options))
    }

    /// Takes over birth marks, by key, into the current versions of a kind.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn births(&self, run: RunId, kind: Kind, births: Vec<(String, Timestamp)>) -> Result<()> {
        self.work(Work::Births(run, kind, births))
    }

    /// Notes that the run has read every body of a kind.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn full_pass(&self, run: RunId, pass: FullPass) -> Result<()> {
        self.work(Work::FullPass(run, pass))
    }

    /// Notes as seen by the run all that a listing names within `scopes` as the
    /// vault has it: same stamp, side and folder. Answers for each scope what the
    /// listing names otherwise, or anew, or not at all; commits what came before.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn adopt(&self, run: RunId, listing: u32, scopes: Vec<ListingScope>) -> Result<Vec<Adopted>> {
        self.ask(|reply| Message::Adopt { run, listing, scopes, reply })
    }

    /// Notes objects as seen by the run as the vault has them. Answers the keys
    /// of which it has none.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn found_as_it_was(
        &self,
        run: RunId,
        kind: Kind,
        keys: Vec<String>,
        at: Timestamp,
    ) -> Result<HashSet<String>> {
        self.ask(|reply| Message::FoundAsItWas { run, kind, keys, at, reply })
    }

    /// Keys of which the run found another body under the stamp they had.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn changed_without_stamp(&self, run: RunId, kind: Kind) -> Result<Vec<String>> {
        self.ask(|reply| Message::ChangedWithoutStamp { run, kind, reply })
    }

    /// Waits until all that was handed over is committed and synced.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn flush(&self) -> Result<()> {
        self.ask(Message::Flush)
    }

    /// Compares a round of the listing with what the run has seen, within
    /// `scopes`; commits what came before. The answer is as long as the
    /// differences are many.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn disagreements(
        &self,
        run: RunId,
        listing: u32,
        scopes: Vec<ListingScope>,
    ) -> Result<Disagreements> {
        self.ask(|reply| Message::Disagreements { run, listing, scopes, reply })
    }

    /// What would become absent if the run ended complete now, with these scopes,
    /// sorted. What is listed until the run ends, wherever it may lie, will not.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn missing(&self, run: RunId, scopes: Vec<AbsenceScope>) -> Result<Vec<Missing>> {
        self.ask(|reply| Message::Missing { run, scopes, reply })
    }

    /// Kinds of which more than a share (percent) would become absent at once, by the same
    /// scopes: a run that ended now would be held.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn vanished(&self, run: RunId, share: u8, scopes: Vec<AbsenceScope>) -> Result<Vec<Suspicion>> {
        self.ask(|reply| Message::Vanished { run, share, scopes, reply })
    }

    /// Begins a run, as [`Vault::begin_run`] does; it is committed at once.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn begin_run(&self, start: RunStart) -> Result<RunId> {
        self.ask(|reply| Message::BeginRun(Box::new(start), reply))
    }

    /// Ends a run. If it is complete, objects of its absence scopes that it has
    /// not seen become absent from this run on, and what was only needed to
    /// resume it is forgotten. A run that is to be complete but still has gaps
    /// becomes incomplete, and nothing becomes absent; nor does it when the run is
    /// held as suspect, by its doubt.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn finish(&self, end: RunEnd) -> Result<RunSummary> {
        self.ask(|reply| Message::Finish(Box::new(end), reply))
    }

    /// Searches the bodies that are new, unless they are more than `at_most`;
    /// gives their number. A failure leaves them for the next time and stops
    /// nobody else from writing.
    ///
    /// # Errors
    /// What made the writer fail before, or this fail now.
    pub fn index_content(&self, indexer: &Indexer, at_most: u64) -> Result<u64> {
        let indexer = *indexer;
        self.ask(|reply| Message::Index { indexer, at_most, reply })
    }

    /// A reader of this vault; it sees what is committed.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn reader(&self) -> Result<LentReader> {
        self.shared.readers.lend(|| Reader::open(self.shared.path.clone()))
    }

    /// The compressor, with this vault's dictionaries.
    pub fn codec(&self) -> Codec {
        self.shared.codec.clone()
    }

    /// The path of the vault, absolute.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Commits what is left, waits for the thread to end, and gives the lock
    /// back. Other handles answer [`VaultError::Closed`] from then on.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn close(self) -> Result<()> {
        // Also after a failure: the thread must end before it is waited for.
        let outcome = self.send_and_wait(Message::Close);
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread has left its message in the log; the
            // missing answer has become an error already.
            let _ = thread.join();
        }
        outcome
    }

    fn work(&self, work: Work) -> Result<()> {
        self.shared.check()?;
        self.queue.send(Message::Work(work)).map_err(|_| self.shared.ended())
    }

    fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T> {
        self.shared.check()?;
        self.send_and_wait(message)
    }

    fn send_and_wait<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T> {
        let (reply, answer) = channel();
        self.queue.send(message(reply)).map_err(|_| self.shared.ended())?;
        answer.recv().unwrap_or_else(|_| Err(self.shared.ended()))
    }
}

impl Shared {
    fn check(&self) -> Result<()> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Remembers the first failure.
    fn fail(&self, error: VaultError) {
        let _ = self.failure.set(error);
    }

    /// Why the thread takes no more.
    fn ended(&self) -> VaultError {
        let closed = || VaultError::Closed { path: self.path.clone() };
        self.failure.get().cloned().unwrap_or_else(closed)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{BodyHash, ErrorKind, Side, Verdict};

    const PAGE: u64 = 10;

    fn record(key: u64, codec: &Codec) -> Record {
        let body = format!(r#"{{"id":"{key}","words":"{}"}}"#, blake3::hash(&key.to_le_bytes())).repeat(9);
        Record {
            kind: "dashboard".into(),
            key: key.to_string(),
            side: Side::Live,
            title: None,
            folder: None,
            updated_at: None,
            created_at: None,
            read_at: Timestamp::UNIX_EPOCH,
            unsettled: false,
            body: BodyHash::of(body.as_bytes()),
            encoded: Some(codec.encode("dashboard", body.as_bytes())),
            references: Vec::new(),
            volatile: None,
            volatile_hash: 0,
            counters: None,
        }
    }

    /// Writes a run of 40 pages.
    fn extract(mut vault: Vault) -> Result<RunSummary> {
        let start = RunStart {
            instance: vault.instance("https://made-up.looker.example")?,
            command: "extract".into(),
            scope: "{}".into(),
            options: "{}".into(),
            account: "{}".into(),
            release: None,
            started_at: Timestamp::UNIX_EPOCH,
        };
        let run = vault.begin_run(&start)?;
        let writer = vault.into_writer();
        let (kind, name, side) = ("dashboard".into(), "all".into(), Side::Live);
        writer.stream(StreamRecord {
            run,
            stream: 0,
            kind,
            name,
            side,
            folder: None,
            size: None,
            page_limit: 10,
        })?;
        for page in 0..40 {
            let offset = page * PAGE;
            let objects = (offset..offset + PAGE).map(|key| record(key, &writer.codec())).collect();
            writer.page(Page { run, stream: 0, offset, limit: 10, rows: 10, objects })?;
            if page % 7 == 0 {
                writer.flush()?;
            }
        }
        let (ended_at, totals_json) = (Timestamp::UNIX_EPOCH, "{}".into());
        let end = RunEnd {
            run,
            state: RunState::Complete,
            ended_at,
            account: None,
            totals_json,
            absence: Vec::new(),
            doubt: crate::Doubt::default(),
            ranges_restated: false,
        };
        let summary = writer.finish(end)?;
        writer.close()?;
        Ok(summary)
    }

    /// The disk is full after every number of pages that the run could need.
    #[test]
    fn a_full_disk_is_a_typed_error_and_nothing_half_written_is_visible() {
        let mut failures = 0;
        for room in 0.. {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("vault.db");
            let vault = Vault::open_for_writing(&path, "test").unwrap();
            let pages: i64 =
                vault.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            vault.connection.pragma_update(None, "max_page_count", pages + room).unwrap();
            let outcome = extract(vault);
            let reader = Vault::open_for_reading(&path).unwrap();
            let report = reader.verify(&mut |_| ()).unwrap();
            assert_ne!(report.verdict, Verdict::Damaged, "{:?}", report.findings);
            let count = |sql| crate::query::number(&reader.connection, sql, ()).unwrap();
            let progress = count("SELECT count(*) FROM progress");
            match outcome {
                Ok(summary) => {
                    assert_eq!((summary.state, report.objects, progress), (RunState::Complete, 400, 0));
                    break;
                }
                Err(error) => {
                    failures += 1;
                    assert_eq!(error.kind(), ErrorKind::DiskFull, "{error:?}");
                    assert_eq!(report.objects, progress * PAGE);
                    assert_eq!(count("SELECT count(*) FROM sighting"), progress * PAGE);
                }
            }
        }
        assert!(failures > 10, "{failures}");
    }
}
