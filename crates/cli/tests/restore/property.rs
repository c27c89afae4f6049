//! Whatever is damaged, and whatever goes wrong meanwhile: what was backed up comes back,
//! once; and an undo gives the damage back.
//!
//! `TEST_SEED` in the environment tries other cases than the usual ones.

#![expect(clippy::print_stdout, reason = "shown when a case fails: what was damaged, by which seed")]

use std::collections::BTreeSet;

use looker_sim::{Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::requests::{looking_at_all, reads_and_writes};
use crate::support::restored::{COMPARED, NewIds, State, assert_all_back, lost, part_ids, tidy};
use crate::support::seeded::Seeded;
use crate::support::wounds::Vandal;
use crate::support::{Ran, World, finish};

const ALL: &str = "restore all --as-of 1 --yes --on-conflict overwrite --allow-irreversible --json";

fn config(chance: &mut Seeded, seed: u64) -> SimConfig {
    let mut few = |low, high| u32::try_from(chance.between(low, high)).unwrap();
    SimConfig {
        seed,
        dashboards: few(5, 12),
        looks: few(3, 7),
        folders: few(3, 6),
        users: few(3, 6),
        boards: few(1, 4),
        plans: few(2, 8),
        disabled_plans: 0,
        alerts: few(0, 6),
        ..SimConfig::default()
    }
}

fn faults(chance: &mut Seeded) -> Faults {
    let mut share = || chance.between(0, 6) as f64 / 100.0;
    Faults {
        too_many_requests: share(),
        bad_gateway_html: share(),
        reset: share(),
        unauthorized: share(),
        hidden_success: share(),
        hidden_reset: share(),
        ..Faults::default()
    }
}

/// Runs the program, kills it once in a while, and has it go on, until it ends by itself.
fn through(looker: &Looker, world: &World, line: &str, kills: u64, chance: &mut Seeded) -> Ran {
    let mut line = line.to_owned();
    for _ in 0..kills {
        let mut running = world.start(&line);
        let until = looker.served() + chance.between(30, 160);
        while looker.served() < until && running.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        if running.try_wait().unwrap().is_some() {
            return finish(running);
        }
        running.kill().unwrap();
        running.wait().unwrap();
        let begun = world.run("restore status --json").report()["restores"] != json!([]);
        if begun {
            "restore resume --json".clone_into(&mut line);
        }
    }
    world.run(&line)
}

/// What is made anew arrives asleep.
fn asleep(mut state: State, ids: &NewIds) -> State {
    state.change_made(ids, &|kind, document| match kind {
        Kind::ScheduledPlan => document["enabled"] = json!(false),
        Kind::Alert => document["is_disabled"] = json!(true),
        _ => {}
    });
    state
}

/// Nobody can be given to somebody who is not there: what belonged to a user that was
/// deleted belongs to nobody.
fn ownerless(mut state: State) -> State {
    let users: BTreeSet<String> = state.ids(Kind::User).into_iter().map(str::to_owned).collect();
    for kind in [Kind::Dashboard, Kind::Look, Kind::Board, Kind::ScheduledPlan] {
        state.change(kind, &|document| {
            if document["user_id"].as_str().is_some_and(|user| !users.contains(user)) {
                document["user_id"] = Value::Null;
                document["user_name"] = Value::Null;
            }
        });
    }
    // Nor can a tile be given a look that is gone: it keeps the one that it has.
    let is_there = |id: &&str| state.get(Kind::Look, id).unwrap()["in_the_trash"] == false;
    let looks: BTreeSet<String> =
        state.ids(Kind::Look).into_iter().filter(is_there).map(str::to_owned).collect();
    state.change(Kind::Dashboard, &|document| {
        for tile in document["dashboard_elements"].as_array_mut().unwrap() {
            if tile["look_id"].as_str().is_some_and(|look| !looks.contains(look)) {
                for member in ["look_id", "look", "query", "result_maker"] {
                    tile[member] = Value::Null;
                }
            }
        }
    });
    state
}

/// Parts that the damage left keep their ids.
fn assert_parts_are_kept(before: &State, damaged: &State, after: &State) {
    for kind in [Kind::Dashboard, Kind::Board] {
        for id in damaged.ids(kind) {
            let [Some(was), Some(left), Some(now)] =
                [before, damaged, after].map(|state| state.get(kind, id))
            else {
                continue;
            };
            let (was, left, now) = (part_ids(was), part_ids(left), part_ids(now));
            let lost: BTreeSet<_> = was.intersection(&left).filter(|part| !now.contains(*part)).collect();
            assert!(lost.is_empty(), "{kind:?} {id}: {lost:?}");
        }
    }
}

fn case(number: u64) {
    let seed = crate::support::seeded::seed(500 + number);
    let mut chance = Seeded::new(500 + number);
    let looker = Looker::start(config(&mut chance, seed));
    tidy(&looker);
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    let before = State::of(&looker);
    let somebody = Somebody::sign_in(&looker);
    let wounds: Vec<String> = (0..chance.between(3, 16))
        .map(|_| Vandal { looker: &looker, somebody: &somebody, chance: &mut chance }.strike())
        .collect();
    println!("case {number}, seed {seed}:\n{}", wounds.join("\n"));
    let damaged = State::of(&looker);

    looker.set_faults(faults(&mut chance));
    let kills = chance.between(0, 3);
    let ran = through(&looker, &world, ALL, kills, &mut chance);
    assert!(!ran.out.is_empty(), "{}", ran.all());
    let report = ran.report();
    assert_eq!((ran.code, lost(&report).join("\n")), (0, String::new()), "{}", ran.err);
    looker.set_faults(Faults::default());
    let after = State::of(&looker);
    let mut ids = NewIds::told(&report);
    ids.add_personal_folders(&before, &after);
    assert_all_back(&asleep(before.clone(), &ids), &after, &ids);
    assert_parts_are_kept(&before, &damaged, &after);
    for (kind, _) in COMPARED {
        assert_eq!(after.ids(kind).len(), before.ids(kind).len(), "{kind:?}: each is there once");
    }

    // Once more it does nothing, and costs what looking at it costs.
    looker.reset_stats();
    let again = world.run("restore all --as-of 1 --yes --json");
    assert_eq!((again.code, &again.report()["steps"]), (0, &json!([])), "{}", again.err);
    let (reads, writes) = reads_and_writes(&looker.requests());
    assert_eq!(writes, Vec::<&str>::new());
    assert_eq!(reads.values().sum::<u64>(), looking_at_all(&looker), "{reads:?}");

    let undone = world.run("restore undo 1 --yes --allow-irreversible --json");
    assert!(!undone.out.is_empty(), "{}", undone.all());
    assert_eq!((undone.code, lost(&undone.report()).join("\n")), (0, String::new()), "{}", undone.err);
    let undone_ids = NewIds::told(&undone.report());
    let left = ownerless(State::of(&looker));
    assert_all_back(&ownerless(asleep(damaged, &undone_ids)), &left, &undone_ids);
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

#[test]
fn what_was_backed_up_comes_back_whatever_happens() {
    (0..6).for_each(case);
}
