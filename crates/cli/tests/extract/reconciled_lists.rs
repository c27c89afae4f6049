//! Lists without stamps that take more than one page: users, groups, alerts. Rows
//! come and go while they are read, and shift the pages; the closing listing finds
//! what slipped through, and what costs a call each is asked for after that.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use looker_sim::{Kind, SimConfig};
use serde_json::Value;
use vault::Vault;

use crate::support::content::expected;
use crate::support::front::{Exchange, Front};
use crate::support::gate::Gate;
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::requests::proof_began;
use crate::support::seeded::seed;
use crate::support::{VAULT, World, finish};

/// The vault's kinds, the simulator's, and the operation that lists them.
const LISTS: [(&str, Kind, &str); 3] = [
    ("users", Kind::User, "all_users"),
    ("groups", Kind::GroupHierarchy, "search_groups_with_hierarchy"),
    ("alerts", Kind::Alert, "search_alerts"),
];

const EXTRACT: &str = "extract --json users groups alerts --page-size 5";

fn looker() -> Looker {
    let config = SimConfig {
        seed: seed(31),
        dashboards: 20,
        users: 100,
        groups: 90,
        alerts: 90,
        ..SimConfig::default()
    };
    Looker::start(config)
}

/// Whether a page of full rows was asked for.
fn is_page(exchange: &Exchange) -> bool {
    let has = |part: &str| exchange.request.contains(part);
    !has("fields=") && ["/users?", "/groups/search/with_hierarchy?", "/alerts/search?"].into_iter().any(has)
}

/// Pages of full rows asked for so far.
fn pages(looker: &Looker) -> usize {
    let is_page = |served: &looker_sim::Served| {
        let is_light = served.query.iter().any(|(name, _)| name == "fields");
        !is_light && LISTS.iter().any(|(_, _, operation)| served.operation == *operation)
    };
    looker.requests().iter().filter(|served| is_page(served)).count()
}

/// One object less near the beginning of a list, and one more at its end.
fn shift(looker: &Looker, kind: Kind, round: usize) {
    // The account that reads stays, and who owns alerts: they would go along.
    let mut stay: BTreeSet<String> = BTreeSet::from(["1".to_owned()]);
    for (_, body) in looker.export(Kind::Alert).into_iter().filter(|_| kind == Kind::User) {
        let alert: Value = serde_json::from_slice(&body).unwrap();
        stay.insert(alert["owner_id"].as_str().unwrap().to_owned());
    }
    let ids: Vec<String> = looker.ids(kind, false).into_iter().filter(|id| !stay.contains(id)).collect();
    looker.purge(kind, &ids[round % 7]).unwrap();
    let body = looker.export(kind).pop().unwrap().1;
    let mut copy: Value = serde_json::from_slice(&body).unwrap();
    copy["id"] = format!("9{round:04}").into();
    looker.add(kind, &copy.to_string()).unwrap();
}

fn stored_ids(world: &World, kind: &str) -> BTreeSet<String> {
    let listed = world.json(&format!("list {kind}"));
    listed["objects"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// What the vault has of an object that it lists.
fn stored(world: &World, kind: &str, id: &str) -> Json {
    let reader = Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    Json::parse(&reader.show(instance, kind, id).unwrap().unwrap().document)
}

#[test]
fn what_comes_and_goes_while_pages_are_read_is_found_when_the_run_closes() {
    let looker = looker();
    let mut world = looker.world();
    // Bodies are compared as the instance gives them.
    world.set("LOOKERVAULT_KEEP_DESTINATIONS", "true");
    // Every list was begun by then.
    let gate = Gate::at_each(looker.port(), 10, is_page);
    world.set("LOOKERSDK_BASE_URL", &gate.url());
    let running = world.start(&format!("{EXTRACT} --workers 1"));
    gate.wait();
    for round in 0..4 {
        for (_, kind, _) in LISTS {
            shift(&looker, kind, round);
        }
    }
    let before = pages(&looker);
    gate.open();
    finish(running).complete();
    assert!(pages(&looker) > before + 10, "the changes came while pages were read");
    for (name, kind, _) in LISTS {
        let live: BTreeSet<String> = looker.ids(kind, false).into_iter().collect();
        assert_eq!(stored_ids(&world, name), live, "{name}");
        for (id, body) in looker.export(kind) {
            let difference = stored(&world, name, &id).difference(&expected(kind, &body));
            assert_eq!(difference, None, "{name} {id}");
        }
    }
    // Nothing finds an alert by its id, so they were read again in one answer.
    let asked = looker.requests();
    let alerts = asked.iter().filter(|served| served.operation == "search_alerts");
    let whole = alerts.filter(|served| {
        let limit = served.query.iter().find(|(name, _)| name == "limit");
        limit.is_some_and(|(_, limit)| limit.parse::<usize>().unwrap() > looker.ids(Kind::Alert, false).len())
            && served.query.iter().all(|(name, _)| name != "fields")
    });
    assert_eq!(whole.count(), 1);
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn who_comes_while_users_are_read_has_values_read_too() {
    let looker = looker();
    let mut world = looker.world();
    // Bodies are compared as the instance gives them.
    world.set("LOOKERVAULT_KEEP_DESTINATIONS", "true");
    let values = "users user_attribute_values";
    let gate = Gate::at_each(looker.port(), 4, is_page);
    world.set("LOOKERSDK_BASE_URL", &gate.url());
    let running = world.start(&format!("extract --json {values} --page-size 5 --workers 1"));
    gate.wait();
    shift(&looker, Kind::User, 0);
    gate.open();
    finish(running).complete();
    let users: BTreeSet<String> = looker.ids(Kind::User, false).into_iter().collect();
    assert_eq!(stored_ids(&world, "users"), users);
    assert_eq!(stored_ids(&world, "user_attribute_values"), users);
}

const ANSWERS_A_ROUND: usize = 8;

#[test]
fn on_a_list_that_never_rests_what_stood_still_is_there_and_what_went_early_is_not() {
    let looker = Arc::new(looker());
    // A change every few answers, however long they take.
    let (behind, answers) = (Arc::clone(&looker), Arc::new(Mutex::new(0_usize)));
    let counted = Arc::clone(&answers);
    let front = Front::before(looker.port(), move |_| {
        let mut answers = counted.lock().unwrap();
        *answers += 1;
        if answers.is_multiple_of(ANSWERS_A_ROUND) {
            for (_, kind, _) in LISTS {
                shift(&behind, kind, *answers / ANSWERS_A_ROUND);
            }
        }
        None
    });
    let mut world = looker.world_at(&front.url());
    // Bodies are compared as the instance gives them.
    world.set("LOOKERVAULT_KEEP_DESTINATIONS", "true");
    let started = Timestamp::now();
    let report = world.run(EXTRACT).complete();
    let rounds = *answers.lock().unwrap() / ANSWERS_A_ROUND;
    assert!(rounds > 4, "{rounds} rounds of changes");
    for (name, kind, operation) in LISTS {
        let proof = proof_began(&looker, operation);
        let ids = stored_ids(&world, name);
        let stood: Vec<(String, _)> = looker
            .export(kind)
            .into_iter()
            .filter(|(id, _)| looker.history(kind, id)[0].at < started)
            .collect();
        assert!(stood.len() > 10, "{} {name} stood still", stood.len());
        for (id, body) in stood {
            assert!(
                ids.contains(&id),
                "{name} {id} stood still and is missing; moving: {}",
                report["moving"]
            );
            let difference = stored(&world, name, &id).difference(&expected(kind, &body));
            assert_eq!(difference, None, "{name} {id}");
        }
        for id in ids {
            let last = looker.history(kind, &id).pop().unwrap();
            assert!(!last.gone || last.at > proof, "{name} {id} is shown, but went early");
        }
    }
    assert_eq!(world.verdict(), "sound");
}
