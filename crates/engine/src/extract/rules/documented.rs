//! The catalogue held against the API document, field by field.

use std::collections::BTreeSet;

use looker::Kind;
use looker::catalogue::KINDS;
use serde_json::Value;

use super::tests::{MARK, at, keeps};
use super::{Destinations, rules};

fn document() -> Option<Value> {
    let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
    let document = std::fs::read(format!("{facts}Looker.4.0.oas.json")).ok()?;
    Some(serde_json::from_slice(&document).unwrap())
}

/// The fields of a kind's answers with what the document says of them, by path.
fn documented(document: &Value, kind: &Kind) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for operation in kind.operations() {
        let answer = &document["paths"][operation.path]["get"]["responses"]["200"];
        let schema = &answer["content"]["application/json"]["schema"];
        fields(&document["components"]["schemas"], schema, &[], &[], &mut found);
    }
    found
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
    ("public_key", "the public half of a key"),
];

/// Fields of an answer with what the document says of them, by path.
fn fields(
    schemas: &Value,
    schema: &Value,
    path: &[String],
    seen: &[&str],
    found: &mut Vec<(Vec<String>, Value)>,
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
    schemas: &Value,
    schema: &Value,
    path: &[String],
    seen: &[&str],
    found: &mut Vec<(Vec<String>, Value)>,
) {
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    for part in parts.chain(Some(&schema["items"]).filter(|items| items.is_object())) {
        fields(schemas, part, path, seen, found);
    }
}

fn speaks_of_secrets(name: &str, field: &Value) -> bool {
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

/// Fields that sound like secrets and hold a text, and fields that name something, as the API
/// document has them: so that a checkout without the document holds the catalogue to it too.
const SECRETS: &str = include_str!("documented/secrets.txt");
const NAMES: &str = include_str!("documented/names.txt");

/// The kinds and paths of a table.
fn listed(table: &'static str) -> impl Iterator<Item = (&'static Kind, &'static str)> {
    let line = |line: &'static str| line.split_once(' ').unwrap();
    table.lines().map(line).map(|(kind, path)| (Kind::find(kind).unwrap(), path))
}

/// What a table should hold.
fn derived(document: &Value, is_wanted: &dyn Fn(&str, &Value) -> bool) -> BTreeSet<String> {
    let of_kind = |kind: &'static Kind| {
        let wanted = documented(document, kind).into_iter().filter_map(|(path, field)| {
            let path = path.join(".");
            is_wanted(&path, &field).then(|| format!("{} {path}", kind.name))
        });
        wanted.collect::<Vec<_>>()
    };
    KINDS.iter().flat_map(of_kind).collect()
}

/// Where the checkout has the API document beside it.
#[test]
fn the_tables_are_those_of_the_document() {
    let Some(document) = document() else { return };
    let sounds_secret = |path: &str, field: &Value| {
        let name = path.rsplit('.').next().unwrap_or_default();
        let holds_text = matches!(field["type"].as_str(), Some("string" | "array"));
        // A list of objects is looked into, field by field.
        let is_parent = field["items"]["$ref"].is_string();
        holds_text && !is_parent && speaks_of_secrets(name, field)
    };
    let names = |path: &str, _: &Value| names_something(path);
    let derived = [derived(&document, &sounds_secret), derived(&document, &names)];
    for (table, derived) in [SECRETS, NAMES].into_iter().zip(derived) {
        let table: BTreeSet<String> = table.lines().map(str::to_owned).collect();
        let differ: Vec<_> = table.symmetric_difference(&derived).collect();
        assert!(differ.is_empty(), "{differ:#?}");
    }
}

/// Each field of a stored answer that sounds like a secret is left out, or judged.
#[test]
fn what_the_api_document_calls_a_secret_is_left_out_or_judged() {
    let mut stored = BTreeSet::new();
    for (kind, path) in listed(SECRETS) {
        let keys: Vec<&str> = path.split('.').collect();
        let name = keys[keys.len() - 1];
        let is_none = NO_SECRETS.iter().any(|(known, _)| *known == name);
        if keeps(kind, Destinations::Redact, &keys) && !is_none {
            stored.insert(format!("{} {path}", kind.name));
        }
    }
    assert!(stored.is_empty(), "are these no secrets? {stored:#?}");
    assert!(listed(SECRETS).count() > 30, "few fields were looked at");
}

/// Fields that hold ids and are in no entry, and why: at the end of a path, or, with a
/// dot behind it, all that lies below. Before a colon stands the kind it is said of.
const NO_REFERENCES: &[(&str, &str)] = &[
    ("content_metadata_id", "access is kept by this key: what has it names it, and nothing else does"),
    ("content_metadata:parent_id", "the key of the list itself"),
    ("inheriting_id", "an ancestor in the same tree, by the key of its access"),
    ("dashboard_elements.look.", "a copy of the look, which is kept as an object"),
    ("default_new_user_roles.", "a copy of the role, which is kept as an object"),
    ("groups.roles.", "a copy of the role, which is kept as an object"),
    ("default_new_user_role_ids", "only written; what is read lies beside it"),
    ("default_new_user_group_ids", "only written; what is read lies beside it"),
    ("user_attribute_map_ldap_id", "a name in a directory"),
    ("fields.dimensions.project_name", "that of the explore, or of what it imports"),
    ("fields.measures.project_name", "that of the explore, or of what it imports"),
    ("fields.filters.project_name", "that of the explore, or of what it imports"),
    ("fields.parameters.project_name", "that of the explore, or of what it imports"),
    ("folder.", "a copy of the folder, which is kept as an object"),
    ("dashboards:dashboard_elements.query_id", "its query lies beside it; to read it once more costs a call"),
    ("lookml_dashboards:dashboard_elements.query_id", "its query lies beside it"),
    ("result_maker.query_id", "its query lies beside it"),
    ("result_maker.sql_query_id", "SQL Runner queries are not kept"),
    ("lookml_dashboards:merge_result_id", "a call for each, of what the project's files make"),
    ("result_maker_id", "an id of the server's own, which nothing can be asked by"),
    ("client_id", "another name of the same object, not of another one"),
    ("dashboard_elements.lookml_link_id", "a name in the LookML dashboard of its own dashboard"),
    ("dashboard_layouts.lookml_link_id", "a name in the LookML dashboard of its own dashboard"),
    ("lookml_dashboards:lookml_link_id", "its own id"),
    ("alerts:lookml_link_id", "the tile, told by its id"),
    ("dashboard_elements.dashboard_id", "the object around it"),
    ("dashboard_elements.dashboard_layout_id", "a part of the same object"),
    ("dashboard_elements.filter_id", "a part of the same object"),
    ("dashboard_elements.extension_id", "extensions come from projects, and are not kept"),
    ("dashboard_filters.dashboard_id", "the object around it"),
    ("dashboard_layouts.dashboard_id", "the object around it"),
    ("dashboard_layout_components.dashboard_layout_id", "the part around it"),
    ("dashboard_layout_components.dashboard_element_id", "a part of the same object"),
    ("board_sections.board_id", "the object around it"),
    ("board_items.board_section_id", "the part around it"),
    ("scheduled_plan_destination.scheduled_plan_id", "the object around it"),
    ("homepage_id", "the homepage that all sections are of"),
    ("homepage_items.homepage_section_id", "the object around it"),
    ("previous_time_series_id", "a moment"),
    ("latest_time_series_id", "a moment"),
    ("credentials_email.user_id", "the object around it"),
    ("embed_group_space_id", "the same as embed_group_folder_id, under its old name"),
    ("external_id", "a name that whoever embeds gave"),
    ("external_group_id", "a name that whoever embeds gave"),
    ("external_user_id", "a name that whoever embeds gave"),
    ("google_user_id", "a name that somebody else gave"),
    ("ldap_id", "a name that somebody else gave"),
    ("oidc_user_id", "a name that somebody else gave"),
    ("saml_user_id", "a name that somebody else gave"),
    ("workforce_user_id", "a name that somebody else gave"),
    ("ssh_tunnels:ssh_server_id", "the server is told beside it: name, host, port and user"),
    ("tenant_id", "a directory of somebody else's"),
    ("bq_storage_project_id", "a project of Google Cloud"),
    ("golden_queries.query_id", "a call for each; what it asks lies beside it"),
    ("golden_query_ids", "parts of the same object"),
    ("studio_agent_id", "an agent of another product"),
];

/// Whether a path is one that an entry of [`NO_REFERENCES`] speaks of.
fn is_of(entry: &str, kind: &Kind, path: &str) -> bool {
    let (of, place) = entry.split_once(':').map_or((None, entry), |(of, place)| (Some(of), place));
    let path = format!(".{path}");
    let place = format!(".{place}");
    let is_there = if place.ends_with('.') { path.contains(&place) } else { path.ends_with(&place) };
    is_there && of.is_none_or(|of| of == kind.name)
}

fn names_something(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    ["_id", "_ids", "_userid"].iter().any(|end| name.ends_with(end))
        || ["model", "model_name", "project_name", "connection_name", "datagroup"].contains(&name)
}

/// Whether what stands at a path is in the body that is stored.
fn is_in_body(kind: &'static Kind, path: &str) -> bool {
    let document = at(&path.split('.').collect::<Vec<_>>(), &serde_json::json!(MARK)).to_string();
    let rules = rules(kind, Destinations::Keep).compile();
    let body = vault::canonicalise(document.as_bytes(), &rules).unwrap().body;
    String::from_utf8(body).unwrap().contains("mark3d")
}

/// Each field of a stored body that holds an id, or the name of a model, is a reference
/// of the catalogue's, or told why it is none.
#[test]
fn what_the_api_document_calls_an_id_is_a_reference_or_judged() {
    let mut missing = BTreeSet::new();
    let mut idle: BTreeSet<&str> = NO_REFERENCES.iter().map(|(entry, _)| *entry).collect();
    for (kind, path) in listed(NAMES).filter(|(kind, path)| is_in_body(kind, path)) {
        let below = format!("{path}.");
        let mut entries = kind.references.iter().chain(kind.told);
        let is_judged = kind.envelope.id.contains(&path);
        if is_judged || entries.any(|one| one.path == path || one.path.starts_with(&below)) {
            continue;
        }
        let reasons = NO_REFERENCES.iter().filter(|(entry, _)| is_of(entry, kind, path));
        let known: Vec<&str> = reasons.map(|(entry, _)| *entry).collect();
        if known.is_empty() {
            missing.insert(format!("{} {path}", kind.name));
        }
        idle.retain(|entry| !known.contains(entry));
    }
    assert!(missing.is_empty(), "what do these refer to? {missing:#?}");
    assert!(idle.is_empty(), "these excuse nothing: {idle:#?}");
}
