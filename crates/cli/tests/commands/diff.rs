use serde_json::{Value, json};

use crate::stored::{Object, URL, live, sample, store, trashed};
use crate::support::World;

const DASHBOARD: &str = r#"{
  "id":"7","title":"Sales","folder_id":"7","user_id":"3","updated_at":"2026-11-20T08:30:00Z","view_count":1,
  "big":12345678901234567890123,
  "dashboard_filters":[{"id":"1","name":"Region","title":"Region"},{"id":"2","name":"Date","title":"Date"}],
  "dashboard_elements":[
    {"id":"11","title":"Revenue","type":"vis","query_id":"50","query":{"id":"50","model":"shop","view":"orders",
      "fields":["orders.id","orders.total"],"limit":"500",
      "dynamic_fields":"[{\"measure\":\"m\",\"expression\":\"sum(x)\"}]"},"result_maker":{"query_id":"50"}},
    {"id":"12","title":null,"title_text":"Note","type":"text","body_text":"One\nTwo\nThree"},
    {"id":"13","title":"Costs","type":"vis","look_id":"5"}],
  "dashboard_layouts":[{"id":"8","type":"newspaper","dashboard_layout_components":[
    {"id":"21","dashboard_element_id":"11","row":0},{"id":"22","dashboard_element_id":"12","row":6},
    {"id":"23","dashboard_element_id":"13","row":12}]}]
}"#;

/// The same after a day's work.
fn edited() -> String {
    let mut text = DASHBOARD.replace("2026-11-20T08:30", "2026-11-21T09:00").replace("\"50\"", "\"61\"");
    for (from, to) in [
        (r#""title":"Sales""#, r#""title":"Sales EU""#),
        (r#""folder_id":"7""#, r#""folder_id":"1""#),
        (r#""limit":"500""#, r#""limit":"1000""#),
        ("sum(x)", "avg(x)"),
        (r"One\nTwo\nThree", r"One\n2\nThree"),
        (r#"["orders.id","orders.total"]"#, r#"["orders.total","orders.id","orders.tax"]"#),
        (r#"{"id":"1","name":"Region","title":"Region"},"#, ""),
        (
            r#"{"id":"13","title":"Costs","type":"vis","look_id":"5"}"#,
            r#"{"id":"14","title":"Margin","type":"button"}"#,
        ),
        (r#""dashboard_element_id":"13","row":12"#, r#""dashboard_element_id":"14","row":12"#),
        (r#""row":6"#, r#""row":30"#),
        ("12345678901234567890123", "12345678901234567890124"),
        (r#""view_count":1"#, r#""view_count":9"#),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Run 1, and run 2 after edits of every sort.
fn before() -> Vec<Object> {
    let mut objects = sample();
    objects.push(live("dashboards", DASHBOARD));
    objects.push(live("looks", r#"{"id":"6","title":"To go","folder_id":"1"}"#));
    objects
}

fn after() -> Vec<Object> {
    let mut objects = sample();
    objects.push(live("dashboards", &edited()));
    objects.push(trashed("looks", r#"{"id":"6","title":"To go","folder_id":"1","deleted":true}"#));
    objects.push(live("looks", r#"{"id":"9","title":"New","folder_id":"7"}"#));
    objects.retain(|object| !object.body.contains(r#""id":"99""#));
    objects
}

fn world() -> World {
    let world = World::new();
    for objects in [before(), after()] {
        store(&world.path("lookervault.db"), URL, &objects);
    }
    world
}

/// Kind, id and what became of it, of every object that differs.
fn objects(document: &Value) -> Vec<(String, String, String)> {
    let part = |object: &Value| {
        let state = if object["to"].is_null() { &object["from"] } else { &object["to"] };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&object["kind"]), text(&state["id"]), text(&object["change"]))
    };
    document["objects"].as_array().unwrap().iter().map(part).collect()
}

fn words(document: &Value, id: &str) -> Vec<String> {
    let all = document["objects"].as_array().unwrap();
    let object = all.iter().find(|object| object["to"]["id"] == id).unwrap();
    let changes = object["changes"].as_array().unwrap().iter();
    changes
        .map(|change| format!("{} {}", change["change"].as_str().unwrap(), change["words"].as_str().unwrap()))
        .collect()
}

#[test]
fn people_read_what_was_edited() {
    insta::assert_snapshot!(world().run("diff").all());
}

#[test]
fn counts_alone() {
    insta::assert_snapshot!(world().run("diff 1 2 --stat").all());
}

#[test]
fn everything_is_shown_when_asked_for() {
    let world = world();
    let all = world.run("diff --all --kind dashboards");
    for shown in ["query_id", "updated_at", r#"+ tile "Margin" (14)"#, r#""title": "Margin""#, "placement"] {
        assert!(all.out.contains(shown), "{shown} in {}", all.out);
    }
    assert!(!all.out.contains("view_count"), "of the past no volatile field is known: {}", all.out);
    let usual = world.run("diff --kind dashboards").out;
    for hidden in ["query_id", "updated_at", r#""title": "Margin""#] {
        assert!(!usual.contains(hidden), "{hidden} in {usual}");
    }
}

#[test]
fn scripts_get_every_change_with_its_place() {
    let document = world().json("diff 1 2");
    assert_eq!(document["schema"], "lookervault.diff/1");
    assert_eq!((&document["differs"], &document["from"]["moment"]["run"]), (&json!(true), &json!(1)));
    let found = objects(&document);
    let found: Vec<(&str, &str, &str)> =
        found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let wanted = [
        ("dashboards", "7", "changed"),
        ("dashboards", "99", "removed"),
        ("looks", "6", "changed"),
        ("looks", "9", "added"),
    ];
    assert_eq!(found, wanted);
    assert_eq!(document["counts"], json!({"added": 1, "removed": 1, "changed": 2}));
    let all = document["objects"].as_array().unwrap();
    assert_eq!(all[0]["changes"].as_array().unwrap().len() as u64, {
        let counts = &all[0]["counts"];
        ["added", "removed", "changed"].iter().map(|name| counts[name].as_u64().unwrap()).sum::<u64>()
    });
    let limit = all[0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["path"] == "dashboard_elements.query.limit");
    insta::assert_json_snapshot!(limit.unwrap());
    let text = all[0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["path"] == "dashboard_elements.body_text");
    assert_eq!(text.unwrap()["lines"], json!([" One", "-Two", "+2", " Three"]));
    assert_eq!((&all[2]["from"]["state"], &all[2]["to"]["state"]), (&json!("live"), &json!("trash")));
}

#[test]
fn numbers_keep_their_digits() {
    let ran = world().run("diff 1 2 --json");
    for exact in [r#""old":12345678901234567890123,"#, r#""new":12345678901234567890124,"#] {
        assert!(ran.out.contains(exact), "{exact} in {}", ran.out);
    }
}

#[test]
fn the_other_way_round_is_the_opposite() {
    let world = world();
    let (there, back) = (world.json("diff 1 2"), world.json("diff 2 1"));
    let opposite = |word: &str| {
        match word {
            "added" => "removed",
            "removed" => "added",
            other => other,
        }
        .to_owned()
    };
    let turned: Vec<_> =
        objects(&there).into_iter().map(|(kind, id, word)| (kind, id, opposite(&word))).collect();
    assert_eq!(objects(&back), turned);
}

/// Forty looks, each with a number of its own; of every tenth one there is only one side.
fn many(run: u32) -> World {
    let world = World::new();
    for edit in 1..=run {
        let is_there = |id: &u32| id % 10 > 1 || id.is_multiple_of(10) == (edit == 2);
        let look = |id: u32| {
            live("looks", &format!(r#"{{"id":"{id}","title":"L","description":"{edit} of {id}"}}"#))
        };
        let looks: Vec<Object> = (1..=40).filter(is_there).map(look).collect();
        store(&world.path("lookervault.db"), URL, &looks);
    }
    world
}

/// Bodies are read while those before are compared.
#[test]
fn each_of_many_is_told_with_its_own_content_and_in_order() {
    let world = many(2);
    let document = world.json("diff 1 2 --kind looks");
    let found = objects(&document);
    let ids: Vec<u32> = found.iter().map(|(_, id, _)| id.parse().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() == 40, "{ids:?}");
    for (_, id, change) in &found {
        match id.parse::<u32>().unwrap() % 10 {
            0 => assert_eq!(change, "added", "{id}"),
            1 => assert_eq!(change, "removed", "{id}"),
            _ => {
                let told = words(&document, id);
                assert_eq!(told, ["changed description"], "{id}");
                let object =
                    document["objects"].as_array().unwrap().iter().find(|object| object["to"]["id"] == *id);
                let change = &object.unwrap()["changes"][0];
                assert_eq!(
                    (&change["old"], &change["new"]),
                    (&json!(format!("1 of {id}")), &json!(format!("2 of {id}")))
                );
            }
        }
    }
    let counted = world.run("diff 1 2 --kind looks --stat").all();
    assert!(counted.contains("40 objects differ: 4 added, 4 removed, 32 changed."), "{counted}");
    assert_eq!(world.run("diff 1 1 --kind looks").code, 0);
}

#[test]
fn a_damaged_body_among_many_is_named() {
    let world = many(2);
    let spoil = "UPDATE body SET data = zeroblob(length(data)) WHERE id = (
        SELECT body FROM version JOIN object ON object.id = object WHERE key = '37' ORDER BY from_run LIMIT 1)";
    rusqlite::Connection::open(world.path("lookervault.db")).unwrap().execute(spoil, ()).unwrap();
    let ran = world.run("diff 1 2 --kind looks");
    assert!(
        ran.out.contains("1 of 36") && !ran.out.contains("1 of 37"),
        "what comes before is told: {}",
        ran.out
    );
    assert!(ran.code != 0 && ran.err.contains("damaged"), "{}", ran.err);
    let alone = world.run("diff 1 2 --kind dashboards");
    assert_eq!(alone.code, 0, "{}", alone.err);
}

#[test]
fn the_exit_code_tells_whether_anything_differs() {
    let world = world();
    assert_eq!(world.run("diff 1 2").code, 0);
    assert_eq!(world.run("diff 1 2 --exit-code").code, 8);
    assert_eq!(world.run("diff 1 2 --exit-code --stat --json").code, 8);
    let same = world.run("diff 2 2 --exit-code");
    assert_eq!((same.code, same.out.as_str()), (0, ""));
    assert!(same.err.contains("Nothing differs."), "{}", same.err);
    assert_eq!(world.run("diff 1 2 --exit-code --kind users").code, 0, "only what is shown counts");
}

#[test]
fn kinds_and_folders_narrow_it() {
    let world = world();
    let ids = |line: &str| -> Vec<String> {
        objects(&world.json(&format!("diff 1 2 {line}"))).into_iter().map(|(_, id, _)| id).collect()
    };
    assert_eq!(ids("--kind looks"), ["6", "9"]);
    assert_eq!(ids("--kind people"), Vec::<String>::new());
    // What left the folder was in it.
    assert_eq!(ids("--folder 7"), ["7", "9"]);
    assert_eq!(ids("--folder /Shared/Finance --kind looks"), ["9"]);
    assert_eq!(ids("--folder /Shared"), ["7", "99", "6", "9"], "with all below it");
    let ran = world.run("diff 1 2 --folder /Shared/Nowhere");
    assert_eq!(ran.code, 2, "{}", ran.all());
}

#[test]
fn what_is_not_wanted_is_left_out() {
    let world = world();
    let told = words(&world.json("diff 1 2 --ignore-layout"), "7");
    assert!(told.iter().all(|words| !words.contains("placement")), "{told:?}");
    let with = words(&world.json("diff 1 2"), "7");
    assert!(with.contains(&r#"changed layout (8) › placement "Note" (12) › row"#.to_owned()), "{with:?}");
}

#[test]
fn another_vault_is_compared_by_content() {
    let world = world();
    store(&world.path("other.db"), URL, &before());
    assert_eq!(objects(&world.json("diff other.db@1 1")), []);
    let between = objects(&world.json("diff other.db@ latest"));
    assert_eq!(between, objects(&world.json("diff 1 2")));
    let volatile = world.run("diff other.db@latest latest --all --kind dashboards").out;
    assert!(volatile.contains("view_count"), "newest states of two vaults have volatile fields: {volatile}");
    let ran = world.run("diff absent.db@1 1");
    assert_eq!((ran.code, world.path("absent.db").exists()), (1, false));
}

/// The same content under other ids.
fn elsewhere() -> Vec<Object> {
    let dashboard = DASHBOARD
        .replace(r#""id":"7","title""#, r#""id":"700","title""#)
        .replace(r#""folder_id":"7""#, r#""folder_id":"71""#)
        .replace(r#""user_id":"3""#, r#""user_id":"33""#)
        .replace(r#""look_id":"5""#, r#""look_id":"55""#)
        .replace(r#""11""#, r#""12000""#)
        .replace(r#""12""#, r#""11""#)
        .replace(r#""500""#, r#""250""#);
    vec![
        live("folders", r#"{"id":"10","name":"Shared","parent_id":null}"#),
        live("folders", r#"{"id":"71","name":"Finance","parent_id":"10"}"#),
        live("users", r#"{"id":"33","display_name":"Ada L.","email":"ada@example.com"}"#),
        live("looks", r#"{"id":"55","title":"Orders","folder_id":"71","user_id":"33","public":true}"#),
        live("dashboards", &dashboard),
    ]
}

#[test]
fn two_instances_are_compared_by_names() {
    let world = World::new();
    let other = "https://other.example.com";
    let here = vec![
        live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#),
        live("folders", r#"{"id":"7","name":"Finance","parent_id":"1"}"#),
        live("users", r#"{"id":"3","display_name":"Ada Lovelace","email":"ada@example.com"}"#),
        live("looks", r#"{"id":"5","title":"Orders","folder_id":"7","user_id":"3","public":true}"#),
        live("dashboards", DASHBOARD),
        live("content_metadata", r#"{"id":"4","name":"Finance"}"#),
    ];
    store(&world.path("lookervault.db"), URL, &here);
    store(&world.path("lookervault.db"), other, &elsewhere());
    world.write("lookervault.toml", &format!("[instances.prod]\nbase_url = \"{URL}\"\n"));
    for line in [
        "diff 1 2".to_owned(),
        format!("diff prod:1 {other}:latest"),
        "diff prod:latest other.example.com:2".into(),
    ] {
        let document = world.json(&line);
        let found = objects(&document);
        let found: Vec<(&str, &str, &str)> =
            found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(found, [("dashboards", "700", "changed"), ("users", "33", "changed")], "{line}");
        assert_eq!(words(&document, "700"), [r#"changed tile "Revenue" (12000) › query.limit"#]);
        assert_eq!(document["not_compared"], json!(["content_metadata"]));
    }
    let by_id = objects(&world.json("diff 1 2 --match id --kind dashboards"));
    assert_eq!(by_id.len(), 2, "{by_id:?}");
}

#[test]
fn a_changed_query_of_a_look_is_told_where_it_is_used() {
    let world = World::new();
    let look = |query: &str| live("looks", &format!(r#"{{"id":"5","title":"Orders","query_id":"{query}"}}"#));
    let query = |id: &str, limit: &str| {
        live(
            "queries",
            &format!(r#"{{"id":"{id}","slug":"s{id}","model":"shop","view":"orders","limit":"{limit}"}}"#),
        )
    };
    store(&world.path("lookervault.db"), URL, &[look("50"), query("50", "5")]);
    store(&world.path("lookervault.db"), URL, &[look("51"), query("50", "5"), query("51", "9")]);
    let document = world.json("diff");
    assert_eq!(words(&document, "5"), ["changed query.limit"]);
    assert_eq!(objects(&document).len(), 1, "the query itself is no news");
    assert_eq!(objects(&world.json("diff --kind queries,looks")).len(), 2);
}

#[test]
fn wrong_sides_are_named() {
    let world = world();
    let failed = |line: &str| {
        let ran = world.run(&format!("diff {line} --json"));
        (ran.code, ran.error()["kind"].as_str().unwrap().to_owned())
    };
    assert_eq!(failed("live live"), (2, "usage".into()));
    assert_eq!(failed("1 2 --max-calls 5"), (2, "usage".into()));
    assert_eq!(failed("soon 2"), (2, "run.unknown".into()));
    assert_eq!(failed("1 77").0, 1);
}
