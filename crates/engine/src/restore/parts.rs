//! Objects with parts: dashboards and boards.
//!
//! A part that still exists keeps its id, because alerts, followers and plans hang
//! on it. What is too much is deleted last, so that a restore that ends early has
//! taken nothing away.

use looker::catalogue::{Compare, Resource};

use super::certify;
use super::compose::{Composer, Sides, key, name_of};
use super::special::has;
use super::step::{At, Given, Id, Part, Symbol, Verb};
use super::{people, special, values};
use crate::diff::Value;

/// Writes an object with all its parts.
pub(super) fn compose(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    compare: &Compare,
    sides: Sides<'_>,
) {
    if matches!(resource.name, "user_attribute_values" | "user_attribute_group_values") {
        return values::compose(composer, resource, sides);
    }
    // They are written when it is known where all content is.
    if matches!(resource.name, "content_metadata" | "content_metadata_access" | "content_favorites") {
        return;
    }
    composer.write(resource, sides, None);
    match resource.name {
        "dashboards" => dashboard(composer, resource, compare, sides),
        "users" => {
            personal_folder(composer, sides);
            people::credentials(composer, sides);
        }
        _ => parts(composer, resource, compare, sides, &mut Vec::new()),
    }
    certify::compose(composer, resource, sides);
    into_the_trash(composer, resource, sides);
}

/// What lay in the trash goes there again once it is made and whole.
fn into_the_trash(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>) {
    let lay_there = sides.wanted.member("deleted").is_some_and(|deleted| deleted.text() == "true");
    if !lay_there || sides.live.is_some() || !matches!(resource.name, "dashboards" | "looks") {
        return;
    }
    composer.note("it lay in the trash, and goes there again".to_owned());
    let about = format!("{}: into the trash", name_of(resource, sides.wanted));
    let body = vec![("deleted".to_owned(), special::literal("true"))];
    let id = Composer::own_id(resource, sides);
    composer.push(Verb::Update, resource, sides.wanted, about, Some(id), body);
}

/// A new user comes with a folder, in which content may have lain.
fn personal_folder(composer: &mut Composer<'_>, sides: Sides<'_>) {
    let folder = sides.wanted.member("personal_folder_id").and_then(Value::as_name);
    let made = composer.steps.last_mut().filter(|step| step.resource == "users" && step.verb == Verb::Create);
    if let (None, Some(folder), Some(made)) = (sides.live, folder, made) {
        made.gives.push(Given { symbol: Symbol::new("folders", folder), at: At::PersonalFolder });
    }
}

/// The elements of a list that a resource holds.
fn elements<'v>(document: Option<&'v Value<'v>>, list: &str) -> &'v [Value<'v>] {
    document.and_then(|document| document.member(list)).map_or(&[], Value::elements)
}

/// Parts within parts, in the order of the lists, and the order that is said of
/// them apart.
fn parts(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    compare: &Compare,
    sides: Sides<'_>,
    path: &mut Vec<&'static str>,
) {
    let parent = Composer::own_id(resource, sides);
    for part in resource.parts {
        path.push(part.name);
        let pairs = composer.pairs(
            part,
            compare,
            path,
            elements(sides.live, part.name),
            elements(Some(sides.wanted), part.name),
        );
        for sides in pairs.wanted {
            composer.write(part, sides, Some(&parent));
            parts(composer, part, compare, sides, path);
        }
        for live in pairs.surplus {
            composer.delete(part, live);
        }
        path.pop();
    }
    order(composer, resource, sides, parent);
}

/// The order of parts, as a list of their ids: written when all of them are there.
fn order(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>, id: Id) {
    let field = match resource.name {
        "boards" => "section_order",
        "board_sections" => "item_order",
        _ => return,
    };
    let Some(part) = resource.referred(field) else { return };
    let Some(wanted) = sides.wanted.member(field) else { return };
    let list = elements(Some(sides.wanted), part);
    let lives = elements(sides.live, part);
    let here = |key: &str| lives.iter().any(|one| self::key(one).is_some_and(|id| id == key));
    let mut ids = Vec::new();
    for stored in wanted.elements().iter().filter_map(Value::as_name) {
        if list.iter().all(|one| key(one).is_none_or(|key| key != stored)) {
            continue;
        }
        ids.push(match composer.id(part, &stored) {
            Id::Of(symbol) if here(&symbol.key) => Id::Known(symbol.key),
            id => id,
        });
    }
    let is_so = sides.live.and_then(|live| live.member(field)).is_some_and(|live| {
        let live: Vec<_> = live.elements().iter().filter_map(Value::as_name).collect();
        live.len() == ids.len()
            && live.iter().zip(&ids).all(|(live, id)| matches!(id, Id::Known(id) if id == live))
    });
    // One part alone needs no order.
    if is_so || (sides.live.is_none() && ids.len() < 2) || ids.is_empty() {
        return;
    }
    let about = format!("{}: order", name_of(resource, sides.wanted));
    composer.changes.push(format!("{}s in order", Resource::find(part).map_or(part, |part| part.singular)));
    let body = vec![(field.to_owned(), Part::List(ids.into_iter().map(Part::Id).collect()))];
    composer.push(Verb::Update, resource, sides.wanted, about, Some(id), body);
}

/// Filters, tiles, layouts, and last where each tile stands.
fn dashboard(composer: &mut Composer<'_>, resource: &'static Resource, compare: &Compare, sides: Sides<'_>) {
    let [filters, tiles, layouts] = resource.parts else { return };
    let parent = Composer::own_id(resource, sides);
    let pair = |composer: &Composer<'_>, part: &'static Resource| {
        composer.pairs(
            part,
            compare,
            &[part.name],
            elements(sides.live, part.name),
            elements(Some(sides.wanted), part.name),
        )
    };
    let filter_pairs = pair(composer, filters);
    for sides in &filter_pairs.wanted {
        // Tiles that show a filter name it by its id.
        if let (Some(stored), Some(live)) = (key(sides.wanted), sides.live.and_then(key)) {
            composer.here.insert(Symbol::new(filters.name, stored), live);
        }
    }
    let clashing: Vec<_> =
        filter_pairs.surplus.iter().filter(|one| clashes(one, &filter_pairs.wanted)).copied().collect();
    for live in &clashing {
        composer.delete(filters, live);
    }
    rename_in_turn(composer, filters, &filter_pairs.wanted);
    let mut ordered = filter_pairs.wanted;
    ordered.sort_by_key(|sides| row(sides.wanted));
    for sides in ordered {
        composer.write(filters, sides, Some(&parent));
    }
    let layout_pairs = pair(composer, layouts);
    let tile_pairs = pair(composer, tiles);
    let tabs = write_layouts(composer, layouts, sides, &parent, layout_pairs.wanted);
    for sides in &tile_pairs.wanted {
        composer.write(tiles, *sides, Some(&parent));
        on_its_tab(composer, &tabs, *sides);
    }
    place(composer, layouts, &parent, &tabs, &tile_pairs.wanted);
    for live in tile_pairs.surplus {
        composer.delete(tiles, live);
    }
    for live in filter_pairs
        .surplus
        .into_iter()
        .filter(|live| !clashing.iter().any(|other| std::ptr::eq(*other, *live)))
    {
        composer.delete(filters, live);
    }
    for live in layout_pairs.surplus {
        // The active layout is never deleted: a dashboard has one.
        if live.member("active").is_none_or(|active| active.text() != "true") || tabs.len() > 1 {
            composer.delete(layouts, live);
        }
    }
}

fn row(filter: &Value<'_>) -> i64 {
    filter.member("row").and_then(|row| row.text().parse().ok()).unwrap_or(i64::MAX)
}

/// The two names that no other filter of the dashboard may have.
const UNIQUE: [&str; 2] = ["name", "title"];

fn holds(filter: &Value<'_>, field: &str, name: &str) -> bool {
    filter.member(field).and_then(Value::as_name).is_some_and(|own| own == name)
}

/// Whether a filter that is to go has a name that another one is to have.
fn clashes(live: &Value<'_>, wanted: &[Sides<'_>]) -> bool {
    UNIQUE.iter().any(|field| {
        let name = live.member(field).and_then(Value::as_name);
        name.is_some_and(|name| wanted.iter().any(|sides| holds(sides.wanted, field, &name)))
    })
}

/// Filters that swap names would clash on the way: who has a name that another is
/// to have, and is to lose it, first gets one that nobody has.
fn rename_in_turn(composer: &mut Composer<'_>, filters: &'static Resource, pairs: &[Sides<'_>]) {
    for sides in pairs {
        let Some(live) = sides.live else { continue };
        let mut body = Vec::new();
        for field in UNIQUE {
            let Some(name) = live.member(field).and_then(Value::as_name) else { continue };
            let is_wanted = pairs
                .iter()
                .any(|other| !std::ptr::eq(other.wanted, sides.wanted) && holds(other.wanted, field, &name));
            if is_wanted && !holds(sides.wanted, field, &name) {
                body.push((field.to_owned(), Part::string(&format!("{name} (was)"))));
            }
        }
        if !body.is_empty() {
            let about = format!("{}: out of the way", name_of(filters, live));
            let id = key(live).unwrap_or_default();
            composer.push(Verb::Update, filters, live, about, Some(Id::Known(id)), body);
        }
    }
}

/// A layout, with its id on the instance.
struct Tab<'v> {
    sides: Sides<'v>,
    id: Id,
}

/// Writes the layouts. A new dashboard comes with one, which becomes the first.
fn write_layouts<'v>(
    composer: &mut Composer<'_>,
    layouts: &'static Resource,
    dashboard: Sides<'v>,
    parent: &Id,
    pairs: Vec<Sides<'v>>,
) -> Vec<Tab<'v>> {
    let mut tabs = Vec::new();
    let first_active = pairs.iter().position(|sides| is_active(sides.wanted)).unwrap_or(0);
    for (at, sides) in pairs.into_iter().enumerate() {
        let stored = key(sides.wanted).unwrap_or_default();
        if dashboard.live.is_none() && at == first_active {
            let symbol = Symbol::new(layouts.name, stored.as_str());
            if let Some(made) = composer
                .steps
                .iter_mut()
                .rev()
                .find(|step| step.resource == "dashboards" && step.verb == Verb::Create)
            {
                made.gives.push(Given { symbol: symbol.clone(), at: At::ActiveLayout });
            }
            let body = composer.fields(layouts, sides);
            if !is_as_it_comes(sides.wanted) {
                let about = name_of(layouts, sides.wanted);
                composer.push(Verb::Update, layouts, sides.wanted, about, Some(Id::Of(symbol.clone())), body);
            }
            tabs.push(Tab { sides, id: Id::Of(symbol) });
            continue;
        }
        composer.write(layouts, sides, Some(parent));
        tabs.push(Tab { sides, id: Composer::own_id(layouts, sides) });
    }
    tabs
}

fn is_active(layout: &Value<'_>) -> bool {
    layout.member("active").is_some_and(|active| active.text() == "true")
}

/// Whether a layout is what a new dashboard comes with.
fn is_as_it_comes(layout: &Value<'_>) -> bool {
    let says =
        |field: &str, words: &[&str]| words.contains(&layout.member(field).map_or("null", Value::text));
    says("type", &["\"newspaper\"", "null"])
        && says("label", &["null", "\"\""])
        && says("description", &["null", "\"\""])
        && says("order", &["null", "0"])
}

/// The placements of a layout.
fn placements<'v>(layout: Option<&'v Value<'v>>) -> &'v [Value<'v>] {
    elements(layout, "dashboard_layout_components")
}

/// The placement of a tile.
fn placement_of<'v>(layout: Option<&'v Value<'v>>, tile: &str) -> Option<&'v Value<'v>> {
    placements(layout)
        .iter()
        .find(|one| one.member("dashboard_element_id").and_then(Value::as_name).is_some_and(|of| of == tile))
}

/// On a dashboard with tabs a new tile is made on the one that it belongs to.
fn on_its_tab(composer: &mut Composer<'_>, tabs: &[Tab<'_>], tile: Sides<'_>) {
    let stored = key(tile.wanted).unwrap_or_default();
    let on = |tab: &&Tab<'_>| placement_of(Some(tab.sides.wanted), &stored).is_some();
    let Some(tab) = tabs.iter().find(on).filter(|_| tabs.len() > 1 && tile.live.is_none()) else { return };
    if let Some(step) = composer.steps.last_mut()
        && step.verb == Verb::Create
        && !has(&step.body, "dashboard_layout_id")
    {
        step.body.push(("dashboard_layout_id".to_owned(), Part::Id(tab.id.clone())));
    }
}

/// Puts every tile where it should stand. Placements appear by themselves with
/// their tiles, so those of new ones are looked for when all tiles are there.
fn place(
    composer: &mut Composer<'_>,
    layouts: &'static Resource,
    parent: &Id,
    tabs: &[Tab<'_>],
    tiles: &[Sides<'_>],
) {
    let [components] = layouts.parts else { return };
    let mut to_find = Vec::new();
    for tab in tabs {
        for wanted in placements(Some(tab.sides.wanted)) {
            let Some(stored) = wanted.member("dashboard_element_id").and_then(Value::as_name) else {
                continue;
            };
            let of_tile = |sides: &&Sides<'_>| key(sides.wanted).is_some_and(|key| key == stored);
            let Some(tile) = tiles.iter().find(of_tile) else { continue };
            let live_tile = tile.live.and_then(key);
            let live = live_tile.as_deref().and_then(|tile| placement_of(tab.sides.live, tile));
            let mut body = composer.fields(components, Sides { live, wanted });
            if body.is_empty() {
                continue;
            }
            let about = format!("place of {}", name_of_tile(tile.wanted));
            if live.is_some() || live_tile.is_some() {
                composer.changes.push(format!("{} moved", name_of_tile(tile.wanted)));
            }
            let target = if let Some(id) = live.and_then(key) {
                Id::Known(id)
            } else {
                let layout = key(tab.sides.wanted).unwrap_or_default();
                let symbol = Symbol::placement(&layout, &stored);
                let tile =
                    live_tile.map_or_else(|| Id::Of(Symbol::new("dashboard_elements", &*stored)), Id::Known);
                let at = At::Placement { layout: tab.id.clone(), tile };
                to_find.push(Given { symbol: symbol.clone(), at });
                if tabs.len() > 1 {
                    body.push(("dashboard_layout_id".to_owned(), Part::Id(tab.id.clone())));
                }
                Id::Of(symbol)
            };
            composer.push(Verb::Update, components, wanted, about, Some(target), body);
        }
    }
    if !to_find.is_empty() {
        let body = vec![("dashboard_id".to_owned(), Part::Id(parent.clone()))];
        composer.add(Verb::Look, layouts, String::new(), "where the new tiles stand".to_owned(), None, body);
        if let Some(step) = composer.steps.last_mut() {
            step.gives = to_find;
        }
    }
}

fn name_of_tile(tile: &Value<'_>) -> String {
    Resource::find("dashboard_elements").map_or_else(String::new, |tiles| name_of(tiles, tile))
}
