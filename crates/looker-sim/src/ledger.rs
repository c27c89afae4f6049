//! Which ledger a call is booked in: what the API document calls the activity
//! of an operation. Licences meter the two kinds apart.

use serde::Serialize;

/// The activity of an operation, by the API document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Metered as administrative.
    NonQuery,
    /// Metered as query-based.
    DbQuery,
    /// Not metered.
    None,
}

impl Activity {
    /// The name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Activity::NonQuery => "non_query",
            Activity::DbQuery => "db_query",
            Activity::None => "none",
        }
    }
}

#[rustfmt::skip]
const DB_QUERY: &[&str] = &[
    "all_conversation_messages", "all_running_queries", "all_scheduled_plans", "connection_cost_estimate",
    "connection_databases", "content_thumbnail", "create_agent", "create_conversation",
    "create_conversation_message", "create_dashboard_element_render_task", "create_dashboard_render_task",
    "create_golden_query", "create_look_render_task", "create_merge_query", "create_query",
    "create_query_render_task", "create_query_task", "create_scheduled_plan", "create_sql_interface_query",
    "create_sql_query", "delete_agent", "delete_conversation", "delete_conversation_message", "delete_golden_query",
    "delete_scheduled_plan", "get_agent", "get_conversation", "get_conversation_message", "kill_query",
    "merge_query", "query", "query_for_slug", "query_task", "query_task_multi_results", "query_task_results",
    "render_task", "render_task_results", "run_inline_query", "run_key_driver_analysis", "run_look", "run_query",
    "run_sql_interface_query", "run_sql_query", "run_url_encoded_query", "scheduled_plan",
    "scheduled_plan_run_once", "scheduled_plan_run_once_by_id", "scheduled_plans_for_dashboard",
    "scheduled_plans_for_look", "scheduled_plans_for_lookml_dashboard", "scheduled_plans_for_space",
    "search_scheduled_plans", "sql_query", "update_agent", "update_conversation", "update_conversation_message",
    "update_golden_query", "update_scheduled_plan", "vector_thumbnail",
];

const UNMETERED: &[&str] = &["versions", "login", "login_user", "logout", "api_spec", "unknown"];

/// The activity of the operation of that id.
pub(crate) fn of(operation: &str) -> Activity {
    if DB_QUERY.contains(&operation) {
        Activity::DbQuery
    } else if UNMETERED.contains(&operation) {
        Activity::None
    } else {
        Activity::NonQuery
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::operations;

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn operations_and_their_activities_agree_with_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        for operation in operations() {
            let entry = &document["paths"][operation.route][operation.method.to_lowercase()];
            if entry.is_null() {
                continue; // of a later release
            }
            assert_eq!(entry["operationId"], operation.id);
            assert_eq!(entry["x-looker-activity-type"], of(operation.id).name(), "{}", operation.id);
        }
    }
}
