//! How often kinds are read, and how old they are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use looker_sim::SimConfig;
use serde_json::Value;
use support::looker::Looker;
use support::targets::a_day_passes;
use support::{VAULT, World};

fn looker() -> Looker {
    Looker::start(SimConfig { dashboards: 12, looks: 6, folders: 4, users: 30, ..SimConfig::default() })
}

/// Names of the kinds that a run asked for, by its report and what is stored with it.
fn asked_for(world: &World, report: &Value) -> Vec<String> {
    let run = world.json(&format!("runs show {}", report["run"]));
    let names = run["run"]["totals"]["asked_for"].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The ages of the one instance, by `runs --json`.
fn age(world: &World, kind: &str) -> Value {
    let runs = world.json("runs");
    assert_eq!(runs["ages"].as_array().unwrap().len(), 1);
    let kinds = runs["ages"][0]["kinds"].as_array().unwrap();
    kinds.iter().find(|age| age["kind"] == kind).unwrap().clone()
}

#[test]
fn kinds_are_read_as_often_as_the_user_says() {
    let looker = looker();
    let mut world = looker.world();
    world.write("lookervault.toml", "[cadence]\nusers = '3d'\nthemes = 'every-run'\nexplores = 'weekly'\n");
    world.set("LOOKERVAULT_CADENCE", "settings=on-request,themes=every-run");
    let first = world.extract("").complete();
    let asked = asked_for(&world, &first);
    let is_asked = |asked: &[String], kind: &str| asked.iter().any(|name| name == kind);
    assert!(is_asked(&asked, "users") && is_asked(&asked, "explores") && is_asked(&asked, "themes"));
    // Of a group that is on request, only what is named by itself.
    assert!(!is_asked(&asked, "instance_settings"), "{asked:?}");
    for (day, users) in [(1, false), (2, false), (3, true), (4, false)] {
        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        let asked = asked_for(&world, &report);
        assert_eq!(is_asked(&asked, "users"), users, "day {day}");
        assert!(is_asked(&asked, "themes") && !is_asked(&asked, "explores"), "day {day}: {asked:?}");
        let rested = report["rested"].as_array().unwrap().iter().any(|rested| rested["kind"] == "users");
        assert_eq!(rested, !users, "day {day}");
    }
    // A flag weighs more; a kind that is named is read.
    let asked = asked_for(&world, &world.extract("--cadence users=every-run,all=on-request").complete());
    assert_eq!(asked, ["users"]);
    let asked = asked_for(&world, &world.extract("instance_settings users").complete());
    assert_eq!(asked, ["users", "instance_settings"]);
}

#[test]
fn wrong_cadences_are_told_with_their_place() {
    let looker = looker();
    let world = looker.world();
    world.write("lookervault.toml", "[cadence]\n\nroles = 'sometimes'\n");
    let ran = world.run("check --offline");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`cadence.roles` must be every-run, daily, weekly"), "{}", ran.err);
    assert!(ran.err.contains("lookervault.toml:3"), "{}", ran.err);
    world.write("lookervault.toml", "[cadence]\nrols = 'weekly'\n");
    let ran = world.run("check --offline");
    assert!(
        ran.err.contains("did you mean `roles`?") && ran.err.contains("lookervault.toml:2"),
        "{}",
        ran.err
    );
    let ran = world.run("extract --cadence roles");
    assert!(ran.code == 2 && ran.err.contains("for instance settings=14d"), "{}", ran.err);
}

#[test]
fn check_shows_cadences_that_somebody_set() {
    let looker = looker();
    let world = looker.world();
    let settings = |world: &World| -> Vec<(String, String, String)> {
        let lines = world.json("check --offline")["configuration"].as_array().unwrap().clone();
        let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        let line = |line: &Value| (text(line, "setting"), text(line, "value"), text(line, "origin"));
        lines.iter().map(line).filter(|(setting, ..)| setting.starts_with("cadence.")).collect()
    };
    assert_eq!(settings(&world), []);
    world.write("lookervault.toml", "[cadence]\nlook = '14d'\n");
    let set = ("cadence.looks", "every 14 days", "lookervault.toml:2 (cadence.look)");
    assert_eq!(settings(&world), [(set.0.to_owned(), set.1.to_owned(), set.2.to_owned())]);
}

#[test]
fn the_log_concludes_only_from_runs_that_asked() {
    let looker = looker();
    let mut world = looker.world();
    world.set("LOOKERVAULT_CADENCE", "groups=2d");
    world.extract("").complete();
    let group = looker.ids(looker_sim::Kind::GroupHierarchy, false)[0].clone();
    a_day_passes(&world.path(VAULT));
    world.extract("").complete();
    looker.set(looker_sim::Kind::GroupHierarchy, &group, &[("name", "\"Another name\"")]).unwrap();
    a_day_passes(&world.path(VAULT));
    world.extract("").complete();
    let log = world.json(&format!("log group {group}"));
    let change = &log["changes"][0];
    assert_eq!((&change["what"][0], &change["run"]), (&"renamed".into(), &3.into()), "{log}");
    // The second run did not ask for groups, so it does not know that the name was the old one.
    let runs = world.json("runs");
    let began = |number: usize| runs["runs"][3 - number]["started_at"].as_str().unwrap().to_owned();
    let not_before = change["not_before"].as_str().unwrap();
    assert!(began(1).as_str() <= not_before && not_before < began(2).as_str(), "{change}");
}

#[test]
fn ages_say_what_was_read_when_and_what_never_was() {
    let looker = looker();
    let mut world = looker.world();
    world.set("LOOKERVAULT_MONTHLY_CALLS", "10000");
    world.extract("").complete();
    for _ in 0..2 {
        a_day_passes(&world.path(VAULT));
        world.extract("").complete();
    }
    let runs = world.json("runs");
    let run_of = |kind: &str| age(&world, kind)["run"].clone();
    assert_eq!(run_of("dashboards"), 3);
    let dashboards = age(&world, "dashboards");
    let began = |number: usize| runs["runs"][3 - number]["started_at"].as_str().unwrap().to_owned();
    assert!(dashboards["read_at"].as_str().unwrap() >= began(3).as_str());
    assert!(dashboards["bodies_read_at"].as_str().unwrap() < began(2).as_str());
    // Of what is read weekly, some is read on each of the days that follow; none is late.
    let kinds = runs["ages"][0]["kinds"].as_array().unwrap().iter();
    let weekly: Vec<&Value> = kinds.filter(|age| age["cadence"] == "weekly").collect();
    let read_by = |run: i64| weekly.iter().filter(|age| age["run"] == run).count();
    assert!((1..=3).all(|run| read_by(run) > 0), "{weekly:?}");
    let waiting = weekly.iter().find(|age| age["run"] == 1 && age["is_due"] == false).unwrap();
    let waiting = waiting["kind"].as_str().unwrap();
    assert_eq!(
        (&age(&world, "explores")["read_at"], &age(&world, "explores")["cadence"]),
        (&Value::Null, &"on request".into())
    );
    // Ten of a kind are read at the least, the rest on other days.
    let values = age(&world, "user_attribute_values");
    let users = looker.ids(looker_sim::Kind::User, false).len();
    let objects = values["objects"].as_u64().unwrap();
    assert_eq!(objects + values["unread"].as_u64().unwrap(), users as u64, "{values}");
    assert!(values["oldest"].as_str().unwrap() < began(2).as_str());
    assert_eq!(values["run"].is_null(), values["unread"] != 0, "{values}");

    // What the last run has not read is a day old and more.
    let old = weekly.iter().filter(|age| age["read_at"].is_string() && age["run"] != 3).count();
    let told = format!("{old} kinds are older than a day; see `lookervault runs --ages`.");
    assert_eq!(world.run("runs").out.lines().last(), Some(told.as_str()));

    let shown = world.run("runs --ages");
    assert_eq!(shown.code, 0);
    let line = |kind: &str| shown.out.lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
    assert!(line(waiting).contains("weekly") && line(waiting).contains("2 d"), "{}", shown.out);
    assert!(line("dashboards").ends_with("reads it") && !line(waiting).contains("reads it"), "{}", shown.out);
    assert!(line("explores").contains("never"), "{}", shown.out);
}
