//! Where in a document something stands, as people would say it.

use std::fmt;

use super::node::Node;

/// A part of an object that people know by its name: a tile, a filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// `tile`, `filter`, `section`, ...
    pub kind: &'static str,
    /// Its id.
    pub id: Option<String>,
    /// Its title or name.
    pub title: Option<String>,
}

/// Lists whose elements are such parts.
const PARTS: &[(&str, &str)] = &[
    ("dashboard_elements", "tile"),
    ("dashboard_filters", "filter"),
    ("board_sections", "section"),
    ("board_items", "item"),
    ("homepage_items", "item"),
    ("source_queries", "merge source"),
    ("scheduled_plan_destination", "destination"),
    ("destinations", "destination"),
    ("dimensions", "dimension"),
    ("measures", "measure"),
    ("parameters", "parameter"),
    ("joins", "join"),
];

/// Members that name a part, the best first.
const NAMES: [&str; 4] = ["title", "title_text", "name", "label"];

impl Part {
    /// The part that an element of the list at `key` is.
    pub(super) fn of(key: &str, element: &Node) -> Option<Self> {
        let (_, kind) = PARTS.iter().find(|(list, _)| *list == key)?;
        let text = |key: &str| element.text(key).map(str::to_owned);
        // A tile without a title shows that of its look.
        let title = NAMES.iter().find_map(|key| text(key));
        let title = title.or_else(|| element.get("look")?.text("title").map(str::to_owned));
        Some(Self { kind, id: text("id"), title })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.title, &self.id) {
            (Some(title), _) => write!(f, "{} \"{title}\"", self.kind),
            (None, Some(id)) => write!(f, "{} {id}", self.kind),
            (None, None) => f.write_str(self.kind),
        }
    }
}

/// A place: the part, if it lies in one, and the field of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The innermost part around it.
    pub part: Option<Part>,
    /// The field, as the API or people call it.
    pub field: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Some(part) => write!(f, "{part}: {}", self.field),
            None => f.write_str(&self.field),
        }
    }
}

/// The way from the root to where a walk is.
#[derive(Debug, Default)]
pub(super) struct Trail<'n> {
    /// Elements of lists, with the key of their list.
    elements: Vec<(&'n str, &'n Node<'n>)>,
}

impl<'n> Trail<'n> {
    pub(super) fn enter(&mut self, list: &'n str, element: &'n Node<'n>) {
        self.elements.push((list, element));
    }

    pub(super) fn leave(&mut self) {
        self.elements.pop();
    }

    /// The place of a field here.
    pub(super) fn place(&self, field: &str) -> Place {
        let part = self.elements.iter().rev().find_map(|(list, element)| Part::of(list, element));
        Place { part, field: field.to_owned() }
    }
}
