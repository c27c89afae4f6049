//! All that an instance holds, to the spelling of its numbers.

use looker_sim::{Kind, SimConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::support::content::{KINDS, assert_holds_all, expected};
use crate::support::front::{Exchange, Front, Instead};
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::{VAULT, World};

fn small() -> SimConfig {
    SimConfig {
        seed: 42,
        dashboards: 23,
        looks: 11,
        folders: 8,
        users: 15,
        groups: 5,
        roles: 4,
        trash_percent: 20,
        ..SimConfig::default()
    }
}

/// The document of `show --json`.
#[derive(Deserialize)]
struct Shown {
    schema: String,
    kind: String,
    id: String,
    state: String,
    redacted: Vec<String>,
    parts: Parts,
}

#[derive(Deserialize)]
struct Parts {
    object: Box<RawValue>,
}

#[track_caller]
fn show(world: &World, kind: &str, id: &str) -> Shown {
    let ran = world.run(&format!("show {kind} {id} --json"));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "show {kind} {id}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn everything_an_instance_holds_is_in_the_vault() {
    let looker = Looker::start(SimConfig { dashboards: 150, looks: 80, ..small() });
    let world = looker.world();
    let report = world.extract_basics("").complete();
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.verdict(), "sound");
    for (name, kind) in KINDS {
        let counts = report["kinds"].as_array().unwrap().iter().find(|entry| entry["kind"] == name).unwrap();
        let all = looker.export(kind).len();
        assert_eq!((counts["seen"].as_u64(), counts["new"].as_u64()), (Some(all as u64), Some(all as u64)));
    }
}

#[test]
fn the_simulated_content_is_nasty_enough_to_prove_that() {
    let looker = Looker::start(SimConfig { dashboards: 150, looks: 80, ..small() });
    assert!(!looker.ids(Kind::Dashboard, true).is_empty() && !looker.ids(Kind::Look, true).is_empty());
    let all: Vec<String> = KINDS
        .iter()
        .flat_map(|(_, kind)| looker.export(*kind))
        .map(|(_, body)| String::from_utf8(body.to_vec()).unwrap())
        .collect();
    let all = all.join("\n");
    for nasty in [
        "12345678901234567890123",
        ":null",
        ":-0.0",
        ":1.50",
        "\\n",
        "\\\"",
        "a\\/b",
        "\\u00e9",
        "\"x_",
        "ü",
        "📊",
        "\"dashboard_elements\":[]",
        looker_sim::PLANTED_SECRET,
    ] {
        assert!(all.contains(nasty), "nothing holds {nasty}");
    }
}

#[test]
fn show_gives_every_object_as_the_api_gave_it() {
    let looker = Looker::start(small());
    let world = looker.world();
    world.extract_basics("").complete();
    for (name, kind) in KINDS {
        let trashed = looker.ids(kind, true);
        for (id, body) in looker.export(kind) {
            let shown = show(&world, name, &id);
            assert_eq!((shown.schema.as_str(), shown.kind.as_str()), ("lookervault.show/1", name));
            assert_eq!(shown.id, id);
            assert_eq!(shown.state, if trashed.contains(&id) { "trash" } else { "live" }, "{name} {id}");
            let document = Json::parse(shown.parts.object.get().as_bytes());
            if let Some(difference) = document.difference(&expected(kind, &body)) {
                panic!("{name} {id} differs from the API at {difference}");
            }
            assert_eq!(shown.redacted, links_of(&body), "{name} {id}");
        }
    }
}

/// Pointers to the links of a user's account that are never stored.
fn links_of(body: &[u8]) -> Vec<String> {
    let document = Json::parse(body);
    let credentials = document.member("credentials_email");
    let links = ["account_setup_url", "password_reset_url"];
    let has = |link: &&&str| credentials.is_some_and(|credentials| credentials.member(link).is_some());
    links.iter().filter(has).map(|link| format!("/credentials_email/{link}")).collect()
}

/// A page of whole dashboards, changed.
fn page_with(exchange: &Exchange, change: impl Fn(&str) -> String) -> Option<Instead> {
    let whole = exchange.request.contains("/dashboards/search") && !exchange.request.contains("fields=");
    let body = whole.then(|| change(std::str::from_utf8(&exchange.body).unwrap()))?;
    Some(Instead::json(200, body))
}

/// Half surrogate pairs in every title, at every depth, and numbers that no
/// machine type holds.
fn beyond_types(body: &str) -> String {
    body.replace(r#""title":""#, r#""title":"\ud83d \udc00 "#).replace(
        r#""x_release_fields":{"#,
        r#""x_numbers":[1E+400,-0,0.10e-7,1e5,123456789012345678901234567890.000],"x_release_fields":{"x":"\udfff","#,
    )
}

#[test]
fn what_no_type_of_a_language_can_hold_survives() {
    let looker = Looker::start(small());
    let front = Front::before(looker.port(), |exchange| page_with(exchange, beyond_types));
    let world = looker.world_at(&front.url());
    world.extract("dashboards").complete();
    for (id, body) in looker.export(Kind::Dashboard) {
        let changed = beyond_types(std::str::from_utf8(&body).unwrap());
        let shown = show(&world, "dashboard", &id);
        let document = Json::parse(shown.parts.object.get().as_bytes());
        assert_eq!(document.difference(&Json::parse(changed.as_bytes())), None, "dashboard {id}");
        for people_see in [format!("show dashboard {id}"), "list dashboards --all".to_owned()] {
            let ran = world.run(&people_see);
            assert_eq!(ran.code, 0, "{}", ran.all());
        }
    }
    let listed = world.json("list dashboards --all");
    assert!(listed["objects"][0]["title"].as_str().unwrap().contains(r"\ud83d"), "{listed}");
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn a_key_with_half_a_surrogate_pair_survives() {
    let looker = Looker::start(small());
    let front = Front::before(looker.port(), |exchange| {
        page_with(exchange, |body| {
            body.replace(r#""x_release_fields":{"#, r#""x_release_fields":{"k\ud800":7,"#)
        })
    });
    let world = looker.world_at(&front.url());
    world.extract("dashboards").complete();
    for id in looker.ids(Kind::Dashboard, false) {
        let shown = show(&world, "dashboard", &id);
        assert!(shown.parts.object.get().to_lowercase().contains(r#""k\ud800":7"#), "dashboard {id}");
    }
}
