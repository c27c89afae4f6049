//! Extraction: an instance, or chosen folders of it, into a vault.
//!
//! The story of a run:
//!
//! 1. **open**: bring stored references up to the catalogue of today, sign in,
//!    find the scope, begin the run or take up an unfinished one where it stopped;
//! 2. **meet**: one call tells who we are. A light listing counts the rows of every
//!    group (a kind on one side, live or trash), folder by folder or whole,
//!    whichever costs fewer calls. It and the list of folders tell whether this is
//!    the instance that the vault knows, before anything of it is stored;
//! 3. **whole kinds**: those that one call answers;
//! 4. **plan**: the listing is held against the vault: what has not changed is not
//!    read again;
//! 5. **read**: the page coordinator shares all page streams among one pool of
//!    workers, or changed objects are read by id; rows become records on threads of
//!    their own, and the vault's one writer commits them together with the progress
//!    they mean;
//! 6. **close**: the listing is made again, of a folder as soon as its pages are in,
//!    and compared with what was stored;
//!    what is missing or newer is read by id; only when they agree is the run
//!    complete. What would be gone from chosen folders is looked for elsewhere;
//! 7. **finish**: gaps, calls, the account and the state are stored with the run;
//!    what is gone is marked so, unless too much of it is gone to be believed.

mod allowance;
mod by_id;
mod closing;
mod due;
mod each;
mod elsewhere;
mod error;
mod full_pass;
mod groups;
mod in_lists;
mod incremental;
mod keys;
mod listing;
mod look_queries;
mod new_folders;
mod pages;
mod plan;
mod pool;
mod prepare;
mod recognition;
mod record;
mod refresh;
mod report;
mod request;
mod rules;
mod run;
mod schedules;
pub(crate) mod scope;
mod selector;
mod signed_in;
mod tile_queries;
mod today;
pub(crate) mod tree;
mod whole;
mod windows;

use std::sync::Arc;
use std::time::Instant;

use looker::Client;
use tokio_util::sync::CancellationToken;
use vault::Vault;

pub use due::Cadences;
pub(crate) use each::{item, item_call};
pub use error::{AmbiguousFolder, ExtractError, OtherInstance, UnknownPath};
pub use full_pass::Unstamped;
pub(crate) use groups::Group;
pub(crate) use keys::stored as stored_keys;
pub use plan::{KindPlan, Learned, Plan, PlannedCalls, Sizing, learn, plan};
pub(crate) use pool::{Brake, Rows, blocking};
pub use record::{Prepared, Recorder};
pub use refresh::RefreshPolicy;
pub use report::{
    CallReport, GapReport, KindReport, Report, Rested, Spread, Stop, StreamReport, Unavailable,
};
pub use request::{Destinations, Epoch, FolderStrategy, Request, RunScope, SUSPECT_SHARE};
pub(crate) use rules::compiled;
pub use rules::rules;
pub(crate) use schedules::{MOST_DISABLED, ONE_PLAN, disabled_schedules};
pub use scope::FolderScope;
pub(crate) use scope::FolderSet;
pub use selector::{FolderSelector, PathPattern};
pub(crate) use signed_in::{read_before, tells_user, user_of_key};
pub(crate) use today::Today;
pub(crate) use whole::whole_call;

use crate::Watch;
use crate::allowance::Allowance;
use crate::check::release;
use run::{Beginning, Run};

/// Extracts what `request` asks for into the vault that `open` opens: on another thread,
/// while the instance answers the sign-in, since a new one takes as long to make; before
/// it where there is an allowance to be looked at.
///
/// A pulled `interrupt` ends the run early, as does a spent budget or allowance,
/// or a server that stays down; all that was read until then is kept, and the run can be
/// resumed.
///
/// # Errors
/// When the run cannot begin (no vault, no connection, no sign-in, an unknown folder, an
/// allowance that is spent), another instance answers than the one the vault
/// knows, or the vault cannot be written. What could not be read is in the report.
pub async fn extract(
    client: &Client,
    open: impl FnOnce() -> vault::Result<Vault> + Send + 'static,
    request: Request,
    watch: Arc<dyn Watch>,
    interrupt: &CancellationToken,
) -> Result<Report, ExtractError> {
    let started = Instant::now();
    scope::check(&request)?;
    watch.phase("signing in");
    let opened = async { rules::index_references(blocking(|| Ok(open()?)).await?, &watch).await };
    let signed_in = async { client.sign_in().await.map_err(ExtractError::from) };
    let release = async { Ok(release(client).await) };
    let is_limited = request.allowance.as_ref().is_some_and(Allowance::is_set);
    let (vault, release) = if is_limited {
        // Where nothing is left to spend there is no sign-in either.
        let vault = opened.await?;
        allowance::claim(client, &vault, &request)?;
        let ((), release) = tokio::try_join!(signed_in, release)?;
        (vault, release)
    } else {
        let (vault, (), release) = tokio::try_join!(opened, signed_in, release)?;
        (vault, release)
    };
    let beginning = Beginning { vault, release, started };
    let (mut run, folders) = Run::open(client, beginning, request, watch, interrupt).await?;
    match read(&mut run, folders).await {
        Ok(()) => run.finish().await,
        Err(ExtractError::OtherInstance(other)) => Err(run.refuse(other).await?),
        Err(error) => Err(error),
    }
}

/// All that lies between a run's beginning and its end.
async fn read(run: &mut Run, folders: Option<scope::Listed>) -> Result<(), ExtractError> {
    let (folders, sized) = run.meet(folders).await?;
    run.read_whole_kinds(folders).await?;
    run.read_disabled_plans().await?;
    run.read_singles().await?;
    let reading = run.read_groups(sized).await?;
    run.close_groups(reading).await?;
    run.read_each_kinds().await
}
