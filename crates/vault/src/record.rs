//! What is handed to the vault: records of objects, and what a run tells of
//! itself while it works.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

use crate::{BodyHash, Doubt, Encoded, Reference};

/// The name of a content kind, such as `dashboard`; the vault gives it no meaning.
pub type Kind = Cow<'static, str>;

/// A Looker instance known to this vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub(crate) i64);

/// A run; later runs have greater ids, and an id is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub(crate) i64);

impl RunId {
    /// The run of this number, as [`RunId::number`] gave it.
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number people see.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl InstanceId {
    /// The number of this instance within its vault.
    pub fn number(self) -> i64 {
        self.0
    }
}

/// Where an object lies: in use or in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// In use.
    Live,
    /// Soft-deleted: in Looker's trash.
    Trash,
}

impl Side {
    /// `live` or `trash`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Trash => "trash",
        }
    }

    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Trash => 1,
        }
    }

    pub(crate) fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Live),
            1 => Some(Self::Trash),
            _ => None,
        }
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    /// At work: somebody holds the vault's lock.
    Running,
    /// Reconciled with a closing listing, without a gap.
    Complete,
    /// Ended with gaps or before its end.
    Incomplete,
    /// Its process died; what it committed can be resumed.
    Interrupted,
    /// Read whole like a complete one, but more was gone than is believed
    /// without being asked: nothing became absent until it is confirmed.
    Suspect,
}

impl RunState {
    /// `running`, `complete`, `incomplete`, `interrupted` or `suspect`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
            Self::Suspect => "suspect",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Running, Self::Complete, Self::Incomplete, Self::Interrupted, Self::Suspect]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// The command of runs that compare the vault with an instance and keep nothing but
/// their calls: one that was cut off leaves nothing to resume.
pub const COMPARING: &str = "verify";

/// The command of runs that learn how much there is to read, and keep nothing but
/// their calls.
pub const PLANNING: &str = "plan";

/// The command of runs that look what an account can see, and keep nothing but their
/// calls.
pub const CHECKING: &str = "check";

/// The command of runs that keep nothing but the calls of a restore: the restore is
/// resumed, not the run.
pub const RESTORING: &str = "restore";

/// What is known when a run begins. All texts are kept as given.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// The instance it reads.
    pub instance: InstanceId,
    /// The command, such as `extract`.
    pub command: String,
    /// Canonical JSON; equal scopes must give equal text, it is compared as text.
    pub scope: String,
    /// JSON: the options that matter to a reader of the run.
    pub options: String,
    /// JSON: who the run was signed in as.
    pub account: String,
    /// Looker's release, when it could be had.
    pub release: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// The run.
    pub run: RunId,
    /// `Complete`, `Incomplete` or `Interrupted`. A complete run that still
    /// has gaps is stored as incomplete, one that is not believed as suspect.
    pub state: RunState,
    /// When it ended.
    pub ended_at: Timestamp,
    /// JSON: who the run was signed in as, if more is known than when it began.
    pub account: Option<String>,
    /// JSON: whatever totals the caller keeps with the run.
    pub totals_json: String,
    /// Where an object that was not seen is known to be gone; only obeyed when
    /// the run is complete.
    pub absence: Vec<AbsenceScope>,
    /// What makes a complete run suspect.
    pub doubt: Doubt,
    /// The gaps told in this attempt are all ranges that are missing; what
    /// earlier attempts told of ranges is forgotten.
    pub ranges_restated: bool,
}

impl RunEnd {
    /// A run that ends now, by which nothing becomes absent.
    pub fn now(run: RunId, state: RunState, totals_json: String) -> Self {
        Self {
            run,
            state,
            ended_at: Timestamp::now(),
            account: None,
            totals_json,
            absence: Vec::new(),
            doubt: Doubt::default(),
            ranges_restated: false,
        }
    }
}

/// A part of an instance that was read or listed whole.
#[derive(Debug, Clone)]
pub struct AbsenceScope {
    /// The kind.
    pub kind: Kind,
    /// Only there; `None` means the whole kind.
    pub folders: Option<Folders>,
    /// The sides that were read.
    pub sides: Vec<Side>,
    /// The round of the closing listing that covered it. What that does not
    /// name is gone even if the run had seen it before.
    pub listing: Option<u32>,
}

/// Folders by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folders {
    /// What lies in one of these.
    Only(Vec<String>),
    /// What lies in none of these, what lies in no folder at all included.
    AllBut(Vec<String>),
}

/// What a light listing covered; the same shape as what absence is known of.
pub type ListingScope = AbsenceScope;

/// One page stream of a run: a folder, or a whole kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// The run.
    pub run: RunId,
    /// The stream's number within the run.
    pub stream: u32,
    /// What it reads.
    pub kind: Kind,
    /// What people call it.
    pub name: String,
    /// Which side it reads.
    pub side: Side,
    /// The folder it is limited to.
    pub folder: Option<String>,
    /// How many rows it has, once known.
    pub size: Option<u64>,
    /// The page size asked for.
    pub page_limit: u32,
}

/// One object as it was read.
#[derive(Debug, Clone)]
pub struct Record {
    /// The kind.
    pub kind: Kind,
    /// Looker's id within the kind.
    pub key: String,
    /// Live or trash.
    pub side: Side,
    /// Title or name.
    pub title: Option<String>,
    /// The folder it lies in (for a folder: its parent).
    pub folder: Option<String>,
    /// Looker's stamp of the last edit.
    pub updated_at: Option<Timestamp>,
    /// Looker's birth mark.
    pub created_at: Option<Timestamp>,
    /// When it was read, by the server's clock where that is known. Of two
    /// readings within a run the later one counts, whatever order they come in.
    pub read_at: Timestamp,
    /// Edited so shortly before its read that its stamp proves nothing: it
    /// must be read again by the next run.
    pub unsettled: bool,
    /// The hash of the canonical body.
    pub body: BodyHash,
    /// The compressed body; `None` when the caller saw the hash in the vault.
    pub encoded: Option<Encoded>,
    /// What the body refers to, by the rules that its kind is indexed under
    /// (see [`crate::Vault::index_references`]); needed with `encoded` only.
    pub references: Vec<Reference>,
    /// The compressed volatile part, if the object has one; `None` also when the caller
    /// saw that hash with the object in the vault.
    pub volatile: Option<Encoded>,
    /// [`crate::volatile_hash`] of the volatile part; 0 without one.
    pub volatile_hash: u64,
    /// The counters in the volatile part, as [`crate::Canonical`] has them.
    pub counters: Option<String>,
}

/// A page that was read: its objects and the progress they mean, committed together.
#[derive(Debug, Clone)]
pub struct Page {
    /// The run.
    pub run: RunId,
    /// The stream.
    pub stream: u32,
    /// The first row asked for.
    pub offset: u64,
    /// How many rows were asked for.
    pub limit: u32,
    /// How many rows came.
    pub rows: u32,
    /// The objects to keep of them.
    pub objects: Vec<Record>,
}

/// A row of a light listing.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The kind.
    pub kind: Kind,
    /// The object's key.
    pub key: String,
    /// Which side listed it.
    pub side: Side,
    /// The folder it was listed in.
    pub folder: Option<String>,
    /// Its stamp.
    pub updated_at: Option<Timestamp>,
    /// The numbers in it that change without an edit, as [`crate::Canonical`] has them.
    pub counters: Option<String>,
}

/// Calls of one sort within a quarter of an hour; counts of equal sorts add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// When they were sent; the vault keeps the start of the quarter of an hour
    /// (UTC), at which every time zone in use begins its days.
    pub at: Timestamp,
    /// The content kind, or what else the call was for.
    pub kind: String,
    /// Page, listing, item, retry, waste...
    pub reason: String,
    /// Administrative or query-based.
    pub ledger: String,
    /// How many.
    pub calls: u64,
}

/// What a run could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The stream, for a range.
    pub stream: Option<u32>,
    /// The kind.
    pub kind: Kind,
    /// What is missing.
    pub what: GapWhat,
    /// Why, in words.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
}

/// What a gap is a gap in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GapWhat {
    /// Rows of a stream.
    Range {
        /// The first row.
        offset: u64,
        /// How many.
        limit: u32,
    },
    /// One object.
    Object {
        /// Its key.
        key: String,
    },
    /// A whole kind.
    Kind,
    /// The closing listing of one side of the kind.
    Listing {
        /// Which.
        side: Side,
    },
}

/// That a kind was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindRead {
    /// The kind.
    pub kind: Kind,
    /// When.
    pub read_at: Timestamp,
}

/// That every body of a kind was read, not only what a listing showed to have
/// changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullPass {
    /// The kind.
    pub kind: Kind,
    /// Folders and sides, as the caller writes them; compared as text.
    pub extent: String,
    /// When.
    pub read_at: Timestamp,
    /// Days until it is to be done again.
    pub days: u32,
}

/// Whether an instance understands something that is not documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What, for instance `id_lists`.
    pub name: String,
    /// Whether it does.
    pub answer: bool,
    /// When that was found.
    pub at: Timestamp,
}
