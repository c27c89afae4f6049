//! Favourites. Dashboards name the API user's own in `content_favorite_id`;
//! those of others, and favourite boards, are known to this table only.

use std::collections::HashSet;

use fastrand::Rng;

use super::{Ground, add};
use crate::auth::API_USER;
use crate::config::SimConfig;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::state::World;
use crate::table::as_text;

/// Makes all favourites.
pub(super) fn generate(config: &SimConfig, ground: &Ground, world: &mut World) {
    let mut last = 0;
    for (favorite, kind, id) in named(world) {
        add(world, Kind::ContentFavorite, body(favorite, API_USER, world, kind, &id));
        last = favorite;
    }
    let mut rng = Rng::with_seed(config.seed ^ 0xFA70);
    let mut seen = HashSet::new();
    for n in 0..u64::from(config.favorites) {
        let user = &ground.people[rng.usize(..ground.people.len())].id.to_string();
        let kind = if user == API_USER {
            Kind::Board
        } else {
            [Kind::Dashboard, Kind::Look, Kind::Board, Kind::LookmlDashboard][n as usize % 4]
        };
        let content = {
            let table = world.table(kind);
            rng.choice(table.slots(false)).map(|slot| table.row(*slot).id.to_string())
        };
        let Some(id) = content.filter(|id| seen.insert((user.clone(), kind, id.clone()))) else { continue };
        last += 1 + rng.u64(..3);
        add(world, Kind::ContentFavorite, body(last, user, world, kind, &id));
    }
}

/// Favourites that content names, in the order of their ids, and the content.
fn named(world: &World) -> Vec<(u64, Kind, String)> {
    let table = world.table(Kind::Dashboard);
    let all = table.slots(false).iter().chain(table.slots(true)).map(|slot| table.row(*slot));
    let of = |row: &crate::table::Row| {
        let favorite = row.text(Kind::Dashboard, "content_favorite_id").parse().ok()?;
        Some((favorite, Kind::Dashboard, row.id.to_string()))
    };
    let mut named: Vec<_> = all.filter_map(of).collect();
    named.sort_unstable_by_key(|(favorite, ..)| *favorite);
    named
}

/// A `ContentFavorite` without the content it embeds.
fn body(id: u64, user: &str, world: &World, kind: Kind, content: &str) -> Writer {
    let row = world.get(kind, content);
    let metadata =
        row.and_then(|row| json::member(as_text(&row.body), "content_metadata_id")).unwrap_or("null");
    let of = |wanted| (kind == wanted).then_some(content);
    let mut w = Writer::with_capacity(300);
    w.begin('{');
    w.id("id", id);
    w.text("user_id", user);
    w.raw("content_metadata_id", metadata);
    w.opt("dashboard_id", of(Kind::Dashboard));
    w.opt("look_id", of(Kind::Look));
    w.opt("board_id", of(Kind::Board));
    w.opt("lookml_dashboard_id", of(Kind::LookmlDashboard));
    w.raw("x_favorite", &format!(r#"{{"position":{id}.0,"pinned":null}}"#));
    w.end('}');
    w
}
