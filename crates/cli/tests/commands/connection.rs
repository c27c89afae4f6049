//! What a person is told when the program cannot connect, cannot sign in, or may
//! not see what was asked for: cases that look alike must be told apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use looker_sim::{Account, Kind, RejectedLogin, SimConfig};
use serde_json::Value;

use crate::support::content::stored;
use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;
use crate::support::quiet::QuietPort;
use crate::support::tls::Authority;
use crate::support::{Ran, VAULT, World};

/// Both ways to sign in, told not to wait for better times.
const COMMANDS: [&str; 2] = ["extract --patience 1ms --tries 1", "check"];

/// Runs a command that must fail to connect; gives message and hint in one text.
#[track_caller]
fn told(world: &World, line: &str, kind: &str) -> String {
    let ran = world.run(&format!("{line} --json"));
    assert_eq!(ran.code, 6, "{line}: {}", ran.all());
    let error = ran.failure();
    assert_eq!(error["kind"], kind, "{line}: {}", ran.all());
    assert!(error["hint"].is_string(), "{line}: {}", ran.all());
    let people = world.run(line);
    assert_eq!(people.code, 6);
    assert!(people.err.starts_with("error: ") && people.err.contains("hint: "), "{}", people.all());
    assert_eq!(ran.err.lines().count(), 1, "one error, told once: {}", ran.all());
    format!("{} {}", error["message"], error["hint"])
}

/// A place with credentials for an address that is none of a simulator's.
fn world_at(url: &str) -> World {
    let mut world = World::new();
    world.set("LOOKERSDK_BASE_URL", url);
    world.set("LOOKERSDK_CLIENT_ID", "id");
    world.set("LOOKERSDK_CLIENT_SECRET", "secret");
    world
}

#[test]
fn rejected_credentials() {
    for form in [RejectedLogin::Json404, RejectedLogin::Html404] {
        let looker = Looker::start(SimConfig { rejected_login: form, ..SimConfig::default() });
        let mut world = looker.world();
        world.set("LOOKERSDK_CLIENT_SECRET", "wrong");
        for line in COMMANDS {
            let said = told(&world, line, "looker.rejected_login");
            assert!(said.contains("client id or secret"), "{said}");
            assert_eq!(said.contains("HTML page"), form == RejectedLogin::Html404, "{said}");
        }
        let logins = looker.stats().by_operation["login"];
        assert_eq!(logins, 4, "rejected credentials are not tried again");
    }
}

#[test]
fn a_port_where_nothing_listens() {
    let quiet = QuietPort::hold(0);
    let port = quiet.address().port();
    for line in COMMANDS {
        let said = told(&world_at(&format!("http://127.0.0.1:{port}")), line, "looker.refused");
        assert!(said.contains("port") && said.contains(&port.to_string()), "{said}");
    }
}

#[test]
fn a_host_that_does_not_exist() {
    for line in COMMANDS {
        let said = told(&world_at("https://nope.invalid:19999"), line, "looker.dns");
        assert!(said.contains("nope.invalid"), "{said}");
    }
}

/// A name that resolves to nothing, a port where nobody listens, and a server that
/// opens no tunnels: whose fault it is must be said, and it is never Looker's.
#[test]
fn a_proxy_that_does_not_let_us_through() {
    let silent = QuietPort::hold(0);
    let front = Front::alone(|_| Some(Instead::page(503, "no tunnels here")));
    for proxy in ["http://proxy.invalid:3128".to_owned(), format!("http://{}", silent.address()), front.url()]
    {
        let mut world = world_at("https://looker.example.com:19999");
        world.set("HTTPS_PROXY", &proxy);
        for line in COMMANDS {
            let said = told(&world, line, "looker.proxy");
            assert!(said.contains("through the proxy") && said.contains("HTTPS_PROXY"), "{proxy}: {said}");
        }
    }
}

#[test]
fn https_to_a_port_that_speaks_http() {
    let looker = Looker::start(SimConfig::default());
    for line in COMMANDS {
        let said = told(&looker.world_at(&looker.url().replace("http:", "https:")), line, "looker.tls");
        assert!(said.contains("does not speak TLS"), "{said}");
    }
}

/// A place with a configuration for `url` that trusts `authority` too.
fn world_that_trusts(looker: &Looker, url: &str, authority: &Authority) -> World {
    let world = World::new();
    world.write("authority.pem", &authority.pem());
    world.write(
        "lookervault.toml",
        &format!(
            "[instances.it]\nbase_url = \"{url}\"\nca_bundle = \"authority.pem\"\nclient_id = \"{}\"\n\
             client_secret_command = [\"echo\", \"{}\"]\n",
            looker.client_id(),
            looker.client_secret()
        ),
    );
    world
}

#[test]
fn a_certificate_is_checked_against_the_authorities_one_trusts() {
    let looker = Looker::start(SimConfig::default());
    let authority = Authority::new();
    let front = Front::with_tls(looker.port(), authority.server("127.0.0.1"));
    let mut stranger = looker.world_at(&front.https_url());
    for line in COMMANDS {
        let said = told(&stranger, line, "looker.tls");
        assert!(said.contains("no authority that is trusted") && said.contains("ca_bundle"), "{said}");
    }
    stranger.set("LOOKERSDK_VERIFY_SSL", "false");
    let trusting = world_that_trusts(&looker, &front.https_url(), &authority);
    for (world, warns) in [(stranger, true), (trusting, false)] {
        let check = world.run("check --json");
        assert_eq!(check.report()["findings"]["user"]["id"], "1", "{}", check.all());
        assert_eq!(check.err.contains("is not checked"), warns, "{}", check.all());
        world.extract("roles").complete();
    }
}

#[test]
fn a_certificate_for_another_name_or_of_an_authority_is_refused() {
    let looker = Looker::start(SimConfig::default());
    let authority = Authority::new();
    for (tls, because) in [
        (authority.server("looker-proxy.example.com"), "not valid for name"),
        (authority.as_server(), "certificate of an authority"),
    ] {
        let front = Front::with_tls(looker.port(), tls);
        let world = world_that_trusts(&looker, &front.https_url(), &authority);
        let said = told(&world, COMMANDS[1], "looker.tls");
        assert!(said.contains(because), "{said}");
    }
}

#[test]
fn a_server_that_is_no_looker() {
    let welcome = Front::alone(|_| Some(Instead::page(200, "Welcome to nginx!")));
    let missing = Front::alone(|_| Some(Instead::page(404, "404 Not Found")));
    for line in COMMANDS {
        let said = told(&world_at(&welcome.url()), line, "looker.not_json");
        assert!(said.contains("Welcome to nginx!"), "{said}");
        let said = told(&world_at(&missing.url()), line, "looker.rejected_login");
        assert!(said.contains("no running Looker"), "{said}");
    }
}

#[test]
fn a_server_in_trouble() {
    let front = Front::alone(|_| Some(Instead::page(503, "503 Service Temporarily Unavailable")));
    for line in COMMANDS {
        let said = told(&world_at(&front.url()), line, "looker.server");
        assert!(said.contains("503"), "{said}");
    }
}

/// Why a kind is closed, by the report of a run.
#[track_caller]
fn unavailable(ran: &Ran, kind: &str) -> String {
    let report = ran.report();
    let closed: Vec<&Value> = report["unavailable"].as_array().unwrap().iter().collect();
    assert_eq!(closed.len(), 1, "{}", ran.all());
    assert_eq!(closed[0]["kind"], kind);
    closed[0]["reason"].as_str().unwrap().to_owned()
}

/// A kind that is closed is told of, is a gap when it was asked for by name, and
/// does not keep the others from being read.
#[track_caller]
fn one_kind_is_closed(world: &World, kind: &str, because: &str) {
    let ran = world.extract("");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(unavailable(&ran, kind).contains(because), "{}", ran.all());
    let held = stored(&world.path(VAULT));
    assert!(!held.is_empty() && held.keys().all(|key| key.0 != kind));

    let ran = world.extract(&format!("dashboards {kind}"));
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(unavailable(&ran, kind).contains(because), "{}", ran.all());
    assert_eq!(ran.report()["gaps"][0]["kind"], kind, "{}", ran.all());

    let check = world.run("check --json");
    assert_eq!(check.code, 1, "{}", check.all());
    let kinds = check.report()["findings"]["kinds"].clone();
    let problem = kinds.as_array().unwrap().iter().find(|entry| entry["kind"] == kind).unwrap();
    assert!(problem["problem"].as_str().unwrap().contains(because), "{problem}");
}

#[test]
fn an_endpoint_that_the_release_lacks() {
    let missing_endpoints = vec!["search_looks".to_owned()];
    let looker = Looker::start(SimConfig { missing_endpoints, ..SimConfig::default() });
    one_kind_is_closed(&looker.world(), "looks", "release does not offer");
}

#[test]
fn a_permission_that_is_missing() {
    let looker = Looker::start(SimConfig::default());
    let front = Front::before(looker.port(), |exchange| {
        let is_roles = exchange.request.contains("/api/4.0/roles");
        is_roles.then(|| Instead::error(403, "Requires see_users permission."))
    });
    one_kind_is_closed(
        &looker.world_at(&front.url()),
        "roles",
        "needs permission see_users (Requires see_users permission.)",
    );
}

#[test]
fn a_list_that_may_not_be_seen() {
    let looker = Looker::start(SimConfig::default());
    let front = Front::before(looker.port(), |exchange| {
        let is_groups = exchange.request.contains("/api/4.0/groups");
        is_groups.then(|| Instead::error(404, "Not found"))
    });
    one_kind_is_closed(
        &looker.world_at(&front.url()),
        "groups",
        "needs permission see_users, or is absent (Not found)",
    );
}

#[test]
fn an_account_that_sees_two_folders_gets_those() {
    let all = Looker::start(SimConfig { seed: 3, folder_sizes: vec![9, 8, 7], ..SimConfig::default() });
    let ids = all.shared_folder_ids();
    let account = Account::Limited { sees_folders: ids[..2].to_vec() };
    let config = SimConfig { seed: 3, folder_sizes: vec![9, 8, 7], account, ..SimConfig::default() };
    let looker = Looker::start(config);
    let world = looker.world();
    world.extract("").complete();
    let held = stored(&world.path(VAULT));
    let dashboards = held.iter().filter(|(key, object)| key.0 == "dashboards" && !object.trashed).count();
    assert_eq!(
        dashboards,
        looker.ids_in(Kind::Dashboard, &ids[0], false).len()
            + looker.ids_in(Kind::Dashboard, &ids[1], false).len()
    );
    assert_eq!(held.keys().filter(|key| key.0 == "users").count(), 1, "of people only itself");

    // A folder that cannot be seen looks like one that does not exist; both are told of.
    for hidden in [ids[2].as_str(), "999999"] {
        let ran = world.extract(&format!("dashboards --recursive --folder-ids {},{hidden}", ids[0]));
        assert_eq!(ran.code, 2, "{}", ran.all());
        let error = ran.failure();
        assert_eq!(error["kind"], "folder.unknown");
        assert!(error["message"].as_str().unwrap().contains(hidden), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("access"), "{error}");
    }
}

#[test]
fn check_says_who_we_are_and_what_we_see() {
    let looker = Looker::start(SimConfig::default());
    let world = looker.world();
    let findings = world.json("check")["findings"].clone();
    assert_eq!(findings["release"], "26.12.33");
    assert_eq!(findings["user"]["id"], "1");
    let kinds = findings["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 9);
    assert!(kinds.iter().all(|kind| kind["problem"].is_null() && kind["any"] == true), "{findings}");
    let metered = crate::support::requests::metered(&looker.requests());
    assert_eq!(findings["calls"], metered);
}

/// Addresses in answers are not called: an instance behind a proxy may name itself by one
/// that leads elsewhere.
#[test]
fn addresses_in_answers_are_not_followed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let elsewhere = Front::alone(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Some(Instead::json(200, "{}".to_owned()))
    });
    let public_url = Some(elsewhere.url());
    let small = SimConfig { dashboards: 30, looks: 10, folders: 4, users: 5, ..SimConfig::default() };
    let looker = Looker::start(SimConfig { public_url, ..small });
    let (named, place) = (Arc::new(AtomicUsize::new(0)), elsewhere.url());
    let counted = Arc::clone(&named);
    let front = Front::before(looker.port(), move |exchange| {
        counted.fetch_add(usize::from(exchange.head.contains(&place)), Ordering::SeqCst);
        None
    });
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    assert_eq!(world.run("check").code, 0);
    world.extract("dashboards looks --full --page-size 5").complete();
    assert!(named.load(Ordering::SeqCst) > 0, "answers name the next page by the other address");
    assert_eq!(calls.load(Ordering::SeqCst), 0);

    // Nor is a redirect, which would take the credentials along.
    for path in ["/login", "/user", "/dashboards/search"] {
        let leads_to = format!("{}/api/4.0{path}", elsewhere.url());
        let front = Front::before(looker.port(), move |exchange| {
            let redirect = Instead::page(302, "Found").with("location", leads_to.clone());
            exchange.request.contains(&format!("/api/4.0{path}")).then_some(redirect)
        });
        let world = looker.world_at(&front.url());
        let ran = world.extract("dashboards --tries 2 --patience 1ms");
        assert!(ran.all().contains("302"), "{path}: {}", ran.all());
        assert_eq!(ran.code == 0, path == "/user", "{path}: {}", ran.all());
        assert!(!ran.all().contains("panicked"), "{}", ran.all());
        assert_eq!(calls.load(Ordering::SeqCst), 0, "{path}");
    }
}
