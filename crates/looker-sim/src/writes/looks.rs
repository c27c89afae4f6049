//! Looks.

use super::{Edit, Failure, Wrote};
use crate::edits;
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;

/// `PATCH /looks/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::Look, &id)?;
    let changes = edit.take_given().into_changes();
    edits::update(edit.world, Kind::Look, &id, changes, &edit.call.user)?;
    Ok(Wrote::Object(Kind::Look, View::Whole, id))
}

/// `DELETE /looks/{id}`: for ever.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::Look, &id)?;
    objects::purge(edit.world, Kind::Look, &id)?;
    Ok(Wrote::Nothing)
}
