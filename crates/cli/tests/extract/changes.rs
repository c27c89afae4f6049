//! The built program on an instance that other people change meanwhile: what is
//! stored was true at some moment of the run, and nothing that stood still is
//! missing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use looker_sim::{Churn, Faults, Kind, Latency, Refused, SimConfig};

use crate::support::content::{KINDS, Key, Object, assert_holds_all, expected, stored};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::{assert_not_read_again, committed, page, proof_began};
use crate::support::seeded::seed;
use crate::support::{BASICS, VAULT, finish, wait_until};

/// Folders of fifty dashboards, and more elsewhere.
fn busy() -> SimConfig {
    SimConfig {
        seed: seed(21),
        dashboards: 280,
        folder_sizes: vec![50; 4],
        looks: 80,
        trash_percent: 25,
        latency: Latency {
            base: Duration::from_millis(30),
            per_full_row: Duration::from_millis(3),
            ..Latency::default()
        },
        ..SimConfig::default()
    }
}

const CHURN: Churn =
    Churn { edits: 25.0, creates: 6.0, deletes: 6.0, restores: 4.0, purges: 8.0, moves: 8.0, views: 25.0 };

/// A run under change, and what is known about it.
struct Run {
    looker: Looker,
    report: serde_json::Value,
    held: std::collections::BTreeMap<Key, Object>,
    /// The folders it read; `None` for all.
    folders: Option<HashSet<String>>,
    started: Timestamp,
    ended: Timestamp,
}

/// Changes an instance from the first request of a run to its end, but no more than a
/// third of all objects: however long the run takes, most stood still.
fn disturb(looker: &Looker, is_over: &AtomicBool) {
    while looker.served() == 0 && !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(1));
    }
    looker.set_churn(CHURN);
    let has_changed = |kind: Kind, id: &String| looker.history(kind, id).len() > 1;
    let all = [Kind::Dashboard, Kind::Look].map(|kind| {
        let both = [false, true].map(|trashed| looker.ids(kind, trashed)).concat();
        (kind, both)
    });
    let count = all.iter().map(|(_, ids)| ids.len()).sum::<usize>();
    while !is_over.load(Ordering::Relaxed) {
        let changed =
            |(kind, ids): &(Kind, Vec<String>)| ids.iter().filter(|id| has_changed(*kind, id)).count();
        if all.iter().map(changed).sum::<usize>() * 3 > count {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    looker.set_churn(Churn::default());
}

#[track_caller]
fn run_on(looker: Looker, strategy: &str) -> Run {
    let world = looker.world();
    let ids: Vec<String> = looker.shared_folder_ids().into_iter().take(6).collect();
    let scope = match strategy {
        "" => String::new(),
        name => format!("--folder-strategy {name} --folder-ids {}", ids.join(",")),
    };
    let started = Timestamp::now();
    let is_over = AtomicBool::new(false);
    let ran = std::thread::scope(|threads| {
        threads.spawn(|| disturb(&looker, &is_over));
        let ran = world.extract(&format!("dashboards looks --page-size 5 {scope}"));
        is_over.store(true, Ordering::Relaxed);
        ran
    });
    let ended = Timestamp::now();
    let report = ran.complete();
    assert_eq!(world.verdict(), "sound");
    let held = stored(&world.path(VAULT));
    let folders = (!strategy.is_empty()).then(|| ids.into_iter().collect());
    Run { looker, report, held, folders, started, ended }
}

impl Run {
    /// Every stored body is a state its object had between start and end.
    #[track_caller]
    fn each_body_was_true(&self) {
        let mut changed = 0;
        for ((name, id), object) in &self.held {
            let kind = KINDS.into_iter().find(|(known, _)| known == name).unwrap().1;
            let history = self.looker.history(kind, id);
            changed += usize::from(history.len() > 1);
            let ends = history.iter().skip(1).map(|next| next.at).chain([Timestamp::MAX]);
            let during = history
                .iter()
                .zip(ends)
                .filter(|(state, end)| !state.gone && state.at <= self.ended && *end >= self.started);
            let states: Vec<_> = during.map(|(state, _)| expected(kind, &state.body)).collect();
            let differences: Vec<_> = states.iter().map(|state| object.document.difference(state)).collect();
            assert!(
                differences.iter().any(Option::is_none),
                "{name} {id} is stored as it never was: {differences:#?}"
            );
        }
        assert!(changed > 20, "the instance was busy: {changed} of the stored objects changed");
    }

    /// What stood still is there.
    #[track_caller]
    fn nothing_that_stood_still_is_missing(&self) {
        let mut stood = 0;
        for (name, kind) in [("dashboards", Kind::Dashboard), ("looks", Kind::Look)] {
            let trashed: HashSet<String> = self.looker.ids(kind, true).into_iter().collect();
            for (id, body) in self.looker.export(kind) {
                let history = self.looker.history(kind, &id);
                if history.len() > 1 || history[0].at > self.started || !self.reads(&body) {
                    continue;
                }
                stood += 1;
                let object = self.held.get(&(name, id.clone()));
                let object = object.unwrap_or_else(|| {
                    panic!("{name} {id} stood still and is missing; moving: {}", self.report["moving"])
                });
                assert_eq!(object.trashed, trashed.contains(&id), "{name} {id}");
            }
        }
        assert!(stood > 40, "{stood} objects of the scope stood still");
    }

    /// What went for ever while the pages were read is not shown as if it were there.
    #[track_caller]
    fn nothing_is_shown_that_went_early(&self) {
        let proofs = [("dashboards", "search_dashboards"), ("looks", "search_looks")]
            .map(|(name, operation)| (name, proof_began(&self.looker, operation)));
        for (name, id) in self.held.keys() {
            let kind = KINDS.into_iter().find(|(known, _)| known == name).unwrap().1;
            let proof = proofs.iter().find(|(known, _)| known == name).unwrap().1;
            let last = self.looker.history(kind, id).pop().unwrap();
            assert!(!last.gone || last.at > proof, "{name} {id} is shown, but was purged early");
        }
    }

    fn reads(&self, body: &[u8]) -> bool {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        let folder = body["folder_id"].as_str().unwrap_or_default();
        self.folders.as_ref().is_none_or(|folders| folders.contains(folder))
    }
}

#[track_caller]
fn survives_change(strategy: &str) {
    let run = run_on(Looker::start(busy()), strategy);
    run.each_body_was_true();
    run.nothing_that_stood_still_is_missing();
    run.nothing_is_shown_that_went_early();
}

#[test]
fn a_busy_instance_read_whole() {
    survives_change("");
}

#[test]
fn a_busy_instance_read_folder_by_folder() {
    survives_change("per-folder");
}

#[test]
fn a_busy_instance_scanned_for_folders() {
    survives_change("scan");
}

#[test]
fn a_busy_instance_read_as_auto_decides() {
    survives_change("auto");
}

#[test]
fn a_busy_instance_that_also_fails() {
    let looker = Looker::start(SimConfig { faults: Faults::mixed(0.1), ..busy() });
    let run = run_on(looker, "auto");
    run.each_body_was_true();
    run.nothing_that_stood_still_is_missing();
    run.nothing_is_shown_that_went_early();
}

fn with_a_trash() -> SimConfig {
    SimConfig { seed: seed(4), trash_percent: 10, ..SimConfig::default() }
}

/// Pages of dashboards asked for so far.
fn dashboard_pages(looker: &Looker) -> usize {
    looker.requests().iter().filter_map(page).filter(|asked| asked.kind == "dashboards").count()
}

/// One change of each sort, to dashboards that come first.
fn change_everything(looker: &Looker) {
    let live = looker.ids(Kind::Dashboard, false);
    let trash = looker.ids(Kind::Dashboard, true);
    let folder = looker.shared_folder_ids()[0].clone();
    // Looker refuses a title that is taken in the folder.
    let one_of = |ids: &[String], change: &dyn Fn(&str) -> Result<(), Refused>| {
        assert!(ids.iter().any(|id| change(id).is_ok()), "every change was refused");
    };
    looker.edit_dashboard(&live[0], "edited after it was read").unwrap();
    looker.trash(Kind::Dashboard, &live[1]).unwrap();
    looker.purge(Kind::Dashboard, &live[2]).unwrap();
    looker.edit_tile(&live[3]).unwrap();
    one_of(&live[4..], &|id| looker.move_to(Kind::Dashboard, id, &folder));
    looker.purge(Kind::Dashboard, &trash[0]).unwrap();
    one_of(&trash[1..], &|id| looker.restore(Kind::Dashboard, id));
    looker.create(Kind::Dashboard, &folder).unwrap();
}

#[test]
fn what_changes_behind_the_reader_is_caught_by_the_closing_listing() {
    let looker = Looker::start(with_a_trash());
    // Both sides were begun by then.
    let gate = Gate::at_each(looker.port(), 6, |exchange| exchange.searches("dashboards", false));
    let world = looker.world_at(&gate.url());
    let running = world.start(&format!("extract --json {BASICS} --page-size 10 --workers 1"));
    gate.wait();
    change_everything(&looker);
    let before = dashboard_pages(&looker);
    gate.open();
    finish(running).complete();
    assert!(dashboard_pages(&looker) > before + 3, "the changes came while pages were read");
    assert_holds_all(&world.path(VAULT), &looker);
}

#[test]
fn what_changes_while_a_run_lies_killed_is_caught_when_it_is_resumed() {
    let looker = Looker::start(with_a_trash());
    let gate = Gate::at_each(looker.port(), 9, |exchange| exchange.searches("dashboards", false));
    let world = looker.world_at(&gate.url());
    let mut running = world.start(&format!("extract --json {BASICS} --page-size 10 --workers 1"));
    gate.wait();
    wait_until("pages were committed", || committed(&world.path(VAULT)).len() >= 6);
    running.kill().unwrap();
    running.wait().unwrap();
    gate.open();
    let before = committed(&world.path(VAULT));
    change_everything(&looker);
    looker.reset_stats();
    let report = world.extract_basics("--page-size 10 --resume").complete();
    assert_eq!(report["resumed"], true);
    assert_not_read_again(&before, &looker.requests());
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.verdict(), "sound");
}
