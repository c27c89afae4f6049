//! Boards, their sections, and the items in those: dashboards, looks, LookML
//! dashboards, links. What a board embeds is put together when it is asked
//! for (`composed`).

use fastrand::Rng;

use super::{Ground, add, ids, moments, words};
use crate::config::SimConfig;
use crate::json::Writer;
use crate::kinds::Kind;
use crate::metadata;
use crate::state::World;

/// Where the ids of the next section and item stand.
struct Next {
    section: u64,
    item: u64,
}

/// What an item shows.
#[derive(Clone, Copy)]
enum Shows<'a> {
    Content(Kind, &'a str),
    Link,
}

/// Makes all boards.
pub(super) fn generate(config: &SimConfig, ground: &Ground, world: &mut World) {
    let mut rng = Rng::with_seed(config.seed ^ 0xB0A2);
    let content =
        [Kind::Dashboard, Kind::Look, Kind::LookmlDashboard].map(|kind| (kind, ids(world, kind, false)));
    let mut next = Next { section: 1, item: 1 };
    for n in 0..u64::from(config.boards) {
        let sections: Vec<u64> =
            (0..if n % 5 == 3 { 0 } else { 1 + rng.u64(..3) }).map(|m| next.section + m).collect();
        next.section += sections.len() as u64 + rng.u64(..2);
        let board = 1 + n + n / 4;
        add(world, Kind::Board, board_body(n, board, &sections, ground, &mut rng));
        for section in sections {
            let items: Vec<u64> = (0..rng.u64(..6)).map(|m| next.item + m).collect();
            next.item += items.len() as u64 + rng.u64(..3);
            add(world, Kind::BoardSection, section_body(section, board, &items, &mut rng));
            for (order, item) in items.into_iter().enumerate() {
                let shows = draw(&content, item, &mut rng);
                add(world, Kind::BoardItem, item_body(item, section, order as u64, shows, &mut rng));
            }
        }
    }
}

/// Every seventh item is a link; what there is of content takes the rest.
fn draw<'a>(content: &'a [(Kind, Vec<String>)], item: u64, rng: &mut Rng) -> Shows<'a> {
    let (kind, ids) = &content[[0, 1, 0, 2][item as usize % 4]];
    match rng.choice(ids) {
        Some(id) if item % 7 != 6 => Shows::Content(*kind, id),
        _ => Shows::Link,
    }
}

fn board_body(n: u64, id: u64, sections: &[u64], ground: &Ground, rng: &mut Rng) -> Writer {
    let creator = &ground.people[rng.usize(..ground.people.len())];
    let born = moments::past(rng);
    let mut w = Writer::with_capacity(900);
    w.begin('{');
    w.id("id", id);
    // Titles of boards are not unique (`looker-api-facts.md` §9).
    w.text("title", &if n % 4 == 2 { "Start here".to_owned() } else { words::title(rng) });
    w.opt("description", rng.bool().then(|| format!("{} – “ü”", words::prose(rng, 60))).as_deref());
    w.id("user_id", creator.id);
    w.text("created_at", &moments::stamp(born));
    w.text("updated_at", &moments::stamp(born + rng.i64(0..9_000_000)));
    w.id("content_metadata_id", metadata::BOARDS + id);
    w.begin_at("x_creator", '{');
    w.opt("first_name", creator.first());
    w.opt("last_name", creator.last());
    w.end('}');
    w.raw("deleted_at", "null");
    push_order("section_order", sections, rng, &mut w);
    w.bool("primary_homepage", n == 0);
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true,"manage":true}"#);
    w.raw(
        "x_board",
        &format!(r#"{{"columns":{}.0,"big":90071992547409{:02},"theme":null}}"#, 1 + n % 3, rng.u8(10..99)),
    );
    w.end('}');
    w
}

fn section_body(id: u64, board: u64, items: &[u64], rng: &mut Rng) -> Writer {
    let born = moments::past(rng);
    let mut w = Writer::with_capacity(600);
    w.begin('{');
    w.id("id", id);
    w.id("board_id", board);
    w.opt("title", (rng.u8(..5) > 0).then(|| words::title(rng)).as_deref());
    w.opt("description", rng.bool().then(|| words::prose(rng, 40)).as_deref());
    w.text("created_at", &moments::stamp(born));
    w.text("updated_at", &moments::stamp(born + rng.i64(0..5_000_000)));
    w.raw("deleted_at", "null");
    push_order("item_order", items, rng, &mut w);
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
    w.raw("x_section", &format!(r#"{{"collapsed":null,"ratio":{}.50}}"#, rng.u8(..9)));
    w.end('}');
    w
}

fn item_body(id: u64, section: u64, order: u64, shows: Shows, rng: &mut Rng) -> Writer {
    let content = |kind| match shows {
        Shows::Content(of, id) if of == kind => Some(id),
        _ => None,
    };
    let link = matches!(shows, Shows::Link);
    let (own_title, own_text, own_image) = (link || rng.u8(..4) == 0, rng.u8(..4) == 0, rng.u8(..8) == 0);
    let url = format!("https://wiki.example.com/p/{id}?q=a&b=%C3%BC#top");
    let image = format!("https://static.example.com/{}.png", words::slug(rng));
    let mut w = Writer::with_capacity(900);
    w.begin('{');
    w.id("id", id);
    w.id("board_section_id", section);
    w.opt("dashboard_id", content(Kind::Dashboard));
    w.opt("look_id", content(Kind::Look));
    w.opt("lookml_dashboard_id", content(Kind::LookmlDashboard));
    w.int("order", order);
    w.opt("custom_title", own_title.then(|| words::title(rng)).as_deref());
    w.opt("custom_description", (own_text || link).then(|| words::prose(rng, 50)).as_deref());
    w.opt("custom_url", link.then_some(url.as_str()));
    w.opt("custom_image_url", own_image.then_some(image.as_str()));
    w.members(r#""custom_image_data_base64":null"#);
    w.opt("image_url", own_image.then_some(image.as_str()));
    w.bool("use_custom_title", own_title);
    w.bool("use_custom_description", own_text || link);
    w.bool("use_custom_url", link);
    w.bool("use_custom_image", own_image);
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
    w.raw("x_item", &format!(r#"{{"badge":null,"weight":{}E2}}"#, rng.u8(1..9)));
    w.end('}');
    w
}

/// Ids in the order somebody put them.
fn push_order(key: &str, of: &[u64], rng: &mut Rng, w: &mut Writer) {
    let mut of = of.to_vec();
    rng.shuffle(&mut of);
    let of: Vec<_> = of.iter().map(|id| format!("\"{id}\"")).collect();
    w.raw(key, &format!("[{}]", of.join(",")));
}
