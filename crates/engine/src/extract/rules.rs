//! The vault's rules for documents, from the catalogue's entries.

use std::sync::{Arc, LazyLock};

use looker::Kind;
use looker::catalogue::{Content, FieldPattern, KINDS, told_name};
use vault::{CompiledRules, ReferencePattern, Rules, Vault};

use super::error::ExtractError;
use super::pool::blocking;
use super::request::Destinations;
use crate::Watch;

/// The rules of every kind, made once: the vault wants them to last for ever.
static RULES: LazyLock<Vec<(&'static str, Rules)>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (kind.name, made(kind))).collect());

/// The vault's rules for the documents of a kind.
pub fn rules(kind: &'static Kind, destinations: Destinations) -> Rules {
    let known = RULES.iter().find(|(name, _)| *name == kind.name);
    let rules = known.map_or_else(|| made(kind), |(_, rules)| *rules);
    match destinations {
        Destinations::Keep => Rules { redact: patterns(kind.redacted), ..rules },
        Destinations::Redact => rules,
    }
}

/// The same, ready to be used, destinations redacted first and kept second; made once
/// for all kinds.
pub(crate) fn compiled(kind: &'static Kind) -> &'static [CompiledRules; 2] {
    static COMPILED: LazyLock<Vec<[CompiledRules; 2]>> = LazyLock::new(|| {
        let ways = [Destinations::Redact, Destinations::Keep];
        KINDS.iter().map(|kind| ways.map(|way| rules(kind, way).compile())).collect()
    });
    let at = KINDS.iter().position(|other| other.name == kind.name);
    // Every kind that there is stands in the table.
    &COMPILED[at.unwrap_or_default()]
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
        redact: [patterns(kind.redacted), patterns(kind.destinations)].concat().leak(),
        references: references(kind),
    }
}

fn patterns(list: &[FieldPattern]) -> &'static [vault::FieldPattern] {
    let mapped = list.iter().map(|pattern| match pattern {
        FieldPattern::Anywhere(key) => vault::FieldPattern::Anywhere(key),
        FieldPattern::Suffix(end) => vault::FieldPattern::Suffix(end),
        FieldPattern::Holding(key, content) => vault::FieldPattern::Holding(key, content_of(*content)),
        FieldPattern::Path(keys) => vault::FieldPattern::Path(keys),
    });
    // A handful of entries per kind and process, needed until its end.
    Vec::leak(mapped.collect())
}

fn content_of(content: Content) -> vault::Content {
    match content {
        Content::Address => vault::Content::Address,
        Content::Credentials => vault::Content::Credentials,
    }
}

fn references(kind: &Kind) -> &'static [ReferencePattern] {
    let pattern =
        |path: &'static str, kind| ReferencePattern { path: Vec::leak(path.split('.').collect()), kind };
    let binding = kind.references.iter().map(|reference| pattern(reference.path, reference.kind));
    let told = kind.told.iter().map(|reference| pattern(reference.path, told_name(reference.kind).leak()));
    Vec::leak(binding.chain(told).collect())
}

#[cfg(test)]
mod documented;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_refers_to_what_its_tiles_show() {
        let rules = rules(Kind::find("dashboards").unwrap(), Destinations::Redact).compile();
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
            let rules = rules(kind, Destinations::Redact).compile();
            let binding = kind.references.iter().map(|reference| (reference, reference.kind.to_owned()));
            let told = kind.told.iter().map(|reference| (reference, told_name(reference.kind)));
            for (reference, name) in binding.chain(told) {
                let mut document = serde_json::json!("key");
                for key in reference.path.rsplit('.') {
                    document = serde_json::json!({ key: document });
                }
                let found = vault::canonicalise(document.to_string().as_bytes(), &rules).unwrap().references;
                assert!(found.iter().any(|found| found.kind == name), "{} {}", kind.name, reference.path);
            }
        }
    }

    pub(super) const MARK: &str = "https://bot:mark3d@example.com/?password=mark3d";

    /// A document with a value at the end of a path.
    pub(super) fn at(path: &[&str], value: &serde_json::Value) -> serde_json::Value {
        path.iter().rev().fold(value.clone(), |inner, key| serde_json::json!({ *key: inner }))
    }

    pub(super) fn keeps(kind: &'static Kind, destinations: Destinations, path: &[&str]) -> bool {
        let document = at(path, &serde_json::json!(MARK)).to_string();
        let split = vault::canonicalise(document.as_bytes(), &rules(kind, destinations).compile()).unwrap();
        let volatile = String::from_utf8(split.volatile.unwrap_or_default()).unwrap();
        (String::from_utf8(split.body).unwrap() + &volatile).contains("mark3d")
    }

    fn path_of(pattern: &FieldPattern) -> Vec<String> {
        match pattern {
            FieldPattern::Anywhere(key) | FieldPattern::Holding(key, _) => {
                vec!["x".to_owned(), (*key).to_owned()]
            }
            FieldPattern::Suffix(end) => vec!["x".to_owned(), format!("y{end}")],
            FieldPattern::Path(keys) => keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[test]
    fn every_pattern_of_every_kind_leaves_its_secret_out() {
        for kind in KINDS {
            for (patterns, kept) in [(kind.redacted, false), (kind.destinations, true)] {
                for pattern in patterns {
                    let path = path_of(pattern);
                    let path: Vec<&str> = path.iter().map(String::as_str).collect();
                    assert!(!keeps(kind, Destinations::Redact, &path), "{} {pattern}", kind.name);
                    assert_eq!(keeps(kind, Destinations::Keep, &path), kept, "{} {pattern}", kind.name);
                }
            }
        }
    }

    /// Keys that people choose are only compared whole; all others by their ends.
    #[test]
    fn keys_that_people_choose_survive() {
        let peoples = [
            "dashboards",
            "looks",
            "lookml_dashboards",
            "merge_queries",
            "queries",
            "content_favorites",
            "explores",
            "artifacts",
            "agents",
        ];
        for kind in KINDS {
            let survives = keeps(kind, Destinations::Redact, &["vis_config", "users.reset_password"])
                && keeps(kind, Destinations::Redact, &["vis_config", "reset_password"]);
            assert_eq!(survives, peoples.contains(&kind.name), "{}", kind.name);
            assert!(!keeps(kind, Destinations::Redact, &["deep", "client_secret"]), "{}", kind.name);
        }
    }
}
