//! Words of the index by their beginning.

use rusqlite::OptionalExtension;

use super::Reader;

/// So many words are spelt out; what begins as shortly as more do is better left to the
/// index.
const SPELT_OUT: usize = 32;

/// The vocabulary of the index as a table, which only can be made where something may be
/// written: not in the file, which is open for reading.
const VOCABULARY: &str = "PRAGMA query_only = OFF;
     CREATE VIRTUAL TABLE IF NOT EXISTS temp.word USING fts5vocab (main, body_text, instance);
     PRAGMA query_only = ON;";

/// One seek. Every occurrence of a word is a row, so the next word is asked for anew.
const NEXT_WORD: &str = "SELECT term FROM temp.word WHERE term >= ?1 ORDER BY term LIMIT 1";

impl Reader {
    /// The words of documents that begin so, in ASCII; none where they are many, or where
    /// one has letters beyond ASCII, which the index might not spell in the same way
    /// again.
    pub(super) fn words_that_begin(&self, beginning: &str) -> rusqlite::Result<Vec<String>> {
        self.connection.execute_batch(VOCABULARY)?;
        let mut select = self.connection.prepare_cached(NEXT_WORD)?;
        let mut words = Vec::new();
        let mut from = beginning.to_owned();
        loop {
            let read = |row: &rusqlite::Row<'_>| Ok(row.get_ref(0)?.as_bytes()?.to_vec());
            let word: Option<Vec<u8>> = select.query_row([&from], read).optional()?;
            let Some(word) = word.filter(|word| word.starts_with(beginning.as_bytes())) else {
                return Ok(words);
            };
            let is_plain = word.iter().all(u8::is_ascii_alphanumeric);
            match String::from_utf8(word) {
                Ok(word) if is_plain && words.len() < SPELT_OUT => {
                    // Nothing that words are made of comes before the digit.
                    from = format!("{word}0");
                    words.push(word);
                }
                _ => return Ok(Vec::new()),
            }
        }
    }
}
