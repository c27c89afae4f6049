//! A dashboard's filters, tiles and layouts for people.

use super::node::Node;
use super::sketch;
use crate::output::{Align, Printer, Table};
use crate::report::Failure;

/// More fields of a tile than this are counted, not named.
const MOST_FIELDS: usize = 6;

/// Prints the parts of a dashboard, each under a heading.
pub(super) fn print(printer: &Printer, dashboard: Node) -> Result<(), Failure> {
    for (heading, table) in
        [("Filters", filters(dashboard)), ("Tiles", tiles(dashboard)), ("Layouts", layouts(dashboard))]
    {
        printer.section(&format!("{heading} ({})", table.len()), &table)?;
    }
    let layouts = dashboard.items("dashboard_layouts");
    let active = layouts.iter().find(|layout| layout.text("active").as_deref() == Some("true"));
    if let Some(sketch) = active.or(layouts.first()).and_then(|layout| sketch::of(*layout)) {
        printer.line(format!("\n{}\n{sketch}", printer.paint().bold("Layout, tiles by id")))?;
    }
    Ok(())
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
        ("fields", Align::Left),
    ]);
    for tile in dashboard.items("dashboard_elements") {
        let title = ["title", "title_text", "look.title"].iter().find_map(|path| tile.text(path));
        table.row(cells([tile.text("id"), title, tile_type(tile), source(tile), fields(tile)]));
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
    let explore =
        query(tile).and_then(|query| Some(format!("{}/{}", query.text("model")?, query.text("view")?)));
    let look = tile.text("look_id").map(|id| format!("look {id}"));
    let merge = tile
        .text("merge_result_id")
        .or_else(|| tile.text("result_maker.merge_result_id"))
        .map(|id| format!("merge {id}"));
    let parts: Vec<String> = [look, merge, explore].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The query that a tile shows.
fn query(tile: Node) -> Option<Node> {
    ["result_maker.query", "query", "look.query"]
        .iter()
        .find_map(|path| tile.at(path).filter(|query| query.text("view").is_some()))
}

/// The fields of a tile's query, the first of them by name.
fn fields(tile: Node) -> Option<String> {
    let fields: Vec<String> = query(tile)?.items("fields").into_iter().filter_map(Node::as_text).collect();
    let more = fields.len().saturating_sub(MOST_FIELDS);
    let named = fields.iter().take(MOST_FIELDS).cloned();
    let named: Vec<String> = named.chain((more > 0).then(|| format!("{more} more"))).collect();
    (!named.is_empty()).then(|| named.join(", "))
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
