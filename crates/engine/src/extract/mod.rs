//! Extraction: an instance, or chosen folders of it, into a vault.
//!
//! The story of a run:
//!
//! 1. **open**: sign in, find the scope, begin the run or take up an unfinished
//!    one where it stopped;
//! 2. **whole kinds**: those that one call answers;
//! 3. **size**: a light listing counts the rows of every group (a kind on one
//!    side, live or trash), folder by folder or whole, whichever costs fewer calls;
//! 4. **read**: the page coordinator shares all page streams among one pool of
//!    workers; pages become records on threads of their own, and the vault's one
//!    writer commits them together with the progress they mean;
//! 5. **close**: the listing is made again and compared with what was stored;
//!    what is missing or newer is read by id; only when they agree is the run
//!    complete;
//! 6. **finish**: gaps, calls and the state are stored with the run.

mod closing;
mod error;
mod groups;
mod listing;
mod pages;
mod pool;
mod prepare;
mod report;
mod request;
mod run;

use std::sync::Arc;

use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::Vault;

pub use error::ExtractError;
pub use report::{CallReport, GapReport, KindReport, Report, Stop, StreamReport, Unavailable};
pub use request::{FolderScope, FolderStrategy, Request};

use crate::Watch;
use run::Run;

/// Extracts what `request` asks for into `vault`.
///
/// A pulled `interrupt` ends the run early, as does a spent budget or a server
/// that stays down; all that was read until then is kept, and the run can be
/// resumed.
///
/// # Errors
/// When the run cannot begin (no connection, no sign-in, an unknown folder), or
/// the vault cannot be written. What could not be read is in the report.
pub async fn extract(
    client: &Client,
    vault: Vault,
    request: Request,
    watch: Arc<dyn Watch>,
    interrupt: &CancellationToken,
) -> Result<Report, ExtractError> {
    let (mut run, folders) = Run::open(client, vault, request, watch, interrupt).await?;
    run.read_whole_kinds(folders.as_deref()).await?;
    let reading = run.read_groups().await?;
    run.close_groups(reading).await?;
    run.finish().await
}
