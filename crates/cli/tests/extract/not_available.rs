//! What the account may not see, or the release does not have: it is said once,
//! nothing of it counts as gone, and all else is read.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use ::looker::catalogue::{KINDS, Only, Source};
use looker_sim::{DeniedAs, Kind, Served, SimConfig};
use serde_json::Value;

use crate::support::content::{Key, Object, assert_same};
use crate::support::estate::{expected_estate, stored_estate};
use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;
use crate::support::targets::{a_day_passes, ages};
use crate::support::{VAULT, World};

fn config() -> SimConfig {
    SimConfig { seed: 21, dashboards: 12, looks: 6, folders: 4, disabled_plans: 2, ..SimConfig::default() }
}

/// Both ways in which real instances refuse.
const WAYS: [DeniedAs; 2] = [DeniedAs::Forbidden, DeniedAs::NotFound];

/// The same instance, as an account sees it that may not use these operations.
fn denying(operations: &[&str], denied_as: DeniedAs) -> SimConfig {
    let denied = operations.iter().map(|id| (*id).to_owned()).collect();
    SimConfig { denied, denied_as, ..config() }
}

/// Absences in the vault.
fn absences(world: &World) -> i64 {
    let vault = rusqlite::Connection::open(world.path(VAULT)).unwrap();
    vault.query_row("SELECT count(*) FROM version WHERE side = 2", (), |row| row.get(0)).unwrap()
}

fn texts<'r>(list: &'r Value, name: &str) -> Vec<&'r str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

fn spread<'r>(report: &'r Value, kind: &str) -> &'r Value {
    report["spread"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap()
}

#[test]
fn what_is_refused_one_by_one_is_not_gone() {
    for denied_as in WAYS {
        let looker = Looker::start(config());
        let front = Front::before(looker.port(), |_| None);
        let world = looker.world_at(&front.url());
        world.extract("").complete();
        let operations = ["user_attribute_user_values", "all_content_metadata_accesses"];
        let closed = Looker::start(denying(&operations, denied_as));
        front.lead_to(closed.port());
        for day in 1..=2 {
            a_day_passes(&world.path(VAULT));
            closed.reset_stats();
            let report = world.extract("").complete();
            assert_eq!(absences(&world), 0, "{denied_as:?}, day {day}: {}", report["kinds"]);
            let kinds = ["user_attribute_values", "content_metadata_access"];
            assert_eq!(texts(&report["unavailable"], "kind"), kinds, "{denied_as:?}, day {day}");
            for (kind, operation) in kinds.iter().zip(operations) {
                let slice = spread(&report, kind)["read"].as_u64().unwrap();
                assert!((1..3).contains(&slice), "little of {kind} is due: {slice}");
                let asked = closed.requests().iter().filter(|served| served.operation == operation).count();
                assert!(asked <= 3, "{asked} calls to know that {kind} is closed");
            }
        }
        front.lead_to(looker.port());
        let report = world.extract("--all-now").complete();
        assert_eq!((&report["unavailable"], absences(&world)), (&Value::Array(Vec::new()), 0));
        assert!(report["kinds"].as_array().unwrap().iter().all(|kind| kind["changed"] == 0), "{report}");
    }
}

#[test]
fn a_single_object_that_is_refused_is_kept_and_holds_up_nothing() {
    let looker = Looker::start(config());
    let user = looker.ids(Kind::User, false)[3].clone();
    for (status, gone) in [(403, 0), (404, 1)] {
        let front = Front::before(looker.port(), |_| None);
        let world = looker.world_at(&front.url());
        world.extract("").complete();
        let path = format!("/users/{user}/attribute_values");
        let refusing = Front::before(looker.port(), move |exchange| {
            exchange.request.contains(&path).then(|| Instead::error(status, "Permission Denied"))
        });
        front.lead_to(refusing.port());
        let report = world.extract("--all-now").complete();
        assert_eq!((&report["unavailable"], absences(&world)), (&Value::Array(Vec::new()), gone), "{status}");
        let named = report["not_read"].to_string().contains(&format!("user_attribute_value {user}: "));
        assert_eq!(named, status == 403, "{}", report["not_read"]);
        // Day by day it is the oldest; the others are read all the same.
        for day in 1..=3 {
            a_day_passes(&world.path(VAULT));
            looker.reset_stats();
            let report = world.extract("").complete();
            assert_eq!((&report["unavailable"], absences(&world)), (&Value::Array(Vec::new()), gone));
            let of_users = |served: &&Served| served.operation == "user_attribute_user_values";
            let requests = looker.requests();
            let refused = format!("/users/{user}/attribute_values");
            let mut others =
                requests.iter().filter(of_users).filter(|served| !served.path.ends_with(&refused));
            assert!(others.next().is_some(), "{status}, day {day}: nobody else's values were read");
        }
    }
}

/// How many calls tell a closed kind from objects that are.
const TRIED: usize = 3;

/// Stands before an instance and answers with this status when the values of users that
/// are refused are asked for. Tells whose were asked for, in their order.
fn refusing_values(
    looker: &Looker,
    status: u16,
    is_refused: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> (Front, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let to_ask = Arc::clone(&asked);
    let front = Front::before(looker.port(), move |exchange| {
        let user = exchange.request.split("/users/").nth(1)?.split_once("/attribute_values")?.0;
        to_ask.lock().unwrap().push(user.to_owned());
        is_refused(user).then(|| Instead::error(status, "Permission Denied"))
    });
    (front, asked)
}

#[test]
fn a_kind_is_not_closed_while_what_was_read_last_can_be_read() {
    for (status, gone) in [(403, 0), (404, TRIED)] {
        // So many people that a day's slice is all that is tried before a kind is closed.
        let looker = Looker::start(SimConfig { users: 80, ..config() });
        let people = looker.ids(Kind::User, false).len();
        assert_eq!(people.div_ceil(30), TRIED);
        let refused = Arc::new(Mutex::new(HashSet::new()));
        let to_refuse = Arc::clone(&refused);
        let (front, asked) =
            refusing_values(&looker, status, move |user| to_refuse.lock().unwrap().contains(user));
        let world = looker.world_at(&front.url());
        world.extract("").complete();
        a_day_passes(&world.path(VAULT));
        // The oldest are read once more, and so are the youngest.
        world.extract("").complete();
        asked.lock().unwrap().clear();
        let ages = ages(&world.path(VAULT), "user_attribute_values");
        let (last, oldest) = (ages.last().unwrap().clone(), ages[..TRIED].to_vec());
        *refused.lock().unwrap() = oldest.iter().cloned().collect();
        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        assert_eq!(report["unavailable"], Value::Array(Vec::new()), "{status}");
        assert_eq!(absences(&world), i64::try_from(gone).unwrap(), "{status}");
        let named = format!("{TRIED} user_attribute_values: ");
        assert_eq!(report["not_read"].to_string().contains(&named), status == 403, "{}", report["not_read"]);
        // The oldest, and then the one that was read last.
        let mut tried = std::mem::take(&mut *asked.lock().unwrap());
        assert_eq!(tried.pop().as_ref(), Some(&last), "{status}");
        tried.sort();
        let mut wanted = oldest.clone();
        wanted.sort();
        assert_eq!(tried, wanted, "{status}");

        // Were that one refused as well, nobody could tell the kind from one that is closed.
        refused.lock().unwrap().extend(ages);
        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        assert_eq!(texts(&report["unavailable"], "kind"), ["user_attribute_values"], "{status}");
        assert_eq!(absences(&world), i64::try_from(gone).unwrap(), "{status}");
        assert_eq!(asked.lock().unwrap().len(), TRIED + 1);
    }
}

#[test]
fn what_is_refused_first_keeps_nothing_else_from_being_read() {
    for status in [403, 404] {
        let looker = Looker::start(SimConfig { users: 12, ..config() });
        let refused = Arc::new(Mutex::new(HashSet::new()));
        let to_refuse = Arc::clone(&refused);
        let (front, asked) = refusing_values(&looker, status, move |user| {
            let mut refused = to_refuse.lock().unwrap();
            if refused.len() < TRIED {
                refused.insert(user.to_owned());
            }
            refused.contains(user)
        });
        let world = looker.world_at(&front.url());
        let report = world.extract("").complete();
        assert_eq!(texts(&report["unavailable"], "kind"), ["user_attribute_values"], "{status}");
        assert_eq!(asked.lock().unwrap().len(), TRIED);

        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        assert_eq!(report["unavailable"], Value::Array(Vec::new()), "{status}");
        let read: HashSet<String> = ages(&world.path(VAULT), "user_attribute_values").into_iter().collect();
        let refused = refused.lock().unwrap().clone();
        let all: HashSet<String> = looker.ids(Kind::User, false).into_iter().collect();
        assert_eq!(read, all.difference(&refused).cloned().collect(), "{status}");

        // What was never read waits for its turn like all else, but for a person who wants all.
        asked.lock().unwrap().clear();
        a_day_passes(&world.path(VAULT));
        let report = world.extract("").complete();
        assert_eq!(report["unavailable"], Value::Array(Vec::new()), "{status}");
        assert_eq!(spread(&report, "user_attribute_values")["missing"], 0, "{report}");
        let again = |asked: &[String]| asked.iter().filter(|user| refused.contains(*user)).count();
        assert_eq!(again(&asked.lock().unwrap()), 0, "{status}");
        world.extract("--all-now").complete();
        assert_eq!(again(&asked.lock().unwrap()), TRIED, "{status}");
        assert_eq!(absences(&world), 0);
    }
}

#[test]
fn what_stays_refused_takes_its_turn_like_all_others() {
    const MAX_AGE: usize = 10;
    let looker = Looker::start(SimConfig { users: 30, ..config() });
    let people = looker.ids(Kind::User, false).len();
    let slice = people.div_ceil(MAX_AGE);
    let refused = Arc::new(Mutex::new(HashSet::new()));
    let to_refuse = Arc::clone(&refused);
    let (front, asked) = refusing_values(&looker, 403, move |user| to_refuse.lock().unwrap().contains(user));
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    asked.lock().unwrap().clear();
    // As many as a slice holds, and the oldest: they would be all of it for ever.
    let stubborn = ages(&world.path(VAULT), "user_attribute_values")[..slice].to_vec();
    refused.lock().unwrap().extend(stubborn.iter().cloned());
    let runs = people.div_ceil(slice);
    for _ in 0..runs {
        a_day_passes(&world.path(VAULT));
        let report = world.extract(&format!("user_attribute_values --max-age-days {MAX_AGE}")).complete();
        assert_eq!((&report["unavailable"], absences(&world)), (&Value::Array(Vec::new()), 0));
    }
    let asked = asked.lock().unwrap();
    for user in looker.ids(Kind::User, false) {
        let times = asked.iter().filter(|asked| **asked == user).count();
        // One more than its turn may be asked for, to tell that the kind is not closed.
        assert!((1..=2).contains(&times), "user {user} was asked for {times} times in {runs} days");
    }
    // That they were refused makes them no younger.
    let oldest = ages(&world.path(VAULT), "user_attribute_values")[..slice].to_vec();
    assert_eq!(oldest, stubborn);
}

/// Turns a schedule off, or on.
fn enable(looker: &Looker, plan: &str, enabled: bool) {
    looker.set(Kind::ScheduledPlan, plan, &[("enabled", &enabled.to_string())]).unwrap();
}

fn plan(world: &World, id: &str) -> Value {
    world.json(&format!("show scheduled_plan {id}"))
}

/// Schedules by whether they are enabled.
fn plans(looker: &Looker, enabled: bool) -> Vec<String> {
    let all = looker.export(Kind::ScheduledPlan).into_iter();
    let body = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    all.filter(|(_, plan)| body(plan)["enabled"] == enabled).map(|(id, _)| id).collect()
}

#[test]
fn disabled_schedules_that_nobody_can_find_are_not_gone() {
    for (operation, denied_as) in
        ["run_inline_query", "scheduled_plan"].into_iter().flat_map(|id| WAYS.map(|way| (id, way)))
    {
        let looker = Looker::start(config());
        let closed = Looker::start(denying(&[operation], denied_as));
        let front = Front::before(looker.port(), |_| None);
        let world = looker.world_at(&front.url());
        world.extract("").complete();
        let (off, on) = (plans(&looker, false), plans(&looker, true));
        for instance in [&looker, &closed] {
            enable(instance, &on[0], false);
        }

        front.lead_to(closed.port());
        a_day_passes(&world.path(VAULT));
        let ran = world.run("extract");
        let case = format!("{operation}, {denied_as:?}: {}", ran.all());
        assert_eq!((ran.code, absences(&world)), (0, 0), "{case}");
        assert!(ran.err.contains("disabled scheduled plans were not read"), "{case}");
        assert!(ran.out.contains("not read: disabled scheduled plans: "), "{case}");
        let shown = world.run("runs show latest");
        assert!(shown.out.contains("not read: disabled scheduled plans: "), "{}", shown.out);
        assert_eq!(plan(&world, &on[0])["parts"]["object"]["enabled"], true, "as it was seen last");
        assert_eq!(plan(&world, &off[0])["state"], "live", "{case}");

        looker.purge(Kind::ScheduledPlan, &off[0]).unwrap();
        front.lead_to(looker.port());
        let ran = world.run("extract");
        assert_eq!((ran.code, absences(&world)), (0, 1), "{}", ran.all());
        assert!(!ran.out.contains("not read"), "{}", ran.out);
        assert_eq!(plan(&world, &on[0])["parts"]["object"]["enabled"], false, "{case}");
        assert!(
            world.run(&format!("show scheduled_plan {}", off[0])).err.contains("is gone since"),
            "{case}"
        );
        assert_eq!(plan(&world, &off[1])["state"], "live", "{case}");
    }
}

/// Ways in which a kind may be closed: its objects, or the list that names them.
fn closures(kind: &::looker::Kind) -> Vec<Vec<&'static str>> {
    let objects = kind.operations().iter().map(|operation| operation.id).collect();
    match kind.each().map(|each| &each.source) {
        Some(Source::Listing { operation, .. }) => vec![objects, vec![operation.id]],
        _ => vec![objects],
    }
}

/// Whether objects of `kind` are found by means of `closed`.
fn is_found_by(kind: &::looker::Kind, closed: &::looker::Kind) -> bool {
    let named: Vec<&str> = match kind.each().map(|each| &each.source) {
        None | Some(Source::Listing { .. }) => Vec::new(),
        Some(Source::Objects(of)) => vec![of],
        Some(Source::Fields(fields)) => {
            let holding = |only: &Only| match only {
                Only::Holding(kinds) => kinds.to_vec(),
                _ => Vec::new(),
            };
            fields.iter().flat_map(|field| [vec![field.kind], holding(&field.only)].concat()).collect()
        }
        Some(Source::References) => {
            let refers = |from: &&::looker::Kind| from.references.iter().any(|to| to.kind == kind.name);
            KINDS.iter().filter(refers).map(|from| from.name).collect()
        }
    };
    let by =
        |name: &str| ::looker::Kind::find(name).is_some_and(|by| by == closed || is_found_by(by, closed));
    kind == closed || named.into_iter().filter(|name| *name != kind.name).any(by)
}

/// What an estate holds that is found whether a kind is closed or not.
fn without(estate: BTreeMap<Key, Object>, closed: &[&str]) -> BTreeMap<Key, Object> {
    let closed: Vec<_> = closed.iter().map(|name| ::looker::Kind::find(name).unwrap()).collect();
    let is_open = |name: &str| {
        let kind = ::looker::Kind::find(name).unwrap();
        !closed.iter().any(|closed| is_found_by(kind, closed))
    };
    estate.into_iter().filter(|(key, _)| is_open(key.0)).collect()
}

/// A few of each: at least three of what is read one by one, so that a closed kind
/// can be told from objects that are.
fn few() -> SimConfig {
    SimConfig {
        seed: 91,
        dashboards: 14,
        looks: 7,
        folders: 3,
        users: 4,
        groups: 3,
        roles: 3,
        boards: 2,
        plans: 14,
        alerts: 6,
        favorites: 8,
        trash_percent: 30,
        ..SimConfig::default()
    }
}

#[test]
fn every_kind_may_be_forbidden_and_is_no_failure_unless_it_was_named() {
    every_kind_may_be_closed(DeniedAs::Forbidden);
}

#[test]
fn every_kind_may_be_hidden_and_is_no_failure_unless_it_was_named() {
    every_kind_may_be_closed(DeniedAs::NotFound);
}

#[track_caller]
fn every_kind_may_be_closed(denied_as: DeniedAs) {
    for (kind, denied) in KINDS.iter().flat_map(|kind| closures(kind).into_iter().map(move |ids| (kind, ids)))
    {
        let denied: Vec<String> = denied.into_iter().map(str::to_owned).collect();
        let case = format!("{} by {denied:?}, {denied_as:?}", kind.name);
        let looker = Looker::start(SimConfig { denied, denied_as, ..few() });
        let world = looker.world();
        let ran = world.extract("--all-now");
        assert_eq!(ran.code, 0, "{case}: {}", ran.all());
        let report = ran.complete();
        assert_eq!(texts(&report["unavailable"], "kind"), [kind.name], "{case}");
        let told = ran.err.matches(&format!("{} not available: ", kind.name)).count();
        assert_eq!((told, ran.err.matches("not available").count()), (1, 1), "{case}: {}", ran.err);
        assert_same(
            &without(stored_estate(&world.path(VAULT)), &[kind.name]),
            &without(expected_estate(&looker), &[kind.name]),
        );

        let ran = world.extract(kind.name);
        assert_eq!(ran.code, 3, "{case}: {}", ran.all());
        assert_eq!(texts(&ran.report()["gaps"], "kind"), [kind.name], "{case}");
    }
}

#[test]
fn what_the_release_does_not_have_is_no_failure() {
    let looker = Looker::start(SimConfig { release: "25.18.40".to_owned(), ..few() });
    let world = looker.world();
    let ran = world.extract("--all-now");
    let report = ran.complete();
    assert_eq!(texts(&report["unavailable"], "kind"), ["agents", "artifacts"]);
    assert_eq!(texts(&report["unavailable"], "reason"), ["this Looker release does not offer it"; 2]);
    assert_eq!(ran.err.matches("not available").count(), 2, "{}", ran.err);
    assert_same(
        &stored_estate(&world.path(VAULT)),
        &without(expected_estate(&looker), &["artifacts", "agents"]),
    );
    let ran = world.extract("agents users");
    assert_eq!((ran.code, texts(&ran.report()["gaps"], "kind")), (3, vec!["agents"]), "{}", ran.all());
    let ran = world.extract("");
    assert_eq!((ran.code, absences(&world)), (0, 0), "{}", ran.all());
}
