//! Canonical documents from arbitrary bytes.
//!
//! A document comes from a server and is the backup of what it describes, so
//! nothing that a server may send must make the walk panic, lose a value or
//! write something that is not canonical. serde_json judges independently what
//! is JSON and what it means.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;
use vault::{
    Canonical, CompiledRules, DocumentError, Elements, FieldPattern, Rules, canonicalise, merge_volatile,
};

/// Patterns of every form, with keys short enough to be hit by chance.
const VOLATILE: &[FieldPattern] = &[
    FieldPattern::Anywhere("c"),
    FieldPattern::Suffix("_u"),
    FieldPattern::Path(&["a"]),
    FieldPattern::Path(&["b", "a", "b"]),
    FieldPattern::Path(&["é"]),
    FieldPattern::Anywhere("\n"),
];
/// `a` and `x_u` are named by both lists.
const REDACT: &[FieldPattern] = &[
    FieldPattern::Anywhere("x"),
    FieldPattern::Anywhere("x_u"),
    FieldPattern::Suffix("_s"),
    FieldPattern::Path(&["a"]),
    FieldPattern::Path(&["b", "b"]),
];

type Shared = LazyLock<CompiledRules>;
static NOTHING: Shared = Shared::new(|| Rules { volatile: &[], redact: &[], references: &[] }.compile());
static CUT: Shared = Shared::new(|| Rules { volatile: VOLATILE, redact: &[], references: &[] }.compile());
static BLOT: Shared = Shared::new(|| Rules { volatile: &[], redact: REDACT, references: &[] }.compile());
static BOTH: Shared = Shared::new(|| Rules { volatile: VOLATILE, redact: REDACT, references: &[] }.compile());

const KEYS: &[&str] = &[
    r#""a""#,
    r#""b""#,
    r#""c""#,
    r#""\u0063""#,
    r#""d""#,
    r#""x""#,
    r#""x_u""#,
    r#""y_u""#,
    r#""y_s""#,
    r#""é""#,
    r#""\u00E9""#,
    r#""\u000a""#,
    r#""\ud800_u""#,
    r#""""#,
    r#""a key that shares its start 1""#,
    r#""a key that shares its start 2""#,
];
const LEAVES: &[&str] = &[
    "null",
    "1",
    " true ",
    "-0.50",
    "1e400",
    "12345678901234567890123",
    r#""\uD83D\uDE00\/\ud800""#,
    r#"{"$lookervault":"redacted"}"#,
];

fuzz_target!(|input: &[u8]| {
    check(input);
    let mut grown = Vec::new();
    grow(&mut input.iter().copied(), &mut grown);
    check(&grown);
});

/// Takes the bytes as choices and writes the document they lead to; chance
/// alone seldom closes what it opens. Where the bytes end, all of it closes.
fn grow(choices: &mut impl Iterator<Item = u8>, document: &mut Vec<u8>) {
    let choice = usize::from(choices.next().unwrap_or_default());
    let (kind, more) = (choice % 4, choice / 4);
    let [open, close] = match kind {
        0 => return document.extend_from_slice(LEAVES[more % LEAVES.len()].as_bytes()),
        1 => *b"[]",
        _ => *b"{}",
    };
    document.push(open);
    let mut separator = None;
    while let Some(choice) = choices.next().filter(|choice| choice % 4 > 0) {
        document.extend(separator.replace(b','));
        if kind > 1 {
            document.extend_from_slice(KEYS[usize::from(choice / 4) % KEYS.len()].as_bytes());
            document.push(b':');
        }
        grow(choices, document);
    }
    document.push(close);
}

fn check(raw: &[u8]) {
    let plain = canonicalise(raw, &NOTHING);
    acceptance_is_that_of_serde_json(raw, &plain);
    a_damaged_volatile_part_does_no_harm(raw);
    elements_are_what_each_by_itself_is(raw, &plain);
    for rules in [&*CUT, &*BLOT, &*BOTH] {
        match (&plain, canonicalise(raw, rules)) {
            (Ok(_), Ok(split)) => parts_are_canonical(&split, rules),
            (Err(error), other) => assert_eq!(other.as_ref(), Err(error), "rules decide what is JSON"),
            (Ok(_), Err(error)) => panic!("rules decide what is JSON: {error}"),
        }
    }
    if let Ok(plain) = plain {
        values_are_kept(raw, &plain.body);
        parts_are_canonical(&plain, &NOTHING);
        assert_eq!(merged(&canonicalise(raw, &CUT).expect("accepted above")), plain.body);
        redaction_is_the_same_with_and_without_cutting(raw);
    }
}

/// The whole document again.
fn merged(split: &Canonical) -> Vec<u8> {
    let merge = |volatile: &Vec<u8>| merge_volatile(&split.body, volatile).expect("made by one split");
    split.volatile.as_ref().map_or_else(|| split.body.clone(), merge)
}

/// A raw value is looked at to its end, but not into; only depth is ours.
fn acceptance_is_that_of_serde_json(raw: &[u8], plain: &Result<Canonical, DocumentError>) {
    let theirs = serde_json::from_slice::<&RawValue>(raw);
    match (plain, theirs) {
        (Err(error), Ok(_)) => assert_eq!(error.reason, "nesting deeper than 512", "{error}"),
        (Err(error), Err(_)) => assert!(error.offset <= raw.len(), "{error}"),
        (Ok(_), theirs) => assert!(theirs.is_ok(), "{theirs:?}"),
    }
}

/// Whatever follows it in an answer, and whatever is no object there.
fn elements_are_what_each_by_itself_is(raw: &[u8], plain: &Result<Canonical, DocumentError>) {
    let answer = [b"[", raw, b",", raw, b"]"].concat();
    let elements = Elements::new(&answer, &BOTH, &["a"]).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    if plain.as_ref().is_ok_and(|plain| plain.body.starts_with(b"{")) {
        let alone = canonicalise(raw, &BOTH).expect("accepted above");
        let found: Vec<Canonical> =
            elements.expect("two objects").into_iter().map(|element| element.canonical).collect();
        assert_eq!(found, [alone.clone(), alone]);
    }
}

/// What a parsed value cannot hold (a number beyond doubles, a lone surrogate,
/// great depth), it can hold neither before nor after; of equal keys it takes
/// the last, and their order is kept.
fn values_are_kept(raw: &[u8], canonical: &[u8]) {
    let value = |text| serde_json::from_slice::<Value>(text).ok();
    assert_eq!(value(raw), value(canonical));
}

/// Doing it again changes nothing, and nothing is left to cut.
fn parts_are_canonical(split: &Canonical, rules: &CompiledRules) {
    let again = canonicalise(&split.body, rules).expect("a body is a document");
    assert_eq!((again.body.as_slice(), again.volatile), (split.body.as_slice(), None));
    assert!(again.redacted <= split.redacted);
    if let Some(volatile) = &split.volatile {
        assert_eq!(&canonicalise(volatile, &NOTHING).expect("a volatile part is a document").body, volatile);
    }
}

fn redaction_is_the_same_with_and_without_cutting(raw: &[u8]) {
    let whole = canonicalise(raw, &BLOT).expect("accepted above");
    let split = canonicalise(raw, &BOTH).expect("accepted above");
    assert_eq!((merged(&split), split.redacted), (whole.body, whole.redacted));
}

/// Any text may be found where a volatile part should be.
fn a_damaged_volatile_part_does_no_harm(raw: &[u8]) {
    let body = br#"{"a":[{},{"b":1}],"b":{"a":{}},"b":{}}"#;
    if let Ok(document) = merge_volatile(body, raw) {
        assert_eq!(canonicalise(&document, &NOTHING).expect("a document").body, document);
    }
}
