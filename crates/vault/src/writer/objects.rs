//! Storing one object as it was read: sighting, body, version, volatile part.
//!
//! The rules of versions: a version is valid from one run until another. A
//! reading that finds an object as it was writes none. A run has at most one
//! version of an object: what changes while it runs, changes that version in
//! place, and if it changes back to what it was before the run, the version
//! goes and the one before is current again. A run that was taken up again
//! after newer runs were made changes a newer version in place too, since what
//! it reads now is newer still.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::counters;
use crate::error::AtPath;
use crate::references::References;
use crate::{Codec, DictionaryId, Encoded, Record, Result, RunId, VaultError, refusals, seals, times};

/// Stores objects, remembering what needs no second look into the database.
pub(super) struct Objects {
    codec: Codec,
    instances: HashMap<RunId, i64>,
    dictionaries: HashMap<DictionaryId, i64>,
    references: References,
    /// Bodies that a version has let go of; some may be needed by nobody.
    replaced: Vec<i64>,
}

/// An object's row with its current version.
struct Known {
    object: i64,
    unsettled: bool,
    current: Option<Current>,
}

/// A version.
struct Current {
    id: i64,
    from_run: i64,
    side: i64,
    body: Option<i64>,
    title: Option<String>,
    folder: Option<String>,
    updated_at: Option<i64>,
    created_at: Option<i64>,
}

/// The newest version is the current one. The index is named because SQLite
/// would plan this anew at every call while it considers the partial one.
const FIND_CURRENT: &str = "SELECT
         v.id, v.from_run, v.side, v.body, v.title, v.folder, v.updated_at, v.created_at
     FROM version v INDEXED BY version_start WHERE v.object = ?1 ORDER BY v.from_run DESC, v.id DESC LIMIT 1";

const FIND_BEFORE: &str = "SELECT
         v.id, v.from_run, v.side, v.body, v.title, v.folder, v.updated_at, v.created_at
     FROM version v INDEXED BY version_start WHERE v.object = ?1 AND v.until_run = ?2
     ORDER BY v.id DESC LIMIT 1";

impl Current {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            from_run: row.get(1)?,
            side: row.get(2)?,
            body: row.get(3)?,
            title: row.get(4)?,
            folder: row.get(5)?,
            updated_at: row.get(6)?,
            created_at: row.get(7)?,
        })
    }

    /// The record says what this version says.
    fn says(&self, record: &Record, body: i64) -> bool {
        self.side == record.side.code()
            && self.body == Some(body)
            && self.title == record.title
            && self.folder == record.folder
    }

    /// The stamps agree too; they may move without the body where a kind's
    /// stamps are volatile.
    fn has_stamps_of(&self, record: &Record) -> bool {
        self.updated_at == times::micros(record.updated_at)
            && self.created_at == times::micros(record.created_at)
    }
}

impl Objects {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            instances: HashMap::new(),
            dictionaries: HashMap::new(),
            references: References::default(),
            replaced: Vec::new(),
        }
    }

    /// Bodies to look at when the run ends.
    pub(super) fn take_replaced(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.replaced)
    }

    /// Stores an object as it was read, inside the open transaction.
    pub(super) fn store(
        &mut self,
        connection: &Connection,
        path: &Path,
        run: RunId,
        record: &Record,
    ) -> Result<()> {
        let instance = self.instance(connection, path, run)?;
        let known = find_or_insert(connection, instance, record).at(path)?;
        if !sight(connection, run, known.object, record).at(path)? {
            return Ok(());
        }
        let body = self.body(connection, path, record)?;
        self.version(connection, run, &known, record, body).at(path)?;
        self.volatile(connection, path, run, known.object, record)?;
        if known.unsettled != record.unsettled {
            let update = "UPDATE object SET unsettled = ?2 WHERE id = ?1";
            let mut update = connection.prepare_cached(update).at(path)?;
            update.execute((known.object, record.unsettled)).at(path)?;
        }
        Ok(())
    }

    fn instance(&mut self, connection: &Connection, path: &Path, run: RunId) -> Result<i64> {
        if let Some(instance) = self.instances.get(&run) {
            return Ok(*instance);
        }
        let select = "SELECT instance FROM run WHERE id = ?1";
        let instance = connection.query_row(select, [run.0], |row| row.get(0)).optional().at(path)?;
        let instance = instance.ok_or(VaultError::NoSuchRun { run: run.0 })?;
        self.instances.insert(run, instance);
        Ok(instance)
    }

    /// The row of the record's body, stored with its references if it is new.
    fn body(&mut self, connection: &Connection, path: &Path, record: &Record) -> Result<i64> {
        let select = "SELECT id FROM body WHERE hash = ?1";
        let mut select = connection.prepare_cached(select).at(path)?;
        let known = select.query_row([record.body.0], |row| row.get(0)).optional().at(path)?;
        if let Some(known) = known {
            return Ok(known);
        }
        let Some(encoded) = &record.encoded else {
            return Err(VaultError::MissingBody {
                kind: record.kind.to_string(),
                key: record.key.clone(),
                hash: record.body,
            });
        };
        let dictionary = self.dictionary(connection, path, encoded)?;
        let insert = "INSERT INTO body (hash, kind, raw_len, dictionary, data, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let seal = seal(
            [ValueRef::Blob(&record.body.0), ValueRef::Text(record.kind.as_bytes())],
            encoded,
            dictionary,
        );
        let row = (record.body.0, &record.kind, encoded.raw_len, dictionary, &encoded.data, seal);
        connection.prepare_cached(insert).at(path)?.execute(row).at(path)?;
        let body = connection.last_insert_rowid();
        self.references.store(connection, body, &record.references).at(path)?;
        Ok(body)
    }

    /// The row of the dictionary that was used, stored with its first use.
    fn dictionary(&mut self, connection: &Connection, path: &Path, encoded: &Encoded) -> Result<Option<i64>> {
        let Some(id) = encoded.dictionary else { return Ok(None) };
        if let Some(row) = self.dictionaries.get(&id) {
            return Ok(Some(*row));
        }
        let known = self.codec.dictionary(id).ok_or_else(|| {
            VaultError::damaged(path, format!("dictionary {id} belongs to another vault's codec"))
        })?;
        let insert = "INSERT INTO dictionary (hash, kind, part, data) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hash) DO NOTHING";
        connection.execute(insert, (id.0, &known.kind, known.part.code(), &known.bytes)).at(path)?;
        let select = "SELECT id FROM dictionary WHERE hash = ?1";
        let row = connection.query_row(select, [id.0], |row| row.get(0)).at(path)?;
        self.dictionaries.insert(id, row);
        Ok(Some(row))
    }

    fn version(
        &mut self,
        connection: &Connection,
        run: RunId,
        known: &Known,
        record: &Record,
        body: i64,
    ) -> rusqlite::Result<()> {
        match &known.current {
            None => insert_version(connection, run, known.object, record, body),
            Some(current) if current.says(record, body) => {
                if current.has_stamps_of(record) {
                    return Ok(());
                }
                update_stamps(connection, current.id, record)
            }
            Some(current) if current.from_run >= run.0 => {
                self.replaced.extend(current.body);
                change_in_place(connection, known.object, current, record, body)
            }
            Some(current) => {
                end_version(connection, run, current.id)?;
                insert_version(connection, run, known.object, record, body)
            }
        }
    }

    /// Keeps the latest volatile part, and the values that its counters have now;
    /// written only if they differ.
    fn volatile(
        &mut self,
        connection: &Connection,
        path: &Path,
        run: RunId,
        object: i64,
        record: &Record,
    ) -> Result<()> {
        if record.volatile_hash == 0 {
            let delete = "DELETE FROM volatile WHERE object = ?1";
            return connection.prepare_cached(delete).at(path)?.execute([object]).map(drop).at(path);
        }
        if let Some(volatile) = &record.volatile {
            self.store_volatile(connection, path, object, record.volatile_hash, volatile)?;
        }
        let Some(counts) = &record.counters else { return Ok(()) };
        // A listing may have counted since the volatile part was stored.
        counters::of_reading(connection, run, object, counts).at(path)
    }

    fn store_volatile(
        &mut self,
        connection: &Connection,
        path: &Path,
        object: i64,
        hash: u64,
        volatile: &Encoded,
    ) -> Result<()> {
        let dictionary = self.dictionary(connection, path, volatile)?;
        let upsert = "INSERT INTO volatile (object, hash, raw_len, dictionary, data, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (object) DO UPDATE SET hash = excluded.hash, raw_len = excluded.raw_len,
                 dictionary = excluded.dictionary, data = excluded.data, seal = excluded.seal
             WHERE hash <> excluded.hash";
        let hash = hash.cast_signed();
        let seal = seal([ValueRef::Integer(object), ValueRef::Integer(hash)], volatile, dictionary);
        let row = (object, hash, volatile.raw_len, dictionary, &volatile.data, seal);
        connection.prepare_cached(upsert).at(path)?.execute(row).map(drop).at(path)
    }
}

/// The seal of a row of content: two columns of its own, then the blob's.
fn seal(own: [ValueRef<'_>; 2], encoded: &Encoded, dictionary: Option<i64>) -> i64 {
    let [first, second] = own;
    let dictionary = dictionary.map_or(ValueRef::Null, ValueRef::Integer);
    let raw_len = ValueRef::Integer(encoded.raw_len.into());
    seals::of_row(&[first, second, raw_len, dictionary, ValueRef::Blob(&encoded.data)])
}

fn find_or_insert(connection: &Connection, instance: i64, record: &Record) -> rusqlite::Result<Known> {
    let name = (instance, &record.kind, &record.key);
    let find = "SELECT id, unsettled FROM object WHERE instance = ?1 AND kind = ?2 AND key = ?3";
    let known =
        connection.prepare_cached(find)?.query_row(name, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((object, unsettled)) = known else {
        let insert = "INSERT INTO object (instance, kind, key, unsettled) VALUES (?1, ?2, ?3, 0)";
        connection.prepare_cached(insert)?.execute(name)?;
        let object = connection.last_insert_rowid();
        refusals::forgotten(connection, object)?;
        return Ok(Known { object, unsettled: false, current: None });
    };
    let current = connection.prepare_cached(FIND_CURRENT)?.query_row([object], Current::read).optional()?;
    Ok(Known { object, unsettled, current })
}

/// Notes that the run has seen the object; false if it has seen a later reading.
fn sight(connection: &Connection, run: RunId, object: i64, record: &Record) -> rusqlite::Result<bool> {
    let upsert = "INSERT INTO sighting (run, object, side, folder, updated_at, read_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (run, object) DO UPDATE SET side = excluded.side, folder = excluded.folder,
             updated_at = excluded.updated_at, read_at = excluded.read_at
         WHERE excluded.read_at >= read_at";
    let (updated_at, read_at) = (times::micros(record.updated_at), record.read_at.as_microsecond());
    let row = (run.0, object, record.side.code(), &record.folder, updated_at, read_at);
    Ok(connection.prepare_cached(upsert)?.execute(row)? == 1)
}

fn insert_version(
    connection: &Connection,
    run: RunId,
    object: i64,
    record: &Record,
    body: i64,
) -> rusqlite::Result<()> {
    let insert =
        "INSERT INTO version (object, from_run, side, body, title, folder, updated_at, created_at, read_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = (
        object,
        run.0,
        record.side.code(),
        body,
        &record.title,
        &record.folder,
        times::micros(record.updated_at),
        times::micros(record.created_at),
        record.read_at.as_microsecond(),
    );
    connection.prepare_cached(insert)?.execute(row).map(drop)
}

/// Ends a version, and keeps when the object was last read as it says.
pub(super) fn end_version(connection: &Connection, run: RunId, version: i64) -> rusqlite::Result<()> {
    let end = "UPDATE version SET until_run = ?2, confirmed_at =
             (SELECT f.read_at FROM refreshed f WHERE f.object = version.object AND f.read_at > version.read_at)
         WHERE id = ?1";
    connection.prepare_cached(end)?.execute((version, run.0)).map(drop)
}

fn update_stamps(connection: &Connection, version: i64, record: &Record) -> rusqlite::Result<()> {
    let update = "UPDATE version SET updated_at = ?2, created_at = ?3 WHERE id = ?1";
    let row = (version, times::micros(record.updated_at), times::micros(record.created_at));
    connection.prepare_cached(update)?.execute(row).map(drop)
}

fn change_in_place(
    connection: &Connection,
    object: i64,
    current: &Current,
    record: &Record,
    body: i64,
) -> rusqlite::Result<()> {
    let before = connection
        .prepare_cached(FIND_BEFORE)?
        .query_row((object, current.from_run), Current::read)
        .optional()?;
    if let Some(before) = before.filter(|before| before.says(record, body)) {
        connection.prepare_cached("DELETE FROM version WHERE id = ?1")?.execute([current.id])?;
        let reopen = "UPDATE version SET until_run = NULL WHERE id = ?1";
        connection.prepare_cached(reopen)?.execute([before.id])?;
        return update_stamps(connection, before.id, record);
    }
    let update = "UPDATE version SET side = ?2, body = ?3, title = ?4, folder = ?5, updated_at = ?6,
         created_at = ?7, read_at = ?8 WHERE id = ?1";
    let row = (
        current.id,
        record.side.code(),
        body,
        &record.title,
        &record.folder,
        times::micros(record.updated_at),
        times::micros(record.created_at),
        record.read_at.as_microsecond(),
    );
    connection.prepare_cached(update)?.execute(row).map(drop)
}
