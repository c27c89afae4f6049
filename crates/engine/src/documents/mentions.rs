//! Where a document names another object, or a person as a recipient.

use looker::Kind;

use super::node::Node;
use super::place::{Place, Trail};

/// The places at which a document of a kind refers to an object, in its order,
/// each once; the catalogue says where such references are.
pub(crate) fn mentions(kind: &str, document: &Node, to: &str, key: &str) -> Vec<Place> {
    let references = Kind::find(kind).map_or(&[][..], |kind| kind.references);
    let mut places = Vec::new();
    for reference in references.iter().filter(|reference| reference.kind == to) {
        let path: Vec<&str> = reference.path.split('.').collect();
        let mut search = Search { key, field: path[path.len() - 1], places: &mut places };
        search.follow(document, "", &path, &mut Trail::default());
    }
    places.dedup();
    places
}

/// The addresses to which a plan or an alert is sent, with their places.
pub(crate) fn recipients<'n>(document: &'n Node<'n>) -> Vec<(Place, &'n str)> {
    let mut found = Vec::new();
    for (list, field) in [("scheduled_plan_destination", "address"), ("destinations", "email_address")] {
        for destination in document.items(list) {
            let mut trail = Trail::default();
            trail.enter(list, destination);
            found.extend(destination.text(field).map(|address| (trail.place(field), address)));
        }
    }
    found
}

struct Search<'s> {
    key: &'s str,
    field: &'s str,
    places: &'s mut Vec<Place>,
}

impl Search<'_> {
    fn follow<'n>(&mut self, node: &'n Node<'n>, list: &'n str, path: &[&'n str], trail: &mut Trail<'n>) {
        if let Node::List(elements) = node {
            for element in elements {
                trail.enter(list, element);
                self.follow(element, list, path, trail);
                trail.leave();
            }
            return;
        }
        match path {
            [] if node.as_text() == Some(self.key) => self.places.push(trail.place(self.field)),
            [] => {}
            [first, rest @ ..] => {
                if let Some(member) = node.get(first) {
                    self.follow(member, first, rest, trail);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(kind: &str, document: &str, to: &str, key: &str) -> Vec<String> {
        let document = Node::parse(document).unwrap();
        mentions(kind, &document, to, key).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn references_are_found_where_the_catalogue_says() {
        let dashboard = r#"{"user_id":7,"dashboard_elements":[{"id":"1","title":"A","look_id":"7"},
            {"id":"2","look_id":"8"},{"id":"3","look_id":7}]}"#;
        assert_eq!(places("dashboards", dashboard, "looks", "7"), ["tile \"A\": look_id", "tile 3: look_id"]);
        assert_eq!(places("dashboards", dashboard, "users", "7"), ["user_id"]);
        let board = r#"{"board_sections":[{"title":"S","board_items":[{"id":"4","dashboard_id":"7"}]}]}"#;
        assert_eq!(places("boards", board, "dashboards", "7"), ["item 4: dashboard_id"]);
        assert_eq!(places("users", r#"{"group_ids":["1","2"]}"#, "groups", "2"), ["group_ids"]);
        assert_eq!(
            places("content_favorites", r#"[{"look_id":"1"},{"look_id":"2"}]"#, "looks", "2"),
            ["look_id"]
        );
    }

    #[test]
    fn recipients_are_those_of_plans_and_alerts() {
        let plan =
            Node::parse(r#"{"scheduled_plan_destination":[{"id":"9","address":"a@b.c"},{"address":null}]}"#);
        let plan = plan.unwrap();
        let found = recipients(&plan);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.to_string().as_str(), found[0].1), ("destination 9: address", "a@b.c"));
    }
}
