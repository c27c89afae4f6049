//! Every kind of tile comes back: changed, deleted, and with its whole dashboard.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::restored::{NewIds, OF_NEW, State, assert_all_back, assert_is_back, lost};

/// An instance with a dashboard for tiles.
struct Place {
    looker: Looker,
    world: World,
    somebody: Somebody,
    dashboard: String,
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

impl Place {
    fn new() -> Self {
        let config =
            SimConfig { seed: 5, dashboards: 3, looks: 4, folders: 3, users: 3, ..SimConfig::default() };
        let looker = Looker::start(config);
        let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
        let folder = looker.shared_folder_ids()[0].clone();
        let made = somebody.done("POST", "/dashboards", &json!({ "title": "Tiles", "folder_id": folder }));
        let dashboard = id(&made).to_owned();
        let place = Self { looker, world, somebody, dashboard };
        place.make("/dashboard_elements", json!({ "type": "text", "title_text": "An anchor" }));
        place
    }

    /// Makes a part of the dashboard; its id.
    fn make(&self, path: &str, mut body: Value) -> String {
        body["dashboard_id"] = json!(self.dashboard);
        id(&self.somebody.done("POST", path, &body)).to_owned()
    }

    fn document(&self, dashboard: &str) -> Value {
        self.somebody.get(&format!("/dashboards/{dashboard}"))
    }

    /// Ids of two looks and of their queries.
    fn looks(&self) -> [[String; 2]; 2] {
        let ids = self.looker.ids(Kind::Look, false);
        [0, 1].map(|at| {
            let look = self.somebody.get(&format!("/looks/{}", ids[at]));
            [ids[at].clone(), look["query_id"].as_str().unwrap().to_owned()]
        })
    }

    fn restore(&self) -> Value {
        let line = format!(
            "restore dashboard:{} --as-of 1 --yes --on-conflict overwrite --allow-irreversible --json",
            self.dashboard
        );
        let ran = self.world.run(&line);
        assert!(!ran.out.is_empty(), "{}", ran.all());
        assert_eq!((ran.code, lost(&ran.report()).join("\n")), (0, String::new()));
        ran.report()
    }

    /// A tile is changed, deleted, and purged with its dashboard; each time it comes back.
    #[track_caller]
    fn survives(&self, tile: Value, change: &Value) {
        let tile = self.make("/dashboard_elements", tile);
        self.world.extract("all").complete();
        let before = self.document(&self.dashboard);
        let path = format!("/dashboard_elements/{tile}");
        self.somebody.done("PATCH", &path, change);
        self.restore();
        // In place: also under its id.
        assert_is_back(&before, &self.document(&self.dashboard), &[]);
        self.somebody.done("DELETE", &path, &Value::Null);
        self.restore();
        assert_is_back(&before, &self.document(&self.dashboard), OF_NEW);
        self.somebody.done("DELETE", &format!("/dashboards/{}", self.dashboard), &Value::Null);
        let report = self.restore();
        let now = report["objects"][0]["new_id"].as_str().unwrap();
        assert_is_back(&before, &self.document(now), OF_NEW);
        assert_eq!(self.looker.outbox(), [], "nobody is written to");
    }
}

#[test]
fn a_tile_with_a_query() {
    let place = Place::new();
    let [[_, first], [_, second]] = place.looks();
    let tile = json!({ "type": "vis", "title": "A query", "query_id": first, "note_text": "n", "note_display": "hover" });
    place.survives(tile, &json!({ "query_id": second, "title": "Another", "note_text": null }));
}

#[test]
fn a_tile_with_a_look() {
    let place = Place::new();
    let [[first, _], [second, _]] = place.looks();
    place
        .survives(json!({ "type": "vis", "look_id": first }), &json!({ "look_id": second, "title": "Mine" }));
}

#[test]
fn a_tile_with_a_merge_query() {
    let place = Place::new();
    let [[_, first], [_, second]] = place.looks();
    let sources =
        [&first, &second].map(|query| json!({ "name": "s", "query_id": query, "merge_fields": [] }));
    let merge = place.somebody.done("POST", "/merge_queries", &json!({ "source_queries": sources }));
    let tile = json!({ "type": "vis", "title": "Merged", "merge_result_id": id(&merge) });
    place.survives(tile, &json!({ "query_id": first }));
}

#[test]
fn a_text_tile() {
    let tile =
        json!({ "type": "text", "title_text": "T", "subtitle_text": "S", "body_text": "Ünïcode & <b>" });
    Place::new().survives(tile, &json!({ "body_text": "gone", "subtitle_text": null }));
}

#[test]
fn a_text_tile_in_markdown() {
    let body =
        "# Head\n\n* one [link](https://example.com/?a=1&b=2)\n* `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
    Place::new().survives(json!({ "type": "text", "body_text": body }), &json!({ "body_text": "# Other\n" }));
}

#[test]
fn a_button() {
    let button =
        |text: &str| json!({ "text": text, "href": "https://example.com", "newTab": true }).to_string();
    let tile = json!({ "type": "button", "rich_content_json": button("Go “there”") });
    Place::new().survives(tile, &json!({ "rich_content_json": button("Stay") }));
}

#[test]
fn an_extension() {
    let tile = json!({ "type": "extension", "title": "E", "extension_id": "thelook::kpi-explorer" });
    Place::new().survives(tile, &json!({ "extension_id": "thelook::other", "title": null }));
}

#[test]
fn a_filter_tile() {
    let place = Place::new();
    let filter =
        json!({ "name": "Region", "title": "Region", "type": "string_filter", "default_value": "EMEA" });
    let filter = place.make("/dashboard_filters", filter);
    place.survives(
        json!({ "type": "filter", "title": "Region", "filter_id": filter }),
        &json!({ "title": "Elsewhere", "filter_id": null }),
    );
}

/// What hangs on tiles hangs on them still, whatever becomes of the dashboard.
#[test]
fn alerts_and_followers_keep_their_tiles() {
    let config =
        SimConfig { seed: 9, dashboards: 12, looks: 4, folders: 4, users: 5, ..SimConfig::default() };
    let looker = Looker::start(config);
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let alerts: Vec<(String, Value)> = looker
        .export(Kind::Alert)
        .into_iter()
        .map(|(id, body)| (id, serde_json::from_slice(&body).unwrap()))
        .collect();
    let tile_of = |alert: &Value| alert["dashboard_element_id"].as_str().map(str::to_owned);
    let holds = |dashboard: &str, tile: &str| {
        let document = somebody.get(&format!("/dashboards/{dashboard}"));
        document["dashboard_elements"].as_array().unwrap().iter().any(|one| one["id"] == tile)
    };
    let all = looker.ids(Kind::Dashboard, false);
    let (alert, key) = alerts
        .iter()
        .find_map(|(alert, document)| {
            let tile = tile_of(document)?;
            Some((alert.clone(), all.iter().find(|one| holds(one, &tile))?.clone()))
        })
        .unwrap();
    somebody.done("POST", &format!("/alerts/{alert}/follow"), &Value::Null);
    world.extract("all").complete();
    let (before, followers) = (State::of(&looker), looker.followers(&alert));
    assert!(!followers.is_empty());

    let document = somebody.get(&format!("/dashboards/{key}"));
    let patch = |path: String, body: Value| somebody.done("PATCH", &path, &body);
    for tile in document["dashboard_elements"].as_array().unwrap() {
        patch(
            format!("/dashboard_elements/{}", id(tile)),
            json!({ "title_hidden": true, "note_text": "wrecked" }),
        );
    }
    let places = document["dashboard_layouts"][0]["dashboard_layout_components"].as_array().unwrap();
    for (at, one) in places.iter().rev().enumerate() {
        patch(
            format!("/dashboard_layout_components/{}", id(one)),
            json!({ "row": at, "column": 1, "width": 2 }),
        );
    }
    let elsewhere =
        looker.shared_folder_ids().into_iter().find(|one| document["folder_id"] != one.as_str()).unwrap();
    let owner =
        looker.ids(Kind::User, false).into_iter().find(|one| document["user_id"] != one.as_str()).unwrap();
    patch(
        format!("/dashboards/{key}"),
        json!({ "title": "Wrecked", "folder_id": elsewhere, "user_id": owner }),
    );
    patch(format!("/dashboards/{key}"), json!({ "deleted": true }));

    let ran = world.run(&format!("restore dashboard:{key} --as-of 1 --yes --on-conflict overwrite --json"));
    assert_eq!((ran.code, lost(&ran.report()).join("\n")), (0, String::new()));
    assert_eq!(ran.report()["objects"][0]["action"], "undelete");
    assert_all_back(&before, &State::of(&looker), &NewIds::default());
    assert_eq!(looker.followers(&alert), followers);
    for (alert, document) in &alerts {
        let now: Value = serde_json::from_slice(
            &looker.export(Kind::Alert).into_iter().find(|(id, _)| id == alert).unwrap().1,
        )
        .unwrap();
        assert_eq!(tile_of(&now), tile_of(document), "alert {alert}");
    }
}

#[test]
fn groups_and_roles_that_were_removed_come_back() {
    let config = SimConfig { seed: 9, dashboards: 3, looks: 2, folders: 3, users: 5, ..SimConfig::default() };
    let looker = Looker::start(config);
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    world.extract("all").complete();
    let before = State::of(&looker).only(|kind, _| matches!(kind, Kind::GroupHierarchy | Kind::Role));
    for path in ["/groups/3", "/roles/3"] {
        somebody.done("DELETE", path, &Value::Null);
    }
    let ran = world.run("restore group:3 role:3 --as-of 1 --yes --json");
    assert_eq!((ran.code, lost(&ran.report()).join("\n")), (0, String::new()), "{}", ran.err);
    assert_all_back(&before, &State::of(&looker), &NewIds::told(&ran.report()));
}
