//! How big a vault is.

use std::path::Path;

use super::{KindSize, Reader, VaultSize};
use crate::Result;
use crate::error::AtPath;
use crate::query::{gather, number};

impl Reader {
    /// Bytes of the vault's file and of its log. Costs no look into the vault.
    pub fn file_bytes(&self) -> u64 {
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        file_length(&self.path) + file_length(log.as_ref())
    }

    /// How big the vault is, and what its bodies weigh by kind. Reads every body's row.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn size(&self) -> Result<VaultSize> {
        let kinds = "SELECT kind, count(*), sum(raw_len), sum(length(data)) FROM body
             GROUP BY kind ORDER BY kind";
        let kind = |row: &rusqlite::Row<'_>| {
            Ok(KindSize {
                kind: row.get(0)?,
                bodies: row.get::<_, i64>(1)?.cast_unsigned(),
                raw_bytes: row.get::<_, i64>(2)?.cast_unsigned(),
                compressed_bytes: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        };
        let sum = |sql| number(&self.connection, sql, ()).at(&self.path);
        Ok(VaultSize {
            file_bytes: self.file_bytes(),
            dictionary_bytes: sum("SELECT coalesce(sum(length(data)), 0) FROM dictionary")?,
            volatile_bytes: sum("SELECT coalesce(sum(length(data)), 0) FROM volatile")?,
            kinds: gather(&self.connection, kinds, (), kind).at(&self.path)?,
        })
    }
}

fn file_length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}
