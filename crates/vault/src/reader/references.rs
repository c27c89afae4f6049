//! Who refers to whom, and to what is not there.

use std::collections::BTreeSet;

use rusqlite::Row;

use super::Reader;
use super::objects::side;
use crate::error::AtPath;
use crate::query::gather;
use crate::references::references_of;
use crate::{InstanceId, Reference, Result, RunId, Side};

/// An object that refers to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Its kind.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Title or name.
    pub title: Option<String>,
    /// The key of its folder.
    pub folder: Option<String>,
    /// Live or trash.
    pub side: Side,
    /// The run that brought its current version.
    pub from_run: RunId,
}

/// A reference to an object that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// What is referred to.
    pub reference: Reference,
    /// The live objects that do, by kind and key.
    pub referrers: Vec<Referrer>,
}

/// Both the current body and one of the past are found by where their run lies.
const BODY_AT: &str = "SELECT v.body FROM object o JOIN version v ON v.object = o.id
     WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3 AND v.side < 2
         AND CASE WHEN ?4 IS NULL THEN v.until_run IS NULL
             ELSE v.from_run <= ?4 AND (v.until_run IS NULL OR v.until_run > ?4) END";

/// The distinct keys are asked first, so that each is looked up only until one
/// current object is found. The joins are crossed, and the index named, because
/// few versions hang on a body and very many are current.
const REFERRED_KEYS: &str = "SELECT key FROM (
         SELECT DISTINCT key FROM reference WHERE kind = (SELECT id FROM reference_kind WHERE name = ?2)) k
     WHERE EXISTS (SELECT 1 FROM reference r
         CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
         WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = k.key
             AND v.body = r.body AND v.until_run IS NULL AND (?3 AND v.side = 0 OR ?4 AND v.side = 1)
             AND o.id = v.object AND o.instance = ?1)
     ORDER BY key";

const REFERRERS: &str = "SELECT o.kind, o.key, v.title, v.folder, v.side, v.from_run FROM reference r
     CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
     WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = ?3
         AND v.body = r.body AND v.until_run IS NULL AND (?4 AND v.side = 0 OR ?5 AND v.side = 1)
         AND o.id = v.object AND o.instance = ?1
     ORDER BY o.kind, length(o.key), o.key";

/// Keys that live objects refer to and of which there is no current version, live
/// or in the trash.
const UNKNOWN_KEYS: &str = "SELECT key FROM (
         SELECT DISTINCT key FROM reference WHERE kind = (SELECT id FROM reference_kind WHERE name = ?2)) k
     WHERE NOT EXISTS (SELECT 1 FROM object o JOIN version v ON v.object = o.id AND v.until_run IS NULL
         WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = k.key AND v.side < 2)
     AND EXISTS (SELECT 1 FROM reference r
         CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
         WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = k.key
             AND v.body = r.body AND v.until_run IS NULL AND v.side = 0
             AND o.id = v.object AND o.instance = ?1)
     ORDER BY key";

/// Live objects of a kind that no live one of the other kinds refers to.
const UNREFERRED: &str = "SELECT o.kind, o.key, v.title, v.folder, v.side, v.from_run FROM object o
     JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side = 0
     WHERE o.instance = ?1 AND o.kind = ?2 AND NOT EXISTS (
         SELECT 1 FROM reference r CROSS JOIN version w INDEXED BY version_body CROSS JOIN object p
         WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = o.key
             AND w.body = r.body AND w.until_run IS NULL AND w.side = 0 AND p.id = w.object
             AND p.instance = ?1 AND p.kind IN (SELECT value FROM json_each(?3)))
     ORDER BY length(o.key), o.key";

const UNINDEXED_KINDS: &str = "SELECT DISTINCT kind FROM object
     WHERE kind NOT IN (SELECT kind FROM reference_rules WHERE indexed_to IS NULL) ORDER BY kind";

impl Reader {
    /// What an object refers to, by kind and key: now, or as the run `at` left
    /// it. Nothing, if the object is absent.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn references_from(
        &self,
        instance: InstanceId,
        kind: &str,
        key: &str,
        at: Option<RunId>,
    ) -> Result<Vec<Reference>> {
        let parameters = (instance.0, kind, key, at.map(|run| run.0));
        self.snapshot(|| {
            let bodies: Vec<i64> = gather(&self.connection, BODY_AT, parameters, |row| row.get(0))?;
            bodies.first().map_or(Ok(Vec::new()), |body| references_of(&self.connection, *body))
        })
    }

    /// The distinct keys of a kind that current objects on these sides refer to.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn referred_keys(&self, instance: InstanceId, kind: &str, sides: &[Side]) -> Result<Vec<String>> {
        let side = |side| sides.contains(&side);
        let parameters = (instance.0, kind, side(Side::Live), side(Side::Trash));
        gather(&self.connection, REFERRED_KEYS, parameters, |row| row.get(0)).at(&self.path)
    }

    /// The current objects, live or in the trash, that refer to an object.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn referrers(&self, instance: InstanceId, kind: &str, key: &str) -> Result<Vec<Referrer>> {
        self.referrers_on(instance, kind, key, true).at(&self.path)
    }

    fn referrers_on(
        &self,
        instance: InstanceId,
        kind: &str,
        key: &str,
        trash: bool,
    ) -> rusqlite::Result<Vec<Referrer>> {
        gather(&self.connection, REFERRERS, (instance.0, kind, key, true, trash), Referrer::read)
    }

    /// References of current live objects to objects of `kinds` of which there
    /// is no current version. Only kinds that the vault holds completely give an
    /// answer worth having. What lies in the trash is there.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn dangling(&self, instance: InstanceId, kinds: &[&str]) -> Result<Vec<Dangling>> {
        let kinds: BTreeSet<&str> = kinds.iter().copied().collect();
        self.snapshot(|| {
            let mut found = Vec::new();
            for kind in kinds {
                for key in self.unknown(instance, kind)? {
                    let referrers = self.referrers_on(instance, kind, &key, false)?;
                    let reference = Reference { kind: kind.to_owned().into(), key };
                    found.push(Dangling { reference, referrers });
                }
            }
            Ok(found)
        })
    }

    /// Live objects of a kind that no live object of the kinds `by` refers to.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unreferred(&self, instance: InstanceId, kind: &str, by: &[&str]) -> Result<Vec<Referrer>> {
        let by = serde_json::Value::from(by).to_string();
        gather(&self.connection, UNREFERRED, (instance.0, kind, by), Referrer::read).at(&self.path)
    }

    /// The keys that [`Reader::dangling`] would name of a kind, without who refers
    /// to them: for kinds that are not held completely there may be very many.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unknown_keys(&self, instance: InstanceId, kind: &str) -> Result<Vec<String>> {
        self.unknown(instance, kind).at(&self.path)
    }

    fn unknown(&self, instance: InstanceId, kind: &str) -> rusqlite::Result<Vec<String>> {
        gather(&self.connection, UNKNOWN_KEYS, (instance.0, kind), |row| row.get(0))
    }

    /// Kinds of which not all references are known, because the rules that find
    /// them are new: the next run that writes to the vault searches them.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unindexed_kinds(&self) -> Result<Vec<String>> {
        gather(&self.connection, UNINDEXED_KINDS, (), |row| row.get(0)).at(&self.path)
    }
}

impl Referrer {
    /// Reads kind, key, title, folder, side and first run, the first columns of a row.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            kind: row.get(0)?,
            key: row.get(1)?,
            title: row.get(2)?,
            folder: row.get(3)?,
            side: side(row.get(4)?)?,
            from_run: RunId(row.get(5)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::assert_indexed;

    /// Nothing but short lists, of distinct keys and of what was asked for, is gone
    /// through from end to end.
    #[test]
    fn every_question_is_answered_by_an_index() {
        assert_indexed(&[BODY_AT, REFERRED_KEYS, REFERRERS, UNKNOWN_KEYS, UNREFERRED], &["k"]);
    }
}
