//! What is put together when it is asked for: boards with their sections,
//! items with what they take from their content, favourites with theirs, and
//! the LookML of a dashboard. So an edit anywhere shows everywhere.

use std::borrow::Cow;
use std::fmt::Write;

use crate::fields::Fields;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::lists::base;
use crate::state::World;
use crate::table::{Row, as_text};

/// Kinds of content, the member that refers to each, and the path to it.
const CONTENT: [(Kind, &str, &str); 3] = [
    (Kind::Dashboard, "dashboard_id", "/dashboards/"),
    (Kind::Look, "look_id", "/looks/"),
    (Kind::LookmlDashboard, "lookml_dashboard_id", "/dashboards/"),
];

/// An object with what it embeds.
pub(crate) fn whole<'r>(world: &World, kind: Kind, row: &'r Row) -> Cow<'r, str> {
    let body = as_text(&row.body);
    match kind {
        Kind::Board => Cow::Owned(with(body, "board_sections", &inside(world, Kind::BoardSection, row))),
        Kind::BoardSection => section(world, row),
        Kind::BoardItem => item(world, row),
        Kind::ContentFavorite => favorite(world, row),
        _ => Cow::Borrowed(body),
    }
}

/// The objects of a kind that lie in another, whole, as an array.
fn inside(world: &World, kind: Kind, row: &Row) -> String {
    let table = world.table(kind);
    let slots = table.slots_in(&[&row.id], false);
    let bodies: Vec<_> = slots.iter().map(|slot| whole(world, kind, table.row(*slot))).collect();
    format!("[{}]", bodies.join(","))
}

/// An object with one member more.
fn with(object: &str, key: &str, value: &str) -> String {
    format!("{},\"{key}\":{value}}}", &object[..object.len() - 1])
}

/// A section, with its items, and the order of those whose content is not in
/// the trash.
fn section<'r>(world: &World, row: &'r Row) -> Cow<'r, str> {
    let body = as_text(&row.body);
    let order = json::elements(json::member(body, "item_order").unwrap_or("[]"));
    let visible: Vec<&str> = order.filter(|id| !in_trash(world, id.trim_matches('"'))).collect();
    let body = with(body, "visible_item_order", &format!("[{}]", visible.join(",")));
    Cow::Owned(with(&body, "board_items", &inside(world, Kind::BoardItem, row)))
}

fn in_trash(world: &World, item: &str) -> bool {
    let item = world.get(Kind::BoardItem, item);
    item.and_then(|item| content_of(world, Kind::BoardItem, item)).is_some_and(|(_, row, _)| row.deleted)
}

/// The content a row refers to, its kind, and the path to it.
fn content_of<'w>(world: &'w World, kind: Kind, row: &Row) -> Option<(Kind, &'w Row, String)> {
    CONTENT.into_iter().find_map(|(content, column, path)| {
        let id = row.text(kind, column);
        Some((content, world.get(content, id)?, format!("{path}{id}")))
    })
}

/// A board item: its own title, text and address, or those of its content.
fn item<'r>(world: &World, row: &'r Row) -> Cow<'r, str> {
    let body = as_text(&row.body);
    let content = content_of(world, Kind::BoardItem, row);
    let of_content = |name: &str| match &content {
        Some((_, row, _)) => json::member(as_text(&row.body), name).unwrap_or("null"),
        // Of content that is not there, what was loaded says so.
        None => json::member(body, name).unwrap_or("null"),
    };
    let own = |name: &str| json::member(body, name).unwrap_or("null");
    let either = |name: &str| match own(&format!("use_custom_{name}")) {
        "true" => own(&format!("custom_{name}")).to_owned(),
        _ => of_content(name).to_owned(),
    };
    let location = match &content {
        Some(_) => json::member(of_content("folder"), "name").unwrap_or("null"),
        None => own("location"),
    };
    let url = match (own("custom_url"), &content) {
        ("null", Some((_, _, path))) => quoted(path),
        ("null", None) => json::member(body, "url").unwrap_or("\"\"").to_owned(),
        (url, _) => url.to_owned(),
    };
    Cow::Owned(json::patch(
        body,
        &[
            ("title", either("title")),
            ("description", either("description")),
            ("url", url),
            ("location", location.to_owned()),
            ("content_created_by", of_content("user_name").to_owned()),
            ("content_updated_at", of_content("updated_at").to_owned()),
            ("content_favorite_id", of_content("content_favorite_id").to_owned()),
            ("content_metadata_id", of_content("content_metadata_id").to_owned()),
            ("favorite_count", of_content("favorite_count").to_owned()),
            ("view_count", of_content("view_count").to_owned()),
        ],
    ))
}

/// A favourite with the `DashboardBase` or `LookBasic` it is of.
fn favorite<'r>(world: &World, row: &'r Row) -> Cow<'r, str> {
    let content = content_of(world, Kind::ContentFavorite, row);
    let embedded = |wanted| match &content {
        Some((kind, row, _)) if *kind == wanted && wanted == Kind::Look => basic(row),
        Some((kind, row, _)) if *kind == wanted => base(row),
        _ => "null".to_owned(),
    };
    Cow::Owned(json::patch(
        as_text(&row.body),
        &[
            ("dashboard", embedded(Kind::Dashboard)),
            ("look", embedded(Kind::Look)),
            ("lookml_dashboard", embedded(Kind::LookmlDashboard)),
        ],
    ))
}

/// A `LookBasic`.
fn basic(look: &Row) -> String {
    let fields = Fields::parse("can,content_metadata_id,id,title,user_id,certification_metadata");
    let mut out = String::new();
    json::project(as_text(&look.body), &fields.unwrap_or_default(), &mut out);
    out
}

/// A `DashboardLookml`: a dashboard's title, tiles and filters, written as
/// LookML.
pub(crate) fn lookml(row: &Row) -> String {
    let body = as_text(&row.body);
    let member = |object, name| json::member(object, name).unwrap_or("null");
    let name = json::text(member(body, "slug")).unwrap_or_else(|| row.id.to_string());
    let mut text = format!(
        "- dashboard: {name}\n  title: {}\n  layout: newspaper\n  preferred_viewer: dashboards-next\n  description: {}\n",
        member(body, "title"),
        member(body, "description")
    );
    text.push_str("  elements:\n");
    for tile in json::elements(member(body, "dashboard_elements")) {
        let query = Some(member(tile, "query")).filter(|query| *query != "null");
        let _ = write!(text, "  - title: {}\n    name: {}\n", member(tile, "title"), member(tile, "id"));
        if let Some(query) = query {
            let (model, explore) = (member(query, "model"), member(query, "view"));
            let _ = write!(
                text,
                "    model: {model}\n    explore: {explore}\n    fields: {}\n",
                member(query, "fields")
            );
        }
        let _ = writeln!(text, "    body_text: {}", member(tile, "body_text"));
    }
    text.push_str("  filters:\n");
    for filter in json::elements(member(body, "dashboard_filters")) {
        let _ = writeln!(text, "  - name: {}\n    type: {}", member(filter, "name"), member(filter, "type"));
    }
    format!(
        r#"{{"dashboard_id":{},"folder_id":{},"lookml":{}}}"#,
        quoted(&row.id),
        member(body, "folder_id"),
        quoted(&text)
    )
}
