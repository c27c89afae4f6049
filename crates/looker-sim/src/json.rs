//! JSON as text: read, cut and patched without being understood.
//!
//! A simulated answer must keep what a client has to survive: the order of
//! keys, the spelling of numbers (`1.0`, `1E5`, twenty-three digits), unknown
//! fields. A parsed value would lose some of it, so bodies stay text for ever,
//! and what little must be known is read by walking over that text. All of it
//! was written by this crate: compact, valid, without duplicate keys. The walk
//! relies on that and checks nothing.

use memchr::memchr2;

use crate::fields::{Fields, Wanted};

/// The members of an object in their order: the key without quotes, and the
/// value's text. Lazy, so that whoever wants only the first few keys of a
/// large body pays only for those.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut at = 1;
    std::iter::from_fn(move || {
        if object.as_bytes().get(at) != Some(&b'"') {
            return None;
        }
        let key_end = skip_string(object.as_bytes(), at);
        let end = skip_value(object.as_bytes(), key_end + 1);
        let member = (&object[at + 1..key_end - 1], &object[key_end + 1..end]);
        at = end + 1;
        Some(member)
    })
}

/// The elements of an array.
pub(crate) fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut at = 1;
    std::iter::from_fn(move || {
        if matches!(array.as_bytes().get(at), None | Some(b']')) {
            return None;
        }
        let end = skip_value(array.as_bytes(), at);
        let element = &array[at..end];
        at = end + 1;
        Some(element)
    })
}

/// The text of one member's value.
pub(crate) fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// The content of a JSON string, escapes undone; `None` for any other value.
pub(crate) fn text(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(value).ok() } else { Some(inner.to_owned()) }
}

/// A JSON value without blanks between its parts, texts and numbers spelled as
/// they are; `None` for what is no JSON.
pub(crate) fn compact(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'"' => skip_string(bytes, at),
            _ => {
                let blank = |byte: &u8| matches!(byte, b'"' | b' ' | b'\t' | b'\n' | b'\r');
                bytes[at..].iter().position(blank).map_or(bytes.len(), |length| at + length)
            }
        };
        out.push_str(&text[at..end]);
        at = end;
    }
    Some(out)
}

/// The end of the string that starts at `at`.
pub(crate) fn skip_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The end of the value that starts at `at`.
fn skip_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = skip_string(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Appends `value` cut down to `fields`: of an object the members asked for,
/// of an array each element cut down, anything else as it is.
pub(crate) fn project(value: &str, fields: &Fields, out: &mut String) {
    match value.as_bytes().first() {
        Some(b'{') => project_object(value, fields, out),
        Some(b'[') => {
            out.push('[');
            for (n, element) in elements(value).enumerate() {
                if n > 0 {
                    out.push(',');
                }
                project(element, fields, out);
            }
            out.push(']');
        }
        _ => out.push_str(value),
    }
}

fn project_object(object: &str, fields: &Fields, out: &mut String) {
    out.push('{');
    let mut left = fields.len();
    for (key, value) in members(object) {
        if left == 0 {
            break;
        }
        let Some(below) = fields.get(key) else { continue };
        left -= 1;
        push_key(key, out);
        match below {
            Wanted::Only(below) => project(value, below, out),
            Wanted::Everything => out.push_str(value),
        }
    }
    out.push('}');
}

/// Appends `"key":`, after a comma where one is due.
pub(crate) fn push_key(key: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// The object with some members' values replaced, and those it lacks added at
/// its end. Values are JSON text.
pub(crate) fn patch(object: &str, changes: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(object.len() + 64);
    out.push('{');
    let mut done = vec![false; changes.len()];
    for (key, value) in members(object) {
        push_key(key, &mut out);
        match changes.iter().position(|(name, _)| *name == key) {
            Some(n) => {
                done[n] = true;
                out.push_str(&changes[n].1);
            }
            None => out.push_str(value),
        }
    }
    for ((key, value), _) in changes.iter().zip(done).filter(|(_, done)| !done) {
        push_key(key, &mut out);
        out.push_str(value);
    }
    out.push('}');
    out
}

/// The object without some of its members.
pub(crate) fn without(object: &str, keys: &[&str]) -> String {
    let mut out = String::with_capacity(object.len());
    out.push('{');
    for (key, value) in members(object).filter(|(key, _)| !keys.contains(key)) {
        push_key(key, &mut out);
        out.push_str(value);
    }
    out.push('}');
    out
}

/// Appends a JSON string.
pub(crate) fn push_text(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
                out.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
            }
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_text(text, &mut out);
    out
}

/// A writer for bodies: members one after the other, commas by itself.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// What was written so far.
    pub(crate) out: String,
}

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Writer { out: String::with_capacity(bytes) }
    }

    /// A comma where one is due: unless something was just opened.
    fn comma(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }

    /// A member's key; what follows is its value.
    pub(crate) fn key(&mut self, key: &str) {
        self.comma();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// Opens an object or array (`open` is its bracket) as an element.
    pub(crate) fn begin(&mut self, open: char) {
        self.comma();
        self.out.push(open);
    }

    /// Opens an object or array as a member.
    pub(crate) fn begin_at(&mut self, key: &str, open: char) {
        self.key(key);
        self.out.push(open);
    }

    pub(crate) fn end(&mut self, close: char) {
        self.out.push(close);
    }

    /// A member whose value is JSON text already.
    pub(crate) fn raw(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push_str(value);
    }

    /// Some members, already as text: `"a":1,"b":null`.
    pub(crate) fn members(&mut self, text: &str) {
        self.comma();
        self.out.push_str(text);
    }

    /// An element, already as text.
    pub(crate) fn element(&mut self, text: &str) {
        self.comma();
        self.out.push_str(text);
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_text(value, &mut self.out);
    }

    /// A text or null.
    pub(crate) fn opt(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    pub(crate) fn int(&mut self, key: &str, value: u64) {
        self.key(key);
        self.push_int(value);
    }

    /// An id: a number written as a string.
    pub(crate) fn id(&mut self, key: &str, value: u64) {
        self.key(key);
        self.out.push('"');
        self.push_int(value);
        self.out.push('"');
    }

    pub(crate) fn bool(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    fn push_int(&mut self, mut value: u64) {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.out.extend(digits[at..].iter().map(|&digit| char::from(digit)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"id":"7","n":-1.0E5,"t":"a\"},{\\","none":null,"parts":[{"id":"1","q":{"m":[1,{"x":2}],"v":"w"}},{"id":"2","q":null}],"empty":{},"list":[]}"#;

    #[test]
    fn walks_members_and_elements() {
        let keys: Vec<_> = members(BODY).map(|(key, _)| key).collect();
        assert_eq!(keys, ["id", "n", "t", "none", "parts", "empty", "list"]);
        assert_eq!(member(BODY, "n"), Some("-1.0E5"));
        assert_eq!(text(member(BODY, "t").unwrap()).unwrap(), "a\"},{\\");
        assert_eq!(elements(member(BODY, "parts").unwrap()).count(), 2);
        assert_eq!(elements("[]").count(), 0);
        assert_eq!(elements("[1,\"a,b\",[2]]").collect::<Vec<_>>(), ["1", "\"a,b\"", "[2]"]);
    }

    #[test]
    fn strings_of_every_length_end_where_they_end() {
        for length in 0..40 {
            for inside in ["", "\\\"", "\\\\", "é"] {
                let text = format!("\"{}{inside}\",\"", "x".repeat(length));
                assert_eq!(skip_string(text.as_bytes(), 0), text.len() - 2, "{text}");
            }
        }
    }

    #[test]
    fn projects_nested_fields_and_keeps_number_text() {
        let fields = Fields::parse("n, parts(id,q(v)) ,unknown").unwrap();
        let mut out = String::new();
        project(BODY, &fields, &mut out);
        assert_eq!(out, r#"{"n":-1.0E5,"parts":[{"id":"1","q":{"v":"w"}},{"id":"2","q":null}]}"#);
    }

    #[test]
    fn patches_in_place_and_appends() {
        let patched = patch(r#"{"a":1.0,"b":[2]}"#, &[("b", "null".into()), ("c", "\"x\"".into())]);
        assert_eq!(patched, r#"{"a":1.0,"b":null,"c":"x"}"#);
        assert_eq!(without(&patched, &["a"]), r#"{"b":null,"c":"x"}"#);
    }

    #[test]
    fn compacts_without_respelling() {
        let spaced =
            b" { \"a b\" : [ 1E5 , -0.0,\n12345678901234567890123 ], \"c\":\"\\\" { \" , \"d\" : null }\n";
        let compacted = r#"{"a b":[1E5,-0.0,12345678901234567890123],"c":"\" { ","d":null}"#;
        assert_eq!(compact(spaced).unwrap(), compacted);
        assert_eq!(compact(b"{\"a\":}"), None);
        assert_eq!(compact(b""), None);
    }

    #[test]
    fn writes_what_a_parser_reads_back() {
        let nasty = "quote \" back \\ line\n tab\t bell\u{7} é 🎉 \u{2028}";
        let mut w = Writer::default();
        w.begin('{');
        w.text("t", nasty);
        w.int("n", u64::MAX);
        w.id("id", 0);
        w.begin_at("list", '[');
        w.begin('{');
        w.bool("b", true);
        w.end('}');
        w.element("1E5");
        w.end(']');
        w.opt("none", None);
        w.end('}');
        let parsed: serde_json::Value = serde_json::from_str(&w.out).unwrap();
        assert_eq!(parsed["t"], nasty);
        assert_eq!(parsed["n"], u64::MAX);
        assert_eq!(parsed["id"], "0");
        assert_eq!(text(member(&w.out, "t").unwrap()).unwrap(), nasty);
    }
}
