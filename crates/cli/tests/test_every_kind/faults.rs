//! Every kind from an instance that fails, throttles, signs out and changes: the
//! run ends complete and holds all.

use std::time::Duration;

use looker_sim::{Churn, Faults, Latency, SimConfig};

use crate::support::VAULT;
use crate::support::content::{assert_equal_where_stored, assert_same};
use crate::support::estate::{expected_estate, stored_estate};
use crate::support::looker::Looker;
use crate::{ALL, small};

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
