//! Secrets are never printed, logged, stored or shown to other processes: the
//! API key's secret, access tokens, and the links in user accounts that are as
//! good as passwords.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use looker_sim::{Latency, PLANTED_SECRET, SimConfig};
use support::front::{Exchange, Front, Instead};
use support::looker::Looker;
use support::{Ran, VAULT, World, finish, wait_until};
use vault::{ListFilter, Vault};

const SECRET: &str = "mark3d-client-secret-7719";

/// Access tokens that passed the front.
type Tokens = Arc<Mutex<Vec<String>>>;

/// An instance with a marked secret and, in front of it, somebody who writes
/// down every token it gives out.
struct Scene {
    looker: Looker,
    front: Front,
    tokens: Tokens,
}

impl Scene {
    /// `rule` may replace answers, as in [`Front::before`].
    fn set(rule: impl Fn(&Exchange) -> Option<Instead> + Send + Sync + 'static) -> Self {
        let latency = Latency { base: Duration::from_millis(10), ..Latency::default() };
        let config =
            SimConfig { seed: 16, client_secret: SECRET.to_owned(), latency, ..SimConfig::default() };
        let looker = Looker::start(config);
        let tokens = Tokens::default();
        let seen = Arc::clone(&tokens);
        let front = Front::before(looker.port(), move |exchange| {
            let token = serde_json::from_slice::<serde_json::Value>(&exchange.body).ok();
            let token = token.and_then(|body| Some(body.get("access_token")?.as_str()?.to_owned()));
            seen.lock().unwrap().extend(token);
            rule(exchange)
        });
        Self { looker, front, tokens }
    }

    fn world(&self) -> World {
        self.looker.world_at(&self.front.url())
    }

    /// Everything that must not be found anywhere.
    fn secrets(&self) -> Vec<String> {
        let tokens = self.tokens.lock().unwrap().clone();
        [tokens, vec![SECRET.to_owned(), PLANTED_SECRET.to_owned()]].concat()
    }

    #[track_caller]
    fn assert_free(&self, what: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for secret in self.secrets() {
            assert!(!text.contains(&secret), "{what} holds the secret {secret}");
        }
    }

    #[track_caller]
    fn assert_silent(&self, ran: &Ran) {
        self.assert_free("stdout", ran.out.as_bytes());
        self.assert_free("stderr", ran.err.as_bytes());
    }
}

/// The vault's file and those beside it that exist.
fn files(world: &World) -> Vec<PathBuf> {
    let names = ["", "-wal", "-shm", "-journal", ".lock"].map(|end| world.path(format!("{VAULT}{end}")));
    names.into_iter().filter(|path| path.exists()).collect()
}

#[test]
fn a_run_with_all_its_logging_shows_no_secret() {
    let scene = Scene::set(|_| None);
    let world = scene.world();
    let running = world.start("extract -vvv --page-size 10");
    wait_until("pages are being read", || scene.looker.served() >= 20);
    let command_line = fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
    scene.assert_free("the command line", &command_line);
    for file in files(&world) {
        scene.assert_free(&file.display().to_string(), &fs::read(&file).unwrap());
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert!(files(&world).len() >= 3, "the vault is at work: {:?}", files(&world));
    let ran = finish(running);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.err.len() > 1000, "the log says something: {}", ran.all());
    assert!(!scene.tokens.lock().unwrap().is_empty());
    scene.assert_silent(&ran);
    for file in files(&world) {
        scene.assert_free(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

#[test]
fn what_is_stored_holds_no_secret_and_says_what_was_left_out() {
    let scene = Scene::set(|_| None);
    let planted = scene.looker.export(looker_sim::Kind::User);
    let planted = planted.iter().filter(|(_, body)| String::from_utf8_lossy(body).contains(PLANTED_SECRET));
    let planted: Vec<&String> = planted.map(|(id, _)| id).collect();
    assert!(!planted.is_empty(), "the simulator plants secrets");
    let world = scene.world();
    world.extract("").complete();

    // Bodies are compressed in the file: look into each.
    let reader = Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    for kind in ["users", "groups", "roles", "folders", "dashboards", "looks"] {
        let mut ids = Vec::new();
        reader.list(&ListFilter::of(kind), |row| ids.push(row.key)).unwrap();
        for id in ids {
            let object = reader.show(instance, kind, &id).unwrap().unwrap();
            scene.assert_free(&format!("{kind} {id}"), &object.document);
            let was_planted = kind == "users" && planted.contains(&&id);
            assert_eq!(object.redacted > 0, was_planted, "{kind} {id} says what was left out");
        }
    }
    let shown = world.run(&format!("show user {} --json", planted[0]));
    assert_eq!(shown.code, 0, "{}", shown.all());
    assert!(shown.out.contains(r#"{"$lookervault":"redacted"}"#), "{}", shown.out);
    scene.assert_silent(&shown);
    let runs = world.json("runs");
    scene.assert_free("runs", runs.to_string().as_bytes());
}

#[test]
fn check_shows_where_the_secret_comes_from_and_not_the_secret() {
    let scene = Scene::set(|_| None);
    let world = scene.world();
    for line in ["check -vvv", "check --json -vvv", "check --offline"] {
        let ran = world.run(line);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(
            ran.out.contains("client_secret") && ran.out.contains("LOOKERSDK_CLIENT_SECRET"),
            "{}",
            ran.out
        );
        scene.assert_silent(&ran);
    }
}

#[test]
fn a_server_that_repeats_what_it_was_told_is_not_repeated() {
    let scene = Scene::set(|exchange| {
        let is_login = exchange.request.starts_with("POST") && exchange.request.contains("/login");
        is_login.then(|| Instead::error(500, &format!("cannot parse {}", exchange.request_body)))
    });
    let world = scene.world();
    for line in ["extract -vvv --patience 1ms --tries 2", "check -vvv", "check --json"] {
        let ran = world.run(line);
        assert_eq!(ran.code, 6, "{}", ran.all());
        assert!(ran.err.contains("cannot parse"), "the server's words are shown: {}", ran.all());
        scene.assert_silent(&ran);
    }
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    let told = Tokens::default();
    let known = Arc::clone(&told);
    let scene = Scene::set(move |exchange| {
        if exchange.request.contains("/login") {
            let body: serde_json::Value = serde_json::from_slice(&exchange.body).unwrap();
            known.lock().unwrap().extend(body["access_token"].as_str().map(str::to_owned));
            return None;
        }
        let token = known.lock().unwrap().last().cloned().unwrap_or_default();
        exchange.request.contains("/dashboards").then(|| Instead::error(403, &format!("no right: {token}")))
    });
    let world = scene.world();
    for line in ["extract dashboards -vvv", "extract dashboards --json", "check -vvv"] {
        let ran = world.run(line);
        assert!(matches!(ran.code, 1 | 3), "{}", ran.all());
        assert!(
            (ran.out.clone() + &ran.err).contains("no right"),
            "the server's words are shown: {}",
            ran.all()
        );
        scene.assert_silent(&ran);
    }
    for file in files(&world) {
        scene.assert_free(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

#[test]
fn rejected_credentials_are_not_shown() {
    let scene = Scene::set(|_| None);
    let mut world = scene.world();
    let wrong = "mark3d-but-wrong-4412";
    world.set("LOOKERSDK_CLIENT_SECRET", wrong);
    for line in ["extract -vvv", "extract --json -vvv", "check -vvv"] {
        let ran = world.run(line);
        assert_eq!(ran.code, 6, "{}", ran.all());
        assert!(!ran.all().contains(wrong), "{}", ran.all());
        scene.assert_silent(&ran);
    }
}
