//! What other people change while somebody reads.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::edits;
use crate::json::quoted;
use crate::kinds::Kind;
use crate::objects;
use crate::server::Server;
use crate::state::{Refused, World};
use crate::table::Table;

/// Changes a second, made in the background to random dashboards and, one time
/// in five, looks. All zero by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// A new description, or a note under one of a dashboard's tiles.
    pub edits: f64,
    /// New objects.
    pub creates: f64,
    /// Objects that go to the trash.
    pub deletes: f64,
    /// Trashed objects that come back.
    pub restores: f64,
    /// Objects, trashed ones first, that go for ever.
    pub purges: f64,
    /// Objects that change their folder.
    pub moves: f64,
    /// Views: they change counts, but not `updated_at`.
    pub views: f64,
}

const BEAT: Duration = Duration::from_millis(10);

/// Keeps changing things until it is dropped.
pub(crate) async fn run(server: Arc<Server>) {
    let mut rng = Rng::with_seed(server.config.seed ^ 0xC0DE);
    let mut due = [0.0; 7];
    let mut beat = tokio::time::interval(BEAT);
    loop {
        beat.tick().await;
        let churn = server.churn();
        let rates = [
            churn.edits,
            churn.creates,
            churn.deletes,
            churn.restores,
            churn.purges,
            churn.moves,
            churn.views,
        ];
        for (n, rate) in rates.into_iter().enumerate() {
            due[n] += rate * BEAT.as_secs_f64();
            while due[n] >= 1.0 {
                due[n] -= 1.0;
                // Refused is what Looker would refuse: a title that is taken.
                let _refused = change(&server, n, &mut rng);
            }
        }
    }
}

fn change(server: &Server, what: usize, rng: &mut Rng) -> Result<(), Refused> {
    let kind = if rng.u8(..5) == 0 { Kind::Look } else { Kind::Dashboard };
    let user = any_user(server, rng);
    let mut world = server.world_mut();
    let folder = any_folder(server, rng);
    let (live, trashed) = {
        let table = world.table(kind);
        (any(table, false, rng), any(table, true, rng))
    };
    let of = |id: Option<String>| id.ok_or(Refused::NotFound);
    match what {
        0 => edit(&mut world, kind, &of(live)?, rng, &user),
        1 => edits::create(&mut world, &server.ground, kind, &folder, rng).map(|_| ()),
        2 => edits::update(&mut world, kind, &of(live)?, vec![("deleted", "true".to_owned())], &user),
        3 => edits::update(&mut world, kind, &of(trashed)?, vec![("deleted", "false".to_owned())], &user),
        4 => objects::purge(&mut world, kind, &of(trashed.or(live))?),
        5 => edits::update(&mut world, kind, &of(live)?, vec![("folder_id", quoted(&folder))], &user),
        _ => edits::view(&mut world, kind, &of(live)?),
    }
}

fn edit(world: &mut World, kind: Kind, id: &str, rng: &mut Rng, user: &str) -> Result<(), Refused> {
    let changes = vec![edited(world, kind, id, rng)?];
    edits::update(world, kind, id, changes, user)
}

/// The same at a time of its own, which becomes the object's `updated_at`.
pub(crate) fn edit_at(server: &Server, kind: Kind, id: &str, seed: u64, at: &str) -> Result<(), Refused> {
    let mut rng = Rng::with_seed(seed);
    let user = any_user(server, &mut rng);
    let mut world = server.world_mut();
    let changes = vec![edited(&world, kind, id, &mut rng)?, ("updated_at", quoted(at))];
    edits::update(&mut world, kind, id, changes, &user)
}

/// What an edit sets: a note under one of a dashboard's tiles every other time, else
/// a new description.
fn edited(world: &World, kind: Kind, id: &str, rng: &mut Rng) -> Result<(&'static str, String), Refused> {
    if kind == Kind::Dashboard
        && rng.bool()
        && let Some(tiles) = edits::with_a_note(world, id, rng)?
    {
        return Ok(("dashboard_elements", tiles));
    }
    Ok(("description", quoted(&format!("Edited — revision {}", rng.u32(..)))))
}

fn any_user(server: &Server, rng: &mut Rng) -> String {
    (1 + rng.usize(..server.ground.people.len())).to_string()
}

fn any(table: &Table, deleted: bool, rng: &mut Rng) -> Option<String> {
    let slot = rng.choice(table.slots(deleted))?;
    Some(table.row(*slot).id.clone().into())
}

/// A shared or personal folder.
fn any_folder(server: &Server, rng: &mut Rng) -> String {
    let inner = server.ground.folders.iter().filter(|folder| folder.parent.is_some());
    rng.choice(inner.collect::<Vec<_>>()).map_or_else(|| "1".to_owned(), |folder| folder.id.clone())
}
