//! Looking into a stored document without parsing it whole.
//!
//! A document may hold what a JSON value type rejects or changes: numbers
//! beyond every machine type, half a surrogate pair in a title. So it stays
//! text, and only the level that is looked at is cut up.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A place in a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a>(pub(crate) &'a RawValue);

impl<'a> Node<'a> {
    /// The member at a path of keys; `None` when a step is missing or null.
    pub(crate) fn at(self, path: &str) -> Option<Self> {
        path.split('.')
            .try_fold(self, |node, key| node.members().remove(key).map(Node))
            .filter(|node| !node.is_null())
    }

    /// The text at a path; numbers and booleans as they are spelled.
    pub(crate) fn text(self, path: &str) -> Option<String> {
        self.at(path)?.as_text().filter(|text| !text.is_empty())
    }

    /// The elements at a path; none when there is no array.
    pub(crate) fn items(self, path: &str) -> Vec<Self> {
        self.at(path).map(Self::elements).unwrap_or_default()
    }

    /// Members of an object by key; none for anything else.
    pub(crate) fn members(self) -> BTreeMap<String, &'a RawValue> {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    /// Elements of an array; none for anything else.
    pub(crate) fn elements(self) -> Vec<Self> {
        let elements: Vec<&RawValue> = serde_json::from_str(self.0.get()).unwrap_or_default();
        elements.into_iter().map(Node).collect()
    }

    /// The text of a scalar; `None` for objects, arrays and null.
    pub(crate) fn as_text(self) -> Option<String> {
        let raw = self.0.get();
        match raw.as_bytes().first()? {
            b'{' | b'[' | b'n' => None,
            // Half a surrogate pair is no text; then the spelling must do.
            b'"' => Some(serde_json::from_str(raw).unwrap_or_else(|_| raw.trim_matches('"').to_owned())),
            _ => Some(raw.to_owned()),
        }
    }

    fn is_null(self) -> bool {
        self.0.get() == "null"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn reads_paths_scalars_and_items() {
        let document =
            raw(r#"{"a":{"b":"x","n":12345678901234567890123,"z":null},"list":[{"id":1},{"id":2}]}"#);
        let node = Node(&document);
        assert_eq!(node.text("a.b").as_deref(), Some("x"));
        assert_eq!(node.text("a.n").as_deref(), Some("12345678901234567890123"));
        assert_eq!((node.text("a.z"), node.text("a.b.c"), node.text("a")), (None, None, None));
        let ids: Vec<_> = node.items("list").into_iter().map(|item| item.text("id").unwrap()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert!(node.items("a").is_empty());
    }

    #[test]
    fn survives_what_a_value_type_rejects() {
        let document = raw(r#"{"big":1e400,"half":"\ud800 title","ok":"yes"}"#);
        let node = Node(&document);
        assert_eq!(node.text("big").as_deref(), Some("1e400"));
        assert_eq!(node.text("half").as_deref(), Some("\\ud800 title"));
        assert_eq!(node.text("ok").as_deref(), Some("yes"));
    }
}
