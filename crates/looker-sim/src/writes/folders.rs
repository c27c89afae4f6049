//! Folders: created, renamed, moved, and deleted with all that is in them.

use super::{Edit, Failure, Wrote, bodies};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::objects;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::{Refused, World, change};
use crate::table::{Row, as_text};

/// Folders that nothing is created in or moved to: people's own folders come
/// from people, and `lookml` is virtual.
const CLOSED: [&str; 2] = ["2", "lookml"];

/// `POST /folders`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    edit.require("CreateFolder")?;
    let name = edit.given.text("name").unwrap_or_default();
    let parent = edit.given.text("parent_id").unwrap_or_default();
    let is_personal = check_parent(edit, &parent)?;
    check_name(edit, &parent, &name, "")?;
    let (now, user) = (edit.now(), quoted(&edit.call.user));
    let metadata =
        metadata::next_id(edit.world, Kind::Folder, edit.world.table(Kind::Folder).largest_key() + 1);
    let mut changes = edit.take_given().into_changes();
    for (name, value) in [
        ("content_metadata_id", quoted(&metadata)),
        ("created_at", now),
        ("creator_id", user),
        ("is_personal_descendant", is_personal.to_string()),
    ] {
        change(&mut changes, name, value);
    }
    let id = edit.create(Kind::Folder, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        bodies::filled(bodies::FOLDER, &changes)
    });
    count_children(edit.world, &parent)?;
    Ok(Wrote::Object(Kind::Folder, View::WithContent, id))
}

/// `PATCH /folders/{id}`: either member alone is enough.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = edit.row(Kind::Folder, &id)?;
    check_changeable(row)?;
    let before = row.text(Kind::Folder, "parent_id").to_owned();
    let name = edit.given.text("name").unwrap_or_else(|| row.text(Kind::Folder, "name").to_owned());
    let parent = edit.given.text("parent_id").unwrap_or_else(|| before.clone());
    let is_personal = check_parent(edit, &parent)?;
    if parent == id || edit.world.ancestors(&parent).contains(&id.as_str()) {
        return Err(Failure::invalid("parent_id", "a folder cannot lie in itself"));
    }
    check_name(edit, &parent, &name, &id)?;
    let changes = vec![("name", quoted(&name)), ("parent_id", quoted(&parent))];
    edit.world.set(Kind::Folder, &id, &changes)?;
    if parent != before {
        for id in below(edit.world, &id) {
            edit.world.set(Kind::Folder, &id, &vec![("is_personal_descendant", is_personal.to_string())])?;
            embed(edit.world, &id)?;
        }
        count_children(edit.world, &before)?;
        count_children(edit.world, &parent)?;
    }
    embed(edit.world, &id)?;
    Ok(Wrote::Object(Kind::Folder, View::WithContent, id))
}

/// `DELETE /folders/{id}`: with all that is in it and below it, for ever.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = edit.row(Kind::Folder, &id)?;
    check_changeable(row)?;
    let parent = row.text(Kind::Folder, "parent_id").to_owned();
    for folder in below(edit.world, &id).into_iter().rev() {
        for kind in [Kind::Dashboard, Kind::Look] {
            for id in inside(edit.world, kind, &folder) {
                objects::purge(edit.world, kind, &id)?;
            }
        }
        objects::purge(edit.world, Kind::Folder, &folder)?;
    }
    count_children(edit.world, &parent)?;
    Ok(Wrote::Nothing)
}

/// Refuses roots and personal folders: who may not change a folder is told that
/// there is none (API document).
fn check_changeable(row: &Row) -> Result<(), Failure> {
    let is_root = row.text(Kind::Folder, "parent_id").is_empty();
    let is_personal = json::member(as_text(&row.body), "is_personal") == Some("true");
    if is_root || is_personal { Err(Failure::NotFound) } else { Ok(()) }
}

/// Whether what lies in a folder is personal.
///
/// # Errors
///
/// 404 when there is no such folder, or when nothing can be put into it.
fn check_parent(edit: &Edit<'_>, id: &str) -> Result<bool, Failure> {
    let row = edit.row(Kind::Folder, id)?;
    if CLOSED.contains(&id) {
        return Err(Failure::NotFound);
    }
    let is = |name| json::member(as_text(&row.body), name) == Some("true");
    Ok(is("is_personal") || is("is_personal_descendant"))
}

/// A name is unique among the children of a folder, without regard to case.
fn check_name(edit: &Edit<'_>, parent: &str, name: &str, but: &str) -> Result<(), Failure> {
    if name.trim().is_empty() {
        return Err(Failure::Invalid(vec![super::given::required("name")]));
    }
    let table = edit.world.table(Kind::Folder);
    let slots = table.slots_in(&[parent], false);
    let mut others = slots.iter().map(|slot| table.row(*slot)).filter(|row| *row.id != *but);
    if others.any(|row| row.text(Kind::Folder, "name").to_lowercase() == name.to_lowercase()) {
        let message = "Folder with this name already exists.";
        return Err(Failure::Invalid(vec![Problem::already_exists("[:name, :parent_id]", message)]));
    }
    Ok(())
}

/// Ids of a folder and of those below it, parents first.
fn below(world: &World, id: &str) -> Vec<String> {
    let mut all = vec![id.to_owned()];
    let mut at = 0;
    while at < all.len() {
        all.extend(inside(world, Kind::Folder, &all[at]));
        at += 1;
    }
    all
}

/// Ids of what lies in a folder, the trash included.
fn inside(world: &World, kind: Kind, folder: &str) -> Vec<String> {
    let table = world.table(kind);
    let slots = [table.slots_in(&[folder], false), table.slots_in(&[folder], true)].concat();
    slots.into_iter().map(|slot| table.row(slot).id.to_string()).collect()
}

/// Counts the children of a folder anew.
fn count_children(world: &mut World, id: &str) -> Result<(), Refused> {
    let count = inside(world, Kind::Folder, id).len();
    world.set(Kind::Folder, id, &vec![("child_count", count.to_string())])?;
    embed(world, id)
}

/// Writes a folder into the content that embeds it. Its `updated_at` stays.
fn embed(world: &mut World, id: &str) -> Result<(), Refused> {
    let row = world.get(Kind::Folder, id).ok_or(Refused::NotFound)?;
    let body = as_text(&row.body).to_owned();
    for kind in [Kind::Dashboard, Kind::Look] {
        for content in inside(world, kind, id) {
            world.set(kind, &content, &vec![("folder", body.clone())])?;
        }
    }
    Ok(())
}
