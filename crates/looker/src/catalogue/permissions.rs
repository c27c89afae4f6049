//! Which permission an operation needs.
//!
//! Only permissions that hold for a whole instance are here. What depends on the
//! model that a query is of, or on the access to a folder, only a try can tell.
//! Writes of which nothing is known are not here, and nobody is kept from them. Nobody
//! is kept from a read either: Looker is asked, and where it refuses, the permission
//! is named that the documents say it takes. Nothing is inferred for reads.

use super::{Operation, Write};

/// The permission that stands for all others.
pub const ADMINISTER: &str = "administer";

/// How it is known that operations need a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The API document says so of the operation.
    Document,
    /// Looker's documentation says so of the permission.
    Documentation,
    /// Nothing else would make sense.
    Inferred,
}

/// A permission, with the operations that need it.
#[derive(Debug, PartialEq, Eq)]
pub struct Permission {
    /// Looker's name.
    pub name: &'static str,
    /// Others, of which each is enough.
    pub or: &'static [&'static str],
    /// How that is known.
    pub evidence: Evidence,
    /// Ids of the operations.
    operations: &'static [&'static str],
}

/// All that is known. Looker's name of the role Admin's permission is `administer`; the
/// API document says "admin only".
#[rustfmt::skip]
const PERMISSIONS: &[Permission] = &[
    Permission {
        name: "save_content",
        or: &["save_dashboards"],
        evidence: Evidence::Documentation,
        operations: &[
            "create_dashboard", "update_dashboard", "delete_dashboard", "create_dashboard_element",
            "update_dashboard_element", "delete_dashboard_element", "create_dashboard_filter",
            "update_dashboard_filter", "delete_dashboard_filter", "create_dashboard_layout",
            "update_dashboard_layout", "delete_dashboard_layout", "update_dashboard_layout_component",
        ],
    },
    Permission {
        name: "save_content",
        or: &["save_looks"],
        evidence: Evidence::Documentation,
        operations: &["create_look", "update_look", "delete_look"],
    },
    Permission {
        name: "explore",
        or: &[],
        evidence: Evidence::Inferred,
        operations: &["create_query", "create_merge_query"],
    },
    Permission {
        name: "manage_spaces",
        or: &[],
        evidence: Evidence::Document,
        operations: &["create_folder"],
    },
    Permission {
        name: "manage_spaces",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &[
            "update_folder", "delete_folder", "update_content_metadata", "create_content_metadata_access",
            "update_content_metadata_access", "delete_content_metadata_access",
        ],
    },
    // Which of them depends on where a schedule goes.
    Permission {
        name: "schedule_look_emails",
        or: &[
            "schedule_external_look_emails", "send_to_s3", "send_to_sftp", "send_outgoing_webhook",
            "send_to_integration",
        ],
        evidence: Evidence::Documentation,
        operations: &["create_scheduled_plan", "update_scheduled_plan", "delete_scheduled_plan"],
    },
    Permission {
        name: "create_alerts",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["create_alert", "update_alert", "delete_alert"],
    },
    Permission {
        name: "manage_themes",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["create_theme", "update_theme", "delete_theme"],
    },
    Permission {
        name: ADMINISTER,
        or: &[],
        evidence: Evidence::Document,
        operations: &[
            "create_group", "update_group", "delete_group", "create_color_collection",
            "update_color_collection", "delete_color_collection", "delete_user_attribute",
        ],
    },
    Permission {
        name: ADMINISTER,
        or: &[],
        evidence: Evidence::Inferred,
        operations: &[
            "add_group_user", "delete_group_user", "add_group_group", "delete_group_from_group",
            "create_role", "update_role", "delete_role", "set_role_groups", "set_role_users",
            "create_permission_set", "update_permission_set", "delete_permission_set", "create_model_set",
            "update_model_set", "delete_model_set", "create_user_attribute", "update_user_attribute",
            "update_user_attribute_group_value", "delete_user_attribute_group_value",
            "set_user_attribute_group_values", "create_user", "update_user", "delete_user",
            "set_user_roles", "set_user_attribute_user_value", "delete_user_attribute_user_value",
            "create_user_credentials_email", "update_user_credentials_email",
        ],
    },
    // The API document speaks of an "authenticated admin user", Looker's documentation of a
    // permission "to act as another user", which the role Admin has.
    Permission {
        name: "sudo",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["login_user"],
    },
    // `all_users=true`: "the caller must have see_schedules permission to see other
    // users' scheduled plans".
    Permission {
        name: "see_schedules",
        or: &[],
        evidence: Evidence::Document,
        operations: &["all_scheduled_plans"],
    },
    // `all_owners` and the schedules of others: "admin only"; "only Looker administrators
    // can read" the settings of sign-in; "only an API user with the Admin role" colours.
    Permission {
        name: ADMINISTER,
        or: &[],
        evidence: Evidence::Document,
        operations: &[
            "scheduled_plan", "search_alerts", "all_color_collections", "ldap_config", "oidc_config", "saml_config",
        ],
    },
    // Users, groups and roles in the panel of the administrator.
    Permission {
        name: "see_users",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["all_users", "search_groups_with_hierarchy", "all_roles", "user_attribute_user_values"],
    },
    Permission {
        name: "see_datagroups",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["all_datagroups"],
    },
    // Projects are seen in development mode.
    Permission {
        name: "develop",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["all_projects"],
    },
    Permission {
        name: "access_data",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["all_lookml_models", "lookml_model_explore"],
    },
    Permission {
        name: "see_lookml_dashboards",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["search_lookml_dashboards"],
    },
    // The one query that is run for an extraction is of System Activity.
    Permission {
        name: "see_system_activity",
        or: &[],
        evidence: Evidence::Documentation,
        operations: &["run_inline_query"],
    },
];

impl Permission {
    /// Whether one of these permissions is enough.
    pub fn is_among(&self, has: impl Fn(&str) -> bool) -> bool {
        has(ADMINISTER) || has(self.name) || self.or.iter().any(|other| has(other))
    }
}

impl Operation {
    /// The permission that it needs, as far as that is known.
    pub fn permission(&self) -> Option<&'static Permission> {
        PERMISSIONS.iter().find(|permission| permission.operations.contains(&self.id))
    }
}

impl Write {
    /// The permission that it needs, as far as that is known.
    pub fn permission(&self) -> Option<&'static Permission> {
        self.operation.permission()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;
    use crate::catalogue::Resource;

    #[test]
    fn a_write_knows_what_is_enough_for_it() {
        let update = Resource::find("looks").and_then(|looks| looks.update.as_ref()).unwrap();
        let permission = update.permission().unwrap();
        for (one, enough) in
            [("save_content", true), ("save_looks", true), ("administer", true), ("save_dashboards", false)]
        {
            assert_eq!(permission.is_among(|name| name == one), enough, "{one}");
        }
        let section = Resource::find("board_sections").and_then(|one| one.update.as_ref()).unwrap();
        assert_eq!(section.permission(), None, "nothing is known of boards");
    }

    #[test]
    fn of_a_read_nothing_is_inferred() {
        let reads: HashSet<&str> =
            crate::catalogue::KINDS.iter().flat_map(|kind| kind.operations()).map(|read| read.id).collect();
        let inferred = PERMISSIONS.iter().filter(|one| one.evidence == Evidence::Inferred);
        let named: Vec<_> =
            inferred.flat_map(|one| one.operations).filter(|id| reads.contains(*id)).collect();
        assert!(named.is_empty(), "{named:?}");
        assert!(reads.contains("all_users") && PERMISSIONS.iter().any(|one| one.name == "see_users"));
    }

    #[test]
    fn no_operation_is_named_twice() {
        let named: Vec<_> = PERMISSIONS.iter().flat_map(|one| one.operations).collect();
        assert_eq!(named.iter().collect::<HashSet<_>>().len(), named.len());
    }

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn operations_are_those_of_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: Value = serde_json::from_slice(&document).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let all: HashSet<&str> = paths
            .flat_map(|path| path.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        for operation in PERMISSIONS.iter().flat_map(|one| one.operations) {
            assert!(all.contains(operation), "{operation}");
        }
    }
}
