//! What the API lists and nobody finds in the vault, and why.

/// Something that an instance holds and that is not kept.
#[derive(Debug, PartialEq, Eq)]
pub struct NotKept {
    /// What it is, for people.
    pub what: &'static str,
    /// Why not.
    pub why: &'static str,
    /// The operations that would read it.
    pub operations: &'static [&'static str],
}

/// All of it: what can be asked for without knowing anything, as far as nothing of the
/// kinds is said by it.
pub const NOT_KEPT: &[NotKept] = &[
    NotKept {
        what: "conversations with agents",
        why: "each person's own; their messages cost a query-based call a conversation, and come to nobody's help \
              on another instance",
        operations: &["search_conversations"],
    },
    NotKept {
        what: "reports of Looker Studio",
        why: "the API tells their names and not what they hold",
        operations: &["search_reports"],
    },
    NotKept {
        what: "settings of the mobile application",
        why: "the API only reads them: a few switches on one page of the administration",
        operations: &["mobile_settings"],
    },
    NotKept {
        what: "notices of alerts that went off",
        why: "they were sent, and are past",
        operations: &["alert_notifications"],
    },
    NotKept {
        what: "who was locked out after failed logins",
        why: "it ends by itself",
        operations: &["all_user_login_lockouts", "search_user_login_lockouts"],
    },
    NotKept {
        what: "which theme and which colour collection is the default",
        why: "themes and collections are kept whole; which of them is used unasked is one choice each, in the \
              administration",
        operations: &[
            "default_color_collection",
            "default_theme",
            "default_theme_by_type",
            "theme_or_default",
            "active_themes",
        ],
    },
    NotKept {
        what: "connections that people may load their own tables into",
        why: "one choice, in the administration; no restore writes connections",
        operations: &["get_self_service_model_allowed_connections"],
    },
    NotKept {
        what: "how often content was looked at, by person and week",
        why: "use, not content; what is counted for each dashboard and look is kept beside it",
        operations: &["search_content_views", "content_summary", "artifact_usage"],
    },
    NotKept {
        what: "what is going on: running queries, sessions, whether mail and support access work",
        why: "true for the moment only",
        operations: &[
            "all_running_queries",
            "query_task_multi_results",
            "session",
            "all_workspaces",
            "smtp_status",
            "support_access_status",
            "content_validation",
            "validate_embed_url",
            "me",
        ],
    },
    NotKept {
        what: "what the release brings along: permissions, dialects, locales, time zones, addresses, the public key of \
               SSH",
        why: "nobody set it",
        operations: &[
            "all_permissions",
            "all_dialect_infos",
            "all_locales",
            "all_timezones",
            "public_egress_ip_addresses",
            "ssh_public_key",
            "sql_interface_metadata",
            "versions",
        ],
    },
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalogue::{KINDS, Source};

    /// Other ways to the same objects.
    const SAME: &[&str] = &[
        "all_board_items",
        "all_board_sections",
        "all_dashboards",
        "all_groups",
        "all_looks",
        "color_collections_custom",
        "color_collections_standard",
        "search_boards",
        "search_credentials_email",
        "search_dashboard_elements",
        "search_folders",
        "search_groups",
        "search_groups_with_roles",
        "search_model_sets",
        "search_permission_sets",
        "search_roles",
        "search_roles_with_user_count",
        "search_scheduled_plans",
        "search_themes",
        "search_users",
    ];

    /// All operations that read without being told what, as the API document has them: so that
    /// a checkout without the document holds the catalogue to it too.
    const LISTED: &str = include_str!("listed.txt");

    #[test]
    fn whatever_can_be_asked_for_is_kept_or_said_not_to_be() {
        let mut read: Vec<&str> =
            KINDS.iter().flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
        for each in KINDS.iter().filter_map(|kind| kind.each()) {
            if let Source::Listing { operation, .. } = &each.source {
                read.push(operation.id);
            }
        }
        let not_kept = || NOT_KEPT.iter().flat_map(|one| one.operations).copied();
        let listed: Vec<&str> = LISTED.lines().collect();
        let unknown: Vec<&&str> = listed
            .iter()
            .filter(|id| !read.contains(id) && !SAME.contains(id) && not_kept().all(|other| other != **id))
            .collect();
        assert!(unknown.is_empty(), "is this kept? {unknown:?}");
        for id in not_kept().chain(SAME.iter().copied()) {
            assert!(listed.contains(&id) && !read.contains(&id), "{id} excuses nothing");
        }
    }

    /// Where the checkout has the API document beside it.
    #[test]
    fn the_operations_are_those_of_the_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: Value = serde_json::from_slice(&document).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let whole = paths.iter().filter(|(path, _)| !path.contains('{'));
        let mut ids: Vec<&str> = whole.filter_map(|(_, path)| path["get"]["operationId"].as_str()).collect();
        ids.sort_unstable();
        assert_eq!(LISTED.lines().collect::<Vec<_>>(), ids);
    }
}
