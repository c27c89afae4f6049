use crate::stored::{URL, gap, sample, store, store_run};
use crate::support::World;

fn world() -> World {
    let world = World::new();
    store_run(&world.path("lookervault.db"), URL, &sample(), &[gap()]);
    store(&world.path("lookervault.db"), URL, &sample());
    world
}

#[test]
fn people_get_the_newest_runs_first() {
    insta::assert_snapshot!(world().run("runs").all());
}

#[test]
fn people_get_one_run_with_its_gaps() {
    insta::assert_snapshot!(world().run("runs show 1").all());
}

#[test]
fn scripts_get_all_of_it() {
    let world = world();
    let list = world.json("runs");
    assert_eq!(list["schema"], "lookervault.runs/1");
    let states: Vec<_> = list["runs"].as_array().unwrap().iter().map(|run| run["state"].clone()).collect();
    assert_eq!(states, ["complete", "incomplete"]);
    assert_eq!(world.json("runs --limit 1")["runs"].as_array().unwrap().len(), 1);
    insta::assert_json_snapshot!(world.json("runs show 1"));
}

#[test]
fn an_unknown_run_is_said() {
    let ran = world().run("runs show 99");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("no run 99"), "{}", ran.err);
}
