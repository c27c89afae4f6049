//! The kinds of objects the simulator holds, and what each is found by.

use serde::Serialize;

/// A kind of object the simulator holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// User-defined dashboards, as `Dashboard`.
    Dashboard,
    /// LookML dashboards, as `Dashboard` with an id `model::name`.
    LookmlDashboard,
    /// Looks, as `LookWithQuery`.
    Look,
    /// Folders, as `FolderBase`.
    Folder,
    /// Users, as `User`.
    User,
    /// Groups, as `Group`.
    Group,
    /// The same groups, as `GroupHierarchy`.
    GroupHierarchy,
    /// The same groups, as `GroupSearch`.
    GroupWithRoles,
    /// Roles, as `Role`.
    Role,
    /// Permission sets.
    PermissionSet,
    /// Model sets.
    ModelSet,
    /// User attributes.
    UserAttribute,
    /// Values groups have of user attributes.
    UserAttributeGroupValue,
    /// Values users have of user attributes: user, attribute, value; what
    /// `user_attribute_user_values` answers is made of them.
    UserAttributeUserValue,
    /// Themes; the default is the first.
    Theme,
    /// Colour collections.
    ColorCollection,
    /// Connections, as `DBConnection`; their `name` is their id.
    Connection,
    /// SSH servers; their id is `ssh_server_id`.
    SshServer,
    /// SSH tunnels; their id is `tunnel_id`.
    SshTunnel,
    /// Applications that connections sign in with.
    ExternalOauthApplication,
    /// LookML projects.
    Project,
    /// The manifest of each project, under the project's id.
    Manifest,
    /// Explores, as `LookmlModelExplore` with an id `model::name`.
    Explore,
    /// Datagroups.
    Datagroup,
    /// Integration hubs.
    IntegrationHub,
    /// Integrations, with an id `hub::name`.
    Integration,
    /// Sections of the primary homepage, with their items.
    HomepageSection,
    /// Permissions; their name is their id.
    Permission,
    /// Legacy features.
    LegacyFeature,
    /// Locales; their `code` is their id.
    Locale,
    /// Time zones; their `value` is their id.
    Timezone,
    /// Applications that sign in to Looker; their id is `client_guid`.
    OauthClientApp,
    /// Locked-out users; their id is `key`.
    UserLoginLockout,
    /// People of support who may come in.
    SupportAccessAllowlistEntry,
    /// Namespaces of artifacts; their name is their id.
    ArtifactNamespace,
    /// Artifacts, under the id `namespace::key`.
    Artifact,
    /// Conversational agents.
    Agent,
    /// The settings; like all kinds from here to `EgressIpAddresses` a table of
    /// one row, whose id is `1`.
    Setting,
    /// The white-label configuration.
    WhitelabelConfiguration,
    /// Rules for sessions.
    SessionConfig,
    /// Rules for passwords.
    PasswordConfig,
    /// Signing in through SAML.
    SamlConfig,
    /// Signing in through LDAP.
    LdapConfig,
    /// Signing in through OpenID Connect.
    OidcConfig,
    /// The mail new users get.
    CustomWelcomeEmail,
    /// Whether digests are sent.
    DigestEmails,
    /// What the internal help says.
    InternalHelpResourcesContent,
    /// Whether there is internal help.
    InternalHelpResources,
    /// Settings of the mobile application.
    MobileSettings,
    /// Where backups go, as `BackupConfiguration`.
    CloudStorage,
    /// Whether mail can be sent.
    SmtpStatus,
    /// Whether support may come in.
    SupportAccessStatus,
    /// Addresses the instance calls from.
    EgressIpAddresses,
    /// LookML models; their `name` is their id.
    LookmlModel,
    /// Boards, as `Board` without its sections.
    Board,
    /// Sections of boards, as `BoardSection` without its items.
    BoardSection,
    /// Items of board sections, as `BoardItem` without what it takes from its content.
    BoardItem,
    /// Schedules, disabled ones among them, as `ScheduledPlan`.
    ScheduledPlan,
    /// Alerts, as `Alert`.
    Alert,
    /// Rows of access lists, as `ContentMetaGroupUser`.
    ContentMetadataAccess,
    /// Favourites of all users, as `ContentFavorite` without its content.
    ContentFavorite,
}

impl Kind {
    /// Every kind, in the order of their discriminants.
    pub const ALL: [Kind; 61] = [
        Kind::Dashboard,
        Kind::LookmlDashboard,
        Kind::Look,
        Kind::Folder,
        Kind::User,
        Kind::Group,
        Kind::GroupHierarchy,
        Kind::GroupWithRoles,
        Kind::Role,
        Kind::PermissionSet,
        Kind::ModelSet,
        Kind::UserAttribute,
        Kind::UserAttributeGroupValue,
        Kind::UserAttributeUserValue,
        Kind::Theme,
        Kind::ColorCollection,
        Kind::Connection,
        Kind::SshServer,
        Kind::SshTunnel,
        Kind::ExternalOauthApplication,
        Kind::Project,
        Kind::Manifest,
        Kind::Explore,
        Kind::Datagroup,
        Kind::IntegrationHub,
        Kind::Integration,
        Kind::HomepageSection,
        Kind::Permission,
        Kind::LegacyFeature,
        Kind::Locale,
        Kind::Timezone,
        Kind::OauthClientApp,
        Kind::UserLoginLockout,
        Kind::SupportAccessAllowlistEntry,
        Kind::ArtifactNamespace,
        Kind::Artifact,
        Kind::Agent,
        Kind::Setting,
        Kind::WhitelabelConfiguration,
        Kind::SessionConfig,
        Kind::PasswordConfig,
        Kind::SamlConfig,
        Kind::LdapConfig,
        Kind::OidcConfig,
        Kind::CustomWelcomeEmail,
        Kind::DigestEmails,
        Kind::InternalHelpResourcesContent,
        Kind::InternalHelpResources,
        Kind::MobileSettings,
        Kind::CloudStorage,
        Kind::SmtpStatus,
        Kind::SupportAccessStatus,
        Kind::EgressIpAddresses,
        Kind::LookmlModel,
        Kind::Board,
        Kind::BoardSection,
        Kind::BoardItem,
        Kind::ScheduledPlan,
        Kind::Alert,
        Kind::ContentMetadataAccess,
        Kind::ContentFavorite,
    ];

    /// The name in statistics and in the paths of `/_sim/history`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Dashboard => "dashboard",
            Kind::LookmlDashboard => "lookml_dashboard",
            Kind::Look => "look",
            Kind::Folder => "folder",
            Kind::User => "user",
            Kind::Group => "group",
            Kind::GroupHierarchy => "group_hierarchy",
            Kind::GroupWithRoles => "group_with_roles",
            Kind::Role => "role",
            Kind::PermissionSet => "permission_set",
            Kind::ModelSet => "model_set",
            Kind::UserAttribute => "user_attribute",
            Kind::UserAttributeGroupValue => "user_attribute_group_value",
            Kind::UserAttributeUserValue => "user_attribute_user_value",
            Kind::Theme => "theme",
            Kind::ColorCollection => "color_collection",
            Kind::Connection => "connection",
            Kind::SshServer => "ssh_server",
            Kind::SshTunnel => "ssh_tunnel",
            Kind::ExternalOauthApplication => "external_oauth_application",
            Kind::Project => "project",
            Kind::Manifest => "manifest",
            Kind::Explore => "explore",
            Kind::Datagroup => "datagroup",
            Kind::IntegrationHub => "integration_hub",
            Kind::Integration => "integration",
            Kind::HomepageSection => "homepage_section",
            Kind::Permission => "permission",
            Kind::LegacyFeature => "legacy_feature",
            Kind::Locale => "locale",
            Kind::Timezone => "timezone",
            Kind::OauthClientApp => "oauth_client_app",
            Kind::UserLoginLockout => "user_login_lockout",
            Kind::SupportAccessAllowlistEntry => "support_access_allowlist_entry",
            Kind::ArtifactNamespace => "artifact_namespace",
            Kind::Artifact => "artifact",
            Kind::Agent => "agent",
            Kind::Setting => "setting",
            Kind::WhitelabelConfiguration => "whitelabel_configuration",
            Kind::SessionConfig => "session_config",
            Kind::PasswordConfig => "password_config",
            Kind::SamlConfig => "saml_config",
            Kind::LdapConfig => "ldap_config",
            Kind::OidcConfig => "oidc_config",
            Kind::CustomWelcomeEmail => "custom_welcome_email",
            Kind::DigestEmails => "digest_emails",
            Kind::InternalHelpResourcesContent => "internal_help_resources_content",
            Kind::InternalHelpResources => "internal_help_resources",
            Kind::MobileSettings => "mobile_settings",
            Kind::CloudStorage => "cloud_storage_configuration",
            Kind::SmtpStatus => "smtp_status",
            Kind::SupportAccessStatus => "support_access_status",
            Kind::EgressIpAddresses => "egress_ip_addresses",
            Kind::LookmlModel => "lookml_model",
            Kind::Board => "board",
            Kind::BoardSection => "board_section",
            Kind::BoardItem => "board_item",
            Kind::ScheduledPlan => "scheduled_plan",
            Kind::Alert => "alert",
            Kind::ContentMetadataAccess => "content_metadata_access",
            Kind::ContentFavorite => "content_favorite",
        }
    }

    /// The kind of that [`name`](Kind::name).
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Members a search can look at or sort by, all of them scalars near the
    /// start of a body, or read out of a member there (see `column_of`).
    #[rustfmt::skip]
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::Dashboard | Kind::LookmlDashboard => &[
                "id", "title", "description", "slug", "folder_id", "user_id", "view_count", "favorite_count",
                "content_favorite_id", "content_metadata_id", "created_at", "updated_at", "deleted", "deleted_at",
                "last_viewed_at", "last_accessed_at", "certification_status",
            ],
            Kind::Look => &[
                "id", "title", "description", "folder_id", "user_id", "view_count", "favorite_count",
                "content_favorite_id", "content_metadata_id", "created_at", "updated_at", "deleted", "deleted_at",
                "last_viewed_at", "last_accessed_at", "certification_status", "last_updater_id", "query_id",
            ],
            Kind::Folder => &[
                "id", "name", "parent_id", "creator_id", "created_at", "child_count", "content_metadata_id",
                "is_shared_root", "is_users_root", "is_personal",
            ],
            Kind::User => &[
                "id", "first_name", "last_name", "display_name", "email", "is_disabled", "locale", "embed_user",
                "verified_looker_employee", "is_service_account", "can_manage_api3_creds", "group_ids",
            ],
            Kind::Group | Kind::GroupHierarchy | Kind::GroupWithRoles => &[
                "id", "name", "external_group_id", "externally_managed", "externally_orphaned",
                "include_by_default", "user_count", "can_add_to_content_metadata",
            ],
            Kind::Role => &["id", "name", "permission_set_id", "model_set_id", "built_in"],
            Kind::PermissionSet => &["id", "name", "all_access", "built_in", "permissions"],
            Kind::ModelSet => &["id", "name", "all_access", "built_in", "models"],
            Kind::UserAttribute => &["id", "name", "label", "type", "is_system"],
            Kind::UserAttributeGroupValue => &["id", "user_attribute_id", "group_id", "rank"],
            Kind::UserAttributeUserValue => &["id", "user_id", "user_attribute_id"],
            Kind::Theme => &["id", "name", "begin_at", "end_at"],
            Kind::ColorCollection | Kind::IntegrationHub => &["id", "label"],
            Kind::Connection => &["name", "dialect_name"],
            Kind::SshServer => &["ssh_server_id", "ssh_server_name"],
            Kind::SshTunnel => &["tunnel_id", "ssh_server_id"],
            Kind::ExternalOauthApplication => &["id", "name", "client_id"],
            Kind::Manifest => &["name"],
            Kind::Explore | Kind::Datagroup => &["id", "name", "model_name"],
            Kind::Integration => &["id", "label", "integration_hub_id"],
            Kind::HomepageSection => &["id", "title"],
            Kind::Permission => &["permission"],
            Kind::Project | Kind::LegacyFeature => &["id", "name"],
            Kind::Locale => &["code"],
            Kind::Timezone => &["value"],
            Kind::OauthClientApp => &["client_guid"],
            Kind::UserLoginLockout => &["key", "auth_type", "full_name", "email", "remote_id"],
            Kind::SupportAccessAllowlistEntry => &["id", "email"],
            Kind::ArtifactNamespace => &["namespace", "count"],
            Kind::Artifact => &["key", "namespace", "value_size", "created_by_userid", "updated_by_userid"],
            Kind::Agent => &[
                "id", "name", "description", "created_by_user_id", "created_at", "content_metadata_id", "category",
                "deleted", "primary_agent_id",
            ],
            Kind::LookmlModel => &["name", "label", "project_name"],
            Kind::Board => &["id", "title", "description", "user_id", "created_at", "updated_at", "content_metadata_id", "x_creator"],
            Kind::BoardSection => &["id", "board_id", "title", "description", "created_at", "updated_at"],
            Kind::BoardItem => &["id", "board_section_id", "dashboard_id", "look_id", "lookml_dashboard_id", "order"],
            Kind::ScheduledPlan => &[
                "id", "name", "title", "user_id", "enabled", "dashboard_id", "look_id", "lookml_dashboard_id", "query_id",
                "crontab", "datagroup", "created_at", "updated_at", "next_run_at", "last_run_at", "run_once", "user",
                "scheduled_plan_destination",
            ],
            Kind::Alert => &[
                "id", "owner_id", "custom_title", "is_disabled", "is_public", "cron", "dashboard_element_id",
                "investigative_content_id", "lookml_dashboard_id",
            ],
            Kind::ContentMetadataAccess => &["id", "content_metadata_id", "group_id", "user_id", "permission_type"],
            Kind::ContentFavorite => &[
                "id", "user_id", "content_metadata_id", "dashboard_id", "look_id", "board_id", "lookml_dashboard_id",
            ],
            _ => &[],
        }
    }

    /// Whether the instance numbers objects of this kind. Others come with a
    /// name for an id, or with the id of what they belong to.
    pub(crate) fn is_numbered(self) -> bool {
        let named = matches!(
            self,
            Kind::LookmlDashboard
                | Kind::GroupHierarchy
                | Kind::GroupWithRoles
                | Kind::UserAttributeUserValue
                | Kind::ColorCollection
                | Kind::Project
                | Kind::Explore
                | Kind::Integration
                | Kind::LegacyFeature
        );
        !named && self.columns().first() == Some(&"id")
    }

    /// Where the column of that name is in a row.
    pub(crate) fn column(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|have| *have == name)
    }

    /// Parts that make a row a full one when they are sent.
    pub(crate) fn heavy_parts(self) -> &'static [&'static str] {
        match self {
            Kind::Dashboard | Kind::LookmlDashboard => {
                &["dashboard_elements", "dashboard_filters", "dashboard_layouts"]
            }
            Kind::Look => &["query"],
            _ => &[],
        }
    }

    /// Whether a whole object of this kind is a full row.
    pub(crate) fn is_heavy(self) -> bool {
        !self.heavy_parts().is_empty()
    }
}
