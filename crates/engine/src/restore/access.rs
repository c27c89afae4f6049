//! Access lists: who may see and edit a folder or a board.
//!
//! Content inherits the list of what it lies in until it has one of its own, which begins
//! as a copy of what was inherited. So a list is given back in up to three steps: the
//! content stops to inherit, the rows of the copy are looked at, and those that differ
//! are changed, added or taken away. Rows that are as they should be are not touched.

use looker::catalogue::Resource;

use super::compose::Composer;
use super::step::{At, Given, Id, Part, Symbol, Verb};
use super::values::name_of;
use crate::diff::Value;

/// The field that names a holder, and the kind of it.
const HOLDERS: [(&str, &str); 2] = [("group_id", "groups"), ("user_id", "users")];

/// A row of an access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its id on the instance; none of one that will be copied.
    pub(super) id: Option<String>,
    /// `group_id` or `user_id`.
    field: &'static str,
    /// The kind of the holder.
    kind: &'static str,
    /// The holder: of a live row by its id, of a stored one by the key that it had.
    holder: Id,
    /// `view` or `edit`, as JSON.
    permission: String,
}

/// The rows of a list that is live.
pub(super) fn live_rows(list: &Value<'_>) -> Vec<Row> {
    rows(list, &|_, id| Id::Known(id))
}

/// The rows of a list of the vault.
pub(super) fn stored_rows(list: &Value<'_>) -> Vec<Row> {
    rows(list, &|kind, key| Id::Of(Symbol::new(kind, key)))
}

/// Whether two lists give the same access to the same groups and users.
pub(super) fn are_same(a: &[Row], b: &[Row]) -> bool {
    let gives = |row: &Row, list: &[Row]| {
        list.iter()
            .any(|one| (one.field, &one.holder, &one.permission) == (row.field, &row.holder, &row.permission))
    };
    a.len() == b.len() && a.iter().all(|row| gives(row, b))
}

/// A list as a plan leaves it, its holders as they are on the instance.
pub(super) fn planned_rows(composer: &Composer<'_>, wanted: Vec<Row>) -> Vec<Row> {
    let placed = |row: Row| {
        let holder = placed(composer, &row)?;
        Some(Row { id: None, holder, ..row })
    };
    wanted.into_iter().filter_map(placed).collect()
}

fn rows(list: &Value<'_>, holder: &dyn Fn(&'static str, String) -> Id) -> Vec<Row> {
    let row = |row: &Value<'_>| {
        let said = |field: &str| row.member(field).filter(|value| value.text() != "null");
        let (field, kind) = HOLDERS.into_iter().find(|(field, _)| said(field).is_some())?;
        Some(Row {
            id: said("id").and_then(Value::as_name).map(std::borrow::Cow::into_owned),
            field,
            kind,
            holder: holder(kind, said(field)?.as_name()?.into_owned()),
            permission: said("permission_type").map_or("null", Value::text).to_owned(),
        })
    };
    list.elements().iter().filter_map(row).collect()
}

/// What the instance has of a list.
pub(super) struct There {
    /// The place of its content in the tree of access.
    pub(super) metadata: Id,
    /// Whether the content inherits, so that the list has to be begun.
    pub(super) inherits: bool,
    /// Its rows; of content that inherits those that it will begin with.
    pub(super) rows: Vec<Row>,
    /// Whether ids of groups and users are those that were stored: it is the same
    /// content, so it is the same instance.
    pub(super) same_ids: bool,
}

/// Makes a list what it should be; `key` is the vault's of it.
pub(super) fn compose(composer: &mut Composer<'_>, key: &str, there: &There, wanted: &[Row]) {
    let (Some(list), Some(resource)) =
        (Resource::find("content_metadata_access"), Resource::find("access_rows"))
    else {
        return;
    };
    if there.inherits {
        composer.changes.push("a list of its own".to_owned());
        inherit(composer, list, key, &there.metadata, false);
    }
    let mut surplus: Vec<&Row> = there.rows.iter().collect();
    let (mut to_make, mut to_change) = (Vec::new(), Vec::new());
    for row in wanted {
        let Some(holder) = holder(composer, row) else { continue };
        let is_its =
            |live: &&Row| live.field == row.field && is_of(composer, &holder, there.same_ids, &live.holder);
        let at = surplus.iter().position(is_its);
        match at.map(|at| surplus.remove(at)) {
            None => to_make.push((row, holder)),
            Some(live) if live.permission != row.permission => to_change.push((row, live)),
            Some(_) => {}
        }
    }
    if there.inherits && !(to_change.is_empty() && surplus.is_empty()) {
        let copies = to_change.iter().map(|(_, live)| *live).chain(surplus.iter().copied());
        look(composer, resource, key, &there.metadata, copies);
    }
    let target = |row: &Row| match &row.id {
        Some(id) if !there.inherits => Id::Known(id.clone()),
        _ => Id::Of(copy(key, row)),
    };
    for (row, live) in to_change {
        let about = about(composer, row, "changed");
        let body = vec![permission(row)];
        composer.add(Verb::Update, resource, key.to_owned(), about, Some(target(live)), body);
    }
    for (row, holder) in to_make {
        let about = about(composer, row, "added");
        let metadata = ("content_metadata_id".to_owned(), Part::Id(there.metadata.clone()));
        let body = vec![metadata, (row.field.to_owned(), Part::Id(holder)), permission(row)];
        let row_key = copy(key, row).key;
        composer.add(Verb::Create, resource, row_key, about, None, body);
    }
    for live in surplus {
        let about = about(composer, live, "removed");
        composer.add(Verb::Delete, resource, key.to_owned(), about, Some(target(live)), Vec::new());
    }
}

/// Lets content inherit its access, or not.
pub(super) fn inherit(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    key: &str,
    metadata: &Id,
    inherits: bool,
) {
    let word = if inherits { "true" } else { "false" };
    let body: Vec<_> = Part::json(word).map(|part| ("inherits".to_owned(), part)).into_iter().collect();
    let about = format!("access: inherits {word}");
    composer.add(Verb::Update, resource, key.to_owned(), about, Some(metadata.clone()), body);
}

/// Reads which ids the copied rows have.
fn look<'r>(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    key: &str,
    metadata: &Id,
    copies: impl Iterator<Item = &'r Row>,
) {
    let body = vec![("content_metadata_id".to_owned(), Part::Id(metadata.clone()))];
    let about = "the rows that were inherited".to_owned();
    composer.add(Verb::Look, resource, key.to_owned(), about, None, body);
    if let Some(step) = composer.steps.last_mut() {
        let given = |row: &Row| Given {
            symbol: copy(key, row),
            at: At::Row { field: row.field.to_owned(), of: row.holder.clone() },
        };
        step.gives = copies.map(given).collect();
    }
}

/// The row of a holder in a list, before its id is known.
fn copy(list: &str, row: &Row) -> Symbol {
    Symbol::new("access_rows", format!("{list}/{}/{}", row.field, row.key()))
}

fn permission(row: &Row) -> (String, Part) {
    ("permission_type".to_owned(), Part::json(&row.permission).unwrap_or(Part::List(Vec::new())))
}

/// Says of a row what becomes of it.
fn about(composer: &mut Composer<'_>, row: &Row, words: &str) -> String {
    let singular = if row.kind == "groups" { "group" } else { "user" };
    let name = name_of(composer, row.kind, row.key());
    let permission = row.permission.trim_matches('"');
    let about = format!("{permission} for {singular} {name}");
    composer.changes.push(format!("{about} {words}"));
    about
}

impl Row {
    /// The holder's id or key.
    fn key(&self) -> &str {
        self.holder.text()
    }
}

/// What the holder of a stored row is on the instance; nothing where it is not there.
fn placed(composer: &Composer<'_>, row: &Row) -> Option<Id> {
    let id = composer.id(row.kind, row.key());
    Some(id).filter(|id| id.symbol().is_none_or(|symbol| !composer.world.absent.contains(symbol)))
}

/// The same, with a note about who is not there.
fn holder(composer: &mut Composer<'_>, row: &Row) -> Option<Id> {
    let holder = placed(composer, row);
    if holder.is_none() {
        let singular = if row.kind == "groups" { "group" } else { "user" };
        let name = name_of(composer, row.kind, row.key());
        composer.note(format!("{singular} {name} is not there any more: it gets no access"));
    }
    holder
}

/// Whether a live row is of this holder. Of the same instance a row under the stored id
/// is: then nobody has to ask for the holder itself.
fn is_of(composer: &Composer<'_>, holder: &Id, same_ids: bool, live: &Id) -> bool {
    match (holder, live) {
        (Id::Of(symbol), Id::Known(id)) => {
            same_ids && !composer.world.made.contains(symbol) && symbol.key == *id
        }
        (holder, live) => holder == live,
    }
}
