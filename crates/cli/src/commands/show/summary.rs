//! An object for people.

use serde_json::value::RawValue;
use vault::{AsOf, RunId, Side, Stored};

use super::dashboard;
use super::names::Names;
use super::node::Node;
use super::plain;
use crate::commands::list::about::about;
use crate::context::{Context, Opened};
use crate::kinds::KindName;
use crate::output::{Align, Table, human};
use crate::report::Failure;

/// Main fields by kind: what people call it, where it is in the API's answer.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    (
        "dashboards",
        &[
            ("Updated by", "last_updater_name"),
            ("Description", "description"),
            ("Model", "model.id"),
            ("Slug", "slug"),
        ],
    ),
    (
        "looks",
        &[("Description", "description"), ("Query", "query_id"), ("Model", "model.id"), ("Public", "public")],
    ),
    (
        "themes",
        &[
            ("From", "begin_at"),
            ("Until", "end_at"),
            ("Colours", "settings.color_collection_id"),
            ("Font", "settings.font_family"),
            ("Background", "settings.background_color"),
            ("Tiles", "settings.tile_background_color"),
            ("Buttons", "settings.primary_button_color"),
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
    (
        "groups",
        &[
            ("Parents", "parent_group_ids"),
            ("Roles", "role_ids"),
            ("Users", "user_count"),
            ("External id", "external_group_id"),
        ],
    ),
    (
        "roles",
        &[
            ("Permission set", "permission_set.name"),
            ("Model set", "model_set.name"),
            ("Models", "model_set.models"),
        ],
    ),
];

/// Prints the object's main fields, and a dashboard's parts.
pub(super) fn print(
    context: &Context,
    opened: &Opened,
    kind: KindName,
    at: Option<RunId>,
    stored: &Stored,
    object: &RawValue,
) -> Result<(), Failure> {
    let node = Node(object);
    let title = stored.row.title.as_deref().filter(|title| !title.trim().is_empty());
    let heading = title.map_or_else(|| unnamed(kind, stored), human::one_line);
    context.printer.line(context.printer.paint().bold(heading))?;
    let facts = facts(context, opened, kind, at, stored, node)?;
    let longest = facts.iter().map(|(label, _)| label.chars().count() + 1).max().unwrap_or_default();
    for (label, value) in facts {
        let label = human::one_line(&format!("{label}:"));
        context.printer.line(format!(
            "  {label:<width$} {}",
            human::one_line(&value),
            width = longest.max(15)
        ))?;
    }
    if is_dashboard(kind) {
        dashboard::print(&context.printer, node)?;
    }
    if kind.plural() == "scheduled_plans" {
        let table = destinations(node);
        context.printer.section(&format!("Destinations ({})", table.len()), &table)?;
    }
    let names = Names::new(&opened.reader, of(opened, at));
    let sections = match kind.plural() {
        "boards" => node.items("board_sections"),
        "homepage_sections" => vec![node],
        _ => Vec::new(),
    };
    if !sections.is_empty() {
        let table = items(&names, &sections)?;
        context.printer.section(&format!("Items ({})", table.len()), &table)?;
    }
    if is_list(object) {
        let table = plain::rows(kind.entry(), node, &names)?;
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
    at: Option<RunId>,
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
    add(folder_label, folder(stored));
    add("Owner", owner(opened, at, node)?);
    add("Updated", row.updated_at.map(time));
    add("Created", row.created_at.map(time));
    let names = Names::new(&opened.reader, of(opened, at));
    let fields = fields(kind, node);
    if chosen(kind).is_none()
        && let Some((column, texts)) = about(&opened.reader, of(opened, at), kind.entry())?
        && let Some(text) = texts.get(&row.key)
        && fields.iter().all(|(_, _, value)| value != text)
    {
        add(&plain::label(column), Some(text.clone()));
    }
    for (label, path, value) in fields {
        add(&label, names.at(kind.entry(), node, &path)?.or(Some(value)));
    }
    for (label, value) in names.members(kind.entry(), &row.key)? {
        add(&plain::label(&label), Some(value));
    }
    add("Rows", is_list(node.0).then(|| node.elements().len().to_string()));
    let redacted = vault::redactions(&stored.document);
    add("Redacted", (!redacted.is_empty()).then(|| redacted.join(", ")));
    add("Read", Some(format!("{} by run {}", time(stored.read_at), row.from_run)));
    Ok(facts)
}

/// The main fields: label, path and value. Those that were chosen for the kind, or all
/// that is short.
fn fields(kind: KindName, node: Node) -> Vec<(String, String, String)> {
    let Some(chosen) = chosen(kind) else {
        let all = plain::facts(kind.entry(), node).into_iter();
        return all.map(|(key, value)| (plain::label(&key), key, value)).collect();
    };
    let field =
        |(label, path): &(&str, &str)| Some(((*label).to_owned(), (*path).to_owned(), short(node, path)?));
    chosen.iter().filter_map(field).collect()
}

/// The fields that were chosen for a kind.
fn chosen(kind: KindName) -> Option<&'static [(&'static str, &'static str)]> {
    let name = if is_dashboard(kind) { "dashboards" } else { kind.plural() };
    FIELDS.iter().find(|(kind, _)| *kind == name).map(|(_, fields)| *fields)
}

/// Be it somebody's or one of LookML.
fn is_dashboard(kind: KindName) -> bool {
    matches!(kind.plural(), "dashboards" | "lookml_dashboards")
}

/// What stands on a board or the homepage, section by section.
fn items(names: &Names<'_>, sections: &[Node]) -> Result<Table, Failure> {
    let fields =
        [("dashboard_id", "dashboards"), ("lookml_dashboard_id", "lookml_dashboards"), ("look_id", "looks")];
    let mut table = Table::new(&["section", "item", "shows"].map(|name| (name, Align::Left)));
    for section in sections {
        let items = ["board_items", "homepage_items"].map(|list| section.items(list)).concat();
        for item in items {
            let shown = fields.iter().find_map(|(field, kind)| Some((*kind, item.text(field)?)));
            let shown = shown.map(|(kind, id)| names.of(kind, &id)).transpose()?;
            let title = item.text("custom_title").or_else(|| item.text("title"));
            table.row(cells([section.text("title"), title, shown.or_else(|| item.text("url"))]));
        }
    }
    Ok(table)
}

fn of(opened: &Opened, run: Option<RunId>) -> AsOf {
    AsOf { instance: opened.instance.id, run }
}

/// A scalar as it is, an array as its scalars with commas.
fn short(node: Node, path: &str) -> Option<String> {
    node.text(path).or_else(|| {
        let items: Vec<String> = node.items(path).into_iter().filter_map(Node::as_text).collect();
        (!items.is_empty()).then(|| items.join(", "))
    })
}

/// The folder it lies in, with its path when that folder is stored too.
fn folder(stored: &Stored) -> Option<String> {
    let id = stored.row.folder.as_ref()?;
    let path = stored.row.folder_path.as_ref();
    Some(path.map_or_else(|| id.clone(), |path| format!("{path} (folder {id})")))
}

/// The owner's name, when that user is stored too.
fn owner(opened: &Opened, at: Option<RunId>, node: Node) -> Result<Option<String>, Failure> {
    let fields = ["user_id", "owner_id", "creator_id"];
    let Some(id) = fields.iter().find_map(|field| node.text(field)) else { return Ok(None) };
    let name = Names::new(&opened.reader, of(opened, at)).of("users", &id)?;
    Ok(Some(match name.strip_suffix(&format!(" ({id})")) {
        Some(name) => format!("{name} (user {id})"),
        None => format!("user {id}"),
    }))
}

fn cells<const N: usize>(values: [Option<String>; N]) -> [String; N] {
    values.map(Option::unwrap_or_default)
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
