//! Single objects.

use crate::json;
use crate::kinds::Kind;
use crate::lists::{render, render_one};
use crate::parts::{self, Part};
use crate::reply::{Reply, Rows};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::table::{Row, as_text};

/// One object by the id in the path.
pub(crate) fn get(server: &Server, call: &Call, kind: Kind, view: View) -> Reply {
    if server.is_too_fresh(kind, call.id()) {
        return call.not_found();
    }
    show(server, call, kind, view, call.id())
}

/// One object by id; LookML dashboards are dashboards here.
pub(crate) fn show(server: &Server, call: &Call, kind: Kind, view: View, id: &str) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    match find_any(server, &world, kind, id) {
        Some(row) => render_one(&world, kind, row, view, fields.as_ref()),
        None => call.not_found(),
    }
}

fn find_any<'w>(server: &Server, world: &'w crate::state::World, kind: Kind, id: &str) -> Option<&'w Row> {
    // Names of connections compare without case (`looker-api-facts.md` §12).
    if kind == Kind::Connection {
        return server.find(world, kind, &id.to_lowercase());
    }
    let lookml = || server.find(world, Kind::LookmlDashboard, id).filter(|_| kind == Kind::Dashboard);
    server.find(world, kind, id).or_else(lookml)
}

/// One of a dashboard's lists of parts.
pub(crate) fn part(server: &Server, call: &Call, part: &str) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    let Some(row) = find_any(server, &world, Kind::Dashboard, call.id()) else { return call.not_found() };
    let parts = json::member(as_text(&row.body), part).unwrap_or("[]");
    let light = json::elements(parts).count() as u32;
    let mut out = String::with_capacity(parts.len());
    match fields {
        Some(fields) => json::project(parts, &fields, &mut out),
        None => out.push_str(parts),
    }
    let rows = Rows { kind: Some(Kind::Dashboard), light, ..Rows::default() };
    Reply { rows, ..Reply::json(out) }
}

/// The folder above a folder.
pub(crate) fn folder_parent(server: &Server, call: &Call) -> Reply {
    let parent = {
        let world = server.world();
        let seen = server.find(&world, Kind::Folder, call.id());
        seen.and_then(|row| world.parent(&row.id)).map(str::to_owned)
    };
    match parent {
        Some(parent) => show(server, call, Kind::Folder, View::WithContent, &parent),
        None => call.not_found(),
    }
}

/// The folders above a folder, the root first.
pub(crate) fn folder_ancestors(server: &Server, call: &Call) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    if server.find(&world, Kind::Folder, call.id()).is_none() {
        return call.not_found();
    }
    let ancestors = world.ancestors(call.id());
    let rows: Vec<&Row> = ancestors.iter().filter_map(|id| server.find(&world, Kind::Folder, id)).collect();
    render(&world, Kind::Folder, &rows, View::WithContent, fields.as_ref())
}

/// A query by its id.
pub(crate) fn query(server: &Server, call: &Call) -> Reply {
    answer(call, server.world().queries.get(call.id()))
}

/// A query by its slug.
pub(crate) fn query_for_slug(server: &Server, call: &Call) -> Reply {
    answer(call, server.world().queries.of_slug(&server.ground, call.id()))
}

/// A merge query by its id, which is a slug.
pub(crate) fn merge_query(server: &Server, call: &Call) -> Reply {
    answer(call, server.world().queries.merge(&server.ground, call.id()))
}

/// A part of a dashboard by its id.
pub(crate) fn dashboard_part(server: &Server, call: &Call, part: Part) -> Reply {
    answer(call, found_part(server, part, call.id()))
}

/// The components of a layout.
pub(crate) fn layout_components(server: &Server, call: &Call) -> Reply {
    let layout = found_part(server, Part::Layout, call.id());
    let components =
        layout.map(|layout| json::member(&layout, Part::Component.list()).unwrap_or("[]").to_owned());
    answer(call, components)
}

fn found_part(server: &Server, part: Part, id: &str) -> Option<String> {
    // Only the first time the index is made, which takes the instance for itself.
    if server.world().known_parts().is_none() {
        server.world_mut().parts();
    }
    let world = server.world();
    let dashboard = world.known_parts()?.dashboard(part, id)?;
    let row = server.find(&world, Kind::Dashboard, dashboard)?;
    parts::find(as_text(&row.body), part, id).map(str::to_owned)
}

/// An object that is not a row of a table, as far as `fields` asks for it.
fn answer(call: &Call, whole: Option<String>) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let Some(whole) = whole else { return call.not_found() };
    let mut out = String::new();
    match fields {
        Some(fields) => json::project(&whole, &fields, &mut out),
        None => out = whole,
    }
    Reply { rows: Rows { light: 1, ..Rows::default() }, ..Reply::json(out) }
}
