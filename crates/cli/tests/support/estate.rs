//! Every kind of the catalogue as the instance holds it: what a run that reads
//! everything should leave in the vault, told by the simulator's export alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use looker_sim::Kind;

use super::content::{Key, Object, stored_of};
use super::json::Json;
use super::looker::Looker;

/// Kinds whose objects are stored as the export has them, one by one.
pub(crate) const PLAIN: [(&str, Kind); 26] = [
    ("folders", Kind::Folder),
    ("dashboards", Kind::Dashboard),
    ("looks", Kind::Look),
    ("boards", Kind::Board),
    ("lookml_dashboards", Kind::LookmlDashboard),
    ("scheduled_plans", Kind::ScheduledPlan),
    ("alerts", Kind::Alert),
    ("users", Kind::User),
    ("groups", Kind::GroupHierarchy),
    ("roles", Kind::Role),
    ("permission_sets", Kind::PermissionSet),
    ("model_sets", Kind::ModelSet),
    ("user_attributes", Kind::UserAttribute),
    ("connections", Kind::Connection),
    ("external_oauth_applications", Kind::ExternalOauthApplication),
    ("projects", Kind::Project),
    ("lookml_models", Kind::LookmlModel),
    ("explores", Kind::Explore),
    ("datagroups", Kind::Datagroup),
    ("themes", Kind::Theme),
    ("color_collections", Kind::ColorCollection),
    ("integration_hubs", Kind::IntegrationHub),
    ("integrations", Kind::Integration),
    ("homepage_sections", Kind::HomepageSection),
    ("legacy_features", Kind::LegacyFeature),
    ("support_access_allowlist", Kind::SupportAccessAllowlistEntry),
];

/// Kinds with something of their own: a trash, ids under another name.
const MORE: [(&str, Kind); 4] = [
    ("oauth_client_apps", Kind::OauthClientApp),
    ("agents", Kind::Agent),
    ("ssh_servers", Kind::SshServer),
    ("ssh_tunnels", Kind::SshTunnel),
];

/// What there is one of, by the operation that reads it.
pub(crate) const SINGLES: [(&str, Kind); 12] = [
    ("get_setting", Kind::Setting),
    ("whitelabel_configuration", Kind::WhitelabelConfiguration),
    ("session_config", Kind::SessionConfig),
    ("password_config", Kind::PasswordConfig),
    ("saml_config", Kind::SamlConfig),
    ("ldap_config", Kind::LdapConfig),
    ("oidc_config", Kind::OidcConfig),
    ("custom_welcome_email", Kind::CustomWelcomeEmail),
    ("digest_emails_enabled", Kind::DigestEmails),
    ("internal_help_resources_content", Kind::InternalHelpResourcesContent),
    ("internal_help_resources", Kind::InternalHelpResources),
    ("cloud_storage_configuration", Kind::CloudStorage),
];

/// Lists that are kept as one document: of which rows, the field that says in
/// whose list a row is.
const LISTS: [(&str, Kind, &str); 4] = [
    ("user_attribute_group_values", Kind::UserAttributeGroupValue, "user_attribute_id"),
    ("user_attribute_values", Kind::UserAttributeUserValue, "user_id"),
    ("content_favorites", Kind::ContentFavorite, "user_id"),
    ("artifacts", Kind::Artifact, "namespace"),
];

/// Every kind of the catalogue.
pub(crate) fn all_kinds() -> Vec<&'static str> {
    looker::catalogue::KINDS.iter().map(|kind| kind.name).collect()
}

/// The estate, before anything of it is left out.
pub(crate) fn estate(looker: &Looker) -> BTreeMap<Key, Object> {
    let mut all = BTreeMap::new();
    for (name, kind) in PLAIN.into_iter().chain(MORE) {
        let trashed = looker.ids(kind, true);
        for (id, body) in looker.export(kind) {
            let mut document = Json::parse(&body);
            if kind == Kind::Look {
                // A search answers `Look`, which lacks these members of `LookWithQuery`.
                document.remove("query");
                document.remove("url");
            }
            all.insert((name, id.clone()), Object { trashed: trashed.contains(&id), document });
        }
    }
    // It is built in: no list names it unless asked to.
    all.retain(|(_, id), _| !id.starts_with("system__activity"));
    let mut add = |name, id: String, document| all.insert((name, id), Object { trashed: false, document });
    for (operation, kind) in SINGLES {
        add("instance_settings", operation.to_owned(), Json::parse(&looker.export(kind)[0].1));
    }
    for (name, kind, field) in LISTS {
        for id in owners(looker, name) {
            add(name, id.clone(), Json::List(rows(looker, kind, field, &id)));
        }
    }
    let metadata = metadata(looker);
    let own_lists: BTreeSet<&str> = metadata
        .values()
        .flatten()
        .filter(|row| row.member("inherits") == Some(&Json::Plain("false".to_owned())))
        .filter_map(|row| row.member("id")?.text())
        .collect();
    for id in own_lists {
        let rows = rows(looker, Kind::ContentMetadataAccess, "content_metadata_id", id);
        add("content_metadata_access", id.to_owned(), Json::List(rows));
    }
    for id in roots(looker) {
        let rows = rows(looker, Kind::ContentMetadataAccess, "content_metadata_id", &id);
        add("content_metadata_access", id, Json::List(rows));
    }
    // Of what is empty there is nothing to tell.
    for (id, rows) in metadata.iter().filter(|(_, rows)| !rows.is_empty()) {
        add("content_metadata", id.clone(), Json::List(rows.clone()));
    }
    add_referred(looker, "merge_queries", "merge_query", MERGES, &mut all);
    add_referred(looker, "queries", "query", QUERIES, &mut all);
    all
}

/// Where merge queries are named, and where queries are.
const MERGES: &[(&str, &str)] = &[("dashboards", "dashboard_elements.merge_result_id")];
const QUERIES: &[(&str, &str)] = &[
    ("looks", "query_id"),
    ("merge_queries", "source_queries.query_id"),
    ("scheduled_plans", "query_id"),
    ("alerts", "query_id"),
];

/// Objects that are kept because others name them.
fn add_referred(
    looker: &Looker,
    name: &'static str,
    made: &str,
    places: &[(&str, &str)],
    all: &mut BTreeMap<Key, Object>,
) {
    let named = |kind: &str, path: &str| -> Vec<String> {
        let documents = all.iter().filter(|(key, _)| key.0 == kind).map(|(_, object)| &object.document);
        documents.flat_map(|document| document.at(path)).filter_map(Json::text).map(str::to_owned).collect()
    };
    let named: BTreeSet<String> = places.iter().flat_map(|(kind, path)| named(kind, path)).collect();
    for (id, body) in looker.export_made(made) {
        if named.contains(&id) {
            all.insert((name, id), Object { trashed: false, document: Json::parse(body.as_bytes()) });
        }
    }
}

/// Whose lists there are, for a kind of lists.
fn owners(looker: &Looker, name: &str) -> Vec<String> {
    looker.ids(
        match name {
            "user_attribute_group_values" => Kind::UserAttribute,
            "artifacts" => Kind::ArtifactNamespace,
            _ => Kind::User,
        },
        false,
    )
}

/// The rows whose `field` is `id`, in the order in which Looker answers them.
fn rows(looker: &Looker, kind: Kind, field: &str, id: &str) -> Vec<Json> {
    let all = looker.export(kind).into_iter().map(|(_, body)| Json::parse(&body));
    let mut rows: Vec<Json> = all.filter(|row| row.member(field).and_then(Json::text) == Some(id)).collect();
    match kind {
        Kind::UserAttributeGroupValue => rows.sort_by_key(|row| match row.member("rank") {
            Some(Json::Plain(rank)) => rank.parse::<u64>().ok(),
            _ => None,
        }),
        Kind::Artifact => {
            rows.sort_by_key(|row| row.member("key").and_then(Json::text).map(str::to_owned));
        }
        _ => {}
    }
    rows
}

/// The metadata of folders that lie in none.
fn roots(looker: &Looker) -> Vec<String> {
    let folders = looker.export(Kind::Folder).into_iter().map(|(_, body)| Json::parse(&body));
    let is_root = |folder: &Json| folder.member("parent_id").is_none_or(|parent| parent.text().is_none());
    let metadata =
        |folder: Json| folder.member("content_metadata_id").and_then(Json::text).map(str::to_owned);
    folders.filter(is_root).filter_map(metadata).collect()
}

/// The list below each folder: folders, live dashboards, live looks, and below
/// `Shared` one of a folder that is gone.
fn metadata(looker: &Looker) -> BTreeMap<String, Vec<Json>> {
    let mut lists: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for (_, body) in looker.export(Kind::Folder) {
        let folder = Json::parse(&body);
        lists.extend(
            folder
                .at("content_metadata_id")
                .into_iter()
                .filter_map(Json::text)
                .map(|id| (id.to_owned(), Vec::new())),
        );
    }
    let trashed = [Kind::Dashboard, Kind::Look].map(|kind| looker.ids(kind, true));
    for (_, body) in looker.export_made("content_metadata") {
        let row = Json::parse(body.as_bytes());
        let text = |name: &str| row.member(name).and_then(Json::text);
        let is_trashed = ["dashboard_id", "look_id"]
            .into_iter()
            .zip(&trashed)
            .any(|(name, ids)| text(name).is_some_and(|id| ids.iter().any(|have| have == id)));
        let Some(list) = text("parent_id").filter(|_| !is_trashed).and_then(|parent| lists.get_mut(parent))
        else {
            continue;
        };
        list.push(row);
    }
    let orphan = looker.orphan_metadata();
    lists.get_mut("1").expect("Shared").push(Json::parse(orphan.as_bytes()));
    lists
}

/// What is left out of documents, by kind and path; of addresses those that are
/// no e-mail address.
pub(crate) const SECRETS: [(&str, &str); 7] = [
    ("users", "credentials_email.password_reset_url"),
    ("users", "credentials_email.account_setup_url"),
    ("integration_hubs", "url"),
    ("integrations", "params.value"),
    ("scheduled_plans", "scheduled_plan_destination.address"),
    ("scheduled_plans", "scheduled_plan_destination.parameters"),
    ("alerts", "destinations.action_hub_form_params_json"),
];

/// Puts the mark where the documentation says that values are left out.
pub(crate) fn redact(all: &mut BTreeMap<Key, Object>) {
    let mark = Json::parse(br#"{"$lookervault":"redacted"}"#);
    for ((kind, _), object) in all {
        for (_, path) in SECRETS.iter().filter(|(name, _)| name == kind) {
            let path: Vec<&str> = path.split('.').collect();
            let is_address = path.last() == Some(&"address");
            let matches = |value: &Json| match value {
                Json::Text(text) => !text.is_empty() && (!is_address || text.contains("://")),
                Json::Plain(text) => text != "null",
                _ => true,
            };
            object.document.replace_at(&path, &matches, &mark);
        }
    }
}

/// The estate as it is to be stored.
pub(crate) fn expected_estate(looker: &Looker) -> BTreeMap<Key, Object> {
    let mut all = estate(looker);
    redact(&mut all);
    all
}

/// All that is current in a vault, of every kind.
#[track_caller]
pub(crate) fn stored_estate(path: &Path) -> BTreeMap<Key, Object> {
    stored_of(path, &all_kinds())
}
