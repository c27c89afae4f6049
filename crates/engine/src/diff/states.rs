//! Two states of instances, and the objects that may differ between them.
//!
//! Two runs of one instance are compared through the index on what changed
//! between them: the cost follows the changes. States of two vaults are compared
//! by the hashes of bodies, those of two instances by name; then all that both
//! hold is looked at.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use looker::Kind;
use looker::catalogue::KINDS;
use looker::rows::Row;
use vault::{AsOf, FolderPaths, InstanceId, Reader, RunId, Version};

use super::edit::Identity;
use super::names::Names;
use crate::Quiet;
use crate::extract::scope::FolderSet;
use crate::extract::tree::FolderTree;
use crate::extract::{ExtractError, FolderScope};

/// What a run left of an instance.
#[derive(Debug, Clone, Copy)]
pub struct State<'r> {
    /// The vault.
    pub reader: &'r Reader,
    /// The instance in it.
    pub instance: InstanceId,
    /// The run.
    pub run: RunId,
}

impl State<'_> {
    fn as_of(&self) -> AsOf {
        AsOf { instance: self.instance, run: Some(self.run) }
    }
}

/// What of two states is compared.
#[derive(Debug, Clone)]
pub struct Scope {
    /// These kinds.
    pub kinds: Vec<&'static Kind>,
    /// What lies in these folders.
    pub folders: Folders,
}

/// Folders whose content is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folders {
    /// All, and what lies in none.
    All,
    /// These.
    Chosen(FolderScope),
    /// Those that a run read.
    OfRun(RunId),
}

/// An object on one side.
#[derive(Debug, Clone)]
pub struct Object {
    /// Looker's id.
    pub key: String,
    /// What the run left of it.
    pub version: Version,
    /// The path of its folder, as far as folders are stored.
    pub folder: Option<String>,
}

/// An object on both sides, or on one of them.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Its kind.
    pub kind: &'static Kind,
    /// What it was; `None` when it was not there.
    pub from: Option<Object>,
    /// What it is; `None` when it is not there.
    pub to: Option<Object>,
}

/// Two states that are compared.
pub struct Comparison<'r> {
    from: State<'r>,
    to: State<'r>,
    identity: Identity,
    kinds: Vec<&'static Kind>,
    /// What lies in these folders by either side's ids.
    folders: Option<[FolderSet; 2]>,
    paths: [FolderPaths; 2],
    names: Option<[Names<'r>; 2]>,
    not_compared: Vec<&'static Kind>,
}

impl State<'_> {
    /// Whether the other one is of the same instance in the same vault.
    fn shares_history(&self, other: &Self) -> bool {
        self.instance == other.instance && self.reader.path() == other.reader.path()
    }

    /// The tree of its folders.
    fn tree(&self) -> Result<FolderTree, ExtractError> {
        let mut rows = Vec::new();
        self.reader.states(self.instance, "folders", self.run, |key, version| rows.push((key, version)))?;
        let row = |(id, version): (String, Version)| -> Result<Row, ExtractError> {
            let body = version.body.map(|hash| self.reader.body(&hash)).transpose()?.flatten();
            let raw = Bytes::from(body.unwrap_or_default());
            let Version { title, folder, updated_at, created_at, .. } = version;
            Ok(Row { id, title, folder, updated_at, created_at, raw })
        };
        Ok(FolderTree::new(&rows.into_iter().map(row).collect::<Result<Vec<_>, _>>()?))
    }
}

impl<'r> Comparison<'r> {
    /// Gets ready to compare two states.
    ///
    /// # Errors
    /// When a vault cannot be read, or a folder is in neither state.
    pub fn new(
        from: State<'r>,
        to: State<'r>,
        identity: Identity,
        scope: &Scope,
    ) -> Result<Self, ExtractError> {
        let folders = folders(&from, &to, &scope.folders)?;
        let narrowed = folders.is_some();
        let in_folders = |kind: &&'static Kind| kind.lies_in_folders() || kind.name == "folders";
        let kinds = scope.kinds.iter().copied().filter(|kind| !narrowed || in_folders(kind));
        let paths = [from.reader.folders(from.as_of())?, to.reader.folders(to.as_of())?];
        let names = (identity == Identity::Name)
            .then(|| [Names::new(from, paths[0].clone()), Names::new(to, paths[1].clone())]);
        let kinds = kinds.collect();
        Ok(Self { from, to, identity, kinds, folders, paths, names, not_compared: Vec::new() })
    }

    /// By what objects are recognised.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Kinds that two instances cannot be compared by, because nothing but ids
    /// identifies their objects; known after [`Comparison::pairs`].
    pub fn not_compared(&self) -> &[&'static Kind] {
        &self.not_compared
    }

    /// The objects that may differ: by kind in the catalogue's order, then by id.
    ///
    /// # Errors
    /// When a vault cannot be read.
    pub fn pairs(&mut self) -> vault::Result<Vec<Pair>> {
        let mut pairs = match self.identity {
            Identity::Id if self.from.shares_history(&self.to) => self.changed_between()?,
            Identity::Id => self.by_id()?,
            Identity::Name => self.by_name()?,
        };
        pairs.retain(|pair| self.is_in_scope(pair));
        Ok(pairs)
    }

    fn changed_between(&self) -> vault::Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        let State { reader, instance, run } = self.from;
        reader.differing(instance, run, self.to.run, |difference| {
            let Some(kind) = Kind::find(&difference.kind) else { return };
            let [from, to] = [(0, difference.a), (1, difference.b)].map(|(side, version)| {
                version.map(|version| self.object(side, difference.key.clone(), version))
            });
            pairs.push(Pair { kind, from, to });
        })?;
        in_order(&mut pairs);
        Ok(pairs)
    }

    fn by_id(&self) -> vault::Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for &kind in &self.kinds {
            let mut old: HashMap<String, Object> =
                self.objects(0, kind)?.into_iter().map(|object| (object.key.clone(), object)).collect();
            for object in self.objects(1, kind)? {
                let from = old.remove(&object.key);
                let same = from.as_ref().is_some_and(|from| {
                    let of = |version: &Version| (version.body, version.side);
                    of(&from.version) == of(&object.version)
                });
                if !same {
                    pairs.push(Pair { kind, from, to: Some(object) });
                }
            }
            pairs.extend(old.into_values().map(|gone| Pair { kind, from: Some(gone), to: None }));
        }
        in_order(&mut pairs);
        Ok(pairs)
    }

    fn by_name(&mut self) -> vault::Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for kind in self.kinds.clone() {
            let (old, new) = (self.objects(0, kind)?, self.objects(1, kind)?);
            let Some(names) = self.names.as_ref().filter(|_| Names::has(kind)) else {
                if !(old.is_empty() && new.is_empty()) {
                    self.not_compared.push(kind);
                }
                continue;
            };
            let mut by_name: HashMap<String, Vec<Object>> = HashMap::new();
            // The first comes out first.
            for object in old.into_iter().rev() {
                by_name.entry(names[0].of(kind, &object)?).or_default().push(object);
            }
            for object in new {
                let from = by_name.get_mut(&names[1].of(kind, &object)?).and_then(Vec::pop);
                pairs.push(Pair { kind, from, to: Some(object) });
            }
            let gone = by_name.into_values().flatten();
            pairs.extend(gone.map(|gone| Pair { kind, from: Some(gone), to: None }));
        }
        in_order(&mut pairs);
        Ok(pairs)
    }

    fn objects(&self, side: usize, kind: &Kind) -> vault::Result<Vec<Object>> {
        let State { reader, instance, run } = *self.side(side);
        let mut objects = Vec::new();
        reader.states(instance, kind.name, run, |key, version| {
            objects.push(self.object(side, key, version));
        })?;
        Ok(objects)
    }

    fn object(&self, side: usize, key: String, version: Version) -> Object {
        let folder = version.folder.as_ref().and_then(|folder| self.paths[side].path(folder));
        Object { key, version, folder }
    }

    fn side(&self, side: usize) -> &State<'r> {
        if side == 0 { &self.from } else { &self.to }
    }

    fn is_in_scope(&self, pair: &Pair) -> bool {
        let holds = |(object, folders): (&Option<Object>, &FolderSet)| {
            object.as_ref().is_some_and(|object| {
                let own = (pair.kind.name == "folders").then_some(object.key.as_str());
                folders.holds(own.or(object.version.folder.as_deref()))
            })
        };
        let sides = [&pair.from, &pair.to];
        self.kinds.contains(&pair.kind)
            && self.folders.as_ref().is_none_or(|folders| sides.into_iter().zip(folders).any(holds))
    }

    /// The content of an object on the old side (0) or the new one (1).
    ///
    /// With `volatile`, fields that change without an edit are in it, where the
    /// state that is meant is the newest one: of others they are not kept. Two
    /// states of one history never differ in them.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn content(
        &self,
        side: usize,
        kind: &Kind,
        object: &Object,
        volatile: bool,
    ) -> vault::Result<Vec<u8>> {
        let State { reader, instance, .. } = *self.side(side);
        if self.has_volatile(volatile)
            && let Some(newest) = reader.show(instance, kind.name, &object.key)?
            && newest.row.from_run == object.version.from_run
        {
            return Ok(newest.document);
        }
        super::ahead::body(reader, object)
    }

    /// Whether fields that change without an edit are told of.
    pub(super) fn has_volatile(&self, wanted: bool) -> bool {
        wanted && !self.from.shares_history(&self.to)
    }

    /// The body of the object with a key on a side, if it is stored.
    pub(super) fn body_of(&self, side: usize, kind: &Kind, key: &str) -> vault::Result<Option<Vec<u8>>> {
        let State { reader, instance, run } = *self.side(side);
        Ok(reader.show_at(instance, kind.name, key, Some(run))?.map(|stored| stored.body))
    }

    /// The paths of both sides' vaults.
    pub(super) fn vaults(&self) -> [&Path; 2] {
        [self.from.reader.path(), self.to.reader.path()]
    }

    /// The path of the new side's vault.
    pub(super) fn path(&self) -> &Path {
        self.to.reader.path()
    }

    /// Whether two keys, of the old side and the new one, mean the same object.
    pub fn is_same(&self, kind: &str, from: &str, to: &str) -> bool {
        match (&self.names, Kind::find(kind)) {
            (Some(names), Some(kind)) => {
                let name = |side: usize, key| names[side].of_key(kind, key).ok().flatten();
                name(0, from).is_some_and(|old| name(1, to) == Some(old))
            }
            _ => from == to,
        }
    }

    /// What people call an object that is referred to, on the old side (0) or the
    /// new one (1), if it is stored.
    pub fn title(&self, side: usize, kind: &str, key: &str) -> Option<String> {
        if kind == "folders" {
            return self.paths[side].path(key);
        }
        let State { reader, instance, run } = *self.side(side);
        reader.show_at(instance, kind, key, Some(run)).ok().flatten()?.row.title
    }
}

/// The folders that are meant, by the ids of either side: a folder may have come
/// or gone in between.
fn folders(
    from: &State<'_>,
    to: &State<'_>,
    folders: &Folders,
) -> Result<Option<[FolderSet; 2]>, ExtractError> {
    match folders {
        Folders::All => Ok(None),
        Folders::OfRun(run) => {
            let options = to.reader.run(*run)?.info.options;
            Ok(FolderSet::of_options(&options).zip(FolderSet::of_options(&options)).map(Into::into))
        }
        Folders::Chosen(scope) => {
            let sets = [from, to].map(|state| scope.resolve(Some(&state.tree()?), &Quiet));
            let [old, new] = sets;
            let sets = match (old, new) {
                (Ok(old), Ok(new)) => {
                    let both = from.shares_history(to).then(|| old.clone().or(&new));
                    both.map_or([old, new], |both| [both.clone(), both])
                }
                (Ok(only), Err(_)) | (Err(_), Ok(only)) => [only.clone(), only],
                (Err(_), Err(error)) => return Err(error),
            };
            Ok(Some(sets))
        }
    }
}

/// Sorts by kind as the catalogue does, then by id: numbers in their order, before
/// words.
fn in_order(pairs: &mut [Pair]) {
    pairs.sort_by_cached_key(|pair| {
        let kind = KINDS.iter().position(|kind| kind == pair.kind);
        let key = pair.to.as_ref().or(pair.from.as_ref()).map_or("", |object| &object.key);
        let is_word = key.bytes().any(|byte| !byte.is_ascii_digit());
        let digits = if is_word { 0 } else { key.trim_start_matches('0').len() };
        (kind, is_word, digits, key.to_owned(), pair.to.is_some())
    });
}
