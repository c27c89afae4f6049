//! What ids in a document name, as people would say it.

use std::cell::RefCell;
use std::collections::HashMap;

use looker::Kind;
use looker::catalogue::RELATIONS;
use serde_json::value::RawValue;
use vault::{AsOf, Reader, Result, Side, Stored};

use super::node::Node;
use crate::commands::list::about::{explore, person};

/// More names than this are counted.
const MOST: usize = 12;

/// The names of a state's objects, each looked up once.
pub(super) struct Names<'r> {
    reader: &'r Reader,
    of: AsOf,
    known: RefCell<HashMap<(&'static str, String), Option<String>>>,
}

impl<'r> Names<'r> {
    pub(super) fn new(reader: &'r Reader, of: AsOf) -> Self {
        Self { reader, of, known: RefCell::default() }
    }

    /// `Analysts (4)`; the id alone where no such object is stored, or it is called so.
    pub(super) fn of(&self, kind: &'static str, id: &str) -> Result<String> {
        let entry = (kind, id.to_owned());
        let known = self.known.borrow().get(&entry).cloned();
        let title = if let Some(title) = known {
            title
        } else {
            let found = self.reader.show_at(self.of.instance, kind, id, self.of.run)?;
            let title = found.and_then(|stored| title(kind, stored));
            let title = title.filter(|title| !title.trim().is_empty());
            self.known.borrow_mut().insert(entry, title.clone());
            title
        };
        Ok(match title {
            Some(title) if title != id => format!("{title} ({id})"),
            _ => id.to_owned(),
        })
    }

    /// The ids at a path of a kind's documents by name; `None` where none stand there, or
    /// they name nothing that is kept.
    pub(super) fn at(&self, kind: &Kind, object: Node, path: &str) -> Result<Option<String>> {
        let Some(to) = referred(kind, path) else { return Ok(None) };
        let ids = match object.text(path) {
            Some(id) => vec![id],
            None => object.items(path).into_iter().filter_map(Node::as_text).collect(),
        };
        if ids.is_empty() { Ok(None) } else { self.all(to, &ids).map(Some) }
    }

    fn all(&self, kind: &'static str, ids: &[String]) -> Result<String> {
        let shown = ids.len().min(MOST);
        let names: Vec<String> = ids[..shown].iter().map(|id| self.of(kind, id)).collect::<Result<_>>()?;
        let names = names.join(", ");
        Ok(if shown < ids.len() { format!("{names} and {} more", ids.len() - shown) } else { names })
    }

    /// Who belongs to an object, relation by relation: what they are called, and who.
    pub(super) fn members(&self, kind: &Kind, key: &str) -> Result<Vec<(String, String)>> {
        let mut members = Vec::new();
        for relation in RELATIONS.iter().filter(|relation| relation.whole == kind.name) {
            let referrers = self.reader.referrers(self.of, kind.name, key)?.into_iter();
            let of_it = referrers.filter(|one| one.kind == relation.member && one.side == Side::Live);
            let ids: Vec<String> = of_it.map(|one| one.key).collect();
            if !ids.is_empty() {
                members.push((relation.members.to_owned(), self.all(relation.member, &ids)?));
            }
        }
        Ok(members)
    }
}

/// A query has no title, and is known by its explore; a person without a name by an
/// address.
fn title(kind: &str, stored: Stored) -> Option<String> {
    let tell: fn(Node) -> Option<String> = match kind {
        "queries" => explore,
        "users" => person,
        _ => return stored.row.title,
    };
    let document: &RawValue = serde_json::from_slice(&stored.document).ok()?;
    tell(Node(document))
}

/// The kind that the ids at a path are of.
fn referred(kind: &Kind, path: &str) -> Option<&'static str> {
    let mut entries = kind.references.iter().chain(kind.told);
    let to = entries.find(|reference| reference.path == path)?.kind;
    Kind::find(to).map(|kind| kind.name)
}
