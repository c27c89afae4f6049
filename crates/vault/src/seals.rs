//! Seals: every row of every table is under a hash.
//!
//! # The problem
//!
//! A flipped bit in a title, a stamp or a count leaves a row well formed, and
//! SQLite keeps no checksums of its pages. A hash in every row would find it, but
//! not that a row is missing, and each table and statement would have to carry it.
//!
//! # The choice
//!
//! Each table has one seal: the sum of the hashes of its rows. A sum does not
//! depend on order and takes a row in or out without looking at the others, so it
//! costs the same whatever the table holds. A changed, missing or added row
//! changes it.
//!
//! Triggers keep the sums, in the transaction of the change, so no statement can
//! forget to. They are temporary, made for the connection that writes: they are no
//! part of the file, and other programs need know nothing of them. What another
//! program writes is then found by verification, as it should be.
//!
//! A statement with a trigger keeps a journal of the pages it touches, which is
//! dear where rows are long. Bodies and volatile parts are written by one statement
//! each, so their rows carry a hash of their own; that one is missing shows
//! elsewhere, since versions refer to it. References need no seal: they are
//! compared with the documents.
//!
//! The tables behind the index of words cannot have triggers (SQLite has the index
//! write what it holds back before any statement that might have to be undone, and
//! that is one). Whoever changes the index loosens their seals in the same
//! transaction, and they are summed up anew when the change is done: a tenth of a
//! second once a run, where they hold a hundred megabytes.
//!
//! Seals show accidents, not intent: whoever may write the file can make a sum
//! that fits.

use std::fmt::Write as _;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use crate::query::gather;

/// Bytes of a sum; accidents do not hit two of the same by chance.
const BYTES: usize = 16;

/// The sum of the hashes of rows.
type Sum = [u8; BYTES];

/// The sum in a seal that does not bind: its table was changed since it was summed up.
const LOOSE: Sum = [0xFF; BYTES];

/// Ordinary tables, but for those that are sealed in another way, and those behind
/// virtual ones: of an index that keeps no text SQLite can check the form, not what
/// it says. SQLite's own tables have no seals.
const TABLES: &str = "SELECT name, type = 'shadow' FROM pragma_table_list
     WHERE schema = 'main' AND type IN ('table', 'shadow') AND name NOT LIKE 'sqlite_%'
         AND name NOT IN ('seal', 'body', 'volatile', 'reference')
     ORDER BY name";

/// Seals of rows that were written before there were any.
const SEAL_ROWS: &str = "UPDATE body SET seal = row_seal(hash, kind, raw_len, dictionary, data)
         WHERE seal IS NULL;
     UPDATE volatile SET seal = row_seal(object, hash, raw_len, dictionary, data) WHERE seal IS NULL;";

/// Makes this connection keep the seals with whatever it writes.
pub(crate) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    offer_sums(connection)?;
    // A row that `REPLACE` removes is a row that was removed. A statement's journal
    // of pages in a file would cost more than all the rest.
    connection.execute_batch("PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY")?;
    for Table { name, is_shadow } in tables(connection)? {
        let seal = "SELECT id FROM seal WHERE name = ?1";
        let seal: Option<i64> = connection.query_row(seal, [&name], |row| row.get(0)).optional()?;
        match seal {
            Some(seal) if is_shadow => connection.execute_batch(&loosening(&name, seal))?,
            Some(seal) => {
                connection.execute_batch(&triggers(&name, seal, &columns(connection, &name)?))?;
            }
            None => {}
        }
    }
    Ok(())
}

/// Says, in the transaction of a change of the index of words, that its seals do not
/// bind until [`tighten`].
pub(crate) fn loosen(connection: &Connection) -> rusqlite::Result<()> {
    for table in tables(connection)?.into_iter().filter(|table| table.is_shadow) {
        let loosen = "UPDATE seal SET sum = ?1 WHERE name = ?2";
        connection.prepare_cached(loosen)?.execute((LOOSE, table.name))?;
    }
    Ok(())
}

/// Seals what was changed since its seal was loosened.
pub(crate) fn tighten(connection: &Connection) -> rusqlite::Result<()> {
    let loose: Vec<String> =
        gather(connection, "SELECT name FROM seal WHERE sum = ?1", [LOOSE], |row| row.get(0))?;
    if loose.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for table in loose {
        let sum = sum_of(&transaction, &table)?;
        transaction.execute("UPDATE seal SET sum = ?1 WHERE name = ?2", (sum, table))?;
    }
    transaction.commit()
}

/// Seals every table as it is.
pub(crate) fn renew(connection: &Connection) -> rusqlite::Result<()> {
    offer_row_seals(connection)?;
    connection.execute_batch(SEAL_ROWS)?;
    connection.execute("DELETE FROM seal", ())?;
    for Table { name, .. } in tables(connection)? {
        let sum = sum_of(connection, &name)?;
        connection.execute("INSERT INTO seal (name, sum) VALUES (?1, ?2)", (name, sum))?;
    }
    Ok(())
}

/// Tables that are not as they were sealed, and seals without a table.
pub(crate) fn broken(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let stored = gather(connection, "SELECT name, sum FROM seal ORDER BY name", (), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Sum>(1)?))
    })?;
    let tables = tables(connection)?;
    let is_table = |name: &String| tables.iter().any(|table| table.name == *name);
    let mut broken: Vec<String> =
        stored.iter().map(|(name, _)| name).filter(|name| !is_table(name)).cloned().collect();
    for Table { name, is_shadow } in tables {
        let seal = stored.iter().find(|(sealed, _)| *sealed == name).map(|(_, sum)| *sum);
        let is_loose = is_shadow && seal == Some(LOOSE);
        if !is_loose && seal != Some(sum_of(connection, &name)?) {
            broken.push(name);
        }
    }
    Ok(broken)
}

/// A table that has a seal.
struct Table {
    name: String,
    /// It is behind a virtual one.
    is_shadow: bool,
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    gather(connection, TABLES, (), |row| Ok(Table { name: row.get(0)?, is_shadow: row.get(1)? }))
}

/// The columns of a table in their order, quoted.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let select = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
    let quoted = |name: String| format!("\"{}\"", name.replace('"', "\"\""));
    gather(connection, select, [table], |row| row.get(0).map(quoted))
}

/// With a body its words go.
fn loosening(table: &str, seal: i64) -> String {
    let loose = "ff".repeat(BYTES);
    format!(
        "CREATE TEMP TRIGGER \"{table} loosened\" AFTER DELETE ON main.body
         BEGIN UPDATE seal SET sum = x'{loose}' WHERE id = {seal}; END;"
    )
}

fn triggers(table: &str, seal: i64, columns: &[String]) -> String {
    let of =
        |row: &str| columns.iter().map(|column| format!("{row}.{column}")).collect::<Vec<_>>().join(", ");
    let (old, new) = (of("old"), of("new"));
    let changes = [
        ("INSERT", format!("sealed(sum, 1, {new})")),
        ("DELETE", format!("sealed(sum, -1, {old})")),
        ("UPDATE", format!("sealed(sealed(sum, -1, {old}), 1, {new})")),
    ];
    changes.iter().fold(String::new(), |mut sql, (change, sum)| {
        // Writing to a string cannot fail.
        let _ = write!(
            sql,
            "CREATE TEMP TRIGGER \"{table} {change}\" AFTER {change} ON main.\"{table}\"
             BEGIN UPDATE seal SET sum = {sum} WHERE id = {seal}; END;"
        );
        sql
    })
}

fn sum_of(connection: &Connection, table: &str) -> rusqlite::Result<Sum> {
    let columns = columns(connection, table)?;
    let mut select = connection.prepare(&format!("SELECT {} FROM \"{table}\"", columns.join(", ")))?;
    let mut rows = select.query(())?;
    let (mut sum, mut bytes) = (Sum::default(), Vec::new());
    while let Some(row) = rows.next()? {
        bytes.clear();
        for column in 0..columns.len() {
            take_in(&mut bytes, row.get_ref(column)?);
        }
        sum = add(sum, &bytes, true);
    }
    Ok(sum)
}

/// The function `sealed(sum, 1 or -1, column...)`: the sum with or without a row.
fn offer_sums(connection: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("sealed", -1, flags, |context: &mut Context<'_>| {
        let (sum, sign): (Sum, i64) = (context.get(0)?, context.get(1)?);
        let mut bytes = Vec::with_capacity(256);
        for column in 2..context.len() {
            take_in(&mut bytes, context.get_raw(column));
        }
        Ok(add(sum, &bytes, sign > 0).to_vec())
    })
}

/// The function `row_seal(column...)`.
fn offer_row_seals(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("row_seal", -1, flags, |context: &mut Context<'_>| {
        let values: Vec<_> = (0..context.len()).map(|column| context.get_raw(column)).collect();
        Ok(of_row(&values))
    })
}

/// The seal that a row of content carries, of its other columns.
pub(crate) fn of_row(values: &[ValueRef<'_>]) -> i64 {
    let mut bytes = Vec::new();
    for value in values {
        take_in(&mut bytes, *value);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..8]);
    i64::from_le_bytes(first)
}

/// A value so that no two rows have the same bytes: its type, its length where
/// that may differ, itself.
fn take_in(bytes: &mut Vec<u8>, value: ValueRef<'_>) {
    let mut sized = |kind: u8, text: &[u8]| {
        bytes.push(kind);
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text);
    };
    match value {
        ValueRef::Text(text) => sized(3, text),
        ValueRef::Blob(blob) => sized(4, blob),
        ValueRef::Null => bytes.push(0),
        ValueRef::Integer(number) => {
            bytes.push(1);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Real(number) => {
            bytes.push(2);
            bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
    }
}

/// The sum with a row's hash taken in, or out.
fn add(sum: Sum, row: &[u8], takes_in: bool) -> Sum {
    let mut hash = Sum::default();
    hash.copy_from_slice(&blake3::hash(row).as_bytes()[..BYTES]);
    let (sum, hash) = (u128::from_le_bytes(sum), u128::from_le_bytes(hash));
    let sum = if takes_in { sum.wrapping_add(hash) } else { sum.wrapping_sub(hash) };
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE seal (id INTEGER PRIMARY KEY, name TEXT UNIQUE, sum BLOB);
            CREATE TABLE body (hash, kind, raw_len, dictionary, data, seal);
            CREATE TABLE volatile (object, hash, raw_len, dictionary, data, seal);
            CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, \"a b\" TEXT) STRICT;
            CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE, x ANY,
                PRIMARY KEY (parent, x)) STRICT, WITHOUT ROWID;
            INSERT INTO parent VALUES (1, 'one'), (2, 'two');
            PRAGMA foreign_keys = ON";
        connection.execute_batch(tables).unwrap();
        renew(&connection).unwrap();
        keep(&connection).unwrap();
        connection
    }

    #[test]
    fn whatever_is_written_is_sealed() {
        let connection = database();
        for change in [
            "INSERT INTO parent (\"a b\") VALUES ('three'), (NULL)",
            "INSERT INTO child VALUES (1, 7), (1, 7.5), (2, x'00'), (3, 'text')",
            "UPDATE parent SET \"a b\" = 'new' WHERE id > 1",
            "UPDATE parent SET id = 9 WHERE id = 4",
            "INSERT INTO parent VALUES (1, 'x') ON CONFLICT DO UPDATE SET \"a b\" = excluded.\"a b\"",
            "INSERT OR REPLACE INTO parent VALUES (2, 'replaced')",
            "INSERT OR IGNORE INTO parent VALUES (2, 'ignored')",
            "BEGIN; DELETE FROM child; ROLLBACK",
            "DELETE FROM parent WHERE id = 3",
            "DELETE FROM parent",
            "VACUUM",
        ] {
            connection.execute_batch(change).unwrap();
            assert_eq!(broken(&connection).unwrap(), [""; 0], "{change}");
        }
        assert_eq!(sum_of(&connection, "child").unwrap(), Sum::default());
    }

    #[test]
    fn whatever_else_is_written_breaks_the_seal() {
        for change in [
            "INSERT INTO parent VALUES (3, 'three')",
            "DELETE FROM parent WHERE id = 1",
            "UPDATE parent SET \"a b\" = 'One' WHERE id = 1",
            "UPDATE parent SET id = 3 WHERE id = 1",
            "UPDATE parent SET \"a b\" = NULL WHERE id = 1",
            "UPDATE seal SET sum = zeroblob(16) WHERE name = 'parent'",
            "DELETE FROM seal WHERE name = 'parent'",
        ] {
            let connection = database();
            for change in ["INSERT", "DELETE", "UPDATE"] {
                connection.execute_batch(&format!("DROP TRIGGER \"parent {change}\"")).unwrap();
            }
            connection.execute_batch(change).unwrap();
            assert_eq!(broken(&connection).unwrap(), ["parent"], "{change}");
        }
    }

    #[test]
    fn values_that_look_alike_differ() {
        let bytes = |values: &[ValueRef<'_>]| {
            let mut bytes = Vec::new();
            for value in values {
                take_in(&mut bytes, *value);
            }
            bytes
        };
        let all = [
            bytes(&[ValueRef::Text(b"ab"), ValueRef::Text(b"c")]),
            bytes(&[ValueRef::Text(b"a"), ValueRef::Text(b"bc")]),
            bytes(&[ValueRef::Blob(b"ab"), ValueRef::Text(b"c")]),
            bytes(&[ValueRef::Integer(1)]),
            bytes(&[ValueRef::Real(1.0)]),
            bytes(&[ValueRef::Text(b"1")]),
            bytes(&[ValueRef::Null]),
            bytes(&[ValueRef::Text(b"")]),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| one != other));
        }
    }
}
