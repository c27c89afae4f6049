//! An instance with nothing but what every instance has.

use super::{SYSTEM_ACTIVITY, is_standard};
use crate::auth::API_USER;
use crate::config::SimConfig;
use crate::json;
use crate::kinds::Kind;
use crate::metadata;
use crate::state::World;
use crate::table::{Row, as_text};

/// The smallest instance that can be made.
pub(super) fn smallest(config: &SimConfig) -> SimConfig {
    SimConfig {
        dashboards: 0,
        looks: 0,
        folders: 0,
        users: 1,
        groups: 1,
        roles: 1,
        user_attributes: 0,
        themes: 1,
        color_collections: 0,
        connections: 1,
        projects: 1,
        models: 0,
        datagroups: 0,
        integrations: 0,
        agents: 0,
        artifacts: 0,
        boards: 0,
        plans: 0,
        disabled_plans: 0,
        alerts: 0,
        favorites: 0,
        folder_sizes: Vec::new(),
        trash_percent: 0,
        ..config.clone()
    }
}

/// Takes away what is not built in, and references to it.
pub(super) fn keep_only(world: &mut World) {
    for kind in Kind::ALL {
        world.table_mut(kind).retain(|row| is_built_in(kind, row));
    }
    world.shared_folders.clear();
    world.own_lists.retain(|id| matches!(id.as_str(), "1" | "2"));
    world.has_orphan = false;
    correct(world, Kind::User, API_USER, &[("personal_folder_id", "null"), ("home_folder_id", "\"1\"")]);
    correct(world, Kind::ModelSet, "1", &[("models", "[]")]);
    let sets = ["permission_set", "model_set"];
    let of_role: Vec<(&str, String)> = [Kind::PermissionSet, Kind::ModelSet]
        .into_iter()
        .zip(sets)
        .filter_map(|(kind, name)| Some((name, as_text(&world.get(kind, "1")?.body).to_owned())))
        .collect();
    let of_role: Vec<(&str, &str)> = of_role.iter().map(|(name, set)| (*name, set.as_str())).collect();
    correct(world, Kind::Role, "1", &of_role);
    for folder in ["1", "2"] {
        correct(world, Kind::Folder, folder, &[("child_count", "0")]);
    }
}

/// Sets members of a body without that being a change.
fn correct(world: &mut World, kind: Kind, id: &str, members: &[(&str, &str)]) {
    let changes: Vec<_> = members.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let table = world.table_mut(kind);
    if let Some(slot) = table.find(id) {
        let body = json::patch(as_text(&table.row(slot).body), &changes);
        table.replace(slot, Row::new(kind, body.into()));
    }
}

fn is_built_in(kind: Kind, row: &Row) -> bool {
    let id = &*row.id;
    match kind {
        Kind::Folder => matches!(id, "1" | "2" | "lookml"),
        Kind::User => id == API_USER,
        Kind::Group
        | Kind::GroupHierarchy
        | Kind::GroupWithRoles
        | Kind::Role
        | Kind::PermissionSet
        | Kind::ModelSet
        | Kind::Theme => id == "1",
        Kind::UserAttribute => json::member(as_text(&row.body), "is_system") == Some("true"),
        Kind::ColorCollection => is_standard(id),
        Kind::LookmlModel => id == SYSTEM_ACTIVITY,
        Kind::Explore => row.text(kind, "model_name") == SYSTEM_ACTIVITY,
        Kind::ContentMetadataAccess => {
            metadata::id_of(kind, row).is_some_and(|metadata| matches!(metadata, "1" | "2"))
        }
        Kind::Permission | Kind::Locale | Kind::Timezone | Kind::LegacyFeature => true,
        // What there is one of.
        _ => kind.columns().is_empty(),
    }
}
