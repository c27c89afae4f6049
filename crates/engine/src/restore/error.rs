//! Why nothing is restored.

use vault::VaultError;

use crate::extract::ExtractError;

/// Why a restore cannot be planned or carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A call failed for good.
    #[error(transparent)]
    Looker(Box<looker::Error>),
    /// The vault cannot be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// As an extraction fails.
    #[error(transparent)]
    Run(#[from] ExtractError),
    /// The vault holds nothing of this instance.
    #[error("the vault holds nothing of {address}")]
    NothingStored {
        /// The instance.
        address: String,
    },
    /// Nothing that is selected was there.
    #[error("nothing of what is selected was there as of run {run}")]
    NothingSelected {
        /// The run.
        run: i64,
    },
    /// A named object was not there.
    #[error("{kind} {key} was not there as of run {run}")]
    NotStored {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// The run.
        run: i64,
    },
    /// A kind that is kept for reference only.
    #[error("{kind} cannot be restored")]
    NotRestorable {
        /// The kind.
        kind: &'static str,
    },
    /// A folder was not there.
    #[error("there was no folder `{folder}` as of run {run}")]
    UnknownFolder {
        /// As it was named.
        folder: String,
        /// The run.
        run: i64,
    },
    /// A path means several folders.
    #[error("`{folder}` means the folders {}", ids.join(", "))]
    AmbiguousFolder {
        /// As it was named.
        folder: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// No user has this address.
    #[error("the vault knows no user `{user}`")]
    UnknownUser {
        /// As it was named.
        user: String,
    },
    /// An answer is no document.
    #[error("what the instance answers for {id} cannot be read: {reason}")]
    Unreadable {
        /// The object.
        id: String,
        /// Why.
        reason: String,
    },
    /// A body of the vault is no document.
    #[error("the stored {kind} {key} cannot be read: {reason}")]
    Damaged {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A plan that cannot be carried out, written or read.
    #[error("the plan cannot be used: {0}")]
    Plan(String),
    /// What was there before a restore was pruned.
    #[error("restore {restore} cannot be undone: run {run}, which has what was there before, was pruned")]
    Pruned {
        /// The restore.
        restore: i64,
        /// The run.
        run: i64,
    },
    /// What is live is not what the plan was made from.
    #[error("{} changed since the plan was made: {}", objects.len(), objects.join(", "))]
    Moved {
        /// The objects.
        objects: Vec<String>,
    },
}

impl From<looker::Error> for RestoreError {
    fn from(error: looker::Error) -> Self {
        Self::Looker(Box::new(error))
    }
}
