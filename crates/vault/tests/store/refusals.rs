//! What was asked for in vain, and when what changed was last read as it was before.

use jiff::Timestamp;
use vault::*;

use crate::support::*;

const KIND: &str = "dashboard";

fn refused(place: &Place) -> Vec<(String, Timestamp)> {
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let mut refused: Vec<_> = reader.refused(instance, KIND).unwrap().into_iter().collect();
    refused.sort();
    refused
}

fn refused_kinds(place: &Place) -> Vec<String> {
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    reader.refused_kinds(instance).unwrap().into_keys().collect()
}

#[test]
fn a_refusal_is_forgotten_when_the_object_is_read() {
    let place = Place::new();
    let run = place.run("{}");
    run.see(&[seen(1, 1), seen(2, 2)]);
    run.writer.refused(run.id, KIND.into(), vec!["1".into(), "2".into(), "3".into()], time(5)).unwrap();
    run.writer.refused(run.id, KIND.into(), vec!["2".into()], time(4)).unwrap();
    run.finish(RunState::Complete, &[]);
    // One that was never stored is known as well, and the later refusal counts.
    assert_eq!(refused(&place), ["1", "2", "3"].map(|key| (key.to_owned(), time(5))));
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.writer.refreshed(run.id, KIND.into(), vec!["1".into()], time(6)).unwrap();
    run.finish(RunState::Complete, &[]);
    assert_eq!(refused(&place), ["2", "3"].map(|key| (key.to_owned(), time(5))));
    assert_eq!(refused_kinds(&place), [""; 0]);
    place.assert_sound();
}

#[test]
fn a_refusal_is_forgotten_with_its_object() {
    let place = Place::new();
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    place.complete_run(&[seen(1, 1), seen(2, 1)]);
    // One is refused that is gone by the end of the run, and two that were never stored.
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.writer.refused(run.id, KIND.into(), keys(&["1", "2", "3", "4"]), time(5)).unwrap();
    run.finish(RunState::Complete, &[whole(KIND)]);
    let known = |place: &Place| refused(place).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(known(&place), ["1", "3", "4"]);
    // One came with something else.
    place.complete_run(&[seen(1, 1), seen(3, 1)]);
    assert_eq!(known(&place), ["1", "4"]);
    place.assert_sound();
}

#[test]
fn a_kind_is_refused_until_anything_of_it_is_read() {
    let place = Place::new();
    let refuse = |at| {
        let run = place.run("{}");
        run.writer.kind_refused(run.id, KIND.into(), at).unwrap();
        run
    };
    refuse(time(-9)).finish(RunState::Complete, &[]);
    assert_eq!((refused_kinds(&place), refused(&place)), (vec![KIND.to_owned()], Vec::new()));
    // A run that has read a part of it, and was refused the rest, says so.
    let run = refuse(time(9));
    run.see(&[seen(1, 1)]);
    run.finish(RunState::Incomplete, &[]);
    assert_eq!(refused_kinds(&place), [KIND]);
    // All of it was read, though there was nothing.
    let run = place.run("{}");
    run.writer.kind_read(run.id, KindRead { kind: KIND.into(), read_at: time(10) }).unwrap();
    run.finish(RunState::Complete, &[]);
    assert_eq!(refused_kinds(&place), [""; 0]);
    // Something of it was read since.
    refuse(time(-8)).finish(RunState::Complete, &[]);
    place.complete_run(&[seen(1, 1)]);
    assert_eq!(refused_kinds(&place), [""; 0]);
    place.assert_sound();
}

#[test]
fn a_version_that_has_ended_knows_when_it_was_last_read() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 1), seen(3, 1), seen(4, 1)]);
    let run = place.run("{}");
    let all: Vec<_> = (1..=4).map(|key| seen(key, 1)).collect();
    run.see(&all);
    // Those that are read again by their age; equal bodies leave no version.
    run.writer.refreshed(run.id, KIND.into(), vec!["1".into(), "3".into(), "4".into()], time(5)).unwrap();
    run.finish(RunState::Complete, &[]);
    let run = place.run("{}");
    run.see(&[1, 2, 4].map(|key| Seen { read_at: 20, ..seen(key, if key == 4 { 1 } else { 2 }) }));
    run.writer.refreshed(run.id, KIND.into(), vec!["1".into()], time(20)).unwrap();
    let changed = run.finish(RunState::Complete, &[whole(KIND)]).run;
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    // What each was until that run found it otherwise.
    let confirmed = |key: &str| {
        let mut before = None;
        let filter = ChangeFilter {
            kind: Some(KIND.into()),
            key: Some(key.into()),
            until: Some(changed),
            ..ChangeFilter::of(instance)
        };
        reader
            .changes(&filter, |change| {
                before = change.before.filter(|_| change.after.from_run == changed);
                false
            })
            .unwrap();
        before.and_then(|before| before.confirmed_at)
    };
    assert_eq!(confirmed("1"), Some(time(5)), "changed");
    assert_eq!(confirmed("2"), None, "no age of it is kept");
    assert_eq!(confirmed("3"), Some(time(5)), "gone");
    assert_eq!(confirmed("4"), None, "as it was");
    place.assert_sound();
}
