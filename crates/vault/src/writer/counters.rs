//! The series of counters: numbers of an object that change without an edit.
//!
//! An entry is written only where a run counted otherwise than the newest entry says.
//! What a run reads that was resumed is newer than what later runs had read before, so
//! it changes the newest entry, whichever run that is of.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{Listed, RunId};

/// Adds what a whole reading counted of an object.
pub(super) fn of_reading(
    connection: &Connection,
    run: RunId,
    object: i64,
    counts: &str,
) -> rusqlite::Result<()> {
    let newest = "SELECT run, counts FROM counter WHERE object = ?1 ORDER BY run DESC LIMIT 1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let newest: Option<(i64, String)> =
        connection.prepare_cached(newest)?.query_row([object], read).optional()?;
    if newest.as_ref().is_some_and(|(_, newest)| newest == counts) {
        return Ok(());
    }
    let run = newest.map_or(run.0, |(newest, _)| newest.max(run.0));
    let upsert = "INSERT INTO counter (object, run, counts) VALUES (?1, ?2, ?3)
         ON CONFLICT (object, run) DO UPDATE SET counts = excluded.counts";
    connection.prepare_cached(upsert)?.execute((object, run, counts)).map(drop)
}

/// Adds what a light listing counted of objects that the vault has. A listing need not
/// name every counter: the others stay as they were.
pub(super) fn of_listing(connection: &Connection, run: RunId, rows: &[Listed]) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO counter (object, run, counts)
         SELECT o.id, max(?1, coalesce(c.run, 0)), coalesce(json_patch(c.counts, ?4), ?4) FROM object o
         LEFT JOIN counter c ON c.object = o.id AND c.run = (SELECT max(run) FROM counter WHERE object = o.id)
         WHERE o.instance = (SELECT instance FROM run WHERE id = ?1) AND o.kind = ?2 AND o.key = ?3
             AND (c.counts IS NULL OR c.counts <> json_patch(c.counts, ?4))
         ON CONFLICT (object, run) DO UPDATE SET counts = excluded.counts",
    )?;
    let counted = rows.iter().filter_map(|row| Some((row, row.counters.as_ref()?)));
    for (row, counts) in counted {
        upsert.execute((run.0, &row.kind, &row.key, counts))?;
    }
    Ok(())
}
