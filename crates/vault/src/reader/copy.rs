//! A copy of the whole vault, made while others read and write it.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::Reader;
use crate::error::AtPath;
use crate::lock::open_private;
use crate::{Result, VaultError};

/// Pages that are copied between two looks at whether a writer waits.
const PAGES_AT_ONCE: i32 = 4096;

/// How long a writer is let pass.
const PAUSE: Duration = Duration::from_millis(1);

impl Reader {
    /// Copies the vault, as it is at one moment, to a file that is not there yet and
    /// that only its owner can read. The vault itself is only read.
    ///
    /// # Errors
    /// When there is a file at `path`, its folder is missing, the disk is full, or the
    /// vault cannot be read.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        if path.try_exists().at(path)? {
            return Err(VaultError::NotAVault { path: path.into(), found: "a file that is there".into() });
        }
        drop(open_private(path).at(path)?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut copy = Connection::open_with_flags(path, flags).at(path)?;
        let backup = Backup::new(&self.connection, &mut copy).at(path)?;
        backup.run_to_completion(PAGES_AT_ONCE, PAUSE, None).at(path)
    }
}
