//! The scope of a run: which folders it is about.
//!
//! A person names folders by selectors; what they mean is settled once, when the
//! run begins, by one listing of all folders, and not even that where plain ids
//! say it all. From then on a scope is a set of ids: either the folders that are
//! read, or, where nothing but exceptions were named, the folders that are left
//! out. The second form stays cheap however many folders there are, and what it
//! reads includes folders that are made while it runs.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use jiff::Timestamp;
use looker::Client;
use looker::rows::{self, Row};
use vault::{Folders, InstanceId, Reader};

use super::error::ExtractError;
use super::request::Request;
use super::selector::FolderSelector;
use super::tree::FolderTree;
use super::whole::{folders_kind, whole_call};
use crate::Watch;

/// Which folders a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderScope {
    /// Only what lies in these; with none, in all folders.
    pub include: Vec<FolderSelector>,
    /// With everything below them.
    pub recursive: bool,
    /// But not what lies in these or anywhere below them.
    pub exclude: Vec<FolderSelector>,
    /// Whether personal folders and what lies below them take part.
    pub personal: bool,
}

/// The ids that a scope came to.
#[derive(Debug, Clone)]
pub(crate) struct FolderSet {
    /// In the order asked for.
    pub(super) ids: Vec<String>,
    set: HashSet<String>,
    /// Whether these are left out, rather than read.
    pub(super) all_but: bool,
}

/// All folders as they were listed, with the server's time.
pub(super) type Listed = (Vec<Row>, Timestamp);

impl Default for FolderScope {
    /// All folders.
    fn default() -> Self {
        Self { include: Vec::new(), recursive: false, exclude: Vec::new(), personal: true }
    }
}

impl FolderScope {
    /// Whether every folder is in scope, so that nothing is narrowed.
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty() && self.personal
    }

    /// Whether the folder tree must be known to say which folders are meant.
    pub(super) fn needs_tree(&self) -> bool {
        let is_path = |selector: &FolderSelector| matches!(selector, FolderSelector::Path(_));
        self.recursive || !self.exclude.is_empty() || !self.personal || self.include.iter().any(is_path)
    }

    /// Whether a folder that is made somewhere may belong to it.
    pub(super) fn can_grow(&self) -> bool {
        let is_glob =
            |selector: &FolderSelector| matches!(selector, FolderSelector::Path(path) if path.is_glob());
        !self.include.is_empty() && (self.recursive || self.include.iter().any(is_glob))
    }

    /// Folders named by id, when nobody has looked whether there are any such.
    pub(super) fn unseen_ids(&self) -> impl Iterator<Item = &str> {
        let named = self.include.iter().filter(|_| !self.recursive);
        named.filter_map(|selector| match selector {
            FolderSelector::Id(id) => Some(id.as_str()),
            FolderSelector::Path(_) => None,
        })
    }

    /// As canonical JSON: equal scopes, equal text. What is not asked for is not
    /// mentioned.
    pub(crate) fn canonical(&self) -> serde_json::Value {
        let texts = |selectors: &[FolderSelector]| -> BTreeSet<String> {
            selectors.iter().map(ToString::to_string).collect()
        };
        let (ids, paths): (Vec<_>, Vec<_>) =
            self.include.iter().cloned().partition(|selector| matches!(selector, FolderSelector::Id(_)));
        let recursive = self.recursive && !self.include.is_empty();
        let mut scope = serde_json::json!({ "ids": texts(&ids), "recursive": recursive });
        if !paths.is_empty() {
            scope["paths"] = texts(&paths).into_iter().collect();
        }
        if !self.exclude.is_empty() {
            scope["exclude"] = texts(&self.exclude).into_iter().collect();
        }
        if !self.personal {
            scope["personal"] = false.into();
        }
        scope
    }

    /// Reads what [`FolderScope::canonical`] wrote; `None` when it is no scope.
    pub(super) fn of_canonical(scope: &serde_json::Value) -> Option<Self> {
        let selectors = |name: &str| -> Vec<FolderSelector> {
            let texts = scope[name].as_array().into_iter().flatten();
            texts.filter_map(|text| text.as_str()?.parse().ok()).collect()
        };
        scope.is_object().then(|| Self {
            include: [selectors("ids"), selectors("paths")].concat(),
            recursive: scope["recursive"] == true,
            exclude: selectors("exclude"),
            personal: scope["personal"] != false,
        })
    }

    /// The ids that the scope means, in the tree of all folders where it must be
    /// known. An exception that means nothing costs a warning, not the run: what
    /// it left out may have been deleted.
    pub(crate) fn resolve(
        &self,
        tree: Option<&FolderTree>,
        watch: &dyn Watch,
    ) -> Result<FolderSet, ExtractError> {
        let Some(tree) = tree else {
            let ids = self.include.iter().map(ToString::to_string).collect();
            return Ok(FolderSet::only(ids));
        };
        let left_out = self.left_out(tree, watch)?;
        let ids = |folders: Vec<usize>| folders.into_iter().map(|at| tree.id(at).to_owned()).collect();
        if self.include.is_empty() {
            return Ok(FolderSet::all_but(ids(left_out)));
        }
        let mut chosen = Vec::new();
        for selector in &self.include {
            chosen.extend(tree.select(selector)?);
        }
        if self.recursive {
            chosen = tree.with_descendants(&chosen);
        }
        let left_out: HashSet<usize> = left_out.into_iter().collect();
        chosen.retain(|folder| !left_out.contains(folder));
        if chosen.is_empty() {
            return Err(ExtractError::NoFolderLeft);
        }
        Ok(FolderSet::only(ids(chosen)))
    }

    /// The ids that the scope means by the folders that are stored, without a call.
    pub(crate) fn resolve_stored(
        &self,
        reader: &Reader,
        instance: InstanceId,
        watch: &dyn Watch,
    ) -> Result<FolderSet, ExtractError> {
        let mut rows = Vec::new();
        if let Some((kind, _)) = folders_kind().filter(|_| self.needs_tree()) {
            reader.bodies(instance, kind.name, |_, body| {
                rows.extend(Row::read(Bytes::copy_from_slice(body), kind).ok());
            })?;
        }
        let tree = self.needs_tree().then(|| FolderTree::new(&rows));
        self.resolve(tree.as_ref(), watch)
    }

    fn left_out(&self, tree: &FolderTree, watch: &dyn Watch) -> Result<Vec<usize>, ExtractError> {
        let mut left_out = if self.personal { Vec::new() } else { tree.personal() };
        for selector in &self.exclude {
            match tree.select(selector) {
                Ok(found) => left_out.extend(found),
                Err(error @ ExtractError::AmbiguousFolder(_)) => return Err(error),
                Err(error) => watch.warn(&format!("nothing is left out for {selector}: {error}")),
            }
        }
        Ok(tree.with_descendants(&left_out))
    }
}

impl FolderSet {
    /// What lies in these folders.
    pub(super) fn only(ids: Vec<String>) -> Self {
        let mut set = HashSet::new();
        let ids: Vec<String> = ids.into_iter().filter(|id| set.insert(id.clone())).collect();
        Self { ids, set, all_but: false }
    }

    /// What lies in none of these.
    pub(super) fn all_but(ids: Vec<String>) -> Self {
        Self { all_but: true, ..Self::only(ids) }
    }

    /// Whether what lies in that folder is in scope; `None`: in no folder.
    pub(crate) fn holds(&self, folder: Option<&str>) -> bool {
        folder.is_some_and(|id| self.set.contains(id)) != self.all_but
    }

    /// What is in scope of this one or of the other. Both are of one scope, so that
    /// both say what is read, or both what is left out.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        let (all_but, known) = (self.all_but, other.set.clone());
        self.ids.retain(|id| !all_but || known.contains(id));
        let more = other.ids.iter().filter(|id| !all_but && !self.set.contains(*id));
        let ids = self.ids.into_iter().chain(more.cloned()).collect();
        Self { all_but, ..Self::only(ids) }
    }

    /// As the vault speaks of it.
    pub(super) fn as_absence(&self) -> Folders {
        if self.all_but { Folders::AllBut(self.ids.clone()) } else { Folders::Only(self.ids.clone()) }
    }

    /// As the run's options keep it.
    pub(super) fn as_option(&self) -> (&'static str, serde_json::Value) {
        (if self.all_but { LEFT_OUT } else { READ }, self.ids.as_slice().into())
    }

    /// The folders that a run came to, by its options; `None` when it read all.
    pub(crate) fn of_options(options: &str) -> Option<Self> {
        let options: serde_json::Value = serde_json::from_str(options).unwrap_or_default();
        let ids = |name: &str| -> Option<Vec<String>> {
            Some(options[name].as_array()?.iter().filter_map(|id| id.as_str()).map(str::to_owned).collect())
        };
        ids(READ).map(Self::only).or_else(|| ids(LEFT_OUT).map(Self::all_but))
    }

    /// Adds folders that an earlier run of this scope read, by its options, and
    /// that are no longer listed, so that what lay in them is known to be gone too.
    pub(super) fn remember(&mut self, options: &str, (rows, _): &Listed) {
        if self.all_but {
            return;
        }
        let options: serde_json::Value = serde_json::from_str(options).unwrap_or_default();
        let listed: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let earlier = options[READ].as_array().into_iter().flatten().filter_map(|id| id.as_str());
        for id in earlier.filter(|id| !listed.contains(id)) {
            if self.set.insert(id.to_owned()) {
                self.ids.push(id.to_owned());
            }
        }
    }
}

/// Members of a run's options.
const READ: &str = "folder_ids";
const LEFT_OUT: &str = "left_out_folder_ids";

/// Refuses folders for kinds that lie in none.
pub(super) fn check(request: &Request) -> Result<(), ExtractError> {
    if request.folders.is_some() && !request.kinds.iter().any(|kind| kind.lies_in_folders()) {
        let kinds: Vec<&str> = request.kinds.iter().map(|kind| kind.name).collect();
        return Err(ExtractError::NothingInFolders { kinds: kinds.join(", ") });
    }
    Ok(())
}

/// All folders, when the scope needs their tree, or narrows the run and they are
/// read anyway.
pub(super) async fn all_folders(client: &Client, request: &Request) -> Result<Option<Listed>, ExtractError> {
    let Some(scope) = &request.folders else { return Ok(None) };
    let Some((kind, whole)) = folders_kind() else { return Ok(None) };
    if !scope.needs_tree() && !request.kinds.contains(&kind) {
        return Ok(None);
    }
    let call = whole_call(kind, whole);
    let read = client.get(&call, |reply| Ok((rows::split(&reply.body, kind)?, reply.date))).await?;
    Ok(Some(read))
}

/// The folders of a request as ids, by the tree where it was read.
pub(super) fn folders(
    request: &Request,
    listed: Option<&Listed>,
    watch: &dyn Watch,
) -> Result<Option<FolderSet>, ExtractError> {
    let tree = listed.map(|(rows, _)| FolderTree::new(rows));
    request.folders.as_ref().map(|scope| scope.resolve(tree.as_ref(), watch)).transpose()
}

#[cfg(test)]
mod tests;
