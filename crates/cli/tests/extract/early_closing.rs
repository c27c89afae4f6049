//! A folder is listed to be proved as soon as its own pages are in, while others are
//! still read. What moves into it after that, out of a folder that was not read yet,
//! is in no page and in no listing; it must not be lost for that.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use looker_sim::{Kind, SimConfig};

use crate::support::content::digest;
use crate::support::front::{Exchange, Front, Instead};
use crate::support::looker::Looker;
use crate::support::requests::{is_listing, metered};
use crate::support::{VAULT, finish};

const EXTRACT: &str = "extract dashboards --json --folder-strategy per-folder --page-size 10 --pacing fixed";

fn looker() -> Looker {
    let folder_sizes = vec![10, 15];
    Looker::start(SimConfig { dashboards: 25, looks: 0, folders: 2, folder_sizes, ..SimConfig::default() })
}

/// Whether a request searches dashboards of a folder, by a listing or by a page.
fn searches(exchange: &Exchange, folder: &str, listing: bool) -> bool {
    let has = |part: &str| exchange.request.contains(part);
    has("/dashboards/search?") && has(&format!("folder_id={folder}&")) && has("fields=") == listing
}

/// The two folders with dashboards, the smaller first.
fn folders(looker: &Looker) -> [String; 2] {
    let count = |folder: &String| looker.ids_in(Kind::Dashboard, folder, false).len();
    let mut filled: Vec<String> = looker.shared_folder_ids().into_iter().filter(|id| count(id) > 0).collect();
    filled.sort_by_key(count);
    filled.try_into().unwrap()
}

#[test]
fn what_moves_from_an_unread_folder_to_one_already_listed_is_not_lost() {
    let looker = looker();
    let [small, large] = folders(&looker);
    let (listed, when_listed) = mpsc::channel();
    let (moved, when_moved) = mpsc::channel::<()>();
    let (is_second_run, listings) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let (has_moved, when_moved) = (AtomicBool::new(false), Mutex::new(when_moved));
    let (second_run, from, to) = (Arc::clone(&is_second_run), large.clone(), small.clone());
    let front = Front::before(looker.port(), move |exchange| {
        if !second_run.load(Ordering::Relaxed) {
            return None;
        }
        if searches(exchange, &from, false) && !has_moved.load(Ordering::Relaxed) {
            return Some(Instead::error(503, "Not now."));
        }
        // The opening listing, and the one that closes.
        if searches(exchange, &to, true) && listings.fetch_add(1, Ordering::Relaxed) == 1 {
            listed.send(()).unwrap();
            when_moved.lock().unwrap().recv().unwrap();
            has_moved.store(true, Ordering::Relaxed);
        }
        None
    });
    let world = looker.world_at(&front.url());
    let line = format!("{EXTRACT} --folder-ids {small},{large}");
    world.run(&line).complete();

    is_second_run.store(true, Ordering::Relaxed);
    let running = world.start(&format!("{line} --full"));
    when_listed.recv_timeout(Duration::from_secs(60)).unwrap();
    let mover = looker.ids_in(Kind::Dashboard, &large, false)[0].clone();
    looker.move_to(Kind::Dashboard, &mover, &small).unwrap();
    moved.send(()).unwrap();
    let report = finish(running).complete();

    let dashboards = report["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "dashboards");
    assert_eq!(dashboards.unwrap()["gone"], 0, "{report}");
    let document = world.json(&format!("list dashboards --folder {small}"));
    let held = document["objects"].as_array().unwrap();
    assert!(held.iter().any(|object| object["id"] == mover.as_str()), "{document}");
}

#[test]
fn listings_made_while_pages_are_read_cost_no_call_more_and_prove_the_same() {
    let looker = looker();
    let [small, large] = folders(&looker);
    let mut figures = Vec::new();
    // With one worker nothing is read beside anything else.
    for workers in [1, 2, 8] {
        let world = looker.world();
        let before = looker.requests().len();
        world.run(&format!("{EXTRACT} --folder-ids {small},{large} --workers {workers}")).complete();
        let requests = looker.requests().split_off(before);
        let listings = requests.iter().filter(|served| is_listing(served)).count();
        figures.push((metered(&requests), listings, digest(&world.path(VAULT))));
    }
    assert_eq!(figures[0], figures[1]);
    assert_eq!(figures[0], figures[2]);
    // Two folders and the trash, when the run opens and when it closes.
    assert_eq!(figures[0].1, 6);
}
