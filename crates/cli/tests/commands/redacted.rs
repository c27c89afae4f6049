use crate::stored::{URL, sample, store};
use crate::support::World;

fn world() -> World {
    let world = World::new();
    store(&world.path("lookervault.db"), URL, &sample());
    world
}

#[test]
fn people_get_one_row_a_value() {
    insta::assert_snapshot!(world().run("redacted").all());
}

#[test]
fn scripts_get_one_entry_an_object() {
    insta::assert_json_snapshot!(world().json("redacted users"));
}

#[test]
fn nothing_left_out_is_no_failure() {
    let ran = world().run("redacted dashboards");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "No value was left out.\n"));
}

#[test]
fn wrong_kinds_are_named() {
    let ran = world().run("redacted spaceships");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no content kind"), "{}", ran.err);
}
