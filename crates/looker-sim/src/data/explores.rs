//! Explores: large bodies, because every field says all that Looker knows of
//! it. Each has the fields that queries use, and those a view usually has.

use std::collections::BTreeSet;

use super::connections;
use super::models::{Model, about};
use super::template::{Source, array, list, opt};
use crate::config::SimConfig;
use crate::json::quoted;

const EXPLORE: &str = include_str!("bodies/explore.json");
const FIELD: &str = include_str!("bodies/explore_field.json");
const JOIN: &str = include_str!("bodies/explore_join.json");

/// Fields the first view of an explore has besides those that queries use.
const USUAL: [&str; 15] = [
    "id",
    "created_raw",
    "created_time",
    "created_date",
    "created_week",
    "created_month",
    "created_quarter",
    "created_year",
    "status",
    "notes",
    "is_größe_xl",
    "count",
    "total_amount",
    "average_price",
    "margin",
];

const TIMEFRAMES: [&str; 7] = ["raw", "time", "date", "week", "month", "quarter", "year"];
const MEASURES: [&str; 10] =
    ["count", "total", "average", "price", "margin", "amount", "outstanding", "spend", "clicks", "cost"];

/// Whether the n-th explore of a model is hidden from people.
pub(super) fn is_hidden(n: usize) -> bool {
    n == 2
}

pub(super) fn generate(config: &SimConfig, models: &[Model]) -> Vec<String> {
    let mut source = Source::new(config, 0xE8);
    let mut bodies = Vec::new();
    for model in models {
        for (n, (name, used)) in model.explores.iter().enumerate() {
            bodies.push(explore(&mut source, model, name, used, is_hidden(n)));
        }
    }
    bodies
}

/// An explore's view, and those that are joined to it, by the fields used.
fn views<'u>(name: &'u str, used: &[&'u str]) -> Vec<&'u str> {
    let mut views = vec![name];
    for (view, _) in used.iter().filter_map(|field| field.split_once('.')) {
        if !views.contains(&view) {
            views.push(view);
        }
    }
    views
}

fn explore(source: &mut Source, model: &Model, name: &str, used: &[&str], hidden: bool) -> String {
    let views = views(name, used);
    let file = format!("{}.model.lkml", model.name);
    let mut names: BTreeSet<String> = USUAL.iter().map(|field| format!("{name}.{field}")).collect();
    names.extend(used.iter().map(|field| (*field).to_owned()));
    names.extend(views.iter().map(|view| format!("{view}.id")));
    let (measures, dimensions): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| is_measure(name));
    let mut fields =
        |names: &[&String]| array(names.iter().map(|field| field_body(source, model, name, field)));
    let fieldset = format!(
        r#"{{"dimensions":{},"measures":{},"filters":[],"parameters":[],"x_counts":{{"all":{}.0}}}}"#,
        fields(&dimensions),
        fields(&measures),
        names.len()
    );
    let joins = views[1..].iter().map(|view| join(source, name, view));
    let joins = array(joins.collect::<Vec<_>>());
    let set = format!(r#"{{"name":"ALL_FIELDS","value":{},"x_order":null}}"#, list(&names));
    let access = match super::attributes::name_of_one(source.config).filter(|_| used.len() > 4) {
        Some(attribute) => format!(r#"[{{"field":"{name}.status","user_attribute":"{attribute}"}}]"#),
        None => "[]".to_owned(),
    };
    let own = [
        ("id", quoted(&format!("{}::{name}", model.name))),
        ("name", quoted(name)),
        ("description", quoted(&about(&mut source.rng))),
        ("label", quoted(&name.replace('_', " "))),
        ("scopes", list(&views)),
        ("lookml_link", quoted(&format!("/projects/{}/files/{file}?line=12", model.project))),
        ("connection", opt(connections::names(source.config).get(model.connection).map(String::as_str))),
        ("dialect", quoted(connections::dialect(model.connection))),
        ("files", list([file.clone(), format!("views/{name}.view.lkml")])),
        ("source_file", quoted(&file)),
        ("project", quoted(&model.project)),
        ("model", quoted(&model.name)),
        ("hidden", hidden.to_string()),
        ("table", quoted(&format!("analytics.\"{name}\""))),
        ("access_filters", access),
        ("sets", format!("[{set}]")),
        ("fields", fieldset),
        ("joins", joins),
    ];
    source.fill(EXPLORE, &own)
}

fn join(source: &mut Source, explore: &str, view: &str) -> String {
    let own = [
        ("name", quoted(view)),
        ("dependent", list([format!("{explore}.id"), format!("{view}.id")])),
        ("sql_on", quoted(&format!("${{{explore}.id}} = ${{{view}.id}}\n  AND NOT ${{{view}.id}} IS NULL"))),
        ("table", quoted(&format!("analytics.\"{view}\""))),
        ("label", quoted(&view.replace('_', " "))),
    ];
    source.fill(JOIN, &own)
}

fn is_measure(field: &str) -> bool {
    let (_, name) = field.split_once('.').unwrap_or_default();
    MEASURES.iter().any(|measure| name.split('_').any(|word| word == *measure))
}

/// The timeframe a field's name ends with, and the group it belongs to.
fn timeframe(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('_').filter(|(_, frame)| TIMEFRAMES.contains(frame))
}

fn field_body(source: &mut Source, model: &Model, explore: &str, field: &str) -> String {
    let (view, name) = field.split_once('.').unwrap_or_default();
    let measure = is_measure(field);
    let time = timeframe(name).filter(|_| !measure);
    let kind = kind_of(name, measure, time);
    let numeric = measure || kind == "number";
    let file = format!("views/{view}.view.lkml");
    let label = name.replace('_', " ");
    let null = || "null".to_owned();
    let interval = match time {
        Some((_, frame @ ("date" | "week" | "month" | "quarter" | "year"))) => {
            let unit = if frame == "date" { "day" } else { frame };
            format!(r#"{{"name":"{unit}","count":1,"x_offset":null}}"#)
        }
        _ => null(),
    };
    let links = r#"[{"label":"Wiki „Größe“","url":"https://wiki.example.com/{{ value | url_encode }}?a=1&b=2","icon_url":null,"x_target":null}]"#;
    let own = [
        ("align", quoted(if numeric { "right" } else { "left" })),
        ("category", quoted(if measure { "measure" } else { "dimension" })),
        ("description", if name == "id" { null() } else { quoted(&about(&mut source.rng)) }),
        ("dimension_group", opt(time.map(|(group, _)| format!("{view}.{group}")).as_deref())),
        ("drill_fields", if measure { list([format!("{view}.id")]) } else { "[]".to_owned() }),
        ("group_label", opt(time.map(|(group, _)| format!("{group} Date – Größe")).as_deref())),
        ("variant", opt(time.map(|(_, frame)| frame))),
        ("fill_style", opt(time.map(|_| "range"))),
        ("measure", measure.to_string()),
        ("hidden", (name == "id" && view != explore).to_string()),
        ("numeric", numeric.to_string()),
        ("timeframe", time.is_some().to_string()),
        ("interval", interval),
        ("label", quoted(&format!("{} {label}", view.replace('_', " ")))),
        ("label_short", quoted(&label)),
        (
            "lookml_link",
            quoted(&format!("/projects/{}/files/{file}?line={}", model.project, source.rng.u16(3..900))),
        ),
        ("links", if name == "status" { links.to_owned() } else { null() }),
        ("map_layer", if matches!(name, "state" | "country") { map_layer() } else { null() }),
        ("name", quoted(field)),
        ("primary_key", (name == "id").to_string()),
        ("project", quoted(&model.project)),
        ("view", quoted(view)),
        ("source_file", quoted(&file)),
        ("source_path", quoted(&format!("{}/{file}", model.project))),
        (
            "sql",
            opt(Some(&format!("${{TABLE}}.\"{name}\" /* größe > 0 */"))
                .filter(|_| name != "count")
                .map(String::as_str)),
        ),
        (
            "filters",
            if name == "margin" {
                format!(r#"[{{"field":"{view}.status","condition":"-EMPTY"}}]"#)
            } else {
                null()
            },
        ),
        ("explore", quoted(explore)),
        ("suggestable", (!numeric && time.is_none()).to_string()),
        ("type", quoted(kind)),
        ("attribute_types", list([if numeric { "number" } else { "string" }, "advanced_filter_string"])),
        ("value_format", opt(name.contains("amount").then_some("#,##0.00 \"€\""))),
        ("value_format_name", opt(name.contains("margin").then_some("percent_1"))),
        ("view_label", quoted(&view.replace('_', " "))),
        ("times_used", source.rng.u32(..5_000).to_string()),
    ];
    source.fill(FIELD, &own)
}

fn kind_of(name: &str, measure: bool, time: Option<(&str, &str)>) -> &'static str {
    match time {
        Some((_, "raw")) => "date_raw",
        Some((_, "time")) => "date_time",
        Some((_, "date")) => "date_date",
        Some((_, "week")) => "date_week",
        Some((_, "month")) => "date_month",
        Some((_, "quarter")) => "date_quarter",
        Some(_) => "date_year",
        None if name == "count" => "count",
        None if name.starts_with("average") => "average",
        None if measure => "sum",
        None if name == "id" => "number",
        None if name.starts_with("is_") => "yesno",
        None => "string",
    }
}

fn map_layer() -> String {
    r#"{"url":"https://maps.example.com/größe.topojson","name":"us_states","feature_key":"states","property_key":"name","property_label_key":null,"projection":null,"format":"topojson","extents_json_url":null,"max_zoom_level":12,"min_zoom_level":null,"x_tiles":null}"#.to_owned()
}
