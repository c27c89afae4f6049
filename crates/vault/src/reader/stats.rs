//! What the vault is made of: how it grew, what is big, what changes much.

use jiff::Timestamp;
use rusqlite::Row;

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{Result, RunId, times};

/// What one kind holds and takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindStats {
    /// The kind.
    pub kind: String,
    /// Objects that are there now, live or in the trash.
    pub objects: u64,
    /// Versions with content.
    pub versions: u64,
    /// Distinct bodies of these versions.
    pub bodies: u64,
    /// Bytes of documents, were they kept once for every run that shows them.
    pub copied_bytes: u64,
    /// Bytes of the distinct bodies before compression.
    pub raw_bytes: u64,
    /// Their bytes as stored.
    pub stored_bytes: u64,
}

/// What a run brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The run.
    pub run: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// Versions that begin with it, absences too.
    pub versions: u64,
    /// Bodies that came with it.
    pub bodies: u64,
    /// Their bytes as stored.
    pub stored_bytes: u64,
}

/// An object and its current document's size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSize {
    /// The instance's URL.
    pub instance_url: String,
    /// The kind.
    pub kind: String,
    /// The key.
    pub key: String,
    /// Title or name.
    pub title: Option<String>,
    /// Bytes before compression.
    pub raw_bytes: u64,
    /// Bytes as stored.
    pub stored_bytes: u64,
}

/// An object and how often it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChanges {
    /// The instance's URL.
    pub instance_url: String,
    /// The key.
    pub key: String,
    /// Title or name.
    pub title: Option<String>,
    /// Versions that followed another one.
    pub changes: u64,
    /// When the newest of them was read.
    pub changed_at: Timestamp,
}

/// A version counts once for every run from its first until its last.
const KINDS: &str = "WITH place (run, instance, number) AS MATERIALIZED (
         SELECT id, instance, row_number() OVER (PARTITION BY instance ORDER BY id) FROM run
         WHERE id NOT IN (SELECT run FROM forgotten)),
     ends (instance, number) AS MATERIALIZED (
         SELECT instance, max(number) + 1 FROM place GROUP BY instance),
     shown (kind, body, runs, current) AS MATERIALIZED (
         SELECT o.kind, v.body, coalesce(u.number, e.number) - f.number, v.until_run IS NULL
         FROM version v JOIN object o ON o.id = v.object
         JOIN place f ON f.run = v.from_run LEFT JOIN place u ON u.run = v.until_run
         JOIN ends e ON e.instance = o.instance WHERE v.side < 2),
     counted (kind, objects, versions, bodies, copied) AS (
         SELECT s.kind, sum(s.current), count(*), count(DISTINCT s.body), sum(s.runs * b.raw_len)
         FROM shown s JOIN body b ON b.id = s.body GROUP BY s.kind),
     sized (kind, raw, stored) AS (
         SELECT d.kind, sum(b.raw_len), sum(length(b.data))
         FROM (SELECT DISTINCT kind, body FROM shown) d JOIN body b ON b.id = d.body GROUP BY d.kind)
     SELECT c.kind, c.objects, c.versions, c.bodies, c.copied, z.raw, z.stored
     FROM counted c JOIN sized z ON z.kind = c.kind ORDER BY c.kind";

const GROWTH: &str = "WITH arrived (run, stored) AS MATERIALIZED (
         SELECT min(v.from_run), length(b.data) FROM version v JOIN body b ON b.id = v.body GROUP BY v.body),
     bodies (run, bodies, stored) AS MATERIALIZED (
         SELECT run, count(*), sum(stored) FROM arrived GROUP BY run),
     versions (run, versions) AS MATERIALIZED (
         SELECT from_run, count(*) FROM version GROUP BY from_run)
     SELECT r.id, r.started_at, coalesce(v.versions, 0), coalesce(b.bodies, 0), coalesce(b.stored, 0)
     FROM run r LEFT JOIN versions v ON v.run = r.id LEFT JOIN bodies b ON b.run = r.id
     WHERE r.id NOT IN (SELECT run FROM forgotten) ORDER BY r.id";

const BIGGEST: &str = "SELECT i.url, o.kind, o.key, v.title, b.raw_len, length(b.data)
     FROM version v JOIN object o ON o.id = v.object JOIN instance i ON i.id = o.instance
     JOIN body b ON b.id = v.body
     WHERE v.until_run IS NULL ORDER BY b.raw_len DESC, o.kind, o.key LIMIT ?1";

const MOST_CHANGED: &str = "SELECT i.url, o.key,
         (SELECT title FROM version WHERE object = o.id AND until_run IS NULL), count(*) - 1, max(v.read_at)
     FROM object o JOIN version v ON v.object = o.id JOIN instance i ON i.id = o.instance
     WHERE o.kind = ?1 GROUP BY o.id HAVING count(*) > 1
     ORDER BY 4 DESC, 5 DESC, o.id LIMIT ?2";

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

impl Reader {
    /// What each kind holds and takes. Looks at every version and body row.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn kind_stats(&self) -> Result<Vec<KindStats>> {
        let kind = |row: &Row<'_>| {
            Ok(KindStats {
                kind: row.get(0)?,
                objects: count(row, 1)?,
                versions: count(row, 2)?,
                bodies: count(row, 3)?,
                copied_bytes: count(row, 4)?,
                raw_bytes: count(row, 5)?,
                stored_bytes: count(row, 6)?,
            })
        };
        gather(&self.connection, KINDS, (), kind).at(&self.path)
    }

    /// What each run that is not pruned brought, oldest first. Bodies of pruned
    /// runs count for the run that shows them first now.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn growth(&self) -> Result<Vec<Growth>> {
        let growth = |row: &Row<'_>| {
            Ok(Growth {
                run: RunId(row.get(0)?),
                started_at: times::timestamp(row.get(1)?)?,
                versions: count(row, 2)?,
                bodies: count(row, 3)?,
                stored_bytes: count(row, 4)?,
            })
        };
        gather(&self.connection, GROWTH, (), growth).at(&self.path)
    }

    /// The objects with the biggest documents now, biggest first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn biggest(&self, limit: u32) -> Result<Vec<ObjectSize>> {
        let object = |row: &Row<'_>| {
            Ok(ObjectSize {
                instance_url: row.get(0)?,
                kind: row.get(1)?,
                key: row.get(2)?,
                title: row.get(3)?,
                raw_bytes: count(row, 4)?,
                stored_bytes: count(row, 5)?,
            })
        };
        gather(&self.connection, BIGGEST, [limit], object).at(&self.path)
    }

    /// The objects of a kind that changed most often, in what is not pruned.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn most_changed(&self, kind: &str, limit: u32) -> Result<Vec<ObjectChanges>> {
        let object = |row: &Row<'_>| {
            Ok(ObjectChanges {
                instance_url: row.get(0)?,
                key: row.get(1)?,
                title: row.get(2)?,
                changes: count(row, 3)?,
                changed_at: times::timestamp(row.get(4)?)?,
            })
        };
        gather(&self.connection, MOST_CHANGED, (kind, limit), object).at(&self.path)
    }
}
