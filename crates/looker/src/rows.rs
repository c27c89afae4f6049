//! A page cut into rows.
//!
//! Bodies stay raw bytes: a row is a slice of the answer, and only the few
//! fields of its envelope are looked at. Strings are read leniently (a lone
//! surrogate in a title must not cost a dashboard), ids as strings or numbers
//! (API 4.0 sends strings, older releases numbers).

use std::thread;

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::catalogue::{AnswerShape, Envelope, Kind};
use crate::error::{Error, ErrorKind, Result};

/// One object of a page.
#[derive(Debug, Clone)]
pub struct Row {
    /// Looker's id.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// Id of the folder it lies in.
    pub folder: Option<String>,
    /// When it was last edited.
    pub updated_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The object as the API gave it.
    pub raw: Bytes,
}

/// Cuts an answer, a JSON array of objects, into the raw bytes of its rows. The
/// whole answer is checked to be JSON.
///
/// # Errors
/// [`ErrorKind::BadBody`] when it is not.
pub fn cut(body: &Bytes) -> Result<Vec<Bytes>> {
    let raws: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    if raws.iter().any(|raw| !raw.get().starts_with('{')) {
        return Err(Error::new(ErrorKind::BadBody, "the answer holds rows that are no objects"));
    }
    Ok(raws.into_iter().map(|raw| body.slice_ref(raw.get().as_bytes())).collect())
}

/// Rows as one answer holds them: the reverse of [`cut`].
pub fn join(rows: &[Bytes]) -> Bytes {
    let mut list = vec![b'['];
    for (index, row) in rows.iter().enumerate() {
        list.extend((index > 0).then_some(b','));
        list.extend_from_slice(row);
    }
    list.push(b']');
    list.into()
}

/// Cuts an answer into rows of `kind` with their envelopes.
///
/// # Errors
/// [`ErrorKind::BadBody`] when the answer is no such JSON, or a row has no id.
pub fn split(body: &Bytes, kind: &Kind) -> Result<Vec<Row>> {
    split_each(body, kind)?.into_iter().collect()
}

/// The same, each row for itself: what is no object of `kind` costs no others. The answer
/// is read once.
///
/// # Errors
/// [`ErrorKind::BadBody`] when the answer is not JSON, or holds something else than objects.
pub fn split_each(body: &Bytes, kind: &Kind) -> Result<Vec<Result<Row>>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = reader.deserialize_seq(EnvelopesVisitor { kind }).and_then(|read| reader.end().map(|()| read));
    let rows = read.map_err(|error| not_json(&error))?.into_iter();
    Ok(rows.map(|found| found.envelope.identified(found.members.object_in(body), kind)).collect())
}

impl Row {
    /// An answer whose key was in the call that was made.
    ///
    /// # Errors
    /// [`ErrorKind::BadBody`] when it is not JSON, or has not that shape.
    pub fn keyed(key: &str, raw: Bytes, kind: &Kind, shape: AnswerShape) -> Result<Self> {
        let begins_with = raw.iter().find(|byte| !byte.is_ascii_whitespace());
        let found = match (shape, begins_with) {
            (AnswerShape::Object, Some(b'{')) => Self::found(&raw, kind)?,
            (AnswerShape::List { .. }, Some(b'[')) => cut(&raw).map(|_| Found::default())?,
            _ => {
                let wanted = if shape == AnswerShape::Object { "object" } else { "list" };
                let message = format!("the answer for {} {key} is no {wanted}", kind.singular);
                return Err(Error::new(ErrorKind::BadBody, message));
            }
        };
        Ok(found.row(key.to_owned(), raw))
    }

    /// A row of which somebody has read the members of the envelope, each by its name and
    /// as a JSON text.
    ///
    /// # Errors
    /// [`ErrorKind::BadBody`] when it has no id.
    pub fn of_members<'m>(
        members: impl IntoIterator<Item = (&'m str, &'m str)>,
        raw: Bytes,
        kind: &Kind,
    ) -> Result<Self> {
        let mut found = Found::default();
        for (name, value) in members {
            found.note(&kind.envelope, name, value);
        }
        found.identified(raw, kind)
    }

    /// Reads the envelope of a row.
    ///
    /// # Errors
    /// [`ErrorKind::BadBody`] when the row is no object or has no id.
    pub fn read(raw: Bytes, kind: &Kind) -> Result<Self> {
        let found = Self::found(&raw, kind)?;
        found.identified(raw, kind)
    }

    fn found(raw: &Bytes, kind: &Kind) -> Result<Found> {
        let mut reader = serde_json::Deserializer::from_slice(raw);
        let found = reader.deserialize_map(EnvelopeVisitor { kind }).map_err(|error| {
            Error::new(ErrorKind::BadBody, format!("a row of {} is no object: {}", kind.name, fault(&error)))
        })?;
        Ok(found.envelope)
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::BadBody, format!("the answer is not JSON as expected: {}", fault(error)))
}

/// What is wrong with an answer, without a word of what is in it: it may hold a
/// secret, and the parser quotes values of a wrong type.
pub fn fault(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("another type than expected at line {} column {}", error.line(), error.column());
    }
    error.to_string()
}

/// Reads `2022-06-14T12:26:50.000+00:00` and its ISO relatives.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Fields that make a key, at most.
const KEY_FIELDS: usize = 2;

/// Between the fields that make a key, as Looker itself writes `model::explore`.
pub const KEY_SEPARATOR: &str = "::";

#[derive(Default)]
struct Found {
    ids: [Option<String>; KEY_FIELDS],
    title: Option<String>,
    folder: Option<String>,
    updated_at: Option<String>,
    created_at: Option<String>,
}

impl Found {
    /// Takes a member of the object, a JSON text.
    fn note(&mut self, envelope: &Envelope, name: &str, value: &str) {
        if let Some(nth) = envelope.id.iter().position(|id| *id == name) {
            let id = scalar(value);
            if name == envelope.title {
                self.title.clone_from(&id);
            }
            self.ids[nth] = id;
        } else if name == envelope.title {
            self.title = scalar(value);
        } else if Some(name) == envelope.folder {
            self.folder = scalar(value);
        } else if Some(name) == envelope.updated_at {
            self.updated_at = scalar(value);
        } else if Some(name) == envelope.created_at {
            self.created_at = scalar(value);
        }
    }

    fn identified(self, raw: Bytes, kind: &Kind) -> Result<Row> {
        let ids: Option<Vec<&str>> =
            self.ids[..kind.envelope.id.len()].iter().map(Option::as_deref).collect();
        let id = ids.filter(|ids| !ids.is_empty()).map(|ids| ids.join(KEY_SEPARATOR));
        let no_id = || Error::new(ErrorKind::BadBody, format!("a row of {} has no id", kind.name));
        let id = id.ok_or_else(no_id)?;
        Ok(self.row(id, raw))
    }

    fn row(self, id: String, raw: Bytes) -> Row {
        Row {
            id,
            title: self.title,
            folder: self.folder,
            updated_at: self.updated_at.as_deref().and_then(timestamp),
            created_at: self.created_at.as_deref().and_then(timestamp),
            raw,
        }
    }
}

/// An envelope, and where the object was that it was found in.
struct Placed<'de> {
    envelope: Found,
    members: Members<'de>,
}

/// Where the members of an object are in a text.
#[derive(Default)]
struct Members<'de> {
    /// The first key and the last value.
    ends: Option<[&'de str; 2]>,
}

impl<'de> Members<'de> {
    fn note(&mut self, key: &'de RawValue, value: &'de RawValue) {
        let first = self.ends.map_or(key.get(), |[first, _]| first);
        self.ends = Some([first, value.get()]);
    }

    /// The object with its brackets: between these and the members is nothing but white
    /// space, or it would not have been read. One without members has no bytes.
    fn object_in(&self, body: &Bytes) -> Bytes {
        let Some([first, last]) = self.ends else { return Bytes::new() };
        let at = |text: &str| text.as_ptr().addr() - body.as_ptr().addr();
        let (members, end) = (at(first), at(last) + last.len());
        let start = body[..members].iter().rposition(|byte| *byte == b'{').unwrap_or(members);
        let length = body[end..].iter().position(|byte| *byte == b'}').map_or(0, |at| at + 1);
        body.slice(start..end + length)
    }
}

struct EnvelopesVisitor<'kind> {
    kind: &'kind Kind,
}

impl<'de> Visitor<'de> for EnvelopesVisitor<'_> {
    type Value = Vec<Placed<'de>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(placed) = seq.next_element_seed(EnvelopeVisitor { kind: self.kind })? {
            read.push(placed);
            // A page takes milliseconds; a request that could be sent does not wait for its end.
            thread::yield_now();
        }
        Ok(read)
    }
}

struct EnvelopeVisitor<'kind> {
    kind: &'kind Kind,
}

impl<'de> DeserializeSeed<'de> for EnvelopeVisitor<'_> {
    type Value = Placed<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Placed<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeVisitor<'_> {
    type Value = Placed<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Placed<'de>, A::Error> {
        let envelope = &self.kind.envelope;
        let (mut found, mut members) = (Found::default(), Members::default());
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.note(name, value);
            found.note(envelope, name.get().trim_matches('"'), value.get());
        }
        Ok(Placed { envelope: found, members })
    }
}

/// A string or a number as text; nothing else is an envelope field.
fn scalar(text: &str) -> Option<String> {
    match text.as_bytes().first()? {
        b'"' => Some(serde_json::from_str(text).unwrap_or_else(|_| {
            // Lone surrogates have no UTF-8: show the escapes rather than nothing.
            text.trim_matches('"').to_owned()
        })),
        b'-' | b'0'..=b'9' => Some(text.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dashboards(text: &str) -> Result<Vec<Row>> {
        split(&Bytes::copy_from_slice(text.as_bytes()), Kind::find("dashboards").unwrap())
    }

    #[test]
    fn rows_keep_their_bytes_and_show_their_envelope() {
        let rows = dashboards(
            r#" [ {"id":"7","title":"Über \"x\"","folder_id":"12","updated_at":"2022-06-14T12:26:50.000+00:00","n":1E5},
                 {"title":null,"id":8} ]"#,
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].id.as_str(), rows[0].folder.as_deref()), ("7", Some("12")));
        assert_eq!(rows[0].title.as_deref(), Some("Über \"x\""));
        assert_eq!(rows[0].updated_at.unwrap().to_string(), "2022-06-14T12:26:50Z");
        assert!(rows[0].raw.ends_with(br#""n":1E5}"#));
        assert_eq!((rows[1].id.as_str(), rows[1].title.as_deref()), ("8", None));
    }

    #[test]
    fn rows_are_the_same_read_at_once_or_cut_first() {
        let kind = Kind::find("dashboards").unwrap();
        for text in [
            "[]",
            " [ ] ",
            r#"[{"id":"1","a":{"b":[{}," }] ",{}]}},{ "x" : "}" , "id" : 2 }
               , {"title":"{","id":"3","id":"4", "z":null } ]"#,
            r#"[{},{"title":"no id"},{"id":"5"}]"#,
            "[{\"id\":\"1\",\"title\":\"\\ud800{\\\"\"}\n,{\"id\":\"é\",\"é{\":\"}é\"}\t]\n",
        ] {
            let body = Bytes::copy_from_slice(text.as_bytes());
            let cut = cut(&body).unwrap().into_iter().map(|raw| Row::read(raw, kind).ok());
            let at_once = split_each(&body, kind).unwrap().into_iter().map(Result::ok);
            let told = |row: Option<Row>| row.map(|row| (row.id, row.title, row.raw));
            assert_eq!(at_once.map(told).collect::<Vec<_>>(), cut.map(told).collect::<Vec<_>>(), "{text}");
        }
        for text in [r#"[{"id":"1"}] x"#, r#"[{"id":"1"},]"#, r#"[{"id":"1"}{"id":"2"}]"#, r#"[{"id":01}]"#] {
            assert!(split_each(&Bytes::copy_from_slice(text.as_bytes()), kind).is_err(), "{text}");
        }
    }

    #[test]
    fn a_row_is_the_same_when_somebody_else_has_read_its_members() {
        let kind = Kind::find("dashboards").unwrap();
        let members = [
            ("id", r#""7""#),
            ("title", r#""a\ud800b""#),
            ("folder_id", "12"),
            ("updated_at", r#""2022-06-14T12:26:50.000+00:00""#),
            ("created_at", "null"),
        ];
        let mut names = kind.envelope.members();
        names.sort_unstable();
        let mut known = members.map(|(name, _)| name);
        known.sort_unstable();
        assert_eq!(names, known);
        let texts = members.map(|(name, value)| format!("\"{name}\":{value}"));
        let raw = Bytes::from(format!("{{{}}}", texts.join(",")));
        let told = |row: Row| (row.id, row.title, row.folder, row.updated_at, row.created_at, row.raw);
        let read = told(Row::read(raw.clone(), kind).unwrap());
        assert_eq!(told(Row::of_members(members, raw.clone(), kind).unwrap()), read);
        assert_eq!(Row::of_members([("title", "1")], raw, kind).unwrap_err().kind, ErrorKind::BadBody);
    }

    #[test]
    fn a_lone_surrogate_costs_nothing() {
        let rows = dashboards(r#"[{"id":"1","title":"a\ud800b","x":"\udfff"}]"#).unwrap();
        assert_eq!(rows[0].title.as_deref(), Some("a\\ud800b"));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in ["", "<html>", "\"x\"", "{\"id\":\"1\"}", "[{\"id\":\"1\"}", "[1]", "[{\"title\":\"x\"}]"]
        {
            assert_eq!(dashboards(text).unwrap_err().kind, ErrorKind::BadBody, "{text}");
        }
    }

    #[test]
    fn an_answer_of_another_shape_is_refused() {
        let kind = Kind::find("instance_settings").unwrap();
        let read = |text: &str, shape| {
            Row::keyed("get_setting", Bytes::copy_from_slice(text.as_bytes()), kind, shape)
        };
        let list = AnswerShape::List { limit: None };
        assert!(read(r#" {"a":1}"#, AnswerShape::Object).is_ok() && read("[]", list).is_ok());
        for (text, shape) in [
            (r#""a secret""#, AnswerShape::Object),
            ("[]", AnswerShape::Object),
            (r#"{"a":1"#, AnswerShape::Object),
            ("", AnswerShape::Object),
            (r#""a secret""#, list),
            ("{}", list),
            (r#"[{"a":"#, list),
        ] {
            let error = read(text, shape).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadBody, "{text}");
            assert!(!error.message.contains("a secret"), "{}", error.message);
        }
    }

    #[test]
    fn an_error_never_quotes_the_answer() {
        for text in [r#"["a secret"]"#, r#""a secret""#, r#"[{"id":"1"},{"a secret":]"#] {
            let error = dashboards(text).unwrap_err();
            assert!(!error.message.contains("a secret"), "{}", error.message);
        }
    }
}
