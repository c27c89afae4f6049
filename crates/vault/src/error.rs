//! One error for the whole vault: what was wrong, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::{BodyHash, DocumentError};

/// Why the vault could not do what was asked.
///
/// Cheap to clone: after a failed commit every later call answers the same error.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no file at the path.
    #[error("there is no vault at {path}: check the path, or run an extract to create one")]
    Absent {
        /// The vault's path.
        path: PathBuf,
    },
    /// The folder that should hold the vault is missing.
    #[error("cannot create a vault at {path}: its folder does not exist; create the folder first")]
    MissingParent {
        /// The vault's path.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{path} is not a vault ({found}): choose another path; the file was left as it is")]
    NotAVault {
        /// The file's path.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// A newer build wrote it.
    #[error("the vault {path} has schema {found}, this build knows up to {known}: use a newer build")]
    Newer {
        /// The vault's path.
        path: PathBuf,
        /// Its schema number.
        found: u32,
        /// The newest schema this build knows.
        known: u32,
    },
    /// An older build wrote it, and reading cannot migrate.
    #[error(
        "the vault {path} has schema {found}, this build reads {known}: \
         open it once for writing (any extract does) to migrate it"
    )]
    Older {
        /// The vault's path.
        path: PathBuf,
        /// Its schema number.
        found: u32,
        /// The schema this build reads.
        known: u32,
    },
    /// A crash left it in the middle of a change.
    #[error(
        "the vault {path} was left in the middle of a change: any command that writes to it \
         (`lookervault extract`) puts it in order"
    )]
    LeftInAChange {
        /// The vault's path.
        path: PathBuf,
    },
    /// Somebody else writes.
    #[error("the vault {path} is in use by another writer ({holder}): wait until it is done, or end it")]
    Locked {
        /// The vault's path.
        path: PathBuf,
        /// What the holder wrote about itself: pid, host, command, since.
        holder: String,
    },
    /// The file system cannot carry a write-ahead log.
    #[error(
        "the vault {path} cannot keep a write-ahead log ({detail}): \
         network file systems cannot; put the vault on a local disk"
    )]
    Journal {
        /// The vault's path.
        path: PathBuf,
        /// What SQLite answered.
        detail: String,
    },
    /// No room left.
    #[error(
        "the disk is full at {path}: free some room and run again; \
         everything committed before is kept"
    )]
    DiskFull {
        /// The vault's path.
        path: PathBuf,
        /// SQLite's answer.
        source: Arc<rusqlite::Error>,
    },
    /// Reading or writing the file failed.
    #[error("cannot read or write the vault {path}: check the disk and its permissions")]
    Io {
        /// The vault's path.
        path: PathBuf,
        /// The cause.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The file or what it holds is not what was written.
    #[error("the vault {path} is damaged: {detail}; run verify, and restore a copy if it confirms this")]
    Damaged {
        /// The vault's path.
        path: PathBuf,
        /// What does not fit.
        detail: String,
    },
    /// Another process keeps the database locked for too long.
    #[error("the vault {path} is busy: another program holds it; try again when it is done")]
    Busy {
        /// The vault's path.
        path: PathBuf,
    },
    /// A record said its body is stored, and it is not.
    #[error("the body {hash} of {kind} {key} was said to be stored and is not; nothing was written")]
    MissingBody {
        /// The kind.
        kind: String,
        /// The key.
        key: String,
        /// The body.
        hash: BodyHash,
    },
    /// No run has this number.
    #[error("the vault has no run {run}: list the runs to see which it has")]
    NoSuchRun {
        /// The number.
        run: i64,
    },
    /// No restore has this number.
    #[error("the vault has no restore {restore}: list the restores to see which it has")]
    NoSuchRestore {
        /// The number.
        restore: i64,
    },
    /// The run was pruned.
    #[error("run {run} was forgotten by the prune of {at}: list the runs to see which are kept")]
    ForgottenRun {
        /// The number.
        run: i64,
        /// When it was pruned, UTC.
        at: jiff::Timestamp,
    },
    /// The run cannot be pruned.
    #[error(
        "run {run} cannot be forgotten: it is the newest complete one of its scope, \
         it can still be resumed, or a restore that is not complete needs it"
    )]
    NeededRun {
        /// The number.
        run: i64,
    },
    /// The tag names another run.
    #[error("the tag {name} names run {run} already: choose another name, or delete that tag first")]
    TagTaken {
        /// The tag.
        name: String,
        /// The run it names.
        run: i64,
    },
    /// The run is not in a state that allows this.
    #[error("run {run} is {state}: {advice}")]
    WrongRunState {
        /// The number.
        run: i64,
        /// Its state.
        state: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A later run of the same scope took the run's place.
    #[error(
        "run {run} cannot be confirmed: run {later} of the same scope is newer and {state}; {}",
        if state == "suspect" { "confirm that one" } else { "what it found gone is settled by that one" }
    )]
    Superseded {
        /// The number.
        run: i64,
        /// The later run's number.
        later: i64,
        /// The later run's state.
        state: String,
    },
    /// A document is not JSON.
    #[error("a document could not be read")]
    Document(#[from] DocumentError),
    /// The writer was closed before.
    #[error("the vault {path} was closed: no more can be written to it")]
    Closed {
        /// The vault's path.
        path: PathBuf,
    },
    /// Anything else SQLite has to say.
    #[error("the vault {path} could not be used")]
    Database {
        /// The vault's path.
        path: PathBuf,
        /// SQLite's answer.
        source: Arc<rusqlite::Error>,
    },
}

/// What sort of trouble a [`VaultError`] is; exit codes and hints hang on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The path or the file at it is wrong.
    NotAVault,
    /// The schema is newer or older than this build's.
    Schema,
    /// Somebody else uses it.
    InUse,
    /// The disk is full.
    DiskFull,
    /// The disk or its permissions failed.
    Io,
    /// The content is damaged.
    Damaged,
    /// The caller asked for something that cannot be.
    Misuse,
    /// Something SQLite answered that has no better name.
    Other,
}

/// The vault's result.
pub type Result<T, E = VaultError> = std::result::Result<T, E>;

impl VaultError {
    /// What sort of trouble this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Absent { .. } | Self::MissingParent { .. } | Self::NotAVault { .. } => ErrorKind::NotAVault,
            Self::Newer { .. } | Self::Older { .. } => ErrorKind::Schema,
            Self::Locked { .. } | Self::Busy { .. } => ErrorKind::InUse,
            Self::DiskFull { .. } => ErrorKind::DiskFull,
            Self::Io { .. } | Self::Journal { .. } | Self::LeftInAChange { .. } => ErrorKind::Io,
            Self::Damaged { .. } => ErrorKind::Damaged,
            Self::MissingBody { .. }
            | Self::NoSuchRun { .. }
            | Self::NoSuchRestore { .. }
            | Self::ForgottenRun { .. }
            | Self::NeededRun { .. }
            | Self::TagTaken { .. }
            | Self::WrongRunState { .. }
            | Self::Superseded { .. }
            | Self::Document(_)
            | Self::Closed { .. } => ErrorKind::Misuse,
            Self::Database { .. } => ErrorKind::Other,
        }
    }

    /// Gives an SQLite error its place and its meaning.
    pub(crate) fn from_sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        let Some(code) = error.sqlite_error().copied() else {
            return Self::from_conversion(path, error);
        };
        if is_shared_memory_trouble(code.extended_code) {
            return Self::Journal { path, detail: error.to_string() };
        }
        match code.code {
            ErrorCode::ReadOnly if is_left_in_a_change(code.extended_code) => Self::LeftInAChange { path },
            ErrorCode::DiskFull => Self::DiskFull { path, source: Arc::new(error) },
            ErrorCode::DatabaseCorrupt => Self::Damaged { path, detail: error.to_string() },
            ErrorCode::NotADatabase => Self::NotAVault { path, found: "not an SQLite database".into() },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { path },
            ErrorCode::FileLockingProtocolFailed => Self::Journal { path, detail: error.to_string() },
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied => Self::Io { path, source: Arc::new(error) },
            _ => Self::Database { path, source: Arc::new(error) },
        }
    }

    /// A column that does not hold what the schema says is damage.
    fn from_conversion(path: PathBuf, error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Self::Damaged { path, detail: error.to_string() },
            other => Self::Database { path, source: Arc::new(other) },
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source: Arc::new(source) }
    }

    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), detail: detail.into() }
    }
}

/// A reader met a journal that only a writer may roll back or recover.
fn is_left_in_a_change(extended: i32) -> bool {
    use rusqlite::ffi;
    [ffi::SQLITE_READONLY_ROLLBACK, ffi::SQLITE_READONLY_RECOVERY].contains(&extended)
}

/// WAL's shared memory could not be opened, mapped or locked.
fn is_shared_memory_trouble(extended: i32) -> bool {
    use rusqlite::ffi;
    [
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_SHMSIZE,
        ffi::SQLITE_IOERR_SHMLOCK,
        ffi::SQLITE_IOERR_SHMMAP,
    ]
    .contains(&extended)
}

/// Puts the vault's path into every SQLite error.
pub(crate) trait AtPath<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for rusqlite::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| VaultError::from_sqlite(path, error))
    }
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| VaultError::io(path, error))
    }
}
