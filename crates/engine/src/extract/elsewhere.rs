//! What has left the scope and is not gone.
//!
//! A listing of chosen folders does not name what was moved out of them, nor, without
//! the trash, what was trashed; what is purged it does not name either. So what would be
//! gone is looked for before a run of such a scope ends: by the listing where that was of
//! the whole kind and told what lies elsewhere, else by ids. What is found is read by
//! that, and stored where it lies.
//!
//! A run of which too much is missing is held, and tells nothing to be gone. So of what
//! looks lost as a whole (a folder that the account may not see any more) only some is
//! looked for, from all over it; of what was moved, wholly or in part, all.

use std::collections::{BTreeMap, HashSet};

use looker::Kind;
use vault::{AbsenceScope, Side, Suspicion};

use super::by_id::{Search, There};
use super::closing::Closing;
use super::error::ExtractError;
use super::groups::Group;
use super::pool::blocking;
use super::run::Run;

/// Keys of a kind that the vault has and the run has not met, and the round of the
/// listing that did not name them.
type Missing = BTreeMap<&'static str, (Option<u32>, Vec<String>)>;

/// Calls after which one looks at what they found.
const CALLS_AT_A_TIME: usize = 10;

/// Of so many that were looked for, one that was found is hardly any.
const HARDLY_ANY: usize = 10;

impl Run {
    /// Looks for what would be gone. What could not be looked for is a gap.
    pub(super) async fn look_elsewhere(&mut self, closing: &mut Closing) -> Result<(), ExtractError> {
        let mut left: Vec<(Search, Vec<String>)> = Vec::new();
        for side in [Side::Live, Side::Trash] {
            if self.brake.pulled().is_some() || !self.findings.gaps.is_empty() || !closing.failed.is_empty() {
                // Nothing is told to be gone by a run that is not complete.
                return Ok(());
            }
            for (kind, (round, keys)) in self.missing(closing).await? {
                let Some((search, mut keys)) = self.search_for(kind, side, closing, round, keys) else {
                    continue;
                };
                self.watch.phase("looking for what is missing");
                if keys.len() > 1 {
                    self.takes_id_lists(&search, &mut keys).await?;
                }
                let keys = self.look_for(&search, keys, closing).await?;
                left.push((search, keys));
            }
        }
        for (search, mut keys) in left {
            if self.brake.pulled().is_some() || !closing.failed.is_empty() {
                return Ok(());
            }
            // What the other side held may have left too little for the run to be held.
            if keys.is_empty() || self.is_lost(&search, closing, 0).await? {
                continue;
            }
            let missing = self.missing_of(&search, closing).await?;
            keys.retain(|key| missing.contains(key));
            closing.failed.extend(self.search(vec![(search, keys)]).await?);
        }
        Ok(())
    }

    /// Looks for objects, some at a time, until hardly any were found and the run would
    /// be held whatever became of the others; answers those that were not looked for.
    async fn look_for(
        &self,
        search: &Search,
        mut keys: Vec<String>,
        closing: &mut Closing,
    ) -> Result<Vec<String>, ExtractError> {
        let at_a_time = CALLS_AT_A_TIME * self.ids_a_call(&search.group);
        let (mut asked, mut found) = (0, 0);
        while !keys.is_empty() {
            let some = spread_over(&mut keys, at_a_time);
            closing.failed.extend(self.search(vec![(search.clone(), some.clone())]).await?);
            if keys.is_empty() || self.brake.pulled().is_some() || !closing.failed.is_empty() {
                break;
            }
            let missing = self.missing_of(search, closing).await?;
            asked += some.len();
            found += some.iter().filter(|key| !missing.contains(*key)).count();
            let to_find = (keys.len() * found).div_ceil(asked);
            if found * HARDLY_ANY <= asked && self.is_lost(search, closing, to_find).await? {
                break;
            }
        }
        Ok(keys)
    }

    /// Whether so much of a kind is missing that the run is held for it, though so many
    /// more be found.
    async fn is_lost(
        &self,
        search: &Search,
        closing: &Closing,
        to_find: usize,
    ) -> Result<bool, ExtractError> {
        let of_kind = |(at, _): &(&usize, &Option<u32>)| self.groups[**at].kind == search.group.kind;
        let proved = closing.proved.iter().filter(of_kind);
        let scopes = proved.map(|(at, round)| self.scope_of(*at, *round)).collect();
        self.preparer.settle().await?;
        let (writer, run, share) = (self.writer.clone(), self.id, self.request.suspect_share);
        let vanished = blocking(move || Ok(writer.vanished(run, share, scopes)?)).await?;
        Ok(vanished.iter().any(|suspicion| match suspicion {
            Suspicion::Vanished { gone, known, .. } => {
                gone.saturating_sub(to_find as u64) * 100 > known * u64::from(share)
            }
            _ => false,
        }))
    }

    /// What is missing of the kind that is looked for.
    async fn missing_of(&self, search: &Search, closing: &Closing) -> Result<HashSet<String>, ExtractError> {
        let mut missing = self.missing(closing).await?;
        let of_kind = missing.remove(search.group.kind.name);
        Ok(of_kind.map_or_else(HashSet::new, |(_, keys)| keys.into_iter().collect()))
    }

    /// What would be gone, of groups that do not tell of all of their kind.
    async fn missing(&self, closing: &Closing) -> Result<Missing, ExtractError> {
        let mut scopes: Vec<AbsenceScope> = Vec::new();
        let mut missing = Missing::new();
        for (at, round) in &closing.proved {
            let group = &self.groups[*at];
            if group.folders.is_some() || group.kind.has_trash() && !self.request.trash {
                scopes.push(self.scope_of(*at, *round));
                missing.insert(group.kind.name, (*round, Vec::new()));
            }
        }
        if scopes.is_empty() {
            return Ok(missing);
        }
        self.preparer.settle().await?;
        let (writer, run) = (self.writer.clone(), self.id);
        for one in blocking(move || Ok(writer.missing(run, scopes)?)).await? {
            if let Some((_, keys)) = missing.get_mut(one.kind.as_str()) {
                keys.push(one.key);
            }
        }
        missing.retain(|_, (_, keys)| {
            keys.dedup();
            !keys.is_empty()
        });
        Ok(missing)
    }

    /// How objects are looked for on one side of a kind, and which of them; `None` where
    /// its listing has told that there are none of them.
    fn search_for(
        &self,
        kind: &str,
        side: Side,
        closing: &Closing,
        round: Option<u32>,
        mut keys: Vec<String>,
    ) -> Option<(Search, Vec<String>)> {
        let kind = Kind::find(kind)?;
        let paged = kind.paged()?;
        if paged.by_id.is_none() || side == Side::Trash && !kind.has_trash() {
            return None;
        }
        let at = self.groups.iter().position(|group| group.kind == kind && group.side == side);
        if at.is_some_and(|at| self.groups[at].folders.is_none()) {
            return None;
        }
        let named = at.and_then(|at| closing.named.get(&at));
        let there = match named {
            Some(named) if named.is_whole => {
                keys.retain(|key| named.is_elsewhere(key));
                There::All
            }
            Some(named) => named.one.clone().map_or(There::Unknown, There::Other),
            None => There::Unknown,
        };
        let search = Search { group: Group::on(kind, paged, side), there, noted: round };
        (!keys.is_empty()).then_some((search, keys))
    }
}

/// Takes so many keys out, from all over the list: neighbours tend to share their fate.
fn spread_over(keys: &mut Vec<String>, most: usize) -> Vec<String> {
    let (total, most) = (keys.len(), most.min(keys.len()));
    let is_taken = |at: usize| at * most / total != (at + 1) * most / total;
    let mut at = 0..total;
    keys.extract_if(.., |_| at.next().is_some_and(is_taken)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_first_is_from_all_over() {
        for total in 0..60 {
            let all: Vec<String> = (0..total).map(|key| format!("{key:02}")).collect();
            let mut rest = all.clone();
            let some = spread_over(&mut rest, 10);
            assert_eq!(some.len(), total.min(10));
            assert!(some.is_sorted() && rest.is_sorted());
            let early = some.iter().filter(|key| **key < all[total / 2]).count();
            assert!(early.abs_diff(some.len() - early) <= 2, "{some:?} of {total}");
            let mut both = [some, rest].concat();
            both.sort();
            assert_eq!(both, all);
        }
    }
}
