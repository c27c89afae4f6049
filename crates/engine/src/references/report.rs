//! What is told of references, for people and scripts.

use serde::Serialize;
use vault::Referrer;

use super::{References, Unchecked};

/// Where references lead, for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReferenceReport {
    /// By kind referred to: references that lead nowhere.
    pub dangling: Vec<DanglingKind>,
    /// Them, or the first of them, with who holds them.
    pub named: Vec<DanglingReference>,
    /// References that could not be checked.
    pub unchecked: Vec<Unchecked>,
    /// Distinct objects of Looker's own that are referred to and in no list.
    pub built_in: u64,
}

/// How many references to a kind lead nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DanglingKind {
    /// The kind referred to.
    pub kind: String,
    /// Distinct keys that are not there.
    pub references: u64,
    /// Objects that refer to one; an object counts once for each.
    pub holders: u64,
}

/// A reference that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DanglingReference {
    /// The kind referred to.
    pub kind: String,
    /// The key that is not there.
    pub id: String,
    /// How many objects hold it.
    pub holders: u64,
    /// Them, or the first of them.
    pub held_by: Vec<Holder>,
}

/// A live object that holds a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its kind.
    pub kind: String,
    /// Looker's id.
    pub id: String,
    /// Title or name.
    pub title: Option<String>,
    /// The folder it lies in.
    pub folder_id: Option<String>,
}

impl ReferenceReport {
    /// Tells of `found`, naming at most so many references and so many holders of
    /// each; `None`: all of them.
    pub fn new(found: References, most: Option<(usize, usize)>) -> Self {
        let (references, holders) = most.unwrap_or((usize::MAX, usize::MAX));
        let mut dangling: Vec<DanglingKind> = Vec::new();
        for one in &found.dangling {
            if dangling.last().is_none_or(|last| last.kind != one.kind) {
                dangling.push(DanglingKind { kind: one.kind.to_owned(), references: 0, holders: 0 });
            }
            if let Some(last) = dangling.last_mut() {
                last.references += 1;
                last.holders += one.referrers.len() as u64;
            }
        }
        let named = found.dangling.into_iter().take(references).map(|one| DanglingReference {
            kind: one.kind.to_owned(),
            id: one.key,
            holders: one.referrers.len() as u64,
            held_by: one.referrers.into_iter().take(holders).map(Holder::from).collect(),
        });
        Self { dangling, named: named.collect(), unchecked: found.unchecked, built_in: found.built_in }
    }

    /// How many distinct references lead nowhere.
    pub fn total(&self) -> u64 {
        self.dangling.iter().map(|kind| kind.references).sum()
    }
}

impl From<Referrer> for Holder {
    fn from(referrer: Referrer) -> Self {
        let Referrer { kind, key, title, folder, .. } = referrer;
        Self { kind, id: key, title, folder_id: folder }
    }
}
