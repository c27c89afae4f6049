//! Objects of kinds for which nobody chose the main fields: all that is short.

use looker::Kind;
use looker::catalogue::FieldPattern;

use super::names::Names;
use super::node::Node;
use crate::output::{Align, Table, human};

/// Longer texts are cut.
const LONGEST: usize = 100;
/// Most columns of a table of rows.
const COLUMNS: usize = 7;
/// Told of every object in other words, or to nobody's use.
const ALWAYS: [&str; 5] = ["id", "user_id", "owner_id", "creator_id", "content_metadata_id"];
/// What a part is called by, the best first.
const NAMES: [&str; 5] = ["title", "label", "name", "key", "explore"];
/// These come first in a table.
const FIRST: [&str; 10] = [
    "id",
    "key",
    "name",
    "title",
    "value",
    "group_id",
    "permission_type",
    "source",
    "dashboard_id",
    "look_id",
];

/// The short fields of an object: keys and values. Neither what is empty, nor
/// what changes without an edit, nor what is shown of every object.
pub(super) fn facts(kind: &'static Kind, object: Node) -> Vec<(String, String)> {
    let envelope = &kind.envelope;
    let told = [Some(envelope.title), envelope.folder, envelope.updated_at, envelope.created_at];
    let is_told = |key: &str| {
        ALWAYS.contains(&key)
            || envelope.id.contains(&key)
            || told.contains(&Some(key))
            || is_volatile(kind, key)
    };
    let members = object.members();
    let told_apart = members.keys().filter(|key| !is_told(key));
    told_apart.filter_map(|key| Some((key.clone(), value(object.at(key)?)?))).collect()
}

/// The rows of a list, with those of their fields that fit.
pub(super) fn rows(kind: &'static Kind, list: Node, names: &Names<'_>) -> vault::Result<Table> {
    let rows = list.elements();
    let mut columns: Vec<String> = Vec::new();
    for row in &rows {
        let short =
            row.members().into_keys().filter(|key| row.text(key).is_some() && !is_volatile(kind, key));
        let fresh: Vec<String> = short.filter(|key| !columns.contains(key)).collect();
        columns.extend(fresh);
    }
    columns
        .sort_by_key(|key| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), key.clone()));
    columns.truncate(COLUMNS);
    let heads: Vec<(&str, Align)> = columns.iter().map(|key| (key.as_str(), Align::Left)).collect();
    let mut table = Table::new(&heads);
    for row in &rows {
        let cell = |key: &String| -> vault::Result<String> {
            let named = names.at(kind, *row, key)?;
            Ok(named.or_else(|| row.text(key)).map(cut).unwrap_or_default())
        };
        table.row(columns.iter().map(cell).collect::<vault::Result<Vec<String>>>()?);
    }
    Ok(table)
}

fn is_volatile(kind: &Kind, key: &str) -> bool {
    kind.volatile.iter().any(|pattern| match pattern {
        FieldPattern::Anywhere(name) => *name == key,
        FieldPattern::Suffix(end) => key.ends_with(end),
        FieldPattern::Path(path) => *path == [key],
        FieldPattern::Holding(..) => false,
    })
}

/// `max_connections` as `Max connections`.
pub(super) fn label(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A scalar as it is, a list of scalars with commas, of all else how much it holds.
fn value(node: Node) -> Option<String> {
    if let Some(text) = node.as_text() {
        return Some(cut(text)).filter(|text| !text.is_empty());
    }
    let elements = node.elements();
    let texts: Vec<String> = elements.iter().filter_map(|element| element.as_text()).collect();
    match (elements.len(), node.members().len()) {
        (0, 0) => None,
        (0, 1) if node.text("$lookervault").is_some() => Some("(redacted)".to_owned()),
        (0, members) => Some(format!("({})", human::counted(members as u64, "field", "fields"))),
        (count, _) if texts.len() == count => Some(cut(texts.join(", "))),
        (count, _) => {
            let names: Option<Vec<String>> = elements.iter().map(|element| name(*element)).collect();
            let count = || format!("({})", human::counted(count as u64, "entry", "entries"));
            Some(names.map_or_else(count, |names| cut(names.join(", "))))
        }
    }
}

/// What a part is called.
fn name(part: Node) -> Option<String> {
    let name = NAMES.iter().find_map(|key| part.text(key))?;
    Some(part.text("model").map_or_else(|| name.clone(), |model| format!("{model}::{name}")))
}

fn cut(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn short_fields_are_shown_and_long_ones_are_counted() {
        let theme = r#"{"can":{"show":true},"id":"7","name":"Dark","begin_at":null,"size":1.50,"empty":"",
            "settings":{"a":1,"b":2},"tags":["x","y"],"parts":[{"a":1}],
            "sources":[{"model":"m","explore":"e"},{"title":"T"}],"key":{"$lookervault":"redacted"}}"#;
        let theme = RawValue::from_string(theme.to_owned()).unwrap();
        let facts = facts(Kind::find("themes").unwrap(), Node(&theme));
        let wanted = [
            ("key", "(redacted)"),
            ("parts", "(1 entry)"),
            ("settings", "(2 fields)"),
            ("size", "1.50"),
            ("sources", "m::e, T"),
            ("tags", "x, y"),
        ];
        assert_eq!(facts, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(label("max_connections"), "Max connections");
        assert_eq!(cut("ä".repeat(101)).chars().count(), LONGEST);
    }
}
