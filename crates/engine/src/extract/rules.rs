//! The vault's rules for documents, from the catalogue's entries.

use std::sync::{Arc, LazyLock};

use looker::Kind;
use looker::catalogue::{FieldPattern, KINDS, Reference};
use vault::{ReferencePattern, Rules, Vault};

use super::error::ExtractError;
use super::pool::blocking;
use crate::Watch;

/// The rules of every kind, made once: the vault wants them to last for ever.
static RULES: LazyLock<Vec<(&'static str, Rules)>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (kind.name, made(kind))).collect());

/// The rules of a kind of the catalogue.
pub(crate) fn rules(kind: &'static Kind) -> Rules {
    let known = RULES.iter().find(|(name, _)| *name == kind.name);
    known.map_or_else(|| made(kind), |(_, rules)| *rules)
}

/// Brings the references of all that is stored up to the rules of today; the
/// first run after an upgrade may have something to do here.
pub(super) async fn index_references(
    mut vault: Vault,
    watch: &Arc<dyn Watch>,
) -> Result<Vault, ExtractError> {
    let watch = Arc::clone(watch);
    blocking(move || {
        let kinds: Vec<(&str, &Rules)> = RULES.iter().map(|(kind, rules)| (*kind, rules)).collect();
        let mut told = false;
        vault.index_references(&kinds, &mut |_| {
            if !std::mem::replace(&mut told, true) {
                watch.phase("searching stored documents for references");
            }
        })?;
        Ok(vault)
    })
    .await
}

fn made(kind: &Kind) -> Rules {
    Rules {
        volatile: patterns(kind.volatile),
        redact: patterns(kind.redacted),
        references: references(kind.references),
    }
}

fn patterns(list: &[FieldPattern]) -> &'static [vault::FieldPattern] {
    let mapped = list.iter().map(|pattern| match pattern {
        FieldPattern::Anywhere(key) => vault::FieldPattern::Anywhere(key),
        FieldPattern::Suffix(end) => vault::FieldPattern::Suffix(end),
        FieldPattern::Path(keys) => vault::FieldPattern::Path(keys),
    });
    // A handful of entries per kind and process, needed until its end.
    Vec::leak(mapped.collect())
}

fn references(list: &[Reference]) -> &'static [ReferencePattern] {
    let mapped = list.iter().map(|reference| ReferencePattern {
        path: Vec::leak(reference.path.split('.').collect()),
        kind: reference.kind,
    });
    Vec::leak(mapped.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_refers_to_what_its_tiles_show() {
        let rules = rules(Kind::find("dashboards").unwrap()).compile();
        let dashboard = br#"{"id":"1","folder_id":"5","user_id":7,"dashboard_elements":[
            {"look_id":"12","query":null},
            {"look_id":null,"query":{"model":"shop","id":"99","url":"/x"}},
            {"merge_result_id":"AbC","result_maker":{"merge_result_id":"AbC"}},
            {"result_maker":{"merge_result_id":"DeF"}}]}"#;
        let found = vault::canonicalise(dashboard, &rules).unwrap().references;
        let found: Vec<String> = found.iter().map(|found| format!("{} {}", found.kind, found.key)).collect();
        assert_eq!(
            found,
            [
                "folders 5",
                "lookml_models shop",
                "looks 12",
                "merge_queries AbC",
                "merge_queries DeF",
                "users 7"
            ]
        );
    }

    /// What is cut out or blotted out gives no reference; an entry that names
    /// such a field would say more than is kept.
    #[test]
    fn every_reference_of_the_catalogue_lies_in_what_is_kept() {
        for kind in KINDS {
            let rules = rules(kind).compile();
            for reference in kind.references {
                let mut document = serde_json::json!("key");
                for key in reference.path.rsplit('.') {
                    document = serde_json::json!({ key: document });
                }
                let found = vault::canonicalise(document.to_string().as_bytes(), &rules).unwrap().references;
                assert!(
                    found.iter().any(|found| found.kind == reference.kind),
                    "{} {}",
                    kind.name,
                    reference.path
                );
            }
        }
    }
}
