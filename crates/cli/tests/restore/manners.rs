//! Whatever manners an instance has of those that real ones were seen to have, a restore
//! ends with what was there, or says what is not.
//!
//! Where sources contradict each other the simulated Looker has a switch, and both ways
//! are tried.

use std::time::Duration;

use looker_sim::{Components, Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::restored::{NewIds, State, assert_all_back, lost, tidy};

fn config() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(53),
        dashboards: 10,
        looks: 6,
        folders: 4,
        users: 4,
        boards: 2,
        plans: 6,
        disabled_plans: 0,
        alerts: 6,
        ..SimConfig::default()
    }
}

fn extracted(config: SimConfig) -> (Looker, World, Somebody) {
    let looker = Looker::start(config);
    tidy(&looker);
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

/// Content is purged, trashed, edited and loses parts; then all of it comes back.
fn survives(config: &SimConfig, faults: Faults) {
    let (looker, world, somebody) = extracted(config.clone());
    // Where every tile is in every layout no dashboard has tabs.
    let has_tabs = config.components != Components::Everywhere;
    let before = State::of(&looker).only(|kind, document| {
        kind != Kind::Dashboard || has_tabs || document["dashboard_layouts"].as_array().unwrap().len() == 1
    });
    let dashboards = looker.ids(Kind::Dashboard, false);
    let parts = |list: &str| {
        let with_parts = dashboards.iter().skip(3).find_map(|id| {
            let document = somebody.get(&format!("/dashboards/{id}"));
            document[list][0]["id"].as_str().map(str::to_owned)
        });
        with_parts.unwrap()
    };
    for path in [
        format!("/dashboards/{}", dashboards[0]),
        format!("/dashboard_elements/{}", parts("dashboard_elements")),
        format!("/dashboard_filters/{}", parts("dashboard_filters")),
        format!("/looks/{}", looker.ids(Kind::Look, false)[0]),
        format!("/boards/{}", looker.ids(Kind::Board, false)[0]),
    ] {
        somebody.done("DELETE", &path, &Value::Null);
    }
    looker.trash(Kind::Dashboard, &dashboards[1]).unwrap();
    somebody.done("PATCH", &format!("/dashboards/{}", dashboards[2]), &json!({ "title": "Damaged" }));
    looker.set_faults(faults);
    let ran = world.run("restore all --as-of 1 --yes --on-conflict overwrite --allow-irreversible --json");
    assert!(!ran.out.is_empty(), "{}", ran.all());
    let report = ran.report();
    assert_eq!((ran.code, lost(&report).join("\n")), (0, String::new()), "{}", ran.err);
    let ids = NewIds::told(&report);
    let mut aim = before;
    aim.change_made(&ids, &|kind, document| match kind {
        Kind::ScheduledPlan => document["enabled"] = json!(false),
        Kind::Alert => document["is_disabled"] = json!(true),
        _ => {}
    });
    assert_all_back(&aim, &State::of(&looker), &ids);
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

#[test]
fn placements_appear_in_the_active_layout() {
    survives(&SimConfig { components: Components::Active, ..config() }, Faults::default());
}

#[test]
fn placements_appear_in_every_layout() {
    survives(&SimConfig { components: Components::Everywhere, ..config() }, Faults::default());
}

#[test]
fn new_alerts_need_an_owner_and_a_filter() {
    survives(&SimConfig { new_alerts_need_owner: true, ..config() }, Faults::default());
}

#[test]
fn titles_of_looks_are_unique() {
    survives(&SimConfig { look_titles_unique: true, ..config() }, Faults::default());
}

#[test]
fn lists_of_ids_are_not_taken_and_searches_count() {
    survives(
        &SimConfig { id_lists: false, folder_id_lists: false, totals: true, wrong_totals: true, ..config() },
        Faults::default(),
    );
}

#[test]
fn what_is_new_is_not_found_for_a_while() {
    let faults = Faults { fresh_404_for: Duration::from_millis(300), ..Faults::default() };
    survives(&config(), faults);
}

fn restore(world: &World, what: &str) -> crate::support::Ran {
    world.run(&format!("restore {what} --as-of 1 --yes --on-conflict overwrite --allow-irreversible --json"))
}

/// A 200 that changed nothing.
#[test]
fn an_owner_that_cannot_be_changed_is_told() {
    let (looker, world, somebody) = extracted(SimConfig { owner_can_be_changed: false, ..config() });
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    let owner = somebody.get(&format!("/dashboards/{key}"))["user_id"].clone();
    let other = looker.ids(Kind::User, false).into_iter().find(|id| owner != id.as_str()).unwrap();
    looker.set(Kind::Dashboard, &key, &[("user_id", &format!("\"{other}\""))]).unwrap();
    let ran = restore(&world, &format!("dashboard:{key}"));
    let object = ran.report()["objects"][0].clone();
    assert_eq!((ran.code, &object["exact"]), (3, &json!(false)), "{object}");
    assert!(object["refused"].to_string().contains("user_id"), "{object}");
}

#[test]
fn a_title_that_is_taken_blocks_and_a_slug_that_is_taken_is_left_out() {
    let (looker, world, somebody) = extracted(config());
    let dashboards = looker.ids(Kind::Dashboard, false);
    let before = somebody.get(&format!("/dashboards/{}", dashboards[0]));
    looker.purge(Kind::Dashboard, &dashboards[0]).unwrap();
    let other = format!("/dashboards/{}", dashboards[1]);
    let slug = before["slug"].as_str().unwrap();
    somebody.done("PATCH", &other, &json!({ "slug": slug }));
    let ran = restore(&world, &format!("dashboard:{}", dashboards[0]));
    let object = ran.report()["objects"][0].clone();
    assert_eq!((ran.code, &object["refused"]), (3, &json!(["slug"])), "{object}");
    assert!(object["notes"].to_string().contains("it gets another slug"), "{object}");
    let made = object["new_id"].as_str().unwrap();
    assert_ne!(somebody.get(&format!("/dashboards/{made}"))["slug"], slug);

    looker.purge(Kind::Dashboard, made).unwrap();
    let taken = json!({ "title": before["title"], "folder_id": before["folder_id"] });
    somebody.done("PATCH", &other, &taken);
    let ran = restore(&world, &format!("dashboard:{}", dashboards[0]));
    let report = ran.report();
    let action = &report["objects"][0]["action"];
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(action.to_string().contains("has its title in that folder"), "{action}");
}

#[test]
fn a_title_that_the_trash_holds_is_told_when_it_is_refused() {
    let (looker, world, somebody) = extracted(SimConfig { trash_blocks_titles: true, ..config() });
    let dashboards = looker.ids(Kind::Dashboard, false);
    let before = somebody.get(&format!("/dashboards/{}", dashboards[0]));
    looker.purge(Kind::Dashboard, &dashboards[0]).unwrap();
    let other = format!("/dashboards/{}", dashboards[1]);
    somebody.done("PATCH", &other, &json!({ "title": before["title"], "folder_id": before["folder_id"] }));
    looker.trash(Kind::Dashboard, &dashboards[1]).unwrap();
    let ran = world.run(&format!("restore dashboard:{} --as-of 1 --yes", dashboards[0]));
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.out.contains("already exists") && ran.out.contains("failed retry"), "{}", ran.out);
}

#[test]
fn a_model_that_is_gone_blocks_what_asks_it() {
    let (looker, world, somebody) = extracted(config());
    let look = looker.ids(Kind::Look, false)[0].clone();
    let query = somebody.get(&format!("/looks/{look}"))["query_id"].as_str().unwrap().to_owned();
    let model = somebody.get(&format!("/queries/{query}"))["model"].as_str().unwrap().to_owned();
    looker.purge(Kind::Look, &look).unwrap();
    looker.purge(Kind::LookmlModel, &model).unwrap();
    let plan = world.run(&format!("restore plan look:{look} --as-of 1 --json"));
    assert_eq!(plan.code, 3, "{}", plan.all());
    let action = plan.report()["objects"][0]["action"].clone();
    assert!(action["blocked"].as_str().unwrap().contains(&format!("{model} is not there")), "{action}");
}

/// Data cannot become a text in place: the plan says so.
#[test]
fn a_data_tile_that_became_a_text_is_made_anew() {
    let (looker, world, somebody) = extracted(config());
    let (key, tile) = looker
        .ids(Kind::Dashboard, false)
        .into_iter()
        .find_map(|id| {
            let document = somebody.get(&format!("/dashboards/{id}"));
            let tiles = document["dashboard_elements"].as_array()?;
            let data = tiles.iter().find(|one| one["query_id"].is_string() && one["title"].is_string())?;
            Some((id, data.clone()))
        })
        .unwrap();
    let path = format!("/dashboard_elements/{}", tile["id"].as_str().unwrap());
    let to_text = json!({ "type": "text", "query_id": null, "body_text": "now a text" });
    assert_eq!(somebody.ask("PATCH", &path, &to_text).0, 422, "Looker refuses it");
    somebody.done("DELETE", &path, &Value::Null);
    let text =
        json!({ "dashboard_id": key, "type": "text", "title": tile["title"], "body_text": "now a text" });
    somebody.done("POST", "/dashboard_elements", &text);
    let plan = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json")).report();
    assert!(plan["irreversible"].to_string().contains("another id"), "{}", plan["irreversible"]);
    let ran = restore(&world, &format!("dashboard:{key}"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let document = somebody.get(&format!("/dashboards/{key}"));
    let tiles = document["dashboard_elements"].as_array().unwrap();
    assert!(tiles.iter().all(|one| one["body_text"] != "now a text"));
    assert!(tiles.iter().any(|one| one["title"] == tile["title"] && one["query"].is_object()));
}
