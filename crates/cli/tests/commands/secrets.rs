//! Secrets are never printed, logged, stored or shown to other processes: the
//! API key's secret, access tokens, and the links in user accounts that are as
//! good as passwords.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use looker::catalogue::{FieldPattern, KINDS, Kind, Operation, Source};
use looker_sim::{Latency, PLANTED_SECRET, PLANTED_WEBHOOK_KEY, SimConfig};
use vault::{ListFilter, Vault};

use crate::support::api::Somebody;
use crate::support::estate::{all_kinds, expected_estate, stored_estate};
use crate::support::front::{Exchange, Front, Instead};
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::{Ran, VAULT, World, finish, wait_until};

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

/// In every secret that a careless instance gives away, in its tokens and cookies.
const MARK: &str = "mark3d-everywhere-5523";

/// Whether a request is for what an operation reads; `{...}` in its path is anything.
fn is_for(request: &str, operation: &Operation) -> bool {
    let path = request.split([' ', '?']).nth(1).and_then(|path| path.strip_prefix("/api/4.0"));
    let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
    let wanted: Vec<&str> = operation.path.split('/').collect();
    let is_same = |(part, wanted): (&&str, &&str)| part == wanted || wanted.starts_with('{');
    parts.len() == wanted.len() && parts.iter().zip(&wanted).all(is_same)
}

/// Every name that a kind never stores, whole ones and one for each ending.
fn names_of(kind: &Kind) -> BTreeSet<String> {
    let name = |pattern: &FieldPattern| match pattern {
        FieldPattern::Anywhere(name) => Some((*name).to_owned()),
        FieldPattern::Suffix(end) => Some(format!("x{end}")),
        FieldPattern::Holding(..) | FieldPattern::Path(_) => None,
    };
    kind.redacted.iter().filter_map(name).collect()
}

/// The names that every kind leaves out which a request may be for.
fn names_for(request: &str) -> BTreeSet<String> {
    let is_read = |kind: &&Kind| {
        let listing = kind.each().and_then(|each| match &each.source {
            Source::Listing { operation, .. } => Some(operation),
            _ => None,
        });
        kind.operations().into_iter().chain(listing).any(|operation| is_for(request, operation))
    };
    let mut kinds: Vec<&Kind> = KINDS.iter().filter(is_read).collect();
    if kinds.is_empty() {
        kinds = KINDS.iter().collect();
    }
    let names = kinds.into_iter().map(names_of);
    names.reduce(|all, those| &all & &those).unwrap()
}

/// An answer with every secret of the catalogue, and of a release to come, in every
/// object at every depth.
fn with_more_secrets(exchange: &Exchange) -> String {
    let mut answer = Json::parse(&exchange.body);
    let secret = Json::parse(format!(r#"["{MARK}",{{"x":"{MARK}"}}]"#).as_bytes());
    let names = names_for(&exchange.request);
    answer.add_everywhere(&names.iter().map(String::as_str).collect::<Vec<_>>(), &secret);
    answer.write()
}

#[test]
fn every_name_of_the_catalogue_is_planted() {
    let all: BTreeSet<String> = KINDS.iter().flat_map(names_of).collect();
    let settings = names_for("GET /api/4.0/setting HTTP/1.1");
    let others = names_for("GET /api/4.0/connections?limit=1 HTTP/1.1");
    assert_eq!(&settings | &others, all);
    let peoples = names_for("GET /api/4.0/dashboards/search?limit=1 HTTP/1.1");
    assert!(peoples.len() > 20 && peoples.iter().all(|name| !name.starts_with("x_")), "{peoples:?}");
    assert_eq!(names_for("GET /api/4.0/folders/7/looks HTTP/1.1"), peoples, "of which it is not known");
}

/// Errors that tell more than they should, one sort after the other.
fn chatty_error(number: usize) -> Instead {
    let error = match number % 5 {
        0 => Instead::json(
            500,
            format!(
                r#"{{"message":"An error has occurred.","request":{{"authorization":"{MARK}"}},"trace":["{MARK}"],
                "errors":[{{"field":"x","code":"y","message":"z","value":"{MARK}"}}]}}"#
            ),
        ),
        1 => Instead {
            body: format!("<html><title>Bad Gateway</title><body>{MARK}</body></html>"),
            ..Instead::page(502, "")
        },
        // JSON of another type than was asked for.
        2 => Instead::json(200, format!("\"{MARK}\"")),
        3 => Instead::json(200, format!("[\"{MARK}\",{{\"id\":\"{MARK}\"")),
        // To be tried again, says a header of a proxy.
        _ => Instead::page(503, "Wait").with("retry-after", "0".to_owned()),
    };
    let cookie = format!("session={MARK}; Secure");
    error.with("set-cookie", cookie).with("x-upstream-token", MARK.to_owned())
}

/// A sign-in page in the place of an answer, as proxies send people to one.
#[test]
fn where_a_redirect_leads_is_told_without_its_secret() {
    let looker = Looker::start(SimConfig { dashboards: 3, ..SimConfig::default() });
    let front = Front::before(looker.port(), |exchange| {
        exchange.request.contains("/roles").then(|| {
            let to = format!("https://bot:{MARK}@sso.example/login?token={MARK}&state={MARK}");
            Instead::page(302, "Found")
                .with("location", to)
                .with("www-authenticate", format!("Bearer {MARK}"))
        })
    });
    let world = looker.world_at(&front.url());
    for line in ["extract roles -vvv", "extract roles --json -vvv", "check -vvv", "runs show 1"] {
        let ran = world.run(line);
        assert_unmarked(line, ran.all().as_bytes());
    }
    let ran = world.run("extract roles");
    assert!(ran.code != 0 && ran.all().contains("302"), "{}", ran.all());
    for file in files(&world) {
        assert_unmarked(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

/// An instance that gives everything away, behind somebody who adds to it: each
/// address answers with an error first.
fn careless() -> (Looker, Front) {
    let latency = Latency { base: Duration::from_millis(5), ..Latency::default() };
    let config = SimConfig {
        seed: 16,
        dashboards: 20,
        looks: 12,
        users: 6,
        folders: 6,
        client_secret: SECRET.to_owned(),
        secret_marker: Some(MARK.to_owned()),
        latency,
        ..SimConfig::default()
    };
    let looker = Looker::start(config);
    let asked = Mutex::new(BTreeSet::new());
    let front = Front::before(looker.port(), move |exchange| {
        let is_read = exchange.request.starts_with("GET /api/4.0/") && exchange.status == 200;
        if !is_read {
            return None;
        }
        let mut asked = asked.lock().unwrap();
        let path = exchange.request.split('?').next().unwrap().to_owned();
        if asked.insert(path) {
            return Some(chatty_error(asked.len()));
        }
        Some(Instead::json(200, with_more_secrets(exchange)))
    });
    (looker, front)
}

#[track_caller]
fn assert_unmarked(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [MARK, SECRET, PLANTED_SECRET, PLANTED_WEBHOOK_KEY] {
        if let Some(at) = text.find(secret) {
            let from = text.floor_char_boundary(at.saturating_sub(200));
            panic!("{what} holds {secret}: ...{}", &text[from..at]);
        }
    }
}

#[test]
fn nothing_that_a_careless_instance_gives_away_is_kept_or_told() {
    let (looker, front) = careless();
    let world = looker.world_at(&front.url());
    let running = world.start("extract --all-now -vvv --json --tries 20");
    wait_until("much was read", || looker.served() >= 60);
    for file in files(&world) {
        assert_unmarked(&file.display().to_string(), &fs::read(&file).unwrap());
    }
    let ran = finish(running);
    ran.complete();
    assert_unmarked("the report", ran.out.as_bytes());
    assert_unmarked("the log", ran.err.as_bytes());
    assert!(ran.err.contains("another type than expected"), "the errors were met: {}", ran.err);
    for file in files(&world) {
        assert_unmarked(&file.display().to_string(), &fs::read(&file).unwrap());
    }
    // Bodies are compressed in the file: look into each.
    let estate = stored_estate(&world.path(VAULT));
    for kind in all_kinds() {
        assert!(estate.keys().any(|key| key.0 == kind), "no {kind} was stored");
    }
    for (key, object) in &estate {
        assert_unmarked(&format!("{key:?}"), object.document.write().as_bytes());
    }
    for line in
        ["extract users -vvv", "check -vvv", "redacted", "redacted --json", "runs show 1", "verify -vvv"]
    {
        assert_unmarked(line, world.run(line).all().as_bytes());
    }
}

#[test]
fn an_error_of_a_call_that_is_refused_quotes_no_secret() {
    let looker = Looker::start(SimConfig { secret_marker: Some(MARK.to_owned()), ..SimConfig::default() });
    let front = Front::before(looker.port(), |exchange| {
        let token = serde_json::from_slice::<serde_json::Value>(&exchange.body).ok();
        if token.is_some_and(|body| body["access_token"].is_string()) {
            return None;
        }
        // Cut after 500 characters, a token must not be half a one.
        let token = exchange.authorization.rsplit(' ').next().unwrap_or_default();
        let text = format!("{}{token}{}", "x".repeat(490), "y".repeat(200));
        exchange.request.contains("/roles").then(|| Instead::error(422, &text))
    });
    let world = looker.world_at(&front.url());
    for line in ["extract roles -vvv", "extract roles --json -vvv", "check -vvv", "runs show 1"] {
        let ran = world.run(line);
        assert!(ran.all().contains("xxxxx"), "the server's words are shown: {}", ran.all());
        assert_unmarked(line, ran.all().as_bytes());
        assert!(!ran.all().contains(&MARK[..6]), "{line} tells a part of it: {}", ran.all());
    }
}

/// Places that are marked, by kind, object and pointer.
fn marks(kind: &str, id: &str, document: &Json, pointer: &str, found: &mut BTreeSet<String>) {
    let mark = Json::parse(br#"{"$lookervault":"redacted"}"#);
    match document {
        mark_itself if *mark_itself == mark => drop(found.insert(format!("{kind} {id} {pointer}"))),
        Json::Object(members) => {
            for (name, value) in members {
                marks(kind, id, value, &format!("{pointer}/{name}"), found);
            }
        }
        Json::List(elements) => {
            for (index, value) in elements.iter().enumerate() {
                marks(kind, id, value, &format!("{pointer}/{index}"), found);
            }
        }
        Json::Text(_) | Json::Plain(_) => {}
    }
}

#[test]
fn what_is_to_be_entered_again_is_listed_to_the_last_place() {
    let looker = Looker::start(SimConfig { seed: 16, dashboards: 20, ..SimConfig::default() });
    let world = looker.world();
    world.extract("--all-now").complete();
    let mut wanted = BTreeSet::new();
    for ((kind, id), object) in expected_estate(&looker) {
        marks(kind, &id, &object.document, "", &mut wanted);
    }
    let listed = world.json("redacted");
    let mut told = BTreeSet::new();
    for object in listed["objects"].as_array().unwrap() {
        for field in object["fields"].as_array().unwrap() {
            let [kind, id] = ["kind", "id"].map(|name| object[name].as_str().unwrap());
            told.insert(format!("{kind} {id} {}", field.as_str().unwrap()));
        }
    }
    assert!(wanted.len() > 20, "{wanted:?}");
    assert_eq!(told, wanted);
    assert_eq!(listed["count"], wanted.len());
    let plans = world.json("redacted scheduled_plans delivery");
    let kinds: BTreeSet<&str> =
        plans["objects"].as_array().unwrap().iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["alerts", "scheduled_plans"]));
}

#[test]
fn destinations_are_kept_when_that_is_asked_for_and_nothing_else_is() {
    let looker = Looker::start(SimConfig { seed: 16, ..SimConfig::default() });
    let mut world = looker.world();
    let kinds = "scheduled_plans alerts integrations users";
    world.extract(kinds).complete();
    let left_out =
        |world: &World, kind: &str| world.json(&format!("redacted {kind}"))["count"].as_u64().unwrap();
    let objects = world.json("redacted delivery")["objects"].as_array().unwrap().len();
    let others = ["integrations", "users"].map(|kind| left_out(&world, kind));
    assert!(left_out(&world, "scheduled_plans") > 0 && left_out(&world, "alerts") > 0);

    world.set("LOOKERVAULT_KEEP_DESTINATIONS", "true");
    let report = world.extract(&format!("{kinds} --max-age-days 1 --all-now")).complete();
    let changed: u64 =
        report["kinds"].as_array().unwrap().iter().map(|kind| kind["changed"].as_u64().unwrap()).sum();
    assert_eq!(changed, objects as u64, "what had something left out has a new version: {report}");
    assert_eq!(left_out(&world, "delivery"), 0);
    assert_eq!(["integrations", "users"].map(|kind| left_out(&world, kind)), others);
    let held = stored_estate(&world.path(VAULT));
    let keys = held.values().filter(|object| object.document.write().contains(PLANTED_WEBHOOK_KEY)).count();
    assert!(keys > 0, "the addresses are there");

    // The flag weighs more; what was kept stays in the history, and is gone from now.
    world.extract(&format!("{kinds} --no-keep-destinations --all-now")).complete();
    assert_eq!(world.json("redacted delivery")["objects"].as_array().unwrap().len(), objects);
}

/// What a plan to restore one object notes.
fn notes_of(world: &World, object: &str) -> String {
    let plan = world.run(&format!("restore plan {object} --as-of 1 --json"));
    let notes = plan.report()["objects"][0]["notes"].to_string();
    assert!(!notes.is_empty(), "{}", plan.all());
    assert_unmarked(object, plan.all().as_bytes());
    format!("{notes} {}", plan.report()["objects"][0]["action"])
}

/// The objects of a kind of which something was left out at a field.
fn left_out(world: &World, kind: &str, field: &str) -> Vec<String> {
    let listed = world.json(&format!("redacted {kind}"));
    let objects = listed["objects"].as_array().unwrap().iter();
    let lacks = |object: &&serde_json::Value| {
        object["fields"].as_array().unwrap().iter().any(|one| one.as_str().unwrap().ends_with(field))
    };
    objects.filter(lacks).map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_restore_says_what_is_to_be_entered_again() {
    let looker = Looker::start(SimConfig { seed: 16, ..SimConfig::default() });
    let somebody = Somebody::sign_in(&looker);
    let world = looker.world();
    world.extract("all --all-now").complete();

    // Where a schedule calls, and no other place that it is sent to.
    let plan = &left_out(&world, "scheduled_plans", "/address")[0];
    looker.purge(looker_sim::Kind::ScheduledPlan, plan).unwrap();
    let notes = notes_of(&world, &format!("scheduled_plan:{plan}"));
    assert!(notes.contains("where it is sent was not stored: enter it again"), "{notes}");

    // The form of the action that an alert sets off.
    let alert = &left_out(&world, "alerts", "/action_hub_form_params_json")[0];
    looker.purge(looker_sim::Kind::Alert, alert).unwrap();
    let notes = notes_of(&world, &format!("alert:{alert}"));
    assert!(notes.contains("where it is sent was not stored in full: enter it again"), "{notes}");

    // The value that a group has of an attribute whose values nobody can read.
    let attributes = somebody.get("/user_attributes");
    let hidden = attributes.as_array().unwrap().iter().find_map(|attribute| {
        let id = attribute["id"].as_str().filter(|_| attribute["value_is_hidden"] == true)?;
        let value = somebody.get(&format!("/user_attributes/{id}/group_values"))[0].clone();
        Some((id.to_owned(), value["group_id"].as_str()?.to_owned()))
    });
    let (attribute, group) = hidden.unwrap();
    let path = format!("/groups/{group}/attribute_values/{attribute}");
    somebody.done("DELETE", &path, &serde_json::Value::Null);
    let notes = notes_of(&world, &format!("user_attribute_group_value:{attribute}"));
    assert!(notes.contains("is hidden, and was never stored: enter it again"), "{notes}");
}
