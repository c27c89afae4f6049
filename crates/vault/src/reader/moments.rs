//! Moments of an instance's history: runs, by number, name or time.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Params, Row};

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{InstanceId, Result, RunId, RunState, VaultError, times};

/// A run as a moment of its instance's history: what the vault knew when it
/// had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The run.
    pub run: RunId,
    /// Its instance.
    pub instance: InstanceId,
    /// How it stands. What a run read was read, also if it is not complete.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// Its scope, as given.
    pub scope: String,
    /// The account, as given.
    pub account: String,
    /// The caller's totals (JSON), once ended.
    pub totals_json: Option<String>,
}

/// A name for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The run.
    pub run: RunId,
    /// When it was given.
    pub at: Timestamp,
}

const MOMENT: &str =
    "SELECT r.id, r.instance, r.state, r.started_at, r.ended_at, r.scope, r.account, r.totals
     FROM (SELECT * FROM run WHERE id NOT IN (SELECT run FROM forgotten)) r";

impl Reader {
    /// The moment of a run.
    ///
    /// # Errors
    /// When there is no such run, it was pruned, or the vault cannot be read.
    pub fn moment(&self, run: RunId) -> Result<Moment> {
        self.refuse_forgotten(run)?;
        self.one_moment("WHERE r.id = ?1", [run.0])?.ok_or(VaultError::NoSuchRun { run: run.0 })
    }

    /// The moments of all runs of an instance, newest first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn moments(&self, instance: InstanceId) -> Result<Vec<Moment>> {
        let select = format!("{MOMENT} WHERE r.instance = ?1 ORDER BY r.id DESC");
        gather(&self.connection, &select, [instance.0], |row| self.read_moment(row)).at(&self.path)
    }

    /// The newest run of an instance that had ended by then, if there is one.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn moment_at(&self, instance: InstanceId, time: Timestamp) -> Result<Option<Moment>> {
        let newest = "WHERE r.instance = ?1 AND r.ended_at <= ?2 ORDER BY r.id DESC LIMIT 1";
        self.one_moment(newest, (instance.0, time.as_microsecond()))
    }

    /// The newest run of an instance that has ended, or the one so many `back`
    /// from it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn latest_moment(&self, instance: InstanceId, back: u32) -> Result<Option<Moment>> {
        let newest = "WHERE r.instance = ?1 AND r.ended_at IS NOT NULL ORDER BY r.id DESC LIMIT 1 OFFSET ?2";
        self.one_moment(newest, (instance.0, back))
    }

    /// The run of this name, if there is one.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn tagged(&self, name: &str) -> Result<Option<Moment>> {
        self.one_moment("JOIN tag t ON t.run = r.id WHERE t.name = ?1", [name])
    }

    /// All names of runs, those of newer runs first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn tags(&self) -> Result<Vec<Tag>> {
        let select = "SELECT name, run, at FROM tag ORDER BY run DESC, name";
        let tag = |row: &Row<'_>| {
            Ok(Tag { name: row.get(0)?, run: RunId(row.get(1)?), at: times::timestamp(row.get(2)?)? })
        };
        gather(&self.connection, select, (), tag).at(&self.path)
    }

    fn one_moment(&self, condition: &str, parameters: impl Params) -> Result<Option<Moment>> {
        let mut select = self.connection.prepare_cached(&format!("{MOMENT} {condition}")).at(&self.path)?;
        select.query_row(parameters, |row| self.read_moment(row)).optional().at(&self.path)
    }

    fn read_moment(&self, row: &Row<'_>) -> rusqlite::Result<Moment> {
        Ok(Moment {
            run: RunId(row.get(0)?),
            instance: InstanceId(row.get(1)?),
            state: self.run_state(row, 2)?,
            started_at: times::timestamp(row.get(3)?)?,
            ended_at: times::maybe_timestamp(row.get(4)?)?,
            scope: row.get(5)?,
            account: row.get(6)?,
            totals_json: row.get(7)?,
        })
    }
}
