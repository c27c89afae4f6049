use engine::lint::CHECKS;

use crate::estate::world;
use crate::stored::{URL, live, store};
use crate::support::World;

#[test]
fn people_get_each_check_with_what_it_found() {
    insta::assert_snapshot!(world().run("lint").all());
}

#[test]
fn every_check_finds_something_in_a_neglected_estate() {
    let document = world().json("lint");
    assert_eq!(document["schema"], "lookervault.lint/1");
    let checks = document["checks"].as_array().unwrap();
    assert_eq!(checks.len(), CHECKS.len());
    for check in checks {
        assert!(!check["findings"].as_array().unwrap().is_empty(), "{check}");
    }
}

#[test]
fn chosen_checks_are_made_and_scripts_may_ask_for_an_exit_code() {
    let world = world();
    let document = world.json("lint --only empty-folders,plans-of-trash");
    let names: Vec<&str> =
        document["checks"].as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names, ["plans-of-trash", "empty-folders"]);
    insta::assert_json_snapshot!(document["checks"][1]);
    assert_eq!(world.run("lint --only empty-folders").code, 0);
    assert_eq!(world.run("lint --only empty-folders --exit-code").code, 1);
    assert_eq!(world.run("lint --only tidy").code, 2);
}

#[test]
fn the_past_is_found_as_untidy_as_it_was() {
    let world = world();
    let checks = |line: &str| world.json(&format!("lint {line}"))["checks"].clone();
    let before = checks("");
    let tidy = [
        live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#),
        live("looks", r#"{"id":"6","title":"All that is left","folder_id":"1"}"#),
        live("dashboards", r#"{"id":"14","title":"One","folder_id":"1","dashboard_elements":[{"id":"1"}]}"#),
    ];
    store(&world.path("lookervault.db"), URL, &tidy);
    assert_ne!(checks(""), before);
    assert_eq!(checks("--as-of 1"), before);
    assert_eq!(world.run("lint --only duplicate-titles --exit-code").code, 0);
    assert_eq!(world.run("lint --only duplicate-titles --exit-code --as-of latest~1").code, 1);
}

#[test]
fn what_cannot_be_checked_is_said_and_is_no_finding() {
    let world = World::new();
    store(
        &world.path("lookervault.db"),
        URL,
        &[live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#)],
    );
    let ran = world.run("lint --exit-code");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.all());
    assert!(
        ran.err.contains("empty-folders: not checked, the vault has no dashboards, looks."),
        "{}",
        ran.err
    );
    assert!(ran.err.ends_with("Nothing was found.\n"), "{}", ran.err);
}
