//! Single objects: read, changed, thrown away.

use crate::data;
use crate::edits;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::lists::{render, render_one};
use crate::objects;
use crate::permissions;
use crate::reply::{Problem, Reply, Rows};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::state::Refused;
use crate::table::{Row, as_text};

/// Members a dashboard may be given, and whether each is a boolean
/// (`fields.json`; `folder_id` and `deleted` have effects of their own).
const DASHBOARD_WRITABLE: [(&str, bool); 25] = [
    ("description", false),
    ("hidden", true),
    ("query_timezone", false),
    ("refresh_interval", false),
    ("title", false),
    ("slug", false),
    ("preferred_viewer", false),
    ("alert_sync_with_dashboard_filter_enabled", true),
    ("chat_enabled", true),
    ("background_color", false),
    ("crossfilter_enabled", true),
    ("deleted", true),
    ("enable_viz_full_screen", true),
    ("filters_bar_collapsed", true),
    ("filters_location_top", true),
    ("load_configuration", false),
    ("lookml_link_id", false),
    ("show_filters_bar", true),
    ("show_title", true),
    ("folder_id", false),
    ("text_tile_text_color", false),
    ("tile_background_color", false),
    ("tile_text_color", false),
    ("title_color", false),
    ("preserve_desktop_layout", true),
];

/// The same for looks.
const LOOK_WRITABLE: [(&str, bool); 7] = [
    ("title", false),
    ("description", false),
    ("deleted", true),
    ("is_run_on_load", true),
    ("public", true),
    ("query_id", false),
    ("folder_id", false),
];

/// One object by the id in the path.
pub(crate) fn get(server: &Server, call: &Call, kind: Kind, view: View) -> Reply {
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

/// Changes an object's scalars. Its parts, and what is read-only, are accepted
/// and ignored.
pub(crate) fn update(server: &Server, call: &Call, kind: Kind) -> Reply {
    if !permissions::has(&server.config.account, "save_content") {
        return forbidden(call);
    }
    let Ok(given) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&call.body) else {
        return Reply::error(400, &call.route(), "The request body is not a JSON object.");
    };
    let writable = if kind == Kind::Look { &LOOK_WRITABLE[..] } else { &DASHBOARD_WRITABLE[..] };
    let mut problems = Vec::new();
    let mut changes = Vec::new();
    for (name, is_bool) in writable {
        let Some(value) = given.get(*name) else { continue };
        let fits = value.is_null() || if *is_bool { value.is_boolean() } else { value.is_string() };
        if fits {
            changes.push((*name, value.to_string()));
        } else {
            let wanted = if *is_bool { "a boolean" } else { "a string" };
            problems.push(Problem::invalid(name, format!("{name} must be {wanted}")));
        }
    }
    if !problems.is_empty() {
        return Reply::invalid(&call.route(), &problems);
    }
    let done = edits::update(&mut server.world_mut(), kind, call.id(), changes, &call.user);
    match done {
        Ok(()) => show(server, call, kind, View::Whole, call.id()),
        Err(refused) => refusal(call, refused),
    }
}

/// Deletes for ever, from the trash as well.
pub(crate) fn delete(server: &Server, call: &Call, kind: Kind) -> Reply {
    if !permissions::has(&server.config.account, "save_content") {
        return forbidden(call);
    }
    match objects::purge(&mut server.world_mut(), kind, call.id()) {
        Ok(()) => Reply::nothing(),
        Err(refused) => refusal(call, refused),
    }
}

fn forbidden(call: &Call) -> Reply {
    Reply::error(403, &call.route(), "Permission Denied")
}

/// A refused change, worded as observed (`observed-dashboards.md`).
fn refusal(call: &Call, refused: Refused) -> Reply {
    let route = call.route();
    match refused {
        Refused::NotFound => call.not_found(),
        Refused::NoFolder => {
            Reply::invalid(&route, &[Problem::missing("folder_id", "folder not found for folder_id")])
        }
        Refused::TitleTaken => {
            let message = "Dashboard with this title already exists.";
            Reply::invalid(&route, &[Problem::already_exists("[:title, :space_id]", message)])
        }
        Refused::SlugTaken | Refused::IdTaken => Reply::error(409, &route, "The resource already exists."),
        Refused::Dangling => {
            let message = "it would refer to an object that does not exist".to_owned();
            Reply::invalid(&route, &[Problem::invalid("id", message)])
        }
    }
}
