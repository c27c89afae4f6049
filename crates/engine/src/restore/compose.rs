//! From what is there and what should be there to the requests that make the one
//! the other.
//!
//! A resource is compared field by field, as text of the two documents; what is
//! equal is not touched. Its parts are paired by their ids, then by name where a
//! name is the only one of its sort on both sides; what has no counterpart is made,
//! what is too much is deleted, last of all. What Looker wants otherwise than it
//! answers it is in [`special`](super::special).

use std::collections::{BTreeSet, HashMap, HashSet};

use looker::catalogue::{Compare, Resource};
use serde::{Deserialize, Serialize};

use super::accepted::{self, Accepted};
use super::links;
use super::special;
use super::step::{Among, At, Given, Id, Part, Step, Symbol, Verb};
use crate::diff::Value;

/// What stands in the place of a value that was never stored.
pub(super) const REDACTED: &str = r#"{"$lookervault":"redacted"}"#;

/// How things are to be written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Manner {
    /// Whether schedules and alerts may be made enabled, or be enabled.
    pub enable_schedules: bool,
    /// Who is to own what is restored.
    pub owner: Owner,
    /// The folder in which everything is to lie, by id; without one, where it lay.
    pub into: Option<String>,
    /// Whether a tile that showed a look which is gone by now is left as it is, instead of
    /// nothing being done: an undo cannot give back what led nowhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves_lost: bool,
}

/// Who is to own what is restored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Who did.
    #[default]
    Keep,
    /// Who restores: nothing is said of it.
    Me,
    /// This user, by id.
    User(String),
}

/// What is known of the world beyond one object.
pub(super) struct World<'w> {
    /// Ids on the instance of stored keys, where they are known to differ.
    pub(super) ids: &'w super::step::Ids,
    /// What was looked for on the instance in vain.
    pub(super) absent: &'w BTreeSet<Symbol>,
    /// Stored bodies of queries and merge queries.
    pub(super) stored: &'w dyn Fn(&str, &str) -> Option<Vec<u8>>,
    pub(super) manner: &'w Manner,
    /// The instance's host: links to others lead elsewhere.
    pub(super) host: &'w str,
    /// What the plan makes anew.
    pub(super) made: &'w HashSet<Symbol>,
    /// Which fields the instance accepts, where that is known.
    pub(super) accepted: Option<&'w Accepted>,
    /// Whether everything has the ids it was stored with, and is to be written as it was:
    /// what is equal on both sides then is as it should be.
    pub(super) in_place: bool,
}

/// Makes the steps of a plan.
pub(super) struct Composer<'w> {
    pub(super) world: World<'w>,
    pub(super) steps: Vec<Step>,
    /// Queries that are asked for already, by their content.
    pub(super) queries: HashMap<String, Symbol>,
    /// What these queries go by.
    pub(super) asked: HashSet<Symbol>,
    /// The object that is being composed, and what is said of it.
    pub(super) object: usize,
    pub(super) changes: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Objects that must be on the instance although no field of a request names
    /// them: kind and key.
    pub(super) requires: BTreeSet<(&'static str, String)>,
    /// Parts of the object that is composed which are there, with their ids.
    pub(super) here: super::step::Ids,
    /// Why Looker would refuse the object that is composed, whatever is on the instance.
    pub(super) impossible: Option<String>,
    /// Whether a stored field differs that this build does not know.
    pub(super) met_unknown: bool,
    /// The fields that differ, where more is sent.
    pub(super) differing: Option<Vec<String>>,
    /// Whether what is composed stays disabled, though it may be enabled.
    pub(super) asleep: bool,
}

/// A resource on both sides.
#[derive(Clone, Copy)]
pub(super) struct Sides<'v> {
    /// What is there.
    pub(super) live: Option<&'v Value<'v>>,
    /// What should be there.
    pub(super) wanted: &'v Value<'v>,
}

/// Parts of a list on both sides.
pub(super) struct Pairs<'v> {
    /// Every wanted part, with the live one that it was.
    pub(super) wanted: Vec<Sides<'v>>,
    /// Live parts that nothing is wanted of.
    pub(super) surplus: Vec<&'v Value<'v>>,
}

impl<'w> Composer<'w> {
    pub(super) fn new(world: World<'w>) -> Self {
        Self {
            world,
            steps: Vec::new(),
            queries: HashMap::new(),
            asked: HashSet::new(),
            object: 0,
            changes: Vec::new(),
            notes: Vec::new(),
            requires: BTreeSet::new(),
            here: super::step::Ids::new(),
            impossible: None,
            met_unknown: false,
            differing: None,
            asleep: false,
        }
    }

    /// The members of a body that make the one side the other; of something new,
    /// all that say something.
    pub(super) fn fields(&mut self, resource: &Resource, sides: Sides<'_>) -> Vec<(String, Part)> {
        let mut body = Vec::new();
        if self.world.in_place
            && sides.live.is_some_and(|live| live == sides.wanted)
            && !sides.wanted.text().contains(REDACTED)
        {
            return body;
        }
        for field in accepted::fields(self, resource, sides) {
            let Some(wanted) = sides.wanted.member(field) else { continue };
            let live = sides.live.and_then(|live| live.member(field));
            // Looker gives a slug to what has none.
            let is_made_up = field == "slug" && wanted.text() == "null";
            if is_made_up || special::is_apart(resource, field) {
                continue;
            }
            if wanted.text().contains(REDACTED) {
                if live.is_none_or(|live| live != wanted) {
                    self.note(format!("{field} was never stored: enter it again"));
                }
                continue;
            }
            let part = match resource.referred(field) {
                Some(referred) if !is_same(wanted, live) || self.is_elsewhere(referred, wanted) => {
                    self.references(referred, wanted)
                }
                Some(_) => Part::json(wanted.text()),
                None => self.text(wanted),
            };
            let Some(part) = part else { continue };
            let is_news = match sides.live {
                None => wanted.text() != "null",
                Some(_) => !says(&part, live),
            };
            if is_news {
                body.push((field.to_owned(), part));
            }
        }
        special::adjust(self, resource, sides, &mut body);
        accepted::settle(self, resource, &mut body);
        body
    }

    /// JSON of the vault, its links led to where what they name is now.
    pub(super) fn text(&self, value: &Value<'_>) -> Option<Part> {
        let World { ids, host, made, .. } = self.world;
        match links::led(value.text(), host, ids, &|symbol| made.contains(symbol)) {
            Some(pieces) => Some(Part::Spliced(pieces)),
            None => Part::json(value.text()),
        }
    }

    /// Whether a field holds an id of something that has another one on the instance.
    pub(super) fn is_elsewhere(&self, referred: &str, value: &Value<'_>) -> bool {
        let is_moved = |value: &Value<'_>| {
            let symbol = value.as_name().map(|key| Symbol::new(referred, key));
            symbol.is_some_and(|symbol| {
                let id = self.world.ids.get(&symbol);
                self.world.made.contains(&symbol) || id.is_some_and(|id| *id != symbol.key)
            })
        };
        is_moved(value) || value.elements().iter().any(is_moved)
    }

    /// The ids that a field holds, as they are on the instance.
    fn references(&self, referred: &str, value: &Value<'_>) -> Option<Part> {
        if let Some(key) = value.as_name() {
            return Some(Part::Id(self.id(referred, &key)));
        }
        let elements =
            value.elements().iter().map(|element| Some(Part::Id(self.id(referred, &element.as_name()?))));
        if value.elements().is_empty() {
            Part::json(value.text())
        } else {
            elements.collect::<Option<_>>().map(Part::List)
        }
    }

    /// What a stored key is on the instance, as far as it is known.
    pub(super) fn id(&self, resource: &str, key: &str) -> Id {
        let symbol = Symbol::new(resource, key);
        match self.world.ids.get(&symbol).or_else(|| self.here.get(&symbol)) {
            Some(id) => Id::Known(id.clone()),
            None => Id::Of(symbol),
        }
    }

    /// The id of one that is there, or the symbol of one that will be.
    pub(super) fn own_id(resource: &Resource, sides: Sides<'_>) -> Id {
        match sides.live.and_then(key) {
            Some(id) => Id::Known(id),
            None => Id::Of(Symbol::new(resource.name, key(sides.wanted).unwrap_or_default())),
        }
    }

    /// Makes a resource what it should be, its parts left alone. Says nothing where
    /// it is so already.
    pub(super) fn write(&mut self, resource: &'static Resource, sides: Sides<'_>, parent: Option<&Id>) {
        let body = self.fields(resource, sides);
        let fields = self.differing.take();
        let fields = fields.unwrap_or_else(|| body.iter().map(|(field, _)| field.clone()).collect());
        let about = format!("{}: {}", name_of(resource, sides.wanted), fields.join(", "));
        match sides.live {
            Some(_) if body.is_empty() => {}
            Some(live) => {
                self.change(resource, parent, format!("{about} changed"));
                let id = key(live).unwrap_or_default();
                self.push(Verb::Update, resource, sides.wanted, about, Some(Id::Known(id)), body);
            }
            None => {
                let within = resource.parent.zip(parent);
                let within = within.map(|(field, id)| (field.to_owned(), Part::Id(id.clone())));
                let body = within.into_iter().chain(body).collect();
                let about = name_of(resource, sides.wanted);
                self.change(resource, parent, format!("{about} added"));
                self.push(Verb::Create, resource, sides.wanted, about, None, body);
            }
        }
    }

    /// Deletes a part that should not be there.
    pub(super) fn delete(&mut self, resource: &'static Resource, live: &Value<'_>) {
        let about = name_of(resource, live);
        self.change(resource, Some(&Id::Known(String::new())), format!("{about} removed"));
        let id = key(live).unwrap_or_default();
        self.push(Verb::Delete, resource, live, about, Some(Id::Known(id)), Vec::new());
        if let Some(step) = self.steps.last_mut() {
            step.irreversible = Some(format!("an undo gives the {} another id", resource.singular));
        }
    }

    /// Says of the object that is composed what becomes of a part of it, or of itself.
    fn change(&mut self, resource: &Resource, parent: Option<&Id>, words: String) {
        let own = parent.is_none() && resource.parent.is_none();
        if !own {
            self.changes.push(words);
        } else if let Some((_, fields)) =
            words.strip_suffix(" changed").and_then(|words| words.rsplit_once(": "))
        {
            self.changes.push(fields.to_owned());
        }
    }

    pub(super) fn note(&mut self, words: String) {
        if !self.notes.contains(&words) {
            self.notes.push(words);
        }
    }

    /// Adds a step about a document of the vault, or one that is there.
    pub(super) fn push(
        &mut self,
        verb: Verb,
        resource: &'static Resource,
        document: &Value<'_>,
        about: String,
        target: Option<Id>,
        body: Vec<(String, Part)>,
    ) -> u32 {
        self.add(verb, resource, key(document).unwrap_or_default(), about, target, body)
    }

    /// Adds a step; what it makes goes by this key.
    pub(super) fn add(
        &mut self,
        verb: Verb,
        resource: &'static Resource,
        key: String,
        about: String,
        target: Option<Id>,
        body: Vec<(String, Part)>,
    ) -> u32 {
        let makes = matches!(verb, Verb::Create | Verb::Reuse);
        let gives = makes.then(|| Given { symbol: Symbol::new(resource.name, key.as_str()), at: At::Id });
        let number = u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX);
        self.steps.push(Step {
            number,
            object: self.object,
            verb,
            resource: resource.name.to_owned(),
            key,
            about,
            target,
            second: None,
            as_user: None,
            body,
            needs: BTreeSet::new(),
            gives: gives.into_iter().collect(),
            among: (verb == Verb::Create).then(|| Among { known: BTreeSet::new() }),
            irreversible: None,
        });
        number
    }

    /// Pairs the parts of a list.
    pub(super) fn pairs<'v>(
        &self,
        part: &Resource,
        compare: &Compare,
        path: &[&str],
        live: &'v [Value<'v>],
        wanted: &'v [Value<'v>],
    ) -> Pairs<'v> {
        let lives: HashMap<String, &Value<'_>> =
            live.iter().filter_map(|one| Some((key(one)?, one))).collect();
        let mut taken = HashSet::new();
        let mut sides: Vec<Sides<'v>> = Vec::new();
        for one in wanted.iter().filter(|one| !is_deleted(one)) {
            let stored = key(one).unwrap_or_default();
            let id = match self.id(part.name, &stored) {
                Id::Known(id) => id,
                Id::Of(symbol) => symbol.key,
            };
            let there = lives.get(&id).copied().filter(|there| special::may_become(part, there, one));
            taken.extend(there.map(|_| id));
            sides.push(Sides { live: there, wanted: one });
        }
        let free = |one: &&Value<'_>| !is_deleted(one) && key(one).is_none_or(|key| !taken.contains(&key));
        let mut surplus: Vec<&'v Value<'v>> = live.iter().filter(free).collect();
        let names = compare.part(path).map_or(&[][..], |part| part.names);
        for side in sides.iter_mut().filter(|side| side.live.is_none()) {
            let Some(name) = called(names, side.wanted) else { continue };
            let of_name = |one: &&&Value<'_>| called(names, one) == Some(name.clone());
            let only = wanted.iter().filter(|one| called(names, one).as_ref() == Some(&name)).count() == 1;
            let same: Vec<&&Value<'_>> = surplus.iter().filter(of_name).collect();
            if let ([one], true) = (same.as_slice(), only) {
                let one: &Value<'_> = one;
                if special::may_become(part, one, side.wanted) {
                    let at = surplus.iter().position(|other| std::ptr::eq(*other, one));
                    side.live = at.map(|at| surplus.remove(at));
                }
            }
        }
        Pairs { wanted: sides, surplus }
    }
}

/// Whether the live side says what a part of a body would.
fn says(part: &Part, live: Option<&Value<'_>>) -> bool {
    match (part, live) {
        (Part::Json(text), None) => text.get() == "null",
        (Part::Json(text), Some(live)) => text.get() == live.text(),
        (Part::Id(Id::Known(id)), Some(live)) => live.as_name().is_some_and(|live| live == *id),
        (Part::Spliced(pieces), Some(live)) => {
            let (ids, mut text) = (super::step::Ids::new(), String::new());
            let is_known = Part::Spliced(pieces.clone()).write(&ids, &mut text).is_ok();
            is_known && text == live.text()
        }
        (Part::List(parts), Some(live)) => {
            live.elements().len() == parts.len()
                && parts.iter().zip(live.elements()).all(|(part, live)| says(part, Some(live)))
        }
        _ => false,
    }
}

/// Whether two fields are the same text; what is missing is null.
fn is_same(wanted: &Value<'_>, live: Option<&Value<'_>>) -> bool {
    live.map_or("null", Value::text) == wanted.text()
}

/// The id of a document.
pub(super) fn key(document: &Value<'_>) -> Option<String> {
    document.member("id")?.as_name().map(std::borrow::Cow::into_owned)
}

/// Parts that people deleted stay in answers for a while; they are not restored.
fn is_deleted(part: &Value<'_>) -> bool {
    part.member("deleted").is_some_and(|deleted| deleted.text() == "true")
}

/// What people call a part by.
fn called(names: &[&str], part: &Value<'_>) -> Option<String> {
    names.iter().find_map(|path| part.at(path)?.as_name()).map(std::borrow::Cow::into_owned)
}

/// `tile "Revenue"`.
pub(super) fn name_of(resource: &Resource, document: &Value<'_>) -> String {
    const NAMES: &[&str] = &["title", "title_text", "name", "label", "custom_title", "look.title"];
    let name = called(NAMES, document);
    let name = name.map(|name| format!("{name:?}")).or_else(|| key(document)).unwrap_or_default();
    format!("{} {name}", resource.singular)
}
