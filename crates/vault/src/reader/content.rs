//! One digest for all that is current.

use super::Reader;
use crate::error::AtPath;
use crate::{InstanceId, Result};

impl Reader {
    /// A BLAKE3 digest, in hexadecimal, over kind, key, side and body hash of
    /// all current live and trashed objects of an instance, sorted: equal
    /// digests mean equal content, whatever runs brought it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn content_digest(&self, instance: InstanceId) -> Result<String> {
        let digest = || -> rusqlite::Result<String> {
            let select = "SELECT o.kind, o.key, v.side, b.hash
                 FROM object o JOIN version v ON v.object = o.id AND v.until_run IS NULL
                 JOIN body b ON b.id = v.body
                 WHERE o.instance = ?1 ORDER BY o.kind, o.key";
            let mut hasher = blake3::Hasher::new();
            let mut select = self.connection.prepare_cached(select)?;
            let mut rows = select.query([instance.0])?;
            while let Some(row) = rows.next()? {
                for text in [row.get::<_, String>(0)?, row.get(1)?] {
                    hasher.update(&(text.len() as u64).to_le_bytes());
                    hasher.update(text.as_bytes());
                }
                hasher.update(&[row.get(2)?]);
                hasher.update(&row.get::<_, [u8; 32]>(3)?);
            }
            Ok(hasher.finalize().to_string())
        };
        digest().at(&self.path)
    }
}
