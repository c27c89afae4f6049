//! Themes and colour collections (`looker-api-facts.md` §12).

use super::moments;
use super::template::{Source, guid, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const THEME: &str = include_str!("bodies/theme.json");
const COLLECTION: &str = include_str!("bodies/color_collection.json");

/// Collections every instance has: id, label and the id of the palette that
/// charts use. The first is the one generated charts name.
pub(super) const STANDARD: [(&str, &str, &str); 3] = [
    ("b43731d5-dc87-4a8e-b807-635bef3948e7", "Looker Classic", "fb7bb53e-b77b-4ab6-8274-9d420d3d73f3"),
    ("7c56cc21-66e4-41c9-81ce-a60e1c3967b2", "Boardwalk", "5d189dfc-4f46-46f3-822b-bfb0b61777b1"),
    ("f14810d2-98d7-42df-82d0-bc185a074e42", "Shoreline", "1d1b2b2e-6c5e-4d8f-9d4b-4b2f9f7f1a55"),
];

/// Id of the default collection.
pub(crate) const DEFAULT_COLLECTION: &str = STANDARD[0].0;

/// Whether a collection of that id is one every instance has.
pub(crate) fn is_standard(id: &str) -> bool {
    STANDARD.iter().any(|(standard, ..)| *standard == id)
}

/// Themes, the default first; collections, the standard ones first.
pub(super) fn generate(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    let (collections, made) = collections(config);
    vec![(Kind::Theme, themes(config, &made)), (Kind::ColorCollection, collections)]
}

/// Bodies, and the ids of those that somebody made.
fn collections(config: &SimConfig) -> (Vec<String>, Vec<String>) {
    let mut source = Source::new(config, 0xC01);
    let made: Vec<String> = (0..config.color_collections).map(|_| guid(&mut source.rng)).collect();
    let standard = STANDARD.iter().map(|(id, label, palette)| {
        [("id", quoted(id)), ("label", quoted(label)), ("palette", quoted(palette))]
    });
    let own = made.iter().enumerate().map(|(n, id)| {
        let label = format!("Größen & Farben „{}“", n + 1);
        [("id", quoted(id)), ("label", quoted(&label)), ("palette", quoted(&guid(&mut source.rng.clone())))]
    });
    let own: Vec<_> = standard.chain(own).collect();
    (own.into_iter().map(|own| source.fill(COLLECTION, &own)).collect(), made)
}

fn themes(config: &SimConfig, collections: &[String]) -> Vec<String> {
    let mut source = Source::new(config, 0x7E3E);
    let theme = |n: u32| {
        let begins = (n % 3 == 2).then(|| moments::stamp(1_700_000_000 + i64::from(n)));
        let ends = (n % 4 == 2).then(|| moments::stamp(4_100_000_000));
        let collection = match n {
            0 => STANDARD[0].0,
            // No collection is an empty text.
            _ if n.is_multiple_of(2) || collections.is_empty() => "",
            _ => &collections[n as usize % collections.len()],
        };
        let name = match n {
            0 => "Looker".to_owned(),
            1 => "white_label".to_owned(),
            _ => format!("theme_{n}"),
        };
        let background = ["#f6f8fa", "rgba(255, 255, 255, 0.5)", "white"][n as usize % 3];
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("name", quoted(&name)),
            ("begin_at", opt(begins.as_deref())),
            ("end_at", opt(ends.as_deref())),
            ("changeable", (n > 0).to_string()),
            ("collection", quoted(collection)),
            ("background", quoted(background)),
            ("font", quoted("Roboto, 'Noto Sans', sans-serif")),
        ];
        source.fill(THEME, &own)
    };
    (0..config.themes.max(1)).map(theme).collect()
}
