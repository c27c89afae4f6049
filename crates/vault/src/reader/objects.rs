//! Lists of objects, and one object with its content.

use std::fmt::Display;

use rusqlite::types::Null;
use rusqlite::{OptionalExtension, Row};

use super::as_of::{AsOf, valid};
use super::folders::FolderPaths;
use super::{Count, ListFilter, ListRow, Reader, Stored};
use crate::error::AtPath;
use crate::query::gather;
use crate::{
    BodyHash, CHECKING, COMPARING, DictionaryId, InstanceId, PLANNING, RESTORING, Result, RunId, Side,
    VaultError, merge_volatile, times, volatile_hash,
};

/// Ids are mostly numbers: 9 before 10, and before ids that are words.
fn list_sql(at: Option<RunId>) -> String {
    let valid = valid("v", 6, at);
    format!(
        "SELECT o.instance, o.kind, o.key, v.title, v.folder, v.side, v.updated_at,
             v.created_at, v.from_run
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         WHERE o.instance = ?1 AND o.kind = ?2 AND (?3 AND v.side = 0 OR ?4 AND v.side = 1)
             AND (?5 IS NULL OR v.folder = ?5)
         ORDER BY o.key GLOB '*[^0-9]*',
             CASE WHEN o.key NOT GLOB '*[^0-9]*' THEN length(ltrim(o.key, '0')) END, o.key"
    )
}

/// Volatile fields are kept of the latest reading only: they are not what a run read
/// that others came after, and their places need not exist in a version that is no
/// longer current.
fn show_sql(at: Option<RunId>) -> String {
    let valid = valid("v", 4, at);
    let latest = at.map_or(String::new(), |_| {
        format!(
            "AND NOT EXISTS (SELECT 1 FROM run later WHERE later.id > ?4 AND later.instance = o.instance
                 AND later.command NOT IN ('{COMPARING}', '{PLANNING}', '{CHECKING}', '{RESTORING}'))"
        )
    });
    format!(
        "SELECT o.instance, o.kind, o.key, v.title, v.folder, v.side, v.updated_at,
             v.created_at, v.from_run, v.read_at, o.unsettled AND v.until_run IS NULL, b.hash, b.raw_len,
             b.dictionary, b.data, w.raw_len, w.dictionary, w.data, w.hash
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         JOIN body b ON b.id = v.body
         LEFT JOIN volatile w ON w.object = o.id AND v.until_run IS NULL {latest}
         WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3"
    )
}

/// What rows of a kind say, without their bodies.
fn rows_sql(at: Option<RunId>) -> String {
    let valid = valid("v", 4, at);
    format!(
        "SELECT o.instance, o.kind, o.key, v.title, v.folder, v.side, v.updated_at,
             v.created_at, v.from_run, b.hash
         FROM object o JOIN version v ON v.object = o.id AND {valid}
         JOIN body b ON b.id = v.body
         WHERE o.instance = ?1 AND o.kind = ?2"
    )
}

/// What a row says, without its body.
fn row_sql(at: Option<RunId>) -> String {
    format!("{} AND o.key = ?3", rows_sql(at))
}

/// An object's row with its content, still compressed.
struct Packed {
    row: ListRow,
    read_at: i64,
    unsettled: bool,
    hash: [u8; 32],
    body: Frame,
    /// With its fingerprint.
    volatile: Option<(Frame, i64)>,
}

/// A compressed blob as it is stored.
pub(crate) struct Frame {
    pub(crate) raw_len: u32,
    pub(crate) dictionary: Option<i64>,
    pub(crate) data: Vec<u8>,
}

impl Reader {
    /// Hands every object that fits to `each`: instance by instance, ids that
    /// are numbers in the order of numbers. Nothing is gathered.
    ///
    /// As of a run, folders have the names they had then.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn list(&self, filter: &ListFilter, mut each: impl FnMut(ListRow)) -> Result<()> {
        let instances = match filter.instance {
            Some(instance) => vec![instance],
            None => self.instances()?.into_iter().map(|instance| instance.id).collect(),
        };
        instances.into_iter().try_for_each(|instance| {
            let folders = self.folders(AsOf { instance, run: filter.at })?;
            self.list_instance(instance, filter, &folders, &mut each).at(&self.path)
        })
    }

    fn list_instance(
        &self,
        instance: InstanceId,
        filter: &ListFilter,
        folders: &FolderPaths,
        each: &mut impl FnMut(ListRow),
    ) -> rusqlite::Result<()> {
        let side = |side| filter.sides.contains(&side);
        let (live, trash) = (side(Side::Live), side(Side::Trash));
        let mut select = self.connection.prepare_cached(&list_sql(filter.at))?;
        let at = filter.at.map(|run| run.0);
        let mut rows = select.query((instance.0, &filter.kind, live, trash, &filter.folder, at))?;
        while let Some(row) = rows.next()? {
            each(list_row(row, folders)?);
        }
        Ok(())
    }

    /// One object with its content; `None` when the vault never had it or it
    /// is absent now. The body is checked against its hash.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn show(&self, instance: InstanceId, kind: &str, key: &str) -> Result<Option<Stored>> {
        self.show_at(instance, kind, key, None)
    }

    /// One object with its content, now or as the run `at` left it; `None` when
    /// the vault did not have it then. The body is checked against its hash.
    ///
    /// Volatile fields are known of the latest reading only, not of which run's it was:
    /// as of a run that others of the instance came after, every object comes without
    /// them, also one that these did not read.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn show_at(
        &self,
        instance: InstanceId,
        kind: &str,
        key: &str,
        at: Option<RunId>,
    ) -> Result<Option<Stored>> {
        let mut select = self.connection.prepare_cached(&show_sql(at)).at(&self.path)?;
        let parameters = (instance.0, kind, key, at.map(|run| run.0));
        let packed = select.query_row(parameters, Packed::read).optional().at(&self.path)?;
        packed.map(|packed| self.unpack(packed, at)).transpose()
    }

    /// The row of an object and the hash of its body, which is not read; its folder
    /// comes without a path. `None` when the vault does not have it then.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn row(&self, of: impl Into<AsOf>, kind: &str, key: &str) -> Result<Option<(ListRow, BodyHash)>> {
        let of = of.into();
        let mut select = self.connection.prepare_cached(&row_sql(of.run)).at(&self.path)?;
        select.query_row((of.instance.0, kind, key, of.number()), hashed_row).optional().at(&self.path)
    }

    /// The same of every object of a kind, in no order, for `each`. Nothing is gathered.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn rows(
        &self,
        of: impl Into<AsOf>,
        kind: &str,
        mut each: impl FnMut(ListRow, BodyHash),
    ) -> Result<()> {
        let of = of.into();
        let mut read = || -> rusqlite::Result<()> {
            let mut select = self.connection.prepare_cached(&rows_sql(of.run))?;
            let mut rows = select.query((of.instance.0, kind, Null, of.number()))?;
            while let Some(row) = rows.next()? {
                let (row, hash) = hashed_row(row)?;
                each(row, hash);
            }
            Ok(())
        };
        read().at(&self.path)
    }

    fn unpack(&self, packed: Packed, at: Option<RunId>) -> Result<Stored> {
        let Packed { row, read_at, unsettled, hash, body, volatile } = packed;
        let damaged = |part: &str, why: &dyn Display| {
            VaultError::damaged(&self.path, format!("the {part} of {} {}: {why}", row.kind, row.key))
        };
        let name = format!("{} {}", row.kind, row.key);
        let body = self.checked_body(&body, BodyHash(hash), &name)?;
        let document = match volatile {
            None => body.clone(),
            Some((volatile, hash)) => {
                let volatile =
                    self.decode(&volatile).at(&self.path)?.map_err(|why| damaged("volatile part", &why))?;
                if volatile_hash(&volatile) != hash.cast_unsigned() {
                    return Err(damaged("volatile part", &"it is not what was stored"));
                }
                merge_volatile(&body, &volatile).map_err(|why| damaged("volatile part", &why))?
            }
        };
        let path = row.folder.as_ref().map(|folder| self.folder_path(row.instance, folder, at));
        let row = ListRow { folder_path: path.transpose()?.flatten(), ..row };
        let mark = crate::document::REDACTED.as_bytes();
        let redacted = memchr::memmem::find_iter(&document, mark).count() as u64;
        let read_at = times::timestamp(read_at).at(&self.path)?;
        Ok(Stored { row, hash: BodyHash(hash), body, document, read_at, redacted, unsettled })
    }

    /// Decompresses a body and compares it with its hash; `name` is what it is
    /// the body of.
    pub(super) fn checked_body(&self, body: &Frame, hash: BodyHash, name: &str) -> Result<Vec<u8>> {
        let damaged =
            |why: &dyn Display| VaultError::damaged(&self.path, format!("the body of {name}: {why}"));
        let body = self.decode(body).at(&self.path)?.map_err(|why| damaged(&why))?;
        if BodyHash::of(&body) != hash {
            return Err(damaged(&"it is not what was stored"));
        }
        Ok(body)
    }

    /// Decompresses, loading the dictionary on first use.
    pub(crate) fn decode(&self, frame: &Frame) -> rusqlite::Result<Result<Vec<u8>, &'static str>> {
        if let Some(row) = frame.dictionary.filter(|row| !self.decoder.knows(*row)) {
            let select = "SELECT hash, data FROM dictionary WHERE id = ?1";
            let read = |found: &Row<'_>| Ok((DictionaryId(found.get(0)?), found.get(1)?));
            let found: Option<(_, Vec<u8>)> = self.connection.query_row(select, [row], read).optional()?;
            if let Some((id, bytes)) = found {
                self.decoder.learn(row, id, &bytes);
            }
        }
        Ok(self.decoder.decode(&frame.data, frame.raw_len, frame.dictionary))
    }

    /// Current objects per instance, kind and side.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn counts(&self) -> Result<Vec<Count>> {
        let select = "SELECT o.instance, o.kind, v.side, count(*)
             FROM version v JOIN object o ON o.id = v.object
             WHERE v.until_run IS NULL AND v.side < 2
             GROUP BY o.instance, o.kind, v.side ORDER BY o.instance, o.kind, v.side";
        let count = |row: &Row<'_>| {
            Ok(Count {
                instance: InstanceId(row.get(0)?),
                kind: row.get(1)?,
                side: side(row.get(2)?)?,
                objects: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        };
        gather(&self.connection, select, (), count).at(&self.path)
    }

    /// Keys of a kind whose last read proves nothing, because they were edited
    /// so shortly before it: they must be read again.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unsettled(&self, instance: InstanceId, kind: &str) -> Result<Vec<String>> {
        let select =
            "SELECT key FROM object WHERE instance = ?1 AND kind = ?2 AND unsettled = 1 ORDER BY key";
        gather(&self.connection, select, (instance.0, kind), |row| row.get(0)).at(&self.path)
    }
}

impl Packed {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let volatile = match row.get(15)? {
            None => None,
            Some(raw_len) => {
                Some((Frame { raw_len, dictionary: row.get(16)?, data: row.get(17)? }, row.get(18)?))
            }
        };
        Ok(Self {
            row: list_row(row, &FolderPaths::default())?,
            read_at: row.get(9)?,
            unsettled: row.get(10)?,
            hash: row.get(11)?,
            body: Frame { raw_len: row.get(12)?, dictionary: row.get(13)?, data: row.get(14)? },
            volatile,
        })
    }
}

/// Reads the columns that lists and single objects begin with.
fn list_row(row: &Row<'_>, folders: &FolderPaths) -> rusqlite::Result<ListRow> {
    let folder: Option<String> = row.get(4)?;
    Ok(ListRow {
        instance: InstanceId(row.get(0)?),
        kind: row.get(1)?,
        key: row.get(2)?,
        title: row.get(3)?,
        folder_path: folder.as_ref().and_then(|folder| folders.path(folder)),
        folder,
        side: side(row.get(5)?)?,
        updated_at: times::maybe_timestamp(row.get(6)?)?,
        created_at: times::maybe_timestamp(row.get(7)?)?,
        from_run: RunId(row.get(8)?),
    })
}

/// Reads a row and the hash of its body.
fn hashed_row(row: &Row<'_>) -> rusqlite::Result<(ListRow, BodyHash)> {
    Ok((list_row(row, &FolderPaths::default())?, BodyHash(row.get(9)?)))
}

pub(super) fn side(code: i64) -> rusqlite::Result<Side> {
    Side::from_code(code).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    #[test]
    fn the_past_is_found_by_an_index() {
        for at in [None, Some(RunId(1))] {
            assert_indexed(&[&list_sql(at), &show_sql(at), &rows_sql(at), &row_sql(at)], &[]);
        }
    }
}
