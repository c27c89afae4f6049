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

#[test]
fn a_schedule_that_only_disabled_users_receive_is_named() {
    let world = World::new();
    let user = |id: &str, mail: &str, disabled: bool| {
        live(
            "users",
            &format!(r#"{{"id":"{id}","display_name":"U","email":"{mail}","is_disabled":{disabled}}}"#),
        )
    };
    let plan = |id: &str, addresses: &[&str]| {
        let destinations: Vec<String> =
            addresses.iter().map(|address| format!(r#"{{"id":"1","address":"{address}"}}"#)).collect();
        let destinations = destinations.join(",");
        let body = format!(r#"{{"id":"{id}","name":"P","scheduled_plan_destination":[{destinations}]}}"#);
        live("scheduled_plans", &body)
    };
    let objects = [
        user("1", "gone@example.com", true),
        user("2", "left@example.com", true),
        user("3", "here@example.com", false),
        user("4", "both@example.com", true),
        user("5", "both@example.com", false),
        plan("10", &["Gone@example.com", "left@example.com"]),
        plan("11", &["gone@example.com", "here@example.com"]),
        plan("12", &["both@example.com"]),
        plan("13", &["stranger@example.com"]),
        plan("14", &["gone@example.com", "https://example.com/hook"]),
        plan("15", &[]),
    ];
    store(&world.path("lookervault.db"), URL, &objects);
    let found = world.json("lint --only plans-without-recipients")["checks"][0]["findings"].clone();
    let found: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["objects"][0]["id"].as_str().unwrap(), finding["detail"].as_str().unwrap()))
        .collect();
    let only_disabled = "sent to disabled users only: gone@example.com, left@example.com";
    assert_eq!(found, [("10", only_disabled), ("15", "no destination")]);
}
