//! Dashboards as wholes. Their parts have files of their own.

use super::content::{self, shown};
use super::{Edit, Failure, Wrote, bodies};
use crate::edits;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::parts::{self, Part, id_of};
use crate::state::change;
use crate::table::as_text;

/// A user-defined dashboard that the caller sees: those of LookML are built in.
///
/// # Errors
///
/// 404, or 405 for a LookML dashboard.
pub(crate) fn writable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    match edit.row(Kind::Dashboard, id) {
        Ok(_) => Ok(()),
        Err(_) if edit.row(Kind::LookmlDashboard, id).is_ok() => Err(Failure::BuiltIn),
        Err(failure) => Err(failure),
    }
}

/// `POST /dashboards`: without parts but for one active layout.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    // Seen once, without a word of what is wrong (`observed-dashboards.md`).
    if edit.given.get("slug") == Some("\"\"") {
        return Err(Failure::Unexplained);
    }
    let slug = edit.given.text("slug");
    let mut changes = content::born(edit, Kind::Dashboard)?;
    if slug.as_deref().is_some_and(|slug| edits::slug_taken(edit.world, slug, "")) {
        return Err(Failure::Exists);
    }
    let metadata = content::next_metadata(edit, Kind::Dashboard);
    let layout = edit.world.parts().next(Part::Layout);
    let id = edit.create(Kind::Dashboard, |id| {
        content::numbered(Kind::Dashboard, id, &metadata, &mut changes);
        if slug.is_none() {
            change(&mut changes, "slug", quoted(&new_slug(id)));
        }
        let title = changes.iter().find(|(name, _)| *name == "title").map(|(_, title)| title.clone());
        let layout = bodies::filled(
            bodies::LAYOUT,
            &[
                ("id", quoted(&layout.to_string())),
                ("dashboard_id", quoted(&id.to_string())),
                ("active", "true".to_owned()),
                ("dashboard_title", title.unwrap_or_default()),
                ("order", "0".to_owned()),
            ],
        );
        change(&mut changes, "dashboard_layouts", format!("[{layout}]"));
        bodies::filled(bodies::DASHBOARD, &changes)
    });
    Ok(shown(Kind::Dashboard, id))
}

/// A slug that nobody has, as long as those of Looker.
pub(crate) fn new_slug(id: u64) -> String {
    let tail: String = (0..12).map(|_| fastrand::alphanumeric()).collect();
    format!("{id:010}{tail}")
}

/// `PATCH /dashboards/{id}`: parts are passed over.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    content::update(edit, Kind::Dashboard, &id)
}

/// `DELETE /dashboards/{id}`: for ever, from the trash as well.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    objects::purge(edit.world, Kind::Dashboard, &id)?;
    Ok(Wrote::Nothing)
}

/// `PATCH /dashboards/{id}/move`.
pub(crate) fn move_to(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    writable(edit, edit.call.id())?;
    content::move_to(edit, Kind::Dashboard)
}

/// `PATCH /dashboards/{id}/certification`.
pub(crate) fn certify(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::certify(edit, Kind::Dashboard)
}

/// `PATCH /dashboards/lookml/{id}/certification`.
pub(crate) fn certify_lookml(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    content::certify(edit, Kind::LookmlDashboard)
}

/// `POST /dashboards/{id}/copy`: with all parts, under ids of their own.
pub(crate) fn copy(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let from = edit.id();
    writable(edit, &from)?;
    let (folder, title) = content::copy_place(edit, Kind::Dashboard, &from)?;
    let mut changes = content::copied(edit, &folder, &title)?;
    let metadata = content::next_metadata(edit, Kind::Dashboard);
    let body = as_text(&edit.row(Kind::Dashboard, &from)?.body).to_owned();
    let next = edit.world.table(Kind::Dashboard).largest_key() + 1;
    for (name, parts) in copied_parts(edit, &body, &next.to_string(), &title) {
        change(&mut changes, name, parts);
    }
    let id = edit.create(Kind::Dashboard, |id| {
        content::numbered(Kind::Dashboard, id, &metadata, &mut changes);
        change(&mut changes, "slug", quoted(&new_slug(id)));
        json::patch(&body, &changes)
    });
    Ok(shown(Kind::Dashboard, id))
}

/// The lists of parts of a copy. Tiles and layouts get new ids, and components
/// follow.
fn copied_parts(edit: &mut Edit<'_>, body: &str, id: &str, title: &str) -> Vec<(&'static str, String)> {
    let all = edit.world.parts();
    let mut new = |part: Part, object: &str, more: &[(&str, String)]| {
        let own = all.next(part).to_string();
        let mut changes = vec![("id", quoted(&own))];
        changes.extend(more.iter().cloned());
        (own, json::patch(object, &changes))
    };
    let of_copy = ("dashboard_id", quoted(id));
    let mut renamed = Vec::new();
    let mut layouts = Vec::new();
    for layout in parts::list(body, Part::Layout) {
        let more = [of_copy.clone(), ("dashboard_title", quoted(title))];
        let (own, copy) = new(Part::Layout, layout, &more);
        renamed.push((Part::Layout, id_of(layout), own.clone()));
        layouts.push((own, copy));
    }
    let new_id = |renamed: &[(Part, String, String)], part, old: &str| {
        renamed.iter().find(|(of, from, _)| *of == part && from == old).map(|(.., to)| to.clone())
    };
    let mut elements = Vec::new();
    for element in parts::list(body, Part::Element) {
        let layout = json::member(element, "dashboard_layout_id").and_then(json::text);
        let layout = layout.and_then(|layout| new_id(&renamed, Part::Layout, &layout));
        let layout = layout.map_or_else(|| "null".to_owned(), |layout| quoted(&layout));
        let more = [of_copy.clone(), ("dashboard_layout_id", layout)];
        let (own, mut copy) = new(Part::Element, element, &more);
        if let Some(maker) = json::member(&copy, "result_maker").filter(|maker| *maker != "null") {
            let (maker_id, maker) = new(Part::ResultMaker, maker, &[]);
            copy = json::patch(&copy, &[("result_maker_id", quoted(&maker_id)), ("result_maker", maker)]);
        }
        renamed.push((Part::Element, id_of(element), own));
        elements.push(copy);
    }
    let filters: Vec<String> = parts::list(body, Part::Filter)
        .map(|filter| new(Part::Filter, filter, std::slice::from_ref(&of_copy)).1)
        .collect();
    let layouts: Vec<String> = layouts
        .into_iter()
        .map(|(own, layout)| {
            let components: Vec<String> = parts::list(&layout, Part::Component)
                .filter_map(|component| {
                    let old = json::member(component, "dashboard_element_id").and_then(json::text)?;
                    let element = new_id(&renamed, Part::Element, &old)?;
                    let more =
                        [("dashboard_layout_id", quoted(&own)), ("dashboard_element_id", quoted(&element))];
                    Some(new(Part::Component, component, &more).1)
                })
                .collect();
            json::patch(&layout, &[(Part::Component.list(), format!("[{}]", components.join(",")))])
        })
        .collect();
    vec![
        (Part::Element.list(), format!("[{}]", elements.join(","))),
        (Part::Filter.list(), format!("[{}]", filters.join(","))),
        (Part::Layout.list(), format!("[{}]", layouts.join(","))),
    ]
}
