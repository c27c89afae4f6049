//! The thread: takes messages, keeps a transaction open, commits in time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::objects::Objects;
use super::{Message, Reply, Shared, Work, closing, disagreements, freshness, journal, progress};
use crate::error::AtPath;
use crate::{Indexer, Page, Record, Result, RunId, Vault, refusals, restores, seals};

/// A transaction is committed when it holds this many objects...
const OBJECTS_PER_COMMIT: usize = 2000;
/// ...or is this old.
const AGE_AT_COMMIT: Duration = Duration::from_millis(250);
/// ...or when nothing was asked of the writer for so long; and after as long again
/// the log is moved, so that little is left for whoever waits for the end.
const IDLE: Duration = Duration::from_millis(20);

/// The writing side of a vault.
struct Thread<'a> {
    vault: Vault,
    shared: &'a Shared,
    objects: Objects,
    open: Option<Open>,
    /// Whether something was committed since the log was moved.
    log_grew: bool,
    /// Those who wait for the next commit.
    waiting: Vec<Reply<()>>,
}

/// An open transaction.
struct Open {
    since: Instant,
    objects: usize,
}

/// Works until the writer is closed or every handle is gone.
pub(super) fn run(vault: Vault, messages: &Receiver<Message>, shared: &Shared) {
    let objects = Objects::new(vault.codec.clone());
    let mut thread = Thread { objects, vault, shared, open: None, log_grew: false, waiting: Vec::new() };
    while let Some(message) = thread.next(messages) {
        if let Message::Close(reply) = message {
            thread.answer(&reply, |_| Ok(()));
            break;
        }
        thread.handle(message);
    }
    // Nobody is left to hear of a failure; what was not committed was not promised.
    let _ = thread.attempt(Thread::commit);
    shared.readers.close();
}

impl Thread<'_> {
    /// Waits for a message, at most until the open transaction is due or the log could
    /// be moved; while somebody waits for the commit, only takes what is there.
    fn next(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        loop {
            if !self.waiting.is_empty() {
                match messages.try_recv() {
                    Ok(message) => return Some(message),
                    Err(TryRecvError::Empty) => drop(self.attempt(Self::commit)),
                    Err(TryRecvError::Disconnected) => return None,
                }
                continue;
            }
            let due = match &self.open {
                Some(open) => AGE_AT_COMMIT.saturating_sub(open.since.elapsed()).min(IDLE),
                None if self.log_grew => IDLE,
                None => return messages.recv().ok(),
            };
            match messages.recv_timeout(due) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Timeout) if self.open.is_some() => drop(self.attempt(Thread::commit)),
                Err(RecvTimeoutError::Timeout) => self.move_journal(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Work(work) => drop(self.attempt(|thread| thread.work(work))),
            Message::Flush(reply) | Message::Close(reply) => self.answer(&reply, |_| Ok(())),
            Message::Disagreements { run, listing, scopes, reply } => {
                self.answer(&reply, |thread| {
                    disagreements::find(&thread.vault.connection, run, listing, &scopes)
                        .at(&thread.vault.path)
                });
            }
            Message::Missing { run, scopes, reply } => self.answer(&reply, |thread| {
                closing::missing(&thread.vault.connection, run, &scopes).at(&thread.vault.path)
            }),
            Message::Vanished { run, share, scopes, reply } => self.answer(&reply, |thread| {
                closing::vanished(&thread.vault.connection, run, share, &scopes).at(&thread.vault.path)
            }),
            Message::Adopt { run, listing, scopes, reply } => self.answer(&reply, |thread| {
                thread.write(|connection| freshness::adopt(connection, run, listing, &scopes))
            }),
            Message::FoundAsItWas { run, kind, keys, at, reply } => self.answer(&reply, |thread| {
                thread.write(|connection| freshness::found_as_it_was(connection, run, &kind, &keys, at))
            }),
            Message::ChangedWithoutStamp { run, kind, reply } => self.answer(&reply, |thread| {
                freshness::changed_without_stamp(&thread.vault.connection, run, &kind).at(&thread.vault.path)
            }),
            Message::BeginRun(start, reply) => self.answer(&reply, |thread| thread.vault.begin_run(&start)),
            Message::BeginRestore(start, reply) => self.answer(&reply, |thread| {
                let restore = thread.write(|connection| restores::begin(connection, &start))?;
                thread.commit()?;
                Ok(restore)
            }),
            Message::Journal(lines, reply) => self.wait_for_commit(reply, |connection| {
                lines.iter().try_for_each(|line| journal::write(connection, line))
            }),
            Message::Restore(restore, change, reply) => {
                self.wait_for_commit(reply, |connection| journal::change(connection, restore, &change));
            }
            Message::Index { indexer, at_most, reply } => self.index(&indexer, at_most, &reply),
            Message::Finish(end, reply) => {
                self.answer(&reply, |thread| thread.finish(&end));
                self.move_journal();
            }
        }
    }

    /// Moves what was committed from the journal to the vault's file, as closing would.
    /// Nobody waits for the writer when it has nothing to do, or when a run is over:
    /// its report is being made.
    fn move_journal(&mut self) {
        self.log_grew = false;
        if self.shared.check().is_ok() {
            // What cannot be moved now is when the vault is closed.
            let moved = self.vault.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
            drop(moved);
        }
    }

    /// Commits what came before, then answers.
    fn answer<T>(&mut self, reply: &Reply<T>, question: impl FnOnce(&mut Self) -> Result<T>) {
        let answer = self.attempt(|thread| {
            thread.commit()?;
            question(thread)
        });
        // Who asked may have gone; then nobody wants the answer.
        let _ = reply.send(answer);
    }

    /// Writes now, and answers with the next commit.
    fn wait_for_commit(&mut self, reply: Reply<()>, write: impl FnOnce(&Connection) -> rusqlite::Result<()>) {
        // First, so that a failure answers it too.
        self.waiting.push(reply);
        drop(self.attempt(|thread| thread.write(write)));
    }

    /// Does nothing after a failure; remembers the first one and rolls back.
    fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Err(failure) = self.shared.check() {
            self.answer_waiting(&Err(failure.clone()));
            return Err(failure);
        }
        work(self).inspect_err(|error| {
            // Whoever writes next is told; the log need not say it too.
            tracing::info!(%error, "The writer failed; nothing more is written.");
            self.shared.fail(error.clone());
            self.answer_waiting(&Err(error.clone()));
            self.open = None;
            if !self.vault.connection.is_autocommit() {
                // A rollback that fails too leaves it to SQLite, which rolls
                // back when the vault is opened next.
                let _ = self.vault.connection.execute_batch("ROLLBACK");
            }
        })
    }

    fn work(&mut self, work: Work) -> Result<()> {
        self.begin()?;
        let connection = &self.vault.connection;
        match work {
            Work::Stream(stream) => progress::stream(connection, &stream).at(&self.vault.path)?,
            Work::Listing(run, listing, rows) => {
                progress::listing(connection, run, listing, &rows).at(&self.vault.path)?;
            }
            Work::Calls(run, calls) => progress::calls(connection, run, &calls).at(&self.vault.path)?,
            Work::Gap(run, gap) => progress::gap(connection, run, &gap).at(&self.vault.path)?,
            Work::Refreshed { run, kind, keys, at } => {
                freshness::refreshed(connection, run, &kind, &keys, at).at(&self.vault.path)?;
            }
            Work::Refused { run, kind, keys, at } => {
                refusals::refused(connection, run, &kind, &keys, at).at(&self.vault.path)?;
            }
            Work::KindRefused { run, kind, at } => {
                refusals::kind_refused(connection, run, &kind, at).at(&self.vault.path)?;
            }
            Work::KindRead(run, read) => {
                freshness::kind_read(connection, run, &read).at(&self.vault.path)?;
            }
            Work::FullPass(run, pass) => {
                freshness::full_pass(connection, run, &pass).at(&self.vault.path)?;
            }
            Work::Probe(run, probe) => freshness::probe(connection, run, &probe).at(&self.vault.path)?,
            Work::Account(run, account) => {
                progress::account(connection, run, &account).at(&self.vault.path)?;
            }
            Work::Options(run, options) => {
                progress::options(connection, run, &options).at(&self.vault.path)?;
            }
            Work::Births(run, kind, births) => {
                freshness::births(connection, run, &kind, &births).at(&self.vault.path)?;
            }
            Work::Page(page) => self.page(&page)?,
            Work::Items(run, objects) => self.objects(run, &objects)?,
        }
        if self.open.as_ref().is_some_and(Open::is_due) { self.commit() } else { Ok(()) }
    }

    /// Writes within the open transaction, for who waits for an answer.
    fn write<T>(&mut self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.begin()?;
        write(&self.vault.connection).at(&self.vault.path)
    }

    fn page(&mut self, page: &Page) -> Result<()> {
        self.objects(page.run, &page.objects)?;
        progress::page(&self.vault.connection, page).at(&self.vault.path)
    }

    fn objects(&mut self, run: RunId, objects: &[Record]) -> Result<()> {
        for record in objects {
            self.objects.store(&self.vault.connection, &self.vault.path, run, record)?;
            // Storing a page takes milliseconds; a request that could be sent does not wait for it.
            thread::yield_now();
        }
        if let Some(open) = &mut self.open {
            open.objects += objects.len();
        }
        Ok(())
    }

    fn finish(&mut self, end: &crate::RunEnd) -> Result<super::RunSummary> {
        self.begin()?;
        let replaced = self.objects.take_replaced();
        let summary = closing::finish(&self.vault.connection, end, &replaced).at(&self.vault.path)?;
        self.commit()?;
        if let Err(error) = seals::tighten(&self.vault.connection) {
            // The run is stored; whoever opens the vault next seals the words.
            tracing::warn!(%error, "The index of words could not be sealed.");
        }
        Ok(summary)
    }

    /// Unlike all other work this may fail without being the last word: what it
    /// writes can be found again at any time.
    fn index(&mut self, indexer: &Indexer, at_most: u64, reply: &Reply<u64>) {
        let answer = self.attempt(Self::commit).and_then(|()| {
            let waiting = self.vault.reader()?.unsearched(indexer, at_most.saturating_add(1))?;
            if waiting > at_most { Ok(0) } else { self.vault.index_content(indexer, &mut |_| ()) }
        });
        // Who asked may have gone; then nobody wants the answer.
        let _ = reply.send(answer);
    }

    fn begin(&mut self) -> Result<()> {
        if self.open.is_none() {
            self.vault.connection.execute_batch("BEGIN IMMEDIATE").at(&self.vault.path)?;
            self.open = Some(Open { since: Instant::now(), objects: 0 });
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        if self.open.take().is_some() {
            self.vault.connection.execute_batch("COMMIT").at(&self.vault.path)?;
            self.log_grew = true;
        }
        self.answer_waiting(&Ok(()));
        Ok(())
    }

    fn answer_waiting(&mut self, answer: &Result<()>) {
        for reply in self.waiting.drain(..) {
            // Who waited may have gone; then nobody wants the answer.
            let _ = reply.send(answer.clone());
        }
    }
}

impl Open {
    fn is_due(&self) -> bool {
        self.objects >= OBJECTS_PER_COMMIT || self.since.elapsed() >= AGE_AT_COMMIT
    }
}
