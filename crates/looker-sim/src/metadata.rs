//! Content metadata: the tree that access lists hang on (`looker-api-facts.md`
//! §8). It mirrors folders, the content in them, and boards, so nothing of it
//! is stored but which items have lists of their own, and the rows of those.

use crate::json;
use crate::json::Writer;
use crate::kinds::Kind;
use crate::lists::render;
use crate::objects;
use crate::reply::{Problem, Reply, Rows};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::state::{Refused, World};
use crate::table::{Row, as_text};

/// Ids of metadata: those of folders are the folder's, others are the
/// object's own on top of these.
pub(crate) const DASHBOARDS: u64 = 1_000_000;
pub(crate) const LOOKS: u64 = 2_000_000;
pub(crate) const BOARDS: u64 = 3_000_000;
pub(crate) const LOOKML_DASHBOARDS: u64 = 4_000_000;

/// Metadata below `Shared` whose folder is gone: lists may hold such rows
/// (`looker-api-facts.md` §8).
pub(crate) const ORPHAN: &str = "999998";

/// The id of the metadata of an object with a numeric id.
pub(crate) fn of_number(base: u64, id: &str) -> String {
    (base + id.parse::<u64>().unwrap_or(0)).to_string()
}

/// Where the ids of a kind's metadata begin.
fn base(kind: Kind) -> Option<u64> {
    match kind {
        Kind::Folder => Some(0),
        Kind::Dashboard => Some(DASHBOARDS),
        Kind::Look => Some(LOOKS),
        Kind::Board => Some(BOARDS),
        _ => None,
    }
}

/// The id of the metadata of an object that is to have a number: the usual one
/// unless another object has that, as on an instance whose content was loaded.
pub(crate) fn next_id(world: &World, kind: Kind, number: u64) -> String {
    let usual = base(kind).filter(|_| number < DASHBOARDS).map(|base| base + number);
    let free = |id: &u64| find(world, &id.to_string()).is_none();
    let above = LOOKML_DASHBOARDS + DASHBOARDS..;
    usual.filter(free).or_else(|| above.into_iter().find(free)).unwrap_or_default().to_string()
}

/// Whether the id of an object's metadata is not the usual one, so that it has
/// to be remembered.
pub(crate) fn is_unusual(kind: Kind, row: &Row) -> bool {
    if base(kind).is_none() && kind != Kind::LookmlDashboard {
        return false;
    }
    let usual = base(kind).and_then(|base| Some((base + row.id.parse::<u64>().ok()?).to_string()));
    id_of(kind, row).is_some_and(|id| Some(id) != usual.as_deref())
}

/// The object behind an id.
pub(crate) fn find<'w>(world: &'w World, id: &str) -> Option<(Kind, &'w Row)> {
    if let Some((kind, object)) = world.metadata_of(id) {
        return world.get(kind, object).map(|row| (kind, row));
    }
    let number: u64 = id.parse().ok()?;
    let (kind, base) = match number {
        ..DASHBOARDS => (Kind::Folder, 0),
        DASHBOARDS..LOOKS => (Kind::Dashboard, DASHBOARDS),
        LOOKS..BOARDS => (Kind::Look, LOOKS),
        BOARDS..LOOKML_DASHBOARDS => (Kind::Board, BOARDS),
        _ => return lookml(world, id),
    };
    let row = world.get(kind, &(number - base).to_string())?;
    (id_of(kind, row)? == id).then_some((kind, row))
}

/// LookML dashboards have no numbers of their own.
fn lookml<'w>(world: &'w World, id: &str) -> Option<(Kind, &'w Row)> {
    let table = world.table(Kind::LookmlDashboard);
    let mut rows = table.slots(false).iter().map(|slot| table.row(*slot));
    rows.find(|row| row.text(Kind::LookmlDashboard, "content_metadata_id") == id)
        .map(|row| (Kind::LookmlDashboard, row))
}

/// The id of an object's metadata; `lookml` has none.
pub(crate) fn id_of(kind: Kind, row: &Row) -> Option<&str> {
    Some(row.text(kind, "content_metadata_id")).filter(|id| !id.is_empty())
}

/// The metadata above an object's: that of its folder.
fn parent_of<'w>(world: &'w World, kind: Kind, row: &Row) -> Option<&'w str> {
    let column = if kind == Kind::Folder { "parent_id" } else { "folder_id" };
    id_of(Kind::Folder, world.get(Kind::Folder, row.text(kind, column))?)
}

/// Appends a `ContentMeta`.
fn push(world: &World, kind: Kind, row: &Row, w: &mut Writer) {
    let id = id_of(kind, row).unwrap_or_default();
    let parent = parent_of(world, kind, row);
    if let Some(document) = world.metadata_documents.get(id) {
        push_loaded(world, document, id, parent, w);
        return;
    }
    let of = |wanted: &[Kind]| wanted.contains(&kind).then_some(&*row.id);
    let name = json::member(as_text(&row.body), if kind == Kind::Folder { "name" } else { "title" });
    w.begin('{');
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
    w.text("id", id);
    w.raw("name", name.unwrap_or("null"));
    w.opt("parent_id", parent);
    w.opt("dashboard_id", of(&[Kind::Dashboard, Kind::LookmlDashboard]));
    w.opt("look_id", of(&[Kind::Look]));
    w.opt("folder_id", of(&[Kind::Folder]));
    w.opt("homepage_id", of(&[Kind::Board]));
    w.raw("agent_id", "null");
    w.text(
        "content_type",
        match kind {
            Kind::Folder => "folder",
            Kind::Look => "look",
            Kind::Board => "board",
            _ => "dashboard",
        },
    );
    w.bool("inherits", inherits(world, id));
    w.opt("inheriting_id", heir_of(world, id).as_deref());
    w.raw("slug", json::member(as_text(&row.body), "slug").unwrap_or("null"));
    w.raw("x_meta", &format!(r#"{{"depth":null,"serial":{id}.0}}"#));
    w.end('}');
}

/// Appends a `ContentMeta` that was loaded, with what may have changed since.
fn push_loaded(world: &World, document: &str, id: &str, parent: Option<&str>, w: &mut Writer) {
    let text_or_null = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), json::quoted);
    let mut changes = vec![
        ("parent_id", text_or_null(parent)),
        ("inherits", inherits(world, id).to_string()),
        ("inheriting_id", text_or_null(heir_of(world, id).as_deref())),
    ];
    changes.retain(|(name, _)| json::member(document, name).is_some());
    w.element(&json::patch(document, &changes));
}

/// The `ContentMeta` of that id.
pub(crate) fn shown(world: &World, id: &str) -> Option<String> {
    let (kind, row) = find(world, id)?;
    let mut w = Writer::default();
    push(world, kind, row, &mut w);
    Some(w.out)
}

/// The ids of the metadata above an item's, the nearest first.
pub(crate) fn above(world: &World, id: &str) -> Vec<String> {
    let next = |id: &String| {
        let (kind, row) = find(world, id)?;
        parent_of(world, kind, row).map(str::to_owned)
    };
    std::iter::successors(next(&id.to_owned()), next).collect()
}

/// The row of an item's own list that is of a group or user.
pub(crate) fn row_of<'w>(world: &'w World, id: &str, member: &str, principal: &str) -> Option<&'w Row> {
    let table = world.table(Kind::ContentMetadataAccess);
    let slots = table.slots_in(&[id], false);
    let mut rows = slots.iter().map(|slot| table.row(*slot));
    rows.find(|row| row.text(table.kind, member) == principal)
}

/// Whether an item has no list of its own.
pub(crate) fn inherits(world: &World, id: &str) -> bool {
    !world.own_lists.contains(id)
}

/// The metadata an item inherits its list from.
fn heir_of(world: &World, id: &str) -> Option<String> {
    let mut above = id.to_owned();
    while inherits(world, &above) {
        let (kind, row) = find(world, &above)?;
        parent_of(world, kind, row)?.clone_into(&mut above);
    }
    (above != id).then_some(above)
}

/// All objects with metadata, folders first.
pub(crate) fn all(world: &World) -> Vec<(String, String)> {
    let kinds = [Kind::Folder, Kind::Dashboard, Kind::Look, Kind::Board, Kind::LookmlDashboard];
    let mut all = Vec::new();
    for kind in kinds {
        let table = world.table(kind);
        for slot in table.slots(false).iter().chain(table.slots(true)) {
            let row = table.row(*slot);
            let Some(id) = id_of(kind, row) else { continue };
            let mut w = Writer::default();
            push(world, kind, row, &mut w);
            all.push((id.to_owned(), w.out));
        }
    }
    all
}

pub(crate) fn orphan() -> String {
    format!(
        r#"{{"can":{{"index":true,"show":true}},"id":"{ORPHAN}","name":"Gone – früher","parent_id":"1","dashboard_id":null,"look_id":null,"folder_id":"{ORPHAN}","homepage_id":null,"agent_id":null,"content_type":"folder","inherits":true,"inheriting_id":"1","slug":null,"x_meta":null}}"#
    )
}

/// `GET /content_metadata/{id}`.
pub(crate) fn one(server: &Server, call: &Call) -> Reply {
    let world = server.world();
    let Some((kind, row)) = find(&world, call.id()).filter(|(kind, row)| sees(server, *kind, row)) else {
        return if call.id() == ORPHAN && world.has_orphan && server.visible.is_none() {
            answer(call, orphan(), 1)
        } else {
            call.not_found()
        };
    };
    let mut w = Writer::default();
    push(&world, kind, row, &mut w);
    answer(call, w.out, 1)
}

fn sees(server: &Server, kind: Kind, row: &Row) -> bool {
    server.visible.as_ref().is_none_or(|visible| visible.sees(kind, row))
}

/// `GET /content_metadata?parent_id=`: folders, dashboards and looks below.
pub(crate) fn below(server: &Server, call: &Call) -> Reply {
    let Some(parent) = call.params.get("parent_id") else { return missing(call, "parent_id") };
    let world = server.world();
    let Some((Kind::Folder, folder)) = find(&world, parent).filter(|(kind, row)| sees(server, *kind, row))
    else {
        return call.not_found();
    };
    let mut w = Writer::default();
    let mut count = 0;
    w.begin('[');
    for kind in [Kind::Folder, Kind::Dashboard, Kind::Look] {
        let table = world.table(kind);
        for slot in table.slots_in(&[&folder.id], false).iter() {
            let row = table.row(*slot);
            if sees(server, kind, row) {
                push(&world, kind, row, &mut w);
                count += 1;
            }
        }
    }
    if &*folder.id == "1" && world.has_orphan && server.visible.is_none() {
        w.element(&orphan());
    }
    w.end(']');
    answer(call, w.out, count)
}

/// `GET /content_metadata_access?content_metadata_id=`: none where the list is
/// inherited.
pub(crate) fn accesses(server: &Server, call: &Call) -> Reply {
    let Some(id) = call.params.get("content_metadata_id") else {
        return missing(call, "content_metadata_id");
    };
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let world = server.world();
    let is_orphan = id == ORPHAN && world.has_orphan && server.visible.is_none();
    if !is_orphan && !find(&world, id).is_some_and(|(kind, row)| sees(server, kind, row)) {
        return call.not_found();
    }
    let table = world.table(Kind::ContentMetadataAccess);
    let slots = table.slots_in(&[id], false);
    let rows: Vec<&Row> = slots.iter().map(|slot| table.row(*slot)).collect();
    render(&world, Kind::ContentMetadataAccess, &rows, View::Whole, fields.as_ref())
}

fn missing(call: &Call, name: &str) -> Reply {
    Reply::invalid(&call.route(), &[Problem::missing(name, "is required")])
}

fn answer(call: &Call, json: String, light: u32) -> Reply {
    let rows = Rows { light, ..Rows::default() };
    match parse_fields(&call.params) {
        Ok(None) => Reply { rows, ..Reply::json(json) },
        Ok(Some(fields)) => {
            let mut out = String::new();
            json::project(&json, &fields, &mut out);
            Reply { rows, ..Reply::json(out) }
        }
        Err(problem) => Reply::invalid(&call.route(), &[problem]),
    }
}

/// Gives an item a list of its own, which starts as a copy of the one it
/// inherited, or takes it away (`looker-api-facts.md` §8).
pub(crate) fn set_inherits(world: &mut World, id: &str, inherits: bool) -> Result<(), Refused> {
    find(world, id).ok_or(Refused::NotFound)?;
    if inherits == self::inherits(world, id) {
        return Ok(());
    }
    let rows = |world: &World, id: &str| -> Vec<(String, String)> {
        let table = world.table(Kind::ContentMetadataAccess);
        let slots = table.slots_in(&[id], false);
        let row = |slot: &u32| (table.row(*slot).id.to_string(), as_text(&table.row(*slot).body).to_owned());
        slots.iter().map(row).collect()
    };
    if inherits {
        for (row, _) in rows(world, id) {
            world.purge(Kind::ContentMetadataAccess, &row)?;
        }
        world.own_lists.remove(id);
        return Ok(());
    }
    let inherited = heir_of(world, id).map(|heir| rows(world, &heir)).unwrap_or_default();
    world.own_lists.insert(id.to_owned());
    for (_, row) in inherited {
        let row = json::patch(&row, &[("content_metadata_id", json::quoted(id))]);
        objects::create(world, Kind::ContentMetadataAccess, &row)?;
    }
    Ok(())
}
