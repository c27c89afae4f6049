//! What comes along with a selection: what hangs on it, what refers to it, what it
//! needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use looker::Kind;
use looker::catalogue::Relation;
use vault::Side;

use super::{Planner, Target, values};
use crate::diff::Value;
use crate::restore::RestoreError;
use crate::restore::identity::Standing;
use crate::restore::past::Named;
use crate::restore::selection::is_restorable;
use crate::restore::step::Symbol;
use crate::restore::{compose, owners};

impl Planner<'_> {
    /// The targets that are made anew.
    pub(super) fn made_anew(&self) -> Result<Vec<&Target>, RestoreError> {
        let mut made = Vec::new();
        for target in &self.targets.list {
            if matches!(self.standing(target.kind, &target.key)?, Standing::Absent(_)) {
                made.push(target);
            }
        }
        Ok(made)
    }

    /// Adds the schedules, alerts and attribute values of what is made anew.
    pub(super) async fn bring_dependents(&mut self) -> Result<(), RestoreError> {
        let mut brought: Vec<(&'static Kind, String)> = Vec::new();
        let mut tiles = HashSet::new();
        for target in self.made_anew()? {
            if !matches!(target.kind.name, "dashboards" | "looks") {
                continue;
            }
            tiles.extend(self.tiles_of(target)?);
            for referrer in self.past.reader.referrers(self.past.then(), target.kind.name, &target.key)? {
                let kind = Kind::find(&referrer.kind).filter(|kind| kind.name == "scheduled_plans");
                brought.extend(kind.map(|kind| (kind, referrer.key)));
            }
        }
        if let (Some(alerts), false) = (Kind::find("alerts"), tiles.is_empty()) {
            self.past.reader.bodies(self.past.then(), alerts.name, |key, body| {
                let Ok(alert) = Value::parse(body) else { return };
                let tile = alert.member("dashboard_element_id").and_then(Value::as_name);
                if tile.is_some_and(|tile| tiles.contains(&*tile)) {
                    brought.push((alerts, key.to_owned()));
                }
            })?;
        }
        brought.extend(self.values_of_new()?);
        self.bring(brought).await
    }

    /// Adds what refers to what is made anew, so that it leads to the new id.
    pub(super) async fn bring_referrers(&mut self) -> Result<(), RestoreError> {
        let mut brought = Vec::new();
        for target in self.made_anew()? {
            for (kind, key) in self.holders(target.kind, &target.key)? {
                if is_restorable(kind) && self.past.was_there(kind, &key)? {
                    brought.push((kind, key));
                }
            }
        }
        self.bring(brought).await
    }

    pub(super) async fn bring(&mut self, brought: Vec<(&'static Kind, String)>) -> Result<(), RestoreError> {
        for (kind, key) in brought {
            self.targets.add(kind, key);
        }
        self.read_targets().await
    }

    /// What refers to an object by the id that it is going to lose.
    pub(super) fn referrers(&self, of: &Kind, key: &str) -> Result<Vec<String>, RestoreError> {
        let others = self.holders(of, key)?.into_iter().filter(|(kind, key)| !self.targets.has(kind, key));
        Ok(others.map(|(kind, key)| format!("{} {key}", kind.singular)).collect())
    }

    /// What has the id of an object, in a field or in a link, now.
    fn holders(&self, of: &Kind, key: &str) -> Result<Vec<Named>, RestoreError> {
        let mut holders: Vec<Named> = Vec::new();
        for referrer in self.past.reader.referrers(self.past.instance, of.name, key)? {
            let kind = Kind::find(&referrer.kind).filter(|kind| !is_written_apart(kind, of));
            holders.extend(kind.map(|kind| (kind, referrer.key)));
        }
        if matches!(of.name, "dashboards" | "looks") {
            let to = Symbol::new(of.name, key);
            for (kind, holder) in self.past.linking(&to, &self.host)? {
                let is_own = kind.name == of.name && holder == key;
                if !is_own && !holders.iter().any(|(of, one)| of.name == kind.name && one == holder) {
                    holders.push((kind, holder.clone()));
                }
            }
        }
        Ok(holders)
    }

    fn tiles_of(&self, target: &Target) -> Result<Vec<String>, RestoreError> {
        let Some(body) = self.past.body(target.kind.name, &target.key)? else { return Ok(Vec::new()) };
        let Ok(body) = Value::parse(&body) else { return Ok(Vec::new()) };
        let elements = body.member("dashboard_elements").map_or(&[][..], Value::elements);
        Ok(elements.iter().filter_map(compose::key).collect())
    }

    /// Looks for what nobody knows. Whether anything came of it.
    pub(super) async fn find(&mut self, unknown: BTreeSet<Symbol>) -> Result<bool, RestoreError> {
        let mut by_kind: BTreeMap<&'static str, (&'static Kind, BTreeSet<String>)> = BTreeMap::new();
        for symbol in &unknown {
            if let Some(kind) = Kind::find(&symbol.resource) {
                let key = self.live_key(kind, &symbol.key);
                by_kind.entry(kind.name).or_insert((kind, BTreeSet::new())).1.insert(key);
            }
        }
        for (kind, keys) in by_kind.into_values() {
            self.read(kind, &keys).await?;
        }
        let owners = self.read_owners(&unknown).await?;
        let mut brought = Vec::new();
        for symbol in unknown {
            let found = match Kind::find(&symbol.resource) {
                Some(kind) => self.identify(kind, &symbol.key)?,
                None => self.part_of_somebody(&symbol, owners.get(&symbol))?,
            };
            match found {
                Some(id) => drop(self.ids.insert(symbol, id)),
                None => match self.dependency(&symbol)? {
                    Some(target) => brought.push(target),
                    None => drop(self.absent.insert(symbol)),
                },
            }
        }
        self.bring(brought).await?;
        if self.request.with_dependencies {
            let values = self.values_of_new()?;
            self.bring(values).await?;
        }
        Ok(true)
    }

    /// The id that something referred to has on the instance.
    fn identify(&self, kind: &'static Kind, key: &str) -> Result<Option<String>, RestoreError> {
        Ok(match self.standing(kind, key)? {
            Standing::There(live) if live.side == Side::Live => Some(live.row.id.clone()),
            _ => None,
        })
    }

    /// Reads the dashboards whose tiles or layouts (that an alert hangs on, say) are
    /// among the unknown; gives the stored keys of these dashboards.
    async fn read_owners(
        &mut self,
        unknown: &BTreeSet<Symbol>,
    ) -> Result<HashMap<Symbol, String>, RestoreError> {
        let is_part =
            |symbol: &&Symbol| matches!(&*symbol.resource, "dashboard_elements" | "dashboard_layouts");
        let parts: BTreeSet<Symbol> = unknown.iter().filter(is_part).cloned().collect();
        let owners = owners::owners_of(&self.past, &parts)?;
        if let Some(dashboards) = Kind::find("dashboards") {
            let keys = owners.values().map(|owner| self.live_key(dashboards, owner)).collect();
            self.read(dashboards, &keys).await?;
        }
        Ok(owners)
    }

    /// The id of a part of an object that is not restored itself.
    fn part_of_somebody(
        &self,
        symbol: &Symbol,
        owner: Option<&String>,
    ) -> Result<Option<String>, RestoreError> {
        let Some((dashboards, owner)) = Kind::find("dashboards").zip(owner) else { return Ok(None) };
        let Standing::There(live) = self.standing(dashboards, owner)? else { return Ok(None) };
        let has = owners::has_part(&live.document(self.past.reader)?, symbol);
        Ok(has.then(|| symbol.key.clone()))
    }

    /// An object that is needed and not there, where it may be brought along.
    fn dependency(&self, symbol: &Symbol) -> Result<Option<(&'static Kind, String)>, RestoreError> {
        let kind = Kind::find(&symbol.resource).filter(|kind| {
            self.request.with_dependencies
                && is_restorable(kind)
                && kind.name != "users"
                && !self.targets.has(kind, &symbol.key)
        });
        let Some(kind) = kind else { return Ok(None) };
        // What lay in the trash is not brought back because something hung on it.
        let then = self.past.marks(kind, &symbol.key)?;
        let was_live = then.then.as_ref().is_some_and(|then| then.row.side == Side::Live);
        Ok(was_live.then(|| (kind, symbol.key.clone())))
    }
}

/// Whether documents of a kind refer to another by what is no part of the object that
/// they describe, and is written for itself: edges, and values of attributes.
fn is_written_apart(kind: &Kind, to: &Kind) -> bool {
    Relation::is_between(kind.name, to.name) || values::owner_kind(kind).is_some()
}
