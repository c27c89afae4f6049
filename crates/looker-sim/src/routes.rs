//! The operations this instance has: their names, routes and parameters, and
//! what carries them out. A table to be read; the names are those of Looker's
//! own API document.

use crate::access::Membership;
use crate::data::DEFAULT_COLLECTION;
use crate::kinds::Kind;
use crate::params::{Holds, PAGED, Param};
use crate::parts;
use crate::writes::admin_routes::ADMIN_WRITES;
use crate::writes::routes::WRITES;
use crate::writes::{Handler, Takes};

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its id, `search_dashboards`.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Its path below `/api/4.0`; `{...}` stands for one segment.
    pub(crate) route: &'static str,
    /// The query parameters it knows.
    pub(crate) params: &'static [&'static [Param]],
    pub(crate) action: Action,
}

/// What carries an operation out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Versions,
    Login,
    LoginUser,
    Logout,
    Me,
    Session,
    /// Many objects of a kind.
    List(Kind, View, From),
    /// One object.
    Get(Kind, View),
    /// A `ContentMeta` by its id.
    Metadata,
    /// What lies below a `ContentMeta`.
    Metadatas,
    /// The access list of a `ContentMeta`.
    MetadataAccesses,
    /// One of a dashboard's lists of parts.
    Part(&'static str),
    /// A part of a dashboard by its id.
    PartById(parts::Part),
    LayoutComponents,
    FolderParent,
    FolderAncestors,
    /// What changes something (`writes`).
    Write(Takes, Handler),
    Query,
    /// The one object of that id: a singleton's, or a default's.
    Fixed(Kind, View, &'static str),
    /// Members of a role, a user or a group.
    Members(Membership),
    GroupValues,
    UserValues,
    EmailCredentials,
    Explore,
    ApiSpec,
    QueryBySlug,
    MergeQuery,
    /// A query in the body: of System Activity only.
    InlineQuery,
}

/// What is shown of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// All of it.
    Whole,
    /// What searches answer: a `Look` without its query.
    Brief,
    /// A `DashboardBase`.
    Base,
    /// A `Folder` with the dashboards and looks in it.
    WithContent,
    /// All of it, put together from what it embeds (`composed`).
    Composed,
    /// A `DashboardLookml`.
    Lookml,
}

/// Where the objects of a list come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Everywhere; all of them, or those of `ids`.
    All,
    /// Everywhere, by criteria.
    Search,
    /// The folder of the path.
    Folder,
    /// The group of the path.
    Group,
    /// Colour collections every instance has, and the others.
    Standard,
    Custom,
    /// The namespace of artifacts of the path.
    Namespace,
    /// The dashboard or look of the path.
    Content(Kind),
}

use Action::{Fixed, Get, List, Members, Part, PartById};
use Holds::{Bool, Text};
#[rustfmt::skip]
use Kind::{
    Agent, Alert, Artifact, ArtifactNamespace, Board, BoardItem, BoardSection, CloudStorage, ColorCollection,
    Connection, ContentFavorite, CustomWelcomeEmail, Dashboard, Datagroup, DigestEmails, EgressIpAddresses,
    ExternalOauthApplication, Folder, Group, GroupHierarchy, GroupWithRoles, HomepageSection, Integration,
    IntegrationHub, InternalHelpResources, InternalHelpResourcesContent, LdapConfig, LegacyFeature, Locale,
    Look, LookmlDashboard, LookmlModel, Manifest, MobileSettings, ModelSet, OauthClientApp, OidcConfig,
    PasswordConfig, Permission, PermissionSet, Project, Role, SamlConfig, ScheduledPlan, SessionConfig, Setting,
    SmtpStatus, SshServer, SshTunnel, SupportAccessAllowlistEntry, SupportAccessStatus, Theme, Timezone, User,
    UserAttribute, UserLoginLockout, WhitelabelConfiguration,
};
use View::{Base, Brief, Composed, Lookml, Whole, WithContent};

const FIELDS: &[Param] = &[("fields", Text)];
const SORTS: &[Param] = &[("sorts", Text)];
const SEARCH: &[Param] = &[("fields", Text), ("sorts", Text), ("filter_or", Bool), ("id", Text)];
const IDS: &[Param] = &[("ids", Text)];
const LIMITED: &[Param] = &[("limit", Holds::Count), ("offset", Holds::Count)];
const CONTENT: &[Param] = &[
    ("title", Text),
    ("description", Text),
    ("content_favorite_id", Text),
    ("folder_id", Text),
    ("user_id", Text),
    ("view_count", Text),
    ("deleted", Text),
    ("curate", Bool),
    ("last_viewed_at", Text),
];
const GROUPS: &[Param] = &[
    ("name", Text),
    ("external_group_id", Text),
    ("externally_managed", Bool),
    ("externally_orphaned", Bool),
];
const SETS: &[Param] = &[("name", Text), ("all_access", Bool), ("built_in", Bool)];
const ROLES: &[Param] =
    &[("name", Text), ("built_in", Bool), ("model_set_ids", Text), ("permission_set_ids", Text)];
const USERS: &[Param] = &[
    ("first_name", Text),
    ("last_name", Text),
    ("full_name", Text),
    ("verified_looker_employee", Bool),
    ("embed_user", Bool),
    ("email", Text),
    ("is_disabled", Bool),
    ("content_metadata_id", Text),
    ("group_id", Text),
    ("can_manage_api3_creds", Bool),
    ("is_service_account", Bool),
];
const FOLDERS: &[Param] = &[
    ("name", Text),
    ("parent_id", Text),
    ("creator_id", Text),
    ("is_shared_root", Bool),
    ("is_users_root", Bool),
];
const DASHBOARDS: &[Param] = &[("slug", Text), ("content_metadata_id", Text), ("not_owned_by", Bool)];
const MODELS: &[Param] = &[
    ("exclude_empty", Bool),
    ("exclude_hidden", Bool),
    ("include_internal", Bool),
    ("include_self_service", Bool),
];
const SUPPORT: &[Param] = &[("get_all_support_roles", Bool)];
const LOOKML: &[Param] = &[("folder_id", Text), ("title", Text), ("content_favorite_id", Text)];
const BOARDS: &[Param] = &[
    ("title", Text),
    ("created_at", Text),
    ("first_name", Text),
    ("last_name", Text),
    ("favorited", Bool),
    ("creator_id", Text),
    ("filter_or", Bool),
    ("permission", Text),
];
const OWNERS: &[Param] = &[("user_id", Text), ("all_users", Bool)];
const PLANS: &[Param] = &[
    ("name", Text),
    ("user_first_name", Text),
    ("user_last_name", Text),
    ("dashboard_id", Text),
    ("look_id", Text),
    ("lookml_dashboard_id", Text),
    ("recipient", Text),
    ("destination_type", Text),
    ("delivery_format", Text),
    ("filter_or", Bool),
    // Known to SDKs of releases after 26.12.
    ("all_states", Bool),
    ("run_once", Bool),
    ("enabled", Bool),
    ("last_run_status", Text),
];
const ALERTS: &[Param] = &[
    ("group_by", Text),
    ("disabled", Bool),
    ("frequency", Text),
    ("condition_met", Bool),
    ("last_run_start", Text),
    ("last_run_end", Text),
    ("all_owners", Bool),
];
const FAVORITES: &[Param] = &[
    ("user_id", Text),
    ("content_metadata_id", Text),
    ("dashboard_id", Text),
    ("look_id", Text),
    ("board_id", Text),
    ("lookml_dashboard_id", Text),
    ("include_board_items", Bool),
];
const RUN: &[Param] = &[
    ("limit", Holds::Count),
    ("apply_formatting", Bool),
    ("apply_vis", Bool),
    ("cache", Bool),
    ("image_width", Holds::Count),
    ("image_height", Holds::Count),
    ("generate_drill_links", Bool),
    ("force_production", Bool),
    ("cache_only", Bool),
    ("path_prefix", Text),
    ("rebuild_pdts", Bool),
    ("server_table_calcs", Bool),
];
const ALL_GROUPS: &[Param] = &[("content_metadata_id", Text), ("can_add_to_content_metadata", Bool)];

const DIRECT: &[Param] = &[("direct_association_only", Bool)];
const ATTRIBUTE_VALUES: &[Param] =
    &[("user_attribute_ids", Text), ("all_values", Bool), ("include_unset", Bool)];
const THEMES: &[Param] = &[("name", Text), ("begin_at", Text), ("end_at", Text), ("theme_type", Text)];
const MOMENT: &[Param] = &[("ts", Text)];
const LOCKOUTS: &[Param] = &[("auth_type", Text), ("full_name", Text), ("email", Text), ("remote_id", Text)];
const ARTIFACT: &[Param] = &[("key", Text), ("tally", Bool)];
const ARTIFACTS: &[Param] = &[("user_ids", Text), ("min_size", Holds::Count), ("max_size", Holds::Count)];
const AGENTS: &[Param] = &[
    ("name", Text),
    ("description", Text),
    ("created_by_user_id", Text),
    ("category", Text),
    ("not_owned_by", Bool),
    ("deleted", Bool),
    ("primary_agent_id", Text),
];

/// Id of the row of a kind that has one.
const ONLY: &str = "1";

/// A row of the table.
const fn op(
    id: &'static str,
    method: &'static str,
    route: &'static str,
    params: &'static [&'static [Param]],
    action: Action,
) -> Operation {
    Operation { id, method, route, params, action }
}

/// Every operation that reads, and sessions. A static segment stands before a
/// parameter in its place.
#[rustfmt::skip]
static READS: &[Operation] = &[
    op("versions", "GET", "/versions", &[FIELDS], Action::Versions),
    op("login", "POST", "/login", &[], Action::Login),
    op("login_user", "POST", "/login/{user_id}", &[&[("associative", Bool)]], Action::LoginUser),
    op("logout", "DELETE", "/logout", &[], Action::Logout),
    op("me", "GET", "/user", &[FIELDS], Action::Me),
    op("session", "GET", "/session", &[], Action::Session),

    op("search_dashboards", "GET", "/dashboards/search", &[SEARCH, CONTENT, DASHBOARDS, PAGED], List(Dashboard, Whole, From::Search)),
    op("all_dashboards", "GET", "/dashboards", &[FIELDS], List(Dashboard, Base, From::All)),
    op("dashboard", "GET", "/dashboards/{dashboard_id}", &[FIELDS], Get(Dashboard, Whole)),
    op("dashboard_dashboard_elements", "GET", "/dashboards/{dashboard_id}/dashboard_elements", &[FIELDS], Part("dashboard_elements")),
    op("dashboard_dashboard_filters", "GET", "/dashboards/{dashboard_id}/dashboard_filters", &[FIELDS], Part("dashboard_filters")),
    op("dashboard_dashboard_layouts", "GET", "/dashboards/{dashboard_id}/dashboard_layouts", &[FIELDS], Part("dashboard_layouts")),

    op("dashboard_element", "GET", "/dashboard_elements/{dashboard_element_id}", &[FIELDS], PartById(parts::Part::Element)),
    op("dashboard_filter", "GET", "/dashboard_filters/{dashboard_filter_id}", &[FIELDS], PartById(parts::Part::Filter)),
    op("dashboard_layout", "GET", "/dashboard_layouts/{dashboard_layout_id}", &[FIELDS], PartById(parts::Part::Layout)),
    op("dashboard_layout_component", "GET", "/dashboard_layout_components/{dashboard_layout_component_id}", &[FIELDS], PartById(parts::Part::Component)),
    op("dashboard_layout_dashboard_layout_components", "GET", "/dashboard_layouts/{dashboard_layout_id}/dashboard_layout_components", &[FIELDS], Action::LayoutComponents),

    op("search_lookml_dashboards", "GET", "/dashboards/lookml/search", &[FIELDS, SORTS, LOOKML, LIMITED], List(LookmlDashboard, Whole, From::Search)),
    op("dashboard_lookml", "GET", "/dashboards/lookml/{dashboard_id}", &[], Get(Dashboard, Lookml)),

    op("search_looks", "GET", "/looks/search", &[SEARCH, CONTENT, &[("query_id", Text)], PAGED], List(Look, Brief, From::Search)),
    op("all_looks", "GET", "/looks", &[FIELDS], List(Look, Brief, From::All)),
    op("look", "GET", "/looks/{look_id}", &[FIELDS], Get(Look, Whole)),

    op("search_folders", "GET", "/folders/search", &[SEARCH, FOLDERS, PAGED], List(Folder, WithContent, From::Search)),
    op("all_folders", "GET", "/folders", &[FIELDS], List(Folder, Whole, From::All)),
    op("folder", "GET", "/folders/{folder_id}", &[FIELDS], Get(Folder, WithContent)),
    op("folder_children", "GET", "/folders/{folder_id}/children", &[FIELDS, SORTS, PAGED], List(Folder, WithContent, From::Folder)),
    op("folder_parent", "GET", "/folders/{folder_id}/parent", &[FIELDS], Action::FolderParent),
    op("folder_ancestors", "GET", "/folders/{folder_id}/ancestors", &[FIELDS], Action::FolderAncestors),
    op("folder_dashboards", "GET", "/folders/{folder_id}/dashboards", &[FIELDS], List(Dashboard, Whole, From::Folder)),
    op("folder_looks", "GET", "/folders/{folder_id}/looks", &[FIELDS], List(Look, Whole, From::Folder)),

    op("query", "GET", "/queries/{query_id}", &[FIELDS], Action::Query),
    op("query_for_slug", "GET", "/queries/slug/{slug}", &[FIELDS], Action::QueryBySlug),
    op("merge_query", "GET", "/merge_queries/{merge_query_id}", &[FIELDS], Action::MergeQuery),
    op("run_inline_query", "POST", "/queries/run/{result_format}", &[RUN], Action::InlineQuery),

    op("search_boards", "GET", "/boards/search", &[FIELDS, SORTS, BOARDS, PAGED], List(Board, Composed, From::Search)),
    op("all_boards", "GET", "/boards", &[FIELDS], List(Board, Composed, From::All)),
    op("board", "GET", "/boards/{board_id}", &[FIELDS], Get(Board, Composed)),
    op("all_board_sections", "GET", "/board_sections", &[FIELDS, SORTS], List(BoardSection, Composed, From::All)),
    op("board_section", "GET", "/board_sections/{board_section_id}", &[FIELDS], Get(BoardSection, Composed)),
    op("all_board_items", "GET", "/board_items", &[FIELDS, SORTS, &[("board_section_id", Text)]], List(BoardItem, Composed, From::All)),
    op("board_item", "GET", "/board_items/{board_item_id}", &[FIELDS], Get(BoardItem, Composed)),

    op("search_scheduled_plans", "GET", "/scheduled_plans/search", &[FIELDS, SORTS, OWNERS, PLANS, LIMITED], List(ScheduledPlan, Whole, From::Search)),
    op("all_scheduled_plans", "GET", "/scheduled_plans", &[FIELDS, OWNERS], List(ScheduledPlan, Whole, From::All)),
    op("scheduled_plan", "GET", "/scheduled_plans/{scheduled_plan_id}", &[FIELDS], Get(ScheduledPlan, Whole)),
    op("scheduled_plans_for_dashboard", "GET", "/scheduled_plans/dashboard/{dashboard_id}", &[FIELDS, OWNERS], List(ScheduledPlan, Whole, From::Content(Dashboard))),
    op("scheduled_plans_for_look", "GET", "/scheduled_plans/look/{look_id}", &[FIELDS, OWNERS], List(ScheduledPlan, Whole, From::Content(Look))),
    op("scheduled_plans_for_lookml_dashboard", "GET", "/scheduled_plans/lookml_dashboard/{lookml_dashboard_id}", &[FIELDS, OWNERS], List(ScheduledPlan, Whole, From::Content(LookmlDashboard))),

    op("search_alerts", "GET", "/alerts/search", &[FIELDS, ALERTS, LIMITED], List(Alert, Whole, From::Search)),
    op("get_alert", "GET", "/alerts/{alert_id}", &[], Get(Alert, Whole)),

    op("all_content_metadatas", "GET", "/content_metadata", &[FIELDS, &[("parent_id", Text)]], Action::Metadatas),
    op("content_metadata", "GET", "/content_metadata/{content_metadata_id}", &[FIELDS], Action::Metadata),
    op("all_content_metadata_accesses", "GET", "/content_metadata_access", &[FIELDS, &[("content_metadata_id", Text)]], Action::MetadataAccesses),
    op("search_content_favorites", "GET", "/content_favorite/search", &[SEARCH, FAVORITES, LIMITED], List(ContentFavorite, Composed, From::Search)),
    op("content_favorite", "GET", "/content_favorite/{content_favorite_id}", &[FIELDS], Get(ContentFavorite, Composed)),

    op("search_users", "GET", "/users/search", &[SEARCH, USERS, PAGED], List(User, Whole, From::Search)),
    op("all_users", "GET", "/users", &[FIELDS, SORTS, IDS, PAGED], List(User, Whole, From::All)),
    op("user", "GET", "/users/{user_id}", &[FIELDS], Get(User, Whole)),

    op("search_groups_with_roles", "GET", "/groups/search/with_roles", &[SEARCH, GROUPS, LIMITED], List(GroupWithRoles, Whole, From::Search)),
    op("search_groups_with_hierarchy", "GET", "/groups/search/with_hierarchy", &[SEARCH, GROUPS, LIMITED], List(GroupHierarchy, Whole, From::Search)),
    op("search_groups", "GET", "/groups/search", &[SEARCH, GROUPS, LIMITED], List(Group, Whole, From::Search)),
    op("all_groups", "GET", "/groups", &[FIELDS, SORTS, IDS, ALL_GROUPS, PAGED], List(Group, Whole, From::All)),
    op("group", "GET", "/groups/{group_id}", &[FIELDS], Get(Group, Whole)),
    op("all_group_users", "GET", "/groups/{group_id}/users", &[FIELDS, SORTS, PAGED], List(User, Whole, From::Group)),

    op("search_roles", "GET", "/roles/search", &[SEARCH, ROLES, LIMITED], List(Role, Whole, From::Search)),
    op("all_roles", "GET", "/roles", &[FIELDS, IDS, SUPPORT], List(Role, Whole, From::All)),
    op("role", "GET", "/roles/{role_id}", &[], Get(Role, Whole)),
    op("search_permission_sets", "GET", "/permission_sets/search", &[SEARCH, SETS, &[("permissions", Text)], LIMITED], List(PermissionSet, Whole, From::Search)),
    op("all_permission_sets", "GET", "/permission_sets", &[FIELDS], List(PermissionSet, Whole, From::All)),
    op("permission_set", "GET", "/permission_sets/{permission_set_id}", &[FIELDS], Get(PermissionSet, Whole)),
    op("search_model_sets", "GET", "/model_sets/search", &[SEARCH, SETS, &[("models", Text)], LIMITED], List(ModelSet, Whole, From::Search)),
    op("all_model_sets", "GET", "/model_sets", &[FIELDS], List(ModelSet, Whole, From::All)),
    op("model_set", "GET", "/model_sets/{model_set_id}", &[FIELDS], Get(ModelSet, Whole)),
    op("all_lookml_models", "GET", "/lookml_models", &[FIELDS, MODELS, LIMITED], List(LookmlModel, Whole, From::All)),
    op("lookml_model", "GET", "/lookml_models/{lookml_model_name}", &[FIELDS], Get(LookmlModel, Whole)),

    op("all_group_groups", "GET", "/groups/{group_id}/groups", &[FIELDS], Members(Membership::GroupGroups)),
    op("role_groups", "GET", "/roles/{role_id}/groups", &[FIELDS], Members(Membership::RoleGroups)),
    op("role_users", "GET", "/roles/{role_id}/users", &[FIELDS, DIRECT], Members(Membership::RoleUsers)),
    op("user_roles", "GET", "/users/{user_id}/roles", &[FIELDS, DIRECT], Members(Membership::UserRoles)),
    op("user_credentials_email", "GET", "/users/{user_id}/credentials_email", &[FIELDS], Action::EmailCredentials),
    op("all_permissions", "GET", "/permissions", &[], List(Permission, Whole, From::All)),

    op("all_user_attributes", "GET", "/user_attributes", &[FIELDS, SORTS], List(UserAttribute, Whole, From::All)),
    op("user_attribute", "GET", "/user_attributes/{user_attribute_id}", &[FIELDS], Get(UserAttribute, Whole)),
    op("all_user_attribute_group_values", "GET", "/user_attributes/{user_attribute_id}/group_values", &[FIELDS], Action::GroupValues),
    op("user_attribute_user_values", "GET", "/users/{user_id}/attribute_values", &[FIELDS, ATTRIBUTE_VALUES], Action::UserValues),

    op("search_themes", "GET", "/themes/search", &[SEARCH, THEMES, LIMITED], List(Theme, Whole, From::Search)),
    op("default_theme", "GET", "/themes/default", &[MOMENT], Fixed(Theme, Whole, "1")),
    op("default_theme_by_type", "GET", "/themes/default_theme", &[MOMENT, &[("theme_type", Text)]], Fixed(Theme, Whole, "1")),
    op("all_themes", "GET", "/themes", &[FIELDS], List(Theme, Whole, From::All)),
    op("theme", "GET", "/themes/{theme_id}", &[FIELDS], Get(Theme, Whole)),
    op("color_collections_custom", "GET", "/color_collections/custom", &[FIELDS], List(ColorCollection, Whole, From::Custom)),
    op("color_collections_standard", "GET", "/color_collections/standard", &[FIELDS], List(ColorCollection, Whole, From::Standard)),
    op("default_color_collection", "GET", "/color_collections/default", &[], Fixed(ColorCollection, Whole, DEFAULT_COLLECTION)),
    op("all_color_collections", "GET", "/color_collections", &[FIELDS], List(ColorCollection, Whole, From::All)),
    op("color_collection", "GET", "/color_collections/{collection_id}", &[FIELDS], Get(ColorCollection, Whole)),

    op("all_connections", "GET", "/connections", &[FIELDS], List(Connection, Whole, From::All)),
    op("connection", "GET", "/connections/{connection_name}", &[FIELDS], Get(Connection, Whole)),
    op("all_ssh_servers", "GET", "/ssh_servers", &[FIELDS], List(SshServer, Whole, From::All)),
    op("ssh_server", "GET", "/ssh_server/{ssh_server_id}", &[], Get(SshServer, Whole)),
    op("all_ssh_tunnels", "GET", "/ssh_tunnels", &[FIELDS], List(SshTunnel, Whole, From::All)),
    op("ssh_tunnel", "GET", "/ssh_tunnel/{ssh_tunnel_id}", &[], Get(SshTunnel, Whole)),
    op("all_external_oauth_applications", "GET", "/external_oauth_applications", &[&[("name", Text), ("client_id", Text)]], List(ExternalOauthApplication, Whole, From::All)),

    op("all_projects", "GET", "/projects", &[FIELDS], List(Project, Whole, From::All)),
    op("project", "GET", "/projects/{project_id}", &[FIELDS], Get(Project, Whole)),
    op("manifest", "GET", "/projects/{project_id}/manifest", &[], Get(Manifest, Whole)),
    op("lookml_model_explore", "GET", "/lookml_models/{lookml_model_name}/explores/{explore_name}", &[FIELDS, &[("add_drills_metadata", Bool)]], Action::Explore),
    op("all_datagroups", "GET", "/datagroups", &[], List(Datagroup, Whole, From::All)),
    op("datagroup", "GET", "/datagroups/{datagroup_id}", &[], Get(Datagroup, Whole)),

    op("all_integration_hubs", "GET", "/integration_hubs", &[FIELDS], List(IntegrationHub, Whole, From::All)),
    op("integration_hub", "GET", "/integration_hubs/{integration_hub_id}", &[FIELDS], Get(IntegrationHub, Whole)),
    op("all_integrations", "GET", "/integrations", &[FIELDS, &[("integration_hub_id", Text)]], List(Integration, Whole, From::All)),
    op("integration", "GET", "/integrations/{integration_id}", &[FIELDS], Get(Integration, Whole)),

    op("all_primary_homepage_sections", "GET", "/primary_homepage_sections", &[FIELDS], List(HomepageSection, Whole, From::All)),
    op("get_setting", "GET", "/setting", &[FIELDS], Fixed(Setting, Whole, ONLY)),
    op("whitelabel_configuration", "GET", "/whitelabel_configuration", &[FIELDS], Fixed(WhitelabelConfiguration, Whole, ONLY)),
    op("session_config", "GET", "/session_config", &[], Fixed(SessionConfig, Whole, ONLY)),
    op("password_config", "GET", "/password_config", &[], Fixed(PasswordConfig, Whole, ONLY)),
    op("saml_config", "GET", "/saml_config", &[], Fixed(SamlConfig, Whole, ONLY)),
    op("ldap_config", "GET", "/ldap_config", &[], Fixed(LdapConfig, Whole, ONLY)),
    op("oidc_config", "GET", "/oidc_config", &[], Fixed(OidcConfig, Whole, ONLY)),
    op("custom_welcome_email", "GET", "/custom_welcome_email", &[], Fixed(CustomWelcomeEmail, Whole, ONLY)),
    op("digest_emails_enabled", "GET", "/digest_emails_enabled", &[], Fixed(DigestEmails, Whole, ONLY)),
    op("internal_help_resources_content", "GET", "/internal_help_resources_content", &[], Fixed(InternalHelpResourcesContent, Whole, ONLY)),
    op("internal_help_resources", "GET", "/internal_help_resources_enabled", &[], Fixed(InternalHelpResources, Whole, ONLY)),
    op("all_legacy_features", "GET", "/legacy_features", &[], List(LegacyFeature, Whole, From::All)),
    op("legacy_feature", "GET", "/legacy_features/{legacy_feature_id}", &[], Get(LegacyFeature, Whole)),
    op("all_locales", "GET", "/locales", &[], List(Locale, Whole, From::All)),
    op("all_timezones", "GET", "/timezones", &[], List(Timezone, Whole, From::All)),
    op("mobile_settings", "GET", "/mobile/settings", &[], Fixed(MobileSettings, Whole, ONLY)),
    op("cloud_storage_configuration", "GET", "/cloud_storage", &[], Fixed(CloudStorage, Whole, ONLY)),
    op("smtp_status", "GET", "/smtp_status", &[FIELDS], Fixed(SmtpStatus, Whole, ONLY)),
    op("support_access_status", "GET", "/support_access/status", &[], Fixed(SupportAccessStatus, Whole, ONLY)),
    op("get_support_access_allowlist_entries", "GET", "/support_access/allowlist", &[FIELDS], List(SupportAccessAllowlistEntry, Whole, From::All)),
    op("public_egress_ip_addresses", "GET", "/public_egress_ip_addresses", &[], Fixed(EgressIpAddresses, Whole, ONLY)),
    op("all_oauth_client_apps", "GET", "/oauth_client_apps", &[FIELDS], List(OauthClientApp, Whole, From::All)),
    op("oauth_client_app", "GET", "/oauth_client_apps/{client_guid}", &[FIELDS], Get(OauthClientApp, Whole)),
    op("search_user_login_lockouts", "GET", "/user_login_lockouts/search", &[FIELDS, SORTS, &[("filter_or", Bool)], LOCKOUTS, PAGED], List(UserLoginLockout, Whole, From::Search)),
    op("all_user_login_lockouts", "GET", "/user_login_lockouts", &[FIELDS], List(UserLoginLockout, Whole, From::All)),
    op("api_spec", "GET", "/api_spec/{api_version}/{specification}", &[], Action::ApiSpec),

    op("artifact_namespaces", "GET", "/artifact/namespaces", &[FIELDS, LIMITED], List(ArtifactNamespace, Whole, From::All)),
    op("search_artifacts", "GET", "/artifact/{namespace}/search", &[FIELDS, ARTIFACT, ARTIFACTS, LIMITED], List(Artifact, Whole, From::Namespace)),
    op("artifact", "GET", "/artifact/{namespace}", &[FIELDS, ARTIFACT, LIMITED], List(Artifact, Whole, From::Namespace)),
    op("search_agents", "GET", "/agents/search", &[SEARCH, AGENTS, LIMITED], List(Agent, Whole, From::Search)),
    op("get_agent", "GET", "/agents/{agent_id}", &[FIELDS], Get(Agent, Whole)),
];

/// Every operation.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    READS.iter().chain(WRITES).chain(ADMIN_WRITES)
}

/// The path prefix of the API.
pub(crate) const PREFIX: &str = "/api/4.0";

/// The operation for a method and path, and the path's decoded parameters.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    let path = match path.strip_prefix(PREFIX) {
        // Where an instance publishes its document as well.
        Some("/swagger.json") => "/api_spec/4.0/swagger.json",
        Some(below) => below,
        None if path == "/versions" => path,
        // What the Python SDK calls to this day (`looker-api-facts.md` §1).
        None if path == "/api/logout" => "/logout",
        None => return None,
    };
    let matching = |op: &'static Operation| {
        let params = (op.method == method).then(|| match_route(op.route, path)).flatten()?;
        Some((op, params))
    };
    operations().find_map(matching)
}

fn match_route(route: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                params.push(decode(given));
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// Undoes percent-encoding in a path segment.
pub(crate) fn decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = segment.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (byte, length) = match code {
            Some(code) if bytes[at] == b'%' => (code, 3),
            _ => (bytes[at], 1),
        };
        decoded.push(byte);
        at += length;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The route as error pages name it: `get/dashboards/:dashboard_id`.
pub(crate) fn documented(operation: &Operation) -> String {
    let route = operation.route.replace('{', ":").replace('}', "");
    format!("{}{route}", operation.method.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_static_segments_before_parameters() {
        let id = |method: &str, path: &str| find(method, path).map(|(op, params)| (op.id, params));
        assert_eq!(id("GET", "/api/4.0/dashboards/search"), Some(("search_dashboards", vec![])));
        assert_eq!(id("GET", "/api/4.0/dashboards/a%3A%3Ab"), Some(("dashboard", vec!["a::b".to_owned()])));
        assert_eq!(
            id("GET", "/api/4.0/groups/search/with_roles"),
            Some(("search_groups_with_roles", vec![]))
        );
        assert_eq!(id("GET", "/versions"), Some(("versions", vec![])));
        assert_eq!(id("DELETE", "/api/logout"), Some(("logout", vec![])));
        assert_eq!(id("GET", "/api/4.0/dashboards/"), None);
        assert_eq!(id("POST", "/api/4.0/dashboards/7"), None);
        assert_eq!(id("GET", "/dashboards"), None);
    }

    #[test]
    fn operation_ids_are_unique() {
        let ids: std::collections::HashSet<_> = operations().map(|op| op.id).collect();
        assert_eq!(ids.len(), operations().count());
    }
}
