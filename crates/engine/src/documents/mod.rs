//! What documents say: knowledge of Looker that the vault does not have.
//!
//! The vault stores documents of any kind and keeps indexes of words and fields;
//! here is known which members hold words that people look for, which name fields
//! of explores, and how to call the place where something stands.

mod mentions;
mod names;
mod node;
mod place;
mod texts;
mod uses;
mod wanted;

use std::collections::HashSet;

use looker::Kind;
use vault::{FieldName, Indexed, Indexer, TextSort};

pub(crate) use mentions::{mentions, recipients};
pub(crate) use node::Node;
pub use place::{Part, Place};
use texts::EachText;
pub use uses::FieldUse;
pub(crate) use wanted::Wanted;

/// What the vault is handed to search documents by. A test tells when what it
/// finds has changed and `edition` has not.
pub const INDEXER: Indexer = Indexer { edition: "1", find };

/// A text of a document and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedText {
    /// Of what sort it is.
    pub sort: TextSort,
    /// Where.
    pub place: Place,
    /// What it says.
    pub text: String,
}

/// Where a body of a kind uses the fields that are wanted.
pub(crate) fn wanted_uses(kind: &str, body: &[u8], wanted: &Wanted<'_>) -> Vec<FieldUse> {
    wanted.read(kind, body).map_or_else(Vec::new, |document| uses::uses(kind, &document, Some(wanted)))
}

/// The texts of a body that are worth finding, of each sort once, and where they
/// stand.
pub fn placed_texts(kind: &str, body: &[u8]) -> Vec<PlacedText> {
    let mut texts = Vec::new();
    let mut each = |sort, place: &dyn Fn() -> Place, text: &str| {
        texts.push(PlacedText { sort, place: place(), text: text.to_owned() });
    };
    search(kind, body, &mut each);
    texts
}

fn find(kind: &str, body: &[u8]) -> Indexed {
    let mut texts = Vec::new();
    let uses = search(kind, body, &mut |sort, _, text| texts.push((sort, text.to_owned())));
    Indexed { texts, fields: uses.into_iter().map(|used| used.field).collect() }
}

/// Hands every text to `each`, of each sort once, and gives the fields used.
fn search(kind: &str, body: &[u8], each: &mut EachText<'_>) -> Vec<FieldUse> {
    let Some(document) = Node::of(body) else { return Vec::new() };
    let mut known = HashSet::new();
    let mut each = |sort, place: &dyn Fn() -> Place, text: &str| {
        if known.insert((sort, text.to_owned())) {
            each(sort, place, text);
        }
    };
    texts::each_text(kind, &document, title_of(kind), &mut each);
    let uses = uses::uses(kind, &document, None);
    for used in &uses {
        each(TextSort::Code, &|| used.place.clone(), &code_of(&used.field));
    }
    uses
}

/// A field as it is found: by its name, and the explore it is on by its own.
fn code_of(field: &FieldName) -> String {
    match field.name.as_str() {
        "" => format!("{} {}", field.model, field.explore),
        name => name.to_owned(),
    }
}

/// The member that says what an object of a kind is called.
pub(crate) fn title_of(kind: &str) -> &'static str {
    Kind::find(kind).map_or("", |kind| kind.envelope.title)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const OBJECTS: &[(&str, &str)] = &[
        ("dashboards", include_str!("nasty_dashboard.json")),
        (
            "dashboards",
            r#"{"id":"2","title":"Sales","description":"By région","folder":{"name":"Never found"},
                "dashboard_elements":[
                    {"id":"1","type":"text","title_text":"Read me","body_text":"Please\nread","note_text":"A note"},
                    {"id":"2","type":"button","rich_content_json":"{\"text\":\"Press\",\"href\":\"https://x\"}"}],
                "dashboard_filters":[{"name":"Region","title":"Region","default_value":"EMEA"}]}"#,
        ),
        (
            "looks",
            r#"{"id":"5","notes":"Orders","title":"Orders","description":null,"user":{"display_name":"Never found"}}"#,
        ),
        ("users", r#"{"id":"3","display_name":"Ada Lovelace","email":"ada@example.com"}"#),
        (
            "scheduled_plans",
            r#"{"id":"4","name":"Weekly","scheduled_plan_destination":[{"id":"1","address":"a@b.c","message":"Hi"}]}"#,
        ),
        (
            "explores",
            r#"{"id":"m::e","title":"Orders","sql_table_name":"shop.orders","fields":{"dimensions":[
                {"name":"orders.state","label":"State","sql":"${TABLE}.state","description":"Where"}]}}"#,
        ),
        ("content_favorites", r#"[{"id":"1","title":"One","dashboard_id":"2"}]"#),
    ];

    /// Whoever accepts a change of this must change the edition of the indexer
    /// too, or vaults will keep what the one before has found.
    #[test]
    fn this_edition_finds_these_texts_and_fields() {
        let mut text = format!("edition {}\n", INDEXER.edition);
        for (kind, body) in OBJECTS {
            let Indexed { texts, fields } = (INDEXER.find)(kind, body.as_bytes());
            text += &format!("\n{kind}\n");
            for (sort, found) in texts {
                text += &format!("  {sort:?}: {found:?}\n");
            }
            for field in fields.into_iter().collect::<BTreeSet<_>>() {
                text += &format!("  field {}::{} {}\n", field.model, field.explore, field.name);
            }
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_is_indexed_is_what_is_placed() {
        for (kind, body) in OBJECTS {
            let placed = placed_texts(kind, body.as_bytes()).into_iter();
            let placed: Vec<_> = placed.map(|placed| (placed.sort, placed.text)).collect();
            assert_eq!((INDEXER.find)(kind, body.as_bytes()).texts, placed, "{kind}");
        }
    }

    #[test]
    fn places_are_called_as_people_call_them() {
        let (kind, body) = OBJECTS[1];
        let places: Vec<String> = placed_texts(kind, body.as_bytes())
            .iter()
            .map(|placed| format!("{} = {}", placed.place, placed.text.replace('\n', " ")))
            .collect();
        insta::assert_snapshot!(places.join("\n"));
    }

    #[test]
    fn a_body_that_is_no_document_says_nothing() {
        assert_eq!((INDEXER.find)("dashboards", b"\xff{"), Indexed::default());
        assert_eq!(placed_texts("dashboards", b"{"), []);
        let anything = vault::FieldFilter::default();
        assert_eq!(wanted_uses("dashboards", b"", &Wanted::new(&anything)), []);
    }
}
