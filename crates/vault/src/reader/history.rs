//! What changed from run to run.
//!
//! A version begins where the one before it ended, so whatever changed between
//! two runs has a version that begins in between: both questions below are
//! answered by the index on the run a version begins with, and cost what
//! changed, not what is stored.

use jiff::Timestamp;
use rusqlite::Row;

use super::Reader;
use crate::error::AtPath;
use crate::{BodyHash, InstanceId, Result, RunId, Side, VaultError, times};

/// What an object was from one run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The run that found it so.
    pub from_run: RunId,
    /// Live or trash; `None` when the object was gone.
    pub side: Option<Side>,
    /// Title or name; of what is gone, the last one.
    pub title: Option<String>,
    /// The key of its folder; of what is gone, the last one.
    pub folder: Option<String>,
    /// Looker's stamp of the last edit.
    pub updated_at: Option<Timestamp>,
    /// Looker's birth mark.
    pub created_at: Option<Timestamp>,
    /// When it was read; of what is gone, when the run ended.
    pub read_at: Timestamp,
    /// Of one that has ended: when the object was last read as it says, if that was later
    /// and the object is read again by its age.
    pub confirmed_at: Option<Timestamp>,
    /// The name of its body; `None` exactly when it was gone.
    pub body: Option<BodyHash>,
}

/// A version that a run began, with the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind.
    pub kind: String,
    /// The object's key.
    pub key: String,
    /// What it was before; `None` when the vault had never seen it.
    pub before: Option<Version>,
    /// What it became.
    pub after: Version,
}

/// An object that is not the same in two states of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind.
    pub kind: String,
    /// The object's key.
    pub key: String,
    /// What it is in the first state; `None` when it is not there.
    pub a: Option<Version>,
    /// What it is in the second state; `None` when it is not there.
    pub b: Option<Version>,
}

/// Which changes to tell.
#[derive(Debug, Clone)]
pub struct ChangeFilter {
    /// Of this instance.
    pub instance: InstanceId,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of the object with this key; needs a kind.
    pub key: Option<String>,
    /// Only what later runs than this one found.
    pub after: Option<RunId>,
    /// Only what runs up to this one found.
    pub until: Option<RunId>,
}

impl ChangeFilter {
    /// All changes of an instance.
    pub fn of(instance: InstanceId) -> Self {
        Self { instance, kind: None, key: None, after: None, until: None }
    }
}

/// Columns of a version by its table's name, in the order of [`Version::read`].
macro_rules! version_columns {
    ($version:literal, $body:literal) => {
        concat!(
            $version,
            ".from_run, ",
            $version,
            ".side, ",
            $version,
            ".title, ",
            $version,
            ".folder, ",
            $version,
            ".updated_at, ",
            $version,
            ".created_at, ",
            $version,
            ".read_at, ",
            $version,
            ".confirmed_at, ",
            $body,
            ".hash"
        )
    };
}

/// Where the columns of two versions begin, after a kind and a key.
const FIRST: usize = 2;
const SECOND: usize = FIRST + 9;

/// The columns of a version `v` and its body `b`.
pub(super) const VERSION_COLUMNS: &str = version_columns!("v", "b");

/// The one before began in an earlier run, or in the same and has a smaller id:
/// what came and went within a run. The joins are crossed because what changed
/// is little and what is stored is much.
macro_rules! changes {
    ($from:literal, $which:literal, $order:literal) => {
        concat!(
            "SELECT o.kind, o.key, ",
            version_columns!("v", "vb"),
            ", ",
            version_columns!("p", "pb"),
            "
             FROM ",
            $from,
            "
             LEFT JOIN version p ON p.id = (SELECT b.id FROM version b INDEXED BY version_start
                 WHERE b.object = v.object AND b.from_run <= v.from_run
                     AND (b.from_run < v.from_run OR b.id < v.id)
                 ORDER BY b.from_run DESC, b.id DESC LIMIT 1)
             LEFT JOIN body vb ON vb.id = v.body LEFT JOIN body pb ON pb.id = p.body
             WHERE o.instance = ?1 AND v.from_run > ?4 AND v.from_run <= ?5 AND ",
            $which,
            "
             ORDER BY v.from_run DESC, ",
            $order
        )
    };
}

/// Within a run by stamp; absences have the stamp of what was before.
const CHANGES: &str = changes!(
    "version v INDEXED BY version_run CROSS JOIN object o ON o.id = v.object",
    "(?2 IS NULL OR o.kind = ?2) AND (?3 IS NULL OR o.key = ?3)",
    "CASE WHEN v.side < 2 THEN v.updated_at END DESC, v.id DESC"
);

const CHANGES_OF_ONE: &str = changes!(
    "object o CROSS JOIN version v INDEXED BY version_start ON v.object = o.id",
    "o.kind = ?2 AND o.key = ?3",
    "v.id DESC"
);

const DIFFERING: &str = concat!(
    "SELECT o.kind, o.key, ",
    version_columns!("a", "ab"),
    ", ",
    version_columns!("b", "bb"),
    "
     FROM (SELECT DISTINCT object FROM version INDEXED BY version_run
         WHERE from_run > ?2 AND from_run <= ?3) touched
     CROSS JOIN object o ON o.id = touched.object
     LEFT JOIN version a INDEXED BY version_start ON a.object = o.id AND a.side < 2
         AND a.from_run <= ?2 AND (a.until_run IS NULL OR a.until_run > ?2)
     LEFT JOIN version b INDEXED BY version_start ON b.object = o.id AND b.side < 2
         AND b.from_run <= ?3 AND (b.until_run IS NULL OR b.until_run > ?3)
     LEFT JOIN body ab ON ab.id = a.body LEFT JOIN body bb ON bb.id = b.body
     WHERE o.instance = ?1 AND (a.side IS NOT b.side OR a.body IS NOT b.body
         OR a.title IS NOT b.title OR a.folder IS NOT b.folder)
     ORDER BY o.kind, o.key GLOB '*[^0-9]*',
         CASE WHEN o.key NOT GLOB '*[^0-9]*' THEN length(ltrim(o.key, '0')) END, o.key"
);

impl Reader {
    /// Hands every change that fits to `each`, newest run first, and within a
    /// run the latest stamp first, until it answers false. Nothing is gathered.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn changes(&self, filter: &ChangeFilter, mut each: impl FnMut(Change) -> bool) -> Result<()> {
        let sql = if filter.key.is_some() { CHANGES_OF_ONE } else { CHANGES };
        let mut tell = || -> rusqlite::Result<()> {
            let after = filter.after.map_or(i64::MIN, |run| run.0);
            let until = filter.until.map_or(i64::MAX, |run| run.0);
            let mut select = self.connection.prepare_cached(sql)?;
            let mut rows = select.query((filter.instance.0, &filter.kind, &filter.key, after, until))?;
            while let Some(row) = rows.next()? {
                let Some(after) = Version::read(row, FIRST)? else { continue };
                let before = Version::read(row, SECOND)?;
                if !each(Change { kind: row.get(0)?, key: row.get(1)?, before, after }) {
                    break;
                }
            }
            Ok(())
        };
        tell().at(&self.path)
    }

    /// Hands every object of which the states that two runs left differ in side,
    /// content, title or folder to `each`, by kind and key. `a` may be newer
    /// than `b`. The cost follows what changed in between.
    ///
    /// # Errors
    /// When there are no such runs, or the vault cannot be read.
    pub fn differing(
        &self,
        instance: InstanceId,
        a: RunId,
        b: RunId,
        mut each: impl FnMut(Difference),
    ) -> Result<()> {
        for run in [a, b] {
            if self.moment(run)?.instance != instance {
                return Err(VaultError::NoSuchRun { run: run.0 });
            }
        }
        let (first, last) = (a.min(b), a.max(b));
        let (a_column, b_column) = if a <= b { (FIRST, SECOND) } else { (SECOND, FIRST) };
        let mut tell = || -> rusqlite::Result<()> {
            let mut select = self.connection.prepare_cached(DIFFERING)?;
            let mut rows = select.query((instance.0, first.0, last.0))?;
            while let Some(row) = rows.next()? {
                let (a, b) = (Version::read(row, a_column)?, Version::read(row, b_column)?);
                each(Difference { kind: row.get(0)?, key: row.get(1)?, a, b });
            }
            Ok(())
        };
        tell().at(&self.path)
    }
}

impl Version {
    /// Reads the columns of a version from this one on; `None` where there is none.
    pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let Some(from_run) = row.get(at)? else { return Ok(None) };
        let side: i64 = row.get(at + 1)?;
        Ok(Some(Self {
            from_run: RunId(from_run),
            side: Side::from_code(side),
            title: row.get(at + 2)?,
            folder: row.get(at + 3)?,
            updated_at: times::maybe_timestamp(row.get(at + 4)?)?,
            created_at: times::maybe_timestamp(row.get(at + 5)?)?,
            read_at: times::timestamp(row.get(at + 6)?)?,
            confirmed_at: times::maybe_timestamp(row.get(at + 7)?)?,
            body: row.get::<_, Option<[u8; 32]>>(at + 8)?.map(BodyHash),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    /// The list of touched objects is as long as what changed.
    #[test]
    fn changes_are_found_by_an_index() {
        assert_indexed(&[CHANGES, CHANGES_OF_ONE, DIFFERING], &["touched"]);
    }
}
