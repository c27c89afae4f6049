//! From a selection to a plan.
//!
//! What is selected is read from the vault and from the instance; the steps are
//! composed; what they refer to and nobody knows is looked for on the instance, and
//! is brought along or blocks what needs it; until nothing is left to find out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use looker::catalogue::{List, Resource};
use looker::{Client, Kind};
use vault::{BodyHash, InstanceId, Reader, RunId, Side};

use super::compose::{Composer, Manner, Sides, World};
use super::identity::{self, Standing};
use super::live::{self, Live, Stock};
use super::plan::{Action, FORMAT, Known, Object, Plan};
use super::selection::Selection;
use super::session::Session;
use super::step::{Ids, Step, Symbol, Verb};
use super::{RestoreError, clashes, order, parts, special};
use crate::diff::Value;

/// What to plan.
#[derive(Debug, Clone)]
pub struct Request {
    /// The instance, by its address.
    pub address: String,
    /// The run whose state is to come back.
    pub as_of: RunId,
    /// Which objects.
    pub selection: Selection,
    /// How they are written.
    pub manner: Manner,
    /// Whether what the selection needs and is not there comes along, and the
    /// schedules and alerts of what is made anew.
    pub with_dependencies: bool,
    /// Whether what refers to something that is made anew is led to its new id.
    pub relink: bool,
    /// Whether what is there is left as it is, whatever it is.
    pub skip_existing: bool,
    /// What to do with objects that somebody changed since they were read last.
    pub on_conflict: OnConflict,
    /// Ids on the instance that earlier restores have given to stored keys.
    pub links: Ids,
}

/// What to do with objects that somebody changed since they were read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Plan them, and refuse to carry the plan out before somebody decides.
    #[default]
    Fail,
    /// Leave them as they are.
    Skip,
    /// Restore them all the same.
    Overwrite,
}

/// A plan, with what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What is live of the plan's objects, for the safety run.
    pub(super) lives: Vec<(&'static Kind, Live)>,
}

/// An object that is to be restored.
struct Target {
    kind: &'static Kind,
    key: String,
}

/// What is known of the instance.
struct Planner<'p> {
    client: &'p Client,
    reader: &'p Reader,
    request: Request,
    instance: InstanceId,
    stocks: HashMap<&'static str, Stock>,
    /// By kind, what was read; by kind, the keys that were asked for.
    lives: HashMap<&'static str, BTreeMap<String, Live>>,
    asked: HashMap<&'static str, BTreeSet<String>>,
    targets: Vec<Target>,
    /// Ids of stored keys that are there under another id, or are known to be there.
    ids: Ids,
    /// Symbols that were looked for in vain.
    absent: BTreeSet<Symbol>,
}

/// Plans a restore. Reads of the instance what it must, and writes nothing.
///
/// # Errors
/// When nothing that is selected is in the vault, or the instance or the vault
/// cannot be read.
pub async fn plan(session: &Session, request: Request) -> Result<Planned, RestoreError> {
    let reader = session.writer.reader()?;
    let (client, watch) = (&session.client, &session.watch);
    let instance = reader.moment(request.as_of)?.instance;
    let selected = request.selection.resolve(&reader, instance, request.as_of)?;
    if selected.is_empty() {
        return Err(RestoreError::NothingSelected { run: request.as_of.number() });
    }
    let mut planner = Planner::new(client, &reader, request, instance)?;
    planner.targets = selected.into_iter().map(|(kind, key)| Target { kind, key }).collect();
    watch.phase("looking at what is there");
    planner.read_targets().await?;
    if planner.request.with_dependencies {
        planner.bring_dependents().await?;
    }
    if planner.request.relink {
        planner.bring_referrers().await?;
    }
    loop {
        let composed = planner.compose()?;
        let unknown = composed.unknown(&planner.absent);
        if unknown.is_empty() || !planner.find(unknown).await? {
            let clashes = clashes::find(client, &composed.objects, &composed.steps).await?;
            return planner.finish(composed, &clashes);
        }
    }
}

/// Looks whether all is as it was when a plan was made.
///
/// # Errors
/// [`RestoreError::Moved`] when it is not; else when the instance or the vault cannot
/// be read.
pub async fn look_again(session: &Session, plan: Plan) -> Result<Planned, RestoreError> {
    let reader = session.writer.reader()?;
    let as_of = RunId::from_number(plan.as_of);
    let instance = reader.moment(as_of)?.instance;
    let request = Request::again(&plan, plan.ids.ids(), Manner::default());
    let mut planner = Planner::new(&session.client, &reader, request, instance)?;
    for object in &plan.objects {
        let kind = Kind::find(&object.kind)
            .ok_or_else(|| RestoreError::Plan(format!("unknown kind {}", object.kind)))?;
        planner.targets.push(Target { kind, key: object.key.clone() });
    }
    session.watch.phase("looking at what is there");
    planner.read_targets().await?;
    let (mut moved, mut lives) = (Vec::new(), Vec::new());
    for (target, object) in planner.targets.iter().zip(&plan.objects) {
        let Standing::There(live) = planner.standing(target.kind, &target.key)? else {
            if object.live.is_some() {
                moved.push(format!("{} {}", target.kind.singular, target.key));
            }
            continue;
        };
        let newest = reader.show(instance, target.kind.name, &target.key)?.map(|now| now.hash);
        let ways = [true, false].map(|with| live.body_like(target.kind, newest.as_ref(), with));
        let mut is_as_it_was = false;
        for made in ways {
            is_as_it_was |= object.live.as_ref() == Some(&BodyHash::of(&made?.0).to_string());
        }
        if !is_as_it_was {
            moved.push(format!("{} {}", target.kind.singular, target.key));
        }
        lives.push((target.kind, live.clone()));
    }
    if moved.is_empty() { Ok(Planned { plan, lives }) } else { Err(RestoreError::Moved { objects: moved }) }
}

impl Request {
    /// What asks for the objects of a plan once more.
    pub(super) fn again(plan: &Plan, links: Ids, manner: Manner) -> Self {
        let objects =
            plan.objects.iter().filter_map(|object| Some((Kind::find(&object.kind)?, object.key.clone())));
        Self {
            address: plan.address.clone(),
            as_of: RunId::from_number(plan.as_of),
            selection: Selection { objects: objects.collect(), ..Selection::default() },
            manner,
            with_dependencies: false,
            relink: false,
            skip_existing: false,
            on_conflict: OnConflict::Overwrite,
            links,
        }
    }
}

/// Objects and steps as far as is known.
struct Composed {
    objects: Vec<Object>,
    steps: Vec<Step>,
    /// Symbols that no step gives, with the steps that wait for them.
    missing: BTreeMap<Symbol, Vec<u32>>,
    /// What must be on the instance, with the objects that need it.
    requires: BTreeMap<Symbol, BTreeSet<usize>>,
}

impl Composed {
    fn unknown(&self, absent: &BTreeSet<Symbol>) -> BTreeSet<Symbol> {
        let all = self.missing.keys().chain(self.requires.keys());
        all.filter(|symbol| !absent.contains(*symbol)).cloned().collect()
    }
}

impl<'p> Planner<'p> {
    fn new(
        client: &'p Client,
        reader: &'p Reader,
        request: Request,
        instance: InstanceId,
    ) -> Result<Self, RestoreError> {
        let probes = reader.probes(instance)?;
        let mut stocks: HashMap<&'static str, Stock> = HashMap::new();
        for kind in looker::catalogue::KINDS {
            let probe =
                kind.paged().and_then(|paged| Some(format!("{}.{}", paged.operation.id, paged.by_id?)));
            let takes_lists =
                probe.is_some_and(|name| probes.iter().any(|probe| probe.name == name && probe.answer));
            stocks.insert(kind.name, Stock { takes_lists, ..Stock::default() });
        }
        for count in reader.counts()?.into_iter().filter(|count| count.instance == instance) {
            if let Some(stock) = Kind::find(&count.kind).and_then(|kind| stocks.get_mut(kind.name)) {
                stock.stored[usize::from(count.side == Side::Trash)] =
                    usize::try_from(count.objects).unwrap_or(usize::MAX);
            }
        }
        let ids = request.links.clone();
        Ok(Self {
            client,
            reader,
            request,
            instance,
            stocks,
            lives: HashMap::new(),
            asked: HashMap::new(),
            targets: Vec::new(),
            ids,
            absent: BTreeSet::new(),
        })
    }

    /// The id by which an object would be on the instance.
    fn live_key(&self, kind: &Kind, key: &str) -> String {
        self.ids.get(&Symbol::new(kind.name, key)).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// Reads these objects, if they were not read before.
    async fn read(&mut self, kind: &'static Kind, keys: &BTreeSet<String>) -> Result<(), RestoreError> {
        let asked = self.asked.entry(kind.name).or_default();
        let is_whole = matches!(kind.list, List::Whole(_)) && kind.name != "scheduled_plans";
        let new: BTreeSet<String> = keys.difference(asked).cloned().collect();
        if new.is_empty() || is_whole && !asked.is_empty() {
            asked.extend(new);
            return Ok(());
        }
        asked.extend(new.iter().cloned());
        let none = Stock::default();
        let found = live::read(self.client, kind, &new, self.stocks.get(kind.name).unwrap_or(&none)).await?;
        self.lives.entry(kind.name).or_default().extend(found);
        Ok(())
    }

    async fn read_targets(&mut self) -> Result<(), RestoreError> {
        let mut by_kind: Vec<(&'static Kind, BTreeSet<String>)> = Vec::new();
        for target in &self.targets {
            let key = self.live_key(target.kind, &target.key);
            match by_kind.iter_mut().find(|(kind, _)| kind.name == target.kind.name) {
                Some((_, keys)) => drop(keys.insert(key)),
                None => by_kind.push((target.kind, BTreeSet::from([key]))),
            }
        }
        for (kind, keys) in by_kind {
            self.read(kind, &keys).await?;
        }
        Ok(())
    }

    /// What an object is on the instance.
    fn standing(&self, kind: &'static Kind, key: &str) -> Result<Standing<'_>, RestoreError> {
        let none = &*NO_LIVES;
        let lives = self.lives.get(kind.name).unwrap_or(none);
        let then = self.reader.show_at(self.instance, kind.name, key, Some(self.request.as_of))?;
        let now = self.reader.show(self.instance, kind.name, key)?;
        let linked = self.ids.contains_key(&Symbol::new(kind.name, key));
        Ok(identity::standing(kind, &self.live_key(kind, key), linked, [then.as_ref(), now.as_ref()], lives))
    }

    /// Adds the schedules and alerts of what is made anew.
    async fn bring_dependents(&mut self) -> Result<(), RestoreError> {
        let mut made: HashSet<(&str, String)> = HashSet::new();
        for target in self.targets.iter().filter(|target| matches!(target.kind.name, "dashboards" | "looks"))
        {
            if matches!(self.standing(target.kind, &target.key)?, Standing::Absent(_)) {
                made.insert((target.kind.name, target.key.clone()));
            }
        }
        if made.is_empty() {
            return Ok(());
        }
        let tiles = self.tiles_of(&made)?;
        let known: HashSet<(&str, String)> =
            self.targets.iter().map(|one| (one.kind.name, one.key.clone())).collect();
        for kind in ["scheduled_plans", "alerts"].into_iter().filter_map(Kind::find) {
            let filter = vault::ListFilter {
                instance: Some(self.instance),
                at: Some(self.request.as_of),
                ..vault::ListFilter::of(kind.name)
            };
            let mut keys = Vec::new();
            self.reader.list(&filter, |row| keys.push(row.key))?;
            for key in keys.into_iter().filter(|key| !known.contains(&(kind.name, key.clone()))) {
                let Some(stored) =
                    self.reader.show_at(self.instance, kind.name, &key, Some(self.request.as_of))?
                else {
                    continue;
                };
                let Ok(body) = Value::parse(&stored.body) else { continue };
                let of = |field: &str| {
                    body.member(field).and_then(Value::as_name).map(std::borrow::Cow::into_owned)
                };
                let hangs = of("dashboard_id").is_some_and(|id| made.contains(&("dashboards", id)))
                    || of("look_id").is_some_and(|id| made.contains(&("looks", id)))
                    || of("dashboard_element_id").is_some_and(|id| tiles.contains(&id));
                if hangs {
                    self.targets.push(Target { kind, key });
                }
            }
        }
        self.read_targets().await
    }

    /// Adds what refers to what is made anew, so that it leads to the new id.
    async fn bring_referrers(&mut self) -> Result<(), RestoreError> {
        let mut brought = Vec::new();
        for target in &self.targets {
            if !matches!(self.standing(target.kind, &target.key)?, Standing::Absent(_)) {
                continue;
            }
            for referrer in self.reader.referrers(self.instance, target.kind.name, &target.key)? {
                let Some(kind) =
                    Kind::find(&referrer.kind).filter(|kind| super::selection::is_restorable(kind))
                else {
                    continue;
                };
                let is_new = |one: &Target| one.kind.name != kind.name || one.key != referrer.key;
                let was_there = self
                    .reader
                    .show_at(self.instance, kind.name, &referrer.key, Some(self.request.as_of))?
                    .is_some();
                if was_there && self.targets.iter().chain(&brought).all(is_new) {
                    brought.push(Target { kind, key: referrer.key });
                }
            }
        }
        self.targets.append(&mut brought);
        self.read_targets().await
    }

    /// What refers to an object by the id that it is going to lose.
    fn referrers(&self, target: &Target) -> Result<Vec<String>, RestoreError> {
        let mut lines = Vec::new();
        for referrer in self.reader.referrers(self.instance, target.kind.name, &target.key)? {
            let known = |one: &Target| one.kind.name == referrer.kind && one.key == referrer.key;
            if !self.targets.iter().any(known) {
                let singular =
                    Kind::find(&referrer.kind).map_or(referrer.kind.as_str(), |kind| kind.singular);
                lines.push(format!("{singular} {}", referrer.key));
            }
        }
        Ok(lines)
    }

    fn tiles_of(&self, made: &HashSet<(&str, String)>) -> Result<HashSet<String>, RestoreError> {
        let mut tiles = HashSet::new();
        for (_, key) in made.iter().filter(|(kind, _)| *kind == "dashboards") {
            let Some(stored) =
                self.reader.show_at(self.instance, "dashboards", key, Some(self.request.as_of))?
            else {
                continue;
            };
            let Ok(body) = Value::parse(&stored.body) else { continue };
            let elements = body.member("dashboard_elements").map_or(&[][..], Value::elements);
            tiles.extend(elements.iter().filter_map(super::compose::key));
        }
        Ok(tiles)
    }

    /// Composes all targets by what is known.
    fn compose(&self) -> Result<Composed, RestoreError> {
        let stored = |kind: &str, key: &str| {
            let then = self.reader.show_at(self.instance, kind, key, Some(self.request.as_of)).ok().flatten();
            let stored = then.or_else(|| self.reader.show(self.instance, kind, key).ok().flatten());
            stored.map(|stored| stored.body)
        };
        let mut ids = self.ids.clone();
        for target in &self.targets {
            if let Standing::There(live) = self.standing(target.kind, &target.key)? {
                ids.insert(Symbol::new(target.kind.name, target.key.as_str()), live.row.id.clone());
            }
        }
        let world = World { ids: &ids, stored: &stored, manner: &self.request.manner };
        let mut composer = Composer::new(world);
        let (mut objects, mut requires) = (Vec::new(), BTreeMap::<Symbol, BTreeSet<usize>>::new());
        for (at, target) in self.targets.iter().enumerate() {
            composer.object = at;
            objects.push(self.object(&mut composer, target)?);
            for (kind, key) in std::mem::take(&mut composer.requires) {
                let symbol = Symbol::new(kind, key);
                if !ids.contains_key(&symbol) {
                    requires.entry(symbol).or_default().insert(at);
                }
            }
        }
        let (steps, missing) = order::order(composer.steps, &ids);
        Ok(Composed { objects, steps, missing, requires })
    }

    /// One object: what is to be done with it, and its steps.
    fn object(&self, composer: &mut Composer<'_>, target: &Target) -> Result<Object, RestoreError> {
        let Target { kind, key } = target;
        let damaged =
            |reason: String| RestoreError::Damaged { kind: kind.singular, key: key.clone(), reason };
        let stored = self.reader.show_at(self.instance, kind.name, key, Some(self.request.as_of))?;
        let stored = stored.ok_or_else(|| damaged("it is gone from the vault".to_owned()))?;
        let now = self.reader.show(self.instance, kind.name, key)?;
        let mut object = Object {
            kind: kind.name.to_owned(),
            key: key.clone(),
            live_id: None,
            title: stored.row.title.clone(),
            folder: stored.row.folder_path.clone(),
            action: Action::Skip,
            changes: Vec::new(),
            notes: Vec::new(),
            conflict: false,
            live: None,
            intended: stored.hash.to_string(),
        };
        let wanted = Value::parse(&stored.body).map_err(|error| damaged(error.to_string()))?;
        let live = match self.standing(kind, key)? {
            Standing::There(live) => Some(live),
            Standing::Absent(note) => {
                object.notes.extend(note);
                None
            }
            Standing::Doubtful(why) => {
                object.action = Action::Blocked(why);
                return Ok(object);
            }
        };
        let newest = now.as_ref().map(|now| now.hash);
        let with_destinations = stored.redacted == 0;
        let (live_body, is_newest) = match live {
            Some(live) => {
                let (body, is_newest) = live.body_like(kind, newest.as_ref(), with_destinations)?;
                object.live_id = Some(live.row.id.clone());
                object.live = Some(BodyHash::of(&body).to_string());
                (Some(body), is_newest && now.as_ref().is_some_and(|now| now.row.side == live.side))
            }
            None => (None, true),
        };
        let there =
            live_body.as_deref().map(Value::parse).transpose().map_err(|error| damaged(error.to_string()))?;
        if let Some(why) = special::untouchable(kind.name, &wanted) {
            object.notes.push(format!("left as it is: {why}"));
            return Ok(object);
        }
        if self.request.skip_existing && live.is_some() {
            object.notes.push("left as it is, since it is there".to_owned());
            return Ok(object);
        }
        let Some(resource) = Resource::find(kind.name) else { return Ok(object) };
        let before = composer.steps.len();
        parts::compose(composer, resource, &kind.compare, Sides { live: there.as_ref(), wanted: &wanted });
        object.changes = std::mem::take(&mut composer.changes);
        object.notes.append(&mut composer.notes);
        if let Some(why) = composer.impossible.take() {
            composer.steps.truncate(before);
            composer.forget_queries();
            object.action = Action::Blocked(why);
            return Ok(object);
        }
        let own = &mut composer.steps[before..];
        if let Some(first) =
            own.iter_mut().find(|step| step.resource == kind.name && step.verb == Verb::Update)
            && live.is_some_and(|live| live.side == Side::Trash)
        {
            first.verb = Verb::Undelete;
        }
        object.action = match live {
            None => Action::Create,
            Some(_) if own.is_empty() => Action::Skip,
            Some(live) if live.side == Side::Trash => Action::Undelete,
            Some(_) => Action::Update,
        };
        if object.action == Action::Create {
            let referrers = self.referrers(target)?;
            if !referrers.is_empty() {
                let list = referrers.join(", ");
                object.notes.push(format!(
                    "it gets a new id, and {list} refer to the old one (--relink leads them there)"
                ));
            }
        }
        object.conflict = !is_newest && object.action != Action::Skip;
        if object.conflict && self.request.on_conflict == OnConflict::Skip {
            composer.steps.truncate(before);
            composer.forget_queries();
            object.action = Action::Conflict;
        }
        Ok(object)
    }

    /// Looks for what nobody knows. Whether anything came of it.
    async fn find(&mut self, unknown: BTreeSet<Symbol>) -> Result<bool, RestoreError> {
        let mut by_kind: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for symbol in &unknown {
            by_kind.entry(symbol.resource.clone()).or_default().insert(symbol.key.clone());
        }
        for (resource, keys) in &by_kind {
            if let Some(kind) = Kind::find(resource) {
                let live_keys = keys.iter().map(|key| self.live_key(kind, key)).collect();
                self.read(kind, &live_keys).await?;
            }
        }
        let mut brought = Vec::new();
        for symbol in unknown {
            let found = match Kind::find(&symbol.resource) {
                Some(kind) => self.identify(kind, &symbol.key)?,
                None => self.part_of_somebody(&symbol).await?,
            };
            match found {
                Some(id) => drop(self.ids.insert(symbol, id)),
                None => {
                    if let Some(target) = self.dependency(&symbol)? {
                        brought.push(target);
                    } else {
                        self.absent.insert(symbol);
                    }
                }
            }
        }
        self.targets.append(&mut brought);
        self.read_targets().await?;
        Ok(true)
    }

    /// The id that something referred to has on the instance.
    fn identify(&self, kind: &'static Kind, key: &str) -> Result<Option<String>, RestoreError> {
        Ok(match self.standing(kind, key)? {
            Standing::There(live) if live.side == Side::Live => Some(live.row.id.clone()),
            _ => None,
        })
    }

    /// The id of a part (a tile that an alert hangs on) of an object that is not
    /// restored itself.
    async fn part_of_somebody(&mut self, symbol: &Symbol) -> Result<Option<String>, RestoreError> {
        if symbol.resource != "dashboard_elements" && symbol.resource != "dashboard_layouts" {
            return Ok(None);
        }
        let Some(owner) = super::owners::owner_of(self.reader, self.instance, self.request.as_of, symbol)?
        else {
            return Ok(None);
        };
        let Some(dashboards) = Kind::find("dashboards") else { return Ok(None) };
        let keys = BTreeSet::from([self.live_key(dashboards, &owner)]);
        self.read(dashboards, &keys).await?;
        let Standing::There(live) = self.standing(dashboards, &owner)? else { return Ok(None) };
        let has = super::owners::has_part(&live.row.raw, symbol);
        Ok(has.then(|| symbol.key.clone()))
    }

    /// An object that is needed and not there, where it may be brought along.
    fn dependency(&self, symbol: &Symbol) -> Result<Option<Target>, RestoreError> {
        let Some(kind) = Kind::find(&symbol.resource) else { return Ok(None) };
        let known =
            self.targets.iter().any(|target| target.kind.name == kind.name && target.key == symbol.key);
        if known
            || !self.request.with_dependencies
            || !super::selection::is_restorable(kind)
            || kind.name == "users"
        {
            return Ok(None);
        }
        let stored = self.reader.show_at(self.instance, kind.name, &symbol.key, Some(self.request.as_of))?;
        // What lay in the trash is not brought back because something hung on it.
        let stored = stored.filter(|stored| stored.row.side == Side::Live);
        Ok(stored.map(|_| Target { kind, key: symbol.key.clone() }))
    }

    /// Blocks what misses something, and writes the plan.
    fn finish(self, composed: Composed, clashes: &clashes::Clashes) -> Result<Planned, RestoreError> {
        let Composed { mut objects, mut steps, missing, requires } = composed;
        clashes.settle(&mut objects, &mut steps);
        for (symbol, waiting) in missing {
            for step in steps.iter_mut().filter(|step| waiting.contains(&step.number)) {
                if symbol.resource == "users" {
                    step.leave_out(&symbol);
                    let note =
                        format!("its owner, user {}, is not there: who restores it will own it", symbol.key);
                    objects[step.object].notes.push(note);
                } else {
                    objects[step.object].block(&symbol);
                }
            }
        }
        for (symbol, needed_by) in requires {
            if self.absent.contains(&symbol) {
                for at in needed_by {
                    objects[at].block(&symbol);
                }
            }
        }
        let blocked: HashSet<usize> =
            (0..objects.len()).filter(|at| matches!(objects[*at].action, Action::Blocked(_))).collect();
        let steps = order::without(steps, &blocked);
        let mut ids = Known::default();
        for (symbol, id) in &self.ids {
            ids.insert(symbol, id);
        }
        let mut lives = Vec::new();
        for target in &self.targets {
            if let Standing::There(live) = self.standing(target.kind, &target.key)? {
                ids.insert(&Symbol::new(target.kind.name, target.key.as_str()), &live.row.id);
                lives.push((target.kind, live.clone()));
            }
        }
        let plan = Plan {
            format: FORMAT.to_owned(),
            address: self.request.address.clone(),
            instance: self.instance.number(),
            as_of: self.request.as_of.number(),
            made_at: Timestamp::now(),
            manner: self.request.manner.clone(),
            objects,
            steps,
            ids,
        };
        Ok(Planned { plan, lives })
    }
}

static NO_LIVES: std::sync::LazyLock<BTreeMap<String, Live>> = std::sync::LazyLock::new(BTreeMap::new);
