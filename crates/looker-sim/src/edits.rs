//! Changes as Looker makes them: with its checks, and with what moves along
//! (`updated_at`, the embedded folder, the marks of the trash).

use fastrand::Rng;

use crate::data::{self, Ground, Plan};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::state::{Changes, Refused, World};
use crate::table::{Row, as_text};

/// Sets members of a dashboard or look (values are JSON text) on behalf of a
/// user.
pub(crate) fn update(
    world: &mut World,
    kind: Kind,
    id: &str,
    mut changes: Changes,
    user: &str,
) -> Result<(), Refused> {
    check(world, kind, id, &changes)?;
    let now = quoted(&data::now());
    if let Some(folder) = changed_text(&changes, "folder_id") {
        let folder = world.get(Kind::Folder, &folder).ok_or(Refused::NoFolder)?;
        changes.push(("folder", as_text(&folder.body).to_owned()));
    }
    match changed(&changes, "deleted") {
        Some("true") => changes.extend([("deleted_at", now.clone()), ("deleter_id", quoted(user))]),
        Some(_) => changes.extend([("deleted_at", "null".to_owned()), ("deleter_id", "null".to_owned())]),
        None => {}
    }
    if let Some(query) = changed_text(&changes, "query_id").filter(|_| kind == Kind::Look) {
        changes.push(("query", world.queries.get(&query).ok_or(Refused::NotFound)?));
    }
    // Who sets the stamp edits as something does that moves none.
    if changed(&changes, "updated_at").is_none() {
        changes.push(("updated_at", now));
    }
    changes.push(("last_updater_id", quoted(user)));
    world.set(kind, id, &changes)
}

/// A title is unique among the live dashboards of a folder, a slug among all
/// dashboards of the instance, the trash included.
fn check(world: &World, kind: Kind, id: &str, changes: &Changes) -> Result<(), Refused> {
    let row = world.get(kind, id).ok_or(Refused::NotFound)?;
    if kind != Kind::Dashboard {
        return Ok(());
    }
    let after = |name| changed_text(changes, name).unwrap_or_else(|| row.text(kind, name).to_owned());
    let deleted = changed(changes, "deleted").map_or(row.deleted, |value| value == "true");
    let places = ["title", "folder_id", "deleted"];
    let moves = changes.iter().any(|(name, _)| places.contains(name));
    if moves && !deleted && title_taken(world, kind, &after("folder_id"), &after("title"), id) {
        return Err(Refused::TitleTaken);
    }
    match changed_text(changes, "slug") {
        Some(slug) if slug_taken(world, &slug, id) => Err(Refused::SlugTaken),
        _ => Ok(()),
    }
}

fn changed<'c>(changes: &'c Changes, name: &str) -> Option<&'c str> {
    changes.iter().find(|(have, _)| *have == name).map(|(_, value)| value.as_str())
}

fn changed_text(changes: &Changes, name: &str) -> Option<String> {
    changed(changes, name).and_then(json::text)
}

/// Whether another live dashboard or look of a folder has a title.
pub(crate) fn title_taken(world: &World, kind: Kind, folder: &str, title: &str, but: &str) -> bool {
    title_taken_among(world, kind, folder, title, but, false)
}

/// The same among live or among trashed ones.
pub(crate) fn title_taken_among(
    world: &World,
    kind: Kind,
    folder: &str,
    title: &str,
    but: &str,
    trashed: bool,
) -> bool {
    let is_it =
        |row: &Row| row.deleted == trashed && *row.id != *but && row.text(kind, "folder_id") == folder;
    world.table(kind).titled(title).any(is_it)
}

/// Whether another dashboard, be it in the trash, has a slug.
pub(crate) fn slug_taken(world: &World, slug: &str, but: &str) -> bool {
    world.table(Kind::Dashboard).of_slug(slug).any(|row| *row.id != *but)
}

/// Writes a note under one of a dashboard's tiles, or does nothing when it has
/// none; the dashboard's `updated_at` moves along.
pub(crate) fn edit_tile(world: &mut World, id: &str, rng: &mut Rng, user: &str) -> Result<(), Refused> {
    match with_a_note(world, id, rng)? {
        Some(tiles) => update(world, Kind::Dashboard, id, vec![("dashboard_elements", tiles)], user),
        None => Ok(()),
    }
}

/// A dashboard's tiles with a new note under one of them; `None` when it has none.
pub(crate) fn with_a_note(world: &World, id: &str, rng: &mut Rng) -> Result<Option<String>, Refused> {
    let row = world.get(Kind::Dashboard, id).ok_or(Refused::NotFound)?;
    let tiles = json::member(as_text(&row.body), "dashboard_elements").unwrap_or("[]");
    let mut tiles: Vec<String> = json::elements(tiles).map(str::to_owned).collect();
    if tiles.is_empty() {
        return Ok(None);
    }
    let tile = rng.usize(..tiles.len());
    let note = quoted(&format!("Checked {} of \"this\" — ✓", rng.u32(..)));
    tiles[tile] = json::patch(&tiles[tile], &[("note_text", note)]);
    Ok(Some(format!("[{}]", tiles.join(","))))
}

/// Somebody looks at a dashboard or look: counts and moments move, but not
/// `updated_at`.
pub(crate) fn view(world: &mut World, kind: Kind, id: &str) -> Result<(), Refused> {
    let row = world.get(kind, id).ok_or(Refused::NotFound)?;
    let views: u64 = json::member(as_text(&row.body), "view_count").and_then(|n| n.parse().ok()).unwrap_or(0);
    let now = quoted(&data::now());
    let changes = vec![
        ("view_count", (views + 1).to_string()),
        ("last_viewed_at", now.clone()),
        ("last_accessed_at", now),
    ];
    world.set(kind, id, &changes)
}

/// Creates a dashboard or look with generated content in a folder. Answers its
/// id.
pub(crate) fn create(
    world: &mut World,
    ground: &Ground,
    kind: Kind,
    folder: &str,
    rng: &mut Rng,
) -> Result<String, Refused> {
    let folder_body = as_text(&world.get(Kind::Folder, folder).ok_or(Refused::NoFolder)?.body).to_owned();
    let folder = ground.folder(folder).ok_or(Refused::NoFolder)?;
    let folder_id = ground.folders[folder].id.clone();
    let title = data::free_title(rng, |title| title_taken(world, kind, &folder_id, title, ""));
    let now = quoted(&data::now());
    Ok(world.create(kind, |id| {
        let plan = Plan { nth: id, id, folder, title, trashed: false };
        let body = plan.body(kind, ground);
        let none = "null".to_owned();
        json::patch(
            &body,
            &[
                ("content_favorite_id", none),
                ("created_at", now.clone()),
                ("updated_at", now),
                ("folder", folder_body),
            ],
        )
    }))
}
