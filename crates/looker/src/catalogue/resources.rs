//! The table of what can be written.

use super::favorites::{CONTENT_FAVORITES, FAVORITES};
use super::grants::{ACCESS_ROWS, CONTENT_ACCESS, CONTENT_METADATA};
use super::kinds::{administrative, query_based};
use super::relations::{
    CREDENTIALS_EMAIL, GROUP_GROUPS, GROUP_USERS, GROUP_VALUE_LISTS, GROUP_VALUES, ROLE_GROUPS, ROLE_USERS,
    USER_ROLES, USER_VALUES,
};
use super::resource::{Method, RESOURCE, Resource, Siblings, Write};

/// Everything that a restore writes, kinds before their parts.
pub const RESOURCES: &[&Resource] = &[
    &FOLDERS,
    &DASHBOARDS,
    &DASHBOARD_FILTERS,
    &DASHBOARD_ELEMENTS,
    &DASHBOARD_LAYOUTS,
    &DASHBOARD_LAYOUT_COMPONENTS,
    &DASHBOARD_CERTIFICATIONS,
    &LOOKS,
    &LOOK_CERTIFICATIONS,
    &QUERIES,
    &MERGE_QUERIES,
    &BOARDS,
    &BOARD_SECTIONS,
    &BOARD_ITEMS,
    &SCHEDULED_PLANS,
    &ALERTS,
    &GROUPS,
    &ROLES,
    &PERMISSION_SETS,
    &MODEL_SETS,
    &USER_ATTRIBUTES,
    &USERS,
    &CREDENTIALS_EMAIL,
    &GROUP_USERS,
    &GROUP_GROUPS,
    &ROLE_GROUPS,
    &ROLE_USERS,
    &USER_ROLES,
    &GROUP_VALUES,
    &GROUP_VALUE_LISTS,
    &USER_VALUES,
    &CONTENT_METADATA,
    &CONTENT_ACCESS,
    &ACCESS_ROWS,
    &CONTENT_FAVORITES,
    &FAVORITES,
    &THEMES,
    &COLOR_COLLECTIONS,
];

pub(super) const fn post(id: &'static str, path: &'static str) -> Write {
    Write { method: Method::Post, operation: administrative(id, path) }
}

pub(super) const fn patch(id: &'static str, path: &'static str) -> Write {
    Write { method: Method::Patch, operation: administrative(id, path) }
}

pub(super) const fn delete(id: &'static str, path: &'static str) -> Write {
    Write { method: Method::Delete, operation: administrative(id, path) }
}

/// A list of a whole kind, in which a name is found.
const fn all(id: &'static str, path: &'static str, same: &'static [&'static str]) -> Siblings {
    Siblings { operation: administrative(id, path), path: &[], filters: &[], parameters: &[], same }
}

static FOLDERS: Resource = Resource {
    name: "folders",
    singular: "folder",
    looker_type: "UpdateFolder",
    create: Some(post("create_folder", "/folders")),
    update: Some(patch("update_folder", "/folders/{folder_id}")),
    delete: Some(delete("delete_folder", "/folders/{folder_id}")),
    references: &[("parent_id", "folders")],
    siblings: Some(Siblings {
        operation: administrative("folder_children", "/folders/{folder_id}/children"),
        path: &["parent_id"],
        filters: &[],
        parameters: &[],
        same: &["name"],
    }),
    ..RESOURCE
};

static DASHBOARDS: Resource = Resource {
    name: "dashboards",
    singular: "dashboard",
    looker_type: "Dashboard",
    create: Some(post("create_dashboard", "/dashboards")),
    update: Some(patch("update_dashboard", "/dashboards/{dashboard_id}")),
    delete: Some(delete("delete_dashboard", "/dashboards/{dashboard_id}")),
    references: &[("folder_id", "folders"), ("user_id", "users")],
    parts: &[&DASHBOARD_FILTERS, &DASHBOARD_ELEMENTS, &DASHBOARD_LAYOUTS],
    siblings: Some(Siblings {
        operation: administrative("search_dashboards", "/dashboards/search"),
        path: &[],
        filters: &["folder_id", "title"],
        parameters: &[],
        same: &["title"],
    }),
    ..RESOURCE
};

static DASHBOARD_FILTERS: Resource = Resource {
    name: "dashboard_filters",
    singular: "filter",
    looker_type: "DashboardFilter",
    create: Some(post("create_dashboard_filter", "/dashboard_filters")),
    update: Some(patch("update_dashboard_filter", "/dashboard_filters/{dashboard_filter_id}")),
    delete: Some(delete("delete_dashboard_filter", "/dashboard_filters/{dashboard_filter_id}")),
    parent: Some("dashboard_id"),
    siblings: Some(Siblings {
        operation: administrative(
            "dashboard_dashboard_filters",
            "/dashboards/{dashboard_id}/dashboard_filters",
        ),
        path: &["dashboard_id"],
        filters: &[],
        parameters: &[],
        same: &["name"],
    }),
    fields: &[
        "name",
        "title",
        "type",
        "default_value",
        "model",
        "explore",
        "dimension",
        "row",
        "listens_to_filters",
        "allow_multiple_values",
        "required",
        "ui_config",
    ],
    ..RESOURCE
};

/// `query`, `look` and `result_maker_id` are left out: a nested query is accepted
/// and ignored, and the id of a result maker beside a source is refused
/// (`looker-api-facts.md` §14).
static DASHBOARD_ELEMENTS: Resource = Resource {
    name: "dashboard_elements",
    singular: "tile",
    looker_type: "DashboardElement",
    create: Some(post("create_dashboard_element", "/dashboard_elements")),
    update: Some(patch("update_dashboard_element", "/dashboard_elements/{dashboard_element_id}")),
    delete: Some(delete("delete_dashboard_element", "/dashboard_elements/{dashboard_element_id}")),
    references: &[
        ("dashboard_layout_id", "dashboard_layouts"),
        ("query_id", "queries"),
        ("look_id", "looks"),
        ("merge_result_id", "merge_queries"),
        ("filter_id", "dashboard_filters"),
    ],
    parent: Some("dashboard_id"),
    siblings: Some(Siblings {
        operation: administrative(
            "dashboard_dashboard_elements",
            "/dashboards/{dashboard_id}/dashboard_elements",
        ),
        path: &["dashboard_id"],
        filters: &[],
        parameters: &[],
        same: &["type", "title", "body_text", "query_id", "look_id", "merge_result_id"],
    }),
    fields: &[
        "aria_description",
        "body_text",
        "extension_id",
        "filter_id",
        "look_id",
        "merge_result_id",
        "note_display",
        "note_state",
        "note_text",
        "query_id",
        "refresh_interval",
        "result_maker",
        "rich_content_json",
        "subtitle_text",
        "title",
        "title_hidden",
        "title_text",
        "type",
    ],
    ..RESOURCE
};

static DASHBOARD_LAYOUTS: Resource = Resource {
    name: "dashboard_layouts",
    singular: "layout",
    looker_type: "DashboardLayout",
    create: Some(post("create_dashboard_layout", "/dashboard_layouts")),
    update: Some(patch("update_dashboard_layout", "/dashboard_layouts/{dashboard_layout_id}")),
    delete: Some(delete("delete_dashboard_layout", "/dashboard_layouts/{dashboard_layout_id}")),
    parent: Some("dashboard_id"),
    parts: &[&DASHBOARD_LAYOUT_COMPONENTS],
    siblings: Some(Siblings {
        operation: administrative(
            "dashboard_dashboard_layouts",
            "/dashboards/{dashboard_id}/dashboard_layouts",
        ),
        path: &["dashboard_id"],
        filters: &[],
        parameters: &[],
        same: &["type", "label"],
    }),
    fields: &["active", "column_width", "description", "label", "order", "type", "width"],
    ..RESOURCE
};

/// A component appears with its tile; nobody creates one. `deleted` is left out: it
/// follows from the tile.
static DASHBOARD_LAYOUT_COMPONENTS: Resource = Resource {
    name: "dashboard_layout_components",
    singular: "placement",
    looker_type: "DashboardLayoutComponent",
    update: Some(patch(
        "update_dashboard_layout_component",
        "/dashboard_layout_components/{dashboard_layout_component_id}",
    )),
    references: &[
        ("dashboard_layout_id", "dashboard_layouts"),
        ("dashboard_element_id", "dashboard_elements"),
    ],
    parent: Some("dashboard_layout_id"),
    fields: &[
        "column",
        "granular_column",
        "granular_height",
        "granular_row",
        "granular_width",
        "height",
        "row",
        "width",
    ],
    ..RESOURCE
};

static DASHBOARD_CERTIFICATIONS: Resource = Resource {
    name: "dashboard_certifications",
    singular: "certification",
    looker_type: "Certification",
    update: Some(patch("update_dashboard_certification", "/dashboards/{dashboard_id}/certification")),
    fields: &["certification_status", "notes"],
    ..RESOURCE
};

static LOOK_CERTIFICATIONS: Resource = Resource {
    name: "look_certifications",
    singular: "certification",
    looker_type: "Certification",
    update: Some(patch("update_look_certification", "/looks/{look_id}/certification")),
    fields: &["certification_status", "notes"],
    ..RESOURCE
};

static LOOKS: Resource = Resource {
    name: "looks",
    singular: "look",
    looker_type: "LookWithQuery",
    create: Some(post("create_look", "/looks")),
    update: Some(patch("update_look", "/looks/{look_id}")),
    delete: Some(delete("delete_look", "/looks/{look_id}")),
    references: &[("folder_id", "folders"), ("user_id", "users"), ("query_id", "queries")],
    siblings: Some(Siblings {
        operation: administrative("search_looks", "/looks/search"),
        path: &[],
        filters: &["folder_id", "title"],
        parameters: &[],
        same: &["title", "query_id"],
    }),
    ..RESOURCE
};

/// Equal queries are the same query. `client_id` is left out: one that is in use is
/// refused, and Looker makes one (`looker-api-facts.md` §17).
static QUERIES: Resource = Resource {
    name: "queries",
    singular: "query",
    looker_type: "Query",
    create: Some(Write { method: Method::Post, operation: query_based("create_query", "/queries") }),
    ..RESOURCE
};

static MERGE_QUERIES: Resource = Resource {
    name: "merge_queries",
    singular: "merge query",
    looker_type: "MergeQuery",
    create: Some(Write {
        method: Method::Post,
        operation: query_based("create_merge_query", "/merge_queries"),
    }),
    ..RESOURCE
};

static BOARDS: Resource = Resource {
    name: "boards",
    singular: "board",
    looker_type: "Board",
    create: Some(post("create_board", "/boards")),
    update: Some(patch("update_board", "/boards/{board_id}")),
    delete: Some(delete("delete_board", "/boards/{board_id}")),
    references: &[("user_id", "users"), ("section_order", "board_sections")],
    parts: &[&BOARD_SECTIONS],
    siblings: Some(all("all_boards", "/boards", &["title"])),
    fields: &["description", "section_order", "title", "user_id"],
    ..RESOURCE
};

static BOARD_SECTIONS: Resource = Resource {
    name: "board_sections",
    singular: "section",
    looker_type: "BoardSection",
    create: Some(post("create_board_section", "/board_sections")),
    update: Some(patch("update_board_section", "/board_sections/{board_section_id}")),
    delete: Some(delete("delete_board_section", "/board_sections/{board_section_id}")),
    references: &[("item_order", "board_items")],
    parent: Some("board_id"),
    parts: &[&BOARD_ITEMS],
    siblings: Some(all("all_board_sections", "/board_sections", &["board_id", "title"])),
    fields: &["description", "item_order", "title"],
    ..RESOURCE
};

static BOARD_ITEMS: Resource = Resource {
    name: "board_items",
    singular: "item",
    looker_type: "BoardItem",
    create: Some(post("create_board_item", "/board_items")),
    update: Some(patch("update_board_item", "/board_items/{board_item_id}")),
    delete: Some(delete("delete_board_item", "/board_items/{board_item_id}")),
    references: &[
        ("dashboard_id", "dashboards"),
        ("look_id", "looks"),
        ("lookml_dashboard_id", "lookml_dashboards"),
    ],
    parent: Some("board_section_id"),
    siblings: Some(Siblings {
        operation: administrative("all_board_items", "/board_items"),
        path: &[],
        filters: &["board_section_id"],
        parameters: &[],
        same: &["dashboard_id", "look_id", "custom_title"],
    }),
    fields: &[
        "custom_description",
        "custom_title",
        "custom_url",
        "dashboard_id",
        "look_id",
        "lookml_dashboard_id",
        "order",
        "use_custom_description",
        "use_custom_image",
        "use_custom_title",
        "use_custom_url",
    ],
    ..RESOURCE
};

static SCHEDULED_PLANS: Resource = Resource {
    name: "scheduled_plans",
    singular: "schedule",
    looker_type: "ScheduledPlan",
    create: Some(Write {
        method: Method::Post,
        operation: query_based("create_scheduled_plan", "/scheduled_plans"),
    }),
    update: Some(Write {
        method: Method::Patch,
        operation: query_based("update_scheduled_plan", "/scheduled_plans/{scheduled_plan_id}"),
    }),
    delete: Some(Write {
        method: Method::Delete,
        operation: query_based("delete_scheduled_plan", "/scheduled_plans/{scheduled_plan_id}"),
    }),
    references: &[
        ("user_id", "users"),
        ("dashboard_id", "dashboards"),
        ("look_id", "looks"),
        ("lookml_dashboard_id", "lookml_dashboards"),
        ("query_id", "queries"),
        ("tab_ids", "dashboard_layouts"),
    ],
    siblings: Some(Siblings {
        operation: query_based("search_scheduled_plans", "/scheduled_plans/search"),
        path: &[],
        filters: &["name", "dashboard_id", "look_id"],
        parameters: &[("all_users", "true")],
        same: &["name", "dashboard_id", "look_id"],
    }),
    ..RESOURCE
};

static ALERTS: Resource = Resource {
    name: "alerts",
    singular: "alert",
    looker_type: "Alert",
    create: Some(post("create_alert", "/alerts")),
    update: Some(Write {
        method: Method::Put,
        operation: administrative("update_alert", "/alerts/{alert_id}"),
    }),
    delete: Some(delete("delete_alert", "/alerts/{alert_id}")),
    references: &[("dashboard_element_id", "dashboard_elements"), ("owner_id", "users")],
    siblings: Some(Siblings {
        operation: administrative("search_alerts", "/alerts/search"),
        path: &[],
        filters: &[],
        parameters: &[("all_owners", "true")],
        same: &["dashboard_element_id", "custom_title"],
    }),
    ..RESOURCE
};

static GROUPS: Resource = Resource {
    name: "groups",
    singular: "group",
    looker_type: "Group",
    create: Some(post("create_group", "/groups")),
    update: Some(patch("update_group", "/groups/{group_id}")),
    delete: Some(delete("delete_group", "/groups/{group_id}")),
    siblings: Some(all("search_groups_with_hierarchy", "/groups/search/with_hierarchy", &["name"])),
    ..RESOURCE
};

static ROLES: Resource = Resource {
    name: "roles",
    singular: "role",
    looker_type: "Role",
    create: Some(post("create_role", "/roles")),
    update: Some(patch("update_role", "/roles/{role_id}")),
    delete: Some(delete("delete_role", "/roles/{role_id}")),
    references: &[("permission_set_id", "permission_sets"), ("model_set_id", "model_sets")],
    siblings: Some(all("all_roles", "/roles", &["name"])),
    ..RESOURCE
};

static PERMISSION_SETS: Resource = Resource {
    name: "permission_sets",
    singular: "permission set",
    looker_type: "PermissionSet",
    create: Some(post("create_permission_set", "/permission_sets")),
    update: Some(patch("update_permission_set", "/permission_sets/{permission_set_id}")),
    delete: Some(delete("delete_permission_set", "/permission_sets/{permission_set_id}")),
    siblings: Some(all("all_permission_sets", "/permission_sets", &["name"])),
    ..RESOURCE
};

static MODEL_SETS: Resource = Resource {
    name: "model_sets",
    singular: "model set",
    looker_type: "ModelSet",
    create: Some(post("create_model_set", "/model_sets")),
    update: Some(patch("update_model_set", "/model_sets/{model_set_id}")),
    delete: Some(delete("delete_model_set", "/model_sets/{model_set_id}")),
    siblings: Some(all("all_model_sets", "/model_sets", &["name"])),
    ..RESOURCE
};

/// `hidden_value_domain_whitelist` is left out: sent with an attribute that is not
/// hidden it is refused, and once set it cannot be edited (`looker-api-facts.md` §6).
static USER_ATTRIBUTES: Resource = Resource {
    name: "user_attributes",
    singular: "user attribute",
    looker_type: "UserAttribute",
    create: Some(post("create_user_attribute", "/user_attributes")),
    update: Some(patch("update_user_attribute", "/user_attributes/{user_attribute_id}")),
    delete: Some(delete("delete_user_attribute", "/user_attributes/{user_attribute_id}")),
    siblings: Some(all("all_user_attributes", "/user_attributes", &["name"])),
    fields: &["name", "label", "type", "default_value", "value_is_hidden", "user_can_view", "user_can_edit"],
    ..RESOURCE
};

static USERS: Resource = Resource {
    name: "users",
    singular: "user",
    looker_type: "User",
    create: Some(post("create_user", "/users")),
    update: Some(patch("update_user", "/users/{user_id}")),
    delete: Some(delete("delete_user", "/users/{user_id}")),
    references: &[("home_folder_id", "folders")],
    siblings: Some(all("all_users", "/users", &["first_name", "last_name"])),
    ..RESOURCE
};

static THEMES: Resource = Resource {
    name: "themes",
    singular: "theme",
    looker_type: "Theme",
    create: Some(post("create_theme", "/themes")),
    update: Some(patch("update_theme", "/themes/{theme_id}")),
    delete: Some(delete("delete_theme", "/themes/{theme_id}")),
    siblings: Some(all("all_themes", "/themes", &["name"])),
    ..RESOURCE
};

static COLOR_COLLECTIONS: Resource = Resource {
    name: "color_collections",
    singular: "colour collection",
    looker_type: "ColorCollection",
    create: Some(post("create_color_collection", "/color_collections")),
    update: Some(patch("update_color_collection", "/color_collections/{collection_id}")),
    delete: Some(delete("delete_color_collection", "/color_collections/{collection_id}")),
    siblings: Some(all("all_color_collections", "/color_collections", &["label"])),
    ..RESOURCE
};

#[cfg(test)]
mod tests;
