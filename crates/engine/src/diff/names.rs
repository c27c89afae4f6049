//! What objects are called by on any instance.
//!
//! Ids of two instances say nothing of each other. The catalogue names for each
//! kind the fields that identify an object anywhere; where one of them refers to
//! another object, that one's name stands in its place: a dashboard is the path of
//! its folder and its title, a schedule its name, the e-mail of its owner, and what
//! it sends.

use std::cell::RefCell;
use std::collections::HashMap;

use looker::Kind;
use looker::catalogue::{List, Source};
use vault::{FolderPaths, Version};

use super::states::{Object, State};
use super::value::Value;

/// References are followed so far, should they go round in a circle.
const DEEPEST: u8 = 4;

/// Between the parts of a name.
const BETWEEN: &str = "\u{1f}";

/// The names of one side's objects.
pub(super) struct Names<'r> {
    state: State<'r>,
    paths: FolderPaths,
    known: RefCell<HashMap<(&'static str, String), Option<String>>>,
}

impl<'r> Names<'r> {
    /// The names of a state with these folders.
    pub(super) fn new(state: State<'r>, paths: FolderPaths) -> Self {
        Self { state, paths, known: RefCell::default() }
    }

    /// Whether objects of a kind have names at all: not when they are identified by
    /// ids alone, or by lists with ids in them.
    pub(super) fn has(kind: &Kind) -> bool {
        let holds_ids = |field: &&str| {
            kind.references.iter().any(|reference| {
                reference.path.strip_prefix(*field).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        match kind.natural_key {
            [] => parent(kind).is_some() || is_called_by_key(kind),
            fields => !fields.iter().any(holds_ids),
        }
    }

    /// The name of an object; its id where it has none.
    pub(super) fn of(&self, kind: &'static Kind, object: &Object) -> vault::Result<String> {
        let name = self.name(kind, &object.key, Some(&object.version), 0)?;
        Ok(name.unwrap_or_else(|| object.key.clone()))
    }

    /// The name of the object with a key; `None` when it is not stored.
    pub(super) fn of_key(&self, kind: &'static Kind, key: &str) -> vault::Result<Option<String>> {
        self.name(kind, key, None, 0)
    }

    fn name(
        &self,
        kind: &'static Kind,
        key: &str,
        version: Option<&Version>,
        depth: u8,
    ) -> vault::Result<Option<String>> {
        if depth == DEEPEST {
            return Ok(None);
        }
        let entry = (kind.name, key.to_owned());
        if let Some(known) = self.known.borrow().get(&entry) {
            return Ok(known.clone());
        }
        let name = self.found(kind, key, version, depth)?;
        self.known.borrow_mut().insert(entry, name.clone());
        Ok(name)
    }

    fn found(
        &self,
        kind: &'static Kind,
        key: &str,
        version: Option<&Version>,
        depth: u8,
    ) -> vault::Result<Option<String>> {
        if kind.name == "folders" {
            return Ok(self.paths.path(key));
        }
        if kind.natural_key.is_empty() {
            return match parent(kind) {
                Some(parent) => self.name(parent, key, None, depth + 1),
                None => Ok(is_called_by_key(kind).then(|| key.to_owned())),
            };
        }
        if kind.natural_key == ["id"] {
            return Ok(Some(key.to_owned()));
        }
        let State { reader, instance, run } = self.state;
        let body = match version.and_then(|version| version.body) {
            Some(hash) => reader.body(&hash)?,
            None => reader.show_at(instance, kind.name, key, Some(run))?.map(|stored| stored.body),
        };
        let Some(body) = body else { return Ok(None) };
        let Ok(document) = Value::parse(&body) else { return Ok(None) };
        let mut parts = Vec::new();
        for field in kind.natural_key {
            let Some(value) = document.member(field) else {
                parts.push(String::new());
                continue;
            };
            let own = value.as_name().map_or_else(|| value.text().to_owned(), Into::into);
            let referred = kind.references.iter().find(|reference| reference.path == *field);
            let named = match referred.and_then(|reference| Kind::find(reference.kind)) {
                Some(kind) => self.name(kind, &own, None, depth + 1)?,
                None => None,
            };
            parts.push(named.unwrap_or(own));
        }
        Ok(Some(parts.join(BETWEEN)))
    }
}

/// Whether the key is a word that means the same anywhere: the call that was made,
/// or a name that Looker lists.
fn is_called_by_key(kind: &Kind) -> bool {
    let is_listed = kind.each().is_some_and(|each| matches!(each.source, Source::Listing { .. }));
    is_listed || matches!(kind.list, List::Singles(_))
}

/// The kind whose objects' ids are the keys of a kind that costs a call an object.
fn parent(kind: &Kind) -> Option<&'static Kind> {
    match kind.each()?.source {
        Source::Objects(parent) => Kind::find(parent),
        _ => None,
    }
}
