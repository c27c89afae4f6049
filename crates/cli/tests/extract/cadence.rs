//! How often kinds are read, and how old they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::looker::catalogue::KINDS;
use jiff::Timestamp;
use looker_sim::SimConfig;
use serde_json::Value;

use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;
use crate::support::targets::{a_day_passes, ages, make_older};
use crate::support::{VAULT, World};

fn config() -> SimConfig {
    SimConfig { dashboards: 12, looks: 6, folders: 4, users: 30, ..SimConfig::default() }
}

fn looker() -> Looker {
    Looker::start(config())
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

/// The lists of access that a run asked for, by their content metadata.
fn access_asked_for(looker: &Looker) -> Vec<String> {
    let requests = looker.requests();
    let lists = requests.iter().filter(|served| served.operation == "all_content_metadata_accesses");
    lists
        .filter_map(|served| served.query.iter().find(|(name, _)| name == "content_metadata_id"))
        .map(|(_, id)| id.clone())
        .collect()
}

/// Gives a user another value of an attribute; no stamp moves by it.
fn change_value(looker: &Looker, user: &str) {
    let kind = looker_sim::Kind::UserAttributeUserValue;
    let value = [("value", "\"another value\"")];
    if let Some(own) = looker.ids(kind, false).iter().find(|id| id.split('.').next() == Some(user)) {
        return looker.set(kind, own, &value).unwrap();
    }
    let shown = looker.export(looker_sim::Kind::UserAttribute).into_iter().find(|(_, attribute)| {
        let attribute: Value = serde_json::from_slice(attribute).unwrap();
        attribute["value_is_hidden"] == false && attribute["type"] == "string"
    });
    let attribute = shown.unwrap().0;
    let row = serde_json::json!({
        "id": format!("{user}.{attribute}"), "user_id": user, "user_attribute_id": attribute, "value": "another value",
    });
    looker.add(kind, &row.to_string()).unwrap();
}

/// Lets somebody do more, or less, with what has an access list of its own.
fn change_access(looker: &Looker, metadata: &str) {
    let kind = looker_sim::Kind::ContentMetadataAccess;
    let rows =
        looker.export(kind).into_iter().map(|(id, row)| (id, serde_json::from_slice::<Value>(&row).unwrap()));
    let found = rows.into_iter().find(|(_, row)| row["content_metadata_id"] == metadata);
    let Some((id, row)) = found else {
        let group = looker.ids(looker_sim::Kind::Group, false)[0].clone();
        let row = serde_json::json!({
            "content_metadata_id": metadata, "group_id": group, "permission_type": "view", "user_id": null,
        });
        looker.add(kind, &row.to_string()).unwrap();
        return;
    };
    let other = if row["permission_type"] == "edit" { "\"view\"" } else { "\"edit\"" };
    looker.set(kind, &id, &[("permission_type", other)]).unwrap();
}

#[test]
fn what_a_slice_reads_has_changed_since_it_was_read_last() {
    let looker = looker();
    let world = looker.world();
    let run = |line: &str| {
        looker.reset_stats();
        world.extract(line).complete();
        let asked = (values_asked_for(&looker), access_asked_for(&looker));
        a_day_passes(&world.path(VAULT));
        asked
    };
    run("");
    // The second run reads these again, and finds them as they were; the next two do not.
    let (values, access) = run("");
    let (user, metadata) = (values[0].clone(), access[0].clone());
    for _ in 3..=4 {
        let (values, access) = run("");
        assert!(!values.is_empty() && !values.contains(&user), "{values:?}");
        assert!(!access.is_empty() && !access.contains(&metadata), "{access:?}");
    }
    change_value(&looker, &user);
    change_access(&looker, &metadata);
    run("--all-now");

    let runs = world.json("runs");
    let time = |text: &Value| text.as_str().unwrap().parse::<Timestamp>().unwrap();
    let moment = |number: usize, of: &str| time(&runs["runs"][5 - number][of]);
    for object in [format!("user_attribute_value {user}"), format!("content_metadata_access {metadata}")] {
        let log = world.json(&format!("log {object}"));
        let change = &log["changes"][0];
        assert_eq!((&change["run"], &change["at"]), (&5.into(), &Value::Null), "{log}");
        let (after, until) = (time(&change["not_before"]), time(&change["not_after"]));
        // By the second run, neither the first nor the one before.
        assert!(moment(1, "ended_at") < after && after < moment(3, "started_at"), "{change}");
        assert!(moment(4, "ended_at") < until && until <= moment(5, "ended_at"), "{change}");
        assert_eq!(
            log["changes"].as_array().unwrap().len(),
            2,
            "it was found first, and then changed: {log}"
        );
    }
}

/// Users whose values a run asked for, one by one.
fn values_asked_for(looker: &Looker) -> Vec<String> {
    let requests = looker.requests();
    let of_users = requests.iter().filter(|served| served.operation == "user_attribute_user_values");
    let mut users: Vec<String> = of_users
        .map(|served| served.path.split("/users/").nth(1).unwrap().split('/').next().unwrap().to_owned())
        .collect();
    users.sort();
    users
}

#[test]
fn what_is_older_than_the_maximum_age_is_read_whatever_the_slice() {
    const MAX_AGE: usize = 20;
    const KIND: &str = "user_attribute_values";
    let looker = looker();
    let world = looker.world();
    let vault = world.path(VAULT);
    let extract = || {
        looker.reset_stats();
        world.extract(&format!("--max-age-days {MAX_AGE}")).complete();
        values_asked_for(&looker)
    };
    let all = extract();
    let share = all.len().div_ceil(MAX_AGE);
    assert!(share > 1 && !all.len().is_multiple_of(MAX_AGE), "{}", all.len());
    let oldest = |count: usize| {
        let mut oldest = ages(&vault, KIND);
        oldest.truncate(count);
        oldest.sort();
        oldest
    };
    // One that is too old is of the slice.
    let old = ages(&vault, KIND).split_off(all.len() - 3 * share);
    make_older(&vault, KIND, &old[..1], 40);
    a_day_passes(&vault);
    let due = oldest(share);
    assert!(due.contains(&old[0]));
    assert_eq!(extract(), due);
    // More than a slice holds are read all the same, and nothing else.
    make_older(&vault, KIND, &old, 40);
    a_day_passes(&vault);
    let mut due = old.clone();
    due.sort();
    assert_eq!(extract(), due);
    assert!(due.len() > share);
    // Even by a run that has no slice, because another one has just ended.
    make_older(&vault, KIND, &old[..1], 40);
    assert_eq!(extract(), old[..1]);
    assert_eq!(extract(), [""; 0]);
    // What too old is, is for the user to say.
    a_day_passes(&vault);
    looker.reset_stats();
    world.extract("--max-age-days 1").complete();
    assert_eq!(values_asked_for(&looker), all);
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

#[test]
fn a_kind_that_is_refused_is_as_old_as_its_last_reading_and_asked_for_by_its_cadence() {
    let looker = looker();
    let denied = vec!["all_connections".to_owned(), "all_themes".to_owned()];
    let closed = Looker::start(SimConfig { denied, ..config() });
    let front = Front::before(closed.port(), |_| None);
    let world = looker.world_at(&front.url());
    // Connections are refused from the first run on, themes from the second.
    let themes_open = Looker::start(SimConfig { denied: vec!["all_connections".to_owned()], ..config() });
    front.lead_to(themes_open.port());
    world.extract("").complete();
    let themes_read = age(&world, "themes")["read_at"].clone();
    front.lead_to(closed.port());
    let mut asked = 0;
    for _ in 1..7 {
        a_day_passes(&world.path(VAULT));
        closed.reset_stats();
        let report = world.extract("").complete();
        let calls = closed.requests().iter().filter(|served| served.operation == "all_connections").count();
        let rested =
            report["rested"].as_array().unwrap().iter().filter(|rested| rested["kind"] == "connections");
        assert_eq!(rested.count(), usize::from(calls == 0), "{}", report["rested"]);
        asked += calls;
    }
    assert!(asked <= 1, "a weekly kind was asked for {asked} times within a week");
    let is_older = |now: &Value| now["read_at"].as_str().unwrap() < themes_read.as_str().unwrap();
    world.extract("themes");
    let (connections, themes) = (age(&world, "connections"), age(&world, "themes"));
    assert_eq!((&connections["read_at"], &connections["run"]), (&Value::Null, &Value::Null));
    assert!(connections["refused_at"].is_string() && themes["refused_at"].is_string(), "{themes}");
    // Days have passed, by which all that the vault wrote down has grown older.
    assert!(is_older(&themes) && themes["run"] == 1, "{themes}");
    let shown = world.run("runs --ages").out;
    let line = |kind: &str| shown.lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
    assert!(line("connections").contains("refused"), "{shown}");
    assert!(!line("themes").contains("refused") && line("themes").contains("6 d"), "{shown}");

    front.lead_to(looker.port());
    world.extract("connections themes").complete();
    for kind in ["connections", "themes"] {
        let age = age(&world, kind);
        assert!(age["read_at"].is_string() && age["refused_at"].is_null(), "{age}");
    }
}

#[test]
fn a_setting_that_is_refused_is_asked_for_by_its_cadence() {
    const DAYS: usize = 15;
    let looker = looker();
    // One is refused from the first run on, another from the second.
    let is_second = Arc::new(AtomicBool::new(false));
    let refuses = Arc::clone(&is_second);
    let front = Front::before(looker.port(), move |exchange| {
        let is_refused = exchange.request.contains("/session_config")
            || exchange.request.contains("/password_config") && refuses.load(Ordering::Relaxed);
        is_refused.then(|| Instead::error(403, "Permission Denied"))
    });
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    is_second.store(true, Ordering::Relaxed);
    looker.reset_stats();
    for _ in 0..DAYS {
        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        assert_eq!(report["unavailable"], Value::Array(Vec::new()));
    }
    let requests = looker.requests();
    let asked = |id: &str| requests.iter().filter(|served| served.operation == id).count();
    // Once a week, and some days early while what is equally old is moved apart.
    for setting in ["session_config", "password_config"] {
        let asked = asked(setting);
        assert!(
            (DAYS / 7..=DAYS.div_ceil(7) + 1).contains(&asked),
            "{setting}: {asked} times in {DAYS} days"
        );
    }
    // By name all of them are, and what is refused is told; the rest is read.
    let report = world.extract("instance_settings").complete();
    let told = report["not_read"].to_string();
    assert!(told.contains("session_config: ") && told.contains("password_config: "), "{report}");
    assert!(report["kinds"][0]["seen"].as_u64() > Some(2), "{report}");
}

#[test]
fn settings_that_are_all_refused_are_asked_for_by_their_cadence() {
    const DAYS: usize = 15;
    let looker = looker();
    let settings = KINDS.iter().find(|kind| kind.name == "instance_settings").unwrap();
    let operations: Vec<String> = settings.operations().iter().map(|one| one.id.to_owned()).collect();
    let closed = Looker::start(SimConfig { denied: operations.clone(), ..config() });
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    front.lead_to(closed.port());
    for _ in 0..DAYS {
        a_day_passes(&world.path(VAULT));
        world.extract("").complete();
    }
    let requests = closed.requests();
    let asked = requests.iter().filter(|served| operations.iter().any(|id| id == served.operation)).count();
    let most = operations.len() * (DAYS.div_ceil(7) + 1);
    assert!(asked <= most, "{asked} calls in {DAYS} days for what is refused, {most} at the most");
}
