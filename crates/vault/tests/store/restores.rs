//! The journal of a restore: what is told is on the disk, and says what was told.

use vault::*;

use crate::support::*;

fn line(restore: RestoreId, step: u32, entry: StepEntry) -> StepRecord {
    StepRecord { restore, step, entry, at: time(i64::from(step)) }
}

fn given(key: &str, id: &str) -> GivenId {
    GivenId { resource: "looks".into(), key: key.into(), id: id.into() }
}

fn states(place: &Place, restore: RestoreId) -> Vec<(u32, StepState, u32)> {
    let steps = place.reader().restore_steps(restore, None).unwrap();
    steps.into_iter().map(|step| (step.step, step.state, step.tries)).collect()
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let place = Place::new();
    let run = place.run("{}");
    let restore = run.writer.begin_restore(restoring(&run)).unwrap();
    let write = |step, entry| run.writer.journal(vec![line(restore, step, entry)]).unwrap();
    write(1, StepEntry::Sent);
    write(2, StepEntry::Sent);
    write(2, StepEntry::Unsent);
    assert_eq!(states(&place, restore), [(1, StepState::Sent, 1), (2, StepState::Pending, 0)]);
    let error = r#"{"reason":"500"}"#.to_owned();
    write(1, StepEntry::Unknown { status: Some(500), error: error.clone() });
    write(1, StepEntry::Sent);
    write(1, StepEntry::Told(vec![given("7", "17")]));
    let reader = place.reader();
    let told = &reader.restore_steps(restore, Some(StepState::Sent)).unwrap()[0];
    assert_eq!((told.tries, told.status, told.error.as_ref()), (2, Some(500), Some(&error)));
    assert_eq!(told.given, [given("7", "17")]);
    write(1, StepEntry::Done { status: Some(200), given: vec![given("7", "17"), given("8", "18")] });
    let done = &reader.restore_steps(restore, None).unwrap()[0];
    assert_eq!((done.state, done.status, &done.error), (StepState::Done, Some(200), &None));
    assert_eq!(done.answered_at, Some(time(1)));
    assert_eq!(reader.links(run.instance, run.instance).unwrap(), [given("7", "17"), given("8", "18")]);
    let info = reader.restore(restore).unwrap();
    assert_eq!((info.state, info.steps), (RestoreState::Running, 3));
    assert_eq!((info.count(StepState::Done), info.count(StepState::Pending)), (1, 2));
    assert_eq!(reader.restore_plan(restore).unwrap(), restoring(&run).plan);
    let ended = RestoreChange {
        state: Some(RestoreState::Incomplete),
        safety_run: Some(run.id),
        ended_at: Some(time(9)),
        ..RestoreChange::default()
    };
    run.writer.change_restore(restore, ended).unwrap();
    let info = reader.restore(restore).unwrap();
    assert_eq!((info.state, info.safety_run), (RestoreState::Incomplete, Some(run.id)));
    assert_eq!((info.result_run, info.ended_at), (None, Some(time(9))));
    run.finish(RunState::Complete, &[]);
    place.assert_sound();
    assert_eq!(place.reader().restore(RestoreId::from_number(9)).unwrap_err().kind(), ErrorKind::Misuse);
}

/// What the next writer finds is what a killed process was told is written.
#[test]
fn many_share_a_commit_and_each_is_answered_when_it_is_made() {
    let place = Place::new();
    let run = place.run("{}");
    let restore = run.writer.begin_restore(restoring(&run)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            let (writer, place) = (run.writer.clone(), &place);
            scope.spawn(move || {
                for nth in 0..20 {
                    let step = 1 + thread * 20 + nth;
                    writer.journal(vec![line(restore, step, StepEntry::Sent)]).unwrap();
                    let reader = place.reader();
                    let steps = reader.restore_steps(restore, Some(StepState::Sent)).unwrap();
                    assert!(steps.iter().any(|line| line.step == step));
                }
            });
        }
    });
    assert_eq!(states(&place, restore).len(), 160);
    // The process dies: nobody closes the restore.
    run.writer.close().unwrap();
    assert_eq!(place.reader().restore(restore).unwrap().state, RestoreState::Interrupted);
    let mut vault = place.open();
    let report = place.verify();
    let found = report.findings.iter().find(|finding| finding.place == "restore 1").unwrap();
    assert!(!found.damage, "{found:?}");
    vault.reopen_restore(restore).unwrap();
    assert_eq!(place.reader().restore(restore).unwrap().state, RestoreState::Running);
    assert_eq!(vault.reopen_restore(RestoreId::from_number(9)).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn what_failed_is_tried_again_or_given_up() {
    let place = Place::new();
    let run = place.run("{}");
    let restore = run.writer.begin_restore(restoring(&run)).unwrap();
    let failed = |status| StepEntry::Failed { status, error: "{}".into() };
    let lines = [
        (1, failed(Some(422))),
        (2, failed(Some(500))),
        (3, failed(None)),
        (4, StepEntry::Told(Vec::new())),
        (5, StepEntry::Sent),
        (5, StepEntry::Told(vec![given("7", "17")])),
        (5, failed(Some(403))),
        (6, StepEntry::Blocked { error: "{}".into() }),
    ];
    let lines = lines.into_iter().map(|(step, entry)| line(restore, step, entry));
    run.writer.journal(lines.collect()).unwrap();
    run.finish(RunState::Complete, &[]);
    let mut vault = place.open();
    assert_eq!(vault.retry_failed(restore).unwrap(), 4);
    // Only a refusal proves that nothing happened, and an id that something did.
    let (pending, sent) = (StepState::Pending, StepState::Sent);
    assert_eq!(states(&place, restore), [(1, pending, 0), (2, sent, 0), (3, sent, 0), (5, sent, 1)]);
    assert_eq!(place.reader().restore_steps(restore, None).unwrap()[3].given, [given("7", "17")]);
    assert_eq!(vault.skip_failed(restore).unwrap(), 0);
}
