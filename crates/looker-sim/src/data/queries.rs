//! Queries: immutable, shared between tiles and looks, and each a function of
//! its id alone, so that they need not be stored to be served.

use fastrand::Rng;

use super::words;
use crate::json::{Writer, push_text};

/// Model, explore, and the fields queries on it use.
pub(super) const EXPLORES: [(&str, &str, &[&str]); 6] = [
    (
        "ecommerce",
        "order_items",
        &[
            "orders.created_date",
            "orders.count",
            "order_items.total_sale_price",
            "products.category",
            "users.state",
            "order_items.gross_margin",
            "products.brand",
            "users.traffic_source",
        ],
    ),
    (
        "ecommerce",
        "users",
        &["users.created_month", "users.count", "users.age_tier", "users.country", "users.city"],
    ),
    (
        "ecommerce",
        "inventory_items",
        &["inventory_items.count", "products.department", "inventory_items.cost"],
    ),
    (
        "finance",
        "ledger",
        &["ledger.posted_quarter", "ledger.amount_eur", "accounts.name", "cost_centres.owner"],
    ),
    (
        "finance",
        "invoices",
        &["invoices.due_week", "invoices.outstanding", "customers.name", "invoices.count"],
    ),
    (
        "marketing",
        "campaigns",
        &["campaigns.started_date", "campaigns.spend", "campaigns.channel", "ads.clicks"],
    ),
];

const VIS_TYPES: [&str; 8] = [
    "looker_column",
    "looker_line",
    "single_value",
    "looker_grid",
    "looker_pie",
    "looker_area",
    "looker_bar",
    "looker_geo_coordinates",
];

/// Odd spellings of numbers that a chart's options are free to hold. A parser
/// that goes through a double changes most of them.
const ODD_NUMBERS: [&str; 8] =
    ["1.0", "1E5", "-0.0", "9007199254740993", "12345678901234567890123", "0.1", "1e-7", "100"];

/// The explore a query is on.
pub(super) fn explore_of(seed: u64, id: u64) -> (&'static str, &'static str, &'static [&'static str]) {
    EXPLORES[Rng::with_seed(seed ^ id.wrapping_mul(0x9E37_79B9)).usize(..EXPLORES.len())]
}

/// The slug of a query: what its generator draws first.
pub(super) fn slug_of(seed: u64, id: u64) -> String {
    words::slug(&mut Rng::with_seed(seed ^ id.wrapping_mul(0xD1B5_4A32)))
}

/// Appends the `Query` of that id.
pub(crate) fn push_query(seed: u64, id: u64, out: &mut Writer) {
    let (model, view, fields) = explore_of(seed, id);
    let mut rng = Rng::with_seed(seed ^ id.wrapping_mul(0xD1B5_4A32));
    let slug = words::slug(&mut rng);
    let some = fields.len().min(2 + rng.usize(..4));
    out.begin('{');
    out.members(r#""can":{"run":true,"see_results":true,"explore":true,"create":true,"show":true,"cost_estimate":true,"index":true,"see_lookml":true,"see_aggregate_table_lookml":true,"see_derived_table_lookml":true,"see_sql":true,"save":true,"generate_drill_links":true,"download":true,"download_unlimited":true,"use_custom_fields":true,"schedule":true}"#);
    out.id("id", id);
    out.text("model", model);
    out.text("view", view);
    push_list("fields", &fields[..some], out);
    let pivots = usize::from(rng.u8(..5) == 0);
    if pivots > 0 {
        push_list("pivots", &fields[..1], out);
    } else {
        out.raw("pivots", "null");
    }
    out.raw("fill_fields", if rng.bool() { "null" } else { "[]" });
    push_filters(fields, &mut rng, out);
    out.opt("filter_expression", (rng.u8(..9) == 0).then_some("${orders.count} > 5 AND NOT is_null(\"x\")"));
    out.begin_at("sorts", '[');
    if rng.bool() {
        push_sort(fields[some - 1], out);
    }
    out.end(']');
    out.raw("limit", ["\"500\"", "\"5000\"", "\"\"", "null"][rng.usize(..4)]);
    out.raw("column_limit", ["\"50\"", "null"][rng.usize(..2)]);
    out.raw("total", ["true", "false", "null"][rng.usize(..3)]);
    out.raw("row_total", ["\"right\"", "null"][rng.usize(..2)]);
    out.raw("subtotals", "null");
    push_vis_config("vis_config", fields, &mut rng, out);
    out.raw("filter_config", "null");
    out.raw("visible_ui_sections", "null");
    out.text("slug", &slug);
    push_dynamic_fields(fields, &mut rng, out);
    out.text("client_id", &words::slug(&mut rng));
    out.text("share_url", &format!("https://localhost/x/{slug}"));
    out.text("expanded_share_url", &format!(
        "https://localhost/explore/{model}/{view}?fields={}&limit=500&query_timezone=UTC&vis=%7B%7D&origin=share-expanded",
        fields[..some].join(",")
    ));
    out.text("url", &format!("/explore/{model}/{view}?qid={slug}"));
    out.raw("query_timezone", ["\"UTC\"", "\"Europe/Berlin\"", "null"][rng.usize(..3)]);
    out.bool("has_table_calculations", false);
    out.raw(
        "analysis_config",
        if rng.u8(..8) == 0 {
            r#"{"forecasting":[{"confidence_interval":0.95,"field_name":"orders.count","forecast_n":1.0}]}"#
        } else {
            "null"
        },
    );
    out.end('}');
}

fn push_list(key: &str, items: &[&str], out: &mut Writer) {
    out.begin_at(key, '[');
    for item in items {
        out.begin('"');
        out.out.push_str(item);
        out.end('"');
    }
    out.end(']');
}

fn push_sort(field: &str, out: &mut Writer) {
    out.begin('"');
    out.out.push_str(field);
    out.out.push_str(" desc 0");
    out.end('"');
}

fn push_filters(fields: &[&str], rng: &mut Rng, out: &mut Writer) {
    if rng.u8(..3) == 0 {
        out.raw("filters", "null");
        return;
    }
    out.begin_at("filters", '{');
    out.text(fields[0], ["7 days", "last month", "before 2024/01/01"][rng.usize(..3)]);
    if fields.len() > 3 {
        out.text(fields[3], ["-EMPTY", "Jeans,\"Outerwear & Coats\"", "%ü%", ""][rng.usize(..4)]);
    }
    out.end('}');
}

/// Chart options: free-form, with numbers of every spelling.
pub(super) fn push_vis_config(key: &str, fields: &[&str], rng: &mut Rng, out: &mut Writer) {
    out.begin_at(key, '{');
    out.text("type", VIS_TYPES[rng.usize(..VIS_TYPES.len())]);
    out.members(r#""x_axis_gridlines":false,"y_axis_gridlines":true,"show_view_names":false,"show_y_axis_labels":true,"show_y_axis_ticks":true,"y_axis_tick_density":"default","y_axis_tick_density_custom":5,"show_x_axis_label":true,"show_x_axis_ticks":true,"y_axis_scale_mode":"linear","x_axis_reversed":false,"y_axis_reversed":false,"plot_size_by_field":false,"trellis":"","stacking":"normal","limit_displayed_rows":false,"legend_position":"center","point_style":"none","show_value_labels":false,"label_density":25,"x_axis_scale":"auto","y_axis_combined":true,"ordering":"none","show_null_labels":false,"show_totals_labels":false,"show_silhouette":false,"totals_color":"grey","defaults_version":1"#);
    out.begin_at("color_application", '{');
    out.members(r#""collection_id":"b43731d5-dc87-4a8e-b807-635bef3948e7","palette_id":"fb7bb53e-b77b-4ab6-8274-9d420d3d73f3","options":{"steps":5,"reverse":false}"#);
    out.end('}');
    out.begin_at("series_colors", '{');
    for field in fields.iter().take(3) {
        out.text(field, &format!("#{:06x}", rng.u32(..0x0100_0000)));
    }
    out.end('}');
    out.begin_at("series_labels", '{');
    out.text(fields[0], &words::title(rng));
    out.end('}');
    out.begin_at("reference_lines", '[');
    out.begin('{');
    out.raw("value", ODD_NUMBERS[rng.usize(..ODD_NUMBERS.len())]);
    out.raw("margin_top", ODD_NUMBERS[rng.usize(..ODD_NUMBERS.len())]);
    out.members(r#""reference_type":"line","line_value":null"#);
    out.end('}');
    out.end(']');
    out.raw("font_size", ODD_NUMBERS[rng.usize(..ODD_NUMBERS.len())]);
    out.members(r#""hidden_series":[],"x_experimental":{"a":[null,{"b":{}}]}"#);
    out.end('}');
}

/// JSON inside a string, as Looker sends it.
fn push_dynamic_fields(fields: &[&str], rng: &mut Rng, out: &mut Writer) {
    if rng.u8(..4) > 0 {
        out.raw("dynamic_fields", "null");
        return;
    }
    let inner = format!(
        r#"[{{"category":"table_calculation","expression":"${{{}}}/sum(${{{}}})","label":"% of \"all\"","value_format":null,"value_format_name":"percent_1","_kind_hint":"measure","table_calculation":"of_all","_type_hint":"number","n":1.0}}]"#,
        fields[1], fields[1]
    );
    let mut text = String::with_capacity(inner.len() + 40);
    push_text(&inner, &mut text);
    out.raw("dynamic_fields", &text);
}
