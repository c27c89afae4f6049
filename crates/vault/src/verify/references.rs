//! The references that are stored: are they those of the documents?

use std::collections::HashMap;

use super::Check;
use crate::Reference;
use crate::references::{StoredRules, references_of, stored_rules};

const ADVICE: &str = "restore a copy of the vault; the document itself is sound";

impl Check<'_> {
    /// The rules by which documents were searched; none if they cannot be read.
    pub(super) fn reference_rules(&mut self) -> HashMap<String, StoredRules> {
        stored_rules(&self.reader.connection).unwrap_or_else(|error| {
            self.damage(format!("the rules for references cannot be read: {error}"), "reference_rules");
            HashMap::new()
        })
    }

    /// Compares what is stored for a sound body with what it says. Bodies that
    /// are still to be searched are left out; of a kind without rules nothing
    /// may be stored.
    pub(super) fn references(
        &mut self,
        body: i64,
        document: &[u8],
        rules: Option<&StoredRules>,
    ) -> rusqlite::Result<()> {
        if rules.is_some_and(|rules| !rules.cover(body)) {
            return Ok(());
        }
        let expected = rules.map_or_else(Vec::new, |rules| rules.find(document));
        let stored = references_of(&self.reader.connection, body)?;
        if stored == expected {
            return Ok(());
        }
        let lacks = |list: &[Reference], wanted: &Reference| !list.contains(wanted);
        for reference in expected.iter().filter(|reference| lacks(&stored, reference)) {
            self.wrong_reference("a reference of a document is missing", body, reference)?;
        }
        for reference in stored.iter().filter(|reference| lacks(&expected, reference)) {
            self.wrong_reference("a reference is stored that the document does not have", body, reference)?;
        }
        Ok(())
    }

    fn wrong_reference(&mut self, what: &str, body: i64, reference: &Reference) -> rusqlite::Result<()> {
        let place = format!("to {} {}, {}", reference.kind, reference.key, self.place_of_body(body)?);
        self.find(what, place, ADVICE, true);
        Ok(())
    }
}
