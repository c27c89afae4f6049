//! An object for people.

use serde_json::value::RawValue;
use vault::{RunId, Side, Stored};

use super::dashboard;
use super::node::Node;
use super::plain;
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
    if kind.plural() == "dashboards" {
        dashboard::print(&context.printer, node)?;
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

/// The folder it lies in, with its path when that folder is stored too.
fn folder(stored: &Stored) -> Option<String> {
    let id = stored.row.folder.as_ref()?;
    let path = stored.row.folder_path.as_ref();
    Some(path.map_or_else(|| id.clone(), |path| format!("{path} (folder {id})")))
}

/// The owner's name, when that user is stored too.
fn owner(opened: &Opened, at: Option<RunId>, node: Node) -> Result<Option<String>, Failure> {
    let Some(id) = node.text("user_id").or_else(|| node.text("creator_id")) else { return Ok(None) };
    let user = opened.reader.show_at(opened.instance.id, "users", &id, at)?;
    let name = user.and_then(|user| user.row.title);
    Ok(Some(name.map_or_else(|| format!("user {id}"), |name| format!("{name} (user {id})"))))
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
