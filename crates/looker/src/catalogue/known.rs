//! The properties that this build knows of the types that it writes.
//!
//! They are those of the API document of release 4.0.26.12. What an instance's own
//! document has beyond them is new in its release, and what it lacks of them is not
//! there yet, or no more.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What this build knows of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// It may be written, as far as the document tells.
    Writable,
    /// The document calls it read-only.
    ReadOnly,
}

/// Types with the names of their properties; `*` stands behind what is read-only.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    (
        "Alert",
        "applied_dashboard_filters comparison_type cron custom_title custom_url_base custom_url_label \
         custom_url_params dashboard_element_id description destinations disabled_reason enhancements field \
         followable* followed* id* investigative_content_id investigative_content_title* \
         investigative_content_type is_disabled is_public lookml_dashboard_id lookml_link_id \
         owner_display_name* owner_id query_id show_custom_url threshold time_series_condition_state",
    ),
    (
        "Board",
        "board_sections* can* content_metadata_id* created_at* deleted_at description id* primary_homepage* \
         section_order title updated_at* user_id",
    ),
    (
        "BoardItem",
        "board_section_id can* content_created_by* content_favorite_id* content_metadata_id* \
         content_updated_at* custom_description custom_image_data_base64 custom_image_url* custom_title \
         custom_url dashboard_id description* favorite_count* id* image_url* location* look_id \
         lookml_dashboard_id order title* url* use_custom_description use_custom_image use_custom_title \
         use_custom_url view_count*",
    ),
    (
        "BoardSection",
        "board_id board_items* can* created_at* deleted_at description id* item_order title updated_at* \
         visible_item_order*",
    ),
    ("Certification", "certification_status notes ui_status* updated_at* user_name*"),
    ("ColorCollection", "categoricalPalettes divergingPalettes id* label sequentialPalettes"),
    (
        "ContentFavorite",
        "board_id* content_metadata_id dashboard dashboard_id* id* look look_id* lookml_dashboard \
         lookml_dashboard_id* user_id",
    ),
    (
        "ContentMeta",
        "agent_id* can* content_type* dashboard_id* folder_id* homepage_id* id* inheriting_id* inherits \
         look_id* name* parent_id* slug*",
    ),
    ("ContentMetaGroupUser", "can* content_metadata_id* group_id* id* permission_type* user_id*"),
    (
        "CredentialsEmail",
        "account_setup_url* account_setup_url_expired* can* created_at* email \
         forced_password_reset_at_next_login is_disabled* logged_in_at* password_reset_url* \
         password_reset_url_expired* type* url* user_id* user_url*",
    ),
    (
        "Dashboard",
        "alert_sync_with_dashboard_filter_enabled appearance background_color can* certification_metadata \
         chat_enabled content_favorite_id* content_metadata_id* created_at* crossfilter_enabled \
         dashboard_elements* dashboard_filters* dashboard_layouts* deleted deleted_at* deleter_id* \
         description download_settings edit_uri* enable_viz_full_screen favorite_count* \
         filters_bar_collapsed filters_location_top folder folder_id hidden id* is_owner_disabled* \
         last_accessed_at* last_updater_id* last_updater_name* last_viewed_at* load_configuration \
         lookml_link_id model preferred_viewer preserve_desktop_layout query_timezone readonly* \
         refresh_interval refresh_interval_to_i* show_filters_bar show_title slug text_tile_text_color \
         tile_background_color tile_text_color title title_color updated_at* url* usage_count* user_id \
         user_name* view_count*",
    ),
    (
        "DashboardElement",
        "alert_count* aria_description body_text body_text_as_html* can* certification_metadata \
         dashboard_id dashboard_layout_id edit_uri* extension_id filter_id id* look look_id lookml_link_id* \
         merge_result_id note_display note_state note_text note_text_as_html* query query_id \
         refresh_interval refresh_interval_to_i* result_maker result_maker_id rich_content_json \
         subtitle_text subtitle_text_as_html* title title_hidden title_text title_text_as_html* type",
    ),
    (
        "DashboardFilter",
        "allow_multiple_values can* dashboard_id* default_value dimension explore field* id* \
         listens_to_filters model name required row title type ui_config",
    ),
    (
        "DashboardLayout",
        "active can* column_width dashboard_id dashboard_layout_components* dashboard_title* deleted* \
         description id* label lookml_link_id order type width",
    ),
    (
        "DashboardLayoutComponent",
        "can* column dashboard_element_id dashboard_layout_id deleted element_title* element_title_hidden* \
         granular_column granular_height granular_row granular_width height id* row vis_type* width",
    ),
    (
        "Folder",
        "can* child_count* content_metadata_id* created_at* creator_id* dashboards* external_id* id* \
         is_embed* is_embed_shared_root* is_embed_users_root* is_personal* is_personal_descendant* \
         is_shared_root* is_users_root* looks* name parent_id",
    ),
    (
        "FolderBase",
        "can* child_count* content_metadata_id* created_at* creator_id* external_id* id* is_embed* \
         is_embed_shared_root* is_embed_users_root* is_personal* is_personal_descendant* is_shared_root* \
         is_users_root* name parent_id",
    ),
    (
        "Group",
        "can* can_add_to_content_metadata contains_current_user* external_group_id* externally_managed* id* \
         include_by_default* name user_count*",
    ),
    (
        "GroupHierarchy",
        "can* can_add_to_content_metadata contains_current_user* external_group_id* externally_managed* id* \
         include_by_default* name parent_group_ids* role_ids* user_count*",
    ),
    ("GroupIdForGroupInclusion", "group_id*"),
    ("GroupIdForGroupUserInclusion", "user_id*"),
    (
        "Look",
        "can* certification_metadata content_favorite_id* content_metadata_id* created_at* deleted \
         deleted_at* deleter_id* description embed_url* excel_file_url* favorite_count* folder folder_id \
         google_spreadsheet_formula* id* image_embed_url* is_owner_disabled* is_run_on_load \
         last_accessed_at* last_updater_id* last_viewed_at* model public public_slug* public_url* query_id \
         short_url* title updated_at* usage_count* user_id user_name* view_count*",
    ),
    (
        "LookWithQuery",
        "can* certification_metadata content_favorite_id* content_metadata_id* created_at* deleted \
         deleted_at* deleter_id* description embed_url* excel_file_url* favorite_count* folder folder_id \
         google_spreadsheet_formula* id* image_embed_url* is_owner_disabled* is_run_on_load \
         last_accessed_at* last_updater_id* last_viewed_at* model public public_slug* public_url* query \
         query_id short_url* title updated_at* url* usage_count* user_id user_name* view_count*",
    ),
    (
        "MergeQuery",
        "can* column_limit dynamic_fields id* limit pivots result_maker_id* sorts source_queries total \
         vis_config",
    ),
    ("ModelSet", "all_access* built_in* can* id* models name url*"),
    ("PermissionSet", "all_access* built_in* can* id* name permissions url*"),
    (
        "Query",
        "can* client_id column_limit dynamic_fields expanded_share_url* fields fill_fields filter_config \
         filter_expression filters has_table_calculations* id* limit model pivots query_timezone row_total \
         share_url* slug* sorts subtotals total url* view vis_config visible_ui_sections",
    ),
    (
        "Role",
        "can* id* internal* model_set model_set_id name permission_set permission_set_id url* users_url*",
    ),
    (
        "ScheduledPlan",
        "can* color_theme created_at* crontab custom_url_base custom_url_label custom_url_params \
         dashboard_filters dashboard_id datagroup embed enabled filters_string id* \
         include_dashboard_summary include_links inline_table_width last_run_at* long_tables look_id \
         lookml_dashboard_id name next_run_at* pdf_landscape pdf_page_breaks pdf_paper_size query_id \
         require_change require_no_results require_results run_as_recipient run_once \
         scheduled_plan_destination send_all_results show_custom_url tab_ids timezone title* updated_at* \
         user user_id",
    ),
    ("Theme", "begin_at can* end_at id* name settings"),
    ("UpdateFolder", "name parent_id"),
    (
        "User",
        "allow_direct_roles* allow_normal_group_membership* allow_roles_from_normal_groups* avatar_url* \
         avatar_url_without_sizing* can* can_manage_api3_creds credentials_api3* credentials_email \
         credentials_embed* credentials_google credentials_ldap credentials_looker_openid credentials_oidc \
         credentials_saml credentials_totp credentials_workforce display_name* email* \
         embed_group_folder_id* embed_group_space_id* first_name group_ids* home_folder_id id* is_disabled \
         is_iam_admin* is_service_account* last_name locale looker_versions* models_dir_validated \
         personal_folder_id* presumed_looker_employee* role_ids* roles_externally_managed* \
         service_account_name* sessions* ui_state url* verified_looker_employee*",
    ),
    (
        "UserAttribute",
        "can* default_value hidden_value_domain_whitelist id* is_permanent* is_system* label name \
         needed_for_ci_run type user_can_edit user_can_view value_for_ci_run value_is_hidden",
    ),
    ("UserAttributeGroupValue", "can* group_id* id* rank* user_attribute_id* value* value_is_hidden*"),
    (
        "UserAttributeWithValue",
        "can* hidden_value_domain_whitelist* label* name* rank* source* user_attribute_id* user_can_edit* \
         user_id* value value_is_hidden*",
    ),
];

type Properties = HashMap<&'static str, Property>;

static KNOWN: LazyLock<HashMap<&'static str, Properties>> = LazyLock::new(|| {
    let property = |word: &'static str| match word.strip_suffix('*') {
        Some(name) => (name, Property::ReadOnly),
        None => (word, Property::Writable),
    };
    TYPES.iter().map(|(name, words)| (*name, words.split_whitespace().map(property).collect())).collect()
});

/// What this build knows of a property of a type; `None` of one that it does not know.
pub fn property(looker_type: &str, name: &str) -> Option<Property> {
    KNOWN.get(looker_type)?.get(name).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalogue::RESOURCES;

    #[test]
    fn every_field_that_is_written_is_known() {
        for resource in RESOURCES.iter().filter(|resource| !resource.looker_type.is_empty()) {
            for field in resource.fields() {
                assert!(property(resource.looker_type, field).is_some(), "{}.{field}", resource.looker_type);
            }
        }
        assert_eq!(property("Dashboard", "view_count"), Some(Property::ReadOnly));
        assert_eq!(property("Dashboard", "from_another_release"), None);
    }

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn the_table_agrees_with_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: Value = serde_json::from_slice(&document).unwrap();
        for (name, known) in KNOWN.iter() {
            let schema = document["components"]["schemas"][name]["properties"].as_object().unwrap();
            assert_eq!(schema.len(), known.len(), "{name}");
            for (field, property) in schema {
                let said = if property["readOnly"] == true { Property::ReadOnly } else { Property::Writable };
                assert_eq!(known.get(field.as_str()), Some(&said), "{name}.{field}");
            }
        }
    }
}
