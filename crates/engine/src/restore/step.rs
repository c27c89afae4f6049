//! A step of a restore: one request, as data.
//!
//! A plan is a list of steps that can be read by people, kept in a file and carried
//! out as it stands. What a request needs to know and nobody can know before, the
//! id of something that an earlier step makes, stands in it as a [`Symbol`]. Bodies
//! are text of the documents they come from: no number is ever converted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use looker::catalogue::{Method, Resource, Write};
use looker::pacing::Ledger;
use looker::rows::KEY_SEPARATOR;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A name for an id that is not known before a step was made: the resource, and the
/// key that the vault has of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Symbol {
    /// Name of a [`Resource`].
    pub resource: String,
    /// The stored key; of a placement, those of its layout and its tile.
    pub key: String,
}

/// An id in a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Id {
    /// It is known.
    Known(String),
    /// An earlier step gives it.
    Of(Symbol),
}

/// A value in the body of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// JSON as it is written.
    Json(Box<RawValue>),
    /// An id, as a string.
    Id(Id),
    /// A list.
    List(Vec<Part>),
    /// An object.
    Object(Vec<(String, Part)>),
    /// JSON as it is written, but for ids within its texts.
    Spliced(Vec<Piece>),
}

/// A piece of JSON with ids in its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// As it is written; by itself no JSON.
    Text(String),
    /// An id within a text.
    Id(Id),
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Makes something. Sent again only after looking for what it may have made.
    Create,
    /// Makes something of which there is only one of the same content: sent again
    /// it gives the same one.
    Reuse,
    /// Adds what there is once at most, such as a member; that it is there already is
    /// as good.
    Add,
    /// Changes something; may be sent again.
    Update,
    /// Brings something back from the trash; may be sent again.
    Undelete,
    /// Deletes something; that it is gone already is as good.
    Delete,
    /// Reads, to learn ids that come by themselves.
    Look,
}

impl Verb {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Reuse => "reuse",
            Self::Add => "add",
            Self::Update => "update",
            Self::Undelete => "undelete",
            Self::Delete => "delete",
            Self::Look => "look",
        }
    }
}

/// An id that the answer of a step tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// What it is the id of.
    pub symbol: Symbol,
    /// Where the answer has it.
    pub at: At,
}

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The `id` of what was made.
    Id,
    /// The `id` of the layout that a new dashboard has.
    ActiveLayout,
    /// The `personal_folder_id` of a new user: Looker makes that folder with it.
    PersonalFolder,
    /// The `id` of the placement that a tile has: in this layout where it is there,
    /// else in whichever has it.
    Placement {
        /// The layout.
        layout: Id,
        /// The tile.
        tile: Id,
    },
    /// The `content_metadata_id` of what was made: its place in the tree of access.
    ContentMetadata,
    /// The `id` of the row of an access list that is of this group or user.
    Row {
        /// `group_id` or `user_id`.
        field: String,
        /// Whose it is.
        of: Id,
    },
}

/// What was there when the plan was made: how what an unanswered creation has made is
/// told from it, and whether a list that is replaced is still the one that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Among {
    /// Ids of its like that were there when the plan was made.
    pub known: BTreeSet<String>,
}

/// One request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Counted from 1 within the plan.
    pub number: u32,
    /// The object that it is made for: its place in the plan's list.
    pub object: usize,
    /// What it does.
    pub verb: Verb,
    /// Name of the [`Resource`] that it writes.
    pub resource: String,
    /// The stored key of what it writes.
    pub key: String,
    /// In words, for instance `tile "Revenue": title, query`.
    pub about: String,
    /// Id in the path; none where something is made.
    pub target: Option<Id>,
    /// The id at the other end of an edge, which fills the second place of the path
    /// where there are two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Id>,
    /// The user as whom it is made, where Looker takes it from nobody else; the account's
    /// own where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_user: Option<Id>,
    /// Members of the body, or of the answer's `fields` where it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<(String, Part)>,
    /// Steps that must be done before, by number.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<u32>,
    /// Ids that the answer tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gives: Vec<Given>,
    /// For a creation, and for a list that is replaced: what was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Among>,
    /// Why an undo could not give back exactly what it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irreversible: Option<String>,
}

/// Ids that are known of symbols.
pub type Ids = BTreeMap<Symbol, String>;

impl Symbol {
    /// A symbol of a resource's key.
    pub fn new(resource: &str, key: impl Into<String>) -> Self {
        Self { resource: resource.to_owned(), key: key.into() }
    }

    /// The placement of a tile in a layout.
    pub fn placement(layout: &str, tile: &str) -> Self {
        Self::new("dashboard_layout_components", format!("{layout}/{tile}"))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.key)
    }
}

impl Id {
    /// The id, once it is known.
    ///
    /// # Errors
    /// The symbol of which nothing is known.
    pub fn resolve<'a>(&'a self, ids: &'a Ids) -> Result<&'a str, &'a Symbol> {
        match self {
            Self::Known(id) => Ok(id),
            Self::Of(symbol) => ids.get(symbol).map(String::as_str).ok_or(symbol),
        }
    }

    /// The id, or the key of what it is the id of.
    pub fn text(&self) -> &str {
        match self {
            Self::Known(id) => id,
            Self::Of(symbol) => &symbol.key,
        }
    }

    /// The symbol that it waits for.
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Known(_) => None,
            Self::Of(symbol) => Some(symbol),
        }
    }
}

impl Part {
    /// JSON text as it is.
    pub fn json(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().map(Self::Json)
    }

    /// A string.
    pub fn string(text: &str) -> Self {
        let text = serde_json::Value::String(text.to_owned()).to_string();
        // A JSON string is JSON.
        Self::json(&text).unwrap_or(Self::List(Vec::new()))
    }

    /// Writes it out.
    ///
    /// # Errors
    /// The first symbol of which no id is known.
    pub fn write<'a>(&'a self, ids: &'a Ids, out: &mut String) -> Result<(), &'a Symbol> {
        match self {
            Self::Json(text) => out.push_str(text.get()),
            Self::Id(Id::Known(id)) => out.push_str(&quoted(id)),
            Self::Id(Id::Of(symbol)) => out.push_str(&quoted(ids.get(symbol).ok_or(symbol)?)),
            Self::List(parts) => {
                out.push('[');
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    part.write(ids, out)?;
                }
                out.push(']');
            }
            Self::Object(members) => write_members(members, ids, out)?,
            Self::Spliced(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Id(id) => out.push_str(quoted(id.resolve(ids)?).trim_matches('"')),
                    }
                }
            }
        }
        Ok(())
    }

    /// Leaves the links to something as they were stored: it will not be made.
    pub(super) fn unlink(&mut self, lost: &dyn Fn(&Symbol) -> bool) {
        match self {
            Self::Json(_) | Self::Id(_) => {}
            Self::List(parts) => parts.iter_mut().for_each(|part| part.unlink(lost)),
            Self::Object(members) => members.iter_mut().for_each(|(_, part)| part.unlink(lost)),
            Self::Spliced(pieces) => {
                for piece in pieces {
                    if let Piece::Id(Id::Of(symbol)) = piece
                        && lost(symbol)
                    {
                        *piece = Piece::Text(std::mem::take(&mut symbol.key));
                    }
                }
            }
        }
    }

    /// Hands every symbol in it to `each`.
    pub fn symbols<'a>(&'a self, each: &mut impl FnMut(&'a Symbol)) {
        self.ids(&mut |id| id.symbol().into_iter().for_each(&mut *each));
    }
}

/// All ids in a step but those that it gives: to be looked at, and to be changed.
macro_rules! all_ids {
    ($ids:ident $(, $mut:tt)?) => {
        impl Part {
            /// Hands every id in it to `each`.
            pub(super) fn $ids<'a>(&'a $($mut)? self, each: &mut impl FnMut(&'a $($mut)? Id)) {
                match self {
                    Self::Json(_) => {}
                    Self::Id(id) => each(id),
                    Self::List(parts) => {
                        for part in parts {
                            part.$ids(each);
                        }
                    }
                    Self::Object(members) => {
                        for (_, part) in members {
                            part.$ids(each);
                        }
                    }
                    Self::Spliced(pieces) => {
                        for piece in pieces {
                            if let Piece::Id(id) = piece {
                                each(id);
                            }
                        }
                    }
                }
            }
        }

        impl Step {
            /// Hands every id that it waits for, or may wait for, to `each`.
            pub(super) fn $ids<'a>(&'a $($mut)? self, each: &mut impl FnMut(&'a $($mut)? Id)) {
                let Step { target, second, as_user, .. } = self;
                [target, second, as_user].into_iter().flatten().for_each(&mut *each);
                for (_, part) in &$($mut)? self.body {
                    part.$ids(each);
                }
                for given in &$($mut)? self.gives {
                    match &$($mut)? given.at {
                        At::Placement { layout, tile } => [layout, tile].into_iter().for_each(&mut *each),
                        At::Row { of, .. } => each(of),
                        At::Id | At::ActiveLayout | At::ContentMetadata | At::PersonalFolder => {}
                    }
                }
            }
        }
    };
}

all_ids!(ids);
all_ids!(ids_mut, mut);

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(a), Self::Json(b)) => a.get() == b.get(),
            (Self::Id(a), Self::Id(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Spliced(a), Self::Spliced(b)) => a == b,
            _ => false,
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn write_members<'a>(
    members: &'a [(String, Part)],
    ids: &'a Ids,
    out: &mut String,
) -> Result<(), &'a Symbol> {
    out.push('{');
    for (at, (name, part)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quoted(name));
        out.push(':');
        part.write(ids, out)?;
    }
    out.push('}');
    Ok(())
}

impl Step {
    /// What it writes. `None` in a plan of a later version.
    pub fn resource(&self) -> Option<&'static Resource> {
        Resource::find(&self.resource)
    }

    /// The operation that it writes by; `None` where it reads, or where this build
    /// knows of none.
    pub fn write(&self) -> Option<&'static Write> {
        let resource = self.resource()?;
        match self.verb {
            Verb::Create | Verb::Reuse | Verb::Add => resource.create.as_ref(),
            Verb::Update | Verb::Undelete => resource.update.as_ref(),
            Verb::Delete => resource.delete.as_ref(),
            Verb::Look => None,
        }
    }

    /// How it is sent, where to (with places for ids), and where it is booked.
    pub fn operation(&self) -> Option<(Method, &'static str, Ledger)> {
        if self.verb == Verb::Look {
            let siblings = self.resource()?.siblings.as_ref()?;
            return Some((Method::Get, siblings.operation.path, siblings.operation.ledger));
        }
        let write = self.write()?;
        Some((write.method, write.operation.path, write.operation.ledger))
    }

    /// The body of its request.
    ///
    /// # Errors
    /// The first symbol of which no id is known.
    pub fn render<'a>(&'a self, ids: &'a Ids) -> Result<String, &'a Symbol> {
        let mut out = String::new();
        match self.body.as_slice() {
            [(_, list)] if self.resource().is_some_and(|resource| resource.is_list) => {
                list.write(ids, &mut out)?;
            }
            members => write_members(members, ids, &mut out)?,
        }
        Ok(out)
    }

    /// What fills the path of its request.
    ///
    /// # Errors
    /// The first symbol of which no id is known.
    pub fn place<'a>(&'a self, ids: &'a Ids) -> Result<Option<String>, &'a Symbol> {
        let Some(target) = &self.target else { return Ok(None) };
        let target = target.resolve(ids)?;
        let has_two = self.write().is_some_and(|write| write.operation.path.matches('{').count() > 1);
        Ok(Some(match self.second.as_ref().filter(|_| has_two) {
            Some(second) => format!("{target}{KEY_SEPARATOR}{}", second.resolve(ids)?),
            None => target.to_owned(),
        }))
    }

    /// Leaves links to what will not be made as they were stored.
    pub(super) fn unlink(&mut self, lost: &dyn Fn(&Symbol) -> bool) {
        self.body.iter_mut().for_each(|(_, part)| part.unlink(lost));
    }

    /// Leaves out of the body what holds a symbol.
    pub(super) fn leave_out(&mut self, symbol: &Symbol) {
        self.body.retain(|(_, part)| {
            let mut holds = false;
            part.symbols(&mut |other| holds |= other == symbol);
            !holds
        });
    }

    /// Hands every symbol that it waits for to `each`.
    pub fn symbols<'a>(&'a self, each: &mut impl FnMut(&'a Symbol)) {
        self.ids(&mut |id| id.symbol().into_iter().for_each(&mut *each));
    }
}

#[cfg(test)]
mod tests;
