//! How counters went, run by run.

use jiff::Timestamp;
use rusqlite::Row;

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{InstanceId, Result, RunId, times};

/// A value that a counter had from one run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The counter, such as `view_count`.
    pub name: String,
    /// The first run that read this value.
    pub run: RunId,
    /// When that run began.
    pub at: Timestamp,
    /// The value.
    pub value: i64,
}

const SERIES: &str = "SELECT c.name, c.run, r.started_at, c.value FROM object o
     CROSS JOIN counter c ON c.object = o.id CROSS JOIN run r ON r.id = c.run
     WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3 AND c.run <= ?4
     ORDER BY c.name, c.run";

impl Reader {
    /// The series of all counters of an object, by name and then by run; up to
    /// the run `at`, if one is given.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn counters(
        &self,
        instance: InstanceId,
        kind: &str,
        key: &str,
        at: Option<RunId>,
    ) -> Result<Vec<Counted>> {
        let counted = |row: &Row<'_>| {
            Ok(Counted {
                name: row.get(0)?,
                run: RunId(row.get(1)?),
                at: times::timestamp(row.get(2)?)?,
                value: row.get(3)?,
            })
        };
        let until = at.map_or(i64::MAX, |run| run.0);
        gather(&self.connection, SERIES, (instance.0, kind, key, until), counted).at(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    #[test]
    fn a_series_is_found_by_an_index() {
        assert_indexed(&[SERIES], &[]);
    }
}
