//! One writer at a time: an operating system lock that says who holds it.
//!
//! The lock is taken on a file of its own beside the vault, so that it can be
//! read while it is held, and it ends with the process that holds it, however
//! that process ends. What the file says is for people; the lock itself
//! decides. The file stays: removing it would let two writers lock two files
//! of the same name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::error::AtPath;
use crate::{Result, VaultError};

/// A reader that asks whether the lock is held has it for an instant; that
/// must not turn a writer away.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A held lock; given back when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the vault at `path`.
    pub(crate) fn take(path: &Path, holder: &str) -> Result<Self> {
        let mut file = open_private(&beside(path)).at(path)?;
        for attempt in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < TRIES => std::thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
                Err(TryLockError::Error(error)) => return Err(VaultError::io(path, error)),
            }
        }
        write_holder(&mut file, holder).at(path)?;
        Ok(Self { _file: file })
    }

    /// Whether somebody holds the lock of the vault at `path`.
    pub(crate) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(beside(path)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// The lock's file: the vault's name with `.lock` after it.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Opens a file for reading and writing, making it readable for its owner only.
pub(crate) fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_holder(file: &mut File, holder: &str) -> std::io::Result<()> {
    let (pid, host, now) = (std::process::id(), host(), Timestamp::now());
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "pid {pid} on {host}, command {holder}, since {now:.0}")
}

fn held(path: &Path, file: &mut File) -> VaultError {
    let mut holder = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut holder));
    if read.is_err() || holder.trim().is_empty() {
        "a process that does not say who it is".clone_into(&mut holder);
    }
    VaultError::Locked { path: path.into(), holder: holder.trim().to_owned() }
}

/// This machine's name where the system tells it in a file.
fn host() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let name = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
    name.map_or_else(|| "this machine".to_owned(), |name| name.trim().to_owned())
}
