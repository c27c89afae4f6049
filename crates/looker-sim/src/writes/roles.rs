//! Roles, and who has them (`looker-api-facts.md` §5).

use super::groups::{self, holding, with, without};
use super::rows::{bodies, ids_sent, listed, nameless, refuse, taken};
use super::{Edit, Failure, Wrote, bodies as templates};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::{World, change};
use crate::table::as_text;

/// The built-in role `Admin`. A role with the built-in sets is none.
const ADMIN: &str = "1";

/// The sets of a role: the member that holds one, that of its id, and its kind.
pub(super) const SETS: [(&str, &str, Kind); 2] = [
    ("permission_set", "permission_set_id", Kind::PermissionSet),
    ("model_set", "model_set_id", Kind::ModelSet),
];

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::Role, View::Whole, id)
}

/// What is wrong with what was given. A set that is missing or unknown is named
/// by the member of the set, not by that of its id.
fn problems(edit: &Edit<'_>, but: &str, is_new: bool) -> Vec<Problem> {
    let set = |(member, id, kind): (&str, &str, Kind)| {
        let is_known = match edit.given.get(id) {
            None => !is_new,
            Some(_) => edit.given.text(id).is_some_and(|id| edit.row(kind, &id).is_ok()),
        };
        (!is_known).then(|| Problem::invalid(member, format!("{member} is not valid")))
    };
    let name = nameless(edit, "name", is_new);
    let name = name.or_else(|| taken(edit, Kind::Role, "name", but, "Name is already in use."));
    name.into_iter().chain(SETS.into_iter().filter_map(set)).collect()
}

/// `POST /roles`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(problems(edit, "", true))?;
    let mut changes = edit.take_given().without(&["permission_set", "model_set"]).into_changes();
    let id = edit.create(Kind::Role, |id| {
        let url = format!("https://localhost:19999/api/4.0/roles/{id}");
        change(&mut changes, "id", quoted(&id.to_string()));
        change(&mut changes, "users_url", quoted(&format!("{url}/users")));
        change(&mut changes, "url", quoted(&url));
        templates::filled(templates::ROLE, &changes)
    });
    embed_sets(edit.world, &id)?;
    Ok(shown(id))
}

fn changeable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    edit.row(Kind::Role, id)?;
    if id == ADMIN { Err(Failure::BuiltIn) } else { Ok(()) }
}

/// `PATCH /roles/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    refuse(problems(edit, &id, false))?;
    let changes = edit.take_given().without(&["permission_set", "model_set"]).into_changes();
    edit.world.set(Kind::Role, &id, &changes)?;
    embed_sets(edit.world, &id)?;
    Ok(shown(id))
}

/// Writes a role's sets into it, and it into the groups that have it.
pub(super) fn embed_sets(world: &mut World, role: &str) -> Result<(), Failure> {
    let row = world.get(Kind::Role, role).ok_or(Failure::NotFound)?;
    let body = as_text(&row.body);
    let mut changes = Vec::new();
    for (member, id, kind) in SETS {
        let set = json::member(body, id).and_then(json::text).and_then(|id| world.get(kind, &id));
        if set.is_none() {
            changes.push((id, "null".to_owned()));
        }
        changes.push((member, set.map_or_else(|| "null".to_owned(), |set| as_text(&set.body).to_owned())));
    }
    world.set(Kind::Role, role, &changes)?;
    for group in holding(world, Kind::GroupHierarchy, "role_ids", role) {
        groups::embed_roles(world, &group)?;
    }
    Ok(())
}

/// `DELETE /roles/{id}`: who had it has it no more.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    assign(edit.world, Kind::User, &id, &[])?;
    assign(edit.world, Kind::GroupHierarchy, &id, &[])?;
    objects::purge(edit.world, Kind::Role, &id)?;
    Ok(Wrote::Nothing)
}

/// Gives a role to these users or groups, and to no others.
fn assign(world: &mut World, kind: Kind, role: &str, to: &[String]) -> Result<(), Failure> {
    let have = holding(world, kind, "role_ids", role);
    for id in have.iter().filter(|id| !to.contains(id)) {
        without(world, kind, id, "role_ids", role)?;
    }
    for id in to.iter().filter(|id| !have.contains(id)) {
        with(world, kind, id, "role_ids", role)?;
    }
    if kind == Kind::GroupHierarchy {
        for group in have.iter().chain(to) {
            groups::embed_roles(world, group)?;
        }
    }
    Ok(())
}

/// `PUT /roles/{id}/groups`: the whole list.
pub(crate) fn set_groups(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::Role, &id)?;
    let groups = ids_sent(edit, Kind::Group, "group_ids")?;
    assign(edit.world, Kind::GroupHierarchy, &id, &groups)?;
    Ok(Wrote::Json(bodies(edit.world, Kind::Group, &groups)))
}

/// `PUT /roles/{id}/users`: the whole list of those who have it by themselves.
pub(crate) fn set_users(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::Role, &id)?;
    let users = ids_sent(edit, Kind::User, "user_ids")?;
    assign(edit.world, Kind::User, &id, &users)?;
    Ok(Wrote::Json(bodies(edit.world, Kind::User, &users)))
}

/// `PUT /users/{id}/roles`: the whole list of those the user has by itself.
pub(crate) fn set_of_user(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let user = edit.row(Kind::User, &id)?;
    if super::rows::of(user, "roles_externally_managed") == "true" {
        return Err(Failure::invalid("role_ids", "roles of this user are managed externally"));
    }
    let roles = ids_sent(edit, Kind::Role, "role_ids")?;
    edit.world.set(Kind::User, &id, &vec![("role_ids", listed(&roles))])?;
    Ok(Wrote::Json(bodies(edit.world, Kind::Role, &roles)))
}
