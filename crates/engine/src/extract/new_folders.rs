//! Folders that are made while a run is under way.
//!
//! Folders are listed when a run opens; what lies in one that is made after that is
//! still to be in the vault when it ends. Listings of a whole kind name such folders, so
//! that finding them costs nothing; listings of single folders do not. A scope that takes
//! in whatever lies below a folder is therefore settled once more before it is proved.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use looker::pacing::Reason;
use looker::rows::{self, Row};
use vault::ListFilter;

use super::closing::Closing;
use super::error::ExtractError;
use super::groups::Group;
use super::listing::Listing;
use super::pages::Reading;
use super::pool::blocking;
use super::report::GapReport;
use super::run::Run;
use super::scope::Listed;
use super::tree::FolderTree;
use super::whole::{folders_kind, whole_call};

/// The folders as they were listed, and those that only other listings name.
#[derive(Debug, Default)]
pub(super) struct KnownFolders {
    listed: HashSet<String>,
    strangers: Mutex<BTreeSet<String>>,
}

impl KnownFolders {
    pub(super) fn of(rows: &[Row]) -> Self {
        Self { listed: rows.iter().map(|row| row.id.clone()).collect(), ..Self::default() }
    }

    /// Takes down the folders in which rows lie and that were not listed.
    pub(super) fn notice(&self, rows: &[Row]) {
        let strange = |row: &&Row| row.folder.as_ref().is_some_and(|folder| !self.listed.contains(folder));
        let mut strange = rows.iter().filter(strange).peekable();
        if strange.peek().is_some() {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            strangers.extend(strange.filter_map(|row| row.folder.clone()));
        }
    }

    fn strangers(&self) -> BTreeSet<String> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Run {
    /// Whether the scope has come to hold folders that it did not hold when the run
    /// opened; then what is in them is still to be read, and all is to be proved by one
    /// more listing. Asked only where a listing proves the run that comes after the one
    /// that opened it, or such a folder was named.
    pub(super) async fn scope_has_grown(
        &mut self,
        closing: &Closing,
        reading: &mut Reading,
    ) -> Result<bool, ExtractError> {
        let can_grow = self.request.folders.as_ref().is_some_and(super::FolderScope::can_grow);
        let is_untold =
            |group: &usize| self.groups[*group].folders.is_some() && !reading.told_by_opening.contains(group);
        let is_closed_later = closing.unproved.iter().any(is_untold);
        if !can_grow || !is_closed_later && self.strange_folders().await?.is_empty() {
            return Ok(false);
        }
        let grew = self.settle_scope_again().await?;
        if grew {
            reading.told_by_opening.clear();
            reading.closing = Listing::default();
        }
        Ok(grew)
    }

    /// Lists the folders once more where listings named others. What lies in one that
    /// belongs to the scope all the same was made too late to be read: a gap.
    pub(super) async fn read_new_folders(&mut self) -> Result<(), ExtractError> {
        if self.strange_folders().await?.is_empty() || !self.settle_scope_again().await? {
            return Ok(());
        }
        let (reason, place) = ("they were made while the run was closed", "new folders");
        let kinds: BTreeSet<&str> = self.in_folders().map(|group| group.kind.name).collect();
        let gaps = kinds.into_iter().map(|kind| GapReport::of_list(kind, place.to_owned(), reason, 1));
        self.findings.gaps.extend(gaps);
        Ok(())
    }

    fn in_folders(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.folders.is_some())
    }

    /// Folders that were not listed and in which something lies, unless something lay
    /// there before: then they are hidden from the account, and not new.
    async fn strange_folders(&self) -> Result<BTreeSet<String>, ExtractError> {
        let Some(known) = self.known_folders.as_ref().filter(|_| self.brake.pulled().is_none()) else {
            return Ok(BTreeSet::new());
        };
        let mut strangers = known.strangers();
        if strangers.is_empty() {
            return Ok(strangers);
        }
        let kinds: BTreeSet<&'static str> =
            self.groups.iter().filter(|at| at.kind.lies_in_folders()).map(|at| at.kind.name).collect();
        let (writer, instance, run) = (self.writer.clone(), self.instance, self.id);
        blocking(move || {
            let reader = writer.reader()?;
            for kind in kinds {
                let filter = ListFilter { instance: Some(instance), ..ListFilter::of(kind) };
                reader.list(&filter, |row| {
                    if let Some(folder) = row.folder.filter(|_| row.from_run < run) {
                        strangers.remove(&folder);
                    }
                })?;
            }
            Ok(strangers)
        })
        .await
    }

    /// Lists the folders once more, keeps those that are read, and settles what the
    /// scope means; whether that is more than before.
    async fn settle_scope_again(&mut self) -> Result<bool, ExtractError> {
        let Some((kind, whole)) = folders_kind() else { return Ok(false) };
        let mut call = whole_call(kind, whole);
        call.reason = Reason::Listing;
        let read = tokio::select! {
            read = self.client.get(&call, |reply| Ok((rows::split(&reply.body, kind)?, reply.date))) => read,
            () = self.brake.at_once() => return Ok(false),
        };
        let (rows, date): Listed = match read {
            Ok(listed) => listed,
            Err(error) => {
                self.kind_failed(kind, &error);
                return Ok(false);
            }
        };
        self.recognition.check(kind, rows.iter()).await?;
        let known = KnownFolders::of(&rows);
        let is_new = self.known_folders.as_ref().is_none_or(|before| known.listed != before.listed);
        let grew = is_new && self.widen_scope(&rows)?;
        self.known_folders = Some(Arc::new(known));
        if is_new && self.request.kinds.contains(&kind) {
            self.store_whole(kind, rows, date).await?;
        }
        Ok(grew)
    }

    /// Adds to the scope what it means by these folders; whether that is anything.
    fn widen_scope(&mut self, rows: &[Row]) -> Result<bool, ExtractError> {
        let Some(before) = self.in_folders().find_map(|group| group.folders.clone()) else {
            return Ok(false);
        };
        let Some(scope) = self.request.folders.as_ref().filter(|scope| scope.can_grow()) else {
            return Ok(false);
        };
        // A folder that was named may be gone by now: then there is nothing more in it.
        let Ok(now) = scope.resolve(Some(&FolderTree::new(rows)), &*self.watch) else { return Ok(false) };
        let wider = (*before).clone().or(&now);
        if wider.ids.len() == before.ids.len() {
            return Ok(false);
        }
        self.writer.options(self.id, self.request.options(Some(&wider)))?;
        let wider = Arc::new(wider);
        let widened = |group: &Group| Group {
            folders: group.folders.as_ref().map(|_| Arc::clone(&wider)),
            ..group.clone()
        };
        self.groups = Arc::new(self.groups.iter().map(widened).collect());
        Ok(true)
    }
}
