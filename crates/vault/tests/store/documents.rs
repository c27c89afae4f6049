//! Canonical form against a plain model: a tree that is rendered in many
//! spellings and canonicalised by the simplest code that can do it.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use vault::{CompiledRules, Content, Element, Elements, FieldPattern, Rules, canonicalise, merge_volatile};

#[derive(Debug, Clone)]
enum Doc {
    Word(&'static str),
    Number(String),
    /// UTF-16, so that surrogates may stand alone.
    Text(Vec<u16>),
    Array(Vec<Doc>),
    Object(Vec<(Vec<u16>, Doc)>),
}

const NO_RULES: Rules = Rules { volatile: &[], redact: &[], references: &[] };
const VOLATILE: Rules = Rules {
    volatile: &[
        FieldPattern::Anywhere("can"),
        FieldPattern::Suffix("_url"),
        FieldPattern::Path(&["a", "b"]),
        FieldPattern::Path(&["é"]),
    ],
    redact: &[],
    references: &[],
};
const BOTH: Rules = Rules {
    volatile: VOLATILE.volatile,
    redact: &[FieldPattern::Anywhere("x"), FieldPattern::Path(&["a", "a"])],
    references: &[],
};

fn text() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![
        4 => (0x20u16..0x7f).boxed(),
        1 => (0u16..0x20).boxed(),
        1 => Just(u16::from(b'"')).boxed(),
        1 => Just(u16::from(b'\\')).boxed(),
        1 => Just(u16::from(b'/')).boxed(),
        2 => any::<u16>().boxed(),
        2 => (0xD800u16..0xE000).boxed(),
    ];
    vec(unit, 0..24)
}

fn key() -> impl Strategy<Value = Vec<u16>> {
    let common = prop::sample::select(vec![
        "a",
        "b",
        "x",
        "can",
        "x_url",
        "",
        "é",
        "a_long_key_that_shares_its_start_1",
        "a_long_key_that_shares_its_start_2",
    ]);
    prop_oneof![6 => common.prop_map(|key| key.encode_utf16().collect()), 1 => text()]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:?}")),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
    ]
}

fn doc() -> impl Strategy<Value = Doc> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["null", "true", "false"]).prop_map(Doc::Word),
        number().prop_map(Doc::Number),
        text().prop_map(Doc::Text),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Doc::Array),
            vec((key(), inner), 0..8).prop_map(Doc::Object),
        ]
    })
}

/// A small deterministic source of choices.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn space(&mut self) -> &'static str {
        ["", "", "", " ", "\n", "\t \r\n"][self.roll(6) as usize]
    }
}

fn spell(units: &[u16], dice: &mut Dice) -> String {
    let mut out = String::from("\"");
    for decoded in char::decode_utf16(units.iter().copied()) {
        let mut escape = |unit: u16| {
            let hex = format!("{unit:04x}");
            format!("\\u{}", if dice.roll(2) == 0 { hex } else { hex.to_uppercase() })
        };
        match decoded {
            Err(lone) => out += &escape(lone.unpaired_surrogate()),
            Ok(char @ ('"' | '\\')) => out += &format!("\\{char}"),
            Ok('\n') => out += "\\n",
            Ok('/') => out += "\\/",
            Ok(char) if char < ' ' || (char as u32).is_multiple_of(3) => {
                out.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| escape(*unit)));
            }
            Ok(char) => out.push(char),
        }
    }
    out + "\""
}

/// One of the many spellings of a document.
fn render(doc: &Doc, dice: &mut Dice) -> String {
    let inner = match doc {
        Doc::Word(word) => (*word).to_owned(),
        Doc::Number(lexeme) => lexeme.clone(),
        Doc::Text(units) => spell(units, dice),
        Doc::Array(values) => {
            let parts: Vec<_> = values.iter().map(|value| render(value, dice)).collect();
            format!("[{}]", if parts.is_empty() { dice.space().to_owned() } else { parts.join(",") })
        }
        Doc::Object(members) => {
            let mut order: Vec<usize> = (0..members.len()).collect();
            for index in (1..order.len()).rev() {
                order.swap(index, dice.roll(index as u64 + 1) as usize);
            }
            keep_order_of_equal_keys(&mut order, members);
            let parts: Vec<_> = order
                .iter()
                .map(|&index| {
                    let (key, value) = &members[index];
                    format!("{}{}{}:{}", dice.space(), spell(key, dice), dice.space(), render(value, dice))
                })
                .collect();
            format!("{{{}}}", parts.join(","))
        }
    };
    format!("{}{inner}{}", dice.space(), dice.space())
}

fn keep_order_of_equal_keys(order: &mut [usize], members: &[(Vec<u16>, Doc)]) {
    for (key, _) in members {
        let places: Vec<usize> = (0..order.len()).filter(|&at| members[order[at]].0 == *key).collect();
        let mut indexes: Vec<usize> = places.iter().map(|&at| order[at]).collect();
        indexes.sort_unstable();
        for (at, index) in places.into_iter().zip(indexes) {
            order[at] = index;
        }
    }
}

fn model_text(units: &[u16]) -> String {
    let mut out = String::new();
    for decoded in char::decode_utf16(units.iter().copied()) {
        out += &match decoded {
            Err(lone) => format!("\\u{:04x}", lone.unpaired_surrogate()),
            Ok('"') => "\\\"".into(),
            Ok('\\') => "\\\\".into(),
            Ok('\n') => "\\n".into(),
            Ok('\r') => "\\r".into(),
            Ok('\t') => "\\t".into(),
            Ok('\u{8}') => "\\b".into(),
            Ok('\u{c}') => "\\f".into(),
            Ok(char) if char < ' ' => format!("\\u{:04x}", char as u32),
            Ok(char) => char.to_string(),
        };
    }
    out
}

/// The canonical form, said as simply as it can be.
fn model(doc: &Doc) -> String {
    match doc {
        Doc::Word(word) => (*word).to_owned(),
        Doc::Number(lexeme) => lexeme.clone(),
        Doc::Text(units) => format!("\"{}\"", model_text(units)),
        Doc::Array(values) => {
            format!("[{}]", values.iter().map(model).collect::<Vec<_>>().join(","))
        }
        Doc::Object(members) => {
            let mut texts: Vec<_> =
                members.iter().map(|(key, value)| (model_text(key), model(value))).collect();
            texts.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            let parts: Vec<_> = texts.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{{}}}", parts.join(","))
        }
    }
}

fn compiled(rules: Rules) -> CompiledRules {
    rules.compile()
}

fn plain(raw: &[u8]) -> String {
    String::from_utf8(canonicalise(raw, &compiled(NO_RULES)).unwrap().body).unwrap()
}

/// Objects that look alike, as many members with the same first one, need not be in the
/// same order; and there may be more shapes than anybody remembers.
#[test]
fn objects_that_look_alike_are_sorted_each_by_itself() {
    let object = |keys: &[String]| {
        let members =
            keys.iter().enumerate().map(|(nth, key)| format!("{}:{nth}", Value::from(key.as_str())));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    let (mut raw, mut sorted) = (Vec::new(), Vec::new());
    for shape in (0..40).chain(0..40) {
        for turn in 0..4 {
            let mut keys: Vec<String> =
                ["z", "a_long_key_of_which_the_end_differs_2", "m", "a_long_key_of_which_the_end_differs_1"]
                    .map(|key| format!("{key}{shape}"))
                    .into();
            keys.rotate_left(turn);
            keys.insert(0, format!("y{shape}"));
            raw.push(object(&keys));
            let numbered: std::collections::BTreeMap<_, _> = keys.iter().zip(0..).collect();
            sorted.push(serde_json::to_string(&numbered).unwrap());
        }
    }
    let canonical = canonicalise(format!("[{}]", raw.join(",")).as_bytes(), &NO_RULES.compile()).unwrap();
    assert_eq!(String::from_utf8(canonical.body).unwrap(), format!("[{}]", sorted.join(",")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_spelling_has_the_canonical_form_of_the_model(doc in doc(), seed: u64) {
        let raw = render(&doc, &mut Dice(seed));
        prop_assert_eq!(plain(raw.as_bytes()), model(&doc));
    }

    #[test]
    fn canonicalising_again_changes_nothing(doc in doc(), seed: u64) {
        let raw = render(&doc, &mut Dice(seed));
        let rules = compiled(BOTH);
        let once = canonicalise(raw.as_bytes(), &rules).unwrap();
        let twice = canonicalise(&once.body, &rules).unwrap();
        prop_assert_eq!(&once.body, &twice.body);
        prop_assert_eq!(twice.volatile, None);
        if let Some(volatile) = &once.volatile {
            prop_assert_eq!(plain(volatile).into_bytes(), volatile.clone());
        }
    }

    #[test]
    fn split_and_merge_give_the_canonical_original(doc in doc(), seed: u64) {
        let raw = render(&doc, &mut Dice(seed));
        let split = canonicalise(raw.as_bytes(), &compiled(VOLATILE)).unwrap();
        let whole = match &split.volatile {
            Some(volatile) => merge_volatile(&split.body, volatile).unwrap(),
            None => split.body,
        };
        prop_assert_eq!(String::from_utf8(whole).unwrap(), model(&doc));
    }

    #[test]
    fn both_parts_depend_on_the_content_only(doc in doc(), one: u64, other: u64) {
        let rules = compiled(BOTH);
        let a = canonicalise(render(&doc, &mut Dice(one)).as_bytes(), &rules).unwrap();
        let b = canonicalise(render(&doc, &mut Dice(other)).as_bytes(), &rules).unwrap();
        prop_assert_eq!(a, b);
    }

    #[test]
    fn elements_of_an_answer_are_what_each_by_itself_is(
        objects in vec(vec((key(), doc()), 0..5), 0..5),
        seed: u64,
    ) {
        let mut dice = Dice(seed);
        let rows: Vec<String> = objects.into_iter().map(|one| render(&Doc::Object(one), &mut dice)).collect();
        let spaced: Vec<String> = rows.iter().map(|row| format!("{}{row}{}", dice.space(), dice.space())).collect();
        let answer = format!("{}[{}]{}", dice.space(), spaced.join(","), dice.space());
        let rules = compiled(VOLATILE);
        let names = ["a", "x", "é"];
        let elements: Result<Vec<Element>, _> = Elements::new(answer.as_bytes(), &rules, &names).unwrap().collect();
        let elements = elements.unwrap();
        prop_assert_eq!(elements.len(), rows.len());
        for (element, row) in elements.iter().zip(&rows) {
            prop_assert_eq!(&answer[element.raw.clone()], row.trim());
            prop_assert_eq!(&element.canonical, &canonicalise(row.as_bytes(), &rules).unwrap());
            // One name is cut out wherever it is at the root, the others are never.
            let texts = [element.canonical.body.clone(), plain(row.as_bytes()).into_bytes()];
            // A key that is no text is left to the other tests.
            let read = |text: &'_ [u8]| serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(text).ok();
            let [Some(kept), Some(whole)] = texts.each_ref().map(|text| read(text)) else { continue };
            let told = [kept.get("a"), kept.get("x"), whole.get("é")];
            let told = told.map(|value| value.map(|value| value.get().to_owned()));
            prop_assert_eq!([0, 1, 2].map(|nth| element.member(nth).map(str::to_owned)), told);
        }
    }

    #[test]
    fn what_serde_json_can_hold_means_the_same(doc in doc(), seed: u64) {
        let raw = render(&doc, &mut Dice(seed));
        if let Ok(before) = serde_json::from_str::<Value>(&raw) {
            let after: Value = serde_json::from_str(&plain(raw.as_bytes())).unwrap();
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn exactly_what_serde_json_takes_is_taken(bytes in "[\\[\\]{}:,\"\\\\0-9eE.+\\-tfn ulrasx\u{1}é]{0,12}") {
        let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&bytes).is_ok();
        let ours = canonicalise(bytes.as_bytes(), &compiled(NO_RULES)).is_ok();
        // Theirs does not look into strings: a lone surrogate passes both.
        prop_assert_eq!(theirs, ours, "{}", bytes);
    }
}

#[test]
fn awkward_spellings_survive() {
    let raw = br#" {"b" : 1e400, "a":-0.0,"\u0061":1E5 ,"c":[12345678901234567890123, 1.50],
        "s":"\/\u000a\u001F\ud83d\ude00\uD800\u0022\u00e9\u007f"} "#;
    let expected = "{\"a\":-0.0,\"a\":1E5,\"b\":1e400,\"c\":[12345678901234567890123,1.50],\
                    \"s\":\"/\\n\\u001f\u{1F600}\\ud800\\\"é\u{7f}\"}";
    assert_eq!(plain(raw), expected);
}

#[test]
fn volatile_fields_are_addressed_by_pointers() {
    let raw = br#"{"z":[{"can":{"x":1}},{"id":1,"can":null}],"can":2,"z":{"can":3},"pic_url":"u"}"#;
    let split = canonicalise(raw, &compiled(VOLATILE)).unwrap();
    assert_eq!(split.body, br#"{"z":[{},{"id":1}],"z":{}}"#);
    let volatile = String::from_utf8(split.volatile.clone().unwrap()).unwrap();
    assert_eq!(
        volatile,
        r#"[[["can"],2],[["pic_url"],"u"],[["z",0,"can"],{"x":1}],[["z",1,"can"],null],[[["z",1],"can"],3]]"#
    );
    assert_eq!(merge_volatile(&split.body, volatile.as_bytes()).unwrap(), plain(raw).into_bytes());
}

#[test]
fn secrets_are_replaced_everywhere_but_null_stays() {
    const RULES: Rules = Rules {
        volatile: &[FieldPattern::Anywhere("session")],
        redact: &[FieldPattern::Anywhere("password"), FieldPattern::Suffix("_secret")],
        references: &[],
    };
    let raw = br#"{"session":{"password":"p"},"password":null,"api_secret":{"password":1,"session":2},
        "p\u0061ssword":[1]}"#;
    let split = canonicalise(raw, &compiled(RULES)).unwrap();
    let mark = r#"{"$lookervault":"redacted"}"#;
    let body = format!(r#"{{"api_secret":{mark},"password":null,"password":{mark}}}"#);
    assert_eq!(String::from_utf8(split.body).unwrap(), body);
    let volatile = format!(r#"[[["session"],{{"password":{mark}}}]]"#);
    assert_eq!(String::from_utf8(split.volatile.unwrap()).unwrap(), volatile);
    assert_eq!(split.redacted, 3);
}

#[test]
fn what_tells_nothing_is_no_secret() {
    const RULES: Rules = Rules { volatile: &[], redact: &[FieldPattern::Suffix("_secret")], references: &[] };
    let raw =
        r#"{"a_secret":null,"b_secret":true,"c_secret":false,"d_secret":"","e_secret":[],"f_secret":{}}"#;
    let split = canonicalise(raw.as_bytes(), &compiled(RULES)).unwrap();
    assert_eq!((split.redacted, String::from_utf8(split.body).unwrap().as_str()), (0, raw));
    for value in ["0", "\" \"", "[null]", "{\"a\":false}"] {
        let raw = format!(r#"{{"a_secret":{value}}}"#);
        assert_eq!(canonicalise(raw.as_bytes(), &compiled(RULES)).unwrap().redacted, 1, "{value}");
    }
}

#[test]
fn some_fields_are_secret_by_what_they_hold() {
    const RULES: Rules = Rules {
        volatile: &[FieldPattern::Anywhere("session")],
        redact: &[FieldPattern::Holding("address", Content::Address), FieldPattern::Anywhere("token")],
        references: &[],
    };
    let raw = br#"{"to":[{"address":"ada@example.com"},{"address":"https:\/\/hooks.example.com/T1"},
        {"address":{"token":"t","address":"s3://bucket/"}},{"address":7}],"session":{"address":"a/b"}}"#;
    let split = canonicalise(raw, &compiled(RULES)).unwrap();
    let mark = r#"{"$lookervault":"redacted"}"#;
    let body = format!(
        r#"{{"to":[{{"address":"ada@example.com"}},{{"address":{mark}}},{{"address":{{"address":{mark},"token":{mark}}}}},{{"address":7}}]}}"#
    );
    assert_eq!(String::from_utf8(split.body.clone()).unwrap(), body);
    assert_eq!(split.redacted, 4);
    let whole = merge_volatile(&split.body, &split.volatile.unwrap()).unwrap();
    assert_eq!(
        vault::redactions(&whole),
        ["/session/address", "/to/1/address", "/to/2/address/address", "/to/2/address/token"]
    );
}

#[test]
fn nesting_ends_at_512_and_a_small_stack_is_enough() {
    let check = || {
        let nest = |depth: usize| format!("{}1{}", "[{\"a\":".repeat(depth / 2), "}]".repeat(depth / 2));
        assert_eq!(plain(nest(512).as_bytes()), nest(512));
        let error = canonicalise(nest(514).as_bytes(), &compiled(NO_RULES)).unwrap_err();
        assert_eq!((error.offset, error.reason), (256 * 6, "nesting deeper than 512"));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap().join().unwrap();
}

#[test]
fn errors_say_where_and_why() {
    let cases: &[(&[u8], usize)] = &[
        (b"", 0),
        (b"{\"a\":1,}", 7),
        (b"[1,]", 3),
        (b"[1 2]", 3),
        (b"01", 1),
        (b"-", 1),
        (b"1.", 2),
        (b"1e+", 3),
        (b"\"ab", 3),
        (b"\"a\nb\"", 2),
        (b"\"\\x\"", 2),
        (b"\"\\u12g4\"", 2),
        (b"\"a\xff\"", 2),
        (b"nul", 0),
        (b"{} {}", 3),
        (b"\xef\xbb\xbf{}", 0),
    ];
    for (raw, offset) in cases {
        let error = canonicalise(raw, &compiled(NO_RULES)).unwrap_err();
        assert_eq!(error.offset, *offset, "{}: {error}", String::from_utf8_lossy(raw));
    }
}

#[test]
fn volatile_fields_of_another_document_are_refused() {
    for volatile in [r#"[[["z",3,"can"],1]]"#, r#"[[["z",0],1]]"#, "[[[],1]]", "[]", "{}", r#"[[["a"]]]"#] {
        merge_volatile(br#"{"z":[{}]}"#, volatile.as_bytes()).unwrap_err();
    }
}
