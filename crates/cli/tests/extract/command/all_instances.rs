//! `extract --all-instances`: every configured instance into one vault.

use std::time::Duration;

use looker_sim::{Fault, Faults, Kind, Latency, SimConfig};
use serde_json::Value;

use super::instances::{looker, world};
use crate::support::looker::Looker;
use crate::support::{BASICS, VAULT, World};

/// Addresses, durations and sizes out of what people read.
fn assert_golden(name: &str, text: &str) {
    insta::with_settings!({filters => vec![
        (r"http://127\.0\.0\.1:\d+", "[address]"),
        (r"127\.0\.0\.1:\d+", "[address]"),
        (r"in \d[^,]*, [\d,]+ objects/s", "in [time]"),
        (r"vault [\d.]+ [kM]?B", "vault [size]"),
        // How often it is tried within a millisecond of patience is chance.
        (r" \(\d+ tries in [\d.]+ m?s\)", ""),
        (r"os error \d+", "os error"),
    ]}, { insta::assert_snapshot!(name, text) });
}

#[track_caller]
fn entry<'d>(document: &'d Value, name: &str) -> &'d Value {
    let instances = document["instances"].as_array().unwrap();
    instances.iter().find(|one| one["instance"] == name).unwrap_or_else(|| panic!("no {name}: {document}"))
}

fn dashboards(world: &World, name: &str) -> u64 {
    world.json(&format!("list dashboards --instance {name}"))["count"].as_u64().unwrap()
}

#[test]
fn each_has_its_own_run_in_one_vault() {
    let (prod, staging) = (looker(1, 12), looker(2, 19));
    let world = world(&prod, &staging);
    let ran = world.extract("folders dashboards looks users groups roles --all-instances --max-calls 60");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 1), "{}", ran.all());
    let document = ran.report();
    assert_eq!(document["schema"], "lookervault.extract_all/1");
    for (name, looker, run) in [("prod", &prod, 1), ("staging", &staging, 2)] {
        let one = entry(&document, name);
        assert_eq!((&one["base_url"], &one["exit_code"]), (&looker.url().into(), &0.into()));
        assert_eq!((&one["report"]["run"], &one["error"]), (&run.into(), &Value::Null));
        assert_eq!(one["report"]["state"], "complete");
        assert_eq!(dashboards(&world, name), looker.ids(Kind::Dashboard, false).len() as u64);
    }
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn one_that_is_down_does_not_stop_the_others() {
    let (mut prod, staging) = (looker(1, 12), looker(2, 19));
    prod.stop();
    let world = world(&prod, &staging);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(world.path("lookervault.toml"), private).unwrap();
    let line = "--all-instances --patience 1ms --tries 1";
    let ran = world.extract(line);
    let document = ran.report();
    assert_eq!(ran.code, 6, "{}", ran.all());
    let down = entry(&document, "prod");
    assert_eq!((&down["exit_code"], &down["report"]), (&6.into(), &Value::Null));
    assert_eq!(down["error"]["kind"], "looker.refused");
    assert_eq!(entry(&document, "staging")["report"]["state"], "complete");
    assert_eq!(dashboards(&world, "staging"), staging.ids(Kind::Dashboard, false).len() as u64);
    assert_golden("one_of_two_is_down", &world.run(&format!("extract {line}")).all());
    prod.restart();
    assert_eq!(world.extract(line).code, 0);
}

/// An instance whose answers take long enough to be on their way together.
fn unhurried(seed: u64) -> Looker {
    let latency = Latency { base: Duration::from_millis(20), ..Latency::default() };
    Looker::start(SimConfig { seed, latency, dashboards: 80, looks: 7, folders: 5, ..SimConfig::default() })
}

/// Adds a line to the section of an instance.
fn configure(world: &World, name: &str, line: &str) {
    let text = std::fs::read_to_string(world.path("lookervault.toml")).unwrap();
    let head = format!("[instances.{name}]\n");
    world.write("lookervault.toml", &text.replace(&head, &format!("{head}{line}\n")));
}

/// From the first request to the last, in microseconds.
fn time_taken(looker: &Looker) -> u64 {
    let requests = looker.requests();
    let arrivals = || requests.iter().map(|served| served.started);
    arrivals().max().unwrap() - arrivals().min().unwrap()
}

#[test]
fn the_ceiling_of_one_does_not_bind_the_other() {
    const MANY: u32 = 6;
    // Whoever comes first leaves nothing behind.
    for narrow in ["prod", "staging"] {
        let (prod, staging) = (unhurried(1), unhurried(2));
        let world = world(&prod, &staging);
        for name in ["prod", "staging"] {
            configure(&world, name, &format!("workers = {}", if name == narrow { 1 } else { MANY }));
        }
        let ran = world.extract("dashboards --all-instances --pacing fixed --page-size 5 --no-trash");
        assert_eq!(ran.code, 0, "{}", ran.all());
        let document = ran.report();
        for (name, looker) in [("prod", &prod), ("staging", &staging)] {
            let most = if name == narrow { 1 } else { MANY };
            let peak = looker.stats().peak_in_flight;
            // How many are on their way at once is a matter of time; that several are, is not.
            let is_within = if name == narrow { peak == 1 } else { peak > 1 && peak <= MANY };
            assert!(is_within, "{peak} at once at {name}, where {narrow} has one worker");
            assert_eq!(entry(&document, name)["report"]["most_at_once"], most, "{document}");
        }
    }
}

#[test]
fn the_rate_limit_of_one_does_not_slow_the_other() {
    const LIMIT: u32 = 5;
    for limited in ["prod", "staging"] {
        let (prod, staging) = (looker(1, 60), looker(2, 60));
        let looker = |name: &str| if name == "prod" { &prod } else { &staging };
        let free = if limited == "prod" { "staging" } else { "prod" };
        looker(limited).set_rate_limit(Some(LIMIT.into()));
        let world = world(&prod, &staging);
        let ran = world.extract(&format!("{BASICS} --all-instances --page-size 5"));
        assert_eq!(ran.code, 0, "{}", ran.all());
        let refusals = |name: &str| {
            let requests = looker(name).requests();
            requests.iter().filter(|served| served.fault == Some(Fault::RateLimit)).count()
        };
        assert!(refusals(limited) > 0, "the limit of {limited} must bite");
        assert_eq!(refusals(free), 0);
        // At the pace that the limited one taught it would take as long as that.
        let taken = [free, limited].map(|name| time_taken(looker(name)));
        assert!(taken[0] * 2 < taken[1], "{free} and {limited} took {taken:?} microseconds");
    }
}

#[test]
fn one_that_fails_on_its_way_does_not_stop_the_others() {
    for failing in ["prod", "staging"] {
        let (prod, staging) = (looker(1, 12), looker(2, 19));
        let looker = |name: &str| if name == "prod" { &prod } else { &staging };
        let other = if failing == "prod" { "staging" } else { "prod" };
        // It answers the first calls, and then no more.
        looker(failing).set_faults(Faults { server_error_500: 1.0, after: 3, ..Faults::default() });
        let world = world(&prod, &staging);
        let ran = world.extract(&format!("{BASICS} --all-instances --patience 1ms --tries 1"));
        assert_ne!(ran.code, 0, "{}", ran.all());
        let document = ran.report();
        assert_ne!(entry(&document, failing)["exit_code"], 0, "{document}");
        assert_eq!(entry(&document, other)["exit_code"], 0, "{document}");
        assert_eq!(entry(&document, other)["report"]["state"], "complete");
        assert_eq!(dashboards(&world, other), looker(other).ids(Kind::Dashboard, false).len() as u64);
        looker(failing).set_faults(Faults::default());
        let ran = world.extract(&format!("{BASICS} --all-instances"));
        assert_eq!(ran.code, 0, "{}", ran.all());
    }
}

#[test]
fn a_fault_in_one_section_is_told_in_its_place() {
    let (prod, staging) = (looker(1, 6), looker(2, 6));
    let mut world = world(&prod, &staging);
    let text = std::fs::read_to_string(world.path("lookervault.toml")).unwrap();
    // One without an address, one with the address of another; the environment
    // describes a third.
    let more = format!(
        "\n[instances.broken]\nclient_id = \"x\"\n\n{}",
        text.replace("instances.prod", "instances.twin").split("[instances.staging]").next().unwrap()
    );
    world.write("lookervault.toml", &(text + &more));
    world.set("LOOKERSDK_BASE_URL", "http://127.0.0.1:1");
    world.set("LOOKERSDK_CLIENT_ID", "elsewhere");
    let ran = world.extract("roles --all-instances");
    assert_eq!(ran.code, 2, "{}", ran.all());
    let document = ran.report();
    let names: Vec<&str> = document["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["instance"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["broken", "prod", "staging"]);
    assert_eq!(entry(&document, "broken")["error"]["kind"], "config.missing");
    assert!(ran.err.contains("`twin` has the address of `prod`, which is read once"), "{}", ran.err);
    for name in ["prod", "staging"] {
        assert_eq!(entry(&document, name)["exit_code"], 0, "{document}");
    }
}

#[test]
fn the_worst_end_is_the_exit_code() {
    let (prod, staging) =
        (looker(1, 60), Looker::start(SimConfig { dashboards: 0, looks: 0, ..SimConfig::default() }));
    let world = world(&prod, &staging);
    let ran = world.extract("dashboards --all-instances --max-calls 5 --page-size 5 --no-trash");
    assert_eq!(ran.code, 4, "{}", ran.all());
    let document = ran.report();
    assert_eq!(entry(&document, "prod")["report"]["stopped"]["reason"], "budget");
    assert_eq!(entry(&document, "staging")["report"]["state"], "complete", "its budget is its own");
}

#[test]
fn it_must_be_clear_which_are_meant() {
    let (prod, staging) = (looker(1, 3), looker(2, 3));
    let two = world(&prod, &staging);
    for line in ["--all-instances --instance prod", "-I prod --all-instances"] {
        let ran = two.extract(line);
        assert_eq!((ran.code, ran.error()["kind"].as_str()), (2, Some("usage")), "{}", ran.all());
    }
    let ran = prod.world().extract("--all-instances");
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (2, Some("config.unknown_instance")), "{}", ran.all());
    assert!(error["hint"].as_str().unwrap().contains("[instances.NAME]"), "{error}");
    assert_eq!((prod.served(), staging.served()), (0, 0));
    assert!(!two.path(VAULT).exists());
}
