//! What becomes of steps, one thing at a time.

use std::collections::BTreeSet;

use engine::extract::Stop;
use engine::restore::{At, Given, Id, Part, Plan, RestoreError, StepFailure, Symbol, Verb};
use serde_json::json;
use vault::{RestoreState, StepState};

use crate::instance::Fault;
use crate::world::{Plans, World, ended, of, text};

/// A dashboard with two queries, three tiles of which two are equal, and their places.
fn one_dashboard(folder: &str) -> Plan {
    let mut plans = Plans::new();
    plans.dashboard("7", "Sales", Id::Known(folder.to_owned()));
    plans.step(Verb::Reuse, "queries", "q", vec![("model", text("thelook"))]);
    plans.step(
        Verb::Create,
        "dashboard_filters",
        "f",
        vec![("dashboard_id", Part::Id(of("dashboards", "7"))), ("name", text("Date"))],
    );
    plans.tile("7", "a", vec![("type", text("vis")), ("query_id", Part::Id(of("queries", "q")))]);
    plans.tile("7", "b", vec![("type", text("text")), ("body_text", text("Same"))]);
    plans.tile("7", "c", vec![("type", text("text")), ("body_text", text("Same"))]);
    plans.places("7", &["a", "b", "c"].map(str::to_owned));
    plans.plan
}

fn folder(world: &World) -> String {
    world.instance.make("folders", json!({ "name": "Shared" }))
}

fn failure_of(world: &World, step: u32) -> StepFailure {
    let steps = world.reader().restore_steps(world.restore.unwrap(), Some(StepState::Failed)).unwrap();
    let step = steps.into_iter().find(|line| line.step == step).expect("it failed");
    serde_json::from_str(&step.error.unwrap()).unwrap()
}

#[tokio::test]
async fn an_undisturbed_plan_costs_what_it_says_and_leaves_a_true_journal() {
    let mut world = World::new();
    let plan = one_dashboard(&folder(&world));
    let applied = world.apply(&plan).await;
    assert_eq!((applied.state(), &applied.stopped), (RestoreState::Complete, &None));
    assert_eq!(world.instance.state().requests.len() as u64, plan.cost().metered());
    assert_eq!(applied.left.metered(), 0);
    let reader = world.reader();
    let info = reader.restore(world.restore.unwrap()).unwrap();
    assert_eq!(info.count(StepState::Done), plan.steps.len() as u64);
    assert_eq!(info.state, RestoreState::Complete);
    let steps = reader.restore_steps(info.id, None).unwrap();
    assert!(steps.iter().all(|step| step.tries <= 1 && step.answered_at.is_some()));
    // Whatever was given is a link from now on, and in the report.
    let mut links = reader.links(info.source, info.instance).unwrap();
    let mut given = applied.objects[0].given.clone();
    links.sort();
    given.sort();
    assert_eq!(links, given);
    let tiles = given.iter().filter(|given| given.resource == "dashboard_elements");
    assert_eq!(tiles.map(|tile| &*tile.key).collect::<Vec<_>>(), ["a", "b", "c"]);
    for given in given {
        let symbol = Symbol::new(&given.resource, given.key.as_str());
        assert_eq!(applied.ids[&symbol], given.id);
    }
    let rows =
        world.instance.picture().into_iter().filter(|line| line.starts_with("dashboard_layout_components"));
    let rows: Vec<String> = rows.map(|line| line.rsplit("row=").next().unwrap().to_owned()).collect();
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["1", "2", "3"].map(str::to_owned)));
    let calls = reader.run(reader.runs(1).unwrap()[0].id).unwrap();
    assert_eq!((&*calls.info.command, calls.info.scope.as_str()), ("restore", r#"{"restore":true}"#));
    assert_eq!(calls.info.calls, plan.cost().metered() + 2, "and a sign-in and its release");
    // Once more there is nothing to do.
    let before = world.instance.state().requests.len();
    assert_eq!(world.apply(&plan).await.state(), RestoreState::Complete);
    assert_eq!(world.instance.state().requests.len(), before);
}

#[tokio::test]
async fn a_refusal_blocks_what_depends_on_it_and_nothing_else() {
    let mut world = World::new();
    let folder = folder(&world);
    let mut plans = Plans { plan: one_dashboard(&folder) };
    plans.dashboard("8", "Refused", Id::Known(folder.clone()));
    plans.tile("8", "x", vec![("type", text("text"))]);
    plans.places("8", &["x".to_owned()]);
    world.instance.state().refused.push("Refused".to_owned());
    let applied = world.apply(&plans.plan).await;
    assert_eq!(applied.state(), RestoreState::Incomplete);
    assert_eq!(applied.stopped, None);
    assert!(applied.objects[0].steps.keys().eq([&StepState::Done]));
    let states = &applied.objects[1].steps;
    assert_eq!((states[&StepState::Failed], states[&StepState::Blocked]), (1, 3));
    let first = plans.plan.steps.iter().find(|step| step.object == 1).unwrap().number;
    let failure = failure_of(&world, first);
    assert_eq!((failure.request.as_str(), failure.status), ("POST /dashboards", Some(422)));
    assert_eq!((&*failure.fields[0].field, &*failure.fields[0].code), ("title", "invalid"));
    let body: serde_json::Value = serde_json::from_str(failure.body.unwrap().get()).unwrap();
    assert_eq!(body, json!({ "title": "Refused", "folder_id": folder }));
    // It is tried again only when somebody says so.
    let requests = world.instance.state().requests.len();
    assert_eq!(world.apply(&plans.plan).await.count(StepState::Blocked), 3);
    assert_eq!(world.instance.state().requests.len(), requests);
    world.instance.state().refused.clear();
    assert_eq!(world.vault().retry_failed(world.restore.unwrap()).unwrap(), 1);
    assert_eq!(world.apply(&plans.plan).await.state(), RestoreState::Complete);
    assert_eq!(world.instance.state().requests.len(), requests + 4);
}

#[tokio::test]
async fn what_failed_can_be_given_up() {
    let mut world = World::new();
    let mut plans = Plans::new();
    plans.dashboard("8", "Refused", Id::Known(folder(&world)));
    plans.tile("8", "x", vec![("type", text("text"))]);
    world.instance.state().refused.push("Refused".to_owned());
    world.apply(&plans.plan).await;
    assert_eq!(world.vault().skip_failed(world.restore.unwrap()).unwrap(), 1);
    let applied = world.apply(&plans.plan).await;
    assert_eq!((applied.state(), applied.left.metered()), (RestoreState::Complete, 0));
    let info = world.reader().restore(world.restore.unwrap()).unwrap();
    assert_eq!(info.count(StepState::Skipped), 2);
}

#[tokio::test]
async fn two_that_may_be_it_are_named_and_left() {
    let mut world = World::new();
    let mut plans = Plans::new();
    plans.object("boards", "5");
    plans.step(Verb::Create, "boards", "5", vec![("title", text("Board"))]);
    plans.object("boards", "6");
    plans.step(Verb::Create, "boards", "6", vec![("title", text("Other"))]);
    plans.step(
        Verb::Create,
        "board_sections",
        "1",
        vec![("board_id", Part::Id(of("boards", "5"))), ("title", text("Section"))],
    );
    // Before the plan was made, and after.
    let old = world.instance.make("boards", json!({ "title": "Board" }));
    plans.plan.steps[0].among.as_mut().unwrap().known.insert(old);
    let stranger = world.instance.make("boards", json!({ "title": "Board" }));
    let writes = [1, 2].map(|write| (write, Fault::ErrorAfter));
    world.instance.state().faults.extend(writes);
    let applied = world.apply(&plans.plan).await;
    let failure = failure_of(&world, 1);
    assert_eq!(failure.candidates.len(), 2);
    assert!(failure.candidates.contains(&stranger) && failure.reason.contains(&stranger), "{failure:?}");
    assert_eq!((applied.count(StepState::Blocked), applied.count(StepState::Done)), (1, 1));
    // Somebody looks, and deletes the other one.
    world.instance.delete("boards", &stranger);
    world.vault().retry_failed(world.restore.unwrap()).unwrap();
    let applied = world.apply(&plans.plan).await;
    assert_eq!(applied.state(), RestoreState::Complete);
    let own = failure.candidates.iter().find(|id| **id != stranger).unwrap();
    assert_eq!(&applied.ids[&Symbol::new("boards", "5")], own);
    assert_eq!(world.instance.count("POST /boards"), 2);
}

#[tokio::test]
async fn a_spent_budget_stops_cleanly_and_says_what_is_left() {
    let mut world = World::new();
    let plan = one_dashboard(&folder(&world));
    let all = plan.cost().metered();
    world.budget = Some(4);
    let mut stopped = world.apply(&plan).await;
    let mut processes = 1;
    while stopped.state() == RestoreState::Incomplete {
        assert_eq!(stopped.stopped, Some(Stop::Budget));
        assert_eq!(stopped.left.metered(), all - 4 * processes, "nothing is paid twice");
        assert_eq!(stopped.count(StepState::Sent), 0);
        stopped = world.apply(&plan).await;
        processes += 1;
    }
    assert_eq!(processes, all.div_ceil(4));
    assert_eq!(world.instance.state().requests.len() as u64, all);
}

#[tokio::test]
async fn an_interrupt_takes_the_answers_that_are_on_their_way() {
    let mut world = World::new();
    let plan = one_dashboard(&folder(&world));
    world.interrupt.cancel();
    let applied = world.apply(&plan).await;
    assert_eq!(applied.stopped, Some(Stop::Interrupted));
    assert_eq!(applied.count(StepState::Pending), plan.steps.len());
    assert_eq!(world.instance.writes(), 0);
    world.interrupt = tokio_util::sync::CancellationToken::new();
    assert_eq!(world.apply(&plan).await.state(), RestoreState::Complete);
}

#[tokio::test]
async fn what_is_gone_is_deleted_and_what_is_new_may_be_late() {
    let mut world = World::new();
    let old = world.instance.make("boards", json!({ "title": "Old" }));
    let mut plans = Plans { plan: one_dashboard(&folder(&world)) };
    plans.object("boards", "5");
    for id in [&*old, "4711"] {
        plans.step(Verb::Delete, "boards", id, Vec::new()).target = Some(Id::Known(id.to_owned()));
    }
    // What was not made by this restore is not waited for.
    plans.object("boards", "6");
    plans.step(Verb::Update, "boards", "6", vec![("title", text("x"))]).target =
        Some(Id::Known("4712".into()));
    world.instance.state().hide = 2;
    let applied = world.apply(&plans.plan).await;
    assert!(
        applied.objects[..2].iter().all(|object| object.steps.keys().eq([&StepState::Done])),
        "{applied:?}"
    );
    assert_eq!(world.instance.count("PATCH /boards/4712"), 1);
    assert_eq!(applied.objects[2].failures[0].1.status, Some(404));
    assert!(!world.instance.picture().iter().any(|line| line.contains("Old")));
}

#[tokio::test]
async fn layouts_that_the_answer_lacks_are_asked_for() {
    let mut world = World::new();
    let plan = one_dashboard(&folder(&world));
    world.instance.state().silent_layouts = true;
    let applied = world.apply(&plan).await;
    assert_eq!(applied.state(), RestoreState::Complete);
    assert_eq!(world.instance.state().requests.len() as u64, plan.cost().metered() + 1);
}

#[tokio::test]
async fn a_missing_placement_is_told() {
    let mut world = World::new();
    let plan = one_dashboard(&folder(&world));
    world.instance.state().no_placements = true;
    let applied = world.apply(&plan).await;
    assert_eq!((applied.count(StepState::Failed), applied.count(StepState::Blocked)), (1, 3));
    let (_, failure) = &applied.objects[0].failures[0];
    assert!(
        failure.reason.starts_with("dashboard_layout_components/7/a does not show"),
        "{}",
        failure.reason
    );
    assert!(failure.request.starts_with("GET /dashboards/"), "{}", failure.request);
}

#[tokio::test]
async fn a_plan_without_an_order_sends_nothing() {
    let mut plans = Plans::new();
    plans.object("boards", "5");
    plans.step(Verb::Create, "boards", "5", vec![("title", text("x"))]).needs.insert(2);
    plans.step(Verb::Create, "boards", "6", vec![("title", text("y"))]).needs.insert(1);
    let circle = plans.plan.clone();
    plans.plan.steps[0].needs.clear();
    plans.plan.steps[1].body.push(("user_id".to_owned(), Part::Id(of("users", "9"))));
    let nobody_gives = plans.plan.clone();
    plans.plan.steps[1].body.pop();
    plans.plan.steps[1].gives = vec![Given { symbol: Symbol::new("x", "y"), at: At::Id }];
    plans.plan.steps[1].resource = "nothing".to_owned();
    for (plan, said) in [(circle, "waits for itself"), (nobody_gives, "users/9"), (plans.plan, "nothing")] {
        let mut world = World::new();
        let Some(Err(RestoreError::Plan(why))) = world.live(&plan).await else {
            panic!("it was carried out")
        };
        assert!(why.contains(said), "{why}");
        assert_eq!(world.instance.writes(), 0);
    }
}

#[tokio::test]
async fn what_a_restore_needs_is_not_pruned() {
    let mut world = World::new();
    let mut plans = Plans::new();
    plans.object("boards", "5");
    plans.step(Verb::Create, "boards", "5", vec![("title", text("Refused"))]);
    world.instance.state().refused.push("Refused".to_owned());
    world.apply(&plans.plan).await;
    let as_of = world.reader().restore(world.restore.unwrap()).unwrap().as_of;
    let writer = world.vault().into_writer();
    writer.finish(ended(as_of)).unwrap();
    writer.close().unwrap();
    // A later one of the same scope takes its place.
    let mut vault = world.vault();
    let instance = vault.instance(&world.instance.url()).unwrap();
    let start = vault::RunStart {
        instance,
        command: "extract".to_owned(),
        scope: "{}".to_owned(),
        options: "{}".to_owned(),
        account: "{}".to_owned(),
        release: None,
        started_at: jiff::Timestamp::now(),
    };
    let later = vault.begin_run(&start).unwrap();
    let writer = vault.into_writer();
    writer.finish(ended(later)).unwrap();
    writer.close().unwrap();
    assert!(world.reader().unforgettable().unwrap().contains(&as_of));
    world.vault().skip_failed(world.restore.unwrap()).unwrap();
    world.apply(&plans.plan).await;
    assert!(!world.reader().unforgettable().unwrap().contains(&as_of));
}
