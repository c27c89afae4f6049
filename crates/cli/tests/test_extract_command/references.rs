//! What refers to what, kept by an extraction and brought up to date by the next.

use std::collections::BTreeSet;

use looker_sim::{Kind, SimConfig};
use rusqlite::Connection;
use serde_json::Value;
use vault::{Side, Vault};

use crate::support::looker::Looker;
use crate::support::{VAULT, World};

/// Looks that tiles of live dashboards show, as the instance says.
fn shown_looks(looker: &Looker) -> BTreeSet<String> {
    let trashed = looker.ids(Kind::Dashboard, true);
    let dashboards = looker.export(Kind::Dashboard).into_iter().filter(|(id, _)| !trashed.contains(id));
    let documents = dashboards.map(|(_, document)| serde_json::from_slice::<Value>(&document).unwrap());
    let looks = documents.flat_map(|document| {
        let tiles = document["dashboard_elements"].as_array().unwrap().clone();
        tiles.into_iter().filter_map(|tile| tile["look_id"].as_str().map(str::to_owned))
    });
    looks.collect()
}

fn referred_looks(world: &World) -> BTreeSet<String> {
    let reader = Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    reader.referred_keys(instance, "looks", &[Side::Live]).unwrap().into_iter().collect()
}

#[test]
fn the_vault_knows_which_looks_are_shown_and_learns_it_again() {
    let looker = Looker::start(SimConfig { dashboards: 60, looks: 20, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards looks roles").complete();
    let shown = shown_looks(&looker);
    assert!(shown.len() > 3, "{shown:?}");
    assert_eq!(referred_looks(&world), shown);

    // As a vault is that was written before references were kept.
    let sqlite = Connection::open(world.path(VAULT)).unwrap();
    let before = "DELETE FROM reference; DELETE FROM reference_rules;
        UPDATE seal SET sum = zeroblob(16) WHERE name = 'reference_rules'";
    sqlite.execute_batch(before).unwrap();
    drop(sqlite);
    world.extract("roles").complete();
    assert_eq!(referred_looks(&world), shown);
    assert_eq!(world.verdict(), "sound");
}
