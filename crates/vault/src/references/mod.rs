//! References between objects, kept in tables.
//!
//! # The problem
//!
//! Which dashboards show this look? What must exist before this dashboard can be
//! restored? Does anything refer to what is gone? The answers are in the
//! documents, but reading 26,000 of them for each question takes seconds.
//!
//! # The choice
//!
//! What a body refers to is found while it is made canonical and written with
//! it, in one transaction. References hang on bodies, not on objects: equal
//! bodies refer to the same, so an object that does not change writes nothing,
//! and the past is answered as the present is. A body that is forgotten takes
//! its references along.
//!
//! The rules, which say where references are found, grow with the program. The
//! vault keeps for each kind those that its references were found by; when they
//! are no longer the same, [`Vault::index_references`](crate::Vault::index_references)
//! searches the stored bodies once more. Since the rules are in the vault,
//! verification needs no others to compare references with documents.

mod index;
mod rules;

use std::collections::HashMap;

pub(crate) use rules::{StoredRules, stored_rules};
use rusqlite::Connection;

use crate::query::gather;
use crate::{Kind, Reference};

/// Writes references, remembering the rows of kinds.
#[derive(Debug, Default)]
pub(crate) struct References {
    kinds: HashMap<Kind, i64>,
}

impl References {
    /// Writes what a body refers to, beside what is written already.
    pub(crate) fn store(
        &mut self,
        connection: &Connection,
        body: i64,
        references: &[Reference],
    ) -> rusqlite::Result<()> {
        for reference in references {
            let kind = self.kind(connection, &reference.kind)?;
            let insert = "INSERT INTO reference (body, kind, key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            connection.prepare_cached(insert)?.execute((body, kind, &reference.key))?;
        }
        Ok(())
    }

    fn kind(&mut self, connection: &Connection, kind: &Kind) -> rusqlite::Result<i64> {
        if let Some(row) = self.kinds.get(kind) {
            return Ok(*row);
        }
        let insert = "INSERT INTO reference_kind (name) VALUES (?1) ON CONFLICT DO NOTHING";
        connection.execute(insert, [kind])?;
        let select = "SELECT id FROM reference_kind WHERE name = ?1";
        let row = connection.query_row(select, [kind], |row| row.get(0))?;
        self.kinds.insert(kind.clone(), row);
        Ok(row)
    }
}

/// What a body refers to, by kind and key.
pub(crate) fn references_of(connection: &Connection, body: i64) -> rusqlite::Result<Vec<Reference>> {
    let select = "SELECT k.name, r.key FROM reference r JOIN reference_kind k ON k.id = r.kind
         WHERE r.body = ?1 ORDER BY k.name, r.key";
    gather(connection, select, [body], |row| {
        Ok(Reference { kind: row.get::<_, String>(0)?.into(), key: row.get(1)? })
    })
}
