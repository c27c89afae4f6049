//! `kinds`: the catalogue, as people and scripts see it.

use serde_json::Value;

use crate::support::World;
use crate::support::content::KINDS;

#[test]
fn people_get_one_row_a_kind() {
    insta::assert_snapshot!(World::new().run("kinds").all());
}

#[test]
fn scripts_get_the_catalogue() {
    let document = World::new().json("kinds");
    insta::assert_json_snapshot!(document);
    let kinds = document["kinds"].as_array().unwrap();
    let names: Vec<&str> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(KINDS.iter().all(|(name, _)| names.contains(name)), "{names:?}");
    assert_eq!(names.len(), looker::catalogue::KINDS.len());
}

/// After a change of the catalogue: `lookervault kinds --markdown > docs/kinds.md`.
#[test]
fn the_page_in_the_documentation_is_what_is_printed() {
    let ran = World::new().run("kinds --markdown");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out == include_str!("../../../../docs/kinds.md"),
        "docs/kinds.md is out of date: lookervault kinds --markdown > docs/kinds.md"
    );
}

#[test]
fn neither_vault_nor_configuration_is_needed() {
    let mut world = World::new();
    world.write("lookervault.toml", "this is = = no toml");
    world.set("LOOKERVAULT_VAULT", "/nowhere/at/all.db");
    world.set("LOOKERSDK_BASE_URL", "nonsense");
    let ran = world.run("kinds");
    assert_eq!((ran.code, ran.out), (0, World::new().run("kinds").out));
    assert!(ran.err.contains("these are the usual cadences"), "{}", ran.err);
}

/// Cadence and where it comes from, by kind.
fn cadence(document: &Value, kind: &str) -> (String, String) {
    let kinds = document["kinds"].as_array().unwrap();
    let entry = kinds.iter().find(|entry| entry["kind"] == kind).unwrap();
    ["cadence", "cadence_from"].map(|name| entry[name].as_str().unwrap().to_owned()).into()
}

#[test]
fn cadences_of_the_configuration_are_shown_with_their_origin() {
    let mut world = World::new();
    world.write("lookervault.toml", "[cadence]\nall = 'weekly'\nsettings = '14d'\nthemes = 'on-request'\n");
    world.set("LOOKERVAULT_CADENCE", "roles=daily, access=every-run");
    let shown = world.json("kinds");
    let is = |kind: &str, how: &str, from: &str| {
        assert_eq!(cadence(&shown, kind), (how.to_owned(), from.to_owned()), "{kind}");
    };
    is("users", "weekly", "lookervault.toml:2 (cadence.all)");
    is("instance_settings", "every 14 days", "lookervault.toml:3 (cadence.settings)");
    is("themes", "on request", "lookervault.toml:4 (cadence.themes)");
    is("roles", "daily", "environment variable LOOKERVAULT_CADENCE");
    is("model_sets", "every run", "environment variable LOOKERVAULT_CADENCE");
    world.set("LOOKERVAULT_CADENCE", "roles=sometimes");
    let ran = world.run("check --offline");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("not `sometimes`") && ran.err.contains("LOOKERVAULT_CADENCE"), "{}", ran.err);
}
