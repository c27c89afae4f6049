//! `extract --plan`: its figures against what the run that follows really costs.

use std::collections::BTreeMap;

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::targets::{SMALL, Understands, a_day_of_work, a_day_passes};
use crate::support::{VAULT, World};

/// Metered calls by kind, reason and ledger.
type Calls = BTreeMap<[String; 3], u64>;

fn key(kind: &Value, line: &Value) -> [String; 3] {
    [kind, &line["reason"], &line["ledger"]].map(|text| text.as_str().unwrap().to_owned())
}

/// What a plan says, at least or likely.
fn planned(plan: &Value, bound: &str) -> Calls {
    let kinds = plan["kinds"].as_array().unwrap().iter();
    let lines = kinds.flat_map(|kind| {
        let calls = kind["calls"].as_array().unwrap().iter();
        calls.map(|line| (key(&kind["kind"], line), line[bound].as_u64().unwrap()))
    });
    lines.filter(|(_, calls)| *calls > 0).collect()
}

/// What a run made.
fn made(report: &Value) -> Calls {
    let lines = report["calls"].as_array().unwrap().iter().filter(|line| line["ledger"] != "unmetered");
    lines.map(|line| (key(&line["kind"], line), line["calls"].as_u64().unwrap())).collect()
}

fn by_ledger(calls: &Calls) -> [u64; 2] {
    ["administrative", "query_based"]
        .map(|ledger| calls.iter().filter(|([.., of], _)| of == ledger).map(|(_, calls)| calls).sum())
}

/// Plans the next run, which makes no call, and runs it: the plan and the report.
fn plan_and_run(looker: &Looker, world: &World, arguments: &str) -> (Value, Value) {
    looker.reset_stats();
    let plan = world.json(&format!("extract --plan {arguments}"));
    assert!(looker.requests().is_empty(), "a plan made calls");
    let report = world.extract(arguments).complete();
    (plan, report)
}

#[test]
fn where_nothing_has_changed_the_plan_is_exact() {
    for understands in Understands::OUTCOMES {
        let config = SMALL.simulated(understands);
        let looker = Looker::start(SimConfig { dashboards: 120, looks: 60, folders: 20, ..config });
        let world = looker.world();
        world.extract("").complete();
        for days in [0, 1, 6, 1, 23] {
            (0..days).for_each(|_| a_day_passes(&world.path(VAULT)));
            let (plan, report) = plan_and_run(&looker, &world, "");
            assert_eq!(planned(&plan, "at_least"), made(&report), "{understands:?}, {days} days later");
            assert_eq!(plan["is_known"], true);
        }
    }
}

#[test]
fn scopes_are_planned_by_the_folders_that_are_stored() {
    let looker = Looker::start(SimConfig { dashboards: 300, looks: 60, folders: 12, ..SimConfig::default() });
    let world = looker.world();
    world.extract("").complete();
    let ids = looker.shared_folder_ids()[..4].join(",");
    let scopes = [
        format!("--folder-ids {ids}"),
        "--folder /Shared --recursive --full".to_owned(),
        "dashboards --no-personal --no-trash".to_owned(),
        format!("dashboards looks --folder-ids {ids} --folder-strategy per-folder --full"),
        "users roles settings".to_owned(),
        "--all-now".to_owned(),
        "--full".to_owned(),
        "--cadence all=on-request,looks=daily".to_owned(),
    ];
    for scope in scopes {
        // The first time folders may be tried out as lists.
        world.extract(&scope).complete();
        let (plan, report) = plan_and_run(&looker, &world, &scope);
        assert_eq!(planned(&plan, "at_least"), made(&report), "{scope}");
    }
}

#[test]
fn changes_as_between_the_last_runs_are_within_the_bounds() {
    for understands in Understands::OUTCOMES {
        let looker = Looker::start(SMALL.simulated(understands));
        let world = looker.world();
        world.extract("").complete();
        for day in 1..=4 {
            a_day_passes(&world.path(VAULT));
            a_day_of_work(&looker, day);
            let (plan, report) = plan_and_run(&looker, &world, "");
            let [least, likely] = ["at_least", "likely"].map(|bound| by_ledger(&planned(&plan, bound)));
            let made = by_ledger(&made(&report));
            for ledger in 0..2 {
                assert!(least[ledger] <= made[ledger], "{understands:?} {day}: {least:?} {made:?}");
                // Nobody knew on the first days that anything changes.
                let is_likely = day <= 2 || made[ledger] <= likely[ledger];
                assert!(is_likely, "{understands:?} {day}: {made:?} of {likely:?}");
                assert!(likely[ledger] <= least[ledger] + 10, "{least:?} {likely:?}");
            }
        }
    }
}

#[test]
fn a_first_fill_under_an_allowance_is_planned_day_by_day() {
    let looker = Looker::start(SMALL.simulated(Understands::OUTCOMES[0]));
    let mut world = looker.world();
    world.set("LOOKERVAULT_MONTHLY_CALLS", "1000");
    world.set("LOOKERVAULT_MONTHLY_QUERY_CALLS", "1000");
    world.extract("").complete();
    for day in 0..12 {
        a_day_passes(&world.path(VAULT));
        let (plan, report) = plan_and_run(&looker, &world, "");
        let [least, made] = [planned(&plan, "at_least"), made(&report)].map(|calls| by_ledger(&calls));
        // What is read tells the keys of more: access lists, queries of merge queries.
        assert!(least[0] <= made[0] && made[0] <= least[0] + 20, "{day}: {least:?} {made:?} {plan} {report}");
        assert!(least[1] <= made[1] && made[1] <= least[1] + 40, "{day}: {least:?} {made:?}");
        assert!(day < 11 || least == made, "it is full: {least:?} {made:?}");
    }
}

#[test]
fn an_instance_that_nobody_has_read_is_counted_first_and_that_is_booked() {
    for understands in Understands::OUTCOMES {
        let looker = Looker::start(SMALL.simulated(understands));
        let world = looker.world();
        let ran = world.run("extract --plan --json");
        assert_eq!(ran.code, 0, "{}", ran.all());
        let plan: Value = serde_json::from_str(&ran.out).unwrap();
        let counted = metered(&looker.requests());
        assert!((1..=10).contains(&counted), "{counted} calls to count");
        assert_eq!(plan["sizing"]["calls"], counted);
        assert_eq!((&plan["is_known"], &plan["sizing"]["unknown"]), (&false.into(), &serde_json::json!([])));
        let calls = world.json("calls --by run")["sum"]["administrative"].clone();
        assert_eq!(calls, counted, "they are booked");
        let runs = world.json("runs");
        assert_eq!(runs["runs"][0]["command"], "plan");
        assert_eq!(world.verdict(), "sound");

        let report = world.extract("").complete();
        let [least, likely] = ["at_least", "likely"].map(|bound| by_ledger(&planned(&plan, bound)));
        let made = by_ledger(&made(&report));
        assert!(least[0] <= made[0], "{understands:?}: {least:?} {made:?}");
        // What has a list of its own is known only when content has been read.
        assert!(made[0] <= likely[0] + likely[0] / 2, "{understands:?}: {likely:?} {made:?}");
        assert_eq!(report["run"], 2, "the run of the plan is no attempt at this one");
        let bulk: Vec<&str> = vec!["dashboards", "looks", "users", "folders", "user_attribute_values"];
        let of = |calls: &Calls, kind: &str| -> u64 {
            calls.iter().filter(|([of, ..], _)| of == kind).map(|(_, calls)| calls).sum()
        };
        let (planned, made) = (planned(&plan, "at_least"), self::made(&report));
        for kind in bulk {
            assert_eq!(of(&planned, kind), of(&made, kind), "{understands:?}: {kind}");
        }
    }
}

#[test]
fn what_does_not_suffice_is_said_and_ends_with_4() {
    let looker = Looker::start(SimConfig { dashboards: 30, ..SimConfig::default() });
    let mut world = looker.world();
    world.extract("").complete();
    let plan = world.json("extract --plan");
    let needs = plan["calls_by_ledger"]["administrative"]["at_least"].as_u64().unwrap();
    assert!(plan["is_enough"] == true && needs > 2);

    let ran = world.run("extract --plan --max-calls 2");
    assert_eq!(ran.code, 4);
    assert!(
        ran.out.contains("will not come to its end") && ran.out.contains("--max-calls allows 2"),
        "{}",
        ran.out
    );

    world.set("LOOKERVAULT_MONTHLY_CALLS", "100");
    let ran = world.run("extract --plan --json");
    assert_eq!(ran.code, 4, "{}", ran.all());
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(plan["is_enough"], false);
    let ran = world.run("extract --plan");
    assert!(ran.out.contains("the month's allowance leaves"), "{}", ran.out);
    assert_eq!(world.run("extract --plan --over-allowance").code, 0);
}

#[test]
fn people_get_a_line_a_kind() {
    let looker = Looker::start(SimConfig { dashboards: 230, looks: 12, folders: 5, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards looks folders users roles").complete();
    for id in looker.ids(Kind::Dashboard, false).iter().take(3) {
        looker.edit_dashboard(id, "changed").unwrap();
    }
    world.extract("dashboards looks folders users roles").complete();
    insta::assert_snapshot!(world.run("extract --plan dashboards looks folders users roles queries").all());
}
