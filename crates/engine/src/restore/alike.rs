//! What a creation could be taken for.
//!
//! When the answer to a creation is lost, what it made is looked for among its like. Of
//! some there may be several that nothing tells apart: two equal tiles, two schedules of
//! one name. So a plan notes with each creation those of its like that were there
//! before; only those, since a list of everything with every step would be long.

use std::collections::HashMap;

use looker::catalogue::{Resource, Siblings};

use super::step::{Id, Part, Step, Verb};
use crate::diff::{Node, Value};

/// Something that was there before.
struct There {
    id: String,
    /// The fields by which it is told from others.
    same: Vec<(&'static str, Option<String>)>,
}

/// Notes with every creation what was there before that it could be taken for. `object`
/// gives the live body of an object of the plan, `kind` those of all that was read of a
/// kind.
pub(super) fn note(
    steps: &mut [Step],
    object: &dyn Fn(usize) -> Option<Vec<u8>>,
    kind: &dyn Fn(&str) -> Vec<Vec<u8>>,
) {
    let mut there: HashMap<(&'static str, Option<usize>), Vec<There>> = HashMap::new();
    for step in steps.iter_mut().filter(|step| step.verb == Verb::Create) {
        // Of dashboards and looks a listing of names tells more: it has those that were not read.
        let is_listed = |resource: &&Resource| matches!(resource.name, "dashboards" | "looks");
        let Some(resource) = step.resource().filter(|resource| !is_listed(resource)) else { continue };
        let (Some(siblings), Some(among)) = (&resource.siblings, &mut step.among) else { continue };
        let within = resource.parent.map(|_| step.object);
        let known = there.entry((resource.name, within)).or_insert_with(|| match within {
            Some(at) => object(at).map(|body| parts(&body, resource, siblings)).unwrap_or_default(),
            None => kind(resource.name).iter().filter_map(|body| whole(body, siblings)).collect(),
        });
        let alike = known.iter().filter(|there| there.fits(&step.body));
        among.known.extend(alike.map(|there| there.id.clone()));
    }
}

fn whole(body: &[u8], siblings: &Siblings) -> Option<There> {
    Value::parse(body).ok().and_then(|document| There::read(&document, siblings))
}

/// The parts of a document in all lists of that name.
fn parts(body: &[u8], resource: &Resource, siblings: &Siblings) -> Vec<There> {
    let mut found = Vec::new();
    if let Ok(document) = Value::parse(body) {
        collect(&document, resource.name, &mut |part| found.extend(There::read(part, siblings)));
    }
    found
}

fn collect<'v>(value: &'v Value<'v>, list: &str, each: &mut impl FnMut(&'v Value<'v>)) {
    for (name, member) in value.members() {
        let Node::List(elements) = member.node() else { continue };
        if *name == list {
            elements.iter().for_each(&mut *each);
        } else {
            for element in elements {
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
        note(&mut steps, &|_| Some(body()), &|_| vec![body()]);
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
    fn parts_within_parts_are_found() {
        let board = r#"{"id":"1","title":"T","board_sections":[{"id":"2","board_items":[{"id":"3","dashboard_id":"4"}]}]}"#;
        let item = ("dashboard_id".to_owned(), Part::Id(Id::Known("4".to_owned())));
        assert_eq!(known(board, creation("board_items", vec![item])), ["3"]);
        assert_eq!(known(board, creation("boards", vec![string("title", "T")])), ["1"]);
        assert_eq!(known(board, creation("boards", vec![string("title", "U")])), [""; 0]);
    }
}
