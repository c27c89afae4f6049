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

mod kinds;

pub use kinds::KINDS;

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
    /// Where all of them are listed.
    pub list: List,
    /// Where the fields that every kind has are found in a row.
    pub envelope: Envelope,
    /// What identifies an object on another instance.
    pub natural_key: &'static [&'static str],
    /// Fields that hold ids of other kinds.
    pub references: &'static [Reference],
    /// Fields that may be written.
    pub writable: &'static [&'static str],
    /// Fields that change without an edit; kept apart from the body.
    pub volatile: &'static [FieldPattern],
    /// Secrets that the API returns; never stored.
    pub redacted: &'static [FieldPattern],
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
    Whole(Operation),
    /// Pages by `limit` and `offset`.
    Paged(Paged),
}

/// A paged list.
#[derive(Debug, PartialEq, Eq)]
pub struct Paged {
    /// The operation that lists.
    pub operation: Operation,
    /// `sorts` that makes offsets stable.
    pub sorts: &'static str,
    /// Rows a page unless the user says otherwise.
    pub page: u32,
    /// `fields` of a light listing: id, stamp and folder where there are any.
    pub light_fields: &'static str,
    /// Parameter that filters by one folder.
    pub folder: Option<&'static str>,
    /// Parameter and value that list the trash instead of what is live.
    pub trash: Option<(&'static str, &'static str)>,
    /// Parameter that picks objects by id, in rows of the same shape as pages.
    pub by_id: &'static str,
}

/// Names of the fields that every kind has under some name.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What people call it.
    pub title: &'static str,
    /// The id of the folder it lies in.
    pub folder: Option<&'static str>,
    /// When it was last edited, where the API says so.
    pub updated_at: Option<&'static str>,
    /// When it was made: the birth mark.
    pub created_at: Option<&'static str>,
}

/// A field that holds ids of another kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// Path from the root; arrays are passed through.
    pub path: &'static str,
    /// Name of the kind referred to.
    pub kind: &'static str,
}

/// Which fields of a document are meant.
#[derive(Debug, PartialEq, Eq)]
pub enum FieldPattern {
    /// A key at any depth.
    Anywhere(&'static str),
    /// A key that ends so, at any depth.
    Suffix(&'static str),
    /// Keys from the root; arrays are passed through.
    Path(&'static [&'static str]),
}

impl fmt::Display for FieldPattern {
    /// `**.can`, `**.*_as_html`, or a path with dots.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere(key) => write!(f, "**.{key}"),
            Self::Suffix(end) => write!(f, "**.*{end}"),
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
            List::Whole(_) => None,
        }
    }

    /// The operation that lists the kind.
    pub fn operation(&self) -> &Operation {
        match &self.list {
            List::Whole(operation) => operation,
            List::Paged(paged) => &paged.operation,
        }
    }

    /// Whether the kind lies in folders, so that `--folder-ids` narrows it.
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
            assert!(!kind.natural_key.is_empty(), "{}", kind.name);
            for reference in kind.references {
                assert!(Kind::find(reference.kind).is_some(), "{} -> {}", kind.name, reference.kind);
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
            let operation = kind.operation();
            let entry = &document["paths"][operation.path]["get"];
            assert_eq!(entry["operationId"], operation.id);
            let activity = entry["x-looker-activity-type"].as_str().unwrap();
            let ledger = match activity {
                "non_query" => Ledger::Administrative,
                "db_query" => Ledger::QueryBased,
                _ => Ledger::Unmetered,
            };
            assert_eq!(ledger, operation.ledger, "{}", kind.name);
            let parameters: Vec<&str> = entry["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            if let Some(paged) = kind.paged() {
                for needed in ["limit", "offset", "sorts", "fields", paged.by_id]
                    .into_iter()
                    .chain(paged.folder)
                    .chain(paged.trash.map(|(name, _)| name))
                {
                    assert!(parameters.contains(&needed), "{} takes no {needed}", operation.id);
                }
            }
            let properties = &document["components"]["schemas"][kind.looker_type]["properties"];
            for field in kind.writable {
                assert!(properties[*field]["readOnly"] != true, "{}.{field} is read-only", kind.name);
                assert!(!properties[*field].is_null(), "{}.{field} is unknown", kind.name);
            }
            let envelope = &kind.envelope;
            for field in [Some(envelope.title), envelope.folder, envelope.updated_at, envelope.created_at]
                .into_iter()
                .flatten()
            {
                assert!(!properties[field].is_null(), "{}.{field} is unknown", kind.name);
            }
        }
    }
}
