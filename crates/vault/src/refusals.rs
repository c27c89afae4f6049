//! What was asked for in vain.
//!
//! Of kinds that are read object by object, one that stays refused would be the oldest for
//! ever: so a refusal counts as its turn, and as no reading of it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::error::AtPath;
use crate::query::gather;
use crate::{InstanceId, Reader, Result, RunId, times};

/// The key of a kind that is refused as a whole; no object has it.
const WHOLE_KIND: &str = "";

/// Notes what was refused.
pub(crate) fn refused(
    connection: &Connection,
    run: RunId,
    kind: &str,
    keys: &[String],
    at: Timestamp,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO refused (instance, kind, key, at) SELECT instance, ?2, ?3, ?4 FROM run WHERE id = ?1
         ON CONFLICT (instance, kind, key) DO UPDATE SET at = max(at, excluded.at)",
    )?;
    keys.iter().try_for_each(|key| upsert.execute((run.0, kind, key, at.as_microsecond())).map(drop))
}

/// Notes that a kind was refused as a whole.
pub(crate) fn kind_refused(
    connection: &Connection,
    run: RunId,
    kind: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    refused(connection, run, kind, &[WHOLE_KIND.to_owned()], at)
}

/// Forgets that an object was refused: it was read.
pub(crate) fn admitted(connection: &Connection, run: RunId, kind: &str, key: &str) -> rusqlite::Result<()> {
    let delete = "DELETE FROM refused
         WHERE instance = (SELECT instance FROM run WHERE id = ?1) AND kind = ?2 AND key = ?3";
    connection.prepare_cached(delete)?.execute((run.0, kind, key)).map(drop)
}

/// Forgets that an object was refused, by its number: it is gone, or stored.
pub(crate) fn forgotten(connection: &Connection, object: i64) -> rusqlite::Result<()> {
    let delete = "DELETE FROM refused
         WHERE (instance, kind, key) = (SELECT instance, kind, key FROM object WHERE id = ?1)";
    connection.prepare_cached(delete)?.execute([object]).map(drop)
}

/// Forgets that a kind was refused as a whole: it was read.
pub(crate) fn kind_admitted(connection: &Connection, run: RunId, kind: &str) -> rusqlite::Result<()> {
    admitted(connection, run, kind, WHOLE_KIND)
}

/// The same for kinds of which a run has seen anything, and that were refused before it.
pub(crate) fn seen_kinds_admitted(connection: &Connection, run: RunId) -> rusqlite::Result<()> {
    let delete = "DELETE FROM refused WHERE key = ?2
         AND (instance, kind) IN (SELECT r.instance, k.kind FROM run r
             JOIN run_kind k ON k.run = r.id AND k.seen > 0 WHERE r.id = ?1)
         AND at < (SELECT started_at FROM run WHERE id = ?1)";
    connection.execute(delete, (run.0, WHOLE_KIND)).map(drop)
}

impl Reader {
    /// The objects of a kind that were refused when they were asked for last, by key,
    /// with when that was.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn refused(&self, instance: InstanceId, kind: &str) -> Result<HashMap<String, Timestamp>> {
        let select = "SELECT key, at FROM refused WHERE instance = ?1 AND kind = ?2 AND key <> ?3";
        self.refusals(select, (instance.0, kind, WHOLE_KIND))
    }

    /// The kinds that were refused as a whole when they were asked for last, with when
    /// that was.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn refused_kinds(&self, instance: InstanceId) -> Result<HashMap<String, Timestamp>> {
        let select = "SELECT kind, at FROM refused WHERE instance = ?1 AND key = ?2";
        self.refusals(select, (instance.0, WHOLE_KIND))
    }

    fn refusals(
        &self,
        select: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<HashMap<String, Timestamp>> {
        let refusal = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, times::timestamp(row.get(1)?)?));
        let refusals: Vec<(String, Timestamp)> =
            gather(&self.connection, select, parameters, refusal).at(&self.path)?;
        Ok(refusals.into_iter().collect())
    }
}
