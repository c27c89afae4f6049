//! The edges of what is restored: who is in which group, who has which role.
//!
//! Documents state them at one end, and a restore may be about the other: a group
//! that comes back gets its members back, although only these say so. What was is
//! asked of the vault's references; what is, of the whole list of those that state it,
//! since no document of a group or a role names who belongs to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker::Kind;
use looker::catalogue::{By, RELATIONS, Relation};
use vault::{BodyHash, Side};

use super::{OnConflict, Planner};
use crate::diff::Value;
use crate::restore::compose::Composer;
use crate::restore::identity::{Lives, Standing};
use crate::restore::live::Live;
use crate::restore::plan::{Action, Object};
use crate::restore::relations::{Differences, Edge, End};
use crate::restore::step::{Id, Ids, Symbol};
use crate::restore::{RestoreError, special};

/// The edges that the instance has, as far as they were read: members by relation and
/// whole.
#[derive(Debug, Default)]
pub(in crate::restore) struct LiveEdges(HashMap<(usize, String), BTreeSet<String>>);

/// What is known of an edge.
#[derive(Default)]
struct Known {
    was: bool,
    is: bool,
    /// The stored keys of the whole and the member.
    keys: [String; 2],
}

/// What an object that an edge names is on the instance.
enum Place {
    /// It is there, or will be.
    Id(Id),
    /// It is not.
    Gone,
}

impl Planner<'_> {
    /// Reads what the edges of the targets take beyond the targets themselves.
    pub(super) async fn read_edges(&mut self) -> Result<(), RestoreError> {
        // A user that was deleted may have been made again since, by its address.
        if self.is_absent("users")?
            && let Some(users) = Kind::find("users")
        {
            self.read_all(users).await?;
        }
        let (mut lists, mut singles) = (Vec::new(), BTreeMap::<&str, BTreeSet<String>>::new());
        for target in self.targets.list.iter().filter(|_| !self.request.skip_existing) {
            if self.past.is_led(target.kind, &target.key) {
                continue;
            }
            let Standing::There(live) = self.standing(target.kind, &target.key)? else { continue };
            for relation in RELATIONS {
                if relation.whole == target.kind.name && closed_whole(relation, &live.row.raw).is_none() {
                    lists.push(relation.member);
                }
                if relation.member == target.kind.name {
                    let stored = self.past.body_then(target.kind, &target.key)?;
                    let was = stored.map(|body| ids(&body, relation.field)).unwrap_or_default();
                    let is = ids(&live.row.raw, relation.field).into_iter();
                    singles.entry(relation.whole).or_default().extend(is.filter(|id| !was.contains(id)));
                }
            }
        }
        for kind in lists.into_iter().filter_map(Kind::find) {
            self.read_all(kind).await?;
        }
        for (kind, keys) in singles {
            if let Some(kind) = Kind::find(kind) {
                self.read(kind, &keys).await?;
            }
        }
        Ok(())
    }

    /// Whether something of a kind that is to be restored is not there.
    fn is_absent(&self, kind: &str) -> Result<bool, RestoreError> {
        for target in self.targets.list.iter().filter(|target| target.kind.name == kind) {
            if !matches!(self.standing(target.kind, &target.key)?, Standing::There(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What was read whole and is no target: the plan is made from that as well.
    pub(super) fn beside_the_targets(&self) -> Result<Vec<(&'static Kind, Live)>, RestoreError> {
        let mut own = BTreeSet::new();
        for target in &self.targets.list {
            if let Standing::There(live) = self.standing(target.kind, &target.key)? {
                own.insert((target.kind.name, live.row.id.clone()));
            }
        }
        let kinds = self.whole.difference(&self.looked.only).filter_map(|kind| Kind::find(kind));
        let all = kinds.flat_map(|kind| {
            self.lives.get(kind.name).into_iter().flat_map(Lives::all).map(move |live| (kind, live))
        });
        let others = all.filter(|(kind, live)| !own.contains(&(kind.name, live.row.id.clone())));
        Ok(others.map(|(kind, live)| (kind, live.clone())).collect())
    }

    /// Composes the edges of all targets, once these are composed themselves.
    pub(super) fn compose_edges(
        &self,
        composer: &mut Composer<'_>,
        objects: &mut [Object],
    ) -> Result<(), RestoreError> {
        if !objects.iter().any(|object| has_edges(&object.kind)) {
            return Ok(());
        }
        let lives = LiveEdges::of(&self.lives);
        let ids = composer.world.ids;
        let mut known: BTreeMap<Edge, Known> = BTreeMap::new();
        let mut owners = HashMap::new();
        for (at, object) in objects.iter_mut().enumerate() {
            let Some(kind) = Kind::find(&object.kind).filter(|kind| has_edges(kind.name)) else { continue };
            let is_left = matches!(object.action, Action::Blocked(_) | Action::Conflict)
                || self.past.is_led(kind, &object.key)
                || self.request.skip_existing && object.live_id.is_some();
            let Place::Id(own) = self.place(ids, kind, &object.key)? else { continue };
            if !is_left {
                self.edges_of(ids, object, kind, &own, &lives, &mut known)?;
                object.edges = object.live_id.as_ref().and_then(|id| lives.fingerprint(kind, id));
                owners.insert((kind.name, own), at);
            }
        }
        let keys: HashMap<(&str, &str), &str> =
            ids.iter().map(|(symbol, id)| ((&*symbol.resource, &**id), &*symbol.key)).collect();
        let mut differences = Differences::new(owners, &lives);
        for (edge, known) in known.into_iter().filter(|(_, known)| known.was != known.is) {
            let Some(owner) = differences.owner(&edge).map(|at| &mut objects[at]) else { continue };
            let ends = self.ends(&edge, known.keys, &keys)?;
            if self.may_differ(&edge, known.is, &ends, owner)? {
                let is_fixed = self.is_untouchable(&ends[0])?;
                differences.add(edge, known.was, ends, is_fixed);
            }
        }
        differences.write(composer, objects);
        Ok(())
    }

    /// Whether an edge is to be written that differs; notes why not.
    fn may_differ(
        &self,
        edge: &Edge,
        is_there: bool,
        ends: &[End; 2],
        owner: &mut Object,
    ) -> Result<bool, RestoreError> {
        let relation = &RELATIONS[edge.relation];
        let [whole, member] = ends;
        let documents = [self.document(whole)?, self.document(member)?];
        if let Some(why) = why_closed(relation, &documents) {
            if why == Closed::Elsewhere {
                note(
                    owner,
                    format!(
                        "{} of {} are left as they are: the identity provider decides them",
                        if relation.member == "users" { relation.wholes } else { relation.members },
                        member.name
                    ),
                );
            }
            return Ok(false);
        }
        if edge.is_new() || self.was_last(relation, ends)? == is_there {
            return Ok(true);
        }
        // Somebody made or unmade it after the vault last read it.
        owner.conflict = true;
        if self.request.on_conflict != OnConflict::Skip {
            return Ok(true);
        }
        if owner.action == Action::Skip {
            owner.action = Action::Conflict;
        }
        Ok(false)
    }

    fn is_untouchable(&self, end: &End) -> Result<bool, RestoreError> {
        let Some(document) = self.document(end)? else { return Ok(false) };
        Ok(Value::parse(&document).is_ok_and(|it| special::untouchable(end.kind.name, &it).is_some()))
    }

    /// The edges that an object had and has.
    fn edges_of(
        &self,
        ids: &Ids,
        object: &mut Object,
        kind: &'static Kind,
        own: &Id,
        lives: &LiveEdges,
        known: &mut BTreeMap<Edge, Known>,
    ) -> Result<(), RestoreError> {
        let key = object.key.clone();
        let body = self.past.body_then(kind, &key)?.unwrap_or_default();
        for (nth, relation) in RELATIONS.iter().enumerate() {
            let mut gone = Vec::new();
            if relation.member == kind.name
                && let Some(whole) = Kind::find(relation.whole)
            {
                let has = object.live_id.as_ref().map(|id| lives.wholes(nth, id)).unwrap_or_default();
                let edge = |whole| Edge { relation: nth, whole, member: own.clone() };
                for stored in self::ids(&body, relation.field) {
                    let id = match self.place(ids, whole, &stored)? {
                        Place::Gone => {
                            gone.push((whole, stored));
                            continue;
                        }
                        // Where the text is the same nobody has to look.
                        Place::Id(Id::Of(symbol))
                            if has.contains(&symbol.key) && !self.is_target(&symbol) =>
                        {
                            Id::Known(symbol.key)
                        }
                        Place::Id(id) => id,
                    };
                    note_edge(known, edge(id), [&stored, &key]).was = true;
                }
                for id in has {
                    note_edge(known, edge(Id::Known(id.clone())), [&id, &key]).is = true;
                }
            }
            if relation.whole == kind.name
                && closed_whole(relation, &body).is_none()
                && let Some(member) = Kind::find(relation.member)
            {
                let edge = |member| Edge { relation: nth, whole: own.clone(), member };
                for stored in self.members_then(kind, &key, member)? {
                    match self.place(ids, member, &stored)? {
                        Place::Id(id) => note_edge(known, edge(id), [&key, &stored]).was = true,
                        Place::Gone => gone.push((member, stored)),
                    }
                }
                for id in object.live_id.iter().flat_map(|id| lives.members(nth, id)) {
                    note_edge(known, edge(Id::Known(id.clone())), [&key, id]).is = true;
                }
            }
            if !gone.is_empty() {
                let names = gone.iter().map(|(kind, key)| self.name(kind, key));
                let names: Vec<String> = names.collect::<Result<_, _>>()?;
                let word = if relation.whole == kind.name { relation.members } else { relation.wholes };
                note(object, format!("{word}: {} not there any more", some(&names)));
            }
        }
        Ok(())
    }

    /// The live objects of a kind that belonged to another then.
    fn members_then(&self, whole: &Kind, key: &str, member: &Kind) -> Result<Vec<String>, RestoreError> {
        let referrers = self.past.reader.referrers(self.past.then(), whole.name, key)?.into_iter();
        let members = referrers.filter(|one| one.kind == member.name && one.side == Side::Live);
        Ok(members.map(|one| one.key).collect())
    }

    /// What an object that an edge names is on the instance.
    fn place(&self, ids: &Ids, kind: &'static Kind, key: &str) -> Result<Place, RestoreError> {
        let symbol = Symbol::new(kind.name, key);
        if let Some(id) = ids.get(&symbol) {
            return Ok(Place::Id(Id::Known(id.clone())));
        }
        if self.absent.contains(&symbol) {
            return Ok(Place::Gone);
        }
        if self.was_asked(kind, key)
            && let Standing::There(live) = self.standing(kind, key)?
        {
            return Ok(Place::Id(Id::Known(live.row.id.clone())));
        }
        Ok(Place::Id(Id::Of(symbol)))
    }

    pub(super) fn is_target(&self, symbol: &Symbol) -> bool {
        Kind::find(&symbol.resource).is_some_and(|kind| self.targets.has(kind, &symbol.key))
    }

    /// Both ends of an edge, the whole first. What was found on the instance may be
    /// stored under another key.
    fn ends(
        &self,
        edge: &Edge,
        [whole, member]: [String; 2],
        keys: &HashMap<(&str, &str), &str>,
    ) -> Result<[End; 2], RestoreError> {
        let relation = &RELATIONS[edge.relation];
        let end = |kind: &str, id: &Id, key: String| {
            let kind = Kind::find(kind).unwrap_or(&looker::catalogue::KINDS[0]);
            let Id::Known(id) = id else {
                return Ok(End { kind, name: self.name(kind, &key)?, key });
            };
            let key = keys.get(&(kind.name, &**id)).map_or(key, |key| (*key).to_owned());
            let live = self.lives.get(kind.name).and_then(|lives| lives.get(id));
            let name = live.and_then(|live| live.row.title.as_ref()).filter(|name| !name.is_empty());
            let name = name.map_or_else(|| self.name(kind, &key), |name| Ok(format!("{name:?}")))?;
            Ok::<_, RestoreError>(End { kind, key, name })
        };
        Ok([end(relation.whole, &edge.whole, whole)?, end(relation.member, &edge.member, member)?])
    }

    /// What people call a stored object.
    pub(super) fn name(&self, kind: &'static Kind, key: &str) -> Result<String, RestoreError> {
        let marks = self.past.marks(kind, key)?;
        let mut titles = marks.each().filter_map(|mark| mark.row.title.as_ref());
        let title = titles.find(|title| !title.is_empty());
        Ok(title.map_or_else(|| format!("{} {key}", kind.singular), |title| format!("{title:?}")))
    }

    /// What is known of one end: what is there, else what was.
    fn document(&self, end: &End) -> Result<Option<Vec<u8>>, RestoreError> {
        let id = self.live_key(end.kind, &end.key);
        if let Some(live) = self.lives.get(end.kind.name).and_then(|lives| lives.get(&id)) {
            return Ok(Some(live.body_like(end.kind, None, false, self.past.reader)?.0));
        }
        self.past.body_then(end.kind, &end.key)
    }

    /// Whether the vault, when it last read the member, saw the edge.
    fn was_last(&self, relation: &Relation, [whole, member]: &[End; 2]) -> Result<bool, RestoreError> {
        let marks = self.past.marks(member.kind, &member.key)?;
        let newest = marks.now.as_ref().map(|mark| self.past.reader.body(&mark.hash)).transpose()?.flatten();
        Ok(newest.is_some_and(|body| ids(&body, relation.field).contains(&whole.key)))
    }
}

impl LiveEdges {
    pub(super) fn of(lives: &HashMap<&'static str, Lives>) -> Self {
        let mut edges: HashMap<(usize, String), BTreeSet<String>> = HashMap::new();
        let members: BTreeSet<&str> = RELATIONS.iter().map(|relation| relation.member).collect();
        let all = members.into_iter().filter_map(|kind| Some((kind, lives.get(kind)?)));
        for (kind, live) in all.flat_map(|(kind, lives)| lives.all().map(move |live| (kind, live))) {
            let Ok(document) = serde_json::from_slice(&live.row.raw) else { continue };
            for (nth, relation) in RELATIONS.iter().enumerate().filter(|(_, one)| one.member == kind) {
                for whole in listed(&document, relation.field) {
                    edges.entry((nth, whole)).or_default().insert(live.row.id.clone());
                }
            }
        }
        Self(edges)
    }

    /// The members that a whole has.
    pub(in crate::restore) fn members(&self, relation: usize, whole: &str) -> impl Iterator<Item = &String> {
        self.0.get(&(relation, whole.to_owned())).into_iter().flatten()
    }

    /// What a member belongs to.
    pub(in crate::restore) fn wholes(&self, relation: usize, member: &str) -> BTreeSet<String> {
        let of = self.0.iter().filter(|((nth, _), members)| *nth == relation && members.contains(member));
        of.map(|((_, whole), _)| whole.clone()).collect()
    }

    /// A hash of all edges that an object has; none of a kind that has none.
    pub(super) fn fingerprint(&self, kind: &Kind, id: &str) -> Option<String> {
        let mut text = String::new();
        let mut any = false;
        for (nth, relation) in RELATIONS.iter().enumerate() {
            if relation.member == kind.name {
                any = true;
                text += &format!("{nth} in {:?}\n", self.wholes(nth, id));
            }
            if relation.whole == kind.name {
                any = true;
                text += &format!("{nth} has {:?}\n", self.members(nth, id).collect::<Vec<_>>());
            }
        }
        any.then(|| BodyHash::of(text.as_bytes()).to_string())
    }
}

fn note_edge<'k>(known: &'k mut BTreeMap<Edge, Known>, edge: Edge, keys: [&str; 2]) -> &'k mut Known {
    known.entry(edge).or_insert_with(|| Known { keys: keys.map(str::to_owned), ..Known::default() })
}

fn note(object: &mut Object, words: String) {
    if !object.notes.contains(&words) {
        object.notes.push(words);
    }
}

/// The first of these names, and how many there are more.
fn some(names: &[String]) -> String {
    const MOST: usize = 5;
    let first = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{first} and {} more", names.len() - MOST) } else { first }
}

/// The ids in a list of a document.
fn ids(document: &[u8], field: &str) -> Vec<String> {
    serde_json::from_slice(document).map(|document| listed(&document, field)).unwrap_or_default()
}

fn listed(document: &serde_json::Value, field: &str) -> Vec<String> {
    let list = document[field].as_array().into_iter().flatten();
    list.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
}

fn flag(document: &[u8], field: &str) -> Option<bool> {
    serde_json::from_slice::<serde_json::Value>(document).ok()?[field].as_bool()
}

/// Why edges are left as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// The identity provider decides them.
    Elsewhere,
    /// Looker makes them itself.
    ByItself,
}

fn closed_whole(relation: &Relation, document: &[u8]) -> Option<Closed> {
    if !matches!(relation.by, By::Pair(_)) {
        None
    } else if flag(document, "externally_managed") == Some(true) {
        Some(Closed::Elsewhere)
    } else {
        (flag(document, "include_by_default") == Some(true)).then_some(Closed::ByItself)
    }
}

/// Why an edge between these is left as it is: by the whole, or by what a user may be
/// given.
fn why_closed(relation: &Relation, [whole, member]: &[Option<Vec<u8>>; 2]) -> Option<Closed> {
    let of_whole = whole.as_deref().and_then(|whole| closed_whole(relation, whole));
    let says = |field, value| member.as_deref().is_some_and(|member| flag(member, field) == Some(value));
    let of_member = || {
        let is_closed = match relation.by {
            _ if relation.member != "users" => false,
            By::List { .. } => says("roles_externally_managed", true) || says("allow_direct_roles", false),
            By::Pair(_) => says("allow_normal_group_membership", false),
        };
        is_closed.then_some(Closed::Elsewhere)
    };
    of_whole.or_else(of_member)
}

fn has_edges(kind: &str) -> bool {
    RELATIONS.iter().any(|relation| relation.member == kind || relation.whole == kind)
}
