//! What refers to something that gets a new id, and was made or edited after the vault
//! read it last: it is found, named, and led on the document that is there.

use std::sync::Arc;

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;

/// Kinds that may hold a link, in the order of the plan.
const LINKING: [&str; 5] = ["alerts", "boards", "dashboards", "looks", "scheduled_plans"];

fn looker() -> (Looker, World, Somebody) {
    let looker = Looker::start(SimConfig {
        seed: 5,
        dashboards: 12,
        looks: 4,
        trash_percent: 0,
        ..SimConfig::default()
    });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    add_dashboard(&looker, &somebody);
    world.extract("all").complete();
    (looker, world, somebody)
}

/// Makes a dashboard beside the first one, with a text; nothing refers to it.
fn add_dashboard(looker: &Looker, somebody: &Somebody) -> String {
    let beside = somebody.get(&format!("/dashboards/{}", looker.ids(Kind::Dashboard, false)[0]));
    let (count, folder) = (looker.ids(Kind::Dashboard, false).len(), &beside["folder_id"]);
    let made = json!({ "title": format!("Made as number {count}"), "folder_id": folder });
    let made = somebody.done("POST", "/dashboards", &made)["id"].as_str().unwrap().to_owned();
    somebody.done(
        "POST",
        "/dashboard_elements",
        &json!({ "dashboard_id": made, "type": "text", "body_text": "!" }),
    );
    made
}

fn link(to: &str) -> String {
    format!("[ours](/dashboards/{to})")
}

/// Gives a dashboard a text with a link to another one; the tile's id.
fn add_link(somebody: &Somebody, holder: &str, to: &str) -> String {
    let tile = json!({ "dashboard_id": holder, "type": "text", "body_text": link(to) });
    somebody.done("POST", "/dashboard_elements", &tile)["id"].as_str().unwrap().to_owned()
}

/// All documents that hold a text, of these paths.
fn holding<'p>(somebody: &Somebody, paths: &'p [String], text: &str) -> Vec<&'p str> {
    let is_it = |path: &&String| somebody.get(path).to_string().contains(text);
    paths.iter().filter(is_it).map(String::as_str).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|one| one.as_str().unwrap()).collect()
}

fn new_id(report: &Value) -> String {
    report["objects"][0]["new_id"].as_str().unwrap().to_owned()
}

/// An instance on which somebody linked to a dashboard in all that may hold a link, after
/// the vault read it last.
struct Since {
    lost: String,
    /// What holds a link: path, and as a plan names it.
    holders: Vec<(String, String)>,
}

impl Since {
    fn made(looker: &Looker, somebody: &Somebody) -> Self {
        let dashboards = looker.ids(Kind::Dashboard, false);
        let (known, lost) = (dashboards[1].clone(), dashboards.last().unwrap().clone());
        let made = add_dashboard(looker, somebody);
        for holder in [&known, &made] {
            add_link(somebody, holder, &lost);
        }
        let [look, board, plan] =
            [Kind::Look, Kind::Board, Kind::ScheduledPlan].map(|kind| looker.ids(kind, false)[0].clone());
        let described = json!({ "description": link(&lost) });
        somebody.done("PATCH", &format!("/looks/{look}"), &described);
        somebody.done("PATCH", &format!("/boards/{board}"), &described);
        let mail = json!({ "type": "email", "format": "inline_json", "address": "a@example.com", "message": link(&lost) });
        let mails = json!({ "scheduled_plan_destination": [mail] });
        somebody.done("PATCH", &format!("/scheduled_plans/{plan}"), &mails);
        let holders = [
            (format!("/dashboards/{known}"), format!("dashboard {known}")),
            (format!("/dashboards/{made}"), format!("dashboard {made}")),
            (format!("/looks/{look}"), format!("look {look}")),
            (format!("/boards/{board}"), format!("board {board}")),
            (format!("/scheduled_plans/{plan}"), format!("scheduled_plan {plan}")),
        ];
        looker.purge(Kind::Dashboard, &lost).unwrap();
        Self { lost, holders: holders.to_vec() }
    }

    fn paths(&self) -> Vec<String> {
        self.holders.iter().map(|(path, _)| path.clone()).collect()
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.holders.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

#[test]
fn what_was_made_since_is_named_and_led_and_stays_what_it_is() {
    let (looker, world, somebody) = looker();
    let since = Since::made(&looker, &somebody);
    let lost = &since.lost;
    // Other edits of the same dashboard, of which the vault knows nothing.
    let known = &since.holders[0].0;
    somebody.done("PATCH", known, &json!({ "title": "Edited since" }));
    let before: Vec<Value> = since.paths().iter().map(|path| somebody.get(path)).collect();

    let plan = world.run(&format!("restore plan dashboard:{lost} --json"));
    assert_eq!(plan.code, 8, "{}", plan.all());
    let plan = plan.report();
    for list in ["referrers", "live_referrers"] {
        let mut names = texts(&plan["objects"][0][list]);
        names.sort_unstable();
        assert_eq!(names, since.names(), "{list}: {plan}");
    }
    assert_eq!(texts(&plan["references"]["live"]), LINKING, "{plan}");
    let shown = world.run(&format!("restore plan dashboard:{lost}")).all();
    assert!(shown.contains("(since it was read last)") && shown.contains("as they are now, by"), "{shown}");

    // Nothing of it is a conflict: nobody asked for anything but the links.
    let report = world.run(&format!("restore dashboard:{lost} --relink --yes --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = new_id(&report.report());
    let paths = since.paths();
    assert_eq!(holding(&somebody, &paths, &link(lost)), Vec::<&str>::new());
    assert_eq!(holding(&somebody, &paths, &link(&made)), paths);
    for (path, was) in paths.iter().zip(&before) {
        let now = somebody.get(path);
        for field in ["title", "name", "folder_id", "user_id", "enabled", "crontab"] {
            assert_eq!(now[field], was[field], "{path}: {field}");
        }
        let tiles = |document: &Value| document["dashboard_elements"].as_array().map(Vec::len);
        assert_eq!(tiles(&now), tiles(was), "{path}");
    }
    let all = report.report()["objects"].clone();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 1 + paths.len(), "nothing else is touched: {all:?}");
    assert!(all.iter().all(|object| object["exact"] == true), "{all:?}");

    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(holding(&somebody, &paths, &link(lost)), paths);
    assert_eq!(somebody.get(known)["title"], "Edited since");
}

/// The listing is that of titles which are taken; what was edited is read by lists of ids.
#[test]
fn looking_costs_a_call_a_kind_and_what_was_edited() {
    let (looker, world, somebody) = looker();
    let since = Since::made(&looker, &somebody);
    let served = |options: &str| {
        looker.reset_stats();
        let plan = world.run(&format!("restore plan dashboard:{} {options} --json", since.lost));
        assert_eq!(plan.code, 8, "{}", plan.all());
        (plan.report(), looker.served())
    };
    let (stored, without) = served("--stored-references-only");
    let (live, with) = served("");
    let told = live["references"]["calls"].as_u64().unwrap();
    // A listing of dashboards and looks, the others whole, and two kinds with edits. That
    // alerts are gone with the dashboard is believed when a second page is empty.
    let pages = looker.requests().iter().filter(|served| served.operation == "search_alerts").count();
    assert!((1..=2).contains(&pages), "{pages}");
    assert_eq!(told, LINKING.len() as u64 - 1 + 2 + pages as u64);
    assert_eq!(with - without, told - 1, "titles that are taken are listed in any case");

    let references = &stored["references"];
    assert_eq!((&references["live"], &references["calls"]), (&json!([]), &json!(0)));
    let not_looked = references["stored"].as_array().unwrap().iter();
    let not_looked = not_looked.filter(|one| one["why"] == "--stored-references-only");
    let kinds: Vec<&str> = not_looked.map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, LINKING);
    assert!(stored["objects"][0]["live_referrers"].is_null(), "{stored}");
    let shown = world.run(&format!("restore plan dashboard:{} --stored-references-only", since.lost)).all();
    assert!(shown.contains("only as the vault read them last: --stored-references-only"), "{shown}");

    // What is led without looking leaves the rest alone.
    let line = format!("restore dashboard:{} --relink --stored-references-only --yes --json", since.lost);
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    assert_eq!(holding(&somebody, &since.paths(), &link(&since.lost)), since.paths());
}

/// Nothing that keeps its id asks for any of it.
#[test]
fn nobody_looks_where_nothing_gets_a_new_id() {
    let (looker, world, somebody) = looker();
    let id = looker.ids(Kind::Dashboard, false)[0].clone();
    somebody.done("PATCH", &format!("/dashboards/{id}"), &json!({ "title": "Edited since" }));
    looker.reset_stats();
    let plan = world.run(&format!("restore plan dashboard:{id} --on-conflict overwrite --json")).report();
    assert_eq!(plan["objects"][0]["action"], "update", "{plan}");
    assert!(plan["references"].is_null(), "{plan}");
    let others = ["all_boards", "all_scheduled_plans", "search_alerts", "search_looks"];
    let asked = looker.requests();
    assert!(asked.iter().all(|served| !others.contains(&served.operation)), "{asked:?}");
}

#[test]
fn a_link_that_was_taken_out_since_is_not_named() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let tile = add_link(&somebody, &holder, &lost);
    world.extract("all").complete();
    somebody.done("PATCH", &format!("/dashboard_elements/{tile}"), &json!({ "body_text": "nothing" }));
    looker.purge(Kind::Dashboard, &lost).unwrap();
    let plan = world.run(&format!("restore plan dashboard:{lost} --json")).report();
    assert!(!texts(&plan["objects"][0]["referrers"]).contains(&&*format!("dashboard {holder}")), "{plan}");
}

/// What was stored and changed since is led as it is now, without a conflict.
#[test]
fn what_the_vault_knows_and_somebody_edited_since_is_led_as_it_is() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let path = format!("/dashboards/{holder}");
    add_link(&somebody, &holder, &lost);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    somebody.done("PATCH", &path, &json!({ "title": "Edited since" }));
    let report = world.run(&format!("restore dashboard:{lost} --relink --yes --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let now = somebody.get(&path);
    assert_eq!(now["title"], "Edited since");
    assert!(now.to_string().contains(&link(&new_id(&report.report()))), "{now}");
}

/// A tile that shows a look has its id.
#[test]
fn a_tile_that_was_made_since_is_led_to_the_look_that_is_made_anew() {
    let (looker, world, somebody) = looker();
    let (look, holder) =
        (looker.ids(Kind::Look, false)[0].clone(), looker.ids(Kind::Dashboard, false)[1].clone());
    let tile = json!({ "dashboard_id": holder, "type": "look", "look_id": look });
    let tile = somebody.done("POST", "/dashboard_elements", &tile)["id"].as_str().unwrap().to_owned();
    looker.purge(Kind::Look, &look).unwrap();
    let report = world.run(&format!("restore look:{look} --relink --yes --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let now = somebody.get(&format!("/dashboard_elements/{tile}"));
    assert_eq!(now["look_id"], new_id(&report.report()), "{now}");
}

/// A kind that is refused is named, with why; the rest is looked at.
#[test]
fn what_is_refused_is_told() {
    let looker = Looker::start(SimConfig {
        seed: 5,
        dashboards: 6,
        looks: 2,
        trash_percent: 0,
        ..SimConfig::default()
    });
    let is_closed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let front = Front::before(looker.port(), move |exchange| {
        let refused = exchange.request.contains("/boards?") || exchange.request.contains("/boards ");
        let is_closed = closed.load(std::sync::atomic::Ordering::Relaxed);
        (is_closed && refused).then(|| Instead::error(403, "Forbidden"))
    });
    let world = looker.world_at(&front.url());
    let somebody = Somebody::sign_in(&looker);
    add_dashboard(&looker, &somebody);
    world.extract("all").complete();
    let since = Since::made(&looker, &somebody);
    is_closed.store(true, std::sync::atomic::Ordering::Relaxed);
    let ran = world.run(&format!("restore plan dashboard:{} --json", since.lost));
    assert_eq!(ran.code, 8, "{}", ran.all());
    let plan = ran.report();
    let stored = plan["references"]["stored"].as_array().unwrap();
    let boards = stored.iter().find(|one| one["kind"] == "boards").unwrap();
    assert_eq!(boards["why"], "the instance does not list them (403)");
    let live = texts(&plan["references"]["live"]);
    assert!(!live.contains(&"boards") && live.contains(&"dashboards"), "{live:?}");
    let names = texts(&plan["objects"][0]["live_referrers"]);
    assert_eq!(names.len(), since.holders.len() - 1, "{names:?}");
}

/// A plan of a file leads what it found, unless that has changed since.
#[test]
fn a_plan_of_a_file_leads_what_it_found() {
    let (looker, world, somebody) = looker();
    let since = Since::made(&looker, &somebody);
    let planned = world.run(&format!("restore plan dashboard:{} --relink --out plan.json", since.lost));
    assert_eq!(planned.code, 8, "{}", planned.all());
    let done = world.run("restore apply plan.json --yes --json");
    assert_eq!(done.code, 0, "{}", done.all());
    let paths = since.paths();
    assert_eq!(holding(&somebody, &paths, &link(&new_id(&done.report()))), paths);
    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(holding(&somebody, &paths, &link(&since.lost)), paths);
}

#[test]
fn a_plan_of_a_file_is_refused_when_what_it_leads_was_edited() {
    let (looker, world, somebody) = looker();
    let since = Since::made(&looker, &somebody);
    let line = format!("restore plan dashboard:{} --relink --out plan.json", since.lost);
    assert_eq!(world.run(&line).code, 8);
    let edited = &since.holders[1].0;
    somebody.done("PATCH", edited, &json!({ "description": "Edited once more" }));
    let refused = world.run("restore apply plan.json --yes --json");
    assert_eq!(refused.failure()["kind"], "restore.moved", "{}", refused.all());
    let done = world.run("restore apply plan.json --replan --yes --json");
    assert_eq!(done.code, 0, "{}", done.all());
    assert_eq!(somebody.get(edited)["description"], "Edited once more");
    assert_eq!(holding(&somebody, &since.paths(), &link(&since.lost)), Vec::<&str>::new());
}

/// What went out of a board with a dashboard comes back with it.
#[test]
fn a_place_that_went_with_what_was_on_it_is_given_back() {
    let (looker, world, somebody) = looker();
    let board = looker.ids(Kind::Board, false)[0].clone();
    let path = format!("/boards/{board}");
    let lost = looker.ids(Kind::Dashboard, false)[0].clone();
    let section = somebody.get(&path)["board_sections"][0]["id"].clone();
    let item = json!({ "board_section_id": section, "dashboard_id": lost });
    somebody.done("POST", "/board_items", &item);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    assert!(!somebody.get(&path).to_string().contains(&format!("\"dashboard_id\":\"{lost}\"")));
    let plan = world.run(&format!("restore plan dashboard:{lost} --json")).report();
    let name = format!("board {board}");
    assert!(texts(&plan["objects"][0]["referrers"]).contains(&name.as_str()), "{plan}");
    assert!(!texts(&plan["objects"][0]["live_referrers"]).contains(&name.as_str()), "{plan}");

    let report = world.run(&format!("restore dashboard:{lost} --relink --yes --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = new_id(&report.report());
    let now = somebody.get(&path).to_string();
    assert!(now.contains(&format!("\"dashboard_id\":\"{made}\"")), "{now}");
}
