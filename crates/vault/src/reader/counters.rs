//! How counters and times of access went, run by run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{InstanceId, Result, RunId, VaultError, times};

/// A value that a counter had from one run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The first run that read this value.
    pub run: RunId,
    /// When that run began.
    pub at: Timestamp,
    /// The value.
    pub value: CounterValue,
}

/// A value of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CounterValue {
    /// A whole number, such as a view count.
    Number(i64),
    /// A time, such as that of the last access.
    Time(Timestamp),
}

const SERIES: &str = "SELECT c.run, r.started_at, c.counts FROM object o
     CROSS JOIN counter c ON c.object = o.id CROSS JOIN run r ON r.id = c.run
     WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3 AND c.run <= ?4
     ORDER BY c.run";

impl Reader {
    /// How the counters of an object went, by name: each value that differs from
    /// the one before, by rising run; up to the run `at`, if one is given.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn counters(
        &self,
        instance: InstanceId,
        kind: &str,
        key: &str,
        at: Option<RunId>,
    ) -> Result<BTreeMap<String, Vec<Counted>>> {
        let until = at.map_or(i64::MAX, |run| run.0);
        let read = |row: &Row<'_>| {
            Ok((RunId(row.get(0)?), times::timestamp(row.get(1)?)?, row.get::<_, String>(2)?))
        };
        let rows = gather(&self.connection, SERIES, (instance.0, kind, key, until), read).at(&self.path)?;
        let mut series: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
        for (run, at, counts) in rows {
            let counts: BTreeMap<String, CounterValue> = serde_json::from_str(&counts).map_err(|why| {
                VaultError::damaged(&self.path, format!("the counters of {kind} {key}: {why}"))
            })?;
            for (name, value) in counts {
                let values = series.entry(name).or_default();
                if values.last().is_none_or(|last| last.value != value) {
                    values.push(Counted { run, at, value });
                }
            }
        }
        Ok(series)
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
