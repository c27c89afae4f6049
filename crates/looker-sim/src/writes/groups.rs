//! Groups and who is in them (`looker-api-facts.md` §4).
//!
//! Each is in three tables, one for each type that answers it.

use super::rows::{listed, nameless, of, refuse, rows, taken};
use super::{Edit, Failure, Wrote, bodies};
use crate::access::texts;
use crate::auth::API_USER;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;
use crate::state::{Changes, World, change};
use crate::table::{Row, as_text};

/// The built-in group that everybody is in.
const ALL_USERS: &str = "1";

const TABLES: [Kind; 3] = [Kind::Group, Kind::GroupHierarchy, Kind::GroupWithRoles];

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::Group, View::Whole, id)
}

/// `POST /groups`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(nameless(edit, "name", true).into_iter().chain(taken_name(edit, "")))?;
    let mut changes = writable(edit);
    let id = edit.create(Kind::Group, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        bodies::filled(bodies::GROUP, &changes)
    });
    complete(edit.world, &id)?;
    Ok(shown(id))
}

fn taken_name(edit: &Edit<'_>, but: &str) -> Option<crate::reply::Problem> {
    taken(edit, Kind::Group, "name", but, "Group name is already in use.")
}

/// What was given, without nulls where there are none.
fn writable(edit: &mut Edit<'_>) -> Changes<'static> {
    let mut changes = edit.take_given().into_changes();
    changes.retain(|(name, value)| !(*name == "can_add_to_content_metadata" && value == "null"));
    changes
}

/// A group that may be changed: neither that of everybody nor one that is
/// managed elsewhere.
fn changeable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    let row = edit.row(Kind::Group, id)?;
    let is_closed = id == ALL_USERS || of(row, "externally_managed") == "true";
    if is_closed { Err(Failure::Denied) } else { Ok(()) }
}

/// `PATCH /groups/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    refuse(nameless(edit, "name", false).into_iter().chain(taken_name(edit, &id)))?;
    let changes = writable(edit);
    set(edit.world, &id, &changes)?;
    Ok(shown(id))
}

/// Adds a group to the tables that lack it: it is new, or only its `Group` was
/// loaded.
fn complete(world: &mut World, id: &str) -> Result<(), Failure> {
    let group = as_text(&world.get(Kind::Group, id).ok_or(Failure::NotFound)?.body).to_owned();
    let nothing = |member| (member, "[]".to_owned());
    for (kind, lists) in [
        (Kind::GroupHierarchy, vec![nothing("parent_group_ids"), nothing("role_ids")]),
        (Kind::GroupWithRoles, vec![nothing("roles")]),
    ] {
        if world.get(kind, id).is_none() {
            world.insert(kind, json::patch(&group, &lists))?;
        }
    }
    Ok(())
}

fn set(world: &mut World, id: &str, changes: &Changes) -> Result<(), Failure> {
    complete(world, id)?;
    for kind in TABLES {
        world.set(kind, id, changes)?;
    }
    Ok(())
}

/// `DELETE /groups/{id}`: with its values of user attributes and its rows of
/// access lists.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    complete(edit.world, &id)?;
    for user in users_of(edit.world, &id) {
        without(edit.world, Kind::User, &user, "group_ids", &id)?;
    }
    for child in children_of(edit.world, &id) {
        without(edit.world, Kind::GroupHierarchy, &child, "parent_group_ids", &id)?;
    }
    for kind in TABLES {
        objects::purge(edit.world, kind, &id)?;
    }
    Ok(Wrote::Nothing)
}

fn users_of(world: &World, group: &str) -> Vec<String> {
    holding(world, Kind::User, "group_ids", group)
}

fn children_of(world: &World, group: &str) -> Vec<String> {
    holding(world, Kind::GroupHierarchy, "parent_group_ids", group)
}

/// Ids of the rows whose list holds an id.
pub(super) fn holding(world: &World, kind: Kind, member: &str, id: &str) -> Vec<String> {
    let holds = |row: &&Row| texts(row, member).iter().any(|have| have == id);
    rows(world, kind).filter(holds).map(|row| row.id.to_string()).collect()
}

/// Adds an id to a row's list, or does nothing where it is in there.
pub(super) fn with(
    world: &mut World,
    kind: Kind,
    row: &str,
    member: &'static str,
    id: &str,
) -> Result<(), Failure> {
    if kind == Kind::GroupHierarchy {
        complete(world, row)?;
    }
    let mut ids = texts(world.get(kind, row).ok_or(Failure::NotFound)?, member);
    if !ids.iter().any(|have| have == id) {
        ids.push(id.to_owned());
        world.set(kind, row, &vec![(member, listed(&ids))])?;
    }
    Ok(())
}

/// Takes an id out of a row's list.
///
/// # Errors
///
/// 404 when it is not in there.
pub(super) fn without(
    world: &mut World,
    kind: Kind,
    row: &str,
    member: &'static str,
    id: &str,
) -> Result<(), Failure> {
    let mut ids = texts(world.get(kind, row).ok_or(Failure::NotFound)?, member);
    let place = ids.iter().position(|have| have == id).ok_or(Failure::NotFound)?;
    ids.remove(place);
    Ok(world.set(kind, row, &vec![(member, listed(&ids))])?)
}

/// `POST /groups/{id}/users`. Who is a member stays one.
pub(crate) fn add_user(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, user) = (edit.id(), edit.given.text("user_id").ok_or(Failure::NotFound)?);
    changeable(edit, &group)?;
    edit.row(Kind::User, &user)?;
    with(edit.world, Kind::User, &user, "group_ids", &group)?;
    count(edit.world, &group)?;
    Ok(Wrote::Object(Kind::User, View::Whole, user))
}

/// `DELETE /groups/{id}/users/{user_id}`.
pub(crate) fn remove_user(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, user) = (edit.id(), edit.second_id());
    changeable(edit, &group)?;
    edit.row(Kind::User, &user)?;
    without(edit.world, Kind::User, &user, "group_ids", &group)?;
    count(edit.world, &group)?;
    Ok(Wrote::Nothing)
}

/// Counts a group's members anew.
pub(super) fn count(world: &mut World, group: &str) -> Result<(), Failure> {
    let users = users_of(world, group);
    let has_caller = users.iter().any(|user| user == API_USER);
    let changes =
        vec![("user_count", users.len().to_string()), ("contains_current_user", has_caller.to_string())];
    set(world, group, &changes)
}

/// `POST /groups/{id}/groups`: answers the group that was added.
pub(crate) fn add_group(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, child) = (edit.id(), edit.given.text("group_id").ok_or(Failure::NotFound)?);
    changeable(edit, &group)?;
    edit.row(Kind::Group, &child)?;
    if child == ALL_USERS || lies_in(edit.world, &group, &child) {
        return Err(Failure::Denied);
    }
    with(edit.world, Kind::GroupHierarchy, &child, "parent_group_ids", &group)?;
    Ok(shown(child))
}

/// Whether a group is another, or lies in it, however deep.
fn lies_in(world: &World, group: &str, other: &str) -> bool {
    let parents = |id: &str| {
        world.get(Kind::GroupHierarchy, id).map_or(Vec::new(), |row| texts(row, "parent_group_ids"))
    };
    group == other || parents(group).iter().any(|parent| lies_in(world, parent, other))
}

/// `DELETE /groups/{id}/groups/{deleting_group_id}`: the group that is taken out
/// loses its access to content, and putting it back does not bring that back
/// (`looker-api-facts.md` §4).
pub(crate) fn remove_group(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, child) = (edit.id(), edit.second_id());
    changeable(edit, &group)?;
    edit.row(Kind::Group, &child)?;
    without(edit.world, Kind::GroupHierarchy, &child, "parent_group_ids", &group)?;
    let kind = Kind::ContentMetadataAccess;
    let of_child = rows(edit.world, kind).filter(|row| row.text(kind, "group_id") == child);
    for row in of_child.map(|row| row.id.to_string()).collect::<Vec<_>>() {
        objects::purge(edit.world, kind, &row)?;
    }
    Ok(Wrote::Nothing)
}

/// Writes the roles of a group into its row of those that show them whole.
pub(super) fn embed_roles(world: &mut World, group: &str) -> Result<(), Failure> {
    let ids = world.get(Kind::GroupHierarchy, group).map_or(Vec::new(), |row| texts(row, "role_ids"));
    let roles = super::rows::bodies(world, Kind::Role, &ids);
    Ok(world.set(Kind::GroupWithRoles, group, &vec![("roles", roles)])?)
}
