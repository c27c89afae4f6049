//! Searching stored bodies again when the rules have changed.

use std::collections::HashMap;

use rusqlite::Connection;

use super::rules::text;
use super::{References, StoredRules, stored_rules};
use crate::error::AtPath;
use crate::query::gather;
use crate::reader::Frame;
use crate::{Reader, Result, Rules, Vault};

/// A transaction holds the references of so many bodies.
const BODIES_PER_COMMIT: u32 = 500;

/// The next bodies of the kinds that are not searched to their end.
const NEXT: &str = "SELECT id, kind, raw_len, dictionary, data FROM body
     WHERE id > ?1 AND kind IN (SELECT kind FROM reference_rules WHERE indexed_to IS NOT NULL)
     ORDER BY id LIMIT ?2";

impl Vault {
    /// Makes sure that the references of these kinds are those that their rules
    /// find: bodies of a kind whose rules are not the ones used before are
    /// searched again. To be called before objects of a kind are written.
    ///
    /// Works in batches, each committed; what was interrupted is taken up by the
    /// next call. `each` is told how many bodies were searched, batch by batch.
    /// When nothing has changed it costs one look. Gives the number of bodies
    /// that were searched.
    ///
    /// # Errors
    /// When the vault cannot be read or written.
    pub fn index_references(&mut self, kinds: &[(&str, &Rules)], each: &mut dyn FnMut(u64)) -> Result<u64> {
        self.note_rules(kinds).at(&self.path)?;
        let unfinished = "SELECT min(indexed_to) FROM reference_rules";
        let unfinished: Option<i64> =
            self.connection.query_row(unfinished, (), |row| row.get(0)).at(&self.path)?;
        let Some(mut done) = unfinished else { return Ok(0) };
        let rules = stored_rules(&self.connection).at(&self.path)?;
        let reader = self.reader()?;
        let mut searched = 0;
        while let Some((last, bodies)) =
            index_batch(&mut self.connection, &reader, &rules, done).at(&self.path)?
        {
            done = last;
            searched += bodies;
            each(searched);
        }
        let finished = "UPDATE reference_rules SET indexed_to = NULL WHERE indexed_to IS NOT NULL";
        self.connection.execute(finished, ()).at(&self.path)?;
        Ok(searched)
    }

    /// Writes down rules that are new; their kinds are to be searched from the start.
    fn note_rules(&mut self, kinds: &[(&str, &Rules)]) -> rusqlite::Result<()> {
        let known = gather(&self.connection, "SELECT kind, rules FROM reference_rules", (), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let known: HashMap<String, String> = known.into_iter().collect();
        let rules = kinds.iter().map(|(kind, rules)| (*kind, text(rules)));
        let fresh: Vec<_> = rules.filter(|(kind, rules)| known.get(*kind) != Some(rules)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for (kind, rules) in fresh {
            let upsert = "INSERT INTO reference_rules (kind, rules, indexed_to) VALUES (?1, ?2, 0)
                 ON CONFLICT (kind) DO UPDATE SET rules = excluded.rules, indexed_to = 0";
            transaction.execute(upsert, (kind, rules))?;
        }
        transaction.commit()
    }
}

/// Searches the next bodies after `done`; the last of them and how many they
/// were, or `None` at the end.
fn index_batch(
    connection: &mut Connection,
    reader: &Reader,
    rules: &HashMap<String, StoredRules>,
    done: i64,
) -> rusqlite::Result<Option<(i64, u64)>> {
    let mut references = References::default();
    let transaction = connection.transaction()?;
    let mut select = reader.connection.prepare_cached(NEXT)?;
    let mut rows = select.query((done, BODIES_PER_COMMIT))?;
    let (mut last, mut bodies) = (done, 0);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        bodies += 1;
        transaction.prepare_cached("DELETE FROM reference WHERE body = ?1")?.execute([last])?;
        let kind: String = row.get(1)?;
        let frame = Frame { raw_len: row.get(2)?, dictionary: row.get(3)?, data: row.get(4)? };
        match (reader.decode(&frame)?, rules.get(&kind)) {
            (Ok(body), Some(rules)) => references.store(&transaction, last, &rules.find(&body))?,
            (Err(reason), _) => {
                tracing::error!(
                    body = last,
                    reason,
                    "A body of the vault is damaged; verify will tell more."
                );
            }
            (Ok(_), None) => {}
        }
    }
    transaction.execute("UPDATE reference_rules SET indexed_to = ?1 WHERE indexed_to < ?1", [last])?;
    transaction.commit()?;
    Ok((bodies > 0).then_some((last, bodies)))
}
