//! How old what is stored is, and what is known of an instance.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Reader;
use crate::error::AtPath;
use crate::query::gather;
use crate::{FullPass, InstanceId, KindRead, Probe, Result, RunId, times};

/// When a kind was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindAge {
    /// What was noted.
    pub read: KindRead,
    /// By which run.
    pub run: RunId,
}

impl Reader {
    /// The current objects of a kind by key, each with when it was last read, for
    /// kinds that are read again by their age.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn ages(&self, instance: InstanceId, kind: &str) -> Result<HashMap<String, Timestamp>> {
        let select = "SELECT o.key, coalesce(f.read_at, v.read_at) FROM object o
             JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side < 2
             LEFT JOIN refreshed f ON f.object = o.id
             WHERE o.instance = ?1 AND o.kind = ?2";
        let age = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, times::timestamp(row.get(1)?)?));
        let ages: Vec<(String, Timestamp)> =
            gather(&self.connection, select, (instance.0, kind), age).at(&self.path)?;
        Ok(ages.into_iter().collect())
    }

    /// Whether a run that is not settled yet has seen an object.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn has_seen(&self, run: RunId, kind: &str, key: &str) -> Result<bool> {
        let select = "SELECT 1 FROM run r
             JOIN object o ON o.instance = r.instance AND o.kind = ?2 AND o.key = ?3
             JOIN sighting s ON s.run = r.id AND s.object = o.id WHERE r.id = ?1";
        let mut select = self.connection.prepare_cached(select).at(&self.path)?;
        select.exists((run.0, kind, key)).at(&self.path)
    }

    /// When each kind of an instance was last read.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn kind_ages(&self, instance: InstanceId) -> Result<Vec<KindAge>> {
        let select = "SELECT kind, run, read_at FROM kind_read WHERE instance = ?1 ORDER BY kind";
        let age = |row: &rusqlite::Row<'_>| {
            let kind: String = row.get(0)?;
            let read = KindRead { kind: kind.into(), read_at: times::timestamp(row.get(2)?)? };
            Ok(KindAge { run: RunId(row.get(1)?), read })
        };
        gather(&self.connection, select, [instance.0], age).at(&self.path)
    }

    /// When every body of each kind was last read within an extent.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn full_passes(&self, instance: InstanceId, extent: &str) -> Result<Vec<FullPass>> {
        let select = "SELECT kind, read_at, days FROM full_pass WHERE instance = ?1 AND extent = ?2
             ORDER BY kind";
        let pass = |row: &rusqlite::Row<'_>| {
            let kind: String = row.get(0)?;
            let read_at = times::timestamp(row.get(1)?)?;
            Ok(FullPass { kind: kind.into(), extent: extent.to_owned(), read_at, days: row.get(2)? })
        };
        gather(&self.connection, select, (instance.0, extent), pass).at(&self.path)
    }

    /// When the newest run of an instance ended that did end and kept what it read.
    /// One that only compared, or stopped before it saw anything, made nothing younger.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn last_ended(&self, instance: InstanceId) -> Result<Option<Timestamp>> {
        let select = "SELECT max(ended_at) FROM run r
             WHERE instance = ?1 AND EXISTS (SELECT 1 FROM run_kind k WHERE k.run = r.id)";
        let newest = |row: &rusqlite::Row<'_>| times::maybe_timestamp(row.get(0)?);
        self.connection.query_row(select, [instance.0], newest).at(&self.path)
    }

    /// What an instance was found to understand.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn probes(&self, instance: InstanceId) -> Result<Vec<Probe>> {
        let select = "SELECT name, answer, at FROM probe WHERE instance = ?1 ORDER BY name";
        let probe = |row: &rusqlite::Row<'_>| {
            Ok(Probe { name: row.get(0)?, answer: row.get(1)?, at: times::timestamp(row.get(2)?)? })
        };
        gather(&self.connection, select, [instance.0], probe).at(&self.path)
    }
}
