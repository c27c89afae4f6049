//! Opening: what is refused, what is made, who holds the lock.

use vault::*;

use crate::support::*;

fn refusal(place: &Place) -> VaultError {
    let error = Vault::open_for_writing(&place.path(), "test").unwrap_err();
    let reading = Vault::open_for_reading(&place.path()).unwrap_err();
    assert_eq!(error.to_string(), reading.to_string());
    error
}

#[test]
fn a_vault_and_what_lies_beside_it_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    run.writer.flush().unwrap();
    let files: Vec<_> = std::fs::read_dir(place.path().parent().unwrap()).unwrap().collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn the_second_writer_is_told_who_the_first_is() {
    let place = Place::new();
    let first = place.open();
    let error = Vault::open_for_writing(&place.path(), "second").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    let text = error.to_string();
    assert!(text.contains(&format!("pid {} on ", std::process::id())), "{text}");
    assert!(text.contains("command test, since 20"), "{text}");
    place.reader();
    let writer = first.into_writer();
    assert!(Vault::open_for_writing(&place.path(), "second").is_err());
    writer.close().unwrap();
    place.open();
}

#[test]
fn one_file_has_one_lock_whatever_it_is_called() {
    let place = Place::new();
    let first = place.open();
    let link = place.path().with_file_name("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    assert_eq!(Vault::open_for_writing(&link, "second").unwrap_err().kind(), ErrorKind::InUse);
    drop(first);
    assert_eq!(
        Vault::open_for_writing(&link, "second").unwrap().path(),
        place.path().canonicalize().unwrap()
    );
}

#[test]
fn a_missing_vault_or_folder_is_named() {
    let place = Place::new();
    assert!(matches!(Vault::open_for_reading(&place.path()), Err(VaultError::Absent { .. })));
    let deep = place.path().join("deep.db");
    assert!(matches!(Vault::open_for_writing(&deep, "test"), Err(VaultError::MissingParent { .. })));
    assert!(!place.path().exists());
}

#[test]
fn foreign_files_are_refused_and_left_alone() {
    let place = Place::new();
    for bytes in [&b"PK\x03\x04 something else"[..], &[0; 4096], b"S"] {
        std::fs::write(place.path(), bytes).unwrap();
        assert!(matches!(refusal(&place), VaultError::NotAVault { .. }));
        assert_eq!(std::fs::read(place.path()).unwrap(), bytes);
    }
    std::fs::remove_file(place.path()).unwrap();
    place.sqlite().execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").unwrap();
    let bytes = std::fs::read(place.path()).unwrap();
    let error = refusal(&place);
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(std::fs::read(place.path()).unwrap(), bytes);
    assert!(!place.path().with_file_name("vault.db.lock").exists());

    std::fs::remove_file(place.path()).unwrap();
    std::fs::create_dir(place.path()).unwrap();
    assert!(refusal(&place).to_string().contains("a folder"));
}

#[test]
fn a_newer_schema_is_refused_an_older_one_asks_for_a_writer() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    place.sqlite().pragma_update(None, "user_version", 99).unwrap();
    let error = refusal(&place);
    assert!(matches!(error, VaultError::Newer { found: 99, .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Schema);
}

#[test]
fn a_vault_of_an_unreleased_build_is_refused() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    place.sqlite().execute("UPDATE migration SET checksum = zeroblob(32)", ()).unwrap();
    assert!(refusal(&place).to_string().contains("migration 1"));
}

#[test]
fn an_empty_file_and_one_that_was_never_finished_become_vaults() {
    let place = Place::new();
    std::fs::write(place.path(), b"").unwrap();
    place.open();
    place.assert_sound();
    let other = Place::new();
    other.sqlite().execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL").unwrap();
    assert!(matches!(Vault::open_for_reading(&other.path()), Err(VaultError::NotAVault { .. })));
    other.open();
    other.assert_sound();
}

#[test]
fn a_run_is_running_while_its_writer_lives_and_interrupted_after() {
    let place = Place::new();
    let run = place.run("{}");
    run.page(0, 100, &[seen(1, 1)]);
    run.writer.flush().unwrap();
    let state = || place.reader().runs(10).unwrap()[0].clone();
    assert_eq!(state().state, RunState::Running);
    assert_eq!(state().kinds[0].added, 1);
    assert_eq!(place.verify().verdict, Verdict::SoundWithGaps);
    let instance = run.instance;
    run.writer.close().unwrap();
    assert_eq!(state().state, RunState::Interrupted);
    let vault = place.open();
    let found = vault.resumable_run(instance, "{}").unwrap().unwrap();
    assert_eq!((found.state, found.streams[0].committed.clone()), (RunState::Interrupted, vec![(0, 100, 1)]));
    assert_eq!(state().state, RunState::Interrupted);
}

#[test]
fn a_closed_writer_says_so() {
    let place = Place::new();
    let run = place.run("{}");
    let other = run.writer.clone();
    run.writer.close().unwrap();
    assert!(matches!(other.flush(), Err(VaultError::Closed { .. })));
    assert!(matches!(other.close(), Err(VaultError::Closed { .. })));
}

#[test]
fn dropping_every_handle_commits_and_gives_the_lock_back() {
    let place = Place::new();
    let run = place.run("{}");
    run.see(&[seen(1, 1)]);
    drop(run);
    let vault = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        Vault::open_for_writing(&place.path(), "test").ok()
    });
    assert!(vault.is_some());
    assert_eq!(place.content().len(), 1);
}

#[test]
fn dictionaries_are_kept_for_the_next_process() {
    let place = Place::new();
    let objects: Vec<_> = (0..600).map(|key| seen(key, key * 7919)).collect();
    place.complete_run(&objects);
    let vault = place.open();
    let record = seen(1, 123_456_789).record(&vault.codec());
    let dictionary = record.encoded.unwrap().dictionary.expect("trained by the first run");
    drop(vault);
    let known: Vec<u8> =
        place.sqlite().query_row("SELECT hash FROM dictionary WHERE part = 0", (), |row| row.get(0)).unwrap();
    assert_eq!(known, dictionary.0);
    place.assert_sound();
}

#[test]
fn a_held_lock_is_not_given_back_between_two_openings() {
    let place = Place::new();
    let access = WriteAccess::take(&place.path(), "test").unwrap();
    let refused =
        || matches!(Vault::open_for_writing(&place.path(), "other"), Err(VaultError::Locked { .. }));
    for number in 1..=2 {
        let run = Run::begin(access.open().unwrap(), "{}");
        run.see(&[seen(number, number)]);
        run.writer.flush().unwrap();
        // Without a close: the next opening waits for the writer to end.
        drop(run);
        assert!(refused());
    }
    let vault = access.open().unwrap();
    assert_eq!(vault.last_complete(run_instance(&place), "{}").unwrap(), None);
    drop((vault, access));
    assert!(!refused());
    let states: Vec<RunState> = place.reader().runs(10).unwrap().into_iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Interrupted; 2]);
    assert_eq!(place.content().len(), 2);
}

#[test]
fn the_options_of_the_last_complete_run_of_a_scope_are_known() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    let run = place.run("{}");
    let instance = run.instance;
    run.finish(RunState::Incomplete, &[]);
    let vault = place.open();
    assert!(vault.last_complete(instance, "{}").unwrap().is_some());
    assert_eq!(vault.last_complete(instance, "other").unwrap(), None);
}

fn run_instance(place: &Place) -> InstanceId {
    place.reader().instances().unwrap()[0].id
}
