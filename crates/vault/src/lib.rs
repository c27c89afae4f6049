//! The embedded vault: what a Looker instance held, kept in one SQLite file.
//!
//! The vault knows canonical documents, bodies, versions and runs. It knows
//! nothing of HTTP, terminals, the environment or async runtimes: it is plain
//! threads and channels, and takes times and paths as arguments.
//!
//! The usual way through it:
//!
//! 1. [`Vault::open_for_writing`] takes the lock, creates or migrates.
//! 2. [`Vault::index_references`] brings references up to the rules of today;
//!    [`Vault::instance`], [`Vault::begin_run`] or [`Vault::reopen_run`].
//! 3. [`Vault::into_writer`] moves the connection to its own thread; any
//!    number of threads canonicalise ([`canonicalise`]), encode
//!    ([`Codec::encode`]) and hand over pages ([`Writer::page`]).
//! 4. [`Writer::listing`] and [`Writer::disagreements`] compare what was
//!    stored with a closing listing, [`Writer::finish`] closes the run.
//! 5. [`Reader`] reads, without a lock and beside a writer.

mod access;
mod codec;
mod document;
mod error;
mod hash;
mod lock;
mod query;
mod reader;
mod record;
mod references;
mod schema;
mod tags;
mod times;
mod vault;
mod verify;
mod writer;

pub use access::WriteAccess;
pub use codec::{Codec, Encoded};
pub use document::{
    Canonical, CompiledRules, DocumentError, FieldPattern, Reference, ReferencePattern, Rules, canonicalise,
    merge_volatile,
};
pub use error::{ErrorKind, Result, VaultError};
pub use hash::{BodyHash, DictionaryId, volatile_hash};
pub use reader::{
    Change, ChangeFilter, Count, Counted, Dangling, Difference, FolderPaths, InstanceInfo, KindAge,
    KindCounts, KindSize, ListFilter, ListRow, Moment, Reader, Referrer, RunCalls, RunDetails, RunInfo,
    Stored, Tag, VaultSize, Version,
};
pub use record::{
    AbsenceScope, CallCount, Folders, Gap, GapWhat, InstanceId, Kind, KindRead, Listed, ListingScope, Page,
    Probe, Record, RunEnd, RunId, RunStart, RunState, Side, StreamRecord,
};
pub use vault::{ResumableRun, ResumableStream, Vault};
pub use verify::{Finding, Verdict, VerifyProgress, VerifyReport};
pub use writer::{Disagreement, Disagreements, RunSummary, Stale, Writer};
