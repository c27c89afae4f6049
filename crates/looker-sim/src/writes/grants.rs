//! Who may see and edit content: lists of their own, and the rows of those
//! (`looker-api-facts.md` §8).

use super::rows::refuse;
use super::{Edit, Failure, Wrote, bodies};
use crate::kinds::Kind;
use crate::metadata;
use crate::objects;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::World;

const KIND: Kind = Kind::ContentMetadataAccess;

/// Whom a row is of: the member that names it, the kind, and what errors call it.
const PRINCIPALS: [(&str, Kind, &str); 2] =
    [("group_id", Kind::Group, "Group"), ("user_id", Kind::User, "User")];

/// Metadata whose content the caller sees.
fn seen(edit: &Edit<'_>, id: &str) -> Result<Kind, Failure> {
    let (kind, row) = metadata::find(edit.world, id).ok_or(Failure::NotFound)?;
    edit.row(kind, &row.id).map(|_| kind)
}

/// `PATCH /content_metadata/{id}`: a list of its own starts as a copy of the one
/// that was inherited. Dashboards and looks have none (API document).
pub(crate) fn update_metadata(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let kind = seen(edit, &id)?;
    if let Some(inherits) = edit.given.some("inherits").map(|inherits| inherits == "true") {
        let may_own = matches!(kind, Kind::Folder | Kind::Board);
        if !inherits && !may_own && metadata::inherits(edit.world, &id) {
            return Err(Failure::invalid(
                "inherits",
                "only folders, agents and boards have access lists of their own",
            ));
        }
        if inherits && metadata::above(edit.world, &id).is_empty() {
            return Err(Failure::invalid("inherits", "there is nothing to inherit from"));
        }
        metadata::set_inherits(edit.world, &id, inherits)?;
    }
    metadata::shown(edit.world, &id).map(Wrote::Json).ok_or(Failure::NotFound)
}

/// The group or user that is given: the member, its kind, and its id.
fn principal(edit: &Edit<'_>) -> Result<(&'static str, Kind, String), Failure> {
    let given = |(member, kind, _)| edit.given.text(member).map(|id| (member, kind, id));
    let mut given = PRINCIPALS.into_iter().filter_map(given);
    match (given.next(), given.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Failure::invalid("group_id", "exactly one of group_id and user_id is needed")),
    }
}

fn check_type(edit: &Edit<'_>) -> Result<(), Failure> {
    let is_known =
        edit.given.text("permission_type").is_some_and(|kind| matches!(kind.as_str(), "view" | "edit"));
    let wrong = || Problem::invalid("permission_type", "permission_type must be view or edit".to_owned());
    refuse((!is_known).then(wrong))
}

/// The name of a group or user in errors.
fn name_of(world: &World, kind: Kind, id: &str) -> String {
    let column = if kind == Kind::Group { "name" } else { "display_name" };
    world.get(kind, id).map_or("", |row| row.text(kind, column)).to_owned()
}

/// `POST /content_metadata_access`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let list = edit.given.text("content_metadata_id").ok_or(Failure::NotFound)?;
    let content = seen(edit, &list)?;
    check_type(edit)?;
    let (member, kind, id) = principal(edit)?;
    edit.row(kind, &id)?;
    if metadata::inherits(edit.world, &list) {
        return Err(Failure::invalid("content_metadata_id", "content inherits its access"));
    }
    if metadata::row_of(edit.world, &list, member, &id).is_some() {
        let message = format!("{} already has access on content", name_of(edit.world, kind, &id));
        return Err(Failure::Invalid(vec![Problem::already_exists(member, &message)]));
    }
    let row = bodies::filled(bodies::ACCESS, &edit.take_given().into_changes());
    let row = objects::create(edit.world, KIND, &row)?;
    edit.world.freshen(KIND, &row);
    if content == Kind::Board && edit.call.params.is_set("send_boards_notification_email") {
        let to = edit.world.get(kind, &id).map(|row| row.text(kind, "email").to_owned());
        edit.send("board_notification", KIND, &row, to.filter(|_| kind == Kind::User).into_iter().collect());
    }
    Ok(Wrote::Object(KIND, View::Whole, row))
}

/// `PUT /content_metadata_access/{id}`: `permission_type`, and nothing else.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let list = edit.row(KIND, &id)?.text(KIND, "content_metadata_id").to_owned();
    seen(edit, &list)?;
    check_type(edit)?;
    let changes = edit.take_given().only(&["permission_type"]).into_changes();
    edit.world.set(KIND, &id, &changes)?;
    Ok(Wrote::Object(KIND, View::Whole, id))
}

/// `DELETE /content_metadata_access/{id}`: refused to who may edit the parent;
/// rows of the same group or user on what lies below go as well.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = edit.row(KIND, &id)?;
    let list = row.text(KIND, "content_metadata_id").to_owned();
    let of = PRINCIPALS.into_iter().find(|(member, ..)| !row.text(KIND, member).is_empty());
    let (member, kind, word) = of.ok_or(Failure::NotFound)?;
    let principal = row.text(KIND, member).to_owned();
    seen(edit, &list)?;
    let above = metadata::above(edit.world, &list);
    let parent = above.iter().find(|above| !metadata::inherits(edit.world, above));
    let granted = parent.and_then(|parent| metadata::row_of(edit.world, parent, member, &principal));
    if granted.is_some_and(|row| row.text(KIND, "permission_type") == "edit") {
        let name = name_of(edit.world, kind, &principal);
        let message = format!("Cannot remove access for {name} {word} with edit on parent");
        return Err(Failure::invalid(member, &message));
    }
    objects::purge(edit.world, KIND, &id)?;
    let below = edit.world.own_lists.iter().filter(|own| metadata::above(edit.world, own).contains(&list));
    let rows = below.filter_map(|own| metadata::row_of(edit.world, own, member, &principal));
    for row in rows.map(|row| row.id.to_string()).collect::<Vec<_>>() {
        objects::purge(edit.world, KIND, &row)?;
    }
    Ok(Wrote::Nothing)
}
