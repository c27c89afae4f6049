//! What the instance holds now, and what it held at any time before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use crate::config::Account;
use crate::data::SYSTEM_ACTIVITY;
use crate::kinds::Kind;
use crate::metadata;
use crate::outbox::Sent;
use crate::parts::Parts;
use crate::permissions;
use crate::queries::Queries;
use crate::table::{Row, Table, as_text};

/// One state of one object, from `at` until the next one.
#[derive(Debug, Clone)]
pub struct State {
    /// When the object became so; for its initial state, the server's start.
    pub at: Timestamp,
    /// Rises with every change of the whole instance; 0 for initial states.
    pub order: u64,
    /// Whether it is in the trash.
    pub deleted: bool,
    /// Whether it was purged; `body` is the last one then.
    pub gone: bool,
    /// The body `GET` answers, or answered.
    pub body: Bytes,
}

/// Why a change was refused, for which the server answers 404, 409 or 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Refused {
    /// No such object.
    NotFound,
    /// No such folder to move into.
    NoFolder,
    /// Another live dashboard of the folder has this title.
    TitleTaken,
    /// Another live look of the folder has this title.
    LookTitleTaken,
    /// Another dashboard of the instance, the trash included, has this slug.
    SlugTaken,
    /// Another object of the kind has this id, or the body has none.
    IdTaken,
    /// It would refer to an object that does not exist.
    Dangling,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refused::NotFound => "there is no such object",
            Refused::NoFolder => "there is no such folder",
            Refused::TitleTaken => "a live dashboard of that folder has this title already",
            Refused::LookTitleTaken => "a live look of that folder has this title already",
            Refused::SlugTaken => "a dashboard of this instance has this slug already",
            Refused::IdTaken => "the body has no id, or one that another object of the kind has",
            Refused::Dangling => "it would refer to an object that does not exist",
        })
    }
}

impl std::error::Error for Refused {}

/// Members to set, as JSON text, in a body.
pub(crate) type Changes<'a> = Vec<(&'a str, String)>;

/// Sets a member among changes, which name each at most once.
pub(crate) fn change<'a>(changes: &mut Changes<'a>, name: &'a str, value: String) {
    match changes.iter_mut().find(|(have, _)| *have == name) {
        Some((_, have)) => *have = value,
        None => changes.push((name, value)),
    }
}

/// All tables, and the past of whatever was changed.
#[derive(Debug)]
pub(crate) struct World {
    tables: Vec<Table>,
    history: HashMap<(Kind, Box<str>), Vec<State>>,
    started: Timestamp,
    order: u64,
    /// Queries and merge queries.
    pub(crate) queries: Queries,
    /// Documents of metadata that were loaded, by id.
    pub(crate) metadata_documents: HashMap<String, String>,
    /// Whether there is metadata of a folder that is gone.
    pub(crate) has_orphan: bool,
    /// Whose metadata has an id that does not tell.
    metadata: HashMap<Box<str>, (Kind, Box<str>)>,
    /// Where parts of dashboards are, once that was asked.
    parts: Option<Parts>,
    /// Ids of the content metadata with access lists of their own.
    pub(crate) own_lists: BTreeSet<String>,
    /// Ids of the folders of shared content, in the order of
    /// [`SimConfig::folder_sizes`](crate::SimConfig::folder_sizes).
    pub(crate) shared_folders: Vec<String>,
    /// What would have reached people.
    pub(crate) outbox: Vec<Sent>,
    /// Alerts, and users who follow them.
    pub(crate) followers: BTreeSet<(String, String)>,
    /// When objects were created through the API.
    born: HashMap<(Kind, Box<str>), Instant>,
}

impl World {
    pub(crate) fn new() -> World {
        World {
            tables: Kind::ALL.into_iter().map(Table::new).collect(),
            history: HashMap::new(),
            started: Timestamp::now(),
            order: 0,
            queries: Queries::default(),
            metadata_documents: HashMap::new(),
            has_orphan: true,
            metadata: HashMap::new(),
            parts: None,
            own_lists: BTreeSet::new(),
            shared_folders: Vec::new(),
            outbox: Vec::new(),
            followers: BTreeSet::new(),
            born: HashMap::new(),
        }
    }

    pub(crate) fn table(&self, kind: Kind) -> &Table {
        &self.tables[kind as usize]
    }

    pub(crate) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        &mut self.tables[kind as usize]
    }

    /// The row of that id, if it exists.
    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Row> {
        let table = self.table(kind);
        table.find(id).map(|slot| table.row(slot))
    }

    /// Every state of an object, the initial one first; empty when there never
    /// was such an object.
    pub(crate) fn history(&self, kind: Kind, id: &str) -> Vec<State> {
        match self.history.get(&(kind, id.into())) {
            Some(states) => states.clone(),
            None => self.get(kind, id).map(|row| self.initial(row)).into_iter().collect(),
        }
    }

    fn initial(&self, row: &Row) -> State {
        State { at: self.started, order: 0, deleted: row.deleted, gone: false, body: row.body.clone() }
    }

    /// Notes that an object was created just now.
    pub(crate) fn freshen(&mut self, kind: Kind, id: &str) {
        self.born.insert((kind, id.into()), Instant::now());
    }

    /// How long ago an object was created through the API.
    pub(crate) fn age(&self, kind: Kind, id: &str) -> Option<Duration> {
        self.born.get(&(kind, id.into())).map(Instant::elapsed)
    }

    /// Sets members of an object's body as they are, without any check.
    pub(crate) fn set(&mut self, kind: Kind, id: &str, changes: &Changes) -> Result<(), Refused> {
        let slot = self.table(kind).find(id).ok_or(Refused::NotFound)?;
        let row = self.table(kind).row(slot).patched(kind, changes);
        self.replace(kind, slot, row);
        Ok(())
    }

    /// Gives an object another body.
    pub(crate) fn put(&mut self, kind: Kind, id: &str, body: Bytes) -> Result<(), Refused> {
        let slot = self.table(kind).find(id).ok_or(Refused::NotFound)?;
        self.replace(kind, slot, Row::new(kind, body));
        Ok(())
    }

    fn replace(&mut self, kind: Kind, slot: u32, row: Row) {
        let before = self.initial(self.table(kind).row(slot));
        let id = self.table(kind).row(slot).id.clone();
        self.move_parts(kind, &id, Some(&before.body), Some(&row.body));
        self.table_mut(kind).replace(slot, row);
        self.record(kind, &id, before, false);
    }

    /// Takes an object away for ever.
    pub(crate) fn purge(&mut self, kind: Kind, id: &str) -> Result<(), Refused> {
        let slot = self.table(kind).find(id).ok_or(Refused::NotFound)?;
        let before = self.initial(self.table(kind).row(slot));
        self.move_parts(kind, id, Some(&before.body), None);
        self.record(kind, id, before, true);
        self.table_mut(kind).purge(slot);
        Ok(())
    }

    /// Puts objects in as if they had always been there.
    pub(crate) fn load(&mut self, kind: Kind, rows: Vec<Row>) {
        for row in &rows {
            self.history.remove(&(kind, row.id.clone()));
            self.note_metadata(kind, row);
        }
        self.table_mut(kind).merge(rows);
        if kind == Kind::Dashboard {
            self.parts = None;
        }
    }

    /// Adds an object as it is, which brings its own id; fails when that is
    /// taken.
    pub(crate) fn insert(&mut self, kind: Kind, body: String) -> Result<String, Refused> {
        let row = Row::new(kind, body.into());
        if row.id.is_empty() || self.get(kind, &row.id).is_some() {
            return Err(Refused::IdTaken);
        }
        Ok(self.add(kind, row))
    }

    /// Adds an object under the next id, its body made by `body` from that id.
    pub(crate) fn create(&mut self, kind: Kind, body: impl FnOnce(u64) -> String) -> String {
        let id = self.table(kind).largest_key() + 1;
        self.add(kind, Row::new(kind, body(id).into()))
    }

    fn add(&mut self, kind: Kind, row: Row) -> String {
        self.order += 1;
        let state = State { at: Timestamp::now(), order: self.order, ..self.initial(&row) };
        let id = row.id.clone();
        self.move_parts(kind, &id, None, Some(&row.body));
        self.note_metadata(kind, &row);
        self.table_mut(kind).push(row);
        self.history.insert((kind, id.clone()), vec![state]);
        id.into()
    }

    /// Whose metadata has that id, if the id itself does not tell.
    pub(crate) fn metadata_of(&self, id: &str) -> Option<(Kind, &str)> {
        self.metadata.get(id).map(|(kind, object)| (*kind, &**object))
    }

    /// Remembers whose metadata an object's is, if its id does not tell.
    fn note_metadata(&mut self, kind: Kind, row: &Row) {
        if metadata::is_unusual(kind, row)
            && let Some(id) = metadata::id_of(kind, row)
        {
            self.metadata.insert(id.into(), (kind, row.id.clone()));
        }
    }

    /// Where the parts of dashboards are.
    pub(crate) fn parts(&mut self) -> &mut Parts {
        let found = self.parts.take();
        let parts = found.unwrap_or_else(|| Parts::of(self));
        self.parts.insert(parts)
    }

    /// Where the parts of dashboards are, if that was asked before.
    pub(crate) fn known_parts(&self) -> Option<&Parts> {
        self.parts.as_ref()
    }

    /// Keeps the index of parts true when a body takes another's place.
    fn move_parts(&mut self, kind: Kind, id: &str, before: Option<&Bytes>, after: Option<&Bytes>) {
        let Some(parts) = self.parts.as_mut().filter(|_| kind == Kind::Dashboard) else { return };
        match (before.map(as_text), after.map(as_text)) {
            (Some(before), Some(after)) => parts.replace(id, before, after),
            (Some(before), None) => parts.remove(before),
            (None, Some(after)) => parts.add(id, after),
            (None, None) => {}
        }
    }

    fn record(&mut self, kind: Kind, id: &str, before: State, gone: bool) {
        self.order += 1;
        let (order, at) = (self.order, Timestamp::now());
        let Some(row) = self.get(kind, id) else { return };
        let state = State { at, order, gone, ..self.initial(row) };
        self.history.entry((kind, id.into())).or_insert_with(|| vec![before]).push(state);
    }

    /// What an account may see.
    pub(crate) fn visible_to(&self, account: &Account) -> Option<Visible> {
        let sees_folders = match account {
            Account::Admin => return None,
            Account::Permitted { .. } if permissions::has(account, "administer") => return None,
            Account::Permitted { .. } => {
                return Some(Visible::permitted(account, None));
            }
            Account::Limited { sees_folders } => sees_folders,
        };
        let folders = self.table(Kind::Folder);
        let mut content: Vec<Box<str>> = sees_folders.iter().map(|id| id.as_str().into()).collect();
        let mut at = 0;
        while at < content.len() {
            for slot in folders.slots_in(&[&content[at]], false).iter() {
                let id = &folders.row(*slot).id;
                if !content.contains(id) {
                    content.push(id.clone());
                }
            }
            at += 1;
        }
        let mut listed: HashSet<Box<str>> = content.iter().cloned().collect();
        for id in &content {
            listed.extend(self.ancestors(id).into_iter().map(Box::from));
        }
        let folders = Some(VisibleFolders { content: content.into_iter().collect(), listed });
        Some(Visible::permitted(account, folders))
    }

    /// Ids of the folders above a folder, the root first.
    pub(crate) fn ancestors(&self, folder: &str) -> Vec<&str> {
        let mut above = Vec::new();
        let mut next = self.parent(folder);
        while let Some(id) = next {
            above.push(id);
            next = self.parent(id);
        }
        above.reverse();
        above
    }

    /// Id of the folder above a folder.
    pub(crate) fn parent(&self, folder: &str) -> Option<&str> {
        let row = self.get(Kind::Folder, folder)?;
        Some(row.text(Kind::Folder, "parent_id")).filter(|id| !id.is_empty())
    }
}

/// What an account that is no administrator sees.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    /// The folders it sees; `None` are all.
    folders: Option<VisibleFolders>,
    /// Whether it sees other users than itself, groups, roles and sets.
    people: bool,
    /// Whether it sees the model of System Activity.
    system_activity: bool,
}

#[derive(Debug, Clone)]
struct VisibleFolders {
    /// Those whose content it sees.
    content: HashSet<Box<str>>,
    /// Those it sees as folders: the ancestors as well.
    listed: HashSet<Box<str>>,
}

impl Visible {
    fn permitted(account: &Account, folders: Option<VisibleFolders>) -> Visible {
        let may = |permission| permissions::has(account, permission);
        Visible { folders, people: may("see_users"), system_activity: may("see_system_activity") }
    }

    /// Whether it sees that row. What operations may be asked at all is another
    /// question (see `permissions`).
    pub(crate) fn sees(&self, kind: Kind, row: &Row) -> bool {
        match kind {
            Kind::Dashboard | Kind::LookmlDashboard | Kind::Look => self
                .folders
                .as_ref()
                .is_none_or(|folders| folders.content.contains(row.text(kind, "folder_id"))),
            Kind::Folder => self.folders.as_ref().is_none_or(|folders| folders.listed.contains(&row.id)),
            Kind::User => self.people || &*row.id == crate::auth::API_USER,
            Kind::Group
            | Kind::GroupHierarchy
            | Kind::GroupWithRoles
            | Kind::Role
            | Kind::PermissionSet
            | Kind::ModelSet => self.people,
            Kind::LookmlModel => self.system_activity || &*row.id != SYSTEM_ACTIVITY,
            Kind::Explore => self.system_activity || row.text(kind, "model_name") != SYSTEM_ACTIVITY,
            Kind::ScheduledPlan | Kind::ContentFavorite => row.text(kind, "user_id") == crate::auth::API_USER,
            Kind::Alert => row.text(kind, "owner_id") == crate::auth::API_USER,
            _ => true,
        }
    }
}
