//! Colour collections and their palettes (`looker-api-facts.md` §12). Labels need
//! not be unique, and every palette gets an id of its own instance.

use super::rows::{nameless, refuse};
use super::{Edit, Failure, Wrote, bodies};
use crate::data::{guid, is_standard};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;
use crate::state::{Changes, change};

const LISTS: [&str; 3] = ["categoricalPalettes", "sequentialPalettes", "divergingPalettes"];

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::ColorCollection, View::Whole, id)
}

/// What was given, palettes with new ids.
fn writable(edit: &mut Edit<'_>) -> Changes<'static> {
    let mut changes = edit.take_given().into_changes();
    changes.retain(|(_, value)| value != "null");
    for (_, list) in changes.iter_mut().filter(|(name, _)| LISTS.contains(name)) {
        let palettes: Vec<_> = json::elements(list).map(palette).collect();
        *list = format!("[{}]", palettes.join(","));
    }
    changes
}

fn palette(given: &str) -> String {
    let members: Vec<_> = json::members(given)
        .filter(|(name, _)| ["label", "type", "colors", "stops"].contains(name))
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    json::patch(&format!(r#"{{"id":{}}}"#, new_id()), &members)
}

fn new_id() -> String {
    quoted(&guid(&mut fastrand::Rng::new()))
}

/// `POST /color_collections`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(nameless(edit, "label", true))?;
    let mut changes = writable(edit);
    change(&mut changes, "id", new_id());
    let id = edit.world.insert(Kind::ColorCollection, bodies::filled(bodies::COLOR_COLLECTION, &changes))?;
    edit.world.freshen(Kind::ColorCollection, &id);
    Ok(shown(id))
}

fn changeable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    edit.row(Kind::ColorCollection, id)?;
    if is_standard(id) { Err(Failure::Denied) } else { Ok(()) }
}

/// `PATCH /color_collections/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    refuse(nameless(edit, "label", false))?;
    let changes = writable(edit);
    edit.world.set(Kind::ColorCollection, &id, &changes)?;
    Ok(shown(id))
}

/// `DELETE /color_collections/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    objects::purge(edit.world, Kind::ColorCollection, &id)?;
    Ok(Wrote::Nothing)
}
