//! Times: `--as-of` and `diff` find the last run that had ended by then, whatever asks.

use serde_json::{Value, json};

use crate::stored::{Object, URL, live, store_run_at};
use crate::support::World;

/// A dashboard under a title, and another, in this state of the instance.
fn state(title: &str, field: &str, tidy: bool) -> Vec<Object> {
    let tiles = if tidy { r#"[{"id":"9"}]"# } else { "[]" };
    let dashboard = format!(
        r#"{{"id":"12","title":"{title}","folder_id":"1","dashboard_elements":[
            {{"id":"1","query":{{"model":"shop","view":"orders","fields":["{field}"]}}}}]}}"#
    );
    let other = format!(r#"{{"id":"14","title":"Other","folder_id":"1","dashboard_elements":{tiles}}}"#);
    vec![
        live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#),
        live("dashboards", &dashboard),
        live("dashboards", &other),
    ]
}

/// Two runs on the 20th, one on the 22nd; each leaves another title, field and untidiness.
fn world() -> World {
    let world = World::new();
    for (minute, title, field, tidy) in [
        ("2026-11-20T09:00", "Morning", "orders.first", true),
        ("2026-11-20T18:00", "Evening", "orders.second", false),
        ("2026-11-22T10:00", "Sunday", "orders.third", true),
    ] {
        store_run_at(&world.path("lookervault.db"), URL, &state(title, field, tidy), &[], minute);
    }
    world
}

/// A time as it may be typed, and the run that it means.
const TIMES: [(&str, usize); 7] = [
    ("2026-11-20T12:00:00Z", 1),
    ("2026-11-20T09:00:05Z", 1),
    ("2026-11-20", 2),
    ("2026-11-21", 2),
    ("2026-11-20T18:00:04.500Z", 2),
    ("2026-11-22", 3),
    ("now", 3),
];

const TITLES: [&str; 3] = ["Morning", "Evening", "Sunday"];
const FIELDS: [&str; 3] = ["orders.first", "orders.second", "orders.third"];

fn count(document: &Value, list: &str) -> usize {
    document[list].as_array().unwrap().len()
}

#[test]
fn a_time_means_the_last_run_that_had_ended_by_then() {
    let world = world();
    for (time, run) in TIMES {
        let title = TITLES[run - 1];
        let shown = world.json(&format!("show dashboard 12 --as-of {time}"));
        assert_eq!(shown["parts"]["object"]["title"], title, "show, {time}");
        let listed = world.json(&format!("list dashboards --as-of {time}"));
        assert_eq!(listed["as_of"]["run"], run, "{time}");
        let titles: Vec<&Value> =
            listed["objects"].as_array().unwrap().iter().map(|object| &object["title"]).collect();
        assert!(titles.contains(&&json!(title)), "list, {time}: {titles:?}");
        for (at, word) in TITLES.iter().enumerate() {
            let found = world.json(&format!("search {word} --as-of {time}"));
            assert_eq!(found["count"], usize::from(at + 1 == run), "search {word}, {time}: {found}");
        }
        for (at, field) in FIELDS.iter().enumerate() {
            let touched = world.json(&format!("impact --field {field} --as-of {time}"));
            assert_eq!(count(&touched, "objects"), usize::from(at + 1 == run), "impact {field}, {time}");
            assert_eq!(touched["as_of"]["run"], run);
        }
        let lint = world.json(&format!("lint --only dashboards-without-tiles --as-of {time}"));
        assert_eq!(count(&lint["checks"][0], "findings"), usize::from(run == 2), "lint, {time}");
        // People are told what was understood.
        let said = world.run(&format!("list dashboards --as-of {time}")).err;
        assert!(said.starts_with(&format!("As of run {run}, ")) && said.contains(time), "{said}");
    }
}

#[test]
fn states_of_two_times_are_compared() {
    let world = world();
    for (from, to, runs) in [
        ("2026-11-20T12:00:00Z", "2026-11-20", (1, 2)),
        ("2026-11-20", "2026-11-22", (2, 3)),
        ("2026-11-20T12:00:00Z", "now", (1, 3)),
        ("2026-11-20", "3", (2, 3)),
    ] {
        let compared = world.json(&format!("diff {from} {to}"));
        let run = |side: &str| compared[side]["moment"]["run"].clone();
        assert_eq!((run("from"), run("to")), (json!(runs.0), json!(runs.1)), "{from} {to}");
        let ids: Vec<&Value> =
            compared["objects"].as_array().unwrap().iter().map(|object| &object["to"]["id"]).collect();
        // The other dashboard is alike in the first and the last run.
        let expected = if runs == (1, 3) { vec!["12"] } else { vec!["12", "14"] };
        assert_eq!(ids, expected, "{from} {to}");
    }
    for same in ["2026-11-20 2026-11-21", "2026-11-22 now"] {
        assert_eq!(world.run(&format!("diff {same} --exit-code")).code, 0, "{same}");
    }
    assert_eq!(world.run("diff 2026-11-20T12:00:00Z 2026-11-20 --exit-code").code, 8);
}

#[test]
fn a_time_before_the_first_run_has_no_state() {
    let world = world();
    for line in ["list dashboards --as-of 2026-11-19", "show dashboard 12 --as-of 2026-11-20T08:59:00Z"] {
        let ran = world.run(&format!("{line} --json"));
        assert_eq!((ran.code, &ran.error()["kind"]), (1, &json!("run.none_so_old")), "{}", ran.all());
    }
    assert_eq!(world.run("diff 2026-11-19 2026-11-20").code, 1);
}
