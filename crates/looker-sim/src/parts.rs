//! Where the parts of dashboards are: tiles, filters, layouts and components by
//! their ids.
//!
//! Parts lie in the bodies of their dashboards, and most instances are only
//! read. So the index is made when a part is first asked for by its id, and is
//! kept from then on.

use std::collections::HashMap;

use crate::json;
use crate::kinds::Kind;
use crate::state::World;
use crate::table::as_text;

/// A sort of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Element,
    Filter,
    Layout,
    /// Lies in a layout.
    Component,
    /// Lies in an element.
    ResultMaker,
}

impl Part {
    const ALL: [Part; 5] = [Part::Element, Part::Filter, Part::Layout, Part::Component, Part::ResultMaker];

    /// The list of a dashboard, or of a layout, that holds such parts.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Part::Element | Part::ResultMaker => "dashboard_elements",
            Part::Filter => "dashboard_filters",
            Part::Layout => "dashboard_layouts",
            Part::Component => "dashboard_layout_components",
        }
    }
}

/// Ids of the dashboards that parts lie in, and the largest ids there were.
#[derive(Debug)]
pub(crate) struct Parts {
    dashboards: HashMap<(Part, Box<str>), Box<str>>,
    last: [u64; Part::ALL.len()],
}

/// Where the ids of new parts begin on an instance whose dashboards were made:
/// those that are made later number their parts by their own ids.
const ABOVE_MADE: u64 = 1_000_000_000;

impl Parts {
    pub(crate) fn of(world: &World) -> Parts {
        let first = if world.queries.are_made() { ABOVE_MADE } else { 0 };
        let mut parts = Parts { dashboards: HashMap::new(), last: [first; Part::ALL.len()] };
        let table = world.table(Kind::Dashboard);
        for slot in table.slots(false).iter().chain(table.slots(true)) {
            let row = table.row(*slot);
            parts.add(&row.id, as_text(&row.body));
        }
        parts
    }

    /// The dashboard a part lies in.
    pub(crate) fn dashboard(&self, part: Part, id: &str) -> Option<&str> {
        self.dashboards.get(&(part, id.into())).map(|id| &**id)
    }

    /// An id that no part of the sort had.
    pub(crate) fn next(&mut self, part: Part) -> u64 {
        let last = &mut self.last[part as usize];
        *last += 1;
        *last
    }

    /// Takes up the parts in a body.
    pub(crate) fn add(&mut self, dashboard: &str, body: &str) {
        for (list, of) in lists(body) {
            self.add_list(dashboard, list, of);
        }
    }

    fn add_list(&mut self, dashboard: &str, list: &str, of: Part) {
        each(list, of, |part, id| {
            let last = &mut self.last[part as usize];
            *last = id.parse().unwrap_or(0).max(*last);
            self.dashboards.insert((part, id.into()), dashboard.into());
        });
    }

    /// Forgets the parts in a body.
    pub(crate) fn remove(&mut self, body: &str) {
        for (list, of) in lists(body) {
            self.remove_list(list, of);
        }
    }

    fn remove_list(&mut self, list: &str, of: Part) {
        each(list, of, |part, id| {
            self.dashboards.remove(&(part, id.into()));
        });
    }

    /// Takes up the parts in a body instead of those in the one before it. Most writes
    /// leave most lists as they are.
    pub(crate) fn replace(&mut self, dashboard: &str, before: &str, after: &str) {
        for ((before, of), (after, _)) in lists(before).into_iter().zip(lists(after)) {
            if before != after {
                self.remove_list(before, of);
                self.add_list(dashboard, after, of);
            }
        }
    }
}

/// The lists of parts in the body of a dashboard.
fn lists(body: &str) -> [(&str, Part); 3] {
    let mut lists = [Part::Element, Part::Filter, Part::Layout].map(|part| ("[]", part));
    for (key, value) in json::members(body).filter(|(_, value)| value.starts_with('[')) {
        if let Some((list, _)) = lists.iter_mut().find(|(_, part)| part.list() == key) {
            *list = value;
        }
    }
    lists
}

/// Calls `found` with every part in a list of a dashboard.
fn each(list: &str, of: Part, mut found: impl FnMut(Part, &str)) {
    let mut id_of = |part, object: &str, name| {
        if let Some(id) = json::member(object, name).and_then(json::text) {
            found(part, &id);
        }
    };
    for object in json::elements(list) {
        id_of(of, object, "id");
        match of {
            Part::Element => id_of(Part::ResultMaker, object, "result_maker_id"),
            Part::Layout => {
                for component in self::list(object, Part::Component) {
                    id_of(Part::Component, component, "id");
                }
            }
            _ => {}
        }
    }
}

/// The parts of a sort in a dashboard, or in a layout.
pub(crate) fn list(object: &str, part: Part) -> impl Iterator<Item = &str> {
    let list = json::member(object, part.list()).filter(|list| list.starts_with('['));
    json::elements(list.unwrap_or("[]"))
}

/// The part of that id in a dashboard.
pub(crate) fn find<'b>(body: &'b str, part: Part, id: &str) -> Option<&'b str> {
    if part == Part::Component {
        return list(body, Part::Layout)
            .find_map(|layout| list(layout, Part::Component).find(|component| has_id(component, id)));
    }
    list(body, part).find(|object| has_id(object, id))
}

/// The id of a part.
pub(crate) fn id_of(object: &str) -> String {
    json::member(object, "id").and_then(json::text).unwrap_or_default()
}

/// Whether an object has an id.
pub(crate) fn has_id(object: &str, id: &str) -> bool {
    json::member(object, "id").and_then(json::text).is_some_and(|have| have == id)
}
