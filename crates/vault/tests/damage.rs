//! Whatever is changed behind the vault's back is found.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use support::*;
use vault::*;

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

#[test]
fn bytes_flipped_anywhere_in_the_file_never_make_it_panic() {
    let original = prepared();
    let bytes = std::fs::read(original.path()).unwrap();
    let mut found = 0;
    for sample in 0..60 {
        let at = (sample * 7_919 + 13) * 31 % bytes.len();
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        let place = Place::new();
        std::fs::write(place.path(), bytes).unwrap();
        let outcome = Vault::open_for_reading(&place.path()).and_then(|reader| reader.verify(&mut |_| ()));
        found += usize::from(!outcome.is_ok_and(|report| report.verdict == Verdict::Sound));
    }
    assert!(found > 10, "{found} of 60");
}
