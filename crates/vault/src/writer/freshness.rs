//! What a run found as it was, without reading it: by a listing that names it
//! unchanged, or because it was read not long ago.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::query::number;
use crate::{FullPass, KindRead, ListingScope, Probe, RunId, refusals};

/// What became of a part of a listing that was held against the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Objects that the listing names as the vault has them.
    pub unchanged: u64,
    /// Those that it names otherwise, or anew, in the order of their keys.
    pub stale: Vec<Stale>,
    /// Objects that the vault has there and the listing does not name anywhere.
    pub unlisted: u64,
}

/// An object that a listing names and the vault does not have as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stale {
    /// The object's key.
    pub key: String,
    /// The folder in which it is listed.
    pub folder: Option<String>,
    /// Its place, from 0, among all rows that were listed of its kind and side, by
    /// their ids as numbers.
    pub place: u64,
}

/// Listed with the stamp, on the side and in the folder that the current version
/// has; a row without a stamp proves nothing.
macro_rules! unchanged {
    () => {
        "FROM listed l
         JOIN object o ON o.instance = (SELECT instance FROM run WHERE id = ?1)
             AND o.kind = l.kind AND o.key = l.key
         JOIN version v ON v.object = o.id AND v.until_run IS NULL
         WHERE l.run = ?1 AND l.listing = ?2 AND l.kind = ?3 AND l.side = ?4
             AND (?5 IS NULL OR ?6 <> coalesce(l.folder IN (SELECT value FROM json_each(?5)), 0))
             AND o.unsettled = 0 AND v.side = l.side AND v.folder IS l.folder
             AND l.updated_at IS NOT NULL AND v.updated_at = l.updated_at"
    };
}

const SIGHT_UNCHANGED: &str = concat!(
    "INSERT INTO sighting (run, object, side, folder, updated_at, read_at)
     SELECT ?1, o.id, l.side, l.folder, l.updated_at, 0 ",
    unchanged!(),
    " ON CONFLICT (run, object) DO NOTHING"
);

const CHANGED: &str = concat!(
    "SELECT r.key, r.folder, r.place FROM (
         SELECT key, folder, row_number() OVER (ORDER BY length(key), key) - 1 AS place FROM listed
         WHERE run = ?1 AND listing = ?2 AND kind = ?3 AND side = ?4) r
     WHERE (?5 IS NULL OR ?6 <> coalesce(r.folder IN (SELECT value FROM json_each(?5)), 0))
         AND r.key NOT IN (SELECT l.key ",
    unchanged!(),
    ") ORDER BY r.key"
);

const UNLISTED: &str = "SELECT count(*) FROM object o
     JOIN version v ON v.object = o.id AND v.until_run IS NULL
     WHERE o.instance = (SELECT instance FROM run WHERE id = ?1) AND o.kind = ?3 AND v.side = ?4
         AND (?5 IS NULL OR ?6 <> coalesce(v.folder IN (SELECT value FROM json_each(?5)), 0))
         AND NOT EXISTS (SELECT 1 FROM listed l
             WHERE l.run = ?1 AND l.listing = ?2 AND l.kind = ?3 AND l.key = o.key)";

/// Notes what a listing names unchanged as seen by the run; answers the rest,
/// scope by scope. Any later reading of the same objects outranks it.
pub(super) fn adopt(
    connection: &Connection,
    run: RunId,
    listing: u32,
    scopes: &[ListingScope],
) -> rusqlite::Result<Vec<Adopted>> {
    let mut answers = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let (folders, but) = super::disagreements::folder_list(scope);
        let mut adopted = Adopted::default();
        for side in &scope.sides {
            let row = (run.0, listing, &scope.kind, side.code(), &folders, but);
            adopted.unchanged += connection.prepare_cached(SIGHT_UNCHANGED)?.execute(row)? as u64;
            let stale = |row: &rusqlite::Row<'_>| {
                let place = row.get::<_, i64>(2)?.cast_unsigned();
                Ok(Stale { key: row.get(0)?, folder: row.get(1)?, place })
            };
            adopted.stale.extend(crate::query::gather(connection, CHANGED, row, stale)?);
            adopted.unlisted += number(connection, UNLISTED, row)?;
        }
        answers.push(adopted);
    }
    Ok(answers)
}

/// Notes objects as seen by the run as their current versions are. Answers the
/// keys of which there is none.
pub(super) fn found_as_it_was(
    connection: &Connection,
    run: RunId,
    kind: &str,
    keys: &[String],
    at: Timestamp,
) -> rusqlite::Result<HashSet<String>> {
    let mut sight = connection.prepare_cached(
        "INSERT INTO sighting (run, object, side, folder, updated_at, read_at)
         SELECT ?1, o.id, v.side, v.folder, v.updated_at, ?4 FROM object o
         JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side < 2
         WHERE o.instance = (SELECT instance FROM run WHERE id = ?1) AND o.kind = ?2 AND o.key = ?3
         ON CONFLICT (run, object) DO UPDATE SET read_at = max(read_at, excluded.read_at)",
    )?;
    let mut unknown = HashSet::new();
    for key in keys {
        if sight.execute((run.0, kind, key, at.as_microsecond()))? == 0 {
            unknown.insert(key.clone());
        }
    }
    Ok(unknown)
}

/// Notes when objects were read that are read again by their age.
pub(super) fn refreshed(
    connection: &Connection,
    run: RunId,
    kind: &str,
    keys: &[String],
    at: Timestamp,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO refreshed (object, read_at)
         SELECT id, ?4 FROM object
         WHERE instance = (SELECT instance FROM run WHERE id = ?1) AND kind = ?2 AND key = ?3
         ON CONFLICT (object) DO UPDATE SET read_at = max(read_at, excluded.read_at)",
    )?;
    keys.iter().try_for_each(|key| {
        upsert.execute((run.0, kind, key, at.as_microsecond()))?;
        refusals::admitted(connection, run, kind, key)
    })
}

/// Takes over birth marks into current versions.
pub(super) fn births(
    connection: &Connection,
    run: RunId,
    kind: &str,
    births: &[(String, Timestamp)],
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE version SET created_at = ?4 WHERE until_run IS NULL AND object =
         (SELECT id FROM object WHERE instance = (SELECT instance FROM run WHERE id = ?1) AND kind = ?2 AND key = ?3)",
    )?;
    births.iter().try_for_each(|(key, at)| update.execute((run.0, kind, key, at.as_microsecond())).map(drop))
}

/// Notes that a run has read a kind.
pub(super) fn kind_read(connection: &Connection, run: RunId, read: &KindRead) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO kind_read (instance, kind, run, read_at)
         SELECT instance, ?2, ?1, ?3 FROM run WHERE id = ?1
         ON CONFLICT (instance, kind) DO UPDATE SET run = excluded.run, read_at = excluded.read_at";
    let row = (run.0, &read.kind, read.read_at.as_microsecond());
    connection.prepare_cached(upsert)?.execute(row)?;
    refusals::kind_admitted(connection, run, &read.kind)
}

/// Notes that a run has read every body of a kind.
pub(super) fn full_pass(connection: &Connection, run: RunId, pass: &FullPass) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO full_pass (instance, extent, kind, run, read_at, days)
         SELECT instance, ?2, ?3, ?1, ?4, ?5 FROM run WHERE id = ?1
         ON CONFLICT (instance, extent, kind) DO UPDATE SET run = excluded.run,
             read_at = excluded.read_at, days = excluded.days";
    let row = (run.0, &pass.extent, &pass.kind, pass.read_at.as_microsecond(), pass.days);
    connection.prepare_cached(upsert)?.execute(row).map(drop)
}

/// Remembers what an instance was found to understand.
pub(super) fn probe(connection: &Connection, run: RunId, probe: &Probe) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO probe (instance, name, answer, at)
         SELECT instance, ?2, ?3, ?4 FROM run WHERE id = ?1
         ON CONFLICT (instance, name) DO UPDATE SET answer = excluded.answer, at = excluded.at";
    let row = (run.0, &probe.name, probe.answer, probe.at.as_microsecond());
    connection.prepare_cached(upsert)?.execute(row).map(drop)
}

/// The last version of an object before the run's own, to tell a change without
/// a stamp: keys whose body the run changed although the stamp stayed.
pub(super) fn changed_without_stamp(
    connection: &Connection,
    run: RunId,
    kind: &str,
) -> rusqlite::Result<Vec<String>> {
    let select = "SELECT o.key FROM version v
         JOIN object o ON o.id = v.object AND o.kind = ?2
         JOIN version b ON b.object = v.object AND b.until_run = v.from_run
         WHERE v.from_run = ?1 AND v.side < 2 AND b.side = v.side AND b.body <> v.body
             AND b.folder IS v.folder AND b.updated_at = v.updated_at
         ORDER BY o.key";
    crate::query::gather(connection, select, (run.0, kind), |row| row.get(0))
}
