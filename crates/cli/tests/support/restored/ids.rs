//! Ids of what was made anew.

use std::collections::HashMap;

use looker_sim::Kind;
use serde_json::{Value, json};

use super::{COMPARED, State};

/// Fields that hold the id of another object, or a list of them.
const REFERENCES: [(&str, Kind); 15] = [
    ("color_collection_id", Kind::ColorCollection),
    ("dashboard_id", Kind::Dashboard),
    ("folder_id", Kind::Folder),
    ("group_ids", Kind::GroupHierarchy),
    ("home_folder_id", Kind::Folder),
    ("investigative_content_id", Kind::Dashboard),
    ("look_id", Kind::Look),
    ("model_set_id", Kind::ModelSet),
    ("owner_id", Kind::User),
    ("parent_group_ids", Kind::GroupHierarchy),
    ("parent_id", Kind::Folder),
    ("permission_set_id", Kind::PermissionSet),
    ("personal_folder_id", Kind::Folder),
    ("role_ids", Kind::Role),
    ("user_id", Kind::User),
];

/// What was made anew, with the ids that it has now.
#[derive(Debug, Default, Clone)]
pub(crate) struct NewIds(HashMap<(Kind, String), String>);

impl NewIds {
    /// Those that the report of a restore names.
    pub(crate) fn told(report: &Value) -> Self {
        let mut ids = Self::default();
        ids.add(report);
        ids
    }

    /// And those of another one.
    pub(crate) fn add(&mut self, report: &Value) {
        for object in report["objects"].as_array().unwrap() {
            let kind = COMPARED.iter().find(|(_, name)| object["kind"] == *name).map(|(kind, _)| *kind);
            let id = object["id"].as_str().unwrap();
            let now = object["new_id"].as_str();
            // What is made may come by the id that it had.
            let now = now.or_else(|| (object["action"] == "create").then_some(id));
            if let (Some(kind), Some(now)) = (kind, now) {
                self.0.insert((kind, id.to_owned()), now.to_owned());
            }
        }
    }

    /// The id that an object has now.
    pub(crate) fn now<'i>(&'i self, kind: Kind, id: &'i str) -> &'i str {
        self.0.get(&(kind, id.to_owned())).map_or(id, String::as_str)
    }

    /// And the folders that came with new users.
    pub(crate) fn add_personal_folders(&mut self, before: &State, after: &State) {
        for id in before.ids(Kind::User) {
            let folder = |state: &State, id: &str| {
                state
                    .get(Kind::User, id)
                    .and_then(|user| user["personal_folder_id"].as_str().map(str::to_owned))
            };
            if let (Some(was), Some(is)) = (folder(before, id), folder(after, self.now(Kind::User, id))) {
                self.0.insert((Kind::Folder, was), is);
            }
        }
    }

    pub(super) fn is_new(&self, kind: Kind, id: &str) -> bool {
        self.0.contains_key(&(kind, id.to_owned()))
    }

    /// The document with these ids where it refers to other objects.
    pub(super) fn lead(&self, document: &Value) -> Value {
        match document {
            Value::Object(members) => {
                members.iter().map(|(name, value)| self.lead_member(name, value)).collect()
            }
            Value::Array(list) => list.iter().map(|one| self.lead(one)).collect(),
            other => other.clone(),
        }
    }

    fn lead_member(&self, name: &str, value: &Value) -> (String, Value) {
        let kind = REFERENCES.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind);
        let value = match (kind, value.as_str()) {
            (Some(kind), Some(id)) => json!(self.now(kind, id)),
            (Some(kind), None) if value.is_array() => {
                let ids = value.as_array().unwrap().iter();
                ids.map(|id| id.as_str().map_or_else(|| id.clone(), |id| json!(self.now(kind, id)))).collect()
            }
            _ => self.lead(value),
        };
        (name.to_owned(), value)
    }
}
