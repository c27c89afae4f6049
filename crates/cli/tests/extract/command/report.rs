//! What is printed: for people, for scripts, and in the log.

use std::collections::BTreeSet;

use looker_sim::SimConfig;
use serde_json::{Map, Value, json};

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{Ran, VAULT, sum};

fn looker() -> Looker {
    Looker::start(SimConfig {
        seed: 3,
        dashboards: 170,
        looks: 40,
        folders: 9,
        users: 12,
        groups: 4,
        roles: 3,
        folder_sizes: vec![120, 30, 0, 7],
        trash_percent: 0,
        dashboard_bytes: 2_000,
        ..SimConfig::default()
    })
}

/// A value's members and types, without its values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(elements) => Value::Array(elements.first().map(shape).into_iter().collect()),
        Value::String(_) => "text".into(),
        Value::Number(number) if number.is_f64() => "number".into(),
        Value::Number(_) => "whole number".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Null => Value::Null,
    }
}

#[test]
fn scripts_get_one_document_of_a_known_shape() {
    let looker = looker();
    let world = looker.world();
    let ids = looker.shared_folder_ids();
    let ran = world.extract(&format!("--folder-ids {}", ids[0]));
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (1, ""));
    let report = ran.complete();
    assert_eq!(report["schema"], "lookervault.extract/1");
    insta::assert_json_snapshot!(shape(&report));
    assert_eq!(report["vault"], VAULT, "the path as it was given");
    assert_eq!(report["vault_bytes"].as_u64(), Some(std::fs::metadata(world.path(VAULT)).unwrap().len()));
    assert_eq!(
        (&report["run"], &report["resumed"], &report["stopped"]),
        (&json!(1), &json!(false), &Value::Null)
    );
    for format in ["-o json", "--output json"] {
        let ran = world.run(&format!("extract roles {format}"));
        assert_eq!(ran.complete()["schema"], "lookervault.extract/1");
    }
}

#[test]
fn statistics_of_every_folder() {
    let looker = looker();
    let world = looker.world();
    let ids = looker.shared_folder_ids();
    let line = format!("dashboards --folder-ids {} --folder-strategy per-folder -b 50", ids[..4].join(","));
    let report = world.extract(&line).complete();
    let streams = report["streams"].as_array().unwrap();
    let of = |folder: &str| streams.iter().find(|stream| stream["folder_id"] == folder);
    for (folder, rows, ranges) in [(&ids[0], 120, 3), (&ids[1], 30, 1), (&ids[3], 7, 1)] {
        let stream = of(folder).unwrap();
        let name = format!("dashboards in folder {folder}");
        let wanted = json!({
            "name": name, "kind": "dashboards", "state": "live", "folder_id": folder, "size": rows,
            "offset": stream["offset"], "ranges_claimed": ranges, "rows": rows, "calls": ranges,
            "waste": 0, "retries": 0,
        });
        assert_eq!(*stream, wanted);
        assert!(stream["offset"].as_u64().unwrap() >= rows, "{stream}");
    }
    assert_eq!(of(&ids[2]), None, "the listing showed that nothing is there");
    assert_eq!(report["rows"], 157);
    assert!(report["bytes"].as_u64().unwrap() > 157 * 1_500, "{report}");
    assert_eq!(sum(&report["kinds"], "seen"), 157);
}

#[test]
fn calls_are_told_by_kind_reason_and_ledger() {
    let looker = looker();
    let world = looker.world();
    let report = world.extract("dashboards roles --no-trash").complete();
    let mut lines: Vec<String> = report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            format!("{} {} {} {}", text("kind"), text("reason"), text("ledger"), line["calls"])
        })
        .collect();
    lines.sort();
    // 170 dashboards in pages of 100, listed before and after.
    let session = lines.pop().unwrap();
    assert!(session.starts_with("session session unmetered "), "{session}");
    let wanted = [
        "dashboards listing administrative 2",
        "dashboards page administrative 2",
        "roles page administrative 1",
        "session session administrative 1",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(report["metered_calls"], metered(&looker.requests()));
    assert_eq!(sum(&report["calls"], "calls"), looker.served());
}

/// Times, rates, sizes and paths out of what people read.
fn assert_golden(name: &str, ran: &Ran) {
    insta::with_settings!({filters => vec![
        (r"in [\d.]+ m?s, [\d,]+ objects/s", "in [time], [rate] objects/s"),
        (r"vault [\d.]+ [kM]B at \S+", "vault [size] at [path]"),
        (r"http://127\.0\.0\.1:\d+", "[address]"),
    ]}, { insta::assert_snapshot!(name, ran.all()) });
}

#[test]
fn people_get_a_table_and_a_verdict() {
    let looker = looker();
    let world = looker.world();
    assert_golden("a_first_run", &world.run("extract"));
    let id = &looker.ids(looker_sim::Kind::Dashboard, false)[0];
    looker.edit_dashboard(id, "edited").unwrap();
    assert_golden("a_second_run", &world.run("extract dashboards"));
    let ids = looker.shared_folder_ids();
    assert_golden(
        "an_empty_folder",
        &world.run(&format!("extract looks --folder-ids {} --no-trash --quiet", 987_654)),
    );
    assert_golden("an_unknown_folder", &world.run("extract looks --folder-ids 987654 --recursive"));
    assert_golden("no_kind_in_folders", &world.run(&format!("extract users --folder-ids {}", ids[0])));
}

#[test]
fn people_get_the_kinds_that_are_closed_to_them() {
    let looker = Looker::start(SimConfig {
        missing_endpoints: vec!["search_looks".to_owned()],
        dashboards: 10,
        ..SimConfig::default()
    });
    // Named, it is a gap; among all, a warning.
    assert_golden("a_closed_kind_by_name", &looker.world().run("extract looks roles"));
    let world = looker.world();
    let ran = world.extract("");
    let report = ran.complete();
    assert_eq!(report["unavailable"][0]["kind"], "looks", "{report}");
    assert!(ran.err.contains("does not offer it"), "{}", ran.err);
    assert_golden("a_closed_kind_among_all", &looker.world().run("extract"));
}

#[test]
fn the_log_tells_statistics_of_every_stream() {
    let looker = looker();
    let world = looker.world();
    let ids = looker.shared_folder_ids();
    let line = format!(
        "dashboards --folder-ids {} --folder-strategy per-folder -b 50 --no-trash",
        ids[..4].join(",")
    );
    let log = world.run(&format!("extract {line} -v")).err;
    for (folder, ranges) in [(&ids[0], 3), (&ids[1], 1), (&ids[3], 1)] {
        let told = log.lines().find(|line| line.contains(&format!("dashboards in folder {folder}")));
        let told = told.unwrap_or_else(|| panic!("no line for folder {folder}: {log}"));
        for part in [format!("ranges_claimed={ranges}"), "waste=0".into(), "retries=0".into(), "rows=".into()]
        {
            assert!(told.contains(&part), "{part} in {told}");
        }
    }
    let log = world.run(&format!("extract {line} -v --json --full")).err;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["fields"]["ranges_claimed"] == 3), "{log}");
}

/// Rows that gaps name.
fn missing(gaps: &Value) -> BTreeSet<u64> {
    let of = |gap: &Value, name: &str| gap[name].as_u64().unwrap();
    let rows = |gap| of(gap, "offset")..of(gap, "offset") + of(gap, "limit");
    gaps.as_array().unwrap().iter().flat_map(rows).collect()
}

#[test]
fn a_gap_that_was_read_meanwhile_is_no_gap() {
    let looker = looker();
    let world = looker.world();
    let line = "dashboards --no-trash -b 20 -w 1";
    let [first, second] = ["--max-calls 5", "--max-calls 3 --resume"].map(|more| {
        let ran = world.extract(&format!("{line} {more}"));
        assert_eq!(ran.code, 4, "{}", ran.all());
        let left = missing(&ran.report()["gaps"]);
        let stored = world.json("runs show 1");
        assert_eq!(missing(&stored["gaps"]), left, "the vault names what the report names: {stored}");
        left
    });
    assert_eq!((first, second), ((60..170).collect(), (100..170).collect()));
    world.extract(&format!("{line} --resume")).complete();
    assert_eq!(world.json("runs show 1")["gaps"], json!([]));
    assert_eq!(world.verdict(), "sound");
}
