//! What a creation could be taken for.
//!
//! When the answer to a creation is lost, what it made is looked for among its like. Of
//! some there may be several that nothing tells apart: two equal tiles, two schedules of
//! one name. So a plan notes with each creation those of its like that were there
//! before; only those, since a list of everything with every step would be long.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use looker::catalogue::{Resource, Siblings};

use super::RestoreError;
use super::step::{Id, Part, Step, Verb};
use crate::diff::{Node, Value};

/// Bodies of a kind.
type Bodies = Vec<Vec<u8>>;

/// Something that was there before.
struct There {
    id: String,
    /// The fields by which it is told from others.
    same: Vec<(&'static str, Option<String>)>,
}

/// Notes with every creation what was there before that it could be taken for. `object`
/// gives the live body of an object of the plan, `kind` those of all that was read of a
/// kind.
///
/// # Errors
/// When one of these cannot be read: a creation could be taken for it.
pub(super) fn note(
    steps: &mut [Step],
    object: &dyn Fn(usize) -> Result<Option<Vec<u8>>, RestoreError>,
    kind: &dyn Fn(&str) -> Result<Bodies, RestoreError>,
) -> Result<(), RestoreError> {
    let mut there: HashMap<(&'static str, Option<usize>), Vec<There>> = HashMap::new();
    for step in steps.iter_mut().filter(|step| step.verb == Verb::Create) {
        // Of dashboards and looks a listing of names tells more: it has those that were not read.
        let is_listed = |resource: &&Resource| matches!(resource.name, "dashboards" | "looks");
        let Some(resource) = step.resource().filter(|resource| !is_listed(resource)) else { continue };
        let (Some(siblings), Some(among)) = (&resource.siblings, &mut step.among) else { continue };
        let within = resource.parent.map(|_| step.object);
        let known = match there.entry((resource.name, within)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(match within {
                Some(at) => match object(at)? {
                    Some(body) => parts(&body, resource, siblings)?,
                    None => Vec::new(),
                },
                None => wholes(&kind(resource.name)?, resource, siblings)?,
            }),
        };
        let alike = known.iter().filter(|there| there.fits(&step.body));
        among.known.extend(alike.map(|there| there.id.clone()));
    }
    Ok(())
}

fn document<'b>(body: &'b [u8], resource: &Resource) -> Result<Value<'b>, RestoreError> {
    Value::parse(body)
        .map_err(|error| RestoreError::Unreadable { id: resource.name.to_owned(), reason: error.to_string() })
}

fn wholes(bodies: &[Vec<u8>], resource: &Resource, siblings: &Siblings) -> Result<Vec<There>, RestoreError> {
    let mut found = Vec::new();
    for body in bodies {
        found.extend(There::read(&document(body, resource)?, siblings));
    }
    Ok(found)
}

/// The parts of a document in all lists of that name.
fn parts(body: &[u8], resource: &Resource, siblings: &Siblings) -> Result<Vec<There>, RestoreError> {
    let mut found = Vec::new();
    let document = document(body, resource)?;
    collect(&document, resource.name, &mut |part| found.extend(There::read(part, siblings)));
    Ok(found)
}

fn collect<'v>(value: &'v Value<'v>, list: &str, each: &mut impl FnMut(&'v Value<'v>)) {
    for (name, member) in value.members() {
        let Node::List(elements) = member.node() else { continue };
        if *name == list {
            elements.iter().for_each(&mut *each);
        } else {
            for element in elements.iter() {
                collect(element, list, each);
            }
        }
    }
}

impl There {
    fn read(document: &Value<'_>, siblings: &Siblings) -> Option<Self> {
        let id = document.member("id")?.as_name()?.into_owned();
        let said = |field: &&'static str| (*field, document.member(field).and_then(text));
        Some(Self { id, same: siblings.same.iter().map(said).collect() })
    }

    /// Whether a body says the same, as far as it says it. What is not known yet may be.
    fn fits(&self, body: &[(String, Part)]) -> bool {
        self.same.iter().all(|(field, own)| match body.iter().find(|(name, _)| name == field) {
            Some((_, Part::Json(sent))) => {
                Value::parse(sent.get().as_bytes()).is_ok_and(|sent| text(&sent) == *own)
            }
            Some((_, Part::Id(Id::Known(sent)))) => own.as_ref() == Some(sent),
            _ => true,
        })
    }
}

/// A value as it is compared: ids may be texts or numbers, and nothing is written in
/// several ways.
fn text(value: &Value<'_>) -> Option<String> {
    if value.text() == "null" || value.text() == "\"\"" {
        return None;
    }
    let text = value.as_string().unwrap_or(std::borrow::Cow::Borrowed(value.text()));
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::step::{Among, At, Given, Symbol};
    use super::*;

    fn creation(resource: &str, body: Vec<(String, Part)>) -> Step {
        Step {
            number: 1,
            object: 0,
            verb: Verb::Create,
            resource: resource.to_owned(),
            key: "9".to_owned(),
            about: String::new(),
            target: None,
            second: None,
            as_user: None,
            body,
            needs: std::collections::BTreeSet::new(),
            gives: vec![Given { symbol: Symbol::new(resource, "9"), at: At::Id }],
            among: Some(Among { known: std::collections::BTreeSet::new() }),
            irreversible: None,
        }
    }

    fn known(document: &str, step: Step) -> Vec<String> {
        let mut steps = [step];
        let body = || document.replace('\n', "").replace("  ", "").into_bytes();
        note(&mut steps, &|_| Ok(Some(body())), &|_| Ok(vec![body()])).unwrap();
        steps[0].among.take().unwrap().known.into_iter().collect()
    }

    fn string(field: &str, value: &str) -> (String, Part) {
        (field.to_owned(), Part::string(value))
    }

    #[test]
    fn equal_tiles_are_told_from_the_one_that_is_made() {
        let dashboard = r#"{"id":"1","dashboard_elements":[{"id":"5","type":"text","title":"A","body_text":"x"},
            {"id":"6","type":"text","title":"A","body_text":"x"},{"id":"7","type":"text","title":"B"},
            {"id":"8","type":"vis","title":null,"query_id":"3"}]}"#;
        let text = vec![string("type", "text"), string("title", "A"), string("body_text", "x")];
        assert_eq!(known(dashboard, creation("dashboard_elements", text)), ["5", "6"]);
        // Of a query that is still to be asked for nobody knows whether it is the same.
        let query = ("query_id".to_owned(), Part::Id(Id::Of(Symbol::new("queries", "q"))));
        assert_eq!(
            known(dashboard, creation("dashboard_elements", vec![string("type", "vis"), query])),
            ["8"]
        );
        let other = ("query_id".to_owned(), Part::Id(Id::Known("4".to_owned())));
        let none = known(dashboard, creation("dashboard_elements", vec![string("type", "vis"), other]));
        assert_eq!(none, [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_absent() {
        for resource in ["boards", "board_items"] {
            let creation = || [creation(resource, vec![string("title", "T")])];
            let cut = || b"{\"id\":".to_vec();
            let read = note(&mut creation(), &|_| Ok(Some(cut())), &|_| Ok(vec![cut()]));
            assert!(matches!(read, Err(RestoreError::Unreadable { .. })), "{resource}");
        }
    }

    #[test]
    fn parts_within_parts_are_found() {
        let board = r#"{"id":"1","title":"T","board_sections":[{"id":"2","board_items":[{"id":"3","dashboard_id":"4"}]}]}"#;
        let item = ("dashboard_id".to_owned(), Part::Id(Id::Known("4".to_owned())));
        assert_eq!(known(board, creation("board_items", vec![item])), ["3"]);
        assert_eq!(known(board, creation("boards", vec![string("title", "T")])), ["1"]);
        assert_eq!(known(board, creation("boards", vec![string("title", "U")])), [""; 0]);
    }
}
