//! What a plan knows: the vault, as far as it knows the instance, and sizes that
//! were learned.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use looker::Kind;
use vault::{InstanceId, KindAge, ListFilter, Moment, Reader, RunState, Side, VaultError};

use super::sizes::Learned;
use crate::Watch;
use crate::extract::by_id::Lists;
use crate::extract::due;
use crate::extract::error::ExtractError;
use crate::extract::full_pass::Passes;
use crate::extract::groups::{Group, Sizes};
use crate::extract::request::Request;
use crate::extract::scope::FolderSet;
use crate::extract::today::Today;

/// Runs that say what usually changes.
const RUNS: usize = 50;

/// Of them, those that count for a kind.
const OF_A_KIND: usize = 7;

/// What came, changed and went from run to run, on average, rounded up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: u64,
    pub(super) changed: u64,
    pub(super) gone: u64,
}

pub(super) struct Known<'v> {
    vault: Option<(&'v Reader, InstanceId)>,
    learned: &'v Learned,
    pub(super) lists: Lists,
    pub(super) passes: Passes,
    /// What there is one of and is not due, by its operation.
    pub(super) resting: HashSet<&'static str>,
    kind_ages: Vec<KindAge>,
    changes: HashMap<String, Changes>,
}

impl<'v> Known<'v> {
    /// Finds the instance in the vault, and takes out of the request what is not due.
    pub(super) fn open(
        reader: Option<&'v Reader>,
        address: &str,
        request: &mut Request,
        learned: &'v Learned,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let instance = |reader: &'v Reader| -> Result<_, VaultError> {
            let of_address = reader.instances()?.into_iter().filter(|known| known.url == address);
            // An epoch that is about to begin is not known.
            let newest = of_address.filter(|_| request.epoch != crate::extract::Epoch::New);
            Ok(newest.max_by_key(|known| known.epoch).map(|known| (reader, known.id)))
        };
        let vault = reader.map(instance).transpose()?.flatten();
        let Some((reader, id)) = vault else {
            let today = Today::everything(&request.cadences);
            let resting = due::rest(request, &today, &[], &HashMap::new()).singles;
            let passes = Passes::of_a_first_run(request);
            let (lists, kind_ages, changes) = (Lists::default(), Vec::new(), HashMap::new());
            return Ok(Self { vault: None, learned, lists, passes, resting, kind_ages, changes });
        };
        let kind_ages = reader.kind_ages(id)?;
        let today = Today::of(reader, id, &request.cadences, now)?;
        let resting = due::rest(request, &today, &kind_ages, &reader.refused_kinds(id)?).singles;
        Ok(Self {
            vault,
            learned,
            lists: Lists::remembered(reader, id)?,
            passes: Passes::plan(request, reader, id, now)?,
            resting,
            kind_ages,
            changes: changes(reader, id)?,
        })
    }

    pub(super) fn is_known(&self) -> bool {
        !self.kind_ages.is_empty() || self.passes.has_some()
    }

    pub(super) fn vault(&self) -> Option<(&'v Reader, InstanceId)> {
        self.vault
    }

    pub(super) fn kind_ages(&self) -> &[KindAge] {
        &self.kind_ages
    }

    pub(super) fn read_at(&self, kind: &Kind) -> Option<Timestamp> {
        self.kind_ages.iter().find(|age| age.read.kind == kind.name).map(|age| age.read.read_at)
    }

    pub(super) fn last_ended(&self) -> Result<Option<Timestamp>, VaultError> {
        self.vault.map_or(Ok(None), |(reader, instance)| reader.last_ended(instance))
    }

    pub(super) fn changes(&self, kind: &str) -> Changes {
        self.changes.get(kind).copied().unwrap_or_default()
    }

    /// The folders of a request, by the stored tree.
    pub(super) fn folders(
        &self,
        request: &Request,
        watch: &dyn Watch,
    ) -> Result<Option<FolderSet>, ExtractError> {
        let Some(scope) = &request.folders else { return Ok(None) };
        let tree = self.learned.tree();
        match self.vault {
            _ if tree.is_some() || !scope.needs_tree() => scope.resolve(tree.as_ref(), watch).map(Some),
            Some((reader, instance)) if self.has_folders() => {
                scope.resolve_stored(reader, instance, watch).map(Some)
            }
            // Until the folders are known, all of them could be meant.
            _ => Ok(None),
        }
    }

    fn has_folders(&self) -> bool {
        self.kind_ages.iter().any(|age| age.read.kind == "folders")
    }

    /// Whether an earlier run has read all of a kind, or its size was learned.
    pub(super) fn has_size_of(&self, kind: &Kind) -> bool {
        self.read_at(kind).is_some() || self.passes.has_any(kind) || self.learned.has(kind.name)
    }

    /// The sizes of a group as a listing would count them.
    pub(super) fn sizes(&self, group: &Group) -> Result<Sizes, VaultError> {
        if let Some(sizes) = self.learned.sizes(group) {
            return Ok(sizes);
        }
        let mut sizes = Sizes::default();
        let mut total = 0;
        if let Some((reader, instance)) = self.vault {
            let of_kind = ListFilter::of(group.kind.name);
            let filter = ListFilter { instance: Some(instance), sides: vec![group.side], ..of_kind };
            reader.list(&filter, |row| {
                total += 1;
                if let Some(folder) = row.folder.filter(|folder| group.holds(Some(folder))) {
                    *sizes.folders.entry(folder).or_default() += 1;
                }
            })?;
        }
        sizes.total = Some(total);
        sizes.largest_answer = total;
        Ok(sizes)
    }

    /// Objects of a kind, as far as somebody has counted them.
    pub(super) fn count(&self, kind: &str) -> Result<Option<usize>, VaultError> {
        if let Some(count) = self.learned.count(kind) {
            return Ok(Some(count));
        }
        let Some((reader, instance)) = self.vault else { return Ok(None) };
        if !self.kind_ages.iter().any(|age| age.read.kind == kind) {
            return Ok(None);
        }
        let mut count = 0;
        let filter = ListFilter { instance: Some(instance), sides: vec![Side::Live], ..ListFilter::of(kind) };
        reader.list(&filter, |_| count += 1)?;
        Ok(Some(count))
    }

    /// Folders in which something lies, where they were counted by a listing.
    pub(super) fn filled_folders(&self) -> Option<usize> {
        self.learned.filled_folders()
    }

    /// Folders with several live looks, where they were counted by a listing.
    pub(super) fn folders_of_looks(&self) -> Option<usize> {
        self.learned.folders_of_looks()
    }
}

/// What usually changes: of complete runs, the newest in which a kind was not new.
fn changes(reader: &Reader, instance: InstanceId) -> Result<HashMap<String, Changes>, VaultError> {
    let complete = |run: &Moment| run.state == RunState::Complete;
    let mut of_kinds: HashMap<String, Vec<[u64; 3]>> = HashMap::new();
    for moment in reader.moments(instance)?.into_iter().filter(complete).take(RUNS) {
        for counts in reader.run(moment.run)?.info.kinds {
            let of_kind = of_kinds.entry(counts.kind).or_default();
            if counts.added < counts.seen && of_kind.len() < OF_A_KIND {
                of_kind.push([counts.added, counts.changed, counts.removed]);
            }
        }
    }
    let mean = |counts: &[[u64; 3]], of: usize| {
        let sum: u64 = counts.iter().map(|counts| counts[of]).sum();
        sum.div_ceil(counts.len().max(1) as u64)
    };
    let changes = of_kinds.into_iter().map(|(kind, counts)| {
        let [added, changed, gone] = [0, 1, 2].map(|of| mean(&counts, of));
        (kind, Changes { added, changed, gone })
    });
    Ok(changes.collect())
}
