//! From edges that differ to the requests that make and unmake them.
//!
//! A membership is made and unmade by a call of its own, which touches no other: a
//! group that is taken out of another and put back loses what it may see
//! (`looker-api-facts.md` §4), so whoever stays a member is never touched.
//!
//! Roles have no such calls. A `PUT` replaces all groups of a role, all users of a role,
//! or all roles of a user; what is sent is what is there, plus and minus what differs.
//! Of users that is done from the side that takes fewer calls, and from the user's where
//! both take as many: its list is short, and nobody else is in it. A role that is made
//! anew has nobody yet, so its list is whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker::Kind;
use looker::catalogue::{By, RELATIONS, Relation, Resource};

use super::compose::Composer;
use super::plan::{Action, Object};
use super::planner::LiveEdges;
use super::step::{Among, Id, Part, Verb};

/// An edge between two objects, as they are on the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// Which of [`RELATIONS`].
    pub(super) relation: usize,
    pub(super) whole: Id,
    pub(super) member: Id,
}

/// One end of an edge.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) kind: &'static Kind,
    /// The key that the vault has of it.
    pub(super) key: String,
    /// What people call it.
    pub(super) name: String,
}

/// An edge that differs.
struct Difference {
    edge: Edge,
    /// Whether it is to be made; else it is to be unmade.
    is_wanted: bool,
    whole: End,
    member: End,
    /// Whether the whole is one whose own lists nobody may write.
    whole_is_fixed: bool,
}

/// Edges that differ.
pub(super) struct Differences<'e> {
    all: Vec<Difference>,
    /// Objects of the plan by kind and id.
    objects: HashMap<(&'static str, Id), usize>,
    lives: &'e LiveEdges,
    /// What is said of an object: by a word, who comes and who goes.
    words: BTreeMap<(usize, &'static str), [Vec<String>; 2]>,
}

/// From which end a list is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Whole,
    Member,
}

impl Edge {
    /// Whether one of its ends is yet to be made.
    pub(super) fn is_new(&self) -> bool {
        [&self.whole, &self.member].into_iter().any(|id| matches!(id, Id::Of(_)))
    }
}

impl Difference {
    fn relation(&self) -> &'static Relation {
        &RELATIONS[self.edge.relation]
    }
}

impl<'e> Differences<'e> {
    pub(super) fn new(objects: HashMap<(&'static str, Id), usize>, lives: &'e LiveEdges) -> Self {
        Self { all: Vec::new(), objects, lives, words: BTreeMap::new() }
    }

    /// The object whose step writes an edge: the whole, where it is restored.
    pub(super) fn owner(&self, edge: &Edge) -> Option<usize> {
        let relation = &RELATIONS[edge.relation];
        let of = |kind, id: &Id| self.objects.get(&(kind, id.clone())).copied();
        of(relation.whole, &edge.whole).or_else(|| of(relation.member, &edge.member))
    }

    /// Notes an edge that is wanted and not there, or there and not wanted.
    pub(super) fn add(&mut self, edge: Edge, is_wanted: bool, ends: [End; 2], whole_is_fixed: bool) {
        let [whole, member] = ends;
        self.all.push(Difference { edge, is_wanted, whole, member, whole_is_fixed });
    }

    /// Writes the steps, and says in the objects what they do.
    pub(super) fn write(mut self, composer: &mut Composer<'_>, objects: &mut [Object]) {
        let all = std::mem::take(&mut self.all);
        let (mut singles, mut lists) = (Vec::new(), Vec::new());
        for one in all {
            let Some(owner) = self.owner(&one.edge) else { continue };
            if objects[owner].action == Action::Conflict {
                continue;
            }
            match one.relation().by {
                By::Pair(pair) => singles.push((owner, pair, one)),
                By::List { .. } => lists.push((owner, one)),
            }
        }
        for (owner, pair, one) in singles {
            self.write_single(composer, owner, pair, &one);
        }
        for relation in 0..RELATIONS.len() {
            let of_relation: Vec<_> = lists.iter().filter(|(_, one)| one.edge.relation == relation).collect();
            self.write_lists(composer, relation, &of_relation);
        }
        for ((owner, word), [come, go]) in self.words {
            objects[owner].changes.push(format!("{word}: {}", tally(&come, &go)));
            if objects[owner].action == Action::Skip {
                objects[owner].action = Action::Update;
            }
        }
    }

    fn write_single(
        &mut self,
        composer: &mut Composer<'_>,
        owner: usize,
        pair: &'static Resource,
        one: &Difference,
    ) {
        let key = format!("{}/{}", one.whole.key, one.member.key);
        let about = format!(
            "membership of {} {} in {} {}",
            one.member.kind.singular, one.member.name, one.whole.kind.singular, one.whole.name
        );
        let whole = Some(one.edge.whole.clone());
        composer.object = owner;
        if one.is_wanted {
            let field = pair.fields().first().copied().unwrap_or_default();
            let body = vec![(field.to_owned(), Part::Id(one.edge.member.clone()))];
            composer.add(Verb::Add, pair, key, about, whole, body);
        } else {
            composer.add(Verb::Delete, pair, key, about, whole, Vec::new());
        }
        if let Some(step) = composer.steps.last_mut() {
            step.second = Some(one.edge.member.clone());
            if !one.is_wanted && one.member.kind.name == "groups" {
                step.irreversible = Some(
                    "the group loses its places in access lists, which an undo does not give back".to_owned(),
                );
            }
        }
        self.say(owner, one);
    }

    /// Notes what becomes of an edge, from its owner's end.
    fn say(&mut self, owner: usize, one: &Difference) {
        let relation = one.relation();
        let of_whole = self.objects.get(&(relation.whole, one.edge.whole.clone())) == Some(&owner);
        let (word, name) =
            if of_whole { (relation.members, &one.member.name) } else { (relation.wholes, &one.whole.name) };
        let said = self.words.entry((owner, word)).or_default();
        said[usize::from(!one.is_wanted)].push(name.clone());
    }

    /// Writes the lists of a relation of which a `PUT` replaces the whole.
    fn write_lists(&mut self, composer: &mut Composer<'_>, relation: usize, all: &[&(usize, Difference)]) {
        let By::List { of_whole, of_member } = RELATIONS[relation].by else { return };
        let sides = self.sides(&RELATIONS[relation], all, of_member.is_some());
        let mut written: BTreeSet<(Side, &Id)> = BTreeSet::new();
        for ((owner, one), side) in all.iter().zip(sides) {
            let (resource, id, end) = match (side, of_member) {
                (Side::Member, Some(of_member)) => (of_member, &one.edge.member, &one.member),
                _ => (of_whole, &one.edge.whole, &one.whole),
            };
            let own = self.objects.get(&(end.kind.name, id.clone())).copied();
            let owner = own.unwrap_or(*owner);
            self.say(owner, one);
            if !written.insert((side, id)) {
                continue;
            }
            composer.object = owner;
            let field = resource.fields().first().copied().unwrap_or_default();
            let before = self.has(relation, side, id);
            let list = with_differences(&before, side, id, all).into_iter().map(Part::Id).collect();
            let about = format!("{} of {} {}", resource.singular, end.kind.singular, end.name);
            let body = vec![(field.to_owned(), Part::List(list))];
            composer.add(Verb::Update, resource, end.key.clone(), about, Some(id.clone()), body);
            if let Some(step) = composer.steps.last_mut() {
                step.among = Some(Among { known: before });
            }
        }
    }

    /// From which end each edge is written.
    fn sides(&self, relation: &Relation, all: &[&(usize, Difference)], has_members: bool) -> Vec<Side> {
        let is_restored = |one: &Difference| {
            self.objects.contains_key(&(relation.whole, one.edge.whole.clone())) && !one.whole_is_fixed
        };
        // Of these either end could be written.
        let free: Vec<&Difference> =
            all.iter().map(|(_, one)| one).filter(|one| is_restored(one) && !one.edge.is_new()).collect();
        let wholes: BTreeSet<&Id> = free.iter().map(|one| &one.edge.whole).collect();
        let members: BTreeSet<&Id> = free.iter().map(|one| &one.edge.member).collect();
        let side = |(_, one): &&(usize, Difference)| match () {
            () if !has_members => Side::Whole,
            () if matches!(one.edge.whole, Id::Of(_)) => Side::Whole,
            () if matches!(one.edge.member, Id::Of(_)) || !is_restored(one) => Side::Member,
            () if wholes.len() < members.len() => Side::Whole,
            () => Side::Member,
        };
        all.iter().map(side).collect()
    }

    /// All that an end has.
    fn has(&self, relation: usize, side: Side, id: &Id) -> BTreeSet<String> {
        match (id, side) {
            (Id::Of(_), _) => BTreeSet::new(),
            (Id::Known(id), Side::Whole) => self.lives.members(relation, id).cloned().collect(),
            (Id::Known(id), Side::Member) => self.lives.wholes(relation, id),
        }
    }
}

/// All that an end is to have: what it has, with what comes and without what goes.
fn with_differences(
    before: &BTreeSet<String>,
    side: Side,
    id: &Id,
    all: &[&(usize, Difference)],
) -> BTreeSet<Id> {
    let mut list: BTreeSet<Id> = before.iter().cloned().map(Id::Known).collect();
    for (_, one) in all {
        let (own, other) = match side {
            Side::Whole => (&one.edge.whole, &one.edge.member),
            Side::Member => (&one.edge.member, &one.edge.whole),
        };
        if own == id && one.is_wanted {
            list.insert(other.clone());
        } else if own == id {
            list.remove(other);
        }
    }
    list
}

/// `+"Ada", −"Bob"`; of many only how many.
fn tally(come: &[String], go: &[String]) -> String {
    const MOST: usize = 3;
    if come.len() + go.len() <= MOST {
        let come = come.iter().map(|name| format!("+{name}"));
        return come.chain(go.iter().map(|name| format!("−{name}"))).collect::<Vec<_>>().join(", ");
    }
    let counts = [("+", come.len()), ("−", go.len())].into_iter().filter(|(_, count)| *count > 0);
    counts.map(|(sign, count)| format!("{sign}{count}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_named_and_many_counted() {
        let names = |of: &[&str]| of.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(tally(&names(&["Viewer"]), &[]), "+Viewer");
        assert_eq!(tally(&names(&["A", "B"]), &names(&["C"])), "+A, +B, −C");
        assert_eq!(tally(&names(&["A", "B", "C"]), &names(&["D"])), "+3 −1");
        assert_eq!(tally(&names(&["A", "B", "C", "D"]), &[]), "+4");
    }
}
