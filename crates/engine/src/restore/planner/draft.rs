//! The plan as far as is known: objects with what becomes of them, and all steps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use looker::Kind;
use vault::{RunId, Side};

use super::composed::{Composed, Ground, Task, writes};
use super::{OnConflict, Planned, Planner, Target, favorites};
use crate::restore::compose::Composer;
use crate::restore::edited::Edited;
use crate::restore::identity::Standing;
use crate::restore::plan::{Action, FORMAT, Known, Object, Plan};
use crate::restore::read_back::Beyond;
use crate::restore::step::{Id, Step, Symbol, Verb};
use crate::restore::{RestoreError, alike, clashes, order, parallel};

/// Objects and steps as far as is known.
pub(super) struct Draft {
    pub(super) objects: Vec<Object>,
    pub(super) steps: Vec<Step>,
    /// Symbols that no step gives, with the steps that wait for them.
    missing: BTreeMap<Symbol, Vec<u32>>,
    /// What must be on the instance, with the objects that need it.
    requires: BTreeMap<Symbol, BTreeSet<usize>>,
    /// Whether the instance's API document would tell something of it.
    pub(super) asks_document: bool,
    /// By object, fields that differ and that nobody can write, as far as they were told.
    rest: HashMap<usize, Beyond>,
}

impl Draft {
    /// A draft that was broken off: the instance's document has to be read first.
    fn asking() -> Self {
        Self {
            objects: Vec::new(),
            steps: Vec::new(),
            missing: BTreeMap::new(),
            requires: BTreeMap::new(),
            asks_document: true,
            rest: HashMap::new(),
        }
    }

    /// What nobody has looked for yet.
    pub(super) fn unknown(&self, absent: &BTreeSet<Symbol>) -> BTreeSet<Symbol> {
        let all = self.missing.keys().chain(self.requires.keys());
        all.filter(|symbol| !absent.contains(*symbol)).cloned().collect()
    }
}

impl Planner<'_> {
    /// Composes all targets by what is known.
    pub(super) fn draft(&self) -> Result<Draft, RestoreError> {
        let (mut ids, mut made) = (self.ids.clone(), HashSet::new());
        let (mut objects, mut tasks) = (Vec::new(), Vec::new());
        for (at, target) in self.targets.list.iter().enumerate() {
            let (object, task) = self.task(at, target)?;
            let symbol = Symbol::new(target.kind.name, target.key.as_str());
            match task.as_ref().map(|task| task.live) {
                Some(Some(live)) => drop(ids.insert(symbol, live.row.id.clone())),
                Some(None) => {
                    // An id that an earlier restore gave it is gone as well.
                    ids.remove(&symbol);
                    made.insert(symbol);
                }
                None => {}
            }
            objects.push(object);
            tasks.extend(task);
        }
        // Only boards ask for it.
        let has_boards = tasks.iter().any(|task| task.kind.name == "boards");
        let lost = if has_boards { self.lost_contents()? } else { HashSet::new() };
        let ground = Ground {
            in_place: Ground::is_in_place(&ids, &made, &self.request.manner),
            ids: &ids,
            made: &made,
            absent: &self.absent,
            lost: &lost,
            request: &self.request,
            leading: Ground::leading(&self.request.manner),
            host: &self.host,
            accepted: self.accepted,
            then: self.past.then(),
            tells_rest: self.tells_rest,
            asks_document: AtomicBool::new(false),
        };
        let composed = parallel::each(
            &tasks,
            || Ok(self.session.writer.reader()?),
            |reader, task| ground.compose(reader, task),
        )?;
        // Everything is composed once more when the document is there: what is to be
        // compared depends on it.
        if ground.asks_document.load(Ordering::Relaxed) {
            return Ok(Draft::asking());
        }
        let stored = |kind: &str, key: &str| self.past.body(kind, key).ok().flatten();
        let mut composer = Composer::new(ground.world(&stored, &self.request.manner));
        let mut requires = BTreeMap::<Symbol, BTreeSet<usize>>::new();
        let mut rest = HashMap::new();
        for (task, composed) in tasks.iter().zip(composed) {
            let Some(mut composed) = composed else { continue };
            rest.extend(composed.rest.take().map(|paths| (task.at, paths)));
            let needed = self.settle(&mut composer, task, composed, &mut objects[task.at])?;
            for (kind, key) in needed {
                let symbol = Symbol::new(kind, key);
                if !ids.contains_key(&symbol) {
                    requires.entry(symbol).or_default().insert(task.at);
                }
            }
        }
        self.compose_edges(&mut composer, &mut objects)?;
        self.compose_values(&mut composer, &mut objects)?;
        self.compose_lists(&mut composer, &mut objects)?;
        self.compose_favorites(&mut composer, &mut objects)?;
        let asks_document = composer.met_unknown || writes(&composer.steps);
        let mut above = self.lists_above()?;
        self.add_trashed(&mut above)?;
        let (steps, missing) = order::order(composer.steps, &ids, &above);
        Ok(Draft { objects, steps, missing, requires, asks_document, rest })
    }

    /// A target as it is to be, and what is to be composed of it; nothing where nobody can
    /// say whether it is there.
    fn task<'t>(&'t self, at: usize, target: &'t Target) -> Result<(Object, Option<Task<'t>>), RestoreError> {
        let Target { kind, key } = target;
        if self.led.contains(&(kind.name, key.clone())) {
            return self.led_task(at, target);
        }
        let marks = self.past.marks(kind, key)?;
        let gone = || RestoreError::Damaged {
            kind: kind.singular,
            key: key.clone(),
            reason: "it is gone from the vault".to_owned(),
        };
        let then = marks.then.as_ref().ok_or_else(gone)?;
        let mut object =
            self.intended(target, then.row.title.clone(), then.row.folder.as_ref(), then.hash.to_string())?;
        let live = match self.standing(kind, key)? {
            Standing::There(live) => Some(live),
            Standing::Absent(note) => {
                object.notes.extend(note);
                None
            }
            Standing::Doubtful(why) => {
                object.action = Action::Blocked(why);
                return Ok((object, None));
            }
        };
        object.live_id = live.map(|live| live.row.id.clone());
        // What was made anew the vault reads under its new id.
        let of_live = live.filter(|live| live.row.id != *key).map(|live| self.past.marks(kind, &live.row.id));
        let of_live = of_live.transpose()?.filter(|marks| marks.now.is_some());
        let last = of_live.as_deref().unwrap_or(&marks).now.as_ref();
        let last = last.map(|last| (last.hash, last.row.side));
        let led = self.past.is_led(kind, key);
        Ok((object, Some(Task { at, kind, key, then: Some(then.hash), last, live, led })))
    }

    /// A target that stays as it is but for what it refers to.
    fn led_task<'t>(
        &'t self,
        at: usize,
        target: &'t Target,
    ) -> Result<(Object, Option<Task<'t>>), RestoreError> {
        let Target { kind, key } = target;
        let Standing::There(live) = self.standing(kind, key)? else {
            let reason = "it is gone from the instance".to_owned();
            return Err(RestoreError::Unreadable { id: key.clone(), reason });
        };
        let mut object =
            self.intended(target, live.row.title.clone(), live.row.folder.as_ref(), String::new())?;
        object.live_id = Some(live.row.id.clone());
        let last = self.past.marks(kind, key)?.now.as_ref().map(|last| (last.hash, last.row.side));
        Ok((object, Some(Task { at, kind, key, then: None, last, live: Some(live), led: true })))
    }

    /// Says what is done with an object, and takes in its steps. Gives what must be on the
    /// instance for it.
    fn settle(
        &self,
        composer: &mut Composer<'_>,
        task: &Task<'_>,
        composed: Composed,
        object: &mut Object,
    ) -> Result<BTreeSet<(&'static str, String)>, RestoreError> {
        object.live = composed.live.map(|hash| hash.to_string());
        if let (None, Some(live)) = (task.then, &object.live) {
            object.intended.clone_from(live);
        }
        let mut apart = match composed.outcome {
            Ok(apart) => apart,
            Err(note) => {
                object.notes.push(note);
                return Ok(BTreeSet::new());
            }
        };
        object.changes = std::mem::take(&mut apart.changes);
        object.notes.append(&mut apart.notes);
        object.asleep = apart.asleep;
        composer.met_unknown |= apart.met_unknown;
        let requires = std::mem::take(&mut apart.requires);
        if let Some(why) = apart.impossible.take() {
            object.action = Action::Blocked(why);
            return Ok(requires);
        }
        self.decide(&mut apart.steps, task, composed.edited, object)?;
        composer.join(apart);
        // What is left as it is needs nothing.
        Ok(if object.action == Action::Conflict { BTreeSet::new() } else { requires })
    }

    /// An object as it is to be, before anything is known of the instance.
    fn intended(
        &self,
        target: &Target,
        title: Option<String>,
        folder: Option<&String>,
        intended: String,
    ) -> Result<Object, RestoreError> {
        let folder = folder.map(|folder| self.past.folder_path(folder)).transpose()?;
        Ok(Object {
            kind: target.kind.name.to_owned(),
            key: target.key.clone(),
            live_id: None,
            title,
            folder: folder.flatten(),
            action: Action::Skip,
            changes: Vec::new(),
            notes: Vec::new(),
            conflict: false,
            edited: Vec::new(),
            referrers: Vec::new(),
            live_referrers: Vec::new(),
            lacks: Vec::new(),
            asleep: false,
            favored_by: Vec::new(),
            is_along: self.along.contains(&target.key) && target.kind.name == favorites::LISTS,
            live: None,
            edges: None,
            intended,
            as_of: self.past.other_run(target.kind, &target.key).map(RunId::number),
        })
    }

    /// Says what is done with an object that has these steps; takes them back where
    /// somebody changed it and that is to be respected.
    fn decide(
        &self,
        own: &mut Vec<Step>,
        task: &Task<'_>,
        edited: Option<Vec<Edited>>,
        object: &mut Object,
    ) -> Result<(), RestoreError> {
        let in_trash = task.live.is_some_and(|live| live.side == Side::Trash);
        let only = only_change(own, task.kind);
        let first = own.iter_mut().find(|step| step.resource == task.kind.name && step.verb == Verb::Update);
        if let Some(first) = first.filter(|_| in_trash) {
            first.verb = Verb::Undelete;
        }
        object.action = match task.live {
            _ if own.is_empty() => Action::Skip,
            None => Action::Create,
            Some(_) if in_trash => Action::Undelete,
            Some(_) => only.unwrap_or(Action::Update),
        };
        if object.action == Action::Create {
            self.note_referrers(task, object)?;
        }
        if object.action != Action::Skip {
            // What cannot be compared may hide what somebody did.
            let is_led = task.then.is_none();
            object.conflict =
                !is_led && !task.is_as_read() || edited.as_ref().is_none_or(|edited| !edited.is_empty());
            object.edited = edited.unwrap_or_default();
        }
        if object.conflict && self.request.on_conflict == OnConflict::Skip {
            own.clear();
            object.action = Action::Conflict;
        }
        Ok(())
    }

    /// Names what has the id that an object is going to lose.
    fn note_referrers(&self, task: &Task<'_>, object: &mut Object) -> Result<(), RestoreError> {
        let referrers = self.referrers(task.kind, task.key)?;
        if !referrers.led.is_empty() {
            object.notes.push(format!(
                "it gets a new id, and {} refer to the old one (--relink leads them there)",
                referrers.words(&referrers.led)
            ));
        }
        if !referrers.others.is_empty() {
            object.notes.push(format!(
                "it gets a new id, and a restore cannot lead {} to that",
                referrers.words(&referrers.others)
            ));
        }
        (object.referrers, object.live_referrers) = (referrers.led, referrers.new);
        Ok(())
    }

    /// Notes with creations what was there before that they could be taken for.
    fn note_alike(&self, steps: &mut [Step]) -> Result<(), RestoreError> {
        let mut lives = Vec::with_capacity(self.targets.list.len());
        for target in &self.targets.list {
            lives.push(match self.standing(target.kind, &target.key)? {
                Standing::There(live) => Some((target.kind, live)),
                _ => None,
            });
        }
        let object = |at: usize| {
            let there = lives.get(at).copied().flatten();
            there.map(|(kind, live)| live.body(kind, self.past.reader)).transpose()
        };
        let all = |name: &str| {
            let kind = Kind::find(name).zip(self.lives.get(name));
            let all = kind.into_iter().flat_map(|(kind, lives)| lives.all().map(move |live| (kind, live)));
            all.map(|(kind, live)| live.body(kind, self.past.reader)).collect()
        };
        alike::note(steps, &object, &all)
    }

    /// Blocks what misses something, and says whether that could come along.
    fn lack(&self, object: &mut Object, missing: &Symbol) -> Result<(), RestoreError> {
        object.block(missing);
        if let Some((kind, key)) = self.could_come(missing)? {
            let name = format!("{} {key}", kind.singular);
            if !object.lacks.contains(&name) {
                object.notes.push(format!("--with-dependencies brings {name}"));
                object.lacks.push(name);
            }
        }
        Ok(())
    }

    /// Names what hangs on tiles that go.
    fn note_hanging(&self, steps: &mut [Step]) -> Result<(), RestoreError> {
        let tile = |step: &Step| match &step.target {
            Some(Id::Known(id)) if step.verb == Verb::Delete && step.resource == "dashboard_elements" => {
                Some(id.clone())
            }
            _ => None,
        };
        let hanging = self.alerts_on(&steps.iter().filter_map(tile).collect())?;
        for step in steps {
            if let Some(alerts) = tile(step).and_then(|tile| hanging.get(&tile))
                && let Some(why) = &mut step.irreversible
            {
                *why += &format!("; {} with its followers goes with it", alerts.join(", "));
            }
        }
        Ok(())
    }

    /// Blocks what misses something, and writes the plan.
    pub(super) fn finish(
        mut self,
        draft: Draft,
        clashes: &clashes::Clashes,
    ) -> Result<Planned, RestoreError> {
        let Draft { mut objects, mut steps, missing, requires, rest, .. } = draft;
        clashes.settle(&mut objects, &mut steps);
        self.note_alike(&mut steps)?;
        self.note_hanging(&mut steps)?;
        // Steps are numbered from 1, in their order.
        for (symbol, waiting) in missing {
            for number in waiting {
                let Some(step) = steps.get_mut(number as usize - 1) else { continue };
                if symbol.resource == "users" {
                    step.leave_out(&symbol);
                    let note =
                        format!("its owner, user {}, is not there: who restores it will own it", symbol.key);
                    objects[step.object].notes.push(note);
                } else {
                    self.lack(&mut objects[step.object], &symbol)?;
                }
            }
        }
        for (symbol, needed_by) in requires {
            if self.absent.contains(&symbol) {
                for at in needed_by {
                    self.lack(&mut objects[at], &symbol)?;
                }
            }
        }
        let blocked: HashSet<usize> =
            (0..objects.len()).filter(|at| matches!(objects[*at].action, Action::Blocked(_))).collect();
        unlink(&mut steps, &blocked);
        let steps = order::without(steps, &blocked);
        favorites::tell(&mut objects, &steps);
        let mut ids = Known::default();
        for (symbol, id) in &self.ids {
            ids.insert(symbol, id);
        }
        let mut lives = self.beside_the_targets()?;
        for target in &self.targets.list {
            if let Standing::There(live) = self.standing(target.kind, &target.key)? {
                ids.insert(&Symbol::new(target.kind.name, target.key.as_str()), &live.row.id);
                lives.push((target.kind, live.clone()));
            }
        }
        let listing = self.listing();
        let references = self.looked.told();
        self.leave_reads();
        let plan = Plan {
            format: FORMAT.to_owned(),
            address: self.request.address.clone(),
            instance: self.past.instance.number(),
            as_of: self.request.as_of.number(),
            made_at: self.since,
            manner: self.request.manner.clone(),
            objects,
            steps,
            ids,
            notes: self.accepted.and_then(|accepted| accepted.note.clone()).into_iter().collect(),
            skip_existing: self.request.skip_existing,
            relink: self.request.relink,
            stored_references_only: self.request.stored_references_only,
            references,
            favorites: self.request.favorites,
        };
        Ok(Planned { plan, listing, lives, rest })
    }
}

/// Leaves links to what is blocked as they are: a tile is not left undone because of one.
fn unlink(steps: &mut [Step], blocked: &HashSet<usize>) {
    let given = |step: &Step| step.gives.iter().map(|given| given.symbol.clone()).collect::<Vec<_>>();
    let lost: HashMap<Symbol, u32> = steps
        .iter()
        .filter(|step| blocked.contains(&step.object))
        .flat_map(|step| given(step).into_iter().map(|symbol| (symbol, step.number)))
        .collect();
    if lost.is_empty() {
        return;
    }
    for step in steps.iter_mut().filter(|step| !blocked.contains(&step.object)) {
        let waits_for = |step: &Step| {
            let mut numbers: BTreeSet<u32> = BTreeSet::new();
            step.symbols(&mut |symbol| numbers.extend(lost.get(symbol).copied()));
            numbers
        };
        let before = waits_for(step);
        step.unlink(&|symbol| lost.contains_key(symbol));
        let still = waits_for(step);
        step.needs.retain(|need| !before.contains(need) || still.contains(need));
    }
}

/// What becomes of an object whose steps change nothing but where it lies, or whose it is.
fn only_change(steps: &[Step], kind: &Kind) -> Option<Action> {
    let is_own = |step: &Step| step.verb == Verb::Update && step.resource == kind.name;
    let changes_only = |fields: &[&str]| {
        steps.iter().all(|step| is_own(step) && step.body.iter().all(|(name, _)| fields.contains(&&**name)))
    };
    if steps.is_empty() {
        None
    } else if changes_only(&["folder_id", "parent_id"]) {
        Some(Action::Move)
    } else {
        changes_only(&["user_id", "owner_id"]).then_some(Action::ReOwn)
    }
}
