//! The schema as numbered migrations that are never edited once released.
//!
//! A vault says what it is in SQLite's own header: `application_id` marks a
//! vault, `user_version` counts its migrations. The checksum of each migration
//! that was applied is kept, so that a vault made by a build that never was
//! released is told apart. A newer schema is refused, never guessed at.
//!
//! Views and seals are made anew with each migration: see [`views`] and
//! [`seals`].

mod views;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::AtPath;
use crate::{Result, VaultError, seals};

/// `LkVt` in the header of the file.
pub(crate) const APPLICATION_ID: i32 = 0x4C6B_5674;

struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// All migrations in their order; the first is number 1.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "vault", sql: include_str!("0001_vault.sql") },
    Migration { name: "references", sql: include_str!("0002_references.sql") },
    Migration { name: "calls_by_time", sql: include_str!("0003_calls_by_time.sql") },
    Migration { name: "freshness", sql: include_str!("0004_freshness.sql") },
    Migration { name: "tags", sql: include_str!("0005_tags.sql") },
    Migration { name: "prune", sql: include_str!("0006_prune.sql") },
    Migration { name: "seals", sql: include_str!("0007_seals.sql") },
    Migration { name: "search", sql: include_str!("0008_search.sql") },
    Migration { name: "trust", sql: include_str!("0009_trust.sql") },
    Migration { name: "counters", sql: include_str!("0010_counters.sql") },
    Migration { name: "restore", sql: include_str!("0011_restore.sql") },
    Migration { name: "version_run", sql: include_str!("0012_version_run.sql") },
    Migration { name: "refused", sql: include_str!("0013_refused.sql") },
    Migration { name: "titles", sql: include_str!("0014_titles.sql") },
];

/// The schema of this build.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// What a database says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// Nothing was ever written to it.
    Empty,
    /// A vault with this schema.
    Vault(u32),
}

/// Brings a new or older vault to this build's schema; all or nothing.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let applied = match identify(connection, path)? {
        Identity::Empty => 0,
        Identity::Vault(version) => version,
    };
    if applied == VERSION {
        return Ok(());
    }
    // A table that others refer to can be made anew only while nobody watches;
    // within a transaction the switch does nothing.
    connection.pragma_update(None, "foreign_keys", false).at(path)?;
    let migrated = apply(connection, path, applied);
    connection.pragma_update(None, "foreign_keys", true).at(path)?;
    migrated
}

fn apply(connection: &mut Connection, path: &Path, applied: u32) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
    views::drop_all(&transaction).at(path)?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(applied as usize) {
        tracing::info!(number, name = migration.name, "The vault is migrated.");
        transaction.execute_batch(migration.sql).at(path)?;
        let checksum = checksum(migration);
        let row = (number, migration.name, checksum.as_slice());
        let insert = "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)";
        transaction.execute(insert, row).at(path)?;
    }
    let mut dangling = transaction.prepare("SELECT \"table\" FROM pragma_foreign_key_check").at(path)?;
    if dangling.exists(()).at(path)? {
        return Err(VaultError::damaged(path, "rows refer to rows that are missing; it was not migrated"));
    }
    drop(dangling);
    views::make(&transaction).at(path)?;
    seals::renew(&transaction).at(path)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).at(path)?;
    transaction.pragma_update(None, "user_version", VERSION).at(path)?;
    transaction.commit().at(path)
}

/// Refuses whatever is not a vault of exactly this build's schema.
pub(crate) fn require_current(connection: &Connection, path: &Path) -> Result<()> {
    match identify(connection, path)? {
        Identity::Vault(VERSION) => Ok(()),
        Identity::Vault(found) => Err(VaultError::Older { path: path.into(), found, known: VERSION }),
        Identity::Empty => {
            Err(VaultError::NotAVault { path: path.into(), found: "an empty database".into() })
        }
    }
}

fn identify(connection: &Connection, path: &Path) -> Result<Identity> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).at(path);
    let application = number("application_id")?;
    let version = u32::try_from(number("user_version")?).unwrap_or(u32::MAX);
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, (), |row| row.get(0)).at(path)?;
    match (application, tables) {
        (0, 0) => Ok(Identity::Empty),
        (APPLICATION_ID, _) if version > VERSION => {
            Err(VaultError::Newer { path: path.into(), found: version, known: VERSION })
        }
        (APPLICATION_ID, _) => require_known_history(connection, path).map(|()| Identity::Vault(version)),
        _ => {
            let found = format!("an SQLite database of another program, application id {application}");
            Err(VaultError::NotAVault { path: path.into(), found })
        }
    }
}

/// The migrations that made this vault must be ours.
fn require_known_history(connection: &Connection, path: &Path) -> Result<()> {
    let mut select = connection.prepare("SELECT number, checksum FROM migration ORDER BY number").at(path)?;
    let mut rows = select.query(()).at(path)?;
    while let Some(row) = rows.next().at(path)? {
        let (number, found): (u32, Vec<u8>) = (row.get(0).at(path)?, row.get(1).at(path)?);
        let ours = number.checked_sub(1).and_then(|index| MIGRATIONS.get(index as usize)).map(checksum);
        if ours.is_none_or(|ours| ours.as_slice() != found) {
            let detail = format!("its migration {number} is not the one this build knows");
            return Err(VaultError::damaged(path, detail));
        }
    }
    Ok(())
}

fn checksum(migration: &Migration) -> [u8; 32] {
    *blake3::hash(migration.sql.as_bytes()).as_bytes()
}

/// The tables, indexes and views of a database, as (type, name, SQL) by name.
pub(crate) fn tables(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
    let mut select = connection.prepare(sql)?;
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

/// The tables, indexes and views that a vault of this build must have.
pub(crate) fn expected_tables() -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let connection = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        connection.execute_batch(migration.sql)?;
    }
    views::make(&connection)?;
    tables(&connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_counted_by_day_are_taken_as_sent_then() {
        let connection = Connection::open_in_memory().unwrap();
        let at = MIGRATIONS.iter().position(|migration| migration.name == "calls_by_time").unwrap();
        for migration in &MIGRATIONS[..at] {
            connection.execute_batch(migration.sql).unwrap();
        }
        // A run from 2026-10-31T22:50:07Z over midnight.
        let before = "INSERT INTO instance (id, url) VALUES (1, 'https://looker.example.com');
            INSERT INTO run (id, instance, command, scope, options, account, state, started_at)
                VALUES (1, 1, 'extract', '{}', '{}', '{}', 'complete', 1793487007000000);
            INSERT INTO calls VALUES (1, '2026-10-31', 'looks', 'page', 'administrative', 3);
            INSERT INTO calls VALUES (1, '2026-11-01', 'looks', 'page', 'administrative', 4);
            INSERT INTO calls VALUES (1, '2026-11-01', 'looks', 'retry', 'administrative', 5);";
        connection.execute_batch(before).unwrap();
        connection.execute_batch(MIGRATIONS[at].sql).unwrap();
        let mut select = connection
            .prepare(
                "SELECT datetime(at / 1000000, 'unixepoch'), reason, calls FROM calls ORDER BY at, reason",
            )
            .unwrap();
        let rows = select.query_map((), |row| {
            Ok(format!("{} {} {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
        });
        let rows: Vec<String> = rows.unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert_eq!(
            rows,
            ["2026-10-31 22:45:00 page 3", "2026-11-01 00:00:00 page 4", "2026-11-01 00:00:00 retry 5"]
        );
    }

    /// Tables that others refer to are made anew without losing a reference, and
    /// a number that was used stays used.
    #[test]
    fn runs_and_instances_outlive_the_migration_of_their_tables() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.db");
        let mut connection = Connection::open(&path).unwrap();
        let at = MIGRATIONS.iter().position(|migration| migration.name == "trust").unwrap();
        for (number, migration) in (1..).zip(&MIGRATIONS[..at]) {
            connection.execute_batch(migration.sql).unwrap();
            let row = (number, migration.name, checksum(migration).as_slice().to_owned());
            connection.execute("INSERT INTO migration VALUES (?1, ?2, ?3)", row).unwrap();
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", at as u32).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let rows = "INSERT INTO instance (id, url) VALUES (3, 'https://looker.example.com');
            INSERT INTO run (id, instance, command, scope, options, account, state, started_at)
                VALUES (7, 3, 'extract', '{}', '{}', '{}', 'complete', 0), (9, 3, 'extract', '{}', '{}', '{}', 'complete', 0);
            DELETE FROM run WHERE id = 9;
            INSERT INTO gap (run, attempt, kind, what, reason, tries) VALUES (7, 1, 'looks', 'kind', 'x', 1);
            INSERT INTO object VALUES (1, 3, 'looks', '5', 0);
            INSERT INTO version (object, from_run, side, read_at) VALUES (1, 7, 2, 0);";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection, &path).unwrap();
        require_current(&connection, &path).unwrap();
        let number = |sql| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT instance FROM run WHERE id = 7"), 3);
        assert_eq!(number("SELECT epoch FROM instance WHERE id = 3"), 1);
        assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(number("PRAGMA foreign_keys"), 1);
        let next = "INSERT INTO run (instance, command, scope, options, account, state, started_at)
            VALUES (3, 'extract', '{}', '{}', '{}', 'suspect', 0)";
        connection.execute(next, ()).unwrap();
        assert_eq!(connection.last_insert_rowid(), 10);
        let orphan =
            "INSERT INTO gap (run, attempt, kind, what, reason, tries) VALUES (8, 1, 'l', 'kind', 'x', 1)";
        assert!(connection.execute(orphan, ()).is_err(), "references are watched again");
    }
}
