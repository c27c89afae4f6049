//! Restores as they are kept: begun, ended, and the words for their states.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::codec::{LEVEL, compress};
use crate::error::AtPath;
use crate::{InstanceId, Result, RunId, Vault};

/// A restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RestoreId(pub(crate) i64);

impl RestoreId {
    /// The restore of this number, as [`RestoreId::number`] gave it.
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number people see.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for RestoreId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a restore stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestoreState {
    /// At work: somebody holds the vault's lock.
    Running,
    /// Every step is done or was given up.
    Complete,
    /// Ended with failed steps, or before its end.
    Incomplete,
    /// Its process died.
    Interrupted,
}

impl RestoreState {
    /// `running`, `complete`, `incomplete` or `interrupted`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Running, Self::Complete, Self::Incomplete, Self::Interrupted];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// How a step of a restore stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepState {
    /// To be made.
    Pending,
    /// Sent, or about to be; its answer is not known.
    Sent,
    /// Made.
    Done,
    /// Refused, or impossible.
    Failed,
    /// Not sent, because what it needs failed.
    Blocked,
    /// Given up by a person.
    Skipped,
}

impl StepState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Sent, Self::Done, Self::Failed, Self::Blocked, Self::Skipped];

    /// `pending`, `sent`, `done`, `failed`, `blocked` or `skipped`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What is known when a restore begins. Texts are kept as given.
#[derive(Debug, Clone)]
pub struct RestoreStart {
    /// Where the content comes from.
    pub source: InstanceId,
    /// Where it goes.
    pub instance: InstanceId,
    /// The run whose state comes back.
    pub as_of: RunId,
    /// The plan, JSON.
    pub plan: String,
    /// Steps of the plan.
    pub steps: u32,
    /// JSON: the options that matter to a reader of the restore.
    pub options: String,
    /// When it began.
    pub started_at: Timestamp,
}

/// An id that an instance gave to what the vault has under a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenId {
    /// Of what sort it is.
    pub resource: String,
    /// The key in the vault.
    pub key: String,
    /// The id.
    pub id: String,
}

/// Begins a restore.
pub(crate) fn begin(connection: &Connection, start: &RestoreStart) -> rusqlite::Result<RestoreId> {
    let plan = compress(start.plan.as_bytes(), None, LEVEL);
    let insert = "INSERT INTO restore
         (source, instance, as_of, state, options, steps, plan_len, plan, started_at)
         VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8)";
    let row = (
        start.source.0,
        start.instance.0,
        start.as_of.0,
        &start.options,
        start.steps,
        plan.raw_len,
        plan.data,
        start.started_at.as_microsecond(),
    );
    connection.execute(insert, row)?;
    Ok(RestoreId(connection.last_insert_rowid()))
}

impl Vault {
    /// Sets a restore to work again: failed and blocked steps stay as they are.
    ///
    /// # Errors
    /// When there is no such restore, or the vault cannot be written.
    pub fn reopen_restore(&mut self, restore: RestoreId) -> Result<()> {
        let reopen = "UPDATE restore SET state = 'running', ended_at = NULL WHERE id = ?1";
        self.change_restore(restore, reopen)
    }

    /// Failed steps, and those they blocked, are to be made again; gives the number
    /// of failed ones. One of which nobody knows whether it ran is looked for first.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn retry_failed(&mut self, restore: RestoreId) -> Result<u64> {
        let transaction = self.connection.transaction().at(&self.path)?;
        let blocked = "DELETE FROM restore_step WHERE restore = ?1 AND state = 'blocked'";
        transaction.execute(blocked, [restore.0]).at(&self.path)?;
        // A refusal proves that it did not run; what it gave, that it did.
        let failed = "UPDATE restore_step SET error = NULL, answered_at = NULL, state = iif(
                 given = '[]' AND status BETWEEN 400 AND 499 AND status <> 408, 'pending', 'sent')
             WHERE restore = ?1 AND state = 'failed'";
        let failed = transaction.execute(failed, [restore.0]).at(&self.path)?;
        transaction.commit().at(&self.path)?;
        Ok(failed as u64)
    }

    /// Gives failed steps up, with those that they blocked; gives the number of
    /// failed ones.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn skip_failed(&mut self, restore: RestoreId) -> Result<u64> {
        let failed = "SELECT count(*) FROM restore_step WHERE restore = ?1 AND state = 'failed'";
        let failed = crate::query::number(&self.connection, failed, [restore.0]).at(&self.path)?;
        let skip = "UPDATE restore_step SET state = 'skipped'
             WHERE restore = ?1 AND state IN ('failed', 'blocked')";
        self.connection.execute(skip, [restore.0]).at(&self.path)?;
        Ok(failed)
    }

    fn change_restore(&mut self, restore: RestoreId, change: &str) -> Result<()> {
        let changed = self.connection.execute(change, [restore.0]).at(&self.path)?;
        if changed == 0 { Err(crate::VaultError::NoSuchRestore { restore: restore.0 }) } else { Ok(()) }
    }
}

/// Who holds the lock knows that a restore that is still `running` has died.
pub(crate) fn clear_up(connection: &Connection) -> rusqlite::Result<()> {
    let dead = "UPDATE restore SET state = 'interrupted' WHERE state = 'running'";
    connection.execute(dead, ()).map(drop)
}
