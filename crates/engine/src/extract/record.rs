//! From a row to a record: canonical, hashed, compressed.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::rows::Row;
use vault::{BodyHash, Codec, CompiledRules, Record, Side};

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
        let canonical = match vault::canonicalise(&row.raw, self.rules) {
            Ok(canonical) => canonical,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let body = BodyHash::of(&canonical.body);
        let encoded = (!is_stored(&body)?).then(|| self.codec.encode(self.kind.name, &canonical.body));
        let (volatile, counters) = (canonical.volatile.as_deref(), canonical.counters);
        Ok(Ok(Record {
            kind: Cow::Borrowed(self.kind.name),
            key: row.id.clone(),
            side: self.side,
            title: row.title.clone(),
            folder: row.folder.clone(),
            updated_at: row.updated_at,
            created_at: row.created_at,
            read_at: self.read_at,
            unsettled: row.updated_at.is_some_and(|at| at.duration_until(self.read_at) < UNSETTLED_WITHIN),
            body,
            references: if encoded.is_some() { canonical.references } else { Vec::new() },
            encoded,
            volatile_hash: volatile.map_or(0, vault::volatile_hash),
            volatile: volatile.map(|part| self.codec.encode_volatile(self.kind.name, part, counters)),
        }))
    }
}
