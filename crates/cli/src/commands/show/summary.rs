//! An object for people.

use serde_json::value::RawValue;
use vault::{RunId, Side, Stored};

use super::dashboard;
use super::node::Node;
use crate::context::{Context, Opened};
use crate::kinds::KindName;
use crate::output::human;
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
    let heading = title.unwrap_or("(untitled)");
    context.printer.line(context.printer.paint().bold(human::one_line(heading)))?;
    for (label, value) in facts(context, opened, kind, at, stored, node)? {
        context.printer.line(format!("  {:<15} {}", format!("{label}:"), human::one_line(&value)))?;
    }
    if kind.plural() == "dashboards" {
        dashboard::print(&context.printer, node)?;
    }
    Ok(())
}

fn facts(
    context: &Context,
    opened: &Opened,
    kind: KindName,
    at: Option<RunId>,
    stored: &Stored,
    node: Node,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let row = &stored.row;
    let time = |at| human::time(at, context.printer.zone());
    let mut facts = vec![("Kind", kind.singular().to_owned()), ("Id", row.key.clone())];
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
    add("State", (row.side == Side::Trash).then(|| "in the trash".to_owned()));
    let folder_label = if kind.plural() == KindName::FOLDERS { "Parent" } else { "Folder" };
    add(folder_label, folder(stored));
    add("Owner", owner(opened, at, node)?);
    add("Updated", row.updated_at.map(time));
    add("Created", row.created_at.map(time));
    for (label, path) in fields_of(kind) {
        add(label, short(node, path));
    }
    add("Redacted", (stored.redacted > 0).then(|| human::counted(stored.redacted, "value", "values")));
    add("Read", Some(format!("{} by run {}", time(stored.read_at), row.from_run)));
    Ok(facts)
}

fn fields_of(kind: KindName) -> &'static [(&'static str, &'static str)] {
    FIELDS.iter().find(|(name, _)| *name == kind.plural()).map_or(&[], |(_, fields)| fields)
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
