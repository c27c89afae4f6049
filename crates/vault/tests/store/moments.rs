//! Runs by time and by name.

use vault::*;

use crate::support::*;

/// A run that ends at a second, or not at all.
fn run_until(place: &Place, second: Option<i64>) -> RunId {
    let run = place.run("{}");
    let id = run.id;
    match second {
        Some(second) => {
            let end = RunEnd { ended_at: time(second), ..end(id, RunState::Complete, &[]) };
            run.writer.finish(end).unwrap();
        }
        None => run.writer.flush().unwrap(),
    }
    run.writer.close().unwrap();
    id
}

#[test]
fn a_time_means_the_newest_run_that_had_ended_by_then() {
    let place = Place::new();
    let runs = [Some(10), Some(20), None, Some(30)].map(|second| run_until(&place, second));
    let mut vault = place.open();
    let other = vault.instance("https://other.example").unwrap();
    let foreign = vault.begin_run(&start(other, "{}")).unwrap();
    drop(vault);

    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let run = |found: Option<Moment>| found.map(|moment| moment.run);
    let at = |second| run(reader.moment_at(instance, time(second)).unwrap());
    assert_eq!(
        [9, 10, 19, 25, 30, 99].map(at),
        [None, Some(0), Some(0), Some(1), Some(3), Some(3)].map(|i| i.map(|i: usize| runs[i]))
    );
    let back = |back| run(reader.latest_moment(instance, back).unwrap());
    assert_eq!([0, 1, 2, 3].map(back), [Some(runs[3]), Some(runs[1]), Some(runs[0]), None]);
    assert_eq!(run(reader.latest_moment(other, 0).unwrap()), None, "run {foreign} has not ended");

    let dead = reader.moment(runs[2]).unwrap();
    assert_eq!((dead.state, dead.ended_at), (RunState::Interrupted, None));
    assert!(matches!(reader.moment(RunId::from_number(99)), Err(VaultError::NoSuchRun { run: 99 })));
    let refused = reader.differing(instance, runs[0], foreign, |_| ());
    assert!(
        matches!(refused, Err(VaultError::NoSuchRun { .. })),
        "runs of two instances have no differences"
    );
}

#[test]
fn a_run_may_have_names_and_a_name_one_run() {
    let place = Place::new();
    let [first, second] = [run_until(&place, Some(10)), run_until(&place, Some(20))];
    let mut vault = place.open();
    for (name, run) in [("before", first), ("after", second), ("release", second), ("release", second)] {
        vault.tag(name, run, time(50)).unwrap();
    }
    let taken = vault.tag("before", second, time(51)).unwrap_err();
    assert!(matches!(taken, VaultError::TagTaken { run, .. } if run == first.number()), "{taken}");
    let nobodys = vault.tag("x", RunId::from_number(7), time(51)).unwrap_err();
    assert!(matches!(nobodys, VaultError::NoSuchRun { run: 7 }), "{nobodys}");

    let reader = place.reader();
    let names: Vec<String> = reader.tags().unwrap().into_iter().map(|tag| tag.name).collect();
    assert_eq!(names, ["after", "release", "before"]);
    assert_eq!(reader.tagged("release").unwrap().unwrap().run, second);
    assert_eq!(vault.untag("release").unwrap(), Some(second));
    assert_eq!((vault.untag("release").unwrap(), reader.tagged("release").unwrap()), (None, None));
    drop(vault);
    place.assert_sound();
}
