//! Tiles. What a tile shows comes from exactly one source: a query, a look, a
//! merge query or an extension; of the first three the server keeps a result
//! maker, which also says what filters the tile listens to
//! (`looker-api-facts.md` §14).

use super::layouts;
use super::makers::{self, Source};
use super::opened::Opened;
use super::{Edit, Failure, Wrote, bodies};
use crate::config::Components;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::parts::{self, Part, id_of};
use crate::state::{Changes, change};
use crate::table::as_text;

/// Members that name a source, of which a tile that shows data has one.
const SOURCES: [&str; 3] = ["query_id", "look_id", "merge_result_id"];

/// Types that need no source.
const WITHOUT_DATA: [&str; 3] = ["text", "button", "filter"];

const NULL: &str = "null";

/// `POST /dashboard_elements`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let dashboard = edit.given.text("dashboard_id").ok_or(Failure::NotFound)?;
    let mut opened = Opened::of(edit, &dashboard)?;
    let layout = layout_given(edit, &opened)?;
    check_type(edit, None)?;
    let source = source_members(edit, None)?;
    let id = edit.world.parts().next(Part::Element).to_string();
    let mut changes = scalars(edit);
    change(&mut changes, "id", quoted(&id));
    change(
        &mut changes,
        "edit_uri",
        quoted(&format!("https://localhost:19999/api/4.0/dashboard_elements/{id}")),
    );
    if edit.given.some("type").is_none() {
        change(&mut changes, "type", quoted("vis"));
    }
    for (name, value) in source {
        change(&mut changes, name, value);
    }
    let element = bodies::filled(bodies::ELEMENT, &changes);
    opened.put(Part::Element, element.clone());
    layouts::place(edit, &mut opened, &element, layout.as_deref());
    opened.close(edit)?;
    Ok(Wrote::Json(element))
}

/// `PATCH /dashboard_elements/{id}`: the tile keeps its id, and a nested query
/// is passed over.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, element) = Opened::with(edit, Part::Element)?;
    match edit.given.get("dashboard_id") {
        Some(NULL) => return Err(Failure::NotFound),
        Some(id) if *id != quoted(&opened.id) => {
            return Err(Failure::invalid("dashboard_id", "a tile cannot be moved to another dashboard"));
        }
        _ => {}
    }
    let layout = layout_given(edit, &opened)?;
    check_type(edit, Some(&element))?;
    let source = source_members(edit, Some(&element))?;
    let mut changes = scalars(edit);
    for (name, value) in source {
        change(&mut changes, name, value);
    }
    let element = json::patch(&element, &changes);
    opened.put(Part::Element, element.clone());
    if let Some(layout) = layout {
        layouts::move_component_of(edit, &mut opened, &id_of(&element), &layout);
    }
    opened.close(edit)?;
    Ok(Wrote::Json(element))
}

/// `DELETE /dashboard_elements/{id}`: with its alerts. Its components stay,
/// marked as deleted.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (mut opened, element) = Opened::with(edit, Part::Element)?;
    let id = id_of(&element);
    let mut list = opened.list(Part::Element);
    list.retain(|have| !parts::has_id(have, &id));
    opened.set(Part::Element, list);
    layouts::mark_components_of(&mut opened, &id);
    opened.close(edit)?;
    let alerts = edit.world.table(Kind::Alert);
    let on_tile = |slot: &u32| {
        Some(alerts.row(*slot)).filter(|row| row.text(Kind::Alert, "dashboard_element_id") == id)
    };
    let gone: Vec<String> =
        alerts.slots(false).iter().filter_map(on_tile).map(|row| row.id.to_string()).collect();
    for alert in gone {
        objects::purge(edit.world, Kind::Alert, &alert)?;
    }
    Ok(Wrote::Nothing)
}

/// The layout that is given, where this release looks at that.
fn layout_given(edit: &Edit<'_>, opened: &Opened) -> Result<Option<String>, Failure> {
    let layout = edit.given.text("dashboard_layout_id");
    let Some(layout) = layout.filter(|_| edit.server.config.components == Components::Tabs) else {
        return Ok(None);
    };
    if opened.list(Part::Layout).iter().any(|have| parts::has_id(have, &layout)) {
        return Ok(Some(layout));
    }
    Err(Failure::invalid("dashboard_layout_id", "layout not found for dashboard_layout_id"))
}

/// What is given, without what names a source, and the HTML of texts.
fn scalars(edit: &Edit<'_>) -> Changes<'static> {
    const PLAIN: [&str; 16] = [
        "aria_description",
        "body_text",
        "dashboard_id",
        "dashboard_layout_id",
        "extension_id",
        "filter_id",
        "note_display",
        "note_state",
        "note_text",
        "refresh_interval",
        "rich_content_json",
        "subtitle_text",
        "title",
        "title_hidden",
        "title_text",
        "type",
    ];
    const HTML: [(&str, &str); 4] = [
        ("body_text", "body_text_as_html"),
        ("note_text", "note_text_as_html"),
        ("subtitle_text", "subtitle_text_as_html"),
        ("title_text", "title_text_as_html"),
    ];
    let config = &edit.server.config;
    let given = |name: &&'static str| Some((*name, edit.given.get(name)?.to_owned()));
    let ignores_layout = config.components != Components::Tabs;
    let new = config.new_fields.iter().filter(|(of, _)| *of == "DashboardElement").map(|(_, name)| name);
    let mut changes: Changes<'static> = PLAIN.iter().chain(new).filter_map(given).collect();
    changes.retain(|(name, _)| !(ignores_layout && *name == "dashboard_layout_id"));
    for (text, html) in HTML {
        if let Some(value) = edit.given.get(text) {
            let rendered = json::text(value).map(|text| quoted(&format!("<p>{}</p>", escaped(&text))));
            changes.push((html, rendered.unwrap_or_else(|| NULL.to_owned())));
        }
    }
    changes
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Refuses types that do not go with the sources, those of the tile as it was
/// among them.
fn check_type(edit: &Edit<'_>, before: Option<&str>) -> Result<(), Failure> {
    let given = &edit.given;
    let old =
        |name: &str| before.and_then(|element| json::member(element, name)).filter(|value| *value != NULL);
    let given_sources = SOURCES.iter().filter(|name| given.some(name).is_some()).count();
    let maker = given.some("result_maker_id");
    if maker.is_some() && given_sources > 0 {
        let message =
            "Query ID, Look ID, and Merge Result ID should not be specified if a Result Maker ID is provided";
        return Err(Failure::invalid("result_maker_id", message));
    }
    if given_sources > 1 {
        let message = "Must provide only one of look_id, query_id, and merge_result_id";
        return Err(Failure::invalid("type", message));
    }
    let kind = given.text("type").or_else(|| old("type").and_then(json::text));
    let has_maker = maker.is_some() || old("result_maker_id").is_some() || old("result_maker").is_some();
    if kind.as_deref().is_some_and(|kind| matches!(kind, "text" | "button")) {
        if has_maker || given_sources > 0 {
            return Err(Failure::invalid(
                "type",
                "Result Maker IDs should not be provided for text elements",
            ));
        }
        return Ok(());
    }
    let kept = |name: &&'static str| given.get(name).is_none() && old(name).is_some();
    let has_source = given_sources > 0
        || has_maker
        || given.some("extension_id").is_some()
        || ["query_id", "look_id", "merge_result_id", "extension_id"].iter().any(kept);
    if has_source || kind.as_deref().is_some_and(|kind| WITHOUT_DATA.contains(&kind)) {
        return Ok(());
    }
    let message = "Must provide either a look_id, query_id, extension_id, or result_maker_id for non-text dashboard element";
    Err(Failure::invalid("type", message))
}

/// The members that say what the tile shows: those that a given source sets,
/// or those that a given result maker changes.
fn source_members(edit: &mut Edit<'_>, before: Option<&str>) -> Result<Changes<'static>, Failure> {
    let source = given_source(edit, before)?;
    let mut members = match &source {
        Some(source) => shown_members(edit, source)?,
        None => emptied_members(edit),
    };
    let old = before.and_then(|element| json::member(element, "result_maker")).filter(|maker| *maker != NULL);
    let given = edit.given.some("result_maker").map(str::to_owned);
    if source.is_none() && (old.is_none() || given.is_none()) {
        return Ok(members);
    }
    let maker = old.map_or_else(
        || {
            let id = edit.world.parts().next(Part::ResultMaker).to_string();
            bodies::filled(bodies::RESULT_MAKER, &[("id", quoted(&id))])
        },
        str::to_owned,
    );
    let id = id_of(&maker);
    let maker = makers::written(edit, &maker, source.as_ref(), given.as_deref())?;
    members.extend([("result_maker_id", quoted(&id)), ("result_maker", maker)]);
    Ok(members)
}

/// Sources that are given as null are shown no more; a result maker stays.
fn emptied_members(edit: &Edit<'_>) -> Changes<'static> {
    let members = [("query_id", Some("query")), ("look_id", Some("look")), ("merge_result_id", None)];
    let emptied = members.into_iter().filter(|(name, _)| edit.given.get(name) == Some(NULL));
    emptied
        .flat_map(|(name, embedded)| [Some(name), embedded])
        .flatten()
        .map(|name| (name, NULL.to_owned()))
        .collect()
}

/// The source that is given: by its own id, or by that of the result maker of
/// a tile of this instance.
fn given_source(edit: &mut Edit<'_>, before: Option<&str>) -> Result<Option<Source>, Failure> {
    let of = |object: &dyn Fn(&str) -> Option<String>| {
        let query = object("query_id").map(Source::Query);
        let look = || object("look_id").map(Source::Look);
        query.or_else(look).or_else(|| object("merge_result_id").map(Source::Merge))
    };
    if let Some(source) = of(&|name| edit.given.text(name)) {
        return Ok(Some(source));
    }
    let Some(maker) = edit.given.text("result_maker_id") else { return Ok(None) };
    let own = before.and_then(|element| json::member(element, "result_maker_id")).and_then(json::text);
    if own.is_some_and(|own| own == maker) {
        return Ok(None);
    }
    let unknown = || Failure::invalid("result_maker_id", "result maker not found for result_maker_id");
    let dashboard = edit.world.parts().dashboard(Part::ResultMaker, &maker).map(str::to_owned);
    let row = edit.row(Kind::Dashboard, &dashboard.ok_or_else(unknown)?)?;
    let body = as_text(&row.body);
    let its = |element: &&str| {
        json::member(element, "result_maker_id").and_then(json::text).is_some_and(|id| id == maker)
    };
    let element = parts::list(body, Part::Element).find(its).ok_or_else(unknown)?;
    let named_in = |object: &str| of(&|name| json::member(object, name).and_then(json::text));
    let in_maker = || named_in(json::member(element, "result_maker").unwrap_or("{}"));
    Ok(named_in(element).or_else(in_maker))
}

/// The tile's own members of a source.
fn shown_members(edit: &Edit<'_>, source: &Source) -> Result<Changes<'static>, Failure> {
    let null = || NULL.to_owned();
    let mut members = vec![
        ("query_id", null()),
        ("query", null()),
        ("look_id", null()),
        ("look", null()),
        ("merge_result_id", null()),
    ];
    match source {
        Source::Query(id) => {
            let query = edit.world.queries.get(id).ok_or(Failure::NotFound)?;
            members[0].1 = quoted(id);
            members[1].1 = query;
        }
        Source::Look(id) => {
            let row = edit.row(Kind::Look, id)?;
            let look = as_text(&row.body);
            let of_look = |name| json::member(look, name).unwrap_or(NULL);
            members[2].1 = quoted(id);
            members[3].1 = format!(
                r#"{{"id":{},"title":{},"query_id":{},"query":{}}}"#,
                quoted(id),
                of_look("title"),
                of_look("query_id"),
                of_look("query")
            );
        }
        Source::Merge(id) => {
            edit.world.queries.merge(&edit.server.ground, id).ok_or(Failure::NotFound)?;
            members[4].1 = quoted(id);
        }
    }
    Ok(members)
}
