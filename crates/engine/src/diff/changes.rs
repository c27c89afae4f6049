//! The changes that an edit means to a reader.
//!
//! An edit is exact and says too much: editing one tile's query moves three ids,
//! repeats itself in the result maker, and stamps the dashboard. Here it becomes a
//! list of single changes, each with its place in words, from which is left out
//! what the catalogue calls derived, an echo or a stamp, and what the reader did
//! not want to see.

use std::borrow::Cow;
use std::collections::HashSet;

use looker::Kind;
use looker::catalogue::Part;

use super::edit::{Edit, Identity, ListEdit, Member, MemberChange};
use super::moves::moved;
use super::pairing::{is_id, key_of, name_of};
use super::value::Value;

/// What a reader wants to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// Everything, whatever the other wishes.
    pub all: bool,
    /// No ids, but those that refer to other objects.
    pub ignore_ids: bool,
    /// Not where parts are placed.
    pub ignore_layout: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'v> {
    /// Where, from the root down.
    pub place: Vec<Step<'v>>,
    /// What.
    pub what: What<'v>,
}

/// One step down to where a change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'v> {
    /// Into a field of an object; as the key is written.
    Field(&'v str),
    /// Into an element of a list.
    Element(Element<'v>),
    /// Into the object that a field refers to.
    Through {
        /// The field.
        field: &'v str,
        /// The kind of the object.
        kind: &'static Kind,
    },
}

/// An element of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'v> {
    /// What people call such an element, for instance `tile`; empty when the
    /// catalogue has no word for it.
    pub singular: &'static str,
    /// What people call this one.
    pub name: Option<Cow<'v, str>>,
    /// What identifies it on its instance.
    pub key: Option<Cow<'v, str>>,
    /// Its place in the old list.
    pub from: Option<usize>,
    /// Its place in the new list.
    pub to: Option<usize>,
}

/// What happened at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What<'v> {
    /// It is new.
    Added(&'v Value<'v>),
    /// It is gone.
    Removed(&'v Value<'v>),
    /// It is another value.
    Changed {
        /// What was.
        from: &'v Value<'v>,
        /// What is.
        to: &'v Value<'v>,
    },
    /// An element stands elsewhere in its list.
    Moved(&'v Value<'v>),
}

/// Two documents of a kind, and how they are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'v> {
    /// The kind.
    pub kind: &'static Kind,
    /// What was.
    pub from: &'v Value<'v>,
    /// What is.
    pub to: &'v Value<'v>,
    /// By what parts are recognised.
    pub identity: Identity,
}

impl<'v> Documents<'v> {
    /// What makes the one document out of the other; `None` when they are equal.
    pub fn edit(&self) -> Option<Edit<'v>> {
        super::edit::compare(self.kind, self.from, self.to, self.identity)
    }

    /// What of an edit matters to a reader, the object's own fields first. `same` says of a kind and two keys, the
    /// old and the new one, whether they mean the same object.
    pub fn changes(
        &self,
        edit: &Edit<'v>,
        view: View,
        same: &dyn Fn(&str, &str, &str) -> bool,
    ) -> Vec<Change<'v>> {
        let mut flat = Flat { documents: *self, view, place: Vec::new(), changes: Vec::new() };
        flat.edit(edit);
        let mut changes = flat.changes;
        if !view.all {
            let told = Told::of(&changes);
            changes.retain(|change| self.matters(change, view, same) && !told.has(self.kind, change));
            self.drop_same_references(&mut changes, same);
        }
        // First the object's own fields, then its parts.
        changes.sort_by_key(|change| change.elements().len().min(1));
        changes
    }

    /// Drops keys that went from a list of references as far as keys came that mean
    /// the same objects.
    fn drop_same_references(&self, changes: &mut Vec<Change<'v>>, same: &dyn Fn(&str, &str, &str) -> bool) {
        let key = |change: &Change<'v>, wanted: fn(&What<'v>) -> Option<&'v Value<'v>>| {
            let path = change.path();
            let reference = self.kind.references.iter().find(|reference| reference.path == path)?;
            Some((reference.kind, path, wanted(&change.what)?.as_name()?))
        };
        let added = |what: &What<'v>| if let What::Added(value) = what { Some(*value) } else { None };
        let removed = |what: &What<'v>| if let What::Removed(value) = what { Some(*value) } else { None };
        let mut come: Vec<_> = changes.iter().map(|change| key(change, added)).collect();
        let mut dropped = vec![false; changes.len()];
        for at in 0..changes.len() {
            let Some((kind, path, old)) = key(&changes[at], removed) else { continue };
            let means_the_same = |new: &Option<(&str, String, Cow<'_, str>)>| {
                new.as_ref().is_some_and(|(_, place, new)| *place == path && same(kind, &old, new))
            };
            if let Some(new) = come.iter().position(means_the_same) {
                come[new] = None;
                (dropped[at], dropped[new]) = (true, true);
            }
        }
        let mut dropped = dropped.into_iter();
        changes.retain(|_| !dropped.next().unwrap_or(false));
    }

    /// Whether a change says something, judged by its place.
    fn matters(&self, change: &Change<'_>, view: View, same: &dyn Fn(&str, &str, &str) -> bool) -> bool {
        let compare = &self.kind.compare;
        let path = change.path();
        let is_in = |paths: &[&str]| paths.iter().any(|outer| lies_in(&path, outer));
        if is_in(compare.derived) || is_in(compare.stamps) || view.ignore_layout && is_in(compare.geometry) {
            return false;
        }
        if let Some(reference) = self.kind.references.iter().find(|reference| reference.path == path)
            && let What::Changed { from, to } = change.what
        {
            let keys = from.as_name().zip(to.as_name());
            return !keys.is_some_and(|(from, to)| same(reference.kind, &from, &to));
        }
        let id = path.rsplit('.').next().is_some_and(is_id);
        !(view.ignore_ids && id) || self.kind.references.iter().any(|reference| reference.path == path)
    }
}

impl Change<'_> {
    /// The keys down to the place with dots; arrays are passed through.
    pub fn path(&self) -> String {
        let fields = self.place.iter().filter_map(|step| match step {
            Step::Field(key) => Some(*key),
            _ => None,
        });
        fields.collect::<Vec<_>>().join(".")
    }

    /// The places in lists that are passed on the way.
    fn elements(&self) -> Vec<Places> {
        let element = |step: &Step<'_>| match step {
            Step::Element(element) => Some((element.from, element.to)),
            _ => None,
        };
        self.place.iter().filter_map(element).collect()
    }
}

/// Whether a path is another one or lies below it.
fn lies_in(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The places of an element in the old list and the new one.
type Places = (Option<usize>, Option<usize>);

/// All changes by place, to find those that are told twice.
struct Told<'v>(HashSet<(String, Vec<Places>, What<'v>)>);

impl<'v> Told<'v> {
    fn of(changes: &[Change<'v>]) -> Self {
        Self(changes.iter().map(|change| (change.path(), change.elements(), change.what.clone())).collect())
    }

    /// Whether what a change echoes changed in the same way.
    fn has(&self, kind: &Kind, change: &Change<'v>) -> bool {
        let path = change.path();
        kind.compare.echoes.iter().any(|(echo, of)| {
            let Some(rest) = path.strip_prefix(echo).filter(|_| lies_in(&path, echo)) else { return false };
            self.0.contains(&(format!("{of}{rest}"), change.elements(), change.what.clone()))
        })
    }
}

struct Flat<'v> {
    documents: Documents<'v>,
    view: View,
    place: Vec<Step<'v>>,
    changes: Vec<Change<'v>>,
}

impl<'v> Flat<'v> {
    fn push(&mut self, what: What<'v>) {
        self.changes.push(Change { place: self.place.clone(), what });
    }

    fn edit(&mut self, edit: &Edit<'v>) {
        match edit {
            Edit::Replaced { from, to } => self.push(What::Changed { from, to }),
            Edit::Object(members) => members.iter().for_each(|member| self.member(member)),
            Edit::List(list) => self.list(list),
        }
    }

    fn member(&mut self, member: &Member<'v>) {
        self.place.push(Step::Field(member.key));
        match &member.change {
            MemberChange::Added(value) => self.push(What::Added(value)),
            MemberChange::Removed(value) => self.push(What::Removed(value)),
            MemberChange::Edited(edit) => self.edit(edit),
        }
        self.place.pop();
    }

    fn list(&mut self, list: &ListEdit<'v>) {
        let ordered = self.view.all || list.part.is_none_or(|part| part.ordered);
        let froms: Vec<Option<usize>> = list.slots.iter().map(|slot| slot.from).collect();
        let moved = if ordered { moved(&froms) } else { vec![false; froms.len()] };
        for (at, value) in list.removed() {
            self.element(list, value, Some(at), None, |flat| {
                if !flat.follows(list, value, 1) {
                    flat.push(What::Removed(value));
                }
            });
        }
        for (at, ((slot, value), moved)) in list.slots.iter().zip(list.to).zip(moved).enumerate() {
            self.element(list, value, slot.from, Some(at), |flat| {
                if slot.from.is_none() && !flat.follows(list, value, 0) {
                    flat.push(What::Added(value));
                }
                if moved {
                    flat.push(What::Moved(value));
                }
                slot.edit.iter().for_each(|edit| flat.edit(edit));
            });
        }
    }

    fn element(
        &mut self,
        list: &ListEdit<'v>,
        value: &'v Value<'v>,
        from: Option<usize>,
        to: Option<usize>,
        inside: impl FnOnce(&mut Self),
    ) {
        let part = list.part.unwrap_or(&super::pairing::UNKNOWN);
        let document = if to.is_some() { self.documents.to } else { self.documents.from };
        let name = name_of(part, &self.documents.kind.compare, value, document);
        let key = key_of(part, value);
        self.place.push(Step::Element(Element { singular: part.singular, name, key, from, to }));
        inside(self);
        self.place.pop();
    }

    /// Whether an element that comes or goes only follows the part it is called
    /// after, which the document on the other side (0: old, 1: new) lacks as well.
    fn follows(&self, list: &ListEdit<'v>, value: &'v Value<'v>, other: usize) -> bool {
        let Some((part, (field, owners))) = list.part.and_then(|part| Some((part, part.named_by?))) else {
            return false;
        };
        let documents = self.documents;
        let [there, here] = match other {
            0 => [documents.from, documents.to],
            _ => [documents.to, documents.from],
        };
        let compare = &documents.kind.compare;
        let mark = |part: &Part, element: &'v Value<'v>, document: &'v Value<'v>| match documents.identity {
            Identity::Id => key_of(part, element),
            Identity::Name => name_of(part, compare, element, document),
        };
        let own = match documents.identity {
            Identity::Id => value.member(field).and_then(Value::as_name),
            Identity::Name => name_of(part, compare, value, here),
        };
        let owner = compare.parts.iter().find(|part| part.path == owners);
        !self.view.all
            && owner.is_some_and(|owner| {
                let known = there.at(owners).map_or(&[][..], Value::elements);
                own.is_some() && known.iter().all(|element| mark(owner, element, there) != own)
            })
    }
}
