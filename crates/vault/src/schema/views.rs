//! The views for any SQLite tool: what `views.sql` says. Each migration makes them
//! anew, so that none need care for them; who changes them adds a migration, if
//! only an empty one.

use rusqlite::Connection;

const VIEWS: &str = include_str!("views.sql");

/// Makes the views.
pub(crate) fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(VIEWS)
}

/// Drops all views there are.
pub(crate) fn drop_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'")?;
    let names: Vec<String> = select.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    names.iter().try_for_each(|name| {
        connection.execute_batch(&format!("DROP VIEW \"{}\"", name.replace('"', "\"\"")))
    })
}
