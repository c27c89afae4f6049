//! Any object set, created and purged, with what depends on it.
//!
//! Looker keeps no plan, alert, favourite, board item or access row of what
//! was deleted for ever; all of them survive its stay in the trash.

use crate::data;
use crate::edits;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::state::{Changes, Refused, World};
use crate::table::as_text;

/// What happens to an object when what it refers to is purged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It goes as well.
    Goes,
    /// It stays, and refers to nothing.
    Stays,
}
use Then::{Goes, Stays};

/// References between objects: of a kind, the member, and to which kind.
const REFERENCES: [(Kind, &str, Kind, Then); 27] = [
    (Kind::UserAttributeGroupValue, "user_attribute_id", Kind::UserAttribute, Goes),
    (Kind::UserAttributeGroupValue, "group_id", Kind::Group, Goes),
    (Kind::UserAttributeUserValue, "user_attribute_id", Kind::UserAttribute, Goes),
    (Kind::UserAttributeUserValue, "user_id", Kind::User, Goes),
    (Kind::Integration, "integration_hub_id", Kind::IntegrationHub, Goes),
    (Kind::Artifact, "namespace", Kind::ArtifactNamespace, Goes),
    (Kind::Board, "user_id", Kind::User, Stays),
    (Kind::BoardSection, "board_id", Kind::Board, Goes),
    (Kind::BoardItem, "board_section_id", Kind::BoardSection, Goes),
    (Kind::BoardItem, "dashboard_id", Kind::Dashboard, Goes),
    (Kind::BoardItem, "look_id", Kind::Look, Goes),
    (Kind::BoardItem, "lookml_dashboard_id", Kind::LookmlDashboard, Goes),
    (Kind::ScheduledPlan, "user_id", Kind::User, Goes),
    (Kind::ScheduledPlan, "dashboard_id", Kind::Dashboard, Goes),
    (Kind::ScheduledPlan, "look_id", Kind::Look, Goes),
    (Kind::ScheduledPlan, "lookml_dashboard_id", Kind::LookmlDashboard, Goes),
    (Kind::Alert, "owner_id", Kind::User, Goes),
    (Kind::Alert, "investigative_content_id", Kind::Dashboard, Goes),
    (Kind::Alert, "lookml_dashboard_id", Kind::LookmlDashboard, Goes),
    (Kind::ContentFavorite, "user_id", Kind::User, Goes),
    (Kind::ContentFavorite, "dashboard_id", Kind::Dashboard, Goes),
    (Kind::ContentFavorite, "look_id", Kind::Look, Goes),
    (Kind::ContentFavorite, "board_id", Kind::Board, Goes),
    (Kind::ContentFavorite, "lookml_dashboard_id", Kind::LookmlDashboard, Goes),
    (Kind::ContentMetadataAccess, "group_id", Kind::Group, Goes),
    (Kind::ContentMetadataAccess, "user_id", Kind::User, Goes),
    // Its metadata is found by `metadata`.
    (Kind::ContentMetadataAccess, "content_metadata_id", Kind::ContentMetadataAccess, Stays),
];

/// The order of what lies in an object: kind, its container, the member there.
const ORDERS: [(Kind, Kind, &str, &str); 2] = [
    (Kind::BoardSection, Kind::Board, "board_id", "section_order"),
    (Kind::BoardItem, Kind::BoardSection, "board_section_id", "item_order"),
];

/// Sets members of an object; what has an `updated_at` gets a new one.
/// Dashboards and looks are edited as Looker edits them.
pub(crate) fn set(
    world: &mut World,
    kind: Kind,
    id: &str,
    mut changes: Changes,
    user: &str,
) -> Result<(), Refused> {
    if matches!(kind, Kind::Dashboard | Kind::Look) {
        return edits::update(world, kind, id, changes, user);
    }
    let row = world.get(kind, id).ok_or(Refused::NotFound)?;
    if json::member(as_text(&row.body), "updated_at").is_some()
        && !changes.iter().any(|(name, _)| *name == "updated_at")
    {
        changes.push(("updated_at", quoted(&data::now())));
    }
    let body = json::patch(as_text(&row.body), &changes);
    check(world, kind, &body)?;
    world.put(kind, id, body.into())
}

/// Creates an object with that body: under the next id, or under the one it
/// gives where ids are names. Answers the id.
pub(crate) fn create(world: &mut World, kind: Kind, body: &str) -> Result<String, Refused> {
    check(world, kind, body)?;
    let id = if kind.is_numbered() {
        world.create(kind, |id| json::patch(body, &[("id", format!("\"{id}\""))]))
    } else {
        world.insert(kind, body.to_owned())?
    };
    order(world, kind, &id, true);
    Ok(id)
}

/// Takes an object away for ever, and what cannot be without it.
pub(crate) fn purge(world: &mut World, kind: Kind, id: &str) -> Result<(), Refused> {
    let row = world.get(kind, id).ok_or(Refused::NotFound)?;
    let metadata = metadata_of(kind, row);
    order(world, kind, id, false);
    world.purge(kind, id)?;
    for (of, member, to, then) in REFERENCES {
        if to == kind && then == Goes {
            purge_where(world, of, member, id);
        }
    }
    if let Some(metadata) = metadata {
        purge_where(world, Kind::ContentMetadataAccess, "content_metadata_id", &metadata);
        world.own_lists.remove(&metadata);
    }
    Ok(())
}

fn metadata_of(kind: Kind, row: &crate::table::Row) -> Option<String> {
    let has =
        matches!(kind, Kind::Folder | Kind::Dashboard | Kind::Look | Kind::Board | Kind::LookmlDashboard);
    has.then(|| metadata::id_of(kind, row).map(str::to_owned)).flatten()
}

fn purge_where(world: &mut World, kind: Kind, member: &str, value: &str) {
    let table = world.table(kind);
    let rows = table.slots(false).iter().map(|slot| table.row(*slot));
    let ids: Vec<_> =
        rows.filter(|row| row.text(kind, member) == value).map(|row| row.id.to_string()).collect();
    for id in ids {
        // It was there a moment ago, and may have gone with another.
        let _gone = purge(world, kind, &id);
    }
}

/// Every reference leads to an object.
fn check(world: &World, kind: Kind, body: &str) -> Result<(), Refused> {
    for (_, member, to, _) in REFERENCES.into_iter().filter(|(of, ..)| *of == kind) {
        let Some(id) = json::member(body, member).and_then(json::text) else { continue };
        let known = match member {
            "content_metadata_id" => metadata::find(world, &id).is_some(),
            // A LookML dashboard is named there as well.
            "investigative_content_id" => {
                world.get(to, &id).or_else(|| world.get(Kind::LookmlDashboard, &id)).is_some()
            }
            _ => world.get(to, &id).is_some(),
        };
        if !known {
            return Err(Refused::Dangling);
        }
    }
    Ok(())
}

/// Adds an id to the order of its container, or takes it out.
pub(crate) fn order(world: &mut World, kind: Kind, id: &str, add: bool) {
    for (_, container, member, order) in ORDERS.into_iter().filter(|(of, ..)| *of == kind) {
        let Some(row) = world.get(kind, id) else { continue };
        let inside = row.text(kind, member).to_owned();
        let Some(row) = world.get(container, &inside) else { continue };
        let ids = json::elements(json::member(as_text(&row.body), order).unwrap_or("[]"));
        let own = quoted(id);
        let mut ids: Vec<&str> = ids.filter(|have| *have != own).collect();
        if add {
            ids.push(&own);
        }
        let changes = vec![(order, format!("[{}]", ids.join(",")))];
        // The container was found above.
        let _set = world.set(container, &inside, &changes);
    }
}
