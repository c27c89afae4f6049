//! Calls that were spent: by all runs of an instance, running and interrupted
//! ones too, since calls are committed while a run works. A licence knows nothing
//! of epochs: the calls of all epochs of an address count together.

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{CallCount, InstanceId, Result, RunId, times};

/// All epochs of the address of instance `?1`.
macro_rules! at_the_address {
    () => {
        "r.instance IN (SELECT e.id FROM instance i JOIN instance e ON e.url = i.url WHERE i.id = ?1)"
    };
}

/// Calls of one run and sort within a quarter of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCalls {
    /// The run.
    pub run: RunId,
    /// What was sent.
    pub count: CallCount,
}

impl Reader {
    /// The calls of an instance from one instant until (not with) another, of
    /// all runs, by time. Instants count by the quarter of an hour.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn calls(
        &self,
        instance: InstanceId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Vec<RunCalls>> {
        let select = concat!(
            "SELECT c.at, c.kind, c.reason, c.ledger, c.calls, c.run FROM calls c JOIN run r ON r.id = c.run
             WHERE ",
            at_the_address!(),
            " AND c.at >= ?2 AND c.at < ?3 ORDER BY c.at, c.run, c.kind, c.reason, c.ledger"
        );
        let from = from.map_or(i64::MIN, times::quarter);
        let until = until.map_or(i64::MAX, Timestamp::as_microsecond);
        let read = |row: &Row<'_>| Ok(RunCalls { run: RunId(row.get(5)?), count: count(row)? });
        gather(&self.connection, select, (instance.0, from, until), read).at(&self.path)
    }

    /// How many calls of each ledger all runs of an instance spent since an
    /// instant. A ledger without calls is missing.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn spent_since(&self, instance: InstanceId, since: Timestamp) -> Result<Vec<(String, u64)>> {
        let select = concat!(
            "SELECT c.ledger, sum(c.calls) FROM calls c JOIN run r ON r.id = c.run WHERE ",
            at_the_address!(),
            " AND c.at >= ?2 GROUP BY c.ledger ORDER BY c.ledger"
        );
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
        gather(&self.connection, select, (instance.0, times::quarter(since)), read).at(&self.path)
    }

    /// When the first call to an instance was sent, to the quarter of an hour.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn first_call(&self, instance: InstanceId) -> Result<Option<Timestamp>> {
        let select =
            concat!("SELECT min(c.at) FROM calls c JOIN run r ON r.id = c.run WHERE ", at_the_address!());
        let first = self.connection.query_row(select, [instance.0], |row| row.get::<_, Option<i64>>(0));
        first.and_then(times::maybe_timestamp).at(&self.path)
    }
}

/// The calls of a run by time.
pub(super) fn calls_of_run(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<CallCount>> {
    let select = "SELECT at, kind, reason, ledger, calls FROM calls WHERE run = ?1
         ORDER BY at, kind, reason, ledger";
    gather(connection, select, [run.0], count)
}

/// Reads time, kind, reason, ledger and calls, the first columns of a row.
fn count(row: &Row<'_>) -> rusqlite::Result<CallCount> {
    Ok(CallCount {
        at: times::timestamp(row.get(0)?)?,
        kind: row.get(1)?,
        reason: row.get(2)?,
        ledger: row.get(3)?,
        calls: row.get::<_, i64>(4)?.cast_unsigned(),
    })
}
