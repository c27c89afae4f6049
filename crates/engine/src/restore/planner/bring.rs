//! What comes along with a selection: what hangs on it, what refers to it, what it
//! needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use looker::Kind;
use looker::catalogue::Relation;
use vault::{RunId, Side};

use super::sighting::is_linked;
use super::{Planner, Target, access, values};
use crate::diff::{Documents, Identity, Value, View, What};
use crate::restore::RestoreError;
use crate::restore::identity::Standing;
use crate::restore::past::{Mark, Named};
use crate::restore::selection::is_restorable;
use crate::restore::step::Symbol;
use crate::restore::{compose, owners, read_back};

/// What has the id of an object.
#[derive(Clone)]
struct Holder {
    kind: &'static Kind,
    /// As the vault has it, or its id where it does not.
    key: String,
    /// Whether it had it in a field when the vault read it last.
    by_field: bool,
    /// Whether it has that id only since the vault read it last.
    is_new: bool,
}

/// What refers to an object by the id that it is going to lose.
#[derive(Default)]
pub(super) struct Referrers {
    /// What a restore can lead to the new one.
    pub(super) led: Vec<String>,
    /// What no restore can, or nobody but its owner.
    pub(super) others: Vec<String>,
    /// What of both does so only since the vault read it last.
    pub(super) new: Vec<String>,
}

impl Referrers {
    /// The same words, with what is new marked.
    pub(super) fn words(&self, names: &[String]) -> String {
        let word = |name: &String| {
            if self.new.contains(name) { format!("{name} (since it was read last)") } else { name.clone() }
        };
        names.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

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
        let watched = self.watched_tiles()?;
        let mut tiles = self.lost_tiles(&watched)?;
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
        if let Some(alerts) = Kind::find("alerts") {
            let hanging = watched.into_iter().filter(|(tile, _)| tiles.contains(tile));
            brought.extend(hanging.flat_map(|(_, keys)| keys).map(|key| (alerts, key)));
        }
        brought.extend(self.boards_of_new()?);
        brought.extend(self.values_of_new()?);
        self.bring(brought).await
    }

    /// The boards on which what is made anew had its places, as far as nothing but these
    /// would be given back: what people changed of a board since is theirs.
    fn boards_of_new(&self) -> Result<Vec<Named>, RestoreError> {
        let Some(boards) = Kind::find("boards") else { return Ok(Vec::new()) };
        let mut places: BTreeMap<String, HashSet<(&'static str, String)>> = BTreeMap::new();
        for target in self.made_anew()? {
            let field = match target.kind.name {
                "dashboards" => "dashboard_id",
                "looks" => "look_id",
                _ => continue,
            };
            for referrer in self.past.reader.referrers(self.past.then(), target.kind.name, &target.key)? {
                if referrer.kind == boards.name {
                    places.entry(referrer.key).or_default().insert((field, target.key.clone()));
                }
            }
        }
        let mut brought = Vec::new();
        for (board, lost) in places {
            let marks = self.past.marks(boards, &board)?;
            let body = |mark: Option<&Mark>| mark.map(|mark| self.past.reader.body(&mark.hash)).transpose();
            let (then, now) = (body(marks.then.as_ref())?.flatten(), body(marks.now.as_ref())?.flatten());
            let is_unchanged = match (&then, &now) {
                (Some(then), Some(now)) => differ_by(boards, then, now, &lost),
                _ => true,
            };
            if is_unchanged {
                brought.push((boards, board));
            }
        }
        Ok(brought)
    }

    /// Adds what refers to these, which are made anew, so that it leads to the new ids. In
    /// all else it stays as it is: nobody asked for it as it was then.
    pub(super) async fn bring_referrers(&mut self, made: &[Named]) -> Result<(), RestoreError> {
        // By its id: what it goes by in the vault, and what it had in fields there.
        let mut brought: BTreeMap<(&'static str, String), (Named, Vec<Symbol>)> = BTreeMap::new();
        for (of, key) in made {
            for Holder { kind, key: holder, by_field, is_new } in self.holders(of, key)? {
                let id = self.live_key(kind, &holder);
                let is_known = self.targets.has_either(kind, &holder) || self.targets.has_either(kind, &id);
                if !is_known && self.can_be_led(kind, &holder, is_new)? {
                    let (_, fields) =
                        brought.entry((kind.name, id)).or_insert_with(|| ((kind, holder), Vec::new()));
                    fields.extend(by_field.then(|| Symbol::new(of.name, key.as_str())));
                }
            }
        }
        // It goes by its id, and as what this session's own run will hold of it.
        for ((_, id), ((kind, _), _)) in &brought {
            self.led.insert((kind.name, id.clone()));
            self.past.take_as_of(self.session.run(), kind, id);
        }
        self.bring(brought.iter().map(|((_, id), ((kind, _), _))| (*kind, id.clone())).collect()).await?;
        for ((_, id), ((kind, key), fields)) in brought {
            let is_live =
                matches!(self.standing(kind, &id)?, Standing::There(live) if live.side == Side::Live);
            if is_live && !access::is_of_access(kind) && !self.lost_some(kind, &id, &fields)? {
                continue;
            }
            self.led.remove(&(kind.name, id.clone()));
            self.targets.remove(kind, &id);
            self.past.take_as_then(kind, &id);
            if is_live {
                self.lead_as_read(kind, key).await?;
            }
        }
        Ok(())
    }

    /// Whether some of what an object had in fields went with what these name: a place on a
    /// board, a row of an access list.
    fn lost_some(&self, kind: &'static Kind, id: &str, fields: &[Symbol]) -> Result<bool, RestoreError> {
        if fields.is_empty() {
            return Ok(false);
        }
        let found = self.referred_by(kind, &HashSet::from([id.to_owned()]))?;
        Ok(fields.iter().any(|field| !found.iter().any(|(symbol, _)| symbol == field)))
    }

    /// Adds an object as it was read last, with what it has lost since.
    async fn lead_as_read(&mut self, kind: &'static Kind, key: String) -> Result<(), RestoreError> {
        // This session's own run will hold what is read now; so the one before.
        let last = RunId::from_number(self.session.run().number() - 1);
        self.past.take_as_of(last, kind, &key);
        self.bring(vec![(kind, key.clone())]).await?;
        if !matches!(self.standing(kind, &key)?, Standing::There(live) if live.side == Side::Live) {
            self.targets.remove(kind, &key);
            self.past.take_as_then(kind, &key);
        }
        Ok(())
    }

    /// Whether what refers to something can be written: what lies in the trash stays as it
    /// lies there.
    fn can_be_led(&self, kind: &'static Kind, key: &str, is_new: bool) -> Result<bool, RestoreError> {
        if !is_restorable(kind) || self.looked.is_gone(kind, &self.live_key(kind, key)) {
            return Ok(false);
        }
        let is_live = |mark: &Mark| mark.row.side == Side::Live;
        Ok(is_new || self.past.marks(kind, key)?.now.as_ref().is_some_and(is_live))
    }

    pub(super) async fn bring(&mut self, brought: Vec<(&'static Kind, String)>) -> Result<(), RestoreError> {
        for (kind, key) in brought {
            self.targets.add(kind, key);
        }
        self.read_targets().await
    }

    /// Dashboards and looks that are made anew, or were looked for in vain, by the field of
    /// a board's item.
    pub(super) fn lost_contents(&self) -> Result<HashSet<(&'static str, String)>, RestoreError> {
        let field = |kind: &str| match kind {
            "dashboards" => Some("dashboard_id"),
            "looks" => Some("look_id"),
            _ => None,
        };
        let made = self.made_anew()?.into_iter().map(|target| (target.kind.name, &target.key));
        let absent = self.absent.iter().map(|symbol| (symbol.resource.as_str(), &symbol.key));
        Ok(made.chain(absent).filter_map(|(kind, key)| Some((field(kind)?, key.clone()))).collect())
    }

    /// What refers to an object by the id that it is going to lose.
    pub(super) fn referrers(&self, of: &'static Kind, key: &str) -> Result<Referrers, RestoreError> {
        let mut referrers = Referrers::default();
        for Holder { kind, key, is_new, .. } in self.holders(of, key)? {
            if self.targets.has_either(kind, &key)
                || self.targets.has_either(kind, &self.live_key(kind, &key))
            {
                continue;
            }
            let name = format!("{} {key}", kind.singular);
            if is_new {
                referrers.new.push(name.clone());
            }
            // What could be led is led by now, or is gone.
            let is_led = !self.request.relink && self.can_be_led(kind, &key, is_new)?;
            if is_led { referrers.led.push(name) } else { referrers.others.push(name) }
        }
        Ok(referrers)
    }

    /// The alerts that hang on these tiles, as the vault read them last: by tile, what they
    /// are called.
    pub(super) fn alerts_on(
        &self,
        tiles: &BTreeSet<String>,
    ) -> Result<HashMap<String, Vec<String>>, RestoreError> {
        let mut hanging: HashMap<String, Vec<String>> = HashMap::new();
        if tiles.is_empty() {
            return Ok(hanging);
        }
        self.past.reader.bodies(self.past.instance, "alerts", |key, body| {
            let Ok(alert) = Value::parse(body) else { return };
            let tile = alert.member("dashboard_element_id").and_then(Value::as_name);
            if let Some(tile) = tile.filter(|tile| tiles.contains(&**tile)) {
                let name = alert.member("custom_title").and_then(Value::as_name);
                let name = name.map(|name| format!(" {name:?}")).unwrap_or_default();
                hanging.entry(tile.into_owned()).or_default().push(format!("alert {key}{name}"));
            }
        })?;
        Ok(hanging)
    }

    /// What has the id of an object, in a field or in a link: as it is now where somebody
    /// looked, else as the vault read it last.
    fn holders(&self, of: &'static Kind, key: &str) -> Result<Vec<Holder>, RestoreError> {
        let mut holders = self.stored_holders(of, key)?;
        // Who refers now to an id that is another one's means that one.
        if self.is_taken(of, key) {
            return Ok(holders);
        }
        let stored = holders.clone();
        // What went out of a field may have gone with what is to come back.
        holders.retain(|one| {
            one.by_field || !self.looked.overrules(one.kind, &self.live_key(one.kind, &one.key))
        });
        for (kind, holder) in self.looked.holders(&Symbol::new(of.name, key)) {
            let is_own = kind.name == of.name && holder == key;
            let is_it =
                |one: &&Holder| one.kind.name == kind.name && self.live_key(kind, &one.key) == *holder;
            if let Some(known) = stored.iter().find(is_it) {
                holders.extend((!known.by_field).then(|| known.clone()));
            } else if !is_own && !is_written_apart(kind, of) {
                holders.push(Holder { kind, key: holder.clone(), by_field: false, is_new: true });
            }
        }
        Ok(holders)
    }

    /// Whether another object has the id that one of the vault had.
    fn is_taken(&self, kind: &Kind, key: &str) -> bool {
        self.lives.get(kind.name).is_some_and(|lives| lives.get(key).is_some())
    }

    /// What had the id of an object, in a field or in a link, when the vault read it last.
    fn stored_holders(&self, of: &Kind, key: &str) -> Result<Vec<Holder>, RestoreError> {
        let mut holders: Vec<Named> = Vec::new();
        for referrer in self.past.reader.referrers(self.past.instance, of.name, key)? {
            let kind = Kind::find(&referrer.kind).filter(|kind| !is_written_apart(kind, of));
            holders.extend(kind.map(|kind| (kind, referrer.key)));
        }
        let by_field = holders.len();
        if is_linked(of) {
            let to = Symbol::new(of.name, key);
            for (kind, holder) in self.past.linking(&to, &self.host)? {
                let is_own = kind.name == of.name && holder == key;
                if !is_own && !holders.iter().any(|(of, one)| of.name == kind.name && one == holder) {
                    holders.push((kind, holder.clone()));
                }
            }
        }
        // What was made anew and read since holds what it holds under its new id.
        let mut own = Vec::with_capacity(holders.len());
        for (at, (kind, key)) in holders.into_iter().enumerate() {
            let id = self.live_key(kind, &key);
            if id == key || self.past.marks(kind, &id)?.now.is_none() {
                own.push(Holder { kind, key, by_field: at < by_field, is_new: false });
            }
        }
        Ok(own)
    }

    /// The alerts that there were, by the tiles on which they hung.
    fn watched_tiles(&self) -> Result<BTreeMap<String, Vec<String>>, RestoreError> {
        let mut watched: BTreeMap<String, Vec<String>> = BTreeMap::new();
        self.past.reader.bodies(self.past.then(), "alerts", |key, body| {
            let Ok(alert) = Value::parse(body) else { return };
            if let Some(tile) = alert.member("dashboard_element_id").and_then(Value::as_name) {
                watched.entry(tile.into_owned()).or_default().push(key.to_owned());
            }
        })?;
        Ok(watched)
    }

    /// Of the watched tiles those that dashboards had which are there, and have no more.
    fn lost_tiles(&self, watched: &BTreeMap<String, Vec<String>>) -> Result<HashSet<String>, RestoreError> {
        let mut lost = HashSet::new();
        let dashboards = self.targets.list.iter().filter(|target| target.kind.name == "dashboards");
        for target in dashboards.filter(|_| !watched.is_empty()) {
            let Standing::There(live) = self.standing(target.kind, &target.key)? else { continue };
            let then = self.past.marks(target.kind, &target.key)?.then.as_ref().map(|then| then.hash);
            if live.hash().is_some() && live.hash() == then {
                continue;
            }
            let mut tiles = self.tiles_of(target)?;
            tiles.retain(|tile| watched.contains_key(tile));
            if !tiles.is_empty() {
                let there = tiles_in(&live.document(self.past.reader)?);
                lost.extend(tiles.into_iter().filter(|tile| !there.contains(tile)));
            }
        }
        Ok(lost)
    }

    pub(super) fn tiles_of(&self, target: &Target) -> Result<Vec<String>, RestoreError> {
        let body = self.past.body(target.kind.name, &target.key)?;
        Ok(body.map(|body| tiles_in(&body)).unwrap_or_default())
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
        self.bring_favorites().await?;
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
        if self.request.with_dependencies { self.could_come(symbol) } else { Ok(None) }
    }

    /// An object that is needed and not there, where the vault has it.
    pub(super) fn could_come(
        &self,
        symbol: &Symbol,
    ) -> Result<Option<(&'static Kind, String)>, RestoreError> {
        let kind = Kind::find(&symbol.resource).filter(|kind| {
            is_restorable(kind) && kind.name != "users" && !self.targets.has(kind, &symbol.key)
        });
        let Some(kind) = kind else { return Ok(None) };
        // What lay in the trash is not brought back because something hung on it.
        let then = self.past.marks(kind, &symbol.key)?;
        let was_live = then.then.as_ref().is_some_and(|then| then.row.side == Side::Live);
        Ok(was_live.then(|| (kind, symbol.key.clone())))
    }
}

/// Ids of a dashboard's tiles.
fn tiles_in(dashboard: &[u8]) -> Vec<String> {
    let Ok(dashboard) = Value::parse(dashboard) else { return Vec::new() };
    let elements = dashboard.member("dashboard_elements").map_or(&[][..], Value::elements);
    elements.iter().filter_map(compose::key).collect()
}

/// Whether a board lost nothing but items of these contents, and where they stood.
pub(super) fn differ_by(
    boards: &'static Kind,
    then: &[u8],
    now: &[u8],
    lost: &HashSet<(&'static str, String)>,
) -> bool {
    let (Ok(then), Ok(now)) = (Value::parse(then), Value::parse(now)) else { return false };
    let documents = Documents { kind: boards, from: &then, to: &now, identity: Identity::Id };
    let Some(edit) = documents.edit() else { return true };
    let is_lost = |item: &Value<'_>| {
        lost.iter()
            .any(|(field, key)| item.member(field).and_then(Value::as_name).is_some_and(|id| id == *key))
    };
    documents.changes(&edit, View::default(), &|_, old, new| old == new).iter().all(|change| {
        let path = change.path();
        path.ends_with("item_order")
            || match change.what {
                What::Removed(item) => is_lost(item),
                // What Looker repeats of other content follows that.
                What::Changed { .. } => !read_back::is_writable(boards, &path, None),
                _ => false,
            }
    })
}

/// Whether documents of a kind refer to another by what is no part of the object that
/// they describe, and is written for itself: edges, values of attributes, and favourites.
pub(super) fn is_written_apart(kind: &Kind, to: &Kind) -> bool {
    Relation::is_between(kind.name, to.name)
        || values::owner_kind(kind).is_some()
        || kind.name == super::FAVORITES
}
