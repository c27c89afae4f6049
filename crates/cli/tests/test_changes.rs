//! The built program on an instance that other people change meanwhile: what is
//! stored was true at some moment of the run, and nothing that stood still is
//! missing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use looker_sim::{Churn, Faults, Kind, Latency, Refused, SimConfig};
use support::content::{KINDS, Key, Object, assert_holds_all, expected, stored};
use support::looker::Looker;
use support::requests::{assert_not_read_again, committed, page};
use support::seeded::seed;
use support::{BASICS, VAULT, finish, wait_until};

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
        churn: Churn {
            edits: 25.0,
            creates: 6.0,
            deletes: 6.0,
            restores: 4.0,
            purges: 8.0,
            moves: 8.0,
            views: 25.0,
        },
        ..SimConfig::default()
    }
}

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

#[track_caller]
fn run_on(looker: Looker, strategy: &str) -> Run {
    let world = looker.world();
    let ids: Vec<String> = looker.shared_folder_ids().into_iter().take(6).collect();
    let scope = match strategy {
        "" => String::new(),
        name => format!("--folder-strategy {name} --folder-ids {}", ids.join(",")),
    };
    let started = Timestamp::now();
    let ran = world.extract(&format!("dashboards looks --page-size 5 {scope}"));
    let ended = Timestamp::now();
    looker.set_churn(Churn::default());
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
        let early = self.started + (self.ended - self.started) / 3;
        for (name, id) in self.held.keys() {
            let kind = KINDS.into_iter().find(|(known, _)| known == name).unwrap().1;
            let last = self.looker.history(kind, id).pop().unwrap();
            assert!(!last.gone || last.at > early, "{name} {id} is shown, but was purged early");
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

/// Read slowly, page by page.
fn unhurried() -> SimConfig {
    let latency = Latency { base: Duration::from_millis(40), ..Latency::default() };
    SimConfig { seed: seed(4), latency, trash_percent: 10, ..SimConfig::default() }
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
    let looker = Looker::start(unhurried());
    let world = looker.world();
    let running = world.start(&format!("extract --json {BASICS} --page-size 10 --workers 1"));
    wait_until("both sides were begun", || dashboard_pages(&looker) >= 6);
    change_everything(&looker);
    assert!(dashboard_pages(&looker) < 12, "the changes came while pages were read");
    finish(running).complete();
    assert_holds_all(&world.path(VAULT), &looker);
}

#[test]
fn what_changes_while_a_run_lies_killed_is_caught_when_it_is_resumed() {
    let looker = Looker::start(unhurried());
    let world = looker.world();
    let mut running = world.start(&format!("extract --json {BASICS} --page-size 10 --workers 1"));
    wait_until("pages were committed", || committed(&world.path(VAULT)).len() >= 6);
    running.kill().unwrap();
    running.wait().unwrap();
    let before = committed(&world.path(VAULT));
    change_everything(&looker);
    looker.reset_stats();
    let report = world.extract_basics("--page-size 10 --resume").complete();
    assert_eq!(report["resumed"], true);
    assert_not_read_again(&before, &looker.requests());
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.verdict(), "sound");
}
