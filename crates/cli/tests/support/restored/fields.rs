//! What documents say, but for what only the server writes.

use std::collections::BTreeSet;

use looker_sim::Kind;
use serde_json::{Map, Value, json};

/// Fields that only the server writes, or that move by themselves.
pub(super) const SERVERS: &[&str] = &[
    "alert_count",
    "can",
    "child_count",
    "content_created_by",
    "content_favorite_id",
    "content_updated_at",
    "deleted_at",
    "deleter_id",
    "favorite_count",
    // A copy of where content lies, which `folder_id` says.
    "folder",
    "last_accessed_at",
    "last_updater_id",
    "last_updater_name",
    "last_viewed_at",
    "next_run_at",
    "owner_display_name",
    "updated_at",
    "usage_count",
    // Copies of a user's names, as they were when its content was last written.
    "user",
    "user_count",
    "user_name",
    "view_count",
];

/// And those that something which was made anew cannot have again.
pub(crate) const OF_NEW: &[&str] = &[
    "board_id",
    "board_section_id",
    "client_id",
    "content_metadata_id",
    "created_at",
    "creator_id",
    "dashboard_element_id",
    "dashboard_id",
    "dashboard_layout_id",
    "followed",
    "google_spreadsheet_formula",
    "has_table_calculations",
    "id",
    "last_run_at",
    "looker_recipient",
    "merge_result_id",
    // Of a look, that of its query.
    "model (of a look)",
    "next_run_at",
    "primary_homepage",
    "public_slug",
    "query_id",
    "result_maker_id",
    "scheduled_plan_id",
    "slug",
    "visible_item_order",
];

/// And those that a user who was made anew cannot have again, or gets by signing in.
pub(super) const OF_NEW_USERS: &[&str] = &[
    "allow_direct_roles",
    "allow_normal_group_membership",
    "allow_roles_from_normal_groups",
    "avatar_url_without_sizing",
    "credentials_api3",
    "credentials_embed",
    "credentials_google",
    "credentials_ldap",
    "credentials_looker_openid",
    "credentials_oidc",
    "credentials_saml",
    "credentials_totp",
    // That by which one signs in with a password is compared within `credentials_email`.
    "email",
    "home_folder_id",
    "looker_versions",
    "personal_folder_id",
    "presumed_looker_employee",
    "roles_externally_managed",
    "sessions",
    "ui_state",
    "verified_looker_employee",
];

/// A document as its owner would tell it: of a certification only whether there is one and
/// what it says, for who certifies and when is Looker's; of the address of a user that
/// was made anew only the address; lists of ids as sets.
pub(super) fn told(kind: Kind, mut document: Value, is_new: bool) -> Value {
    if matches!(kind, Kind::Dashboard | Kind::Look) {
        let certified = &document["certification_metadata"];
        let is_certified = certified["certification_status"] == "certified";
        document["certification_metadata"] =
            if is_certified { json!({ "certified": certified["notes"] }) } else { Value::Null };
    }
    if kind == Kind::User && is_new {
        document["credentials_email"] = document["credentials_email"]["email"].take();
        if document["roles_externally_managed"] == true {
            document["role_ids"] = json!([]);
        }
    }
    // A copy of what its content was called when the schedule was last written.
    if kind == Kind::ScheduledPlan {
        document["title"].take();
    }
    // A name that is taken away reads back as an empty text.
    for name in ["first_name", "last_name", "display_name"] {
        if let Some(name) = document.get_mut(name).filter(|name| **name == "" && kind == Kind::User) {
            name.take();
        }
    }
    // A filter without a title is refused, and an alert is written whole.
    if let (Kind::Alert, Some(filters)) =
        (kind, document.get_mut("applied_dashboard_filters").and_then(Value::as_array_mut))
    {
        filters.retain(|filter| filter["filter_title"].as_str().is_some_and(|title| !title.is_empty()));
    }
    for list in ["group_ids", "role_ids", "parent_group_ids"] {
        if let Some(ids) = document.get_mut(list).and_then(Value::as_array_mut) {
            ids.sort_by_key(Value::to_string);
        }
    }
    document
}

/// What a document says: without these fields, links and rendered texts, fields that
/// no release takes, and what repeats something else; lists of parts in any order.
pub(super) fn said(document: &Value, fields: &[&str]) -> Value {
    const REPEATED: &[&str] = &["edit_uri", "element_title", "element_title_hidden", "vis_type"];
    match document {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| {
                let name = name.as_str();
                let is_foreign = name.starts_with("x_") && name != "x_axis_scale";
                let is_made = name.ends_with("_as_html") || name.ends_with("url") || REPEATED.contains(&name);
                !fields.contains(&name) && !is_foreign && !is_made
            });
            kept.map(|(name, value)| (name.clone(), said(value, fields))).collect()
        }
        Value::Array(list) => {
            // Parts that are deleted stay in answers for a while.
            let there = list.iter().filter(|one| one["deleted"] != true);
            let mut list: Vec<Value> = there.map(|one| said(one, fields)).collect();
            if list.iter().all(Value::is_object) {
                list.sort_by_key(|one| (called(one), one.to_string()));
            }
            list.into()
        }
        other => other.clone(),
    }
}

/// What people call a part by: so that equal ones stand beside each other although
/// something in them differs.
pub(super) fn called(part: &Value) -> String {
    ["title", "title_text", "name", "label", "custom_title", "dashboard_element_id (seen)"]
        .map(|field| part[field].to_string())
        .concat()
}

/// The places in which two documents differ.
pub(super) fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let of = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or(Value::Null);
                differences(&of(a), &of(b), &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{at}/{index}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.iter().chain(b).all(Value::is_object) => {
            let names = |list: &[Value]| list.iter().map(called).collect::<BTreeSet<String>>();
            let (a, b) = (names(a), names(b));
            let only = |of: &BTreeSet<String>, not_in: &BTreeSet<String>| {
                of.difference(not_in).map(|name| format!("{name:.90}")).collect::<Vec<_>>()
            };
            found.push(format!("{at}: {:?} are gone, {:?} came", only(&a, &b), only(&b, &a)));
        }
        (before, after) if before == after => {}
        (before, after) => found.push(format!("{at}: {before:.200} became {after:.200}")),
    }
}
