//! What is kept of restores: how they are listed, what failed, what can be undone.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;

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

#[test]
fn the_short_form_restores_one_object_and_the_list_has_it() {
    let (looker, world, somebody, dashboard) = wrecked();
    assert!(world.run("restore status").out.contains("Nothing was restored yet."));
    let others = looker.ids(Kind::Dashboard, false).len() - 1;
    let single = world.run(&format!("restore single dashboard {dashboard} {AS_IT_WAS}"));
    assert_eq!(single.code, 0, "{}", single.all());
    assert_eq!(single.report()["objects"].as_array().unwrap().len(), 1, "and not the {others} others");
    assert_ne!(title(&somebody, &dashboard), "Wrecked");

    let list = world.run("restore status");
    let line = list.out.lines().find(|line| line.contains("complete")).unwrap();
    let steps = world.run("restore status 1");
    assert_eq!(line.split_whitespace().next(), Some("1"), "{}", list.out);
    for word in ["done", "update", &dashboard, "Restore 1 is complete."] {
        assert!(steps.out.contains(word), "{word}: {}", steps.out);
    }
    assert_eq!(world.run("restore status 2").code, 1);
}

/// An undo takes a folder away that the restore has made, unless something lies in it.
#[test]
fn an_undo_deletes_no_folder_in_which_something_lies() {
    let (looker, world, somebody, dashboard) = wrecked();
    let folders = ["Filled since", "Left empty"].map(|name| {
        let made = somebody.done("POST", "/folders", &json!({ "name": name, "parent_id": "1" }));
        made["id"].as_str().unwrap().to_owned()
    });
    world.extract("all").complete();
    for folder in &folders {
        somebody.done("DELETE", &format!("/folders/{folder}"), &Value::Null);
    }
    let line = format!("restore folder:{} folder:{} --as-of 2 --yes --json", folders[0], folders[1]);
    let done = world.run(&line);
    assert_eq!(done.code, 0, "{}", done.all());
    let report = done.report();
    let made = folders.each_ref().map(|folder| {
        let mut objects = report["objects"].as_array().unwrap().iter();
        objects.find(|one| one["id"] == folder.as_str()).unwrap()["new_id"].as_str().unwrap().to_owned()
    });
    looker.move_to(Kind::Dashboard, &dashboard, &made[0]).unwrap();

    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    let left = looker.ids(Kind::Folder, false);
    assert_eq!(made.each_ref().map(|folder| left.contains(folder)), [true, false]);
    assert!(looker.ids(Kind::Dashboard, false).contains(&dashboard));
    let notes = undone.report()["objects"].to_string();
    assert!(notes.contains("left as it is: something lies in it"), "{notes}");
}
