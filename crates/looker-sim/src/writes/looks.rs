//! Looks.

use super::content::{self, shown};
use super::{Edit, Failure, Wrote, bodies};
use crate::json;
use crate::kinds::Kind;
use crate::objects;
use crate::state::change;
use crate::table::as_text;

/// `POST /looks`: its query exists already.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    // A legacy body (`looker-api-facts.md` §7).
    let is_legacy = json::member(&edit.body, "space_id").is_some();
    if is_legacy && edit.given.some("folder_id").is_none() {
        return Err(Failure::NoResource);
    }
    // Answered so since 21.4 (`looker-api-facts.md` §19).
    if edit.given.get("public") == Some("null") {
        return Err(Failure::Broken);
    }
    let Some(query_id) = edit.given.text("query_id") else {
        return Err(Failure::Invalid(vec![super::given::required("query_id")]));
    };
    let query = edit.world.queries.get(&query_id).ok_or(Failure::NotFound)?;
    let mut changes = content::born(edit, Kind::Look)?;
    change(&mut changes, "query", query);
    let metadata = content::next_metadata(edit, Kind::Look);
    let id = edit.create(Kind::Look, |id| {
        content::numbered(Kind::Look, id, &metadata, &mut changes);
        bodies::filled(bodies::LOOK, &changes)
    });
    Ok(shown(Kind::Look, id))
}

/// `PATCH /looks/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    content::update(edit, Kind::Look, &id)
}

/// `DELETE /looks/{id}`: for ever.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::Look, &id)?;
    objects::purge(edit.world, Kind::Look, &id)?;
    Ok(Wrote::Nothing)
}

/// `PATCH /looks/{id}/move`.
pub(crate) fn move_to(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::move_to(edit, Kind::Look)
}

/// `PATCH /looks/{id}/certification`.
pub(crate) fn certify(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::certify(edit, Kind::Look)
}

/// `POST /looks/{id}/copy`.
pub(crate) fn copy(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let from = edit.id();
    let (folder, title) = content::copy_place(edit, Kind::Look, &from)?;
    let mut changes = content::copied(edit, &folder, &title)?;
    let metadata = content::next_metadata(edit, Kind::Look);
    let body = as_text(&edit.row(Kind::Look, &from)?.body).to_owned();
    let id = edit.create(Kind::Look, |id| {
        content::numbered(Kind::Look, id, &metadata, &mut changes);
        json::patch(&body, &changes)
    });
    Ok(shown(Kind::Look, id))
}
