//! A small instance in which much hangs together, and some is left lying about.

use crate::stored::{Object, URL, live, store, trashed};
use crate::support::World;

/// A world with a vault that holds the estate.
pub(crate) fn world() -> World {
    let world = World::new();
    store(&world.path("lookervault.db"), URL, &objects());
    world
}

fn objects() -> Vec<Object> {
    vec![
        live("folders", r#"{"id":"1","name":"Shared","parent_id":null,"content_metadata_id":"91"}"#),
        live("folders", r#"{"id":"7","name":"Finance","parent_id":"1","content_metadata_id":"97"}"#),
        live("folders", r#"{"id":"8","name":"Empty","parent_id":"1"}"#),
        live("folders", r#"{"id":"9","name":"Ada Lovelace","parent_id":"2","is_personal":true}"#),
        live(
            "users",
            r#"{"id":"3","display_name":"Ada Lovelace","email":"ada@example.com","group_ids":["4"],
                "role_ids":["5"],"is_disabled":true,"personal_folder_id":"9"}"#,
        ),
        live("users", r#"{"id":"11","display_name":"Bob","email":"bob@example.com","group_ids":[]}"#),
        live("groups", r#"{"id":"4","name":"Analysts","parent_group_ids":[]}"#),
        live("groups", r#"{"id":"6","name":"Nobody","parent_group_ids":["4"]}"#),
        live("roles", r#"{"id":"5","name":"Viewer"}"#),
        live("roles", r#"{"id":"15","name":"Unused role"}"#),
        live("connections", r#"{"id":"warehouse","name":"warehouse"}"#),
        live(
            "lookml_models",
            r#"{"id":"shop","name":"shop","allowed_db_connection_names":["warehouse"],
                "explores":[{"name":"orders"},{"name":"stock"}]}"#,
        ),
        live(
            "explores",
            r#"{"id":"shop::orders","title":"Orders","model_name":"shop","connection_name":"warehouse",
                "fields":{"measures":[{"name":"orders.count","sql":"${TABLE}.legacy_id"}]}}"#,
        ),
        live("explores", r#"{"id":"shop::stock","title":"Stock","model_name":"shop"}"#),
        live("queries", r#"{"id":"70","model":"shop","view":"orders","fields":["orders.count"],"sorts":[]}"#),
        live("looks", r#"{"id":"5","title":"Orders a day","folder_id":"7","user_id":"11","query_id":"70"}"#),
        live("dashboards", OVERVIEW),
        live("dashboards", WITH_LOOK),
        live(
            "dashboards",
            r#"{"id":"14","title":"nothing  here","folder_id":"1","user_id":"11","dashboard_elements":[]}"#,
        ),
        live(
            "dashboards",
            r#"{"id":"15","title":"Nothing here","folder_id":"7","user_id":"11","dashboard_elements":[
                {"id":"1","type":"text","title_text":"Soon","body_text":"See dashboard_elements\":[]","look_id":"404"}]}"#,
        ),
        trashed("dashboards", r#"{"id":"100","title":"Old net revenue","folder_id":"7","deleted":true}"#),
        live(
            "boards",
            r#"{"id":"20","title":"Start here","user_id":"11","board_sections":[
                {"id":"1","title":"Daily","board_items":[
                    {"id":"2","title":"Overview","dashboard_id":"12"},{"id":"3","look_id":"5"}]}]}"#,
        ),
        live(
            "scheduled_plans",
            r#"{"id":"30","name":"Morning mail","user_id":"11","dashboard_id":"13",
                "scheduled_plan_destination":[{"id":"1","address":"ada@example.com","message":"Guten Tag"}]}"#,
        ),
        live(
            "scheduled_plans",
            r#"{"id":"31","name":"Lost mail","user_id":"3","dashboard_id":"100","scheduled_plan_destination":[]}"#,
        ),
        live(
            "alerts",
            r#"{"id":"40","custom_title":"Too few","owner_id":"11","dashboard_element_id":"121",
                "investigative_content_type":"dashboard","investigative_content_id":"12",
                "field":{"name":"orders.net_revenue","filter":null},
                "destinations":[{"destination_type":"EMAIL","email_address":"Ada@example.com"}]}"#,
        ),
    ]
}

const OVERVIEW: &str = r#"{"id":"12","title":"Overview","description":"Net revenue by région","folder_id":"7","user_id":"3",
    "dashboard_filters":[{"id":"1","name":"Region","title":"Region","model":"shop","explore":"orders","dimension":"users.region"}],
    "dashboard_elements":[
        {"id":"121","title":"Revenue","note_text":"Net revenue, audited","query":{"model":"shop","view":"orders",
            "fields":["orders.net_revenue","orders.created_date"],"sorts":["orders.net_revenue desc 0"],
            "dynamic_fields":"[{\"table_calculation\":\"share\",\"label\":\"Share\",\"expression\":\"${orders.net_revenue}/${orders.count}\"}]"}},
        {"id":"122","title":"Customers","query":{"model":"crm","view":"orders","fields":["orders.count"]}}]}"#;

const WITH_LOOK: &str = r#"{"id":"13","title":"Revenue for sales","folder_id":"1","user_id":"11",
    "dashboard_elements":[{"id":"131","title":null,"look_id":"5","look":{"id":"5","title":"Orders a day"}}]}"#;
