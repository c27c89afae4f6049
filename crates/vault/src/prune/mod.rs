//! Pruning: runs are forgotten, and with them what only they showed.
//!
//! # The problem
//!
//! A version is valid from one run until another, and these may be any runs.
//! Forgetting one must leave exactly what the kept runs show; only then may the
//! versions go that nobody can ask for any more, and then their bodies.
//!
//! # The choice
//!
//! A boundary at a forgotten run moves to the next kept run of its instance.
//! No kept run lies between the two, so for each of them the boundary is on the
//! same side as before. A version whose two boundaries meet is seen by no kept
//! run and goes; the versions of an object stay a chain without a hole.
//!
//! What is gone has a retention of its own. The last content of an object that
//! became absent not long ago stays although its boundaries meet: it then looks
//! like the content of an object that came and went within one run. The absence
//! itself always stays, so that the vault can say what there once was.
//!
//! Forgotten runs keep their row, since the calls they made were made: they count
//! towards the month's allowance. What they read, and how, goes.
//!
//! Everything happens in one transaction. Giving the space back to the file
//! system is a second step ([`Vault::compact`]), which may fail without harm.

mod statements;

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row};

pub(crate) use self::statements::DELETE_UNNEEDED_BODIES;
use self::statements::{
    DELETE_DICTIONARIES, DELETE_INVISIBLE, FORGET_RUNS, HOLLOW, MEASURE, MOVE_BOUNDARIES, RUNS, UNFORGETTABLE,
};
use crate::error::AtPath;
use crate::query::{gather, number};
use crate::{Reader, Result, RunId, Vault, VaultError, refusals, seals, times};

/// What to forget.
#[derive(Debug, Clone)]
pub struct Pruning {
    /// The runs to forget.
    pub runs: Vec<RunId>,
    /// The last content of what became absent at this time or later stays.
    pub gone_since: Timestamp,
    /// JSON: by which rules, kept for the record.
    pub policy: String,
    /// When it is done.
    pub at: Timestamp,
}

/// What goes, or went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Runs.
    pub runs: u64,
    /// Versions of objects.
    pub versions: u64,
    /// Objects of which nothing but their absence is left.
    pub objects: u64,
    /// Bodies that no version needs any more.
    pub bodies: u64,
    /// Bytes, as stored, of these bodies and of the volatile parts of these objects.
    pub bytes: u64,
}

impl Dropped {
    /// Whether there is nothing to drop.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Reads runs, versions, objects, bodies and bytes, the first columns of a row.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(Self {
            runs: number(0)?,
            versions: number(1)?,
            objects: number(2)?,
            bodies: number(3)?,
            bytes: number(4)?,
        })
    }
}

/// A prune that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneInfo {
    /// When.
    pub at: Timestamp,
    /// By which rules (JSON), as given.
    pub policy: String,
    /// The runs that it forgot.
    pub runs: Vec<RunId>,
    /// What went.
    pub dropped: Dropped,
}

impl Reader {
    /// What a pruning would drop, to the body and byte.
    ///
    /// # Errors
    /// When it names a run that is unknown or must stay, or the vault cannot be
    /// read.
    pub fn would_prune(&self, pruning: &Pruning) -> Result<Dropped> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        refuse_what_must_stay(&self.connection, &self.path, pruning)?;
        let dropped = measure(&self.connection, pruning).at(&self.path)?;
        snapshot.finish().at(&self.path)?;
        Ok(dropped)
    }

    /// The prunes that were made, newest first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn prunes(&self) -> Result<Vec<PruneInfo>> {
        self.snapshot(|| {
            let select = "SELECT runs, versions, objects, bodies, bytes, id, at, policy FROM prune
                 ORDER BY id DESC";
            gather(&self.connection, select, (), |row| {
                let forgotten = "SELECT run FROM forgotten WHERE prune = ?1 ORDER BY run";
                let id: i64 = row.get(5)?;
                Ok(PruneInfo {
                    at: times::timestamp(row.get(6)?)?,
                    policy: row.get(7)?,
                    runs: gather(&self.connection, forgotten, [id], |row| row.get(0).map(RunId))?,
                    dropped: Dropped::read(row)?,
                })
            })
        })
    }

    /// Runs that no prune may forget: of each scope the newest that is complete,
    /// and those after it, which can be resumed or confirmed.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unforgettable(&self) -> Result<Vec<RunId>> {
        gather(&self.connection, UNFORGETTABLE, (), |row| row.get(0).map(RunId)).at(&self.path)
    }
}

impl Vault {
    /// Forgets runs, and what no kept run shows; all or nothing. Bodies that
    /// nothing needs go as well. Where nothing is to be dropped nothing is
    /// written. The file keeps its size until [`Vault::compact`].
    ///
    /// # Errors
    /// When it names a run that is unknown or must stay, or the vault cannot be
    /// written; then it is as it was.
    pub fn prune(&mut self, pruning: &Pruning) -> Result<Dropped> {
        refuse_what_must_stay(&self.connection, &self.path, pruning)?;
        let transaction = self.connection.transaction().at(&self.path)?;
        let dropped = measure(&transaction, pruning).at(&self.path)?;
        if !dropped.is_nothing() {
            forget(&transaction, pruning, &dropped).at(&self.path)?;
        }
        transaction.commit().at(&self.path)?;
        seals::tighten(&self.connection).at(&self.path)?;
        Ok(dropped)
    }

    /// Whether the file holds pages that nothing needs.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn has_free_pages(&self) -> Result<bool> {
        number(&self.connection, "SELECT freelist_count FROM pragma_freelist_count", ())
            .map(|pages| pages > 0)
            .at(&self.path)
    }

    /// Writes the file anew without free space, which takes as much room on the
    /// disk again while it lasts. The vault stays whole whenever this ends.
    ///
    /// # Errors
    /// When there is not enough room, or the vault cannot be written.
    pub fn compact(&mut self) -> Result<()> {
        // Not in memory, where the triggers that keep the seals are, which go with it.
        self.connection.pragma_update(None, "temp_store", "FILE").at(&self.path)?;
        let written = self.connection.execute_batch("VACUUM").at(&self.path);
        seals::keep(&self.connection).at(&self.path)?;
        written?;
        // Readers may hold the log for a while; then a later checkpoint shortens
        // the file.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).at(&self.path)
    }
}

fn refuse_what_must_stay(connection: &Connection, path: &Path, pruning: &Pruning) -> Result<()> {
    let runs = |sql| -> Result<HashSet<RunId>> {
        let runs = gather(connection, sql, (), |row| row.get(0).map(RunId)).at(path)?;
        Ok(runs.into_iter().collect())
    };
    let (known, must_stay) = (runs(RUNS)?, runs(UNFORGETTABLE)?);
    for run in &pruning.runs {
        if !known.contains(run) {
            return Err(VaultError::NoSuchRun { run: run.0 });
        }
        if must_stay.contains(run) {
            return Err(VaultError::NeededRun { run: run.0 });
        }
    }
    Ok(())
}

/// Forgotten runs with the next kept one of their instance, as JSON pairs. There
/// is one: the newest run of an instance always stays.
fn moves(connection: &Connection, forgotten: &[RunId]) -> rusqlite::Result<String> {
    let forgotten: HashSet<i64> = forgotten.iter().map(|run| run.0).collect();
    let runs = gather(connection, RUNS, (), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let mut moves = Vec::new();
    let mut kept = None;
    for (run, instance) in runs.into_iter().rev() {
        match kept {
            Some((next, of)) if of == instance && forgotten.contains(&run) => moves.push([run, next]),
            _ => kept = Some((run, instance)),
        }
    }
    Ok(json(&moves))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::json!(value).to_string()
}

fn measure(connection: &Connection, pruning: &Pruning) -> rusqlite::Result<Dropped> {
    let moves = moves(connection, &pruning.runs)?;
    let read = |row: &Row<'_>| {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(Dropped {
            runs: pruning.runs.len() as u64,
            versions: number(0)?,
            objects: number(1)?,
            bodies: number(2)?,
            bytes: number(3)?,
        })
    };
    connection.query_row(MEASURE, (moves, pruning.gone_since.as_microsecond()), read)
}

fn forget(connection: &Connection, pruning: &Pruning, dropped: &Dropped) -> rusqlite::Result<()> {
    record(connection, pruning, dropped)?;
    let (moves, gone_since) = (moves(connection, &pruning.runs)?, pruning.gone_since.as_microsecond());
    let hollow: Vec<i64> = gather(connection, HOLLOW, (&moves, gone_since), |row| row.get(0))?;
    connection.execute(DELETE_INVISIBLE, (&moves, gone_since))?;
    connection.execute(MOVE_BOUNDARIES, [&moves])?;
    for table in ["counter", "volatile", "refreshed"] {
        let mut delete = connection.prepare(&format!("DELETE FROM {table} WHERE object = ?1"))?;
        hollow.iter().try_for_each(|object| delete.execute([object]).map(drop))?;
    }
    hollow.iter().try_for_each(|object| refusals::forgotten(connection, *object))?;
    connection.execute(DELETE_UNNEEDED_BODIES, ())?;
    connection.execute(DELETE_DICTIONARIES, ())?;
    let runs = json(&pruning.runs.iter().map(|run| run.0).collect::<Vec<_>>());
    FORGET_RUNS.iter().try_for_each(|statement| connection.execute(statement, [&runs]).map(drop))
}

fn record(connection: &Connection, pruning: &Pruning, dropped: &Dropped) -> rusqlite::Result<()> {
    let insert = "INSERT INTO prune (at, policy, runs, versions, objects, bodies, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let counts = [dropped.runs, dropped.versions, dropped.objects, dropped.bodies, dropped.bytes];
    let [runs, versions, objects, bodies, bytes] = counts.map(u64::cast_signed);
    let row = (pruning.at.as_microsecond(), &pruning.policy, runs, versions, objects, bodies, bytes);
    connection.execute(insert, row).map(drop)
}
