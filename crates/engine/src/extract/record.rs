//! From a row of an answer to what the vault stores of it.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use looker::rows::Row;
use vault::{BodyHash, Codec, CompiledRules, Reader, Record, Side, VaultError};

/// An object edited so shortly before its read may have been edited once more in
/// the same second, under the same stamp.
const UNSETTLED_WITHIN: SignedDuration = SignedDuration::from_secs(2);

/// Makes a row canonical, hashes and compresses it. `date` is the server's clock when
/// it answered. The outer error is the vault's, the inner one the document's.
pub(crate) fn record(
    kind: &'static Kind,
    side: Side,
    row: &Row,
    date: Timestamp,
    rules: &CompiledRules,
    codec: &Codec,
    reader: &Reader,
) -> Result<Result<Record, String>, VaultError> {
    let canonical = match vault::canonicalise(&row.raw, rules) {
        Ok(canonical) => canonical,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let body = BodyHash::of(&canonical.body);
    let encoded = (!reader.has_body(&body)?).then(|| codec.encode(kind.name, &canonical.body));
    Ok(Ok(Record {
        kind: Cow::Borrowed(kind.name),
        key: row.id.clone(),
        side,
        title: row.title.clone(),
        folder: row.folder.clone(),
        updated_at: row.updated_at,
        created_at: row.created_at,
        read_at: date,
        unsettled: row.updated_at.is_some_and(|at| at.duration_until(date) < UNSETTLED_WITHIN),
        body,
        references: if encoded.is_some() { canonical.references } else { Vec::new() },
        encoded,
        volatile_hash: canonical.volatile.as_deref().map_or(0, vault::volatile_hash),
        volatile: canonical.volatile.as_deref().map(|part| codec.encode_volatile(kind.name, part)),
    }))
}
