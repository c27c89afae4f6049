//! Single objects.

use crate::data;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::lists::{render, render_one};
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
    // Names of connections compare without case (`observed-rest.md` §12).
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

/// A query by its id, from which it is made.
pub(crate) fn query(server: &Server, call: &Call) -> Reply {
    let known = 1..=server.world().queries;
    let id = call.id().parse().ok().filter(|id| known.contains(id));
    made(call, id, |id, w| data::push_query(server.config.seed, id, w))
}

/// A query by its slug.
pub(crate) fn query_for_slug(server: &Server, call: &Call) -> Reply {
    let id = server.ground.query_of_slug(call.id());
    made(call, id, |id, w| data::push_query(server.config.seed, id, w))
}

/// A merge query by its id, which is a slug.
pub(crate) fn merge_query(server: &Server, call: &Call) -> Reply {
    let number = server.ground.merge_of_slug(call.id());
    made(call, number, |number, w| data::push_merge_query(&server.ground, number, w))
}

/// An object that is made when it is asked for.
fn made(call: &Call, number: Option<u64>, push: impl FnOnce(u64, &mut Writer)) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let Some(number) = number else { return call.not_found() };
    let mut whole = Writer::default();
    push(number, &mut whole);
    let mut out = String::new();
    match fields {
        Some(fields) => json::project(&whole.out, &fields, &mut out),
        None => out = whole.out,
    }
    Reply { rows: Rows { light: 1, ..Rows::default() }, ..Reply::json(out) }
}
