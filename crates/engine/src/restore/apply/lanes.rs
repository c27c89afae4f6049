//! Creations that could not be told apart are made one after the other.
//!
//! When the answer to a creation is lost, what it made is found among its like by a
//! few fields. Two that are equal in these must not be under way at once: then nobody
//! could say which of the two made what is found, or whether both did.

use std::collections::HashMap;

use looker::catalogue::Siblings;
use serde_json::Value;

use super::answer::Row;

/// Where a creation's like are listed, and the fields that it is known by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Likeness {
    place: Place,
    /// The fields that the list is filtered by, and those that tell it apart, as far
    /// as they are sent.
    filters: Vec<(&'static str, Option<String>)>,
    same: Vec<(&'static str, Option<String>)>,
}

/// A resource, and what fills the path of its list.
type Place = (&'static str, Vec<Option<String>>);

impl Likeness {
    /// Of a creation that sends `body`.
    pub(super) fn new(resource: &'static str, siblings: &Siblings, body: &Row) -> Self {
        let path = siblings.path.iter().map(|field| text(body.get(*field)));
        let sent = |fields: &[&'static str]| {
            let sent = fields.iter().filter_map(|field| Some((*field, text(Some(body.get(*field)?)))));
            sent.collect()
        };
        Self { place: (resource, path.collect()), filters: sent(siblings.filters), same: sent(siblings.same) }
    }

    /// What fills the path of the list.
    pub(super) fn path(&self) -> impl Iterator<Item = &str> {
        self.place.1.iter().map(|value| value.as_deref().unwrap_or_default())
    }

    /// What the list is filtered by.
    pub(super) fn filters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.filters.iter().filter_map(|(field, value)| Some((*field, value.as_deref()?)))
    }

    /// Whether a listed object may be what the creation made.
    pub(super) fn fits(&self, row: &Row) -> bool {
        // A filter need not be a field of what it filters.
        let filtered = self.filters.iter().filter(|(field, _)| row.contains_key(*field));
        filtered.chain(&self.same).all(|(field, sent)| text(row.get(*field)) == *sent)
    }

    /// Whether what one makes could be taken for what the other makes.
    fn is_like(&self, other: &Self) -> bool {
        let all = |likeness: &'_ Self| [likeness.filters.clone(), likeness.same.clone()].concat();
        let others = all(other);
        let agrees = |(field, value): &(&str, Option<String>)| {
            others.iter().find(|(name, _)| name == field).is_none_or(|(_, other)| other == value)
        };
        self.place == other.place && all(self).iter().all(agrees)
    }
}

/// A value as it is compared: ids may be texts or numbers, and nothing is written in
/// several ways.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The creations under way.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    busy: HashMap<Place, Vec<(usize, Likeness)>>,
    /// Steps that wait for one of these.
    waiting: HashMap<usize, Vec<usize>>,
    /// Where a step is.
    entered: HashMap<usize, Place>,
}

impl Lanes {
    /// Lets a creation go, unless one that is like it is under way: then it waits.
    pub(super) fn enter(&mut self, at: usize, likeness: &Likeness) -> bool {
        let place = likeness.place.clone();
        let lane = self.busy.entry(place.clone()).or_default();
        if let Some((other, _)) = lane.iter().find(|(_, other)| likeness.is_like(other)) {
            self.waiting.entry(*other).or_default().push(at);
            return false;
        }
        lane.push((at, likeness.clone()));
        self.entered.insert(at, place);
        true
    }

    /// Notes that it is settled; gives those that waited for it.
    pub(super) fn leave(&mut self, at: usize) -> Vec<usize> {
        if let Some(place) = self.entered.remove(&at)
            && let Some(lane) = self.busy.get_mut(&place)
        {
            lane.retain(|(other, _)| *other != at);
            if lane.is_empty() {
                self.busy.remove(&place);
            }
        }
        self.waiting.remove(&at).unwrap_or_default()
    }
}
