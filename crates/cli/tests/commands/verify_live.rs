//! `verify --live`: what the vault holds against what the instance shows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use looker_sim::{Kind, SimConfig};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{BASICS, Ran, VAULT, World, sum};

fn looker() -> Looker {
    Looker::start(SimConfig { seed: 11, dashboards: 40, looks: 20, users: 12, ..SimConfig::default() })
}

impl World {
    fn live(&self, line: &str) -> Ran {
        self.run(&format!("verify --live --json {line}"))
    }
}

/// The comparison that a command printed.
#[track_caller]
fn compared(ran: &Ran, code: i32) -> Value {
    assert_eq!(ran.code, code, "{}", ran.all());
    ran.report()["live"].clone()
}

fn of_kind<'a>(live: &'a Value, kind: &str) -> &'a Value {
    live["kinds"].as_array().unwrap().iter().find(|entry| entry["kind"] == kind).unwrap()
}

/// `outcome kind id` of all that is not as it was stored.
fn told(live: &Value) -> BTreeSet<String> {
    let objects = live["objects"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |one: &Value| format!("{} {} {}", text(&one["outcome"]), text(&one["kind"]), text(&one["id"]));
    objects.map(line).collect()
}

fn planned(live: &Value) -> u64 {
    live["planned"]["administrative"].as_u64().unwrap() + live["planned"]["query_based"].as_u64().unwrap()
}

#[test]
fn a_fresh_vault_agrees_in_every_object_for_the_calls_that_were_told() {
    let looker = looker();
    let world = looker.world();
    let report = world.extract("all").complete();
    looker.reset_stats();
    let live = compared(&world.live("--all --yes"), 0);
    assert_eq!(told(&live), BTreeSet::new());
    assert_eq!(sum(&live["kinds"], "chosen"), sum(&live["kinds"], "equal"));
    for kind in report["kinds"].as_array().unwrap() {
        let name = kind["kind"].as_str().unwrap();
        let stored = world.json(&format!("list {name}"))["count"].clone();
        assert_eq!(of_kind(&live, name)["chosen"], stored, "{name}");
    }
    assert_eq!(planned(&live), metered(&looker.requests()), "the price was exact");
    assert_eq!(live["metered_calls"], planned(&live));

    // The calls are in the vault, and nothing else is.
    let shown = world.json("runs show 2");
    assert_eq!((&shown["run"]["command"], &shown["run"]["state"]), (&json!("verify"), &json!("complete")));
    assert_eq!(sum(&shown["calls"], "calls"), sum(&live["calls"], "calls"));
    assert_eq!(shown["run"]["kinds"], json!([]));
    let after = world.extract(BASICS).complete();
    assert_eq!((sum(&after["kinds"], "new"), sum(&after["kinds"], "changed")), (0, 0));
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn what_is_not_as_it_was_stored_is_told_apart() {
    let looker = looker();
    let world = looker.world();
    world.extract("").complete();
    let dashboards = looker.ids(Kind::Dashboard, false);
    let looks = looker.ids(Kind::Look, false);
    let users = looker.ids(Kind::User, false);
    looker.edit_dashboard(&dashboards[0], "edited since").unwrap();
    looker.trash(Kind::Dashboard, &dashboards[1]).unwrap();
    looker.view(Kind::Dashboard, &dashboards[2]).unwrap();
    looker.purge(Kind::Look, &looks[0]).unwrap();
    looker.set(Kind::User, &users[3], &[("locale", r#""eo""#)]).unwrap();
    looker.add(Kind::Role, r#"{"name":"Made since","permission_set":null,"model_set":null}"#).unwrap();
    let ran = world.live("dashboards,looks,users,roles --all");
    let live = compared(&ran, 0);
    let wanted = [
        format!("edited dashboards {}", dashboards[0]),
        format!("gone dashboards {}", dashboards[1]),
        format!("gone looks {}", looks[0]),
        format!("changed users {}", users[3]),
    ];
    assert_eq!(told(&live), wanted.into_iter().collect());
    assert_eq!(of_kind(&live, "roles")["not_in_vault"], 1);
    let objects = live["objects"].as_array().unwrap();
    let edited = objects.iter().find(|object| object["outcome"] == "edited").unwrap();
    assert!(edited["places"].as_array().unwrap().contains(&json!("/description")), "{edited}");
    assert_ne!(edited["stored_at"], edited["live_at"]);
    let said = world.run("verify --live dashboards,looks,users,roles --all");
    for words in
        ["edited since: dashboard ", "gone: look ", "changed: user ", "agrees with the instance, but"]
    {
        assert!(said.out.contains(words), "{words}: {}", said.all());
    }
}

#[test]
fn another_body_under_the_same_stamp_is_a_finding() {
    let looker = looker();
    let world = looker.world();
    world.extract("boards").complete();
    let (board, body) = looker.export(Kind::Board).remove(0);
    let stamp = serde_json::from_slice::<Value>(&body).unwrap()["updated_at"].to_string();
    let unseen = [("description", r#""behind our back""#), ("updated_at", stamp.as_str())];
    looker.set(Kind::Board, &board, &unseen).unwrap();
    let live = compared(&world.live("boards"), 5);
    assert_eq!(told(&live), BTreeSet::from([format!("differs boards {board}")]));
    assert_eq!(live["objects"][0]["places"], json!(["/description"]));
    let said = world.run("verify --live boards");
    assert_eq!(said.code, 5, "{}", said.all());
    assert!(said.out.contains("differs: board ") && said.out.contains("at /description"), "{}", said.all());
    // Read again, all is well.
    world.extract("boards").complete();
    compared(&world.live("boards"), 0);
}

#[test]
fn a_seed_chooses_the_same_objects_again() {
    let looker = looker();
    let world = looker.world();
    world.extract("queries looks").complete();
    let chosen = |line: &str| {
        looker.reset_stats();
        let live = compared(&world.live(&format!("queries --sample 9 {line}")), 0);
        assert_eq!((sum(&live["kinds"], "chosen"), planned(&live)), (9, 9));
        let paths: BTreeSet<String> = looker.requests().iter().map(|served| served.path.clone()).collect();
        (live["seed"].as_u64().unwrap(), paths)
    };
    let (seed, first) = chosen("");
    assert_eq!(chosen(&format!("--seed {seed}")), (seed, first.clone()));
    assert_ne!(chosen(&format!("--seed {}", seed + 1)).1, first);
}

#[test]
fn nothing_is_asked_that_would_cost_more_than_was_allowed() {
    let looker = looker();
    let world = looker.world();
    world.extract("").complete();
    looker.reset_stats();
    let refused = |line: &str, words: &str| {
        let ran = world.run(&format!("verify --live {line}"));
        assert_eq!(ran.code, 4, "{}", ran.all());
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
        assert!(
            ran.err.contains(" costs ") && ran.err.contains("query-based call"),
            "the price: {}",
            ran.err
        );
    };
    refused("--all", "more than the 100 that are made unasked");
    refused("queries --sample 30 --max-calls 29", "--max-calls allows 29");
    refused("queries --sample 30 --max-calls 29 --yes", "--max-calls allows 29");
    assert_eq!(world.live("--all").error()["kind"], "verify.too_many_calls");
    assert_eq!(looker.served(), 0);
    compared(&world.live("queries --sample 30 --max-calls 30"), 0);
}

#[test]
fn the_allowance_of_the_month_holds_here_too() {
    let looker = looker();
    let mut world = looker.world();
    world.extract("looks queries").complete();
    looker.reset_stats();
    let spent = world.json("calls")["month"]["ledgers"][1]["spent"].as_u64().unwrap();
    world.set("LOOKERVAULT_RESTORE_RESERVE", "0");
    world.set("LOOKERVAULT_MONTHLY_QUERY_CALLS", &(spent + 5).to_string());
    let ran = world.live("queries --sample 6");
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (4, Some("allowance.spent")), "{}", ran.all());
    assert_eq!(looker.served(), 0);
    compared(&world.live("queries --sample 5"), 0);
    assert_eq!(world.live("queries --sample 1").code, 4, "what was compared was counted");
    compared(&world.live("queries --sample 1 --over-allowance"), 0);
}

#[test]
fn what_cannot_be_compared_says_so() {
    let looker = looker();
    let world = looker.world();
    world.extract("looks").complete();
    looker.reset_stats();
    let ran = world.live("dashboards");
    assert_eq!((ran.code, ran.error()["kind"].as_str()), (1, Some("verify.nothing")), "{}", ran.all());
    assert_eq!(world.live("looks --folder-ids 987654").error()["kind"], "verify.nothing");
    assert_eq!(world.live("looks --folder /No/Such").error()["kind"], "folder.unknown");
    for line in ["verify looks", "verify --all", "verify --live --all --sample 3", "verify --live --sample 0"]
    {
        assert_eq!(world.run(line).code, 2, "{line}");
    }
    Connection::open(world.path(VAULT))
        .unwrap()
        .execute("UPDATE body SET data = zeroblob(length(data)) WHERE id = 1", ())
        .unwrap();
    let ran = world.live("looks");
    assert_eq!((ran.code, &ran.report()["live"]), (5, &Value::Null), "{}", ran.all());
    assert_eq!(looker.served(), 0, "a damaged vault is not worth a call");
}

#[test]
fn folders_narrow_what_is_compared_and_what_it_costs() {
    let looker = Looker::start(SimConfig {
        folder_sizes: vec![30, 20],
        dashboards: 400,
        dashboard_bytes: 2_000,
        ..SimConfig::default()
    });
    let world = looker.world();
    world.extract("folders dashboards").complete();
    let folder = looker.shared_folder_ids()[0].clone();
    looker.reset_stats();
    let live = compared(&world.live(&format!("dashboards --all --folder-ids {folder}")), 0);
    let inside = looker.ids_in(Kind::Dashboard, &folder, false).len();
    assert_eq!((&live["stored"], sum(&live["kinds"], "equal")), (&json!(inside), inside as u64));
    assert_eq!((planned(&live), metered(&looker.requests())), (1, 1), "one page of the folder");
}

#[test]
fn several_ids_go_into_a_call_where_the_instance_takes_them() {
    let looker = Looker::start(SimConfig { dashboards: 1_000, dashboard_bytes: 500, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards").complete();
    let alone = compared(&world.live("dashboards --sample 20 --seed 5"), 0);
    assert!(planned(&alone) > 1, "{}", alone["planned"]);
    // Two that changed are enough for an extraction to find that out.
    for id in &looker.ids(Kind::Dashboard, false)[..2] {
        looker.edit_dashboard(id, "edited").unwrap();
    }
    world.extract("dashboards").complete();
    looker.reset_stats();
    let together = compared(&world.live("dashboards --sample 20 --seed 5"), 0);
    assert_eq!((planned(&together), metered(&looker.requests())), (1, 1));
    assert_eq!(sum(&together["kinds"], "equal"), 20);
}

/// A page without its first row, as when another one went while it was read.
fn without_first_row(body: &[u8]) -> Option<Instead> {
    let mut rows: Vec<Value> = serde_json::from_slice(body).ok()?;
    rows.remove(0);
    Some(Instead::json(200, Value::from(rows).to_string()))
}

#[test]
fn what_slipped_off_a_page_is_looked_for_before_it_is_called_gone() {
    let looker = looker();
    let front = Front::before(looker.port(), |exchange| {
        let is_page = exchange.request.contains("/looks/search") && exchange.request.contains("limit=500");
        if is_page && !exchange.request.contains("fields=") {
            without_first_row(&exchange.body)
        } else {
            None
        }
    });
    let world = looker.world_at(&front.url());
    world.extract("looks").complete();
    let live = compared(&world.live("looks --all"), 0);
    assert_eq!(told(&live), BTreeSet::new());
    assert_eq!(live["metered_calls"].as_u64(), Some(planned(&live) + 1));
}

#[test]
fn what_could_not_be_read_is_unread_and_not_gone() {
    let looker = looker();
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = Arc::clone(&broken);
    let front = Front::before(looker.port(), move |exchange| {
        let fails = is_broken.load(Ordering::Relaxed) && exchange.request.contains("/boards");
        fails.then(|| Instead::error(500, "An error has occurred."))
    });
    let mut world = looker.world_at(&front.url());
    world.extract("boards roles").complete();
    broken.store(true, Ordering::Relaxed);
    world.set("LOOKERVAULT_TRIES", "2");
    world.set("LOOKERVAULT_PATIENCE", "1ms");
    let live = compared(&world.live("boards roles --all"), 3);
    let boards = looker.ids(Kind::Board, false).len();
    assert_eq!(of_kind(&live, "boards")["unread"], boards);
    assert_eq!(of_kind(&live, "boards")["gone"], 0);
    assert_eq!(of_kind(&live, "roles")["equal"], of_kind(&live, "roles")["chosen"]);
    assert_eq!(world.json("runs show 2")["run"]["state"], "incomplete");
    assert_eq!(world.verdict(), "sound", "a comparison leaves no gaps behind");
}
