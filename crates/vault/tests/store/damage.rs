//! Whatever is changed behind the vault's back is found.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::OpenFlags;
use rusqlite::types::Value;
use vault::*;

use crate::support::*;

/// Bytes of a page.
const PAGE: usize = 8_192;

/// A vault with dictionaries, changes, absences and two runs.
fn prepared() -> Place {
    let place = Place::new();
    let objects: Vec<_> = (0..400).map(|key| seen(key, key * 7919)).collect();
    place.complete_run(&objects);
    let changed: Vec<_> = (10..400).map(|key| seen(key, key * 7919 + key % 2)).collect();
    place.complete_run(&changed);
    place.assert_sound();
    place
}

/// Damages a copy of the vault by SQL that ignores its rules.
fn findings(original: &Place, damage: &str) -> VerifyReport {
    let place = Place::new();
    std::fs::copy(original.path(), place.path()).unwrap();
    let connection = place.sqlite();
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
    let changed = connection.execute(damage, ()).unwrap();
    assert!(changed > 0, "{damage}");
    drop(connection);
    place.verify()
}

#[test]
fn a_flipped_bit_in_any_blob_is_found() {
    let original = prepared();
    for (table, column, row) in [
        ("body", "data", 1),
        ("body", "data", 300),
        ("body", "hash", 300),
        ("dictionary", "data", 1),
        ("dictionary", "data", 2),
        ("dictionary", "hash", 1),
        ("volatile", "data", 5),
        ("volatile", "data", 399),
    ] {
        let select = format!("SELECT {column} FROM {table} LIMIT 1 OFFSET {}", row - 1);
        let blob: Vec<u8> = original.sqlite().query_row(&select, (), |row| row.get(0)).unwrap();
        for at in (0..blob.len()).step_by(blob.len().div_ceil(12)) {
            let mut blob = blob.clone();
            // Bit 4 of a zstd frame's descriptor means nothing: not that one.
            blob[at] ^= if at % 8 == 4 { 1 } else { 1 << (at % 8) };
            let hex: Vec<String> = blob.iter().map(|byte| format!("{byte:02x}")).collect();
            let damage = format!(
                "UPDATE {table} SET {column} = x'{}'
                 WHERE rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET {})",
                hex.concat(),
                row - 1
            );
            let report = findings(&original, &damage);
            assert_eq!(report.verdict, Verdict::Damaged, "{table}.{column}, row {row}, byte {at}");
        }
    }
}

#[test]
fn a_missing_or_wrong_row_is_found() {
    let original = prepared();
    for damage in [
        "DELETE FROM body WHERE id = 7",
        "DELETE FROM dictionary WHERE part = 0",
        "DELETE FROM dictionary WHERE part = 1",
        "DELETE FROM object WHERE id = 7",
        "DELETE FROM run WHERE id = 1",
        "DELETE FROM instance",
        "DELETE FROM version WHERE until_run IS NULL AND object = 11",
        "DELETE FROM version WHERE until_run IS NOT NULL AND object = 12",
        "DELETE FROM version WHERE object = 13",
        "UPDATE version SET until_run = 2 WHERE object = 12 AND until_run IS NULL",
        "UPDATE version SET until_run = 3 WHERE object = 12 AND from_run = 1",
        "UPDATE version SET side = 7 WHERE object = 12 AND from_run = 1",
        "UPDATE body SET raw_len = raw_len + 1 WHERE id = 9",
        "UPDATE body SET raw_len = 4000000000 WHERE id = 9",
        "UPDATE body SET dictionary = NULL WHERE id = 300",
        "UPDATE volatile SET hash = hash + 1 WHERE object = 5",
        "INSERT INTO body (hash, kind, raw_len, data) VALUES (zeroblob(32), 'look', 1, x'00')",
    ] {
        let report = findings(&original, damage);
        assert_eq!(report.verdict, Verdict::Damaged, "{damage}");
        assert!(report.findings.iter().all(|finding| !finding.place.is_empty()));
    }
}

#[test]
fn a_changed_schema_is_found() {
    let original = prepared();
    for damage in ["DROP INDEX version_run", "CREATE TABLE extra (x)", "DROP TABLE gap"] {
        let place = Place::new();
        std::fs::copy(original.path(), place.path()).unwrap();
        place.sqlite().execute_batch(damage).unwrap();
        assert_eq!(place.verify().verdict, Verdict::Damaged, "{damage}");
    }
}

#[test]
fn reading_a_damaged_object_names_it() {
    let place = prepared();
    place.sqlite().execute("UPDATE body SET data = zeroblob(40)", ()).unwrap();
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let error = reader.show(instance, "dashboard", "50").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("the body of dashboard 50"), "{error}");
}

#[test]
fn reading_a_changed_volatile_part_names_it() {
    let place = prepared();
    place.sqlite().execute("UPDATE volatile SET hash = hash + 1", ()).unwrap();
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let error = reader.show(instance, "dashboard", "50").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("the volatile part of dashboard 50"), "{error}");
}

#[test]
fn a_damaged_dictionary_is_not_used_again() {
    let place = prepared();
    place.sqlite().execute("UPDATE dictionary SET data = zeroblob(2000)", ()).unwrap();
    let vault = place.open();
    let encoded = seen(1, 5).record(&vault.codec()).encoded.unwrap();
    assert_eq!(encoded.dictionary, None);
}

const RULES: Rules = Rules {
    volatile: &[],
    redact: &[],
    references: &[ReferencePattern { path: &["look_id"], kind: "look" }],
};

/// Every document uses one field and has all its letters for words, the first of them
/// for a title.
const INDEXER: Indexer = Indexer { edition: "one", find };

fn find(_: &str, body: &[u8]) -> Indexed {
    let field = FieldName { model: "m".into(), explore: "e".into(), name: "v.f".into() };
    let words: Vec<String> =
        body.chunks(8).take(200).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let texts = vec![(TextSort::Title, words[0].clone()), (TextSort::Text, words.join(" "))];
    Indexed { texts, fields: vec![field] }
}

/// A vault in which no table is empty, with long and forgotten content: pages of
/// every sort.
fn furnished() -> Place {
    let place = prepared();
    place.open().index_references(&[("dashboard", &RULES)], &mut |_| ()).unwrap();
    let run = place.run("other");
    see_long(&run, 500, 9_000);
    see_long(&run, 501, 30_000);
    run.page(0, 100, &[seen(502, 3)]);
    run.list(1, &[seen(502, 3), seen(503, 4)]);
    furnish(&run);
    run.finish(RunState::Incomplete, &[]);
    let run = place.run("{}");
    see_long(&run, 600, 60_000);
    run.finish(RunState::Complete, &[]);
    let run = place.run("{}");
    run.see(&[seen(600, 1)]);
    run.finish(RunState::Complete, &[]);
    let run = place.run("held");
    let doubt = Doubt { account: vec![Suspicion::UnknownAccount], share: None };
    let held = RunEnd { doubt, ..end(run.id, RunState::Complete, &[whole("dashboard")]) };
    assert_eq!(run.writer.finish(held).unwrap().state, RunState::Suspect);
    run.writer.close().unwrap();
    let mut vault = place.open();
    vault.index_content(&INDEXER, &mut |_| ()).unwrap();
    vault.tag("named", RunId::from_number(2), time(1)).unwrap();
    let pruning = Pruning {
        runs: [1, 4].map(RunId::from_number).into(),
        gone_since: Timestamp::MAX,
        policy: "{}".into(),
        at: time(2),
    };
    assert!(vault.prune(&pruning).unwrap().bodies > 0);
    drop(vault);
    place
}

/// Sees an object so long that its body takes pages of its own.
fn see_long(run: &Run, key: u64, length: usize) {
    let mut record = seen(key, 1).record(&run.writer.codec());
    // Letters without a pattern do not get much smaller.
    let mut next = random_numbers();
    let letters: String = (0..length).map(|_| char::from(b'a' + (next() % 26) as u8)).collect();
    let body = format!(r#"{{"long":"{letters}","look_id":"7"}}"#).into_bytes();
    record.body = BodyHash::of(&body);
    record.encoded = Some(run.writer.codec().encode("dashboard", &body));
    record.references = vec![Reference { kind: "look".into(), key: "7".into() }];
    run.writer.items(run.id, vec![record]).unwrap();
}

/// The same in every run of the tests.
fn random_numbers() -> impl FnMut() -> u64 {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    }
}

/// Writes into the tables that a run fills only now and then.
fn furnish(run: &Run) {
    let gap = Gap {
        stream: Some(0),
        kind: "dashboard".into(),
        what: GapWhat::Range { offset: 100, limit: 50 },
        reason: "502".into(),
        tries: 8,
    };
    run.writer.gap(run.id, gap).unwrap();
    let calls = CallCount {
        at: time(0),
        kind: "dashboard".into(),
        reason: "page".into(),
        ledger: "administrative".into(),
        calls: 12,
    };
    run.writer.calls(run.id, vec![calls]).unwrap();
    run.writer.refreshed(run.id, "dashboard".into(), vec!["502".into()], time(3)).unwrap();
    let read = KindRead { kind: "dashboard".into(), read_at: time(4) };
    run.writer.kind_read(run.id, read).unwrap();
    run.writer.refused(run.id, "dashboard".into(), vec!["503".into()], time(4)).unwrap();
    let pass = FullPass { kind: "dashboard".into(), extent: "{}".into(), read_at: time(4), days: 7 };
    run.writer.full_pass(run.id, pass).unwrap();
    let probe = Probe { name: "understands".into(), answer: true, at: time(5) };
    run.writer.probe(run.id, probe).unwrap();
    let restore = run.writer.begin_restore(restoring(run)).unwrap();
    let given = vec![GivenId { resource: "look".into(), key: "7".into(), id: "17".into() }];
    let lines = [StepEntry::Sent, StepEntry::Done { status: Some(200), given }];
    let line = |entry| StepRecord { restore, step: 1, entry, at: time(6) };
    run.writer.journal(lines.map(line).into()).unwrap();
    let ended = RestoreChange { state: Some(RestoreState::Complete), ..RestoreChange::default() };
    run.writer.change_restore(restore, ended).unwrap();
}

/// All that can be read: what the file says of itself, the schema, every row.
fn dump(path: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut lines = Vec::new();
    for pragma in ["application_id", "user_version", "page_size", "encoding", "auto_vacuum"] {
        connection.pragma_query(None, pragma, |row| {
            lines.push(format!("{pragma} {:?}", row.get::<_, Value>(0)?));
            Ok(())
        })?;
    }
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name";
    lines.extend(rows(&connection, schema)?);
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> =
        connection.prepare(tables)?.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for table in tables {
        lines.extend(rows(&connection, &format!("SELECT '{table}', * FROM \"{table}\""))?);
    }
    Ok(lines)
}

fn rows(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut select = connection.prepare(sql)?;
    let width = select.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let values = (0..width).map(|column| row.get::<_, Value>(column));
        Ok(format!("{:?}", values.collect::<rusqlite::Result<Vec<_>>>()?))
    };
    select.query_map((), line)?.collect()
}

/// One page of every table and index of every sort, and free ones, by number.
fn pages(place: &Place) -> Vec<(String, u64)> {
    let connection = place.sqlite();
    let used = "SELECT name || ' ' || pagetype, min(pageno) FROM dbstat GROUP BY name, pagetype
        UNION ALL SELECT name || ' ' || pagetype || ', last', max(pageno) FROM dbstat GROUP BY name, pagetype";
    let mut select = connection.prepare(used).unwrap();
    let page = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
    let mut pages: Vec<(String, u64)> = select.query_map((), page).unwrap().map(Result::unwrap).collect();
    let free = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
            WHERE i < (SELECT page_count FROM pragma_page_count))
        SELECT i FROM n WHERE i NOT IN (SELECT pageno FROM dbstat)";
    let mut select = connection.prepare(free).unwrap();
    let free = select.query_map((), |row| row.get::<_, i64>(0)).unwrap();
    pages.extend(free.map(|page| ("free".to_owned(), page.unwrap().cast_unsigned())));
    for sort in ["internal", "leaf", "overflow", "free"] {
        assert!(pages.iter().any(|(name, _)| name.contains(sort)), "no {sort} page: {pages:?}");
    }
    pages
}

#[test]
fn every_table_has_rows_to_be_damaged() {
    let place = furnished();
    let connection = place.sqlite();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> = connection
        .prepare(tables)
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for table in tables {
        let count = format!("SELECT count(*) FROM \"{table}\"");
        let count: i64 = connection.query_row(&count, (), |row| row.get(0)).unwrap();
        assert!(count > 0, "{table} is empty");
    }
}

#[test]
fn every_flipped_bit_that_can_be_read_is_found() {
    let original = furnished();
    let bytes = std::fs::read(original.path()).unwrap();
    let whole = dump(&original.path()).unwrap();
    let mut next = random_numbers();
    let mut flips: Vec<(String, usize)> = Vec::new();
    for (name, page) in pages(&original) {
        let first_bit = (page as usize - 1) * PAGE * 8;
        // What a page says of itself comes first, rows lie at its end.
        let head = if page == 1 { 108 } else { 16 };
        flips.extend((0..2).map(|_| (name.clone(), first_bit + next() as usize % (head * 8))));
        flips.extend((0..3).map(|_| (name.clone(), first_bit + next() as usize % (PAGE * 8))));
    }
    flips.extend((0..100).map(|_| ("anywhere".to_owned(), next() as usize % (bytes.len() * 8))));
    flips.extend((0..100).map(|byte| ("header".to_owned(), byte * 8 + next() as usize % 8)));
    // What says whether the file can be written: see there.
    flips.extend((18 * 8..20 * 8).map(|bit| ("ways of writing".to_owned(), bit)));
    let place = Place::new();
    std::fs::write(place.path(), &bytes).unwrap();
    let as_written = written_to(&place).unwrap();
    let mut found = 0;
    for (name, bit) in &flips {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(place.path(), bytes).unwrap();
        if is_found(&place) {
            found += 1;
            continue;
        }
        let place_in_file = format!("{name}, page {}, byte {}", bit / 8 / PAGE + 1, bit / 8 % PAGE);
        let read = dump(&place.path()).unwrap_or_else(|error| panic!("{place_in_file}: {error}"));
        let differs = read.iter().zip(&whole).find(|(read, whole)| read != whole);
        assert!(read == whole, "{place_in_file}: {differs:?}");
        // What the file says of itself matters to who writes to it.
        if bit / 8 >= 100 && bit % 5 > 0 {
            continue;
        }
        let written = written_to(&place).unwrap_or_else(|error| panic!("{place_in_file}: {error}"));
        let differs = written.iter().zip(&as_written).find(|(read, whole)| read != whole);
        assert!(written == as_written, "{place_in_file}, when written to: {differs:?}");
    }
    assert!(found > flips.len() / 3, "{found} of {}", flips.len());
}

/// The same writes each time, and all that can be read after them.
fn written_to(place: &Place) -> Result<Vec<String>> {
    let mut vault = Vault::open_for_writing(&place.path(), "test")?;
    vault.tag("late", RunId::from_number(3), time(9))?;
    let instance = vault.instance("https://other.example.com")?;
    drop(vault);
    assert!(instance.number() > 0);
    Ok(dump(&place.path()).unwrap())
}

/// A commit that is in the log only, because its writer was killed.
#[test]
fn a_flipped_bit_in_a_log_that_was_left_is_found() {
    let (original, place) = (Place::new(), Place::new());
    original.complete_run(&[seen(1, 1), seen(2, 2)]);
    let log = |place: &Place| format!("{}-wal", place.path().display());
    let mut vault = original.open();
    vault.tag("late", RunId::from_number(1), time(9)).unwrap();
    let (file, bytes) = (std::fs::read(original.path()).unwrap(), std::fs::read(log(&original)).unwrap());
    drop(vault);
    assert_eq!(std::fs::metadata(log(&original)).map_or(0, |log| log.len()), 0, "nothing is left in the log");
    std::fs::write(place.path(), &file).unwrap();
    std::fs::write(log(&place), &bytes).unwrap();
    let whole = dump(&place.path()).unwrap();
    assert!(place.verify().findings.is_empty());
    let mut next = random_numbers();
    let mut flips: Vec<usize> = (0..32 * 8).collect();
    flips.extend((0..300).map(|_| next() as usize % (bytes.len() * 8)));
    for bit in flips {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(place.path(), &file).unwrap();
        std::fs::write(log(&place), bytes).unwrap();
        if !is_found(&place) {
            let read = dump(&place.path()).unwrap();
            assert!(read == whole, "byte {} of the log", bit / 8);
        }
    }
}

/// Whether opening or verification notices.
fn is_found(place: &Place) -> bool {
    let report = Vault::open_for_reading(&place.path()).and_then(|reader| reader.verify(&mut |_| ()));
    !report.is_ok_and(|report| report.verdict != Verdict::Damaged)
}

#[test]
fn what_another_program_writes_is_found() {
    let original = furnished();
    for damage in [
        "UPDATE version SET title = 'Another' WHERE id = (SELECT max(id) FROM version)",
        "UPDATE version SET updated_at = updated_at + 1 WHERE id = (SELECT max(id) FROM version)",
        "UPDATE object SET unsettled = 1 WHERE id = 40",
        "UPDATE calls SET calls = calls + 1",
        "UPDATE tag SET name = 'other'",
        "UPDATE gap SET reason = '503'",
        "UPDATE sighting SET updated_at = 0",
        "UPDATE prune SET runs = 9",
        "UPDATE kind_read SET read_at = 0",
        "DELETE FROM refused",
        "DELETE FROM probe",
        "UPDATE body_text_docsize SET sz = x'010101' WHERE id = (SELECT max(id) FROM body_text_docsize)",
        "UPDATE body_text_docsize SET origin = origin + 1",
        "DELETE FROM body_text_idx WHERE segid = (SELECT max(segid) FROM body_text_idx)",
        "UPDATE body_title_data SET block = block || x'00' WHERE id > 10",
        "UPDATE body_title_docsize SET origin = origin + 1",
        "UPDATE restore SET plan = x'00'",
        "UPDATE restore_step SET state = 'sent'",
        "UPDATE link SET id = '18'",
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'run'",
    ] {
        let report = findings(&original, damage);
        assert_eq!(report.verdict, Verdict::Damaged, "{damage}");
    }
}

/// A vault of schema 10 knew neither restores nor seals of the index of words.
#[test]
fn a_vault_of_before_is_sealed_whole_when_it_is_opened() {
    let place = furnished();
    let older = "DROP VIEW restore_steps; DROP VIEW restores; DROP VIEW links;
         DROP TABLE restore_step; DROP TABLE link; DROP TABLE restore; DROP TABLE refused;
         DROP TRIGGER body_forgotten; DROP TABLE body_title;
         CREATE TRIGGER body_forgotten AFTER DELETE ON body BEGIN DELETE FROM body_text WHERE rowid = old.id; END;
         ALTER TABLE version DROP COLUMN confirmed_at;
         DELETE FROM migration WHERE number > 10;
         DELETE FROM seal WHERE name LIKE 'body_t%' OR name IN ('restore', 'restore_step', 'link', 'refused');
         PRAGMA user_version = 10";
    let connection = place.sqlite();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(older).unwrap();
    drop(connection);
    assert_eq!(Vault::open_for_reading(&place.path()).unwrap_err().kind(), ErrorKind::Schema);
    drop(place.open());
    let sound = place.verify();
    assert_eq!(sound.verdict, Verdict::SoundWithGaps, "{:?}", sound.findings);
    for damage in ["UPDATE body_text_docsize SET origin = origin + 1", "DELETE FROM body_title_docsize"] {
        assert_eq!(findings(&place, damage).verdict, Verdict::Damaged, "{damage}");
    }
}

#[test]
fn a_look_without_data_finds_all_but_damaged_content() {
    let original = furnished();
    let quick = |place: &Place| place.reader().verify_without_data(&mut |_| ()).unwrap();
    let sound = quick(&original);
    assert_eq!((sound.verdict, sound.bodies), (Verdict::SoundWithGaps, 0), "{:?}", sound.findings);
    for (damage, verdict) in [
        ("UPDATE version SET title = 'Another' WHERE id = (SELECT max(id) FROM version)", Verdict::Damaged),
        ("DELETE FROM body WHERE id = (SELECT max(id) FROM body)", Verdict::Damaged),
        (
            "UPDATE body SET data = zeroblob(length(data)) WHERE id = (SELECT max(id) FROM body)",
            Verdict::SoundWithGaps,
        ),
    ] {
        let place = Place::new();
        std::fs::copy(original.path(), place.path()).unwrap();
        let connection = place.sqlite();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert_eq!(connection.execute(damage, ()).unwrap(), 1);
        drop(connection);
        assert_eq!(quick(&place).verdict, verdict, "{damage}");
        assert_eq!(place.verify().verdict, Verdict::Damaged, "{damage}");
    }
}
