//! Other users, as whom steps are made.
//!
//! Each is signed in once, when its first step is to be made, and signed out when nothing
//! is made any more, whatever became of the steps. Its token is nowhere but in its client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use looker::Client;
use looker::error::{Error, Fate};
use tokio::sync::OnceCell;

/// A user as whom steps are made.
pub(super) struct Actor {
    pub(super) client: Client,
    /// Why it was refused, if it was: it is not tried again.
    signed_in: OnceCell<Result<(), Error>>,
}

/// All of them, by their ids.
#[derive(Default)]
pub(super) struct Actors(Mutex<HashMap<String, Arc<Actor>>>);

impl Actor {
    /// Signs in, unless that was tried.
    ///
    /// # Errors
    /// The refusal, for good, or what went wrong.
    pub(super) async fn sign_in(&self) -> Result<(), Error> {
        let attempt = || async {
            match self.client.sign_in().await {
                Err(error) if error.fate() != Fate::Refused => Err(error),
                settled => Ok(settled),
            }
        };
        self.signed_in.get_or_try_init(attempt).await?.clone()
    }
}

impl Actors {
    /// The one who is a user, for whom `client` signs in.
    pub(super) fn of(&self, client: &Client, user: &str) -> Arc<Actor> {
        // Each change is one insertion: a panic elsewhere leaves nothing half-made.
        let mut actors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let actor = || Arc::new(Actor { client: client.acting_as(user), signed_in: OnceCell::new() });
        Arc::clone(actors.entry(user.to_owned()).or_insert_with(actor))
    }

    /// Gives all tokens back, as far as that takes no longer than this; one that is not
    /// ends by itself.
    pub(super) async fn sign_out(&self, within: Duration) {
        let actors = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let sign_out = |(user, actor): (String, Arc<Actor>)| async move {
            if let Err(error) = actor.client.sign_out().await {
                tracing::warn!(%error, user, "a user could not be signed out; the token ends by itself");
            }
        };
        if tokio::time::timeout(within, join_all(actors.into_iter().map(sign_out))).await.is_err() {
            tracing::warn!("not all users were signed out in time; their tokens end by themselves");
        }
    }
}
