use serde_json::value::RawValue;

use crate::stored::{DASHBOARD, URL, sample, store};
use crate::support::World;

fn world() -> World {
    let world = World::new();
    store(&world.path("lookervault.db"), URL, &sample());
    world
}

#[test]
fn people_get_a_dashboard_with_its_parts() {
    insta::assert_snapshot!(world().run("show dashboard 1012").all());
}

#[test]
fn people_get_the_main_fields_of_other_kinds() {
    let world = world();
    let all: Vec<String> = ["look 5", "folder 7", "user 3"]
        .iter()
        .map(|what| world.run(&format!("show {what}")).all())
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn scripts_get_the_apis_answer_with_its_numbers() {
    #[derive(serde::Deserialize)]
    struct Shown<'a> {
        #[serde(borrow)]
        parts: Parts<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        object: &'a RawValue,
    }
    let world = world();
    let ran = world.run("show dashboards 1012 --json");
    let shown: Shown = serde_json::from_str(&ran.out).unwrap();
    let object = shown.parts.object.get();
    for exact in
        [r#""big":12345678901234567890123"#, r#""exact":1.50"#, r#""nothing":null"#, r#""view_count":41"#]
    {
        assert!(object.contains(exact), "{exact} in {object}");
    }
    let given: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(object).unwrap(), given);
}

#[test]
fn the_document_names_its_origin() {
    let document = world().json("show dashboard 100");
    assert_eq!(document["schema"], "lookervault.show/1");
    let named =
        ["instance", "kind", "id", "state", "read_at"].map(|key| document[key].as_str().unwrap().to_owned());
    assert_eq!(named, [URL, "dashboards", "100", "trash", "2026-11-23T10:00:01Z"]);
    assert_eq!((document["run"].as_i64(), document["redacted"].as_array().unwrap().len()), (Some(1), 0));
}

#[test]
fn redacted_values_are_named() {
    let world = world();
    let document = world.json("show user 3");
    assert_eq!(document["redacted"], serde_json::json!(["/credentials_email/password_reset_url"]));
    assert!(!document.to_string().contains("secret.example.com"));
}

#[test]
fn what_is_not_there_is_said() {
    insta::assert_snapshot!(world().run("show look 4711").all());
}
