//! All current bodies of a kind, one after the other.

use super::Reader;
use super::objects::Frame;
use crate::error::AtPath;
use crate::{InstanceId, Result, VaultError};

impl Reader {
    /// Hands the key and the body, without volatile fields, of every live object
    /// of a kind to `each`, in the order of keys as text. Bodies are not checked
    /// against their hashes.
    ///
    /// # Errors
    /// When the vault cannot be read, or a body cannot be decompressed.
    pub fn bodies(&self, instance: InstanceId, kind: &str, mut each: impl FnMut(&str, &[u8])) -> Result<()> {
        let select = "SELECT o.key, b.raw_len, b.dictionary, b.data FROM object o
             JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side = 0
             JOIN body b ON b.id = v.body
             WHERE o.instance = ?1 AND o.kind = ?2 ORDER BY o.key";
        let mut select = self.connection.prepare_cached(select).at(&self.path)?;
        let mut rows = select.query((instance.0, kind)).at(&self.path)?;
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
