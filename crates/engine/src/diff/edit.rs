//! What makes one document out of another, as a tree over both.
//!
//! An edit says everything: applied to the one document it gives the other to the
//! byte, order included. What of it matters to a reader is decided later, by
//! [`changes`](super::changes); so nothing can be hidden by being lost.

use std::borrow::Cow;
use std::cmp::Ordering;

use looker::Kind;
use looker::catalogue::Part;

use super::pairing::{self, Pairing};
use super::value::{Node, Value};

/// By what parts are recognised, and objects of two instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By the ids of one instance; what has no counterpart, by content.
    Id,
    /// By name and content: ids of two instances say nothing of each other.
    Name,
}

/// How a value differs from another.
#[derive(Debug)]
pub enum Edit<'v> {
    /// It is another value.
    Replaced {
        /// What was.
        from: &'v Value<'v>,
        /// What is.
        to: &'v Value<'v>,
    },
    /// Members of an object differ: these.
    Object(Vec<Member<'v>>),
    /// Elements of a list differ.
    List(ListEdit<'v>),
}

/// A member that differs.
#[derive(Debug)]
pub struct Member<'v> {
    /// Its key, as it is written.
    pub key: &'v str,
    /// How many members before it have the same key.
    pub nth: usize,
    /// What became of it.
    pub change: MemberChange<'v>,
}

/// What became of a member.
#[derive(Debug)]
pub enum MemberChange<'v> {
    /// It is new.
    Added(&'v Value<'v>),
    /// It is gone.
    Removed(&'v Value<'v>),
    /// It differs.
    Edited(Edit<'v>),
}

/// A list whose elements differ.
#[derive(Debug)]
pub struct ListEdit<'v> {
    /// What the catalogue says of the list.
    pub part: Option<&'static Part>,
    /// The elements as they were.
    pub from: &'v [Value<'v>],
    /// The elements as they are.
    pub to: &'v [Value<'v>],
    /// Of each element as it is, what it was.
    pub slots: Vec<Slot<'v>>,
}

/// Where an element comes from.
#[derive(Debug)]
pub struct Slot<'v> {
    /// The place it had; `None` when it is new.
    pub from: Option<usize>,
    /// How it differs from what it was; `None` when it does not.
    pub edit: Option<Edit<'v>>,
}

/// Finds what makes `to` out of `from`; `None` when they are equal.
pub(super) fn compare<'v>(
    kind: &'static Kind,
    from: &'v Value<'v>,
    to: &'v Value<'v>,
    identity: Identity,
) -> Option<Edit<'v>> {
    let mut comparer = Comparer { kind, identity, roots: [from, to], path: Vec::new() };
    comparer.values(from, to)
}

struct Comparer<'v> {
    kind: &'static Kind,
    identity: Identity,
    roots: [&'v Value<'v>; 2],
    /// The keys down to where it is; arrays are passed through.
    path: Vec<&'v str>,
}

impl<'v> Comparer<'v> {
    fn values(&mut self, from: &'v Value<'v>, to: &'v Value<'v>) -> Option<Edit<'v>> {
        if from == to {
            return None;
        }
        Some(match (from.node(), to.node()) {
            (Node::Object(from), Node::Object(to)) => Edit::Object(self.members(from, to)),
            (Node::List(from), Node::List(to)) => Edit::List(self.lists(from, to)),
            _ => Edit::Replaced { from, to },
        })
    }

    /// Both sides are sorted by key; of those with the same key the first go
    /// together, and so on.
    fn members(
        &mut self,
        from: &'v [(&'v str, Value<'v>)],
        to: &'v [(&'v str, Value<'v>)],
    ) -> Vec<Member<'v>> {
        let mut edits = Vec::new();
        let (mut f, mut t) = (0, 0);
        while f < from.len() || t < to.len() {
            let order = match (from.get(f), to.get(t)) {
                (Some((old, _)), Some((new, _))) => old.cmp(new),
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            let (key, nth, change) = if order.is_lt() {
                (from[f].0, nth(from, f), Some(MemberChange::Removed(&from[f].1)))
            } else if order.is_gt() {
                (to[t].0, nth(to, t), Some(MemberChange::Added(&to[t].1)))
            } else {
                self.path.push(to[t].0);
                let edit = self.values(&from[f].1, &to[t].1);
                self.path.pop();
                (to[t].0, nth(to, t), edit.map(MemberChange::Edited))
            };
            edits.extend(change.map(|change| Member { key, nth, change }));
            f += usize::from(order.is_le());
            t += usize::from(order.is_ge());
        }
        edits
    }

    fn lists(&mut self, from: &'v [Value<'v>], to: &'v [Value<'v>]) -> ListEdit<'v> {
        let part = self.kind.compare.part(&self.path);
        let pairing = Pairing {
            part: part.unwrap_or(&pairing::UNKNOWN),
            compare: &self.kind.compare,
            roots: self.roots,
            identity: self.identity,
        };
        let pairs = pairing.pair(from, to);
        let slots = pairs.into_iter().zip(to).map(|(place, to)| {
            let edit = place.and_then(|place| self.values(&from[place], to));
            Slot { from: place, edit }
        });
        let slots = slots.collect();
        ListEdit { part, from, to, slots }
    }
}

impl Edit<'_> {
    /// Makes the edit on a document: on the one that it was found from, that gives
    /// the other one. `None` when the edit does not fit.
    pub fn apply(&self, document: &Value<'_>) -> Option<String> {
        let mut out = String::with_capacity(document.text().len() + 64);
        self.write(document, &mut out)?;
        Some(out)
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> Option<()> {
        match self {
            Self::Replaced { from, to } if *from == value => out.push_str(to.text()),
            Self::Replaced { .. } => return None,
            Self::Object(edits) => write_object(edits, value, out)?,
            Self::List(edit) => edit.write(value, out)?,
        }
        Some(())
    }
}

fn write_object(edits: &[Member<'_>], value: &Value<'_>, out: &mut String) -> Option<()> {
    let Node::Object(members) = value.node() else { return None };
    let is_new = |edit: &&Member<'_>| matches!(edit.change, MemberChange::Added(_));
    let (added, mut edits): (Vec<_>, Vec<_>) = edits.iter().partition(is_new);
    edits.reverse();
    let mut written: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(members.len() + added.len());
    for (at, (key, value)) in members.iter().enumerate() {
        let own = |edit: &&mut &Member<'_>| edit.key == *key && edit.nth == nth(members, at);
        let change = edits.last_mut().filter(own).map(|edit| &edit.change);
        match change {
            None => written.push((key, Cow::Borrowed(value.text()))),
            Some(MemberChange::Edited(edit)) => written.push((key, Cow::Owned(edit.apply(value)?))),
            Some(MemberChange::Removed(old)) if *old == value => {}
            Some(_) => return None,
        }
        if change.is_some() {
            edits.pop();
        }
    }
    for edit in added {
        if let MemberChange::Added(value) = &edit.change {
            written.push((edit.key, Cow::Borrowed(value.text())));
        }
    }
    // Members that stay come before new ones with the same key.
    written.sort_by_key(|(key, _)| *key);
    let members = written.iter().map(|(key, value)| format!("\"{key}\":{value}"));
    write_all('{', members, '}', out);
    edits.is_empty().then_some(())
}

impl<'v> ListEdit<'v> {
    /// The elements that are gone, with the places they had.
    pub fn removed(&self) -> impl Iterator<Item = (usize, &'v Value<'v>)> + use<'v> {
        let (from, mut stays) = (self.from, vec![false; self.from.len()]);
        self.slots.iter().filter_map(|slot| slot.from).for_each(|at| stays[at] = true);
        from.iter().enumerate().filter(move |(at, _)| !stays[*at])
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> Option<()> {
        let Node::List(old) = value.node() else { return None };
        if **old != *self.from {
            return None;
        }
        let element = |(slot, to): (&Slot<'_>, &Value<'_>)| match (slot.from, &slot.edit) {
            (None, _) => Some(to.text().to_owned()),
            (Some(at), None) => Some(old.get(at)?.text().to_owned()),
            (Some(at), Some(edit)) => edit.apply(old.get(at)?),
        };
        let elements: Option<Vec<String>> = self.slots.iter().zip(self.to).map(element).collect();
        write_all('[', elements?.into_iter(), ']', out);
        Some(())
    }
}

fn write_all(open: char, items: impl Iterator<Item = String>, close: char, out: &mut String) {
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push(close);
}

/// How many members before one have its key.
fn nth(members: &[(&str, Value<'_>)], at: usize) -> usize {
    members[..at].iter().rev().take_while(|(key, _)| *key == members[at].0).count()
}
