//! Restore: what the vault has goes back to the instance.
//!
//! A [`Plan`] holds for every selected object what is to be done, and all requests
//! that do it, as data: each [`Step`] is one. [`apply()`] carries one out, within a
//! [`Session`] whose calls are booked.

mod apply;
mod plan;
mod session;
mod step;

use vault::VaultError;

pub use apply::{Applied, AppliedObject, BlockedBy, Patience, StepFailure, apply};
pub use plan::{Action, FORMAT, Known, Object, Plan};
pub use session::Session;
pub use step::{Among, At, Given, Id, Ids, Part, Step, Symbol, Verb};

use crate::extract::ExtractError;

/// Why a restore could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// As an extraction fails: no connection, no sign-in, a vault in use.
    #[error(transparent)]
    Run(#[from] ExtractError),
    /// The plan cannot be carried out; nothing was sent.
    #[error("the plan cannot be carried out: {0}")]
    Plan(String),
}

impl From<VaultError> for RestoreError {
    fn from(error: VaultError) -> Self {
        Self::Run(error.into())
    }
}
