//! What follows from memberships: who has which role, which groups lie in a
//! group, and the values of user attributes that a user ends up with.

use std::collections::HashSet;

use crate::auth::API_USER;
use crate::config::Account;
use crate::fields::Fields;
use crate::json::{self, Writer, quoted};
use crate::kinds::Kind;
use crate::lists::render;
use crate::reply::{Reply, Rows};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::state::World;
use crate::table::{Row, as_text};
use crate::writes::bodies;

/// Whose side of a membership is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Groups that have a role.
    RoleGroups,
    /// Users that have a role, by themselves or through a group.
    RoleUsers,
    /// Roles of a user, its own and those of its groups.
    UserRoles,
    /// Groups directly in a group.
    GroupGroups,
}

/// The members of the object in the path.
pub(crate) fn members(server: &Server, call: &Call, membership: Membership) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let (of, kind) = match membership {
        Membership::RoleGroups => (Kind::Role, Kind::Group),
        Membership::RoleUsers => (Kind::Role, Kind::User),
        Membership::UserRoles => (Kind::User, Kind::Role),
        Membership::GroupGroups => (Kind::Group, Kind::Group),
    };
    let world = server.world();
    let id = call.id();
    if server.find(&world, of, id).is_none() {
        return call.not_found();
    }
    if let (Membership::UserRoles, API_USER, Account::Permitted { permissions }) =
        (membership, id, &server.config.account)
    {
        return role_of_account(permissions, fields.as_ref());
    }
    let direct = call.params.is_set("direct_association_only");
    let wanted: HashSet<String> = match membership {
        Membership::RoleGroups => groups_with(&world, "role_ids", id),
        Membership::GroupGroups => groups_with(&world, "parent_group_ids", id),
        Membership::RoleUsers => users_of_role(&world, id, direct),
        Membership::UserRoles => roles_of_user(&world, id, direct),
    };
    let table = world.table(kind);
    let rows: Vec<&Row> = table
        .slots(false)
        .iter()
        .map(|slot| table.row(*slot))
        .filter(|row| wanted.contains(&*row.id) && server.find(&world, kind, &row.id).is_some())
        .collect();
    render(&world, kind, &rows, View::Whole, fields.as_ref())
}

/// The one role of an account that is permitted this and that, whatever role its user
/// would have otherwise.
fn role_of_account(permissions: &[String], fields: Option<&Fields>) -> Reply {
    let permissions: Vec<String> = permissions.iter().map(|name| quoted(name)).collect();
    let set = [("id", quoted("1")), ("permissions", format!("[{}]", permissions.join(",")))];
    let set = bodies::filled(bodies::SET, &set);
    let role = bodies::filled(bodies::ROLE, &[("id", quoted("1")), ("permission_set", set)]);
    let mut out = String::from("[");
    match fields {
        Some(fields) => json::project(&role, fields, &mut out),
        None => out.push_str(&role),
    }
    out.push(']');
    Reply { rows: Rows { light: 1, ..Rows::default() }, ..Reply::json(out) }
}

/// The texts of a list in an object's body.
pub(crate) fn texts(row: &Row, member: &str) -> Vec<String> {
    let list = json::member(as_text(&row.body), member).unwrap_or("[]");
    json::elements(list).filter_map(json::text).collect()
}

/// Ids of the live rows of a kind whose list `member` holds `id`.
fn holding(world: &World, kind: Kind, member: &str, id: &str) -> HashSet<String> {
    let table = world.table(kind);
    let rows = table.slots(false).iter().map(|slot| table.row(*slot));
    rows.filter(|row| texts(row, member).iter().any(|have| have == id))
        .map(|row| row.id.to_string())
        .collect()
}

fn groups_with(world: &World, member: &str, id: &str) -> HashSet<String> {
    holding(world, Kind::GroupHierarchy, member, id)
}

fn users_of_role(world: &World, role: &str, direct: bool) -> HashSet<String> {
    let mut users = holding(world, Kind::User, "role_ids", role);
    if !direct {
        for group in groups_with(world, "role_ids", role) {
            users.extend(holding(world, Kind::User, "group_ids", &group));
        }
    }
    users
}

/// The roles of a user; also those of its groups, unless only `direct` ones are asked for.
pub(crate) fn roles_of_user(world: &World, user: &str, direct: bool) -> HashSet<String> {
    let Some(user) = world.get(Kind::User, user) else { return HashSet::new() };
    let mut roles: HashSet<String> = texts(user, "role_ids").into_iter().collect();
    if !direct {
        let groups = texts(user, "group_ids");
        let groups = groups.iter().filter_map(|group| world.get(Kind::GroupHierarchy, group));
        roles.extend(groups.flat_map(|group| texts(group, "role_ids")));
    }
    roles
}

/// `GET /users/{id}/credentials_email`: 404 for a user without.
pub(crate) fn email_credentials(server: &Server, call: &Call) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    let row = server.find(&world, Kind::User, call.id());
    let email = row.and_then(|row| json::member(as_text(&row.body), "credentials_email"));
    let Some(email) = email.filter(|email| *email != "null") else { return call.not_found() };
    let mut out = String::new();
    match fields {
        Some(fields) => json::project(email, &fields, &mut out),
        None => out.push_str(email),
    }
    Reply { rows: Rows { light: 1, ..Rows::default() }, ..Reply::json(out) }
}

/// The values groups have of an attribute, in the order of their ranks.
pub(crate) fn group_values(server: &Server, call: &Call) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    if server.find(&world, Kind::UserAttribute, call.id()).is_none() {
        return call.not_found();
    }
    let rows = ranked(&world, call.id());
    render(&world, Kind::UserAttributeGroupValue, &rows, View::Whole, fields.as_ref())
}

/// The values groups have of an attribute.
pub(crate) fn ranked<'w>(world: &'w World, attribute: &str) -> Vec<&'w Row> {
    let kind = Kind::UserAttributeGroupValue;
    let table = world.table(kind);
    let rows = table.slots(false).iter().map(|slot| table.row(*slot));
    let mut rows: Vec<&Row> = rows.filter(|row| row.text(kind, "user_attribute_id") == attribute).collect();
    rows.sort_by_key(|row| {
        json::member(as_text(&row.body), "rank").and_then(|rank| rank.parse::<u64>().ok())
    });
    rows
}

/// A value of an attribute, and how the user got it.
struct Found {
    /// JSON text.
    value: String,
    source: String,
    rank: Option<u64>,
}

/// `user_attribute_user_values`: of each attribute the first value found in the
/// user's own, its groups' by rank, and the default; or all of them. What
/// `source` says is not recorded, so the wording is made up.
pub(crate) fn user_values(server: &Server, call: &Call) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    let Some(user) = server.find(&world, Kind::User, call.id()) else { return call.not_found() };
    let wanted = call.params.get("user_attribute_ids").filter(|ids| !ids.is_empty());
    let all = call.params.is_set("all_values");
    let unset = call.params.is_set("include_unset");
    let table = world.table(Kind::UserAttribute);
    let mut w = Writer::default();
    let mut rows = 0;
    w.begin('[');
    for attribute in table.slots(false).iter().map(|slot| table.row(*slot)) {
        if wanted.is_some_and(|ids| !ids.split(',').any(|id| id.trim() == &*attribute.id)) {
            continue;
        }
        let mut found = search_path(&world, user, attribute);
        if found.is_empty() && unset {
            found.push(Found { value: "null".to_owned(), source: "Unset".to_owned(), rank: None });
        }
        for found in found.iter().take(if all { usize::MAX } else { 1 }) {
            push_value(&mut w, user, attribute, found);
            rows += 1;
        }
    }
    w.end(']');
    let mut out = String::new();
    match fields {
        Some(fields) => json::project(&w.out, &fields, &mut out),
        None => out = w.out,
    }
    let kind = Some(Kind::UserAttributeUserValue);
    Reply { rows: Rows { kind, light: rows, ..Rows::default() }, ..Reply::json(out) }
}

/// The value of each attribute that each user ends up with, as
/// `user_attribute_user_values` answers it, under `user.attribute`.
pub(crate) fn all_user_values(world: &World) -> Vec<(String, String)> {
    let (users, attributes) = (world.table(Kind::User), world.table(Kind::UserAttribute));
    let mut values = Vec::new();
    for user in users.slots(false).iter().map(|slot| users.row(*slot)) {
        for attribute in attributes.slots(false).iter().map(|slot| attributes.row(*slot)) {
            if let Some(found) = search_path(world, user, attribute).first() {
                let mut w = Writer::default();
                push_value(&mut w, user, attribute, found);
                values.push((format!("{}.{}", user.id, attribute.id), w.out));
            }
        }
    }
    values
}

/// A value as `user_attribute_user_values` answers it, as the table keeps it;
/// `None` for one that is not the user's own, or that is part of the user.
pub(crate) fn own_value(world: &World, body: &str) -> Option<String> {
    let of = |member| json::member(body, member).and_then(json::text);
    let (user, attribute) = (of("user_id")?, of("user_attribute_id")?);
    let row = world.get(Kind::UserAttribute, &attribute);
    let is_system = row.is_some_and(|row| json::member(as_text(&row.body), "is_system") == Some("true"));
    if is_system || of("source").is_some_and(|source| source != "User") {
        return None;
    }
    Some(json::patch(body, &[("id", json::quoted(&format!("{user}.{attribute}")))]))
}

/// The value of an attribute that a user ends up with.
pub(crate) fn user_value(world: &World, user: &str, attribute: &str) -> Option<String> {
    let (user, attribute) = (world.get(Kind::User, user)?, world.get(Kind::UserAttribute, attribute)?);
    let mut w = Writer::default();
    push_value(&mut w, user, attribute, search_path(world, user, attribute).first()?);
    Some(w.out)
}

/// Every value an attribute has for a user, the one that counts first.
fn search_path(world: &World, user: &Row, attribute: &Row) -> Vec<Found> {
    let of = |row: &Row, member: &str| json::member(as_text(&row.body), member).unwrap_or("null").to_owned();
    let mut found = Vec::new();
    let name = attribute.text(Kind::UserAttribute, "name");
    let id = format!("{}.{}", user.id, attribute.id);
    let set = world.get(Kind::UserAttributeUserValue, &id).map(|row| of(row, "value"));
    let own = if set.is_none() && of(attribute, "is_system") == "true" {
        Some(if name == "name" { of(user, "display_name") } else { of(user, name) }).filter(|v| v != "null")
    } else {
        set
    };
    found.extend(own.map(|value| Found { value, source: "User".to_owned(), rank: Some(0) }));
    let groups = texts(user, "group_ids");
    for row in ranked(world, &attribute.id) {
        let group = row.text(Kind::UserAttributeGroupValue, "group_id");
        if groups.iter().any(|have| have == group) {
            let name = world.get(Kind::Group, group).map_or("", |row| row.text(Kind::Group, "name"));
            let rank = of(row, "rank").parse().ok();
            found.push(Found { value: of(row, "value"), source: format!("Group: {name}"), rank });
        }
    }
    let default = Some(of(attribute, "default_value")).filter(|value| value != "null");
    found.extend(default.map(|value| Found { value, source: "Default".to_owned(), rank: None }));
    found
}

fn push_value(w: &mut Writer, user: &Row, attribute: &Row, found: &Found) {
    let of = |member: &str| json::member(as_text(&attribute.body), member).unwrap_or("null");
    let hidden = of("value_is_hidden");
    w.begin('{');
    w.members(r#""can":{"show":true,"update":true}"#);
    w.raw("name", of("name"));
    w.raw("label", of("label"));
    match found.rank {
        Some(rank) => w.int("rank", rank),
        None => w.raw("rank", "null"),
    }
    w.raw("value", if hidden == "true" { "null" } else { &found.value });
    w.text("user_id", &user.id);
    w.raw("user_can_edit", of("user_can_edit"));
    w.raw("value_is_hidden", hidden);
    w.text("user_attribute_id", &attribute.id);
    w.text("source", &found.source);
    w.raw("hidden_value_domain_whitelist", of("hidden_value_domain_whitelist"));
    w.members(r#""x_resolved":{"at":null}"#);
    w.end('}');
}
