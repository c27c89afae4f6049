//! Whether what was restored is what there was: the one comparison of all tests of
//! restores. Values of attributes and access lists are whole kinds with tests of their
//! own, and not in [`COMPARED`].
//!
//! What only the server writes is left out. Ids of what was made anew are led from the
//! old to the new ones before anything is compared; parts that were made anew go by
//! what people see of them.

mod fields;
mod ids;
mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker_sim::Kind;
use serde_json::{Value, json};

use super::looker::Looker;
use fields::{OF_NEW_USERS, SERVERS, differences, said, told};
use parts::{named, note_parts, placed};

pub(crate) use fields::OF_NEW;
pub(crate) use ids::NewIds;
pub(crate) use parts::part_ids;

/// The kinds that a restore writes, and their names in reports.
pub(crate) const COMPARED: [(Kind, &str); 14] = [
    (Kind::Folder, "folders"),
    (Kind::Dashboard, "dashboards"),
    (Kind::Look, "looks"),
    (Kind::Board, "boards"),
    (Kind::ScheduledPlan, "scheduled_plans"),
    (Kind::Alert, "alerts"),
    (Kind::User, "users"),
    (Kind::GroupHierarchy, "groups"),
    (Kind::Role, "roles"),
    (Kind::PermissionSet, "permission_sets"),
    (Kind::ModelSet, "model_sets"),
    (Kind::UserAttribute, "user_attributes"),
    (Kind::Theme, "themes"),
    (Kind::ColorCollection, "color_collections"),
];

/// One document is what it was, but for what only the server writes and `ignored`.
#[track_caller]
pub(crate) fn assert_is_back(before: &Value, after: &Value, ignored: &[&str]) {
    let ignored = [SERVERS, ignored].concat();
    let seen = |document: &Value| {
        let mut names = HashMap::new();
        note_parts(document, &mut names);
        said(&named(document, &names), &ignored)
    };
    let mut found = Vec::new();
    differences(&seen(before), &seen(after), "", &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Objects of a report that did not come back, with what is said of them.
pub(crate) fn lost(report: &Value) -> Vec<String> {
    let objects = report["objects"].as_array().unwrap().iter();
    let is_lost = |object: &&Value| object["exact"] == false || object["action"] == "blocked";
    let words = |object: &Value| {
        let [kind, id] = ["kind", "id"].map(|name| object[name].as_str().unwrap());
        let failures = object["failures"].as_array().unwrap().iter();
        let reasons: Vec<&str> = failures.filter_map(|failure| failure["reason"].as_str()).collect();
        let [action, why, refused] = ["action", "blocked", "refused"].map(|name| &object[name]);
        format!("{kind} {id}: {action} {why} {refused} {}", reasons.join(", "))
    };
    objects.filter(is_lost).map(words).collect()
}

/// All that an instance has of [`COMPARED`], live and in the trash.
#[derive(Debug, Clone)]
pub(crate) struct State {
    objects: BTreeMap<(Kind, String), Value>,
}

impl State {
    pub(crate) fn of(looker: &Looker) -> Self {
        let mut objects = BTreeMap::new();
        for (kind, _) in COMPARED {
            let trashed: BTreeSet<String> = looker.ids(kind, true).into_iter().collect();
            for (id, body) in looker.export(kind) {
                let mut document: Value = serde_json::from_slice(&body).unwrap();
                // As `deleted` says of some kinds only.
                document["in_the_trash"] = json!(trashed.contains(&id));
                objects.insert((kind, id), document);
            }
        }
        Self { objects }
    }

    /// Ids of a kind.
    pub(crate) fn ids(&self, kind: Kind) -> BTreeSet<&str> {
        self.objects.keys().filter(|(of, _)| *of == kind).map(|(_, id)| id.as_str()).collect()
    }

    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.objects.get(&(kind, id.to_owned()))
    }

    /// Only those that `keep` wants.
    pub(crate) fn only(mut self, keep: impl Fn(Kind, &Value) -> bool) -> Self {
        self.objects.retain(|(kind, _), document| keep(*kind, document));
        self
    }

    /// Changes every object of a kind.
    pub(crate) fn change(&mut self, kind: Kind, change: &dyn Fn(&mut Value)) {
        self.objects.iter_mut().filter(|((of, _), _)| *of == kind).for_each(|(_, document)| change(document));
    }

    /// Changes what was made anew.
    pub(crate) fn change_made(&mut self, ids: &NewIds, change: &dyn Fn(Kind, &mut Value)) {
        let made = self.objects.iter_mut().filter(|((kind, id), _)| ids.is_new(*kind, id));
        made.for_each(|((kind, _), document)| change(*kind, document));
    }

    /// Where another state is not this one again: objects that are missing or differ.
    /// What the other one has besides is not looked at.
    pub(crate) fn differences(&self, after: &Self, ids: &NewIds) -> Vec<String> {
        let mut found = Vec::new();
        let names = [self.part_names(ids), after.part_names(&NewIds::default())];
        for ((kind, id), document) in &self.objects {
            let now = ids.now(*kind, id);
            let Some(there) = after.get(*kind, now) else {
                found.push(format!("{} {id}: is not there as {now}", kind.name()));
                continue;
            };
            let is_new = ids.is_new(*kind, id);
            let has_new_parts = part_ids(document) != part_ids(there);
            let made = if is_new || has_new_parts { OF_NEW } else { &[][..] };
            let of_user = if is_new && *kind == Kind::User { OF_NEW_USERS } else { &[][..] };
            let ignored = [SERVERS, of_user, made].concat();
            let [before, there] = [ids.lead(document), there.clone()].map(|one| told(*kind, one, is_new));
            let [before, there] =
                [named(&before, &names[0]), named(&there, &names[1])].map(|one| said(&one, &ignored));
            let there = placed(there, &before);
            let at = format!("{} {id}", kind.name());
            differences(&before, &there, &at, &mut found);
        }
        found
    }

    /// What people see of parts, by list and id.
    fn part_names(&self, ids: &NewIds) -> HashMap<(&'static str, String), String> {
        let mut names = HashMap::new();
        for document in self.objects.values() {
            note_parts(&ids.lead(document), &mut names);
        }
        names
    }
}

/// Takes away what cannot be brought back: a role without a permission set, which real
/// instances were seen to have, what lies in the trash, and what lies in the folder of the
/// API key's user, who is there on any instance, and has none there.
pub(crate) fn tidy(looker: &Looker) {
    looker.purge(Kind::Role, "4").unwrap();
    for kind in [Kind::User, Kind::GroupHierarchy] {
        for (id, body) in looker.export(kind) {
            let mut document: Value = serde_json::from_slice(&body).unwrap();
            let roles = document["role_ids"].as_array_mut().unwrap();
            roles.retain(|role| role != "4");
            looker.set(kind, &id, &[("role_ids", &json!(roles).to_string())]).unwrap();
        }
    }
    let user: Value = serde_json::from_slice(&looker.export(Kind::User)[0].1).unwrap();
    let own = user["personal_folder_id"].as_str().unwrap();
    for kind in [Kind::Dashboard, Kind::Look] {
        for id in looker.ids(kind, true) {
            looker.purge(kind, &id).unwrap();
        }
        for id in looker.ids_in(kind, own, false) {
            looker.move_to(kind, &id, &looker.shared_folder_ids()[0]).unwrap();
        }
    }
}

/// Every object is there again as it was.
#[track_caller]
pub(crate) fn assert_all_back(before: &State, after: &State, ids: &NewIds) {
    let found = before.differences(after, ids);
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}
