//! Runs that are held, and epochs of an address.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use vault::*;

use crate::support::*;

/// Dashboards with these keys.
fn these(keys: impl IntoIterator<Item = u64>) -> Vec<Seen> {
    keys.into_iter().map(|key| seen(key, 0)).collect()
}

fn share(percent: u8) -> Doubt {
    Doubt { account: Vec::new(), share: Some(percent) }
}

/// A run of the whole instance that sees exactly these and is to be complete.
fn run(place: &Place, scope: &str, objects: &[Seen], doubt: Doubt) -> RunSummary {
    let run = place.run(scope);
    run.see(objects);
    let end = RunEnd { doubt, ..end(run.id, RunState::Complete, &[whole("dashboard")]) };
    let summary = run.writer.finish(end).unwrap();
    run.writer.close().unwrap();
    summary
}

fn absences(place: &Place) -> u64 {
    let count = "SELECT count(*) FROM version WHERE side = 2";
    place.sqlite().query_row(count, (), |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

fn rows(place: &Place, table: &str) -> i64 {
    place.sqlite().query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

fn info(place: &Place, run: RunId) -> RunInfo {
    place.reader().run(run).unwrap().info
}

fn confirm(place: &Place, run: RunId) -> Result<Confirmed> {
    place.open().confirm_run(run, time(5_000))
}

#[test]
fn too_much_at_once_is_held_until_it_is_confirmed() {
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let held = run(&place, "{}", &[these(0..15), vec![seen(50, 1)]].concat(), share(20));
    assert_eq!(held.state, RunState::Suspect);
    let vanished = Suspicion::Vanished { kind: "dashboard".into(), gone: 5, known: 20 };
    assert_eq!(held.suspicions, [vanished]);
    assert_eq!((absences(&place), place.content().len()), (0, 21), "what is new is kept, nothing is gone");
    assert_eq!([rows(&place, "sighting"), rows(&place, "listed"), rows(&place, "held")], [0, 0, 5]);
    let before = info(&place, held.run);
    assert_eq!((before.held, before.confirmed_at, before.superseded_by), (5, None, None));
    assert_eq!(before.kinds[0].removed, 0);
    assert_ne!(place.verify().verdict, Verdict::Damaged);

    let confirmed = confirm(&place, held.run).unwrap();
    assert_eq!(confirmed, Confirmed { gone: [("dashboard".to_owned(), 5)].into(), seen_since: 0 });
    let after = info(&place, held.run);
    assert_eq!((after.state, after.held), (RunState::Complete, 0));
    assert_eq!((after.confirmed_at, after.suspicions), (Some(time(5_000)), held.suspicions));
    assert_eq!((after.kinds[0].seen, after.kinds[0].removed), (16, 5));
    assert_eq!((absences(&place), place.content().len()), (5, 16));
    place.assert_sound();
    let again = confirm(&place, held.run).unwrap_err();
    assert!(matches!(again, VaultError::WrongRunState { state: "complete", .. }), "{again}");
}

#[test]
fn few_objects_and_small_shares_are_believed() {
    for (had, left, percent) in [(4, 0, 20), (20, 16, 0), (25, 20, 20), (20, 0, 100)] {
        let place = Place::new();
        run(&place, "{}", &these(0..had), share(percent));
        let summary = run(&place, "{}", &these(0..left), share(percent));
        assert_eq!(summary.state, RunState::Complete, "{left} of {had} at {percent}%");
        assert_eq!(absences(&place), had - left);
    }
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(0));
    assert_eq!(run(&place, "{}", &these(0..15), share(0)).state, RunState::Suspect, "5 are no few");
}

#[test]
fn what_is_new_hides_nothing_and_what_came_and_went_is_no_loss() {
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let summary = run(&place, "{}", &[these(0..10), these(100..300)].concat(), share(20));
    assert_eq!(summary.suspicions, [Suspicion::Vanished { kind: "dashboard".into(), gone: 10, known: 20 }]);

    // Thirty objects that this run was the first to see are gone when it is closed.
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let busy = place.run("{}");
    busy.see(&these(0..50));
    busy.list(1, &these(0..20));
    let scope = AbsenceScope { listing: Some(1), ..whole("dashboard") };
    let end = RunEnd { doubt: share(20), ..end(busy.id, RunState::Complete, &[scope]) };
    let summary = busy.writer.finish(end).unwrap();
    assert_eq!((summary.state, summary.suspicions), (RunState::Complete, Vec::new()));
}

#[test]
fn what_was_trashed_or_moved_has_not_vanished() {
    let place = Place::new();
    run(&place, "{}", &these(0..10), share(20));
    let trashed: Vec<Seen> =
        these(0..10).into_iter().map(|seen| Seen { side: Side::Trash, ..seen }).collect();
    let sides = [Side::Live, Side::Trash];
    let scopes = sides.map(|side| AbsenceScope { sides: vec![side], ..whole("dashboard") });
    let emptied = place.run("{}");
    emptied.see(&trashed);
    let end = RunEnd { doubt: share(20), ..end(emptied.id, RunState::Complete, &scopes) };
    assert_eq!(emptied.writer.finish(end).unwrap().state, RunState::Complete);
    emptied.writer.close().unwrap();
    // Half of each side vanishing is half of the kind.
    let rest = run(&place, "{}", &trashed[..5], share(49));
    assert_eq!(rest.suspicions, [Suspicion::Vanished { kind: "dashboard".into(), gone: 5, known: 10 }]);
}

#[test]
fn an_account_that_lost_something_is_doubted_only_when_something_is_gone() {
    let lost = || Doubt { account: vec![Suspicion::LostRoles { ids: vec!["2".into()] }], share: None };
    let place = Place::new();
    run(&place, "{}", &these(0..9), Doubt::default());
    assert_eq!(run(&place, "{}", &these(0..9), lost()).state, RunState::Complete);
    let held = run(&place, "{}", &these(0..8), lost());
    assert_eq!((held.state, held.suspicions), (RunState::Suspect, lost().account));
}

#[test]
fn a_later_run_takes_the_place_of_a_held_one() {
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let first = run(&place, "{}", &these(0..2), share(20));
    let second = run(&place, "{}", &these(0..3), share(20));
    let refused = confirm(&place, first.run).unwrap_err();
    assert!(refused.to_string().contains("confirm that one"), "{refused}");
    assert_eq!(rows(&place, "held"), 17, "of the newer one only");
    assert_eq!(info(&place, first.run).superseded_by, Some(second.run));

    let third = run(&place, "{}", &these(0..20), share(20));
    assert_eq!(third.state, RunState::Complete);
    let refused = confirm(&place, second.run).unwrap_err();
    assert!(refused.to_string().contains("settled by that one"), "{refused}");
    assert_eq!((rows(&place, "held"), absences(&place)), (0, 0));
    assert_eq!(info(&place, second.run).state, RunState::Suspect, "history stays as it was");
    place.assert_sound();
    let missing = confirm(&place, RunId::from_number(99)).unwrap_err();
    assert!(matches!(missing, VaultError::NoSuchRun { run: 99 }), "{missing}");
}

#[test]
fn what_another_scope_sees_meanwhile_is_not_gone() {
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let held = run(&place, "{}", &these(0..10), share(20));
    // A complete run of another scope, and one that dies on the way.
    let other = place.run("other");
    other.see(&these(10..13));
    other.finish(RunState::Complete, &[]);
    let dying = place.run("third");
    dying.see(&[seen(13, 7)]);
    dying.writer.close().unwrap();
    let confirmed = confirm(&place, held.run).unwrap();
    assert_eq!(confirmed, Confirmed { gone: [("dashboard".to_owned(), 6)].into(), seen_since: 1 });
    assert_eq!(place.content().len(), 14);
}

#[test]
fn a_held_run_can_neither_be_resumed_nor_be_built_upon() {
    let place = Place::new();
    let complete = run(&place, "{}", &these(0..20), share(20));
    let held = run(&place, "{}", &these(0..2), share(20));
    let mut vault = place.open();
    let instance = vault.instance(URL).unwrap();
    assert_eq!(vault.resumable_run(instance, "{}").unwrap(), None);
    let refused = vault.reopen_run(held.run).unwrap_err();
    assert!(matches!(refused, VaultError::WrongRunState { state: "suspect", .. }), "{refused}");
    let note = "UPDATE run SET account = '\"before\"' WHERE id = ?1";
    place.sqlite().execute(note, [complete.run.number()]).unwrap();
    assert_eq!(vault.last_complete(instance, "{}").unwrap().unwrap().account, "\"before\"");
}

#[test]
fn kinds_of_what_is_held_are_due_again() {
    let place = Place::new();
    run(&place, "{}", &these(0..20), share(20));
    let read = |kind: &'static str| KindRead { kind: kind.into(), read_at: time(9) };
    let passed =
        |kind: &'static str| FullPass { kind: kind.into(), extent: "all".into(), read_at: time(9), days: 30 };
    let held = place.run("{}");
    held.see(&these(0..2));
    for kind in ["dashboard", "look"] {
        held.writer.kind_read(held.id, read(kind)).unwrap();
        held.writer.full_pass(held.id, passed(kind)).unwrap();
    }
    let end = RunEnd { doubt: share(20), ..end(held.id, RunState::Complete, &[whole("dashboard")]) };
    held.writer.finish(end).unwrap();
    let ages = place.reader().kind_ages(held.instance).unwrap();
    let ages: Vec<_> = ages.iter().map(|age| age.read.read_at).collect();
    assert_eq!(ages, [jiff::Timestamp::UNIX_EPOCH, time(9)]);
    let passes = place.reader().full_passes(held.instance, "all").unwrap();
    let passes: Vec<_> = passes.iter().map(|pass| pass.read_at).collect();
    assert_eq!(passes, [jiff::Timestamp::UNIX_EPOCH, time(9)]);
}

#[test]
fn an_address_has_epochs_that_share_nothing_but_their_calls() {
    let place = Place::new();
    let old = run(&place, "{}", &these(0..5), Doubt::default());
    let mut vault = place.open();
    let (first, second) = (vault.instance(URL).unwrap(), vault.begin_epoch(URL).unwrap());
    assert_ne!(first, second);
    assert_eq!(vault.begin_epoch(URL).unwrap(), second, "no run belongs to it yet");
    assert_eq!(vault.instance(URL).unwrap(), second, "the newest is meant");
    assert_eq!(vault.last_complete(second, "{}").unwrap(), None);
    drop(vault);
    let new = run(&place, "{}", &these(0..2), share(1));
    assert_eq!((new.state, new.kinds[0].added, absences(&place)), (RunState::Complete, 2, 0));
    let instances = place.reader().instances().unwrap();
    let names: Vec<String> = instances.iter().map(InstanceInfo::name).collect();
    assert_eq!(names, [format!("{URL}#1"), format!("{URL}#2")]);
    assert_eq!(info(&place, old.run).instance.name(), names[0]);
    let third = place.open().begin_epoch(URL).unwrap();
    assert_ne!(third, second);
    place.assert_sound();
}

#[test]
fn calls_of_all_epochs_count_together() {
    let place = Place::new();
    for epoch in 0..2 {
        let mut vault = place.open();
        let instance = vault.begin_epoch(URL).unwrap();
        let run = vault.begin_run(&start(instance, "{}")).unwrap();
        let writer = vault.into_writer();
        let calls = CallCount {
            at: time(epoch * 10_000),
            kind: "dashboard".into(),
            reason: "page".into(),
            ledger: "administrative".into(),
            calls: 3,
        };
        writer.calls(run, vec![calls]).unwrap();
        writer.finish(end(run, RunState::Complete, &[])).unwrap();
        writer.close().unwrap();
    }
    let reader = place.reader();
    let instances = reader.instances().unwrap();
    assert_eq!(instances.len(), 2);
    for instance in instances {
        assert_eq!(
            reader.spent_since(instance.id, time(-10_000)).unwrap(),
            [("administrative".to_owned(), 6)]
        );
        assert_eq!(reader.calls(instance.id, None, None).unwrap().len(), 2);
        assert!(reader.first_call(instance.id).unwrap().unwrap() <= time(0));
    }
}

#[test]
fn birth_marks_are_compared_to_the_second_and_can_be_taken_over() {
    let place = Place::new();
    run(&place, "{}", &these(1..4), Doubt::default());
    let half_a_second = "UPDATE version SET created_at = iif(id < 3, 1700000000500000, NULL)";
    place.sqlite().execute(half_a_second, ()).unwrap();
    let born = |key: &str, second: i64| (key.to_owned(), time(second));
    let list = [born("1", 0), born("2", 60), born("3", 0), born("9", 0)];
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let births = reader.births(instance, "dashboard", &list).unwrap();
    assert_eq!(births.compared, 2, "of what was born on both sides");
    let keys: Vec<_> = births.other.iter().map(|other| (other.key.as_str(), other.now)).collect();
    assert_eq!(keys, [("2", time(60))]);
    let run = place.run("{}");
    run.writer.births(run.id, "dashboard".into(), vec![born("2", 60)]).unwrap();
    run.finish(RunState::Incomplete, &[]);
    assert_eq!(place.reader().births(instance, "dashboard", &list).unwrap().other, []);
}

/// Whatever a suspect run saw and whatever was there before: it marks nothing as
/// gone; confirmed, it leaves what a run leaves that nobody doubts.
#[derive(Debug, Clone)]
struct Case {
    worlds: Vec<std::collections::BTreeSet<u64>>,
    percent: u8,
}

fn cases() -> impl Strategy<Value = Case> {
    (vec(btree_set(0_u64..30, 0..30), 2..5), 0_u8..=100)
        .prop_map(|(worlds, percent)| Case { worlds, percent })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_suspect_run_never_marks_anything_as_gone(case in cases()) {
        let (doubting, trusting) = (Place::new(), Place::new());
        drop((doubting.open(), trusting.open()));
        for world in &case.worlds {
            let objects = these(world.iter().copied());
            let before = absences(&doubting);
            let had = doubting.content();
            let summary = run(&doubting, "{}", &objects, share(case.percent));
            run(&trusting, "{}", &objects, Doubt::default());
            if summary.state == RunState::Suspect {
                prop_assert_eq!(absences(&doubting), before);
                let has = doubting.content();
                prop_assert!(had.iter().all(|line| has.contains(line)), "{:?} of {:?}", has, had);
                confirm(&doubting, summary.run).unwrap();
            }
            prop_assert_eq!(doubting.content(), trusting.content());
            prop_assert_eq!(absences(&doubting), absences(&trusting));
        }
        prop_assert_eq!(doubting.verify().verdict, Verdict::Sound);
    }
}
