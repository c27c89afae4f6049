//! Why an extraction could not run. What could not be read is no error but a
//! gap of its report.

use jiff::civil::Date;
use looker::pacing::Ledger;
use vault::{OtherBirth, VaultError};

/// Why an extraction could not run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The instance: no connection, no sign-in.
    #[error(transparent)]
    Looker(#[from] looker::Error),
    /// The vault: locked, damaged, disk full.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A folder that this instance does not show.
    #[error("no folder {id} is visible to this account")]
    UnknownFolder {
        /// As typed.
        id: String,
    },
    /// A path that leads nowhere.
    #[error(transparent)]
    UnknownPath(Box<UnknownPath>),
    /// A pattern that no folder's path matches.
    #[error("no folder that this account can see matches {pattern}")]
    NoFolderMatches {
        /// As typed.
        pattern: String,
    },
    /// A path that could mean several folders.
    #[error(transparent)]
    AmbiguousFolder(Box<AmbiguousFolder>),
    /// All folders that were named are left out again.
    #[error("no folder is left: all that were named are left out again")]
    NoFolderLeft,
    /// Folders were named, but none of the kinds lies in folders.
    #[error("folders were named, but none of the kinds lies in folders: {kinds}")]
    NothingInFolders {
        /// The kinds.
        kinds: String,
    },
    /// Nothing is left of the month's allowance; nothing was sent.
    #[error(
        "nothing is left to extraction of the {calls} {label} calls that the allowance has a month{kinds}: \
         this vault spent {spent}, {reserve} are kept for restores; it renews on {renews_on} ({zone})",
        label = ledger.label()
    )]
    AllowanceSpent {
        /// The ledger.
        ledger: Ledger,
        /// Calls a month.
        calls: u64,
        /// Calls of it that are kept for restores.
        reserve: u64,
        /// Calls spent this month by this vault.
        spent: u64,
        /// ` (needed by …)`, when not all the kinds of the run need them.
        kinds: String,
        /// The day the next month begins.
        renews_on: Date,
        /// Where it begins.
        zone: String,
    },
    /// Birth marks disagree with those that the vault has: another instance answers
    /// at this address.
    #[error(transparent)]
    OtherInstance(Box<OtherInstance>),
    /// The server gave only objects of other folders.
    #[error("the server ignored the folder filter of {group}: nothing it gave lies in the folder asked for")]
    IgnoredFilter {
        /// What was listed.
        group: String,
    },
    /// A task of ours ended by a panic.
    #[error("a worker ended unexpectedly: {0}")]
    Worker(String),
}

/// Objects that were made at another time than those of the same ids in the vault.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address} seems to be another instance than the one the vault knows, or it was rebuilt: \
     {} of {compared} {kind} that were compared were created at another time: {}",
    others.len(),
    others.iter().take(Self::EXAMPLES).map(Self::example).collect::<Vec<_>>().join(", ")
)]
pub struct OtherInstance {
    /// The address.
    pub address: String,
    /// The kind, in the plural.
    pub kind: &'static str,
    /// Objects whose birth marks were compared.
    pub compared: u64,
    /// Those that disagree.
    pub others: Vec<OtherBirth>,
}

impl OtherInstance {
    /// Objects that a message names.
    const EXAMPLES: usize = 5;

    fn example(other: &OtherBirth) -> String {
        let title = other.title.as_deref().map(|title| format!(" {title:?}")).unwrap_or_default();
        format!("{}{title} (then {}, now {})", other.key, other.before, other.now)
    }
}

/// A path that leads nowhere, and where it may have been meant to lead.
#[derive(Debug, thiserror::Error)]
#[error(
    "no folder {path} is visible to this account: {}",
    match deepest {
        Some(deepest) => format!("there is {deepest}, but no `{missing}` in it"),
        None => format!("there is no `{missing}` at the root"),
    }
)]
pub struct UnknownPath {
    /// As typed.
    pub path: String,
    /// The deepest part of it that exists; `None` when not even its root does.
    pub deepest: Option<String>,
    /// The name that is missing there.
    pub missing: String,
    /// The names that are there instead.
    pub siblings: Vec<String>,
    /// Paths of folders with the missing name elsewhere.
    pub elsewhere: Vec<String>,
}

/// A path that could mean several folders.
#[derive(Debug, thiserror::Error)]
#[error("{path} could mean several folders: {}", candidates.join(", "))]
pub struct AmbiguousFolder {
    /// As typed.
    pub path: String,
    /// Their paths with their ids.
    pub candidates: Vec<String>,
}
