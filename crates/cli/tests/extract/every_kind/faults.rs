//! Every kind from an instance that fails, throttles, signs out and changes: the
//! run ends complete and holds all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use looker::catalogue::KeyIn;
use looker_sim::{Churn, Faults, Kind, Latency, SimConfig};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::{ALL, small};
use crate::support::content::{Key, Object, assert_equal_where_stored, assert_same};
use crate::support::estate::{expected_estate, stored_estate};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::seeded::Seeded;
use crate::support::{VAULT, finish};

/// Runs once; it must end complete and hold every object of every kind.
#[track_caller]
fn completes(config: SimConfig, line: &str) -> Looker {
    let looker = Looker::start(config);
    let world = looker.world();
    world.extract(&format!("{ALL} {line}")).complete();
    assert_same(&stored_estate(&world.path(VAULT)), &expected_estate(&looker));
    assert_eq!(world.verdict(), "sound");
    looker
}

#[test]
fn a_fifth_of_all_answers_fails() {
    let looker = completes(SimConfig { faults: Faults { login: true, ..Faults::mixed(0.2) }, ..small() }, "");
    assert!(looker.stats().by_fault.len() > 5, "{:?}", looker.stats());
}

#[test]
fn bodies_are_cut_short() {
    let looker =
        completes(SimConfig { faults: Faults { cut_body: 0.25, ..Faults::default() }, ..small() }, "");
    assert!(looker.stats().by_fault["cut_body"] > 10, "{:?}", looker.stats());
}

/// Lists without a stated order are in another one each time.
#[test]
fn totals_lie_and_pages_are_cut_and_in_no_order() {
    let cap = 50;
    let config =
        SimConfig { wrong_totals: true, page_cap: Some(cap), stable_order: false, dashboards: 60, ..small() };
    let looker = completes(config, "");
    assert!(looker.ids(Kind::Dashboard, false).len() > cap as usize, "nothing was cut");
}

/// Objects that cost a call each and that the newest run has stored, by the path that
/// reads them; of lists by a parameter, nothing.
fn read_one_by_one(vault: &Path) -> BTreeSet<String> {
    let Ok(vault) = Connection::open_with_flags(vault, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
        return BTreeSet::new();
    };
    let seen = vault.prepare(
        "SELECT o.kind, o.key FROM sighting s JOIN object o ON o.id = s.object
         WHERE s.run = (SELECT max(id) FROM run)",
    );
    let Ok(mut seen) = seen else { return BTreeSet::new() };
    let rows = seen.query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let path = |(kind, key): (String, String)| {
        let each = looker::Kind::find(&kind)?.each().filter(|each| each.key == KeyIn::Path)?;
        let (before, after) = each.operation.path.split_once('{')?;
        let (_, after) = after.split_once('}')?;
        (!after.contains('{')).then(|| format!("/api/4.0{before}{key}{after}"))
    };
    rows.filter_map(|row| path(row.unwrap())).collect()
}

#[test]
fn killed_anywhere_and_resumed_it_reads_no_object_twice() {
    let latency = Latency { base: Duration::from_millis(3), ..Latency::default() };
    let looker = Looker::start(SimConfig { latency, ..small() });
    let whole = looker.world();
    whole.extract("").complete();
    let calls = looker.served();
    let wanted = stored_estate(&whole.path(VAULT));
    let mut chance = Seeded::new(15);
    let mut kept = 0;
    for _ in 0..6 {
        let gate = Gate::at(looker.port(), chance.between(calls / 3, calls * 9 / 10));
        let world = looker.world_at(&gate.url());
        let vault = world.path(VAULT);
        let mut running = world.start("extract --workers 2 --pacing fixed");
        gate.wait();
        running.kill().unwrap();
        running.wait().unwrap();
        gate.open();
        let before = read_one_by_one(&vault);
        kept += before.len();
        looker.reset_stats();
        world.extract("--resume").complete();
        let again = looker.requests().into_iter().find(|served| before.contains(&served.path));
        assert!(again.is_none(), "read twice: {again:?}");
        assert_same(&stored_estate(&vault), &wanted);
        assert_eq!(world.verdict(), "sound");
    }
    assert!(kept > 0, "no run was killed after it had read an object by itself");
}

#[test]
fn a_server_that_stops_while_objects_are_read_leaves_gaps_with_names() {
    let mut looker = Looker::start(SimConfig { users: 60, ..small() });
    // After ten lists of values.
    let gate = Gate::at_each(looker.port(), 10, |exchange| exchange.request.contains("/attribute_values"));
    let world = looker.world_at(&gate.url());
    let line = "users user_attribute_values --workers 2 --pacing fixed --tries 2 --patience 1s";
    let running = world.start(&format!("extract --json {line}"));
    gate.wait();
    looker.stop();
    gate.open();
    let ran = finish(running);
    assert_ne!(ran.code, 0, "{}", ran.all());
    let gaps = ran.report()["gaps"].clone();
    let of_values = |gap: &&Value| gap["kind"] == "user_attribute_values" && gap["place"] != "";
    assert!(gaps.as_array().unwrap().iter().any(|gap| of_values(&gap)), "{gaps}");
    looker.restart();
    world.extract("users user_attribute_values").complete();
    let of_kinds = |estate: BTreeMap<Key, Object>| -> BTreeMap<Key, Object> {
        let is_of = |name: &str| matches!(name, "users" | "user_attribute_values");
        estate.into_iter().filter(|(key, _)| is_of(key.0)).collect()
    };
    assert_same(&of_kinds(stored_estate(&world.path(VAULT))), &of_kinds(expected_estate(&looker)));
}

#[test]
fn five_requests_a_second_are_borne() {
    // One of each, or this would take long.
    let config = SimConfig {
        rate_limit: Some(5.0),
        dashboards: 4,
        looks: 3,
        folders: 1,
        users: 2,
        user_attributes: 1,
        plans: 7,
        disabled_plans: 1,
        alerts: 3,
        artifacts: 2,
        ..small()
    };
    let looker = completes(config, "");
    assert!(looker.stats().by_fault["rate_limit"] > 0, "{:?}", looker.stats());
}

#[test]
fn tokens_live_two_seconds() {
    let latency = Latency { base: Duration::from_millis(60), ..Latency::default() };
    let config = SimConfig { token_ttl: Duration::from_secs(2), latency, ..small() };
    let looker = completes(config, "--workers 2 --pacing fixed");
    assert!(looker.stats().logins >= 2, "{:?}", looker.stats());
}

#[test]
fn an_instance_that_changes_is_held_as_it_was_and_then_as_it_is() {
    let churn =
        Churn { edits: 12.0, creates: 2.0, deletes: 2.0, restores: 2.0, purges: 1.0, moves: 3.0, views: 8.0 };
    let latency = Latency { base: Duration::from_millis(20), ..Latency::default() };
    let looker = Looker::start(SimConfig { dashboards: 30, looks: 20, churn, latency, ..small() });
    let world = looker.world();
    world.extract(ALL).complete();
    looker.set_churn(Churn::default());
    // Views move no stamp: only who reads everything sees them.
    world.extract(&format!("{ALL} --full")).complete();
    let mut held = stored_estate(&world.path(VAULT));
    let wanted = expected_estate(&looker);
    // What was referred to once is kept, since it may be again.
    let kept = |kind: &str| matches!(kind, "queries" | "merge_queries");
    held.retain(|key, _| !kept(key.0) || wanted.contains_key(key));
    assert_same(&held, &wanted);
    assert_equal_where_stored(&held, &wanted);
    assert_eq!(world.verdict(), "sound");
}
