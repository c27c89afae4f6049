//! The journal of a restore.
//!
//! A step must be on disk as sent before its request leaves, and its answer as soon
//! as it came. A sync for each would make a restore wait for the disk at every step;
//! so all entries that wait are written in one transaction, and whoever handed them
//! over is answered when that is committed.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::{Message, Writer};
use crate::restores::{GivenId, RestoreId, RestoreStart, RestoreState};
use crate::{Result, RunId};

/// What became of a step, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEntry {
    /// Its request is about to leave, once more or for the first time.
    Sent,
    /// It surely did not leave: it is as if nothing had been done.
    Unsent,
    /// Some of the ids that it gives are known; the rest is still to be learnt.
    Told(Vec<GivenId>),
    /// Nobody knows whether it ran; why, as JSON.
    Unknown {
        /// HTTP status, when there was an answer.
        status: Option<u16>,
        /// JSON.
        error: String,
    },
    /// It is done, and gave these ids.
    Done {
        /// HTTP status; none where it was found to be done.
        status: Option<u16>,
        /// The ids.
        given: Vec<GivenId>,
    },
    /// It failed for good; with what, as JSON.
    Failed {
        /// HTTP status, when there was an answer.
        status: Option<u16>,
        /// JSON.
        error: String,
    },
    /// What it needs failed; what that is, as JSON.
    Blocked {
        /// JSON.
        error: String,
    },
}

/// A line of the journal.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// The restore.
    pub restore: RestoreId,
    /// The step's number within its plan.
    pub step: u32,
    /// What became of it.
    pub entry: StepEntry,
    /// When.
    pub at: Timestamp,
}

/// How a restore ended, or what became known about it.
#[derive(Debug, Clone, Default)]
pub struct RestoreChange {
    /// Its state; a state that is not `Running` ends it.
    pub state: Option<RestoreState>,
    /// The run that saved what it was going to change.
    pub safety_run: Option<RunId>,
    /// The run that read what it left.
    pub result_run: Option<RunId>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Writer {
    /// Begins a restore; it is committed at once, its plan with it.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn begin_restore(&self, start: RestoreStart) -> Result<RestoreId> {
        self.ask(|reply| Message::BeginRestore(Box::new(start), reply))
    }

    /// Writes lines into a restore's journal, and waits until they are on the disk.
    /// All who wait at one time share one sync.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn journal(&self, lines: Vec<StepRecord>) -> Result<()> {
        self.ask(|reply| Message::Journal(lines, reply))
    }

    /// Notes what became known about a restore, or its end; waits until it is on
    /// the disk.
    ///
    /// # Errors
    /// What made the writer fail, now or before.
    pub fn change_restore(&self, restore: RestoreId, change: RestoreChange) -> Result<()> {
        self.ask(|reply| Message::Restore(restore, change, reply))
    }
}

/// Writes a line.
pub(super) fn write(connection: &Connection, line: &StepRecord) -> rusqlite::Result<()> {
    let (restore, step, at) = (line.restore.0, line.step, line.at.as_microsecond());
    let run = |sql: &str, more: &[&dyn rusqlite::ToSql]| {
        let mut parameters: Vec<&dyn rusqlite::ToSql> = vec![&restore, &step];
        parameters.extend(more);
        connection.prepare_cached(sql)?.execute(parameters.as_slice()).map(drop)
    };
    match &line.entry {
        StepEntry::Sent => run(
            "INSERT INTO restore_step (restore, step, state, tries, sent_at) VALUES (?1, ?2, 'sent', 1, ?3)
             ON CONFLICT (restore, step) DO UPDATE SET state = 'sent', tries = tries + 1,
                 sent_at = excluded.sent_at",
            &[&at],
        ),
        StepEntry::Unsent => run(
            "UPDATE restore_step SET state = 'pending', tries = tries - 1, sent_at = NULL
             WHERE restore = ?1 AND step = ?2",
            &[],
        ),
        StepEntry::Told(given) => {
            link(connection, line.restore, given)?;
            run(
                "UPDATE restore_step SET given = ?3, answered_at = ?4 WHERE restore = ?1 AND step = ?2",
                &[&as_json(given), &at],
            )
        }
        StepEntry::Unknown { status, error } => run(
            "UPDATE restore_step SET status = ?3, error = ?4 WHERE restore = ?1 AND step = ?2",
            &[status, error],
        ),
        StepEntry::Done { status, given } => {
            link(connection, line.restore, given)?;
            settle(&run, "done", *status, Some(&as_json(given)), None, Some(at))
        }
        StepEntry::Failed { status, error } => settle(&run, "failed", *status, None, Some(error), Some(at)),
        StepEntry::Blocked { error } => settle(&run, "blocked", None, None, Some(error), None),
    }
}

/// Runs a statement about a step with more parameters than restore and step.
type Run<'a> = dyn Fn(&str, &[&dyn rusqlite::ToSql]) -> rusqlite::Result<()> + 'a;

fn settle(
    run: &Run<'_>,
    state: &str,
    status: Option<u16>,
    given: Option<&String>,
    error: Option<&String>,
    at: Option<i64>,
) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO restore_step (restore, step, state, status, given, error, answered_at)
         VALUES (?1, ?2, ?3, ?4, coalesce(?5, '[]'), ?6, ?7)
         ON CONFLICT (restore, step) DO UPDATE SET state = excluded.state, status = excluded.status,
             given = coalesce(?5, given), error = excluded.error, answered_at = excluded.answered_at";
    run(upsert, &[&state, &status, &given, &error, &at])
}

fn as_json(given: &[GivenId]) -> String {
    json!(given.iter().map(|given| [&given.resource, &given.key, &given.id]).collect::<Vec<_>>()).to_string()
}

/// What is given is from now on what the key means on that instance.
fn link(connection: &Connection, restore: RestoreId, given: &[GivenId]) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO link (source, instance, resource, key, id, restore)
         SELECT source, instance, ?2, ?3, ?4, id FROM restore WHERE id = ?1
         ON CONFLICT (source, instance, resource, key) DO UPDATE SET
             id = excluded.id, restore = excluded.restore";
    let mut upsert = connection.prepare_cached(upsert)?;
    given
        .iter()
        .try_for_each(|given| upsert.execute((restore.0, &given.resource, &given.key, &given.id)).map(drop))
}

/// Notes what became known about a restore.
pub(super) fn change(
    connection: &Connection,
    restore: RestoreId,
    change: &RestoreChange,
) -> rusqlite::Result<()> {
    let update = "UPDATE restore SET state = coalesce(?2, state),
             safety_run = coalesce(?3, safety_run), result_run = coalesce(?4, result_run),
             ended_at = coalesce(?5, ended_at)
         WHERE id = ?1";
    let row = (
        restore.0,
        change.state.map(RestoreState::name),
        change.safety_run.map(|run| run.0),
        change.result_run.map(|run| run.0),
        change.ended_at.map(Timestamp::as_microsecond),
    );
    connection.execute(update, row).map(drop)
}
