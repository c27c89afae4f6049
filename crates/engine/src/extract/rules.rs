//! The vault's rules for documents, from the catalogue's entries.

use std::sync::{Arc, LazyLock};

use looker::Kind;
use looker::catalogue::{Content, FieldPattern, KINDS, Reference};
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
        references: references(kind.references),
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

    const MARK: &str = "https://bot:mark3d@example.com/?password=mark3d";

    /// A document with a value at the end of a path.
    fn at(path: &[&str], value: &serde_json::Value) -> serde_json::Value {
        path.iter().rev().fold(value.clone(), |inner, key| serde_json::json!({ *key: inner }))
    }

    fn keeps(kind: &'static Kind, destinations: Destinations, path: &[&str]) -> bool {
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

    /// Fields whose name or description speaks of secrets, and why they are none.
    const NO_SECRETS: &[(&str, &str)] = &[
        ("custom_image_data_base64", "an image, write-only"),
        ("favicon_file", "an image, write-only"),
        ("logo_file", "an image, write-only"),
        ("file_type", "a file name extension, write-only"),
        ("pdt_file_type", "a file name extension, write-only"),
        ("test_ldap_user", "a name, write-only"),
        ("persistent_table_sortkeys", "columns to sort by"),
        ("persistent_table_distkey", "a column"),
        ("key", "the name of an artifact"),
        ("key_color", "a colour"),
        ("feature_key", "a name in a map layer"),
        ("property_key", "a name in a map layer"),
        ("property_label_key", "a name in a map layer"),
        ("foreign_key", "a dimension"),
        ("sql_foreign_key", "an expression in SQL"),
        ("git_password_user_attribute", "the name of a user attribute"),
        ("tokens_invalid_before", "a time"),
        ("tokens_expire_in", "a span of time"),
        ("idp_cert", "a public certificate"),
        ("signing", "public certificates"),
        ("encryption", "public certificates"),
        ("managed_certificate_uri", "the place of a public certificate"),
        ("token_endpoint", "an address that everybody may ask"),
        ("credentials_type", "a word"),
        ("client_id", "the public half of a key"),
    ];

    /// Fields of an answer with what the document says of them, by path.
    fn fields(
        schemas: &serde_json::Value,
        schema: &serde_json::Value,
        path: &[String],
        seen: &[&str],
        found: &mut Vec<(Vec<String>, serde_json::Value)>,
    ) {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            if !seen.contains(&name) {
                fields(schemas, &schemas[name], path, &[seen, &[name]].concat(), found);
            }
            return;
        }
        fields_of_parts(schemas, schema, path, seen, found);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = [path, std::slice::from_ref(name)].concat();
            found.push((path.clone(), field.clone()));
            fields(schemas, field, &path, seen, found);
        }
    }

    fn fields_of_parts(
        schemas: &serde_json::Value,
        schema: &serde_json::Value,
        path: &[String],
        seen: &[&str],
        found: &mut Vec<(Vec<String>, serde_json::Value)>,
    ) {
        let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
        for part in parts.chain(Some(&schema["items"]).filter(|items| items.is_object())) {
            fields(schemas, part, path, seen, found);
        }
    }

    fn speaks_of_secrets(name: &str, field: &serde_json::Value) -> bool {
        let description = field["description"].as_str().unwrap_or_default().to_lowercase();
        let is_told = ["x-looker-write-only", "writeOnly"].iter().any(|mark| field[*mark] == true)
            || description.contains("(write-only)");
        let words = ["secret", "password", "passphrase", "token", "certificate", "credential"];
        let end = name.rsplit('_').next().unwrap_or_default();
        let is_id = ["id", "ids"].contains(&end);
        (is_told && !is_id)
            || words.iter().any(|word| name.contains(word))
            || ["key", "keys", "cert"].contains(&end)
            || ["secret token", "secret key"].iter().any(|words| description.contains(words))
    }

    /// Checked against the API document where the checkout has it beside it: each
    /// field of a stored answer that sounds like a secret is left out, or judged.
    #[test]
    fn what_the_api_document_calls_a_secret_is_left_out_or_judged() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        let schemas = &document["components"]["schemas"];
        let (mut judged, mut stored) = (0, std::collections::BTreeSet::new());
        for kind in KINDS {
            for operation in kind.operations() {
                let answer = &document["paths"][operation.path]["get"]["responses"]["200"];
                let schema = &answer["content"]["application/json"]["schema"];
                let mut found = Vec::new();
                fields(schemas, schema, &[], &[], &mut found);
                for (path, field) in found {
                    let name = path.last().unwrap();
                    let holds_text = matches!(field["type"].as_str(), Some("string" | "array"));
                    if !holds_text || !speaks_of_secrets(name, &field) {
                        continue;
                    }
                    judged += 1;
                    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
                    let kept = keeps(kind, Destinations::Redact, &keys);
                    // A list of objects is looked into, field by field.
                    let is_parent = field["items"]["$ref"].is_string();
                    let is_none = NO_SECRETS.iter().any(|(known, _)| known == name) || is_parent;
                    if kept && !is_none {
                        stored.insert(format!("{} {}", kind.name, path.join(".")));
                    }
                }
            }
        }
        assert!(stored.is_empty(), "are these no secrets? {stored:#?}");
        assert!(judged > 30, "{judged} fields were looked at");
    }
}
