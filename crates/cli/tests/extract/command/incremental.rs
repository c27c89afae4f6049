//! A run after another reads what has changed, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use looker_sim::{Kind, Served, SimConfig};
use rusqlite::Connection;
use serde_json::Value;

use crate::support::content::assert_holds_all;
use crate::support::front::{Exchange, Front, Instead};
use crate::support::looker::Looker;
use crate::support::requests::is_listing;
use crate::support::{VAULT, World};

/// Values in one list of ids.
const MOST_IN_A_LIST: usize = 100;

fn config() -> SimConfig {
    SimConfig { seed: 11, dashboards: 260, looks: 30, folders: 12, trash_percent: 10, ..SimConfig::default() }
}

/// Edits a dashboard, a minute ago: what is read within two seconds of its edit
/// would be read again by the next run.
fn edit_one(looker: &Looker, id: &str, text: &str) {
    let minute_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(1);
    let [text, stamp] = [text.to_owned(), minute_ago.to_string()].map(|text| Value::from(text).to_string());
    looker.set(Kind::Dashboard, id, &[("description", &text), ("updated_at", &stamp)]).unwrap();
}

/// Edits that many live dashboards; their ids.
fn edit(looker: &Looker, from: usize, count: usize, text: &str) -> Vec<String> {
    let ids: Vec<String> = looker.ids(Kind::Dashboard, false).into_iter().skip(from).take(count).collect();
    for id in &ids {
        edit_one(looker, id, text);
    }
    ids
}

/// Edits one dashboard in each of two folders.
fn edit_two(looker: &Looker, from: usize) {
    for folder in &looker.shared_folder_ids()[from..from + 2] {
        edit_one(looker, &looker.ids_in(Kind::Dashboard, folder, false)[0], "changed");
    }
}

/// Searches of a kind with full rows: the values of a parameter where it was given.
fn searches<'s>(requests: &'s [Served], operation: &str, parameter: &str) -> Vec<Option<&'s str>> {
    let full = requests.iter().filter(|served| served.operation == operation && !is_listing(served));
    full.map(|served| {
        served.query.iter().find(|(name, _)| name == parameter).map(|(_, value)| value.as_str())
    })
    .collect()
}

fn lengths(searches: &[Option<&str>]) -> Vec<usize> {
    searches.iter().map(|list| list.map_or(0, |list| list.split(',').count())).collect()
}

/// The world after a first run; what the simulator served until then is forgotten.
fn after_a_first_run(looker: &Looker) -> World {
    let world = looker.world();
    world.extract("dashboards looks").complete();
    looker.reset_stats();
    world
}

#[test]
fn what_a_listing_shows_unchanged_is_not_read_again() {
    let looker = Looker::start(config());
    let world = after_a_first_run(&looker);
    let report = world.extract("dashboards looks").complete();
    let requests = looker.requests();
    assert!(searches(&requests, "search_dashboards", "id").is_empty());
    assert!(searches(&requests, "search_looks", "id").is_empty());
    // One listing of each side of both kinds: it opens the run and closes it.
    assert_eq!(requests.iter().filter(|served| is_listing(served)).count(), 4);
    assert_eq!((&report["rows"], &report["closing_rounds"]), (&0.into(), &0.into()));
    let all = looker.export(Kind::Dashboard).len();
    assert_eq!(report["kinds"][0]["seen"], all);
    assert_holds_all_of_both(&world, &looker);
    assert_eq!(world.verdict(), "sound");
}

/// The vault's dashboards and looks are the instance's.
#[track_caller]
#[test]
fn views_are_counted_by_the_listing_without_a_call_more() {
    let looker = Looker::start(config());
    let world = after_a_first_run(&looker);
    world.extract("dashboards looks").complete();
    let quiet = looker.served();
    let [dashboard, look] = [Kind::Dashboard, Kind::Look].map(|kind| looker.ids(kind, false)[3].clone());
    for _ in 0..5 {
        looker.view(Kind::Dashboard, &dashboard).unwrap();
    }
    looker.view(Kind::Look, &look).unwrap();
    looker.reset_stats();
    let report = world.extract("dashboards looks").complete();
    assert_eq!(looker.served(), quiet);
    assert!(report["kinds"].as_array().unwrap().iter().all(|kind| kind["changed"] == 0), "{report}");
    for (line, more) in [(format!("show dashboard {dashboard}"), 5), (format!("show look {look}"), 1)] {
        let shown = world.json(&line);
        let counters = shown["counters"].as_array().unwrap();
        let views = counters.iter().find(|counter| counter["name"] == "view_count").unwrap();
        let [first, last] = &views["points"].as_array().unwrap()[..] else { panic!("{views}") };
        assert_eq!((&first["run"], &last["run"]), (&1.into(), &3.into()));
        assert_eq!(first["value"].as_i64().unwrap() + more, last["value"].as_i64().unwrap());
        // The object is what was read of it, as a whole.
        assert_eq!(shown["parts"]["object"]["view_count"], first["value"]);
    }
    assert_eq!(world.verdict(), "sound");
}

fn assert_holds_all_of_both(world: &World, looker: &Looker) {
    world.extract("folders users groups roles").complete();
    assert_holds_all(&world.path(VAULT), looker);
}

#[test]
fn changed_objects_come_many_to_a_call_where_lists_are_taken() {
    let looker = Looker::start(config());
    let world = after_a_first_run(&looker);
    let changed = edit(&looker, 3, 150, "changed");
    let report = world.extract("dashboards looks").complete();
    let requests = looker.requests();
    let ids = searches(&requests, "search_dashboards", "id");
    // Two by way of trial, then the rest in lists.
    let mut had = lengths(&ids);
    had.sort_unstable();
    assert_eq!(had, [2, changed.len() - 2 - MOST_IN_A_LIST, MOST_IN_A_LIST]);
    assert_eq!(report["rows"], changed.len(), "no page was read");
    assert_eq!(report["kinds"][0]["changed"], changed.len());
    assert_holds_all_of_both(&world, &looker);

    // The answer is remembered: no trial the next time.
    looker.reset_stats();
    let again = edit(&looker, 40, 3, "changed again");
    world.extract("dashboards looks").complete();
    assert_eq!(lengths(&searches(&looker.requests(), "search_dashboards", "id")), [again.len()]);
    assert_holds_all_of_both(&world, &looker);
}

#[test]
fn where_they_are_not_taken_that_is_found_out_once() {
    let looker = Looker::start(SimConfig { id_lists: false, ..config() });
    let world = after_a_first_run(&looker);
    edit_two(&looker, 0);
    world.extract("dashboards").complete();
    let mut had = lengths(&searches(&looker.requests(), "search_dashboards", "id"));
    had.retain(|length| *length > 0);
    assert_eq!(had, [2], "a trial and no other");
    looker.reset_stats();
    edit_two(&looker, 2);
    world.extract("dashboards").complete();
    assert!(searches(&looker.requests(), "search_dashboards", "id").into_iter().flatten().next().is_none());
    assert_holds_all_of_both(&world, &looker);
}

/// Calls for full rows of dashboards: so many by their place, so many by id.
fn by_place_and_by_id(requests: &[Served]) -> (usize, usize) {
    let count = |parameter| searches(requests, "search_dashboards", parameter).into_iter().flatten().count();
    (count("offset"), count("id"))
}

#[test]
fn neighbours_share_a_call_where_no_lists_are_taken() {
    let looker = Looker::start(SimConfig { id_lists: false, ..config() });
    let world = after_a_first_run(&looker);
    // The trial.
    edit(&looker, 0, 2, "changed");
    world.extract("dashboards").complete();
    looker.reset_stats();
    let ids = looker.ids(Kind::Dashboard, false);
    // Three within a page of a hundred, and one far from them.
    for place in [20, 50, 110, 220] {
        edit_one(&looker, &ids[place], "changed");
    }
    let report = world.extract("dashboards").complete();
    let requests = looker.requests();
    assert_eq!(by_place_and_by_id(&requests), (2, 0));
    assert_eq!(requests.iter().filter(|served| is_listing(served)).count(), 2, "no second listing");
    assert_eq!(report["kinds"][0]["changed"], 4);
    assert_holds_all_of_both(&world, &looker);
}

#[test]
fn what_has_slid_out_of_its_window_is_read_by_id() {
    let looker = Looker::start(SimConfig { id_lists: false, ..config() });
    let front = Front::before(looker.port(), |exchange: &Exchange| {
        let is_window = exchange.request.contains("/dashboards/search?")
            && exchange.request.contains("offset=")
            && exchange.request.contains("limit=2&");
        is_window.then(|| Instead::json(200, "[]".into()))
    });
    let world = looker.world_at(&front.url());
    world.extract("dashboards").complete();
    edit(&looker, 0, 2, "changed");
    world.extract("dashboards").complete();
    looker.reset_stats();
    edit(&looker, 40, 2, "changed");
    let report = world.extract("dashboards").complete();
    assert_eq!(by_place_and_by_id(&looker.requests()), (1, 2));
    assert_eq!(report["kinds"][0]["changed"], 2);
    world.extract("looks").complete();
    assert_holds_all_of_both(&world, &looker);
}

#[test]
fn many_changes_are_read_by_pages_where_that_costs_less() {
    let looker = Looker::start(SimConfig { id_lists: false, ..config() });
    let world = after_a_first_run(&looker);
    let all = looker.ids(Kind::Dashboard, false).len();
    edit(&looker, 0, all, "everything changed");
    world.extract("dashboards").complete();
    let ids = searches(&looker.requests(), "search_dashboards", "id").into_iter().flatten().count();
    let pages = searches(&looker.requests(), "search_dashboards", "offset").into_iter().flatten().count();
    assert_eq!((ids, pages), (1, all.div_ceil(100)));
    assert_holds_all_of_both(&world, &looker);
}

#[test]
fn what_is_gone_is_told_by_a_second_listing() {
    let looker = Looker::start(config());
    let world = after_a_first_run(&looker);
    let live = looker.ids(Kind::Dashboard, false);
    looker.trash(Kind::Dashboard, &live[4]).unwrap();
    looker.purge(Kind::Dashboard, &live[5]).unwrap();
    let report = world.extract("dashboards").complete();
    let counts = &report["kinds"][0];
    assert_eq!((&counts["changed"], &counts["gone"]), (&1.into(), &1.into()));
    assert!(report["closing_rounds"].as_u64().unwrap() > 0);
    assert_holds_all_of_both(&world, &looker);
}

#[test]
fn small_folders_share_calls_where_lists_are_taken() {
    let each = [30, 20, 40, 25, 10, 35];
    let sizes = SimConfig { folder_sizes: each.to_vec(), looks: 0, trash_percent: 0, ..config() };
    for takes_lists in [true, false] {
        let looker = Looker::start(SimConfig { folder_id_lists: takes_lists, ..sizes.clone() });
        let world = looker.world();
        let ids = looker.shared_folder_ids()[..each.len()].join(",");
        world.extract(&format!("dashboards --no-trash --folder-ids {ids} -b 50")).complete();
        let requests = looker.requests();
        let asked = lengths(&searches(&requests, "search_dashboards", "folder_id"));
        // The two smallest by way of trial.
        let rest: usize = each.iter().sum::<u32>() as usize - 10 - 20;
        let bundled = [vec![2], vec![each.len() - 2; rest.div_ceil(50)]].concat();
        let apart = [vec![2], vec![1; each.len()]].concat();
        let mut had = asked;
        had.sort_unstable_by_key(|folders| (*folders != 2, *folders));
        assert_eq!(had, if takes_lists { bundled } else { apart });
        let stored: BTreeSet<String> = stored_ids(&world);
        let wanted: BTreeSet<String> = looker.shared_folder_ids()[..each.len()]
            .iter()
            .flat_map(|folder| looker.ids_in(Kind::Dashboard, folder, false))
            .collect();
        assert_eq!(stored, wanted);
    }
}

fn stored_ids(world: &World) -> BTreeSet<String> {
    let listed = world.json("list dashboards");
    listed["objects"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// Makes the last full pass so many days older.
fn age_full_pass(world: &World, days: i64) {
    let vault = Connection::open(world.path(VAULT)).unwrap();
    let micros = days * 24 * 60 * 60 * 1_000_000;
    assert!(vault.execute("UPDATE full_pass SET read_at = read_at - ?1", [micros]).unwrap() > 0);
}

/// Changes a dashboard and leaves its stamp as it was.
pub(super) fn edit_without_stamp(looker: &Looker, id: &str, text: &str) {
    let body = looker.export(Kind::Dashboard).into_iter().find(|(key, _)| key == id).unwrap().1;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let description = Value::from(text).to_string();
    let members = [("description", description.as_str()), ("updated_at", &body["updated_at"].to_string())];
    looker.set(Kind::Dashboard, id, &members).unwrap();
}

#[test]
fn a_change_without_a_stamp_is_found_by_a_full_pass_which_then_comes_sooner() {
    let looker = Looker::start(config());
    let world = after_a_first_run(&looker);
    let id = looker.ids(Kind::Dashboard, false)[7].clone();
    edit_without_stamp(&looker, &id, "nobody saw this");
    let unseen = world.extract("dashboards looks").complete();
    assert_eq!(unseen["kinds"][0]["changed"], 0);

    let found = world.extract("dashboards looks --full").complete();
    let expected = serde_json::json!([{ "kind": "dashboards", "ids": [id], "next_pass_days": 15 }]);
    assert_eq!(found["unstamped"], expected);
    assert_holds_all_of_both(&world, &looker);

    // The next comes by itself after half the time.
    for (days, is_full) in [(14, false), (1, true)] {
        age_full_pass(&world, days);
        let report = world.extract("dashboards looks").complete();
        assert_eq!(report["rows"].as_u64().unwrap() > 0, is_full, "after {days} more days");
        assert_eq!(report["unstamped"], serde_json::json!([]));
    }
    let shown = world.run("extract dashboards --full").all();
    assert!(!shown.contains("differ although"), "{shown}");
}

#[test]
fn one_that_cannot_be_read_costs_its_list_nothing_else() {
    let looker = Looker::start(config());
    let broken = looker.ids(Kind::Dashboard, false)[9].clone();
    let marked = broken.clone();
    let front = Front::before(looker.port(), move |exchange: &Exchange| {
        let path = exchange.request.split(' ').nth(1)?;
        let list = path.split(['?', '&']).find_map(|part| part.strip_prefix("id="))?;
        let asked: Vec<String> = list.replace("%2C", ",").split(',').map(str::to_owned).collect();
        asked.contains(&marked).then(|| Instead::error(500, "An error has occurred."))
    });
    let world = looker.world_at(&front.url());
    world.extract("dashboards").complete();
    edit(&looker, 0, 30, "changed");
    let ran = world.extract("dashboards --tries 2 --patience 5s");
    assert_eq!(ran.code, 3, "{}", ran.all());
    let report = ran.report();
    let mut gaps = String::new();
    for gap in report["gaps"].as_array().unwrap() {
        writeln!(gaps, "{} {}", gap["kind"], gap["id"]).unwrap();
    }
    assert_eq!(gaps, format!("\"dashboards\" \"{broken}\"\n"), "{}", ran.all());
    assert_eq!(report["kinds"][0]["changed"], 29);
}
