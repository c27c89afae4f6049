//! Asking for rows.

use rusqlite::{Connection, Params, Row};

/// All rows of a query, which should be short; the statement is kept prepared.
pub(crate) fn gather<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut select = connection.prepare_cached(sql)?;
    select.query_map(parameters, read)?.collect()
}

/// One number, which is never negative.
pub(crate) fn number(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<u64> {
    let mut select = connection.prepare_cached(sql)?;
    select.query_row(parameters, |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}
