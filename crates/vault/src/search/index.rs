//! Searching bodies that are new, or all when the finder has changed.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{FieldName, Indexed, Indexer, indexed_by};
use crate::error::AtPath;
use crate::query::number;
use crate::reader::Frame;
use crate::{Reader, Result, Vault, seals};

/// A transaction holds what was found in so many bodies.
const BODIES_PER_COMMIT: u32 = 500;

const NEXT: &str = "SELECT id, kind, raw_len, dictionary, data FROM body WHERE id > ?1 ORDER BY id LIMIT ?2";

impl Vault {
    /// Searches the bodies that were not searched by this edition of the indexer,
    /// in batches, each committed; what was interrupted is taken up by the next
    /// call. `each` is told how many were searched, batch by batch. Gives their
    /// number.
    ///
    /// # Errors
    /// When the vault cannot be read or written.
    pub fn index_content(&mut self, indexer: &Indexer, each: &mut dyn FnMut(u64)) -> Result<u64> {
        let (edition, mut done) = indexed_by(&self.connection).at(&self.path)?;
        if edition != indexer.edition {
            start_anew(&mut self.connection, indexer).at(&self.path)?;
            done = 0;
        }
        let reader = self.reader()?;
        let mut fields = Fields::default();
        let mut searched = 0;
        while let Some((last, bodies)) =
            index_batch(&mut self.connection, &reader, indexer, &mut fields, done).at(&self.path)?
        {
            done = last;
            searched += bodies;
            each(searched);
        }
        seals::tighten(&self.connection).at(&self.path)?;
        Ok(searched)
    }
}

impl Reader {
    /// How many bodies this edition of the indexer has not searched, counted up
    /// to `at_most`.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn unsearched(&self, indexer: &Indexer, at_most: u64) -> Result<u64> {
        let count = || {
            let (edition, done) = indexed_by(&self.connection)?;
            let done = if edition == indexer.edition { done } else { 0 };
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            let count = "SELECT count(*) FROM (SELECT 1 FROM body WHERE id > ?1 LIMIT ?2)";
            number(&self.connection, count, (done, at_most))
        };
        count().at(&self.path)
    }
}

/// Forgets what another edition has found.
fn start_anew(connection: &mut Connection, indexer: &Indexer) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    seals::loosen(&transaction)?;
    transaction.execute_batch(
        "INSERT INTO body_text (body_text) VALUES ('delete-all');
         INSERT INTO body_title (body_title) VALUES ('delete-all');
         DELETE FROM field_use;
         DELETE FROM field;",
    )?;
    let begin = "UPDATE content_index SET edition = ?1, indexed_to = 0";
    transaction.execute(begin, [indexer.edition])?;
    transaction.commit()
}

/// Searches the next bodies after `done`; the last of them and how many they
/// were, or `None` at the end.
fn index_batch(
    connection: &mut Connection,
    reader: &Reader,
    indexer: &Indexer,
    fields: &mut Fields,
    done: i64,
) -> rusqlite::Result<Option<(i64, u64)>> {
    let transaction = connection.transaction()?;
    let mut select = reader.connection.prepare_cached(NEXT)?;
    let mut rows = select.query((done, BODIES_PER_COMMIT))?;
    let (mut last, mut bodies) = (done, 0);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        bodies += 1;
        let kind: String = row.get(1)?;
        let frame = Frame { raw_len: row.get(2)?, dictionary: row.get(3)?, data: row.get(4)? };
        match reader.decode(&frame)? {
            Ok(body) => store(&transaction, fields, last, &(indexer.find)(&kind, &body))?,
            Err(reason) => {
                tracing::error!(
                    body = last,
                    reason,
                    "A body of the vault is damaged; verify will tell more."
                );
            }
        }
    }
    if bodies > 0 {
        seals::loosen(&transaction)?;
        transaction.execute("UPDATE content_index SET indexed_to = ?1", [last])?;
    }
    transaction.commit()?;
    Ok((bodies > 0).then_some((last, bodies)))
}

fn store(connection: &Connection, fields: &mut Fields, body: i64, found: &Indexed) -> rusqlite::Result<()> {
    let [title, text, code] = found.columns();
    let insert = "INSERT INTO body_text (rowid, title, text, code) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(insert)?.execute((body, &title, text, code))?;
    let insert = "INSERT INTO body_title (rowid, title) VALUES (?1, ?2)";
    connection.prepare_cached(insert)?.execute((body, title))?;
    for field in found.distinct_fields() {
        let field = fields.row(connection, field)?;
        let insert = "INSERT INTO field_use (body, field) VALUES (?1, ?2)";
        connection.prepare_cached(insert)?.execute((body, field))?;
    }
    Ok(())
}

/// The rows of fields, remembered.
#[derive(Default)]
struct Fields(HashMap<FieldName, i64>);

impl Fields {
    fn row(&mut self, connection: &Connection, field: FieldName) -> rusqlite::Result<i64> {
        if let Some(row) = self.0.get(&field) {
            return Ok(*row);
        }
        let name = (&field.model, &field.explore, &field.name);
        let insert = "INSERT INTO field (model, explore, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        connection.prepare_cached(insert)?.execute(name)?;
        let select = "SELECT id FROM field WHERE model = ?1 AND explore = ?2 AND name = ?3";
        let row = connection.prepare_cached(select)?.query_row(name, |row| row.get(0))?;
        self.0.insert(field, row);
        Ok(row)
    }
}
