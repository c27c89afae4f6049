//! The right to write a vault, held over several openings of it.
//!
//! One command may make several runs, each with a [`Vault`] of its own that ends
//! in a writer's thread. Between two of them the lock must not be free for
//! another process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::lock::Lock;
use crate::{Result, Vault, VaultError};

/// How long the writer of the opening before may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A held lock, under which the vault is opened one time after the other.
#[derive(Debug)]
pub struct WriteAccess {
    path: PathBuf,
    holder: String,
    lock: Arc<Lock>,
}

impl WriteAccess {
    /// Takes the lock of the vault at `path`, which need not be there yet;
    /// `holder` says for which command.
    ///
    /// # Errors
    /// When the folder is missing, the file is something else, or somebody else
    /// writes.
    pub fn take(path: &Path, holder: &str) -> Result<Self> {
        let (path, lock) = Vault::take_lock(path, holder)?;
        Ok(Self { path, holder: holder.to_owned(), lock })
    }

    /// Opens the vault, as [`Vault::open_for_writing`] does. Blocks until the
    /// writer of the opening before has ended.
    ///
    /// # Errors
    /// When that one does not end, or the vault cannot be opened.
    pub fn open(&self) -> Result<Vault> {
        let started = Instant::now();
        while Arc::strong_count(&self.lock) > 1 {
            if started.elapsed() > PATIENCE {
                let holder = format!("this process, command {}", self.holder);
                return Err(VaultError::Locked { path: self.path.clone(), holder });
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        Vault::open_locked(self.path.clone(), Arc::clone(&self.lock))
    }
}
