//! The views for any SQLite tool: what `views.sql` says, as the file has it.

use rusqlite::{Connection, TransactionBehavior};

const VIEWS: &str = include_str!("views.sql");

/// Each view's name and its SQL, as SQLite stores it.
fn views() -> impl Iterator<Item = (&'static str, &'static str)> {
    VIEWS.split(";\n").filter_map(|statement| {
        let sql = &statement[statement.find("CREATE VIEW ")?..];
        let name = sql.split_whitespace().nth(2)?;
        Some((name, sql.trim_end()))
    })
}

/// Makes the views anew if they are not these; writes nothing if they are.
pub(crate) fn refresh(connection: &mut Connection) -> rusqlite::Result<()> {
    let stored = stored(connection)?;
    let fits = |(name, sql): &(String, String)| views().any(|view| view == (name.as_str(), sql.as_str()));
    if stored.len() == views().count() && stored.iter().all(fits) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    drop_all(&transaction)?;
    views().try_for_each(|(_, sql)| transaction.execute_batch(sql))?;
    transaction.commit()
}

/// Drops all views, so that no migration need care for them.
pub(crate) fn drop_all(connection: &Connection) -> rusqlite::Result<()> {
    stored(connection)?.iter().try_for_each(|(name, _)| {
        connection.execute_batch(&format!("DROP VIEW \"{}\"", name.replace('"', "\"\"")))
    })
}

fn stored(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut select = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
