//! Where references lead: to what is stored, to what Looker brings along, or
//! nowhere.
//!
//! A reference can only be said to dangle where the vault would have what it
//! names: the kind was read whole, nothing of it is left for later, and it was
//! read no earlier than the object that holds the reference. What cannot be told
//! is counted with the reason. A dangling reference is information, not damage:
//! the instance itself shows tiles of looks that were deleted long ago.

mod parts;
mod report;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use looker::Kind;
use looker::catalogue::{KINDS, REFERENTS, Referent, built_in, told_name};
use serde::{Deserialize, Serialize};
use vault::{AsOf, InstanceId, Reader, Referrer, Result, RunId, VaultError};

use crate::ages::left_for_later;

pub use report::{DanglingKind, DanglingReference, Holder, ReferenceReport};

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

/// A reference to what is not there.
#[derive(Debug, Clone)]
pub struct Dangling {
    /// The kind referred to, or a part of one.
    pub kind: &'static str,
    /// The key that is not there.
    pub key: String,
    /// The live objects that hold it, by kind and key.
    pub referrers: Vec<Referrer>,
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
    spread: Vec<OfKind>,
    unavailable: Vec<OfKind>,
}

#[derive(Deserialize)]
struct OfKind {
    kind: String,
    #[serde(default)]
    missing: u64,
}

/// One of a kind, or of its parts, as people call it.
pub fn singular(kind: &str) -> &str {
    let part = Referent::find(kind).map(|referent| referent.singular);
    Kind::find(kind).map(|entry| entry.singular).or(part).unwrap_or(kind)
}

/// Several of a kind, or of its parts.
pub fn plural(kind: &str) -> &str {
    Referent::find(kind).map_or(kind, |referent| referent.plural)
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
    let mut known = known(reader, of.instance)?;
    if of.run.is_some() {
        let then = reader.live_kinds(of)?;
        known.retain(|kind, _| then.contains(kind));
    }
    let mut search = Search { reader, of, known, lookml: BTreeMap::new(), found: References::default() };
    for kind in KINDS {
        search.objects(kind.name)?;
    }
    for referent in REFERENTS {
        search.parts(referent)?;
    }
    Ok(search.found)
}

/// The search, kind by kind.
struct Search<'r> {
    reader: &'r Reader,
    of: AsOf,
    known: BTreeMap<String, Known>,
    /// Keys of LookML dashboards that stand where ids of dashboards do, with the names
    /// that they are referred to by.
    lookml: Keys,
    found: References,
}

/// Keys, with the names that references to them have.
type Keys = BTreeMap<String, Vec<String>>;

/// Whether an id of a dashboard is that of a LookML one: `model::name`.
fn is_lookml(dashboard: &str) -> bool {
    dashboard.contains("::")
}

impl Search<'_> {
    /// Looks for what a kind lacks.
    fn objects(&mut self, kind: &'static str) -> Result<()> {
        let keys = self.unknown(kind)?;
        match self.run_of(kind) {
            Ok(run) => {
                let refused = self.reader.refused(self.of.instance, kind)?;
                let (mut later, mut hidden) = (0, 0);
                for (key, names) in keys {
                    if built_in(kind, &key).is_some() {
                        self.found.built_in += 1;
                    } else if refused.contains_key(&key) {
                        hidden += 1;
                    } else if !self.note(kind, key, &names, run)? {
                        later += 1;
                    }
                }
                self.leave(kind, later, too_early(run));
                self.leave(kind, hidden, "refused to the account".to_owned());
            }
            Err(reason) => {
                let own = keys.keys().filter(|key| built_in(kind, key).is_some()).count();
                self.found.built_in += own as u64;
                self.leave(kind, keys.len() - own, reason);
            }
        }
        Ok(())
    }

    /// The keys of a kind that are referred to and not stored.
    fn unknown(&mut self, kind: &'static str) -> Result<Keys> {
        let mut keys = Keys::new();
        if kind == LOOKML_DASHBOARDS {
            for (key, names) in std::mem::take(&mut self.lookml) {
                if self.reader.body_of(self.of, kind, &key)?.is_none() {
                    keys.insert(key, names);
                }
            }
        }
        for name in [kind.to_owned(), told_name(kind)] {
            for key in self.reader.unknown_keys(self.of, &name, kind)? {
                let those = if kind == DASHBOARDS && is_lookml(&key) { &mut self.lookml } else { &mut keys };
                those.entry(key).or_default().push(name.clone());
            }
        }
        Ok(keys)
    }

    /// The run that read a kind whole, or why it is not known well enough.
    fn run_of(&self, kind: &str) -> std::result::Result<RunId, String> {
        match self.known.get(kind) {
            Some(Known::Whole(run)) => Ok(*run),
            Some(Known::Not(reason)) => Err(reason.clone()),
            None => Err("never read".to_owned()),
        }
    }

    /// Notes that a key leads nowhere, as far as the run that should have brought it
    /// knew of who refers to it; false when all of them came later.
    fn note(&mut self, kind: &'static str, key: String, names: &[String], run: RunId) -> Result<bool> {
        let mut referrers: Vec<Referrer> = Vec::new();
        for name in names {
            referrers.extend(self.reader.live_referrers(self.of, name, &key, Some(run))?);
        }
        // Who owns a thing and changed it last holds two references, and is named once.
        let place = |one: &Referrer| (one.kind.clone(), one.key.len(), one.key.clone());
        referrers.sort_by_cached_key(place);
        referrers.dedup_by(|one, other| (&one.kind, &one.key) == (&other.kind, &other.key));
        let is_known = !referrers.is_empty();
        if is_known {
            self.found.dangling.push(Dangling { kind, key, referrers });
        }
        Ok(is_known)
    }

    fn leave(&mut self, kind: &'static str, references: usize, reason: String) {
        if references > 0 {
            self.found.unchecked.push(Unchecked { kind, references: references as u64, reason });
        }
    }
}

const DASHBOARDS: &str = "dashboards";
const LOOKML_DASHBOARDS: &str = "lookml_dashboards";

/// Of what is not there because the account may not see it.
const CLOSED: &str = "closed to the account";

fn too_early(run: RunId) -> String {
    format!("last read by run {run}, before what refers to them")
}

/// How well each kind is known of which anything is.
fn known(reader: &Reader, instance: InstanceId) -> Result<BTreeMap<String, Known>> {
    let mut known = BTreeMap::new();
    for count in reader.counts()?.into_iter().filter(|count| count.instance == instance) {
        known.insert(count.kind, Known::Not("only read in part".to_owned()));
    }
    for (kind, left) in left_for_later(reader, instance)?.into_iter().filter(|(_, left)| *left > 0) {
        known.insert(kind, Known::Not(format!("{left} are left for later runs")));
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
            // A vault of before has it as read.
            Known::Not(CLOSED.to_owned())
        } else if left > 0 {
            Known::Not(format!("{left} are left for later runs"))
        } else {
            Known::Whole(age.run)
        };
        known.insert(kind, state);
    }
    for kind in reader.refused_kinds(instance)?.into_keys() {
        known.insert(kind, Known::Not(CLOSED.to_owned()));
    }
    Ok(known)
}
