//! Access lists of what is restored: whose they are, what they begin with, and which
//! come along.
//!
//! A list goes by its content's place in the tree of access, which only the content
//! itself and the list of what lies in its folder name. On an instance on which that
//! content is another one now, or is made anew, its place is another one too; so a list
//! is never read or written before its content was found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker::Kind;
use looker::catalogue::Operation;
use looker::client::Call;
use looker::pacing::{Ledger, Reason};
use serde::Deserialize;

use super::{OnConflict, Planner, Target};
use crate::diff::Value;
use crate::restore::RestoreError;
use crate::restore::access::{self, Row, There};
use crate::restore::compose::Composer;
use crate::restore::identity::Standing;
use crate::restore::past::Named;
use crate::restore::plan::{Action, Object};
use crate::restore::step::{At, Given, Id, Symbol, Verb};

/// Lists of what lies in a folder, with whether each inherits.
pub(super) const INHERITING: &str = "content_metadata";
/// Rows of lists.
pub(super) const LISTS: &str = "content_metadata_access";

/// Reads one place in the tree of access.
static ONE: Operation = Operation {
    id: "content_metadata",
    path: "/content_metadata/{content_metadata_id}",
    ledger: Ledger::Administrative,
};

/// A place in the tree of access, as the instance has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    inherits: Option<bool>,
    inheriting_id: Option<String>,
}

/// Whether a kind's objects go by places in the tree of access.
pub(super) fn is_of_access(kind: &Kind) -> bool {
    matches!(kind.name, INHERITING | LISTS)
}

impl Planner<'_> {
    /// The content at a stored place in the tree of access.
    fn content_at(&self, place: &str) -> Result<Option<Named>, RestoreError> {
        if self.contents.get().is_none() {
            let mut contents: HashMap<String, Named> = HashMap::new();
            let folders_and_boards = ["folders", "boards"].into_iter().filter_map(Kind::find);
            for kind in folders_and_boards {
                self.past.reader.bodies(self.past.then(), kind.name, |key, body| {
                    let place =
                        Value::parse(body).ok().and_then(|document| text(&document, "content_metadata_id"));
                    contents.extend(place.map(|place| (place, (kind, key.to_owned()))));
                })?;
            }
            let others = [("dashboard_id", "dashboards"), ("look_id", "looks")];
            self.past.reader.bodies(self.past.then(), INHERITING, |_, body| {
                let Ok(list) = Value::parse(body) else { return };
                for one in list.elements() {
                    let of =
                        others.iter().find_map(|(field, kind)| Some((Kind::find(kind)?, text(one, field)?)));
                    if let (Some(place), Some(of)) = (text(one, "id"), of) {
                        contents.entry(place).or_insert(of);
                    }
                }
            })?;
            self.contents.get_or_init(|| contents);
        }
        Ok(self.contents.get().and_then(|contents| contents.get(place)).cloned())
    }

    /// Adds the access lists of folders and boards that are selected or made anew, and
    /// those of what does not inherit.
    pub(super) async fn bring_lists(&mut self) -> Result<(), RestoreError> {
        let Some(lists) = Kind::find(LISTS) else { return Ok(()) };
        let mut brought = Vec::new();
        for target in &self.targets.list {
            let places: Vec<String> = match target.kind.name {
                INHERITING => {
                    let body = self.past.body_then(target.kind, &target.key)?.unwrap_or_default();
                    let Ok(list) = Value::parse(&body) else { continue };
                    let own = list.elements().iter().filter(|one| is_false(one, "inherits"));
                    own.filter_map(|one| text(one, "id")).collect()
                }
                _ if self.request.with_dependencies && !self.past.is_led(target.kind, &target.key) => {
                    self.place_then(target)?.into_iter().collect()
                }
                _ => continue,
            };
            for place in places {
                if self.past.was_there(lists, &place)? {
                    brought.push((lists, place));
                }
            }
        }
        self.bring(brought).await
    }

    /// The place that content had which can have a list of its own.
    fn place_then(&self, target: &Target) -> Result<Option<String>, RestoreError> {
        // Nothing else can be given one (API document).
        if !matches!(target.kind.name, "folders" | "boards") {
            return Ok(None);
        }
        let body = self.past.body_then(target.kind, &target.key)?.unwrap_or_default();
        let Ok(document) = Value::parse(&body) else { return Ok(None) };
        // Looker makes a personal folder with its user, and its list with it.
        let is_personal = document.member("is_personal").is_some_and(|own| own.text() == "true");
        Ok(if is_personal { None } else { text(&document, "content_metadata_id") })
    }

    /// Reads the lists of content that is there, and what the others will begin with.
    pub(super) async fn read_lists(&mut self) -> Result<(), RestoreError> {
        let places: Vec<(&'static Kind, String)> = self
            .targets
            .list
            .iter()
            .filter(|target| is_of_access(target.kind))
            .map(|target| (target.kind, target.key.clone()))
            .collect();
        let mut contents: BTreeMap<&'static str, (&'static Kind, BTreeSet<String>)> = BTreeMap::new();
        for (_, place) in &places {
            if let Some((kind, key)) = self.content_at(place)? {
                let key = self.live_key(kind, &key);
                contents.entry(kind.name).or_insert((kind, BTreeSet::new())).1.insert(key);
            }
        }
        for (kind, keys) in contents.into_values() {
            self.read(kind, &keys).await?;
        }
        for (kind, place) in places {
            let Some(metadata) = self.live_place(&place)? else {
                if kind.name == LISTS {
                    self.read_beginning(&place).await?;
                }
                continue;
            };
            self.ids.insert(Symbol::new(kind.name, place.as_str()), metadata.clone());
            if kind.name == LISTS {
                let from = self.list_in_force(&metadata).await?;
                self.read(kind, &BTreeSet::from([from])).await?;
            } else {
                self.read(kind, &BTreeSet::from([metadata])).await?;
            }
        }
        Ok(())
    }

    /// The place on the instance of the content at a stored place, where it is there.
    fn live_place(&self, place: &str) -> Result<Option<String>, RestoreError> {
        let Some((kind, key)) = self.content_at(place)? else { return Ok(None) };
        let Standing::There(live) = self.standing(kind, &key)? else { return Ok(None) };
        let document = live.document(self.past.reader)?;
        let document = Value::parse(&document).ok();
        Ok(document.and_then(|document| text(&document, "content_metadata_id")))
    }

    /// The place whose list holds for a place: its own, or the one that it inherits from.
    async fn list_in_force(&mut self, metadata: &str) -> Result<String, RestoreError> {
        if !self.metadata.contains_key(metadata) {
            let call = Call::new(&ONE, LISTS, Reason::Item).at(metadata);
            let parse = |reply: &looker::client::Reply| {
                serde_json::from_slice::<Metadata>(&reply.body).map_err(|error| {
                    looker::Error::new(looker::ErrorKind::BadBody, looker::rows::fault(&error))
                })
            };
            let read = self.client.get(&call, parse).await?;
            self.metadata.insert(metadata.to_owned(), read);
        }
        let known = self.metadata.get(metadata).filter(|known| known.inherits == Some(true));
        Ok(known.and_then(|known| known.inheriting_id.clone()).unwrap_or_else(|| metadata.to_owned()))
    }

    /// Reads the list that content which is made anew will inherit.
    async fn read_beginning(&mut self, place: &str) -> Result<(), RestoreError> {
        let Some(lists) = Kind::find(LISTS) else { return Ok(()) };
        if let Beginning::Of(metadata) = self.beginning(place)? {
            let from = self.list_in_force(&metadata).await?;
            self.read(lists, &BTreeSet::from([from])).await?;
        }
        Ok(())
    }

    /// Where what is made anew will inherit from: the folders above it that are made
    /// anew as well have their lists from this very plan, or inherit in turn.
    fn beginning(&self, place: &str) -> Result<Beginning, RestoreError> {
        // Folders that go round in a circle are followed no further than this.
        const DEPTH: usize = 64;
        let (Some(folders), Some(lists)) = (Kind::find("folders"), Kind::find(LISTS)) else {
            return Ok(Beginning::Nothing);
        };
        let Some((kind, key)) = self.content_at(place)? else { return Ok(Beginning::Nothing) };
        let mut above = self.folder_then(kind, &key)?;
        for _ in 0..DEPTH {
            let Some(folder) = above else { break };
            let body = self.past.body_then(folders, &folder)?.unwrap_or_default();
            let Ok(document) = Value::parse(&body) else { break };
            let Some(metadata) = text(&document, "content_metadata_id") else { break };
            if let Some(live) = self.live_place(&metadata)? {
                return Ok(if self.targets.has(lists, &metadata) {
                    Beginning::Planned(metadata)
                } else {
                    Beginning::Of(live)
                });
            }
            if self.targets.has(lists, &metadata) {
                return Ok(Beginning::Planned(metadata));
            }
            above = self.folder_then(folders, &folder)?;
        }
        Ok(Beginning::Nothing)
    }

    fn wanted_rows(&self, place: &str) -> Result<Vec<Row>, RestoreError> {
        let Some(lists) = Kind::find(LISTS) else { return Ok(Vec::new()) };
        let Some(body) = self.past.body_then(lists, place)? else { return Ok(Vec::new()) };
        let list = Value::parse(&body).map_err(|error| RestoreError::Damaged {
            kind: lists.singular,
            key: place.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(access::stored_rows(&list))
    }

    /// The rows of a list that is there. One that answers 404 has none.
    fn live_rows(&self, metadata: &str) -> Result<Vec<Row>, RestoreError> {
        let live = self.lives.get(LISTS).and_then(|lists| lists.get(metadata));
        let Some((live, kind)) = live.zip(Kind::find(LISTS)) else { return Ok(Vec::new()) };
        let body = live.body(kind, self.past.reader)?;
        let list = Value::parse(&body).map_err(|error| RestoreError::Unreadable {
            id: format!("{} {metadata}", kind.singular),
            reason: error.to_string(),
        })?;
        Ok(access::live_rows(&list))
    }

    /// The list of this plan that is in force at a place of the instance.
    fn planned_list(&self, metadata: &str) -> Option<String> {
        let is_there = |target: &&Target| {
            let place = self.ids.get(&Symbol::new(LISTS, target.key.as_str()));
            target.kind.name == LISTS && place.is_some_and(|place| place == metadata)
        };
        self.targets.list.iter().find(is_there).map(|target| target.key.clone())
    }

    /// What the instance has of a list; nothing where its content is neither there nor
    /// made.
    fn list_there(
        &self,
        composer: &Composer<'_>,
        place: &str,
        content: &Named,
    ) -> Result<Option<There>, RestoreError> {
        let (kind, key) = content;
        if let Some(metadata) = self.live_place(place)? {
            let known = self.metadata.get(&metadata);
            let inherits = known.is_some_and(|known| known.inherits == Some(true));
            let from = known.and_then(|known| known.inheriting_id.clone()).filter(|_| inherits);
            let same_ids = matches!(self.standing(kind, key)?, Standing::There(live) if live.row.id == *key);
            let planned = from.as_ref().and_then(|from| self.planned_list(from));
            let rows = match planned {
                Some(planned) => access::planned_rows(composer, self.wanted_rows(&planned)?),
                None => self.live_rows(from.as_ref().unwrap_or(&metadata))?,
            };
            return Ok(Some(There { metadata: Id::Known(metadata), inherits, rows, same_ids }));
        }
        let is_made = self.targets.has(kind, key) && matches!(self.standing(kind, key)?, Standing::Absent(_));
        if !is_made {
            return Ok(None);
        }
        let rows = match self.beginning(place)? {
            Beginning::Of(metadata) => {
                let known = self.metadata.get(&metadata).filter(|known| known.inherits == Some(true));
                let from = known.and_then(|known| known.inheriting_id.clone()).unwrap_or(metadata);
                self.live_rows(&from)?
            }
            Beginning::Planned(list) => access::planned_rows(composer, self.wanted_rows(&list)?),
            Beginning::Nothing => Vec::new(),
        };
        let metadata = Id::Of(Symbol::new(INHERITING, place));
        Ok(Some(There { metadata, inherits: true, rows, same_ids: false }))
    }

    /// Composes the lists, when everything else is composed.
    pub(super) fn compose_lists(
        &self,
        composer: &mut Composer<'_>,
        objects: &mut [Object],
    ) -> Result<(), RestoreError> {
        for (at, target) in self.targets.list.iter().enumerate() {
            if objects[at].action == Action::Create {
                self.note_left_list(target, &mut objects[at])?;
            }
            if !is_of_access(target.kind) || matches!(objects[at].action, Action::Blocked(_)) {
                continue;
            }
            composer.object = at;
            let before = composer.steps.len();
            let object = &mut objects[at];
            let Some(content) = self.content_at(&target.key)? else {
                object.action = Action::Blocked("the vault does not know whose access this is".to_owned());
                continue;
            };
            object.title =
                self.past.marks(content.0, &content.1)?.then.as_ref().and_then(|then| then.row.title.clone());
            let is_made = self.live_place(&target.key)?.is_none();
            if target.kind.name == LISTS {
                let Some(there) = self.list_there(composer, &target.key, &content)? else {
                    object.action =
                        Action::Blocked(format!("{} {} is not there", content.0.singular, content.1));
                    continue;
                };
                give_place(composer, &target.key, &content);
                access::compose(composer, &target.key, &there, &self.wanted_rows(&target.key)?);
            } else if !is_made {
                self.compose_inheriting(composer, target)?;
            }
            object.changes = std::mem::take(&mut composer.changes);
            object.notes.append(&mut composer.notes);
            object.action = match (composer.steps.len() == before, is_made) {
                (true, _) => Action::Skip,
                (false, true) => Action::Create,
                (false, false) => Action::Update,
            };
            if object.action == Action::Update && !self.is_newest(target)? {
                object.conflict = true;
                if self.request.on_conflict == OnConflict::Skip {
                    composer.steps.truncate(before);
                    object.action = Action::Conflict;
                }
            }
        }
        Ok(())
    }

    /// Says that a list does not come along with what is made anew.
    fn note_left_list(&self, target: &Target, object: &mut Object) -> Result<(), RestoreError> {
        let Some(lists) = Kind::find(LISTS) else { return Ok(()) };
        if let ("users", Some(folders)) = (target.kind.name, Kind::find("folders")) {
            let text_of = |kind: &'static Kind, key: &str, field: &str| {
                let body = self.past.body_then(kind, key)?.unwrap_or_default();
                Ok::<_, RestoreError>(Value::parse(&body).ok().and_then(|document| text(&document, field)))
            };
            let folder = text_of(target.kind, &target.key, "personal_folder_id")?;
            let place = folder.map(|folder| text_of(folders, &folder, "content_metadata_id")).transpose()?;
            if let Some(place) = place.flatten()
                && self.past.was_there(lists, &place)?
            {
                object.notes.push("who may see its own folder is as Looker makes it".to_owned());
            }
        }
        let Some(place) = self.place_then(target)?.filter(|_| !self.request.with_dependencies) else {
            return Ok(());
        };
        if self.past.was_there(lists, &place)? && !self.targets.has(lists, &place) {
            object.notes.push("its access list stays away (--with-dependencies brings it)".to_owned());
        }
        Ok(())
    }

    /// What lies in a folder inherits again where it did.
    fn compose_inheriting(&self, composer: &mut Composer<'_>, target: &Target) -> Result<(), RestoreError> {
        let body = self.past.body_then(target.kind, &target.key)?.unwrap_or_default();
        let Standing::There(live) = self.standing(target.kind, &target.key)? else { return Ok(()) };
        let there = live.body(target.kind, self.past.reader)?;
        let (Ok(wanted), Ok(live)) = (Value::parse(&body), Value::parse(&there)) else {
            return Ok(());
        };
        let Some(resource) = looker::catalogue::Resource::find(INHERITING) else { return Ok(()) };
        const CONTENTS: [(&str, &str); 3] =
            [("folder_id", "folders"), ("dashboard_id", "dashboards"), ("look_id", "looks")];
        for one in wanted.elements().iter().filter(|one| !is_false(one, "inherits")) {
            let of = CONTENTS.iter().find_map(|(field, kind)| Some((*field, *kind, text(one, field)?)));
            let Some((field, kind, key)) = of else { continue };
            let id = match composer.id(kind, &key) {
                Id::Known(id) => id,
                Id::Of(symbol) => symbol.key,
            };
            let is_it =
                |live: &&Value<'_>| text(live, field).as_ref() == Some(&id) && is_false(live, "inherits");
            let Some(metadata) = live.elements().iter().find(is_it).and_then(|live| text(live, "id")) else {
                continue;
            };
            let name = text(one, "name").unwrap_or_else(|| format!("{kind} {key}"));
            composer.changes.push(format!("{name:?} inherits again"));
            access::inherit(composer, resource, &target.key, &Id::Known(metadata), true);
            if let Some(step) = composer.steps.last_mut() {
                step.irreversible = Some("an undo cannot tell who was in its list".to_owned());
            }
        }
        Ok(())
    }

    /// Whether the vault has read last who has access, or what inherits; what the content
    /// is called is no part of that.
    fn is_newest(&self, target: &Target) -> Result<bool, RestoreError> {
        let Standing::There(live) = self.standing(target.kind, &target.key)? else { return Ok(true) };
        let marks = self.past.marks(target.kind, &target.key)?;
        let last = marks.now.as_ref().map(|now| self.past.reader.body(&now.hash)).transpose()?.flatten();
        let (last, live) = (last.unwrap_or_default(), live.body(target.kind, self.past.reader)?);
        let (Ok(last), Ok(live)) = (Value::parse(&last), Value::parse(&live)) else { return Ok(false) };
        if target.kind.name == LISTS {
            return Ok(access::are_same(&access::live_rows(&last), &access::live_rows(&live)));
        }
        let inheriting = |list: &Value<'_>| {
            let one = |one: &Value<'_>| Some((text(one, "id")?, is_false(one, "inherits")));
            list.elements().iter().filter_map(one).collect::<BTreeSet<_>>()
        };
        Ok(inheriting(&last) == inheriting(&live))
    }

    /// The lists that must be as they should be before others: those of the folders
    /// above. By the places of objects in the plan.
    pub(super) fn lists_above(&self) -> Result<HashMap<usize, BTreeSet<usize>>, RestoreError> {
        let mut at: HashMap<(&'static str, String), usize> = HashMap::new();
        for (index, target) in self.targets.list.iter().enumerate() {
            if target.kind.name == LISTS
                && let Some((kind, key)) = self.content_at(&target.key)?
            {
                at.insert((kind.name, key), index);
            }
        }
        let mut above: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let Some(folders) = Kind::find("folders") else { return Ok(above) };
        for ((kind, key), index) in &at {
            let mut folder = Kind::find(kind).map(|kind| self.folder_then(kind, key)).transpose()?.flatten();
            let mut seen = BTreeSet::new();
            while let Some(key) = folder.filter(|key| seen.insert(key.clone())) {
                folder = self.folder_then(folders, &key)?;
                if let Some(list) = at.get(&("folders", key)) {
                    above.entry(*index).or_default().insert(*list);
                }
            }
        }
        Ok(above)
    }

    /// The folder in which something lay.
    fn folder_then(&self, kind: &'static Kind, key: &str) -> Result<Option<String>, RestoreError> {
        Ok(self.past.marks(kind, key)?.then.as_ref().and_then(|then| then.row.folder.clone()))
    }
}

/// What a list begins with.
enum Beginning {
    /// The list in force at this place of the instance.
    Of(String),
    /// The list at this stored place, as this plan makes it.
    Planned(String),
    /// Nobody can say.
    Nothing,
}

/// The step that makes content, or takes it out of the trash, tells its place. Whether there
/// is one.
pub(super) fn give_place(composer: &mut Composer<'_>, place: &str, content: &Named) -> bool {
    let symbol = Symbol::new(INHERITING, place);
    let is_its = |step: &&mut crate::restore::step::Step| {
        matches!(step.verb, Verb::Create | Verb::Undelete)
            && step.resource == content.0.name
            && step.key == content.1
    };
    let Some(step) = composer.steps.iter_mut().find(is_its) else { return false };
    if !step.gives.iter().any(|given| given.symbol == symbol) {
        step.gives.push(Given { symbol, at: At::ContentMetadata });
    }
    true
}

pub(super) fn text(document: &Value<'_>, field: &str) -> Option<String> {
    document.member(field)?.as_name().map(std::borrow::Cow::into_owned)
}

fn is_false(document: &Value<'_>, field: &str) -> bool {
    document.member(field).is_some_and(|value| value.text() == "false")
}
