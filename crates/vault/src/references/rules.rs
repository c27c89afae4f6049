//! The rules that the references of a kind were found by, as the vault keeps them.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::Type;

use crate::document::canonicalise;
use crate::query::gather;
use crate::{CompiledRules, Reference, Rules};

/// The stored rules of a kind.
#[derive(Debug)]
pub(crate) struct StoredRules {
    rules: CompiledRules,
    /// The last body that was searched by them; all were if there is none.
    indexed_to: Option<i64>,
}

impl StoredRules {
    /// Whether the references of this body were found by these rules.
    pub(crate) fn cover(&self, body: i64) -> bool {
        self.indexed_to.is_none_or(|last| body <= last)
    }

    /// What a body refers to; nothing, should it be no document.
    pub(crate) fn find(&self, body: &[u8]) -> Vec<Reference> {
        canonicalise(body, &self.rules).map(|found| found.references).unwrap_or_default()
    }
}

/// The rules of all kinds by name.
pub(crate) fn stored_rules(connection: &Connection) -> rusqlite::Result<HashMap<String, StoredRules>> {
    let rules = gather(connection, "SELECT kind, rules, indexed_to FROM reference_rules", (), |row| {
        let rules: String = row.get(1)?;
        let rules = compiled(&rules)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, error.into()))?;
        Ok((row.get(0)?, StoredRules { rules, indexed_to: row.get(2)? }))
    })?;
    Ok(rules.into_iter().collect())
}

/// The rules as they are stored; equal rules have equal texts.
pub(super) fn text(rules: &Rules) -> String {
    let line = |kind, path: &[&'static str]| [&[kind], path].concat();
    let mut lines: Vec<Vec<&str>> =
        rules.references.iter().map(|pattern| line(pattern.kind, pattern.path)).collect();
    lines.sort_unstable();
    lines.dedup();
    serde_json::Value::from(lines).to_string()
}

fn compiled(text: &str) -> serde_json::Result<CompiledRules> {
    let lines: Vec<Vec<String>> = serde_json::from_str(text)?;
    let patterns = lines.iter().filter_map(|line| line.split_first());
    Ok(CompiledRules::of_references(patterns.map(|(kind, path)| (kind.clone().into(), path)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReferencePattern;

    const FOLDER: ReferencePattern = ReferencePattern { path: &["folder_id"], kind: "folders" };
    const MODEL: ReferencePattern = ReferencePattern { path: &["tiles", "model"], kind: "models" };

    fn rules(references: &'static [ReferencePattern]) -> Rules {
        Rules { volatile: &[], redact: &[], references }
    }

    #[test]
    fn equal_rules_have_equal_texts_and_mean_what_they_meant() {
        let one = text(&rules(&[MODEL, FOLDER, FOLDER]));
        assert_eq!(one, r#"[["folders","folder_id"],["models","tiles","model"]]"#);
        assert_eq!(one, text(&rules(&[FOLDER, MODEL])));
        assert_ne!(one, text(&rules(&[FOLDER])));
        let stored = StoredRules { rules: compiled(&one).unwrap(), indexed_to: Some(7) };
        let body = br#"{"folder_id":1,"tiles":[{"model":"m"}]}"#;
        let direct = canonicalise(body, &rules(&[MODEL, FOLDER]).compile()).unwrap().references;
        assert_eq!(stored.find(body), direct);
        assert_eq!(direct.len(), 2);
        assert_eq!((stored.cover(7), stored.cover(8)), (true, false));
    }
}
