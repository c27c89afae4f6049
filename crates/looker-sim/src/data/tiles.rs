//! Dashboard elements of every type: query, look, merge, text, button,
//! extension, and tiles whose query sits only in the result maker.

use fastrand::Rng;

use super::dashboards::Filter;
use super::queries::{explore_of, push_query, push_vis_config};
use super::{Ground, merges, spaced_id, words};
use crate::json::{Writer, quoted};

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tile {
    Query,
    Look,
    Merge,
    Text,
    Button,
    Extension,
    /// Query and its id null, the query in the result maker
    /// (`looker-api-facts.md` §14).
    QueryInResultMaker,
}

impl Tile {
    /// Mostly queries.
    pub(super) fn draw(rng: &mut Rng, ground: &Ground) -> Tile {
        match rng.u8(..20) {
            0 | 1 => Tile::Text,
            2 | 3 if ground.looks > 0 => Tile::Look,
            4 => Tile::Merge,
            5 => Tile::Button,
            6 => Tile::QueryInResultMaker,
            7 if rng.u8(..4) == 0 => Tile::Extension,
            _ => Tile::Query,
        }
    }

    fn type_name(self) -> &'static str {
        match self {
            Tile::Query | Tile::Look | Tile::Merge | Tile::QueryInResultMaker => "vis",
            Tile::Text => "text",
            Tile::Button => "button",
            Tile::Extension => "extension",
        }
    }

    fn has_data(self) -> bool {
        self.type_name() == "vis"
    }
}

/// What a tile needs to know of its dashboard.
pub(super) struct Place<'a> {
    pub(super) ground: &'a Ground,
    pub(super) dashboard: u64,
    /// Id of the tile.
    pub(super) id: u64,
    pub(super) filters: &'a [Filter],
    /// Length of a text tile's body, in bytes.
    pub(super) text_bytes: usize,
}

/// Appends one `DashboardElement`.
pub(super) fn push_tile(tile: Tile, place: &Place, rng: &mut Rng, w: &mut Writer) {
    let query = 1 + rng.u64(..place.ground.queries.max(1));
    w.begin('{');
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true,"download":true,"see_results":true,"explore":true,"render":true},"aria_description":null,"certification_metadata":null"#);
    // Not what is true: the count is not reliable (`looker-api-facts.md` §11).
    w.int("alert_count", if place.id % 29 == 3 { 2 } else { 0 });
    w.id("id", place.id);
    w.id("dashboard_id", place.dashboard);
    w.text("type", tile.type_name());
    w.members(r#""dashboard_layout_id":null,"lookml_link_id":null,"filter_id":null"#);
    w.opt("extension_id", (tile == Tile::Extension).then_some("thelook::kpi-explorer"));
    w.text("edit_uri", &format!("https://localhost:19999/api/4.0/dashboard_elements/{}", place.id));
    push_texts(tile, place, rng, w);
    push_notes(rng, w);
    let merge = (tile == Tile::Merge).then(|| 1 + rng.u64(..merges::count(place.ground.queries)));
    push_source(tile, query, merge, place, rng, w);
    push_result_maker(tile, query, merge, place, rng, w);
    w.members(r#""refresh_interval":null,"refresh_interval_to_i":null"#);
    w.raw(
        "x_tile_state",
        &format!(
            r#"{{"revision":{}.0,"pinned":null,"deep":{{"big":90071992547409{:02}}}}}"#,
            rng.u8(1..9),
            rng.u8(10..99)
        ),
    );
    w.end('}');
}

fn push_texts(tile: Tile, place: &Place, rng: &mut Rng, w: &mut Writer) {
    let heading = words::title(rng);
    // A look tile without a title shows the look's.
    let shows_title = tile != Tile::Text && (tile != Tile::Look || rng.bool());
    w.opt("title", shows_title.then_some(heading.as_str()));
    w.bool("title_hidden", rng.u8(..6) == 0);
    if tile == Tile::Text {
        let body = words::prose(rng, place.text_bytes.max(20));
        let subtitle = words::title(rng);
        w.text("title_text", &heading);
        w.text("title_text_as_html", &format!("<h1>{heading}</h1>"));
        w.text("subtitle_text", &subtitle);
        w.text("subtitle_text_as_html", &format!("<p>{subtitle}</p>"));
        w.text("body_text", &body);
        let start = body.char_indices().nth(60).map_or(body.len(), |(at, _)| at);
        w.text("body_text_as_html", &format!("<p>{}…</p>\n", &body[..start]));
    } else {
        w.members(r#""title_text":null,"title_text_as_html":null,"subtitle_text":null,"subtitle_text_as_html":null,"body_text":null,"body_text_as_html":null"#);
    }
    if tile == Tile::Button {
        let rich = format!(
            r#"{{"text":{},"description":"","newTab":true,"alignment":"center","size":"medium","style":"FILLED","color":"1A73E8","href":"https://example.com/?a=1&b=ü"}}"#,
            quoted(&heading)
        );
        w.text("rich_content_json", &rich);
    } else {
        w.raw("rich_content_json", "null");
    }
}

fn push_notes(rng: &mut Rng, w: &mut Writer) {
    if rng.u8(..5) == 0 {
        let note = words::prose(rng, 60);
        w.text("note_display", ["above", "below", "hover"][rng.usize(..3)]);
        w.text("note_state", "collapsed");
        w.text("note_text", &note);
        w.text("note_text_as_html", &format!("<p>{note}</p>"));
    } else {
        w.members(r#""note_display":null,"note_state":null,"note_text":null,"note_text_as_html":null"#);
    }
}

fn push_source(tile: Tile, query: u64, merge: Option<u64>, place: &Place, rng: &mut Rng, w: &mut Writer) {
    let seed = place.ground.seed;
    if tile == Tile::Query {
        w.id("query_id", query);
        w.key("query");
        push_query(seed, query, w);
    } else {
        w.members(r#""query_id":null,"query":null"#);
    }
    if tile == Tile::Look {
        let look = spaced_id(rng.u64(..place.ground.looks));
        w.id("look_id", look);
        w.begin_at("look", '{');
        w.id("id", look);
        w.text("title", &words::title(rng));
        w.id("query_id", query);
        w.key("query");
        push_query(seed, query, w);
        w.end('}');
    } else {
        w.members(r#""look_id":null,"look":null"#);
    }
    w.opt("merge_result_id", merge.map(|number| merges::slug_of(seed, number)).as_deref());
}

/// What computes a tile's data, and the filters it listens to: one entry for
/// its query, one for each source of its merged results.
fn push_result_maker(
    tile: Tile,
    query: u64,
    merge: Option<u64>,
    place: &Place,
    rng: &mut Rng,
    w: &mut Writer,
) {
    if !tile.has_data() {
        w.members(r#""result_maker_id":null,"result_maker":null"#);
        return;
    }
    let seed = place.ground.seed;
    let (_, _, fields) = explore_of(seed, query);
    w.id("result_maker_id", place.id);
    w.begin_at("result_maker", '{');
    w.id("id", place.id);
    w.members(r#""dynamic_fields":null,"sorts":[],"total":null,"sql_query_id":null"#);
    w.opt("merge_result_id", merge.map(|number| merges::slug_of(seed, number)).as_deref());
    w.begin_at("filterables", '[');
    match merge {
        None => push_filterable(query, None, place, rng, w),
        Some(number) => {
            for source in merges::sources(seed, number, place.ground.queries) {
                push_filterable(source.query, Some(&source.name), place, rng, w);
            }
        }
    }
    w.end(']');
    if tile == Tile::Merge {
        w.members(r#""query_id":null,"query":null"#);
    } else {
        w.id("query_id", query);
        w.key("query");
        push_query(seed, query, w);
    }
    push_vis_config("vis_config", fields, rng, w);
    w.end('}');
}

fn push_filterable(query: u64, name: Option<&str>, place: &Place, rng: &mut Rng, w: &mut Writer) {
    let (model, view, fields) = explore_of(place.ground.seed, query);
    w.begin('{');
    w.text("model", model);
    w.text("view", view);
    w.opt("name", name);
    w.begin_at("listen", '[');
    for filter in place.filters {
        if rng.u8(..4) == 0 {
            continue;
        }
        w.begin('{');
        w.text("dashboard_filter_name", &filter.name);
        w.text("field", fields[rng.usize(..fields.len())]);
        w.end('}');
    }
    w.end(']');
    w.end('}');
}
