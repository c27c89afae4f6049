//! An object for people.

use serde_json::value::RawValue;
use vault::{Side, Stored};

use super::node::Node;
use super::plain;
use crate::context::{Context, Opened};
use crate::kinds::KindName;
use crate::output::{Align, Table, human};
use crate::report::Failure;

/// Main fields by kind: what people call it, where it is in the API's answer.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    ("dashboards", &[("Description", "description"), ("Model", "model.id"), ("Slug", "slug")]),
    (
        "looks",
        &[
            ("Description", "description"),
            ("Model", "query.model"),
            ("Explore", "query.view"),
            ("Visualisation", "query.vis_config.type"),
            ("Public", "public"),
        ],
    ),
    ("folders", &[("Personal", "is_personal"), ("Subfolders", "child_count")]),
    (
        "users",
        &[
            ("E-mail", "email"),
            ("Disabled", "is_disabled"),
            ("Locale", "locale"),
            ("Groups", "group_ids"),
            ("Roles", "role_ids"),
        ],
    ),
    (
        "scheduled_plans",
        &[
            ("Enabled", "enabled"),
            ("Dashboard", "dashboard_id"),
            ("LookML", "lookml_dashboard_id"),
            ("Look", "look_id"),
            ("Query", "query_id"),
            ("Crontab", "crontab"),
            ("Datagroup", "datagroup"),
            ("Time zone", "timezone"),
            ("Filters", "filters_string"),
        ],
    ),
    (
        "alerts",
        &[
            ("Disabled", "is_disabled"),
            ("Dashboard", "investigative_content_title"),
            ("Tile", "dashboard_element_id"),
            ("Field", "field.title"),
            ("Condition", "comparison_type"),
            ("Threshold", "threshold"),
            ("Crontab", "cron"),
        ],
    ),
    (
        "connections",
        &[
            ("Dialect", "dialect_name"),
            ("Host", "host"),
            ("Port", "port"),
            ("Database", "database"),
            ("Schema", "schema"),
            ("User name", "username"),
            ("Tunnel", "tunnel_id"),
            ("Time zone", "query_timezone"),
        ],
    ),
    (
        "queries",
        &[
            ("Model", "model"),
            ("Explore", "view"),
            ("Fields", "fields"),
            ("Pivots", "pivots"),
            ("Sorts", "sorts"),
            ("Limit", "limit"),
            ("Visualisation", "vis_config.type"),
        ],
    ),
    ("groups", &[("Users", "user_count"), ("External id", "external_group_id")]),
    (
        "roles",
        &[
            ("Permission set", "permission_set.name"),
            ("Model set", "model_set.name"),
            ("Models", "model_set.models"),
        ],
    ),
];

/// Folders nested deeper than this are taken for a circle.
const DEEPEST: usize = 64;

/// Prints the object's main fields, and a dashboard's parts.
pub(super) fn print(
    context: &Context,
    opened: &Opened,
    kind: KindName,
    stored: &Stored,
    object: &RawValue,
) -> Result<(), Failure> {
    let node = Node(object);
    let title = stored.row.title.as_deref().filter(|title| !title.trim().is_empty());
    let heading = title.map_or_else(|| unnamed(kind, stored), human::one_line);
    context.printer.line(context.printer.paint().bold(heading))?;
    let facts = facts(context, opened, kind, stored, node)?;
    let longest = facts.iter().map(|(label, _)| label.chars().count() + 1).max().unwrap_or_default();
    for (label, value) in facts {
        let label = human::one_line(&format!("{label}:"));
        context.printer.line(format!(
            "  {label:<width$} {}",
            human::one_line(&value),
            width = longest.max(15)
        ))?;
    }
    if kind.plural() == "dashboards" {
        for (heading, table) in
            [("Filters", filters(node)), ("Tiles", tiles(node)), ("Layouts", layouts(node))]
        {
            context.printer.section(&format!("{heading} ({})", table.len()), &table)?;
        }
    }
    if kind.plural() == "scheduled_plans" {
        let table = destinations(node);
        context.printer.section(&format!("Destinations ({})", table.len()), &table)?;
    }
    if is_list(object) {
        let table = plain::rows(kind.entry(), node);
        context.printer.section(&format!("Rows ({})", table.len()), &table)?;
    }
    Ok(())
}

/// Whether a list is kept as one document.
fn is_list(object: &RawValue) -> bool {
    object.get().starts_with('[')
}

/// Of what has no name: of dashboards and looks an untitled one, else kind and id.
fn unnamed(kind: KindName, stored: &Stored) -> String {
    if kind.title_word() == "title" {
        return "(untitled)".to_owned();
    }
    human::one_line(&format!("{} {}", kind.singular().replace('_', " "), stored.row.key))
}

fn facts(
    context: &Context,
    opened: &Opened,
    kind: KindName,
    stored: &Stored,
    node: Node,
) -> Result<Vec<(String, String)>, Failure> {
    let row = &stored.row;
    let time = |at| human::time(at, context.printer.zone());
    let fact = |label: &str, value: String| (label.to_owned(), value);
    let mut facts = vec![fact("Kind", kind.singular().to_owned()), fact("Id", row.key.clone())];
    let mut add = |label: &str, value: Option<String>| facts.extend(value.map(|value| fact(label, value)));
    add("State", (row.side == Side::Trash).then(|| "in the trash".to_owned()));
    let folder_label = if kind.plural() == KindName::FOLDERS { "Parent" } else { "Folder" };
    add(folder_label, folder(opened, stored)?);
    add("Owner", owner(opened, node)?);
    add("Updated", row.updated_at.map(time));
    add("Created", row.created_at.map(time));
    let chosen = fields_of(kind).map(|fields| {
        let found = fields.iter().filter_map(|(label, path)| Some(((*label).to_owned(), short(node, path)?)));
        found.collect::<Vec<_>>()
    });
    for (label, value) in chosen.unwrap_or_else(|| plain::facts(kind.entry(), node)) {
        add(&label, Some(value));
    }
    add("Rows", is_list(node.0).then(|| node.elements().len().to_string()));
    let redacted = vault::redactions(&stored.document);
    add("Redacted", (!redacted.is_empty()).then(|| redacted.join(", ")));
    add("Read", Some(format!("{} by run {}", time(stored.read_at), row.from_run)));
    Ok(facts)
}

/// The main fields of a kind, where they were chosen.
fn fields_of(kind: KindName) -> Option<&'static [(&'static str, &'static str)]> {
    FIELDS.iter().find(|(name, _)| *name == kind.plural()).map(|(_, fields)| *fields)
}

/// A scalar as it is, an array as its scalars with commas.
fn short(node: Node, path: &str) -> Option<String> {
    node.text(path).or_else(|| {
        let items: Vec<String> = node.items(path).into_iter().filter_map(Node::as_text).collect();
        (!items.is_empty()).then(|| items.join(", "))
    })
}

/// The path of the folder it lies in, when that folder is stored too.
fn folder(opened: &Opened, stored: &Stored) -> Result<Option<String>, Failure> {
    let Some(id) = stored.row.folder.clone() else { return Ok(None) };
    let mut names = Vec::new();
    let mut next = Some(id.clone());
    while let Some(key) = next.filter(|_| names.len() < DEEPEST) {
        let folder = opened.reader.show(opened.instance.id, KindName::FOLDERS, &key)?;
        let Some(row) = folder.map(|folder| folder.row) else { break };
        names.push(row.title.unwrap_or(key));
        next = row.folder;
    }
    names.reverse();
    Ok(Some(if names.is_empty() { id } else { format!("{} (folder {id})", names.join("/")) }))
}

/// The owner's name, when that user is stored too.
fn owner(opened: &Opened, node: Node) -> Result<Option<String>, Failure> {
    let Some(id) = node.text("user_id").or_else(|| node.text("creator_id")) else { return Ok(None) };
    let user = opened.reader.show(opened.instance.id, "users", &id)?;
    let name = user.and_then(|user| user.row.title);
    Ok(Some(name.map_or_else(|| format!("user {id}"), |name| format!("{name} (user {id})"))))
}

fn cells<const N: usize>(values: [Option<String>; N]) -> [String; N] {
    values.map(Option::unwrap_or_default)
}

fn filters(dashboard: Node) -> Table {
    let mut table = Table::new(&["name", "type", "field", "default"].map(|name| (name, Align::Left)));
    for filter in dashboard.items("dashboard_filters") {
        let name = filter.text("title").or_else(|| filter.text("name"));
        table.row(cells([name, filter.text("type"), filter.text("dimension"), filter.text("default_value")]));
    }
    table
}

fn tiles(dashboard: Node) -> Table {
    let mut table = Table::new(&[
        ("id", Align::Right),
        ("title", Align::Left),
        ("type", Align::Left),
        ("source", Align::Left),
    ]);
    for tile in dashboard.items("dashboard_elements") {
        let title = ["title", "title_text", "look.title"].iter().find_map(|path| tile.text(path));
        table.row(cells([tile.text("id"), title, tile_type(tile), source(tile)]));
    }
    table
}

/// The visualisation where there is one, else Looker's word for the tile.
fn tile_type(tile: Node) -> Option<String> {
    [
        "result_maker.vis_config.type",
        "query.vis_config.type",
        "look.query.vis_config.type",
        "vis_config.type",
        "type",
    ]
    .iter()
    .find_map(|path| tile.text(path))
}

/// Where a tile's data comes from: model and explore, a look, a merge.
fn source(tile: Node) -> Option<String> {
    let explore = ["result_maker.query", "query", "look.query"].iter().find_map(|path| {
        let query = tile.at(path)?;
        Some(format!("{}/{}", query.text("model")?, query.text("view")?))
    });
    let look = tile.text("look_id").map(|id| format!("look {id}"));
    let merge = tile
        .text("merge_result_id")
        .or_else(|| tile.text("result_maker.merge_result_id"))
        .map(|id| format!("merge {id}"));
    let parts: Vec<String> = [look, merge, explore].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn destinations(plan: Node) -> Table {
    let mut table = Table::new(&["type", "format", "address"].map(|name| (name, Align::Left)));
    for to in plan.items("scheduled_plan_destination") {
        let is_hidden = to.at("address").is_some_and(|address| address.as_text().is_none());
        let hidden = is_hidden.then(|| "(redacted)".to_owned());
        table.row(cells([to.text("type"), to.text("format"), to.text("address").or(hidden)]));
    }
    table
}

fn layouts(dashboard: Node) -> Table {
    let mut table = Table::new(&[
        ("id", Align::Right),
        ("type", Align::Left),
        ("label", Align::Left),
        ("active", Align::Left),
        ("components", Align::Right),
    ]);
    for layout in dashboard.items("dashboard_layouts") {
        let components = layout.items("dashboard_layout_components").len().to_string();
        table.row(cells([
            layout.text("id"),
            layout.text("type"),
            layout.text("label"),
            layout.text("active"),
            Some(components),
        ]));
    }
    table
}
