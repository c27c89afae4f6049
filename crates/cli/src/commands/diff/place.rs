//! Places and values of a document in words.

use std::borrow::Cow;

use engine::diff::{Element, Node, Step, Value};

use crate::output::human;

/// The longest value that is shown within a line, in characters.
const LONGEST: usize = 100;

/// Between two parts of a place.
const INTO: &str = " › ";

/// A place in words: `tile "Revenue" (12) › query.limit`. Where the catalogue has a
/// word for the elements of a list, the list's own name is left out.
pub(super) fn words(place: &[Step<'_>]) -> String {
    let mut words = String::new();
    for (at, step) in place.iter().enumerate() {
        let named =
            |step: Option<&Step<'_>>| matches!(step, Some(Step::Element(e)) if !e.singular.is_empty());
        match step {
            Step::Field(_) if named(place.get(at + 1)) => {}
            Step::Field(field) => {
                let after_element = at.checked_sub(1).is_some_and(|before| !is_field(&place[before]));
                words += if words.is_empty() {
                    ""
                } else if after_element {
                    INTO
                } else {
                    "."
                };
                words += &human::one_line(field);
            }
            Step::Through { kind, .. } => {
                words += if words.is_empty() { "" } else { INTO };
                words += kind.singular;
            }
            Step::Element(element) if element.singular.is_empty() => words += &unnamed(element),
            Step::Element(element) => {
                words += if words.is_empty() { "" } else { INTO };
                words += &named_element(element);
            }
        }
    }
    words
}

fn is_field(step: &Step<'_>) -> bool {
    matches!(step, Step::Field(_) | Step::Through { .. })
}

/// An element of a list without a word for it: `[title "X"]`, or its place from 1.
fn unnamed(element: &Element<'_>) -> String {
    let place = element.to.or(element.from).unwrap_or(0) + 1;
    match element.name.as_ref().or(element.key.as_ref()) {
        Some(name) => format!("[{}]", quoted(name)),
        None => format!("[{place}]"),
    }
}

fn named_element(element: &Element<'_>) -> String {
    let mut words = element.singular.to_owned();
    if let Some(name) = &element.name {
        words += &format!(" {}", quoted(name));
    }
    let key = element.key.as_ref().filter(|key| Some(*key) != element.name.as_ref());
    if let Some(key) = key.filter(|key| !key.contains('\0')) {
        words += &format!(" ({})", human::one_line(key));
    }
    words
}

/// A name in quotes, safe for a terminal and not too long.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", short(&human::one_line(name)))
}

/// A value within a line: as it is written, or what it is made of.
pub(super) fn value(value: &Value<'_>) -> String {
    match value.node() {
        Node::Object(members) if !members.is_empty() && value.text().len() > LONGEST => {
            format!("{{{}}}", human::counted(members.len() as u64, "field", "fields"))
        }
        Node::List(elements) if !elements.is_empty() && value.text().len() > LONGEST => {
            format!("[{}]", human::counted(elements.len() as u64, "element", "elements"))
        }
        _ => short(&human::one_line(value.text())).into_owned(),
    }
}

fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use looker::Kind;

    use super::*;

    fn element(
        singular: &'static str,
        name: Option<&'static str>,
        key: Option<&'static str>,
    ) -> Step<'static> {
        let owned = |text: Option<&'static str>| text.map(Cow::Borrowed);
        Step::Element(Element { singular, name: owned(name), key: owned(key), from: Some(0), to: Some(2) })
    }

    #[test]
    fn places_are_words_where_there_are_any() {
        let tile = [Step::Field("dashboard_elements"), element("tile", Some("Rev\nenue"), Some("12"))];
        assert_eq!(words(&tile), r#"tile "Rev enue" (12)"#);
        let limit = [&tile[..], &[Step::Field("query"), Step::Field("limit")]].concat();
        assert_eq!(words(&limit), r#"tile "Rev enue" (12) › query.limit"#);
        let sorts = [Step::Field("query"), Step::Field("sorts"), element("", None, None)];
        assert_eq!(words(&sorts), "query.sorts[3]");
        let named = [Step::Field("series"), element("", Some("a"), None), Step::Field("color")];
        assert_eq!(words(&named), r#"series["a"] › color"#);
        let query = Kind::find("queries").unwrap();
        let through = [Step::Through { field: "query_id", kind: query }, Step::Field("limit")];
        assert_eq!(words(&through), "query.limit");
        assert_eq!(words(&[element("access of", None, Some("5"))]), "access of (5)");
    }

    #[test]
    fn long_values_are_cut_and_large_ones_counted() {
        let text = format!("\"{}\"", "é".repeat(300));
        let long = value(&Value::parse(text.as_bytes()).unwrap());
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST + 1, true));
        let text = format!("[{}1]", "1,".repeat(99));
        assert_eq!(value(&Value::parse(text.as_bytes()).unwrap()), "[100 elements]");
        assert_eq!(value(&Value::parse(br#"{"a":1}"#).unwrap()), r#"{"a":1}"#);
    }
}
