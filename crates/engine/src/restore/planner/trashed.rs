//! What lies in the trash comes back before what hangs on it: a tile of a dashboard that
//! is there is no tile to an alert.

use std::collections::{BTreeSet, HashMap};

use vault::Side;

use super::{Planner, Target};
use crate::diff::Value;
use crate::restore::RestoreError;
use crate::restore::identity::Standing;

impl Planner<'_> {
    /// Adds the content that alerts and schedules of the plan hang on, where it lies in the
    /// trash, to what must be done before them; by the places of objects in the plan.
    pub(super) fn add_trashed(
        &self,
        above: &mut HashMap<usize, BTreeSet<usize>>,
    ) -> Result<(), RestoreError> {
        let is_hanging = |target: &Target| matches!(target.kind.name, "alerts" | "scheduled_plans");
        if !self.targets.list.iter().any(is_hanging) {
            return Ok(());
        }
        let mut trashed: HashMap<(&str, String), usize> = HashMap::new();
        for (at, target) in self.targets.list.iter().enumerate() {
            let field = match target.kind.name {
                "dashboards" => "dashboard_id",
                "looks" => "look_id",
                _ => continue,
            };
            if matches!(self.standing(target.kind, &target.key)?, Standing::There(live) if live.side == Side::Trash)
            {
                trashed.insert((field, target.key.clone()), at);
                let tiles = if field == "dashboard_id" { self.tiles_of(target)? } else { Vec::new() };
                trashed.extend(tiles.into_iter().map(|tile| (("dashboard_element_id", tile), at)));
            }
        }
        if trashed.is_empty() {
            return Ok(());
        }
        for (at, target) in self.targets.list.iter().enumerate() {
            if !is_hanging(target) {
                continue;
            }
            let body = self.past.body_then(target.kind, &target.key)?.unwrap_or_default();
            let Ok(document) = Value::parse(&body) else { continue };
            for field in ["dashboard_id", "look_id", "dashboard_element_id"] {
                let on = document.member(field).and_then(Value::as_name);
                let content = on.and_then(|on| trashed.get(&(field, on.into_owned())));
                if let Some(content) = content {
                    above.entry(at).or_default().insert(*content);
                }
            }
        }
        Ok(())
    }
}
