//! What an extraction brought is searched, and what is found is what is there.

use std::collections::BTreeSet;

use looker_sim::{Kind, SimConfig};
use serde_json::Value;
use vault::Vault;

use crate::support::looker::Looker;
use crate::support::{VAULT, World};

/// Whether a text names a field: not as the beginning of a longer name.
fn names(text: &str, field: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(field).any(|(at, found)| ends(&text[at + found.len()..]))
}

/// Whether anything in a document names a field, but for addresses, which are not
/// kept with it.
fn mentions(value: &Value, field: &str) -> bool {
    match value {
        Value::String(text) => names(text, field),
        Value::Array(elements) => elements.iter().any(|element| mentions(element, field)),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| !key.ends_with("url") && (names(key, field) || mentions(value, field))),
        _ => false,
    }
}

fn touched(world: &World, line: &str, kind: &str) -> BTreeSet<String> {
    let document = world.json(&format!("impact {line}"));
    let objects = document["objects"].as_array().unwrap().clone();
    let of_kind = objects.into_iter().filter(|object| object["kind"] == kind && object["distance"] == 1);
    of_kind.map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_field_is_found_in_every_dashboard_that_mentions_it() {
    let looker = Looker::start(SimConfig { dashboards: 120, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards folders").complete();
    let documents: Vec<(String, Value)> = looker
        .export(Kind::Dashboard)
        .into_iter()
        .filter_map(|(id, document)| Some((id, serde_json::from_slice(&document).ok()?)))
        .collect();
    assert!(documents.len() > 100, "most documents have nothing that a value type rejects");
    for field in ["orders.count", "users.state", "ledger.amount_eur", "campaigns.spend", "nothing.at_all"] {
        let found = touched(&world, &format!("--field {field}"), "dashboards");
        for (id, document) in &documents {
            assert_eq!(found.contains(id), mentions(document, field), "{field} in dashboard {id}");
        }
    }
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn a_small_run_is_searched_at_its_end_and_what_it_changed_too() {
    let looker = Looker::start(SimConfig { dashboards: 30, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards").complete();
    // With the vault in somebody's hands only what is ready can be searched.
    let held = Vault::open_for_writing(&world.path(VAULT), "test").unwrap();
    let titles: Vec<(String, String)> = looker
        .export(Kind::Dashboard)
        .iter()
        .filter_map(|(id, document)| {
            let document: Value = serde_json::from_slice(document).ok()?;
            let title = document["title"].as_str().filter(|title| title.is_ascii() && title.len() > 12)?;
            (document["deleted"] == false).then(|| (id.clone(), title.to_owned()))
        })
        .collect();
    assert!(titles.len() > 10, "{titles:?}");
    for (id, title) in titles {
        let words: String = title.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" ");
        let document = world.json(&format!("search {words} --limit 500"));
        let found = document["objects"].as_array().unwrap();
        assert!(found.iter().any(|object| object["id"] == id.as_str()), "{title}: {document}");
    }
    drop(held);
}

#[test]
fn a_vault_from_before_search_is_searched_when_it_is_asked_for() {
    let looker = Looker::start(SimConfig { dashboards: 20, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards").complete();
    let before = touched(&world, "--model ecommerce", "dashboards");
    assert!(!before.is_empty());
    let other = vault::Indexer { edition: "of another program", ..engine::documents::INDEXER };
    let mut vault = Vault::open_for_writing(&world.path(VAULT), "test").unwrap();
    vault.index_content(&other, &mut |_| {}).unwrap();
    drop(vault);
    assert_eq!(world.verdict(), "sound", "what another edition has found is not compared");
    assert_eq!(touched(&world, "--model ecommerce", "dashboards"), before);
    assert_eq!(world.verdict(), "sound");
}
