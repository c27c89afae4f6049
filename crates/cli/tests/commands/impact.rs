use serde_json::Value;

use crate::estate::world;
use crate::stored::{URL, live, store};
use crate::support::World;

/// `kind id` of what is touched.
fn touched(world: &World, line: &str) -> Vec<String> {
    let document = world.json(&format!("impact {line}"));
    assert_eq!(document["schema"], "lookervault.impact/1");
    let objects = document["objects"].as_array().unwrap();
    let name =
        |object: &Value| format!("{} {}", object["kind"].as_str().unwrap(), object["id"].as_str().unwrap());
    objects.iter().map(name).collect()
}

#[test]
fn people_get_each_object_with_its_way_to_the_field() {
    insta::assert_snapshot!(world().run("impact --field orders.count").all());
}

#[test]
fn scripts_get_causes_with_places() {
    insta::assert_json_snapshot!(world().json("impact --field shop.orders.orders.net_revenue"));
}

#[test]
fn a_field_is_told_from_its_namesake_on_another_explore() {
    let world = world();
    let of_shop = touched(&world, "--field shop.orders.orders.count");
    let of_crm = touched(&world, "--field crm.orders.orders.count");
    assert_eq!(of_crm, ["dashboards 12", "boards 20"], "the alert is on another tile");
    assert!(of_shop.contains(&"looks 5".to_owned()) && of_shop.contains(&"scheduled_plans 30".to_owned()));
    assert_eq!(touched(&world, "--field orders.orders.count").len(), of_shop.len());
    assert!(touched(&world, "--field shop.orders.users.region").contains(&"dashboards 12".to_owned()));
}

#[test]
fn content_leads_on_to_what_shows_sends_and_watches_it() {
    let world = world();
    assert_eq!(touched(&world, "--look 5"), ["boards 20", "dashboards 13", "scheduled_plans 30"]);
    assert_eq!(touched(&world, "--dashboard 12"), ["boards 20", "alerts 40"]);
    assert_eq!(touched(&world, "--dashboard 100"), ["scheduled_plans 31"]);
}

#[test]
fn alerts_are_found_by_every_tile_that_leads_to_their_dashboard() {
    let world = World::new();
    let alert = |id: &str, tile: &str| {
        live(
            "alerts",
            &format!(
                r#"{{"id":"{id}","dashboard_element_id":"{tile}","investigative_content_id":"12",
                    "field":{{"name":"orders.other"}}}}"#
            ),
        )
    };
    let objects = [
        live("queries", r#"{"id":"70","model":"shop","view":"orders","fields":["orders.count"]}"#),
        live("merge_queries", r#"{"id":"abc","source_queries":[{"query_id":"70"}]}"#),
        live(
            "dashboards",
            r#"{"id":"12","title":"Overview","dashboard_elements":[
                {"id":"1","query":{"model":"shop","view":"orders","fields":["orders.count"]}},
                {"id":"2","merge_result_id":"abc"},
                {"id":"3","query":{"model":"shop","view":"orders","fields":["orders.other"]}}]}"#,
        ),
        alert("41", "1"),
        alert("42", "2"),
        alert("43", "3"),
    ];
    store(&world.path("lookervault.db"), URL, &objects);
    // The dashboard is found by its first tile before the merge query leads to the second.
    let found = touched(&world, "--field shop.orders.orders.count");
    let alerts: Vec<&str> = found.iter().filter_map(|name| name.strip_prefix("alerts ")).collect();
    assert_eq!(alerts, ["41", "42"], "{found:?}");
}

#[test]
fn people_and_groups_are_found_in_all_they_have_to_do_with() {
    let world = world();
    insta::assert_snapshot!(world.run("impact --user ADA@example.com").all());
    assert_eq!(touched(&world, "--user 3").len(), 4);
    assert_eq!(touched(&world, "--group Analysts"), ["groups 6", "users 3"]);
    assert_eq!(touched(&world, "--group 4"), touched(&world, "--group Analysts"));
}

#[test]
fn explores_models_and_connections_are_found_by_what_queries_them() {
    let world = world();
    let explore = touched(&world, "--explore shop.orders");
    for name in ["queries 70", "looks 5", "dashboards 12", "dashboards 13", "boards 20", "alerts 40"] {
        assert!(explore.contains(&name.to_owned()), "{name}: {explore:?}");
    }
    assert_eq!(touched(&world, "--explore crm::orders"), ["dashboards 12", "boards 20"]);
    assert!(touched(&world, "--model shop").contains(&"explores shop::stock".to_owned()));
    let connection = touched(&world, "--connection warehouse");
    assert_eq!(connection[..2], ["explores shop::orders", "lookml_models shop"]);
    assert!(connection.contains(&"queries 70".to_owned()), "{connection:?}");
}

#[test]
fn what_nothing_refers_to_is_told_by_kind() {
    let world = world();
    insta::assert_snapshot!(world.run("impact --unused").all());
    let document = world.json("impact --unused roles,explores");
    assert_eq!(document["schema"], "lookervault.unused/1");
    let ids = |kind: usize| document["kinds"][kind]["objects"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!((ids(0), ids(1)), ("15".to_owned(), "shop::stock".to_owned()));
    assert!(world.run("impact --unused themes").err.contains("it can of folders"));
}

#[test]
fn the_past_answers_as_it_did() {
    let world = world();
    let lines =
        ["--look 5", "--field orders.count", "--user 3", "--connection warehouse", "--unused folders,roles"];
    let answers = |as_of: &str| lines.map(|line| world.json(&format!("impact {line} {as_of}")));
    let before = answers("");
    // Another estate, in which little is left.
    let left =
        [live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#), live("looks", r#"{"id":"6"}"#)];
    store(&world.path("lookervault.db"), URL, &left);
    assert_eq!(world.run("tag 1 before").code, 0);
    for as_of in ["--as-of 1", "--as-of before", "--as-of latest~1"] {
        for (then, mut now) in before.iter().zip(answers(as_of)) {
            assert_eq!(now["as_of"]["run"], 1, "{as_of}");
            now["as_of"] = Value::Null;
            assert_eq!(now, *then, "{as_of}");
        }
    }
    assert_ne!(touched(&world, "--field orders.count").len() as u64, before[1]["count"].as_u64().unwrap());
    assert!(world.run("impact --field orders.count --as-of before").err.contains("As of run 1, "));
    assert_eq!(world.run("impact --dashboard 12 --as-of 2020-01-01").code, 1, "no run is that old");
}

#[test]
fn what_is_not_there_is_said() {
    let world = world();
    let ran = world.run("impact --field order.count");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "Nothing in the vault uses it.\nDid you mean orders.count?\n");
    for (line, expected) in [
        ("--dashboard 999", "the vault has no dashboard 999"),
        ("--user carol@example.com", "the vault has no user carol@example.com"),
        ("--connection warehose", "the vault has no connection warehose"),
    ] {
        let ran = world.run(&format!("impact {line}"));
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(ran.err.contains(expected), "{}", ran.all());
    }
    for line in ["", "--field count", "--field a.b --look 5", "--explore a.b.c"] {
        assert_eq!(world.run(&format!("impact {line}")).code, 2, "{line}");
    }
}
