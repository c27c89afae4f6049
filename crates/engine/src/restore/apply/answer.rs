//! Ids in answers.

use std::borrow::Cow;
use std::collections::HashMap;

use looker::rows;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::step::{At, Given, Ids};

/// An object as a server answers it.
pub(super) type Row = serde_json::Map<String, Value>;

/// Members of what was written in which ids are looked for.
const TOLD: [&str; 4] = ["id", "content_metadata_id", "dashboard_layouts", "personal_folder_id"];

/// What the object that an answer holds says of ids. A dashboard is answered whole
/// whatever was written of it, so the rest of it is only checked to be JSON.
///
/// # Errors
/// What is wrong with it, without quoting it.
pub(super) fn object(body: &[u8]) -> Result<Row, String> {
    let bad = |error| format!("the answer is no object as expected: {}", rows::fault(&error));
    let members: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(body).map_err(bad)?;
    let told = TOLD.iter().filter_map(|name| Some((*name, members.get(*name)?)));
    told.map(|(name, value)| Ok((name.to_owned(), serde_json::from_str(value.get()).map_err(bad)?))).collect()
}

/// All that an answered object says.
///
/// # Errors
/// What is wrong with it, without quoting it.
pub(super) fn whole(body: &[u8]) -> Result<Row, String> {
    let bad = |error| format!("the answer is no object as expected: {}", rows::fault(&error));
    serde_json::from_slice(body).map_err(bad)
}

/// Whether an answer from which nothing is to be learnt is JSON. A dashboard is answered
/// whole for each field that was written of it, so of an object only its ends are looked
/// at: one that was cut off has no end, and whether what was sent came about is found out
/// by reading it back.
pub(super) fn is_whole(body: &[u8]) -> bool {
    match body.trim_ascii() {
        [b'{', .., b'}'] => true,
        other => serde_json::from_slice::<serde::de::IgnoredAny>(other).is_ok(),
    }
}

/// The objects that a list holds.
///
/// # Errors
/// What is wrong with it, without quoting it.
pub(super) fn list(body: &[u8]) -> Result<Vec<Row>, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("the answer is no list as expected: {}", rows::fault(&error)))
}

/// An object of which only the id is known, and maybe its place in the tree of access.
pub(super) fn of_ids(id: &str, place: Option<&str>) -> Row {
    let place = place.map(|place| ("content_metadata_id".to_owned(), Value::from(place)));
    std::iter::once(("id".to_owned(), Value::from(id))).chain(place).collect()
}

/// The id in a field. Older releases write some as numbers.
pub(super) fn id(row: &Row, field: &str) -> Option<String> {
    match row.get(field)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The id that a step gives, as far as `answer` tells it: the one object that it
/// made, or the rows that it looked at.
pub(super) fn given(given: &Given, answer: &[Row], ids: &Ids) -> Option<String> {
    match &given.at {
        At::Id => id(answer.first()?, "id"),
        At::ActiveLayout => active(&layouts(answer)),
        At::PersonalFolder => id(answer.first()?, "personal_folder_id"),
        At::Placement { layout, tile } => {
            placement(&layouts(answer), layout.resolve(ids).ok()?, tile.resolve(ids).ok()?)
        }
        At::ContentMetadata => id(answer.first()?, "content_metadata_id"),
        At::Row { field, of } => {
            let of = of.resolve(ids).ok()?;
            id(answer.iter().find(|row| id(row, field).as_deref() == Some(of))?, "id")
        }
    }
}

/// The layouts of a dashboard, or those that were looked at.
fn layouts(answer: &[Row]) -> Vec<&Row> {
    let of_dashboard = answer.iter().find_map(|row| row.get("dashboard_layouts"));
    let layouts: Vec<&Row> = match of_dashboard {
        Some(layouts) => layouts.as_array().into_iter().flatten().filter_map(Value::as_object).collect(),
        None => answer.iter().filter(|row| row.contains_key("dashboard_layout_components")).collect(),
    };
    layouts.into_iter().filter(|layout| !is_true(layout, "deleted")).collect()
}

fn active(layouts: &[&Row]) -> Option<String> {
    let active = layouts.iter().find(|layout| is_true(layout, "active"));
    let only = || layouts.first().filter(|_| layouts.len() == 1);
    id(active.or_else(only)?, "id")
}

/// The placement of a tile in this layout where it is there, else in whichever has it.
fn placement(layouts: &[&Row], layout: &str, tile: &str) -> Option<String> {
    let in_layout = |row: &&Row| {
        let components = row.get("dashboard_layout_components").and_then(Value::as_array);
        let of_tile = |component: &&Row| {
            id(component, "dashboard_element_id").as_deref() == Some(tile) && !is_true(component, "deleted")
        };
        components
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .find(of_tile)
            .and_then(|row| id(row, "id"))
    };
    let its_own = layouts.iter().find(|row| id(row, "id").as_deref() == Some(layout));
    its_own.and_then(in_layout).or_else(|| layouts.iter().find_map(in_layout))
}

fn is_true(row: &Row, field: &str) -> bool {
    row.get(field) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_not_whole() {
        for text in [" {\"id\":\"1\"}\n", "{}", "[]", "[{}]", "\"x\"", "null", "7"] {
            assert!(is_whole(text.as_bytes()), "{text}");
        }
        for text in ["", "{", "{\"id\":\"1\"", "{\"a\":[1", "[1", "\"x", "<html>", "}"] {
            assert!(!is_whole(text.as_bytes()), "{text}");
        }
    }
}
