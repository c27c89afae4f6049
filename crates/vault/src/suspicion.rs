//! Runs that are not believed without being asked.
//!
//! A listing that shrank is not proof of a mass deletion: the account may have
//! lost a permission, or the instance may be in trouble and not say so. A run
//! that would mark too much as gone is *held*: what it read is stored, what it
//! found gone is written down beside it, and nothing becomes absent. When a
//! person confirms the run, in one transaction, it is complete; a later run of
//! the same scope that is complete or held itself takes its place. What any
//! other run sees meanwhile is not gone: it is held no longer.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};

use crate::error::AtPath;
use crate::query::gather;
use crate::writer::{in_scope, make_absent};
use crate::{AbsenceScope, Result, RunEnd, RunId, RunState, Vault, VaultError};

/// Fewer objects of a kind than this are never too many.
const FEWEST: usize = 5;

/// What makes a complete run suspect; by default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubt {
    /// What became of the account since the last complete run of the scope:
    /// reason enough, if anything would become absent.
    pub account: Vec<Suspicion>,
    /// Percent of the objects of a kind that may vanish from the scope at once;
    /// `None`: all of them.
    pub share: Option<u8>,
}

/// Why a run is suspect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Suspicion {
    /// Another account read it than the run before.
    OtherAccount {
        /// Who read before, in words.
        before: String,
        /// Who reads now.
        now: String,
    },
    /// The instance no longer tells who the account is.
    UnknownAccount,
    /// The account lost roles.
    LostRoles {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The account may no longer see its own roles.
    HiddenRoles,
    /// The account's roles lost permissions.
    LostPermissions {
        /// Their names.
        names: Vec<String>,
    },
    /// Too much of a kind vanished from the scope at once.
    Vanished {
        /// The kind.
        kind: String,
        /// Objects that would become absent.
        gone: u64,
        /// Objects that the vault had there before the run.
        known: u64,
    },
}

/// What confirming a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Objects that became absent, by kind.
    pub gone: BTreeMap<String, u64>,
    /// Objects that were held and were seen again since.
    pub seen_since: u64,
}

/// The current version of an object that a complete run would make absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Gone {
    pub(crate) version: i64,
    pub(crate) object: i64,
}

/// Objects of a kind that the vault had in a scope before the run.
const KNOWN: &str = concat!(
    "SELECT o.id FROM object o JOIN version v ON v.object = o.id
     WHERE o.instance = (SELECT instance FROM run WHERE id = ?1) AND o.kind = ?2
         AND v.from_run < ?1 AND (v.until_run IS NULL OR v.until_run >= ?1) AND ",
    in_scope!()
);

/// What was held and is still as the run left it; what a later run has seen,
/// finished or not, is not gone.
const STILL_GONE: &str = "SELECT v.id, v.object, o.kind FROM held h
     JOIN object o ON o.id = h.object
     JOIN version v ON v.object = o.id AND v.until_run IS NULL
     WHERE h.run = ?1 AND v.side < 2 AND v.from_run <= ?1
         AND NOT EXISTS (SELECT 1 FROM sighting s WHERE s.run > ?1 AND s.object = h.object)
     ORDER BY v.id";

const LATER: &str = "SELECT later.id, later.state FROM run r
     JOIN run later ON later.instance = r.instance AND later.scope = r.scope AND later.id > r.id
     WHERE r.id = ?1 AND later.state IN ('complete', 'suspect') ORDER BY later.id DESC LIMIT 1";

/// Why what is gone, scope by scope, is not believed.
pub(crate) fn suspicions(
    connection: &Connection,
    end: &RunEnd,
    gone: &[(&AbsenceScope, Vec<Gone>)],
) -> rusqlite::Result<Vec<Suspicion>> {
    if gone.iter().all(|(_, gone)| gone.is_empty()) {
        return Ok(Vec::new());
    }
    let mut suspicions = end.doubt.account.clone();
    if let Some(share) = end.doubt.share {
        suspicions.extend(vanished(connection, end.run, share, gone)?);
    }
    Ok(suspicions)
}

/// The kinds of which more than a share of what the vault had would be gone.
pub(crate) fn vanished(
    connection: &Connection,
    run: RunId,
    share: u8,
    gone: &[(&AbsenceScope, Vec<Gone>)],
) -> rusqlite::Result<Vec<Suspicion>> {
    let mut suspicions = Vec::new();
    // Live and trash of a kind count together: what moves between them is there.
    let mut kinds: BTreeMap<&str, (HashSet<i64>, Vec<&AbsenceScope>)> = BTreeMap::new();
    for (scope, gone) in gone {
        let (objects, scopes) = kinds.entry(&scope.kind).or_default();
        objects.extend(gone.iter().map(|gone| gone.object));
        scopes.push(scope);
    }
    for (kind, (mut gone, scopes)) in kinds {
        if gone.len() < FEWEST {
            continue;
        }
        let mut known = HashSet::new();
        for scope in scopes {
            let objects: Vec<i64> = gather(connection, KNOWN, scope.parameters(run), |row| row.get(0))?;
            known.extend(objects);
        }
        gone.retain(|object| known.contains(object));
        if gone.len() >= FEWEST && gone.len() * 100 > known.len() * usize::from(share) {
            let (gone, known) = (gone.len() as u64, known.len() as u64);
            suspicions.push(Suspicion::Vanished { kind: kind.to_owned(), gone, known });
        }
    }
    Ok(suspicions)
}

/// Holds a run: writes down why, and what it found gone. Kinds of that are due
/// again, in full, so that the next run has a look of its own.
pub(crate) fn hold(
    connection: &Connection,
    run: RunId,
    suspicions: &[Suspicion],
    gone: impl IntoIterator<Item = Gone>,
) -> rusqlite::Result<()> {
    let reasons = serde_json::to_string(suspicions)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    connection
        .execute("INSERT OR REPLACE INTO suspicion (run, reasons) VALUES (?1, ?2)", (run.0, reasons))?;
    let mut insert = connection.prepare_cached("INSERT INTO held (run, object) VALUES (?1, ?2)")?;
    gone.into_iter().try_for_each(|gone| insert.execute((run.0, gone.object)).map(drop))?;
    for table in ["kind_read", "full_pass"] {
        let due = format!(
            "UPDATE {table} SET read_at = 0 WHERE run = ?1 AND kind IN
                 (SELECT o.kind FROM held h JOIN object o ON o.id = h.object WHERE h.run = ?1)"
        );
        connection.execute(&due, [run.0])?;
    }
    Ok(())
}

/// What the run has seen is not gone, whatever an earlier one found.
pub(crate) fn release_what_was_seen(connection: &Connection, run: RunId) -> rusqlite::Result<()> {
    let release = "DELETE FROM held WHERE run <> ?1
         AND EXISTS (SELECT 1 FROM sighting s WHERE s.run = ?1 AND s.object = held.object)";
    connection.execute(release, [run.0]).map(drop)
}

/// The later run of the same scope that took a run's place, with its state.
pub(crate) fn superseding(connection: &Connection, run: RunId) -> rusqlite::Result<Option<(RunId, String)>> {
    let read = |row: &rusqlite::Row<'_>| Ok((RunId(row.get(0)?), row.get(1)?));
    connection.prepare_cached(LATER)?.query_row([run.0], read).optional()
}

/// Why a run is or was suspect, and when it was confirmed.
pub(crate) fn suspicions_of(
    connection: &Connection,
    run: RunId,
) -> rusqlite::Result<(Vec<Suspicion>, Option<i64>)> {
    let select = "SELECT reasons, confirmed_at FROM suspicion WHERE run = ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let found = connection.prepare_cached(select)?.query_row([run.0], read).optional()?;
    let Some((reasons, confirmed_at)) = found else { return Ok((Vec::new(), None)) };
    let reasons = serde_json::from_str(&reasons).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok((reasons, confirmed_at))
}

impl Vault {
    /// Confirms a suspect run: what it found gone, and nobody saw since, becomes
    /// absent from that run on, and the run is complete. All or nothing.
    ///
    /// # Errors
    /// When there is no such run, it is not suspect, a later run took its place,
    /// or the vault cannot be written.
    pub fn confirm_run(&mut self, run: RunId, at: Timestamp) -> Result<Confirmed> {
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.at(&path)?;
        let select = "SELECT state, ended_at FROM run WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?));
        let found = transaction.query_row(select, [run.0], read).optional().at(&path)?;
        let (state, ended_at) = found.ok_or(VaultError::NoSuchRun { run: run.0 })?;
        let state = RunState::from_name(&state).map_or("of no known state", RunState::name);
        if state != RunState::Suspect.name() {
            let advice = "only a suspect run can be confirmed";
            return Err(VaultError::WrongRunState { run: run.0, state, advice });
        }
        if let Some((later, state)) = superseding(&transaction, run).at(&path)? {
            return Err(VaultError::Superseded { run: run.0, later: later.0, state });
        }
        let ended_at = ended_at.unwrap_or(at.as_microsecond());
        let confirmed = confirm(&transaction, run, ended_at, at).at(&path)?;
        transaction.commit().at(&path)?;
        Ok(confirmed)
    }
}

fn confirm(connection: &Connection, run: RunId, ended_at: i64, at: Timestamp) -> rusqlite::Result<Confirmed> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok((Gone { version: row.get(0)?, object: row.get(1)? }, row.get::<_, String>(2)?))
    };
    let still_gone = gather(connection, STILL_GONE, [run.0], read)?;
    let mut gone: BTreeMap<String, u64> = BTreeMap::new();
    for (one, kind) in &still_gone {
        make_absent(connection, run, *one, ended_at)?;
        *gone.entry(kind.clone()).or_default() += 1;
    }
    let count = "INSERT INTO run_kind (run, kind, seen, added, changed, removed) VALUES (?1, ?2, 0, 0, 0, ?3)
         ON CONFLICT (run, kind) DO UPDATE SET removed = removed + excluded.removed";
    for (kind, objects) in &gone {
        connection.execute(count, (run.0, kind, objects.cast_signed()))?;
    }
    let held = connection.execute("DELETE FROM held WHERE run = ?1", [run.0])?;
    connection.execute("UPDATE run SET state = 'complete' WHERE id = ?1", [run.0])?;
    let note = "UPDATE suspicion SET confirmed_at = ?2 WHERE run = ?1";
    connection.execute(note, (run.0, at.as_microsecond()))?;
    Ok(Confirmed { seen_since: (held - still_gone.len()) as u64, gone })
}
