//! A folder that is made while a run is under way, with something in it: both are in the
//! vault when the run ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};

use looker_sim::SimConfig;
use serde_json::{Value, json};

use crate::support::api::Somebody;
use crate::support::front::{Exchange, Front};
use crate::support::looker::Looker;

fn looker() -> Looker {
    Looker::start(SimConfig { dashboards: 30, looks: 10, folders: 6, users: 4, ..SimConfig::default() })
}

/// A front that lets somebody make a folder below `parent`, with a dashboard in it, as
/// soon as `moment` says so of an answer for the first time; which it is tells the
/// receiver.
fn front(
    looker: &Looker,
    parent: &str,
    moment: impl Fn(&Exchange) -> bool + Send + Sync + 'static,
) -> (Front, Receiver<Made>) {
    front_before(looker.port(), looker, parent, moment)
}

/// The same before another server's port, be it another front's.
fn front_before(
    port: u16,
    looker: &Looker,
    parent: &str,
    moment: impl Fn(&Exchange) -> bool + Send + Sync + 'static,
) -> (Front, Receiver<Made>) {
    let somebody = Somebody::sign_in(looker);
    let (parent, times) = (parent.to_owned(), AtomicU32::new(0));
    let (send, made) = channel();
    let front = Front::before(port, move |exchange| {
        if moment(exchange) && times.fetch_add(1, Ordering::Relaxed) == 0 {
            let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
            let folder = json!({ "name": format!("Made meanwhile, {port}"), "parent_id": parent });
            let folder = id(somebody.done("POST", "/folders", &folder));
            let dashboard = json!({ "title": "Also made", "folder_id": folder });
            let dashboard = id(somebody.done("POST", "/dashboards", &dashboard));
            send.send(Made { folder, dashboard }).unwrap();
        }
        None
    });
    (front, made)
}

struct Made {
    folder: String,
    dashboard: String,
}

/// When a first page of whole dashboards that are not in the trash was answered: the
/// listing that proves them is made later, and knows of what was made by then.
fn first_page(exchange: &Exchange) -> bool {
    let has = |part: &str| exchange.request.contains(part);
    has("/dashboards/search?") && !has("fields=") && !has("deleted=true")
}

fn ids(document: &Value) -> Vec<&str> {
    document["objects"].as_array().unwrap().iter().map(|object| object["id"].as_str().unwrap()).collect()
}

/// The number of folder lists that a run asked for.
fn folder_lists(looker: &Looker) -> usize {
    looker.requests().iter().filter(|served| served.operation == "all_folders").count()
}

#[test]
fn what_is_made_in_a_new_folder_is_read_with_its_folder() {
    let looker = looker();
    let (front, made) = front(&looker, "1", first_page);
    let world = looker.world_at(&front.url());
    let report = world.extract("").complete();
    let made = made.try_recv().unwrap();
    assert!(ids(&world.json("list dashboards")).contains(&made.dashboard.as_str()));
    assert!(ids(&world.json("list folders")).contains(&made.folder.as_str()));
    // Only a list of access names one that is not there, as lists of real instances do.
    let orphan: Value = serde_json::from_str(&looker.orphan_metadata()).unwrap();
    let named = report["references"]["named"].as_array().unwrap().iter();
    let folders: Vec<&Value> = named.filter(|one| one["kind"] == "folders").map(|one| &one["id"]).collect();
    assert_eq!(folders, [&orphan["folder_id"]]);
    assert_eq!(folder_lists(&looker), 2);

    looker.reset_stats();
    world.extract("").complete();
    assert_eq!(folder_lists(&looker), 1, "nothing is new");
}

#[test]
fn a_scope_holds_what_is_made_below_it_meanwhile() {
    for strategy in ["auto", "per-folder", "scan"] {
        let looker = looker();
        let parent = looker.shared_folder_ids()[0].clone();
        let (front, made) = front(&looker, &parent, first_page);
        let world = looker.world_at(&front.url());
        let scope = format!("folders dashboards --folder {parent} --recursive --folder-strategy {strategy}");
        world.extract(&scope).complete();
        let made = made.try_recv().unwrap();
        assert!(ids(&world.json("list dashboards")).contains(&made.dashboard.as_str()), "{strategy}");
        assert!(ids(&world.json("list folders")).contains(&made.folder.as_str()), "{strategy}");
        let run = world.json("runs show 1");
        assert!(run.to_string().contains(&format!("\"{}\"", made.folder)), "{strategy}: {run}");

        // The next run of the scope reads nothing of it again, and says nothing is gone.
        let report = world.extract(&scope).complete();
        let kinds = report["kinds"].as_array().unwrap();
        assert!(kinds.iter().all(|kind| kind["new"] == 0 && kind["gone"] == 0), "{strategy}: {report}");
    }
}

#[test]
fn what_comes_to_a_scope_while_it_is_closed_is_a_gap() {
    let looker = looker();
    let parent = looker.shared_folder_ids()[0].clone();
    // One when pages are read, and one after the folders were listed for the second time.
    let (inner, first) = front(&looker, &parent, first_page);
    let lists = AtomicU32::new(0);
    let (front, second) = front_before(inner.port(), &looker, &parent, move |exchange| {
        let is_list = exchange.request.starts_with("GET /api/4.0/folders ");
        is_list && lists.fetch_add(1, Ordering::Relaxed) == 1
    });
    let world = looker.world_at(&front.url());
    let scope = format!("folders dashboards --folder {parent} --recursive --folder-strategy scan");
    let ran = world.extract(&scope);
    let [first, made] = [first, second].map(|made| made.try_recv().unwrap());
    let report = ran.report();
    assert_eq!(report["state"], "incomplete", "{}", ran.all());
    assert_eq!(report["gaps"][0]["place"], "new folders", "{report}");
    let stored = world.json("list dashboards");
    assert!(ids(&stored).contains(&first.dashboard.as_str()));
    assert!(!ids(&stored).contains(&made.dashboard.as_str()));
    world.extract(&scope).complete();
    assert!(ids(&world.json("list dashboards")).contains(&made.dashboard.as_str()));
}
