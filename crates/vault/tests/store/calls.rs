//! Calls: kept by the quarter of an hour, summed over all runs of an instance.

use jiff::Timestamp;
use vault::*;

use crate::support::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn count(at: &str, ledger: &str, calls: u64) -> CallCount {
    let ledger = ledger.to_owned();
    CallCount { at: time(at), kind: "dashboard".into(), reason: "page".into(), ledger, calls }
}

#[test]
fn calls_add_up_within_a_quarter_of_an_hour_and_over_runs() {
    let place = Place::new();
    for _ in 0..2 {
        let run = place.run("{}");
        let first = vec![
            count("2026-10-31T23:59:59Z", "administrative", 3),
            count("2026-11-01T00:00:01Z", "administrative", 1),
        ];
        run.writer.calls(run.id, first).unwrap();
        run.writer.calls(run.id, vec![count("2026-11-01T00:14:59.9Z", "administrative", 4)]).unwrap();
        run.writer.calls(run.id, vec![count("2026-11-01T00:15:00Z", "query_based", 2)]).unwrap();
        assert_eq!(run.finish(RunState::Complete, &[]).calls, 10);
    }
    let reader = place.reader();
    let of_run = [
        count("2026-10-31T23:45:00Z", "administrative", 3),
        count("2026-11-01T00:00:00Z", "administrative", 5),
        count("2026-11-01T00:15:00Z", "query_based", 2),
    ];
    assert_eq!(reader.run(RunId::from_number(2)).unwrap().calls, of_run);
    let instance = reader.instances().unwrap()[0].id;
    let spent = |since: &str| reader.spent_since(instance, time(since)).unwrap();
    let spent_of = |administrative, query_based| {
        vec![("administrative".to_owned(), administrative), ("query_based".to_owned(), query_based)]
    };
    assert_eq!(spent("2026-10-31T23:45:00Z"), spent_of(16, 4));
    assert_eq!(spent("2026-11-01T00:00:00Z"), spent_of(10, 4));
    assert_eq!(spent("2026-11-01T00:15:00Z"), [("query_based".to_owned(), 4)]);
    assert_eq!(spent("2026-11-01T00:30:00Z"), []);
    assert_eq!(reader.first_call(instance).unwrap(), Some(time("2026-10-31T23:45:00Z")));

    let lines = reader.calls(instance, Some(of_run[1].at), Some(of_run[2].at)).unwrap();
    let runs: Vec<i64> = lines.iter().map(|line| line.run.number()).collect();
    assert_eq!(runs, [1, 2]);
    assert!(lines.iter().all(|line| line.count == of_run[1]), "{lines:?}");
    assert_eq!(reader.calls(instance, None, None).unwrap().len(), 6);
}

#[test]
fn running_and_interrupted_runs_count_and_other_instances_do_not() {
    let place = Place::new();
    let run = place.run("{}");
    run.writer.calls(run.id, vec![count("2026-11-01T10:00:00Z", "administrative", 7)]).unwrap();
    run.writer.flush().unwrap();
    let spent = || {
        let reader = place.reader();
        reader.spent_since(run.instance, time("2026-11-01T00:00:00Z")).unwrap()
    };
    assert_eq!(spent(), [("administrative".to_owned(), 7)]);
    run.writer.close().unwrap();
    let mut vault = place.open();
    let other = vault.instance("https://other.example.com").unwrap();
    drop(vault);
    assert_eq!(spent(), [("administrative".to_owned(), 7)]);
    let reader = place.reader();
    assert_eq!(reader.spent_since(other, Timestamp::UNIX_EPOCH).unwrap(), []);
    assert_eq!(reader.first_call(other).unwrap(), None);
    assert_eq!(place.verify().verdict, Verdict::SoundWithGaps, "an interrupted run");
}

#[test]
fn a_run_that_only_compares_leaves_its_calls_and_nothing_to_resume() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    let instance = place.reader().instances().unwrap()[0].id;
    let read_last = place.reader().last_ended(instance).unwrap();
    assert!(read_last.is_some());
    let comparing = || RunStart { command: COMPARING.into(), ..start(instance, "live") };
    let mut vault = place.open();
    let run = vault.begin_run(&comparing()).unwrap();
    let writer = vault.into_writer();
    writer.calls(run, vec![count("2026-11-01T00:00:00Z", "administrative", 7)]).unwrap();
    let ended_at = time("2100-01-01T00:00:00Z");
    let summary = writer.finish(RunEnd { ended_at, ..end(run, RunState::Complete, &[]) }).unwrap();
    writer.close().unwrap();
    assert_eq!((summary.state, summary.calls, summary.kinds), (RunState::Complete, 7, vec![]));
    assert_eq!(place.reader().last_ended(instance).unwrap(), read_last, "nothing became younger");
    // One that is cut off.
    place.open().begin_run(&comparing()).unwrap();
    drop(place.open());
    assert_eq!(place.reader().runs(1).unwrap()[0].state, RunState::Interrupted);
    place.assert_sound();
}
