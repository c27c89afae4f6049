//! Permission sets and model sets (`looker-api-facts.md` §5). A model set may name
//! models that do not exist, and names of permissions are not looked at.

use super::roles::{SETS, embed_sets};
use super::rows::{nameless, of, refuse, rows, taken};
use super::{Edit, Failure, Wrote, bodies};
use crate::json::quoted;
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;
use crate::state::change;

/// What a set holds, and the words in which a name that is taken is refused.
fn manners(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::ModelSet => ("models", "Domain name is already in use."),
        _ => ("permissions", "Name is already in use."),
    }
}

fn check(edit: &Edit<'_>, kind: Kind, but: &str, is_new: bool) -> Result<(), Failure> {
    let name = nameless(edit, "name", is_new);
    refuse(name.or_else(|| taken(edit, kind, "name", but, manners(kind).1)))
}

fn create(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    check(edit, kind, "", true)?;
    let contents = manners(kind).0;
    let mut changes = edit.take_given().into_changes();
    if !changes.iter().any(|(name, value)| *name == contents && value != "null") {
        change(&mut changes, contents, "[]".to_owned());
    }
    let id = edit.create(kind, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        change(
            &mut changes,
            "url",
            quoted(&format!("https://localhost:19999/api/4.0/{}s/{id}", kind.name())),
        );
        bodies::filled(bodies::SET, &changes)
    });
    Ok(Wrote::Object(kind, View::Whole, id))
}

/// `POST /permission_sets`.
pub(crate) fn create_permissions(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    create(edit, Kind::PermissionSet)
}

/// `POST /model_sets`.
pub(crate) fn create_models(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    create(edit, Kind::ModelSet)
}

fn changeable(edit: &Edit<'_>, kind: Kind, id: &str) -> Result<(), Failure> {
    let row = edit.row(kind, id)?;
    if of(row, "built_in") == "true" { Err(Failure::BuiltIn) } else { Ok(()) }
}

fn update(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, kind, &id)?;
    check(edit, kind, &id, false)?;
    let mut changes = edit.take_given().into_changes();
    changes.retain(|(_, value)| value != "null");
    edit.world.set(kind, &id, &changes)?;
    embed(edit, kind, &id)?;
    Ok(Wrote::Object(kind, View::Whole, id))
}

/// Writes a set into the roles that have it, as it is now.
fn embed(edit: &mut Edit<'_>, kind: Kind, id: &str) -> Result<(), Failure> {
    let member = SETS.iter().find(|(.., of)| *of == kind).map_or("", |(_, member, _)| member);
    let with = rows(edit.world, Kind::Role).filter(|role| of(role, member) == quoted(id));
    for role in with.map(|role| role.id.to_string()).collect::<Vec<_>>() {
        embed_sets(edit.world, &role)?;
    }
    Ok(())
}

/// `PATCH /permission_sets/{id}`.
pub(crate) fn update_permissions(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    update(edit, Kind::PermissionSet)
}

/// `PATCH /model_sets/{id}`.
pub(crate) fn update_models(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    update(edit, Kind::ModelSet)
}

/// A role can lose its set: instances have such roles.
fn delete(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, kind, &id)?;
    objects::purge(edit.world, kind, &id)?;
    embed(edit, kind, &id)?;
    Ok(Wrote::Nothing)
}

/// `DELETE /permission_sets/{id}`.
pub(crate) fn delete_permissions(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    delete(edit, Kind::PermissionSet)
}

/// `DELETE /model_sets/{id}`.
pub(crate) fn delete_models(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    delete(edit, Kind::ModelSet)
}
