use serde_json::Value;

use crate::estate::world;
use crate::stored::{URL, live, store};
use crate::support::World;

/// `kind id` of what was found.
fn found(world: &World, line: &str) -> Vec<String> {
    let document = world.json(&format!("search {line}"));
    assert_eq!(document["schema"], "lookervault.search/1");
    let objects = document["objects"].as_array().unwrap();
    assert_eq!(document["count"].as_u64().unwrap() as usize, objects.len());
    let name =
        |object: &Value| format!("{} {}", object["kind"].as_str().unwrap(), object["id"].as_str().unwrap());
    objects.iter().map(name).collect()
}

#[test]
fn people_get_what_was_found_and_where() {
    insta::assert_snapshot!(world().run("search revenue").all());
}

#[test]
fn scripts_get_places_with_what_was_found_in_them() {
    insta::assert_json_snapshot!(world().json("search audited"));
}

#[test]
fn words_kinds_and_sides_narrow_what_is_found() {
    let world = world();
    assert_eq!(found(&world, "REGION net"), ["dashboards 12"]);
    assert_eq!(found(&world, "revenue --not net"), ["dashboards 13"]);
    assert_eq!(found(&world, "net --all").len(), found(&world, "net").len() + 1);
    assert_eq!(found(&world, "net --trash"), ["dashboards 100"]);
    assert_eq!(found(&world, "legacy_id"), ["explores shop::orders"]);
    assert_eq!(found(&world, "orders.net_rev* --kind delivery"), ["alerts 40"]);
    assert_eq!(found(&world, "ada --kind users,looks"), ["users 3"]);
    assert_eq!(found(&world, "guten"), ["scheduled_plans 30"]);
    assert_eq!(found(&world, "orders --limit 1").len(), 1);
}

#[test]
fn phrases_and_exclusions_may_be_one_argument() {
    let world = world();
    let run = |words: &str| {
        let mut command = world.command("search --json");
        let output = command.arg(words).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["found"].as_u64().unwrap()
    };
    assert_eq!(run("\"revenue net\""), 0);
    assert_eq!(run("\"net revenue\" audited"), 1);
    assert_eq!(run("revenue -net"), 1);
}

#[test]
fn what_was_is_found_with_its_runs() {
    let world = world();
    let path = world.path("lookervault.db");
    store(&path, URL, &[live("looks", r#"{"id":"5","title":"Renamed","folder_id":"7"}"#)]);
    assert!(found(&world, "\"a day\" --kind looks").is_empty());
    let document = world.json("search day --kind looks --all-time");
    assert_eq!(document["objects"][0]["spans"], serde_json::json!([{"from_run": 1, "until_run": 2}]));
    assert_eq!(world.run("tag 1 before").code, 0);
    for moment in ["1", "latest~1", "before"] {
        assert_eq!(found(&world, &format!("day --kind looks --as-of {moment}")), ["looks 5"], "{moment}");
    }
    let then = world.json("search day --kind looks --as-of before");
    assert_eq!((&then["as_of"]["run"], &then["objects"][0]["title"]), (&1.into(), &"Orders a day".into()));
    assert!(world.run("search day --as-of before").err.contains("As of run 1, "), "how it was understood");
    assert_eq!(world.run("search day --as-of 1 --all-time").code, 2);
    assert!(world.run("search day --kind looks --all-time").out.contains("from run 1 until 2"));
    let ran = world.run("search day --as-of 7");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no run 7"), "{}", ran.err);
}

#[test]
fn what_cannot_be_searched_for_is_wrong_usage() {
    let world = world();
    for (words, expected) in
        [("***", "holds no letter or digit"), ("\"open", "has no end"), ("--not x \"\"", "no letter")]
    {
        let ran = world.run(&format!("search {words}"));
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.err.contains(expected), "{}", ran.all());
    }
    assert_eq!(world.run("search *** --json").error()["kind"], "search.words");
    assert_eq!(world.run("search zzz").all(), "exit 0\n--- stdout\n--- stderr\nNothing was found.\n");
}

#[test]
fn a_vault_that_cannot_be_written_is_searched_as_far_as_it_is_ready() {
    let world = world();
    let held = vault::Vault::open_for_writing(&world.path("lookervault.db"), "extract").unwrap();
    let ran = world.run("search revenue");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.all());
    assert!(ran.err.contains("documents are not ready to be searched"), "{}", ran.all());
    drop(held);
    assert_eq!(world.run("search revenue").err.lines().count(), 1);
    let held = vault::Vault::open_for_writing(&world.path("lookervault.db"), "extract").unwrap();
    assert!(!found(&world, "revenue").is_empty(), "what is ready needs no lock");
    drop(held);
    assert_eq!(world.json("verify")["verdict"], "sound");
}

#[test]
fn what_was_found_is_marked_on_terminals_only() {
    let world = world();
    assert!(!world.run("search audited").out.contains('\u{1b}'));
    assert!(world.run("search audited --color always").out.contains('\u{1b}'));
}
