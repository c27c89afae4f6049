//! What a licence of a thousand calls a month is to be enough for: the first
//! run, a daily run, and a month of them, for each outcome of trying out what
//! the instance understands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use serde_json::Value;
use support::looker::Looker;
use support::targets::{
    Account, Understands, a_day_of_work, a_day_passes, folders_with_looks, metered, slice, small, sum,
};
use support::{VAULT, World};

fn run(world: &World) -> Value {
    world.extract("").complete()
}

fn total(report: &Value) -> u64 {
    metered(report).iter().sum()
}

/// A report's calls, to read when a target is missed.
fn account(report: &Value) -> Account {
    let mut account = Account::default();
    account.add(report);
    account
}

#[test]
fn a_first_run_and_a_daily_run_stay_within_their_calls() {
    for understands in Understands::OUTCOMES {
        let looker = Looker::start(small(understands));
        let world = looker.world();
        let first = run(&world);
        let bulk = total(&first) - slice(&first);
        let folders = if understands.look_queries { 0 } else { folders_with_looks(&looker) as u64 };
        assert!(bulk <= 60 + folders, "{understands:?}: {bulk} calls\n{}", account(&first));

        // The second run tries out what the first had no use for.
        for day in 1..=2 {
            a_day_passes(&world.path(VAULT));
            let changed = a_day_of_work(&looker, day);
            let daily = run(&world);
            let calls = total(&daily) - slice(&daily);
            // Of a changed look the query may be new.
            let queries = sum(&daily, |line| line["kind"] == "queries");
            assert_eq!(queries, 0, "no query was new");
            assert!(calls <= 25, "{understands:?}: {calls} calls\n{}", account(&daily));
            let found: u64 =
                daily["kinds"].as_array().unwrap().iter().map(|kind| kind["changed"].as_u64().unwrap()).sum();
            assert!(found >= changed.iter().sum::<usize>() as u64, "{found} of {changed:?}");
        }
    }
}

/// What a licence of a thousand calls leaves to a month of daily runs: without its
/// reserve for restores where lists of ids are taken, with it where they are not;
/// and half of it for queries.
fn most(understands: Understands) -> [u64; 2] {
    [if understands.lists { 850 } else { 1_000 }, 500]
}

#[test]
fn a_month_of_daily_runs_fits_the_smallest_licence() {
    for understands in Understands::OUTCOMES {
        let looker = Looker::start(small(understands));
        let mut world = looker.world();
        world.set("LOOKERVAULT_MONTHLY_CALLS", "1000");
        world.set("LOOKERVAULT_MONTHLY_QUERY_CALLS", "1000");
        world.set("LOOKERVAULT_RESTORE_RESERVE", "0");
        let mut account = Account::default();
        for day in 1..=30 {
            let ran = world.extract("");
            let report = ran.report();
            account.add(&report);
            assert_eq!(report["state"], "complete", "day {day}:\n{account}\n{}", ran.all());
            let spread = report["spread"].as_array().unwrap().iter();
            let missing: u64 = spread.map(|kind| kind["missing"].as_u64().unwrap()).sum();
            assert!(missing == 0 || day < 14, "{missing} objects were never read after two weeks");
            a_day_passes(&world.path(VAULT));
            a_day_of_work(&looker, day);
        }
        println!("{understands:?}: {:?} calls\n{account}", account.spent());
        let (spent, most) = (account.spent(), most(understands));
        assert!(spent[0] <= most[0] && spent[1] <= most[1], "{understands:?}: {spent:?} of {most:?}");
    }
}
