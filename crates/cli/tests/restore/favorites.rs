//! `restore --favorites`: what users had marked is marked again, by each of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use looker_sim::{Account, Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::api::Somebody;
use crate::support::front::Front;
use crate::support::looker::Looker;
use crate::support::{Ran, World};

/// The account's own user; two others, and one that is disabled later.
const FANS: [&str; 4] = ["1", "2", "3", "4"];
const DISABLED: &str = "4";

fn config() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(61),
        dashboards: 6,
        looks: 4,
        folders: 3,
        users: 6,
        boards: 2,
        plans: 0,
        disabled_plans: 0,
        alerts: 0,
        favorites: 0,
        ..SimConfig::default()
    }
}

/// A dashboard and a look that four users have among their favourites, read as run 1, then
/// purged.
struct Scene {
    looker: Looker,
    world: World,
    dashboard: String,
    look: String,
}

impl Scene {
    fn new() -> Self {
        Self::of(Looker::start(config()), Looker::world)
    }

    fn of(looker: Looker, world: impl Fn(&Looker) -> World) -> Self {
        forget_all(&looker);
        let somebody = Somebody::sign_in(&looker);
        let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
        let look = looker.ids(Kind::Look, false)[0].clone();
        for user in FANS {
            enable(&looker, user, true);
            let content: &[String] = if user == "3" {
                &[dashboard.clone(), look.clone()]
            } else {
                std::slice::from_ref(&dashboard)
            };
            for (id, path) in content.iter().zip(["dashboards", "looks"]) {
                mark(&somebody, user, &format!("/{path}/{id}"));
            }
        }
        enable(&looker, DISABLED, false);
        let world = world(&looker);
        world.extract("all").complete();
        Self { looker, world, dashboard, look }
    }

    fn purge(&self) {
        self.looker.purge(Kind::Dashboard, &self.dashboard).unwrap();
        self.looker.purge(Kind::Look, &self.look).unwrap();
    }

    fn line(&self) -> String {
        format!("dashboard:{} look:{} --as-of 1", self.dashboard, self.look)
    }

    fn restore(&self, more: &str) -> Ran {
        self.world.run(&format!("restore {} --yes --json {more}", self.line()))
    }

    fn plan(&self, more: &str) -> Value {
        let ran = self.world.run(&format!("restore plan {} --json {more}", self.line()));
        assert!(!ran.out.is_empty(), "{}", ran.all());
        ran.report()
    }

    fn has_nothing_left_to_do(&self) {
        self.looker.reset_stats();
        let plan = self.plan("--favorites");
        assert_eq!(plan["steps"], json!([]), "{plan}");
        let asked = self.looker.stats().by_operation;
        assert_eq!(asked.get("login_user"), None, "nobody is signed in to find that out");
    }
}

/// Nobody has any favourites.
fn forget_all(looker: &Looker) {
    for id in looker.ids(Kind::ContentFavorite, false) {
        looker.purge(Kind::ContentFavorite, &id).unwrap();
    }
}

fn enable(looker: &Looker, user: &str, is_enabled: bool) {
    let is_disabled = if is_enabled { "false" } else { "true" };
    looker.set(Kind::User, user, &[("is_disabled", is_disabled)]).unwrap();
}

/// Marks something as a user, unless it is marked already.
fn mark(somebody: &Somebody, user: &str, path: &str) {
    let place = somebody.get(path)["content_metadata_id"].clone();
    somebody.become_user(user).ask("POST", "/content_favorite", &json!({ "content_metadata_id": place }));
}

/// Who has what among the favourites: user, field, content.
fn favorites(looker: &Looker) -> BTreeSet<(String, &'static str, String)> {
    let all = looker.export(Kind::ContentFavorite).into_iter();
    let all: Vec<_> = all
        .map(|(_, body)| serde_json::from_slice::<Value>(&body).unwrap())
        .filter_map(|one| {
            let of = ["dashboard_id", "look_id", "board_id", "lookml_dashboard_id"];
            let (field, id) = of.iter().find_map(|field| Some((*field, one[*field].as_str()?.to_owned())))?;
            Some((one["user_id"].as_str()?.to_owned(), field, id))
        })
        .collect();
    let once: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "somebody has something twice: {all:?}");
    once
}

/// The same with new ids, and without those of some users.
fn led(
    before: &BTreeSet<(String, &'static str, String)>,
    report: &Value,
    without: &[&str],
) -> BTreeSet<(String, &'static str, String)> {
    let new = |kind: &str, id: &str| {
        let objects = report["objects"].as_array().unwrap();
        let object = objects.iter().find(|one| one["kind"] == kind && one["id"] == id);
        object.and_then(|one| one["new_id"].as_str()).unwrap_or(id).to_owned()
    };
    let kept = before.iter().filter(|(user, ..)| !without.contains(&&**user));
    kept.map(|(user, field, id)| {
        let kind = format!("{}s", field.trim_end_matches("_id"));
        (user.clone(), *field, new(&kind, id))
    })
    .collect()
}

fn object<'r>(report: &'r Value, kind: &str, key: &str) -> &'r Value {
    let is_it = |one: &&Value| one["kind"] == kind && (one["key"] == key || one["id"] == key);
    report["objects"].as_array().unwrap().iter().find(is_it).unwrap_or(&Value::Null)
}

#[test]
fn users_have_again_what_they_marked() {
    let scene = Scene::new();
    let before = favorites(&scene.looker);
    assert_eq!(before.len(), 5, "{before:?}");
    scene.purge();
    let wrecked = favorites(&scene.looker);

    let plan = scene.plan("--favorites");
    assert_eq!(plan["acts_as"], json!(["2", "3"]));
    let list = object(&plan, "content_favorites", "3");
    assert_eq!(list["changes"].as_array().unwrap().len(), 2, "{list}");
    let disabled = object(&plan, "content_favorites", DISABLED);
    assert_eq!(disabled["action"], "skip");
    assert!(
        disabled["notes"].to_string().contains("1 favorite cannot be set: its user is disabled"),
        "{disabled}"
    );

    scene.looker.reset_stats();
    let done = scene.restore("--favorites");
    assert_eq!(done.code, 0, "{}", done.all());
    let report = done.report();
    assert_eq!(favorites(&scene.looker), led(&before, &report, &[DISABLED]));
    assert_eq!(object(&report, "content_favorites", "3")["exact"], true);
    let by_operation = scene.looker.stats().by_operation;
    let made = |operation| by_operation.get(operation).copied().unwrap_or(0);
    // Each user but the account's own is signed in once, and out.
    assert_eq!((made("login_user"), made("logout")), (2, 2), "{by_operation:?}");
    assert_eq!(made("create_content_favorite"), 4, "{by_operation:?}");

    scene.has_nothing_left_to_do();

    let undone = scene.world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(favorites(&scene.looker), wrecked);
    assert_eq!(scene.looker.stats().by_operation.get("logout"), Some(&2));
}

#[test]
fn without_being_asked_nobody_is_signed_in() {
    let scene = Scene::new();
    scene.purge();
    let plan = scene.plan("");
    let dashboard = object(&plan, "dashboards", &scene.dashboard);
    assert_eq!(dashboard["favored_by"], json!(FANS));
    let notes = dashboard["notes"].to_string();
    assert!(notes.contains("4 users lose it as a favorite (--favorites sets it again)"), "{notes}");
    assert_eq!(plan["acts_as"], json!([]));

    // The account's own come along with dependencies.
    scene.looker.reset_stats();
    let done = scene.restore("--with-dependencies");
    assert_eq!(done.code, 0, "{}", done.all());
    let users: Vec<String> = favorites(&scene.looker).into_iter().map(|(user, ..)| user).collect();
    assert_eq!(users, ["1"]);
    assert_eq!(scene.looker.stats().by_operation.get("login_user"), None);
    let left = object(&done.report(), "dashboards", &scene.dashboard)["notes"].to_string();
    assert!(left.contains("3 users lose it"), "{left}");

    // What was left can be set later.
    let later = scene.restore("--favorites");
    assert_eq!(later.code, 0, "{}", later.all());
    assert_eq!(favorites(&scene.looker).len(), 4);
    scene.has_nothing_left_to_do();
}

#[test]
fn what_is_there_keeps_what_users_marked_and_gets_what_is_missing() {
    let scene = Scene::new();
    let before = favorites(&scene.looker);
    let somebody = Somebody::sign_in(&scene.looker);
    scene.looker.trash(Kind::Dashboard, &scene.dashboard).unwrap();
    let of = |user: &str| {
        let all = somebody.get(&format!("/content_favorite/search?user_id={user}"));
        let is_it = |one: &&Value| one["look_id"].is_null();
        all.as_array().unwrap().iter().find(is_it).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let id = of("2");
    somebody.become_user("2").done("DELETE", &format!("/content_favorite/{id}"), &Value::Null);
    // A favourite of somebody else's is no business of this restore.
    mark(&somebody, "5", &format!("/looks/{}", scene.look));
    let plan = scene.plan("--favorites");
    assert_eq!(plan["acts_as"], json!(["2"]), "{plan}");
    let done = scene.restore("--favorites --on-conflict overwrite");
    assert_eq!(done.code, 0, "{}", done.all());
    let mut aim = before;
    aim.insert(("5".to_owned(), "look_id", scene.look.clone()));
    assert_eq!(favorites(&scene.looker), aim);
    scene.has_nothing_left_to_do();
}

#[test]
fn a_favorite_whose_answer_was_lost_is_set_once() {
    for fault in [
        Faults { hidden_success: 1.0, ..Faults::default() },
        Faults { hidden_reset: 1.0, ..Faults::default() },
    ] {
        let scene = Scene::new();
        let before = favorites(&scene.looker);
        scene.purge();
        let operations = vec!["create_content_favorite".to_owned()];
        scene.looker.set_faults(Faults { operations, times: Some(3), ..fault });
        scene.looker.reset_stats();
        let done = scene.restore("--favorites");
        assert_eq!(done.code, 0, "{}", done.all());
        assert_eq!(favorites(&scene.looker), led(&before, &done.report(), &[DISABLED]));
        assert_eq!(scene.looker.stats().by_operation["create_content_favorite"], 4, "none was sent again");
        scene.looker.set_faults(Faults::default());
        scene.has_nothing_left_to_do();
    }
}

#[test]
fn an_account_that_may_not_act_as_others_is_told_so_beforehand() {
    let all = Looker::start(config());
    let front = Front::before(all.port(), |_| None);
    let scene = Scene::of(all, |looker| looker.world_at(&front.url()));
    let permissions = [
        "access_data",
        "see_looks",
        "see_user_dashboards",
        "see_lookml_dashboards",
        "explore",
        "see_users",
        "save_content",
        "manage_spaces",
    ];
    let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
    let less = Looker::start(SimConfig { account: Account::Permitted { permissions }, ..config() });
    forget_all(&less);
    for user in FANS {
        enable(&less, user, user != DISABLED);
    }
    less.purge(Kind::Dashboard, &scene.dashboard).unwrap();
    less.purge(Kind::Look, &scene.look).unwrap();
    front.lead_to(less.port());
    less.reset_stats();
    let done = scene.restore("--favorites");
    assert_eq!(done.code, 3, "{}", done.all());
    let report = done.report();
    let list = object(&report, "content_favorites", "2");
    assert_eq!(list["blocked"], "the account lacks the permission sudo", "{report}");
    assert_eq!(object(&report, "dashboards", &scene.dashboard)["exact"], true);
    // Its own it can set.
    let users: Vec<String> = favorites(&less).into_iter().map(|(user, ..)| user).collect();
    assert_eq!(users, ["1"]);
    assert_eq!(less.stats().by_operation.get("login_user"), None);
}

#[test]
fn a_refused_sign_in_fails_what_it_was_for_and_nothing_else() {
    let scene = Scene::new();
    let before = favorites(&scene.looker);
    scene.purge();
    let planned = scene.world.run(&format!("restore plan {} --favorites --out plan.json", scene.line()));
    assert_eq!(planned.code, 8, "{}", planned.all());
    assert!(planned.out.contains("For favorites, 2 users would be signed in and out"), "{}", planned.out);
    enable(&scene.looker, "3", false);
    scene.looker.reset_stats();
    let done = scene.world.run("restore apply plan.json --yes --json");
    assert_eq!(done.code, 3, "{}", done.all());
    let report = done.report();
    let failures = &object(&report, "content_favorites", "3")["failures"];
    assert_eq!(failures[0]["request"], "POST /login/3", "{failures}");
    assert_eq!(favorites(&scene.looker), led(&before, &report, &["3", DISABLED]));
    let by_operation = scene.looker.stats().by_operation;
    // It is tried once, whatever was to be set.
    assert_eq!((by_operation["login_user"], by_operation["logout"]), (2, 1), "{by_operation:?}");
    enable(&scene.looker, "3", true);
    let again = scene.world.run("restore failed retry --json");
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(favorites(&scene.looker), led(&before, &report, &[DISABLED]));
}

#[test]
fn tokens_of_others_are_nowhere_and_are_given_back() {
    let looker = Looker::start(config());
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&tokens);
    let front = Front::before(looker.port(), move |exchange| {
        let answer = serde_json::from_slice::<Value>(&exchange.body).ok();
        let token = answer.and_then(|body| Some(body.get("access_token")?.as_str()?.to_owned()));
        seen.lock().unwrap().extend(token);
        None
    });
    let scene = Scene::of(looker, |looker| looker.world_at(&front.url()));
    scene.purge();
    let own = tokens.lock().unwrap().len();
    scene.looker.reset_stats();
    let operations = vec!["create_content_favorite".to_owned()];
    scene.looker.set_faults(Faults {
        operations,
        hidden_success: 0.5,
        bad_gateway_html: 0.3,
        ..Faults::default()
    });
    let done = scene.world.run(&format!("restore {} --yes --favorites -vvv", scene.line()));
    scene.looker.set_faults(Faults::default());
    let all = tokens.lock().unwrap().clone();
    assert!(all.len() >= own + 3, "a session of its own, and two of others: {}", all.len());
    let mut files: Vec<std::path::PathBuf> = vec![scene.world.path("")];
    let mut looked_at = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        looked_at += 1;
        for token in &all {
            let is_there = content.windows(token.len()).any(|window| window == token.as_bytes());
            assert!(!is_there, "{} holds a token", path.display());
        }
    }
    assert!(looked_at > 0, "the vault and its lock");
    for token in &all {
        assert!(!done.all().contains(token.as_str()), "{}", done.all());
    }
    let by_operation = scene.looker.stats().by_operation;
    assert_eq!((by_operation["login_user"], by_operation["logout"]), (2, 2), "{by_operation:?}");
}
