//! Marking what was found in texts.

use rusqlite::Connection;

use super::Terms;
use crate::query::gather;

/// Around what was found; private characters, which no text loses by.
const OPEN: char = '\u{E001}';
const CLOSE: char = '\u{E002}';

/// Words shown of a long text.
const WORDS: u32 = 16;

/// A text in which something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    /// Which of the texts it is, counted from 0.
    pub index: usize,
    /// The text, or the part of it where most was found.
    pub fragments: Vec<Fragment>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// What it says.
    pub text: String,
    /// It is what was searched for.
    pub found: bool,
}

impl Terms {
    /// Finds any of the wanted words in texts, by the same rules as the index
    /// does. Those where more was found come first.
    ///
    /// # Errors
    /// When memory is short.
    pub fn mark<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> crate::Result<Vec<MarkedText>> {
        use crate::error::AtPath;
        self.mark_in_memory(texts).at(std::path::Path::new(":memory:"))
    }

    fn mark_in_memory<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> rusqlite::Result<Vec<MarkedText>> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2'); BEGIN",
        )?;
        let mut insert = connection.prepare("INSERT INTO t (rowid, text) VALUES (?1, ?2)")?;
        for (row, text) in (1i64..).zip(texts) {
            insert.execute((row, text.replace([OPEN, CLOSE], " ")))?;
        }
        let select =
            "SELECT rowid, snippet(t, 0, ?2, ?3, '…', ?4) FROM t WHERE t MATCH ?1 ORDER BY rank, rowid";
        let parameters = (self.any_expression(), OPEN.to_string(), CLOSE.to_string(), WORDS);
        gather(&connection, select, parameters, |row| {
            let (row, text): (i64, String) = (row.get(0)?, row.get(1)?);
            Ok(MarkedText { index: (row - 1) as usize, fragments: fragments(&text) })
        })
    }
}

fn fragments(text: &str) -> Vec<Fragment> {
    let mut found = false;
    let mut fragments = Vec::new();
    for piece in text.split([OPEN, CLOSE]) {
        if !piece.is_empty() {
            fragments.push(Fragment { text: piece.to_owned(), found });
        }
        found = !found;
    }
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(terms: &str, texts: &[&str]) -> Vec<String> {
        let shown = |fragment: &Fragment| {
            if fragment.found { format!("[{}]", fragment.text) } else { fragment.text.clone() }
        };
        let found = Terms::parse(terms).unwrap().mark(texts.iter().copied()).unwrap();
        found.iter().map(|text| text.fragments.iter().map(shown).collect()).collect()
    }

    #[test]
    fn what_the_index_finds_is_marked_whatever_its_case_and_accents() {
        assert_eq!(marked("umsatze", &["Die Umsätze 2026", "nothing"]), ["Die [Umsätze] 2026"]);
        assert_eq!(
            marked("orders.total*", &["${orders.total_amount} / 2"]),
            ["${[orders.total]_amount} / 2"]
        );
        assert_eq!(marked("a -b", &["a b"]), ["[a] b"]);
    }

    #[test]
    fn of_a_long_text_the_place_is_shown() {
        let text = format!("{}needle {}", "hay ".repeat(200), "straw ".repeat(200));
        let found = marked("needle", &[&text]);
        assert!(found[0].contains("[needle]") && found[0].len() < 200, "{found:?}");
        assert!(found[0].starts_with('…') && found[0].ends_with('…'), "{found:?}");
    }
}
