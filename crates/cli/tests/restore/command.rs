//! `restore` against an instance that somebody has wrecked.
//!
//! What comes back is compared with what was there, as the simulated Looker shows it.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::restored::{NewIds, OF_NEW, State, assert_all_back, assert_is_back};

fn looker() -> Looker {
    Looker::start(SimConfig {
        seed: 7,
        dashboards: 30,
        looks: 12,
        folders: 6,
        users: 5,
        ..SimConfig::default()
    })
}

/// A looker whose content is in a vault, as run 1.
fn extracted() -> (Looker, World, Somebody) {
    let looker = looker();
    let world = looker.world();
    world.extract("all").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

/// A dashboard with several sorts of tiles, two filters and a layout, of which none
/// has tabs.
fn rich(looker: &Looker, somebody: &Somebody) -> (String, Value) {
    let all = looker.ids(Kind::Dashboard, false).into_iter().map(|id| {
        let document = somebody.get(&format!("/dashboards/{id}"));
        (id, document)
    });
    let count = |document: &Value, list: &str| document[list].as_array().unwrap().len();
    let fits = |(_, document): &(String, Value)| {
        (4..20).contains(&count(document, "dashboard_elements")) && count(document, "dashboard_filters") > 1
    };
    all.into_iter().find(fits).unwrap()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --allow-irreversible --json";

#[test]
fn tiles_filters_and_places_come_back_under_their_ids() {
    let (looker, world, somebody) = extracted();
    let (key, before) = rich(&looker, &somebody);
    let [first, second, ..] = before["dashboard_filters"].as_array().unwrap().as_slice() else { panic!() };
    let tiles = before["dashboard_elements"].as_array().unwrap();
    let patch = |path: &str, body: Value| somebody.done("PATCH", path, &body);
    patch(&format!("/dashboards/{key}"), json!({ "title": "Wrecked", "description": null }));
    patch(&format!("/dashboard_elements/{}", id(&tiles[0])), json!({ "title": "broken", "note_text": "x" }));
    // The filters swap their names, which no two may have at one time.
    let names = |filter: &Value| json!({ "name": filter["name"], "title": filter["title"] });
    patch(&format!("/dashboard_filters/{}", id(first)), json!({ "name": "aside", "title": "aside" }));
    patch(&format!("/dashboard_filters/{}", id(second)), names(first));
    patch(&format!("/dashboard_filters/{}", id(first)), names(second));
    let places = before["dashboard_layouts"][0]["dashboard_layout_components"].as_array().unwrap();
    patch(
        &format!("/dashboard_layout_components/{}", id(places.last().unwrap())),
        json!({ "row": 77, "column": 3 }),
    );

    let plan = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json"));
    assert_eq!(plan.code, 3, "a conflict needs somebody: {}", plan.all());
    let refused = world.run(&format!("restore dashboard:{key} --as-of 1 --yes --json"));
    assert_eq!((refused.code, refused.failure()["kind"].as_str()), (3, Some("restore.conflict")));
    looker.reset_stats();
    let report = world.run(&format!("restore dashboard:{key} {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    assert_eq!(report.report()["objects"][0]["exact"], true);
    assert_is_back(&before, &somebody.get(&format!("/dashboards/{key}")), &[]);
    assert_eq!(looker.outbox(), [], "nobody is written to");

    // Once more there is nothing to do, and that costs the reading only.
    let again = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json"));
    assert_eq!((again.code, again.report()["steps"].as_array().unwrap().len()), (0, 0), "{}", again.all());
}

#[test]
fn a_dashboard_comes_out_of_the_trash_with_its_id() {
    let (looker, world, somebody) = extracted();
    let (key, before) = rich(&looker, &somebody);
    looker.trash(Kind::Dashboard, &key).unwrap();
    let report = world.run(&format!("restore dashboard:{key} {AS_IT_WAS}")).report();
    assert_eq!((&report["objects"][0]["action"], &report["state"]), (&json!("undelete"), &json!("complete")));
    assert_is_back(&before, &somebody.get(&format!("/dashboards/{key}")), &[]);
}

#[test]
fn what_was_purged_is_made_anew_once() {
    let (looker, world, somebody) = extracted();
    let (key, before) = rich(&looker, &somebody);
    looker.purge(Kind::Dashboard, &key).unwrap();
    let count = looker.ids(Kind::Dashboard, false).len();
    let report = world.run(&format!("restore dashboard:{key} {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = report.report()["objects"][0]["new_id"].as_str().unwrap().to_owned();
    let after = somebody.get(&format!("/dashboards/{made}"));
    assert_is_back(&before, &after, OF_NEW);

    // It is known by its new id from now on.
    let again = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json"));
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count + 1);

    // And an undo puts it into the trash.
    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert!(looker.ids(Kind::Dashboard, true).contains(&made));
}

#[test]
fn a_deleted_tile_comes_back_and_what_an_undo_loses_is_asked_for() {
    let (looker, world, somebody) = extracted();
    let (key, before) = rich(&looker, &somebody);
    let gone = id(&before["dashboard_elements"][1]).to_owned();
    somebody.done("DELETE", &format!("/dashboard_elements/{gone}"), &Value::Null);
    let intruder = json!({ "dashboard_id": key, "type": "text", "title_text": "Intruder", "body_text": "!" });
    somebody.done("POST", "/dashboard_elements", &intruder);
    let wrecked = somebody.get(&format!("/dashboards/{key}"));
    let line = format!("restore dashboard:{key} --as-of 1 --yes --on-conflict overwrite --json");
    let refused = world.run(&line);
    assert_eq!((refused.code, refused.failure()["kind"].as_str()), (3, Some("restore.irreversible")));
    assert_is_back(&wrecked, &somebody.get(&format!("/dashboards/{key}")), &[]);
    let report = world.run(&format!("{line} --allow-irreversible"));
    assert_eq!(report.code, 0, "{}", report.all());
    let after = somebody.get(&format!("/dashboards/{key}"));
    assert_is_back(&before, &after, OF_NEW);
    let kept: Vec<&str> =
        before["dashboard_elements"].as_array().unwrap().iter().map(id).filter(|id| *id != gone).collect();
    let there: Vec<&str> = after["dashboard_elements"].as_array().unwrap().iter().map(id).collect();
    assert!(kept.iter().all(|id| there.contains(id)), "{kept:?} {there:?}");
}

#[test]
fn an_edited_board_and_look_and_folder_come_back() {
    let (looker, world, somebody) = extracted();
    let before = State::of(&looker);
    let patch = |path: &str, body: Value| somebody.done("PATCH", path, &body);
    let look = looker.ids(Kind::Look, false)[0].clone();
    patch(&format!("/looks/{look}"), json!({ "title": "Wrecked", "description": "x" }));
    let other = looker.ids(Kind::Look, false)[1].clone();
    let query = somebody.get(&format!("/looks/{other}"))["query_id"].clone();
    patch(&format!("/looks/{look}"), json!({ "query_id": query }));
    let board = looker.ids(Kind::Board, false).into_iter().map(|id| somebody.get(&format!("/boards/{id}")));
    let sections = |board: &Value| board["board_sections"].as_array().unwrap().len();
    let board = board.into_iter().find(|board| sections(board) > 1).unwrap();
    let mut order = board["section_order"].as_array().unwrap().clone();
    order.reverse();
    patch(&format!("/boards/{}", id(&board)), json!({ "title": "Wrecked", "section_order": order }));
    let section = &board["board_sections"][0];
    patch(&format!("/board_sections/{}", id(section)), json!({ "title": "Wrecked too" }));
    let folder = looker.shared_folder_ids()[1].clone();
    patch(&format!("/folders/{folder}"), json!({ "name": "Wrecked" }));

    let line = format!("restore look:{look} board:{} folder:{folder} {AS_IT_WAS}", id(&board));
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    assert_all_back(&before, &State::of(&looker), &NewIds::default());
    let undone = world.run("restore undo 1 --yes --json --allow-irreversible");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(somebody.get(&format!("/boards/{}", id(&board)))["title"], "Wrecked");
    assert_eq!(somebody.get(&format!("/looks/{look}"))["query_id"], query);
}

#[test]
fn an_emptied_folder_comes_back_with_what_hung_on_its_content() {
    let (looker, world, _) = extracted();
    let folder = looker.shared_folder_ids();
    let full = |folder: &&String| looker.ids_in(Kind::Dashboard, folder, false).len() > 2;
    let folder = folder.iter().find(full).unwrap().clone();
    let dashboards = looker.ids_in(Kind::Dashboard, &folder, false);
    let looks = looker.ids_in(Kind::Look, &folder, false);
    for (at, dashboard) in dashboards.iter().enumerate() {
        if at % 2 == 0 {
            looker.purge(Kind::Dashboard, dashboard).unwrap();
        } else {
            looker.trash(Kind::Dashboard, dashboard).unwrap();
        }
    }
    for look in &looks {
        looker.trash(Kind::Look, look).unwrap();
    }
    let line = format!("restore --folder {folder} --with-dependencies {AS_IT_WAS}");
    let report = world.run(&line);
    let document = report.report();
    let objects = document["objects"].as_array().unwrap().iter();
    let wrong: Vec<&Value> = objects.filter(|object| object["exact"] == false).collect();
    assert_eq!((report.code, wrong), (0, vec![]));
    assert_eq!(looker.ids_in(Kind::Dashboard, &folder, false).len(), dashboards.len());
    assert_eq!(looker.ids_in(Kind::Look, &folder, false).len(), looks.len());
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

#[test]
fn people_and_access_come_back() {
    let (looker, world, somebody) = extracted();
    let before = State::of(&looker);
    let of = |kind: Kind, member: &str| {
        let is_free = |id: &&str| {
            let document = before.get(kind, id).unwrap();
            document[member] != true && document["all_access"] != true
        };
        before.ids(kind).into_iter().find(is_free).unwrap().to_owned()
    };
    let (set, models, attribute) = (
        of(Kind::PermissionSet, "built_in"),
        of(Kind::ModelSet, "built_in"),
        of(Kind::UserAttribute, "is_system"),
    );
    somebody.done("PATCH", &format!("/permission_sets/{set}"), &json!({ "permissions": ["access_data"] }));
    somebody.done("PATCH", &format!("/model_sets/{models}"), &json!({ "models": [] }));
    somebody.done("PATCH", &format!("/user_attributes/{attribute}"), &json!({ "label": "Wrecked" }));
    let line =
        format!("restore permission_set:{set} model_set:{models} user_attribute:{attribute} {AS_IT_WAS}");
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    assert_all_back(&before, &State::of(&looker), &NewIds::default());
}

#[test]
fn a_plan_of_a_file_is_refused_when_something_moved_since() {
    let (looker, world, somebody) = extracted();
    let (key, _) = rich(&looker, &somebody);
    looker.trash(Kind::Dashboard, &key).unwrap();
    let line = format!("restore plan dashboard:{key} --as-of 1 --on-conflict overwrite --out plan.json");
    assert_eq!(world.run(&line).code, 8);
    looker.restore(Kind::Dashboard, &key).unwrap();
    somebody.done("PATCH", &format!("/dashboards/{key}"), &json!({ "title": "Moved on" }));
    let refused = world.run("restore apply plan.json --yes --json");
    assert_eq!(
        (refused.code, refused.failure()["kind"].as_str()),
        (1, Some("restore.moved")),
        "{}",
        refused.all()
    );
    assert_eq!(somebody.get(&format!("/dashboards/{key}?fields=title"))["title"], "Moved on");
}

#[test]
fn wrong_input_is_named() {
    let (_looker, world, _) = extracted();
    let kind = |line: &str| {
        let ran = world.run(&format!("{line} --json"));
        (ran.code, ran.failure()["kind"].as_str().unwrap().to_owned())
    };
    assert_eq!(kind("restore plan"), (2, "usage".to_owned()));
    assert_eq!(kind("restore plan dashbord:1"), (2, "usage".to_owned()));
    assert_eq!(kind("restore plan dashboard:987654"), (1, "restore.nothing".to_owned()));
    assert_eq!(kind("restore plan --folder /Nowhere"), (2, "folder.unknown".to_owned()));
    assert_eq!(kind("restore plan lookml_model:ecommerce"), (2, "restore.kind".to_owned()));
    assert_eq!(kind("restore apply absent.json"), (2, "restore.plan_file".to_owned()));
    assert_eq!(kind("restore resume"), (1, "restore.none".to_owned()));
}
