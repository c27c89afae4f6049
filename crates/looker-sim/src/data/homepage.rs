//! The sections of the primary homepage, with dashboards and looks that exist.

use super::template::{Source, array, list};
use crate::config::SimConfig;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::state::World;
use crate::table::{Row, as_text};

const SECTION: &str = include_str!("bodies/homepage_section.json");
const ITEM: &str = include_str!("bodies/homepage_item.json");

/// Three sections; the first is a heading without items. Content comes first:
/// items are made from what lies in `world`.
pub(super) fn generate(config: &SimConfig, world: &World) -> Vec<String> {
    let mut source = Source::new(config, 0x403E);
    let content: Vec<(Kind, &Row)> = [Kind::Dashboard, Kind::Look]
        .into_iter()
        .flat_map(|kind| {
            let table = world.table(kind);
            table.slots(false).iter().take(3).map(move |slot| (kind, table.row(*slot)))
        })
        .collect();
    (0..3_usize)
        .map(|n| {
            let inside = if n == 0 { &[][..] } else { &content };
            section(&mut source, n as u64 + 1, inside)
        })
        .collect()
}

fn section(source: &mut Source, id: u64, content: &[(Kind, &Row)]) -> String {
    let ids: Vec<String> = (0..content.len() as u64).map(|n| (id * 100 + n).to_string()).collect();
    let items = content.iter().zip(&ids).enumerate();
    let items: Vec<String> =
        items.map(|(order, ((kind, row), item))| self::item(source, id, order, *kind, row, item)).collect();
    let own = [
        ("id", format!("\"{id}\"")),
        ("items", array(items)),
        ("is_header", content.is_empty().to_string()),
        // The order people see is not that of ids.
        ("order", list(ids.iter().rev())),
        ("description", quoted("Start „hier“ – 👋")),
    ];
    source.fill(SECTION, &own)
}

fn item(source: &mut Source, section: u64, order: usize, kind: Kind, row: &Row, id: &str) -> String {
    let body = as_text(&row.body);
    let of = |name| json::member(body, name).unwrap_or("null").to_owned();
    let folder = json::member(body, "folder").and_then(|folder| json::member(folder, "name"));
    let when = |wanted, value: String| if wanted { value } else { "null".to_owned() };
    let own = [
        ("id", quoted(id)),
        ("created_by", of("user_name")),
        ("content_metadata_id", of("content_metadata_id")),
        ("content_updated_at", of("updated_at")),
        ("dashboard_id", when(kind == Kind::Dashboard, of("id"))),
        ("look_id", when(kind == Kind::Look, of("id"))),
        ("section", format!("\"{section}\"")),
        ("location", folder.unwrap_or("null").to_owned()),
        ("order", order.to_string()),
        ("item_title", of("title")),
        ("url", quoted(&format!("/{}s/{}", kind.name(), row.id))),
    ];
    source.fill(ITEM, &own)
}
