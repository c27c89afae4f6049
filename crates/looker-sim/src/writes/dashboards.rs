//! Dashboards as wholes. Their parts have files of their own.

use super::content::{self, shown};
use super::{Edit, Failure, Wrote, bodies, copies};
use crate::edits;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::parts::Part;
use crate::state::change;
use crate::table::as_text;

/// A user-defined dashboard that the caller sees: those of LookML are built in.
///
/// # Errors
///
/// 404, or 405 for a LookML dashboard.
pub(crate) fn writable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    match edit.row(Kind::Dashboard, id) {
        Ok(_) => Ok(()),
        Err(_) if edit.row(Kind::LookmlDashboard, id).is_ok() => Err(Failure::BuiltIn),
        Err(failure) => Err(failure),
    }
}

/// `POST /dashboards`: without parts but for one active layout.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    // Seen once, without a word of what is wrong (`looker-api-facts.md` §13).
    if edit.given.get("slug") == Some("\"\"") {
        return Err(Failure::Unexplained);
    }
    let slug = edit.given.text("slug");
    let mut changes = content::born(edit, Kind::Dashboard)?;
    if slug.as_deref().is_some_and(|slug| edits::slug_taken(edit.world, slug, "")) {
        return Err(Failure::Exists);
    }
    let metadata = content::next_metadata(edit, Kind::Dashboard);
    let layout = edit.world.parts().next(Part::Layout);
    let id = edit.create(Kind::Dashboard, |id| {
        content::numbered(Kind::Dashboard, id, &metadata, &mut changes);
        if slug.is_none() {
            change(&mut changes, "slug", quoted(&new_slug(id)));
        }
        let title = changes.iter().find(|(name, _)| *name == "title").map(|(_, title)| title.clone());
        let layout = bodies::filled(
            bodies::LAYOUT,
            &[
                ("id", quoted(&layout.to_string())),
                ("dashboard_id", quoted(&id.to_string())),
                ("active", "true".to_owned()),
                ("dashboard_title", title.unwrap_or_default()),
                ("order", "0".to_owned()),
            ],
        );
        change(&mut changes, "dashboard_layouts", format!("[{layout}]"));
        bodies::filled(bodies::DASHBOARD, &changes)
    });
    Ok(shown(Kind::Dashboard, id))
}

/// A slug that nobody has, as long as those of Looker.
pub(crate) fn new_slug(id: u64) -> String {
    let tail: String = (0..12).map(|_| fastrand::alphanumeric()).collect();
    format!("{id:010}{tail}")
}

/// `PATCH /dashboards/{id}`: parts are passed over.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    content::update(edit, Kind::Dashboard, &id)
}

/// `DELETE /dashboards/{id}`: for ever, from the trash as well.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    objects::purge(edit.world, Kind::Dashboard, &id)?;
    Ok(Wrote::Nothing)
}

/// `PATCH /dashboards/{id}/move`.
pub(crate) fn move_to(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    writable(edit, edit.call.id())?;
    content::move_to(edit, Kind::Dashboard)
}

/// `PATCH /dashboards/{id}/certification`.
pub(crate) fn certify(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::certify(edit, Kind::Dashboard)
}

/// `PATCH /dashboards/lookml/{id}/certification`.
pub(crate) fn certify_lookml(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::certify(edit, Kind::LookmlDashboard)
}

/// `POST /dashboards/{id}/copy`: with all parts, under ids of their own.
pub(crate) fn copy(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let from = edit.id();
    writable(edit, &from)?;
    let (folder, title) = content::copy_place(edit, Kind::Dashboard, &from)?;
    let mut changes = content::copied(edit, &folder, &title)?;
    let metadata = content::next_metadata(edit, Kind::Dashboard);
    let body = as_text(&edit.row(Kind::Dashboard, &from)?.body).to_owned();
    let next = edit.world.table(Kind::Dashboard).largest_key() + 1;
    for (part, list) in copies::of_parts(edit.world.parts(), &body, next, &title) {
        change(&mut changes, part.list(), format!("[{}]", list.join(",")));
    }
    let id = edit.create(Kind::Dashboard, |id| {
        content::numbered(Kind::Dashboard, id, &metadata, &mut changes);
        change(&mut changes, "slug", quoted(&new_slug(id)));
        json::patch(&body, &changes)
    });
    Ok(shown(Kind::Dashboard, id))
}
