//! What is asked of an extraction.

use looker::Kind;
use serde::Serialize;

use super::due::Cadences;
use super::refresh::RefreshPolicy;
use super::scope::{FolderScope, FolderSet};
use crate::allowance::Allowance;

/// Percent that may vanish at once when nobody says otherwise.
pub const SUSPECT_SHARE: u8 = 20;

/// What to read, and how.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "choices that do not depend on each other")]
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
    /// What becomes of the addresses that schedules and alerts send to.
    pub destinations: Destinations,
    /// How often kinds are read that nobody named.
    pub cadences: Cadences,
    /// When kinds are read again whose change moves no stamp.
    pub refresh: RefreshPolicy,
    /// Whether everything is read, not only what a listing shows to have changed.
    pub full: bool,
    /// Days after which everything is read once more.
    pub full_every_days: u32,
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

/// The scope of a run, as its record in the vault says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScope {
    /// The kinds that were asked for, as far as the catalogue still has them.
    pub kinds: Vec<&'static Kind>,
    /// The folders, as they were named.
    pub folders: Option<FolderScope>,
    /// Whether the trash was read too.
    pub trash: bool,
}

impl RunScope {
    /// Reads what a request wrote as its scope; of a text that it did not write nothing
    /// is known, and the scope has no kinds.
    pub fn parse(scope: &str) -> Self {
        let scope: serde_json::Value = serde_json::from_str(scope).unwrap_or_default();
        let kinds = scope["kinds"].as_array().into_iter().flatten();
        let kinds = kinds.filter_map(|name| Kind::find(name.as_str()?)).collect();
        Self { kinds, folders: FolderScope::of_canonical(&scope["folders"]), trash: scope["trash"] != false }
    }
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

/// Days between two full passes, unless the user says otherwise.
const FULL_EVERY_DAYS: u32 = 30;
/// What becomes of addresses that let whoever knows them send or write: those of
/// webhooks and the like. E-mail addresses are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Destinations {
    /// They are redacted, as secrets are.
    #[default]
    Redact,
    /// They are stored.
    Keep,
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
            destinations: Destinations::default(),
            cadences: Cadences::default(),
            refresh: RefreshPolicy::default(),
            full: false,
            full_every_days: FULL_EVERY_DAYS,
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

    /// The folders and sides that are read, as canonical JSON.
    pub(crate) fn extent(&self) -> String {
        let folders = self.folders.as_ref().map(FolderScope::canonical);
        serde_json::json!({ "folders": folders, "trash": self.trash }).to_string()
    }

    /// The options that matter to a reader of the run, and the folders that its
    /// scope came to.
    pub(super) fn options(&self, folders: Option<&FolderSet>) -> String {
        let mut options = serde_json::json!({
            "strategy": self.strategy, "page": self.page, "destinations": self.destinations,
        });
        if let Some((name, ids)) = folders.map(FolderSet::as_option) {
            options[name] = ids;
        }
        options.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_was_written() {
        let selectors = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let scopes = [
            None,
            Some(FolderScope { include: selectors(&["12", "40"]), ..FolderScope::default() }),
            Some(FolderScope {
                include: selectors(&["7", "/Shared/A\\/B *"]),
                recursive: true,
                exclude: selectors(&["/Shared/Scratch", "9"]),
                personal: false,
            }),
            Some(FolderScope { personal: false, ..FolderScope::default() }),
        ];
        for folders in scopes {
            let mut request = Request::new(["looks", "users"].map(|name| Kind::find(name).unwrap()).into());
            (request.folders, request.trash) = (folders.clone(), folders.is_some());
            let read = RunScope::parse(&request.scope());
            assert_eq!((&read.kinds, read.trash), (&request.kinds, request.trash));
            let text = |scope: &Option<FolderScope>| scope.as_ref().map(FolderScope::canonical);
            assert_eq!(text(&read.folders), text(&folders));
        }
        assert!(RunScope::parse("none of ours").kinds.is_empty());
    }
}
