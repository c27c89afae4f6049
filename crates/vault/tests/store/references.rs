//! References: found as a plain walk finds them, stored with bodies, answered
//! from tables, searched again when the rules change.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use vault::*;

use crate::support::*;

const fn to(kind: &'static str, path: &'static [&'static str]) -> ReferencePattern {
    ReferencePattern { path, kind }
}

const fn rules(references: &'static [ReferencePattern]) -> Rules {
    Rules { volatile: &[], redact: &[], references }
}

const NONE: Rules = rules(&[]);
const DASHBOARD: Rules = rules(&[
    to("folder", &["folder_id"]),
    to("look", &["tiles", "look_id"]),
    to("model", &["tiles", "model"]),
]);
const LOOK: Rules = rules(&[to("folder", &["folder_id"]), to("query", &["query_id"])]);

fn rules_of(kind: &str) -> Rules {
    if kind == "dashboard" { DASHBOARD } else { LOOK }
}

/// What is found, as `kind key` lines.
fn lines(references: &[Reference]) -> Vec<String> {
    references.iter().map(|reference| format!("{} {}", reference.kind, reference.key)).collect()
}

fn found(document: &str, rules: &Rules) -> Vec<String> {
    lines(&canonicalise(document.as_bytes(), &rules.compile()).unwrap().references)
}

/// The simplest walk there can be: all values at the end of a path.
fn plain_walk(value: &Value, path: &[&str], key: &mut impl FnMut(String)) {
    match (value, path) {
        (Value::Array(values), _) => values.iter().for_each(|value| plain_walk(value, path, key)),
        (Value::Object(members), [first, rest @ ..]) => {
            if let Some(value) = members.get(*first) {
                plain_walk(value, rest, key);
            }
        }
        (Value::String(text), []) if !text.is_empty() => key(text.clone()),
        (Value::Number(number), []) => key(number.to_string()),
        _ => {}
    }
}

const AT_RANDOM: Rules = rules(&[
    to("folder", &["a"]),
    to("look", &["a", "b"]),
    to("query", &["a", "b"]),
    to("folder", &["b", "é\n"]),
    to("user", &["b", "a", "b"]),
    to("nothing", &[]),
]);

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..100).prop_map(Value::from),
        prop::sample::select(vec!["", "7", "a b", "é\n\"\\", "\u{1}", "99"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "é\n"]).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::hash_map(key, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_walk_finds_what_a_plain_walk_finds(document in documents(), pretty: bool) {
        let mut expected = BTreeSet::new();
        for pattern in AT_RANDOM.references.iter().filter(|pattern| !pattern.path.is_empty()) {
            plain_walk(&document, pattern.path, &mut |key| {
                expected.insert(Reference { kind: pattern.kind.into(), key });
            });
        }
        let raw = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let split = canonicalise(raw.unwrap().as_bytes(), &AT_RANDOM.compile()).unwrap();
        prop_assert_eq!(&split.references, &expected.into_iter().collect::<Vec<_>>());
        let again = canonicalise(&split.body, &AT_RANDOM.compile()).unwrap();
        prop_assert_eq!(again.references, split.references);
    }
}

#[test]
fn null_and_nothing_refer_to_nothing_and_an_array_to_many() {
    const LONG: Rules = rules(&[to("x", &["a"]), to("x", &[])]);
    let document = r#"{"folder_id":"","tiles":[{"look_id":null,"model":{"look_id":1}},{"look_id":[3,"12",[3]]},
        {"look_id":true,"model":"caf\u00e9 \"x\"\/"}],"look_id":5}"#;
    assert_eq!(found(document, &DASHBOARD), ["look 12", "look 3", "model café \"x\"/"]);
    assert_eq!(found(document, &NONE), [""; 0]);
    assert_eq!(found(r#"{"a":12345678901234567890123}"#, &LONG), ["x 12345678901234567890123"]);
    assert_eq!(found("12345678901234567890123", &LONG), [""; 0]);
}

#[test]
fn what_is_cut_out_or_redacted_gives_no_reference() {
    const RULES: Rules = Rules {
        volatile: &[FieldPattern::Anywhere("can"), FieldPattern::Path(&["last", "run"])],
        redact: &[FieldPattern::Anywhere("secret")],
        references: &[
            to("can", &["can", "id"]),
            to("run", &["last", "run"]),
            to("user", &["last", "user"]),
            to("secret", &["secret"]),
            to("deep", &["secret", "id"]),
        ],
    };
    let document = r#"{"can":{"id":1},"last":{"run":2,"user":3},"secret":"s3cret"}"#;
    assert_eq!(found(document, &RULES), ["user 3"]);
    assert_eq!(found(r#"{"secret":{"id":"s3cret"},"last":[]}"#, &RULES), [""; 0]);
}

fn record(kind: &'static str, key: &str, document: &str, codec: &Codec) -> Record {
    let split = canonicalise(document.as_bytes(), &rules_of(kind).compile()).unwrap();
    Record {
        kind: kind.into(),
        body: BodyHash::of(&split.body),
        encoded: Some(codec.encode(kind, &split.body)),
        references: split.references,
        ..seen(key, 0).record(codec)
    }
}

fn indexed(place: &Place) -> Vault {
    let mut vault = place.open();
    vault.index_references(&[("dashboard", &DASHBOARD), ("look", &LOOK)], &mut |_| ()).unwrap();
    vault
}

/// A complete run that sees exactly these: kind, key and document.
fn see_all(vault: Vault, objects: &[(&'static str, &str, &str)], trashed: &[&str]) -> RunId {
    let run = Run::begin(vault, "{}");
    let side = |key: &str| if trashed.contains(&key) { Side::Trash } else { Side::Live };
    let codec = run.writer.codec();
    let records = objects
        .iter()
        .map(|(kind, key, document)| Record { side: side(key), ..record(kind, key, document, &codec) });
    run.writer.items(run.id, records.collect()).unwrap();
    let id = run.id;
    run.finish(RunState::Complete, &[whole("dashboard"), whole("look"), whole("folder")]);
    id
}

const D1: &str = r#"{"folder_id":"1","tiles":[{"look_id":"12"},{"model":"shop"},{"look_id":77}]}"#;
const D2: &str = r#"{"folder_id":"1","tiles":[{"look_id":"12"}]}"#;
const D2_LATER: &str = r#"{"folder_id":"2","tiles":[]}"#;
const D3: &str = r#"{"folder_id":"404","tiles":[{"look_id":"405"}]}"#;
const L12: &str = r#"{"folder_id":"1","query_id":"q1"}"#;

/// Two runs: dashboard 2 moves, dashboard 3 goes to the trash.
fn told() -> (Place, RunId, RunId, InstanceId) {
    let place = Place::new();
    let folders = [("folder", "1", r#"{"name":"a"}"#), ("folder", "2", r#"{"name":"b"}"#)];
    let rest = [("dashboard", "1", D1), ("dashboard", "2", D2), ("dashboard", "3", D3), ("look", "12", L12)];
    let first = see_all(indexed(&place), &[&folders[..], &rest].concat(), &[]);
    let later =
        [("dashboard", "1", D1), ("dashboard", "2", D2_LATER), ("dashboard", "3", D3), ("look", "12", L12)];
    let second = see_all(indexed(&place), &[&folders[..], &later].concat(), &["3"]);
    place.assert_sound();
    let instance = place.reader().instances().unwrap()[0].id;
    (place, first, second, instance)
}

fn names(referrers: &[Referrer]) -> Vec<String> {
    referrers.iter().map(|found| format!("{} {} {}", found.kind, found.key, found.side.name())).collect()
}

/// What leads nowhere, with who holds it.
fn dangling_lines(reader: &Reader, of: AsOf, kind: &str) -> Vec<String> {
    let line = |key: String| {
        let referrers = reader.live_referrers(of, kind, &key, None).unwrap();
        format!("{kind} {key}: {:?}", names(&referrers))
    };
    reader.unknown_keys(of, kind, kind).unwrap().into_iter().map(line).collect()
}

/// All that can be asked of the references of an instance at a moment.
fn answers(reader: &Reader, of: AsOf) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in ["folder", "look", "dashboard"] {
        for key in ["1", "2", "12", "77", "404", "405"] {
            lines.push(format!("{kind} {key}: {:?}", names(&reader.referrers(of, kind, key).unwrap())));
            lines.push(format!("{:?}", reader.body_of(of, kind, key).unwrap()));
        }
        lines.extend(dangling_lines(reader, of, kind));
        lines.extend(names(&reader.unreferred(of, kind, &["dashboard", "look"]).unwrap()));
        reader.bodies(of, kind, |key, body| lines.push(format!("{key} {body:?}"))).unwrap();
    }
    let mut kinds: Vec<String> = reader.live_kinds(of).unwrap().into_iter().collect();
    kinds.sort();
    lines.extend(kinds);
    lines
}

#[test]
fn the_past_answers_as_it_did_when_it_was_the_present() {
    let place = Place::new();
    let folders = [("folder", "1", r#"{"name":"a"}"#), ("folder", "2", r#"{"name":"b"}"#)];
    let [d1, d3, look] = [("dashboard", "1", D1), ("dashboard", "3", D3), ("look", "12", L12)];
    let days: [(Vec<_>, &[&str]); 4] = [
        ([&folders[..], &[d1, ("dashboard", "2", D2), d3, look]].concat(), &[]),
        ([&folders[..], &[d1, ("dashboard", "2", D2_LATER), d3, look]].concat(), &["3"]),
        ([&folders[1..], &[d1, ("dashboard", "2", D2)]].concat(), &["1"]),
        (vec![look], &[]),
    ];
    let mut past = Vec::new();
    for (objects, trashed) in days {
        let run = see_all(indexed(&place), &objects, trashed);
        let reader = place.reader();
        let now = AsOf::from(reader.instances().unwrap()[0].id);
        past.push((AsOf { run: Some(run), ..now }, answers(&reader, now)));
    }
    for (then, told) in &past {
        assert_eq!(answers(&place.reader(), *then), *told, "{then:?}");
    }
    assert!(past.windows(2).all(|days| days[0].1 != days[1].1), "the days differ");
}

#[test]
fn references_are_told_as_of_any_run() {
    let (place, first, second, instance) = told();
    let reader = place.reader();
    let from =
        |key: &str, run| lines(&reader.references_from(AsOf { instance, run }, "dashboard", key).unwrap());
    assert_eq!(from("1", None), ["folder 1", "look 12", "look 77", "model shop"]);
    assert_eq!(from("2", None), ["folder 2"]);
    assert_eq!(from("2", Some(second)), ["folder 2"]);
    assert_eq!(from("2", Some(first)), ["folder 1", "look 12"]);
    assert_eq!(from("9", None), [""; 0]);
    assert_eq!(reader.unindexed_kinds().unwrap(), ["folder"], "nobody gave rules for folders");
}

#[test]
fn referrers_and_referred_keys_are_those_of_current_objects() {
    let (place, _, _, instance) = told();
    let reader = place.reader();
    let referrers = |kind, key| names(&reader.referrers(instance, kind, key).unwrap());
    assert_eq!(referrers("look", "12"), ["dashboard 1 live"]);
    assert_eq!(referrers("folder", "1"), ["dashboard 1 live", "look 12 live"]);
    assert_eq!(referrers("look", "405"), ["dashboard 3 trash"]);
    assert_eq!(referrers("user", "1"), [""; 0]);
    let keys = |kind, sides: &[Side]| reader.referred_keys(instance, kind, sides).unwrap();
    assert_eq!(keys("look", &[Side::Live]), ["12", "77"]);
    assert_eq!(keys("look", &[Side::Live, Side::Trash]), ["12", "405", "77"]);
    assert_eq!(keys("query", &[Side::Live]), ["q1"]);
    let other = place.open().instance("https://other.example").unwrap();
    assert_eq!(place.reader().referred_keys(other, "look", &[Side::Live]).unwrap(), Vec::<String>::new());
    assert_eq!(place.reader().referrers(other, "look", "12").unwrap(), []);
}

#[test]
fn dangling_references_are_named_with_who_holds_them() {
    let (place, _, _, instance) = told();
    let dangling = |kind: &str| -> Vec<String> { dangling_lines(&place.reader(), instance.into(), kind) };
    assert_eq!(dangling("look"), [r#"look 77: ["dashboard 1 live"]"#]);
    assert_eq!(dangling("folder"), [""; 0]);
    let unknown = |kind| place.reader().unknown_keys(instance, kind, kind).unwrap();
    assert_eq!(unknown("look"), ["77"], "405 is known to an object in the trash only");
    assert_eq!(unknown("folder"), [""; 0]);
    let rest = [("folder", "1", r#"{"name":"a"}"#), ("dashboard", "1", D1), ("look", "12", L12)];
    see_all(indexed(&place), &rest, &["12"]);
    assert_eq!(dangling("look"), [r#"look 77: ["dashboard 1 live"]"#], "the trash is there");
    see_all(indexed(&place), &rest[1..2], &[]);
    assert_eq!(dangling("folder"), [r#"folder 1: ["dashboard 1 live"]"#]);
    assert_eq!(dangling("look"), [r#"look 12: ["dashboard 1 live"]"#, r#"look 77: ["dashboard 1 live"]"#]);
}

fn rows(place: &Place) -> u64 {
    let count = "SELECT count(*) FROM reference";
    place.sqlite().query_row(count, (), |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

#[test]
fn equal_bodies_share_references_and_a_forgotten_body_takes_them_along() {
    let place = Place::new();
    see_all(indexed(&place), &[("dashboard", "1", D1), ("dashboard", "2", D1)], &[]);
    assert_eq!(rows(&place), 4);
    let run = Run::begin(indexed(&place), "{}");
    let codec = run.writer.codec();
    for document in [D3, D2] {
        run.writer.items(run.id, vec![record("dashboard", "5", document, &codec)]).unwrap();
    }
    run.finish(RunState::Complete, &[]);
    assert_eq!(rows(&place), 6, "the body with D3 was replaced within its run");
    place.assert_sound();
}

#[test]
fn a_body_left_by_a_crash_takes_its_references_along() {
    let place = Place::new();
    let run = Run::begin(indexed(&place), "{}");
    let codec = run.writer.codec();
    for document in [D1, D2] {
        run.writer.items(run.id, vec![record("dashboard", "5", document, &codec)]).unwrap();
    }
    run.writer.flush().unwrap();
    assert_eq!(rows(&place), 6);
    run.writer.close().unwrap();
    drop(place.open());
    assert_eq!(rows(&place), 2);
}

#[test]
fn other_rules_search_what_is_stored_again() {
    let place = Place::new();
    let mut vault = place.open();
    assert_eq!(vault.index_references(&[("dashboard", &NONE), ("look", &LOOK)], &mut |_| ()).unwrap(), 0);
    let run = Run::begin(vault, "{}");
    let codec = run.writer.codec();
    let unsearched = Record { references: Vec::new(), ..record("dashboard", "1", D1, &codec) };
    run.writer.items(run.id, vec![unsearched, record("look", "12", L12, &codec)]).unwrap();
    run.finish(RunState::Complete, &[]);
    place.assert_sound();
    assert_eq!(rows(&place), 2);

    let index = |rules: &Rules| {
        let mut told = Vec::new();
        let kinds = [("dashboard", rules), ("look", &LOOK)];
        let searched = place.open().index_references(&kinds, &mut |bodies| told.push(bodies)).unwrap();
        place.assert_sound();
        (searched, told, rows(&place))
    };
    assert_eq!(index(&DASHBOARD), (1, vec![1], 6));
    assert_eq!(index(&DASHBOARD), (0, vec![], 6));
    assert_eq!(index(&LOOK), (1, vec![1], 3));
    assert_eq!(index(&NONE), (1, vec![1], 2));
}

#[test]
fn an_interrupted_search_is_taken_up_where_it_stopped() {
    let place = Place::new();
    let run = place.run("{}");
    let codec = run.writer.codec();
    let dashboard = |key: u64| {
        let document = format!(r#"{{"folder_id":{key}}}"#);
        Record { references: Vec::new(), ..record("dashboard", &key.to_string(), &document, &codec) }
    };
    run.writer.items(run.id, (0..700).map(dashboard).collect()).unwrap();
    run.finish(RunState::Complete, &[]);
    assert_eq!(place.reader().unindexed_kinds().unwrap(), ["dashboard"]);

    let index = |each: &mut dyn FnMut(u64)| place.open().index_references(&[("dashboard", &DASHBOARD)], each);
    catch_unwind(AssertUnwindSafe(|| index(&mut |_| panic!("the process dies")))).unwrap_err();
    let half = rows(&place);
    assert!((1..700).contains(&half), "{half}");
    assert_eq!(place.reader().unindexed_kinds().unwrap(), ["dashboard"]);
    place.assert_sound();
    assert_eq!(index(&mut |_| ()).unwrap(), 700 - half);
    assert_eq!(rows(&place), 700);
    assert_eq!(place.reader().unindexed_kinds().unwrap(), Vec::<String>::new());
    place.assert_sound();
}

/// A vault as the first schema had it, with one run and one dashboard.
fn first_schema(place: &Place) {
    let sql = include_str!("../../src/schema/0001_vault.sql");
    let sqlite = place.sqlite();
    sqlite.execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL").unwrap();
    sqlite.execute_batch(sql).unwrap();
    let checksum = blake3::hash(sql.as_bytes());
    let migration = "INSERT INTO migration VALUES (1, 'vault', ?1)";
    sqlite.execute(migration, [checksum.as_bytes().as_slice()]).unwrap();
    let rows = format!(
        "PRAGMA application_id = {};
         PRAGMA user_version = 1;
         INSERT INTO instance VALUES (1, '{URL}');
         INSERT INTO run VALUES (1, 1, 'extract', '{{}}', '{{}}', '{{}}', NULL, 'complete', 1, 0, 0, '{{}}');
         INSERT INTO object VALUES (1, 1, 'dashboard', '1', 0);",
        0x4C6B_5674
    );
    sqlite.execute_batch(&rows).unwrap();
    let body = canonicalise(D1.as_bytes(), &NONE.compile()).unwrap().body;
    let insert = "INSERT INTO body VALUES (1, ?1, 'dashboard', ?2, NULL, ?3)";
    let packed = zstd::bulk::compress(&body, 3).unwrap();
    sqlite.execute(insert, (BodyHash::of(&body).0, body.len() as i64, packed)).unwrap();
    let version = "INSERT INTO version VALUES (1, 1, 1, NULL, 0, 1, 'One', '1', NULL, NULL, 0)";
    sqlite.execute(version, ()).unwrap();
}

#[test]
fn a_vault_of_the_first_schema_is_migrated_and_indexed() {
    let place = Place::new();
    first_schema(&place);
    let older = Vault::open_for_reading(&place.path()).unwrap_err();
    assert!(matches!(older, VaultError::Older { found: 1, .. }), "{older}");
    let mut vault = place.open();
    let instance = vault.instance(URL).unwrap();
    place.assert_sound();
    assert_eq!(place.reader().unindexed_kinds().unwrap(), ["dashboard"]);
    assert_eq!(vault.index_references(&[("dashboard", &DASHBOARD)], &mut |_| ()).unwrap(), 1);
    place.assert_sound();
    let found = place.reader().references_from(instance, "dashboard", "1").unwrap();
    assert_eq!(lines(&found), ["folder 1", "look 12", "look 77", "model shop"]);
    assert_eq!(names(&place.reader().referrers(instance, "look", "77").unwrap()), ["dashboard 1 live"]);
}

#[test]
fn a_missing_or_extra_reference_is_damage_named_by_kind_and_key() {
    for (damage, expected) in [
        ("DELETE FROM reference WHERE key = '77'", "a reference of a document is missing: to look 77, "),
        (
            "UPDATE reference SET key = '5' WHERE key = 'shop'",
            "a reference is stored that the document does not have: to model 5, ",
        ),
        (
            "INSERT INTO reference SELECT body, kind, 'x' FROM reference WHERE key = '77'",
            "a reference is stored that the document does not have: to look x, ",
        ),
        (
            "DELETE FROM reference_rules WHERE kind = 'dashboard'",
            "a reference is stored that the document does not have: to look 77, ",
        ),
    ] {
        let place = Place::new();
        see_all(indexed(&place), &[("dashboard", "1", D1)], &[]);
        place.sqlite().execute(damage, ()).unwrap();
        let report = place.verify();
        assert_eq!(report.verdict, Verdict::Damaged, "{damage}");
        let found: Vec<_> =
            report.findings.iter().map(|finding| format!("{}: {}", finding.what, finding.place)).collect();
        let named = |line: &String| line.starts_with(expected) && line.ends_with("dashboard 1");
        assert!(found.iter().any(named), "{found:?}");
    }
}
