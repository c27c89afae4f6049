//! Every kind of the catalogue: stored to the letter, under faults, with what no
//! document knows, at the calls that were to be expected.

mod calls;
mod exact;
mod faults;
mod unknown_fields;

use looker_sim::SimConfig;

/// A few of each.
fn small() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(91),
        dashboards: 24,
        looks: 7,
        folders: 4,
        users: 4,
        groups: 3,
        roles: 3,
        user_attributes: 5,
        boards: 2,
        plans: 14,
        disabled_plans: 3,
        alerts: 6,
        favorites: 8,
        artifacts: 5,
        agents: 2,
        trash_percent: 30,
        ..SimConfig::default()
    }
}

/// Reads everything, explores included.
const ALL: &str = "--all-now";
