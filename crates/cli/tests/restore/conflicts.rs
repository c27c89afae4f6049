//! What somebody did after the vault last read it is not undone unasked.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;
use crate::support::restored::assert_is_back;

fn extracted() -> (Looker, World, Somebody) {
    let config =
        SimConfig { seed: 53, dashboards: 10, looks: 4, folders: 4, users: 3, ..SimConfig::default() };
    let looker = Looker::start(config);
    let world = looker.world();
    world.extract("all").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

/// A dashboard with tiles and filters.
fn rich(looker: &Looker, somebody: &Somebody) -> String {
    let has = |document: &Value, list: &str| document[list].as_array().unwrap().len() > 1;
    let is_rich = |id: &String| {
        let document = somebody.get(&format!("/dashboards/{id}"));
        has(&document, "dashboard_elements") && has(&document, "dashboard_filters")
    };
    looker.ids(Kind::Dashboard, false).into_iter().find(is_rich).unwrap()
}

/// The id of a part of a dashboard.
fn first(somebody: &Somebody, dashboard: &str, list: &str) -> String {
    somebody.get(&format!("/dashboards/{dashboard}"))[list][0]["id"].as_str().unwrap().to_owned()
}

/// What the tiles and filters of a dashboard are, whatever their ids.
fn parts(dashboard: &Value) -> Vec<String> {
    let lists = [
        ("dashboard_elements", ["type", "title", "title_text", "body_text"]),
        ("dashboard_filters", ["name", "title", "type", "default_value"]),
    ];
    let of = |(list, fields): (&str, [&str; 4])| {
        let parts = dashboard[list].as_array().unwrap().iter();
        parts.map(|part| format!("{list} {:?}", fields.map(|field| &part[field]))).collect::<Vec<_>>()
    };
    let mut parts = lists.map(of).concat();
    parts.sort();
    parts
}

/// Somebody does this to a dashboard after its last extraction; it stays as it is then.
#[track_caller]
fn stays(told: &str, does: impl FnOnce(&Somebody, &str)) {
    let (looker, world, somebody) = extracted();
    let key = rich(&looker, &somebody);
    let was = parts(&somebody.get(&format!("/dashboards/{key}")));
    does(&somebody, &key);
    let theirs = somebody.get(&format!("/dashboards/{key}"));
    looker.reset_stats();
    // Also where nothing else would hold it up.
    let line = format!("restore dashboard:{key} --allow-irreversible --yes");
    let refused = world.run(&format!("{line} --json"));
    assert_eq!(
        (refused.code, refused.failure()["kind"].as_str()),
        (3, Some("restore.conflict")),
        "{}",
        refused.all()
    );
    let shown = world.run(&line);
    assert!(shown.out.contains(told), "{told}: {}", shown.out);
    assert_eq!(reads_and_writes(&looker.requests()).1, [""; 0]);
    assert_is_back(&theirs, &somebody.get(&format!("/dashboards/{key}")), &[]);
    // A script learns of it, until it has decided.
    let plan = |decision: &str| world.run(&format!("restore plan dashboard:{key} {decision} --json")).code;
    assert_eq!(
        ["", "--on-conflict fail", "--on-conflict overwrite", "--on-conflict skip"].map(plan),
        [3, 3, 8, 0]
    );
    let done = world.run(&format!("{line} --on-conflict overwrite --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    assert_ne!(parts(&theirs), was);
    assert_eq!(parts(&somebody.get(&format!("/dashboards/{key}"))), was);
}

#[test]
fn a_tile_that_somebody_added() {
    stays("tile \"Theirs\": nothing then, nothing when it was last read", |somebody, key| {
        let tile = json!({ "dashboard_id": key, "type": "text", "title_text": "Theirs", "body_text": "!" });
        somebody.done("POST", "/dashboard_elements", &tile);
    });
}

#[test]
fn a_tile_that_somebody_removed() {
    stays("when it was last read, nothing now", |somebody, key| {
        let tile = first(somebody, key, "dashboard_elements");
        somebody.done("DELETE", &format!("/dashboard_elements/{tile}"), &Value::Null);
    });
}

#[test]
fn a_filter_that_somebody_added() {
    stays("filter \"Theirs\": nothing then, nothing when it was last read", |somebody, key| {
        let filter =
            json!({ "dashboard_id": key, "name": "Theirs", "title": "Theirs", "type": "string_filter" });
        somebody.done("POST", "/dashboard_filters", &filter);
    });
}

#[test]
fn a_filter_that_somebody_removed() {
    stays("when it was last read, nothing now", |somebody, key| {
        let filter = first(somebody, key, "dashboard_filters");
        somebody.done("DELETE", &format!("/dashboard_filters/{filter}"), &Value::Null);
    });
}

/// A plan that leaves what is there as it is does so too when it is made again.
#[test]
fn what_is_there_is_skipped_also_when_a_plan_is_made_again() {
    let (looker, world, somebody) = extracted();
    let [edited, purged] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let path = format!("/dashboards/{edited}");
    let rename = |title: &str| somebody.done("PATCH", &path, &json!({ "title": title }));
    rename("Theirs");
    looker.purge(Kind::Dashboard, &purged).unwrap();
    let count = looker.ids(Kind::Dashboard, false).len();
    let planned = world
        .run(&format!("restore plan dashboard:{edited} dashboard:{purged} --skip-existing --out plan.json"));
    assert_eq!(planned.code, 8, "{}", planned.all());
    rename("Theirs again");
    let refused = world.run("restore apply plan.json --yes --json");
    assert_eq!((refused.code, refused.failure()["kind"].as_str()), (1, Some("restore.moved")));
    // What is not written cannot be in conflict, whatever is said of conflicts.
    for (made, line) in [(1, ""), (1, "--on-conflict overwrite")] {
        let done = world.run(&format!("restore apply plan.json --replan --yes --json {line}"));
        assert_eq!(done.code, 0, "{line}: {}", done.all());
        assert_eq!(somebody.get(&path)["title"], "Theirs again");
        assert_eq!(looker.ids(Kind::Dashboard, false).len(), count + made);
    }
}

/// What lay on a board and was deleted left it without anybody's doing.
#[test]
fn a_board_that_lost_deleted_content_is_no_conflict() {
    let (looker, world, somebody) = extracted();
    let on_board = |board: &String| {
        let items = somebody.get(&format!("/boards/{board}"))["board_sections"].clone();
        let sections = items.as_array().unwrap().iter();
        let mut items = sections.flat_map(|section| section["board_items"].as_array().unwrap());
        let dashboard = items.find_map(|item| item["dashboard_id"].as_str().map(str::to_owned));
        dashboard.map(|dashboard| (board.clone(), dashboard))
    };
    let (board, dashboard) = looker.ids(Kind::Board, false).iter().find_map(on_board).unwrap();
    looker.purge(Kind::Dashboard, &dashboard).unwrap();
    let plan = world.run(&format!("restore plan board:{board} --json")).report();
    let object = &plan["objects"][0];
    assert_eq!((&object["conflict"], &object["edited"]), (&json!(false), &Value::Null), "{plan}");
    let lacks = json!([format!("dashboard {dashboard}")]);
    assert_eq!(object["lacks"], lacks, "{plan}");
}
