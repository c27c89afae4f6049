//! The content kinds, one entry each.
//!
//! An entry says all that differs between kinds: Looker's names, where the kind
//! is listed and what filters the list takes, what identifies an object, which
//! fields other kinds are referred to by, which may be written, and which change
//! without an edit. Extraction, listings and the documentation read the
//! catalogue; **adding a kind is adding an entry** to [`KINDS`].
//!
//! Sources: the official API document (release 4.0.26.12) for operations,
//! ledgers and fields; what real servers were seen to answer for the rest.

mod access;
mod built_in;
mod cadence;
mod compare;
mod content;
mod delivery;
mod each;
mod favorites;
mod grants;
mod group;
mod kinds;
mod known;
mod model;
mod not_kept;
mod permissions;
mod referents;
mod relations;
mod resource;
mod resources;
mod secrets;
mod settings;

pub use built_in::{BUILT_INS, BuiltIn, built_in};
pub use cadence::Cadence;
pub use compare::{Compare, Part};
pub use each::{AnswerShape, Each, Field, KeyIn, Only, Refresh, Source};
pub use group::Group;
pub use kinds::KINDS;
pub use known::{Property, property};
pub use not_kept::{NOT_KEPT, NotKept};
pub use permissions::{ADMINISTER, Evidence, Permission};
pub use referents::{REFERENTS, Referent, told_name};
pub use relations::{By, RELATIONS, Relation};
pub use resource::{Method, Resource, Siblings, Write};
pub use resources::RESOURCES;

use std::fmt;

use crate::pacing::Ledger;

/// A kind of content.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Plural name, as typed: `dashboards`.
    pub name: &'static str,
    /// One of them: `dashboard`.
    pub singular: &'static str,
    /// Name of the type in the API document.
    pub looker_type: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// The group it is chosen with.
    pub group: Group,
    /// Where all of them are listed.
    pub list: List,
    /// How often it is read unless the user says otherwise.
    pub cadence: Cadence,
    /// Whether a restore can write it back.
    pub restore: Restore,
    /// Where the fields that every kind has are found in a row.
    pub envelope: Envelope,
    /// What identifies an object on another instance.
    pub natural_key: &'static [&'static str],
    /// Fields that hold ids of other kinds.
    pub references: &'static [Reference],
    /// Fields that hold ids as well, and bind nothing by themselves: who changed it last,
    /// what the server's own list repeats, parts of objects, which are followed by rules
    /// of their own. Whether they lead anywhere is looked at; no impact, no use and no
    /// restore comes of them.
    pub told: &'static [Reference],
    /// Fields that may be written.
    pub writable: &'static [&'static str],
    /// Fields that change without an edit; kept apart from the body.
    pub volatile: &'static [FieldPattern],
    /// Secrets that the API returns; never stored.
    pub redacted: &'static [FieldPattern],
    /// Where what is sent goes, as far as knowing it is a right to use it; stored
    /// only when a person asks for that.
    pub destinations: &'static [FieldPattern],
    /// What no API call can read, in words.
    pub never_saved: &'static [&'static str],
    /// How two documents of the kind are compared.
    pub compare: Compare,
}

/// Whether a restore can write a kind back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// Created, updated and, where there is a trash, undeleted.
    Full,
    /// Kept for reference; why it cannot be written.
    No(&'static str),
}

/// An API operation that reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Operation id in the API document.
    pub id: &'static str,
    /// Path below `/api/4.0`.
    pub path: &'static str,
    /// Where its calls are booked.
    pub ledger: Ledger,
}

/// How a kind is listed.
#[derive(Debug, PartialEq, Eq)]
pub enum List {
    /// One call answers all; the answer is a moment's truth by itself.
    Whole(Whole),
    /// Pages by `limit` and `offset`.
    Paged(Paged),
    /// One call an object: each the only one of its sort, under the operation's id.
    Singles(&'static [Operation]),
    /// One call for each object of another kind.
    Each(Each),
}

/// A list that is answered whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    /// The operation that lists.
    pub operation: Operation,
    /// Parameters of every call.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// A paged list.
#[derive(Debug, PartialEq, Eq)]
pub struct Paged {
    /// The operation that lists.
    pub operation: Operation,
    /// Parameters of every call.
    pub parameters: &'static [(&'static str, &'static str)],
    /// `sorts` that makes offsets stable; `None` where the operation has none.
    pub sorts: Option<&'static str>,
    /// Rows a page unless the user says otherwise.
    pub page: u32,
    /// `fields` of a light listing: id, stamps, folder and what is counted, where there
    /// are any.
    pub light_fields: &'static str,
    /// Parameter that filters by one folder.
    pub folder: Option<&'static str>,
    /// Parameter and value that list the trash instead of what is live.
    pub trash: Option<(&'static str, &'static str)>,
    /// Parameter that picks objects by id, in rows of the same shape as pages.
    pub by_id: Option<&'static str>,
}

/// Names of the fields that every kind has under some name.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What identifies it on its instance: one field, or several whose values are
    /// joined with `::`. Without any, the call that was made does.
    pub id: &'static [&'static str],
    /// What people call it.
    pub title: &'static str,
    /// The id of the folder it lies in.
    pub folder: Option<&'static str>,
    /// When it was last edited, where the API says so.
    pub updated_at: Option<&'static str>,
    /// When it was made: the birth mark.
    pub created_at: Option<&'static str>,
}

impl Envelope {
    /// The members of an object that it is read from, each once.
    pub fn members(&self) -> Vec<&'static str> {
        let mut members = self.id.to_vec();
        for member in [Some(self.title), self.folder, self.updated_at, self.created_at].into_iter().flatten()
        {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        members
    }
}

/// A field that holds ids of another kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// Path from the root; arrays are passed through.
    pub path: &'static str,
    /// Name of the kind referred to, or of a [`Referent`].
    pub kind: &'static str,
}

/// Which fields of a document are meant.
#[derive(Debug, PartialEq, Eq)]
pub enum FieldPattern {
    /// A key at any depth.
    Anywhere(&'static str),
    /// A key that ends so, at any depth.
    Suffix(&'static str),
    /// A key at any depth, where its text has this content.
    Holding(&'static str, Content),
    /// Keys from the root; arrays are passed through.
    Path(&'static [&'static str]),
}

/// What a text may hold that makes it a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An address that is no e-mail address.
    Address,
    /// A password, key or token, in an address or assigned to a name.
    Credentials,
}

impl fmt::Display for FieldPattern {
    /// `**.can`, `**.*_as_html`, a path with dots; `**.address[address]` for what
    /// depends on the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere(key) => write!(f, "**.{key}"),
            Self::Suffix(end) => write!(f, "**.*{end}"),
            Self::Holding(key, Content::Address) => write!(f, "**.{key}[address]"),
            Self::Holding(key, Content::Credentials) => write!(f, "**.{key}[credentials]"),
            Self::Path(keys) => f.write_str(&keys.join(".")),
        }
    }
}

impl Kind {
    /// Finds a kind by what a person may type: plural or singular, any case,
    /// with `_` or `-`.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = name.trim().to_ascii_lowercase().replace('-', "_");
        KINDS.iter().find(|kind| kind.name == name || kind.singular == name)
    }

    /// The paged list, if the kind has one.
    pub fn paged(&self) -> Option<&Paged> {
        match &self.list {
            List::Paged(paged) => Some(paged),
            _ => None,
        }
    }

    /// The one-call-an-object list, if the kind has one.
    pub fn each(&self) -> Option<&Each> {
        match &self.list {
            List::Each(each) => Some(each),
            _ => None,
        }
    }

    /// The operations that read the kind.
    pub fn operations(&self) -> Vec<&Operation> {
        match &self.list {
            List::Whole(whole) => vec![&whole.operation],
            List::Paged(paged) => vec![&paged.operation],
            List::Singles(operations) => operations.iter().collect(),
            List::Each(each) => vec![&each.operation],
        }
    }

    /// Whether the kind lies in folders, so that `--folder` narrows it.
    pub fn lies_in_folders(&self) -> bool {
        self.paged().is_some_and(|paged| paged.folder.is_some())
    }

    /// Whether the kind has a trash of its own.
    pub fn has_trash(&self) -> bool {
        self.paged().is_some_and(|paged| paged.trash.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_as_people_type_them() {
        for name in ["dashboards", "dashboard", "Dashboards", " DASHBOARD "] {
            assert_eq!(Kind::find(name).unwrap().name, "dashboards");
        }
        assert_eq!(Kind::find("dashbord"), None);
    }

    #[test]
    fn names_are_unique_and_references_lead_somewhere() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert!(KINDS.iter().skip(index + 1).all(|other| other.name != kind.name));
            let keyed = !kind.natural_key.is_empty() || kind.envelope.id.is_empty();
            assert!(keyed || matches!(kind.list, List::Each(_)), "{}", kind.name);
            assert!(Group::find(kind.name).or(Group::find(kind.singular)).is_none(), "{}", kind.name);
            for reference in kind.references.iter().chain(kind.told) {
                let leads = Kind::find(reference.kind).is_some() || Referent::find(reference.kind).is_some();
                assert!(leads, "{} -> {}", kind.name, reference.kind);
            }
        }
    }

    fn parameters_of(kind: &Kind) -> Vec<&'static str> {
        match &kind.list {
            List::Whole(whole) => whole.parameters.iter().map(|(name, _)| *name).collect(),
            List::Singles(_) => Vec::new(),
            List::Each(each) => {
                let fixed = each.parameters.iter().map(|(name, _)| *name);
                let key = match each.key {
                    KeyIn::Path => None,
                    KeyIn::Parameter(name) => Some(name),
                };
                fixed.chain(key).collect()
            }
            List::Paged(paged) => {
                let fixed = paged.parameters.iter().map(|(name, _)| *name);
                let filters = paged.folder.into_iter().chain(paged.trash.map(|(name, _)| name));
                let sorts = paged.sorts.map(|_| "sorts");
                ["limit", "offset", "fields"]
                    .into_iter()
                    .chain(fixed)
                    .chain(filters)
                    .chain(sorts)
                    .chain(paged.by_id)
                    .collect()
            }
        }
    }

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn entries_agree_with_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        for kind in KINDS {
            for operation in kind.operations() {
                let entry = &document["paths"][operation.path]["get"];
                assert_eq!(entry["operationId"], operation.id);
                let activity = entry["x-looker-activity-type"].as_str().unwrap();
                let ledger = match activity {
                    "non_query" => Ledger::Administrative,
                    "db_query" => Ledger::QueryBased,
                    _ => Ledger::Unmetered,
                };
                assert_eq!(ledger, operation.ledger, "{}", operation.id);
                for needed in parameters_of(kind) {
                    let parameters = entry["parameters"].as_array().unwrap();
                    let known = parameters.iter().any(|parameter| parameter["name"] == needed);
                    assert!(known, "{} takes no {needed}", operation.id);
                }
            }
            if kind.looker_type.is_empty() {
                continue;
            }
            let properties = &document["components"]["schemas"][kind.looker_type]["properties"];
            for field in kind.writable {
                assert!(properties[*field]["readOnly"] != true, "{}.{field} is read-only", kind.name);
                assert!(!properties[*field].is_null(), "{}.{field} is unknown", kind.name);
            }
            let envelope = &kind.envelope;
            let named = [envelope.folder, envelope.updated_at, envelope.created_at].into_iter().flatten();
            let title = Some(envelope.title).filter(|title| !title.is_empty());
            for field in named.chain(title).chain(envelope.id.iter().copied()) {
                assert!(!properties[field].is_null(), "{}.{field} is unknown", kind.name);
            }
        }
    }
}
