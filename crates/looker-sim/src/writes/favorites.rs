//! Favourites: everybody's own, an administrator's as well (`looker-api-facts.md`
//! §9).

use super::rows::{of, rows};
use super::{Edit, Failure, Wrote, bodies};
use crate::access::roles_of_user;
use crate::auth::API_USER;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::objects;
use crate::routes::View;
use crate::state::World;
use crate::table::{Row, as_text};

const KIND: Kind = Kind::ContentFavorite;

/// What can be a favourite, and the member that names it.
const CONTENT: [(Kind, &str); 4] = [
    (Kind::Dashboard, "dashboard_id"),
    (Kind::Look, "look_id"),
    (Kind::Board, "board_id"),
    (Kind::LookmlDashboard, "lookml_dashboard_id"),
];

/// `POST /content_favorite`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.call.user.clone();
    if edit.given.text("user_id").is_some_and(|given| given != user) {
        return Err(Failure::NotFound);
    }
    // Whoever has no role sees nothing that could be marked.
    if user != API_USER && roles_of_user(edit.world, &user, false).is_empty() {
        return Err(Failure::NotFound);
    }
    let metadata = edit.given.text("content_metadata_id").ok_or(Failure::NotFound)?;
    let (kind, row) = metadata::find(edit.world, &metadata).ok_or(Failure::NotFound)?;
    let content = edit.row(kind, &row.id)?.id.to_string();
    let Some((_, member)) = CONTENT.into_iter().find(|(of, _)| *of == kind) else {
        return Err(Failure::invalid("content_metadata_id", "a folder cannot be a favorite"));
    };
    let is_it =
        |row: &Row| row.text(KIND, "user_id") == user && row.text(KIND, "content_metadata_id") == metadata;
    if rows(edit.world, KIND).any(is_it) {
        return Err(Failure::Exists);
    }
    let changes =
        [("user_id", quoted(&user)), ("content_metadata_id", quoted(&metadata)), (member, quoted(&content))];
    let id = edit.create(KIND, |id| {
        json::patch(&bodies::filled(bodies::FAVORITE, &changes), &[("id", quoted(&id.to_string()))])
    });
    note(edit.world, kind, &content, &user, Some(&id))?;
    Ok(Wrote::Object(KIND, View::Composed, id))
}

/// `DELETE /content_favorite/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let user = edit.call.user.clone();
    let row = edit.row(KIND, &id)?;
    if row.text(KIND, "user_id") != user {
        return Err(Failure::NotFound);
    }
    let content = CONTENT.into_iter().find_map(|(kind, member)| Some((kind, json::text(of(row, member))?)));
    objects::purge(edit.world, KIND, &id)?;
    if let Some((kind, content)) = content {
        note(edit.world, kind, &content, &user, None)?;
    }
    Ok(Wrote::Nothing)
}

/// Counts a favourite in its content, and names there the one of the API key's
/// user, as answers to it do. No stamp moves.
fn note(world: &mut World, kind: Kind, id: &str, user: &str, favorite: Option<&str>) -> Result<(), Failure> {
    let Some(row) = world.get(kind, id) else { return Ok(()) };
    let body = as_text(&row.body);
    let mut changes = Vec::new();
    if let Some(count) = json::member(body, "favorite_count").and_then(|count| count.parse::<u64>().ok()) {
        let count = if favorite.is_some() { count + 1 } else { count.saturating_sub(1) };
        changes.push(("favorite_count", count.to_string()));
    }
    if user == API_USER && json::member(body, "content_favorite_id").is_some() {
        changes.push(("content_favorite_id", favorite.map_or_else(|| "null".to_owned(), quoted)));
    }
    Ok(world.set(kind, id, &changes)?)
}
