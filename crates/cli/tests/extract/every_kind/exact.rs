//! What `show --json` gives is what the instance exports, but for what is left out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ALL, small};
use crate::support::content::{Key, Object, assert_same};
use crate::support::estate::{all_kinds, expected_estate, stored_estate};
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::{VAULT, World};

#[derive(Deserialize)]
struct Shown {
    kind: String,
    id: String,
    state: String,
    parts: Parts,
}

#[derive(Deserialize)]
struct Parts {
    object: Box<RawValue>,
}

/// Every object of every kind that `list` names, as `show --json` gives it.
fn shown(world: &World) -> BTreeMap<Key, Object> {
    let mut all = BTreeMap::new();
    for kind in all_kinds() {
        let listed = world.json(&format!("list {kind} --all"));
        for listed in listed["objects"].as_array().unwrap() {
            let id = listed["id"].as_str().unwrap();
            let ran = world.run_with(&["show", kind, id, "--json"]);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "show {kind} {id}");
            let shown: Shown = serde_json::from_str(&ran.out).unwrap();
            assert_eq!((shown.kind.as_str(), shown.id.as_str()), (kind, id));
            let document = Json::parse(shown.parts.object.get().as_bytes());
            all.insert((kind, shown.id), Object { trashed: shown.state == "trash", document });
        }
    }
    all
}

#[test]
fn every_object_of_every_kind_is_shown_as_the_instance_exports_it() {
    let looker = Looker::start(small());
    let world = looker.world();
    world.extract(ALL).complete();
    let wanted = expected_estate(&looker);
    for kind in all_kinds() {
        assert!(wanted.keys().any(|key| key.0 == kind), "the instance has no {kind}");
    }
    assert_same(&stored_estate(&world.path(VAULT)), &wanted);
    assert_same(&shown(&world), &wanted);
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn people_can_read_a_list_and_an_object_of_every_kind() {
    let looker = Looker::start(small());
    let world = looker.world();
    world.extract(ALL).complete();
    for kind in all_kinds() {
        let list = world.run(&format!("list {kind} --all"));
        assert_eq!(list.code, 0, "{}", list.all());
        let id = world.json(&format!("list {kind} --all"))["objects"][0]["id"].as_str().unwrap().to_owned();
        let ran = world.run_with(&["show", kind, &id]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "show {kind} {id}");
        let lines: Vec<&str> = ran.out.lines().collect();
        assert!(lines.len() > 4, "show {kind} {id} says little:\n{}", ran.out);
        assert!(!ran.out.contains("(untitled)"), "show {kind} {id}:\n{}", ran.out);
    }
}
