//! What is done is read back while other objects are still written: never before its own
//! last write was answered, for the same calls, and whatever happens meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use looker_sim::{Kind, Served, SimConfig};
use serde_json::{Value, json};

use crate::support::content::{assert_same, instance, stored_of};
use crate::support::front::{Exchange, Front};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;
use crate::support::restoration::{Damage, Documents, pages};
use crate::support::targets::metered;
use crate::support::{Ran, VAULT, World, finish, sum};

const LINE: &str =
    "restore bulk dashboards --as-of 1 --on-conflict overwrite --allow-irreversible --yes --json";

/// Rows of a page.
const PAGE: usize = 100;

/// Four pages of dashboards, the last one short.
fn looker() -> Looker {
    Looker::start(SimConfig {
        dashboards: 330,
        dashboard_bytes: 3_000,
        looks: 0,
        trash_percent: 0,
        ..SimConfig::default()
    })
}

/// Ids in the order in which pages have them.
fn listed(looker: &Looker) -> Vec<String> {
    let mut ids = looker.ids(Kind::Dashboard, false);
    ids.sort_by_key(|id| id.parse::<u64>().unwrap());
    ids
}

fn writes(exchange: &Exchange, id: &str) -> bool {
    exchange.request.starts_with("PATCH ") && exchange.request.contains(&format!("/dashboards/{id} "))
}

/// Holds the answer to one write until enough pages were answered.
struct Held {
    front: Front,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// The write.
    id: Option<String>,
    /// Pages that were answered since it is to be held, and how many there must be.
    pages: usize,
    until: usize,
}

impl Held {
    fn before(looker: &Looker) -> Self {
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let inner = Arc::clone(&state);
        let front = Front::before(looker.port(), move |exchange| {
            let (state, moved) = &*inner;
            let mut state = state.lock().unwrap();
            if exchange.searches("dashboards", false) {
                state.pages += 1;
                moved.notify_all();
            }
            if state.id.as_ref().is_some_and(|id| writes(exchange, id)) {
                drop(moved.wait_while(state, |state| state.pages < state.until).unwrap());
            }
            None
        });
        Self { front, state }
    }

    /// From now on holds the answer to the write of `id` until so many pages were answered.
    fn hold(&self, id: &str, until: usize) {
        *self.state.0.lock().unwrap() = State { id: Some(id.to_owned()), pages: 0, until };
    }

    /// Waits until so many pages were answered.
    #[track_caller]
    fn wait(&self, pages: usize) {
        let (state, moved) = &*self.state;
        let few = |state: &mut State| state.pages < pages;
        let state = state.lock().unwrap();
        let (state, _) = moved.wait_timeout_while(state, Duration::from_secs(60), few).unwrap();
        assert!(state.pages >= pages, "only {} pages were read", state.pages);
    }

    /// Holds nothing any more.
    fn open(&self) {
        let (state, moved) = &*self.state;
        state.lock().unwrap().until = 0;
        moved.notify_all();
    }
}

fn parameter<'s>(served: &'s Served, name: &str) -> Option<&'s str> {
    served.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Each page that was read after the first write, by its first row.
fn read_back(requests: &[Served]) -> Vec<(usize, &Served)> {
    let first = requests.iter().filter(|one| one.method == "PATCH").map(|one| one.started).min().unwrap();
    let is_page = |one: &&Served| {
        one.operation == "search_dashboards" && one.started > first && parameter(one, "fields").is_none()
    };
    let pages = requests.iter().filter(is_page);
    pages.map(|one| (parameter(one, "offset").unwrap().parse().unwrap(), one)).collect()
}

/// No page was asked for before all writes of what it shows were answered.
#[track_caller]
fn assert_read_after_writes(requests: &[Served], listed: &[String]) {
    let writes = requests.iter().filter(|one| one.method == "PATCH");
    let ended: BTreeMap<&str, u64> =
        writes.map(|one| (one.path.rsplit('/').next().unwrap(), one.ended)).collect();
    for (offset, page) in read_back(requests) {
        for id in listed.iter().skip(offset).take(PAGE) {
            assert!(ended[id.as_str()] <= page.started, "dashboard {id} on the page from {offset} on");
        }
    }
}

#[track_caller]
fn assert_exact(ran: &Ran, count: usize) {
    let report = ran.report();
    let objects = report["objects"].as_array().unwrap();
    let exact = objects.iter().filter(|object| object["exact"] == true).count();
    assert_eq!((ran.code, &report["state"], exact), (0, &json!("complete"), count), "{}", ran.all());
}

#[track_caller]
fn assert_nothing_left(world: &World) {
    let plan = world.run("restore plan -t dashboards --as-of 1 --json");
    assert_eq!((plan.code, &plan.report()["steps"]), (0, &json!([])), "{}", plan.all());
}

/// What was read back is kept, whenever that was: nobody takes it for somebody else's edit.
#[track_caller]
fn assert_vault_knows(world: &World, looker: &Looker) {
    let mut there = instance(looker);
    there.retain(|(kind, _), _| *kind == "dashboards");
    assert_same(&stored_of(&world.path(VAULT), &["dashboards"]), &there);
}

/// An instance that was extracted and then damaged, behind a front that can hold the write
/// of an object; with the ids of its dashboards, and what it costs to read them.
fn damaged(damage: Damage) -> (Looker, Held, World, Vec<String>, Documents) {
    let looker = looker();
    let held = Held::before(&looker);
    let world = looker.world_at(&held.front.url());
    world.extract("").complete();
    let (ids, documents) = (listed(&looker), Documents::of(&looker));
    damage.wreck(&looker);
    (looker, held, world, ids, documents)
}

/// Pages that a plan reads: all, and of what was trashed an empty one of what is live.
fn planned(damage: Damage, documents: &Documents) -> usize {
    pages(documents) as usize + usize::from(damage == Damage::Trashed)
}

#[test]
fn what_is_done_is_read_back_while_another_write_is_not_answered() {
    for damage in [Damage::Titles, Damage::Trashed] {
        let (looker, held, world, ids, documents) = damaged(damage);
        looker.reset_stats();
        let full = ids.len() / PAGE;
        held.hold(ids.last().unwrap(), usize::MAX);
        let running = world.start(LINE);
        // All pages but the last one are read; that has to wait.
        held.wait(planned(damage, &documents) + full);
        held.open();
        let ran = finish(running);
        assert_exact(&ran, ids.len());
        assert_read_after_writes(&looker.requests(), &ids);
        let report = ran.report();
        let calls = metered(&report).iter().sum::<u64>();
        assert_eq!(calls, damage.price(&documents).total(), "{damage:?}: {}", report["calls"]);
        assert_eq!(sum(&report["calls"], "calls"), looker.served());
        assert_nothing_left(&world);
        assert_vault_knows(&world, &looker);
    }
}

#[test]
fn killed_while_some_is_read_back_it_goes_on_and_reads_all_back() {
    for damage in [Damage::Titles, Damage::Trashed] {
        let (looker, held, world, ids, documents) = damaged(damage);
        held.hold(ids.last().unwrap(), usize::MAX);
        let mut running = world.start(LINE);
        held.wait(planned(damage, &documents) + 1);
        running.kill().unwrap();
        running.wait().unwrap();
        held.open();
        looker.reset_stats();
        let resumed = world.run("restore resume --json");
        assert_exact(&resumed, ids.len());
        let requests = looker.requests();
        let writes = requests.iter().filter(|one| one.method == "PATCH").count();
        assert!((1..ids.len()).contains(&writes), "{damage:?}: {writes}");
        let (reads, _) = reads_and_writes(&requests);
        assert_eq!(reads["search_dashboards"], pages(&documents), "{damage:?}");
        assert_nothing_left(&world);
        assert_vault_knows(&world, &looker);
    }
}

/// Rows move: no page holds what it should, and what moved onto one that was read too early
/// is not taken from there.
#[test]
fn what_somebody_trashes_meanwhile_hides_nothing_of_what_is_read_back() {
    let looker = looker();
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    let ids = listed(&looker);
    let (others, written) = ids.split_at(30);
    for id in written {
        looker.edit(Kind::Dashboard, id, &[("title", &format!("\"Other {id}\""))]).unwrap();
    }
    let gate = Gate::at_each(looker.port(), 1, |exchange| exchange.request.starts_with("PATCH "));
    front.lead_to(gate.port());
    let running = world.start(LINE);
    gate.wait();
    for id in &others[..2] {
        looker.trash(Kind::Dashboard, id).unwrap();
    }
    gate.open();
    assert_exact(&finish(running), written.len());
}

/// Where calls are limited the writes come first.
#[test]
fn nothing_is_read_back_early_for_calls_that_writes_may_need() {
    let looker = looker();
    let world = looker.world();
    world.extract("").complete();
    let (ids, documents) = (listed(&looker), Documents::of(&looker));
    Damage::Titles.wreck(&looker);
    looker.reset_stats();
    let enough = Damage::Titles.price(&documents).total();
    let ran = world.run(&format!("{LINE} --max-calls {enough}"));
    assert_exact(&ran, ids.len());
    let requests = looker.requests();
    let last = requests.iter().filter(|one| one.method == "PATCH").map(|one| one.ended).max().unwrap();
    assert!(read_back(&requests).iter().all(|(_, page)| page.started >= last));
}

/// The code, and what is told of each object by its id: whether it is exact, what was
/// refused, what only Looker writes. One is changed in what nobody can write, and `undone`
/// another one right after it was written.
fn told(undone: bool, more: &str) -> (i32, BTreeMap<String, Value>) {
    let looker = Arc::new(looker());
    let (ids, edited) = (listed(&looker), Arc::clone(&looker));
    let id = ids[UNDONE].clone();
    let front = Front::before(looker.port(), move |exchange| {
        if undone && writes(exchange, &id) {
            edited.edit(Kind::Dashboard, &id, &[("title", "\"Undone\"")]).unwrap();
        }
        None
    });
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    Damage::Titles.wreck(&looker);
    looker.edit(Kind::Dashboard, &ids[READ_ONLY], &[("readonly", "true")]).unwrap();
    let ran = world.run(&format!("{LINE} {more}"));
    let told = |object: &Value| json!([object["exact"], object["refused"], object["made_by_looker"]]);
    let objects = ran.report()["objects"].as_array().unwrap().clone();
    let told = objects.iter().map(|object| (object["id"].as_str().unwrap().to_owned(), told(object)));
    (ran.code, told.collect())
}

const UNDONE: usize = PAGE + 30;
const READ_ONLY: usize = PAGE + 40;

#[test]
fn what_is_told_of_objects_does_not_depend_on_when_they_are_read_back() {
    let ids = listed(&looker());
    for undone in [false, true] {
        let (code, mut early) = told(undone, "");
        // Where calls are limited all is read back at the end.
        let (late_code, late) = told(undone, "--max-calls 100000");
        assert_eq!((code, late_code), if undone { (3, 3) } else { (0, 0) });
        let differ: Vec<_> = early.iter().filter(|(id, told)| late[*id] != **told).collect();
        assert!(differ.is_empty() && early.len() == late.len(), "{differ:?}");
        let title: &[&str] = if undone { &["title"] } else { &[] };
        assert_eq!(early.remove(&ids[UNDONE]), Some(json!([!undone, title, []])));
        assert_eq!(early.remove(&ids[READ_ONLY]), Some(json!([true, [], ["readonly"]])));
        assert!(early.values().all(|told| *told == json!([true, [], []])), "{early:?}");
    }
}
