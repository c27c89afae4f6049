//! `restore` on a server that fails after it has done what it was asked, and in a
//! process that is killed: whatever happens, nothing is made twice.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use std::time::Duration;

use looker_sim::{Faults, Kind, Latency, SimConfig};

use support::World;
use support::looker::Looker;
use support::seeded::{Seeded, seed};

fn config() -> SimConfig {
    SimConfig { seed: seed(23), dashboards: 12, looks: 6, folders: 4, users: 4, ..SimConfig::default() }
}

/// Three dashboards are purged after they were read.
fn wrecked(config: SimConfig) -> (Looker, World, Vec<String>, usize) {
    let looker = Looker::start(config);
    let world = looker.world();
    world.extract("all").complete();
    let all = looker.ids(Kind::Dashboard, false);
    let gone: Vec<String> = all.iter().take(3).cloned().collect();
    for id in &gone {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
    (looker, world, gone, all.len())
}

fn line(gone: &[String]) -> String {
    let objects: Vec<String> = gone.iter().map(|id| format!("dashboard:{id}")).collect();
    format!("restore {} --as-of 1 --yes --with-dependencies --json", objects.join(" "))
}

/// Every object came back exactly.
#[track_caller]
fn assert_done(ran: &support::Ran) {
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
    let latency = Latency { base: Duration::from_millis(15), ..Latency::default() };
    let (looker, world, gone, count) = wrecked(SimConfig { latency, ..config() });
    let mut chance = Seeded::new(seed(23));
    let mut ended = None;
    for round in 0..12 {
        let is_begun = world.run("restore status --json").report()["restores"] != serde_json::json!([]);
        let mut running =
            world.start(&if is_begun { "restore resume --json".to_owned() } else { line(&gone) });
        let before = looker.served();
        let asked = chance.between(8, 40);
        while looker.served() < before + asked && running.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(status) = running.try_wait().unwrap() {
            ended = Some((round, status));
            break;
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
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
