//! `kinds`: the catalogue, as people and scripts see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use support::World;
use support::content::KINDS;

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
        ran.out == include_str!("../../../docs/kinds.md"),
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
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}
