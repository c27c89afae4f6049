//! What leaves the folders of a run: moved, trashed and gone are told apart, for the
//! fewest calls.

use jiff::Timestamp;
use looker_sim::{Kind, Served, SimConfig};
use serde_json::{Value, json};

use crate::support::front::{Exchange, Front, Instead};
use crate::support::looker::Looker;
use crate::support::requests::{is_listing, metered};
use crate::support::{World, wait_until};

const STRATEGIES: [&str; 3] = ["per-folder", "scan", "auto"];

/// Values in one list of ids.
const MOST_IN_A_LIST: usize = 100;

fn config() -> SimConfig {
    SimConfig {
        seed: 31,
        dashboards: 200,
        looks: 20,
        folders: 8,
        folder_sizes: vec![40, 30, 0, 5],
        trash_percent: 10,
        dashboard_bytes: 3_000,
        ..SimConfig::default()
    }
}

/// Moves a dashboard to a folder of `others` that takes it.
fn move_out(looker: &Looker, id: &str, others: &[String]) -> String {
    let taken = others.iter().find(|folder| looker.move_to(Kind::Dashboard, id, folder).is_ok());
    taken.unwrap_or_else(|| panic!("nobody takes dashboard {id}")).clone()
}

/// What the last run found of a dashboard, and the folder where it lies now.
fn told(world: &World, id: &str) -> (Vec<String>, Value) {
    let document = world.json(&format!("log dashboard {id} --since latest~1"));
    let changes = document["changes"].as_array().unwrap();
    assert!(changes.len() <= 1, "{document}");
    let what = |change: &Value| -> Vec<String> {
        change["what"].as_array().unwrap().iter().map(|what| what.as_str().unwrap().to_owned()).collect()
    };
    changes
        .first()
        .map_or((Vec::new(), Value::Null), |change| (what(change), change["after"]["folder_id"].clone()))
}

/// Calls for dashboards by id: how many ids each asked for.
fn by_id(requests: &[Served]) -> Vec<usize> {
    let full =
        requests.iter().filter(|served| served.operation == "search_dashboards" && !is_listing(served));
    let ids = full.filter_map(|served| served.query.iter().find(|(name, _)| name == "id"));
    ids.map(|(_, ids)| ids.split(',').count()).collect()
}

/// One of each sort leaves the first folder, for a vault of each strategy.
#[track_caller]
fn tells_apart(config: SimConfig, folders: usize, most_calls: [usize; 3]) {
    let looker = Looker::start(config);
    let all = looker.shared_folder_ids();
    let ids = all[..folders].join(",");
    let lines =
        STRATEGIES.map(|strategy| format!("dashboards --folder-ids {ids} --folder-strategy {strategy}"));
    let worlds = lines.clone().map(|line| {
        let world = looker.world();
        world.extract(&line).complete();
        world
    });
    let live = looker.ids_in(Kind::Dashboard, &all[0], false);
    let [moved, purged, trashed, both, within] = [0, 1, 2, 3, 4].map(|at: usize| live[at].clone());
    let new_folder = move_out(&looker, &moved, &all[3..]);
    looker.purge(Kind::Dashboard, &purged).unwrap();
    looker.trash(Kind::Dashboard, &trashed).unwrap();
    let last_folder = move_out(&looker, &both, &all[3..]);
    looker.trash(Kind::Dashboard, &both).unwrap();
    looker.edit_dashboard(&within, "It stays where it is").unwrap();

    // What is read within two seconds of its edit is read again, which is another matter.
    let edited_at = Timestamp::now().as_second();
    wait_until("the edits are older", || Timestamp::now().as_second() > edited_at + 3);

    for ((world, line), most_calls) in worlds.iter().zip(&lines).zip(most_calls) {
        looker.reset_stats();
        let report = world.extract(line).complete();
        assert_eq!(report["kinds"][0]["gone"], 1, "{line}: {report}");
        let of = |id: &str| told(world, id);
        assert_eq!(of(&moved), (vec!["moved".into()], json!(new_folder)), "{line}");
        assert_eq!(of(&purged).0, ["gone"], "{line}");
        assert_eq!(of(&trashed), (vec!["trashed".into()], json!(all[0])), "{line}");
        let (what, folder) = of(&both);
        assert!(what.contains(&"trashed".into()) && what.contains(&"moved".into()), "{line}: {what:?}");
        assert_eq!(folder, json!(last_folder));
        assert_eq!(of(&within).0, ["edited"]);
        assert_eq!(world.json(&format!("show dashboard {moved}"))["state"], "live");
        assert_eq!(world.json(&format!("show dashboard {both}"))["state"], "trash");
        assert_eq!(world.verdict(), "sound");
        // Two calls are for what the listings show: the edited one and the trashed one.
        let calls = by_id(&looker.requests());
        assert!(calls.len() <= most_calls + 2, "{line}: {calls:?}");

        // Where nothing has left, nothing is looked for.
        looker.reset_stats();
        world.extract(line).complete();
        assert_eq!(by_id(&looker.requests()), [0; 0], "{line}");
        // And a run over all finds them as they are.
        let whole = world.extract("dashboards").complete();
        assert_eq!((&whole["kinds"][0]["changed"], &whole["kinds"][0]["gone"]), (&json!(0), &json!(0)));
        for id in [&moved, &both] {
            assert_eq!(of(id).0, [""; 0], "{line}");
        }
    }
}

#[test]
fn one_folder() {
    // By folder: a list of two by way of trial, the rest of the live ones, the rest of the
    // trash. By scanning: what both listings name elsewhere.
    tells_apart(config(), 1, [3, 2, 3]);
}

#[test]
fn one_folder_where_no_lists_are_taken() {
    // The trial, three live, two in the trash.
    tells_apart(SimConfig { id_lists: false, ..config() }, 1, [6, 2, 6]);
}

#[test]
fn several_folders() {
    // The trash of several folders is listed whole, and so is all else as `auto` decides.
    tells_apart(config(), 2, [3, 2, 2]);
}

#[test]
fn a_folder_that_is_emptied_into_another_costs_few_calls() {
    for strategy in STRATEGIES {
        let looker = Looker::start(SimConfig { looks: 0, trash_percent: 0, ..config() });
        let all = looker.shared_folder_ids();
        let world = looker.world();
        let line = format!("dashboards --folder-ids {} --folder-strategy {strategy}", all[0]);
        world.extract(&line).complete();
        let live = looker.ids_in(Kind::Dashboard, &all[0], false);
        for id in &live {
            move_out(&looker, id, &all[1..]);
        }
        looker.reset_stats();
        // Most of the folder is missing at once: it would be suspect, were it not found.
        let report = world.extract(&line).complete();
        let counts = &report["kinds"][0];
        assert_eq!((&counts["changed"], &counts["gone"]), (&json!(live.len()), &json!(0)), "{report}");
        let asked = by_id(&looker.requests());
        assert_eq!(asked, [2, live.len() - 2], "{strategy}: a trial, and the rest in one list");
        assert!(live.len() <= MOST_IN_A_LIST);
        let listings = looker.requests().iter().filter(|served| is_listing(served)).count();
        assert_eq!(metered(&looker.requests()), (1 + listings + asked.len()) as u64, "and who we are");
        assert!(told(&world, &live[0]).0 == ["moved"]);
    }
}

#[test]
fn what_is_moved_into_a_folder_that_is_left_out_has_moved() {
    let looker = Looker::start(config());
    let all = looker.shared_folder_ids();
    let world = looker.world();
    let line = format!("dashboards --exclude {}", all[3]);
    world.extract(&line).complete();
    let live = looker.ids_in(Kind::Dashboard, &all[0], false);
    let moved = live.iter().find(|id| looker.move_to(Kind::Dashboard, id, &all[3]).is_ok()).unwrap();
    let purged = live.iter().find(|id| *id != moved).unwrap();
    looker.purge(Kind::Dashboard, purged).unwrap();
    let report = world.extract(&line).complete();
    assert_eq!(report["kinds"][0]["gone"], 1, "{report}");
    assert_eq!(told(&world, moved), (vec!["moved".into()], json!(all[3])));
    assert_eq!(told(&world, purged).0, ["gone"]);
}

#[test]
fn what_is_trashed_is_found_by_a_run_that_leaves_the_trash_out() {
    let looker = Looker::start(config());
    let all = looker.shared_folder_ids();
    for scope in [String::new(), format!("--folder-ids {}", all[1])] {
        let world = looker.world();
        let line = format!("dashboards --no-trash {scope}");
        world.extract(&line).complete();
        let live = looker.ids_in(Kind::Dashboard, &all[1], false);
        looker.trash(Kind::Dashboard, &live[0]).unwrap();
        looker.purge(Kind::Dashboard, &live[1]).unwrap();
        let report = world.extract(&line).complete();
        assert_eq!(report["kinds"][0]["gone"], 1, "{report}");
        assert_eq!(told(&world, &live[0]).0, ["trashed"], "{line}");
        assert_eq!(told(&world, &live[1]).0, ["gone"], "{line}");
        // It is not looked for again.
        looker.reset_stats();
        world.extract(&line).complete();
        assert_eq!(by_id(&looker.requests()), [0; 0]);
    }
}

#[test]
fn what_cannot_be_looked_for_is_not_gone() {
    let looker = Looker::start(config());
    let all = looker.shared_folder_ids();
    let front = Front::before(looker.port(), |exchange: &Exchange| {
        let by_id = exchange.request.contains("/dashboards/search?") && exchange.request.contains("id=");
        let is_single = by_id && !exchange.request.contains("folder_id=");
        is_single.then(|| Instead::error(500, "An error has occurred."))
    });
    let world = looker.world_at(&front.url());
    let line = format!("dashboards --folder-ids {} --tries 2 --patience 3s", all[0]);
    world.extract(&line).complete();
    let live = looker.ids_in(Kind::Dashboard, &all[0], false);
    looker.purge(Kind::Dashboard, &live[0]).unwrap();
    let ran = world.extract(&line);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(ran.report()["state"], "incomplete");
    assert_eq!(world.json(&format!("show dashboard {}", live[0]))["state"], "live");
}

/// Calls after which one looks at what they found.
const CALLS_AT_A_TIME: usize = 10;

/// A vault of two folders, of which the first has most, on an instance that answers one
/// id a call; with what is in the first, in the order in which it is looked for.
fn two_folders() -> (Looker, World, String, Vec<String>) {
    let looker = Looker::start(SimConfig {
        dashboards: 120,
        looks: 0,
        folder_sizes: vec![60, 20],
        trash_percent: 0,
        id_lists: false,
        folder_id_lists: false,
        dashboard_bytes: 0,
        ..config()
    });
    let all = looker.shared_folder_ids();
    let world = looker.world();
    let line = format!("dashboards --folder-ids {},{} --folder-strategy per-folder", all[0], all[1]);
    let mut live = looker.ids_in(Kind::Dashboard, &all[0], false);
    live.sort();
    (looker, world, line, live)
}

/// Calls by id of a run that ends so, which must be among those that it reports.
#[track_caller]
fn calls_of(looker: &Looker, world: &World, line: &str, state: &str) -> (Value, usize) {
    looker.reset_stats();
    let ran = world.extract(line);
    assert_eq!(ran.code, if state == "complete" { 0 } else { 3 }, "{}", ran.all());
    let report = ran.report();
    assert_eq!(report["state"], state, "{}", ran.all());
    assert_eq!(report["metered_calls"], metered(&looker.requests()), "{report}");
    (report, by_id(&looker.requests()).len())
}

#[test]
fn a_folder_that_is_lost_is_not_looked_for_object_by_object() {
    let (looker, world, line, live) = two_folders();
    world.extract(&line).complete();
    for id in &live {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
    let (report, calls) = calls_of(&looker, &world, &line, "suspect");
    // So many, and one to try out whether lists are taken; in the trash a listing has looked.
    assert!((1..=CALLS_AT_A_TIME + 1).contains(&calls), "{calls} calls");
    assert_eq!(report["suspicions"][0]["gone"], live.len(), "{report}");
    assert_eq!(world.json(&format!("show dashboard {}", live[0]))["state"], "live");
    // Whoever believes it all the same need not be asked twice.
    let confirmed = world.json(&format!("runs confirm {}", report["run"]));
    assert_eq!(confirmed["gone"], json!([{ "kind": "dashboards", "gone": live.len() }]));
}

#[test]
fn a_few_that_are_lost_are_all_looked_for() {
    let (looker, world, line, live) = two_folders();
    world.extract(&line).complete();
    let few = &live[..CALLS_AT_A_TIME + 2];
    for id in few {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
    let (report, calls) = calls_of(&looker, &world, &line, "complete");
    assert_eq!(report["kinds"][0]["gone"], few.len(), "{report}");
    // In the trash a listing has looked.
    assert!((few.len()..=few.len() + 1).contains(&calls), "a call an object, and the trial: {calls}");
}

/// The purged ones come first in the order of the keys.
#[test]
fn what_was_moved_is_found_among_what_was_purged() {
    for (purged, moved, state) in [(12, 10, "complete"), (20, 20, "suspect")] {
        let (looker, world, line, live) = two_folders();
        world.extract(&line).complete();
        let others = looker.shared_folder_ids()[2..].to_vec();
        let (to_purge, rest) = live.split_at(purged);
        for id in to_purge {
            looker.purge(Kind::Dashboard, id).unwrap();
        }
        for id in &rest[..moved] {
            move_out(&looker, id, &others);
        }
        let (report, calls) = calls_of(&looker, &world, &line, state);
        assert!(calls <= purged + moved + 1, "a call an object, and the trial: {calls}");
        assert_eq!(report["kinds"][0]["changed"], moved, "{report}");
        if state == "suspect" {
            assert_eq!(report["suspicions"][0]["gone"], purged, "{report}");
            let confirmed = world.json(&format!("runs confirm {}", report["run"]));
            assert_eq!(confirmed["gone"], json!([{ "kind": "dashboards", "gone": purged }]));
        } else {
            assert_eq!(report["kinds"][0]["gone"], purged, "{report}");
        }
        for id in &rest[..moved] {
            assert_eq!(world.json(&format!("show dashboard {id}"))["state"], "live");
        }
    }
}

#[test]
fn what_is_moved_as_a_whole_is_found_as_a_whole() {
    let (looker, world, line, live) = two_folders();
    world.extract(&line).complete();
    let others = looker.shared_folder_ids()[2..].to_vec();
    for id in &live {
        move_out(&looker, id, &others);
    }
    let (report, calls) = calls_of(&looker, &world, &line, "complete");
    assert_eq!(
        (&report["kinds"][0]["changed"], &report["kinds"][0]["gone"]),
        (&json!(live.len()), &json!(0))
    );
    assert!(calls <= live.len() + 1, "a call an object, and the trial: {calls}");
}

#[test]
fn what_looks_lost_on_one_side_may_be_on_the_other() {
    let (looker, world, line, live) = two_folders();
    let line = format!("{line} --no-trash");
    world.extract(&line).complete();
    let others = looker.shared_folder_ids()[2..].to_vec();
    let (trashed, moved) = live.split_at(live.len() - CALLS_AT_A_TIME / 2);
    for id in trashed {
        looker.trash(Kind::Dashboard, id).unwrap();
    }
    // Those that would be looked for last.
    for id in moved {
        move_out(&looker, id, &others);
    }
    let (report, calls) = calls_of(&looker, &world, &line, "complete");
    assert_eq!(report["kinds"][0]["gone"], 0, "{report}");
    assert_eq!(told(&world, &trashed[0]).0, ["trashed"]);
    assert_eq!(told(&world, &moved[0]).0, ["moved"]);
    let most = 2 * (CALLS_AT_A_TIME + 1) + live.len() + 2 * moved.len();
    assert!(calls <= most, "{calls} calls, {most} at the most");
}
