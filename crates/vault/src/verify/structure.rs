//! The database itself, its schema, the chains of versions, the runs.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::Check;
use crate::lock::Lock;
use crate::query::gather;
use crate::{CHECKING, COMPARING, PLANNING, RESTORING, schema, seals};

/// A version must begin where the one before ended.
const BROKEN_CHAINS: &str = "SELECT o.kind, o.key, v.from_run
     FROM version v JOIN object o ON o.id = v.object
     JOIN (SELECT id, object, lag(until_run) OVER w AS ended, row_number() OVER w AS place
           FROM version WINDOW w AS (PARTITION BY object ORDER BY from_run, id)) before ON before.id = v.id
     WHERE before.place > 1 AND v.from_run IS NOT before.ended";

const NO_CURRENT_VERSION: &str = "SELECT o.kind, o.key FROM object o
     WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.object = o.id AND v.until_run IS NULL)";

const UNNEEDED_BODIES: &str = "SELECT id, kind FROM body b
     WHERE NOT EXISTS (SELECT 1 FROM version WHERE body = b.id)";

/// A prune moves every boundary away from the runs it forgets.
const FORGOTTEN_BOUNDARIES: &str = "SELECT o.kind, o.key, f.run FROM version v
     CROSS JOIN forgotten f ON f.run IN (v.from_run, v.until_run) JOIN object o ON o.id = v.object";

/// Gaps of runs that no later run of the same scope, read whole, has made good.
/// What an epoch lacks that is over cannot be read any more.
const OPEN_GAPS: &str = "SELECT r.id, g.kind, g.what, coalesce(g.key, ''), coalesce(g.first_row, 0), g.reason
     FROM gap g JOIN run r ON r.id = g.run
     WHERE NOT EXISTS (SELECT 1 FROM run later WHERE later.instance = r.instance
         AND later.scope = r.scope AND later.id > r.id AND later.state IN ('complete', 'suspect'))
         AND NOT EXISTS (SELECT 1 FROM instance i JOIN instance n ON n.url = i.url AND n.epoch > i.epoch
             WHERE i.id = r.instance)
     ORDER BY g.id";

/// Suspect runs whose place no later run of the same scope took.
const AWAITING: &str = "SELECT r.id FROM run r WHERE r.state = 'suspect'
     AND NOT EXISTS (SELECT 1 FROM run later WHERE later.instance = r.instance
         AND later.scope = r.scope AND later.id > r.id AND later.state IN ('complete', 'suspect'))
     ORDER BY r.id";

/// A connection that writes nothing, yet is not opened as one that only reads:
/// those know nothing of the constraints on columns and cannot check them.
fn checking_connection(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF")?;
    Ok(connection)
}

impl Check<'_> {
    /// SQLite's own checks of pages, rows, indexes and references.
    pub(super) fn database(&mut self) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let checking = checking_connection(&self.reader.path)?;
        let answers: Vec<String> = gather(&checking, "PRAGMA integrity_check(1000)", (), |row| row.get(0))?;
        for answer in answers.into_iter().filter(|answer| answer != "ok") {
            self.damage("SQLite finds the file damaged", answer);
        }
        let dangling = gather(connection, "PRAGMA foreign_key_check", (), |row| {
            let (table, row_id, parent): (String, Option<i64>, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((parent, format!("{table} {}", row_id.unwrap_or_default())))
        })?;
        for (parent, place) in dangling {
            self.damage(format!("a row refers to a missing row of {parent}"), place);
        }
        Ok(())
    }

    pub(super) fn schema(&mut self) -> rusqlite::Result<()> {
        let (found, expected) = (schema::tables(&self.reader.connection)?, schema::expected_tables()?);
        for (_, name, _) in found.iter().filter(|table| !expected.contains(table)) {
            self.damage("a table or index is not part of the schema", name);
        }
        for (_, name, _) in expected.iter().filter(|table| !found.contains(table)) {
            self.damage("a table or index of the schema is missing or different", name);
        }
        Ok(())
    }

    /// Every row is what was written, none is missing and none was added.
    pub(super) fn seals(&mut self) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let broken = seals::broken(connection)?;
        // Of SQLite's own tables the one that counts runs matters: no run is ever deleted.
        let counted = "SELECT (SELECT coalesce(max(id), 0) FROM run)
             - coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'run'), 0)";
        let off: i64 = connection.query_row(counted, (), |row| row.get(0))?;
        for table in broken.into_iter().chain((off != 0).then(|| "sqlite_sequence".to_owned())) {
            self.damage("a table does not hold what was written to it", table);
        }
        Ok(())
    }

    pub(super) fn versions(&mut self) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let count = |sql| crate::query::number(connection, sql, ());
        self.report.objects = count("SELECT count(*) FROM object")?;
        self.report.versions = count("SELECT count(*) FROM version")?;
        let broken = gather(connection, BROKEN_CHAINS, (), |row| {
            let (kind, key, run): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{kind} {key}, before run {run}"))
        })?;
        let ended = gather(connection, NO_CURRENT_VERSION, (), |row| {
            Ok(format!("{} {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let forgotten = gather(connection, FORGOTTEN_BOUNDARIES, (), |row| {
            let (kind, key, run): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{kind} {key}, run {run}"))
        })?;
        for place in forgotten {
            self.damage("a version begins or ends with a run that was pruned", place);
        }
        for place in broken {
            self.damage("the versions of an object have a hole or overlap", place);
        }
        for place in ended {
            self.damage("an object has no current version", place);
        }
        Ok(())
    }

    /// A body that nobody needs means that a version is missing, unless a run
    /// is at work or died: it may have replaced what it stored before.
    pub(super) fn leftovers(&mut self) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let unfinished = "SELECT count(*) FROM run WHERE state IN ('running', 'interrupted')
             AND id NOT IN (SELECT run FROM forgotten)";
        let unfinished = crate::query::number(connection, unfinished, ())? > 0;
        let unneeded = gather(connection, UNNEEDED_BODIES, (), |row| {
            Ok(format!("body {} of {}", row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        if !unfinished {
            for place in unneeded {
                self.damage("a body is needed by no version: a version is missing", place);
            }
        }
        Ok(())
    }

    /// Runs that never ended or await confirmation, and gaps that no later run has
    /// filled.
    pub(super) fn runs(&mut self) -> rusqlite::Result<()> {
        let connection = &self.reader.connection;
        let unfinished =
            "SELECT id FROM run WHERE state IN ('running', 'interrupted') AND command NOT IN (?1, ?2, ?3, ?4)
             AND id NOT IN (SELECT run FROM forgotten) ORDER BY id";
        let unfinished: Vec<i64> =
            gather(connection, unfinished, [COMPARING, PLANNING, CHECKING, RESTORING], |row| row.get(0))?;
        let gaps = gather(connection, OPEN_GAPS, (), |row| {
            let (run, kind, what): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (key, first_row): (String, i64) = (row.get(3)?, row.get(4)?);
            let reason: String = row.get(5)?;
            let place = match what.as_str() {
                "range" => format!("run {run}: {kind}, rows from {first_row}: {reason}"),
                _ => format!("run {run}: {what} {kind} {key}: {reason}"),
            };
            Ok(place)
        })?;
        for run in unfinished {
            self.unfinished("run", run);
        }
        let restores = "SELECT id FROM restore WHERE state IN ('running', 'interrupted') ORDER BY id";
        let restores: Vec<i64> = gather(connection, restores, (), |row| row.get(0))?;
        for restore in restores {
            self.unfinished("restore", restore);
        }
        let awaiting: Vec<i64> = gather(connection, AWAITING, (), |row| row.get(0))?;
        for run in awaiting {
            let advice = "confirm it, or run the same again";
            self.find("a run is suspect", format!("run {run}"), advice, false);
        }
        for place in gaps {
            self.find("a run has a gap", place, "run the same again; it reads what is missing", false);
        }
        Ok(())
    }

    fn unfinished(&mut self, what: &str, number: i64) {
        let (state, advice) = if Lock::is_held(&self.reader.path) {
            ("is at work", "verify again when it is done")
        } else {
            ("never ended", "resume it")
        };
        self.find(format!("a {what} {state}"), format!("{what} {number}"), advice, false);
    }
}
