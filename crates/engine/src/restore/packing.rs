//! Objects that come by the thousands, held as the vault would hold them.
//!
//! A plan for ten thousand dashboards has ten thousand documents of the instance before
//! it can compose the first step. Each is brought into canonical form, hashed and
//! compressed on a blocking thread as soon as its page came, while the next pages are
//! on their way, and that is all that is kept of it: whoever compares documents asks
//! for the hash first, and the safety run stores what is there already. A page is walked
//! once: where a row ends, and the members of its envelope, are known from making it
//! canonical. What the vault has is not compressed once more: neither a body, wherever it
//! is from, nor the volatile part that is stored with the object.
//!
//! A page keeps a processor busy for some fifty milliseconds, and while others are written a
//! call takes a tenth of that. So whoever is busy for long lets others have the processor
//! after every row: the next write is sent when its place is free, not when a page is done.

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use jiff::Timestamp;
use looker::Kind;
use looker::rows::{self, Row};
use vault::{BodyHash, Codec, Elements, InstanceId, Reader, Side, Writer};

use super::RestoreError;
use super::planner::PARTS_OF_DASHBOARDS;
use crate::extract::{Prepared, Recorder, compiled};

/// A document, compressed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) prepared: Prepared,
    /// Where a dashboard's lists of parts are in the body.
    pub(super) parts: Vec<Range<usize>>,
    codec: Codec,
}

impl Packed {
    /// Its body.
    pub(super) fn body(&self, id: &str, reader: &Reader) -> Result<Vec<u8>, RestoreError> {
        let unreadable =
            |reason: &str| RestoreError::Unreadable { id: id.to_owned(), reason: reason.to_owned() };
        match &self.prepared.encoded {
            Some(encoded) => self.codec.decode(encoded).map_err(unreadable),
            None => reader.body(&self.hash())?.ok_or_else(|| unreadable("its body is gone from the vault")),
        }
    }

    pub(super) fn hash(&self) -> BodyHash {
        self.prepared.body
    }
}

/// Rows of an answer, each with what the vault would store of it if it is packed.
pub(super) type Answered = Vec<(Row, Option<Arc<Packed>>)>;

/// Whether objects of a kind are packed: they are large and many, and there is one way
/// to store them.
fn is_packed(kind: &Kind) -> bool {
    matches!(kind.name, "dashboards" | "looks") && kind.destinations.is_empty()
}

/// Reads the rows of an answer and packs what of them is to be packed; takes as long as
/// that does. What has no id is nothing that anybody asked for. The inner error is one of
/// the vault.
///
/// # Errors
/// As [`rows::split_each`].
pub(super) fn read(
    writer: &Writer,
    instance: InstanceId,
    kind: &'static Kind,
    answer: &Bytes,
) -> looker::error::Result<vault::Result<Answered>> {
    if is_packed(kind)
        && let Some(read) = pack(writer, instance, kind, answer).transpose()
    {
        return Ok(read);
    }
    let rows = rows::split_each(answer, kind)?.into_iter().flatten();
    Ok(Ok(rows.map(|row| (row, None)).collect()))
}

/// Packs the rows of an answer, which is read once. None where one of them has no canonical
/// form: then the answer is read as that of any other kind, which tells whether it is one,
/// and what is no document is told when it is looked at.
fn pack(
    writer: &Writer,
    instance: InstanceId,
    kind: &'static Kind,
    answer: &Bytes,
) -> vault::Result<Option<Answered>> {
    let (codec, reader) = (writer.codec().quick(), writer.reader()?);
    let [rules, _] = compiled(kind);
    let recorder = Recorder { kind, side: Side::Live, read_at: Timestamp::now(), rules, codec: &codec };
    let envelope = kind.envelope.members();
    let names: Vec<&str> = envelope.iter().copied().chain(PARTS_OF_DASHBOARDS).collect();
    let Ok(elements) = Elements::new(answer, rules, &names) else { return Ok(None) };
    let mut read = Vec::new();
    for element in elements {
        let Ok(element) = element else { return Ok(None) };
        let told = envelope.iter().enumerate();
        let told = told.filter_map(|(nth, name)| Some((*name, element.member(nth)?)));
        let Ok(mut row) = Row::of_members(told, Bytes::new(), kind) else { continue };
        if row.created_at.is_none() {
            // It is known by its name, which is looked for in all of it.
            row.raw = answer.slice(element.raw);
            read.push((row, None));
            continue;
        }
        let volatile = reader.volatile_hash(instance, kind.name, &row.id)?;
        let prepared = recorder.prepare(element.canonical, |hash| reader.has_body(hash), volatile)?;
        let parts = element.members.into_iter().skip(envelope.len());
        let parts = parts.filter_map(|part| part?.place()).collect();
        read.push((row, Some(Arc::new(Packed { prepared, parts, codec: codec.clone() }))));
        thread::yield_now();
    }
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    use looker::ErrorKind;
    use vault::{BodyHash, Vault};

    use super::*;

    const PACKED: &str = r#"{"title":"Sales","id":"7","created_at":"2024-05-01T08:00:00Z","view_count":3,
        "dashboard_layouts":[ ],"dashboard_elements":[{"b":"]","a":[]}]}"#;

    /// What is read of a page of a kind.
    fn page(kind: &str, answer: &str) -> looker::error::Result<Answered> {
        let directory = tempfile::tempdir().unwrap();
        let mut vault = Vault::open_for_writing(&directory.path().join("vault.db"), "test").unwrap();
        let instance = vault.instance("https://made-up.looker.example").unwrap();
        let writer = vault.into_writer();
        let kind = Kind::find(kind).unwrap();
        let read = read(&writer, instance, kind, &Bytes::copy_from_slice(answer.as_bytes()));
        writer.close().unwrap();
        read.map(Result::unwrap)
    }

    /// Ids, raw texts, and hashes of what is packed.
    fn told(read: &Answered) -> Vec<(&str, &str, Option<BodyHash>)> {
        let mut told = Vec::new();
        for (row, packed) in read {
            let hash = packed.as_ref().map(|packed| packed.hash());
            told.push((row.id.as_str(), str::from_utf8(&row.raw).unwrap(), hash));
        }
        told
    }

    #[test]
    fn what_has_a_birth_is_packed_and_all_else_is_kept_as_it_came() {
        let unborn = r#"{"id":"8","title":"LookML"}"#;
        let read = page("dashboards", &format!("[{PACKED}, {unborn},{{\"title\":\"no id\"}}]")).unwrap();
        let [rules, _] = compiled(Kind::find("dashboards").unwrap());
        let body = vault::canonicalise(PACKED.as_bytes(), rules).unwrap().body;
        assert_eq!(told(&read), [("7", "", Some(BodyHash::of(&body))), ("8", unborn, None)]);
        assert_eq!(read[0].0.title.as_deref(), Some("Sales"));
        let parts = read[0].1.iter().flat_map(|packed| &packed.parts);
        let parts: Vec<_> = parts.map(|part| str::from_utf8(&body[part.clone()]).unwrap()).collect();
        assert_eq!(parts, [r#"[{"a":[],"b":"]"}]"#, "[]"], "in the order of their names in the table");
        let read = page("folders", &format!("[{PACKED}]")).unwrap();
        assert_eq!(told(&read), [("7", PACKED, None)]);
    }

    #[test]
    fn a_page_is_read_though_a_row_of_it_has_no_canonical_form() {
        let deep = format!(r#"{{"id":"9","x":{}{}}}"#, "[".repeat(600), "]".repeat(600));
        let read = page("dashboards", &format!("[{PACKED},{deep}]")).unwrap();
        assert_eq!(told(&read), [("7", PACKED, None), ("9", deep.as_str(), None)]);
    }

    #[test]
    fn what_is_no_page_is_refused_without_a_word_of_it() {
        for answer in ["", "{}", r#"["a secret"]"#, r#"[{"id":"7","a secret"}]"#, r#"[{"id":"7"}"#, "[{}] x"]
        {
            let error = page("dashboards", answer).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadBody, "{answer}");
            assert!(!error.message.contains("secret"), "{}", error.message);
        }
    }
}
