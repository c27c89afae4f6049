//! What is kept for search: is it what the documents say?

use rusqlite::{Connection, OptionalExtension};

use super::Check;
use crate::query::gather;
use crate::search::{fields_of, indexed_by};
use crate::{FieldName, Indexed, Indexer};

const ADVICE: &str = "restore a copy of the vault; the document itself is sound";

/// The index of comparison is emptied after so many documents.
const DOCUMENTS: u32 = 1_000;

/// Words of documents that are gone, or were not searched.
const STRAY_WORDS: &str = "SELECT id FROM (
         SELECT id FROM body_text_docsize UNION SELECT id FROM body_title_docsize)
     WHERE id > (SELECT indexed_to FROM content_index) OR id NOT IN (SELECT id FROM body)";

/// A second index, in memory, into which documents are put as they should be.
pub(super) struct Expected {
    indexer: Indexer,
    indexed_to: i64,
    index: Connection,
    documents: u32,
}

impl Expected {
    /// `None` if what is stored was found by another edition of the indexer: then
    /// there is nothing to compare it with.
    pub(super) fn new(stored: &Connection, indexer: &Indexer) -> rusqlite::Result<Option<Self>> {
        let (edition, indexed_to) = indexed_by(stored)?;
        if edition != indexer.edition {
            return Ok(None);
        }
        let index = Connection::open_in_memory()?;
        index.execute_batch(
            "CREATE VIRTUAL TABLE body_text USING fts5 (title, text, code,
                 content = '', detail = none, tokenize = 'unicode61 remove_diacritics 2');
             BEGIN",
        )?;
        Ok(Some(Self { indexer: *indexer, indexed_to, index, documents: 0 }))
    }

    /// How many words each column of a document has.
    fn words(&mut self, body: i64, found: &Indexed) -> rusqlite::Result<Option<Vec<u8>>> {
        self.documents += 1;
        if self.documents.is_multiple_of(DOCUMENTS) {
            self.index.execute("INSERT INTO body_text (body_text) VALUES ('delete-all')", ())?;
        }
        let [title, text, code] = found.columns();
        let insert = "INSERT INTO body_text (rowid, title, text, code) VALUES (?1, ?2, ?3, ?4)";
        self.index.prepare_cached(insert)?.execute((body, title, text, code))?;
        words_of(&self.index, body)
    }
}

/// The sizes of a document as the index notes them.
fn words_of(connection: &Connection, body: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let select = "SELECT sz FROM body_text_docsize WHERE id = ?1";
    connection.prepare_cached(select)?.query_row([body], |row| row.get(0)).optional()
}

/// The size of its title, as the index of titles notes it.
fn title_words_of(connection: &Connection, body: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let select = "SELECT sz FROM body_title_docsize WHERE id = ?1";
    connection.prepare_cached(select)?.query_row([body], |row| row.get(0)).optional()
}

/// The first of several sizes: SQLite's numbers end with a byte below 128.
fn first_of(sizes: &[u8]) -> &[u8] {
    let end = sizes.iter().position(|byte| *byte < 0x80).map_or(sizes.len(), |last| last + 1);
    &sizes[..end]
}

impl Check<'_> {
    /// Compares what is kept of a sound body with what it says, as far as it was
    /// searched.
    pub(super) fn content(&mut self, body: i64, kind: &str, document: &[u8]) -> rusqlite::Result<()> {
        let Some(expected) = self.expected.as_mut().filter(|expected| body <= expected.indexed_to) else {
            return Ok(());
        };
        let found = (expected.indexer.find)(kind, document);
        let words = expected.words(body, &found)?;
        let stored = &self.reader.connection;
        let title = words.as_deref().map(first_of);
        if words_of(stored, body)? != words || title_words_of(stored, body)?.as_deref() != title {
            let place = self.place_of_body(body)?;
            self.find("the words kept of a document are not its own", place, ADVICE, true);
        }
        let (expected, stored) = (found.distinct_fields(), fields_of(&self.reader.connection, body)?);
        for field in expected.iter().filter(|field| !stored.contains(field)) {
            self.wrong_field("a field that a document uses is missing", body, field)?;
        }
        for field in stored.iter().filter(|field| !expected.contains(field)) {
            self.wrong_field("a field is kept that the document does not use", body, field)?;
        }
        Ok(())
    }

    fn wrong_field(&mut self, what: &str, body: i64, field: &FieldName) -> rusqlite::Result<()> {
        let FieldName { model, explore, name } = field;
        let place = format!("{model}::{explore} {name}, {}", self.place_of_body(body)?);
        self.find(what, place, ADVICE, true);
        Ok(())
    }

    /// Words must be those of documents.
    pub(super) fn stray_words(&mut self) -> rusqlite::Result<()> {
        let stray: Vec<i64> = gather(&self.reader.connection, STRAY_WORDS, (), |row| row.get(0))?;
        for body in stray {
            self.find("words are kept of a document that is not there", format!("body {body}"), ADVICE, true);
        }
        Ok(())
    }
}
