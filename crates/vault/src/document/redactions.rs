//! Where a document was redacted.

use super::REDACTED;

/// What lies open around a value.
enum Open {
    /// An object, with the key that was read last.
    Object(String),
    /// An array, with the index of the element.
    Array(usize),
}

/// JSON pointers (RFC 6901) to all redacted values of a canonical document, in its
/// order.
pub fn redactions(document: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = memchr::memmem::find_iter(document, REDACTED).count();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(byte) = document.get(at).filter(|_| left > 0) {
        if document[at..].starts_with(REDACTED.as_bytes()) {
            found.push(pointer(&open));
            left -= 1;
            at += REDACTED.len();
            continue;
        }
        match byte {
            b'{' => open.push(Open::Object(String::new())),
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(Open::Array(index)) = open.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let end = end_of_text(document, at);
                // Only a key is followed by a colon.
                if document.get(end) == Some(&b':')
                    && let Some(Open::Object(key)) = open.last_mut()
                {
                    *key = text_of(&document[at + 1..end - 1]);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// One past the closing quote of the text that begins at `start`.
fn end_of_text(document: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = document.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    document.len()
}

/// A key without its escapes; half a surrogate pair keeps them.
fn text_of(key: &[u8]) -> String {
    if !key.contains(&b'\\') {
        return String::from_utf8_lossy(key).into_owned();
    }
    String::from_utf8(super::scan::unescaped(key))
        .unwrap_or_else(|_| String::from_utf8_lossy(key).into_owned())
}

fn pointer(open: &[Open]) -> String {
    let step = |open: &Open| match open {
        Open::Object(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Open::Array(index) => format!("/{index}"),
    };
    open.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_at_any_depth_and_nothing_else_is() {
        let mark = REDACTED;
        let text = mark.replace('"', "\\\"");
        let document = format!(
            r#"{{"a":{{"x/y~":{mark}}},"b":["{text}",{{"n":[1,[{{}},{{"s":{mark}}}]]}}],"q\"k":{mark},
            "z":{{"$lookervault":"redacted","more":1}}}}"#
        )
        .replace("\n            ", "");
        assert_eq!(redactions(document.as_bytes()), ["/a/x~1y~0", "/b/1/n/1/1/s", "/q\"k"]);
        assert!(redactions(b"{}").is_empty() && redactions(b"3").is_empty());
    }
}
