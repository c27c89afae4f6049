//! The built program against a Looker that fails, lies, goes away, or changes
//! while it is read: the same run ends complete, or names what it could not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use looker_sim::{Faults, Latency, SimConfig};

use crate::support::content::{
    Key, assert_equal_where_stored, assert_holds_all, assert_same, digest, instance, stored,
};
use crate::support::front::{Front, Instead};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::page;
use crate::support::seeded::seed;
use crate::support::{BASICS, VAULT, finish, gap_places, sum};

/// Some sixty pages.
const PAGES: &str = "--page-size 4";

fn faulty(faults: Faults) -> SimConfig {
    SimConfig { seed: seed(11), faults, ..SimConfig::default() }
}

/// Runs once against an instance with faults; it must end complete and hold all.
#[track_caller]
fn completes(config: SimConfig) {
    let looker = Looker::start(config);
    let world = looker.world();
    let report = world.extract(PAGES).complete();
    let stats = looker.stats();
    assert!(stats.by_fault.values().sum::<u64>() > 5, "the faults must bite: {stats:?}");
    assert_eq!(sum(&report["calls"], "calls"), stats.requests, "every call is counted: {report}\n{stats:?}");
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn a_fifth_of_all_answers_fails_and_the_run_is_complete() {
    completes(faulty(Faults::mixed(0.2)));
}

#[test]
fn a_fifth_of_all_answers_fails_those_to_logins_too() {
    completes(faulty(Faults { login: true, ..Faults::mixed(0.2) }));
}

#[test]
fn bodies_that_are_cut_short() {
    completes(faulty(Faults { cut_body: 0.25, ..Faults::default() }));
}

#[test]
fn json_that_breaks_off() {
    completes(faulty(Faults { bad_json: 0.25, ..Faults::default() }));
}

#[test]
fn web_pages_with_status_200() {
    completes(faulty(Faults { html_200: 0.25, ..Faults::default() }));
}

#[test]
fn web_pages_from_a_load_balancer() {
    completes(faulty(Faults { bad_gateway_html: 0.25, ..Faults::default() }));
}

#[test]
fn connections_that_break() {
    completes(faulty(Faults { reset: 0.25, ..Faults::default() }));
}

#[test]
fn totals_that_lie() {
    let looker =
        Looker::start(SimConfig { seed: seed(5), wrong_totals: true, users: 90, ..SimConfig::default() });
    let world = looker.world();
    world.extract_basics("--page-size 20").complete();
    assert_holds_all(&world.path(VAULT), &looker);
}

#[test]
fn pages_that_are_silently_capped_under_totals_that_lie() {
    let config = SimConfig {
        seed: seed(5),
        wrong_totals: true,
        page_cap: Some(50),
        users: 90,
        ..SimConfig::default()
    };
    let looker = Looker::start(config);
    let world = looker.world();
    // Folders and roles come whole, in one answer; the simulator caps that too.
    world.extract("dashboards looks users groups").complete();
    let paged = |key: &Key| !matches!(key.0, "folders" | "roles");
    let wanted = instance(&looker).into_iter().filter(|(key, _)| paged(key)).collect();
    assert_same(&stored(&world.path(VAULT)), &wanted);
}

fn some() -> SimConfig {
    SimConfig { seed: seed(3), ..SimConfig::default() }
}

#[test]
fn a_server_that_goes_down_for_good_leaves_named_gaps_that_the_next_run_fills() {
    let mut looker = Looker::start(some());
    let gate = Gate::at(looker.port(), 30);
    let world = looker.world_at(&gate.url());
    let running =
        world.start(&format!("extract --json {BASICS} {PAGES} --patience 1s --tries 2 --workers 3"));
    gate.wait();
    looker.stop();
    gate.open();
    let ran = finish(running);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let report = ran.report();
    assert_eq!(report["state"], "incomplete");
    let gaps = report["gaps"].as_array().unwrap();
    assert!(!gaps.is_empty(), "{report}");
    for gap in gaps {
        assert!(gap["kind"].is_string() && gap["place"].is_string(), "{gap}");
        assert!(!gap["reason"].as_str().unwrap().is_empty(), "{gap}");
    }
    let named_rows = |gap: &&serde_json::Value| gap["offset"].is_u64() && gap["limit"].is_u64();
    assert!(gaps.iter().any(|gap| named_rows(&gap)), "ranges are named: {report}");
    let all = instance(&looker);
    let held = stored(&world.path(VAULT));
    assert!(held.len() < all.len(), "the server went down in the middle");
    assert_equal_where_stored(&held, &all);
    assert_eq!(world.verdict(), "sound_with_gaps");
    let runs = world.json("runs");
    assert_eq!(runs["runs"][0]["state"], "incomplete", "{runs}");

    looker.restart();
    world.extract(PAGES).complete();
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.json("runs")["runs"][0]["state"], "complete");
    assert_ne!(world.verdict(), "damaged");
}

#[test]
fn a_server_that_goes_down_before_the_proof_leaves_an_unproved_run() {
    let looker = Looker::start(some());
    let (is_down, listings) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(0));
    let down = Arc::clone(&is_down);
    // Two listings open the run, live and trash; the next ones are to close it.
    let front = Front::before(looker.port(), move |exchange| {
        if exchange.searches("dashboards", true) && nth(&listings) == 3 {
            down.store(true, Ordering::Relaxed);
        }
        // One side is listed while pages of the other are on their way: these still come.
        let is_refused = down.load(Ordering::Relaxed) && !exchange.searches("dashboards", false);
        is_refused.then(|| Instead::page(503, "503 Service Temporarily Unavailable"))
    });
    let world = looker.world_at(&front.url());
    let ran = world.extract("dashboards --page-size 20 --patience 1s --tries 2");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(ran.report()["state"], "incomplete");
    is_down.store(false, Ordering::Relaxed);
    looker.reset_stats();
    world.extract("dashboards --page-size 20 --resume").complete();
    let pages = looker.requests().iter().filter_map(page).count();
    assert!(pages <= 1, "{pages} pages were read again");
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn an_incomplete_run_takes_nothing_away() {
    let mut looker = Looker::start(some());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract_basics("").complete();
    let before = digest(&world.path(VAULT));
    let gate = Gate::at(looker.port(), 15);
    front.lead_to(gate.port());
    let running = world.start(&format!("extract --json {BASICS} {PAGES} --patience 1s --tries 2"));
    gate.wait();
    looker.stop();
    gate.open();
    let ran = finish(running);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(digest(&world.path(VAULT)), before, "what could not be seen is not gone");
    looker.restart();
    world.extract_basics("").complete();
    assert_holds_all(&world.path(VAULT), &looker);
}

#[test]
fn a_server_that_comes_back_in_time_costs_nothing() {
    let mut looker = Looker::start(some());
    let gate = Gate::at(looker.port(), 20);
    let world = looker.world_at(&gate.url());
    let running = world.start(&format!("extract --json {BASICS} {PAGES} --workers 3"));
    gate.wait();
    looker.stop();
    gate.open();
    std::thread::sleep(Duration::from_millis(700));
    looker.restart();
    finish(running).complete();
    assert_holds_all(&world.path(VAULT), &looker);
}

/// How often this happened, counting now.
fn nth(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

#[test]
fn two_answers_401_in_a_row_are_no_reason_to_stop() {
    let looker = Looker::start(SimConfig { seed: seed(7), ..SimConfig::default() });
    let tries = AtomicU32::new(0);
    let front = Front::before(looker.port(), move |exchange| {
        let is_hit =
            exchange.request.contains("/dashboards/search") && exchange.request.contains("offset=40&");
        let is_hit = is_hit || exchange.request.contains("offset=40 ");
        (is_hit && nth(&tries) <= 2).then(|| Instead::error(401, "Requires authentication."))
    });
    let world = looker.world_at(&front.url());
    world.extract("dashboards --page-size 10").complete();
    assert!(looker.stats().logins >= 2, "the token was renewed");
}

#[test]
fn a_login_refused_in_the_middle_is_tried_again() {
    for status in [401, 403, 404] {
        let looker = Looker::start(SimConfig::default());
        let logins = AtomicU32::new(0);
        let front = Front::before(looker.port(), move |exchange| {
            let is_login = exchange.request.starts_with("POST") && exchange.request.contains("/login");
            (is_login && nth(&logins) == 2).then(|| Instead::error(status, "Not found"))
        });
        let gate = Gate::at(front.port(), 10);
        let world = looker.world_at(&gate.url());
        let running = world.start(&format!("extract --json {BASICS} {PAGES}"));
        gate.wait();
        looker.revoke_tokens();
        gate.open();
        finish(running).complete();
        assert!(looker.stats().logins >= 2, "the token was renewed");
        assert_holds_all(&world.path(VAULT), &looker);
    }
}

#[test]
fn one_dashboard_that_cannot_be_read_is_lost_alone() {
    let looker = Looker::start(SimConfig { dashboards: 30, looks: 5, seed: seed(8), ..SimConfig::default() });
    let cursed = looker.ids(looker_sim::Kind::Dashboard, false)[13].clone();
    let curse = cursed.clone();
    let front = Front::before(looker.port(), move |exchange| {
        let whole = exchange.request.contains("/dashboards/search") && !exchange.request.contains("fields=");
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&exchange.body).ok().filter(|_| whole)?;
        let is_hit = rows.iter().any(|row| row["id"] == *curse);
        is_hit.then(|| Instead::error(500, "An error has occurred."))
    });
    let world = looker.world_at(&front.url());
    let ran = world.extract("dashboards --page-size 3 --patience 3s --tries 5");
    assert_eq!(ran.code, 3, "{}", ran.all());
    let report = ran.report();
    let held = stored(&world.path(VAULT));
    let lost: Vec<_> = instance(&looker)
        .into_keys()
        .filter(|key| key.0 == "dashboards" && !held.contains_key(key))
        .collect();
    assert_eq!(lost, [("dashboards", cursed.clone())], "{}", ran.all());
    assert_eq!(gap_places(&report), [format!("dashboard {cursed}")], "{report}");
    assert_eq!(world.verdict(), "sound_with_gaps");
}

#[test]
fn pages_that_are_too_slow_are_asked_for_in_halves() {
    let latency = Latency { per_full_row: Duration::from_millis(40), ..Latency::default() };
    let looker = Looker::start(SimConfig { dashboards: 60, seed: seed(9), latency, ..SimConfig::default() });
    let world = looker.world();
    // Fifty rows take two seconds: twice what the program waits for.
    let report = world.extract("dashboards --no-trash --page-size 50 --timeout 1s").complete();
    assert!(sum(&report["streams"], "retries") >= 1, "{report}");
    let streams = report["streams"].as_array().unwrap();
    assert!(streams.iter().any(|stream| stream["calls"].as_u64() > stream["ranges_claimed"].as_u64()));
    let asked: Vec<u64> =
        looker.requests().iter().filter_map(page).map(|asked| asked.rows.end - asked.rows.start).collect();
    assert!(asked.iter().filter(|limit| **limit > 25).count() == 1, "{asked:?}");
    let held = stored(&world.path(VAULT));
    assert_eq!(held.len(), looker.ids(looker_sim::Kind::Dashboard, false).len());
}
