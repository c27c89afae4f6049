//! An edit applied to the one document gives the other, whatever they are.

use std::ops::Range;

use looker::Kind;
use looker::catalogue::KINDS;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use vault::{Elements, Rules};

use super::{Documents, Identity, Value, View};

/// Keys that the catalogue knows, so that lists of parts come about, and others;
/// more than one may come twice in an object.
const KEYS: [&str; 12] = [
    "id",
    "title",
    "dashboard_elements",
    "dashboard_layouts",
    "dashboard_layout_components",
    "dashboard_element_id",
    "result_maker",
    "query",
    "role_ids",
    "x",
    "y\\\"",
    "\\ud800",
];

const SCALARS: [&str; 14] = [
    "1",
    "1.0",
    "1e0",
    "12345678901234567890123",
    "-0",
    "null",
    "true",
    "false",
    r#""""#,
    r#""a""#,
    r#""a\nb""#,
    r#""\ud83d""#,
    r#""[{\"x\":1}]""#,
    r#""ünï""#,
];

fn json() -> impl Strategy<Value = String> {
    select(&SCALARS[..]).prop_map(str::to_owned).prop_recursive(5, 60, 7, |inner| {
        let member = (select(&KEYS[..]), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        prop_oneof![
            3 => vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(","))),
            2 => vec(inner, 0..7).prop_map(|elements| format!("[{}]", elements.join(","))),
        ]
    })
}

/// A dashboard of tiles with few ids and titles, so that they repeat.
fn dashboard() -> impl Strategy<Value = String> {
    let tile = ("[1-4]", "[ab]?", json(), any::<bool>()).prop_map(|(id, title, query, with_id)| {
        let id = if with_id { format!("\"id\":\"{id}\",") } else { String::new() };
        format!("{{{id}\"title\":\"{title}\",\"query\":{query}}}")
    });
    let placement = ("[1-5]", 0..3_u8).prop_map(|(tile, row)| {
        format!("{{\"id\":\"9\",\"dashboard_element_id\":\"{tile}\",\"row\":{row}}}")
    });
    (vec(tile, 0..6), vec(placement, 0..6)).prop_map(|(tiles, placements)| {
        let placements = placements.join(",");
        let layouts = format!("[{{\"id\":\"1\",\"dashboard_layout_components\":[{placements}]}}]");
        format!("{{\"dashboard_elements\":[{}],\"dashboard_layouts\":{layouts}}}", tiles.join(","))
    })
}

/// A document and another one that is mostly the same: pieces of it are cut out,
/// doubled, put elsewhere, or replaced.
fn related() -> impl Strategy<Value = (String, String)> {
    (vec(dashboard(), 2), vec((any::<Index>(), any::<Index>(), json(), 0..4_u8), 0..4)).prop_map(
        |(documents, edits)| {
            let mut value: serde_json::Value = serde_json::from_str(&lossy(&documents[0])).unwrap();
            let tiles = value["dashboard_elements"].as_array_mut().unwrap();
            for (from, to, with, how) in edits {
                if tiles.is_empty() {
                    break;
                }
                let (from, to) = (from.index(tiles.len()), to.index(tiles.len()));
                match how {
                    0 => drop(tiles.remove(from)),
                    1 => tiles.push(tiles[from].clone()),
                    2 => tiles.swap(from, to),
                    _ => tiles[from]["query"] = serde_json::from_str(&lossy(&with)).unwrap(),
                }
            }
            (lossy(&documents[0]), value.to_string())
        },
    )
}

/// Without what `serde_json::Value` cannot hold.
fn lossy(json: &str) -> String {
    json.replace("12345678901234567890123", "7").replace("\\ud83d", "h").replace("\\ud800", "h")
}

fn canonical(json: &str) -> Vec<u8> {
    let rules = vault::Rules { volatile: &[], redact: &[], references: &[] }.compile();
    vault::canonicalise(json.as_bytes(), &rules).unwrap().body
}

/// Where these members of a canonical document are.
fn places(document: &[u8], names: &[&str]) -> Vec<Range<usize>> {
    let rules = Rules { volatile: &[], redact: &[], references: &[] }.compile();
    let answer = [b"[", document, b"]"].concat();
    let element = Elements::new(&answer, &rules, names).unwrap().next().unwrap().unwrap();
    element.members.into_iter().filter_map(|member| member?.place()).collect()
}

fn check(kind: &'static Kind, from: &str, to: &str) -> Result<(), TestCaseError> {
    let (from, to) = (canonical(from), canonical(to));
    let (from, to) = (Value::parse(&from).unwrap(), Value::parse(&to).unwrap());
    for identity in [Identity::Id, Identity::Name] {
        let documents = Documents { kind, from: &from, to: &to, identity };
        let Some(edit) = documents.edit() else {
            prop_assert_eq!(from.text(), to.text());
            continue;
        };
        let made = edit.apply(&from);
        prop_assert_eq!(made.as_deref(), Some(to.text()));
        let all = View { all: true, ..View::default() };
        let changes = documents.changes(&edit, all, &|_, _, _| false);
        prop_assert!(!changes.is_empty(), "no change is told of {} and {}", from.text(), to.text());
        let few = documents.changes(
            &edit,
            View { ignore_ids: true, ignore_layout: true, all: false },
            &|_, _, _| true,
        );
        prop_assert!(
            few.iter().all(|change| changes.contains(change)),
            "nothing is told that did not happen"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_two_documents(kind in any::<Index>(), from in json(), to in json()) {
        let kind = kind.get(KINDS);
        check(kind, &from, &to)?;
        let (one, other) = (canonical(&from), canonical(&from));
        let (from, to) = (Value::parse(&one).unwrap(), Value::parse(&other).unwrap());
        let same = Documents { kind, from: &from, to: &to, identity: Identity::Id };
        prop_assert!(same.edit().is_none());
    }

    #[test]
    fn dashboards_with_double_ids(from in dashboard(), to in dashboard()) {
        check(Kind::find("dashboards").unwrap(), &from, &to)?;
    }

    #[test]
    fn dashboards_that_were_edited((from, to) in related()) {
        check(Kind::find("dashboards").unwrap(), &from, &to)?;
        check(Kind::find("dashboards").unwrap(), &to, &from)?;
    }

    /// What is equal in both versions tells nothing of what differs.
    #[test]
    fn lists_that_are_left_out_change_nothing(
        (from, to) in related(),
        other in dashboard(),
        is_same in any::<bool>(),
        titles in (json(), json()),
    ) {
        let kind = Kind::find("dashboards").unwrap();
        let titled = |dashboard: &str, title: &str| {
            canonical(&format!("{},\"title\":{title}}}", &dashboard[..dashboard.len() - 1]))
        };
        let to = if is_same { &from } else { &to };
        let (from, to) = (titled(&from, &titles.0), titled(to, &titles.1));
        // What a third version differs in is not left out by what two have in common.
        let other = titled(&other, &titles.1);
        for (from, to) in [(&from, &to), (&to, &other)] {
            let lists = ["dashboard_elements", "dashboard_layouts"];
            let short = Value::parse_both([from, to], &lists, &places(to, &lists)).unwrap();
            let whole = [from, to].map(|document| Value::parse(document).unwrap());
            let told = |[from, to]: &[Value<'_>; 2]| {
                prop_assert!([from.text(), to.text()] == [whole[0].text(), whole[1].text()]);
                let documents = Documents { kind, from, to, identity: Identity::Id };
                let all = View { all: true, ..View::default() };
                let changes = documents.edit().map(|edit| documents.changes(&edit, all, &|_, _, _| false));
                let told = changes.iter().flatten().map(|change| format!("{change:?}"));
                Ok::<Vec<String>, TestCaseError>(told.collect())
            };
            prop_assert_eq!(told(&short)?, told(&whole)?);
            let has_lists = |value: &Value<'_>| lists.iter().any(|list| value.member(list).is_some());
            prop_assert!(!is_same || from != to || short.iter().all(|value| !has_lists(value)));
        }
    }
}
