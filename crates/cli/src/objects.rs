//! Objects and places in them, as commands that find some tell them.

use engine::documents::{Part, Place};
use engine::impact::ObjectName;
use looker::Kind;
use serde::Serialize;

/// Parts of an object that are named in one line.
const PARTS: usize = 3;

/// An object in a JSON document.
#[derive(Serialize)]
pub(crate) struct ObjectPart<'a> {
    kind: &'a str,
    id: &'a str,
    #[serde(flatten)]
    located: Located<'a>,
    state: &'static str,
}

/// What an object is called and where it lies.
#[derive(Serialize)]
pub(crate) struct Located<'a> {
    title: Option<&'a str>,
    folder_id: Option<&'a str>,
    /// The folder's path; its id, where that is not known.
    folder: Option<&'a str>,
}

impl<'a> Located<'a> {
    pub(crate) fn new(title: Option<&'a str>, folder: Option<&'a str>, path: Option<&'a str>) -> Self {
        Self { title, folder_id: folder, folder: path.or(folder) }
    }
}

impl<'a> ObjectPart<'a> {
    pub(crate) fn new(object: &'a ObjectName) -> Self {
        Self {
            kind: &object.kind,
            id: &object.key,
            located: Located::new(
                object.title.as_deref(),
                object.folder.as_deref(),
                object.folder_path.as_deref(),
            ),
            state: object.side.name(),
        }
    }
}

/// A place in an object.
#[derive(Serialize)]
pub(crate) struct PlacePart<'a> {
    part: Option<NamedPart<'a>>,
    field: &'a str,
}

#[derive(Serialize)]
struct NamedPart<'a> {
    kind: &'static str,
    id: Option<&'a str>,
    title: Option<&'a str>,
}

impl<'a> PlacePart<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        let named = |part: &'a Part| NamedPart {
            kind: part.kind,
            id: part.id.as_deref(),
            title: part.title.as_deref(),
        };
        Self { part: place.part.as_ref().map(named), field: &place.field }
    }
}

/// `dashboard 12`.
pub(crate) fn short_name(kind: &str, key: &str) -> String {
    format!("{} {key}", Kind::find(kind).map_or(kind, |kind| kind.singular))
}

/// Title, or nothing, and the folder's path, as cells of a table.
pub(crate) fn title_and_folder(object: &ObjectName) -> [&str; 2] {
    let folder = object.folder_path.as_deref().or(object.folder.as_deref());
    [object.title.as_deref().unwrap_or_default(), folder.unwrap_or_default()]
}

/// Places in one line, those of one part together: `tile "A": fields, sorts`.
pub(crate) fn places_in_words(places: &[Place]) -> String {
    let mut parts: Vec<(Option<&Part>, Vec<&str>)> = Vec::new();
    for place in places {
        match parts.iter_mut().find(|(part, _)| *part == place.part.as_ref()) {
            Some((_, fields)) => fields.push(&place.field),
            None => parts.push((place.part.as_ref(), vec![&place.field])),
        }
    }
    let line = |(part, fields): &(Option<&Part>, Vec<&str>)| match part {
        Some(part) => format!("{part}: {}", fields.join(", ")),
        None => fields.join(", "),
    };
    let mut text = parts.iter().take(PARTS).map(line).collect::<Vec<_>>().join("; ");
    if parts.len() > PARTS {
        text += &format!("; {} more", parts.len() - PARTS);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_one_part_are_told_together() {
        let place = |tile: Option<&str>, field: &str| Place {
            part: tile.map(|id| Part { kind: "tile", id: Some(id.to_owned()), title: None }),
            field: field.to_owned(),
        };
        let some = [place(Some("1"), "fields"), place(None, "user_id"), place(Some("1"), "sorts")];
        assert_eq!(places_in_words(&some), "tile 1: fields, sorts; user_id");
        let many: Vec<Place> = ["1", "2", "3", "4", "5"].iter().map(|tile| place(Some(tile), "x")).collect();
        assert_eq!(places_in_words(&many), "tile 1: x; tile 2: x; tile 3: x; 2 more");
        assert_eq!(places_in_words(&[]), "");
    }
}
