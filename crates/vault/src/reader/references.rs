//! Who refers to whom, and to what is not there.

use std::collections::HashSet;

use rusqlite::Row;

use super::Reader;
use super::as_of::{AsOf, valid};
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
}

/// Both the current body and one of the past are found by where their run lies.
fn body_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT v.body FROM object o JOIN version v ON v.object = o.id AND {valid}
         WHERE o.instance = ?1 AND o.kind = ?2 AND o.key = ?3 AND v.side < 2",
        valid = valid("v", 4, at),
    )
}

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

const EVER_REFERRED_KEYS: &str = "SELECT DISTINCT key FROM reference
     WHERE kind = (SELECT id FROM reference_kind WHERE name = ?1)";

fn referrers_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT o.kind, o.key, v.title, v.folder, v.side FROM reference r
         CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
         WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = ?3
             AND v.body = r.body AND {valid} AND (v.side = 0 OR ?5 AND v.side = 1)
             AND (?6 IS NULL OR v.from_run <= ?6) AND o.id = v.object AND o.instance = ?1
         ORDER BY o.kind, length(o.key), o.key",
        valid = valid("v", 4, at),
    )
}

/// Keys that live objects refer to by a name, and of which there is no version of a kind
/// then, live or in the trash.
fn unknown_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT key FROM (
             SELECT DISTINCT key FROM reference
             WHERE kind = (SELECT id FROM reference_kind WHERE name = ?2)) k
         WHERE NOT EXISTS (SELECT 1 FROM object o JOIN version v ON v.object = o.id AND {there}
             WHERE o.instance = ?1 AND o.kind = ?4 AND o.key = k.key AND v.side < 2)
         AND EXISTS (SELECT 1 FROM reference r
             CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
             WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = k.key
                 AND v.body = r.body AND {there} AND v.side = 0
                 AND o.id = v.object AND o.instance = ?1)
         ORDER BY key",
        there = valid("v", 3, at),
    )
}

/// Live objects of a kind that no live one of the other kinds refers to.
fn unreferred_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT o.kind, o.key, v.title, v.folder, v.side FROM object o
         JOIN version v ON v.object = o.id AND {valid} AND v.side = 0
         WHERE o.instance = ?1 AND o.kind = ?2 AND NOT EXISTS (
             SELECT 1 FROM reference r CROSS JOIN version w INDEXED BY version_body CROSS JOIN object p
             WHERE r.kind = (SELECT id FROM reference_kind WHERE name = ?2) AND r.key = o.key
                 AND w.body = r.body AND {refers} AND w.side = 0 AND p.id = w.object
                 AND p.instance = ?1 AND p.kind IN (SELECT value FROM json_each(?4)))
         ORDER BY length(o.key), o.key",
        valid = valid("v", 3, at),
        refers = valid("w", 3, at),
    )
}

/// A kind is looked at until one object of it is found.
fn live_kinds_sql(at: Option<RunId>) -> String {
    format!(
        "SELECT DISTINCT o.kind FROM object o WHERE o.instance = ?1
         AND EXISTS (SELECT 1 FROM version v WHERE v.object = o.id AND {valid} AND v.side = 0)",
        valid = valid("v", 2, at),
    )
}

const UNINDEXED_KINDS: &str = "SELECT DISTINCT kind FROM object
     WHERE kind NOT IN (SELECT kind FROM reference_rules WHERE indexed_to IS NULL) ORDER BY kind";

impl Reader {
    /// What an object refers to, by kind and key. Nothing, if it is absent.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn references_from(&self, of: impl Into<AsOf>, kind: &str, key: &str) -> Result<Vec<Reference>> {
        let of = of.into();
        let parameters = (of.instance.0, kind, key, of.number());
        self.snapshot(|| {
            let bodies: Vec<i64> = gather(&self.connection, &body_sql(of.run), parameters, |row| row.get(0))?;
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

    /// The distinct keys of a kind that any stored document refers to, of whatever
    /// instance and time.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn ever_referred_keys(&self, kind: &str) -> Result<Vec<String>> {
        gather(&self.connection, EVER_REFERRED_KEYS, [kind], |row| row.get(0)).at(&self.path)
    }

    /// The objects, live or in the trash, that refer to an object.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn referrers(&self, of: impl Into<AsOf>, kind: &str, key: &str) -> Result<Vec<Referrer>> {
        let of = of.into();
        let parameters = (of.instance.0, kind, key, of.number(), true, None::<i64>);
        gather(&self.connection, &referrers_sql(of.run), parameters, Referrer::read).at(&self.path)
    }

    /// The live objects that refer to a key by a name that references have, usually
    /// that of a kind. With `brought_by` only those whose version that run or an earlier
    /// one brought.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn live_referrers(
        &self,
        of: impl Into<AsOf>,
        name: &str,
        key: &str,
        brought_by: Option<RunId>,
    ) -> Result<Vec<Referrer>> {
        let of = of.into();
        let parameters = (of.instance.0, name, key, of.number(), false, brought_by.map(|run| run.0));
        gather(&self.connection, &referrers_sql(of.run), parameters, Referrer::read).at(&self.path)
    }

    /// Live objects of a kind that no live object of the kinds `by` refers to.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unreferred(&self, of: impl Into<AsOf>, kind: &str, by: &[&str]) -> Result<Vec<Referrer>> {
        let of = of.into();
        let by = serde_json::Value::from(by).to_string();
        let parameters = (of.instance.0, kind, of.number(), by);
        gather(&self.connection, &unreferred_sql(of.run), parameters, Referrer::read).at(&self.path)
    }

    /// The keys that live objects refer to by a name that references have, and of which
    /// no object of a kind is there, in the trash neither. Only of a kind that the vault
    /// holds completely it can be said that they lead nowhere.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unknown_keys(&self, of: impl Into<AsOf>, name: &str, kind: &str) -> Result<Vec<String>> {
        let of = of.into();
        let parameters = (of.instance.0, name, of.number(), kind);
        gather(&self.connection, &unknown_sql(of.run), parameters, |row| row.get(0)).at(&self.path)
    }

    /// The kinds of which there is a live object.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn live_kinds(&self, of: impl Into<AsOf>) -> Result<HashSet<String>> {
        let of = of.into();
        let parameters = (of.instance.0, of.number());
        let kinds = gather(&self.connection, &live_kinds_sql(of.run), parameters, |row| row.get(0));
        Ok(kinds.at(&self.path)?.into_iter().collect())
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
    /// Reads kind, key, title, folder and side, the first columns of a row.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            kind: row.get(0)?,
            key: row.get(1)?,
            title: row.get(2)?,
            folder: row.get(3)?,
            side: side(row.get(4)?)?,
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
        assert_indexed(&[REFERRED_KEYS, EVER_REFERRED_KEYS], &["k"]);
        for at in [None, Some(RunId(1))] {
            let all =
                [body_sql(at), referrers_sql(at), unknown_sql(at), unreferred_sql(at), live_kinds_sql(at)];
            assert_indexed(&all.each_ref().map(String::as_str), &["k"]);
        }
    }
}
