//! How old what the vault has of each kind is. An age is no gap: a kind is read as
//! often as the catalogue or the user says.

use std::collections::HashMap;

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::{Cadence, KINDS, List, Refresh, Source};
use serde::Deserialize;
use vault::{InstanceId, Reader, Result};

use crate::extract::{Cadences, Today, stored_keys};

/// How old a kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindAge {
    /// The kind.
    pub kind: &'static Kind,
    /// How often it is read.
    pub cadence: Cadence,
    /// Objects that the vault has, live or in the trash.
    pub objects: usize,
    /// When all of it was last read, or shown by a listing to be as the vault has it;
    /// of a kind that costs a call an object, when its objects were last gone through.
    pub read_at: Option<Timestamp>,
    /// The run that did.
    pub run: Option<i64>,
    /// When it was asked for last, if it was refused as a whole then.
    pub refused_at: Option<Timestamp>,
    /// When every body was last read, of a kind of which only what changed is read
    /// in between.
    pub bodies_read_at: Option<Timestamp>,
    /// When the oldest object was read, of a kind that is read object by object and
    /// may change.
    pub oldest: Option<Timestamp>,
    /// Objects that were never read so far, of a kind that is read object by object.
    pub unread: Option<usize>,
    /// Whether the next run reads it.
    pub is_due: bool,
}

/// The age of every kind of an instance, in the order of the catalogue.
///
/// # Errors
/// When the vault cannot be read.
pub fn ages(
    reader: &Reader,
    instance: InstanceId,
    cadences: &Cadences,
    now: Timestamp,
) -> Result<Vec<KindAge>> {
    let read: HashMap<String, vault::KindAge> =
        reader.kind_ages(instance)?.into_iter().map(|age| (age.read.kind.to_string(), age)).collect();
    let passes = reader.full_passes(instance, &crate::extract::Request::new(Vec::new()).extent())?;
    let refused = reader.refused_kinds(instance)?;
    let left = left_for_later(reader, instance)?;
    let today = Today::of(reader, instance, cadences, now)?;
    let known = |kind: &str| read.contains_key(kind);
    let age = |kind: &'static Kind| {
        let stored = reader.ages(instance, kind.name)?;
        let whole = read.get(kind.name);
        let read_at = whole.map(|age| age.read.read_at);
        let cadence = cadences.of(kind);
        let (oldest, unread) = match kind.each() {
            // Not all of them are read by one run.
            None if matches!(kind.list, List::Singles(_)) => (stored.values().min().copied(), None),
            None => (None, None),
            Some(each) => {
                let unread = match &each.source {
                    // Nobody but the instance knows the keys: as the last run left it.
                    Source::Listing { .. } => left.get(kind.name).copied().unwrap_or(0),
                    source => {
                        let keys = stored_keys(reader, instance, kind, source, &known)?;
                        keys.iter().filter(|key| !stored.contains_key(*key)).count()
                    }
                };
                let oldest = stored.values().min().copied().filter(|_| each.refresh == Refresh::ByAge);
                (oldest, Some(unread))
            }
        };
        Ok(KindAge {
            kind,
            cadence,
            objects: stored.len(),
            read_at,
            run: whole.map(|age| age.run.number()),
            refused_at: refused.get(kind.name).copied(),
            bodies_read_at: passes.iter().find(|pass| pass.kind == kind.name).map(|pass| pass.read_at),
            oldest,
            unread,
            is_due: today.has(kind),
        })
    };
    KINDS.iter().map(age).collect()
}

/// What the newest run that came to it left of each kind for later ones.
pub(crate) fn left_for_later(reader: &Reader, instance: InstanceId) -> Result<HashMap<String, usize>> {
    #[derive(Deserialize)]
    struct Totals {
        spread: Vec<Spread>,
    }
    #[derive(Deserialize)]
    struct Spread {
        kind: String,
        missing: usize,
    }
    let mut left = HashMap::new();
    // Nothing is left of others.
    let each: Vec<&str> = KINDS.iter().filter(|kind| kind.each().is_some()).map(|kind| kind.name).collect();
    for moment in reader.moments(instance)? {
        if each.iter().all(|kind| left.contains_key(*kind)) {
            break;
        }
        let totals = moment.totals_json.as_deref();
        let totals = totals.and_then(|totals| serde_json::from_str::<Totals>(totals).ok());
        for spread in totals.into_iter().flat_map(|totals| totals.spread) {
            left.entry(spread.kind).or_insert(spread.missing);
        }
    }
    Ok(left)
}
