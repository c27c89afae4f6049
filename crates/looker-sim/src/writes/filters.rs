//! Filters of dashboards: unique by title and by name, in the order in which
//! they were last written (`looker-api-facts.md` §15). Tiles listen to
//! a filter by its name, and nothing that happens to the filter changes a tile.

use super::opened::Opened;
use super::{Edit, Failure, Wrote, bodies};
use crate::data;
use crate::json::{self, quoted};
use crate::parts::{self, Part, id_of};
use crate::reply::Problem;
use crate::state::change;

/// `POST /dashboard_filters`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    edit.require("CreateDashboardFilter")?;
    let dashboard = edit.given.text("dashboard_id").ok_or(Failure::NotFound)?;
    let opened = Opened::of(edit, &dashboard)?;
    check_unique(edit, &opened, "")?;
    let id = edit.world.parts().next(Part::Filter).to_string();
    let mut changes = edit.take_given().into_changes();
    change(&mut changes, "id", quoted(&id));
    put(edit, opened, &bodies::filled(bodies::FILTER, &changes))
}

/// `PATCH /dashboard_filters/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (opened, filter) = Opened::with(edit, Part::Filter)?;
    check_unique(edit, &opened, &id_of(&filter))?;
    let changes = edit.take_given().into_changes();
    put(edit, opened, &json::patch(&filter, &changes))
}

/// `DELETE /dashboard_filters/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, filter) = Opened::with(edit, Part::Filter)?;
    let id = id_of(&filter);
    let mut list = opened.list(Part::Filter);
    list.retain(|have| !parts::has_id(have, &id));
    opened.set(Part::Filter, list);
    opened.close(edit)?;
    Ok(Wrote::Nothing)
}

/// Puts a filter behind all others, with what its field is known for.
fn put(edit: &mut Edit<'_>, mut opened: Opened, filter: &str) -> Result<Wrote, Failure> {
    let dimension = json::member(filter, "dimension").and_then(json::text).filter(|name| !name.is_empty());
    let field = dimension.map_or_else(|| "null".to_owned(), |name| data::field_of_filter(&name));
    let filter = json::patch(filter, &[("field", field)]);
    let id = id_of(&filter);
    let mut list = opened.list(Part::Filter);
    list.retain(|have| !parts::has_id(have, &id));
    list.push(filter.clone());
    opened.set(Part::Filter, list);
    opened.close(edit)?;
    Ok(Wrote::Json(filter))
}

fn check_unique(edit: &Edit<'_>, opened: &Opened, own: &str) -> Result<(), Failure> {
    let filters = opened.list(Part::Filter);
    let taken = |name: &str| {
        let given = edit.given.some(name);
        let mut others = filters.iter().filter(|filter| !parts::has_id(filter, own));
        given.is_some() && others.any(|filter| json::member(filter, name) == given)
    };
    let problems: Vec<Problem> = [("title", "[:title, :dashboard_id]"), ("name", "[:name, :dashboard_id]")]
        .into_iter()
        .filter(|(name, _)| taken(name))
        .map(|(name, field)| {
            Problem::already_exists(field, &format!("Filter with this {name} already exists."))
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::Invalid(problems)) }
}
