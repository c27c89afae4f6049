//! The price of kinds that cost a call an object.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::{Each, KeyIn, Refresh, Source};
use looker::pacing::Reason;
use vault::{InstanceId, Reader};

use super::{KindPlan, Planner};
use crate::extract::by_id::MOST_IN_A_LIST;
use crate::extract::each::Read;
use crate::extract::error::ExtractError;
use crate::extract::in_lists::probe_name;
use crate::extract::keys;
use crate::extract::look_queries::{PAGE, PROBE, SEARCH_LOOKS, folders_of};
use crate::extract::refresh::{Ages, Slice};
use crate::extract::tile_queries::in_tiles;

impl Planner<'_> {
    pub(super) fn each(
        &self,
        kind: &'static Kind,
        each: &'static Each,
        plan: &mut KindPlan,
    ) -> Result<(), ExtractError> {
        if let Source::Listing { operation, .. } = &each.source {
            plan.add(Reason::Listing, operation.ledger, 1);
        }
        let Some((reader, instance)) = self.known.vault().filter(|_| self.has_keys(kind, &each.source))
        else {
            return self.each_of_a_count(kind, each, plan);
        };
        let mut ages = Ages::of(reader, instance, kind.name)?;
        let keys = match &each.source {
            Source::Listing { .. } => ages.read.keys().cloned().collect(),
            source => {
                let of_all = self.request.folders.is_none();
                let known = |name: &str| {
                    let is_read = of_all && self.request.kinds.iter().any(|kind| kind.name == name);
                    is_read || self.known.kind_ages().iter().any(|age| age.read.kind == name)
                };
                keys::stored(reader, instance, kind, source, &known)?
            }
        };
        if kind.name == "queries" {
            self.in_bulk((reader, instance), kind, &keys, &mut ages.read, plan)?;
        }
        if self.in_lists(Read { kind, each }, keys.len() as u64, plan) {
            return Ok(());
        }
        let slice = self.slice(kind, each.refresh, keys, &ages);
        let calls = slice.keys.len() as u64;
        let left = slice.total - slice.keys.len();
        // What is new is read at once.
        let more = if slice.left == 0 { self.changes(kind).added } else { 0 };
        plan.add_between(Reason::Item, each.operation.ledger, calls, calls + more);
        if calls > 0 && left > 0 {
            plan.note(format!("{calls} of {} by this run", slice.total));
        }
        Ok(())
    }

    /// Whether the vault has what the keys of a kind come from.
    fn has_keys(&self, kind: &Kind, source: &Source) -> bool {
        let has = |name: &str| self.known.kind_ages().iter().any(|age| age.read.kind == name);
        match source {
            Source::References => true,
            Source::Objects(of) => has(of),
            Source::Fields(fields) => fields.iter().all(|field| {
                // What is still filling tells the keys of what it has.
                has(field.kind) || Kind::find(field.kind).is_some_and(|kind| kind.each().is_some())
            }),
            Source::Listing { .. } => self.known.read_at(kind).is_some(),
        }
    }

    /// A first reading: of so many objects as were counted, if they were.
    fn each_of_a_count(
        &self,
        kind: &'static Kind,
        each: &'static Each,
        plan: &mut KindPlan,
    ) -> Result<(), ExtractError> {
        let count = match &each.source {
            Source::Objects(of) => self.known.count(of)?,
            Source::Listing { .. } => self.known.count(kind.name)?,
            Source::Fields(_) if kind.name == "content_metadata" => self.known.filled_folders(),
            Source::Fields(_) | Source::References => None,
        };
        if kind.name == "queries"
            && let Some(folders) = self.known.folders_of_looks()
        {
            let looks = self.known.count("looks")?.unwrap_or(0);
            let folders = folders as u64;
            plan.add_between(Reason::Page, SEARCH_LOOKS.ledger, search_pages(looks).min(folders), folders);
        }
        let Some(count) = count else {
            plan.note("how many there are is known when content has been read");
            return Ok(());
        };
        if self.in_lists(Read { kind, each }, count as u64, plan) {
            return Ok(());
        }
        let now = self.request.refresh.fill(count, count, self.interval(kind));
        plan.add(Reason::Item, each.operation.ledger, now as u64);
        if now < count {
            plan.note(format!("{now} of {count} by this run"));
        }
        Ok(())
    }

    /// Kinds of which one call answers for many objects; where nobody knows yet
    /// whether it does, it is tried.
    fn in_lists(&self, read: Read, count: u64, plan: &mut KindPlan) -> bool {
        let (KeyIn::Parameter(parameter), Some(_)) = (read.each.key, read.each.lists) else { return false };
        let known = self.known.lists.known(&probe_name(read, parameter));
        if known == Some(false) || count < 2 {
            return false;
        }
        if known.is_none() {
            plan.note(format!("up to {count} if lists of keys are not taken"));
        }
        plan.add(Reason::Item, read.each.operation.ledger, count.div_ceil(MOST_IN_A_LIST as u64));
        true
    }

    /// Queries that come with looks, or are in tiles that are stored: they are young,
    /// by `ages`, when single ones are read.
    fn in_bulk(
        &self,
        (reader, instance): (&Reader, InstanceId),
        kind: &'static Kind,
        keys: &[String],
        ages: &mut HashMap<String, Timestamp>,
        plan: &mut KindPlan,
    ) -> Result<(), ExtractError> {
        let mut missing: HashSet<String> =
            keys.iter().filter(|key| !ages.contains_key(*key)).cloned().collect();
        in_tiles(reader, instance, kind, missing.clone(), |found| -> Result<(), ExtractError> {
            missing.remove(&found.query.id);
            ages.insert(found.query.id, self.now);
            Ok(())
        })?;
        let folders = folders_of(reader, instance, &missing)?;
        let calls = folders.len() as u64;
        ages.extend(folders.into_values().flatten().map(|query| (query, self.now)));
        let looks = self.known.count("looks")?.unwrap_or(0);
        let by_search = search_pages(looks).min(calls);
        match self.known.lists.known(PROBE) {
            Some(true) => plan.add(Reason::Page, SEARCH_LOOKS.ledger, by_search),
            Some(false) => plan.add(Reason::Page, SEARCH_LOOKS.ledger, calls),
            None => plan.add_between(Reason::Page, SEARCH_LOOKS.ledger, by_search, calls),
        }
        Ok(())
    }

    /// What a run reads of a kind by these keys and ages.
    pub(super) fn slice(
        &self,
        kind: &'static Kind,
        refresh: Refresh,
        keys: Vec<String>,
        ages: &Ages,
    ) -> Slice {
        self.request.refresh.slice(refresh, keys, ages, self.interval(kind), self.now)
    }
}

/// Pages of a search that gives queries with looks.
fn search_pages(looks: usize) -> u64 {
    looks.div_ceil(PAGE).max(1) as u64
}
