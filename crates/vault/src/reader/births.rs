//! Birth marks: when an object was made never changes, so another mark under the
//! same key means another object, and another instance.

use jiff::{SignedDuration, Timestamp};

use super::Reader;
use crate::error::AtPath;
use crate::{InstanceId, Result, times};

/// Marks that differ by less were written by another clock or in another
/// spelling.
const SAME_WITHIN: SignedDuration = SignedDuration::from_secs(1);

/// An object of which the vault has another birth mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherBirth {
    /// The kind.
    pub kind: String,
    /// The key.
    pub key: String,
    /// Title or name, as the vault has it.
    pub title: Option<String>,
    /// The mark that the vault has.
    pub before: Timestamp,
    /// The mark it was held against.
    pub now: Timestamp,
}

/// What comparing birth marks came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Births {
    /// Objects of which both marks are known.
    pub compared: u64,
    /// Those whose marks differ, in the order given.
    pub other: Vec<OtherBirth>,
}

/// The join is crossed because the list is short and the objects are many.
const COMPARED: &str = "SELECT o.key, v.title, v.created_at, j.value ->> 1 FROM json_each(?3) j
     CROSS JOIN object o ON o.instance = ?1 AND o.kind = ?2 AND o.key = j.value ->> 0
     CROSS JOIN version v ON v.object = o.id AND v.until_run IS NULL
     WHERE v.created_at IS NOT NULL";

impl Reader {
    /// Holds birth marks of a kind, by key, against those of the current versions,
    /// absences included.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn births(&self, instance: InstanceId, kind: &str, births: &[(String, Timestamp)]) -> Result<Births> {
        let list: Vec<serde_json::Value> =
            births.iter().map(|(key, at)| serde_json::json!([key, at.as_microsecond()])).collect();
        let list = serde_json::Value::from(list).to_string();
        let compare = || -> rusqlite::Result<Births> {
            let mut found = Births::default();
            let mut select = self.connection.prepare_cached(COMPARED)?;
            let mut rows = select.query((instance.0, kind, list))?;
            while let Some(row) = rows.next()? {
                let (before, now) = (times::timestamp(row.get(2)?)?, times::timestamp(row.get(3)?)?);
                found.compared += 1;
                if before.duration_since(now).abs() >= SAME_WITHIN {
                    let (key, title) = (row.get(0)?, row.get(1)?);
                    found.other.push(OtherBirth { kind: kind.to_owned(), key, title, before, now });
                }
            }
            Ok(found)
        };
        compare().at(&self.path)
    }
}
