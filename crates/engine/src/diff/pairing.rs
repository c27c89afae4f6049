//! Which element of a list was which.
//!
//! Elements go together, in this order of certainty: those at both ends of the
//! lists that are equal; those with the same key; those that are equal; those
//! with a name that no other has; and of objects that are left, those that are
//! most alike, if they are alike enough. Every step depends on the documents only,
//! so that the same two documents always give the same pairs.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use looker::catalogue::{Compare, Part};

use super::edit::Identity;
use super::value::{Node, Value};

/// A list of which the catalogue says nothing.
pub(super) static UNKNOWN: Part = Part {
    path: "",
    singular: "",
    key: &["id"],
    only_key: false,
    names: &["title", "label", "name"],
    named_by: None,
    ordered: true,
};

/// More comparisons than these are not made: looking for what is alike in long
/// lists would take longer than anybody waits.
const MOST_COMPARISONS: usize = 10_000;

/// Out of 1000: less alike than this are two different things.
const ALIKE: usize = 500;

/// The longest text that weighs more than a shorter one, in bytes.
const HEAVIEST: usize = 64;

/// What is known of a list whose elements are to be paired.
pub(super) struct Pairing<'v> {
    pub(super) part: &'static Part,
    pub(super) compare: &'static Compare,
    /// The two documents.
    pub(super) roots: [&'v Value<'v>; 2],
    pub(super) identity: Identity,
}

/// What of the old list is not taken yet, and what each new element was.
struct Pairs<'v> {
    from: &'v [Value<'v>],
    to: &'v [Value<'v>],
    free: Vec<bool>,
    places: Vec<Option<usize>>,
}

impl<'v> Pairing<'v> {
    /// Of every element of `to`, its place in `from`.
    pub(super) fn pair(&self, from: &'v [Value<'v>], to: &'v [Value<'v>]) -> Vec<Option<usize>> {
        let (free, places) = (vec![true; from.len()], vec![None; to.len()]);
        let mut pairs = Pairs { from, to, free, places };
        pairs.ends();
        let Part { only_key, named_by, .. } = self.part;
        // The key of another part is an id, whatever else it may be.
        if self.identity == Identity::Id || *only_key && named_by.is_none() {
            pairs.by(|_, element| key_of(self.part, element), true);
        }
        pairs.by(|_, element| Some(Cow::Borrowed(element.text())), true);
        if !only_key || named_by.is_some() {
            pairs.by(|side, element| self.name(side, element), false);
        }
        if !only_key {
            self.alike(&mut pairs);
        }
        pairs.places
    }

    fn name(&self, side: usize, element: &'v Value<'v>) -> Option<Cow<'v, str>> {
        name_of(self.part, self.compare, element, self.roots[side])
    }

    /// Pairs objects that are left by how alike they are; a common name makes
    /// more of what is common.
    fn alike(&self, pairs: &mut Pairs<'v>) {
        let is_object = |value: &Value<'_>| matches!(value.node(), Node::Object(_));
        let old: Vec<usize> = pairs.free_old().filter(|at| is_object(&pairs.from[*at])).collect();
        let new: Vec<usize> = pairs.free_new().filter(|at| is_object(&pairs.to[*at])).collect();
        if old.len().saturating_mul(new.len()) > MOST_COMPARISONS {
            return;
        }
        let mut scores = Vec::new();
        for &t in &new {
            let name = self.name(1, &pairs.to[t]);
            for &f in &old {
                let same_name = name.is_some() && name == self.name(0, &pairs.from[f]);
                let score = likeness(&pairs.from[f], &pairs.to[t]) + if same_name { ALIKE } else { 0 };
                if score >= ALIKE {
                    scores.push((Reverse(score), f.abs_diff(t), f, t));
                }
            }
        }
        scores.sort_unstable();
        for (_, _, f, t) in scores {
            if pairs.free[f] && pairs.places[t].is_none() {
                pairs.join(f, t);
            }
        }
    }
}

impl<'v> Pairs<'v> {
    fn join(&mut self, from: usize, to: usize) {
        self.free[from] = false;
        self.places[to] = Some(from);
    }

    fn free_old(&self) -> impl Iterator<Item = usize> {
        (0..self.from.len()).filter(|at| self.free[*at])
    }

    fn free_new(&self) -> impl Iterator<Item = usize> {
        (0..self.to.len()).filter(|at| self.places[*at].is_none())
    }

    /// Pairs what is equal at the beginning and at the end.
    fn ends(&mut self) {
        let shorter = self.from.len().min(self.to.len());
        let start = (0..shorter).take_while(|at| self.from[*at] == self.to[*at]).count();
        (0..start).for_each(|at| self.join(at, at));
        let (f, t) = (self.from.len(), self.to.len());
        let from_end = |at: &usize| self.from[f - at] == self.to[t - at];
        let end = (1..=shorter - start).take_while(from_end).count();
        (1..=end).for_each(|at| self.join(f - at, t - at));
    }

    /// Pairs what has the same mark: the first with the first and so on, or only
    /// where one on each side has it.
    fn by(&mut self, mark: impl Fn(usize, &'v Value<'v>) -> Option<Cow<'v, str>>, doubles: bool) {
        let (from, to) = (self.from, self.to);
        let mut old: HashMap<Cow<'_, str>, VecDeque<usize>> = HashMap::new();
        for at in self.free_old() {
            if let Some(mark) = mark(0, &from[at]) {
                old.entry(mark).or_default().push_back(at);
            }
        }
        let mut new: HashMap<Cow<'_, str>, VecDeque<usize>> = HashMap::new();
        for at in self.free_new() {
            if let Some(mark) = mark(1, &to[at]) {
                new.entry(mark).or_default().push_back(at);
            }
        }
        for (mark, new) in new {
            let Some(old) = old.get(&mark).filter(|old| doubles || (old.len(), new.len()) == (1, 1)) else {
                continue;
            };
            old.iter().zip(new).for_each(|(from, to)| self.join(*from, to));
        }
    }
}

/// What people call a part, if its document says so.
pub(super) fn name_of<'v>(
    part: &Part,
    compare: &Compare,
    element: &'v Value<'v>,
    document: &'v Value<'v>,
) -> Option<Cow<'v, str>> {
    if let Some((field, list)) = part.named_by {
        let key = element.member(field)?.as_name()?;
        let owner = compare.parts.iter().find(|part| part.path == list)?;
        let named = document.at(list)?.elements();
        let named = named.iter().find(|other| key_of(owner, other).is_some_and(|own| own == key))?;
        return name_of(owner, compare, named, document);
    }
    part.names.iter().find_map(|path| element.at(path)?.as_name())
}

/// What identifies a part on its instance.
pub(super) fn key_of<'v>(part: &Part, element: &'v Value<'v>) -> Option<Cow<'v, str>> {
    if let [field] = part.key {
        return element.member(field)?.as_name();
    }
    let fields = part.key.iter().map(|field| element.member(field).and_then(Value::as_name));
    let fields: Vec<_> = fields.collect();
    let known = fields.iter().any(Option::is_some);
    known
        .then(|| Cow::Owned(fields.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("\0")))
}

/// Whether a field holds ids, which say nothing beyond their instance.
pub(super) fn is_id(key: &str) -> bool {
    matches!(key, "id" | "slug" | "client_id") || key.ends_with("_id") || key.ends_with("_ids")
}

/// How alike two values are, out of 1000. Long texts weigh more than short ones;
/// ids do not count, nor does what says nothing on both sides.
fn likeness(from: &Value<'_>, to: &Value<'_>) -> usize {
    let (equal, all) = common(from, to);
    (equal * 1000).checked_div(all).unwrap_or(0)
}

fn common(from: &Value<'_>, to: &Value<'_>) -> (usize, usize) {
    let sum = |sum: (usize, usize), part: (usize, usize)| (sum.0 + part.0, sum.1 + part.1);
    match (from.node(), to.node()) {
        (Node::Object(old), Node::Object(new)) => {
            let only_new = new.iter().filter(|(key, _)| from.member(key).is_none());
            let both = old.iter().map(|(key, value)| (*key, Some(value), to.member(key)));
            let all = both.chain(only_new.map(|(key, value)| (*key, None, Some(value))));
            let parts = all.filter(|(key, ..)| !is_id(key)).map(|(_, old, new)| common_member(old, new));
            parts.fold((0, 0), sum)
        }
        (Node::List(old), Node::List(new)) => {
            let longer = old.len().max(new.len());
            (0..longer).map(|at| common_member(old.get(at), new.get(at))).fold((0, 0), sum)
        }
        _ => {
            let (old, new) = (weight(from), weight(to));
            if from == to { (new, new) } else { (0, old.max(new)) }
        }
    }
}

/// What two members or elements have in common, of which one may be missing.
fn common_member(from: Option<&Value<'_>>, to: Option<&Value<'_>>) -> (usize, usize) {
    match (from, to) {
        (Some(old), Some(new)) if old == new && old.is_nothing() => (0, 0),
        (Some(old), Some(new)) => common(old, new),
        (Some(only), None) | (None, Some(only)) if !only.is_nothing() => (0, weight(only)),
        _ => (0, 0),
    }
}

fn weight(value: &Value<'_>) -> usize {
    value.text().len().min(HEAVIEST)
}
