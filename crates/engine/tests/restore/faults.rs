//! Whatever happens, the instance ends as if nothing had, and nothing is there twice.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::Poll;

use engine::restore::{Id, Part, Plan, Verb};
use proptest::prelude::*;
use serde_json::json;
use vault::{RestoreState, StepState};

use crate::instance::Fault;
use crate::world::{Plans, World, of, text};

/// A dashboard to make: its filters, and of each tile which of few texts it has, so
/// that some are equal.
#[derive(Debug, Clone)]
struct Wanted {
    filters: usize,
    tiles: Vec<u8>,
    in_new_folder: bool,
}

/// What goes wrong.
#[derive(Debug, Clone)]
struct Trouble {
    faults: BTreeMap<usize, Fault>,
    hide: u8,
    strangers: bool,
    silent_layouts: bool,
    /// Processes that die after so many steps of their own.
    drops: Vec<usize>,
}

fn wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let tiles = prop::collection::vec(0..3u8, 0..6);
    let one = (0..3usize, tiles, any::<bool>()).prop_map(|(filters, tiles, in_new_folder)| Wanted {
        filters,
        tiles,
        in_new_folder,
    });
    prop::collection::vec(one, 1..4)
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let fault = prop::sample::select(Fault::ALL.to_vec());
    let faults = prop::collection::btree_map(1..50usize, fault, 0..16);
    let drops = prop::collection::vec(1..120usize, 0..3);
    (faults, 0..3u8, any::<bool>(), any::<bool>(), drops).prop_map(
        |(faults, hide, strangers, silent_layouts, drops)| Trouble {
            faults,
            hide,
            strangers,
            silent_layouts,
            drops,
        },
    )
}

/// The plan of these dashboards, and of a board that is changed and one that goes.
fn plan(world: &World, wanted: &[Wanted]) -> Plan {
    let shared = world.instance.make("folders", json!({ "name": "Shared" }));
    let board = world.instance.make("boards", json!({ "title": "Board", "description": "Old" }));
    let gone = world.instance.make("boards", json!({ "title": "Unwanted" }));
    let mut plans = Plans::new();
    plans.object("folders", "9");
    plans.step(
        Verb::Create,
        "folders",
        "9",
        vec![("name", text("New")), ("parent_id", Part::Id(Id::Known(shared.clone())))],
    );
    for (number, wanted) in wanted.iter().enumerate() {
        let key = number.to_string();
        let folder = if wanted.in_new_folder { of("folders", "9") } else { Id::Known(shared.clone()) };
        plans.dashboard(&key, &format!("Title {number}"), folder);
        for filter in 0..wanted.filters {
            let dashboard = Part::Id(of("dashboards", &key));
            let body = vec![("dashboard_id", dashboard), ("name", text(&format!("Filter {filter}")))];
            plans.step(Verb::Create, "dashboard_filters", &format!("{key}-{filter}"), body);
        }
        let tiles: Vec<String> = (0..wanted.tiles.len()).map(|tile| format!("{key}-{tile}")).collect();
        for (tile, content) in tiles.iter().zip(&wanted.tiles) {
            if *content == 0 {
                plans.step(Verb::Reuse, "queries", tile, vec![("model", text("thelook"))]);
                let query = Part::Id(of("queries", tile));
                plans.tile(&key, tile, vec![("type", text("vis")), ("query_id", query)]);
            } else {
                let words = text(&format!("Words {content}"));
                plans.tile(&key, tile, vec![("type", text("text")), ("body_text", words)]);
            }
        }
        plans.places(&key, &tiles);
    }
    plans.object("boards", "5");
    let change = vec![("description", text("As it was"))];
    plans.step(Verb::Update, "boards", "5", change).target = Some(Id::Known(board));
    plans.step(Verb::Delete, "boards", "6", Vec::new()).target = Some(Id::Known(gone));
    plans.plan
}

/// A process that dies at its n-th instruction, so to say.
async fn die_after<T>(polls: usize, life: impl Future<Output = T>) -> Option<T> {
    let mut life = pin!(life);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        life.as_mut().poll(context).map(Some)
    })
    .await
}

/// What is there in the end, and how often somebody else was there.
async fn restored(wanted: &[Wanted], trouble: Option<&Trouble>) -> Vec<String> {
    let mut world = World::new();
    let plan = plan(&world, wanted);
    if let Some(trouble) = trouble {
        let mut state = world.instance.state();
        state.faults = trouble.faults.clone();
        (state.hide, state.strangers) = (trouble.hide, trouble.strangers);
        state.silent_layouts = trouble.silent_layouts;
    }
    for polls in trouble.map(|trouble| trouble.drops.clone()).unwrap_or_default() {
        die_after(polls, world.live(&plan)).await;
    }
    let mut lives = 0;
    let applied = loop {
        lives += 1;
        assert!(lives < 60, "it never ends");
        // One whose first tokens are all refused gives up, and is begun again.
        if let Some(applied) = world.live(&plan).await.map(Result::unwrap)
            && applied.stopped.is_none()
        {
            break applied;
        }
    };
    let failures: Vec<_> = applied.objects.iter().flat_map(|object| &object.failures).collect();
    assert_eq!(applied.state(), RestoreState::Complete, "{failures:#?}");
    assert_eq!(applied.count(StepState::Done), plan.steps.len());
    // Once more there is nothing to do.
    let requests = world.instance.state().requests.len();
    world.apply(&plan).await;
    assert_eq!(world.instance.state().requests.len(), requests);
    world.instance.picture().into_iter().filter(|line| !line.contains("of a stranger")).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn faults_and_kills_change_nothing(wanted in wanted(), trouble in trouble()) {
        let runtime = runtime();
        let undisturbed = runtime.block_on(restored(&wanted, None));
        let disturbed = runtime.block_on(restored(&wanted, Some(&trouble)));
        prop_assert_eq!(disturbed, undisturbed);
    }
}

/// Nobody could tell these apart; still each is there once, whichever answers are lost.
#[tokio::test]
async fn equal_ones_are_made_one_after_the_other() {
    for fault in [Fault::ErrorAfter, Fault::ErrorBefore, Fault::KillAfter, Fault::ResetAfter] {
        let mut world = World::new();
        let mut plans = Plans::new();
        for board in ["1", "2", "3", "4"] {
            plans.object("boards", board);
            plans.step(Verb::Create, "boards", board, vec![("title", text("Board"))]);
        }
        world.instance.state().faults.extend([1, 2, 4, 5].map(|write| (write, fault)));
        let applied = loop {
            if let Some(applied) = world.live(&plans.plan).await {
                break applied.unwrap();
            }
        };
        assert_eq!(applied.state(), RestoreState::Complete, "{fault:?}: {:#?}", applied.objects);
        let ids: std::collections::BTreeSet<_> = applied.ids.values().collect();
        assert_eq!((ids.len(), world.instance.picture().len()), (4, 4), "{fault:?}");
    }
}

/// Writes of one plan meet every fault, one at a time.
#[test]
fn no_fault_changes_anything_wherever_it_comes() {
    let wanted = [Wanted { filters: 1, tiles: vec![0, 1, 1], in_new_folder: true }];
    let runtime = runtime();
    let undisturbed = runtime.block_on(restored(&wanted, None));
    for (nth, fault) in Fault::ALL.into_iter().enumerate() {
        for write in (1 + nth % 3..=12).step_by(3) {
            let trouble = Trouble {
                faults: BTreeMap::from([(write, fault)]),
                hide: 1,
                strangers: true,
                silent_layouts: false,
                drops: Vec::new(),
            };
            assert_eq!(runtime.block_on(restored(&wanted, Some(&trouble))), undisturbed, "{fault:?} {write}");
        }
    }
}
