//! What people do to an instance, by requests of their own; what is refused is left.

use looker_sim::Kind;
use serde_json::{Value, json};

use super::api::Somebody;
use super::looker::Looker;
use super::seeded::Seeded;

/// A request: method, path and body.
type Blow = (&'static str, String, Value);

/// Somebody who does harm.
pub(crate) struct Vandal<'v> {
    pub(crate) looker: &'v Looker,
    pub(crate) somebody: &'v Somebody,
    pub(crate) chance: &'v mut Seeded,
}

impl Vandal<'_> {
    /// Does one thing to one object; what it was.
    pub(crate) fn strike(&mut self) -> String {
        let (method, path, body) = match self.chance.between(0, 4) {
            0 => self.at_a_dashboard(),
            1 => self.at_parts(),
            2 => self.at_other_content(),
            _ => self.at_people(),
        };
        let (status, _) = self.somebody.ask(method, &path, &body);
        format!("{method} {path} {body}: {status}")
    }

    fn one(&mut self, ids: &[String]) -> String {
        let at = self.chance.between(0, ids.len().max(1) as u64) as usize;
        ids.get(at).cloned().unwrap_or_default()
    }

    fn any(&mut self, kind: Kind) -> String {
        let ids = self.looker.ids(kind, false);
        self.one(&ids)
    }

    fn folder(&mut self) -> String {
        let ids = self.looker.shared_folder_ids();
        self.one(&ids)
    }

    /// A part of some object, from a list of it or from lists within another list.
    fn part(&mut self, of: &str, path: &[&str]) -> String {
        let document = self.somebody.ask("GET", of, &Value::Null).1;
        let mut found = vec![document];
        for list in path {
            let inside = found.iter().flat_map(|one| one[*list].as_array().cloned().unwrap_or_default());
            found = inside.filter(|one| one["deleted"] != true).collect();
        }
        let ids: Vec<String> = found.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
        self.one(&ids)
    }

    fn at_a_dashboard(&mut self) -> Blow {
        let path = format!("/dashboards/{}", self.any(Kind::Dashboard));
        let what = self.chance.between(0, 6);
        let body = match what {
            0 => json!({ "title": "Damaged ü", "description": null }),
            1 => json!({ "deleted": true }),
            2 => json!({ "folder_id": self.folder() }),
            3 => json!({ "user_id": self.any(Kind::User) }),
            4 => json!({ "certification_status": "certified", "notes": "not ours" }),
            _ => return ("DELETE", path, Value::Null),
        };
        ("PATCH", if what == 4 { path + "/certification" } else { path }, body)
    }

    fn at_parts(&mut self) -> Blow {
        let dashboard = format!("/dashboards/{}", self.any(Kind::Dashboard));
        let board = format!("/boards/{}", self.any(Kind::Board));
        let place = ["dashboard_layouts", "dashboard_layout_components"];
        match self.chance.between(0, 8) {
            0 => {
                let tile = self.part(&dashboard, &["dashboard_elements"]);
                ("PATCH", format!("/dashboard_elements/{tile}"), json!({ "note_text": "damaged" }))
            }
            1 => {
                let tile = self.part(&dashboard, &["dashboard_elements"]);
                ("DELETE", format!("/dashboard_elements/{tile}"), Value::Null)
            }
            2 => {
                let place = self.part(&dashboard, &place);
                ("PATCH", format!("/dashboard_layout_components/{place}"), json!({ "row": 60, "column": 2 }))
            }
            3 => {
                let filter = self.part(&dashboard, &["dashboard_filters"]);
                let body = json!({ "title": "damaged", "name": "damaged", "row": 9 });
                ("PATCH", format!("/dashboard_filters/{filter}"), body)
            }
            4 => {
                let filter = self.part(&dashboard, &["dashboard_filters"]);
                ("DELETE", format!("/dashboard_filters/{filter}"), Value::Null)
            }
            5 => {
                let item = self.part(&board, &["board_sections", "board_items"]);
                ("DELETE", format!("/board_items/{item}"), Value::Null)
            }
            6 => {
                let section = self.part(&board, &["board_sections"]);
                ("PATCH", format!("/board_sections/{section}"), json!({ "title": "Damaged" }))
            }
            _ => {
                let section = self.part(&board, &["board_sections"]);
                ("DELETE", format!("/board_sections/{section}"), Value::Null)
            }
        }
    }

    fn at_other_content(&mut self) -> Blow {
        let look = format!("/looks/{}", self.any(Kind::Look));
        let board = format!("/boards/{}", self.any(Kind::Board));
        let folder = self.folder();
        let plan = format!("/scheduled_plans/{}", self.any(Kind::ScheduledPlan));
        let alert = format!("/alerts/{}", self.any(Kind::Alert));
        match self.chance.between(0, 12) {
            0 => ("PATCH", look, json!({ "deleted": true })),
            1 => ("DELETE", look, Value::Null),
            2 => ("PATCH", look, json!({ "title": "Damaged", "folder_id": folder })),
            3 => ("PATCH", board, json!({ "title": "Damaged" })),
            4 => ("DELETE", board, Value::Null),
            5 => ("PATCH", format!("/folders/{folder}"), json!({ "name": format!("Damaged {folder}") })),
            // With all that is in it, for ever.
            6 => ("DELETE", format!("/folders/{folder}"), Value::Null),
            7 => ("PATCH", plan, json!({ "name": "Damaged", "timezone": "Asia/Tokyo" })),
            8 => ("DELETE", plan, Value::Null),
            9 => ("PATCH", alert, json!({ "threshold": 77 })),
            10 => ("DELETE", alert, Value::Null),
            _ => (
                "PATCH",
                format!("/themes/{}", self.any(Kind::Theme)),
                json!({ "end_at": null, "begin_at": null }),
            ),
        }
    }

    fn at_people(&mut self) -> Blow {
        let user = self.any(Kind::User);
        let group = self.any(Kind::GroupHierarchy);
        let other = self.any(Kind::GroupHierarchy);
        // The first two are Looker's own.
        let roles: Vec<String> =
            self.looker.ids(Kind::Role, false).into_iter().filter(|id| id != "1" && id != "2").collect();
        let role = self.one(&roles);
        let (user_path, group_path) = (format!("/users/{user}"), format!("/groups/{group}"));
        match self.chance.between(0, 13) {
            0 => ("PATCH", user_path, json!({ "last_name": "Damaged", "locale": "fr" })),
            1 if self.owns_nothing(&user) => ("DELETE", user_path, Value::Null),
            2 => ("PATCH", group_path, json!({ "can_add_to_content_metadata": false })),
            3 => ("DELETE", group_path, Value::Null),
            4 => ("POST", group_path + "/users", json!({ "user_id": user })),
            5 => ("DELETE", format!("{group_path}/users/{user}"), Value::Null),
            6 => ("POST", group_path + "/groups", json!({ "group_id": other })),
            7 => ("PUT", format!("/roles/{role}/groups"), json!([other])),
            8 if user != "1" => ("PUT", user_path + "/roles", json!([role])),
            9 => ("DELETE", format!("/roles/{role}"), Value::Null),
            10 => {
                let set = self.any(Kind::PermissionSet);
                ("PATCH", format!("/permission_sets/{set}"), json!({ "permissions": ["access_data"] }))
            }
            11 => {
                let set = self.any(Kind::ModelSet);
                ("PATCH", format!("/model_sets/{set}"), json!({ "models": [] }))
            }
            _ => {
                let attribute = self.any(Kind::UserAttribute);
                let body = json!({ "label": format!("Damaged {attribute}") });
                ("PATCH", format!("/user_attributes/{attribute}"), body)
            }
        }
    }

    /// Whether nothing lies in a user's own folder: that goes into the trash with its user,
    /// of a folder that is gone for ever, where no undo can put it.
    fn owns_nothing(&self, user: &str) -> bool {
        let user = self.somebody.ask("GET", &format!("/users/{user}"), &Value::Null).1;
        let Some(folder) = user["personal_folder_id"].as_str() else { return true };
        let holds = |kind| {
            [false, true].into_iter().any(|trashed| !self.looker.ids_in(kind, folder, trashed).is_empty())
        };
        !holds(Kind::Dashboard) && !holds(Kind::Look)
    }
}
