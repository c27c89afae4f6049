//! A copy of the vault: whole, private, and of one moment.

use vault::*;

use crate::support::*;

#[test]
fn a_copy_holds_what_was_committed_and_nothing_of_it_comes_back() {
    use std::os::unix::fs::PermissionsExt;
    let (place, other) = (Place::new(), Place::new());
    place.complete_run(&[seen(1, 1), seen(2, 1)]);
    // Somebody is at work meanwhile.
    let run = place.run("{}");
    run.see(&[seen(3, 1)]);
    run.writer.flush().unwrap();
    place.reader().copy_to(&other.path()).unwrap();
    assert_eq!(other.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    run.see(&[seen(4, 1)]);
    run.writer.flush().unwrap();
    let wanted = place.content();
    assert_eq!(other.content(), wanted[..3]);

    // The copy is a vault of its own.
    other.complete_run(&[seen(1, 2)]);
    let findings = other.verify().findings;
    // The run that was at work has no end there.
    assert!(findings.iter().all(|finding| !finding.damage), "{findings:#?}");
    run.finish(RunState::Complete, &[]);
    assert_eq!(place.content(), wanted);
    place.assert_sound();
}

#[test]
fn nothing_is_copied_over_a_file() {
    let (place, other) = (Place::new(), Place::new());
    place.complete_run(&[seen(1, 1)]);
    other.complete_run(&[seen(2, 1)]);
    let before = other.content();
    let error = place.reader().copy_to(&other.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAVault);
    assert_eq!(other.content(), before);
}
