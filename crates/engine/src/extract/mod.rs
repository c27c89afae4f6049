//! Extraction: an instance, or chosen folders of it, into a vault.
//!
//! The story of a run:
//!
//! 1. **open**: bring stored references up to the catalogue of today, sign in,
//!    find the scope, begin the run or take up an unfinished one where it stopped;
//! 2. **whole kinds**: those that one call answers;
//! 3. **size**: a light listing counts the rows of every group (a kind on one
//!    side, live or trash), folder by folder or whole, whichever costs fewer calls,
//!    and is held against the vault: what has not changed is not read again;
//! 4. **read**: the page coordinator shares all page streams among one pool of
//!    workers, or changed objects are read by id; rows become records on threads of their own, and the vault's one
//!    writer commits them together with the progress they mean;
//! 5. **close**: the listing is made again and compared with what was stored;
//!    what is missing or newer is read by id; only when they agree is the run
//!    complete;
//! 6. **finish**: gaps, calls and the state are stored with the run.

mod allowance;
mod by_id;
mod closing;
mod due;
mod each;
mod error;
mod full_pass;
mod groups;
mod incremental;
mod keys;
mod listing;
mod look_queries;
mod pages;
mod plans;
mod pool;
mod prepare;
mod refresh;
mod report;
mod request;
mod rules;
mod run;
pub(crate) mod scope;
mod selector;
mod tile_queries;
pub(crate) mod tree;

use std::sync::Arc;

use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::Vault;

pub(crate) use each::item_call;
pub use error::{AmbiguousFolder, ExtractError, UnknownPath};
pub use full_pass::Unstamped;
pub(crate) use groups::Group;
pub(crate) use plans::ONE_PLAN;
pub(crate) use pool::{Brake, Rows, blocking};
pub use refresh::RefreshPolicy;
pub use report::{
    CallReport, GapReport, KindReport, Report, Rested, Spread, Stop, StreamReport, Unavailable,
};
pub use request::{Destinations, FolderStrategy, Request, RunScope};
pub(crate) use rules::rules;
pub(crate) use run::whole_call;
pub use scope::FolderScope;
pub(crate) use scope::FolderSet;
pub use selector::{FolderSelector, PathPattern};

use crate::Watch;
use run::Run;

/// Extracts what `request` asks for into `vault`.
///
/// A pulled `interrupt` ends the run early, as does a spent budget or allowance,
/// or a server that stays down; all that was read until then is kept, and the run can be
/// resumed.
///
/// # Errors
/// When the run cannot begin (no connection, no sign-in, an unknown folder, an
/// allowance that is spent), or the vault cannot be written. What could not be read is in the report.
pub async fn extract(
    client: &Client,
    vault: Vault,
    request: Request,
    watch: Arc<dyn Watch>,
    interrupt: &CancellationToken,
) -> Result<Report, ExtractError> {
    let vault = rules::index_references(vault, &watch).await?;
    let (mut run, folders) = Run::open(client, vault, request, watch, interrupt).await?;
    run.read_whole_kinds(folders.as_deref()).await?;
    run.read_disabled_plans().await?;
    run.read_singles().await?;
    let reading = run.read_groups().await?;
    run.close_groups(reading).await?;
    run.read_each_kinds().await?;
    run.finish().await
}
