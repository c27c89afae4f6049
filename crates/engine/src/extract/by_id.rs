//! Objects read by id: many to a call where the instance takes lists of ids.
//!
//! That an integer parameter takes a list of values is documented; that `id` and
//! `folder_id` do is not. It is tried out once an instance, with objects that are
//! to be read anyway, so that a yes costs nothing, and the vault remembers the
//! answer. What comes back is held against what was asked for each time.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use jiff::Timestamp;
use looker::client::Reply;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Error, ErrorKind};
use vault::{Probe, Reader, VaultError};

use super::error::ExtractError;
use super::groups::Group;
use super::pool::{Rows, blocking};
use super::report::{GapReport, Stop};
use super::run::Run;

/// Most values of a list in one call: some hundred bytes of an address.
pub(super) const MOST_IN_A_LIST: usize = 100;

/// An object to read: its group and its key.
pub(super) type Item = (usize, String);

/// How objects are asked for.
#[derive(Clone)]
pub(super) struct Search {
    pub(super) group: Group,
    /// Which objects are sure to be there, so that a list of ids can be tried out.
    pub(super) there: There,
    /// The round of a listing in which what is found is noted as named.
    pub(super) noted: Option<u32>,
}

/// What is sure to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum There {
    /// All that is asked for: a listing has just named it.
    All,
    /// Another object of the group.
    Other(String),
    /// Nobody knows.
    Unknown,
}

impl Search {
    /// For objects of a group that a listing has just named.
    pub(super) fn of(group: &Group) -> Self {
        Self { group: group.clone(), there: There::All, noted: None }
    }
}

/// Which parameters were found to take lists, by their names as probes.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<String, bool>);

/// How a call for some ids ended.
enum Asked {
    Done,
    Failed(Error),
}

/// What trying out a list told.
struct Tried {
    rows: Vec<Row>,
    date: Timestamp,
}

impl Lists {
    pub(super) fn remembered(reader: &Reader, instance: vault::InstanceId) -> Result<Self, VaultError> {
        let probes = reader.probes(instance)?;
        Ok(Self(probes.into_iter().map(|probe| (probe.name, probe.answer)).collect()))
    }

    /// Whether a parameter of the group's search takes lists, if that is known.
    pub(super) fn taken(&self, group: &Group, parameter: &str) -> Option<bool> {
        self.known(&name(group, parameter))
    }

    /// What is known by the name of a probe.
    pub(super) fn known(&self, name: &str) -> Option<bool> {
        self.0.get(name).copied()
    }
}

impl Lists {
    /// Rows that one answer of the group's light listing held at the most, as far
    /// as somebody has looked beyond them.
    pub(super) fn answered_at_once(&self, group: &Group) -> u64 {
        let name = name(group, ROWS);
        let counts = self.0.keys().filter_map(|known| known.strip_prefix(&name)?.parse::<u64>().ok());
        counts.max().unwrap_or(0)
    }
}

impl There {
    /// What it tells of lists that of two objects `asked` for these `came`; `None`: nothing.
    fn judge(&self, asked: &[String; 2], came: &[&str]) -> Option<bool> {
        let has_come = |key: &String| came.contains(&key.as_str());
        if came.iter().any(|id| !asked.iter().any(|key| key == id)) {
            return Some(false);
        }
        match self {
            _ if asked.iter().all(has_come) => Some(true),
            // If one of them came, the other may be gone.
            Self::All => came.is_empty().then_some(false),
            Self::Other(_) => Some(has_come(&asked[1])),
            Self::Unknown => None,
        }
    }
}

/// A probe of how many rows one answer may hold: `search_dashboards.rows.500`.
const ROWS: &str = "rows.";

/// For instance `search_dashboards.id`.
fn name(group: &Group, parameter: &str) -> String {
    format!("{}.{parameter}", group.paged.operation.id)
}

/// Calls that reading so many objects by id costs.
pub(super) fn calls(objects: usize, in_lists: bool) -> u64 {
    (if in_lists { objects.div_ceil(MOST_IN_A_LIST) } else { objects }) as u64
}

impl Run {
    /// Reads objects by id, in rows of the same shape as their pages have; answers
    /// what failed. One that is gone by now is no gap.
    pub(super) async fn read_by_id(&self, items: Vec<Item>) -> Result<Vec<GapReport>, ExtractError> {
        let mut by_group: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (group, key) in items {
            by_group.entry(group).or_default().push(key);
        }
        let searches = by_group.into_iter().map(|(group, keys)| (Search::of(&self.groups[group]), keys));
        self.search(searches.collect()).await
    }

    /// The same for objects of any groups.
    pub(super) async fn search(
        &self,
        searches: Vec<(Search, Vec<String>)>,
    ) -> Result<Vec<GapReport>, ExtractError> {
        let mut lists = Vec::new();
        for (search, keys) in &searches {
            let length = self.ids_a_call(&search.group);
            lists.extend(keys.chunks(length).map(|keys| (search, keys.to_vec())));
        }
        let left = AtomicUsize::new(lists.iter().map(|(_, keys)| keys.len()).sum());
        let results: Vec<_> = futures_util::stream::iter(lists)
            .map(|(search, keys)| self.read_list(search, keys, &left))
            .buffer_unordered(self.workers())
            .collect()
            .await;
        let mut failed = Vec::new();
        for result in results {
            failed.extend(result?);
        }
        Ok(failed)
    }

    /// Objects of a group that a call may ask for.
    pub(super) fn ids_a_call(&self, at: &Group) -> usize {
        let in_lists = at.paged.by_id.and_then(|by_id| self.lists.taken(at, by_id)) == Some(true);
        if in_lists { MOST_IN_A_LIST } else { 1 }
    }

    /// A list that fails is halved, so that one bad object costs only itself; halves
    /// wait until longer lists were tried, so that it comes last. `left`
    /// counts the objects that are not settled: while there are others, one that
    /// fails for too long means that the server is down.
    async fn read_list(
        &self,
        search: &Search,
        keys: Vec<String>,
        left: &AtomicUsize,
    ) -> Result<Vec<GapReport>, ExtractError> {
        let mut failed = Vec::new();
        let mut lists = VecDeque::from([keys]);
        let mut postponed = HashSet::new();
        while let Some(mut keys) = lists.pop_front() {
            let is_last = lists.is_empty();
            let error = match self.ask_for(search, &keys, is_last).await? {
                Asked::Failed(error) if keys.len() > 1 => {
                    tracing::debug!(%error, objects = keys.len(), "A list of objects is halved.");
                    let second = keys.split_off(keys.len() / 2);
                    lists.extend([keys, second]);
                    continue;
                }
                Asked::Failed(error) if !is_last && postponed.insert(keys[0].clone()) => {
                    tracing::debug!(%error, "An object is asked for again when the others were.");
                    lists.push_back(keys);
                    continue;
                }
                Asked::Failed(error) => Some(error),
                Asked::Done => None,
            };
            let others = left.fetch_sub(keys.len(), Ordering::Relaxed) > keys.len();
            let Some(error) = error else { continue };
            if let Some(down) = self.server_down(&error).filter(|_| others) {
                self.brake.pull(down);
            } else {
                let kind = search.group.kind;
                failed.push(GapReport::of_object(kind, &keys[0], error.to_string(), error.tries));
            }
        }
        Ok(failed)
    }

    /// One call; with patience if it is the last of its list, else not for long.
    async fn ask_for(&self, search: &Search, keys: &[String], is_last: bool) -> Result<Asked, ExtractError> {
        let at = &search.group;
        let Some(by_id) = at.paged.by_id.filter(|_| self.brake.pulled().is_none()) else {
            return Ok(Asked::Done);
        };
        let mut call = at.call(None, Rows::Full, Reason::Item).with(by_id, keys.join(","));
        if keys.len() > 1 {
            call = call.with("limit", keys.len().to_string());
        }
        let read = |reply: &Reply| Ok((rows::split(&reply.body, at.kind)?, reply.date));
        let read = async {
            if keys.len() > 1 || !is_last {
                self.client.get_several(&call, read).await
            } else {
                self.client.get(&call, read).await
            }
        };
        let read = tokio::select! {
            read = read => read,
            () = self.brake.at_once() => return Ok(Asked::Done),
        };
        match read {
            Ok((mut rows, date)) => {
                if keys.len() > 1 && rows.iter().any(|row| !keys.contains(&row.id)) {
                    let error = Error::new(ErrorKind::BadBody, "other objects came than were asked for");
                    return Ok(Asked::Failed(error));
                }
                rows.retain(|row| keys.contains(&row.id));
                self.store_found(search, rows, date).await?;
                Ok(Asked::Done)
            }
            Err(error) => {
                if let Some(limit) = Stop::of_limit(&error) {
                    self.brake.pull(limit);
                    return Ok(Asked::Done);
                }
                Ok(Asked::Failed(error))
            }
        }
    }

    /// Whether the group's search takes several ids in a call. Where nobody knows
    /// yet it is tried out with the first two of `keys`, or with the first and
    /// another that is there; those that are read by it are taken out.
    pub(super) async fn takes_id_lists(
        &mut self,
        search: &Search,
        keys: &mut Vec<String>,
    ) -> Result<bool, ExtractError> {
        let at = &search.group;
        let Some(by_id) = at.paged.by_id else { return Ok(false) };
        if let Some(known) = self.lists.taken(at, by_id) {
            return Ok(known);
        }
        let [first, second, ..] = &keys[..] else { return Ok(false) };
        let second = if let There::Other(key) = &search.there { key } else { second };
        let asked = [first.clone(), second.clone()];
        let Some(tried) = self.try_list(at, by_id, &asked, 3).await? else { return Ok(false) };
        let came: Vec<&str> = tried.rows.iter().map(|row| row.id.as_str()).collect();
        let answer = search.there.judge(&asked, &came);
        self.remember(at, by_id, answer, tried.date)?;
        let read: Vec<Row> = tried.rows.into_iter().filter(|row| asked.contains(&row.id)).collect();
        keys.retain(|key| read.iter().all(|row| row.id != *key));
        if answer == Some(true) && search.there != There::All {
            // What was asked for and did not come is not there.
            keys.retain(|key| !asked.contains(key));
        }
        self.store_found(search, read, tried.date).await?;
        Ok(answer == Some(true))
    }

    /// Whether the group's search takes several folders in a call. Where nobody
    /// knows yet it is tried out with `folders`, which hold so many `rows`; answers
    /// whether they were read by it.
    pub(super) async fn read_folder_list(
        &mut self,
        group: usize,
        folders: &[String; 2],
        rows: u64,
    ) -> Result<bool, ExtractError> {
        let at = &self.groups[group].clone();
        let Some(parameter) = at.paged.folder else { return Ok(false) };
        let Some(tried) = self.try_list(at, parameter, folders, rows + 1).await? else {
            return Ok(false);
        };
        let within = |row: &Row| row.folder.as_ref().is_some_and(|folder| folders.contains(folder));
        let both = folders.iter().all(|id| tried.rows.iter().any(|row| row.folder.as_ref() == Some(id)));
        let answer = match (tried.rows.iter().all(within), both) {
            (true, true) => Some(true),
            // One folder may have been emptied meanwhile.
            (true, false) if !tried.rows.is_empty() => None,
            _ => Some(false),
        };
        self.remember(at, parameter, answer, tried.date)?;
        let complete = answer == Some(true) && tried.rows.len() as u64 <= rows;
        let held = tried.rows.into_iter().filter(within).collect();
        self.store_rows(at, held, tried.date).await?;
        Ok(complete)
    }

    /// One call with a list; `None` where it tells nothing.
    async fn try_list(
        &mut self,
        at: &Group,
        parameter: &'static str,
        values: &[String],
        limit: u64,
    ) -> Result<Option<Tried>, ExtractError> {
        if self.brake.pulled().is_some() {
            return Ok(None);
        }
        let call = at.call(None, Rows::Full, Reason::Probe).with(parameter, values.join(","));
        let call = call.with("limit", limit.to_string());
        let read = tokio::select! {
            read = self.client.get(&call, |reply| Ok((rows::split(&reply.body, at.kind)?, reply.date))) => read,
            () = self.brake.at_once() => return Ok(None),
        };
        match read {
            Ok((rows, date)) => Ok(Some(Tried { rows, date })),
            Err(error) if error.kind == ErrorKind::Invalid => {
                self.remember(at, parameter, Some(false), Timestamp::now())?;
                Ok(None)
            }
            Err(error) => {
                if let Some(limit) = Stop::of_limit(&error) {
                    self.brake.pull(limit);
                }
                tracing::info!(%error, parameter, "Whether lists are taken could not be tried out.");
                Ok(None)
            }
        }
    }

    /// Remembers that one answer of a light listing held so many rows and was not
    /// cut there.
    pub(super) fn remember_rows(&mut self, group: usize, rows: u64) -> Result<(), ExtractError> {
        let at = &self.groups[group].clone();
        if rows <= self.lists.answered_at_once(at) {
            return Ok(());
        }
        self.remember(at, &format!("{ROWS}{rows}"), Some(true), Timestamp::now())
    }

    fn remember(
        &mut self,
        group: &Group,
        parameter: &str,
        answer: Option<bool>,
        at: Timestamp,
    ) -> Result<(), ExtractError> {
        self.note_probe(name(group, parameter), answer, at)
    }

    /// Remembers what trying something out told.
    pub(super) fn note_probe(
        &mut self,
        name: String,
        answer: Option<bool>,
        at: Timestamp,
    ) -> Result<(), ExtractError> {
        // Until another run tries again, what is not known is not so.
        self.lists.0.insert(name.clone(), answer == Some(true));
        if let Some(answer) = answer {
            self.writer.probe(self.id, Probe { name, answer, at })?;
        }
        Ok(())
    }

    /// Stores what a search found within its scope.
    async fn store_found(
        &self,
        search: &Search,
        mut rows: Vec<Row>,
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        rows.retain(|row| search.group.holds(row.folder.as_deref()));
        if let Some(round) = search.noted {
            self.note_listed(&search.group, round, rows.clone()).await?;
        }
        self.store_rows(&search.group, rows, date).await
    }

    pub(super) async fn store_rows(
        &self,
        group: &Group,
        rows: Vec<Row>,
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let (kind, side) = (group.kind, group.side);
        let preparer = Arc::clone(&self.preparer);
        preparer.counters.count(&rows);
        blocking(move || preparer.store_items(kind, side, &rows, date)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_judged_by_what_is_sure_to_be_there() {
        let asked = ["3".to_owned(), "5".to_owned()];
        let judged = |came: &[&str]| {
            let other = There::Other("5".into());
            [There::All, other, There::Unknown].map(|there| there.judge(&asked, came))
        };
        assert_eq!(judged(&["3", "5"]), [Some(true); 3]);
        assert_eq!(judged(&["5", "9"]), [Some(false); 3], "strangers");
        assert_eq!(judged(&["3"]), [None, Some(false), None], "only the first is looked at");
        assert_eq!(judged(&["5"]), [None, Some(true), None], "the first is gone");
        assert_eq!(judged(&[]), [Some(false), Some(false), None]);
    }
}
