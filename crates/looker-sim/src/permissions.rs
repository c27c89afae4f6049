//! Which permission an operation needs, and what a caller without it is told.
//!
//! Only an account of [`Account::Permitted`] or [`Account::Limited`] is looked
//! at here: an administrator may do everything. What is written `Inferred` is
//! not proved by the API document; the refusal is 404 wherever nothing else is
//! known (`looker-api-facts.md` §1).

use crate::config::Account;
use crate::reply::Reply;
use crate::server::{Call, Server};

/// How it is known that an operation needs a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The API document says so.
    Spec,
    /// Looker's documentation of the permission says so.
    Docs,
    Inferred,
}

/// Permission, the status without it, how that is known, and the operations.
type Need = (&'static str, u16, Known, &'static [&'static str]);

const ADMINISTER: &str = "administer";

#[rustfmt::skip]
const NEEDS: &[Need] = &[
    (ADMINISTER, 404, Known::Spec, &[
        "all_color_collections", "color_collections_custom", "color_collections_standard", "color_collection",
        "ldap_config", "oidc_config", "saml_config",
    ]),
    (ADMINISTER, 404, Known::Inferred, &[
        "default_color_collection", "get_setting", "whitelabel_configuration", "session_config", "password_config",
        "custom_welcome_email", "digest_emails_enabled", "internal_help_resources_content", "internal_help_resources",
        "all_legacy_features", "legacy_feature", "cloud_storage_configuration", "smtp_status", "support_access_status",
        "get_support_access_allowlist_entries", "all_user_login_lockouts", "search_user_login_lockouts",
        "public_egress_ip_addresses", "all_connections", "connection", "all_ssh_servers", "ssh_server",
        "all_ssh_tunnels", "ssh_tunnel", "all_external_oauth_applications", "all_integration_hubs", "integration_hub",
        "all_integrations", "integration", "all_user_attributes", "user_attribute", "all_user_attribute_group_values",
        "all_permissions", "all_oauth_client_apps", "oauth_client_app",
    ]),
    ("save_content", 403, Known::Docs, &[
        "create_dashboard", "update_dashboard", "delete_dashboard", "move_dashboard", "copy_dashboard",
        "create_dashboard_element", "update_dashboard_element", "delete_dashboard_element",
        "create_dashboard_filter", "update_dashboard_filter", "delete_dashboard_filter",
        "create_dashboard_layout", "update_dashboard_layout", "delete_dashboard_layout",
        "update_dashboard_layout_component",
        "create_look", "update_look", "delete_look", "move_look", "copy_look",
    ]),
    ("save_content", 403, Known::Inferred, &[
        "update_dashboard_certification", "update_lookml_certification", "update_look_certification",
        "create_board", "update_board", "delete_board", "create_board_section", "update_board_section",
        "delete_board_section", "create_board_item", "update_board_item", "delete_board_item",
    ]),
    ("explore", 404, Known::Inferred, &["create_query", "create_merge_query"]),
    ("manage_spaces", 404, Known::Spec, &["create_folder", "update_folder", "delete_folder"]),
    (ADMINISTER, 404, Known::Spec, &[
        "create_group", "update_group", "delete_group", "create_color_collection", "update_color_collection",
        "delete_color_collection",
    ]),
    (ADMINISTER, 404, Known::Inferred, &[
        "create_user", "update_user", "delete_user", "user_credentials_email", "create_user_credentials_email",
        "update_user_credentials_email", "delete_user_credentials_email",
        "create_user_credentials_email_password_reset", "send_user_credentials_email_password_reset",
        "set_user_roles", "set_user_attribute_user_value", "delete_user_attribute_user_value", "add_group_user",
        "delete_group_user", "add_group_group", "delete_group_from_group", "update_user_attribute_group_value",
        "delete_user_attribute_group_value", "create_role", "update_role", "delete_role", "set_role_groups",
        "set_role_users", "create_permission_set", "update_permission_set", "delete_permission_set",
        "create_model_set", "update_model_set", "delete_model_set", "create_user_attribute",
        "update_user_attribute", "delete_user_attribute", "set_user_attribute_group_values",
    ]),
    ("schedule_look_emails", 404, Known::Docs, &[
        "create_scheduled_plan", "update_scheduled_plan", "delete_scheduled_plan", "scheduled_plan_run_once",
        "scheduled_plan_run_once_by_id",
    ]),
    ("create_alerts", 403, Known::Docs, &[
        "create_alert", "update_alert", "update_alert_field", "delete_alert", "enqueue_alert",
    ]),
    ("follow_alerts", 404, Known::Docs, &["follow_alert", "unfollow_alert"]),
    ("manage_spaces", 404, Known::Docs, &[
        "update_content_metadata", "create_content_metadata_access", "update_content_metadata_access",
        "delete_content_metadata_access",
    ]),
    ("access_data", 404, Known::Inferred, &["create_content_favorite", "delete_content_favorite"]),
    ("manage_themes", 404, Known::Docs, &["create_theme", "update_theme", "delete_theme"]),
    ("see_users", 404, Known::Docs, &["role_users", "role_groups", "user_roles", "user_attribute_user_values"]),
    ("sudo", 404, Known::Docs, &["login_user"]),
    ("see_datagroups", 404, Known::Docs, &["all_datagroups", "datagroup"]),
    ("develop", 404, Known::Docs, &["all_projects", "project", "manifest"]),
    ("access_data", 404, Known::Docs, &["all_lookml_models", "lookml_model", "lookml_model_explore"]),
];

/// What an account of limited sight may do besides seeing its folders.
const OF_LIMITED: [&str; 2] = ["access_data", "see_looks"];

/// Whether an account has a permission.
pub(crate) fn has(account: &Account, permission: &str) -> bool {
    match account {
        Account::Admin => true,
        Account::Limited { .. } => OF_LIMITED.contains(&permission),
        Account::Permitted { permissions } => {
            permissions.iter().any(|have| have == permission || have == ADMINISTER)
        }
    }
}

/// The refusal of a call whose account lacks a permission.
pub(crate) fn refusal(server: &Server, call: &Call) -> Option<Reply> {
    let account = &server.config.account;
    let needed = NEEDS.iter().find(|(.., operations)| operations.contains(&call.operation.id));
    let (_, status, ..) = needed.filter(|(permission, ..)| !has(account, permission))?;
    Some(match status {
        403 => Reply::error(403, &call.route(), "Permission Denied"),
        _ => call.not_found(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{Action, operations};

    #[test]
    fn every_operation_named_here_exists_and_is_named_once() {
        let mut named: Vec<_> =
            NEEDS.iter().flat_map(|(.., operations)| operations.iter().copied()).collect();
        for name in &named {
            assert!(operations().any(|op| op.id == *name), "no operation {name}");
        }
        let count = named.len();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), count, "an operation needs two permissions");
    }

    #[test]
    fn every_write_needs_a_permission() {
        for op in operations().filter(|op| matches!(op.action, Action::Write(..))) {
            assert!(NEEDS.iter().any(|(.., named)| named.contains(&op.id)), "{} needs none", op.id);
        }
    }

    #[test]
    fn administrators_have_every_permission() {
        let account = |names: &[&str]| Account::Permitted {
            permissions: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert!(has(&account(&["administer"]), "sudo"));
        assert!(has(&account(&["see_users"]), "see_users"));
        assert!(!has(&account(&["see_users"]), "sudo"));
    }
}
