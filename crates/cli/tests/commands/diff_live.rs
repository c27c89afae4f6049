//! `diff` against the instance as it is now.

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{BASICS, VAULT, World};

fn looker() -> Looker {
    Looker::start(SimConfig {
        seed: 5,
        dashboards: 30,
        looks: 8,
        folders: 6,
        users: 5,
        ..SimConfig::default()
    })
}

/// Runs a comparison with `--json`, whatever it warns of; its code and document.
fn compared(world: &World, line: &str) -> (i32, Value) {
    let ran = world.run(&format!("diff {line} --json"));
    (ran.code, ran.report())
}

fn changed(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let objects = document["objects"].as_array().unwrap().iter();
    objects.map(|object| (text(&object["kind"]), text(&object["to"]["id"]))).collect()
}

#[test]
fn what_was_edited_meanwhile_is_found_and_paid_for_once() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    let (code, document) = compared(&world, "latest live --exit-code");
    assert_eq!((code, changed(&document)), (0, vec![]));

    let dashboard = looker.ids(Kind::Dashboard, false)[2].clone();
    let look = looker.ids(Kind::Look, false)[1].clone();
    looker.edit(Kind::Dashboard, &dashboard, &[("title", "\"Renamed\"")]).unwrap();
    looker.edit(Kind::Look, &look, &[("description", "\"Other words\"")]).unwrap();
    looker.view(Kind::Dashboard, &looker.ids(Kind::Dashboard, false)[4]).unwrap();
    looker.reset_stats();
    let (code, document) = compared(&world, "latest live --exit-code");
    let wanted = [("dashboards", dashboard.as_str()), ("looks", look.as_str())];
    let wanted = wanted.map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    assert_eq!((code, changed(&document)), (8, wanted.to_vec()));
    assert_eq!((&document["from"]["live"], &document["to"]["live"]), (&false.into(), &true.into()));

    // Only what the listing showed to have changed was read whole.
    let full_rows: u32 = looker.requests().iter().map(|served| served.full_rows).sum();
    assert_eq!(full_rows, 2);

    // What was read is a run like any other: its calls are booked, and the same
    // question costs nothing any more.
    let run = document["to"]["moment"]["run"].as_i64().unwrap();
    let booked = world.json(&format!("runs show {run}"));
    let served = looker.requests();
    assert_eq!(booked["run"]["command"], "diff");
    let calls = booked["calls"].as_array().unwrap().iter().filter(|line| line["ledger"] != "unmetered");
    assert_eq!(calls.map(|line| line["calls"].as_u64().unwrap()).sum::<u64>(), metered(&served));
    looker.reset_stats();
    let (_, again) = compared(&world, "latest~1 latest");
    assert_eq!((changed(&again), looker.served()), (changed(&document), 0));
    let (_, other_way) = compared(&world, "live latest~1 --kind looks");
    assert_eq!(changed(&other_way), [("looks".to_owned(), look)]);
}

#[test]
fn only_the_scope_of_the_run_is_read() {
    let looker = looker();
    let world = looker.world();
    let folder = looker.shared_folder_ids()[0].clone();
    world.extract(&format!("dashboards looks --folder-ids {folder}")).complete();
    let outside = looker.ids(Kind::Dashboard, false);
    let inside = looker.ids_in(Kind::Dashboard, &folder, false);
    let outside = outside.into_iter().find(|id| !inside.contains(id)).unwrap();
    for id in [&outside, &inside[0]] {
        looker.edit(Kind::Dashboard, id, &[("description", "\"Edited\"")]).unwrap();
    }
    looker.reset_stats();
    let (_, document) = compared(&world, "latest live");
    assert_eq!(changed(&document), [("dashboards".to_owned(), inside[0].clone())]);
    let asked: Vec<_> = looker.requests().into_iter().map(|served| served.operation).collect();
    assert!(!asked.contains(&"all_users") && asked.contains(&"search_dashboards"), "{asked:?}");
    let (_, document) = compared(&world, "latest~1 live --kind dashboards");
    assert_eq!(changed(&document).len(), 1);
}

#[test]
fn a_budget_that_is_too_small_is_told() {
    let looker = looker();
    let world = looker.world();
    world.extract_basics("").complete();
    looker.reset_stats();
    let ran = world.run("diff latest live --max-calls 3 --exit-code --json");
    assert_eq!(ran.code, 4, "{}", ran.all());
    assert!(metered(&looker.requests()) <= 3);
    assert!(ran.err.contains("is incomplete"), "{}", ran.err);
    let people = world.run(&format!("diff latest live --kind {}", BASICS.replace(' ', ",")));
    assert!(people.err.contains("Reading 6 kinds live"), "{}", people.all());
}

/// Closing a file gives up all locks that a process has on it. Whoever reads a vault holds
/// one, or another process could take the vault for closed while it is written.
#[cfg(target_os = "linux")]
#[test]
fn the_vault_stays_locked_while_the_instance_is_read() {
    use std::os::unix::fs::MetadataExt;

    let looker = Looker::start(SimConfig {
        dashboards: 30,
        latency: looker_sim::Latency { base: std::time::Duration::from_millis(100), ..Default::default() },
        ..SimConfig::default()
    });
    let world = looker.world();
    world.extract_basics("").complete();
    let inode = std::fs::metadata(world.path(VAULT)).unwrap().ino();
    looker.reset_stats();
    let mut running = world.start("diff latest live --quiet");
    let pid = running.id().to_string();
    let is_its = |line: &str| {
        let mut words = line.split_whitespace().skip(4);
        words.next() == Some(pid.as_str())
            && words.next().is_some_and(|file| file.ends_with(&format!(":{inode}")))
    };
    let mut was_locked = false;
    while !was_locked {
        // What it asks after the sign-in it asks with the vault open for writing.
        let is_reading = looker.requests().iter().any(|served| served.operation.starts_with("search_"));
        was_locked = is_reading && std::fs::read_to_string("/proc/locks").unwrap().lines().any(is_its);
        assert!(running.try_wait().unwrap().is_none() || was_locked, "it ended and never held a lock");
    }
    assert!(running.wait().unwrap().success());
}
