//! Layouts and their components, which appear by themselves: nothing creates
//! one but a tile (`looker-api-facts.md` §16).

use super::opened::Opened;
use super::{Edit, Failure, Wrote, bodies};
use crate::config::Components;
use crate::json::{self, quoted};
use crate::parts::{self, Part, id_of};
use crate::state::change;

/// `POST /dashboard_layouts`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let dashboard = edit.given.text("dashboard_id").ok_or(Failure::NotFound)?;
    let mut opened = Opened::of(edit, &dashboard)?;
    let id = edit.world.parts().next(Part::Layout).to_string();
    let count = opened.list(Part::Layout).len();
    let mut changes = edit.take_given().into_changes();
    change(&mut changes, "id", quoted(&id));
    change(
        &mut changes,
        "dashboard_title",
        json::member(opened.body(), "title").unwrap_or("null").to_owned(),
    );
    if !changes.iter().any(|(name, value)| *name == "order" && value != "null") {
        change(&mut changes, "order", count.to_string());
    }
    let layout = bodies::filled(bodies::LAYOUT, &changes);
    let is_active = json::member(&layout, "active") == Some("true");
    opened.put(Part::Layout, layout);
    if is_active {
        activate(&mut opened, &id);
    }
    if edit.server.config.components == Components::Everywhere {
        for element in opened.list(Part::Element) {
            add_component(edit, &mut opened, &element, &id);
        }
    }
    answer(edit, opened, &id)
}

/// `PATCH /dashboard_layouts/{id}`: one that is made active takes that from
/// the others.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, layout) = Opened::with(edit, Part::Layout)?;
    let id = id_of(&layout);
    let changes = edit.take_given().without(&["dashboard_id"]).into_changes();
    let activates = changes.iter().any(|(name, value)| *name == "active" && value == "true");
    opened.put(Part::Layout, json::patch(&layout, &changes));
    if activates {
        activate(&mut opened, &id);
    }
    answer(edit, opened, &id)
}

/// `DELETE /dashboard_layouts/{id}`: with its components. The last one stays.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, layout) = Opened::with(edit, Part::Layout)?;
    let mut list = opened.list(Part::Layout);
    if list.len() == 1 {
        return Err(Failure::invalid("id", "the last layout of a dashboard cannot be deleted"));
    }
    let id = id_of(&layout);
    list.retain(|have| !parts::has_id(have, &id));
    let next = list.first().map(|layout| id_of(layout)).unwrap_or_default();
    opened.set(Part::Layout, list);
    if json::member(&layout, "active") == Some("true") {
        activate(&mut opened, &next);
    }
    opened.close(edit)?;
    Ok(Wrote::Nothing)
}

/// `PATCH /dashboard_layout_components/{id}`: its place, its layout, or whether
/// it is hidden. Its tile stays.
pub(crate) fn update_component(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, component) = Opened::with(edit, Part::Component)?;
    let to = edit.given.text("dashboard_layout_id");
    if let Some(to) = &to
        && !opened.list(Part::Layout).iter().any(|layout| parts::has_id(layout, to))
    {
        return Err(Failure::invalid("dashboard_layout_id", "layout not found for dashboard_layout_id"));
    }
    let changes = edit.take_given().without(&["dashboard_element_id", "dashboard_layout_id"]).into_changes();
    let component = json::patch(&component, &changes);
    let id = id_of(&component);
    let from = json::member(&component, "dashboard_layout_id").and_then(json::text).unwrap_or_default();
    put_component(&mut opened, &component, &to.unwrap_or(from));
    let written = opened.list(Part::Layout);
    let component = written.iter().find_map(|layout| of_layout(layout, &id)).map(str::to_owned);
    opened.close(edit)?;
    component.map(Wrote::Json).ok_or(Failure::NotFound)
}

fn of_layout<'l>(layout: &'l str, component: &str) -> Option<&'l str> {
    parts::list(layout, Part::Component).find(|have| parts::has_id(have, component))
}

/// Writes the dashboard back and answers one of its layouts.
fn answer(edit: &mut Edit<'_>, opened: Opened, id: &str) -> Result<Wrote, Failure> {
    let layout = opened.list(Part::Layout).into_iter().find(|layout| parts::has_id(layout, id));
    opened.close(edit)?;
    layout.map(Wrote::Json).ok_or(Failure::NotFound)
}

/// Makes one layout the active one.
fn activate(opened: &mut Opened, id: &str) {
    each_layout(opened, |layout| {
        let active = parts::has_id(layout, id).to_string();
        json::patch(layout, &[("active", active)])
    });
}

fn each_layout(opened: &mut Opened, write: impl FnMut(&String) -> String) {
    let layouts = opened.list(Part::Layout).iter().map(write).collect();
    opened.set(Part::Layout, layouts);
}

/// Gives a new tile its component, or one in every layout.
pub(crate) fn place(edit: &mut Edit<'_>, opened: &mut Opened, element: &str, named: Option<&str>) {
    let layouts = opened.list(Part::Layout);
    let active = layouts.iter().find(|layout| json::member(layout, "active") == Some("true"));
    let active = active.or(layouts.first()).map(|layout| id_of(layout));
    let places = match edit.server.config.components {
        Components::Everywhere => layouts.iter().map(|layout| id_of(layout)).collect(),
        Components::Tabs | Components::Active => {
            named.map(str::to_owned).or(active).into_iter().collect::<Vec<_>>()
        }
    };
    for layout in places {
        add_component(edit, opened, element, &layout);
    }
}

/// A component below all others of a layout.
fn add_component(edit: &mut Edit<'_>, opened: &mut Opened, element: &str, layout: &str) {
    let id = edit.world.parts().next(Part::Component).to_string();
    let layouts = opened.list(Part::Layout);
    let bottom = layouts.iter().find(|have| parts::has_id(have, layout)).map_or(0, |layout| bottom(layout));
    let component = bodies::filled(
        bodies::COMPONENT,
        &[
            ("id", quoted(&id)),
            ("dashboard_layout_id", quoted(layout)),
            ("dashboard_element_id", quoted(&id_of(element))),
            ("row", bottom.to_string()),
            ("vis_type", vis_type(element)),
        ],
    );
    put_component(opened, &component, layout);
}

/// The first row below what lies in a layout.
fn bottom(layout: &str) -> i64 {
    let number = |component, name| json::member(component, name).and_then(|n| n.parse::<i64>().ok());
    let end = |component| Some(number(component, "row")? + number(component, "height").unwrap_or(0));
    parts::list(layout, Part::Component).filter_map(end).max().unwrap_or(0)
}

/// The type of a tile's chart, as its component repeats it.
fn vis_type(element: &str) -> String {
    let maker = json::member(element, "result_maker").filter(|maker| maker.starts_with('{'));
    let config = maker.and_then(|maker| json::member(maker, "vis_config")).filter(|it| it.starts_with('{'));
    config.and_then(|config| json::member(config, "type")).unwrap_or("null").to_owned()
}

/// Puts a component into a layout, out of any other.
fn put_component(opened: &mut Opened, component: &str, layout: &str) {
    let id = id_of(component);
    let component = json::patch(component, &[("dashboard_layout_id", quoted(layout))]);
    each_layout(opened, |have| {
        let mut components: Vec<String> = parts::list(have, Part::Component).map(str::to_owned).collect();
        let place = components.iter().position(|component| parts::has_id(component, &id));
        match (parts::has_id(have, layout), place) {
            (true, Some(place)) => components[place].clone_from(&component),
            (true, None) => components.push(component.clone()),
            (false, Some(place)) => {
                components.remove(place);
            }
            (false, None) => {}
        }
        with_components(have, &components)
    });
}

fn with_components(layout: &str, components: &[String]) -> String {
    json::patch(layout, &[(Part::Component.list(), format!("[{}]", components.join(",")))])
}

fn is_of(component: &str, element: &str) -> bool {
    json::member(component, "dashboard_element_id").and_then(json::text).is_some_and(|id| id == element)
}

/// Moves the component of a tile into a layout, and makes one where there is
/// none.
pub(crate) fn move_component_of(edit: &mut Edit<'_>, opened: &mut Opened, element: &str, layout: &str) {
    let layouts = opened.list(Part::Layout);
    let mut components = layouts.iter().flat_map(|layout| parts::list(layout, Part::Component));
    if let Some(component) = components.find(|component| is_of(component, element)) {
        put_component(opened, component, layout);
        return;
    }
    let elements = opened.list(Part::Element);
    if let Some(element) = elements.iter().find(|have| parts::has_id(have, element)) {
        add_component(edit, opened, element, layout);
    }
}

/// Marks the components of a tile that goes.
pub(crate) fn mark_components_of(opened: &mut Opened, element: &str) {
    each_layout(opened, |layout| {
        let mark = |component: &str| {
            let is_its = is_of(component, element);
            let deleted = [("deleted", "true".to_owned())];
            if is_its { json::patch(component, &deleted) } else { component.to_owned() }
        };
        let components: Vec<String> = parts::list(layout, Part::Component).map(mark).collect();
        with_components(layout, &components)
    });
}
