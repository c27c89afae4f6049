//! Bodies: of one object, of all of a kind one after the other, or one by its name.

use rusqlite::OptionalExtension;

use super::Reader;
use super::as_of::{AsOf, valid};
use super::objects::Frame;
use crate::error::AtPath;
use crate::{BodyHash, InstanceId, Result, RunId, VaultError};

const VOLATILE_HASH: &str = "SELECT v.hash FROM object o JOIN volatile v ON v.object = o.id
     WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3";

impl Reader {
    /// The body of this hash, checked against it; `None` when it is not stored.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn body(&self, hash: &BodyHash) -> Result<Option<Vec<u8>>> {
        let select = "SELECT raw_len, dictionary, data FROM body WHERE hash = ?1";
        let mut select = self.connection.prepare_cached(select).at(&self.path)?;
        let frame = |row: &rusqlite::Row<'_>| {
            Ok(Frame { raw_len: row.get(0)?, dictionary: row.get(1)?, data: row.get(2)? })
        };
        let found = select.query_row([hash.0], frame).optional().at(&self.path)?;
        found.map(|frame| self.checked_body(&frame, *hash, &hash.to_string())).transpose()
    }

    /// The hash of the volatile part that is stored with an object; `None` where there is
    /// none. A [`Record`](crate::Record) may come without the part that has it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn volatile_hash(&self, instance: InstanceId, kind: &str, key: &str) -> Result<Option<u64>> {
        let mut select = self.connection.prepare_cached(VOLATILE_HASH).at(&self.path)?;
        let hash = select.query_row((instance.0, kind, key), |row| row.get::<_, i64>(0)).optional();
        Ok(hash.at(&self.path)?.map(i64::cast_unsigned))
    }

    /// The body of an object, without volatile fields, live or in the trash;
    /// `None` when it is not there. It is not checked against its hash.
    ///
    /// # Errors
    /// When the vault cannot be read, or the body cannot be decompressed.
    pub fn body_of(&self, of: impl Into<AsOf>, kind: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let of = of.into();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Frame { raw_len: row.get(0)?, dictionary: row.get(1)?, data: row.get(2)? })
        };
        let mut select = self.connection.prepare_cached(&body_sql(of.run)).at(&self.path)?;
        let parameters = (of.instance.0, kind, key, of.number());
        let frame = select.query_row(parameters, read).optional().at(&self.path)?;
        let damaged = |why| VaultError::damaged(&self.path, format!("the body of {kind} {key}: {why}"));
        let decode = |frame| self.decode(&frame).at(&self.path)?.map_err(damaged);
        frame.map(decode).transpose()
    }

    /// Hands the key and the body, without volatile fields, of every live object
    /// of a kind to `each`, in the order of keys as text. Bodies are not checked
    /// against their hashes.
    ///
    /// # Errors
    /// When the vault cannot be read, or a body cannot be decompressed.
    pub fn bodies(&self, of: impl Into<AsOf>, kind: &str, mut each: impl FnMut(&str, &[u8])) -> Result<()> {
        let of = of.into();
        let mut select = self.connection.prepare_cached(&bodies_sql(of.run)).at(&self.path)?;
        let mut rows = select.query((of.instance.0, kind, of.number())).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let key: String = row.get(0).at(&self.path)?;
            let frame = Frame {
                raw_len: row.get(1).at(&self.path)?,
                dictionary: row.get(2).at(&self.path)?,
                data: row.get(3).at(&self.path)?,
            };
            let body = self
                .decode(&frame)
                .at(&self.path)?
                .map_err(|why| VaultError::damaged(&self.path, format!("the body of {kind} {key}: {why}")))?;
            each(&key, &body);
        }
        Ok(())
    }
}

fn body_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT b.raw_len, b.dictionary, b.data FROM object o
         JOIN version v ON v.object = o.id AND {valid} AND v.side < 2
         JOIN body b ON b.id = v.body
         WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3",
        valid = valid("v", 4, at),
    )
}

fn bodies_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT o.key, b.raw_len, b.dictionary, b.data FROM object o
         JOIN version v ON v.object = o.id AND {valid} AND v.side = 0
         JOIN body b ON b.id = v.body
         WHERE o.instance = ?1 AND o.kind = ?2 ORDER BY o.key",
        valid = valid("v", 3, at),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    #[test]
    fn bodies_are_found_by_an_index() {
        for at in [None, Some(RunId(1))] {
            assert_indexed(&[VOLATILE_HASH, &body_sql(at), &bodies_sql(at)], &[]);
        }
    }
}
