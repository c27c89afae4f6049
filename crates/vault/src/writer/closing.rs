//! Ending a run: which gaps are left, what is gone, what it amounted to.

use std::collections::HashSet;

use rusqlite::{Connection, Params};

use super::disagreements::folder_list;
use super::objects::end_version;
use super::{RunSummary, kind_counts};
use crate::query::{gather, number};
use crate::suspicion::{self, Gone};
use crate::{AbsenceScope, KindCounts, RunEnd, RunId, RunState, Side, refusals};

/// Objects that were seen by now, and what an earlier attempt missed of
/// listings and whole kinds. Ranges are looked at one by one.
const SETTLED_GAPS: &str = "DELETE FROM gap WHERE run = ?1 AND (
         what = 'object' AND EXISTS (
             SELECT 1 FROM sighting s JOIN object o ON o.id = s.object
             WHERE s.run = gap.run AND o.kind = gap.kind AND o.key = gap.key)
         OR what = 'listing' AND attempt < (SELECT attempt FROM run WHERE id = ?1)
         OR what = 'kind' AND attempt < (SELECT attempt FROM run WHERE id = ?1) AND (
             EXISTS (SELECT 1 FROM progress p JOIN stream s ON s.run = p.run AND s.stream = p.stream
                 WHERE p.run = gap.run AND s.kind = gap.kind)
             OR EXISTS (SELECT 1 FROM sighting s JOIN object o ON o.id = s.object
                 WHERE s.run = gap.run AND o.kind = gap.kind)))";

/// Who says complete has tried everything again that an earlier attempt missed.
const GAPS_OF_EARLIER_ATTEMPTS: &str =
    "DELETE FROM gap WHERE run = ?1 AND attempt < (SELECT attempt FROM run WHERE id = ?1)";

const RANGES_OF_EARLIER_ATTEMPTS: &str = "DELETE FROM gap WHERE run = ?1 AND what = 'range'
         AND attempt < (SELECT attempt FROM run WHERE id = ?1)";

/// A version `v` lies on the sides and in the folders of an absence scope, by
/// [`AbsenceScope::parameters`].
macro_rules! in_scope {
    () => {
        "(?3 AND v.side = 0 OR ?4 AND v.side = 1)
         AND (?5 IS NULL OR ?7 <> coalesce(v.folder IN (SELECT value FROM json_each(?5)), 0))"
    };
}
pub(crate) use in_scope;

/// Current, in the scope, not named by the closing listing, and, where there
/// was none, not seen.
const GONE: &str = concat!(
    "SELECT v.id, v.object, o.key, v.from_run FROM object o
     JOIN version v ON v.object = o.id AND v.until_run IS NULL
     WHERE o.instance = (SELECT instance FROM run WHERE id = ?1) AND o.kind = ?2 AND v.from_run <= ?1
         AND (?6 IS NOT NULL
             OR NOT EXISTS (SELECT 1 FROM sighting s WHERE s.run = ?1 AND s.object = o.id))
         AND NOT EXISTS (SELECT 1 FROM listed l
             WHERE l.run = ?1 AND l.listing = ?6 AND l.kind = ?2 AND l.key = o.key) AND ",
    in_scope!()
);

/// An absence keeps what is needed to speak of what is gone.
const ABSENT: &str =
    "INSERT INTO version (object, from_run, side, title, folder, updated_at, created_at, read_at)
     SELECT object, ?2, 2, title, folder, updated_at, created_at, ?3 FROM version WHERE id = ?1";

/// A run that was read whole needs nothing to be resumed, nor do older ones of
/// its scope.
const SETTLED_RUNS: &str = "(SELECT old.id FROM run old JOIN run done ON done.id = ?1
     WHERE old.instance = done.instance AND old.scope = done.scope AND old.id <= done.id)";

/// Ends a run inside the open transaction. `replaced` are bodies that versions
/// have let go of while it ran.
pub(super) fn finish(
    connection: &Connection,
    end: &RunEnd,
    replaced: &[i64],
) -> rusqlite::Result<RunSummary> {
    let run = end.run;
    connection.execute(SETTLED_GAPS, [run.0])?;
    settle_ranges(connection, run)?;
    if end.ranges_restated {
        connection.execute(RANGES_OF_EARLIER_ATTEMPTS, [run.0])?;
    }
    if end.state == RunState::Complete {
        connection.execute(GAPS_OF_EARLIER_ATTEMPTS, [run.0])?;
    }
    let gaps = number(connection, "SELECT count(*) FROM gap WHERE run = ?1", [run.0])?;
    let state = match end.state {
        RunState::Complete if gaps > 0 => RunState::Incomplete,
        state => state,
    };
    let (state, suspicions) = match state {
        RunState::Complete => settle_absences(connection, end)?,
        state => (state, Vec::new()),
    };
    suspicion::release_what_was_seen(connection, run)?;
    let kinds = kind_counts(connection, run)?;
    store_counts(connection, run, &kinds)?;
    refusals::seen_kinds_admitted(connection, run)?;
    if matches!(state, RunState::Complete | RunState::Suspect) {
        for table in ["sighting", "listed", "progress"] {
            connection.execute(&format!("DELETE FROM {table} WHERE run IN {SETTLED_RUNS}"), [run.0])?;
        }
        connection
            .execute(&format!("DELETE FROM held WHERE run <> ?1 AND run IN {SETTLED_RUNS}"), [run.0])?;
    }
    forget_unneeded(connection, replaced)?;
    let close = "UPDATE run SET state = ?2, ended_at = ?3, totals = ?4, account = coalesce(?5, account)
         WHERE id = ?1";
    let ended_at = end.ended_at.as_microsecond();
    connection.execute(close, (run.0, state.name(), ended_at, &end.totals_json, &end.account))?;
    let calls = "SELECT coalesce(sum(calls), 0) FROM calls WHERE run = ?1";
    Ok(RunSummary { run, state, kinds, suspicions, gaps, calls: number(connection, calls, [run.0])? })
}

/// An object that would become absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The kind.
    pub kind: String,
    /// The object's key.
    pub key: String,
    /// The run that found it as the vault has it.
    pub found_by: RunId,
}

/// What would become absent if the run ended now with these scopes.
pub(super) fn missing(
    connection: &Connection,
    run: RunId,
    scopes: &[AbsenceScope],
) -> rusqlite::Result<Vec<Missing>> {
    let mut missing = Vec::new();
    for scope in scopes {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Missing { kind: scope.kind.to_string(), key: row.get(2)?, found_by: RunId(row.get(3)?) })
        };
        missing.extend(gather(connection, GONE, scope.parameters(run), read)?);
    }
    missing.sort_unstable();
    missing.dedup();
    Ok(missing)
}

/// Kinds of which more than a share would become absent, so that a run is held, if it
/// ended now with these scopes.
pub(super) fn vanished(
    connection: &Connection,
    run: RunId,
    share: u8,
    scopes: &[AbsenceScope],
) -> rusqlite::Result<Vec<suspicion::Suspicion>> {
    suspicion::vanished(connection, run, share, &gone(connection, run, scopes)?)
}

/// What is gone, scope by scope.
fn gone<'s>(
    connection: &Connection,
    run: RunId,
    scopes: &'s [AbsenceScope],
) -> rusqlite::Result<Vec<(&'s AbsenceScope, Vec<Gone>)>> {
    let read = |row: &rusqlite::Row<'_>| Ok(Gone { version: row.get(0)?, object: row.get(1)? });
    let of = |scope: &'s AbsenceScope| Ok((scope, gather(connection, GONE, scope.parameters(run), read)?));
    scopes.iter().map(of).collect()
}

/// Makes absent what is gone, or holds the run if that is not believed.
fn settle_absences(
    connection: &Connection,
    end: &RunEnd,
) -> rusqlite::Result<(RunState, Vec<suspicion::Suspicion>)> {
    let gone = gone(connection, end.run, &end.absence)?;
    let suspicions = suspicion::suspicions(connection, end, &gone)?;
    let mut once = HashSet::new();
    let gone = gone.into_iter().flat_map(|(_, gone)| gone).filter(|gone| once.insert(*gone));
    if suspicions.is_empty() {
        for gone in gone {
            make_absent(connection, end.run, gone, end.ended_at.as_microsecond())?;
        }
        return Ok((RunState::Complete, suspicions));
    }
    suspicion::hold(connection, end.run, &suspicions, gone)?;
    Ok((RunState::Suspect, suspicions))
}

/// Removes gaps in ranges that are stored by now, perhaps as several pages.
fn settle_ranges(connection: &Connection, run: RunId) -> rusqlite::Result<()> {
    let select = "SELECT id, stream, first_row, first_row + asked FROM gap WHERE run = ?1 AND what = 'range'";
    let mut select = connection.prepare(select)?;
    let mut gaps = select.query([run.0])?;
    while let Some(gap) = gaps.next()? {
        let (id, stream): (i64, Option<u32>) = (gap.get(0)?, gap.get(1)?);
        let (first_row, end): (i64, i64) = (gap.get(2)?, gap.get(3)?);
        if stored_until(connection, run, stream, first_row)? >= end {
            connection.execute("DELETE FROM gap WHERE id = ?1", [id])?;
        }
    }
    Ok(())
}

/// The first row from `row` on that no committed page holds.
fn stored_until(
    connection: &Connection,
    run: RunId,
    stream: Option<u32>,
    mut row: i64,
) -> rusqlite::Result<i64> {
    let select = "SELECT first_row, first_row + asked FROM progress WHERE run = ?1 AND stream = ?2
         ORDER BY first_row";
    let mut select = connection.prepare_cached(select)?;
    let mut pages = select.query((run.0, stream))?;
    while let Some(page) = pages.next()? {
        if page.get::<_, i64>(0)? > row {
            break;
        }
        row = row.max(page.get(1)?);
    }
    Ok(row)
}

impl AbsenceScope {
    /// Run, kind, live, trash, folders, listing, and whether the folders are
    /// those left out: `?1` to `?7`.
    pub(crate) fn parameters(&self, run: RunId) -> impl Params {
        let side = |side| self.sides.contains(&side);
        let (folders, but) = folder_list(self);
        let (live, trash) = (side(Side::Live), side(Side::Trash));
        (run.0, self.kind.to_string(), live, trash, folders, self.listing, but)
    }
}

/// Ends a version by an absence from that run on.
pub(crate) fn make_absent(
    connection: &Connection,
    run: RunId,
    gone: Gone,
    read_at: i64,
) -> rusqlite::Result<()> {
    end_version(connection, run, gone.version)?;
    refusals::forgotten(connection, gone.object)?;
    connection.prepare_cached(ABSENT)?.execute((gone.version, run.0, read_at)).map(drop)
}

fn store_counts(connection: &Connection, run: RunId, kinds: &[KindCounts]) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM run_kind WHERE run = ?1", [run.0])?;
    let insert =
        "INSERT INTO run_kind (run, kind, seen, added, changed, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    for counts in kinds {
        let [seen, added, changed, removed] =
            [counts.seen, counts.added, counts.changed, counts.removed].map(u64::cast_signed);
        connection.execute(insert, (run.0, &counts.kind, seen, added, changed, removed))?;
    }
    Ok(())
}

/// Removes those bodies that no version needs any more. Not while a run is at
/// work, because readers may just have told that they are stored. Their
/// references go with them, by the schema.
fn forget_unneeded(connection: &Connection, bodies: &[i64]) -> rusqlite::Result<()> {
    let delete = "DELETE FROM body WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM version WHERE body = ?1)";
    let mut delete = connection.prepare_cached(delete)?;
    bodies.iter().try_for_each(|body| delete.execute([body]).map(drop))
}
