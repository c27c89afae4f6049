//! Where a document was redacted.

use serde_json::value::RawValue;

use super::node::Node;

/// The key of the mark that stands in the place of a value that was not
/// stored: `{"$lookervault":"redacted"}`.
const MARK: &str = "$lookervault";

/// JSON pointers (RFC 6901) to all redacted values.
pub(super) fn pointers(document: &RawValue) -> Vec<String> {
    let mut found = Vec::new();
    search(Node(document), String::new(), &mut found);
    found
}

fn search(node: Node, pointer: String, found: &mut Vec<String>) {
    if !node.0.get().contains(MARK) {
        return;
    }
    let members = node.members();
    if members.len() == 1 && node.text(MARK).as_deref() == Some("redacted") {
        return found.push(pointer);
    }
    for (key, value) in members {
        let key = key.replace('~', "~0").replace('/', "~1");
        search(Node(value), format!("{pointer}/{key}"), found);
    }
    for (index, element) in node.elements().into_iter().enumerate() {
        search(element, format!("{pointer}/{index}"), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_marks_at_any_depth() {
        let document = r#"{"a":{"x/y":{"$lookervault":"redacted"}},"list":[1,{"s":{"$lookervault":"redacted"}}],
            "title":"$lookervault redacted","other":{"$lookervault":"redacted","more":1}}"#;
        let document = RawValue::from_string(document.to_owned()).unwrap();
        assert_eq!(pointers(&document), ["/a/x~1y", "/list/1/s"]);
    }
}
