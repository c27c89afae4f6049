//! From a row to a record: canonical, hashed, compressed.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::rows::Row;
use vault::{BodyHash, Canonical, Codec, CompiledRules, Encoded, Record, Reference, Side};

/// An object edited so shortly before its read may have been edited once more in
/// the same second, under the same stamp.
const UNSETTLED_WITHIN: SignedDuration = SignedDuration::from_secs(2);

/// Makes records of what was read of a kind at one time.
pub struct Recorder<'a> {
    /// The kind.
    pub kind: &'static Kind,
    /// Live or trash.
    pub side: Side,
    /// When it was read.
    pub read_at: Timestamp,
    /// The kind's rules, see [`rules`](super::rules).
    pub rules: &'a CompiledRules,
    /// The compressor of the vault that it goes to.
    pub codec: &'a Codec,
}

/// A document as it is stored: what of a record follows from it alone.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The hash of its body.
    pub body: BodyHash,
    /// The body, unless it was stored already.
    pub encoded: Option<Encoded>,
    /// How many values were redacted.
    pub redacted: u32,
    references: Vec<Reference>,
    volatile_hash: u64,
    volatile: Option<Encoded>,
    counters: Option<String>,
}

impl Recorder<'_> {
    /// The record of a row; its body comes along unless `is_stored` knows it. The
    /// inner error says why the row is no document.
    ///
    /// # Errors
    /// What `is_stored` gives.
    pub fn record(
        &self,
        row: &Row,
        is_stored: impl FnOnce(&BodyHash) -> vault::Result<bool>,
    ) -> vault::Result<Result<Record, String>> {
        match vault::canonicalise(&row.raw, self.rules) {
            Ok(canonical) => Ok(Ok(self.record_of(row, self.prepare(canonical, is_stored, None)?))),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Prepares what was made of a document by the rules; its body comes along unless
    /// `is_stored` knows it, its volatile part unless `volatile` is the hash of that.
    ///
    /// # Errors
    /// What `is_stored` gives.
    pub fn prepare(
        &self,
        canonical: Canonical,
        is_stored: impl FnOnce(&BodyHash) -> vault::Result<bool>,
        volatile: Option<u64>,
    ) -> vault::Result<Prepared> {
        let body = BodyHash::of(&canonical.body);
        let encoded = (!is_stored(&body)?).then(|| self.codec.encode(self.kind.name, &canonical.body));
        let part = canonical.volatile.as_deref();
        let volatile_hash = part.map_or(0, vault::volatile_hash);
        let news = part.filter(|_| volatile != Some(volatile_hash));
        Ok(Prepared {
            body,
            references: if encoded.is_some() { canonical.references } else { Vec::new() },
            encoded,
            redacted: canonical.redacted,
            volatile_hash,
            volatile: news.map(|part| self.codec.encode_volatile(self.kind.name, part)),
            counters: canonical.counters,
        })
    }

    /// The record of a row whose document was prepared.
    pub fn record_of(&self, row: &Row, prepared: Prepared) -> Record {
        Record {
            kind: Cow::Borrowed(self.kind.name),
            key: row.id.clone(),
            side: self.side,
            title: row.title.clone(),
            folder: row.folder.clone(),
            updated_at: row.updated_at,
            created_at: row.created_at,
            read_at: self.read_at,
            unsettled: row.updated_at.is_some_and(|at| at.duration_until(self.read_at) < UNSETTLED_WITHIN),
            body: prepared.body,
            references: prepared.references,
            encoded: prepared.encoded,
            volatile_hash: prepared.volatile_hash,
            volatile: prepared.volatile,
            counters: prepared.counters,
        }
    }
}
