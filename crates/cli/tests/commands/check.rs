//! `check`, also called `info`: the configuration with its origins, and what an
//! instance says of itself and of us.

use looker_sim::{Account, SimConfig};
use serde_json::{Value, json};

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{Ran, VAULT, World};

fn looker() -> Looker {
    Looker::start(SimConfig { dashboards: 20, looks: 9, ..SimConfig::default() })
}

/// Paths and ports out of what people read.
fn assert_golden(name: &str, world: &World, ran: &Ran) {
    let folder = world.path("").display().to_string();
    let folder = folder.trim_end_matches('/').to_owned();
    let text = ran.all().replace(&folder, "[folder]");
    insta::with_settings!({filters => vec![(r"http://127\.0\.0\.1:\d+", "[address]"), (r"-{20,}", "[line]")]}, {
        insta::assert_snapshot!(name, text);
    });
}

/// A setting's value and origin.
#[track_caller]
fn setting<'a>(document: &'a Value, name: &str) -> (&'a str, &'a str) {
    let lines = document["configuration"].as_array().unwrap();
    let line =
        lines.iter().find(|line| line["setting"] == name).unwrap_or_else(|| panic!("no {name}: {document}"));
    (line["value"].as_str().unwrap(), line["origin"].as_str().unwrap())
}

#[test]
fn people_get_settings_account_release_and_what_is_visible() {
    let looker = looker();
    let world = looker.world();
    let ran = world.run("check");
    assert_golden("an_admin", &world, &ran);
    let info = world.run("info");
    assert_eq!((info.code, info.out, info.err), (ran.code, ran.out, ran.err), "info is another name");
}

#[test]
fn scripts_get_one_document() {
    let looker = looker();
    let document = looker.world().json("check");
    assert_eq!(document["schema"], "lookervault.check/1");
    assert_eq!(document["instance"], format!("127.0.0.1:{}", looker.port()), "without a name, the host");
    let findings = &document["findings"];
    assert_eq!(findings["release"], "26.12.33");
    let user = json!({
        "id": "1", "display_name": "Api Reader", "email": "user.1+looker@example.com", "role_ids": ["1"],
    });
    assert_eq!(findings["user"], user);
    let kinds: Vec<&str> =
        findings["kinds"].as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["folders", "dashboards", "looks", "boards", "scheduled_plans", "alerts", "users", "groups", "roles",]
    );
    for kind in findings["kinds"].as_array().unwrap() {
        assert_eq!((&kind["problem"], &kind["any"]), (&Value::Null, &json!(true)), "{kind}");
    }
    // Who we are, and one listing a kind.
    assert_eq!(findings["calls"], 10);
    assert_eq!(metered(&looker.requests()), 10);
}

#[test]
fn every_setting_is_shown_with_its_origin() {
    let looker = looker();
    let mut world = World::new();
    world.write(
        "lookervault.toml",
        &format!(
            "vault = \"from-file.db\"\n[extract]\nworkers = 3\ntrash = false\nmax_calls = 400\n\n\
             [instances.prod]\nbase_url = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n",
            looker.url(),
            looker.client_id(),
            looker.client_secret()
        ),
    );
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(world.path("lookervault.toml"), private).unwrap();
    world.set("LOOKERVAULT_WORKERS", "5");
    world.set("LOOKERSDK_TIMEOUT", "45");
    let file = "lookervault.toml";
    for offline in ["", "--offline"] {
        let document = world.json(&format!("check {offline}"));
        assert_eq!(document["instance"], "prod");
        assert_eq!(setting(&document, "vault"), ("from-file.db", format!("{file}:1 (vault)").as_str()));
        assert_eq!(setting(&document, "workers"), ("5", "environment variable LOOKERVAULT_WORKERS"));
        assert_eq!(setting(&document, "timeout").1, "environment variable LOOKERSDK_TIMEOUT");
        assert_eq!(setting(&document, "trash"), ("false", format!("{file}:4 (extract.trash)").as_str()));
        assert_eq!(
            setting(&document, "max_calls"),
            ("400", format!("{file}:5 (extract.max_calls)").as_str())
        );
        assert_eq!(
            setting(&document, "base_url"),
            (looker.url().as_str(), format!("{file}:8 (instances.prod.base_url)").as_str())
        );
        assert_eq!(
            setting(&document, "client_secret"),
            ("set (not shown)", format!("{file}:10 (instances.prod.client_secret)").as_str())
        );
        assert_eq!(setting(&document, "tries"), ("8", "default"));
        assert!(!document.to_string().contains(looker.client_secret()));
    }
    let document = world.json("check --offline --timeout 7s --vault other.db");
    assert_eq!(setting(&document, "timeout"), ("7.0 s", "flag --timeout"));
    assert_eq!(setting(&document, "vault").1, "flag --vault");
}

#[test]
fn offline_makes_no_call_and_needs_no_instance_that_answers() {
    let mut world = World::new();
    world.set("LOOKERSDK_BASE_URL", "https://looker.invalid:19999");
    world.set("LOOKERSDK_CLIENT_ID", "id");
    world.set("LOOKERSDK_CLIENT_SECRET", "never shown");
    let ran = world.run("check --offline");
    assert_golden("offline", &world, &ran);
    let document = world.json("check --offline");
    assert_eq!(document.get("findings"), None);
    let looker = looker();
    looker.world().json("check --offline");
    assert_eq!(looker.served(), 0);
}

#[test]
fn an_account_that_sees_little_is_told_what_it_sees() {
    let folder = looker().shared_folder_ids()[0].clone();
    let limited = Account::Limited { sees_folders: vec![folder] };
    let looker =
        Looker::start(SimConfig { account: limited, dashboards: 20, looks: 0, ..SimConfig::default() });
    let world = looker.world();
    assert_golden("a_limited_account", &world, &world.run("check"));
    let ran = world.run("check --json");
    assert_eq!(ran.code, 1, "alerts of all owners are for administrators: {}", ran.all());
    let findings = &ran.report()["findings"];
    let any = |name: &str| {
        findings["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == name).unwrap()["any"].clone()
    };
    for (kind, seen) in
        [("folders", true), ("looks", false), ("users", true), ("groups", false), ("roles", false)]
    {
        assert_eq!(any(kind), json!(seen), "{kind}");
    }
}

#[test]
fn a_kind_that_the_release_lacks_is_named_and_fails_the_check() {
    let looker = Looker::start(SimConfig {
        missing_endpoints: vec!["search_looks".to_owned()],
        ..SimConfig::default()
    });
    let world = looker.world();
    let ran = world.run("check");
    assert_eq!(ran.code, 1);
    assert_golden("a_missing_endpoint", &world, &ran);
    let ran = world.run("check --json");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let report = ran.report();
    let kinds = report["findings"]["kinds"].as_array().unwrap();
    let closed: Vec<&Value> = kinds.iter().filter(|kind| kind["problem"].is_string()).collect();
    assert_eq!(closed.len(), 1);
    assert_eq!((&closed[0]["kind"], &closed[0]["any"]), (&json!("looks"), &json!(false)));
}

#[test]
fn a_release_without_versions_and_an_account_that_may_not_ask_who_it_is() {
    let looker = Looker::start(SimConfig {
        missing_endpoints: vec!["versions".to_owned(), "me".to_owned()],
        ..SimConfig::default()
    });
    let world = looker.world();
    let findings = &world.json("check")["findings"];
    assert_eq!((&findings["release"], &findings["user"]), (&Value::Null, &Value::Null));
    assert!(world.run("check").out.contains("Looker release unknown"));
    let report = world.extract("roles").complete();
    assert_eq!(report["state"], "complete");
}

#[test]
fn nothing_is_written() {
    let looker = looker();
    let world = looker.world();
    assert_eq!(world.run("check").code, 0);
    assert!(!world.path(VAULT).exists());
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), 0);
}
