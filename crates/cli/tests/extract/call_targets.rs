//! What a licence of a thousand calls a month is to be enough for: the first
//! run, a daily run, and a month of them, for each outcome of trying out what
//! the instance understands. Every call above the fewest that the API allows has
//! a reason.

use jiff::Timestamp;
use looker_sim::SimConfig;
use serde_json::Value;

use crate::support::looker::Looker;
use crate::support::minimum::{Cost, Known, costs};
use crate::support::targets::{
    Account, LARGE, SMALL, Scale, Understands, Work, a_day_of_work, a_day_passes, metered, slice, sum,
};
use crate::support::{VAULT, World};

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

/// Nobody made a call for nothing.
#[track_caller]
fn assert_reasons(report: &Value, known: &Known<'_>) {
    for cost in costs(report, known) {
        assert_eq!(cost.unexplained(), 0, "{:?}: {cost:?}\n{}", known.understands, account(report));
    }
}

/// A first run and two daily ones; the second daily run tries out nothing any more.
#[track_caller]
fn assert_within_targets(scale: &Scale, understands: Understands, looker: &Looker, world: &World) {
    let first = run(world);
    let bulk = total(&first) - slice(&first);
    let most = scale.most_at_first(understands, looker);
    assert!(bulk <= most, "{understands:?}: {bulk} calls of {most}\n{}", account(&first));
    let nothing = Work::new();
    assert_reasons(&first, &Known { looker, understands, work: &nothing });

    for day in 1..=2 {
        a_day_passes(&world.path(VAULT));
        let work = a_day_of_work(looker, day);
        let daily = run(world);
        let calls = total(&daily) - slice(&daily);
        let most = scale.most_a_day(understands, &work);
        assert!(calls <= most, "{understands:?}: {calls} calls of {most}\n{}", account(&daily));
        assert_reasons(&daily, &Known { looker, understands, work: &work });
        // Of a changed look the query may be new.
        assert_eq!(sum(&daily, |line| line["kind"] == "queries" && line["reason"] == "page"), 0);
        let found: u64 =
            daily["kinds"].as_array().unwrap().iter().map(|kind| kind["changed"].as_u64().unwrap()).sum();
        let changed: usize = work.values().map(Vec::len).sum();
        assert!(found >= changed as u64, "{found} of {changed}");
    }
}

#[test]
fn the_small_instance_stays_within_its_calls() {
    for understands in Understands::OUTCOMES.into_iter().chain(Understands::HALVES) {
        let looker = Looker::start(SMALL.simulated(understands));
        assert_within_targets(&SMALL, understands, &looker, &looker.world());
    }
}

/// The bodies are small: how many calls there are does not depend on them. An
/// allowance spreads what costs a call an object over ten days.
#[test]
fn the_large_instance_stays_within_its_calls() {
    for understands in Understands::OUTCOMES {
        let config = SimConfig { dashboard_bytes: 400, ..LARGE.simulated(understands) };
        let looker = Looker::start(config);
        let mut world = looker.world();
        LARGE.within_allowance(&mut world);
        assert_within_targets(&LARGE, understands, &looker, &world);
    }
}

/// What is read weekly is never older than a week, on whichever day it is read.
#[track_caller]
fn assert_nothing_is_late(world: &World, day: usize) {
    let ages = world.json("runs")["ages"][0]["kinds"].clone();
    for age in ages.as_array().unwrap().iter().filter(|age| age["cadence"] == "weekly") {
        // Of the settings each has an age of its own; slices are no matter of weeks.
        let read_at = if age["kind"] == "instance_settings" { &age["oldest"] } else { &age["read_at"] };
        let Some(read_at) = read_at.as_str() else {
            assert!(day < 14 && age["unread"] != 0, "day {day}: {age}");
            continue;
        };
        let age_in_hours = read_at.parse::<Timestamp>().unwrap().duration_until(Timestamp::now()).as_hours();
        assert!(age_in_hours < 7 * 24, "day {day}: {age}");
    }
}

#[test]
fn a_month_of_daily_runs_fits_the_smallest_licence() {
    for understands in Understands::OUTCOMES {
        let looker = Looker::start(SMALL.simulated(understands));
        let mut world = looker.world();
        SMALL.within_allowance(&mut world);
        let (mut account, mut work) = (Account::default(), Work::new());
        for day in 1..=30 {
            let ran = world.extract("");
            let report = ran.report();
            account.add(&report);
            assert_eq!(report["state"], "complete", "day {day}:\n{account}\n{}", ran.all());
            assert_reasons(&report, &Known { looker: &looker, understands, work: &work });
            let (calls, most) = (total(&report) - slice(&report), SMALL.most_a_day(understands, &work));
            assert!(day == 1 || calls <= most, "{understands:?}, day {day}: {calls} of {most}\n{account}");
            assert_nothing_is_late(&world, day);
            let spread = report["spread"].as_array().unwrap().iter();
            let missing: u64 = spread.map(|kind| kind["missing"].as_u64().unwrap()).sum();
            assert!(missing == 0 || day < 14, "{missing} objects were never read after two weeks");
            a_day_passes(&world.path(VAULT));
            work = a_day_of_work(&looker, day);
        }
        println!("{understands:?}: {:?} calls\n{account}", account.spent());
        let (spent, most) = (account.spent(), SMALL.month.unwrap().most(understands));
        assert!(spent[0] <= most[0] && spent[1] <= most[1], "{understands:?}: {spent:?} of {most:?}");
    }
}

/// What counts the fewest calls notices a single one that was made for nothing.
#[test]
fn one_call_too_many_has_no_reason() {
    let understands = Understands::OUTCOMES[0];
    let looker = Looker::start(SMALL.simulated(understands));
    let report = run(&looker.world());
    let work = Work::new();
    let known = Known { looker: &looker, understands, work: &work };
    assert_reasons(&report, &known);
    let lines = report["calls"].as_array().unwrap();
    let items = (0..lines.len()).filter(|at| lines[*at]["reason"] == "item");
    let items: Vec<usize> = items.filter(|at| lines[*at]["kind"] != "instance_settings").collect();
    assert!(items.len() > 5, "{report}");
    for at in items {
        let mut wasteful = report.clone();
        let calls = &mut wasteful["calls"][at]["calls"];
        *calls = (calls.as_u64().unwrap() + 1).into();
        let unexplained: u64 = costs(&wasteful, &known).iter().map(Cost::unexplained).sum();
        assert_eq!(unexplained, 1, "{}", lines[at]);
    }
}
