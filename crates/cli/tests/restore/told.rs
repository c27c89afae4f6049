//! What plans and reports of `restore` tell beforehand and afterwards.

use looker_sim::{Account, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::front::Front;
use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;
use crate::support::restored::{NewIds, State, assert_all_back, assert_is_back};

fn config() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(47),
        dashboards: 12,
        looks: 6,
        folders: 5,
        users: 5,
        alerts: 8,
        ..SimConfig::default()
    }
}

fn extracted() -> (Looker, World, Somebody) {
    let looker = Looker::start(config());
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

fn object<'r>(report: &'r Value, kind: &str, key: &str) -> &'r Value {
    let is_it = |one: &&Value| one["kind"] == kind && (one["key"] == key || one["id"] == key);
    report["objects"].as_array().unwrap().iter().find(is_it).unwrap()
}

fn plan(world: &World, line: &str) -> Value {
    let ran = world.run(&format!("restore plan {line} --json"));
    assert!(!ran.out.is_empty(), "{}", ran.all());
    ran.report()
}

#[test]
fn moves_and_changes_of_owner_are_called_so() {
    let (looker, world, somebody) = extracted();
    let [dashboard, other] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let look = looker.ids(Kind::Look, false)[0].clone();
    let folders = looker.shared_folder_ids();
    let elsewhere = |path: &str| {
        let now = somebody.get(path)["folder_id"].clone();
        folders.iter().find(|id| now != id.as_str()).unwrap()
    };
    let patch = |path: &str, body: Value| somebody.done("PATCH", path, &body);
    let [path, of_other, of_look] =
        [format!("/dashboards/{dashboard}"), format!("/dashboards/{other}"), format!("/looks/{look}")];
    patch(&path, json!({ "folder_id": elsewhere(&path) }));
    patch(&of_other, json!({ "folder_id": elsewhere(&of_other), "title": "Both" }));
    let owner = somebody.get(&of_look)["user_id"].clone();
    let users = looker.ids(Kind::User, false);
    patch(&of_look, json!({ "user_id": users.iter().find(|id| owner != id.as_str()).unwrap() }));
    let line = format!("dashboard:{dashboard} dashboard:{other} look:{look} --as-of 1");
    let report = plan(&world, &line);
    assert_eq!(object(&report, "dashboards", &dashboard)["action"], "move");
    assert_eq!(object(&report, "dashboards", &other)["action"], "update");
    assert_eq!(object(&report, "looks", &look)["action"], "re-own");
    let shown = world.run(&format!("restore plan {line}"));
    assert!(shown.out.contains("1 update, 1 move, 1 re-own"), "{}", shown.out);
    let done = world.run(&format!("restore {line} --on-conflict overwrite --yes --json"));
    assert_eq!(done.code, 0, "{}", done.all());
}

#[test]
fn alerts_that_go_with_a_tile_are_named_and_come_back_with_it() {
    let (looker, world, somebody) = extracted();
    let before = State::of(&looker);
    let live = looker.ids(Kind::Dashboard, false);
    let alerts: Vec<Value> = looker
        .export(Kind::Alert)
        .into_iter()
        .map(|(_, body)| serde_json::from_slice(&body).unwrap())
        .collect();
    let holder = |tile: &str| {
        live.iter().find(|id| {
            let document = somebody.get(&format!("/dashboards/{id}"));
            document["dashboard_elements"].as_array().unwrap().iter().any(|one| one["id"] == tile)
        })
    };
    let (alert, tile, dashboard) = alerts
        .iter()
        .find_map(|alert| {
            let tile = alert["dashboard_element_id"].as_str()?;
            Some((alert["id"].as_str()?.to_owned(), tile.to_owned(), holder(tile)?.clone()))
        })
        .unwrap();
    let path = format!("/dashboard_elements/{tile}");
    somebody.done("DELETE", &path, &Value::Null);
    let wrecked = somebody.get(&format!("/dashboards/{dashboard}"));
    let line = format!("dashboard:{dashboard} --as-of 1 --with-dependencies --on-conflict overwrite");
    let report = plan(&world, &line);
    assert_eq!(object(&report, "alerts", &alert)["action"], "create");
    let done = world.run(&format!("restore {line} --allow-irreversible --yes --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    let ids = NewIds::told(&done.report());
    let mut aim = before;
    aim.change_made(&ids, &|kind, document| {
        if kind == Kind::Alert {
            document["is_disabled"] = json!(true);
        }
    });
    assert_all_back(&aim, &State::of(&looker), &ids);
    let made = object(&done.report(), "alerts", &alert)["new_id"].as_str().unwrap().to_owned();

    // The undo takes both away again: nobody has followed what the restore itself has made.
    assert!(looker.ids(Kind::Alert, false).contains(&made));
    let undo = world.run("restore undo 1 --yes --json");
    assert_eq!(undo.code, 0, "{}", undo.all());
    assert!(!looker.ids(Kind::Alert, false).contains(&made));
    assert_is_back(&wrecked, &somebody.get(&format!("/dashboards/{dashboard}")), &[]);
}

#[test]
fn a_tile_that_goes_is_named_with_its_alerts() {
    let (looker, world, somebody) = extracted();
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    let look = looker.ids(Kind::Look, false)[0].clone();
    let query = somebody.get(&format!("/looks/{look}"))["query_id"].clone();
    let tile = json!({ "dashboard_id": dashboard, "type": "vis", "title": "Later", "query_id": query });
    let tile = somebody.done("POST", "/dashboard_elements", &tile)["id"].as_str().unwrap().to_owned();
    let alerts = looker.export(Kind::Alert).into_iter();
    let alert: Value = alerts.map(|(_, body)| serde_json::from_slice(&body).unwrap()).next().unwrap();
    let mut body = alert;
    body["dashboard_element_id"] = json!(tile);
    body["custom_title"] = json!("Hangs here");
    let made = somebody.done("POST", "/alerts", &body)["id"].as_str().unwrap().to_owned();
    world.extract("all").complete();
    let report = plan(&world, &format!("dashboard:{dashboard} --as-of 1"));
    let why = report["irreversible"].to_string();
    assert!(
        why.contains(&format!("alert {made} \\\"Hangs here\\\" with its followers goes with it")),
        "{why}"
    );
}

#[test]
fn what_lay_in_the_trash_and_was_purged_goes_there_again() {
    let (looker, world, _) = extracted();
    let [dashboard] = [0].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let look = looker.ids(Kind::Look, false)[0].clone();
    looker.trash(Kind::Dashboard, &dashboard).unwrap();
    looker.trash(Kind::Look, &look).unwrap();
    world.extract("all").complete();
    let before = State::of(&looker);
    looker.purge(Kind::Dashboard, &dashboard).unwrap();
    looker.purge(Kind::Look, &look).unwrap();
    let line = format!("dashboard:{dashboard} look:{look} --as-of 2");
    let report = plan(&world, &line);
    let notes = object(&report, "dashboards", &dashboard)["notes"].to_string();
    assert!(notes.contains("it lay in the trash, and goes there again"), "{notes}");
    let done = world.run(&format!("restore {line} --yes --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    let ids = NewIds::told(&done.report());
    let is_it = |kind: Kind, document: &Value| {
        kind == Kind::Dashboard && document["id"] == dashboard.as_str()
            || kind == Kind::Look && document["id"] == look.as_str()
    };
    assert_all_back(&before.only(is_it), &State::of(&looker), &ids);
    assert!(looker.ids(Kind::Dashboard, true).contains(&ids.now(Kind::Dashboard, &dashboard).to_owned()));
    let again = plan(&world, &line);
    assert_eq!(again["steps"], json!([]), "{again}");
}

#[test]
fn old_and_new_ids_and_addresses_stand_side_by_side() {
    let (looker, world, _) = extracted();
    // One that somebody has among the favourites.
    let live = looker.ids(Kind::Dashboard, false);
    let favourites = looker.export(Kind::ContentFavorite).into_iter();
    let mut favourites = favourites.map(|(_, body)| serde_json::from_slice::<Value>(&body).unwrap());
    let of = |favourite: Value| live.iter().find(|id| favourite["dashboard_id"] == id.as_str()).cloned();
    let key = favourites.find_map(of).unwrap();
    looker.purge(Kind::Dashboard, &key).unwrap();
    let plan = plan(&world, &format!("dashboard:{key} --as-of 1"));
    let notes = object(&plan, "dashboards", &key)["notes"].to_string();
    assert!(notes.contains("as a favorite (--favorites sets it again)"), "{notes}");
    let shown = world.run(&format!("restore dashboard:{key} --as-of 1 --yes"));
    assert_eq!(shown.code, 0, "{}", shown.all());
    let made =
        looker.ids(Kind::Dashboard, false).into_iter().max_by_key(|id| id.parse::<u64>().unwrap()).unwrap();
    for id in [&key, &made] {
        assert!(shown.out.contains(&format!("{}/dashboards/{id}", looker.url())), "{}", shown.out);
    }
    looker.purge(Kind::Dashboard, &made).unwrap();
    let report = world.run(&format!("restore dashboard:{key} --as-of 1 --yes --json")).report();
    let object = object(&report, "dashboards", &key);
    let new_id = object["new_id"].as_str().unwrap();
    assert_eq!(object["url"], format!("{}/dashboards/{key}", looker.url()));
    assert_eq!(object["new_url"], format!("{}/dashboards/{new_id}", looker.url()));
}

#[test]
fn what_looker_counts_is_nobodys_edit() {
    let (looker, world, somebody) = extracted();
    let group = looker.ids(Kind::GroupHierarchy, false)[2].clone();
    let name = somebody.get(&format!("/groups/{group}"))["name"].clone();
    // Somebody joined: the group counts one more, and is the same.
    looker.set(Kind::GroupHierarchy, &group, &[("user_count", "99")]).unwrap();
    looker.set(Kind::GroupHierarchy, &group, &[("name", "\"Read so\"")]).unwrap();
    world.extract("all").complete();
    looker.set(Kind::GroupHierarchy, &group, &[("user_count", "100")]).unwrap();
    let report = plan(&world, &format!("group:{group} --as-of 1"));
    let object = object(&report, "groups", &group);
    assert_eq!(
        (&object["action"], &object["conflict"]),
        (&json!("update"), &json!(false)),
        "{name}: {object}"
    );
}

#[test]
fn a_plan_of_a_file_is_made_again_when_that_is_asked() {
    let (looker, world, somebody) = extracted();
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    let path = format!("/dashboards/{key}");
    let was = somebody.get(&path)["title"].clone();
    somebody.done("PATCH", &path, &json!({ "title": "Wrecked" }));
    world.run(&format!("restore plan dashboard:{key} --as-of 1 --out plan.json"));
    somebody.done("PATCH", &path, &json!({ "title": "Moved on" }));
    let kind = |ran: &crate::support::Ran| ran.failure()["kind"].as_str().unwrap().to_owned();
    let refused = world.run("restore apply plan.json --yes --json");
    assert_eq!((refused.code, kind(&refused)), (1, "restore.moved".to_owned()));
    looker.reset_stats();
    let conflict = world.run("restore apply plan.json --replan --yes --json");
    assert_eq!((conflict.code, kind(&conflict)), (3, "restore.conflict".to_owned()));
    // What was looked at is not read again for the new plan.
    let reads = reads_and_writes(&looker.requests()).0;
    assert_eq!(reads.get("search_dashboards"), Some(&1), "{reads:?}");
    assert_eq!(somebody.get(&path)["title"], "Moved on");
    let done = world.run("restore apply plan.json --replan --on-conflict overwrite --yes --json");
    assert_eq!(done.code, 0, "{}", done.all());
    assert_eq!(somebody.get(&path)["title"], was);
}

/// The same instance, by an account that may do this.
fn permitted(front: &Front, permissions: &[&str]) -> Looker {
    let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
    let looker = Looker::start(SimConfig { account: Account::Permitted { permissions }, ..config() });
    front.lead_to(looker.port());
    looker
}

#[test]
fn a_plan_of_a_file_is_held_against_what_the_account_may_now() {
    let all = Looker::start(config());
    let front = Front::before(all.port(), |_| None);
    let world = all.world_at(&front.url());
    world.extract("all").complete();
    let folder = all.shared_folder_ids()[1].clone();
    let wreck = |looker: &Looker| looker.set(Kind::Folder, &folder, &[("name", r#""Wrecked""#)]).unwrap();
    wreck(&all);
    let planned =
        world.run(&format!("restore plan folder:{folder} --as-of 1 --on-conflict overwrite --out plan.json"));
    assert_eq!(planned.code, 8, "{}", planned.all());
    let less =
        permitted(&front, &["access_data", "see_looks", "see_user_dashboards", "explore", "see_users"]);
    wreck(&less);
    less.reset_stats();
    let refused = world.run("restore apply plan.json --on-conflict overwrite --yes");
    assert_eq!(refused.code, 3, "{}", refused.all());
    assert!(
        refused.out.contains("blocked: the account lacks the permission manage_spaces"),
        "{}",
        refused.out
    );
    let asked = less.stats().by_operation;
    assert_eq!((asked.get("user_roles"), asked.get("update_folder")), (Some(&1), None), "{asked:?}");
}

#[test]
fn a_permission_that_is_only_inferred_warns() {
    let all = Looker::start(config());
    let front = Front::before(all.port(), |_| None);
    let world = all.world_at(&front.url());
    world.extract("all").complete();
    let looks = all.ids(Kind::Look, false);
    let may = ["access_data", "see_looks", "see_user_dashboards", "see_users", "save_content"];
    let less = permitted(&front, &may);
    let other =
        serde_json::from_slice::<Value>(&less.export(Kind::Look)[1].1).unwrap()["query_id"].to_string();
    less.set(Kind::Look, &looks[0], &[("query_id", &other)]).unwrap();
    let line = format!("look:{} --as-of 1 --on-conflict overwrite", looks[0]);
    let report = plan(&world, &line);
    let look = object(&report, "looks", &looks[0]);
    assert_eq!(look["action"], "update");
    assert!(look["notes"].to_string().contains("seems to lack the permission explore"), "{look}");
    // It is tried, and what the instance says is told with what to do.
    let tried = world.run(&format!("restore {line} --yes"));
    assert_eq!(tried.code, 3, "{}", tried.all());
    assert!(tried.out.contains("it takes the permission explore"), "{}", tried.all());
}
