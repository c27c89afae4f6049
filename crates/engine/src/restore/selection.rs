//! Which objects are to be restored, as of a run.

use std::collections::BTreeSet;

use looker::Kind;
use looker::catalogue::{KINDS, Resource, Restore, Source};
use vault::{ChangeFilter, InstanceId, ListFilter, ListRow, Reader, RunId, Side};

use super::RestoreError;

/// What to restore. What is said restricts; objects that are named by id come in any
/// case.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// These objects.
    pub objects: Vec<(&'static Kind, String)>,
    /// Objects of these kinds; empty: of those that lie in folders, where folders
    /// are named, else of every kind.
    pub kinds: Vec<&'static Kind>,
    /// What lies in these folders: ids or paths.
    pub folders: Vec<String>,
    /// And in those below.
    pub recursive: bool,
    /// Changed or removed after this run.
    pub changed_since: Option<RunId>,
    /// Of these only what is gone or lies in the trash now.
    pub deleted_since: Option<RunId>,
    /// Owned by this user, by id or e-mail address.
    pub owner: Option<String>,
    /// Whose title holds this, in any case.
    pub matching: Option<String>,
    /// Everything.
    pub all: bool,
}

/// Kinds that a restore can write, in the order in which they are read.
pub fn restorable() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| is_restorable(kind))
}

/// Whether a restore writes objects of this kind by themselves; queries come with
/// what shows them.
pub fn is_restorable(kind: &Kind) -> bool {
    let is_written = |resource: &Resource| resource.update.is_some() || !resource.parts.is_empty();
    Resource::find(kind.name).is_some_and(is_written) && kind.restore == Restore::Full
}

impl Selection {
    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        let queries = [
            self.changed_since.is_some(),
            self.deleted_since.is_some(),
            self.owner.is_some(),
            self.matching.is_some(),
        ];
        !self.all
            && self.objects.is_empty()
            && self.kinds.is_empty()
            && self.folders.is_empty()
            && !queries.contains(&true)
    }

    /// The objects that it means, by kind and key.
    ///
    /// # Errors
    /// When a folder or a named object was not there then, a kind cannot be
    /// restored, or the vault cannot be read.
    pub fn resolve(
        &self,
        reader: &Reader,
        instance: InstanceId,
        as_of: RunId,
    ) -> Result<Vec<(&'static Kind, String)>, RestoreError> {
        let then = vault::AsOf { instance, run: Some(as_of) };
        let mut found = Vec::new();
        let mut known = BTreeSet::new();
        for (kind, key) in &self.objects {
            if !is_restorable(kind) {
                return Err(RestoreError::NotRestorable { kind: kind.name });
            }
            if reader.row(then, kind.name, key)?.is_none() {
                return Err(RestoreError::NotStored {
                    kind: kind.singular,
                    key: key.clone(),
                    run: as_of.number(),
                });
            }
            if known.insert((kind.name, key.clone())) {
                found.push((*kind, key.clone()));
            }
        }
        let queries = [
            self.changed_since.is_some(),
            self.deleted_since.is_some(),
            self.owner.is_some(),
            self.matching.is_some(),
        ];
        if !self.all && self.kinds.is_empty() && self.folders.is_empty() && !queries.contains(&true) {
            return Ok(found);
        }
        let folders = self.folders_at(reader, instance, as_of)?;
        let changed = self.changed(reader, instance)?;
        let owner = self.owner_id(reader, instance, as_of)?;
        for kind in self.kinds_meant()? {
            let is_folder = kind.name == "folders";
            let filter = ListFilter {
                instance: Some(instance),
                at: Some(as_of),
                sides: vec![Side::Live],
                ..ListFilter::of(kind.name)
            };
            let mut rows: Vec<ListRow> = Vec::new();
            reader.list(&filter, |row| rows.push(row))?;
            for row in rows {
                let place = if is_folder { Some(row.key.as_str()) } else { row.folder.as_deref() };
                let in_folders =
                    folders.as_ref().is_none_or(|folders| place.is_some_and(|place| folders.contains(place)));
                let is_changed = changed
                    .as_ref()
                    .is_none_or(|changed| changed.contains(&(kind.name.to_owned(), row.key.clone())));
                let is_match = self.matching.as_ref().is_none_or(|words| {
                    row.title
                        .as_ref()
                        .is_some_and(|title| title.to_lowercase().contains(&words.to_lowercase()))
                });
                if !(in_folders && is_changed && is_match) || known.contains(&(kind.name, row.key.clone())) {
                    continue;
                }
                if let Some(owner) = &owner
                    && !owned_by(reader, instance, kind, &row.key, as_of, owner)?
                {
                    continue;
                }
                known.insert((kind.name, row.key.clone()));
                found.push((kind, row.key));
            }
        }
        Ok(found)
    }

    fn kinds_meant(&self) -> Result<Vec<&'static Kind>, RestoreError> {
        if let Some(kind) = self.kinds.iter().find(|kind| !is_restorable(kind)) {
            return Err(RestoreError::NotRestorable { kind: kind.name });
        }
        if !self.kinds.is_empty() {
            return Ok(self.kinds.clone());
        }
        let lies = |kind: &&'static Kind| {
            self.folders.is_empty() || kind.lies_in_folders() || kind.name == "folders"
        };
        // What costs a call an object is read when it changed, or when it is named.
        let is_narrowed = self.changed_since.or(self.deleted_since).is_some();
        let is_costly = |kind: &&'static Kind| {
            let of_each = |source: &Source| matches!(source, Source::Objects(_) | Source::Fields(_));
            !is_narrowed && kind.each().is_some_and(|each| of_each(&each.source))
        };
        // Favourites are their users', and come along with what they are of.
        let is_favorites = |kind: &&'static Kind| kind.name == super::planner::FAVORITES;
        Ok(restorable()
            .filter(|kind| !is_favorites(kind))
            .filter(lies)
            .filter(|kind| !is_costly(kind))
            .collect())
    }

    /// The ids of the folders that are named, as they were.
    fn folders_at(
        &self,
        reader: &Reader,
        instance: InstanceId,
        as_of: RunId,
    ) -> Result<Option<BTreeSet<String>>, RestoreError> {
        if self.folders.is_empty() {
            return Ok(None);
        }
        let paths = reader.folders(vault::AsOf { instance, run: Some(as_of) })?;
        let mut ids: Vec<String> = Vec::new();
        for wanted in &self.folders {
            let path = wanted.trim_matches('/').to_lowercase();
            let is_meant =
                |key: &&str| *key == wanted || paths.path(key).is_some_and(|own| own.to_lowercase() == path);
            let meant: Vec<&str> = paths.keys().filter(is_meant).collect();
            match meant.as_slice() {
                [] => {
                    return Err(RestoreError::UnknownFolder { folder: wanted.clone(), run: as_of.number() });
                }
                [one] => ids.push((*one).to_owned()),
                several => {
                    let ids = several.iter().map(|id| (*id).to_owned()).collect();
                    return Err(RestoreError::AmbiguousFolder { folder: wanted.clone(), ids });
                }
            }
        }
        let named: Vec<&str> = ids.iter().map(String::as_str).collect();
        let all = if self.recursive {
            paths.with_descendants(&named).into_iter().collect()
        } else {
            ids.into_iter().collect()
        };
        Ok(Some(all))
    }

    /// Objects that changed after a run, where that is asked.
    fn changed(
        &self,
        reader: &Reader,
        instance: InstanceId,
    ) -> Result<Option<BTreeSet<(String, String)>>, RestoreError> {
        let Some(since) = self.deleted_since.or(self.changed_since) else { return Ok(None) };
        let mut found = BTreeSet::new();
        let filter = ChangeFilter { after: Some(since), ..ChangeFilter::of(instance) };
        reader.changes(&filter, |change| {
            let is_gone = change.after.side != Some(Side::Live);
            if self.deleted_since.is_none() || is_gone {
                found.insert((change.kind, change.key));
            }
            true
        })?;
        Ok(Some(found))
    }

    fn owner_id(
        &self,
        reader: &Reader,
        instance: InstanceId,
        as_of: RunId,
    ) -> Result<Option<String>, RestoreError> {
        let Some(owner) = &self.owner else { return Ok(None) };
        user_id(reader, instance, as_of, owner).map(Some)
    }
}

/// The id of a user that is named by id or e-mail address.
///
/// # Errors
/// When the vault has no such user.
pub fn user_id(
    reader: &Reader,
    instance: InstanceId,
    as_of: RunId,
    named: &str,
) -> Result<String, RestoreError> {
    if !named.contains('@') {
        return Ok(named.to_owned());
    }
    let filter = ListFilter { instance: Some(instance), at: Some(as_of), ..ListFilter::of("users") };
    let mut keys = Vec::new();
    reader.list(&filter, |row| keys.push(row.key))?;
    for key in keys {
        let Some(user) = reader.show_at(instance, "users", &key, Some(as_of))? else { continue };
        if text_of(&user.body, "email").is_some_and(|email| email.eq_ignore_ascii_case(named)) {
            return Ok(key);
        }
    }
    Err(RestoreError::UnknownUser { user: named.to_owned() })
}

fn owned_by(
    reader: &Reader,
    instance: InstanceId,
    kind: &Kind,
    key: &str,
    as_of: RunId,
    owner: &str,
) -> Result<bool, RestoreError> {
    let field = if kind.name == "alerts" { "owner_id" } else { "user_id" };
    let stored = reader.show_at(instance, kind.name, key, Some(as_of))?;
    Ok(stored.and_then(|stored| text_of(&stored.body, field)).is_some_and(|id| id == owner))
}

fn text_of(body: &[u8], field: &str) -> Option<String> {
    crate::diff::Value::parse(body).ok()?.member(field)?.as_name().map(std::borrow::Cow::into_owned)
}
