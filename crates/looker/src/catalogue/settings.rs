//! What administrators configure.

use super::FieldPattern::{Anywhere, Path};
use super::compare;
use super::kinds::{PLAIN, administrative, whole};
use super::{
    AnswerShape, Cadence, Each, Envelope, KeyIn, Kind, List, Operation, Paged, Reference, Refresh, Restore,
    Source, secrets,
};

const UNNAMED: Envelope = Envelope { id: &[], title: "", folder: None, updated_at: None, created_at: None };

pub(super) const THEMES: Kind = Kind {
    name: "themes",
    singular: "theme",
    looker_type: "Theme",
    about: "themes",
    list: whole("all_themes", "/themes"),
    references: &[Reference { path: "settings.color_collection_id", kind: "color_collections" }],
    writable: &["begin_at", "end_at", "name", "settings"],
    ..PLAIN
};

pub(super) const COLOR_COLLECTIONS: Kind = Kind {
    name: "color_collections",
    singular: "color_collection",
    looker_type: "ColorCollection",
    about: "colour collections with their palettes",
    list: whole("all_color_collections", "/color_collections"),
    envelope: Envelope { id: &["id"], title: "label", folder: None, updated_at: None, created_at: None },
    natural_key: &["label"],
    writable: &["label", "categoricalPalettes", "sequentialPalettes", "divergingPalettes"],
    compare: compare::COLOR_COLLECTIONS,
    ..PLAIN
};

pub(super) const INTEGRATION_HUBS: Kind = Kind {
    name: "integration_hubs",
    singular: "integration_hub",
    looker_type: "IntegrationHub",
    about: "action hubs",
    list: whole("all_integration_hubs", "/integration_hubs"),
    envelope: Envelope { id: &["id"], title: "label", folder: None, updated_at: None, created_at: None },
    natural_key: &["label"],
    volatile: &[Anywhere("can"), Path(&["fetch_error_message"])],
    // A hub's address may carry its key.
    redacted: secrets::OF_INTEGRATIONS,
    never_saved: &["authorization tokens", "addresses (they may carry keys)"],
    ..PLAIN
};

pub(super) const INTEGRATIONS: Kind = Kind {
    name: "integrations",
    singular: "integration",
    looker_type: "Integration",
    about: "actions and how they are set up",
    list: whole("all_integrations", "/integrations"),
    envelope: Envelope { id: &["id"], title: "label", folder: None, updated_at: None, created_at: None },
    natural_key: &["integration_hub_id", "label"],
    references: &[Reference { path: "integration_hub_id", kind: "integration_hubs" }],
    writable: &["enabled", "params", "installed_delegate_oauth_targets"],
    redacted: secrets::OF_INTEGRATIONS,
    never_saved: &["values of parameters (they may be keys)"],
    compare: compare::INTEGRATIONS,
    ..PLAIN
};

pub(super) const HOMEPAGE_SECTIONS: Kind = Kind {
    name: "homepage_sections",
    singular: "homepage_section",
    looker_type: "HomepageSection",
    about: "sections of the primary homepage with their items",
    list: whole("all_primary_homepage_sections", "/primary_homepage_sections"),
    restore: Restore::No("the API only reads the homepage"),
    envelope: Envelope {
        id: &["id"],
        title: "title",
        folder: None,
        updated_at: Some("updated_at"),
        created_at: Some("created_at"),
    },
    natural_key: &["title"],
    references: &[
        Reference { path: "homepage_items.dashboard_id", kind: "dashboards" },
        Reference { path: "homepage_items.look_id", kind: "looks" },
        Reference { path: "homepage_items.lookml_dashboard_id", kind: "lookml_dashboards" },
    ],
    volatile: &[
        Anywhere("can"),
        Anywhere("view_count"),
        Anywhere("favorite_count"),
        Anywhere("content_favorite_id"),
        Anywhere("content_updated_at"),
        Anywhere("section_fetch_time"),
    ],
    compare: compare::HOMEPAGE_SECTIONS,
    ..PLAIN
};

pub(super) const SETTINGS: Kind = Kind {
    name: "instance_settings",
    singular: "instance_setting",
    about: "instance, embed, session, password and sign-on configuration",
    list: List::Singles(SINGLES),
    envelope: UNNAMED,
    natural_key: &[],
    // Whoever signs in through a directory is put into these.
    references: &[
        Reference { path: "default_new_user_groups.id", kind: "groups" },
        Reference { path: "default_new_user_roles.id", kind: "roles" },
        Reference { path: "groups.looker_group_id", kind: "groups" },
        Reference { path: "groups.roles.id", kind: "roles" },
        Reference { path: "groups_with_role_ids.looker_group_id", kind: "groups" },
        Reference { path: "groups_with_role_ids.role_ids", kind: "roles" },
        Reference { path: "user_attributes.user_attributes.id", kind: "user_attributes" },
        Reference { path: "user_attributes_with_ids.user_attribute_ids", kind: "user_attributes" },
    ],
    volatile: &[Anywhere("can"), Path(&["url"]), Path(&["modified_at"]), Path(&["policy_enabled_at"])],
    redacted: secrets::OF_SETTINGS,
    never_saved: &["embed secrets", "passwords and keys of LDAP, SAML, OIDC and mail"],
    ..PLAIN
};

const SINGLES: &[Operation] = &[
    administrative("get_setting", "/setting"),
    administrative("whitelabel_configuration", "/whitelabel_configuration"),
    administrative("session_config", "/session_config"),
    administrative("password_config", "/password_config"),
    administrative("saml_config", "/saml_config"),
    administrative("ldap_config", "/ldap_config"),
    administrative("oidc_config", "/oidc_config"),
    administrative("custom_welcome_email", "/custom_welcome_email"),
    administrative("digest_emails_enabled", "/digest_emails_enabled"),
    administrative("internal_help_resources_content", "/internal_help_resources_content"),
    administrative("internal_help_resources", "/internal_help_resources_enabled"),
    administrative("cloud_storage_configuration", "/cloud_storage"),
];

pub(super) const SUPPORT_ALLOWLIST: Kind = Kind {
    name: "support_access_allowlist",
    singular: "support_access_allowlist_entry",
    looker_type: "SupportAccessAllowlistEntry",
    about: "people of Looker's support who may be let in",
    list: whole("get_support_access_allowlist_entries", "/support_access/allowlist"),
    // It hardly ever changes, and the smallest licence has no call to spare.
    cadence: Cadence::OnRequest,
    envelope: Envelope { id: &["id"], title: "email", folder: None, updated_at: None, created_at: None },
    natural_key: &["email"],
    ..PLAIN
};

pub(super) const LEGACY_FEATURES: Kind = Kind {
    name: "legacy_features",
    singular: "legacy_feature",
    looker_type: "LegacyFeature",
    about: "legacy features and which are on",
    list: whole("all_legacy_features", "/legacy_features"),
    writable: &["enabled_locally"],
    ..PLAIN
};

pub(super) const OAUTH_CLIENT_APPS: Kind = Kind {
    name: "oauth_client_apps",
    singular: "oauth_client_app",
    looker_type: "OauthClientApp",
    about: "applications that may sign users in",
    list: whole("all_oauth_client_apps", "/oauth_client_apps"),
    envelope: Envelope {
        id: &["client_guid"],
        title: "display_name",
        folder: None,
        updated_at: None,
        created_at: None,
    },
    natural_key: &["client_guid"],
    references: &[Reference { path: "group_id", kind: "groups" }],
    writable: &["redirect_uri", "display_name", "description", "enabled", "group_id"],
    volatile: &[Anywhere("can"), Path(&["tokens_invalid_before"]), Path(&["activated_users"])],
    ..PLAIN
};

pub(super) const ARTIFACTS: Kind = Kind {
    name: "artifacts",
    singular: "artifact",
    about: "what extensions have stored, one list a namespace",
    list: List::Each(Each {
        operation: administrative("search_artifacts", "/artifact/{namespace}/search"),
        key: KeyIn::Path,
        parameters: &[("limit", "10000")],
        source: Source::Listing {
            operation: administrative("artifact_namespaces", "/artifact/namespaces"),
            parameters: &[("limit", "10000")],
            keys: &["namespace"],
        },
        answer: AnswerShape::List { limit: Some(10_000) },
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::WEEKLY,
    envelope: UNNAMED,
    natural_key: &[],
    references: &[
        Reference { path: "created_by_userid", kind: "users" },
        Reference { path: "updated_by_userid", kind: "users" },
    ],
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::ARTIFACTS,
    ..PLAIN
};

pub(super) const AGENTS: Kind = Kind {
    name: "agents",
    singular: "agent",
    looker_type: "Agent",
    about: "agents of conversational analytics, where the release has them",
    list: List::Paged(Paged {
        operation: administrative("search_agents", "/agents/search"),
        parameters: &[],
        sorts: Some("id"),
        page: 500,
        light_fields: "id",
        folder: None,
        trash: Some(("deleted", "true")),
        by_id: Some("id"),
    }),
    cadence: Cadence::WEEKLY,
    envelope: Envelope {
        id: &["id"],
        title: "name",
        folder: None,
        updated_at: None,
        created_at: Some("created_at"),
    },
    references: &[
        Reference { path: "created_by_user_id", kind: "users" },
        Reference { path: "sources.model", kind: "lookml_models" },
        Reference { path: "golden_queries.model", kind: "lookml_models" },
    ],
    told: &[
        Reference { path: "golden_queries.created_by_user_id", kind: "users" },
        Reference { path: "golden_queries.last_updated_by_user_id", kind: "users" },
    ],
    writable: &["name", "description", "category", "sources", "context", "deleted", "code_interpreter"],
    volatile: &[Anywhere("can"), Path(&["created_by_avatar_url"])],
    redacted: secrets::OF_PEOPLES_KEYS,
    ..PLAIN
};
