//! Restores, their steps, and what became what.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row};

use super::Reader;
use super::objects::Frame;
use crate::error::AtPath;
use crate::lock::Lock;
use crate::query::gather;
use crate::restores::{GivenId, RestoreId, RestoreState, StepState};
use crate::{InstanceId, Result, RunId, VaultError, times};

/// A restore as it is told to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreInfo {
    /// The restore.
    pub id: RestoreId,
    /// Where the content comes from.
    pub source: InstanceId,
    /// Where it goes.
    pub instance: InstanceId,
    /// The run whose state comes back.
    pub as_of: RunId,
    /// How it stands.
    pub state: RestoreState,
    /// Its options (JSON), as given.
    pub options: String,
    /// Steps of its plan.
    pub steps: u32,
    /// Steps by state; those of which nothing is known are pending.
    pub counts: Vec<(StepState, u64)>,
    /// The run that saved what it was going to change.
    pub safety_run: Option<RunId>,
    /// The run that read what it left.
    pub result_run: Option<RunId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl RestoreInfo {
    /// Steps in a state.
    pub fn count(&self, state: StepState) -> u64 {
        self.counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, steps)| *steps)
    }
}

/// A step as its journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepInfo {
    /// Its number within the plan.
    pub step: u32,
    /// How it stands.
    pub state: StepState,
    /// How often it was sent.
    pub tries: u32,
    /// The HTTP status of its last answer.
    pub status: Option<u16>,
    /// The ids that it gave.
    pub given: Vec<GivenId>,
    /// What went wrong, JSON as given.
    pub error: Option<String>,
    /// When it was last sent.
    pub sent_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

const RESTORE: &str = "SELECT id, source, instance, as_of, state, options, steps, safety_run, result_run,
         started_at, ended_at FROM restore";

const COUNTS: &str = "SELECT state, count(*) FROM restore_step WHERE restore = ?1 GROUP BY state";

const STEPS: &str = "SELECT step, state, tries, status, given, error, sent_at, answered_at FROM restore_step";

impl Reader {
    /// All restores, newest first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn restores(&self) -> Result<Vec<RestoreInfo>> {
        let all = format!("{RESTORE} ORDER BY id DESC");
        self.snapshot(|| gather(&self.connection, &all, (), |row| self.restore_info(row)))
    }

    /// One restore.
    ///
    /// # Errors
    /// When there is no such restore, or the vault cannot be read.
    pub fn restore(&self, restore: RestoreId) -> Result<RestoreInfo> {
        let one = format!("{RESTORE} WHERE id = ?1");
        let info = self.snapshot(|| {
            let mut select = self.connection.prepare_cached(&one)?;
            select.query_row([restore.0], |row| self.restore_info(row)).optional()
        })?;
        info.ok_or(VaultError::NoSuchRestore { restore: restore.0 })
    }

    /// The plan of a restore, as given.
    ///
    /// # Errors
    /// When there is no such restore, or what is stored is damaged.
    pub fn restore_plan(&self, restore: RestoreId) -> Result<String> {
        let select = "SELECT plan_len, plan FROM restore WHERE id = ?1";
        let frame = |row: &Row<'_>| Ok(Frame { raw_len: row.get(0)?, dictionary: None, data: row.get(1)? });
        let found = self.connection.query_row(select, [restore.0], frame).optional().at(&self.path)?;
        let frame = found.ok_or(VaultError::NoSuchRestore { restore: restore.0 })?;
        let damaged =
            |why: &str| VaultError::damaged(&self.path, format!("the plan of restore {restore}: {why}"));
        let plan = self.decode(&frame).at(&self.path)?.map_err(damaged)?;
        String::from_utf8(plan).map_err(|_| damaged("it is not text"))
    }

    /// The steps of a restore of which anything is known, by number; only those in
    /// `state`, where one is given.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn restore_steps(&self, restore: RestoreId, state: Option<StepState>) -> Result<Vec<StepInfo>> {
        let steps = match state {
            None => gather(
                &self.connection,
                &format!("{STEPS} WHERE restore = ?1 ORDER BY step"),
                [restore.0],
                step_info,
            ),
            Some(state) => gather(
                &self.connection,
                &format!("{STEPS} WHERE restore = ?1 AND state = ?2 ORDER BY step"),
                (restore.0, state.name()),
                step_info,
            ),
        };
        steps.at(&self.path)
    }

    /// What keys of one instance are on another, or on the same after a restore
    /// had to make things anew.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn links(&self, source: InstanceId, instance: InstanceId) -> Result<Vec<GivenId>> {
        let select = "SELECT resource, key, id FROM link WHERE source = ?1 AND instance = ?2
             ORDER BY resource, key";
        let link = |row: &Row<'_>| Ok(GivenId { resource: row.get(0)?, key: row.get(1)?, id: row.get(2)? });
        gather(&self.connection, select, (source.0, instance.0), link).at(&self.path)
    }

    fn restore_info(&self, row: &Row<'_>) -> rusqlite::Result<RestoreInfo> {
        let id = RestoreId(row.get(0)?);
        let state = named(row, 4, RestoreState::from_name)?;
        let died = state == RestoreState::Running && !Lock::is_held(&self.path);
        let steps: u32 = row.get(6)?;
        let mut counts = gather(&self.connection, COUNTS, [id.0], |row| {
            Ok((named(row, 0, StepState::from_name)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        let known: u64 = counts.iter().map(|(_, steps)| steps).sum();
        counts.retain(|(state, _)| *state != StepState::Pending);
        let settled: u64 = counts.iter().map(|(_, steps)| steps).sum();
        counts.insert(0, (StepState::Pending, u64::from(steps).max(known) - settled));
        Ok(RestoreInfo {
            id,
            source: InstanceId(row.get(1)?),
            instance: InstanceId(row.get(2)?),
            as_of: RunId(row.get(3)?),
            state: if died { RestoreState::Interrupted } else { state },
            options: row.get(5)?,
            steps,
            counts,
            safety_run: row.get::<_, Option<i64>>(7)?.map(RunId),
            result_run: row.get::<_, Option<i64>>(8)?.map(RunId),
            started_at: times::timestamp(row.get(9)?)?,
            ended_at: times::maybe_timestamp(row.get(10)?)?,
        })
    }
}

fn step_info(row: &Row<'_>) -> rusqlite::Result<StepInfo> {
    let given: String = row.get(4)?;
    let given: Vec<[String; 3]> = serde_json::from_str(&given)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, error.into()))?;
    let given = given.into_iter().map(|[resource, key, id]| GivenId { resource, key, id });
    Ok(StepInfo {
        step: row.get(0)?,
        state: named(row, 1, StepState::from_name)?,
        tries: row.get(2)?,
        status: row.get(3)?,
        given: given.collect(),
        error: row.get(5)?,
        sent_at: times::maybe_timestamp(row.get(6)?)?,
        answered_at: times::maybe_timestamp(row.get(7)?)?,
    })
}

/// What a column names.
fn named<T>(row: &Row<'_>, column: usize, from_name: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let name: String = row.get(column)?;
    from_name(&name).ok_or_else(|| rusqlite::Error::InvalidColumnType(column, name, Type::Text))
}
