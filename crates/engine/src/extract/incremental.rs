//! What has changed since the last run, and the cheapest way to read it.
//!
//! The light listing that opens a run is held against the vault: what it names
//! with the stamp, on the side and in the folder that the vault has is noted as
//! seen and not read again. The rest is read by id, by parts of pages or by pages,
//! whichever costs fewer calls. Where nothing but single objects was read, and nothing that the
//! vault has was missing from it, the listing that opened the run also closes it.
//!
//! A stamp is trusted for so many days: then a *full pass* reads every body once
//! more, and reports what had changed without a moved stamp.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use vault::{AbsenceScope, Adopted, Stale};

use super::by_id::{self, Search};
use super::error::ExtractError;
use super::groups::{Group, Sizes, Stream, calls_of};
use super::listing::Keep;
use super::pool::blocking;
use super::run::Run;
use super::scope::FolderSet;
use super::windows::{Window, windows};

/// The round of the listing that opens a run.
pub(super) const OPENING: u32 = 0;

/// How the changed objects of a group are read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By their keys.
    ById(Vec<String>),
    /// By parts of pages that hold them.
    Windows(Vec<Window>),
    /// By pages that hold them, among others.
    Pages(Vec<Stream>),
}

impl Run {
    /// Whether only what a listing shows to have changed is read of a group.
    pub(super) fn is_incremental(&self, group: usize) -> bool {
        let group = &self.groups[group];
        group.is_stamped() && !self.passes.is_due(group.kind)
    }

    /// Where the rows of the opening listing go.
    pub(super) fn keep_opening(&self, groups: &[usize]) -> Keep {
        if groups.iter().any(|group| self.is_incremental(*group)) {
            return self.keep_round(OPENING);
        }
        Keep::Count
    }

    /// Holds the opening listing of groups against the vault.
    pub(super) async fn adopt(&self, groups: Vec<usize>) -> Result<HashMap<usize, Adopted>, ExtractError> {
        if groups.is_empty() {
            return Ok(HashMap::new());
        }
        let scopes: Vec<AbsenceScope> = groups.iter().map(|group| self.scope_of(*group, None)).collect();
        let (writer, run) = (self.writer.clone(), self.id);
        let adopted = blocking(move || Ok(writer.adopt(run, OPENING, scopes)?)).await?;
        for (group, adopted) in groups.iter().zip(&adopted) {
            tracing::info!(
                group = self.groups[*group].name(),
                unchanged = adopted.unchanged,
                changed = adopted.stale.len(),
                unlisted = adopted.unlisted,
                "The opening listing was held against the vault."
            );
        }
        Ok(groups.into_iter().zip(adopted).collect())
    }

    /// The cheapest way to read changed objects.
    pub(super) async fn way(
        &mut self,
        group: usize,
        stale: &[Stale],
        sizes: &Sizes,
    ) -> Result<Way, ExtractError> {
        let mut keys: Vec<String> = stale.iter().map(|one| one.key.clone()).collect();
        let streams = self.streams_with(group, stale, sizes);
        let by_pages = calls_of(&streams);
        if self.groups[group].paged.by_id.is_none() {
            return Ok(Way::Pages(streams));
        }
        let could_be_listed = keys.len() > 1 && by_id::calls(keys.len(), true) <= by_pages;
        let search = Search::of(&self.groups[group]);
        if could_be_listed && self.takes_id_lists(&search, &mut keys).await? {
            return Ok(Way::ById(keys));
        }
        let windows = self.windows_of(group, stale, &keys);
        let one_by_one = by_id::calls(keys.len(), false);
        match windows.filter(|windows| (windows.len() as u64) < one_by_one) {
            Some(windows) => Ok(Way::Windows(windows)),
            None if one_by_one <= by_pages => Ok(Way::ById(keys)),
            None => Ok(Way::Pages(streams)),
        }
    }

    /// The windows that hold changed objects; `None` where the listing does not tell
    /// their places, because it is one of some folders.
    fn windows_of(&self, group: usize, stale: &[Stale], keys: &[String]) -> Option<Vec<Window>> {
        let at = &self.groups[group];
        if at.folders.is_some() || at.paged.sorts.is_none() {
            return None;
        }
        let wanted: HashSet<&String> = keys.iter().collect();
        let places = stale.iter().filter(|one| wanted.contains(&one.key));
        Some(windows(places.map(|one| (one.place, one.key.clone())).collect(), self.page(group)))
    }

    /// The page streams that hold changed objects: those of their folders, or all.
    fn streams_with(&self, group: usize, stale: &[Stale], sizes: &Sizes) -> Vec<Stream> {
        let at = &self.groups[group];
        let folders: Option<BTreeSet<&str>> = stale.iter().map(|one| one.folder.as_deref()).collect();
        let narrowed = folders.filter(|_| at.kind.lies_in_folders()).map(|folders| {
            let ids = folders.into_iter().map(str::to_owned).collect();
            Group { folders: Some(Arc::new(FolderSet::only(ids))), ..at.clone() }
        });
        let at = narrowed.as_ref().unwrap_or(at);
        at.streams(group, self.request.strategy, self.page(group), sizes, self.bundles(group))
    }
}
