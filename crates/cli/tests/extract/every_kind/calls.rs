//! The calls of a run that reads everything, and of one that follows, counted
//! beforehand from what the instance holds.

use std::collections::{BTreeMap, BTreeSet};

use looker::catalogue::{Cadence, KINDS, List};
use looker_sim::{FavoriteLists, Kind, SimConfig};
use serde_json::Value;

use super::{ALL, small};
use crate::support::content::{Key, Object, assert_same};
use crate::support::estate::{SINGLES, estate, expected_estate, stored_estate};
use crate::support::json::Json;
use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{VAULT, sum};

/// Calls by operation.
type Calls = BTreeMap<&'static str, u64>;

/// Calls that were served, but for those that no licence counts.
fn served(looker: &Looker) -> Calls {
    let mut calls = Calls::new();
    for request in looker.requests() {
        if !matches!(request.operation, "login" | "logout" | "versions") {
            *calls.entry(request.operation).or_default() += 1;
        }
    }
    calls
}

/// What a run costs that reads what is due: everything, or what each run reads.
/// Of the kinds that cost a call an object, `each` says how much is missing.
fn expected(looker: &Looker, everything: bool, each: &dyn Fn(&str) -> u64) -> Calls {
    let mut calls = Calls::new();
    let mut add = |operation: &'static str, count: u64| *calls.entry(operation).or_default() += count;
    for kind in KINDS.iter().filter(|kind| everything || kind.cadence == Cadence::EveryRun) {
        match &kind.list {
            List::Whole(whole) => add(whole.operation.id, 1),
            List::Singles(operations) => operations.iter().for_each(|operation| add(operation.id, 1)),
            List::Paged(paged) => {
                // One page on each side. Stamps are proved by a listing before and after;
                // where nothing has changed the first of these is enough.
                let sides = if paged.trash.is_some() { 2 } else { 1 };
                let is_stamped = kind.envelope.updated_at.is_some();
                add(paged.operation.id, sides * if is_stamped && everything { 3 } else { 1 });
            }
            List::Each(one) => {
                add(one.operation.id, each(kind.name));
                if let looker::catalogue::Source::Listing { operation, .. } = &one.source {
                    add(operation.id, 1);
                }
            }
        }
    }
    // Who we are.
    add("me", 1);
    // The query that finds disabled schedules.
    add("run_inline_query", 1);
    calls.retain(|_, count| *count > 0);
    for kind in [Kind::Dashboard, Kind::Look, Kind::User, Kind::Alert, Kind::Agent, Kind::GroupHierarchy] {
        let count = looker.ids(kind, false).len();
        assert!((1..50).contains(&count), "one page, and not empty: {count} of {kind:?}");
    }
    calls
}

#[test]
fn everything_and_then_what_is_due() {
    let looker = Looker::start(small());
    let world = looker.world();
    let estate = estate(&looker);
    let count = |kind: &str| estate.keys().filter(|key| key.0 == kind).count() as u64;
    looker.reset_stats();
    let report = world.extract(ALL).complete();

    let mut wanted = expected(&looker, true, &|kind| count(kind));
    // Disabled schedules are read one by one.
    let disabled = looker
        .export(Kind::ScheduledPlan)
        .into_iter()
        .filter(|(_, body)| Json::parse(body).member("enabled") == Some(&Json::Plain("false".to_owned())));
    wanted.insert("scheduled_plan", disabled.count() as u64);
    // Folders with two live looks or more whose queries are missing answer them in one call.
    let held = held_by_tiles(&looker);
    let (folders, in_bulk) = in_bulk(&looker, &held);
    let is_spared = |id: &String| held.contains(id) || in_bulk.contains(id);
    let spared = estate.keys().filter(|key| key.0 == "queries" && is_spared(&key.1)).count() as u64;
    assert!(spared > 0, "some queries need no call of their own");
    *wanted.get_mut("query").unwrap() -= spared;
    let searched = served(&looker)["search_looks"] - wanted["search_looks"];
    assert!(searched <= 1, "whether a search gives queries is tried once");
    *wanted.get_mut("search_looks").unwrap() += searched;
    wanted.insert("folder_looks", folders);
    // Rows of several users in one answer prove that lists of them are taken.
    let fans: BTreeSet<String> = looker
        .export(Kind::ContentFavorite)
        .into_iter()
        .filter_map(|(_, body)| Json::parse(&body).member("user_id").and_then(Json::text).map(str::to_owned))
        .collect();
    assert!(fans.len() > 1, "{fans:?}");
    wanted.insert("search_content_favorites", 1);
    wanted.retain(|_, count| *count > 0);
    assert_eq!(served(&looker), wanted);
    assert_eq!(SINGLES.len() as u64, count("instance_settings"));
    assert_eq!(report["metered_calls"], metered(&looker.requests()));
    assert_eq!(sum(&report["calls"], "calls"), looker.requests().len() as u64);

    // Nothing is missing, nothing is old, and a week is not over.
    looker.reset_stats();
    let report = world.extract("").complete();
    assert_eq!(served(&looker), expected(&looker, false, &|_| 0));
    assert_eq!(report["metered_calls"], metered(&looker.requests()));
}

/// Queries that tiles of live dashboards hold.
fn held_by_tiles(looker: &Looker) -> BTreeSet<String> {
    let trashed = looker.ids(Kind::Dashboard, true);
    let mut held = BTreeSet::new();
    for (_, body) in looker.export(Kind::Dashboard).into_iter().filter(|(id, _)| !trashed.contains(id)) {
        let dashboard: serde_json::Value = serde_json::from_slice(&body).unwrap();
        for tile in dashboard["dashboard_elements"].as_array().unwrap() {
            for place in ["/query/id", "/look/query/id", "/result_maker/query/id"] {
                held.extend(tile.pointer(place).and_then(|id| id.as_str()).map(str::to_owned));
            }
        }
    }
    held
}

/// Folders of several live looks whose queries no tile holds, and these queries.
fn in_bulk(looker: &Looker, held: &BTreeSet<String>) -> (u64, BTreeSet<String>) {
    let trashed = looker.ids(Kind::Look, true);
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, body) in looker.export(Kind::Look).into_iter().filter(|(id, _)| !trashed.contains(id)) {
        let look = Json::parse(&body);
        let text = |name: &str| look.member(name).and_then(Json::text).map(str::to_owned);
        if let (Some(folder), Some(query)) = (text("folder_id"), text("query_id"))
            && !held.contains(&query)
        {
            folders.entry(folder).or_default().push(query);
        }
    }
    folders.retain(|_, queries| queries.len() > 1);
    (folders.len() as u64, folders.into_values().flatten().collect())
}

/// Whatever a search for favourites makes of a list of users, all of them are read.
#[test]
fn favourites_are_complete_whether_lists_of_users_are_taken_or_not() {
    for favorite_lists in [FavoriteLists::Taken, FavoriteLists::Refused, FavoriteLists::First] {
        let looker = Looker::start(SimConfig { favorite_lists, ..small() });
        let world = looker.world();
        world.extract("users content_favorites").complete();
        let of_kind = |estate: BTreeMap<Key, Object>| -> BTreeMap<Key, Object> {
            estate.into_iter().filter(|(key, _)| key.0 == "content_favorites").collect()
        };
        assert_same(&of_kind(stored_estate(&world.path(VAULT))), &of_kind(expected_estate(&looker)));
        // A hundred to a call; else the list tells nothing, and each user takes a call.
        let users = looker.ids(Kind::User, false).len() as u64;
        let lists = users.div_ceil(100);
        let wanted = if favorite_lists == FavoriteLists::Taken { lists } else { lists + users };
        assert_eq!(served(&looker)["search_content_favorites"], wanted, "{favorite_lists:?}");
    }
}

/// Favourites of one user, more than one call answers.
#[test]
fn a_list_longer_than_one_answer_is_read_whole() {
    let looker = Looker::start(SimConfig { dashboards: 13_000, dashboard_bytes: 400, looks: 0, ..small() });
    let wanted: BTreeSet<String> = looker
        .export(Kind::ContentFavorite)
        .iter()
        .map(|(id, body)| (id, serde_json::from_slice::<Value>(body).unwrap()))
        .filter(|(_, body)| body["user_id"] == "1")
        .map(|(id, _)| id.clone())
        .collect();
    assert!(wanted.len() > 1_000, "{}", wanted.len());
    let world = looker.world();
    world.extract("users content_favorites").complete();
    let reader = vault::Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    let stored = reader.show(instance, "content_favorites", "1").unwrap().unwrap();
    let stored: Vec<Value> = serde_json::from_slice(&stored.document).unwrap();
    let stored: BTreeSet<String> = stored.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stored, wanted);
    let pages = wanted.len() / 1_000 + 1;
    let of_one =
        |served: &&looker_sim::Served| served.query.contains(&("user_id".to_owned(), "1".to_owned()));
    assert_eq!(looker.requests().iter().filter(of_one).count(), pages);
}
