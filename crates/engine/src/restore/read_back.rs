//! What became of what was written: read again, and compared with what was intended.
//!
//! A write that was answered with 200 may have changed nothing. So the same
//! comparison that made the plan is made once more: what it would still do is what
//! did not come about. What differs beyond that cannot be written at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker::Kind;
use looker::catalogue::{Relation, Resource};
use serde::Serialize;
use vault::RunId;

use super::accepted::Accepted;
use super::live::{self, Live};
use super::paging::Stock;
use super::parallel;
use super::plan::{Object, Plan};
use super::planner::{ENTRIES, FAVORITES, Planned, places, read_lists};
use super::session::Session;
use super::step::{Id, Ids, Step, Verb};
use super::{Action, RestoreError};
use crate::diff::{Documents, Identity, Value, View};

/// What an object is after a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadBack {
    /// Kind, in the plural.
    pub kind: String,
    /// The key that the vault has of it.
    pub key: String,
    /// The id that it has on the instance; none when it is not there.
    pub id: Option<String>,
    /// Whether it is what it was, but for what only Looker writes.
    pub exact: bool,
    /// What should have been written and is not there.
    pub refused: Vec<String>,
    /// Fields that differ and that only Looker writes.
    pub made_by_looker: Vec<String>,
    /// Fields that differ and were not sent, since the instance does not take them.
    pub not_accepted: Vec<String>,
}

/// Fields that differ and that a restore does not write, by why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Beyond {
    made_by_looker: Vec<String>,
    not_accepted: Vec<String>,
}

/// Who writes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// A restore.
    Restore,
    /// Only Looker.
    Looker,
    /// A restore would, and this instance does not take it.
    Nobody,
}

/// Compares what is there now, as a second plan found it, with what was intended.
pub(super) fn compare(
    session: &Session,
    again: &Planned,
    as_of: RunId,
    accepted: Option<&Accepted>,
) -> Result<Vec<ReadBack>, RestoreError> {
    let instance = session.writer.reader()?.moment(as_of)?.instance;
    let lives: HashMap<(&str, &str), &Live> =
        again.lives.iter().map(|(kind, live)| ((kind.name, live.row.id.as_str()), live)).collect();
    let known = again.plan.objects.iter().enumerate();
    let known = known.filter_map(|(at, object)| Some((at, Kind::find(&object.kind)?, object)));
    let known: Vec<(usize, &'static Kind, &Object)> = known.collect();
    let reader = || Ok(session.writer.reader()?);
    parallel::each(&known, reader, |reader, (at, kind, object)| {
        let refused = match &object.action {
            Action::Skip => Vec::new(),
            Action::Create => vec!["it is not there".to_owned()],
            Action::Blocked(why) => vec![why.clone()],
            _ if object.changes.is_empty() => vec![object.action.name().to_owned()],
            _ => object.changes.clone(),
        };
        let live = object.live_id.as_ref().and_then(|id| lives.get(&(kind.name, id.as_str())));
        let beyond = match (again.rest.get(at), live) {
            (Some(rest), Some(_)) => rest.clone(),
            (None, Some(live)) => {
                let as_of = object.as_of.map_or(as_of, RunId::from_number);
                let stored = reader.show_at(instance, kind.name, &object.key, Some(as_of))?;
                let with_destinations = stored.as_ref().is_some_and(|stored| stored.redacted == 0);
                let hash = stored.as_ref().map(|stored| &stored.hash);
                let (body, _) = live.body_like(kind, hash, with_destinations, reader)?;
                let moved = object.live_id.as_ref() != Some(&object.key);
                let stored = stored.as_ref().and_then(|stored| Value::parse(&stored.body).ok());
                let live = Value::parse(&body).ok();
                let both = stored.as_ref().zip(live.as_ref());
                both.map(|(stored, live)| beyond(kind, stored, live, moved, accepted)).unwrap_or_default()
            }
            (_, None) => Beyond::default(),
        };
        Ok(ReadBack::of(object, refused, beyond))
    })
}

impl ReadBack {
    /// Of an object of a plan.
    pub(super) fn of(object: &Object, refused: Vec<String>, beyond: Beyond) -> Self {
        Self {
            kind: object.kind.clone(),
            key: object.key.clone(),
            id: object.live_id.clone(),
            exact: refused.is_empty() && beyond.not_accepted.is_empty(),
            refused,
            made_by_looker: beyond.made_by_looker,
            not_accepted: beyond.not_accepted,
        }
    }
}

/// Reads back values that were set for groups and attributes which were made anew: they
/// stand in lists of others, which the second plan does not read. Gives these lists.
pub(super) async fn values(
    session: &Session,
    plan: &Plan,
    ids: &Ids,
    backs: &mut [ReadBack],
) -> Result<Vec<(&'static Kind, Live)>, RestoreError> {
    let mut lists = Vec::new();
    for (kind, owner, other) in
        [("user_attribute_group_values", 1, "group_id"), ("user_attribute_values", 0, "user_attribute_id")]
    {
        let Some(kind) = Kind::find(kind) else { continue };
        let is_apart = |step: &&Step| {
            let of_list = plan.objects[step.object].kind == kind.name;
            step.resource == kind.name && step.verb == Verb::Update && !of_list
        };
        let end = |step: &Step, nth: usize| {
            let id = [&step.target, &step.second][nth].as_ref()?;
            Id::resolve(id, ids).ok().map(str::to_owned)
        };
        let steps: Vec<&Step> = plan.steps.iter().filter(is_apart).collect();
        let keys: BTreeSet<String> = steps.iter().filter_map(|step| end(step, owner)).collect();
        if keys.is_empty() {
            continue;
        }
        let found = live::read(session, kind, &keys, &Stock::default()).await?.lives;
        for step in steps {
            let (Some(list), Some(key)) = (end(step, owner), end(step, 1 - owner)) else { continue };
            let is_set = found.get(&list).is_some_and(|list| has_value(list, other, &key, step));
            let object = &plan.objects[step.object];
            let back = backs.iter_mut().find(|back| back.kind == object.kind && back.key == object.key);
            if let Some(back) = back.filter(|_| !is_set) {
                back.exact = false;
                back.refused.push(format!("{} is not set", step.about));
            }
        }
        lists.extend(found.into_values().map(|live| (kind, live)));
    }
    Ok(lists)
}

/// Reads back the lists of those whose favourites were set, and says which are not there.
/// Gives these lists.
pub(super) async fn favorites(
    session: &Session,
    plan: &Plan,
    ids: &Ids,
    backs: &mut Vec<ReadBack>,
) -> Result<Vec<(&'static Kind, Live)>, RestoreError> {
    // By object, whose list it is, and the places that were marked.
    type Marked<'p> = (String, Vec<(String, &'p Step)>);
    let mut set: BTreeMap<usize, Marked<'_>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.resource == ENTRIES && step.verb == Verb::Create) {
        let sent = step.render(ids).ok();
        let sent = sent.and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok());
        let sent = sent.as_ref().map(|sent| (sent["user_id"].as_str(), sent["content_metadata_id"].as_str()));
        if let Some((Some(user), Some(place))) = sent {
            let (_, places) = set.entry(step.object).or_insert_with(|| (user.to_owned(), Vec::new()));
            places.push((place.to_owned(), step));
        }
    }
    let users = set.values().map(|(user, _)| user.clone()).collect();
    let lists = read_lists(session, &users).await?;
    for (at, (user, wanted)) in set {
        let there = lists.get(&user).map(places).unwrap_or_default();
        let missing = wanted.iter().filter(|(place, _)| !there.contains(place));
        let refused: Vec<String> = missing.map(|(_, step)| format!("{} is not set", step.about)).collect();
        let object = &plan.objects[at];
        backs.push(ReadBack {
            kind: object.kind.clone(),
            key: object.key.clone(),
            id: Some(user),
            exact: refused.is_empty(),
            refused,
            made_by_looker: Vec::new(),
            not_accepted: Vec::new(),
        });
    }
    let kind = Kind::find(FAVORITES);
    Ok(lists.into_values().filter_map(|live| Some((kind?, live))).collect())
}

/// Whether a list has the value that a step has sent.
fn has_value(list: &Live, field: &str, key: &str, step: &Step) -> bool {
    let Ok(rows) = serde_json::from_slice::<Vec<serde_json::Value>>(&list.row.raw) else { return false };
    let sent = step.render(&Ids::new()).ok();
    let sent = sent.and_then(|body| serde_json::from_str::<serde_json::Value>(&body).ok());
    let is_it = |row: &&serde_json::Value| row[field].as_str() == Some(key);
    rows.iter().find(is_it).is_some_and(|row| sent.is_some_and(|sent| sent["value"] == row["value"]))
}

/// Paths of fields that differ and that a restore does not write.
pub(super) fn beyond(
    kind: &'static Kind,
    stored: &Value<'_>,
    live: &Value<'_>,
    moved: bool,
    accepted: Option<&Accepted>,
) -> Beyond {
    let identity = if moved { Identity::Name } else { Identity::Id };
    let documents = Documents { kind, from: stored, to: live, identity };
    let Some(edit) = documents.edit() else { return Beyond::default() };
    let view = View { all: false, ignore_ids: moved, ignore_layout: false };
    let changes = documents.changes(&edit, view, &|_, old, new| old == new || moved);
    let paths: BTreeSet<String> = changes.iter().map(super::super::diff::Change::path).collect();
    let of = |wanted| {
        let paths = paths.iter().filter(|path| writer(kind, path, accepted) == wanted);
        paths.cloned().collect()
    };
    Beyond { made_by_looker: of(Writer::Looker), not_accepted: of(Writer::Nobody) }
}

/// Whether a restore writes what stands at a path of a kind's documents.
pub(super) fn is_writable(kind: &Kind, path: &str, accepted: Option<&Accepted>) -> bool {
    writer(kind, path, accepted) == Writer::Restore
}

fn writer(kind: &Kind, path: &str, accepted: Option<&Accepted>) -> Writer {
    let Some(mut resource) = Resource::find(kind.name) else { return Writer::Looker };
    let mut rest = path;
    loop {
        let (key, below) = rest.split_once('.').unwrap_or((rest, ""));
        match resource.parts.iter().find(|part| part.name == key) {
            Some(part) if !below.is_empty() => (resource, rest) = (part, below),
            _ => {
                let takes = accepted.is_none_or(|accepted| accepted.takes(resource.looker_type, key));
                let is_new = accepted.is_some_and(|accepted| accepted.is_new(resource, key));
                let is_own = resource.fields().contains(&key);
                let is_written = is_own && takes
                    || is_new
                    || matches!(key, "query" | "look")
                    || Relation::is_stated_by(kind.name, key);
                return match (is_written, is_own) {
                    (true, _) => Writer::Restore,
                    (false, true) => Writer::Nobody,
                    (false, false) => Writer::Looker,
                };
            }
        }
    }
}
