//! The parts of a copied dashboard: under ids of their own, and referring to
//! each other as the original's do.

use std::collections::HashMap;

use crate::json::{self, quoted};
use crate::parts::{self, Part, Parts, id_of};

/// Gives parts new ids, and remembers which.
struct Copier<'a> {
    parts: &'a mut Parts,
    /// The id of the copy.
    dashboard: String,
    renamed: HashMap<(Part, String), String>,
}

/// The lists of parts of a copy.
pub(crate) fn of_parts(
    parts: &mut Parts,
    body: &str,
    dashboard: u64,
    title: &str,
) -> [(Part, Vec<String>); 3] {
    let mut copier = Copier { parts, dashboard: dashboard.to_string(), renamed: HashMap::new() };
    // Tiles name layouts, and components name tiles.
    let layouts: Vec<String> = parts::list(body, Part::Layout)
        .map(|layout| copier.part(Part::Layout, layout, vec![("dashboard_title", quoted(title))]))
        .collect();
    let elements = parts::list(body, Part::Element).map(|element| copier.element(element)).collect();
    let filters =
        parts::list(body, Part::Filter).map(|filter| copier.part(Part::Filter, filter, Vec::new())).collect();
    let layouts = layouts.iter().map(|layout| copier.with_components(layout)).collect();
    [(Part::Element, elements), (Part::Filter, filters), (Part::Layout, layouts)]
}

impl Copier<'_> {
    /// A part under a new id, with some members set.
    fn named(&mut self, part: Part, object: &str, mut changes: Vec<(&str, String)>) -> String {
        let id = self.parts.next(part).to_string();
        changes.push(("id", quoted(&id)));
        self.renamed.insert((part, id_of(object)), id);
        json::patch(object, &changes)
    }

    /// A part that lies in the dashboard itself.
    fn part(&mut self, part: Part, object: &str, mut changes: Vec<(&str, String)>) -> String {
        changes.push(("dashboard_id", quoted(&self.dashboard)));
        self.named(part, object, changes)
    }

    /// The new id of the part that a member names.
    fn new_id(&self, part: Part, object: &str, member: &str) -> Option<String> {
        let old = json::member(object, member).and_then(json::text)?;
        self.renamed.get(&(part, old)).map(|id| quoted(id))
    }

    /// A tile, with a result maker of its own.
    fn element(&mut self, element: &str) -> String {
        let layout = self.new_id(Part::Layout, element, "dashboard_layout_id");
        let layout = ("dashboard_layout_id", layout.unwrap_or_else(|| "null".to_owned()));
        let copy = self.part(Part::Element, element, vec![layout]);
        let Some(maker) = json::member(&copy, "result_maker").filter(|maker| *maker != "null") else {
            return copy;
        };
        let maker = self.named(Part::ResultMaker, maker, Vec::new());
        json::patch(&copy, &[("result_maker_id", quoted(&id_of(&maker))), ("result_maker", maker)])
    }

    /// A copied layout with copies of the components whose tiles were copied.
    fn with_components(&mut self, layout: &str) -> String {
        let own = id_of(layout);
        let components: Vec<String> = parts::list(layout, Part::Component)
            .filter_map(|component| {
                let element = self.new_id(Part::Element, component, "dashboard_element_id")?;
                let changes = vec![("dashboard_layout_id", quoted(&own)), ("dashboard_element_id", element)];
                Some(self.named(Part::Component, component, changes))
            })
            .collect();
        json::patch(layout, &[(Part::Component.list(), format!("[{}]", components.join(",")))])
    }
}
