//! From a selection to a plan.
//!
//! What is selected is read from the vault and from the instance; the steps are
//! composed ([`draft`]); what they refer to and nobody knows is looked for on the
//! instance, and is brought along or blocks what needs it ([`bring`]); until nothing is
//! left to find out.

mod access;
mod bring;
mod composed;
mod draft;
mod edges;
mod favorites;
mod meant;
mod reads;
mod sighting;
mod trashed;
mod values;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use looker::catalogue::List;
use looker::{Client, Kind};
use vault::{BodyHash, InstanceId, Reader, RunId, Side};

use super::accepted::Accepted;
use super::ahead::Listing;
use super::compose::Manner;
use super::identity::{self, Lives, Standing};
use super::live::{self, Live};
use super::paging::Stock;
use super::past::{Named, Past};
use super::plan::{Object, Plan};
use super::read_back::Beyond;
use super::selection::Selection;
use super::session::Session;
use super::step::{Ids, Symbol};
use super::{RestoreError, clashes, may};

pub(super) use composed::PARTS_OF_DASHBOARDS;
pub(super) use edges::LiveEdges;
pub(super) use favorites::{ENTRIES, LISTS as FAVORITES, places, read_lists};
pub(super) use meant::{AsMeant, Meant, before_reading_back};
pub(super) use reads::Reads;

/// What to plan.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "options of which each is chosen by itself")]
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
    /// Whether only what the vault read last is looked at for what refers to that.
    pub stored_references_only: bool,
    /// Whether favourites are set again, for which users are signed in that the account is
    /// not; its own come along with dependencies.
    pub favorites: bool,
    /// Whether what is there is left as it is, whatever it is.
    pub skip_existing: bool,
    /// What to do with objects that somebody changed since they were read last.
    pub on_conflict: OnConflict,
    /// Ids on the instance that earlier restores have given to stored keys.
    pub links: Ids,
    /// What is written as another run left it.
    pub others: Vec<(&'static Kind, String, RunId)>,
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
    /// What was listed on the way.
    pub listing: Listing,
    /// What is live of the plan's objects, for the safety run.
    pub(super) lives: Vec<(&'static Kind, Live)>,
    /// By object, fields that differ and that nobody can write, as far as that was found on
    /// the way of reading back.
    pub(super) rest: HashMap<usize, Beyond>,
}

/// An object that is to be restored.
struct Target {
    kind: &'static Kind,
    key: String,
}

/// What is to be restored, each object once, in the order in which it was asked for.
#[derive(Default)]
struct Targets {
    list: Vec<Target>,
    known: HashSet<(&'static str, String)>,
    /// Ids on the instance of those that are there.
    there: HashSet<(&'static str, String)>,
}

/// What is known of the instance.
struct Planner<'p> {
    session: &'p Session,
    client: &'p Client,
    /// When the first was read of what it is made from.
    since: Timestamp,
    past: Past<'p>,
    request: Request,
    stocks: HashMap<&'static str, Stock>,
    /// The instance's host, as links name it.
    host: String,
    /// Content by its stored place in the tree of access; places as the instance has
    /// them.
    contents: OnceCell<HashMap<String, Named>>,
    metadata: HashMap<String, access::Metadata>,
    /// By kind, what was read; by kind, the keys that were asked for.
    lives: HashMap<&'static str, Lives>,
    asked: HashMap<&'static str, BTreeSet<String>>,
    /// Kinds of which all that is live was read.
    whole: BTreeSet<&'static str>,
    /// By kind, folders of which all live objects were listed; `None` is the instance.
    listed: HashMap<&'static str, BTreeSet<Option<String>>>,
    targets: Targets,
    /// What refers to something that is made anew, as far as that was looked for.
    looked: sighting::Looked,
    referred: BTreeSet<Symbol>,
    /// Targets that are only led to new ids, and in all else stay as they are.
    led: HashSet<(&'static str, String)>,
    /// Users of whose favourites only those are meant that are of other targets.
    along: BTreeSet<String>,
    /// The id of the user that the account is, where that was asked for and could be told.
    own: Option<String>,
    /// Ids of stored keys that are there under another id, or are known to be there.
    ids: Ids,
    /// Ids that earlier restores gave to other stored keys, by resource.
    given: HashSet<(String, String)>,
    /// Symbols that were looked for in vain.
    absent: BTreeSet<Symbol>,
    /// Which fields the instance accepts, once that was asked for.
    accepted: Option<&'p Accepted>,
    /// Whether it is told what differs that nobody can write.
    tells_rest: bool,
}

/// Plans a restore. Reads of the instance what it must, and writes nothing. What the same
/// session has read for a plan before is not read again.
///
/// # Errors
/// When nothing that is selected is in the vault, or the instance or the vault
/// cannot be read.
pub async fn plan(session: &Session, request: Request) -> Result<Planned, RestoreError> {
    let mut planned = draw_up(session, request, None).await?;
    may::hold_against(session, &mut planned.plan).await?;
    Ok(planned)
}

/// Plans a restore, whatever the account may. When it is read `back`, of which some may have
/// been read already, it tells `rest`: what differs that nobody can write.
pub(super) async fn draw_up(
    session: &Session,
    request: Request,
    back: Option<Reads>,
) -> Result<Planned, RestoreError> {
    let reader = session.writer.reader()?;
    let watch = &session.watch;
    let instance = reader.moment(request.as_of)?.instance;
    // What is read back was looked for when it was planned.
    let selected = match &back {
        Some(_) => request.selection.objects.clone(),
        None => request.selection.resolve(&reader, instance, request.as_of)?,
    };
    if selected.is_empty() && request.others.is_empty() {
        return Err(RestoreError::NothingSelected { run: request.as_of.number() });
    }
    let others: Vec<_> = request.others.iter().map(|(kind, key, _)| (*kind, key.clone())).collect();
    let mut planner = Planner::new(session, &reader, request, instance)?;
    planner.tells_rest = back.is_some();
    // What is read back is read after the writes.
    planner.go_on_from(back.unwrap_or_else(|| session.take_reads()));
    for (kind, key) in selected.into_iter().chain(others) {
        planner.targets.add(kind, key);
    }
    watch.phase("looking at what is there");
    planner.read_targets().await?;
    if planner.request.with_dependencies {
        planner.bring_dependents().await?;
    }
    planner.refer().await?;
    planner.bring_lists().await?;
    planner.bring_favorites().await?;
    planner.read_edges().await?;
    planner.accepted = session.known_accepted();
    loop {
        let draft = planner.draft()?;
        if planner.accepted.is_none() && draft.asks_document {
            planner.accepted = Some(session.accepted().await?);
            continue;
        }
        let unknown = draft.unknown(&planner.absent);
        if unknown.is_empty() || !planner.find(unknown).await? {
            if planner.refer().await? {
                continue;
            }
            let clashes = clashes::find(session, &draft.objects, &draft.steps).await?;
            return planner.finish(draft, &clashes);
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
    let mut planner = Planner::new(session, &reader, request, instance)?;
    // Favourites are only added to: whatever their users did since stays as it is.
    let looked_at = || plan.objects.iter().filter(|object| object.kind != favorites::LISTS);
    for object in looked_at() {
        let kind = Kind::find(&object.kind)
            .ok_or_else(|| RestoreError::Plan(format!("unknown kind {}", object.kind)))?;
        planner.targets.list.push(Target { kind, key: object.key.clone() });
        if object.stays_as_it_is() {
            planner.led.insert((kind.name, object.key.clone()));
        }
    }
    session.watch.phase("looking at what is there");
    planner.read_targets().await?;
    planner.read_edges().await?;
    let live_edges = LiveEdges::of(&planner.lives);
    let (mut moved, mut lives) = (Vec::new(), planner.beside_the_targets()?);
    for (target, object) in planner.targets.list.iter().zip(looked_at()) {
        let Standing::There(live) = planner.standing(target.kind, &target.key)? else {
            if object.live.is_some() {
                moved.push(format!("{} {}", target.kind.singular, target.key));
            }
            continue;
        };
        let is_the_one = |hash: BodyHash| object.live.as_ref() == Some(&hash.to_string());
        let mut is_as_it_was = live.hash().is_some_and(is_the_one);
        // Of what has destinations a plan may hold either way to store it.
        for with in [true, false].into_iter().filter(|_| live.hash().is_none()) {
            is_as_it_was |= is_the_one(BodyHash::of(&live.body_like(target.kind, None, with, &reader)?.0));
        }
        let edges = live_edges.fingerprint(target.kind, &live.row.id);
        is_as_it_was &= object.edges.is_none() || object.edges == edges;
        if !is_as_it_was {
            moved.push(format!("{} {}", target.kind.singular, target.key));
        }
        lives.push((target.kind, live.clone()));
    }
    if !moved.is_empty() {
        planner.leave_reads();
        return Err(RestoreError::Moved { objects: moved });
    }
    let listing = planner.listing();
    // What the account may can have changed as well.
    let mut plan = plan;
    for object in plan.objects.iter_mut().filter(|object| object.stays_as_it_is()) {
        object.as_of = Some(session.run().number());
    }
    may::hold_against(session, &mut plan).await?;
    Ok(Planned { plan, listing, lives, rest: HashMap::new() })
}

impl Request {
    /// What asks for the objects of a plan once more.
    pub fn again(plan: &Plan, links: Ids, manner: Manner) -> Self {
        let own = plan.objects.iter().filter(|object| object.as_of.is_none() && !object.is_along);
        let objects = own.filter_map(|object| Some((Kind::find(&object.kind)?, object.key.clone())));
        Self {
            address: plan.address.clone(),
            as_of: RunId::from_number(plan.as_of),
            selection: Selection { objects: objects.collect(), ..Selection::default() },
            manner,
            with_dependencies: false,
            relink: false,
            stored_references_only: plan.stored_references_only,
            favorites: false,
            skip_existing: false,
            on_conflict: OnConflict::Overwrite,
            links,
            others: plan.objects.iter().filter_map(other).collect(),
        }
    }
}

/// An object that is written as another run left it than the plan's.
fn other(object: &Object) -> Option<(&'static Kind, String, RunId)> {
    Some((Kind::find(&object.kind)?, object.key.clone(), RunId::from_number(object.as_of?)))
}

impl Targets {
    /// Adds an object, unless it is asked for already.
    fn add(&mut self, kind: &'static Kind, key: String) {
        if self.known.insert((kind.name, key.clone())) {
            self.list.push(Target { kind, key });
        }
    }

    fn remove(&mut self, kind: &'static Kind, key: &str) {
        self.known.remove(&(kind.name, key.to_owned()));
        self.there.remove(&(kind.name, key.to_owned()));
        self.list.retain(|target| target.kind.name != kind.name || target.key != key);
    }

    fn has(&self, kind: &'static Kind, key: &str) -> bool {
        self.known.contains(&(kind.name, key.to_owned()))
    }

    /// Whether a key is that of one of them, or the id that one has on the instance.
    fn has_either(&self, kind: &'static Kind, key: &str) -> bool {
        self.has(kind, key) || self.there.contains(&(kind.name, key.to_owned()))
    }
}

/// The ids that were given to keys which are others.
fn given(links: &Ids) -> HashSet<(String, String)> {
    let others = links.iter().filter(|(symbol, id)| symbol.key != **id);
    others.map(|(symbol, id)| (symbol.resource.clone(), id.clone())).collect()
}

/// The host of an address, with its port.
fn host(address: &str) -> &str {
    let named = address.split_once("://").map_or(address, |(_, named)| named);
    named.split('/').next().unwrap_or(named)
}

impl<'p> Planner<'p> {
    fn new(
        session: &'p Session,
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
        // What a restore has made anew is counted twice: its old ids are gone.
        for (symbol, _) in request.links.iter().filter(|(symbol, id)| symbol.key != **id) {
            if let Some(stock) = stocks.get_mut(symbol.resource.as_str()) {
                stock.stored[0] = stock.stored[0].saturating_sub(1);
            }
        }
        let past = Past::new(reader, instance, request.as_of);
        for (kind, key, run) in &request.others {
            past.take_as_of(*run, kind, key);
        }
        Ok(Self {
            session,
            client: &session.client,
            since: Timestamp::now(),
            past,
            given: given(&request.links),
            ids: request.links.clone(),
            host: host(&request.address).to_owned(),
            request,
            stocks,
            contents: OnceCell::new(),
            metadata: HashMap::new(),
            lives: HashMap::new(),
            asked: HashMap::new(),
            whole: BTreeSet::new(),
            listed: HashMap::new(),
            targets: Targets::default(),
            looked: sighting::Looked::default(),
            referred: BTreeSet::new(),
            led: HashSet::new(),
            along: BTreeSet::new(),
            own: None,
            absent: BTreeSet::new(),
            accepted: None,
            tells_rest: false,
        })
    }

    /// The id by which an object would be on the instance.
    fn live_key(&self, kind: &Kind, key: &str) -> String {
        let kind = values::owner_kind(kind).unwrap_or(kind);
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
        if self.whole.contains(kind.name) {
            if kind.name == "scheduled_plans" {
                self.read_unlisted(kind, new).await?;
            }
            return Ok(());
        }
        let stock = self.stock(kind, &new)?;
        let found = live::read(self.session, kind, &new, &stock).await?;
        self.lives.entry(kind.name).or_default().extend(found.lives);
        self.listed.entry(kind.name).or_default().extend(found.listed);
        Ok(())
    }

    /// What is known of a kind before these objects of it are asked for.
    fn stock(&self, kind: &'static Kind, ids: &BTreeSet<String>) -> Result<Stock, RestoreError> {
        let mut stock = self.stocks.get(kind.name).cloned().unwrap_or_default();
        if ids.len() > 1 && kind.paged().is_some_and(|paged| paged.folder.is_some()) {
            stock.folders = self.folders_of(kind, ids)?;
        }
        Ok(stock)
    }

    /// Reads those of these schedules that are not in their list, which was read.
    async fn read_unlisted(
        &mut self,
        kind: &'static Kind,
        mut keys: BTreeSet<String>,
    ) -> Result<(), RestoreError> {
        let lives = self.lives.entry(kind.name).or_default();
        keys.retain(|key| lives.get(key).is_none());
        lives.extend(live::read_plans(self.session, kind, &keys).await?);
        Ok(())
    }

    /// The folders, as the instance has them, in which these should lie.
    fn folders_of(
        &self,
        kind: &'static Kind,
        ids: &BTreeSet<String>,
    ) -> Result<HashMap<String, String>, RestoreError> {
        let Some(folders) = Kind::find("folders") else { return Ok(HashMap::new()) };
        let of_kind = self.ids.iter().filter(|(symbol, _)| symbol.resource == kind.name);
        let keys: HashMap<&str, &str> = of_kind.map(|(symbol, id)| (&**id, &*symbol.key)).collect();
        let mut found = HashMap::new();
        for id in ids {
            let marks = self.past.marks(kind, keys.get(id.as_str()).copied().unwrap_or(id))?;
            if let Some(folder) = marks.each().next().and_then(|mark| mark.row.folder.as_ref()) {
                found.insert(id.clone(), self.live_key(folders, folder));
            }
        }
        Ok(found)
    }

    async fn read_targets(&mut self) -> Result<(), RestoreError> {
        let mut by_kind: BTreeMap<usize, (&'static Kind, BTreeSet<String>)> = BTreeMap::new();
        let mut order: HashMap<&str, usize> = HashMap::new();
        for Target { kind, key } in self.targets.list.iter().filter(|one| !access::is_of_access(one.kind)) {
            // Values are read of whoever has them now, which has to be found first.
            let kind = &values::owner_kind(kind).unwrap_or(kind);
            let next = order.len();
            let at = *order.entry(kind.name).or_insert(next);
            by_kind.entry(at).or_insert((kind, BTreeSet::new())).1.insert(self.live_key(kind, key));
        }
        self.foresee_targets()?;
        let has_members = by_kind.values().any(|(kind, _)| matches!(kind.name, "groups" | "roles"));
        for (kind, keys) in by_kind.into_values() {
            if self.needs_all(kind, has_members) {
                self.read_all(kind).await?;
            }
            self.read(kind, &keys).await?;
        }
        self.read_values().await?;
        self.read_favorites().await?;
        self.read_lists().await?;
        let mut there = HashSet::new();
        for Target { kind, key } in &self.targets.list {
            if let Standing::There(live) = self.standing(kind, key)? {
                there.insert((kind.name, live.row.id.clone()));
            }
        }
        self.targets.there = there;
        Ok(())
    }

    /// Reads what the vault has of all targets.
    fn foresee_targets(&self) -> Result<(), RestoreError> {
        let mut by_kind: HashMap<&str, (&'static Kind, Vec<&str>)> = HashMap::new();
        for Target { kind, key } in &self.targets.list {
            by_kind.entry(kind.name).or_insert_with(|| (kind, Vec::new())).1.push(key);
        }
        let mut kinds = by_kind.into_values();
        kinds.try_for_each(|(kind, keys)| self.foresee(kind, keys.into_iter()))
    }

    fn foresee<'k>(
        &self,
        kind: &'static Kind,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(), RestoreError> {
        let stored = self.stocks.get(kind.name).map_or(0, |stock| stock.stored.iter().sum());
        self.past.foresee(kind, keys, stored)
    }

    /// Reads all objects of a kind that are live, as far as they are in its list.
    async fn read_all(&mut self, kind: &'static Kind) -> Result<(), RestoreError> {
        self.looked.only.remove(kind.name);
        self.read_list(kind).await
    }

    async fn read_list(&mut self, kind: &'static Kind) -> Result<(), RestoreError> {
        let was_asked = self.asked.get(kind.name).is_some_and(|asked| !asked.is_empty());
        if self.whole.contains(kind.name) || matches!(kind.list, List::Whole(_)) && was_asked {
            return Ok(());
        }
        let found = live::read_all(self.session, kind, self.stored(kind)).await?;
        self.whole.insert(kind.name);
        self.lives.entry(kind.name).or_default().extend(found.lives);
        self.listed.entry(kind.name).or_default().extend(found.listed);
        Ok(())
    }

    /// Whether a list is to be read whole at once, because it will be needed whole: for
    /// memberships, or for who else has an address. Often that is one page.
    fn needs_all(&self, kind: &Kind, has_members: bool) -> bool {
        let is_a_page = kind.paged().is_some_and(|paged| self.stored(kind) <= paged.page as usize);
        match kind.name {
            "groups" => true,
            "users" => is_a_page || has_members && !self.request.skip_existing,
            _ => false,
        }
    }

    /// How many live objects of a kind the vault knows of.
    fn stored(&self, kind: &Kind) -> usize {
        self.stocks.get(kind.name).map_or(0, |stock| stock.stored[0])
    }

    /// Whether somebody has looked for a stored object.
    fn was_asked(&self, kind: &Kind, key: &str) -> bool {
        let asked = self.asked.get(kind.name);
        let is_whole =
            self.whole.contains(kind.name) || matches!(kind.list, List::Whole(_)) && asked.is_some();
        is_whole || asked.is_some_and(|asked| asked.contains(&self.live_key(kind, key)))
    }

    /// What an object is on the instance.
    fn standing(&self, kind: &'static Kind, key: &str) -> Result<Standing<'_>, RestoreError> {
        static NO_LIVES: LazyLock<Lives> = LazyLock::new(Lives::default);
        let lives = self.lives.get(kind.name).unwrap_or(&NO_LIVES);
        if let Some(owner) = values::owner_kind(kind) {
            let Standing::There(owner) = self.standing(owner, key)? else {
                return Ok(Standing::Absent(None));
            };
            return Ok(lives.get(&owner.row.id).map_or(Standing::Absent(None), Standing::There));
        }
        let live_key = self.live_key(kind, key);
        if self.led.contains(&(kind.name, key.to_owned())) {
            return Ok(lives.get(&live_key).map_or(Standing::Absent(None), Standing::There));
        }
        let marks = self.past.marks(kind, key)?;
        let link = if self.ids.contains_key(&Symbol::new(kind.name, key)) {
            identity::Link::Own
        } else if self.given.contains(&(kind.name.to_owned(), live_key.clone())) {
            identity::Link::Taken
        } else {
            identity::Link::None
        };
        Ok(identity::standing(kind, &live_key, link, &marks, lives))
    }
}
