//! What is kept for search, compared with what the documents say.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vault::*;

use crate::support::*;

/// Finds the words of `title`, `text` and `code`, each a list of texts, and the
/// fields in `uses`, written `model/explore/field`.
const INDEXER: Indexer = Indexer { edition: "one", find };
const LATER: Indexer = Indexer { edition: "two", find: find_nothing_but_titles };

fn find(_: &str, body: &[u8]) -> Indexed {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    let list = |key: &str| -> Vec<String> {
        let list = body[key].as_array().cloned().unwrap_or_default();
        list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let sorts = [("title", TextSort::Title), ("text", TextSort::Text), ("code", TextSort::Code)];
    let texts = sorts.into_iter().flat_map(|(key, sort)| list(key).into_iter().map(move |text| (sort, text)));
    let field = |text: &String| {
        let mut parts = text.split('/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        FieldName { model: next(), explore: next(), name: next() }
    };
    Indexed { texts: texts.collect(), fields: list("uses").iter().map(field).collect() }
}

fn find_nothing_but_titles(kind: &str, body: &[u8]) -> Indexed {
    let mut found = find(kind, body);
    found.texts.retain(|(sort, _)| *sort == TextSort::Title);
    found.fields.clear();
    found
}

fn record(kind: &'static str, key: &str, body: &str, codec: &Codec) -> Record {
    Record {
        kind: kind.into(),
        body: BodyHash::of(body.as_bytes()),
        encoded: Some(codec.encode(kind, body.as_bytes())),
        ..seen(key, 0).record(codec)
    }
}

/// One complete run that sees exactly these dashboards.
fn see_all(vault: Vault, objects: &[(&str, &str)]) -> RunId {
    let run = Run::begin(vault, "{}");
    let codec = run.writer.codec();
    let records = objects.iter().map(|(key, body)| record("dashboard", key, body, &codec)).collect();
    run.writer.items(run.id, records).unwrap();
    let id = run.id;
    run.finish(RunState::Complete, &[whole("dashboard")]);
    id
}

fn index(place: &Place) -> u64 {
    place.open().index_content(&INDEXER, &mut |_| ()).unwrap()
}

fn found(place: &Place, terms: &str, moment: Period) -> Vec<String> {
    let reader = place.reader();
    let terms = Terms::parse(terms).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    let search =
        Search { instance, terms: &terms, kinds: &[], sides: &[Side::Live], moment, limit: usize::MAX };
    reader.search(&search).unwrap().hits.into_iter().map(|hit| hit.key).collect()
}

fn assert_sound(place: &Place) {
    let report = place.reader().verify_with(&INDEXER, &mut |_| ()).unwrap();
    assert_eq!(report.verdict, Verdict::Sound, "{:#?}", report.findings);
    let loose = "SELECT count(*) FROM seal WHERE name LIKE 'body_t%' AND sum = unhex(printf('%.32c', 'f'))";
    let loose: i64 = place.sqlite().query_row(loose, (), |row| row.get(0)).unwrap();
    assert_eq!(loose, 0, "the index is sealed once it is written");
}

#[test]
fn words_are_found_now_then_and_ever() {
    let place = Place::new();
    let first = see_all(
        place.open(),
        &[
            ("1", r#"{"title":["Net revenue"],"text":["by région"]}"#),
            ("2", r#"{"text":["net of tax","revenue"],"title":["Tax"]}"#),
        ],
    );
    let second = see_all(
        place.open(),
        &[
            ("1", r#"{"title":["Gross revenue"]}"#),
            ("2", r#"{"text":["net of tax","revenue"],"title":["Tax"]}"#),
        ],
    );
    assert_eq!(found(&place, "revenue", Period::Now), [""; 0], "nothing was searched yet");
    assert_eq!(place.reader().unsearched(&INDEXER, 9).unwrap(), 3);
    assert_eq!(index(&place), 3);
    assert_eq!(place.reader().unsearched(&INDEXER, 9).unwrap(), 0);
    assert_eq!(found(&place, "revenue", Period::Now), ["1", "2"], "titles come first");
    assert_eq!(found(&place, "net revenue", Period::Now), ["2"]);
    assert_eq!(found(&place, "\"net revenue\"", Period::Now), [""; 0]);
    assert_eq!(found(&place, "net revenue", Period::At(first)), ["1", "2"]);
    assert_eq!(found(&place, "\"net revenue\"", Period::At(first)), ["1"]);
    assert_eq!(found(&place, "\"net revenue\"", Period::At(second)), [""; 0]);
    assert_eq!(found(&place, "REGION", Period::Ever), ["1"]);
    assert_eq!(found(&place, "rev* -tax", Period::Now), ["1"]);
    assert_eq!(found(&place, "\"tax revenue\"", Period::Now), [""; 0], "no phrase over two texts");
    assert_sound(&place);
}

#[test]
fn what_was_found_ever_is_told_with_its_time() {
    let place = Place::new();
    let (old, new) = (r#"{"text":["old"]}"#, r#"{"text":["new"]}"#);
    let runs: Vec<RunId> =
        [old, new, old, r#"{"text":["old","er"]}"#].map(|body| see_all(place.open(), &[("1", body)])).into();
    index(&place);
    let (reader, terms) = (place.reader(), Terms::parse("old").unwrap());
    let instance = reader.instances().unwrap()[0].id;
    let sides = [Side::Live, Side::Trash];
    let search = Search {
        instance,
        terms: &terms,
        kinds: &["dashboard"],
        sides: &sides,
        moment: Period::Ever,
        limit: 5,
    };
    let answer = reader.search(&search).unwrap();
    assert_eq!((answer.found, answer.more), (1, false));
    assert_eq!(answer.hits[0].spans, [(runs[2], None), (runs[0], Some(runs[1]))]);
    assert_eq!(answer.hits[0].body, br#"{"text":["old","er"]}"#, "the newest one is shown");
    let none = Search { kinds: &["look"], ..search };
    assert_eq!(reader.search(&none).unwrap().found, 0);
}

/// Few words that begin so are spelt out, very many and those with letters beyond ASCII are
/// not: the answer must not depend on it.
#[test]
fn what_begins_so_is_found_whichever_way_it_is_asked_for() {
    let place = Place::new();
    let words: Vec<String> =
        (0..60).map(|n| format!("w{n}")).chain(["größe", "grad", "wé", "w"].map(str::to_owned)).collect();
    let objects: Vec<(String, String)> = (1..)
        .zip(&words)
        .map(|(key, word)| (format!("{key}"), format!(r#"{{"title":["All {word}"],"text":["x {word}.y"]}}"#)))
        .collect();
    let objects: Vec<(&str, &str)> =
        objects.iter().map(|(key, body)| (key.as_str(), body.as_str())).collect();
    see_all(place.open(), &objects);
    index(&place);
    let having = |beginning: &str| -> BTreeSet<String> {
        let begins = |(_, word): &(usize, &String)| word.starts_with(beginning);
        (1..).zip(&words).filter(begins).map(|(key, _)| key.to_string()).collect()
    };
    let asked = |terms: &str| -> BTreeSet<String> { found(&place, terms, Period::Now).into_iter().collect() };
    for beginning in ["w", "w1", "w12", "w59", "w60", "gr", "grö", "gra", "z"] {
        assert_eq!(asked(&format!("{beginning}*")), having(beginning), "{beginning}");
        assert_eq!(
            asked(&format!("\"all {}\"*", beginning.to_uppercase())),
            having(beginning),
            "{beginning}"
        );
        let others: BTreeSet<String> = &having("") - &having(beginning);
        assert_eq!(asked(&format!("x -{beginning}*")), others, "{beginning}");
    }
    assert_eq!(asked("\"x w5.\"*"), having("w5"));
    assert_eq!(asked("w5* w55.y*"), having("w55"));
    assert_sound(&place);
}

/// What is not shown is not put in order; what is shown must not depend on it.
#[test]
fn a_shorter_answer_is_the_beginning_of_the_longer_one() {
    let place = Place::new();
    let text = |title: &str, times: usize| {
        format!(r#"{{"title":["{title}"],"text":["{}end"]}}"#, "word ".repeat(times))
    };
    let first: Vec<String> =
        (0..12).map(|n| text(if n % 3 == 0 { "A word" } else { "None" }, (n * 5) % 12)).collect();
    let keys: Vec<String> = (1..=12).map(|key| key.to_string()).collect();
    let seen = |bodies: &[String]| {
        let objects: Vec<(&str, &str)> =
            keys.iter().zip(bodies).map(|(key, body)| (key.as_str(), body.as_str())).collect();
        see_all(place.open(), &objects)
    };
    let run = seen(&first);
    let second: Vec<String> =
        (0..12).map(|n| text(if n % 4 == 0 { "Words and word" } else { "None" }, (n * 7) % 12)).collect();
    seen(&second);
    index(&place);
    let (reader, terms) = (place.reader(), Terms::parse("word").unwrap());
    let instance = reader.instances().unwrap()[0].id;
    for moment in [Period::Now, Period::At(run), Period::Ever] {
        let ask = |limit| {
            let search = Search { instance, terms: &terms, kinds: &[], sides: &[Side::Live], moment, limit };
            reader.search(&search).unwrap()
        };
        let whole = ask(usize::MAX);
        let keys: Vec<&str> = whole.hits.iter().map(|hit| hit.key.as_str()).collect();
        assert!(keys.len() > 9 && !keys.is_sorted(), "{moment:?}: {keys:?}");
        for limit in 0..=keys.len() {
            let part = ask(limit);
            assert_eq!(part.hits, whole.hits[..limit], "{moment:?} {limit}");
            assert_eq!((part.found, part.more), (whole.found, whole.more), "{moment:?} {limit}");
        }
    }
}

#[test]
fn another_edition_searches_everything_again_and_takes_up_what_was_interrupted() {
    let place = Place::new();
    let bodies: Vec<String> =
        (0..1_200).map(|n| format!(r#"{{"title":["t{n}"],"text":["common"]}}"#)).collect();
    let keys: Vec<String> = (0..1_200).map(|n| n.to_string()).collect();
    let objects: Vec<(&str, &str)> =
        keys.iter().zip(&bodies).map(|(key, body)| (key.as_str(), body.as_str())).collect();
    see_all(place.open(), &objects);
    assert_eq!(index(&place), 1_200);
    assert_eq!(place.reader().unsearched(&LATER, 5_000).unwrap(), 1_200);
    let mut vault = place.open();
    let dies =
        std::panic::AssertUnwindSafe(|| vault.index_content(&LATER, &mut |_| panic!("the process dies")));
    std::panic::catch_unwind(dies).unwrap_err();
    drop(vault);
    let left = place.reader().unsearched(&LATER, 5_000).unwrap();
    assert!((1..1_200).contains(&left), "{left}");
    assert_eq!(place.open().index_content(&LATER, &mut |_| ()).unwrap(), left);
    assert_eq!(found(&place, "common", Period::Now), [""; 0]);
    assert_eq!(found(&place, "t1199", Period::Now), ["1199"]);
    assert_sound(&place);
}

#[test]
fn a_run_searches_what_is_little_and_leaves_what_is_much() {
    let place = Place::new();
    let run = place.run("{}");
    let codec = run.writer.codec();
    let bodies = [r#"{"text":["a"]}"#, r#"{"text":["b"]}"#, r#"{"text":["c"]}"#];
    let records =
        bodies.iter().enumerate().map(|(n, body)| record("dashboard", &n.to_string(), body, &codec));
    run.writer.items(run.id, records.collect()).unwrap();
    assert_eq!(run.writer.index_content(&INDEXER, 2).unwrap(), 0);
    assert_eq!(run.writer.index_content(&INDEXER, 3).unwrap(), 3);
    run.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!(found(&place, "b", Period::Now), ["1"]);
}

#[test]
fn a_body_that_is_forgotten_is_found_no_more_and_its_place_is_searched_again() {
    let place = Place::new();
    let run = place.run("{}");
    let codec = run.writer.codec();
    let see = |body| run.writer.items(run.id, vec![record("dashboard", "1", body, &codec)]).unwrap();
    see(r#"{"text":["first"],"uses":["m/e/v.a"]}"#);
    see(r#"{"text":["second"],"uses":["m/e/v.b"]}"#);
    assert_eq!(run.writer.index_content(&INDEXER, 9).unwrap(), 2);
    see(r#"{"text":["first"],"uses":["m/e/v.a"]}"#);
    run.finish(RunState::Complete, &[whole("dashboard")]);
    assert_eq!(found(&place, "second", Period::Ever), [""; 0]);
    assert_sound(&place);
    see_all(place.open(), &[("1", r#"{"text":["third"]}"#)]);
    assert_eq!(index(&place), 1, "the row of the forgotten body was given again");
    assert_eq!(found(&place, "third", Period::Now), ["1"]);
    assert_sound(&place);
}

fn users(place: &Place, filter: &FieldFilter) -> Vec<String> {
    let reader = place.reader();
    let instance = reader.instances().unwrap()[0].id;
    let mut keys = Vec::new();
    reader.field_users(instance, filter, |user, _| keys.push(user.key)).unwrap();
    keys
}

#[test]
fn fields_are_found_by_as_much_of_their_name_as_is_known() {
    let place = Place::new();
    let first = see_all(
        place.open(),
        &[
            ("1", r#"{"uses":["shop/orders/orders.count","shop/orders/"]}"#),
            ("2", r#"{"uses":["shop/items/orders.count"]}"#),
            ("3", r#"{"uses":["//orders.count"]}"#),
            ("4", r#"{"uses":["blog/orders/posts.count"]}"#),
        ],
    );
    index(&place);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let of = |model, explore, name| {
        users(&place, &FieldFilter { model: some(model), explore: some(explore), name: some(name) })
    };
    assert_eq!(of("", "", "orders.count"), ["1", "2", "3"]);
    assert_eq!(of("", "orders", "orders.count"), ["1", "3"], "who does not say the explore may mean it");
    assert_eq!(of("shop", "", ""), ["1", "2"]);
    assert_eq!(of("", "orders", ""), ["1", "4"]);
    assert_eq!(of("shop", "orders", "posts.count"), [""; 0]);
    let (reader, all) = (place.reader(), FieldFilter::default());
    let instance = reader.instances().unwrap()[0].id;
    let fields = |filter: &FieldFilter| reader.fields_in_use(instance, filter, false).unwrap();
    assert_eq!(fields(&all).len(), 5);
    see_all(place.open(), &[("4", r#"{"uses":["blog/orders/posts.count"]}"#)]);
    let named: Vec<String> = fields(&all).into_iter().map(|field| field.name).collect();
    assert_eq!(named, ["posts.count"], "what nobody uses any more is not in use");
    let then = AsOf { instance, run: Some(first) };
    assert_eq!(reader.fields_in_use(then, &all, false).unwrap().len(), 5, "then it was");
    let mut then_used = Vec::new();
    let count = FieldFilter { name: some("orders.count"), ..all };
    reader.field_users(then, &count, |user, _| then_used.push(user.key)).unwrap();
    assert_eq!(then_used, ["1", "2", "3"]);
}

/// A vault of schema 13 had the words of titles among all others only.
#[test]
fn titles_of_a_vault_of_before_come_first_without_another_search() {
    let place = Place::new();
    see_all(
        place.open(),
        &[
            ("1", r#"{"title":["Été à Zürich","gross"],"code":["a.b"]}"#),
            ("2", r#"{"text":["ete","zurich"]}"#),
            ("3", r#"{"title":["..."]}"#),
            ("4", r#"{"title":["Zürich","Été"],"text":["gross"]}"#),
        ],
    );
    index(&place);
    let asked = ["ete", "\"ete a\"", "\"zurich gross\"", "zur* -gross", "gross"];
    let before = asked.map(|terms| found(&place, terms, Period::Now));
    let older = "DROP TRIGGER body_forgotten; DROP TABLE body_title;
         CREATE TRIGGER body_forgotten AFTER DELETE ON body BEGIN DELETE FROM body_text WHERE rowid = old.id; END;
         DELETE FROM seal WHERE name LIKE 'body_title%';
         DELETE FROM migration WHERE number > 13;
         PRAGMA user_version = 13";
    place.sqlite().execute_batch(older).unwrap();
    drop(place.open());
    assert_eq!(place.reader().unsearched(&INDEXER, 9).unwrap(), 0);
    assert_eq!(asked.map(|terms| found(&place, terms, Period::Now)), before);
    assert_eq!(before[0].last().unwrap(), "2", "the only one without the word in its title");
    assert_sound(&place);
}

#[test]
fn a_wrong_index_is_damage() {
    for (damage, expected) in [
        ("DELETE FROM body_text WHERE rowid = 1", "the words kept of a document are not its own"),
        (
            "DELETE FROM body_text WHERE rowid = 1;
             INSERT INTO body_text (rowid, title, text, code) VALUES (1, 'a', 'b', 'c d')",
            "the words kept of a document are not its own",
        ),
        (
            "INSERT INTO body_text (rowid, title, text, code) VALUES (7, 'a', 'b', 'c')",
            "words are kept of a document that is not there",
        ),
        ("DELETE FROM body_title WHERE rowid = 1", "the words kept of a document are not its own"),
        (
            "DELETE FROM body_title WHERE rowid = 1;
             INSERT INTO body_title (rowid, title) VALUES (1, 'One more')",
            "the words kept of a document are not its own",
        ),
        (
            "INSERT INTO body_title (rowid, title) VALUES (7, 'a')",
            "words are kept of a document that is not there",
        ),
        ("DELETE FROM field_use", "a field that a document uses is missing"),
        ("UPDATE field SET name = 'v.b'", "a field is kept that the document does not use"),
    ] {
        let place = Place::new();
        see_all(place.open(), &[("1", r#"{"title":["One"],"uses":["m/e/v.a"]}"#)]);
        index(&place);
        assert_sound(&place);
        place.sqlite().execute_batch(damage).unwrap();
        let report = place.reader().verify_with(&INDEXER, &mut |_| ()).unwrap();
        assert_eq!(report.verdict, Verdict::Damaged, "{damage}");
        assert!(report.findings.iter().any(|finding| finding.what == expected), "{:?}", report.findings);
        assert_eq!(
            place
                .reader()
                .verify_with(&LATER, &mut |_| ())
                .unwrap()
                .findings
                .iter()
                .any(|finding| finding.what == expected),
            expected.contains("not there"),
            "what another edition has found is not compared"
        );
    }
}

const WORDS: [&str; 6] = ["alpha", "Beta", "gamma", "délta", "beta-two", "x.y_z"];

/// A text as the words that the index should see.
fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('é', "e");
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a text has these words in a row, of the last perhaps the beginning.
fn has(text: &str, wanted: &[String], prefix: bool) -> bool {
    words(text).windows(wanted.len()).any(|row| {
        let (last, first) = (wanted.len() - 1, &row[..wanted.len() - 1]);
        *first == wanted[..last]
            && if prefix { row[last].starts_with(&wanted[last]) } else { row[last] == wanted[last] }
    })
}

type Document = Vec<Vec<&'static str>>;

fn document() -> impl Strategy<Value = Document> {
    proptest::collection::vec(proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..4), 0..4)
}

/// Words, whether they are only a beginning, and whether they are unwanted.
type Wanted = (Vec<&'static str>, bool, bool);

fn query() -> impl Strategy<Value = Vec<Wanted>> {
    let words = proptest::collection::vec(
        proptest::sample::select(&["al", "alpha", "BETA", "two", "délta", "y", "gam"][..]),
        1..3,
    );
    proptest::collection::vec((words, any::<bool>(), any::<bool>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// The index finds what a plain walk over all documents finds.
    #[test]
    fn the_index_equals_a_plain_walk(documents in proptest::collection::vec(document(), 1..8), query in query()) {
        let place = Place::new();
        let texts = |document: &Document| -> Vec<String> { document.iter().map(|words| words.join(" ")).collect() };
        let bodies: Vec<String> = documents.iter().enumerate()
            .map(|(n, document)| serde_json::json!({ "n": n, "text": texts(document) }).to_string())
            .collect();
        let keys: Vec<String> = (0..bodies.len()).map(|n| n.to_string()).collect();
        let objects: Vec<(&str, &str)> = keys.iter().zip(&bodies).map(|(k, b)| (k.as_str(), b.as_str())).collect();
        see_all(place.open(), &objects);
        index(&place);
        assert_sound(&place);
        prop_assume!(query.iter().any(|(_, _, unwanted)| !unwanted));
        let typed: Vec<String> = query.iter().map(|(words, prefix, unwanted)| {
            format!("{}\"{}\"{}", if *unwanted { "-" } else { "" }, words.join(" "), if *prefix { "*" } else { "" })
        }).collect();
        let expected: BTreeSet<String> = documents.iter().zip(&keys).filter(|(document, _)| {
            query.iter().all(|(wanted, prefix, unwanted)| {
                let wanted = words(&wanted.join(" "));
                let there = texts(document).iter().any(|text| has(text, &wanted, *prefix));
                there != *unwanted
            })
        }).map(|(_, key)| key.clone()).collect();
        let answer: BTreeSet<String> = found(&place, &typed.join(" "), Period::Now).into_iter().collect();
        prop_assert_eq!(answer, expected, "{}", typed.join(" "));
    }
}
