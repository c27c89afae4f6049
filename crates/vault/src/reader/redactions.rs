//! What was never stored, of all that is current.

use super::Reader;
use super::objects::{Frame, side};
use crate::document::REDACTED;
use crate::error::AtPath;
use crate::{InstanceId, Result, Side, VaultError, merge_volatile, redactions};

/// An object that has values which were never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// Its key.
    pub key: String,
    /// Its title, when it has one.
    pub title: Option<String>,
    /// Where it lies.
    pub side: Side,
    /// JSON pointers (RFC 6901) to those values, in the order of the document.
    pub fields: Vec<String>,
}

/// In the order of [`Reader::list`].
const SELECT: &str = "SELECT o.key, v.title, v.side, b.raw_len, b.dictionary, b.data,
         w.raw_len, w.dictionary, w.data
     FROM object o JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side < 2
     JOIN body b ON b.id = v.body
     LEFT JOIN volatile w ON w.object = o.id
     WHERE o.instance = ?1 AND o.kind = ?2
     ORDER BY o.key GLOB '*[^0-9]*',
         CASE WHEN o.key NOT GLOB '*[^0-9]*' THEN length(ltrim(o.key, '0')) END, o.key";

/// A row of [`SELECT`].
type Row = (String, Option<String>, i64, Frame, Option<Frame>);

impl Reader {
    /// Hands every object of a kind, live or in the trash, that was redacted to
    /// `each`: what is to be entered again after a restore. Nothing is gathered;
    /// bodies are not checked against their hashes.
    ///
    /// # Errors
    /// When the vault cannot be read, or what is stored is damaged.
    pub fn redacted(&self, instance: InstanceId, kind: &str, mut each: impl FnMut(Redacted)) -> Result<()> {
        let mut select = self.connection.prepare_cached(SELECT).at(&self.path)?;
        let mut rows = select.query((instance.0, kind)).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let (key, title, code, body, volatile) = read(row).at(&self.path)?;
            let fields = self.redacted_fields(kind, &key, &body, volatile.as_ref())?;
            if !fields.is_empty() {
                each(Redacted { key, title, side: side(code).at(&self.path)?, fields });
            }
        }
        Ok(())
    }

    fn redacted_fields(
        &self,
        kind: &str,
        key: &str,
        body: &Frame,
        volatile: Option<&Frame>,
    ) -> Result<Vec<String>> {
        let damaged = |why: &str| VaultError::damaged(&self.path, format!("{kind} {key}: {why}"));
        let unpacked = |frame| self.decode(frame).at(&self.path)?.map_err(damaged);
        let body = unpacked(body)?;
        let volatile = volatile.map(unpacked).transpose()?;
        let has_mark = |text: &[u8]| memchr::memmem::find(text, REDACTED.as_bytes()).is_some();
        Ok(match volatile {
            Some(volatile) if has_mark(&volatile) => {
                let whole = merge_volatile(&body, &volatile).map_err(|why| damaged(&why.to_string()))?;
                redactions(&whole)
            }
            _ => redactions(&body),
        })
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let frame = |at: usize, raw_len| -> rusqlite::Result<Frame> {
        Ok(Frame { raw_len, dictionary: row.get(at + 1)?, data: row.get(at + 2)? })
    };
    let volatile = row.get::<_, Option<u32>>(6)?.map(|raw_len| frame(6, raw_len)).transpose()?;
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, frame(3, row.get(3)?)?, volatile))
}
