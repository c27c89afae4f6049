//! Which permission an operation needs that writes.
//!
//! Only permissions that hold for a whole instance are here. What depends on the
//! model that a query is of, or on the access to a folder, only a try can tell.
//! Operations of which nothing is known are not here, and nobody is kept from them.

use super::Write;

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
];

impl Permission {
    /// Whether one of these permissions is enough.
    pub fn is_among(&self, has: impl Fn(&str) -> bool) -> bool {
        has(ADMINISTER) || has(self.name) || self.or.iter().any(|other| has(other))
    }
}

impl Write {
    /// The permission that it needs, as far as that is known.
    pub fn permission(&self) -> Option<&'static Permission> {
        PERMISSIONS.iter().find(|permission| permission.operations.contains(&self.operation.id))
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
