//! Answers with many objects: picked, ordered, cut into pages, and handed out
//! as the bytes that were prepared for them.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use bytes::Bytes;

use crate::composed;
use crate::data::{SYSTEM_ACTIVITY, is_standard};
use crate::fields::Fields;
use crate::json;
use crate::kinds::Kind;
use crate::owned;
use crate::reply::{Problem, Reply, Rows};
use crate::routes::{From, PREFIX, View};
use crate::search::{Lists, Page, Search};
use crate::server::{Call, Server};
use crate::state::World;
use crate::table::{Row, Table, as_text, only_light};

/// The members of `DashboardBase`.
static BASE: LazyLock<Fields> = LazyLock::new(|| {
    Fields::parse(
        "can,content_favorite_id,content_metadata_id,description,hidden,id,model,query_timezone,readonly,\
         refresh_interval,refresh_interval_to_i,folder,title,user_id,slug,preferred_viewer,certification_metadata",
    )
    .unwrap_or_default()
});

/// Carries out a list operation.
pub(crate) fn list(server: &Server, call: &Call, kind: Kind, view: View, from: From) -> Reply {
    // Of favourites the API document says that every id takes a list.
    let ids = server.config.id_lists || kind == Kind::ContentFavorite;
    let lists = Lists { ids, folder_ids: server.config.folder_id_lists };
    let search = match Search::parse(kind, &call.params, lists) {
        Ok(search) => search,
        Err(problems) => return Reply::invalid(&call.route(), &problems),
    };
    let world = server.world();
    let parent = call.id();
    let view = view_of(server, kind, view, search.fields.as_ref());
    let search = match owned::narrow(server, call, &world, kind, search) {
        Ok(search) => search,
        Err(refusal) => return refusal,
    };
    let search = match from {
        // Disabled users are found by asking for them (`looker-api-facts.md` §2).
        From::Search if kind == Kind::User && call.params.get("is_disabled").is_none() => {
            search.only(kind, "is_disabled", "false")
        }
        // Built-in models are listed when they are asked for.
        From::All if kind == Kind::LookmlModel && !call.params.is_set("include_internal") => {
            search.but(kind, "name", SYSTEM_ACTIVITY)
        }
        From::All | From::Search => search,
        From::Standard => search.among(&world, kind, is_standard),
        From::Custom => search.among(&world, kind, |id| !is_standard(id)),
        From::Namespace => {
            // Always in the order of keys, by the API document.
            let known = server.find(&world, Kind::ArtifactNamespace, parent).is_some();
            match call.params.get("key") {
                _ if !known => return call.not_found(),
                None if call.operation.id == "artifact" => {
                    return Reply::invalid(&call.route(), &[Problem::missing("key", "key is required")]);
                }
                _ => search.only(kind, "namespace", parent).sorted_by(kind, "key"),
            }
        }
        From::Folder if server.find(&world, Kind::Folder, parent).is_some() => search.in_folder(parent),
        From::Group if server.find(&world, Kind::Group, parent).is_some() => {
            search.only(Kind::User, "group_ids", parent)
        }
        From::Content(content) if server.find(&world, content, parent).is_some() => {
            search.only(kind, &format!("{}_id", content.name()), parent)
        }
        From::Folder | From::Group | From::Content(_) => return call.not_found(),
    };
    let lookml_folder = kind == Kind::Dashboard && from == From::Folder && parent == "lookml";
    let table = world.table(if lookml_folder { Kind::LookmlDashboard } else { kind });
    let slots = match call.params.get("ids") {
        Some(ids) => by_ids(server, &world, table, ids),
        None => server.with_shuffle(|rng| {
            // Pages that cannot be sorted are in order, or nobody could read them.
            let rng = rng.filter(|_| takes(call, "sorts") || !takes(call, "limit"));
            search.order(table, search.select(&world, table, server.visible.as_ref()), rng)
        }),
    };
    let page = part(&slots, search.page, server.config.page_cap);
    let mut rows: Vec<&Row> = page.iter().map(|slot| table.row(*slot)).collect();
    if kind == Kind::Dashboard && from == From::All {
        let lookml = world.table(Kind::LookmlDashboard);
        let seen = search.select(&world, lookml, server.visible.as_ref());
        rows.extend(seen.iter().map(|slot| lookml.row(*slot)));
    }
    let reply = render(&world, kind, &rows, view, search.fields.as_ref());
    with_paging_headers(reply, server, call, search.page, slots.len(), rows.len())
}

/// What a list shows, where that is a matter of the release.
fn view_of(server: &Server, kind: Kind, view: View, fields: Option<&Fields>) -> View {
    let wants_query = || fields.is_some_and(|fields| fields.get("query").is_some());
    match (kind, view) {
        (Kind::Look, View::Brief) if server.config.looks_search_gives_query && wants_query() => View::Whole,
        (Kind::LookmlDashboard, View::Whole) if server.config.lookml_search_gives_lookml => View::Lookml,
        _ => view,
    }
}

/// The rows of some ids in the order of the ids (`looker-api-facts.md` §2).
fn by_ids(server: &Server, world: &World, table: &Table, ids: &str) -> Cow<'static, [u32]> {
    let seen = |id: &str| server.find(world, table.kind, id).and_then(|row| table.find(&row.id));
    Cow::Owned(ids.split(',').filter_map(|id| seen(id.trim())).collect())
}

/// The slots of a page, never more than `cap`.
fn part(slots: &[u32], page: Page, cap: Option<u32>) -> &[u32] {
    let start = page.offset.min(slots.len());
    let limit = page.limit.unwrap_or(usize::MAX).min(cap.map_or(usize::MAX, |cap| cap as usize));
    &slots[start..start.saturating_add(limit).min(slots.len())]
}

/// Objects as one JSON array.
pub(crate) fn render(world: &World, kind: Kind, rows: &[&Row], view: View, fields: Option<&Fields>) -> Reply {
    let count = rows.len() as u32;
    let shows_parts = kind.is_heavy() && matches!(view, View::Whole | View::Brief);
    let is_full = shows_parts
        && fields.is_none_or(|fields| kind.heavy_parts().iter().any(|part| fields.get(part).is_some()));
    let mut reply = Reply::json(Bytes::new());
    reply.chunks = match fields {
        None if matches!(view, View::Whole | View::Brief) => prepared(rows, view),
        _ => [Bytes::from(written(world, kind, rows, view, fields))].into(),
    };
    reply.rows = Rows {
        kind: Some(kind),
        full: if is_full { count } else { 0 },
        light: if is_full { 0 } else { count },
        dashboards_by_folder: if is_full && kind == Kind::Dashboard { by_folder(rows) } else { Vec::new() },
    };
    reply
}

/// One object as JSON.
pub(crate) fn render_one(world: &World, kind: Kind, row: &Row, view: View, fields: Option<&Fields>) -> Reply {
    let mut reply = render(world, kind, &[row], view, fields);
    if fields.is_none() && matches!(view, View::Whole | View::Brief) {
        let brief = row.brief.as_ref().filter(|_| view == View::Brief);
        reply.chunks = [brief.unwrap_or(&row.body).clone()].into();
    } else if let Some(only) = reply.chunks.front_mut() {
        *only = only.slice(1..only.len() - 1);
    }
    reply
}

fn prepared(rows: &[&Row], view: View) -> VecDeque<Bytes> {
    let mut chunks = VecDeque::with_capacity(rows.len() * 2 + 1);
    chunks.push_back(Bytes::from_static(b"["));
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            chunks.push_back(Bytes::from_static(b","));
        }
        let brief = row.brief.as_ref().filter(|_| view == View::Brief);
        chunks.push_back(brief.unwrap_or(&row.body).clone());
    }
    chunks.push_back(Bytes::from_static(b"]"));
    chunks
}

fn written(world: &World, kind: Kind, rows: &[&Row], view: View, fields: Option<&Fields>) -> String {
    let has_columns = kind.is_heavy() && matches!(view, View::Whole | View::Brief);
    let light = fields.filter(|_| has_columns).and_then(only_light);
    let mut out = String::with_capacity(rows.len() * 96 + 2);
    out.push('[');
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        match (&light, fields) {
            (Some(light), _) => row.push_light(*light, &mut out),
            (None, Some(fields)) => {
                json::project(&shown(world, kind, row, view, Some(fields)), fields, &mut out);
            }
            (None, None) => out.push_str(&shown(world, kind, row, view, None)),
        }
    }
    out.push(']');
    out
}

/// The JSON of a row in a view, with at least the members `fields` asks for.
fn shown<'r>(world: &World, kind: Kind, row: &'r Row, view: View, fields: Option<&Fields>) -> Cow<'r, str> {
    match view {
        View::Whole => Cow::Borrowed(as_text(&row.body)),
        View::Brief => Cow::Borrowed(as_text(row.brief.as_ref().unwrap_or(&row.body))),
        View::Base => Cow::Owned(base(row)),
        View::WithContent => with_content(world, row, fields),
        View::Composed => composed::whole(world, kind, row),
        View::Lookml => Cow::Owned(composed::lookml(row)),
    }
}

/// A `DashboardBase`.
pub(crate) fn base(row: &Row) -> String {
    let mut out = String::with_capacity(2_000);
    json::project(as_text(&row.body), &BASE, &mut out);
    out
}

/// A `Folder`: its `FolderBase`, and the live dashboards and looks in it.
fn with_content<'r>(world: &World, row: &'r Row, fields: Option<&Fields>) -> Cow<'r, str> {
    let wanted = |part| fields.is_none_or(|fields| fields.get(part).is_some());
    let body = as_text(&row.body);
    if !wanted("dashboards") && !wanted("looks") {
        return Cow::Borrowed(body);
    }
    let kind = if &*row.id == "lookml" { Kind::LookmlDashboard } else { Kind::Dashboard };
    let inside = |kind| {
        let table = world.table(kind);
        table.slots_in(&[&row.id], false).iter().map(|slot| table.row(*slot)).collect::<Vec<_>>()
    };
    let dashboards: Vec<String> = inside(kind).into_iter().map(base).collect();
    let looks: Vec<&str> =
        inside(Kind::Look).into_iter().map(|row| as_text(row.brief.as_ref().unwrap_or(&row.body))).collect();
    let members = &body[..body.len() - 1];
    Cow::Owned(format!(
        "{members},\"dashboards\":[{}],\"looks\":[{}]}}",
        dashboards.join(","),
        looks.join(",")
    ))
}

fn by_folder(rows: &[&Row]) -> Vec<(Box<str>, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.text(Kind::Dashboard, "folder_id")).or_default() += 1;
    }
    counts.into_iter().map(|(folder, count)| (folder.into(), count)).collect()
}

/// `Link` and `X-Total-Count`, for requests that asked for a page
/// (`looker-api-facts.md` §2). `total` is the truth.
fn with_paging_headers(
    reply: Reply,
    server: &Server,
    call: &Call,
    page: Page,
    total: usize,
    rows: usize,
) -> Reply {
    let Some(limit) = page.limit.filter(|_| takes(call, "limit")) else { return reply };
    let counts = call.operation.id == "all_users"
        || call.params.is_set("tally")
        || server.config.totals
        || server.config.wrong_totals;
    let total = (counts && server.visible.is_none()).then(|| server.stated_total(total));
    let link = |offset: usize, rel: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = |(name, _): &&(String, String)| {
            !matches!(name.as_str(), "limit" | "offset" | "page" | "per_page")
        };
        query.extend_pairs(call.params.pairs().iter().filter(kept));
        query.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
        let (origin, path) = (call.origin(server), call.path.strip_prefix(PREFIX).unwrap_or(&call.path));
        format!("<{origin}{PREFIX}{path}?{}>; rel=\"{rel}\"", query.finish())
    };
    let mut links = vec![link(0, "first")];
    if let Some(total) = total.filter(|_| limit > 0) {
        links.push(link(total.saturating_sub(1) / limit * limit, "last"));
    }
    let known_more = total.map(|total| page.offset + rows < total);
    if rows > 0 && known_more.unwrap_or(rows == limit) {
        links.push(link(page.offset + limit, "next"));
    }
    if page.offset > 0 {
        links.push(link(page.offset.saturating_sub(limit), "prev"));
    }
    let reply = reply.header("link", links.join(","));
    match total {
        Some(total) => reply.header("x-total-count", total.to_string()),
        None => reply,
    }
}

/// Whether the operation has a parameter: `limit`, those that have pages at
/// all, which `all_dashboards` has not.
fn takes(call: &Call, param: &str) -> bool {
    call.operation.params.iter().copied().flatten().any(|(name, _)| *name == param)
}
