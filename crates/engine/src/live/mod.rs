//! Live verification: is what the vault holds what the instance shows?
//!
//! [`plan()`] chooses objects, at random or all of them, and the calls that read
//! them again for the least; it makes none itself, so that somebody can look at
//! the price first. [`compare()`] makes the calls and holds each answer, made
//! canonical by the rules of extraction, against the body in the vault. Nothing
//! is stored but the calls, with a run of their own.
//!
//! What was edited since it was stored says so by its stamp, and is no fault. A
//! body that differs under the same stamp is: then the vault is not what it
//! claims to be, or Looker changed what no stamp tells.

mod compare;
mod judge;
mod plan;
mod read;
mod report;

use jiff::civil::Date;
use looker::pacing::Ledger;
use vault::VaultError;

pub use compare::compare;
pub use plan::{Cost, Plan, Request, plan};
pub use report::{KindReport, ObjectReport, Outcome, Report};

use crate::extract::ExtractError;

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// As an extraction fails: no connection, an unknown folder, a vault in use.
    #[error(transparent)]
    Run(#[from] ExtractError),
    /// The vault holds no live object that was asked for.
    #[error("the vault holds nothing of {address} to compare{among}")]
    NothingStored {
        /// The instance.
        address: String,
        /// ` among …`, when kinds or folders were named.
        among: String,
    },
    /// The month's allowance does not leave so many calls; nothing was sent.
    #[error(
        "this needs {needed} {label} calls, and the month's allowance leaves {left}; it renews on {renews_on} ({zone})",
        label = ledger.label()
    )]
    OverAllowance {
        /// The ledger.
        ledger: Ledger,
        /// Calls that the plan makes.
        needed: u64,
        /// Calls that are left, less the reserve for restores.
        left: u64,
        /// The day the next month begins.
        renews_on: Date,
        /// Where it begins.
        zone: String,
    },
}

impl From<VaultError> for LiveError {
    fn from(error: VaultError) -> Self {
        Self::Run(error.into())
    }
}
