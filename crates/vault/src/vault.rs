//! An opened vault: making it, locking it, beginning and resuming runs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::codec::{Dictionary, Part};
use crate::error::AtPath;
use crate::lock::{Lock, open_private};
use crate::prune::DELETE_UNNEEDED_BODIES;
use crate::query::gather;
use crate::reader::streams_of;
use crate::{
    Codec, DictionaryId, InstanceId, Reader, Result, RunId, RunStart, RunState, StreamRecord, VaultError,
    Writer, restores, schema, seals,
};

/// How long a statement waits for another process's lock on the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Pages that a reader by itself keeps in memory, in KiB below zero.
const READING_CACHE: i64 = -64_000;

/// A vault opened and locked for writing.
#[derive(Debug)]
pub struct Vault {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) codec: Codec,
    _lock: Arc<Lock>,
}

/// A run that can be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumableRun {
    /// The run.
    pub run: RunId,
    /// `Interrupted` or `Incomplete`.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// Its streams with what they have read.
    pub streams: Vec<ResumableStream>,
}

/// What a complete run was like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteRun {
    /// Its options, as they were given.
    pub options: String,
    /// Its account, as it was given.
    pub account: String,
}

/// A stream of a run that can be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumableStream {
    /// The stream as last recorded.
    pub record: StreamRecord,
    /// The committed pages by offset: (offset, rows asked for, rows that came).
    pub committed: Vec<(u64, u32, u32)>,
}

impl Vault {
    /// Opens the vault at `path` for writing, or makes one: takes its lock
    /// (`holder` says for which command, such as `extract`), migrates it, and
    /// marks runs whose process died as interrupted. The file and those beside
    /// it are readable for their owner only.
    ///
    /// # Errors
    /// When the folder is missing, the file is something else or of a newer
    /// schema, somebody else writes, the disk is full, or the file system
    /// cannot carry a write-ahead log.
    pub fn open_for_writing(path: &Path, holder: &str) -> Result<Self> {
        let (path, lock) = Self::take_lock(path, holder)?;
        Self::open_locked(path, lock)
    }

    /// Looks at the file and takes its lock; the absolute name comes along.
    pub(crate) fn take_lock(path: &Path, holder: &str) -> Result<(PathBuf, Arc<Lock>)> {
        let path = resolve(path)?;
        refuse_foreign_file(&path)?;
        let lock = Lock::take(&path, holder)?;
        Ok((path, Arc::new(lock)))
    }

    /// Opens the vault for who holds its lock.
    pub(crate) fn open_locked(path: PathBuf, lock: Arc<Lock>) -> Result<Self> {
        drop(open_private(&path).at(&path)?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&path, flags).at(&path)?;
        configure_writer(&connection, &path)?;
        schema::migrate(&mut connection, &path)?;
        seals::keep(&connection).at(&path)?;
        clear_up_after_a_crash(&connection).at(&path)?;
        seals::tighten(&connection).at(&path)?;
        let codec = Codec::new(sound_dictionaries(&connection).at(&path)?);
        Ok(Self { connection, path, codec, _lock: lock })
    }

    /// Opens the vault at `path` for reading; takes no lock and disturbs no writer. Who has
    /// it open already takes [`Reader::beside`], or [`reader`](Self::reader) where it writes.
    ///
    /// # Errors
    /// When there is no file, it is no vault, or its schema is newer or older.
    pub fn open_for_reading(path: &Path) -> Result<Reader> {
        if !path.try_exists().at(path)? {
            return Err(VaultError::Absent { path: path.into() });
        }
        let path = resolve(path)?;
        let can_be_written = refuse_foreign_file(&path)?;
        let reader = Reader { can_be_written, ..Reader::open(path)? };
        // Who only reads may keep much; beside a writer every thread has a reader.
        reader.connection.pragma_update(None, "cache_size", READING_CACHE).at(&reader.path)?;
        Ok(reader)
    }

    /// A reader of this vault; it sees what is committed.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn reader(&self) -> Result<Reader> {
        Reader::open(self.path.clone())
    }

    /// The compressor, with this vault's dictionaries.
    pub fn codec(&self) -> Codec {
        self.codec.clone()
    }

    /// The path of the vault, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the instance at this URL, in its newest epoch; made on first
    /// sight. The URL is compared as text.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn instance(&mut self, url: &str) -> Result<InstanceId> {
        let newest = "SELECT id FROM instance WHERE url = ?1 ORDER BY epoch DESC LIMIT 1";
        let newest = self.connection.query_row(newest, [url], |row| row.get(0)).optional().at(&self.path)?;
        newest.map_or_else(|| self.begin_epoch(url), |id| Ok(InstanceId(id)))
    }

    /// Begins a new history of this URL, which what was read before takes no part
    /// in. An epoch that no run belongs to yet is not left behind.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn begin_epoch(&mut self, url: &str) -> Result<InstanceId> {
        let insert = "INSERT INTO instance (url, epoch)
             SELECT ?1, coalesce(max(epoch), 0) + 1 FROM instance
             WHERE url = ?1 AND EXISTS (SELECT 1 FROM run WHERE run.instance = instance.id)
             ON CONFLICT (url, epoch) DO NOTHING";
        self.connection.execute(insert, [url]).at(&self.path)?;
        let newest = "SELECT id FROM instance WHERE url = ?1 ORDER BY epoch DESC LIMIT 1";
        self.connection.query_row(newest, [url], |row| row.get(0)).map(InstanceId).at(&self.path)
    }

    /// Begins a run; it is committed at once.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn begin_run(&mut self, start: &RunStart) -> Result<RunId> {
        let insert =
            "INSERT INTO run (instance, command, scope, options, account, release, state, started_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7)";
        let row = (
            start.instance.0,
            &start.command,
            &start.scope,
            &start.options,
            &start.account,
            &start.release,
            start.started_at.as_microsecond(),
        );
        self.connection.execute(insert, row).at(&self.path)?;
        Ok(RunId(self.connection.last_insert_rowid()))
    }

    /// The newest run of this instance and scope, if it can be taken up again:
    /// if it was interrupted or ended incomplete.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn resumable_run(&self, instance: InstanceId, scope: &str) -> Result<Option<ResumableRun>> {
        let newest = "SELECT id, state, started_at FROM run WHERE instance = ?1 AND scope = ?2
             ORDER BY id DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((RunId(row.get(0)?), row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
        };
        let newest = self.connection.query_row(newest, (instance.0, scope), read).optional().at(&self.path)?;
        let Some((run, state, started_at)) = newest else { return Ok(None) };
        let Some(state @ (RunState::Interrupted | RunState::Incomplete)) = RunState::from_name(&state) else {
            return Ok(None);
        };
        let started_at = crate::times::timestamp(started_at).at(&self.path)?;
        let streams = self.resumable_streams(run).at(&self.path)?;
        Ok(Some(ResumableRun { run, state, started_at, streams }))
    }

    /// The newest complete run of this instance and scope; a suspect one is none
    /// before it is confirmed.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn last_complete(&self, instance: InstanceId, scope: &str) -> Result<Option<CompleteRun>> {
        let newest = "SELECT options, account FROM run
             WHERE instance = ?1 AND scope = ?2 AND state = 'complete' ORDER BY id DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok(CompleteRun { options: row.get(0)?, account: row.get(1)? });
        self.connection.query_row(newest, (instance.0, scope), read).optional().at(&self.path)
    }

    fn resumable_streams(&self, run: RunId) -> rusqlite::Result<Vec<ResumableStream>> {
        let select = "SELECT first_row, asked, came FROM progress WHERE run = ?1 AND stream = ?2
             ORDER BY first_row";
        let resumable = |record: StreamRecord| {
            let page = |row: &rusqlite::Row<'_>| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?))
            };
            let committed = gather(&self.connection, select, (run.0, record.stream), page)?;
            Ok(ResumableStream { record, committed })
        };
        streams_of(&self.connection, run)?.into_iter().map(resumable).collect()
    }

    /// Sets an interrupted or incomplete run to work again. What it has
    /// committed stays; listings are forgotten, since they are made anew; its
    /// gaps are settled when it is finished.
    ///
    /// # Errors
    /// When there is no such run, or it is complete, suspect or running.
    pub fn reopen_run(&mut self, run: RunId) -> Result<()> {
        let state = "SELECT state FROM run WHERE id = ?1";
        let state = self.connection.query_row(state, [run.0], |row| row.get::<_, String>(0));
        let state = state.optional().at(&self.path)?.ok_or(VaultError::NoSuchRun { run: run.0 })?;
        match RunState::from_name(&state) {
            Some(RunState::Interrupted | RunState::Incomplete) => {}
            Some(RunState::Running) => {
                return Err(wrong_state(run, "running", "finish it before it is opened again"));
            }
            Some(RunState::Suspect) => {
                return Err(wrong_state(run, "suspect", "confirm it, or begin a new run"));
            }
            _ => return Err(wrong_state(run, "complete", "begin a new run instead")),
        }
        let transaction = self.connection.transaction().at(&self.path)?;
        let reopen = "UPDATE run SET state = 'running', attempt = attempt + 1, ended_at = NULL WHERE id = ?1";
        transaction.execute(reopen, [run.0]).at(&self.path)?;
        transaction.execute("DELETE FROM listed WHERE run = ?1", [run.0]).at(&self.path)?;
        transaction.commit().at(&self.path)
    }

    /// Moves the connection, and the lock, to the writer's thread.
    pub fn into_writer(self) -> Writer {
        Writer::start(self)
    }
}

impl Drop for Vault {
    /// The file alone holds all that was committed, unless somebody is reading what
    /// came before; then the next writer moves it. A copy of it is whole, and there is
    /// no log that could be damaged.
    fn drop(&mut self) {
        let truncate = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)";
        let _ = self.connection.execute_batch(truncate);
    }
}

fn wrong_state(run: RunId, state: &'static str, advice: &'static str) -> VaultError {
    VaultError::WrongRunState { run: run.0, state, advice }
}

/// One absolute name for the file, whatever links lead to it, so that all
/// writers lock the same file.
fn resolve(path: &Path) -> Result<PathBuf> {
    if let Ok(resolved) = path.canonicalize() {
        return Ok(resolved);
    }
    let missing = || VaultError::MissingParent { path: path.into() };
    let name = path.file_name().ok_or_else(missing)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new(".")).canonicalize().map_err(|_| missing())?;
    Ok(parent.join(name))
}

/// Looks at the file's first bytes, so that a foreign file is refused before
/// anything is written beside it or to it. Tells whether the vault can be written.
///
/// Never while this process reads the vault: closing a file gives up all locks that the
/// process has on it, SQLite's too.
fn refuse_foreign_file(path: &Path) -> Result<bool> {
    let not_a_vault = |found: &str| VaultError::NotAVault { path: path.into(), found: found.into() };
    if path.is_dir() {
        return Err(not_a_vault("a folder"));
    }
    let Ok(mut file) = File::open(path) else { return Ok(true) };
    let mut head = Vec::new();
    file.by_ref().take(100).read_to_end(&mut head).at(path)?;
    if head.is_empty() {
        return Ok(true);
    }
    let Some(header) = head.first_chunk::<100>().filter(|head| head.starts_with(b"SQLite format 3\0")) else {
        return Err(not_a_vault("not an SQLite database"));
    };
    // Offsets of the schema cookie and the application id in SQLite's file format.
    let [schema_cookie, application] =
        [40, 68].map(|at| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    match (application, schema_cookie) {
        // The ways of writing and of reading: 1, or 2 with a write-ahead log. With another
        // one a file can still be read, and never be written.
        (schema::APPLICATION_ID, _) | (0, 0) => Ok(matches!(header[18..20], [1, 1] | [2, 2])),
        _ => Err(not_a_vault("an SQLite database of another program")),
    }
}

fn configure_writer(connection: &Connection, path: &Path) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT).at(path)?;
    keep_plans(connection).at(path)?;
    connection.pragma_update(None, "page_size", 8192).at(path)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
    let mode = mode.at(path)?;
    if mode != "wal" {
        return Err(VaultError::Journal { path: path.into(), detail: format!("journal mode {mode}") });
    }
    let settings = "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -16000;
         PRAGMA wal_autocheckpoint = 2000;
         PRAGMA journal_size_limit = 67108864;";
    connection.execute_batch(settings).at(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Without this SQLite prepares a statement anew for other parameters, which takes
/// longer than most of ours need to answer.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Who holds the lock knows that a run that is still `running` has died. It may
/// have left bodies that it replaced; nobody can be using them now.
fn clear_up_after_a_crash(connection: &Connection) -> rusqlite::Result<()> {
    let dead = "UPDATE run SET state = 'interrupted' WHERE state = 'running'";
    if connection.execute(dead, ())? > 0 {
        connection.execute(DELETE_UNNEEDED_BODIES, ())?;
    }
    restores::clear_up(connection)
}

/// Opens a connection that can only read.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).at(path)?;
    connection.busy_timeout(BUSY_TIMEOUT).at(path)?;
    keep_plans(&connection).at(path)?;
    let settings = "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2000;";
    connection.execute_batch(settings).at(path)?;
    schema::require_current(&connection, path)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The dictionaries that still are what their name says. With a damaged one
/// nothing more may be compressed; reading and verifying will name it.
fn sound_dictionaries(connection: &Connection) -> rusqlite::Result<Vec<Dictionary>> {
    let mut select = connection.prepare("SELECT hash, kind, part, data FROM dictionary ORDER BY id")?;
    let mut rows = select.query(())?;
    let mut dictionaries = Vec::new();
    while let Some(row) = rows.next()? {
        let (hash, kind): ([u8; 32], String) = (row.get(0)?, row.get(1)?);
        let (part, bytes): (i64, Vec<u8>) = (row.get(2)?, row.get(3)?);
        match Part::from_code(part) {
            Some(part) if DictionaryId::of(&bytes) == DictionaryId(hash) => {
                dictionaries.push(Dictionary::new(&kind, part, bytes));
            }
            _ => tracing::error!(kind, "A dictionary of the vault is damaged; verify will tell more."),
        }
    }
    Ok(dictionaries)
}
