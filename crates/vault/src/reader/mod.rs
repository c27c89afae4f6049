//! Reading: lists, documents, runs, sizes. Needs no lock, disturbs no writer,
//! and sees only what is committed.

mod answers;
mod as_of;
mod births;
mod bodies;
mod calls;
mod content;
mod copy;
mod counters;
mod fields;
mod folders;
mod freshness;
mod history;
mod moments;
mod objects;
mod redactions;
mod references;
mod restores;
mod runs;
mod search;
mod size;
mod states;
mod stats;
mod words;

use std::path::{Path, PathBuf};

pub use as_of::AsOf;
pub use births::{Births, OtherBirth};
pub use fields::FieldFilter;
pub use freshness::KindAge;

pub use answers::{
    Count, InstanceInfo, KindCounts, KindSize, ListFilter, ListRow, RunDetails, RunInfo, Stored, VaultSize,
};
pub use calls::RunCalls;
pub use counters::{Counted, CounterValue};
pub use folders::FolderPaths;
pub use history::{Change, ChangeFilter, Difference, Version};
pub use moments::{Moment, Tag};
pub(crate) use objects::Frame;
pub use redactions::Redacted;
pub use references::Referrer;
pub use restores::{RestoreInfo, StepInfo};
pub(crate) use runs::streams_of;
use rusqlite::Connection;
pub use search::{Period, RANKED, Search, SearchAnswer, SearchHit};
pub use stats::{Growth, KindStats, ObjectChanges, ObjectSize};

use crate::codec::Decoder;
use crate::error::AtPath;
use crate::query::gather;
use crate::vault::open_read_only;
use crate::{BodyHash, InstanceId, Result};

/// A read-only view of a vault. It can be moved to another thread, but not
/// shared; each thread opens its own.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) decoder: Decoder,
    /// As far as the file's header told before it was opened.
    pub(crate) can_be_written: bool,
}

impl Reader {
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let connection = open_read_only(&path)?;
        Ok(Self { connection, path, decoder: Decoder::new(), can_be_written: true })
    }

    /// One more reader of a vault that this process is reading already, by the
    /// [`path`](Self::path) of that reader; for another thread.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn beside(path: &Path) -> Result<Self> {
        Self::open(path.to_owned())
    }

    /// The path of the vault, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a body is stored. A stored body stays at least as long as runs
    /// are at work, so a [`Record`](crate::Record) may then come without it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn has_body(&self, hash: &BodyHash) -> Result<bool> {
        let select = "SELECT 1 FROM body WHERE hash = ?1";
        let mut select = self.connection.prepare_cached(select).at(&self.path)?;
        select.exists([hash.0]).at(&self.path)
    }

    /// The instances of this vault, in the order they came; each epoch of an
    /// address is one.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn instances(&self) -> Result<Vec<InstanceInfo>> {
        let select = "SELECT i.id, i.url, i.epoch, (SELECT max(epoch) FROM instance n WHERE n.url = i.url)
             FROM instance i ORDER BY i.id";
        let info = |row: &rusqlite::Row<'_>| {
            Ok(InstanceInfo {
                id: InstanceId(row.get(0)?),
                url: row.get(1)?,
                epoch: row.get(2)?,
                newest_epoch: row.get(3)?,
            })
        };
        gather(&self.connection, select, (), info).at(&self.path)
    }
}

/// Asserts that each statement is answered by indexes; of the tables, only
/// those named in `short` may be gone through from end to end.
#[cfg(test)]
pub(crate) fn assert_indexed(statements: &[&str], short: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let vault = crate::Vault::open_for_writing(&directory.path().join("vault.db"), "test").unwrap();
    for sql in statements {
        let mut plan = vault.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        for parameter in 1..=plan.parameter_count() {
            plan.raw_bind_parameter(parameter, 1).unwrap();
        }
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            let scanned = step.strip_prefix("SCAN ");
            let listed = |table: &str| short.contains(&table) || table.starts_with("json_each");
            assert!(scanned.is_none_or(listed), "{sql}: {step}");
            assert!(!step.contains("AUTOMATIC"), "{sql}: {step}");
        }
    }
}
