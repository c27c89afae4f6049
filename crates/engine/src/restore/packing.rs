//! Objects that come by the thousands, held as the vault would hold them.
//!
//! A plan for ten thousand dashboards has ten thousand documents of the instance before
//! it can compose the first step. Each is brought into canonical form, hashed and
//! compressed on a blocking thread as soon as its page came, while the next pages are
//! on their way, and that is all that is kept of it: whoever compares documents asks
//! for the hash first, and the safety run stores what is there already. What the vault
//! has is not compressed once more: neither a body, wherever it is from, nor the volatile
//! part that is stored with the object.
//!
//! A page keeps a processor busy for some fifty milliseconds, and while others are written a
//! call takes a tenth of that. So whoever is busy for long lets others have the processor
//! after every row: the next write is sent when its place is free, not when a page is done.

use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use looker::Kind;
use looker::rows::Row;
use vault::{BodyHash, Codec, InstanceId, Reader, Side, Writer};

use super::RestoreError;
use crate::extract::{Prepared, Recorder, blocking, compiled};

/// A document, compressed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) prepared: Prepared,
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

/// Whether objects of a kind are packed: they are large and many, and there is one way
/// to store them. One without a birth is known by its name, which is looked for in all of it.
fn is_packed(kind: &Kind, row: &Row) -> bool {
    matches!(kind.name, "dashboards" | "looks") && kind.destinations.is_empty() && row.created_at.is_some()
}

/// Packs what of rows is to be packed, on a blocking thread.
pub(super) async fn pack(
    writer: Writer,
    instance: InstanceId,
    kind: &'static Kind,
    read: Vec<Row>,
) -> Result<Vec<(Row, Option<Arc<Packed>>)>, RestoreError> {
    Ok(blocking(move || {
        let (codec, reader) = (writer.codec().quick(), writer.reader()?);
        let [rules, _] = compiled(kind);
        let recorder = Recorder { kind, side: Side::Live, read_at: Timestamp::now(), rules, codec: &codec };
        let mut rows = Vec::with_capacity(read.len());
        for mut row in read {
            if !is_packed(kind, &row) {
                rows.push((row, None));
                continue;
            }
            // What is no document is told when it is looked at.
            let volatile = reader.volatile_hash(instance, kind.name, &row.id)?;
            let prepared = recorder.prepare(&row.raw, |hash| reader.has_body(hash), volatile)?.ok();
            let packed = prepared.map(|prepared| Arc::new(Packed { prepared, codec: codec.clone() }));
            if packed.is_some() {
                row.raw = bytes::Bytes::new();
            }
            rows.push((row, packed));
            thread::yield_now();
        }
        Ok(rows)
    })
    .await?)
}
