//! `restore` of access lists: who may see and edit folders and boards.
//!
//! Rows are compared by whose content they are of, and who may do what, since the rows
//! of something that was made anew have other ids.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --allow-irreversible --json";

/// A Looker with one folder in another, each with a list of its own.
struct Place {
    looker: Looker,
    world: World,
    somebody: Somebody,
    /// Folders by id: the outer one, the inner one, and one that inherits.
    outer: String,
    inner: String,
    other: String,
}

impl Place {
    fn new() -> Self {
        let looker = Looker::start(SimConfig {
            seed: 5,
            dashboards: 4,
            looks: 2,
            folders: 3,
            users: 6,
            groups: 5,
            ..SimConfig::default()
        });
        let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
        let folder = |name: &str, parent: &str| {
            let made = somebody.done("POST", "/folders", &json!({ "name": name, "parent_id": parent }));
            made["id"].as_str().unwrap().to_owned()
        };
        let outer = folder("Outer", "1");
        let inner = folder("Inner", &outer);
        let other = folder("Other", &outer);
        let place = Self { looker, world, somebody, outer, inner, other };
        place.give(
            &place.outer,
            &[("group_id", "2", "view"), ("group_id", "3", "edit"), ("user_id", "3", "view")],
        );
        place.give(&place.inner, &[("group_id", "2", "edit")]);
        place
    }

    fn metadata(&self, folder: &str) -> String {
        let folder = self.somebody.get(&format!("/folders/{folder}"));
        folder["content_metadata_id"].as_str().unwrap().to_owned()
    }

    fn rows(&self, folder: &str) -> Vec<Value> {
        let list = format!("/content_metadata_access?content_metadata_id={}", self.metadata(folder));
        self.somebody.get(&list).as_array().unwrap().clone()
    }

    /// Gives a folder a list of its own, with these rows besides those of the groups
    /// that everybody is in.
    fn give(&self, folder: &str, rows: &[(&str, &str, &str)]) {
        let metadata = self.metadata(folder);
        self.inherits(folder, false);
        for (field, holder, permission) in rows {
            let is_its = |row: &&Value| row[*field].as_str() == Some(holder);
            if let Some(row) = self.rows(folder).iter().find(is_its) {
                self.change(row, permission);
                continue;
            }
            let row =
                json!({ "content_metadata_id": metadata, *field: holder, "permission_type": permission });
            self.somebody.done("POST", "/content_metadata_access", &row);
        }
    }

    fn change(&self, row: &Value, permission: &str) {
        let path = format!("/content_metadata_access/{}", row["id"].as_str().unwrap());
        self.somebody.done("PUT", &path, &json!({ "permission_type": permission }));
    }

    fn inherits(&self, folder: &str, inherits: bool) {
        let path = format!("/content_metadata/{}", self.metadata(folder));
        self.somebody.done("PATCH", &path, &json!({ "inherits": inherits }));
    }

    fn row_of(&self, folder: &str, field: &str, holder: &str) -> Value {
        self.rows(folder).into_iter().find(|row| row[field].as_str() == Some(holder)).unwrap()
    }

    /// Who may do what, by the name of the folder; none of a folder that inherits.
    fn access(&self) -> BTreeMap<String, BTreeSet<String>> {
        let folders: Vec<Value> = self
            .somebody
            .get("/folders")
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["name"] != "lookml")
            .cloned()
            .collect();
        let mut access = BTreeMap::new();
        for folder in folders.iter().filter(|folder| folder["content_metadata_id"].is_string()) {
            let metadata = folder["content_metadata_id"].as_str().unwrap();
            let list = format!("/content_metadata_access?content_metadata_id={metadata}");
            let mut rows: BTreeSet<String> = BTreeSet::new();
            if self.somebody.get(&format!("/content_metadata/{metadata}"))["inherits"] == false {
                for row in self.somebody.get(&list).as_array().unwrap() {
                    rows.insert(format!("{} {} {}", row["group_id"], row["user_id"], row["permission_type"]));
                }
            }
            access.insert(format!("{}/{}", folder["parent_id"], folder["name"]), rows);
        }
        access
    }
}

/// The objects of a report with which something is wrong.
fn open(report: &Value) -> Vec<&Value> {
    let is_open = |object: &&Value| object["exact"] == false || object["failures"] != json!([]);
    report["objects"].as_array().unwrap().iter().filter(is_open).collect()
}

#[test]
fn lists_that_somebody_changed_come_back_row_by_row() {
    let place = Place::new();
    place.world.extract("all").complete();
    let before = place.access();
    let kept = place.row_of(&place.outer, "group_id", "2");
    let edited = place.row_of(&place.outer, "group_id", "3");
    place.change(&edited, "view");
    let gone = place.row_of(&place.outer, "user_id", "3");
    let path = format!("/content_metadata_access/{}", gone["id"].as_str().unwrap());
    place.somebody.done("DELETE", &path, &Value::Null);
    place.give(&place.outer, &[("group_id", "4", "edit")]);
    place.give(&place.other, &[("user_id", "4", "edit")]);
    place.inherits(&place.inner, true);
    assert_ne!(before, place.access());

    let line = format!("restore --kind content_metadata,content_metadata_access {AS_IT_WAS}");
    let report = place.world.run(&line);
    assert_eq!(report.code, 0, "{:#?}", open(&report.report()));
    assert_eq!(before, place.access());
    assert_eq!(kept, place.row_of(&place.outer, "group_id", "2"), "what was as it should be is not touched");
    assert_eq!(edited["id"], place.row_of(&place.outer, "group_id", "3")["id"]);
    assert_eq!(place.looker.outbox(), [], "nobody is written to");
    let again =
        place.world.run("restore plan --kind content_metadata,content_metadata_access --as-of 1 --json");
    assert_eq!(again.report()["steps"], json!([]), "{}", again.all());
}

#[test]
fn folders_that_are_made_anew_get_their_lists() {
    let place = Place::new();
    place.world.extract("all").complete();
    let ids = |access: BTreeMap<String, BTreeSet<String>>| access.into_values().collect::<Vec<_>>();
    let before = place.access();
    place.somebody.done("DELETE", &format!("/folders/{}", place.outer), &Value::Null);
    let wrecked = place.access();
    assert_eq!(wrecked.len() + 3, before.len());

    let folders = [&place.outer, &place.inner, &place.other].map(|id| format!("folder:{id}")).join(" ");
    let alone = place.world.run(&format!("restore plan {folders} --as-of 1 --json"));
    let notes = alone.report()["objects"][0]["notes"].to_string();
    assert!(notes.contains("its access list stays away"), "{notes}");

    let report = place.world.run(&format!("restore {folders} --with-dependencies {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    let sorted = |access| {
        let mut lists = ids(access);
        lists.sort();
        lists
    };
    assert_eq!(sorted(before), sorted(place.access()));
    let again = place.world.run(&format!("restore plan {folders} --with-dependencies --as-of 1 --json"));
    assert_eq!(again.report()["steps"], json!([]), "{}", again.all());

    let undone = place.world.run("restore undo 1 --yes --json --allow-irreversible");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(wrecked, place.access());
}

#[test]
fn an_undo_lets_content_inherit_again() {
    let place = Place::new();
    place.world.extract("all").complete();
    place.inherits(&place.inner, true);
    let wrecked = place.access();
    let list = format!("content_metadata_access:{}", place.metadata(&place.inner));
    let report = place.world.run(&format!("restore {list} {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    assert_ne!(wrecked, place.access());
    let undone = place.world.run("restore undo 1 --yes --json --allow-irreversible");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(wrecked, place.access());
}

#[test]
fn who_is_not_there_any_more_gets_no_access() {
    let place = Place::new();
    place.world.extract("all").complete();
    place.somebody.done("DELETE", "/groups/3", &Value::Null);
    let list = format!("content_metadata_access:{}", place.metadata(&place.outer));
    let report = place.world.run(&format!("restore plan {list} --as-of 1 --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let notes = report.report()["objects"][0]["notes"].to_string();
    assert!(notes.contains("it gets no access"), "{notes}");
}

#[test]
fn the_list_of_what_is_only_led_is_left() {
    let place = Place::new();
    let Place { looker, world, somebody, .. } = &place;
    let [lost, board] = [Kind::Dashboard, Kind::Board].map(|kind| looker.ids(kind, false)[0].clone());
    let path = format!("/boards/{board}");
    let metadata = somebody.get(&path)["content_metadata_id"].clone();
    let rows = || {
        somebody.get(&format!("/content_metadata_access?content_metadata_id={}", metadata.as_str().unwrap()))
    };
    let give = |group: &str| {
        let row = json!({ "content_metadata_id": metadata, "group_id": group, "permission_type": "view" });
        somebody.done("POST", "/content_metadata_access", &row);
    };
    somebody.done(
        "PATCH",
        &format!("/content_metadata/{}", metadata.as_str().unwrap()),
        &json!({ "inherits": false }),
    );
    give("2");
    world.extract("all").complete();
    somebody.done("PATCH", &path, &json!({ "description": format!("see /dashboards/{lost}") }));
    give("4");
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    let was = rows();

    let report = world.run(&format!("restore dashboard:{lost} --relink --with-dependencies {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = report.report()["objects"][0]["new_id"].as_str().unwrap().to_owned();
    assert_eq!(somebody.get(&path)["description"], format!("see /dashboards/{made}"));
    assert_eq!(rows(), was);
}
