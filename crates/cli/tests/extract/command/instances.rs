//! Several instances in one vault.

use looker_sim::{Kind, SimConfig};

use crate::support::looker::Looker;
use crate::support::{VAULT, World};

pub(crate) fn looker(seed: u64, dashboards: u32) -> Looker {
    Looker::start(SimConfig { seed, dashboards, looks: 7, folders: 5, ..SimConfig::default() })
}

/// A configuration with both instances.
pub(crate) fn world(prod: &Looker, staging: &Looker) -> World {
    let world = World::new();
    let section = |name: &str, looker: &Looker| {
        format!(
            "[instances.{name}]\nbase_url = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n",
            looker.url(),
            looker.client_id(),
            looker.client_secret()
        )
    };
    world.write("lookervault.toml", &(section("prod", prod) + &section("staging", staging)));
    world
}

#[test]
fn instances_share_a_vault_and_nothing_else() {
    let (prod, staging) = (looker(1, 12), looker(2, 19));
    let world = world(&prod, &staging);
    world.extract_basics("--instance prod").complete();
    let report = world.extract_basics("--instance staging").complete();
    assert!(report["kinds"].as_array().unwrap().iter().all(|kind| kind["gone"] == 0), "{report}");
    let again = world.extract_basics("-I prod").complete();
    for kind in again["kinds"].as_array().unwrap() {
        assert_eq!(
            [&kind["new"], &kind["changed"], &kind["gone"]].map(serde_json::Value::as_u64),
            [Some(0); 3],
            "{kind}"
        );
    }
    for (name, looker) in [("prod", &prod), ("staging", &staging)] {
        let document = world.json(&format!("list dashboards --instance {name}"));
        assert_eq!(document["count"], looker.ids(Kind::Dashboard, false).len());
        assert_eq!(document["instance"], looker.url());
        let by_address = world.json(&format!("list dashboards --instance {}", looker.url()));
        assert_eq!(by_address, document);
    }
    let runs = world.json("runs");
    let of: Vec<&str> =
        runs["runs"].as_array().unwrap().iter().map(|run| run["instance"].as_str().unwrap()).collect();
    assert_eq!(of, [prod.url(), staging.url(), prod.url()], "the newest first");
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn equal_content_of_two_instances_is_stored_once() {
    let (one, other) = (looker(3, 10), looker(3, 10));
    let world = world(&one, &other);
    world.extract("dashboards --instance prod").complete();
    let bodies = |world: &World| world.json("verify")["bodies"].as_u64().unwrap();
    let before = bodies(&world);
    world.extract("dashboards --instance staging").complete();
    assert_eq!(bodies(&world), before);
    assert_eq!(world.json("verify")["objects"], 2 * one.export(Kind::Dashboard).len());
}

#[test]
fn an_instance_must_be_chosen_where_several_could_be_meant() {
    let (prod, staging) = (looker(1, 5), looker(2, 5));
    let world = world(&prod, &staging);
    let ran = world.extract_basics("");
    assert_eq!(ran.code, 2, "{}", ran.all());
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--instance"), "{hint}");
    let ran = world.extract_basics("--instance stagin");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.error()["hint"].as_str().unwrap().contains("staging"), "{}", ran.all());
    assert_eq!((prod.served(), staging.served()), (0, 0));
    assert!(!world.path(VAULT).exists());

    world.extract("roles --instance prod").complete();
    world.extract("roles --instance staging").complete();
    let ran = world.run("list roles --json");
    assert_eq!(
        (ran.code, ran.error()["kind"].as_str()),
        (2, Some("vault.several_instances")),
        "{}",
        ran.all()
    );
}
