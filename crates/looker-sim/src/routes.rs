//! The operations this instance has: their names, routes and parameters, and
//! what carries them out. A table to be read; the names are those of Looker's
//! own API document.

use crate::params::{Holds, PAGED, Param};
use crate::table::Kind;

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its id, `search_dashboards`.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Its path below `/api/4.0`; `{...}` stands for one segment.
    pub(crate) route: &'static str,
    /// The query parameters it knows.
    pub(crate) params: &'static [&'static [Param]],
    pub(crate) action: Action,
}

/// What carries an operation out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Versions,
    Login,
    LoginUser,
    Logout,
    Me,
    Session,
    /// Many objects of a kind.
    List(Kind, View, From),
    /// One object.
    Get(Kind, View),
    /// One of a dashboard's lists of parts.
    Part(&'static str),
    FolderParent,
    FolderAncestors,
    Update(Kind),
    Delete(Kind),
    Query,
}

/// What is shown of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// All of it.
    Whole,
    /// What searches answer: a `Look` without its query.
    Brief,
    /// A `DashboardBase`.
    Base,
    /// A `Folder` with the dashboards and looks in it.
    WithContent,
}

/// Where the objects of a list come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Everywhere; all of them, or those of `ids`.
    All,
    /// Everywhere, by criteria.
    Search,
    /// The folder of the path.
    Folder,
    /// The group of the path.
    Group,
}

use Action::{Delete, Get, List, Part, Update};
use Holds::{Bool, Text};
use Kind::{
    Dashboard, Folder, Group, GroupHierarchy, GroupWithRoles, Look, LookmlModel, ModelSet, PermissionSet,
    Role, User,
};
use View::{Base, Brief, Whole, WithContent};

const FIELDS: &[Param] = &[("fields", Text)];
const SORTS: &[Param] = &[("sorts", Text)];
const SEARCH: &[Param] = &[("fields", Text), ("sorts", Text), ("filter_or", Bool), ("id", Text)];
const IDS: &[Param] = &[("ids", Text)];
const LIMITED: &[Param] = &[("limit", Holds::Count), ("offset", Holds::Count)];
const CONTENT: &[Param] = &[
    ("title", Text),
    ("description", Text),
    ("content_favorite_id", Text),
    ("folder_id", Text),
    ("user_id", Text),
    ("view_count", Text),
    ("deleted", Text),
    ("curate", Bool),
    ("last_viewed_at", Text),
];
const GROUPS: &[Param] = &[
    ("name", Text),
    ("external_group_id", Text),
    ("externally_managed", Bool),
    ("externally_orphaned", Bool),
];
const SETS: &[Param] = &[("name", Text), ("all_access", Bool), ("built_in", Bool)];
const ROLES: &[Param] =
    &[("name", Text), ("built_in", Bool), ("model_set_ids", Text), ("permission_set_ids", Text)];
const USERS: &[Param] = &[
    ("first_name", Text),
    ("last_name", Text),
    ("full_name", Text),
    ("verified_looker_employee", Bool),
    ("embed_user", Bool),
    ("email", Text),
    ("is_disabled", Bool),
    ("content_metadata_id", Text),
    ("group_id", Text),
    ("can_manage_api3_creds", Bool),
    ("is_service_account", Bool),
];
const FOLDERS: &[Param] = &[
    ("name", Text),
    ("parent_id", Text),
    ("creator_id", Text),
    ("is_shared_root", Bool),
    ("is_users_root", Bool),
];
const DASHBOARDS: &[Param] = &[("slug", Text), ("content_metadata_id", Text), ("not_owned_by", Bool)];
const MODELS: &[Param] = &[
    ("exclude_empty", Bool),
    ("exclude_hidden", Bool),
    ("include_internal", Bool),
    ("include_self_service", Bool),
];
const SUPPORT: &[Param] = &[("get_all_support_roles", Bool)];
const ALL_GROUPS: &[Param] = &[("content_metadata_id", Text), ("can_add_to_content_metadata", Bool)];

/// A row of the table.
const fn op(
    id: &'static str,
    method: &'static str,
    route: &'static str,
    params: &'static [&'static [Param]],
    action: Action,
) -> Operation {
    Operation { id, method, route, params, action }
}

/// Every operation. A static segment stands before a parameter in its place.
#[rustfmt::skip]
pub(crate) static OPERATIONS: &[Operation] = &[
    op("versions", "GET", "/versions", &[FIELDS], Action::Versions),
    op("login", "POST", "/login", &[], Action::Login),
    op("login_user", "POST", "/login/{user_id}", &[&[("associative", Bool)]], Action::LoginUser),
    op("logout", "DELETE", "/logout", &[], Action::Logout),
    op("me", "GET", "/user", &[FIELDS], Action::Me),
    op("session", "GET", "/session", &[], Action::Session),

    op("search_dashboards", "GET", "/dashboards/search", &[SEARCH, CONTENT, DASHBOARDS, PAGED], List(Dashboard, Whole, From::Search)),
    op("all_dashboards", "GET", "/dashboards", &[FIELDS], List(Dashboard, Base, From::All)),
    op("dashboard", "GET", "/dashboards/{dashboard_id}", &[FIELDS], Get(Dashboard, Whole)),
    op("update_dashboard", "PATCH", "/dashboards/{dashboard_id}", &[], Update(Dashboard)),
    op("delete_dashboard", "DELETE", "/dashboards/{dashboard_id}", &[], Delete(Dashboard)),
    op("dashboard_dashboard_elements", "GET", "/dashboards/{dashboard_id}/dashboard_elements", &[FIELDS], Part("dashboard_elements")),
    op("dashboard_dashboard_filters", "GET", "/dashboards/{dashboard_id}/dashboard_filters", &[FIELDS], Part("dashboard_filters")),
    op("dashboard_dashboard_layouts", "GET", "/dashboards/{dashboard_id}/dashboard_layouts", &[FIELDS], Part("dashboard_layouts")),

    op("search_looks", "GET", "/looks/search", &[SEARCH, CONTENT, &[("query_id", Text)], PAGED], List(Look, Brief, From::Search)),
    op("all_looks", "GET", "/looks", &[FIELDS], List(Look, Brief, From::All)),
    op("look", "GET", "/looks/{look_id}", &[FIELDS], Get(Look, Whole)),
    op("update_look", "PATCH", "/looks/{look_id}", &[FIELDS], Update(Look)),
    op("delete_look", "DELETE", "/looks/{look_id}", &[], Delete(Look)),

    op("search_folders", "GET", "/folders/search", &[SEARCH, FOLDERS, PAGED], List(Folder, WithContent, From::Search)),
    op("all_folders", "GET", "/folders", &[FIELDS], List(Folder, Whole, From::All)),
    op("folder", "GET", "/folders/{folder_id}", &[FIELDS], Get(Folder, WithContent)),
    op("folder_children", "GET", "/folders/{folder_id}/children", &[FIELDS, SORTS, PAGED], List(Folder, WithContent, From::Folder)),
    op("folder_parent", "GET", "/folders/{folder_id}/parent", &[FIELDS], Action::FolderParent),
    op("folder_ancestors", "GET", "/folders/{folder_id}/ancestors", &[FIELDS], Action::FolderAncestors),
    op("folder_dashboards", "GET", "/folders/{folder_id}/dashboards", &[FIELDS], List(Dashboard, Whole, From::Folder)),
    op("folder_looks", "GET", "/folders/{folder_id}/looks", &[FIELDS], List(Look, Whole, From::Folder)),

    op("query", "GET", "/queries/{query_id}", &[FIELDS], Action::Query),

    op("search_users", "GET", "/users/search", &[SEARCH, USERS, PAGED], List(User, Whole, From::Search)),
    op("all_users", "GET", "/users", &[FIELDS, SORTS, IDS, PAGED], List(User, Whole, From::All)),
    op("user", "GET", "/users/{user_id}", &[FIELDS], Get(User, Whole)),

    op("search_groups_with_roles", "GET", "/groups/search/with_roles", &[SEARCH, GROUPS, LIMITED], List(GroupWithRoles, Whole, From::Search)),
    op("search_groups_with_hierarchy", "GET", "/groups/search/with_hierarchy", &[SEARCH, GROUPS, LIMITED], List(GroupHierarchy, Whole, From::Search)),
    op("search_groups", "GET", "/groups/search", &[SEARCH, GROUPS, LIMITED], List(Group, Whole, From::Search)),
    op("all_groups", "GET", "/groups", &[FIELDS, SORTS, IDS, ALL_GROUPS, PAGED], List(Group, Whole, From::All)),
    op("group", "GET", "/groups/{group_id}", &[FIELDS], Get(Group, Whole)),
    op("all_group_users", "GET", "/groups/{group_id}/users", &[FIELDS, SORTS, PAGED], List(User, Whole, From::Group)),

    op("search_roles", "GET", "/roles/search", &[SEARCH, ROLES, LIMITED], List(Role, Whole, From::Search)),
    op("all_roles", "GET", "/roles", &[FIELDS, IDS, SUPPORT], List(Role, Whole, From::All)),
    op("role", "GET", "/roles/{role_id}", &[], Get(Role, Whole)),
    op("search_permission_sets", "GET", "/permission_sets/search", &[SEARCH, SETS, &[("permissions", Text)], LIMITED], List(PermissionSet, Whole, From::Search)),
    op("all_permission_sets", "GET", "/permission_sets", &[FIELDS], List(PermissionSet, Whole, From::All)),
    op("permission_set", "GET", "/permission_sets/{permission_set_id}", &[FIELDS], Get(PermissionSet, Whole)),
    op("search_model_sets", "GET", "/model_sets/search", &[SEARCH, SETS, &[("models", Text)], LIMITED], List(ModelSet, Whole, From::Search)),
    op("all_model_sets", "GET", "/model_sets", &[FIELDS], List(ModelSet, Whole, From::All)),
    op("model_set", "GET", "/model_sets/{model_set_id}", &[FIELDS], Get(ModelSet, Whole)),
    op("all_lookml_models", "GET", "/lookml_models", &[FIELDS, MODELS, LIMITED], List(LookmlModel, Whole, From::All)),
    op("lookml_model", "GET", "/lookml_models/{lookml_model_name}", &[FIELDS], Get(LookmlModel, Whole)),
];

/// The path prefix of the API.
pub(crate) const PREFIX: &str = "/api/4.0";

/// The operation for a method and path, and the path's decoded parameters.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    let path = match path.strip_prefix(PREFIX) {
        Some(below) => below,
        None if path == "/versions" => path,
        // What the Python SDK calls to this day (`observed-rest.md` §1).
        None if path == "/api/logout" => "/logout",
        None => return None,
    };
    let matching = |op: &'static Operation| {
        let params = (op.method == method).then(|| match_route(op.route, path)).flatten()?;
        Some((op, params))
    };
    OPERATIONS.iter().find_map(matching)
}

fn match_route(route: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                params.push(decode(given));
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// Undoes percent-encoding in a path segment.
fn decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = segment.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (byte, length) = match code {
            Some(code) if bytes[at] == b'%' => (code, 3),
            _ => (bytes[at], 1),
        };
        decoded.push(byte);
        at += length;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The route as error pages name it: `get/dashboards/:dashboard_id`.
pub(crate) fn documented(operation: &Operation) -> String {
    let route = operation.route.replace('{', ":").replace('}', "");
    format!("{}{route}", operation.method.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_static_segments_before_parameters() {
        let id = |method: &str, path: &str| find(method, path).map(|(op, params)| (op.id, params));
        assert_eq!(id("GET", "/api/4.0/dashboards/search"), Some(("search_dashboards", vec![])));
        assert_eq!(id("GET", "/api/4.0/dashboards/a%3A%3Ab"), Some(("dashboard", vec!["a::b".to_owned()])));
        assert_eq!(
            id("GET", "/api/4.0/groups/search/with_roles"),
            Some(("search_groups_with_roles", vec![]))
        );
        assert_eq!(id("GET", "/versions"), Some(("versions", vec![])));
        assert_eq!(id("DELETE", "/api/logout"), Some(("logout", vec![])));
        assert_eq!(id("GET", "/api/4.0/dashboards/"), None);
        assert_eq!(id("POST", "/api/4.0/dashboards/7"), None);
        assert_eq!(id("GET", "/dashboards"), None);
    }

    #[test]
    fn operation_ids_are_unique() {
        let ids: std::collections::HashSet<_> = OPERATIONS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
    }
}
