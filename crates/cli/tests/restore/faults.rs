//! `restore` on a server that fails after it has done what it was asked, and in a
//! process that is killed: whatever happens, nothing is made twice.

use looker_sim::{Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::front::Front;
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::seeded::{Seeded, seed};

fn config() -> SimConfig {
    SimConfig { seed: seed(23), dashboards: 12, looks: 6, folders: 4, users: 4, ..SimConfig::default() }
}

/// Three dashboards are purged after they were read.
fn wrecked(config: SimConfig) -> (Looker, World, Vec<String>, usize) {
    let looker = Looker::start(config);
    let world = looker.world();
    let (gone, count) = wreck(&looker, &world);
    (looker, world, gone, count)
}

fn wreck(looker: &Looker, world: &World) -> (Vec<String>, usize) {
    world.extract("all").complete();
    let all = looker.ids(Kind::Dashboard, false);
    let gone: Vec<String> = all.iter().take(3).cloned().collect();
    for id in &gone {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
    (gone, all.len())
}

fn line(gone: &[String]) -> String {
    let objects: Vec<String> = gone.iter().map(|id| format!("dashboard:{id}")).collect();
    format!("restore {} --as-of 1 --yes --with-dependencies --json", objects.join(" "))
}

/// Every object came back exactly.
#[track_caller]
fn assert_done(ran: &crate::support::Ran) {
    let document = ran.report();
    let objects = document["objects"].as_array().unwrap().iter();
    let wrong: Vec<String> = objects
        .filter(|object| object["exact"] == false)
        .map(|object| {
            format!("{} {}: {} {}", object["kind"], object["id"], object["refused"], object["failures"])
        })
        .collect();
    assert_eq!((ran.code, wrong.join("\n")), (0, String::new()));
}

/// Everything came back, once: a second plan finds nothing to do.
#[track_caller]
fn assert_back_once(looker: &Looker, world: &World, gone: &[String], count: usize) {
    looker.set_faults(Faults::default());
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count);
    let objects: Vec<String> = gone.iter().map(|id| format!("dashboard:{id}")).collect();
    let plan = world.run(&format!("restore plan {} --as-of 1 --json", objects.join(" ")));
    assert_eq!(plan.code, 0, "{}", plan.all());
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

#[test]
fn a_success_that_looks_like_a_failure_is_found() {
    let (looker, world, gone, count) = wrecked(config());
    looker.set_faults(Faults { hidden_success: 0.15, hidden_reset: 0.15, ..Faults::default() });
    assert_done(&world.run(&line(&gone)));
    assert_back_once(&looker, &world, &gone, count);
}

#[test]
fn refusals_before_anything_was_done_are_tried_again() {
    let (looker, world, gone, count) = wrecked(config());
    let faults = Faults { too_many_requests: 0.1, reset: 0.05, unauthorized: 0.03, ..Faults::default() };
    looker.set_faults(faults);
    assert_done(&world.run(&line(&gone)));
    assert_back_once(&looker, &world, &gone, count);
}

#[test]
fn killed_again_and_again_it_makes_nothing_twice() {
    let looker = Looker::start(config());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    let (gone, count) = wreck(&looker, &world);
    let mut chance = Seeded::new(seed(23));
    let mut ended = None;
    for round in 0..12 {
        let is_begun = world.run("restore status --json").report()["restores"] != serde_json::json!([]);
        let gate = Gate::at(looker.port(), chance.between(8, 40));
        front.lead_to(gate.port());
        let mut running =
            world.start(&if is_begun { "restore resume --json".to_owned() } else { line(&gone) });
        gate.is_reached(&mut running);
        if let Some(status) = running.try_wait().unwrap() {
            ended = Some((round, status));
            break;
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    front.lead_to(looker.port());
    let last = match ended {
        Some((round, status)) => {
            assert!(round > 1, "it was killed at least twice");
            status.code()
        }
        None => Some(world.run("restore resume --json").code),
    };
    assert_eq!(last, Some(0));
    assert_back_once(&looker, &world, &gone, count);
}

/// Faults of one operation, once: the second time it goes well.
fn once(operation: &str, fault: &Faults) -> Faults {
    Faults { operations: vec![operation.to_owned()], times: Some(1), ..fault.clone() }
}

/// Of two equal tiles one was deleted: the other is not taken for what was made.
#[test]
fn an_equal_tile_that_was_there_before_is_not_taken_for_the_new_one() {
    let lost = Faults { hidden_reset: 1.0, ..Faults::default() };
    let unsent = Faults { reset: 1.0, ..Faults::default() };
    for fault in [lost, unsent] {
        let looker = Looker::start(config());
        let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
        let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
        let tile = json!({ "dashboard_id": dashboard, "type": "text", "body_text": "twin" });
        let twins = [(); 2].map(|()| somebody.done("POST", "/dashboard_elements", &tile)["id"].clone());
        world.extract("all").complete();
        somebody.done("DELETE", &format!("/dashboard_elements/{}", twins[0].as_str().unwrap()), &Value::Null);
        looker.set_faults(once("create_dashboard_element", &fault));
        let line = format!("restore dashboard:{dashboard} --as-of 1 --yes --on-conflict overwrite --json");
        assert_done(&world.run(&line));
        let document = somebody.get(&format!("/dashboards/{dashboard}"));
        let tiles = document["dashboard_elements"].as_array().unwrap().iter();
        let alike: Vec<&Value> =
            tiles.filter(|one| one["body_text"] == "twin").map(|one| &one["id"]).collect();
        assert!(alike.len() == 2 && alike.contains(&&twins[1]), "{alike:?}");
    }
}

/// No list has a schedule that a restore makes, for it is disabled.
#[test]
fn a_disabled_schedule_is_found_after_its_answer_was_lost() {
    let looker = Looker::start(SimConfig { plans: 10, ..config() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    world.extract("all --keep-destinations").complete();
    let count = looker.ids(Kind::ScheduledPlan, false).len();
    let enabled = somebody.get("/scheduled_plans?all_users=true");
    let plan = enabled[0]["id"].as_str().unwrap().to_owned();
    somebody.done("DELETE", &format!("/scheduled_plans/{plan}"), &Value::Null);
    looker.set_faults(once("create_scheduled_plan", &Faults { hidden_success: 1.0, ..Faults::default() }));
    assert_done(&world.run(&format!("restore scheduled_plan:{plan} --as-of 1 --yes --json")));
    assert_eq!(looker.ids(Kind::ScheduledPlan, false).len(), count);
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

/// Where System Activity is closed nobody can say: then it is not made again.
#[test]
fn a_schedule_of_which_nothing_can_be_found_out_is_not_made_twice() {
    let denied = vec!["run_inline_query".to_owned()];
    let looker = Looker::start(SimConfig { plans: 10, denied, ..config() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    world.extract("all --keep-destinations");
    let count = looker.ids(Kind::ScheduledPlan, false).len();
    let enabled = somebody.get("/scheduled_plans?all_users=true");
    let plan = enabled[0]["id"].as_str().unwrap().to_owned();
    somebody.done("DELETE", &format!("/scheduled_plans/{plan}"), &Value::Null);
    looker.set_faults(once("create_scheduled_plan", &Faults { hidden_success: 1.0, ..Faults::default() }));
    let ran = world.run(&format!("restore scheduled_plan:{plan} --as-of 1 --yes"));
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.out.contains("disabled ones are in no list"), "{}", ran.out);
    assert_eq!(looker.ids(Kind::ScheduledPlan, false).len(), count);
}
