//! What is kept of restores: how they are listed, what failed, what can be undone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use support::World;
use support::api::Somebody;
use support::looker::Looker;

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --json";

/// A Looker with a dashboard of another title than the vault has.
fn wrecked() -> (Looker, World, Somebody, String) {
    let looker = Looker::start(SimConfig { seed: 9, dashboards: 6, looks: 2, ..SimConfig::default() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    world.extract("all").complete();
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    somebody.done("PATCH", &format!("/dashboards/{dashboard}"), &json!({ "title": "Wrecked" }));
    (looker, world, somebody, dashboard)
}

fn title(somebody: &Somebody, dashboard: &str) -> Value {
    somebody.get(&format!("/dashboards/{dashboard}"))["title"].clone()
}

#[test]
fn what_was_there_before_is_a_run_that_may_be_pruned() {
    let (_looker, world, somebody, dashboard) = wrecked();
    let restored = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}"));
    assert_eq!(restored.code, 0, "{}", restored.all());
    let runs = world.run("runs");
    assert!(runs.out.contains("what a restore reads"), "{}", runs.all());

    world.extract("all").complete();
    let pruned = world.run("prune --keep-last 1");
    assert_eq!(pruned.code, 0, "{}", pruned.all());
    let refused = world.run("restore undo 1 --yes --json");
    assert_eq!((refused.code, refused.failure()["kind"].as_str()), (1, Some("restore.pruned")));
    assert_ne!(title(&somebody, &dashboard), "Wrecked");
}

#[test]
fn what_failed_is_shown_tried_again_and_given_up() {
    let (looker, world, somebody, dashboard) = wrecked();
    let wrecked = somebody.get(&format!("/dashboards/{dashboard}"));
    let restored = world.run(&format!("restore plan dashboard:{dashboard} --as-of 1 --json"));
    let wanted = restored.report()["objects"][0]["title"].clone();
    // Somebody else has its title meanwhile, in the same folder.
    let other = looker.ids(Kind::Dashboard, false)[1].clone();
    let taken = json!({ "title": wanted, "folder_id": wrecked["folder_id"] });
    somebody.done("PATCH", &format!("/dashboards/{other}"), &taken);
    let failed = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}"));
    assert_eq!(failed.code, 3, "{}", failed.all());
    let list = world.run("restore failed list");
    assert!(list.out.contains(&dashboard), "{}", list.all());
    let shown = world.run("restore failed show");
    for word in ["422", "PATCH /dashboards", "title"] {
        assert!(shown.out.contains(word), "{word}: {}", shown.all());
    }

    somebody.done("PATCH", &format!("/dashboards/{other}"), &json!({ "title": "Moved aside" }));
    let retried = world.run("restore failed retry --json");
    assert_eq!(retried.code, 0, "{}", retried.all());
    assert_eq!(title(&somebody, &dashboard), wanted);
    let none = world.run("restore failed list");
    assert!(!none.out.contains(&dashboard), "{}", none.all());
}

#[test]
fn what_is_given_up_is_not_tried_again() {
    let (looker, world, somebody, dashboard) = wrecked();
    let wrecked = somebody.get(&format!("/dashboards/{dashboard}"));
    let wanted = world.run(&format!("restore plan dashboard:{dashboard} --as-of 1 --json"));
    let wanted = wanted.report()["objects"][0]["title"].clone();
    let other = looker.ids(Kind::Dashboard, false)[1].clone();
    let taken = json!({ "title": wanted, "folder_id": wrecked["folder_id"] });
    somebody.done("PATCH", &format!("/dashboards/{other}"), &taken);
    assert_eq!(world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}")).code, 3);
    let cleared = world.run("restore failed clear");
    assert_eq!(cleared.code, 0, "{}", cleared.all());
    let resumed = world.run("restore resume --json");
    assert_ne!(title(&somebody, &dashboard), wanted, "{}", resumed.all());
}
