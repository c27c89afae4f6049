//! Why an extraction could not run. What could not be read is no error but a
//! gap of its report.

use vault::VaultError;

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
    /// Folders were named, but none of the kinds lies in folders.
    #[error("folders were named, but none of the kinds lies in folders: {kinds}")]
    NothingInFolders {
        /// The kinds.
        kinds: String,
    },
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
