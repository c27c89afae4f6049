//! What has left the scope and is not gone.
//!
//! A listing of chosen folders does not name what was moved out of them, nor, without
//! the trash, what was trashed; what is purged it does not name either. So what would be
//! gone is looked for before a run of such a scope ends: by the listing where that was of
//! the whole kind and told what lies elsewhere, else by ids. What is found is read by
//! that, and stored where it lies.

use std::collections::BTreeMap;

use looker::Kind;
use vault::{AbsenceScope, Side};

use super::by_id::{Search, There};
use super::closing::Closing;
use super::error::ExtractError;
use super::groups::Group;
use super::pool::blocking;
use super::run::Run;

/// Keys of a kind that the vault has and the run has not met, and the round of the
/// listing that did not name them.
type Missing = BTreeMap<&'static str, (Option<u32>, Vec<String>)>;

impl Run {
    /// Looks for what would be gone. What could not be looked for is a gap.
    pub(super) async fn look_elsewhere(&mut self, closing: &mut Closing) -> Result<(), ExtractError> {
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
                closing.failed.extend(self.search(vec![(search, keys)]).await?);
            }
        }
        Ok(())
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
