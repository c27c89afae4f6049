//! User-defined dashboards: scalars first (so that listings need not read
//! further), then tiles, filters and layouts.

use fastrand::Rng;

use super::queries::EXPLORES;
use super::tiles::{Place, Tile, push_tile};
use super::{Ground, Plan, moments, words};
use crate::json::{self, Writer};
use crate::metadata;

/// Most tiles a dashboard may have; part ids leave room for as many.
const MAX_TILES: u64 = 900;
/// Rough sizes in bytes: of a layout and what follows it, of a layout's
/// component, of a tile with a query, and of a text tile without its text.
const LAYOUT_BYTES: usize = 640;
const COMPONENT_BYTES: usize = 416;
const TILE_BYTES: usize = 6_800;
const TEXT_TILE_BYTES: usize = 1_700;

/// A dashboard filter, as its tiles must know it.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) name: String,
    explore: usize,
}

/// Writes the body of a dashboard.
pub(crate) fn dashboard(plan: &Plan, ground: &Ground) -> String {
    let mut rng = Rng::with_seed(ground.seed ^ plan.id.wrapping_mul(0xA24B_AED4) ^ 0xDA5B);
    let mut w = Writer::with_capacity(ground.dashboard_bytes.max(16_384) + 4_096);
    w.begin('{');
    push_head(plan, ground, &mut rng, &mut w);
    let filters = draw_filters(&mut rng);
    let mut filters_text = Writer::default();
    push_filters(plan, &filters, &mut rng, &mut filters_text);
    let room = ground.dashboard_bytes.saturating_sub(w.out.len() + filters_text.out.len() + LAYOUT_BYTES);
    let tiles = push_tiles(plan, ground, &filters, room, &mut rng, &mut w);
    w.members(&filters_text.out);
    push_layouts(plan, tiles, &mut rng, &mut w);
    w.members(
        r#""x_release_fields":{"summary":null,"tags":["a\/b","\u00e9"],"score":12345678901234567890123}"#,
    );
    w.end('}');
    w.out
}

fn push_head(plan: &Plan, ground: &Ground, rng: &mut Rng, w: &mut Writer) {
    let folder = &ground.folders[plan.folder];
    let owner = &ground.people[rng.usize(..ground.people.len())];
    let updater = &ground.people[rng.usize(..ground.people.len())];
    let born = moments::past(rng);
    let edited = born + rng.i64(0..31_536_000);
    let views = rng.u64(..20_000);
    w.id("id", plan.id);
    w.text("title", &plan.title);
    w.opt("description", (rng.u8(..3) > 0).then(|| words::prose(rng, 90)).as_deref());
    w.opt("slug", (rng.u8(..10) > 0).then(|| words::slug(rng)).as_deref());
    w.text("folder_id", &folder.id);
    w.id("user_id", owner.id);
    w.opt("user_name", owner.name.as_deref());
    w.int("view_count", views);
    w.int("favorite_count", rng.u64(..40));
    w.opt("content_favorite_id", (rng.u8(..12) == 0).then(|| plan.id.to_string()).as_deref());
    w.id("content_metadata_id", metadata::DASHBOARDS + plan.id);
    w.text("created_at", &moments::stamp(born));
    w.text("updated_at", &moments::stamp(edited));
    w.bool("deleted", plan.trashed);
    w.opt("deleted_at", plan.trashed.then(|| moments::stamp(edited)).as_deref());
    w.opt("deleter_id", plan.trashed.then(|| owner.id.to_string()).as_deref());
    w.text("last_viewed_at", &moments::stamp(edited + 86_400));
    w.text("last_accessed_at", &moments::stamp(edited + 90_000));
    w.raw("certification_metadata", if rng.u8(..10) == 0 {
        r#"{"certification_status":"certified","ui_status":"certified","user_name":"Api Reader","notes":"reviewed \"Q3\"","updated_at":"2024-02-01T08:00:00.000+00:00"}"#
    } else {
        r#"{"certification_status":null,"ui_status":null,"user_name":null,"notes":null,"updated_at":null}"#
    });
    w.id("last_updater_id", updater.id);
    w.opt("last_updater_name", updater.name.as_deref());
    w.int("usage_count", views / 2);
    w.raw("folder", &folder.body);
    w.members(r#""can":{"index":true,"show":true,"copy":true,"run":true,"create":true,"move":true,"update":true,"destroy":true,"recover":true,"see_aggregate_table_lookml":true,"schedule":true,"render":true,"download":true},"model":null,"readonly":false"#);
    w.bool("hidden", rng.u8(..30) == 0);
    w.opt("refresh_interval", (rng.u8(..8) == 0).then_some("3600 seconds"));
    w.raw("refresh_interval_to_i", "null");
    w.raw("lookml_link_id", if rng.u8(..20) == 0 { "\"ecommerce::business_pulse\"" } else { "null" });
    w.text("query_timezone", ["user_timezone", "UTC", "America/Los_Angeles"][rng.usize(..3)]);
    w.text("preferred_viewer", "dashboards-next");
    w.bool("is_owner_disabled", owner.id % 9 == 6);
    w.text("url", &format!("/dashboards/{}", plan.id));
    w.text("edit_uri", &format!("https://localhost:19999/dashboards/{}/edit", plan.id));
    w.bool("crossfilter_enabled", rng.bool());
    w.bool("filters_bar_collapsed", rng.bool());
    w.members(r##""alert_sync_with_dashboard_filter_enabled":false,"chat_enabled":null,"background_color":"#f6f8fa","enable_viz_full_screen":true,"filters_location_top":true,"load_configuration":"cache_run","preserve_desktop_layout":false,"show_filters_bar":true,"show_title":true,"text_tile_text_color":null,"tile_background_color":"#ffffff","tile_text_color":"#3a4245","title_color":"#3a4245","download_settings":null"##);
    w.raw("appearance", r##"{"page_side_margins":null,"page_background_color":"","tile_title_alignment":"center","tile_space_between":8,"tile_background_color":"","tile_shadow":false,"key_color":"#1A73E8","modern_vis2026":null,"x_gap":1.50}"##);
}

/// Tiles until the wanted number or `room` in bytes is reached; the last one
/// of a sized dashboard is a text as long as what is missing. Answers their
/// number.
fn push_tiles(
    plan: &Plan,
    ground: &Ground,
    filters: &[Filter],
    room: usize,
    rng: &mut Rng,
    w: &mut Writer,
) -> u64 {
    let start = w.out.len();
    let mut count = 0;
    let mut push = |tile, text_bytes, rng: &mut Rng, w: &mut Writer| {
        count += 1;
        let id = plan.id * 1000 + count;
        push_tile(tile, &Place { ground, dashboard: plan.id, id, filters, text_bytes }, rng, w);
        (w.out.len() - start + (count as usize + 1) * COMPONENT_BYTES, count < MAX_TILES)
    };
    w.begin_at("dashboard_elements", '[');
    if ground.dashboard_bytes == 0 {
        for _ in 0..tile_count(plan, rng) {
            let tile = Tile::draw(rng, ground);
            push(tile, 200, rng, w);
        }
    } else {
        let (mut used, mut more) = (0, true);
        while more && used + TILE_BYTES < room {
            let tile = Tile::draw(rng, ground);
            (used, more) = push(tile, 200, rng, w);
        }
        push(Tile::Text, room.saturating_sub(used + TEXT_TILE_BYTES), rng, w);
    }
    w.end(']');
    count
}

/// None, sixty, or a usual number.
fn tile_count(plan: &Plan, rng: &mut Rng) -> u64 {
    match plan.nth % 40 {
        5 => 0,
        17 => 60,
        _ => 1 + rng.u64(..6) + rng.u64(..6),
    }
}

fn draw_filters(rng: &mut Rng) -> Vec<Filter> {
    let filter = |n: usize, rng: &mut Rng| Filter {
        name: ["Date", "State / \"Province\"", "Größe", "📅 Period", "brand_name", "User's Plan"][n]
            .to_owned(),
        explore: rng.usize(..EXPLORES.len()),
    };
    (0..rng.usize(..5)).map(|n| filter(n, rng)).collect()
}

fn push_filters(plan: &Plan, filters: &[Filter], rng: &mut Rng, w: &mut Writer) {
    w.begin_at("dashboard_filters", '[');
    for (n, filter) in filters.iter().enumerate() {
        let (model, explore, fields) = EXPLORES[filter.explore];
        w.begin('{');
        w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
        w.id("id", plan.id * 1000 + n as u64);
        w.id("dashboard_id", plan.id);
        w.text("name", &filter.name);
        w.text("title", &filter.name);
        w.int("row", n as u64);
        if n == 0 {
            w.members(r#""type":"date_filter","model":"","explore":"","dimension":"","field":null,"ui_config":null"#);
            w.text("default_value", "28 day");
        } else {
            w.text("type", "field_filter");
            w.text("model", model);
            w.text("explore", explore);
            w.text("dimension", fields[n % fields.len()]);
            push_field(fields[n % fields.len()], w);
            w.raw("ui_config", r#"{"type":"advanced","display":"popover","options":["a",1.0,null]}"#);
            w.opt("default_value", rng.bool().then_some("%ü%,\"x\""));
        }
        w.raw("listens_to_filters", if n == 2 { r#"["Date"]"# } else { "[]" });
        w.bool("allow_multiple_values", n != 0);
        w.bool("required", n == 1);
        w.members(r#""x_source":{"line":42.0,"tags":null}"#);
        w.end('}');
    }
    w.end(']');
}

/// What is known of the field of a filter, by the field's name.
pub(crate) fn field_of_filter(name: &str) -> String {
    let mut w = Writer::default();
    w.begin('{');
    push_field(name, &mut w);
    w.end('}');
    json::member(&w.out, "field").unwrap_or("null").to_owned()
}

/// The bulky computed metadata of a filter's field.
fn push_field(name: &str, w: &mut Writer) {
    let (view, short) = name.split_once('.').unwrap_or(("", name));
    w.begin_at("field", '{');
    w.text("name", name);
    w.text("view", view);
    w.text("label_short", &short.replace('_', " "));
    w.text("sql", &format!("${{TABLE}}.\"{short}\" "));
    w.text("source_file", &format!("views/{view}.view.lkml"));
    w.text("lookml_link", &format!("/projects/thelook/files/views%2F{view}.view.lkml?line=42"));
    w.members(r#""align":"left","can_filter":true,"category":"dimension","default_filter_value":null,"description":"","enumerations":null,"field_group_label":null,"hidden":false,"is_numeric":false,"suggestable":true,"type":"string","user_attribute_filter_types":["string","advanced_filter_string"],"value_format":null,"week_start_day":"monday""#);
    w.end('}');
}

/// One active layout, and on every eleventh dashboard tabs as well.
fn push_layouts(plan: &Plan, tiles: u64, rng: &mut Rng, w: &mut Writer) {
    let layouts = if plan.nth % 11 == 3 { 3 } else { 1 };
    w.begin_at("dashboard_layouts", '[');
    for n in 0..layouts {
        let id = if n == 0 { plan.id } else { plan.id * 1000 + n };
        w.begin('{');
        w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
        w.id("id", id);
        w.id("dashboard_id", plan.id);
        w.text("type", "newspaper");
        w.bool("active", n == 0);
        w.members(
            r#""column_width":null,"width":null,"deleted":false,"description":null,"lookml_link_id":null"#,
        );
        w.text("dashboard_title", &plan.title);
        w.text("label", &format!("Tab {} “ö”", n + 1));
        w.int("order", n);
        w.members(r#""x_breakpoints":{"small":1E2,"none":null}"#);
        w.begin_at("dashboard_layout_components", '[');
        for tile in (1..=tiles).filter(|tile| tile % layouts == n) {
            push_component(plan.id * 1000 + tile, id, tile, rng, w);
        }
        w.end(']');
        w.end('}');
    }
    w.end(']');
}

fn push_component(tile: u64, layout: u64, n: u64, rng: &mut Rng, w: &mut Writer) {
    w.begin('{');
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
    w.id("id", tile);
    w.id("dashboard_layout_id", layout);
    w.id("dashboard_element_id", tile);
    w.int("row", n / 3 * 6);
    w.int("column", n % 3 * 8);
    w.int("width", [8, 12, 24][rng.usize(..3)]);
    w.int("height", 4 + rng.u64(..6));
    // Some stay in a layout after their tile was taken out of it.
    w.bool("deleted", rng.u8(..40) == 0);
    w.members(r#""element_title":null,"element_title_hidden":false,"vis_type":"looker_column","granular_row":null,"granular_column":null,"granular_width":null,"granular_height":null,"group_id":null"#);
    w.end('}');
}
