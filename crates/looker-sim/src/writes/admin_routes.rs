//! The operations that change people, access, delivery and appearance, as
//! `routes` has those that change content.

use super::Takes::{Json, Nothing, Type};
use super::routes::op;
use super::{
    alerts, attributes, credentials, favorites, grants, groups, palettes, plans, roles, sets, themes, users,
};
use crate::params::Holds::{Bool, Text};
use crate::params::Param;
use crate::routes::Operation;

const FIELDS: &[Param] = &[("fields", Text)];
const EXPIRES: &[Param] = &[("expires", Bool)];
const NOTIFY: &[Param] = &[("send_boards_notification_email", Bool)];
const FORCE: &[Param] = &[("force", Bool)];

/// Every such operation.
#[rustfmt::skip]
pub(crate) static ADMIN_WRITES: &[Operation] = &[
    op("create_scheduled_plan", "POST", "/scheduled_plans", &[], Type("ScheduledPlan"), plans::create),
    op("scheduled_plan_run_once", "POST", "/scheduled_plans/run_once", &[], Type("ScheduledPlan"), plans::run_once),
    op("scheduled_plan_run_once_by_id", "POST", "/scheduled_plans/{scheduled_plan_id}/run_once", &[], Type("WriteScheduledPlan"), plans::run_once_by_id),
    op("update_scheduled_plan", "PATCH", "/scheduled_plans/{scheduled_plan_id}", &[], Type("ScheduledPlan"), plans::update),
    op("delete_scheduled_plan", "DELETE", "/scheduled_plans/{scheduled_plan_id}", &[], Nothing, plans::delete),

    op("create_alert", "POST", "/alerts", &[], Type("Alert"), alerts::create),
    op("update_alert", "PUT", "/alerts/{alert_id}", &[], Type("Alert"), alerts::replace),
    op("update_alert_field", "PATCH", "/alerts/{alert_id}", &[], Type("AlertPatch"), alerts::update),
    op("delete_alert", "DELETE", "/alerts/{alert_id}", &[], Nothing, alerts::delete),
    op("enqueue_alert", "POST", "/alerts/{alert_id}/enqueue", &[FORCE], Nothing, alerts::enqueue),
    op("follow_alert", "POST", "/alerts/{alert_id}/follow", &[], Nothing, alerts::follow),
    op("unfollow_alert", "DELETE", "/alerts/{alert_id}/follow", &[], Nothing, alerts::unfollow),

    op("create_user", "POST", "/users", &[FIELDS], Type("User"), users::create),
    op("update_user", "PATCH", "/users/{user_id}", &[FIELDS], Type("User"), users::update),
    op("delete_user", "DELETE", "/users/{user_id}", &[], Nothing, users::delete),
    op("create_user_credentials_email", "POST", "/users/{user_id}/credentials_email", &[FIELDS], Type("CredentialsEmail"), credentials::create),
    op("update_user_credentials_email", "PATCH", "/users/{user_id}/credentials_email", &[FIELDS], Type("CredentialsEmail"), credentials::update),
    op("delete_user_credentials_email", "DELETE", "/users/{user_id}/credentials_email", &[], Nothing, credentials::delete),
    op("create_user_credentials_email_password_reset", "POST", "/users/{user_id}/credentials_email/password_reset", &[EXPIRES, FIELDS], Nothing, credentials::reset),
    op("send_user_credentials_email_password_reset", "POST", "/users/{user_id}/credentials_email/send_password_reset", &[FIELDS], Nothing, credentials::send_reset),
    op("set_user_roles", "PUT", "/users/{user_id}/roles", &[FIELDS], Json, roles::set_of_user),
    op("set_user_attribute_user_value", "PATCH", "/users/{user_id}/attribute_values/{user_attribute_id}", &[], Type("UserAttributeWithValue"), attributes::set_user_value),
    op("delete_user_attribute_user_value", "DELETE", "/users/{user_id}/attribute_values/{user_attribute_id}", &[], Nothing, attributes::delete_user_value),

    op("create_group", "POST", "/groups", &[FIELDS], Type("Group"), groups::create),
    op("update_group", "PATCH", "/groups/{group_id}", &[FIELDS], Type("Group"), groups::update),
    op("delete_group", "DELETE", "/groups/{group_id}", &[], Nothing, groups::delete),
    op("add_group_user", "POST", "/groups/{group_id}/users", &[], Type("GroupIdForGroupUserInclusion"), groups::add_user),
    op("delete_group_user", "DELETE", "/groups/{group_id}/users/{user_id}", &[], Nothing, groups::remove_user),
    op("add_group_group", "POST", "/groups/{group_id}/groups", &[], Type("GroupIdForGroupInclusion"), groups::add_group),
    op("delete_group_from_group", "DELETE", "/groups/{group_id}/groups/{deleting_group_id}", &[], Nothing, groups::remove_group),
    op("update_user_attribute_group_value", "PATCH", "/groups/{group_id}/attribute_values/{user_attribute_id}", &[], Type("UserAttributeGroupValue"), attributes::set_group_value),
    op("delete_user_attribute_group_value", "DELETE", "/groups/{group_id}/attribute_values/{user_attribute_id}", &[], Nothing, attributes::delete_group_value),

    op("create_role", "POST", "/roles", &[], Type("Role"), roles::create),
    op("update_role", "PATCH", "/roles/{role_id}", &[], Type("Role"), roles::update),
    op("delete_role", "DELETE", "/roles/{role_id}", &[], Nothing, roles::delete),
    op("set_role_groups", "PUT", "/roles/{role_id}/groups", &[], Json, roles::set_groups),
    op("set_role_users", "PUT", "/roles/{role_id}/users", &[], Json, roles::set_users),
    op("create_permission_set", "POST", "/permission_sets", &[], Type("PermissionSet"), sets::create_permissions),
    op("update_permission_set", "PATCH", "/permission_sets/{permission_set_id}", &[], Type("PermissionSet"), sets::update_permissions),
    op("delete_permission_set", "DELETE", "/permission_sets/{permission_set_id}", &[], Nothing, sets::delete_permissions),
    op("create_model_set", "POST", "/model_sets", &[], Type("ModelSet"), sets::create_models),
    op("update_model_set", "PATCH", "/model_sets/{model_set_id}", &[], Type("ModelSet"), sets::update_models),
    op("delete_model_set", "DELETE", "/model_sets/{model_set_id}", &[], Nothing, sets::delete_models),

    op("create_user_attribute", "POST", "/user_attributes", &[FIELDS], Type("UserAttribute"), attributes::create),
    op("update_user_attribute", "PATCH", "/user_attributes/{user_attribute_id}", &[FIELDS], Type("UserAttribute"), attributes::update),
    op("delete_user_attribute", "DELETE", "/user_attributes/{user_attribute_id}", &[], Nothing, attributes::delete),
    op("set_user_attribute_group_values", "POST", "/user_attributes/{user_attribute_id}/group_values", &[], Json, attributes::set_group_values),

    op("update_content_metadata", "PATCH", "/content_metadata/{content_metadata_id}", &[], Type("ContentMeta"), grants::update_metadata),
    op("create_content_metadata_access", "POST", "/content_metadata_access", &[NOTIFY], Type("ContentMetaGroupUser"), grants::create),
    op("update_content_metadata_access", "PUT", "/content_metadata_access/{content_metadata_access_id}", &[], Type("ContentMetaGroupUser"), grants::update),
    op("delete_content_metadata_access", "DELETE", "/content_metadata_access/{content_metadata_access_id}", &[], Nothing, grants::delete),

    op("create_content_favorite", "POST", "/content_favorite", &[], Type("ContentFavorite"), favorites::create),
    op("delete_content_favorite", "DELETE", "/content_favorite/{content_favorite_id}", &[], Nothing, favorites::delete),

    op("create_theme", "POST", "/themes", &[], Type("Theme"), themes::create),
    op("update_theme", "PATCH", "/themes/{theme_id}", &[], Type("Theme"), themes::update),
    op("delete_theme", "DELETE", "/themes/{theme_id}", &[], Nothing, themes::delete),
    op("create_color_collection", "POST", "/color_collections", &[], Type("ColorCollection"), palettes::create),
    op("update_color_collection", "PATCH", "/color_collections/{collection_id}", &[], Type("ColorCollection"), palettes::update),
    op("delete_color_collection", "DELETE", "/color_collections/{collection_id}", &[], Nothing, palettes::delete),
];
