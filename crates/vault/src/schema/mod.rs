//! The schema as numbered migrations that are never edited once released.
//!
//! A vault says what it is in SQLite's own header: `application_id` marks a
//! vault, `user_version` counts its migrations. The checksum of each migration
//! that was applied is kept, so that a vault made by a build that never was
//! released is told apart. A newer schema is refused, never guessed at.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::AtPath;
use crate::{Result, VaultError};

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
    Migration { name: "counters", sql: include_str!("0006_counters.sql") },
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
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(applied as usize) {
        tracing::info!(number, name = migration.name, "The vault is migrated.");
        transaction.execute_batch(migration.sql).at(path)?;
        let checksum = checksum(migration);
        let row = (number, migration.name, checksum.as_slice());
        let insert = "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)";
        transaction.execute(insert, row).at(path)?;
    }
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

/// The tables and indexes of a database, as (type, name, SQL) by name.
pub(crate) fn tables(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
    let mut select = connection.prepare(sql)?;
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

/// The tables and indexes that a vault of this build must have.
pub(crate) fn expected_tables() -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let connection = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        connection.execute_batch(migration.sql)?;
    }
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
}
