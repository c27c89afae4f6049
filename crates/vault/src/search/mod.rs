//! What documents say and which fields they use, kept for search.
//!
//! # The problem
//!
//! Where was this word written, now or ever? Which dashboards use this field? As
//! with references the answers are in the documents, and there are too many of
//! them to be read for each question.
//!
//! # The choice
//!
//! Two indexes tell *which* bodies to look at; *where* in a body something
//! stands is found by reading those few once more. So the indexes stay small: a
//! full text index that keeps words and no text, and one row for each field that
//! a body uses, however often. Both hang on bodies, as references do: what does
//! not change is searched once, and the past is found as the present is.
//!
//! The words of titles have a small full text index of their own beside it. What
//! has all words in its title comes first, and to find that among the documents
//! that have them anywhere would mean to go through nearly all of them.
//!
//! What is worth finding is knowledge of Looker, which the vault does not have:
//! it is handed an [`Indexer`]. Searching a body takes as long as storing it, so
//! it is not done while a run reads. [`Vault::index_content`](crate::Vault::index_content)
//! takes up whatever bodies are new since the last time: few after a daily run,
//! which does so at its end; after a first run, or when the finder has changed,
//! whoever asks first.

mod index;
mod marks;
mod terms;

use rusqlite::Connection;

pub use marks::{Fragment, MarkedText};
pub use terms::{Terms, TermsError};

use crate::query::gather;

/// Finds what is worth finding in a document.
#[derive(Debug, Clone, Copy)]
pub struct Indexer {
    /// To be changed whenever `find` finds something else in any document:
    /// everything is then searched again.
    pub edition: &'static str,
    /// Searches a body of this kind.
    pub find: fn(kind: &str, body: &[u8]) -> Indexed,
}

/// What was found in a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Texts to be found by their words.
    pub texts: Vec<(TextSort, String)>,
    /// Fields, models and explores that it uses.
    pub fields: Vec<FieldName>,
}

/// Of what sort a text is: how much it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextSort {
    /// What the object is called.
    Title,
    /// What people wrote.
    Text,
    /// Names of fields, expressions, SQL.
    Code,
}

/// A field of an explore. What is not known is empty; without a name the explore
/// or model as a whole is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldName {
    /// The model.
    pub model: String,
    /// The explore.
    pub explore: String,
    /// The field: `view.field`.
    pub name: String,
}

/// Stands between texts, so that no phrase is found across two of them. It is of
/// the private use area, which the tokenizer takes as a letter.
const BETWEEN: &str = " \u{E000} ";

impl Indexed {
    /// The texts of a sort as they are handed to the index.
    fn column(&self, wanted: TextSort) -> String {
        let texts = self.texts.iter().filter(|(sort, _)| *sort == wanted).map(|(_, text)| text.as_str());
        texts.collect::<Vec<_>>().join(BETWEEN)
    }

    /// The three columns of the index.
    pub(crate) fn columns(&self) -> [String; 3] {
        [TextSort::Title, TextSort::Text, TextSort::Code].map(|sort| self.column(sort))
    }

    /// The fields in order, each once.
    pub(crate) fn distinct_fields(&self) -> Vec<FieldName> {
        let mut fields = self.fields.clone();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// The edition by which bodies were searched, and the last of them.
pub(crate) fn indexed_by(connection: &Connection) -> rusqlite::Result<(String, i64)> {
    let select = "SELECT edition, indexed_to FROM content_index";
    connection.query_row(select, (), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The fields that a body uses, in order.
pub(crate) fn fields_of(connection: &Connection, body: i64) -> rusqlite::Result<Vec<FieldName>> {
    let select = "SELECT f.model, f.explore, f.name FROM field_use u JOIN field f ON f.id = u.field
         WHERE u.body = ?1 ORDER BY f.model, f.explore, f.name";
    gather(connection, select, [body], |row| {
        Ok(FieldName { model: row.get(0)?, explore: row.get(1)?, name: row.get(2)? })
    })
}
