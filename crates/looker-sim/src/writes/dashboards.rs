//! Dashboards: their scalars, the trash, and the end. Their parts have files of
//! their own.

use super::{Edit, Failure, Wrote};
use crate::edits;
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::Dashboard, View::Whole, id)
}

/// A user-defined dashboard that the caller sees: those of LookML are built in.
fn writable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    match edit.row(Kind::Dashboard, id) {
        Ok(_) => Ok(()),
        Err(_) if edit.row(Kind::LookmlDashboard, id).is_ok() => Err(Failure::BuiltIn),
        Err(failure) => Err(failure),
    }
}

/// `PATCH /dashboards/{id}`: parts are passed over.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    let changes = edit.take_given().into_changes();
    edits::update(edit.world, Kind::Dashboard, &id, changes, &edit.call.user)?;
    Ok(shown(id))
}

/// `DELETE /dashboards/{id}`: for ever, from the trash as well.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    objects::purge(edit.world, Kind::Dashboard, &id)?;
    Ok(Wrote::Nothing)
}
