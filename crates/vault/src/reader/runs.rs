//! Runs as they are told to people.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use super::calls::calls_of_run;
use super::objects::side;
use super::{InstanceInfo, KindCounts, Reader, RunDetails, RunInfo};
use crate::error::AtPath;
use crate::lock::Lock;
use crate::query::gather;
use crate::suspicion::{superseding, suspicions_of};
use crate::writer::kind_counts;
use crate::{Gap, GapWhat, InstanceId, Result, RunId, RunState, Side, StreamRecord, VaultError, times};

const RUN: &str = "SELECT r.id, r.instance, i.url, r.command, r.scope, r.options, r.account, r.release,
         r.started_at, r.ended_at, r.state, r.totals,
         (SELECT count(*) FROM gap WHERE run = r.id),
         (SELECT coalesce(sum(calls), 0) FROM calls WHERE run = r.id),
         i.epoch, (SELECT max(epoch) FROM instance n WHERE n.url = i.url),
         (SELECT count(*) FROM held WHERE run = r.id)
     FROM run r JOIN instance i ON i.id = r.instance";

impl Reader {
    /// The newest runs that are not pruned, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunInfo>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot(|| {
            let newest =
                format!("{RUN} WHERE r.id NOT IN (SELECT run FROM forgotten) ORDER BY r.id DESC LIMIT ?1");
            gather(&self.connection, &newest, [limit], |row| self.run_info(row))
        })
    }

    /// One run with its streams, gaps and calls.
    ///
    /// # Errors
    /// When there is no such run, it was pruned, or the vault cannot be read.
    pub fn run(&self, run: RunId) -> Result<RunDetails> {
        self.refuse_forgotten(run)?;
        let details = self.snapshot(|| {
            let mut select = self.connection.prepare_cached(&format!("{RUN} WHERE r.id = ?1"))?;
            let Some(info) = select.query_row([run.0], |row| self.run_info(row)).optional()? else {
                return Ok(None);
            };
            Ok(Some(RunDetails {
                info,
                streams: streams_of(&self.connection, run)?,
                gaps: gaps_of(&self.connection, run)?,
                calls: calls_of_run(&self.connection, run)?,
            }))
        })?;
        details.ok_or(VaultError::NoSuchRun { run: run.0 })
    }

    /// A run that was pruned cannot be asked for any more.
    pub(super) fn refuse_forgotten(&self, run: RunId) -> Result<()> {
        let select = "SELECT p.at FROM forgotten f JOIN prune p ON p.id = f.prune WHERE f.run = ?1";
        let at = self.connection.query_row(select, [run.0], |row| times::timestamp(row.get(0)?));
        match at.optional().at(&self.path)? {
            Some(at) => Err(VaultError::ForgottenRun { run: run.0, at }),
            None => Ok(()),
        }
    }

    /// Reads several things as of one moment.
    pub(crate) fn snapshot<T>(&self, read: impl FnOnce() -> rusqlite::Result<T>) -> Result<T> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let answer = read().at(&self.path)?;
        snapshot.finish().at(&self.path)?;
        Ok(answer)
    }

    /// The state in a column; a run that nobody is at work on has died.
    pub(super) fn run_state(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<RunState> {
        let state: String = row.get(column)?;
        let state = RunState::from_name(&state)
            .ok_or_else(|| rusqlite::Error::InvalidColumnType(column, state, Type::Text))?;
        let died = state == RunState::Running && !Lock::is_held(&self.path);
        Ok(if died { RunState::Interrupted } else { state })
    }

    fn run_info(&self, row: &Row<'_>) -> rusqlite::Result<RunInfo> {
        let id = RunId(row.get(0)?);
        let state = self.run_state(row, 10)?;
        let kinds = match state {
            RunState::Running | RunState::Interrupted => kind_counts(&self.connection, id)?,
            RunState::Complete | RunState::Incomplete | RunState::Suspect => {
                stored_counts(&self.connection, id)?
            }
        };
        let (suspicions, confirmed_at) = suspicions_of(&self.connection, id)?;
        let later = if state == RunState::Suspect { superseding(&self.connection, id)? } else { None };
        Ok(RunInfo {
            id,
            instance: InstanceInfo {
                id: InstanceId(row.get(1)?),
                url: row.get(2)?,
                epoch: row.get(14)?,
                newest_epoch: row.get(15)?,
            },
            command: row.get(3)?,
            scope: row.get(4)?,
            options: row.get(5)?,
            account: row.get(6)?,
            release: row.get(7)?,
            started_at: times::timestamp(row.get(8)?)?,
            ended_at: times::maybe_timestamp(row.get(9)?)?,
            state,
            suspicions,
            held: row.get::<_, i64>(16)?.cast_unsigned(),
            confirmed_at: times::maybe_timestamp(confirmed_at)?,
            superseded_by: later.map(|(run, _)| run),
            totals_json: row.get(11)?,
            kinds,
            gaps: row.get::<_, i64>(12)?.cast_unsigned(),
            calls: row.get::<_, i64>(13)?.cast_unsigned(),
        })
    }
}

fn stored_counts(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<KindCounts>> {
    let select = "SELECT kind, seen, added, changed, removed FROM run_kind WHERE run = ?1 ORDER BY kind";
    gather(connection, select, [run.0], KindCounts::read)
}

/// The streams of a run by number.
pub(crate) fn streams_of(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<StreamRecord>> {
    let select = "SELECT stream, kind, name, side, folder, size, page_limit FROM stream WHERE run = ?1
         ORDER BY stream";
    gather(connection, select, [run.0], |row| {
        Ok(StreamRecord {
            run,
            stream: row.get(0)?,
            kind: row.get::<_, String>(1)?.into(),
            name: row.get(2)?,
            side: side(row.get(3)?)?,
            folder: row.get(4)?,
            size: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
            page_limit: row.get(6)?,
        })
    })
}

fn gaps_of(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<Gap>> {
    let select = "SELECT stream, kind, what, first_row, asked, key, reason, tries FROM gap WHERE run = ?1
         ORDER BY id";
    gather(connection, select, [run.0], |row| {
        Ok(Gap {
            stream: row.get(0)?,
            kind: row.get::<_, String>(1)?.into(),
            what: gap_what(row)?,
            reason: row.get(6)?,
            tries: row.get(7)?,
        })
    })
}

/// The side that a gap in a listing names.
fn listed_side(name: Option<String>) -> rusqlite::Result<Side> {
    let sides = [Side::Live, Side::Trash];
    let found = sides.into_iter().find(|side| name.as_deref() == Some(side.name()));
    found.ok_or(rusqlite::Error::InvalidColumnType(5, name.unwrap_or_default(), Type::Text))
}

fn gap_what(row: &Row<'_>) -> rusqlite::Result<GapWhat> {
    let what: String = row.get(2)?;
    Ok(match what.as_str() {
        "range" => GapWhat::Range { offset: row.get::<_, i64>(3)?.cast_unsigned(), limit: row.get(4)? },
        "object" => GapWhat::Object { key: row.get(5)? },
        "kind" => GapWhat::Kind,
        "listing" => GapWhat::Listing { side: listed_side(row.get(5)?)? },
        _ => return Err(rusqlite::Error::InvalidColumnType(2, what, Type::Text)),
    })
}
