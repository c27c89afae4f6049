//! Links to dashboards and looks in texts: tiles of text, notes, descriptions, custom
//! addresses.
//!
//! Nothing but the address says what such a link leads to, so it is lost when a
//! dashboard gets another id, unless it is written anew. A link is relative, or names
//! the instance; links to other hosts lead elsewhere and are never touched. One by slug
//! holds as long as the slug does.

use std::collections::BTreeSet;
use std::ops::Range;

use looker::Kind;
use looker::catalogue::Resource;

use super::step::{Id, Ids, Piece, Symbol};
use crate::diff::Value;

/// Paths of pages, with the kind whose id follows.
const PAGES: &[(&str, &str)] =
    &[("/dashboards/", "dashboards"), ("/dashboards-next/", "dashboards"), ("/looks/", "looks")];

/// A link in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// What it leads to.
    pub(super) symbol: Symbol,
    /// Where the text has the id.
    pub(super) at: Range<usize>,
}

/// The links in a text to dashboards and looks of the instance at `host`, by id.
pub(super) fn links(text: &str, host: &str) -> Vec<Link> {
    let mut found = Vec::new();
    // Most texts hold no address at all.
    if memchr::memchr(b'/', text.as_bytes()).is_none() {
        return found;
    }
    for (page, kind) in PAGES {
        for (start, _) in text.match_indices(page) {
            let from = start + page.len();
            let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
            let next = text[from + digits..].bytes().next();
            let is_id = digits > 0 && !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == b'_');
            if is_id && is_of_instance(&text[..start], host) {
                let at = from..from + digits;
                found.push(Link { symbol: Symbol::new(kind, &text[at.clone()]), at });
            }
        }
    }
    found.sort_by_key(|link| link.at.start);
    found
}

/// What a document links to in what a restore writes of it. Looker repeats titles and
/// descriptions of other objects there, which follow these.
pub(super) fn written(kind: &Kind, document: &str, host: &str) -> BTreeSet<Symbol> {
    let mut found = BTreeSet::new();
    // Most have no links, and need not be looked into.
    if !links(document, host).is_empty()
        && let (Some(resource), Ok(document)) = (Resource::find(kind.name), Value::parse(document.as_bytes()))
    {
        collect(resource, &document, host, &mut found);
    }
    found
}

fn collect(resource: &Resource, document: &Value<'_>, host: &str, found: &mut BTreeSet<Symbol>) {
    for (name, value) in document.members() {
        let part = resource.parts.iter().find(|part| part.name == *name);
        let is_written = || resource.fields().contains(name) || *name == "query" || !resource.knows(name);
        match part {
            Some(part) => value.elements().iter().for_each(|one| collect(part, one, host, found)),
            None if is_written() => {
                found.extend(links(value.text(), host).into_iter().map(|link| link.symbol));
            }
            None => {}
        }
    }
}

/// Whether an address that begins at the end of this text is one of the instance:
/// without a host, or with its own.
fn is_of_instance(before: &str, host: &str) -> bool {
    let is_edge = |c: char| c.is_whitespace() || "\"'`()[]{}<>=,;|\\".contains(c);
    let start =
        before.rfind(is_edge).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let address = before[start..].strip_suffix("/embed").unwrap_or(&before[start..]);
    let named = ["https://", "http://", "//"].iter().find_map(|scheme| address.strip_prefix(scheme));
    match named {
        Some(named) => named.split(':').next() == host.split(':').next(),
        None => address.is_empty(),
    }
}

/// A text with its links led to where these things are now; `None` when none of them
/// leads elsewhere. `is_made` says of what will be made anew.
pub(super) fn led(
    text: &str,
    host: &str,
    ids: &Ids,
    is_made: &dyn Fn(&Symbol) -> bool,
) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for Link { symbol, at } in links(text, host) {
        let id = match ids.get(&symbol) {
            Some(id) if *id == symbol.key => continue,
            Some(id) => Id::Known(id.clone()),
            None if is_made(&symbol) => Id::Of(symbol),
            None => continue,
        };
        pieces.push(Piece::Text(text[done..at.start].to_owned()));
        pieces.push(Piece::Id(id));
        done = at.end;
    }
    if pieces.is_empty() {
        return None;
    }
    pieces.push(Piece::Text(text[done..].to_owned()));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        links(text, "bi.example.com:19999").into_iter().map(|link| link.symbol.to_string()).collect()
    }

    #[test]
    fn links_of_the_instance_are_found_wherever_they_stand() {
        let text = r#""[a](/dashboards/42?x=1) <a href='https://bi.example.com/looks/7'> /embed/dashboards/3
            https://bi.example.com:9999/embed/dashboards-next/4#t \"/dashboards/5\"""#;
        assert_eq!(keys(text), ["dashboards/42", "looks/7", "dashboards/3", "dashboards/4", "dashboards/5"]);
    }

    #[test]
    fn what_is_no_link_of_the_instance_is_left_alone() {
        for text in [
            "https://other.example.com/dashboards/42",
            "/dashboards/42abc",
            "/dashboards/model::name",
            "/folders/dashboards/42",
            "/dashboards/",
            "see dashboards/42",
        ] {
            assert_eq!(keys(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_looker_repeats_of_others_is_no_link_of_its_own() {
        let written = |kind: &str, document: &str| {
            let found = written(Kind::find(kind).unwrap(), document, "h");
            found.into_iter().map(|symbol| symbol.key).collect::<Vec<_>>()
        };
        let item = r#"{"description":"/looks/1","url":"/looks/2","custom_url":"/looks/3"}"#;
        let board = format!(r#"{{"board_sections":[{{"board_items":[{item}]}}],"description":"/looks/4"}}"#);
        assert_eq!(written("boards", &board), ["3", "4"]);
        let tile = r#"{"look":{"description":"/looks/1"},"body_text":"/looks/2"}"#;
        let dashboard = format!(r#"{{"dashboard_elements":[{tile}],"unheard_of":"/looks/3"}}"#);
        assert_eq!(written("dashboards", &dashboard), ["2", "3"]);
    }

    #[test]
    fn a_text_is_led_to_new_ids_and_otherwise_kept() {
        let text = r#""é [a](/dashboards/42) and /looks/7 and /looks/8""#;
        let ids = Ids::from([
            (Symbol::new("dashboards", "42"), "977".to_owned()),
            (Symbol::new("looks", "7"), "7".to_owned()),
        ]);
        let pieces = led(text, "h", &ids, &|symbol| symbol.key == "8").unwrap();
        let made = Ids::from([(Symbol::new("looks", "8"), "12".to_owned())]);
        let mut out = String::new();
        super::super::step::Part::Spliced(pieces).write(&made, &mut out).unwrap();
        assert_eq!(out, r#""é [a](/dashboards/977) and /looks/7 and /looks/12""#);
        assert_eq!(led(text, "h", &Ids::new(), &|_| false), None);
    }
}
