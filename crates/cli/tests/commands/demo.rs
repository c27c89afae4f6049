//! `demo`: the first thing that people run, wherever they are.

use crate::support::{Ran, World};

const SMALL: &str = "--dashboards 30 --looks 12 --folders 6 --latency 0ms";

/// A world whose temporary directory is its own, so that nothing stays behind.
fn world() -> World {
    let mut world = World::new();
    let folder = world.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    world.set("TMPDIR", folder.to_str().unwrap());
    world
}

/// The vault's path, as people are told it.
fn vault_of(ran: &Ran) -> String {
    let (_, path) = ran.out.rsplit_once(" at ").unwrap_or_else(|| panic!("no path: {}", ran.all()));
    path.lines().next().unwrap().to_owned()
}

/// The vault that a demo made works with the other commands.
fn assert_works(world: &World, vault: &str) {
    let document = world.json(&format!("--vault {vault} list dashboards"));
    assert_eq!(document["count"], 30);
    let id = document["objects"][0]["id"].as_str().unwrap();
    let shown = world.run(&format!("--vault {vault} show dashboard {id}"));
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    assert_eq!(world.json(&format!("--vault {vault} verify"))["verdict"], "sound");
    assert_eq!(world.json(&format!("--vault {vault} runs"))["runs"][0]["command"], "demo");
}

#[test]
fn it_extracts_from_a_simulated_looker_and_says_what_to_try_next() {
    let world = world();
    let ran = world.run(&format!("demo {SMALL}"));
    let vault = vault_of(&ran);
    assert!(vault.starts_with(world.path("tmp").to_str().unwrap()), "{vault}");
    let text = ran.all().replace(&vault, "[vault]");
    insta::with_settings!({filters => vec![
        (r"in [\d.]+ m?s, [\d,]+ objects/s", "in [time], [rate] objects/s"),
        (r"vault [\d.]+ [kM]B", "vault [size]"),
        (r"http://127\.0\.0\.1:\d+", "[address]"),
    ]}, { insta::assert_snapshot!(text) });
    assert_works(&world, &vault);
    for line in ran.err.lines().filter(|line| line.starts_with("  lookervault --vault")) {
        let rest = line.trim().trim_start_matches("lookervault ").replace(" ID", " 1");
        assert_eq!(world.run(&rest).code, 0, "what it says to try: {rest}");
    }
}

#[test]
fn configuration_and_environment_are_left_alone() {
    let mut world = world();
    world.write("lookervault.toml", "[this is == broken");
    world.write("looker.ini", "neither = an\nini [file");
    for (name, value) in [
        ("LOOKERVAULT_CONFIG", "/nowhere/config.toml"),
        ("LOOKERVAULT_VAULT", "/nowhere/vault.db"),
        ("LOOKERVAULT_INSTANCE", "nobody"),
        ("LOOKERVAULT_WORKERS", "many"),
        ("LOOKERVAULT_KINDS", "boards"),
        ("LOOKERVAULT_MAX_CALLS", "1"),
        ("LOOKERVAULT_PAGE_SIZE", "-1"),
        ("LOOKERVAULT_TRASH", "perhaps"),
        ("LOOKERVAULT_API_URL", "::::"),
        ("LOOKERVAULT_CLIENT_SECRET_COMMAND", "/bin/false"),
        ("LOOKERVAULT_CA_BUNDLE", "/nowhere/ca.pem"),
        ("LOOKERSDK_BASE_URL", "not an address"),
        ("LOOKERSDK_CLIENT_ID", ""),
        ("LOOKERSDK_CLIENT_SECRET", ""),
        ("LOOKERSDK_VERIFY_SSL", "maybe"),
        ("LOOKERSDK_TIMEOUT", "0"),
        ("LOOKERSDK_INI", "/nowhere/looker.ini"),
    ] {
        world.set(name, value);
    }
    let mut command = world.command(&format!("demo {SMALL} --json"));
    let ran = Ran::new(&command.env_remove("HOME").output().unwrap());
    let report = ran.complete();
    assert_eq!((report["schema"].as_str(), ran.err.as_str()), (Some("lookervault.extract/1"), ""));
    let vault = report["vault"].as_str().unwrap();
    assert!(vault.starts_with(world.path("tmp").to_str().unwrap()), "{vault}");
    assert_works(&World::new(), vault);
}

#[test]
fn a_proxy_of_the_environment_is_not_asked() {
    let mut world = world();
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        world.set(name, "http://127.0.0.1:9");
    }
    let ran = world.run(&format!("demo {SMALL} --json"));
    ran.complete();
}

#[test]
fn every_demo_has_a_vault_of_its_own() {
    let world = world();
    let [one, other] = [1, 2]
        .map(|seed| world.run(&format!("demo {SMALL} --seed {seed} --json")).complete()["vault"].clone());
    assert_ne!(one, other);
    let digests = [one, other].map(|path| crate::support::content::digest(path.as_str().unwrap().as_ref()));
    assert_ne!(digests[0], digests[1], "another seed, other content");
}
