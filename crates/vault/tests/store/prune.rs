//! Pruning: what may be forgotten, what stays, and the space that comes back.

use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use vault::*;

use crate::support::*;

const PATH: &str = "VAULT_TEST_PATH";

fn forget(runs: &[i64], gone_since: Timestamp) -> Pruning {
    Pruning {
        runs: runs.iter().map(|run| RunId::from_number(*run)).collect(),
        gone_since,
        policy: r#"{"keep_last":1}"#.into(),
        at: time(5_000),
    }
}

fn numbers(runs: &[RunId]) -> Vec<i64> {
    runs.iter().map(|run| run.number()).collect()
}

/// Runs in which every object changes every time.
fn busy(runs: u64, objects: u64) -> Place {
    let place = Place::new();
    for run in 0..runs {
        let objects: Vec<_> =
            (0..objects).map(|key| seen(key, (key * 7_919 + run).wrapping_pow(3))).collect();
        place.complete_run(&objects);
    }
    place
}

#[test]
fn what_is_needed_to_go_on_is_never_forgotten() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1)]);
    place.run("other").finish(RunState::Incomplete, &[]);
    place.complete_run(&[seen(1, 2)]);
    place.run("{}").finish(RunState::Incomplete, &[]);
    assert_eq!(numbers(&place.reader().unforgettable().unwrap()), [2, 3, 4]);
    for run in [2, 3, 4] {
        let pruning = forget(&[1, run], Timestamp::MIN);
        let error = place.open().prune(&pruning).unwrap_err();
        assert!(matches!(error, VaultError::NeededRun { .. }), "{error}");
        assert_eq!(place.reader().would_prune(&pruning).unwrap_err().to_string(), error.to_string());
    }
    assert!(matches!(
        place.open().prune(&forget(&[9], Timestamp::MIN)).unwrap_err(),
        VaultError::NoSuchRun { run: 9 }
    ));
    assert_eq!(place.reader().runs(9).unwrap().len(), 4);
}

#[test]
fn a_forgotten_run_is_named_with_the_prune_that_forgot_it() {
    let place = busy(3, 2);
    let dropped = place.open().prune(&forget(&[1, 2], Timestamp::MIN)).unwrap();
    assert_eq!((dropped.runs, dropped.versions, dropped.bodies, dropped.objects), (2, 4, 4, 0));
    let reader = place.reader();
    assert_eq!(
        reader.prunes().unwrap(),
        [PruneInfo {
            at: time(5_000),
            policy: r#"{"keep_last":1}"#.into(),
            runs: vec![RunId::from_number(1), RunId::from_number(2)],
            dropped,
        }]
    );
    let error = reader.run(RunId::from_number(2)).unwrap_err();
    assert!(matches!(error, VaultError::ForgottenRun { run: 2, .. }), "{error}");
    assert_eq!(numbers(&reader.runs(9).unwrap().iter().map(|run| run.id).collect::<Vec<_>>()), [3]);
    let again = place.open().prune(&forget(&[1], Timestamp::MIN)).unwrap_err();
    assert!(matches!(again, VaultError::NoSuchRun { run: 1 }), "{again}");
    assert_eq!(place.complete_run(&[]).run.number(), 4);
    place.assert_sound();
}

#[test]
fn calls_of_forgotten_runs_still_count() {
    let place = Place::new();
    for content in 0..2 {
        let run = place.run("{}");
        run.see(&[seen(1, content)]);
        let calls = CallCount {
            at: time(0),
            kind: "dashboard".into(),
            reason: "page".into(),
            ledger: "administrative".into(),
            calls: 21,
        };
        run.writer.calls(run.id, vec![calls]).unwrap();
        run.finish(RunState::Complete, &[whole("dashboard")]);
    }
    let spent = || {
        let reader = place.reader();
        let instance = reader.instances().unwrap()[0].id;
        (reader.spent_since(instance, time(0)).unwrap(), reader.calls(instance, None, None).unwrap())
    };
    let before = spent();
    assert_eq!(before.0, [("administrative".to_owned(), 42)]);
    place.open().prune(&forget(&[1], Timestamp::MIN)).unwrap();
    assert_eq!(spent(), before);
}

#[test]
fn the_last_content_of_what_is_gone_has_a_retention_of_its_own() {
    let place = Place::new();
    place.complete_run(&[seen(1, 1), seen(2, 2)]);
    place.complete_run(&[seen(1, 3), seen(2, 2)]);
    place.complete_run(&[seen(2, 2)]);
    place.complete_run(&[seen(2, 4)]);
    let gone_at = time(1_000);
    let kept = place.open().prune(&forget(&[1, 2, 3], gone_at)).unwrap();
    // The first content of 1 and that of 2 go, the last of 1 stays.
    assert_eq!((kept.versions, kept.bodies, kept.objects), (2, 2, 0));
    let later = gone_at + Duration::from_secs(1);
    let dropped = place.open().prune(&forget(&[], later)).unwrap();
    assert_eq!((dropped.versions, dropped.bodies, dropped.objects), (1, 1, 1));
    let absences = "SELECT count(*) FROM version WHERE side = 2 AND title = 'Title of 1'";
    assert_eq!(place.sqlite().query_row(absences, (), |row| row.get::<_, i64>(0)).unwrap(), 1);
    let volatile = "SELECT count(*) FROM volatile";
    assert_eq!(place.sqlite().query_row(volatile, (), |row| row.get::<_, i64>(0)).unwrap(), 1);
    assert_eq!(place.open().prune(&forget(&[], later)).unwrap(), Dropped::default());
    place.assert_sound();
}

#[test]
fn boundaries_move_within_their_instance() {
    let place = Place::new();
    let runs = [(URL, 1), ("https://b.example", 2), (URL, 3), ("https://b.example", 4), (URL, 5)];
    for (url, content) in runs {
        let mut vault = place.open();
        let instance = vault.instance(url).unwrap();
        let id = vault.begin_run(&start(instance, "{}")).unwrap();
        let run = Run::with(vault, instance, id);
        run.see(&[seen(1, content)]);
        run.finish(RunState::Complete, &[whole("dashboard")]);
    }
    place.open().prune(&forget(&[1, 2, 3], Timestamp::MIN)).unwrap();
    let versions = "SELECT group_concat(instance || ':' || from_run || '-' || coalesce(until_run, ''), ' ')
         FROM (SELECT * FROM version v JOIN object o ON o.id = v.object ORDER BY instance, from_run)";
    let versions: String = place.sqlite().query_row(versions, (), |row| row.get(0)).unwrap();
    assert_eq!(versions, "1:5- 2:4-");
    place.assert_sound();
}

#[test]
fn space_comes_back() {
    let place = busy(18, 400);
    let before = place.reader().file_bytes();
    let mut vault = place.open();
    vault.prune(&forget(&(1..18).collect::<Vec<_>>(), Timestamp::MIN)).unwrap();
    assert!(vault.has_free_pages().unwrap());
    vault.compact().unwrap();
    assert!(!vault.has_free_pages().unwrap());
    drop(vault);
    let after = place.reader().file_bytes();
    assert!(after * 3 < before, "{before} bytes before, {after} after");
    let fresh = busy(1, 400).reader().file_bytes();
    assert!(after < fresh * 5 / 4, "{after} bytes after pruning, {fresh} in a fresh vault");
    place.assert_sound();
    place.complete_run(&[seen(1, 1)]);
    place.assert_sound();
}

/// Not a test: what the child processes of the tests below run.
#[test]
#[ignore = "run by other tests as a process of its own"]
fn child() {
    let path = std::env::var_os(PATH).expect("run by another test");
    let pruned = Vault::open_for_writing(path.as_ref(), "child").and_then(|mut vault| {
        vault.prune(&forget(&(1..12).collect::<Vec<_>>(), Timestamp::MIN))?;
        vault.compact()
    });
    if let Err(error) = pruned {
        assert!(matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::Io), "{error:?}");
        std::process::exit(42);
    }
}

fn command(program: &str, place: &Place) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::null()).stderr(Stdio::null()).env(PATH, place.path());
    command
}

/// All runs or only the last, and what that shows is what it was.
fn assert_all_or_nothing(place: &Place, content: &[String]) {
    assert!([1, 12].contains(&place.reader().runs(99).unwrap().len()));
    assert_eq!(place.content(), content);
    place.assert_sound();
}

#[test]
fn a_kill_at_any_time_leaves_all_or_the_pruned_vault() {
    let exe = std::env::current_exe().unwrap();
    let original = busy(12, 400);
    let content = original.content();
    for kill in 0..12 {
        let place = Place::new();
        std::fs::copy(original.path(), place.path()).unwrap();
        let mut child = command(exe.to_str().unwrap(), &place)
            .args(["--exact", "prune::child", "--ignored"])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(5 + kill * 15));
        child.kill().unwrap();
        child.wait().unwrap();
        place.open();
        assert_all_or_nothing(&place, &content);
    }
}

#[test]
fn a_full_disk_leaves_all_or_the_pruned_vault() {
    let exe = std::env::current_exe().unwrap();
    let original = busy(12, 400);
    let content = original.content();
    let bytes = original.reader().file_bytes();
    let mut ends = Vec::new();
    for eighths in 1..=12 {
        let place = Place::new();
        std::fs::copy(original.path(), place.path()).unwrap();
        // With the signal ignored, a write beyond the limit is an I/O error.
        let blocks = bytes * eighths / 8 / 512;
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact prune::child --ignored");
        let status = command("sh", &place).args(["-c", &script]).arg(&exe).status().unwrap();
        ends.push(status.code());
        assert_all_or_nothing(&place, &content);
    }
    assert!(ends.contains(&Some(42)) && ends.contains(&Some(0)), "{ends:?}");
}
