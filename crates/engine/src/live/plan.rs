//! What is compared, and by which calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::{List, Paged, Whole};
use looker::pacing::Ledger;
use serde::Serialize;
use vault::{InstanceId, ListFilter, Reader};

use super::LiveError;
use super::read::Read;
use crate::Watch;
use crate::allowance::{Allowance, Standing};
use crate::extract::{ExtractError, FolderScope, FolderSet, ONE_PLAN};

/// Ids that one call asks for, where an instance takes lists of them.
const IDS_A_CALL: usize = 50;

/// What to compare.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of these kinds.
    pub kinds: Vec<&'static Kind>,
    /// Whether a person named them.
    pub kinds_named: bool,
    /// Only what lies in these folders, by what the vault knows of them.
    pub folders: Option<FolderScope>,
    /// So many objects, chosen at random; `None`: all.
    pub sample: Option<usize>,
    /// Decides which: equal seeds choose equal objects of equal vaults.
    pub seed: u64,
    /// What the month allows; `None`: nothing holds it back.
    pub allowance: Option<Allowance>,
}

/// Calls by the ledgers that are metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cost {
    /// Administrative calls.
    pub administrative: u64,
    /// Query-based calls.
    pub query_based: u64,
}

/// Objects that were chosen, and the calls that read them.
#[derive(Debug)]
pub struct Plan {
    pub(super) request: Request,
    pub(super) instance: InstanceId,
    pub(super) kinds: Vec<KindPlan>,
    /// What the allowance leaves of each ledger that has one.
    pub(super) left: Vec<(Ledger, u64)>,
    /// Live objects that could have been chosen.
    pub stored: usize,
    /// Objects that were.
    pub objects: usize,
    /// Calls of the plan. Calls that fail are tried again, and objects that are not
    /// met on a page are looked for by id; both come on top.
    pub cost: Cost,
}

/// The chosen objects of a kind.
#[derive(Debug)]
pub(super) struct KindPlan {
    pub(super) kind: &'static Kind,
    pub(super) keys: BTreeSet<String>,
    pub(super) reads: Vec<Read>,
    /// Ids that one call may ask for.
    pub(super) ids_a_call: usize,
}

/// Live objects of a kind, as stored.
struct Stock {
    kind: &'static Kind,
    /// All of them.
    total: usize,
    /// All of them, by folder.
    by_folder: HashMap<String, usize>,
    /// Those that may be chosen, each with its folder.
    keys: Vec<(String, Option<String>)>,
}

impl Cost {
    /// Both ledgers together.
    pub fn metered(&self) -> u64 {
        self.administrative + self.query_based
    }

    fn of(&self, ledger: Ledger) -> u64 {
        match ledger {
            Ledger::Administrative => self.administrative,
            Ledger::QueryBased => self.query_based,
            Ledger::Unmetered => 0,
        }
    }

    /// One call more.
    pub(crate) fn add(&mut self, ledger: Ledger) {
        match ledger {
            Ledger::Administrative => self.administrative += 1,
            Ledger::QueryBased => self.query_based += 1,
            Ledger::Unmetered => {}
        }
    }
}

/// Chooses what to compare of the instance at `address`, and how to read it. Makes
/// no call.
///
/// # Errors
/// When nothing of it is stored, a folder is unknown, the allowance leaves too
/// little, or the vault cannot be read.
pub fn plan(reader: &Reader, address: &str, request: Request, watch: &dyn Watch) -> Result<Plan, LiveError> {
    let instance = reader.instances()?.into_iter().find(|known| known.url == address).map(|known| known.id);
    let Some(instance) = instance else { return Err(nothing(address, &request)) };
    let mut stocks = stocks(reader, instance, &request, watch)?;
    let stored: usize = stocks.iter().map(|stock| stock.keys.len()).sum();
    if stored == 0 {
        return Err(nothing(address, &request));
    }
    if let Some(size) = request.sample {
        choose(&mut stocks, stored, size, request.seed);
    }
    let probes = reader.probes(instance)?;
    // As an extraction has found out: `search_dashboards.id`.
    let takes_lists = |kind: &Kind| {
        let name = kind.paged().and_then(|paged| Some(format!("{}.{}", paged.operation.id, paged.by_id?)));
        name.is_some_and(|name| probes.iter().any(|probe| probe.name == name && probe.answer))
    };
    let mut kinds = Vec::new();
    for stock in stocks.into_iter().filter(|stock| !stock.keys.is_empty()) {
        let lists = takes_lists(stock.kind);
        kinds.push(stock.plan(reader, instance, lists)?);
    }
    let mut cost = Cost::default();
    for plan in &kinds {
        plan.reads.iter().for_each(|read| cost.add(read.call.operation.ledger));
    }
    let objects = kinds.iter().map(|plan| plan.keys.len()).sum();
    let left = left(reader, instance, request.allowance.as_ref(), &cost)?;
    Ok(Plan { request, instance, kinds, left, stored, objects, cost })
}

fn nothing(address: &str, request: &Request) -> LiveError {
    let kinds: Vec<&str> = request.kinds.iter().map(|kind| kind.name).collect();
    let among = if request.kinds_named { format!(" among {}", kinds.join(", ")) } else { String::new() };
    let folders = if request.folders.is_some() { " in those folders" } else { "" };
    LiveError::NothingStored { address: address.to_owned(), among: among + folders }
}

/// What is stored of the request's kinds and folders.
fn stocks(
    reader: &Reader,
    instance: InstanceId,
    request: &Request,
    watch: &dyn Watch,
) -> Result<Vec<Stock>, LiveError> {
    let scope = request.folders.as_ref();
    let folders = scope.map(|scope| scope.resolve_stored(reader, instance, watch)).transpose()?;
    let kinds: Vec<&'static Kind> =
        request.kinds.iter().copied().filter(|kind| folders.is_none() || kind.lies_in_folders()).collect();
    if kinds.is_empty() {
        let named: Vec<&str> = request.kinds.iter().map(|kind| kind.name).collect();
        return Err(ExtractError::NothingInFolders { kinds: named.join(", ") }.into());
    }
    kinds.into_iter().map(|kind| Stock::read(reader, instance, kind, folders.as_ref())).collect()
}

/// Keeps `size` objects of all, each as likely as any other.
fn choose(stocks: &mut [Stock], stored: usize, size: usize, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let chosen: BTreeSet<usize> = rng.choose_multiple(0..stored, size).into_iter().collect();
    let mut at = 0;
    for stock in stocks {
        stock.keys.retain(|_| {
            at += 1;
            chosen.contains(&(at - 1))
        });
    }
}

/// What the allowance leaves of each ledger that has one.
fn left(
    reader: &Reader,
    instance: InstanceId,
    allowance: Option<&Allowance>,
    cost: &Cost,
) -> Result<Vec<(Ledger, u64)>, LiveError> {
    let Some(allowance) = allowance.filter(|allowance| allowance.is_set()) else { return Ok(Vec::new()) };
    let standing = Standing::read(reader, Some(instance), allowance, Timestamp::now())?;
    let mut lefts = Vec::new();
    for of in &standing.ledgers {
        let Some(limit) = of.limit else { continue };
        let (needed, left) = (cost.of(of.ledger), limit.left_for_extraction);
        if needed > left {
            return Err(LiveError::OverAllowance {
                ledger: of.ledger,
                needed,
                left,
                renews_on: standing.month.renews_on,
                zone: allowance.calendar.zone_name().to_owned(),
            });
        }
        lefts.push((of.ledger, left));
    }
    Ok(lefts)
}

impl Stock {
    fn read(
        reader: &Reader,
        instance: InstanceId,
        kind: &'static Kind,
        folders: Option<&FolderSet>,
    ) -> Result<Self, LiveError> {
        let mut stock = Self { kind, total: 0, by_folder: HashMap::new(), keys: Vec::new() };
        let filter = ListFilter { instance: Some(instance), ..ListFilter::of(kind.name) };
        reader.list(&filter, |row| {
            stock.total += 1;
            if let Some(folder) = &row.folder {
                *stock.by_folder.entry(folder.clone()).or_default() += 1;
            }
            let is_read = match &kind.list {
                List::Singles(operations) => operations.iter().any(|operation| operation.id == row.key),
                _ => true,
            };
            if is_read && folders.is_none_or(|folders| folders.holds(row.folder.as_deref())) {
                stock.keys.push((row.key, row.folder));
            }
        })?;
        Ok(stock)
    }

    fn plan(self, reader: &Reader, instance: InstanceId, lists: bool) -> Result<KindPlan, LiveError> {
        // `all_users(ids=1,2)` is documented; lists elsewhere are tried and remembered.
        let takes_lists = |paged: &Paged| lists || paged.by_id == Some("ids");
        let ids_a_call = if self.kind.paged().is_some_and(takes_lists) { IDS_A_CALL } else { 1 };
        let reads = match &self.kind.list {
            List::Paged(paged) => self.cheapest(paged, ids_a_call),
            List::Whole(whole) => self.whole(whole, reader, instance)?,
            List::Each(each) => {
                self.keys.iter().map(|(key, _)| Read::each(self.kind, each, key.clone())).collect()
            }
            List::Singles(operations) => {
                let is_chosen = |id: &str| self.keys.iter().any(|(key, _)| key == id);
                let chosen = operations.iter().filter(|operation| is_chosen(operation.id));
                chosen.map(|operation| Read::single(self.kind, operation)).collect()
            }
        };
        let keys = self.keys.into_iter().map(|(key, _)| key).collect();
        Ok(KindPlan { kind: self.kind, keys, reads, ids_a_call })
    }

    /// By ids, by pages of the folders they lie in, or by pages of the kind.
    fn cheapest(&self, paged: &'static Paged, ids_a_call: usize) -> Vec<Read> {
        let pages = |folder, rows| Read::pages(self.kind, paged, folder, rows);
        let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
        for folder in self.keys.iter().filter_map(|(_, folder)| folder.as_deref()) {
            folders.insert(folder, self.by_folder.get(folder).copied().unwrap_or(0));
        }
        let lie_in_folders = paged.folder.is_some() && self.keys.iter().all(|(_, folder)| folder.is_some());
        let by_folder = folders.into_iter().flat_map(|(folder, rows)| pages(Some(folder), rows)).collect();
        let ids: Vec<String> = self.keys.iter().map(|(key, _)| key.clone()).collect();
        let choices = [
            (paged.by_id.is_some(), Read::ids(self.kind, paged, &ids, ids_a_call)),
            (lie_in_folders, by_folder),
            (true, pages(None, self.total)),
        ];
        let possible = choices.into_iter().filter(|(possible, _)| *possible).map(|(_, reads)| reads);
        possible.min_by_key(Vec::len).unwrap_or_default()
    }

    /// One call; and one for each schedule that is disabled, which no list has.
    fn whole(
        &self,
        whole: &'static Whole,
        reader: &Reader,
        instance: InstanceId,
    ) -> Result<Vec<Read>, LiveError> {
        let mut reads = Vec::new();
        let mut listed = self.keys.len();
        if self.kind.name == "scheduled_plans" {
            for (key, _) in &self.keys {
                let plan = reader.show(instance, self.kind.name, key)?;
                let body = plan.and_then(|plan| serde_json::from_slice::<serde_json::Value>(&plan.body).ok());
                if body.is_some_and(|body| body["enabled"] == false) {
                    reads.push(Read::each(self.kind, &ONE_PLAN, key.clone()));
                    listed -= 1;
                }
            }
        }
        if listed > 0 {
            reads.push(Read::whole(self.kind, whole));
        }
        Ok(reads)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::Asks;
    use super::*;

    /// `each` dashboards in each of `folders`, of which the first `chosen` of the
    /// first folders are compared.
    fn dashboards(folders: usize, each: usize, chosen: usize) -> Stock {
        let all = (0..folders * each).map(|n| (n.to_string(), Some((n / each).to_string())));
        Stock {
            kind: Kind::find("dashboards").unwrap(),
            total: folders * each,
            by_folder: (0..folders).map(|folder| (folder.to_string(), each)).collect(),
            keys: all.take(chosen).collect(),
        }
    }

    fn calls(stock: &Stock, ids_a_call: usize) -> usize {
        stock.cheapest(stock.kind.paged().unwrap(), ids_a_call).len()
    }

    #[test]
    fn the_cheapest_calls_are_chosen() {
        // Pages of 100; the last one proves that there is no more.
        let of_one_folder = dashboards(30, 40, 40);
        assert_eq!(calls(&of_one_folder, 1), 1, "by the folder");
        let few = dashboards(30, 40, 1);
        assert_eq!(few.cheapest(few.kind.paged().unwrap(), 1)[0].asks, Asks::Ids(vec!["0".into()]));
        let all = dashboards(30, 40, 1_200);
        assert_eq!(calls(&all, 1), 13, "by pages of the kind");
        let some = dashboards(1, 10_000, 60);
        assert_eq!(calls(&some, 1), 60, "one by one");
        assert_eq!(calls(&some, 50), 2, "by lists of ids");
    }

    #[test]
    fn a_sample_is_as_large_as_asked_and_follows_its_seed() {
        let chosen = |size, seed| {
            let mut stocks = [dashboards(3, 40, 120), dashboards(1, 10, 10)];
            choose(&mut stocks, 130, size, seed);
            let keys = |stock: &Stock| stock.keys.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            stocks.iter().map(keys).collect::<Vec<_>>()
        };
        let size = |chosen: &[Vec<String>]| chosen.iter().map(Vec::len).sum::<usize>();
        assert_eq!(size(&chosen(20, 7)), 20);
        assert_eq!(chosen(20, 7), chosen(20, 7));
        assert_ne!(chosen(20, 7), chosen(20, 8));
        assert_eq!(size(&chosen(500, 7)), 130, "no more than there are");
        // Over many seeds every object has its turn.
        let ever: BTreeSet<String> = (0..200).flat_map(|seed| chosen(20, seed)[0].clone()).collect();
        assert_eq!(ever.len(), 120);
    }
}
