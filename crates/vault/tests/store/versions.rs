//! The rules of versions, absence and resuming.

use vault::*;

use crate::support::*;

fn versions(place: &Place) -> Vec<(String, i64, Option<i64>, i64)> {
    let sql = "SELECT o.key, v.from_run, v.until_run, v.side FROM version v
         JOIN object o ON o.id = v.object ORDER BY o.key, v.from_run";
    let connection = place.sqlite();
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn count(place: &Place, table: &str) -> i64 {
    place.sqlite().query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

fn counts(summary: &RunSummary) -> (u64, u64, u64, u64) {
    let [kind] = &summary.kinds[..] else { panic!("{summary:?}") };
    (kind.seen, kind.added, kind.changed, kind.removed)
}

#[test]
fn a_run_that_changes_nothing_leaves_nothing_but_itself() {
    let place = Place::new();
    let objects: Vec<_> = (0..5).map(|key| seen(key, key)).collect();
    assert_eq!(counts(&place.complete_run(&objects)), (5, 5, 0, 0));
    let before = (versions(&place), place.content());
    assert_eq!(counts(&place.complete_run(&objects)), (5, 0, 0, 0));
    assert_eq!((versions(&place), place.content()), before);
    for table in ["sighting", "listed", "progress"] {
        assert_eq!(count(&place, table), 0, "{table}");
    }
    assert_eq!((count(&place, "body"), count(&place, "run")), (5, 2));
    place.assert_sound();
}

#[test]
fn a_change_closes_a_version_and_opens_another() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    assert_eq!(counts(&place.complete_run(&[seen(1, 1), seen(2, 3)])), (2, 0, 1, 0));
    let expected = [("1", 1, None), ("2", 1, Some(2)), ("2", 2, None)];
    assert_eq!(versions(&place), expected.map(|(key, from, until)| (key.into(), from, until, 0)));
    place.assert_sound();
}

#[test]
fn trash_and_another_folder_are_changes_and_equal_bodies_are_stored_once() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 1)]);
    let trashed = Seen { side: Side::Trash, ..seen(1, 1) };
    let moved = Seen { folder: "9".into(), ..seen(2, 1) };
    assert_eq!(counts(&place.complete_run(&[trashed.clone(), moved.clone()])), (2, 0, 2, 0));
    assert_eq!(count(&place, "body"), 1);
    assert_eq!(place.content(), [trashed.line(), moved.line()]);
}

#[test]
fn within_a_run_a_version_changes_in_place_and_may_go_again() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    let run = place.run("{}");
    for content in [2, 3] {
        run.see(&[seen(1, content)]);
    }
    let summary = run.finish(RunState::Complete, &[]);
    assert_eq!(counts(&summary), (1, 0, 1, 0));
    assert_eq!(versions(&place).len(), 2);
    assert_eq!(place.content(), [seen(1, 3).line()]);
    assert_eq!(count(&place, "body"), 2, "the body in between is forgotten");

    let run = place.run("{}");
    for content in [4, 3] {
        run.see(&[seen(1, content)]);
    }
    assert_eq!(counts(&run.finish(RunState::Complete, &[])), (1, 0, 0, 0));
    assert_eq!(versions(&place).len(), 2);
    place.assert_sound();
}

#[test]
fn the_later_reading_counts_whatever_order_they_come_in() {
    let place = Place::new();
    let run = place.run("{}");
    let later = Seen { read_at: 20, side: Side::Trash, ..seen(1, 2) };
    run.see(&[later.clone(), Seen { read_at: 10, ..seen(1, 1) }]);
    run.finish(RunState::Complete, &[]);
    assert_eq!(place.content(), [later.line()]);
    place.assert_sound();
}

fn number(counted: &Counted) -> i64 {
    let CounterValue::Number(number) = counted.value else { panic!("{counted:?}") };
    number
}

#[test]
fn volatile_fields_make_no_version_but_the_latest_are_shown() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    place.complete_run(&[Seen { views: 8, ..seen(1, 1) }]);
    assert_eq!(versions(&place).len(), 1);
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let stored = reader.show(instance, "dashboard", "1").unwrap().unwrap();
    assert_eq!(stored.document, br#"{"content":1,"views":8}"#);
    assert_eq!(stored.body, br#"{"content":1}"#);
    assert_eq!(stored.row.from_run.number(), 1);
    place.complete_run(&[Seen { views: 9, ..seen(1, 2) }]);
    let past = reader.show_at(instance, "dashboard", "1", Some(RunId::from_number(2))).unwrap().unwrap();
    let views = |at| {
        let counted = reader.counters(instance, "dashboard", "1", at).unwrap();
        counted["views"].iter().map(|one| (one.run.number(), number(one))).collect::<Vec<_>>()
    };
    assert_eq!(views(None), [(1, 7), (2, 8), (3, 9)]);
    assert_eq!(views(Some(RunId::from_number(2))), [(1, 7), (2, 8)]);
    assert_eq!(past.document, past.body, "volatile fields are known of what is current");
    assert_eq!(reader.show(instance, "dashboard", "2").unwrap(), None);
}

#[test]
fn a_light_listing_counts_what_it_need_not_read() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    let run = place.run("{}");
    let strangers = seen(9, 9);
    run.list(1, &[Seen { views: 12, ..seen(1, 1) }, seen(2, 2), strangers]);
    run.finish(RunState::Incomplete, &[]);
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let views = |key| {
        let counted = reader.counters(instance, "dashboard", key, None).unwrap();
        counted
            .get("views")
            .into_iter()
            .flatten()
            .map(|one| (one.run.number(), number(one)))
            .collect::<Vec<_>>()
    };
    assert_eq!(views("1"), [(1, 7), (2, 12)]);
    assert_eq!(views("2"), [(1, 7)], "what stays the same writes nothing");
    assert!(views("9").is_empty());
    let document = |key| reader.show(instance, "dashboard", key).unwrap().unwrap().document;
    // What is shown is what was read, as a whole.
    assert_eq!(document("1"), br#"{"content":1,"views":7}"#);
    assert_eq!(document("2"), br#"{"content":2,"views":7}"#);
    // A reading that finds what an earlier one had found counts as well.
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    assert_eq!(views("1"), [(1, 7), (2, 12), (3, 7)]);
    assert_eq!(document("1"), br#"{"content":1,"views":7}"#);
    place.assert_sound();
}

#[test]
fn unsettled_objects_are_remembered_until_they_settle() {
    let place = Place::new();
    place.complete_run(&[Seen { unsettled: true, ..seen(1, 1) }, seen(2, 2)]);
    let unsettled = || {
        let reader = place.reader();
        reader.unsettled(reader.instances().unwrap()[0].id, "dashboard").unwrap()
    };
    assert_eq!(unsettled(), ["1"]);
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    assert!(unsettled().is_empty());
}

#[test]
fn what_a_complete_run_does_not_see_in_its_scope_is_absent() {
    let place = Place::new();
    let elsewhere = Seen { folder: "2".into(), ..seen(3, 3) };
    place.complete_run(&[seen(1, 1), seen(2, 2), elsewhere.clone()]);

    let run = place.run(r#"{"folders":["1"]}"#);
    run.see(&[seen(1, 1)]);
    let summary = run.finish(RunState::Complete, &[folders("dashboard", &["1"])]);
    assert_eq!(counts(&summary), (1, 0, 0, 1));
    assert_eq!(place.content(), [seen(1, 1).line(), elsewhere.line()]);

    assert_eq!(counts(&place.complete_run(&[seen(1, 1), seen(2, 2), elsewhere])), (3, 1, 0, 0));
    let sides: Vec<_> = versions(&place).into_iter().filter(|v| v.0 == "2").map(|v| v.3).collect();
    assert_eq!(sides, [0, 2, 0]);
    place.assert_sound();
}

#[test]
fn what_was_left_out_of_a_run_is_never_absent() {
    let place = Place::new();
    let left_out = Seen { folder: "2".into(), ..seen(3, 3) };
    let elsewhere = Seen { folder: "9".into(), ..seen(4, 4) };
    place.complete_run(&[seen(1, 1), seen(2, 2), left_out.clone(), elsewhere]);

    let run = place.run(r#"{"exclude":["2"]}"#);
    run.see(&[seen(1, 1)]);
    let listed = [seen(1, 1), seen(2, 2)];
    run.list(1, &listed);
    let scope = AbsenceScope { listing: Some(1), ..all_but("dashboard", &["2"]) };
    let found = run.writer.disagreements(run.id, 1, vec![scope.clone()]).unwrap();
    let missing: Vec<&str> = found.missing.iter().map(|one| one.key.as_str()).collect();
    assert_eq!((missing.as_slice(), found.vanished.len()), (["2"].as_slice(), 0));
    let none = AbsenceScope { listing: Some(1), ..all_but("dashboard", &["1", "2"]) };
    assert!(run.writer.disagreements(run.id, 1, vec![none]).unwrap().is_empty());

    assert_eq!(counts(&run.finish(RunState::Complete, &[scope])), (1, 0, 0, 1));
    assert_eq!(place.content(), [seen(1, 1).line(), seen(2, 2).line(), left_out.line()]);
    place.assert_sound();
}

#[test]
fn an_incomplete_run_makes_nothing_absent() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.finish(RunState::Incomplete, &[whole("dashboard")]);
    assert_eq!(place.content().len(), 2);

    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.writer.gap(run.id, gap(GapWhat::Kind)).unwrap();
    let summary = run.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!((summary.state, summary.gaps), (RunState::Incomplete, 1));
    assert_eq!(place.content().len(), 2);
    assert_eq!(place.verify().verdict, Verdict::SoundWithGaps);
}

#[test]
fn only_the_sides_that_were_read_are_proven() {
    let place = Place::new();
    let trashed = Seen { side: Side::Trash, ..seen(2, 2) };
    place.complete_run(&[seen(1, 1), trashed.clone()]);
    let run = place.run("{\"live\":true}");
    let live = AbsenceScope { sides: vec![Side::Live], ..whole("dashboard") };
    assert_eq!(counts(&run.finish(RunState::Complete, &[live])), (0, 0, 0, 1));
    assert_eq!(place.content(), [trashed.line()]);
}

#[test]
fn what_was_listed_elsewhere_has_moved_and_is_not_gone() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    let run = place.run(r#"{"folders":["1"]}"#);
    run.see(&[seen(1, 1)]);
    run.list(1, &[seen(1, 1)]);
    let scope = AbsenceScope { listing: Some(1), ..folders("dashboard", &["1"]) };
    let missing = run.writer.missing(run.id, vec![scope.clone(), scope.clone()]).unwrap();
    let first = place.reader().runs(2).unwrap().pop().unwrap().id;
    assert_eq!(missing, [Missing { kind: "dashboard".into(), key: "2".into(), found_by: first }]);
    run.list(1, &[Seen { folder: "9".into(), ..seen(2, 2) }]);
    assert!(run.writer.missing(run.id, vec![scope.clone()]).unwrap().is_empty());
    run.finish(RunState::Complete, &[scope]);
    assert_eq!(place.content().len(), 2);
}

#[test]
fn what_came_and_went_within_a_run_is_absent_with_its_content_kept() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    let run = place.run("{}");
    run.see(&[seen(1, 1), seen(2, 5), seen(3, 3)]);
    run.list(1, &[seen(1, 1), seen(2, 5), seen(3, 3)]);
    run.list(2, &[seen(1, 1)]);
    run.finish(RunState::Complete, &[AbsenceScope { listing: Some(2), ..whole("dashboard") }]);
    assert_eq!(place.content(), [seen(1, 1).line()]);
    let chain: Vec<_> = versions(&place).into_iter().filter(|version| version.0 != "1").collect();
    let expected = [
        ("2", 1, Some(2), 0),
        ("2", 2, Some(2), 0),
        ("2", 2, None, 2),
        ("3", 2, Some(2), 0),
        ("3", 2, None, 2),
    ];
    assert_eq!(chain, expected.map(|(key, from, until, side)| (key.to_owned(), from, until, side)));
    place.assert_sound();
    assert_eq!(counts(&place.complete_run(&[seen(1, 1), seen(3, 3)])), (2, 1, 0, 0));
    place.assert_sound();
}

fn gap(what: GapWhat) -> Gap {
    let stream = matches!(what, GapWhat::Range { .. }).then_some(0);
    Gap { stream, kind: "dashboard".into(), what, reason: "503".into(), tries: 4 }
}

#[test]
fn a_run_that_ended_early_can_be_taken_up_again() {
    let place = Place::new();
    let run = place.run("{}");
    run.page(0, 100, &[seen(1, 1), seen(2, 2)]);
    run.page(200, 100, &[seen(3, 3)]);
    for what in [
        GapWhat::Range { offset: 100, limit: 100 },
        GapWhat::Object { key: "4".into() },
        GapWhat::Object { key: "5".into() },
        GapWhat::Listing { side: Side::Live },
        GapWhat::Listing { side: Side::Trash },
    ] {
        run.writer.gap(run.id, gap(what)).unwrap();
    }
    let (id, instance) = (run.id, run.instance);
    assert_eq!(run.finish(RunState::Incomplete, &[]).gaps, 5);

    let mut vault = place.open();
    let found = vault.resumable_run(instance, "{}").unwrap().unwrap();
    assert_eq!((found.run, found.state), (id, RunState::Incomplete));
    assert_eq!(found.streams[0].committed, [(0, 100, 2), (200, 100, 1)]);
    assert_eq!(vault.resumable_run(instance, "{\"other\":1}").unwrap(), None);

    vault.reopen_run(id).unwrap();
    let run = Run::with(vault, instance, id);
    run.page(100, 60, &[seen(4, 4)]);
    run.page(160, 40, &[]);
    let summary = run.finish(RunState::Incomplete, &[]);
    assert_eq!(summary.gaps, 1, "only object 5 is still missing");
    assert_eq!(place.reader().run(id).unwrap().gaps[0].what, GapWhat::Object { key: "5".into() });

    let mut vault = place.open();
    vault.reopen_run(id).unwrap();
    let run = Run::with(vault, instance, id);
    run.see(&[seen(5, 5)]);
    let summary = run.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!((summary.state, summary.gaps, counts(&summary)), (RunState::Complete, 0, (5, 5, 0, 0)));
    let mut vault = place.open();
    assert_eq!(vault.resumable_run(instance, "{}").unwrap(), None);
    assert!(matches!(vault.reopen_run(id), Err(VaultError::WrongRunState { .. })));
    drop(vault);
    place.assert_sound();
}

#[test]
fn a_resumed_run_does_not_break_the_history_of_newer_runs() {
    let place = Place::new();
    let old = place.run("old");
    old.see(&[seen(1, 1)]);
    let (id, instance) = (old.id, old.instance);
    old.finish(RunState::Incomplete, &[]);
    let newer = place.run("newer");
    newer.see(&[seen(1, 2), seen(2, 2)]);
    newer.finish(RunState::Complete, &[]);
    let mut vault = place.open();
    vault.reopen_run(id).unwrap();
    let old = Run::with(vault, instance, id);
    old.see(&[Seen { read_at: 30, ..seen(1, 3) }]);
    old.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!(place.content(), [seen(1, 3).line(), seen(2, 2).line()]);
    place.assert_sound();
}

#[test]
fn a_listing_is_compared_with_what_was_seen() {
    let place = Place::new();
    let run = place.run("{}");
    let trash = |seen| Seen { side: Side::Trash, ..seen };
    let elsewhere = |seen| Seen { folder: "9".into(), ..seen };
    let edited = |seen| Seen { updated_at: 5, ..seen };
    run.see(&[seen(1, 1), seen(2, 2), seen(3, 3), seen(4, 4), seen(5, 5), elsewhere(seen(6, 6))]);
    run.list(
        1,
        &[
            seen(1, 1),
            edited(seen(2, 2)),
            elsewhere(seen(3, 3)),
            trash(seen(4, 4)),
            seen(7, 7),
            elsewhere(seen(8, 8)),
        ],
    );
    run.list(2, &[seen(1, 1)]);
    let scopes = vec![folders("dashboard", &["1"])];
    let found = run.writer.disagreements(run.id, 1, scopes.clone()).unwrap();
    let keys = |list: &[Disagreement]| list.iter().map(|one| one.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&found.missing), ["7"]);
    assert_eq!(keys(&found.newer), ["2"]);
    assert_eq!(keys(&found.moved), ["3", "4"]);
    assert_eq!((found.moved[0].folder.as_deref(), found.moved[1].side), (Some("9"), Side::Trash));
    assert_eq!(keys(&found.vanished), ["5"]);
    assert_eq!(keys(&run.writer.disagreements(run.id, 2, scopes).unwrap().vanished), ["2", "3", "4", "5"]);

    run.list(3, &[seen(1, 1), seen(2, 2), seen(3, 3), seen(4, 4), seen(5, 5), elsewhere(seen(6, 6))]);
    assert!(run.writer.disagreements(run.id, 3, vec![whole("dashboard")]).unwrap().is_empty());
}

#[test]
fn a_volatile_part_that_was_seen_in_the_vault_need_not_come_along() {
    let place = Place::new();
    place.complete_run(&[Seen { views: 12, ..seen(1, 1) }, seen(2, 2)]);
    let run = place.run("{}");
    let known = |key| Record { volatile: None, ..seen(key, 3).record(&run.writer.codec()) };
    let instance = place.reader().instances().unwrap()[0].id;
    let hash = |key| place.reader().volatile_hash(instance, "dashboard", key).unwrap();
    assert_eq!(hash("2"), Some(known(2).volatile_hash));
    assert_ne!(hash("1"), hash("2"));
    assert_eq!(hash("3"), None);
    run.list(1, &[Seen { views: 8, ..seen(2, 2) }]);
    run.writer.items(run.id, vec![known(2)]).unwrap();
    let bare = Record { volatile_hash: 0, counters: None, ..known(1) };
    run.writer.items(run.id, vec![bare]).unwrap();
    run.finish(RunState::Complete, &[]);
    let document = |key| place.reader().show(instance, "dashboard", key).unwrap().unwrap().document;
    assert_eq!(document("2"), br#"{"content":3,"views":7}"#);
    let views = place.reader().counters(instance, "dashboard", "2", None).unwrap();
    let views: Vec<_> = views["views"].iter().map(|one| one.value).collect();
    assert_eq!(views, [vault::CounterValue::Number(7)], "what was listed meanwhile is set right");
    assert_eq!(hash("1"), None, "none is none");
}

#[test]
fn a_record_without_its_body_is_refused_and_nothing_more_is_written() {
    let place = Place::new();
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.writer.flush().unwrap();
    let record = |content| Record { encoded: None, ..seen(2, content).record(&run.writer.codec()) };
    run.writer.items(run.id, vec![record(1)]).unwrap();
    run.writer.flush().unwrap();
    run.writer.items(run.id, vec![record(9)]).unwrap();
    let error = run.writer.flush().unwrap_err();
    assert!(matches!(error, VaultError::MissingBody { .. }), "{error}");
    assert_eq!(run.writer.items(run.id, Vec::new()).unwrap_err().to_string(), error.to_string());
    assert_eq!(
        run.writer.finish(end(run.id, RunState::Complete, &[])).unwrap_err().kind(),
        ErrorKind::Misuse
    );
    assert_eq!(run.writer.close().unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(place.content().len(), 2);
}

#[test]
fn lists_come_in_the_order_of_numbers_with_the_path_of_folders() {
    let place = Place::new();
    let folder = |key: &str, title: &str, parent: &str, codec: &Codec| Record {
        kind: "folders".into(),
        title: Some(title.into()),
        folder: (!parent.is_empty()).then(|| parent.to_owned()),
        ..seen(key, 0).record(codec)
    };
    let run = place.run("{}");
    let codec = run.writer.codec();
    let folders = vec![
        folder("1", "Shared", "", &codec),
        folder("5", "Sales", "1", &codec),
        folder("6", "Ring", "6", &codec),
    ];
    run.writer.items(run.id, folders).unwrap();
    let at = |key: &str, folder: &str| Seen { folder: folder.into(), ..seen(key, 1) };
    run.see(&[at("10", "5"), at("9", "1"), at("model::name", "7"), at("2", "6")]);
    run.finish(RunState::Complete, &[]);

    let mut rows = Vec::new();
    place.reader().list(&ListFilter::of("dashboard"), |row| rows.push((row.key, row.folder_path))).unwrap();
    assert_eq!(rows[0].0, "2");
    assert!(rows[0].1.as_ref().unwrap().starts_with("Ring/Ring"));
    let path = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows[1..],
        [("9".into(), path("Shared")), ("10".into(), path("Shared/Sales")), ("model::name".into(), None)]
    );

    let mut keys = Vec::new();
    let filter = ListFilter { folder: Some("5".into()), ..ListFilter::of("dashboard") };
    place.reader().list(&filter, |row| keys.push(row.key)).unwrap();
    assert_eq!(keys, ["10"]);
}

#[test]
fn equal_content_has_an_equal_digest_however_it_came() {
    let (one, two) = (Place::new(), Place::new());
    one.complete_run(&[seen(1, 1), seen(2, 2)]);
    for objects in [vec![seen(2, 5), seen(3, 3)], vec![seen(2, 2), seen(1, 1)]] {
        two.complete_run(&objects);
    }
    let digest = |place: &Place| {
        let reader = place.reader();
        reader.content_digest(reader.instances().unwrap()[0].id).unwrap()
    };
    assert_eq!(digest(&one), digest(&two));
    two.complete_run(&[seen(2, 2), Seen { side: Side::Trash, ..seen(1, 1) }]);
    assert_ne!(digest(&one), digest(&two));
    let counts = two.reader().counts().unwrap();
    assert_eq!(counts.iter().map(|count| count.objects).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(two.reader().size().unwrap().kinds[0].bodies, 4);
}

#[test]
fn instances_live_apart_in_one_vault() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    let mut vault = place.open();
    let other = vault.instance("https://other.example").unwrap();
    assert_eq!(vault.instance("https://other.example").unwrap(), other);
    let id = vault.begin_run(&start(other, "{}")).unwrap();
    let run = Run::with(vault, other, id);
    run.see(&[seen(1, 2)]);
    run.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!(place.content(), [seen(1, 1).line(), seen(1, 2).line()]);
    place.assert_sound();
}
