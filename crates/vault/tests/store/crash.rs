//! The process is killed at any instruction, or the file cannot grow: the
//! vault opens, nothing committed is lost, nothing half-written is visible.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use vault::*;

use crate::support::*;

const PATH: &str = "VAULT_TEST_PATH";
const PAGE: u64 = 20;
const PAGES: u64 = 60;

/// Extracts again and again, each time with another content, taking up what
/// an earlier process left.
fn extract(path: &Path, rounds: usize) -> Result<()> {
    for _ in 0..rounds {
        let mut vault = Vault::open_for_writing(path, "child")?;
        let instance = vault.instance(URL)?;
        let (id, done) = match vault.resumable_run(instance, "{}")? {
            Some(found) => {
                vault.reopen_run(found.run)?;
                let pages = found.streams.into_iter().flat_map(|stream| stream.committed);
                (found.run, pages.map(|page| page.0).collect())
            }
            None => (vault.begin_run(&start(instance, "{}"))?, BTreeSet::new()),
        };
        let writer = vault.into_writer();
        let run = Run { id, instance, writer };
        run.writer.stream(run.stream(0))?;
        for offset in (0..PAGES).map(|page| page * PAGE).filter(|offset| !done.contains(offset)) {
            let seen = |key: u64| seen(key, key * 1_000 + id.number().cast_unsigned());
            let objects: Vec<_> = (offset..offset + PAGE).map(seen).collect();
            let objects = run.records(&objects);
            let (rows, limit) = (PAGE as u32, PAGE as u32);
            run.writer.page(Page { run: id, stream: 0, offset, limit, rows, objects })?;
        }
        run.writer.finish(end(id, RunState::Complete, &[whole("dashboard")]))?;
        run.writer.close()?;
    }
    Ok(())
}

/// Not a test: what the child processes of the tests below run.
#[test]
#[ignore = "run by other tests as a process of its own"]
fn child() {
    let path = std::env::var_os(PATH).expect("run by another test");
    if let Err(error) = extract(path.as_ref(), usize::MAX) {
        assert!(matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::Io), "{error:?}");
        std::process::exit(42);
    }
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Committed pages and the objects seen by the newest run must be the same.
fn assert_progress_agrees(place: &Place) {
    let connection = place.sqlite();
    let set = |sql: &str| -> BTreeSet<i64> {
        let mut select = connection.prepare(sql).unwrap();
        select.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let pages = set("SELECT first_row FROM progress WHERE run = (SELECT max(id) FROM run)");
    let seen = set("SELECT CAST(o.key AS INTEGER) FROM sighting s JOIN object o ON o.id = s.object
         WHERE s.run = (SELECT max(id) FROM run)");
    let committed = pages.iter().flat_map(|first| *first..*first + PAGE.cast_signed()).collect();
    assert_eq!(seen, committed);
    let reader = place.reader();
    let mut rows = Vec::new();
    reader.list(&ListFilter::of("dashboard"), |row| rows.push(row)).unwrap();
    for row in rows {
        let key: u64 = row.key.parse().unwrap();
        let run = row.from_run.number().cast_unsigned();
        let stored = reader.show(row.instance, "dashboard", &row.key).unwrap().unwrap();
        assert_eq!(stored.body, seen_body(key, run));
    }
}

fn seen_body(key: u64, run: u64) -> Vec<u8> {
    seen(key, key * 1_000 + run).body().into_bytes()
}

fn assert_not_damaged(place: &Place) {
    let report = place.verify();
    assert_ne!(report.verdict, Verdict::Damaged, "{:#?}", report.findings);
}

#[test]
fn a_killed_writer_leaves_a_sound_vault_that_the_next_one_takes_up() {
    let place = Place::new();
    place.open();
    let exe = std::env::current_exe().unwrap();
    for kill in 0u64..30 {
        let mut child = command(exe.to_str().unwrap())
            .args(["--exact", "crash::child", "--ignored"])
            .env(PATH, place.path())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(15 + kill * 37 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_not_damaged(&place);
        assert_progress_agrees(&place);
    }
    let before = place.reader().runs(1).unwrap()[0].id;
    extract(&place.path(), 1).unwrap();
    assert!(place.reader().runs(1).unwrap()[0].id.number() >= before.number());
    assert_eq!(place.reader().runs(1).unwrap()[0].state, RunState::Complete);
    place.assert_sound();
}

#[test]
fn a_file_that_cannot_grow_is_a_typed_error_and_the_vault_stays_sound() {
    let exe = std::env::current_exe().unwrap();
    for kilobytes in [60, 120, 200, 300, 420, 600] {
        let place = Place::new();
        place.open();
        // With the signal ignored, a write beyond the limit is an I/O error.
        let script =
            format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" --exact crash::child --ignored", kilobytes * 2);
        let status = command("sh").args(["-c", &script]).arg(&exe).env(PATH, place.path()).status().unwrap();
        assert_eq!(status.code(), Some(42), "with {kilobytes} KB");
        assert_not_damaged(&place);
        assert_progress_agrees(&place);
        extract(&place.path(), 1).unwrap();
        assert_not_damaged(&place);
    }
}
