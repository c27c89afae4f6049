//! What is asked of an extraction.

use looker::Kind;
use serde::Serialize;

use super::refresh::RefreshPolicy;
use super::scope::{FolderScope, FolderSet};
use crate::allowance::Allowance;

/// Percent that may vanish at once when nobody says otherwise.
pub const SUSPECT_SHARE: u8 = 20;

/// What to read, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The kinds to read.
    pub kinds: Vec<&'static Kind>,
    /// Whether a person named the kinds; then one that is closed to us is a gap.
    pub kinds_named: bool,
    /// Only content of these folders.
    pub folders: Option<FolderScope>,
    /// Whether the trash is read too.
    pub trash: bool,
    /// How folders are read.
    pub strategy: FolderStrategy,
    /// Rows a page, at most; the catalogue's page when not said.
    pub page: Option<u32>,
    /// When kinds are read again whose change moves no stamp.
    pub refresh: RefreshPolicy,
    /// Continue the last run of this scope, if it did not end complete.
    pub resume: bool,
    /// Which history of the address the run belongs to.
    pub epoch: Epoch,
    /// Percent of the objects of a kind that may vanish from the scope at once
    /// before the run is held as suspect; with 100 it never is for that.
    pub suspect_share: u8,
    /// What the month allows; `None`: nothing holds it back.
    pub allowance: Option<Allowance>,
    /// What the run is recorded as, for instance `extract`.
    pub command: String,
}

/// Which history of its address a run belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Epoch {
    /// The newest, if no birth mark disagrees with it.
    #[default]
    Recognised,
    /// The newest, whatever birth marks say; the vault takes them over.
    Continued,
    /// One that begins now.
    New,
}

/// How the content of folders is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderStrategy {
    /// Whichever costs fewer calls.
    #[default]
    Auto,
    /// One server-filtered page stream a folder.
    PerFolder,
    /// Everything is read and filtered here: the old way.
    Scan,
}

impl Request {
    /// A request for `kinds`, whole, by the usual ways.
    pub fn new(kinds: Vec<&'static Kind>) -> Self {
        Self {
            kinds,
            kinds_named: false,
            folders: None,
            trash: true,
            strategy: FolderStrategy::Auto,
            page: None,
            refresh: RefreshPolicy::default(),
            resume: false,
            epoch: Epoch::default(),
            suspect_share: SUSPECT_SHARE,
            allowance: None,
            command: "extract".to_owned(),
        }
    }

    /// The scope as canonical JSON: equal scopes, equal text. Ways of reading
    /// (strategy, page) are not part of it.
    pub(super) fn scope(&self) -> String {
        let mut kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name).collect();
        kinds.sort_unstable();
        let folders = self.folders.as_ref().map(FolderScope::canonical);
        serde_json::json!({ "folders": folders, "kinds": kinds, "trash": self.trash }).to_string()
    }

    /// The options that matter to a reader of the run, and the folders that its
    /// scope came to.
    pub(super) fn options(&self, folders: Option<&FolderSet>) -> String {
        let mut options = serde_json::json!({ "strategy": self.strategy, "page": self.page });
        if let Some((name, ids)) = folders.map(FolderSet::as_option) {
            options[name] = ids;
        }
        options.to_string()
    }
}
