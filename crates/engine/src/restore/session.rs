//! A connection to an instance whose calls are booked with a run of their own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use looker::{Client, Kind};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use vault::{InstanceId, RunEnd, RunId, RunStart, RunState, Side, Vault, Writer};

use super::RestoreError;
use super::accepted::Accepted;
use super::clashes::Named;
use super::may::May;
use super::planner::Reads;
use crate::Watch;
use crate::account::Account;
use crate::allowance::{Allowance, Standing};
use crate::bookkeeping::{Bookkeeping, count_calls, run_start};
use crate::check::{cannot_heal, release};
use crate::extract::{self, Brake, ExtractError, Stop, blocking};

/// What there is of a kind on a side.
type Listings = HashMap<(&'static str, Side), Arc<Vec<Named>>>;

/// What planning, applying and undoing a restore work with. Whatever is asked of the
/// instance through it is written down, also when the process is killed.
pub struct Session {
    pub(super) client: Client,
    pub(super) writer: Writer,
    pub(super) watch: Arc<dyn Watch>,
    pub(super) brake: Brake,
    run: RunId,
    instance: InstanceId,
    release: Option<String>,
    bookkeeping: Bookkeeping,
    account: OnceCell<Option<String>>,
    may: OnceCell<May>,
    accepted: OnceCell<Arc<Accepted>>,
    /// What the last plan has read.
    reads: Mutex<Reads>,
    /// What there is of a kind on a side, once it was listed.
    listings: Mutex<Listings>,
}

impl Session {
    /// Signs in and begins the run. Of the month's allowance a restore may spend all
    /// that is left: the reserve is kept for it.
    ///
    /// # Errors
    /// When there is no connection or sign-in, or the vault cannot be written.
    pub async fn open(
        client: &Client,
        mut vault: Vault,
        instance: InstanceId,
        allowance: Option<&Allowance>,
        watch: Arc<dyn Watch>,
        interrupt: &CancellationToken,
    ) -> Result<Self, RestoreError> {
        if let Some(allowance) = allowance.filter(|allowance| allowance.is_set()) {
            let standing = Standing::read(&vault.reader()?, Some(instance), allowance, Timestamp::now())?;
            for ledger in &standing.ledgers {
                if let Some(limit) = ledger.limit {
                    client.meter().allow(ledger.ledger, limit.left);
                }
            }
        }
        watch.phase("signing in");
        let (signed_in, release) = tokio::join!(client.sign_in(), release(client));
        signed_in.map_err(ExtractError::from)?;
        let run = vault.begin_run(&start(client, instance, release.clone()))?;
        let writer = vault.into_writer();
        let bookkeeping = Bookkeeping::start(client.clone(), writer.clone(), run);
        let brake = Brake::new(interrupt);
        Ok(Self {
            client: client.clone(),
            writer,
            watch,
            brake,
            run,
            instance,
            release,
            bookkeeping,
            account: OnceCell::new(),
            may: OnceCell::new(),
            accepted: OnceCell::new(),
            reads: Mutex::default(),
            listings: Mutex::default(),
        })
    }

    /// The client; it counts.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The vault's writer.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The run that calls are booked with.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The instance that the run reads.
    pub(super) fn instance(&self) -> InstanceId {
        self.instance
    }

    /// What the account may; asked once.
    pub(super) async fn may(&self) -> Result<&May, RestoreError> {
        let ask = || async { May::ask(&self.client, self.account().await?.map(str::to_owned)).await };
        self.may.get_or_try_init(ask).await
    }

    /// The id of the user that the account is, where the vault or the instance tells it:
    /// one call at most.
    pub(super) async fn account(&self) -> Result<Option<&str>, RestoreError> {
        let ask = || async {
            let client_id = &self.client.settings().client_id;
            let known = extract::user_of_key(&*self.writer.reader()?, self.instance, client_id)?;
            if known.is_some() {
                return Ok(known);
            }
            match Account::ask(&self.client).await {
                Ok(account) => Ok(Some(account.id)),
                Err(error) if cannot_heal(&error) => Ok(None),
                Err(error) => Err(RestoreError::from(error)),
            }
        };
        Ok(self.account.get_or_try_init(ask).await?.as_deref())
    }

    /// Whether the instance is known to take a list of users whose favourites are asked for.
    pub(super) fn takes_lists_of_users(&self) -> Result<bool, RestoreError> {
        const PROBE: &str = "search_content_favorites.user_id";
        let probes = self.writer.reader()?.probes(self.instance)?;
        Ok(probes.iter().any(|probe| probe.name == PROBE && probe.answer))
    }

    /// Which fields the instance accepts; asked once.
    pub(super) async fn accepted(&self) -> Result<&Accepted, RestoreError> {
        let ask = || async { Accepted::ask(&self.client).await.map(Arc::new) };
        Ok(self.accepted.get_or_try_init(ask).await?)
    }

    /// The same, where it was asked for already.
    pub(super) fn known_accepted(&self) -> Option<&Accepted> {
        self.accepted.get().map(Arc::as_ref)
    }

    /// The same, for other threads.
    pub(super) fn shared_accepted(&self) -> Option<Arc<Accepted>> {
        self.accepted.get().cloned()
    }

    /// What the last plan has read, for the next one; nothing where that is too old.
    pub(super) fn take_reads(&self) -> Reads {
        let reads = std::mem::take(&mut *self.reads.lock().unwrap_or_else(PoisonError::into_inner));
        if !reads.is_old(Timestamp::now()) {
            return reads;
        }
        self.forget_reads();
        Reads::default()
    }

    pub(super) fn leave_reads(&self, reads: Reads) {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner) = reads;
    }

    /// Forgets what was read for plans: writes follow.
    pub(super) fn forget_reads(&self) {
        drop(std::mem::take(&mut *self.reads.lock().unwrap_or_else(PoisonError::into_inner)));
        self.listings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What there is of a kind on a side, where it was listed already.
    pub(super) fn known_listing(&self, kind: &Kind, side: Side) -> Option<Arc<Vec<Named>>> {
        let known = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(kind.name, side)).cloned()
    }

    pub(super) fn note_listing(&self, kind: &Kind, side: Side, listing: &Arc<Vec<Named>>) {
        let mut known = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((kind.name, side), Arc::clone(listing));
    }

    /// Why nothing more is asked of the instance.
    pub fn stopped(&self) -> Option<Stop> {
        self.brake.pulled()
    }

    /// Ends the run, and begins another one with the same connection and vault: nobody else
    /// can write to that in between.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub(super) async fn next_run(self, totals_json: String) -> Result<Self, RestoreError> {
        let (client, writer, end) = (self.client.clone(), self.writer.clone(), self.end(totals_json));
        self.bookkeeping.end().await;
        let start = start(&client, self.instance, self.release.clone());
        let run = blocking(move || {
            count_calls(&client, &writer, end.run)?;
            writer.finish(end)?;
            Ok(writer.begin_run(start)?)
        })
        .await?;
        let bookkeeping = Bookkeeping::start(self.client.clone(), self.writer.clone(), run);
        Ok(Self { run, bookkeeping, ..self })
    }

    /// Closes the run and the vault.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub async fn close(self, totals_json: String) -> Result<(), RestoreError> {
        let end = self.end(totals_json);
        let Self { client, writer, bookkeeping, .. } = self;
        bookkeeping.end().await;
        blocking(move || {
            count_calls(&client, &writer, end.run)?;
            writer.finish(end)?;
            Ok(writer.close()?)
        })
        .await?;
        Ok(())
    }

    fn end(&self, totals_json: String) -> RunEnd {
        let state = if self.stopped().is_some() { RunState::Incomplete } else { RunState::Complete };
        RunEnd::now(self.run, state, totals_json)
    }
}

fn start(client: &Client, instance: InstanceId, release: Option<String>) -> RunStart {
    let scope = r#"{"restore":true}"#.to_owned();
    run_start(client, instance, vault::RESTORING, scope, release)
}
