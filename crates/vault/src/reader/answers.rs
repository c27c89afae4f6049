//! What a reader answers.

use jiff::Timestamp;

use crate::{BodyHash, CallCount, Gap, InstanceId, RunId, RunState, Side, StreamRecord, Suspicion};

/// A known instance: an address in one of its epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceInfo {
    /// Its id in this vault.
    pub id: InstanceId,
    /// Its URL as it was given.
    pub url: String,
    /// Which history of that address it is, from 1.
    pub epoch: u32,
    /// The newest epoch of that address.
    pub newest_epoch: u32,
}

impl InstanceInfo {
    /// The address; where it has several epochs, with this one: `URL#2`.
    pub fn name(&self) -> String {
        if self.newest_epoch > 1 { format!("{}#{}", self.url, self.epoch) } else { self.url.clone() }
    }
}

/// What a run saw and changed of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCounts {
    /// The kind.
    pub kind: String,
    /// Objects seen.
    pub seen: u64,
    /// Objects that are new, or back after having been absent.
    pub added: u64,
    /// Objects with a new version.
    pub changed: u64,
    /// Objects found gone.
    pub removed: u64,
}

impl KindCounts {
    /// Reads kind, seen, added, changed and removed, the first columns of a row.
    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(Self {
            kind: row.get(0)?,
            seen: number(1)?,
            added: number(2)?,
            changed: number(3)?,
            removed: number(4)?,
        })
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// Its number.
    pub id: RunId,
    /// The instance.
    pub instance: InstanceInfo,
    /// The command.
    pub command: String,
    /// Its scope, as given.
    pub scope: String,
    /// Its options, as given.
    pub options: String,
    /// The account, as given.
    pub account: String,
    /// Looker's release.
    pub release: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub state: RunState,
    /// Why it is or was suspect.
    pub suspicions: Vec<Suspicion>,
    /// Objects that become absent if it is confirmed.
    pub held: u64,
    /// When it was confirmed, if it was suspect before.
    pub confirmed_at: Option<Timestamp>,
    /// For a suspect run, the later run of its scope that took its place.
    pub superseded_by: Option<RunId>,
    /// The caller's totals (JSON), once ended.
    pub totals_json: Option<String>,
    /// What it saw and changed, by kind.
    pub kinds: Vec<KindCounts>,
    /// How many gaps it has.
    pub gaps: u64,
    /// How many calls it made.
    pub calls: u64,
}

/// A run with all that is stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDetails {
    /// The run.
    pub info: RunInfo,
    /// Its streams.
    pub streams: Vec<StreamRecord>,
    /// Its gaps.
    pub gaps: Vec<Gap>,
    /// Its calls.
    pub calls: Vec<CallCount>,
}

/// The kind whose objects are folders.
pub(super) const FOLDER_KIND: &str = "folders";

/// Which objects to list.
#[derive(Debug, Clone)]
pub struct ListFilter {
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    /// The kind.
    pub kind: String,
    /// The sides.
    pub sides: Vec<Side>,
    /// Only in this folder (by key).
    pub folder: Option<String>,
    /// As this run left it; `None` means now.
    pub at: Option<RunId>,
}

impl ListFilter {
    /// All live objects of a kind.
    pub fn of(kind: &str) -> Self {
        Self { instance: None, kind: kind.to_owned(), sides: vec![Side::Live], folder: None, at: None }
    }
}

/// An object as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The instance.
    pub instance: InstanceId,
    /// The kind.
    pub kind: String,
    /// Looker's id.
    pub key: String,
    /// Title or name.
    pub title: Option<String>,
    /// The key of its folder.
    pub folder: Option<String>,
    /// The folder's path, such as `Shared/Sales`, when folders are stored.
    pub folder_path: Option<String>,
    /// Live or trash.
    pub side: Side,
    /// Looker's stamp of the last edit.
    pub updated_at: Option<Timestamp>,
    /// Looker's birth mark.
    pub created_at: Option<Timestamp>,
    /// The run that brought this version.
    pub from_run: RunId,
}

/// An object with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What a list says of it.
    pub row: ListRow,
    /// The name of its body.
    pub hash: BodyHash,
    /// The canonical body, without the volatile fields.
    pub body: Vec<u8>,
    /// The whole document: the body with the latest volatile fields in place,
    /// if this version is current.
    pub document: Vec<u8>,
    /// When this version was first read.
    pub read_at: Timestamp,
    /// How many values are redacted.
    pub redacted: u64,
    /// It was edited so close to its read that the next run reads it again.
    pub unsettled: bool,
}

/// How many objects of a kind there are on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The instance.
    pub instance: InstanceId,
    /// The kind.
    pub kind: String,
    /// The side.
    pub side: Side,
    /// How many.
    pub objects: u64,
}

/// The bytes of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSize {
    /// The kind.
    pub kind: String,
    /// Distinct bodies.
    pub bodies: u64,
    /// Their bytes before compression.
    pub raw_bytes: u64,
    /// Their bytes as stored.
    pub compressed_bytes: u64,
}

/// How big the vault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSize {
    /// The file and its write-ahead log.
    pub file_bytes: u64,
    /// Dictionaries.
    pub dictionary_bytes: u64,
    /// Volatile parts, as stored.
    pub volatile_bytes: u64,
    /// Bodies by kind.
    pub kinds: Vec<KindSize>,
}
