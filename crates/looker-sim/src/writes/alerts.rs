//! Alerts and who follows them (`looker-api-facts.md` §11).

use super::rows::{is_admin, of, owner, refuse};
use super::{Edit, Failure, Wrote, alert_rules, bodies};
use crate::auth::API_USER;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;
use crate::state::{Changes, World, change};
use crate::table::{Row, as_text};

const KIND: Kind = Kind::Alert;

fn shown(id: String) -> Wrote {
    Wrote::Object(KIND, View::Whole, id)
}

/// The members that follow from the owner.
fn owned_by(world: &World, user: &str) -> Changes<'static> {
    let name = world.get(Kind::User, user).map_or("null", |row| of(row, "display_name")).to_owned();
    vec![("owner_id", quoted(user)), ("owner_display_name", name)]
}

/// The dashboard that a tile is on, and the tile.
pub(super) fn tile<'w>(world: &'w World, id: &str) -> Option<(Kind, &'w Row, &'w str)> {
    let id = quoted(id);
    [Kind::Dashboard, Kind::LookmlDashboard].into_iter().find_map(|kind| {
        super::rows::rows(world, kind).find_map(|row| {
            let body = as_text(&row.body);
            // Few bodies hold the id, and only those are worth a closer look.
            let tiles = body.contains(&id).then(|| json::member(body, "dashboard_elements"))??;
            let tile = json::elements(tiles).find(|tile| json::member(tile, "id") == Some(&id))?;
            Some((kind, row, tile))
        })
    })
}

/// The members that follow from the tile, or from the LookML dashboard where no
/// tile is named.
fn placed(edit: &Edit<'_>) -> Changes<'static> {
    let found = edit.given.text("dashboard_element_id").and_then(|id| tile(edit.world, &id));
    let of_lookml = || {
        let id = edit.given.text("lookml_dashboard_id")?;
        Some((Kind::LookmlDashboard, edit.world.get(Kind::LookmlDashboard, &id)?))
    };
    let Some((kind, row)) = found.map(|(kind, row, _)| (kind, row)).or_else(of_lookml) else {
        return Vec::new();
    };
    vec![
        ("investigative_content_type", quoted("dashboard")),
        ("investigative_content_id", quoted(&row.id)),
        ("investigative_content_title", quoted(row.text(kind, "title"))),
    ]
}

/// What was given, without nulls where there are none.
fn writable(edit: &mut Edit<'_>) -> Changes<'static> {
    let mut changes = edit.take_given().without(&["owner_id"]).into_changes();
    let flags = ["is_disabled", "is_public", "show_custom_url", "threshold"];
    changes.retain(|(name, value)| value != "null" || !flags.contains(name));
    changes
}

/// `POST /alerts`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(alert_rules::problems(edit, true))?;
    let owner = owner(edit, "owner_id")?.unwrap_or_else(|| edit.call.user.clone());
    let placed = placed(edit);
    let mut changes = writable(edit);
    for (name, value) in placed.into_iter().chain(owned_by(edit.world, &owner)) {
        change(&mut changes, name, value);
    }
    let id = edit.create(KIND, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        bodies::filled(bodies::ALERT, &changes)
    });
    Ok(shown(id))
}

/// An alert of the caller's, or of anybody when it is an administrator.
fn changeable(edit: &Edit<'_>, id: &str) -> Result<(), Failure> {
    let row = edit.row(KIND, id)?;
    let may = is_admin(edit) || row.text(KIND, "owner_id") == edit.call.user;
    if may { Ok(()) } else { Err(Failure::Denied) }
}

/// `PUT /alerts/{id}`: the whole alert as it was read, with changes.
pub(crate) fn replace(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    refuse(alert_rules::problems(edit, false))?;
    let placed = placed(edit);
    store(edit, &id, placed)
}

/// `PATCH /alerts/{id}`: some members only.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    store(edit, &id, Vec::new())
}

fn store(edit: &mut Edit<'_>, id: &str, placed: Changes<'static>) -> Result<Wrote, Failure> {
    let owner = owner(edit, "owner_id")?;
    let owned = owner.map(|owner| owned_by(edit.world, &owner)).unwrap_or_default();
    let mut changes = writable(edit);
    for (name, value) in placed.into_iter().chain(owned) {
        change(&mut changes, name, value);
    }
    edit.world.set(KIND, id, &changes)?;
    Ok(shown(id.to_owned()))
}

/// `DELETE /alerts/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    objects::purge(edit.world, KIND, &id)?;
    Ok(Wrote::Nothing)
}

/// `POST /alerts/{id}/enqueue`: looks at its condition now, and tells whom it
/// concerns.
pub(crate) fn enqueue(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    let destinations = of(edit.row(KIND, &id)?, "destinations");
    let to = json::elements(destinations)
        .filter_map(|to| json::text(json::member(to, "email_address")?))
        .collect();
    edit.send("alert_notice", KIND, &id, to);
    Ok(Wrote::Nothing)
}

/// `POST /alerts/{id}/follow`.
pub(crate) fn follow(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    set_followed(edit, true)
}

/// `DELETE /alerts/{id}/follow`.
pub(crate) fn unfollow(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    set_followed(edit, false)
}

/// Followers are the alert's, whatever becomes of it, as long as it keeps its
/// id. Bodies say of the API key's user only whether it is one.
fn set_followed(edit: &mut Edit<'_>, follows: bool) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(KIND, &id)?;
    let user = edit.call.user.clone();
    if user == API_USER {
        edit.world.set(KIND, &id, &vec![("followed", follows.to_string())])?;
    } else if follows {
        edit.world.followers.insert((id, user));
    } else {
        edit.world.followers.remove(&(id, user));
    }
    Ok(Wrote::Nothing)
}

/// Ids of the users who follow an alert; none of one that is gone.
pub(crate) fn followers(world: &World, id: &str) -> Vec<String> {
    let Some(row) = world.get(KIND, id) else { return Vec::new() };
    let caller = (of(row, "followed") == "true").then(|| API_USER.to_owned());
    let others = world.followers.iter().filter(|(alert, _)| alert == id).map(|(_, user)| user.clone());
    caller.into_iter().chain(others).collect()
}
