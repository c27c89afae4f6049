//! One table per kind: prepared bodies, the columns searches look at, and
//! indexes by folder and trash.
//!
//! A benchmark must measure its client and not this server, so a request only
//! picks slots and hands out bytes that were written beforehand. Slots are in
//! the order of ids and are never reused: a purged object leaves a hole, and
//! the indexes (slots of live rows, slots of trashed rows, both again for each
//! folder) stay sorted by id without effort.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;

use crate::fields::Fields;
use crate::json;
use crate::kinds::Kind;
use crate::outline::Outline;

/// A value a search can compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Text(Box<str>),
}

/// The members of which light listings are made.
pub(crate) const LIGHT: [&str; 7] =
    ["id", "title", "updated_at", "deleted", "folder_id", "slug", "deleted_at"];

/// The light members as text, `"id":"7",` behind `"title":"x",`, and where
/// each ends.
#[derive(Debug, Clone, Default)]
struct Light {
    text: Box<str>,
    ends: [u32; LIGHT.len()],
}

/// An object as the simulator serves it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: Box<str>,
    /// The id as a number, to sort by; ids that are none come last.
    pub(crate) key: u64,
    pub(crate) deleted: bool,
    pub(crate) body: Bytes,
    /// What searches answer where that is less than the body: `Look` instead
    /// of `LookWithQuery`.
    pub(crate) brief: Option<Bytes>,
    cells: Box<[Cell]>,
    light: Light,
    /// Of the body, once somebody asked.
    outline: OnceLock<Outline>,
}

impl Row {
    /// Reads the columns out of a body.
    pub(crate) fn new(kind: Kind, body: Bytes) -> Row {
        let (cells, light) = columns_of(kind, json::members(as_text(&body)));
        Row::of(kind, body, cells, light, OnceLock::new())
    }

    /// The row with some members of its body changed or added, as [`json::patch`] does.
    pub(crate) fn patched(&self, kind: Kind, changes: &[(&str, String)]) -> Row {
        let (text, outline) = self.outline().patch(as_text(&self.body), changes);
        let (cells, light) = columns_of(kind, outline.members(&text));
        Row::of(kind, text.into(), cells, light, outline.into())
    }

    /// The value of a member of its body.
    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        self.outline().member(as_text(&self.body), name)
    }

    fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| Outline::of(as_text(&self.body)))
    }

    fn of(kind: Kind, body: Bytes, cells: Box<[Cell]>, light: Light, outline: OnceLock<Outline>) -> Row {
        let id = id_of(kind, &cells);
        let deleted = kind.column("deleted").is_some_and(|n| cells[n] == Cell::Bool(true));
        let brief = (kind == Kind::Look).then(|| json::without(as_text(&body), &["query", "url"]).into());
        let key = id.parse().unwrap_or(u64::MAX);
        Row { id, key, deleted, body, brief, cells, light, outline }
    }

    pub(crate) fn cell(&self, column: usize) -> &Cell {
        &self.cells[column]
    }

    /// The text in a named column, empty for null.
    pub(crate) fn text(&self, kind: Kind, column: &str) -> &str {
        match kind.column(column).map(|n| &self.cells[n]) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    /// Appends the light members that `wanted` names, as an object.
    pub(crate) fn push_light(&self, wanted: [bool; LIGHT.len()], out: &mut String) {
        out.push('{');
        let mut start = 0;
        for (end, wanted) in self.light.ends.iter().zip(wanted) {
            let end = *end as usize;
            if wanted {
                out.push_str(&self.light.text[start..end]);
            }
            start = end;
        }
        if out.ends_with(',') {
            out.pop();
        }
        out.push('}');
    }
}

impl Light {
    fn of(values: [&str; LIGHT.len()]) -> Light {
        let mut text = String::new();
        let mut ends = [0; LIGHT.len()];
        for (n, (name, value)) in LIGHT.iter().zip(values).enumerate() {
            if !value.is_empty() {
                text.push('"');
                text.push_str(name);
                text.push_str("\":");
                text.push_str(value);
                text.push(',');
            }
            ends[n] = text.len() as u32;
        }
        Light { text: text.into(), ends }
    }
}

/// The columns that searches look at, and the light members, of a body with these members.
fn columns_of<'b>(kind: Kind, members: impl Iterator<Item = (&'b str, &'b str)>) -> (Box<[Cell]>, Light) {
    let columns = kind.columns();
    let mut cells = vec![Cell::Null; columns.len()];
    let mut light: [&str; LIGHT.len()] = [""; LIGHT.len()];
    let mut left = columns.len();
    for (key, value) in members {
        if let Some(n) = LIGHT.iter().position(|name| *name == key) {
            light[n] = value;
        }
        let (column, value) = column_of(kind, key, value);
        if let Some(n) = kind.column(column) {
            cells[n] = cell(value);
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    if kind == Kind::Folder {
        name_shared_as_searches_do(&mut cells);
    }
    let light = if kind.is_heavy() { Light::of(light) } else { Light::default() };
    (cells.into(), light)
}

/// The column a member fills, and with what: mostly itself.
fn column_of<'a>(kind: Kind, key: &'a str, value: &'a str) -> (&'a str, &'a str) {
    match (kind, key) {
        (Kind::Dashboard | Kind::LookmlDashboard | Kind::Look, "certification_metadata") => {
            ("certification_status", json::member(value, "certification_status").unwrap_or("null"))
        }
        (Kind::User, "credentials_embed") => ("embed_user", if value == "[]" { "false" } else { "true" }),
        (Kind::Agent, "workflow_params") => {
            ("primary_agent_id", json::member(value, "primary_agent").unwrap_or("null"))
        }
        (Kind::Role, "permission_set") => ("built_in", json::member(value, "built_in").unwrap_or("false")),
        _ => (key, value),
    }
}

fn cell(value: &str) -> Cell {
    match value {
        "null" => Cell::Null,
        "true" => Cell::Bool(true),
        "false" => Cell::Bool(false),
        _ => match json::text(value) {
            Some(text) => Cell::Text(text.into()),
            None => value.parse().map_or_else(|_| Cell::Text(value.into()), Cell::Int),
        },
    }
}

/// The id a row is found by: its first column, and where that is not enough or
/// there is none, what the kind's documentation says.
fn id_of(kind: Kind, cells: &[Cell]) -> Box<str> {
    match (kind, cells) {
        (_, []) => "1".into(),
        (Kind::Artifact, [Cell::Text(key), Cell::Text(namespace), ..]) => {
            format!("{namespace}::{key}").into()
        }
        (_, [Cell::Text(id), ..]) => id.clone(),
        _ => Box::default(),
    }
}

/// The root that reads `Shared` is found by search only as `Home`
/// (`looker-api-facts.md` §2).
fn name_shared_as_searches_do(cells: &mut [Cell]) {
    let shared_root = Kind::Folder.column("is_shared_root").map(|n| cells[n] == Cell::Bool(true));
    if let (Some(true), Some(name)) = (shared_root, Kind::Folder.column("name")) {
        cells[name] = Cell::Text("Home".into());
    }
}

/// A body as text. Every body was a string before it became bytes.
pub(crate) fn as_text(body: &Bytes) -> &str {
    std::str::from_utf8(body).unwrap_or("{}")
}

/// Which light members `fields` asks for, if it asks for nothing else.
pub(crate) fn only_light(fields: &Fields) -> Option<[bool; LIGHT.len()]> {
    let mut wanted = [false; LIGHT.len()];
    if fields.is_nested() {
        return None;
    }
    for name in fields.names() {
        wanted[LIGHT.iter().position(|light| *light == name)?] = true;
    }
    Some(wanted)
}

/// Slots in ascending order: of live rows and of trashed ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    live: Vec<u32>,
    trashed: Vec<u32>,
}

impl Index {
    pub(crate) fn slots(&self, deleted: bool) -> &[u32] {
        if deleted { &self.trashed } else { &self.live }
    }

    fn insert(&mut self, slot: u32, deleted: bool) {
        let slots = if deleted { &mut self.trashed } else { &mut self.live };
        if let Err(at) = slots.binary_search(&slot) {
            slots.insert(at, slot);
        }
    }

    fn remove(&mut self, slot: u32, deleted: bool) {
        let slots = if deleted { &mut self.trashed } else { &mut self.live };
        if let Ok(at) = slots.binary_search(&slot) {
            slots.remove(at);
        }
    }
}

/// All objects of one kind.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    rows: Vec<Row>,
    by_id: HashMap<Box<str>, u32>,
    all: Index,
    by_folder: HashMap<Box<str>, Index>,
    /// Slots by title in lower case, of content; by slug, of dashboards. Each write asks
    /// whether these are taken.
    by_title: HashMap<Box<str>, Vec<u32>>,
    by_slug: HashMap<Box<str>, Vec<u32>>,
}

impl Table {
    pub(crate) fn new(kind: Kind) -> Table {
        Table {
            kind,
            rows: Vec::new(),
            by_id: HashMap::new(),
            all: Index::default(),
            by_folder: HashMap::new(),
            by_title: HashMap::new(),
            by_slug: HashMap::new(),
        }
    }

    /// Adds a row; ids must come in ascending order.
    pub(crate) fn push(&mut self, row: Row) {
        let slot = self.rows.len() as u32;
        self.by_id.insert(row.id.clone(), slot);
        self.rows.push(row);
        self.index(slot);
    }

    /// Puts a new state of a row in its place.
    pub(crate) fn replace(&mut self, slot: u32, row: Row) {
        self.unindex(slot);
        self.rows[slot as usize] = row;
        self.index(slot);
    }

    /// Takes a row away for ever.
    pub(crate) fn purge(&mut self, slot: u32) {
        self.unindex(slot);
        self.by_id.remove(&self.rows[slot as usize].id);
    }

    /// Keeps only some rows.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&Row) -> bool) {
        let rows = self.take_rows();
        for row in rows.into_iter().filter(wanted) {
            self.push(row);
        }
    }

    /// Adds rows of any ids; one whose id is taken takes the other's place.
    pub(crate) fn merge(&mut self, rows: Vec<Row>) {
        let mut by_id: HashMap<Box<str>, Row> =
            self.take_rows().into_iter().map(|row| (row.id.clone(), row)).collect();
        by_id.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
        let mut rows: Vec<Row> = by_id.into_values().collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| a.id.cmp(&b.id)));
        for row in rows {
            self.push(row);
        }
    }

    /// Takes all rows out, without those that were purged.
    fn take_rows(&mut self) -> Vec<Row> {
        let table = std::mem::replace(self, Table::new(self.kind));
        let Table { rows, by_id, .. } = table;
        let there = |(slot, row): (usize, Row)| (by_id.get(&row.id) == Some(&(slot as u32))).then_some(row);
        rows.into_iter().enumerate().filter_map(there).collect()
    }

    fn index(&mut self, slot: u32) {
        let row = &self.rows[slot as usize];
        self.all.insert(slot, row.deleted);
        if let Some(folder) = folder_of(self.kind, row) {
            self.by_folder.entry(folder.into()).or_default().insert(slot, row.deleted);
        }
        if let Some(title) = title_of(self.kind, row) {
            self.by_title.entry(title).or_default().push(slot);
        }
        if self.kind == Kind::Dashboard {
            self.by_slug.entry(row.text(self.kind, "slug").into()).or_default().push(slot);
        }
    }

    fn unindex(&mut self, slot: u32) {
        let row = &self.rows[slot as usize];
        self.all.remove(slot, row.deleted);
        if let Some(index) = folder_of(self.kind, row).and_then(|folder| self.by_folder.get_mut(folder)) {
            index.remove(slot, row.deleted);
        }
        if let Some(title) = title_of(self.kind, row) {
            forget(&mut self.by_title, &title, slot);
        }
        if self.kind == Kind::Dashboard {
            forget(&mut self.by_slug, row.text(self.kind, "slug"), slot);
        }
    }

    /// Content of a title, be it spelled in upper or in lower case.
    pub(crate) fn titled(&self, title: &str) -> impl Iterator<Item = &Row> {
        let slots = self.by_title.get(&*title.to_lowercase());
        slots.into_iter().flatten().map(|slot| self.row(*slot))
    }

    /// Dashboards of a slug.
    pub(crate) fn of_slug(&self, slug: &str) -> impl Iterator<Item = &Row> {
        self.by_slug.get(slug).into_iter().flatten().map(|slot| self.row(*slot))
    }

    pub(crate) fn row(&self, slot: u32) -> &Row {
        &self.rows[slot as usize]
    }

    /// The row of that id, trashed ones included.
    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Slots of all live or all trashed rows, ascending by id.
    pub(crate) fn slots(&self, deleted: bool) -> &[u32] {
        self.all.slots(deleted)
    }

    /// Slots of the rows in some folders, ascending by id.
    pub(crate) fn slots_in(&self, folders: &[&str], deleted: bool) -> Cow<'_, [u32]> {
        let of = |folder: &&str| self.by_folder.get(*folder).map_or(&[][..], |i| i.slots(deleted));
        if let [folder] = folders {
            return Cow::Borrowed(of(folder));
        }
        let mut slots: Vec<u32> = folders.iter().flat_map(of).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        Cow::Owned(slots)
    }

    /// The largest numeric id, 0 when there is none.
    pub(crate) fn largest_key(&self) -> u64 {
        self.rows.iter().rev().map(|row| row.key).find(|key| *key != u64::MAX).unwrap_or(0)
    }
}

/// The title of content in lower case.
fn title_of(kind: Kind, row: &Row) -> Option<Box<str>> {
    let is_content = matches!(kind, Kind::Dashboard | Kind::Look);
    is_content.then(|| row.text(kind, "title").to_lowercase().into())
}

/// Takes a slot out of those of a name.
fn forget(names: &mut HashMap<Box<str>, Vec<u32>>, name: &str, slot: u32) {
    if let Some(slots) = names.get_mut(name) {
        slots.retain(|other| *other != slot);
        if slots.is_empty() {
            names.remove(name);
        }
    }
}

/// What a row is indexed under: of content its folder, of others what they lie
/// in.
fn folder_of(kind: Kind, row: &Row) -> Option<&str> {
    let column = match kind {
        Kind::Dashboard | Kind::LookmlDashboard | Kind::Look => "folder_id",
        Kind::Folder => "parent_id",
        Kind::BoardSection => "board_id",
        Kind::BoardItem => "board_section_id",
        Kind::ContentMetadataAccess => "content_metadata_id",
        _ => return None,
    };
    Some(row.text(kind, column))
}
