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
//!    stored with a closing listing, [`Writer::finish`] closes the run; one that it
//!    held as suspect is completed by [`Vault::confirm_run`].
//! 5. [`Writer::index_content`] searches what is new, so that it is found.
//! 6. [`Reader`] reads, without a lock and beside a writer.

mod access;
mod codec;
mod document;
mod error;
mod hash;
mod lock;
mod prune;
mod query;
mod reader;
mod record;
mod references;
mod refusals;
mod restores;
mod schema;
mod seals;
mod search;
mod sql;
mod suspicion;
mod tags;
mod times;
mod vault;
mod verify;
mod writer;

pub use access::WriteAccess;
pub use codec::{Codec, Encoded};
pub use document::{
    Canonical, CompiledRules, Content, DocumentError, Element, Elements, FieldPattern, Member, Reference,
    ReferencePattern, Rules, canonicalise, merge_volatile, redactions,
};
pub use error::{ErrorKind, Result, VaultError};
pub use hash::{BodyHash, DictionaryId, volatile_hash};
pub use prune::{Dropped, PruneInfo, Pruning};
pub use reader::{
    AsOf, Births, Change, ChangeFilter, Count, Counted, CounterValue, Difference, FieldFilter, FolderPaths,
    Growth, InstanceInfo, KindAge, KindCounts, KindSize, KindStats, ListFilter, ListRow, Moment,
    ObjectChanges, ObjectSize, OtherBirth, Period, RANKED, Reader, Redacted, Referrer, RestoreInfo, RunCalls,
    RunDetails, RunInfo, Search, SearchAnswer, SearchHit, StepInfo, Stored, Tag, VaultSize, Version,
};
pub use record::{
    AbsenceScope, CHECKING, COMPARING, CallCount, Folders, FullPass, Gap, GapWhat, InstanceId, Kind,
    KindRead, Listed, ListingScope, PLANNING, Page, Probe, RESTORING, Record, RunEnd, RunId, RunStart,
    RunState, Side, StreamRecord,
};
pub use restores::{GivenId, RestoreId, RestoreStart, RestoreState, StepState};
pub use search::{FieldName, Fragment, Indexed, Indexer, MarkedText, Terms, TermsError, TextSort};
pub use sql::{ExportedView, Queries, SqlError, SqlValue, ViewInfo};
pub use suspicion::{Confirmed, Doubt, Suspicion};
pub use vault::{CompleteRun, ResumableRun, ResumableStream, Vault};
pub use verify::{Finding, Verdict, VerifyProgress, VerifyReport};
pub use writer::{
    Adopted, Disagreement, Disagreements, LentReader, Missing, RestoreChange, RunSummary, Stale, StepEntry,
    StepRecord, Writer,
};
