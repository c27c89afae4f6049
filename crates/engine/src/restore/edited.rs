//! Three sides of what somebody changed: as it was then, as it was last read, as it is.
//!
//! Only what a restore writes counts. What Looker counts and stamps by itself, or repeats
//! of other objects, moves without anybody's doing and is no conflict.

use looker::Kind;
use looker::catalogue::{Relation, Resource};
use serde::{Deserialize, Serialize};

use super::accepted::Accepted;
use super::read_back::is_writable;
use super::special::DESTINATION;
use super::step::{Ids, Symbol};
use crate::diff::{Change, Documents, Element, Identity, Step, Value, View, What};

/// Something that somebody changed after the vault last read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Where, in words.
    pub place: String,
    /// What a restore brings back, as JSON; none where there was nothing.
    pub then: Option<String>,
    /// What the vault read last.
    pub last: Option<String>,
    /// What is there now.
    pub now: Option<String>,
}

/// What somebody changed of an object that a restore would write; the documents are
/// those of then, of the last reading and of now. What was made anew since then has
/// another id in the later ones; `ids` knows it.
pub(super) fn of(
    kind: &'static Kind,
    [then, last, now]: [&Value<'_>; 3],
    ids: &Ids,
    accepted: Option<&Accepted>,
) -> Vec<Edited> {
    let documents = Documents { kind, from: last, to: now, identity: Identity::Id };
    let Some(edit) = documents.edit() else { return Vec::new() };
    let changes = documents.changes(&edit, View::default(), &|_, old, new| old == new);
    let edits = changes
        .iter()
        .filter(|change| is_of_a_part(kind, change) || is_an_edit(kind, &change.path(), accepted));
    edits.map(|change| edited(change, then, ids)).collect()
}

/// Whether a part came or went, into the trash of its object too, that a restore makes or
/// deletes by itself. Where Looker alone marks a part as deleted, as of layouts, nobody did.
fn is_of_a_part(kind: &Kind, change: &Change<'_>) -> bool {
    let path = change.path();
    let (of, is_mark) = match (&change.what, change.place.last()) {
        (What::Added(_) | What::Removed(_), Some(Step::Element(_))) => (path.as_str(), false),
        _ => match path.strip_suffix(".deleted") {
            Some(of) => (of, true),
            None => return false,
        },
    };
    let part = of.split('.').try_fold(Resource::find(kind.name), |resource, name| {
        Some(resource?.parts.iter().find(|part| part.name == name).copied())
    });
    let is_written = |part: &Resource| part.create.is_some() || part.delete.is_some();
    part.flatten().is_some_and(|part| is_written(part) && !(is_mark && part.knows("deleted")))
}

/// Whether a restore would write what stands at a path. Edges are looked at by
/// themselves.
fn is_an_edit(kind: &Kind, path: &str, accepted: Option<&Accepted>) -> bool {
    const BY_CALLS_OF_THEIR_OWN: [&str; 3] = [
        "credentials_email.email",
        "certification_metadata.certification_status",
        "certification_metadata.notes",
    ];
    // Of lists, such as the values of a user, each row is written.
    let is_list = kind.each().is_some() && kind.envelope.id.is_empty();
    if let Some(field) = path.strip_prefix("scheduled_plan_destination.") {
        return DESTINATION.contains(&field.split('.').next().unwrap_or(field));
    }
    is_list
        || BY_CALLS_OF_THEIR_OWN.contains(&path)
        || !Relation::is_stated_by(kind.name, path) && is_writable(kind, path, accepted)
}

fn edited(change: &Change<'_>, then: &Value<'_>, ids: &Ids) -> Edited {
    let text = |value: &Value<'_>| Some(value.text().to_owned());
    // Of a list of plain values an element is its value.
    let own = match change.what {
        What::Added(value) | What::Removed(value) | What::Moved(value) => value.text(),
        What::Changed { from, .. } => from.text(),
    };
    let found = find(then, &change.place, own, ids);
    let then = found.and_then(|(value, _)| text(value));
    let (then, last, now) = match change.what {
        What::Added(value) => (then, None, text(value)),
        What::Removed(value) => (then, text(value), None),
        What::Changed { from, to } => (then, text(from), text(to)),
        What::Moved(_) => {
            let nth = |at: usize| (at + 1).to_string();
            let [from, to] = match change.place.last() {
                Some(Step::Element(element)) => [element.from, element.to],
                _ => [None, None],
            };
            (found.and_then(|(_, at)| at).map(nth), from.map(nth), to.map(nth))
        }
    };
    let place = match (&change.what, change.place.last()) {
        (What::Moved(_), Some(Step::Element(Element { name: None, key: None, .. }))) => {
            format!("{} {own}: place in its list", place(change))
        }
        (What::Moved(_), _) => format!("{}: place in its list", place(change)),
        _ => place(change),
    };
    Edited { place, then, last, now }
}

/// What stands at the same place of another document; of an element also where in its list.
fn find<'v>(
    document: &'v Value<'v>,
    place: &[Step<'_>],
    own: &str,
    ids: &Ids,
) -> Option<(&'v Value<'v>, Option<usize>)> {
    let (mut value, mut list, mut nth) = (document, "", None);
    for step in place {
        (value, nth) = match step {
            Step::Field(field) => {
                list = field;
                (value.member(field)?, None)
            }
            Step::Element(element) => {
                let is_it = |one: &Value<'_>| match &element.key {
                    Some(key) => one.member("id").and_then(Value::as_name).is_some_and(|id| {
                        let now = ids.get(&Symbol::new(list, id.as_ref()));
                        now.map_or(id.as_ref(), String::as_str) == key
                    }),
                    None => one.text() == own,
                };
                let at = value.elements().iter().position(is_it)?;
                (&value.elements()[at], Some(at))
            }
            Step::Through { .. } => return None,
        };
    }
    Some((value, nth))
}

/// `tile "Revenue": title`.
fn place(change: &Change<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut fields: Vec<&str> = Vec::new();
    for step in &change.place {
        match step {
            Step::Field(field) | Step::Through { field, .. } => fields.push(field),
            Step::Element(element) => {
                let list = fields.join(".");
                fields.clear();
                let word = if element.singular.is_empty() { &*list } else { element.singular };
                let name = element.name.as_ref().map(|name| format!("{name:?}"));
                let name = name.or_else(|| element.key.as_ref().map(ToString::to_string)).unwrap_or_default();
                words.push(format!("{word} {name}").trim_end().to_owned());
            }
        }
    }
    if !fields.is_empty() || words.is_empty() {
        words.push(fields.join("."));
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, documents: [&str; 3]) -> Vec<[String; 4]> {
        told_by(kind, documents, &Ids::new())
    }

    fn told_by(kind: &str, documents: [&str; 3], ids: &Ids) -> Vec<[String; 4]> {
        let kind = Kind::find(kind).unwrap();
        let parsed = documents.map(|document| Value::parse(document.as_bytes()).unwrap());
        let none = || "-".to_owned();
        of(kind, [&parsed[0], &parsed[1], &parsed[2]], ids, None)
            .into_iter()
            .map(|one| {
                [
                    one.place,
                    one.then.unwrap_or_else(none),
                    one.last.unwrap_or_else(none),
                    one.now.unwrap_or_else(none),
                ]
            })
            .collect()
    }

    #[test]
    fn three_sides_of_fields_and_parts_are_told() {
        let document = |title: &str, tile: &str| {
            format!(
                r#"{{"dashboard_elements":[{{"id":"5","title":"{tile}"}}],"id":"1","title":"{title}","updated_at":"{title}"}}"#
            )
        };
        let [then, last, now] =
            [("A", "x"), ("B", "x"), ("C", "y")].map(|(title, tile)| document(title, tile));
        assert_eq!(
            told("dashboards", [&then, &last, &now]),
            [
                ["title", r#""A""#, r#""B""#, r#""C""#].map(str::to_owned),
                ["tile \"y\": title", r#""x""#, r#""x""#, r#""y""#].map(str::to_owned),
            ]
        );
    }

    #[test]
    fn what_was_made_anew_is_what_it_was() {
        let document = |id: &str, tile: &str, title: &str| {
            format!(r#"{{"dashboard_elements":[{{"id":"{tile}","title":"{title}"}}],"id":"{id}"}}"#)
        };
        let ids = Ids::from([
            (Symbol::new("dashboards", "1"), "91".to_owned()),
            (Symbol::new("dashboard_elements", "5"), "95".to_owned()),
        ]);
        let [then, last, now] =
            [document("1", "5", "x"), document("91", "95", "y"), document("91", "95", "z")];
        assert_eq!(
            told_by("dashboards", [&then, &last, &now], &ids),
            [["tile \"z\": title", r#""x""#, r#""y""#, r#""z""#].map(str::to_owned)]
        );
    }

    #[test]
    fn of_what_moved_the_places_are_told() {
        let order = |ids: &str| format!(r#"{{"id":"1","section_order":[{ids}]}}"#);
        let [then, last, now] = [r#""3","2","1""#, r#""1","2","3""#, r#""2","3","1""#].map(order);
        let told = told("boards", [&then, &last, &now]);
        assert_eq!(told, [[r#"section_order "1": place in its list"#, "3", "1", "3"].map(str::to_owned)]);
    }

    #[test]
    fn a_part_that_came_or_went_is_an_edit() {
        let document = |tiles: &str| format!(r#"{{"dashboard_elements":[{tiles}],"id":"1","title":"A"}}"#);
        let (one, more) = (document(r#"{"id":"5"}"#), document(r#"{"id":"5"},{"id":"6"}"#));
        let gone = document(r#"{"deleted":true,"id":"5"}"#);
        let there = document(r#"{"deleted":false,"id":"5"}"#);
        for [last, now] in [[&one, &more], [&more, &one], [&there, &gone]] {
            assert_eq!(told("dashboards", [last, last, now]).len(), 1, "{last} {now}");
        }
    }

    #[test]
    fn what_nobody_writes_is_no_edit() {
        let same = [
            ("groups", r#"{"id":"1","name":"A","user_count":1}"#, r#"{"id":"1","name":"A","user_count":2}"#),
            (
                "boards",
                r#"{"board_sections":[{"board_items":[{"id":"3","title":"x"}],"id":"2"}],"id":"1","updated_at":"1"}"#,
                r#"{"board_sections":[{"board_items":[{"id":"3","title":"y"}],"id":"2"}],"id":"1","updated_at":"2"}"#,
            ),
            (
                "dashboards",
                r#"{"dashboard_layouts":[{"deleted":false,"id":"2"}],"id":"1"}"#,
                r#"{"dashboard_layouts":[{"deleted":true,"id":"2"}],"id":"1"}"#,
            ),
            (
                "looks",
                r#"{"id":"1","last_updater_id":"1","user_name":"A"}"#,
                r#"{"id":"1","last_updater_id":"2","user_name":"B"}"#,
            ),
            (
                "users",
                r#"{"display_name":"A","group_ids":["1"],"id":"1"}"#,
                r#"{"display_name":"B","group_ids":["2"],"id":"1"}"#,
            ),
        ];
        for (kind, last, now) in same {
            assert_eq!(told(kind, [last, last, now]), Vec::<[String; 4]>::new(), "{kind}");
        }
        let address = |email: &str| format!(r#"{{"credentials_email":{{"email":"{email}"}},"id":"1"}}"#);
        assert_eq!(told("users", [&address("a@x"), &address("a@x"), &address("b@x")]).len(), 1);
    }
}
