//! Parts of documents: what people see of them stands for their ids.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::fields::called;

/// Fields that hold ids of parts, and the lists that hold these.
const PARTS: [(&str, &str); 5] = [
    ("dashboard_element_id", "dashboard_elements"),
    ("filter_id", "dashboard_filters"),
    ("item_order", "board_items"),
    ("section_order", "board_sections"),
    ("tab_ids", "dashboard_layouts"),
];

/// A dashboard without the places of tiles that had none: Looker gives every new tile one.
pub(super) fn placed(mut dashboard: Value, before: &Value) -> Value {
    const COMPONENTS: &str = "dashboard_layout_components";
    let layouts = |document: &Value| document["dashboard_layouts"].as_array().cloned().unwrap_or_default();
    let tiles = |layout: &Value| layout[COMPONENTS].as_array().cloned().unwrap_or_default();
    let had: BTreeSet<String> = layouts(before).iter().flat_map(tiles).map(|one| called(&one)).collect();
    for layout in dashboard["dashboard_layouts"].as_array_mut().into_iter().flatten() {
        if let Some(components) = layout[COMPONENTS].as_array_mut() {
            components.retain(|one| had.contains(&called(one)));
        }
    }
    dashboard
}

/// Ids of the parts of a document.
pub(crate) fn part_ids(document: &Value) -> BTreeSet<(&'static str, String)> {
    const LISTS: [&str; 4] =
        ["dashboard_elements", "dashboard_filters", "dashboard_layouts", "board_sections"];
    let mut ids = BTreeSet::new();
    for list in LISTS {
        for part in document[list].as_array().into_iter().flatten() {
            ids.extend(part["id"].as_str().map(|id| (list, id.to_owned())));
            let items = part["board_items"].as_array().into_iter().flatten();
            ids.extend(items.filter_map(|item| Some(("board_items", item["id"].as_str()?.to_owned()))));
        }
    }
    ids
}

pub(super) fn note_parts(document: &Value, names: &mut HashMap<(&'static str, String), String>) {
    const SEEN: [&str; 11] = [
        "type",
        "title",
        "title_text",
        "body_text",
        "rich_content_json",
        "name",
        "label",
        "order",
        "custom_title",
        "dashboard_id",
        "look_id",
    ];
    let Value::Object(members) = document else { return };
    for (_, list) in PARTS {
        for part in members.get(list).and_then(Value::as_array).into_iter().flatten() {
            if let Some(id) = part["id"].as_str() {
                let own = match list {
                    "dashboard_elements" => &SEEN[..5],
                    "dashboard_filters" => &["name"],
                    _ => &SEEN[..],
                };
                let seen: Vec<String> = own.iter().map(|field| part[*field].to_string()).collect();
                names.insert((list, id.to_owned()), seen.join(" "));
            }
            note_parts(part, names);
        }
    }
}

/// Whether a member of a tile is its look's, which is compared by itself.
fn is_of_a_look(field: &str, tile: &Map<String, Value>) -> bool {
    matches!(field, "look" | "query" | "result_maker") && tile.get("look_id").is_some_and(|id| !id.is_null())
}

/// The query of a tile, which some have in their result maker only.
fn query_of(tile: &Map<String, Value>) -> Option<&Value> {
    tile.get("query").filter(|query| !query.is_null()).or_else(|| tile.get("result_maker")?.get("query"))
}

/// The document with what people see of parts in the place of their ids.
pub(super) fn named(document: &Value, names: &HashMap<(&'static str, String), String>) -> Value {
    let name = |list: &'static str, id: &Value| {
        let known = id.as_str().and_then(|id| names.get(&(list, id.to_owned())));
        known.map_or_else(|| id.clone(), |name| json!(name))
    };
    match document {
        Value::Object(members) => members
            .iter()
            .filter(|(field, _)| !is_of_a_look(field, members))
            .map(|(field, value)| {
                let part = PARTS.iter().find(|(of, _)| of == field).map(|(_, list)| *list);
                let value = if field == "query" { query_of(members).unwrap_or(value) } else { value };
                let value = match (part, value) {
                    // Answered for what runs by a datagroup, and not taken.
                    _ if field == "crontab" && value == "" => Value::Null,
                    (Some(list), Value::Array(ids)) => ids.iter().map(|id| name(list, id)).collect(),
                    (Some(list), id) => name(list, id),
                    (None, value) => named(value, names),
                };
                // Under another name: it is compared also where ids are not.
                let field = match field.as_str() {
                    _ if part.is_some() => format!("{field} (seen)"),
                    "model" if value.is_object() => "model (of a look)".to_owned(),
                    _ => field.clone(),
                };
                (field, value)
            })
            .collect(),
        Value::Array(list) => list.iter().map(|one| named(one, names)).collect(),
        other => other.clone(),
    }
}
