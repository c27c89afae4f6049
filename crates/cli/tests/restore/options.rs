//! Every way to select for `restore`, and every option of it, does what it is for.

use std::collections::BTreeSet;
use std::time::Duration;

use looker_sim::{Kind, Latency, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;

fn config() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(41),
        dashboards: 14,
        looks: 6,
        folders: 6,
        users: 4,
        boards: 2,
        plans: 8,
        ..SimConfig::default()
    }
}

fn extracted(config: SimConfig) -> (Looker, World, Somebody) {
    let looker = Looker::start(config);
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

/// What a plan is about: kinds and ids.
fn selected(world: &World, line: &str) -> BTreeSet<String> {
    let ran = world.run(&format!("restore plan {line} --json"));
    assert!(!ran.out.is_empty(), "{line}: {}", ran.all());
    let report = ran.report();
    let objects = report["objects"].as_array().unwrap().iter();
    objects.map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["key"].as_str().unwrap())).collect()
}

fn named<'n>(kind: &str, ids: impl IntoIterator<Item = &'n String>) -> BTreeSet<String> {
    ids.into_iter().map(|id| format!("{kind} {id}")).collect()
}

/// The dashboard of a plan or report.
fn dashboard(report: &Value) -> &Value {
    report["objects"].as_array().unwrap().iter().find(|one| one["kind"] == "dashboards").unwrap()
}

#[test]
fn objects_kinds_and_everything() {
    let (looker, world, _) = extracted(config());
    let (dashboards, looks) = (looker.ids(Kind::Dashboard, false), looker.ids(Kind::Look, false));
    let two: BTreeSet<String> = &named("dashboards", [&dashboards[1]]) | &named("looks", [&looks[0]]);
    assert_eq!(selected(&world, &format!("dashboard:{} look:{}", dashboards[1], looks[0])), two);
    let all_of_two = &named("dashboards", &dashboards) | &named("looks", &looks);
    assert_eq!(selected(&world, "-t dashboards,looks"), all_of_two);
    assert_eq!(selected(&world, "all --only dashboards,looks"), all_of_two);
    let everything = selected(&world, "all");
    let kinds: BTreeSet<&str> = everything.iter().filter_map(|one| one.split(' ').next()).collect();
    for kind in
        ["folders", "dashboards", "looks", "boards", "scheduled_plans", "alerts", "users", "groups", "roles"]
    {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert!(everything.is_superset(&all_of_two));
}

#[test]
fn folders_by_id_and_path_with_and_without_those_below() {
    let (looker, world, somebody) = extracted(config());
    let outer = looker.shared_folder_ids()[0].clone();
    let made = somebody.done("POST", "/folders", &json!({ "name": "Below", "parent_id": outer }));
    let inner = made["id"].as_str().unwrap().to_owned();
    let [first, second] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    looker.move_to(Kind::Dashboard, &first, &outer).unwrap();
    looker.move_to(Kind::Dashboard, &second, &inner).unwrap();
    world.extract("all").complete();
    let lies_in = |folder: &str| {
        let of = |kind: Kind, name: &str| named(name, &looker.ids_in(kind, folder, false));
        &(&of(Kind::Dashboard, "dashboards") | &of(Kind::Look, "looks"))
            | &named("folders", [&folder.to_owned()])
    };
    let path = |id: &str| {
        let folder = somebody.get(&format!("/folders/{id}"));
        folder["name"].as_str().unwrap().to_owned()
    };
    let own = lies_in(&outer);
    assert_eq!(selected(&world, &format!("--folder {outer}")), own);
    assert!(!own.contains(&format!("dashboards {second}")));
    let named_by_path =
        world.run_with(&["restore", "plan", "--folder", &format!("/Shared/{}", path(&outer)), "--json"]);
    let objects = named_by_path.report()["objects"].as_array().unwrap().len();
    assert_eq!(objects, own.len());
    let below = selected(&world, &format!("--folder {outer} --recursive"));
    assert!(below.is_superset(&(&own | &lies_in(&inner))), "{below:?}");
}

#[test]
fn what_was_changed_deleted_owned_or_called_so() {
    let (looker, world, somebody) = extracted(config());
    let ids = looker.ids(Kind::Dashboard, false);
    let [edited, trashed, purged] = [0, 1, 2].map(|at| ids[at].clone());
    somebody.done("PATCH", &format!("/dashboards/{edited}"), &json!({ "title": "Quite another" }));
    looker.trash(Kind::Dashboard, &trashed).unwrap();
    looker.purge(Kind::Dashboard, &purged).unwrap();
    world.extract("all").complete();
    let line = "--as-of 1 -t dashboards";
    assert_eq!(
        selected(&world, &format!("--changed-since 1 {line}")),
        named("dashboards", [&edited, &trashed, &purged])
    );
    assert_eq!(
        selected(&world, &format!("--deleted-since 1 {line}")),
        named("dashboards", [&trashed, &purged])
    );
    assert_eq!(selected(&world, "--match QUITE -t dashboards"), named("dashboards", [&edited]));

    let owner = somebody.get(&format!("/dashboards/{edited}"))["user_id"].as_str().unwrap().to_owned();
    let own = looker
        .ids(Kind::Dashboard, false)
        .into_iter()
        .filter(|id| somebody.get(&format!("/dashboards/{id}"))["user_id"] == owner.as_str());
    let own = named("dashboards", &own.collect::<Vec<_>>());
    assert!(!own.is_empty() && own.len() < ids.len() - 2);
    assert_eq!(selected(&world, &format!("--owned-by {owner} -t dashboards")), own);
    if let Some(email) = somebody.get(&format!("/users/{owner}"))["email"].as_str() {
        assert_eq!(selected(&world, &format!("--owned-by {email} -t dashboards")), own);
    }
}

#[test]
fn what_is_there_is_skipped_and_conflicts_are_settled_as_told() {
    let (looker, world, somebody) = extracted(config());
    let [edited, purged] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let title = |title: &str| {
        somebody.done("PATCH", &format!("/dashboards/{edited}"), &json!({ "title": title }));
    };
    title("Somebody's");
    looker.purge(Kind::Dashboard, &purged).unwrap();
    let both = format!("dashboard:{edited} dashboard:{purged} --as-of 1");
    let actions = |line: &str| {
        let report = world.run(&format!("restore plan {both} {line} --json")).report();
        report["objects"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(actions("--skip-existing"), ["skip", "create"]);
    assert_eq!(actions("--on-conflict skip"), ["conflict", "create"]);
    assert_eq!(actions("--on-conflict overwrite"), ["update", "create"]);
    let failed = world.run(&format!("restore {both} --yes --json"));
    assert_eq!((failed.code, failed.failure()["kind"].as_str()), (3, Some("restore.conflict")));
    let now = || somebody.get(&format!("/dashboards/{edited}"))["title"].clone();
    let skipped = world.run(&format!("restore {both} --on-conflict skip --yes --json"));
    assert_eq!((skipped.code, now()), (0, json!("Somebody's")), "{}", skipped.all());
    let overwritten = world.run(&format!("restore {both} --on-conflict overwrite --yes --json"));
    assert_eq!(overwritten.code, 0, "{}", overwritten.all());
    assert_ne!(now(), "Somebody's");
}

#[test]
fn owners_and_places_are_those_that_were_asked_for() {
    let (looker, world, somebody) = extracted(config());
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    let before = somebody.get(&format!("/dashboards/{key}"));
    let users = looker.ids(Kind::User, false);
    let email = |id: &String| somebody.get(&format!("/users/{id}"))["email"].as_str().map(str::to_owned);
    let other = users.iter().find(|id| before["user_id"] != id.as_str() && email(id).is_some()).unwrap();
    let wreck = || somebody.done("PATCH", &format!("/dashboards/{key}"), &json!({ "user_id": other }));
    let line = format!("restore dashboard:{key} --as-of 1 --on-conflict overwrite --yes --json");
    let owner = || somebody.get(&format!("/dashboards/{key}"))["user_id"].clone();
    wreck();
    let plan = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json")).report();
    assert_eq!(dashboard(&plan)["action"], "re-own");
    assert_eq!(world.run(&line).code, 0);
    assert_eq!(owner(), before["user_id"], "keep");
    wreck();
    let mine = world.run(&format!("{line} --owner me"));
    assert_eq!((mine.code, owner()), (0, json!(other)), "nothing is said of it: {}", mine.all());
    assert_eq!(world.run(&line).code, 0);
    let given = world.run(&format!("{line} --owner {}", email(other).unwrap()));
    assert_eq!((given.code, owner()), (0, json!(other)), "{}", given.all());
    assert_eq!(world.run(&line).code, 0);

    let elsewhere =
        looker.shared_folder_ids().into_iter().find(|id| before["folder_id"] != id.as_str()).unwrap();
    let plan =
        world.run(&format!("restore plan dashboard:{key} --as-of 1 --into {elsewhere} --json")).report();
    assert_eq!(dashboard(&plan)["action"], "move");
    let moved = world.run(&format!("{line} --into {elsewhere}"));
    assert_eq!(moved.code, 0, "{}", moved.all());
    assert_eq!(somebody.get(&format!("/dashboards/{key}"))["folder_id"], elsewhere);
}

/// A schedule that is enabled, and the dashboard that it sends.
fn scheduled(looker: &Looker) -> (String, String) {
    let plans = looker.export(Kind::ScheduledPlan).into_iter();
    let plans: Vec<(String, Value)> =
        plans.map(|(id, body)| (id, serde_json::from_slice(&body).unwrap())).collect();
    let live = looker.ids(Kind::Dashboard, false);
    plans
        .iter()
        .filter(|(_, plan)| plan["enabled"] == true)
        .find_map(|(id, plan)| {
            let dashboard = plan["dashboard_id"].as_str()?;
            live.iter().any(|id| id == dashboard).then(|| (id.clone(), dashboard.to_owned()))
        })
        .unwrap()
}

/// The command does not give back to whom and where they were what was given to others.
#[test]
fn the_command_that_enables_keeps_the_manner() {
    let (looker, world, _) = extracted(config());
    let (_, key) = scheduled(&looker);
    looker.purge(Kind::Dashboard, &key).unwrap();
    let line = format!("restore dashboard:{key} --with-dependencies --as-of 1 --owner me --yes --json");
    let report = world.run(&line).report();
    let command = report["enable"].as_str().unwrap();
    assert!(command.ends_with("--as-of 1 --owner me --enable-schedules"), "{command}");
}

#[test]
fn what_arrives_disabled_is_listed_with_the_command_that_enables_it() {
    let (looker, world, somebody) = extracted(config());
    let (plan, key) = scheduled(&looker);
    looker.purge(Kind::Dashboard, &key).unwrap();
    let line = format!("dashboard:{key} --with-dependencies --as-of 1");
    let report = world.run(&format!("restore {line} --yes --json")).report();
    let restored =
        report["objects"].as_array().unwrap().iter().find(|one| one["id"] == plan.as_str()).unwrap();
    assert_eq!((&restored["asleep"], &restored["exact"]), (&json!(true), &json!(true)));
    let now = restored["new_id"].as_str().unwrap().to_owned();
    let is_enabled = || somebody.get(&format!("/scheduled_plans/{now}"))["enabled"].clone();
    assert_eq!((is_enabled(), looker.outbox()), (json!(false), vec![]));
    let command = report["enable"].as_str().unwrap();
    assert!(command.contains(&format!("scheduled_plan:{plan}")), "{command}");
    let people = world.run(&format!("restore plan dashboard:{key} scheduled_plan:{plan} --as-of 1"));
    assert!(people.out.contains("--enable-schedules"), "{}", people.all());

    let enabled = world.run(&format!("{} --yes", command.strip_prefix("lookervault ").unwrap()));
    assert_eq!((enabled.code, is_enabled()), (0, json!(true)), "{}", enabled.all());
    assert_eq!(
        looker.outbox().len(),
        report["objects"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["kind"] == "scheduled_plans" && one["asleep"] == true)
            .count()
    );
}

/// Whatever is said of schedules: a place that it was sent to is missing.
#[test]
fn a_schedule_of_which_an_address_is_missing_stays_disabled() {
    let looker = Looker::start(config());
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let (plan, _) = scheduled(&looker);
    let path = format!("/scheduled_plans/{plan}");
    let to = |kind: &str, format: &str, address: &str| json!({ "type": kind, "format": format, "address": address });
    let both = [
        to("email", "assembled_pdf", "ada@example.com"),
        to("webhook", "json_detail_lite_stream", "https://hooks.example.com/services/secret"),
    ];
    somebody.done("PATCH", &path, &json!({ "scheduled_plan_destination": both }));
    world.extract("all").complete();
    let line = format!("scheduled_plan:{plan} --as-of 1 --enable-schedules");
    // Of what is as it was there is nothing to say.
    let equal = world.run(&format!("restore plan {line} --json"));
    let object = &equal.report()["objects"][0];
    assert_eq!((&object["action"], &object["notes"]), (&json!("skip"), &Value::Null), "{object}");

    looker.purge(Kind::ScheduledPlan, &plan).unwrap();
    let sent = looker.outbox();
    let done = world.run(&format!("restore {line} --yes --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    let report = done.report();
    let notes = report["objects"][0]["notes"].to_string();
    assert!(notes.contains("it stays disabled, since what was not stored is missing"), "{notes}");
    assert_eq!((&report["enable"], &report["objects"][0]["asleep"]), (&Value::Null, &json!(false)));
    let made =
        somebody.get(&format!("/scheduled_plans/{}", report["objects"][0]["new_id"].as_str().unwrap()));
    assert_eq!(
        (&made["enabled"], made["scheduled_plan_destination"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    assert_eq!(looker.outbox(), sent, "nobody is written to");
}

/// What a restore did not come to is not there to be enabled.
#[test]
fn what_was_not_made_is_not_to_be_enabled() {
    let (looker, world, _) = extracted(config());
    let (plan, key) = scheduled(&looker);
    looker.purge(Kind::Dashboard, &key).unwrap();
    let line = format!("dashboard:{key} --with-dependencies --as-of 1 --json");
    looker.reset_stats();
    assert_eq!(world.run(&format!("restore plan {line}")).code, 8);
    let planning: u64 = reads_and_writes(&looker.requests()).0.values().sum();
    // The dashboard is made, and its schedules are not.
    let stopped = world.run(&format!("restore {line} --yes --max-calls {}", planning + 2));
    assert_eq!(stopped.code, 4, "{}", stopped.all());
    let report = stopped.report();
    let is_it = |one: &&Value| one["id"] == plan.as_str();
    assert_eq!(report["objects"].as_array().unwrap().iter().find(is_it).unwrap()["asleep"], true);
    assert_eq!(report["enable"], Value::Null, "{report}");
    let resumed = world.run("restore resume --json");
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(resumed.report()["enable"].as_str().unwrap().contains(&format!("scheduled_plan:{plan}")));
}

#[test]
fn a_dry_run_is_a_plan() {
    let (looker, world, _) = extracted(config());
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    looker.trash(Kind::Dashboard, &key).unwrap();
    world.extract("all").complete();
    looker.reset_stats();
    let dry = world.run(&format!("restore dashboard:{key} --as-of 1 --dry-run --yes --json"));
    assert_eq!(dry.code, 8, "{}", dry.all());
    let plan = world.run(&format!("restore plan dashboard:{key} --as-of 1 --json")).report();
    assert_eq!(dry.report()["steps"], plan["steps"]);
    let writes = looker
        .requests()
        .into_iter()
        .filter(|one| one.method != "GET" && one.operation != "login" && one.operation != "logout");
    assert_eq!(writes.count(), 0);
    assert!(looker.ids(Kind::Dashboard, true).contains(&key));
}

#[test]
fn no_more_workers_than_were_asked_for() {
    let latency = Latency { base: Duration::from_millis(3), ..Latency::default() };
    let (looker, world, _) = extracted(SimConfig { latency, ..config() });
    let mut peaks = Vec::new();
    for (count, line) in [(1, "--workers 1"), (8, "")] {
        for id in looker.ids(Kind::Dashboard, false) {
            looker.trash(Kind::Dashboard, &id).unwrap();
        }
        looker.reset_stats();
        let ran = world
            .run(&format!("restore bulk dashboards --as-of 1 --on-conflict overwrite --yes --json {line}"));
        assert_eq!(ran.code, 0, "{}", ran.all());
        let peak = looker.stats().peak_in_flight;
        // Beside them the release is asked for, which is not waited for.
        assert!(peak <= count + 1, "{peak} of {count}");
        peaks.push(peak);
    }
    assert!(peaks[0] < peaks[1], "{peaks:?}");
}

#[test]
fn a_spent_number_of_calls_names_the_price_of_going_on() {
    let (looker, world, _) = extracted(config());
    let count = looker.ids(Kind::Dashboard, false).len();
    for id in looker.ids(Kind::Dashboard, false) {
        looker.trash(Kind::Dashboard, &id).unwrap();
    }
    let line = "restore bulk dashboards --as-of 1 --on-conflict overwrite --yes";
    looker.reset_stats();
    let stopped = world.run(&format!("{line} --max-calls 12 --json"));
    assert_eq!(stopped.code, 4, "{}", stopped.all());
    let left = stopped.report()["left"]["administrative"].as_u64().unwrap();
    let done = looker.ids(Kind::Dashboard, false).len();
    assert_eq!(left, (count - done) as u64, "one call brings one back");
    assert!(done < count);
    let again = world.run("restore resume --max-calls 2");
    assert_eq!(again.code, 4, "{}", again.all());
    assert!(again.out.contains("`lookervault restore resume 1` goes on"), "{}", again.all());
    assert!(again.out.contains("What is left takes"), "{}", again.all());
    assert_eq!(world.run("restore resume --json").code, 0);
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count);
}

#[test]
fn a_spent_allowance_stops_a_restore_that_may_go_over_it() {
    let looker = Looker::start(config());
    let world = looker.world();
    let spent = world.extract("all").complete()["calls_by_ledger"]["administrative"].as_u64().unwrap();
    let limit = spent + 8;
    let instance = format!("[instances.prod]\nbase_url = \"{}\"\nmonthly_calls = {limit}\n", looker.url());
    world.write("lookervault.toml", &instance);
    let count = looker.ids(Kind::Dashboard, false).len();
    for id in looker.ids(Kind::Dashboard, false) {
        looker.trash(Kind::Dashboard, &id).unwrap();
    }
    let line = "restore bulk dashboards --as-of 1 --on-conflict overwrite --yes --json";
    let stopped = world.run(line);
    assert_eq!(stopped.code, 4, "{}", stopped.all());
    assert!(stopped.all().contains("allowance"), "{}", stopped.all());
    assert!(looker.ids(Kind::Dashboard, false).len() < count);
    let over = world.run(&format!("{line} --over-allowance"));
    assert_eq!(over.code, 0, "{}", over.all());
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count);
    // Nor is a mistake there to stay until the month ends.
    let number = over.report()["restore"].as_i64().unwrap();
    assert_eq!(world.run(&format!("restore undo {number} --yes")).code, 4);
    let undone = world.run(&format!("restore undo {number} --yes --over-allowance"));
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert!(looker.ids(Kind::Dashboard, false).len() < count);
}
