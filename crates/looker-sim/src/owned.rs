//! Whose plans, alerts, favourites and boards a list answers: the caller's,
//! unless it asks for more and may have it.

use crate::auth::API_USER;
use crate::config::{Account, FavoriteLists};
use crate::json;
use crate::kinds::Kind;
use crate::reply::{Problem, Reply};
use crate::search::Search;
use crate::server::{Call, Server};
use crate::state::World;
use crate::table::as_text;

/// Id of the built-in role `Admin`.
const ADMIN: &str = "\"1\"";

/// Whether a user has the built-in role `Admin`.
pub(crate) fn is_admin(world: &World, user: &str) -> bool {
    let row = world.get(Kind::User, user);
    let roles = row.and_then(|row| json::member(as_text(&row.body), "role_ids")).unwrap_or("[]");
    json::elements(roles).any(|role| role == ADMIN)
}

/// Restricts a search to what the caller gets of a kind.
pub(crate) fn narrow(
    server: &Server,
    call: &Call,
    world: &World,
    kind: Kind,
    search: Search,
) -> Result<Search, Reply> {
    match kind {
        Kind::ScheduledPlan => Ok(plans(server, call, search)),
        Kind::Alert => alerts(server, call, world, search),
        Kind::ContentFavorite => favorites(server, call, world, search),
        Kind::Board if call.params.is_set("favorited") => Ok(favorite_boards(call, world, search)),
        _ => Ok(search),
    }
}

/// The caller's, those of `user_id`, or everybody's; enabled ones only
/// (`looker-api-facts.md` §10). A limited account gets its own whatever it asks
/// for.
fn plans(server: &Server, call: &Call, search: Search) -> Search {
    let wants_others = call.params.is_set("all_users") || call.params.get("user_id").is_some();
    let search = if wants_others { search } else { search.only(Kind::ScheduledPlan, "user_id", &call.user) };
    let asks = call.params.is_set("all_states") || call.params.get("enabled").is_some();
    let may = match call.operation.id {
        "all_scheduled_plans" => false,
        "search_scheduled_plans" => asks,
        _ => true,
    };
    if may && server.config.plan_searches_give_disabled {
        return search;
    }
    search.only(Kind::ScheduledPlan, "enabled", "true")
}

/// The caller's, or with `all_owners` everybody's, which takes an admin
/// (`looker-api-facts.md` §11).
fn alerts(server: &Server, call: &Call, world: &World, search: Search) -> Result<Search, Reply> {
    if !call.params.is_set("all_owners") {
        return Ok(search.only(Kind::Alert, "owner_id", &call.user));
    }
    let is_its_key = call.user == API_USER && server.config.account == Account::Admin;
    if server.visible.is_none() && (is_its_key || is_admin(world, &call.user)) {
        return Ok(search);
    }
    Err(Reply::error(403, &call.route(), "Permission Denied"))
}

fn favorites(server: &Server, call: &Call, world: &World, search: Search) -> Result<Search, Reply> {
    let kind = Kind::ContentFavorite;
    let search = match call.params.get("board_id") {
        Some(board) if call.params.is_set("include_board_items") => {
            search.without(kind, "board_id").any_of(kind, "content_metadata_id", on_board(world, board))
        }
        _ => search,
    };
    let users = call.params.get("user_id");
    match (users.and_then(|users| users.split_once(',')), server.config.favorite_lists) {
        (Some(_), FavoriteLists::Refused) => {
            let problem = Problem::invalid("user_id", "user_id is not valid".to_owned());
            Err(Reply::invalid(&call.route(), &[problem]))
        }
        (Some((first, _)), FavoriteLists::First) => Ok(search.only(kind, "user_id", first)),
        _ if users.is_some() || server.config.favorites_of_everybody => Ok(search),
        _ => Ok(search.only(kind, "user_id", &call.user)),
    }
}

/// Ids of the metadata of what lies on a board.
fn on_board(world: &World, board: &str) -> Vec<String> {
    let (sections, items) = (world.table(Kind::BoardSection), world.table(Kind::BoardItem));
    let of_section = |slot: &u32| {
        let slots = items.slots_in(&[&sections.row(*slot).id], false);
        let content = |slot: &u32| {
            let row = items.row(*slot);
            [Kind::Dashboard, Kind::Look, Kind::LookmlDashboard].into_iter().find_map(|kind| {
                let content = world.get(kind, row.text(Kind::BoardItem, &format!("{}_id", kind.name())))?;
                Some(content.text(kind, "content_metadata_id").to_owned())
            })
        };
        slots.iter().filter_map(content).collect::<Vec<_>>()
    };
    sections.slots_in(&[board], false).iter().flat_map(of_section).collect()
}

fn favorite_boards(call: &Call, world: &World, search: Search) -> Search {
    let table = world.table(Kind::ContentFavorite);
    let rows = table.slots(false).iter().map(|slot| table.row(*slot));
    let own = rows.filter(|row| row.text(table.kind, "user_id") == call.user);
    search.any_of(Kind::Board, "id", own.map(|row| row.text(table.kind, "board_id").to_owned()).collect())
}
