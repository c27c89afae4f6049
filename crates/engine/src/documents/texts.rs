//! The texts of a document that are worth finding.

use std::borrow::Cow;

use vault::TextSort;

use super::node::Node;
use super::place::{Place, Trail};

/// Members that hold what people wrote or read, in documents of any kind.
const WORDS: &[&str] = &[
    "title",
    "name",
    "label",
    "description",
    "title_text",
    "subtitle_text",
    "body_text",
    "note_text",
    "notes",
    "text",
    "message",
    "subject",
    "comment",
    "custom_title",
    "custom_description",
    "display_name",
    "first_name",
    "last_name",
    "email",
    "address",
    "email_address",
    "default_value",
    "filter_value",
    "group_label",
    "view_label",
];

/// Members that hold what machines read.
const CODE: &[&str] = &[
    "sql",
    "sql_on",
    "sql_where",
    "sql_table_name",
    "expression",
    "filter_expression",
    "based_on",
    "model",
    "explore",
    "dimension",
];

/// JSON within strings.
const EMBEDDED: &[&str] = &["dynamic_fields", "rich_content_json"];

/// Copies of other objects, which are found themselves.
const COPIES: &[&str] = &["folder", "user", "dashboard", "lookml_dashboard"];

/// Takes a text with its sort; its place is made only for who asks for it.
pub(super) type EachText<'a> = dyn FnMut(TextSort, &dyn Fn() -> Place, &str) + 'a;

/// Kinds whose documents say nothing but what others say.
const SAID_ELSEWHERE: &[&str] = &["content_metadata", "content_metadata_access"];

/// Hands every text worth finding to `each`, with its sort and its place. `title`
/// is the member that says what an object of the kind is called.
pub(super) fn each_text(kind: &str, document: &Node, title: &str, each: &mut EachText<'_>) {
    if SAID_ELSEWHERE.contains(&kind) {
        return;
    }
    let mut walk = Walk { each, trail: Trail::default() };
    match document {
        Node::Object(members) => {
            for (key, value) in members {
                match value {
                    Node::Text(text) if key == title => {
                        (walk.each)(TextSort::Title, &|| walk.trail.place(key), text);
                    }
                    value => walk.member(key, value),
                }
            }
        }
        other => walk.member("", other),
    }
}

struct Walk<'w, 'e, 'n> {
    each: &'w mut EachText<'e>,
    trail: Trail<'n>,
}

impl<'n> Walk<'_, '_, 'n> {
    fn member(&mut self, key: &'n str, value: &'n Node<'n>) {
        match value {
            Node::Null | Node::Plain(_) => {}
            Node::Text(text) => self.text(key, text),
            Node::List(elements) => {
                for element in elements {
                    self.trail.enter(key, element);
                    self.element(key, element);
                    self.trail.leave();
                }
            }
            Node::Object(_) if COPIES.contains(&key) => {}
            Node::Object(members) if key == "filters" => self.filters(members),
            Node::Object(members) => members.iter().for_each(|(key, value)| self.member(key, value)),
        }
    }

    /// A text in a list is of the list's sort.
    fn element(&mut self, key: &'n str, element: &'n Node<'n>) {
        match element {
            Node::Object(members) => members.iter().for_each(|(key, value)| self.member(key, value)),
            other => self.member(key, other),
        }
    }

    /// The values of filters by field.
    fn filters(&mut self, members: &'n [(Cow<'n, str>, Node<'n>)]) {
        for (_, value) in members {
            if let Node::Text(text) = value {
                self.give(TextSort::Text, "filters", text);
            }
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if WORDS.contains(&key) {
            self.give(TextSort::Text, key, text);
        } else if CODE.contains(&key) {
            self.give(TextSort::Code, key, text);
        } else if EMBEDDED.contains(&key) {
            self.embedded(key, text);
        }
    }

    /// The same members, within a document that is a text; their place is its.
    fn embedded(&mut self, key: &str, text: &str) {
        let Some(document) = Node::parse(text) else { return };
        let Self { each, trail } = self;
        each_text("", &document, "", &mut |sort, _, text| each(sort, &|| trail.place(key), text));
    }

    fn give(&mut self, sort: TextSort, key: &str, text: &str) {
        if !text.trim().is_empty() {
            let trail = &self.trail;
            (self.each)(sort, &|| trail.place(key), text);
        }
    }
}
