//! What a run tells of itself: its account, streams, pages, listings, calls, gaps.

use rusqlite::Connection;

use super::counters;
use crate::{CallCount, Gap, GapWhat, Listed, Page, RunId, StreamRecord, times};

pub(super) fn stream(connection: &Connection, stream: &StreamRecord) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO stream (run, stream, kind, name, side, folder, size, page_limit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (run, stream) DO UPDATE SET kind = excluded.kind, name = excluded.name,
             side = excluded.side, folder = excluded.folder, size = excluded.size,
             page_limit = excluded.page_limit";
    let row = (
        stream.run.0,
        stream.stream,
        &stream.kind,
        &stream.name,
        stream.side.code(),
        &stream.folder,
        stream.size.map(u64::cast_signed),
        stream.page_limit,
    );
    connection.prepare_cached(upsert)?.execute(row).map(drop)
}

/// Records that a page is stored; called after its objects, in their transaction.
pub(super) fn page(connection: &Connection, page: &Page) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO progress (run, stream, first_row, asked, came) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (run, stream, first_row) DO UPDATE SET
             asked = max(asked, excluded.asked), came = max(came, excluded.came)";
    let row = (page.run.0, page.stream, page.offset.cast_signed(), page.limit, page.rows);
    connection.prepare_cached(upsert)?.execute(row).map(drop)
}

pub(super) fn listing(
    connection: &Connection,
    run: RunId,
    listing: u32,
    rows: &[Listed],
) -> rusqlite::Result<()> {
    let upsert = "INSERT OR REPLACE INTO listed (run, listing, kind, key, side, folder, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut upsert = connection.prepare_cached(upsert)?;
    for row in rows {
        let updated_at = times::micros(row.updated_at);
        upsert.execute((run.0, listing, &row.kind, &row.key, row.side.code(), &row.folder, updated_at))?;
    }
    counters::of_listing(connection, run, rows)
}

pub(super) fn account(connection: &Connection, run: RunId, account: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE run SET account = ?2 WHERE id = ?1", (run.0, account)).map(drop)
}

pub(super) fn options(connection: &Connection, run: RunId, options: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE run SET options = ?2 WHERE id = ?1", (run.0, options)).map(drop)
}

pub(super) fn calls(connection: &Connection, run: RunId, calls: &[CallCount]) -> rusqlite::Result<()> {
    let upsert = "INSERT INTO calls (run, at, kind, reason, ledger, calls) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (run, at, kind, reason, ledger) DO UPDATE SET calls = calls + excluded.calls";
    let mut upsert = connection.prepare_cached(upsert)?;
    for count in calls {
        let at = times::quarter(count.at);
        let calls = count.calls.cast_signed();
        upsert.execute((run.0, at, &count.kind, &count.reason, &count.ledger, calls))?;
    }
    Ok(())
}

/// Names a gap, instead of one named before in the same thing.
pub(super) fn gap(connection: &Connection, run: RunId, gap: &Gap) -> rusqlite::Result<()> {
    let (what, first_row, asked, key) = match &gap.what {
        GapWhat::Range { offset, limit } => ("range", Some(offset.cast_signed()), Some(*limit), None),
        GapWhat::Object { key } => ("object", None, None, Some(key.as_str())),
        GapWhat::Kind => ("kind", None, None, None),
        GapWhat::Listing { side } => ("listing", None, None, Some(side.name())),
    };
    let same = "DELETE FROM gap WHERE run = ?1 AND stream IS ?2 AND kind = ?3 AND what = ?4
         AND first_row IS ?5 AND key IS ?6";
    let name = (run.0, gap.stream, &gap.kind, what, first_row, key);
    connection.prepare_cached(same)?.execute(name)?;
    let insert = "INSERT INTO gap (run, attempt, stream, kind, what, first_row, key, asked, reason, tries)
         VALUES (?1, (SELECT attempt FROM run WHERE id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = (run.0, gap.stream, &gap.kind, what, first_row, key, asked, &gap.reason, gap.tries);
    connection.prepare_cached(insert)?.execute(row).map(drop)
}
