//! Where references lead: to what is stored, to what Looker brings along, or
//! nowhere.
//!
//! A reference can only be said to dangle where the vault would have what it
//! names: the kind was read whole, nothing of it is left for later, and it was
//! read no earlier than the object that holds the reference. What cannot be told
//! is counted with the reason. A dangling reference is information, not damage:
//! the instance itself shows tiles of looks that were deleted long ago.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use looker::catalogue::{KINDS, built_in};
use serde::{Deserialize, Serialize};
use vault::{AsOf, Dangling, InstanceId, Reader, Referrer, Result, RunId, VaultError};

/// Where the references of an instance's live objects lead, when not to an object
/// of the vault.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// To nothing, by kind and key, with who holds them.
    pub dangling: Vec<Dangling>,
    /// Nobody can say where to.
    pub unchecked: Vec<Unchecked>,
    /// Distinct objects of Looker's own that are referred to and in no list.
    pub built_in: u64,
}

/// References to a kind that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// The kind referred to.
    pub kind: &'static str,
    /// Distinct keys.
    pub references: u64,
    /// Why.
    pub reason: String,
}

/// How well a kind is known.
enum Known {
    /// All of it, as of a run.
    Whole(RunId),
    /// Not enough, and why.
    Not(String),
}

/// What is read of a run's totals.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Totals {
    unavailable: Vec<OfKind>,
    spread: Vec<OfKind>,
}

#[derive(Deserialize)]
struct OfKind {
    kind: String,
    #[serde(default)]
    missing: u64,
}

/// Follows every reference of the instance's live objects.
///
/// Of the past it is known which kinds are held whole today; of those that the vault
/// had nothing of then, nothing can be said.
///
/// # Errors
/// When the vault cannot be read.
pub fn references(reader: &Reader, of: impl Into<AsOf>) -> Result<References> {
    let of = of.into();
    let referred: BTreeSet<&str> =
        KINDS.iter().flat_map(|kind| kind.references).map(|reference| reference.kind).collect();
    let mut known = known(reader, of.instance)?;
    if of.run.is_some() {
        let then = reader.live_kinds(of)?;
        known.retain(|kind, _| then.contains(kind));
    }
    let mut found = References::default();
    for kind in KINDS.iter().map(|kind| kind.name).filter(|name| referred.contains(name)) {
        match known.remove(kind).unwrap_or_else(|| Known::Not("never read".to_owned())) {
            Known::Whole(run) => found.follow(reader, of, kind, run)?,
            Known::Not(reason) => {
                let (own, other): (Vec<String>, Vec<String>) =
                    reader.unknown_keys(of, kind)?.into_iter().partition(|key| built_in(kind, key).is_some());
                found.built_in += own.len() as u64;
                found.leave(kind, other.len(), reason);
            }
        }
    }
    Ok(found)
}

/// How well each kind is known of which anything is.
fn known(reader: &Reader, instance: InstanceId) -> Result<BTreeMap<String, Known>> {
    let mut known = BTreeMap::new();
    for count in reader.counts()?.into_iter().filter(|count| count.instance == instance) {
        known.insert(count.kind, Known::Not("only read in part".to_owned()));
    }
    let newest = reader.runs(1)?.into_iter().next().and_then(|run| run.totals_json).unwrap_or_default();
    let newest: Totals = serde_json::from_str(&newest).unwrap_or_default();
    for of in newest.spread.into_iter().filter(|of| of.missing > 0) {
        known.insert(of.kind, Known::Not(format!("{} are left for later runs", of.missing)));
    }
    let mut totals: BTreeMap<RunId, Totals> = BTreeMap::new();
    for age in reader.kind_ages(instance)? {
        let kind = age.read.kind.to_string();
        let told = match totals.entry(age.run) {
            Entry::Occupied(told) => told.into_mut(),
            Entry::Vacant(place) => match reader.run(age.run) {
                Ok(run) => {
                    let stored = run.info.totals_json.unwrap_or_default();
                    place.insert(serde_json::from_str(&stored).unwrap_or_default())
                }
                // What it came to is forgotten with it, and which holders came later.
                Err(VaultError::ForgottenRun { run, .. }) => {
                    known.insert(kind, Known::Not(format!("last read by run {run}, which was pruned")));
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        let left = told.spread.iter().find(|of| of.kind == kind).map_or(0, |of| of.missing);
        let state = if told.unavailable.iter().any(|of| of.kind == kind) {
            Known::Not("closed to the account".to_owned())
        } else if left > 0 {
            Known::Not(format!("{left} are left for later runs"))
        } else {
            Known::Whole(age.run)
        };
        known.insert(kind, state);
    }
    Ok(known)
}

impl References {
    /// Looks for what a kind lacks that was read whole by `run`.
    fn follow(&mut self, reader: &Reader, of: AsOf, kind: &'static str, run: RunId) -> Result<()> {
        let mut later = 0;
        for one in reader.dangling(of, kind, Some(run))? {
            if built_in(kind, &one.reference.key).is_some() {
                self.built_in += 1;
            } else if one.referrers.is_empty() {
                later += 1;
            } else {
                self.dangling.push(one);
            }
        }
        self.leave(kind, later, format!("last read by run {run}, before what refers to them"));
        Ok(())
    }

    fn leave(&mut self, kind: &'static str, references: usize, reason: String) {
        if references > 0 {
            self.unchecked.push(Unchecked { kind, references: references as u64, reason });
        }
    }
}

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
            let kind = &one.reference.kind;
            if dangling.last().is_none_or(|last| last.kind != *kind) {
                dangling.push(DanglingKind { kind: kind.to_string(), references: 0, holders: 0 });
            }
            if let Some(last) = dangling.last_mut() {
                last.references += 1;
                last.holders += one.referrers.len() as u64;
            }
        }
        let named = found.dangling.into_iter().take(references).map(|one| DanglingReference {
            kind: one.reference.kind.into_owned(),
            id: one.reference.key,
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
