//! `restore rehearse`: what it shows is what the real thing then does, and it touches
//! nothing.

use std::fs;

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::restored::lost;
use crate::support::{Ran, VAULT, World};

fn config() -> SimConfig {
    SimConfig { seed: 7, dashboards: 24, looks: 10, folders: 5, users: 5, ..SimConfig::default() }
}

/// A looker whose content is in a vault, as run 1.
fn extracted() -> (Looker, World) {
    let looker = Looker::start(config());
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    (looker, world)
}

/// A place with nothing but a copy of the vault, no credentials and a temporary
/// directory of its own.
fn elsewhere(world: &World) -> World {
    let mut other = World::new();
    fs::copy(world.path(VAULT), other.path(VAULT)).unwrap();
    let folder = other.path("tmp");
    fs::create_dir(&folder).unwrap();
    other.set("TMPDIR", folder.to_str().unwrap());
    other
}

/// A rehearsal after which everything is back, but for what is named.
#[track_caller]
fn rehearsed_but(world: &World, line: &str, but: &[&str]) -> Value {
    let ran = world.run(&format!("restore rehearse {line} --json"));
    assert!(!ran.out.is_empty(), "{}", ran.all());
    let report = ran.report();
    let lost = if report["restored"].is_null() { blocked(&report) } else { lost(&report["restored"]) };
    let lost: Vec<String> =
        lost.into_iter().filter(|lost| !but.iter().any(|but| lost.starts_with(but))).collect();
    assert_eq!(lost.join("\n"), "");
    assert_eq!(ran.code, if but.is_empty() { 0 } else { 3 });
    report
}

fn rehearsed(world: &World, line: &str) -> Value {
    rehearsed_but(world, line, &[])
}

/// What a plan cannot do.
fn blocked(report: &Value) -> Vec<String> {
    let objects = report["plan"]["objects"].as_array().unwrap().iter();
    let blocked = objects.filter(|object| object["action"]["blocked"].is_string());
    blocked.map(|object| format!("{} {}: {}", object["kind"], object["key"], object["action"])).collect()
}

/// The simulated Looker has a role without a permission set, as real ones were seen to;
/// none can be made.
const WITHOUT_SET: &str = "roles 4: ";

/// And schedules and alerts on what lies in the trash.
const CANNOT: &[&str] = &[WITHOUT_SET, "scheduled_plans ", "alerts "];

/// What is to be done, object by object.
fn actions(plan: &Value) -> Vec<[&Value; 4]> {
    let objects = plan["objects"].as_array().unwrap();
    objects.iter().map(|object| ["kind", "key", "action", "changes"].map(|name| &object[name])).collect()
}

/// Objects that a report says did not come back.
fn wrong(restored: &Value) -> Vec<&Value> {
    restored["objects"].as_array().unwrap().iter().filter(|object| object["exact"] == false).collect()
}

/// A folder with several dashboards.
fn full_folder(looker: &Looker) -> String {
    let folders = looker.shared_folder_ids();
    let full = |folder: &&String| looker.ids_in(Kind::Dashboard, folder, false).len() > 2;
    folders.iter().find(full).unwrap().clone()
}

#[test]
fn nothing_is_asked_and_nothing_is_written() {
    let (mut looker, world) = extracted();
    looker.stop();
    let other = elsewhere(&world);
    let vault = fs::read(other.path(VAULT)).unwrap();
    let served = looker.served();
    let report = rehearsed_but(&other, "all --damage purge --with-dependencies", CANNOT);
    assert!(report["damage"]["damaged"].as_u64().unwrap() > 30, "{}", report["damage"]);
    assert_eq!(looker.served(), served);
    assert!(vault == fs::read(other.path(VAULT)).unwrap(), "the vault is as it was");
    let left: Vec<_> = fs::read_dir(other.path("tmp")).unwrap().collect();
    assert_eq!(left.len(), 0, "{left:?}");
}

#[test]
fn it_says_what_the_real_one_then_does_and_costs() {
    let (looker, world) = extracted();
    let folder = full_folder(&looker);
    let select = format!("--folder {folder} --with-dependencies");
    let told = rehearsed(&world, &format!("{select} --damage purge"));
    let somebody = Somebody::sign_in(&looker);
    for kind in [Kind::Dashboard, Kind::Look] {
        for id in looker.ids_in(kind, &folder, false) {
            somebody.done("DELETE", &format!("/{}s/{id}", kind.name()), &Value::Null);
        }
    }
    somebody.done("DELETE", &format!("/folders/{folder}"), &Value::Null);
    let plan = world.run(&format!("restore plan {select} --json"));
    assert_eq!(actions(&told["plan"]), actions(&plan.report()));
    let done = world.run(&format!("restore {select} --yes --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    assert_eq!(told["restored"]["calls"], done.report()["calls"]);
    assert_eq!((wrong(&told["restored"]), wrong(&done.report())), (vec![], vec![]));
    let cost = |phase: &str| told["calls"][phase]["administrative"].as_u64().unwrap();
    let all = crate::support::sum(&done.report()["calls"], "calls");
    assert!(cost("planning") > 0 && cost("writing") > 0 && cost("reading_back") > 0);
    assert!(cost("planning") + cost("writing") + cost("reading_back") <= all);
}

#[test]
fn each_damage_is_what_it_is_called() {
    let (looker, world) = extracted();
    let folder = full_folder(&looker);
    let dashboards = looker.ids_in(Kind::Dashboard, &folder, false);
    let of = |report: &Value, action: &str| {
        let objects = report["plan"]["objects"].as_array().unwrap().iter();
        objects.filter(|one| one["kind"] == "dashboards" && one["action"] == action).count()
    };
    let select = format!("--folder {folder} -t dashboards");
    let none = rehearsed(&world, &select);
    assert_eq!((of(&none, "skip"), &none["restored"]), (dashboards.len(), &Value::Null));
    assert_eq!(none["damage"], Value::Null);
    for (damage, action) in [("trash", "undelete"), ("purge", "create"), ("edit", "update")] {
        let report = rehearsed(&world, &format!("{select} --damage {damage}"));
        assert_eq!(of(&report, action), dashboards.len(), "{damage}: {}", report["plan"]["objects"]);
        assert_eq!(report["damage"], json!({ "what": damage, "damaged": dashboards.len(), "spared": 0 }));
        assert_eq!(wrong(&report["restored"]), Vec::<&Value>::new(), "{damage}");
        let irreversible = report["plan"]["irreversible"].as_array().unwrap();
        assert_eq!(irreversible.len(), 0, "a tile that is gone is made: {irreversible:?}");
    }
}

#[test]
fn an_instance_that_was_set_up_anew_is_filled() {
    let (_looker, world) = extracted();
    let report = rehearsed_but(&world, "all --damage empty", CANNOT);
    let held: Vec<&str> =
        report["held"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(held.contains(&"lookml_models") && !held.contains(&"dashboards"), "{held:?}");
    let lacking = report["not_stored"].as_array().unwrap();
    let users = lacking.iter().find(|one| one["kind"] == "users").unwrap();
    assert!(users["what"].as_array().unwrap().contains(&json!("passwords")), "{users}");
}

#[test]
fn favorites_come_back_where_that_is_asked_for() {
    let (looker, world) = extracted();
    let of_dashboards = looker.export(Kind::ContentFavorite).into_iter().filter_map(|(_, body)| {
        let favorite: Value = serde_json::from_slice(&body).unwrap();
        let is_others = favorite["user_id"] != "1";
        is_others.then(|| favorite["dashboard_id"].as_str().map(str::to_owned)).flatten()
    });
    let live = looker.ids(Kind::Dashboard, false);
    let id = of_dashboards.into_iter().find(|id| live.contains(id)).unwrap();
    let line = format!("dashboard:{id} --damage purge");
    let sets = |report: &Value| {
        let steps = report["plan"]["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["resource"] == "favorites").count()
    };
    assert_eq!(sets(&rehearsed(&world, &line)), 0);
    let report = rehearsed(&world, &format!("{line} --favorites"));
    assert!(sets(&report) > 0, "{report}");
}

#[test]
fn what_the_vault_does_not_have_is_said() {
    let looker = Looker::start(config());
    let world = looker.world();
    world.extract("dashboards folders queries merge_queries looks").complete();
    let id = looker.ids(Kind::Dashboard, false)[0].clone();
    let but = format!("dashboards {id}: \"create\" null [\"user_id\"]");
    let report = rehearsed_but(&world, &format!("dashboard:{id} --damage purge"), &[&but]);
    assert_eq!(report["absent"], json!(["users"]));
    assert_eq!(report["models_made_up"], true);
}

#[test]
fn people_read_it() {
    let (looker, world) = extracted();
    let folder = full_folder(&looker);
    let id = looker.ids_in(Kind::Dashboard, &folder, false)[0].clone();
    let other = elsewhere(&world);
    let ran = other.run(&format!("restore rehearse dashboard:{id} --damage purge --with-dependencies"));
    let text =
        ran.all().replace(&looker.url(), "[address]").replace(other.path("").to_str().unwrap(), "[place]/");
    insta::assert_snapshot!(text);
}

#[test]
fn wrong_input_is_named() {
    let (_looker, world) = extracted();
    let kind = |ran: Ran| (ran.code, ran.failure()["kind"].as_str().unwrap().to_owned());
    assert_eq!(kind(world.run("restore rehearse --json")), (2, "usage".to_owned()));
    assert_eq!(
        kind(world.run("restore rehearse dashboard:987654 --json")),
        (1, "restore.nothing".to_owned())
    );
    let empty = World::new();
    assert_eq!(kind(empty.run("restore rehearse all --json")).0, 1);
}
