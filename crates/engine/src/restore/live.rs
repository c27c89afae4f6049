//! What the instance has of chosen objects now, for the fewest calls.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::StreamExt;
use looker::catalogue::{AnswerShape, List, Paged, Whole};
use looker::client::Call;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Client, ErrorKind, Kind};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use vault::{BodyHash, Reader, Side, Writer};

use super::RestoreError;
use super::packing::{Packed, pack};
use super::session::Session;
use crate::extract::{ExtractError, Group, ONE_PLAN, Rows, compiled, item_call, whole_call};

/// Ids that one call asks for, where an instance takes lists of them.
const IDS_A_CALL: usize = 50;

/// An object as it is on the instance. Bodies are made when they are asked for:
/// thousands of them are held at once.
#[derive(Debug, Clone)]
pub(super) struct Live {
    /// Its envelope and its raw body; that is empty where it is packed.
    pub(super) row: Row,
    /// Live or in the trash.
    pub(super) side: Side,
    /// What the vault would store of it.
    pub(super) packed: Option<Arc<Packed>>,
}

/// What is known of a kind before it is asked for.
#[derive(Debug, Default, Clone)]
pub(super) struct Stock {
    /// Objects of the kind by side: live, trash.
    pub(super) stored: [usize; 2],
    /// Whether the instance takes lists of ids.
    pub(super) takes_lists: bool,
    /// The folders in which objects are thought to lie, by their ids.
    pub(super) folders: HashMap<String, String>,
}

impl Stock {
    /// Ids that one call asks for.
    fn ids_a_call(&self, paged: &Paged) -> usize {
        let takes_lists = self.takes_lists || paged.by_id == Some("ids");
        if takes_lists { IDS_A_CALL } else { 1 }
    }
}

impl Live {
    /// Its canonical body.
    pub(super) fn body(&self, kind: &'static Kind, reader: &Reader) -> Result<Vec<u8>, RestoreError> {
        Ok(self.body_like(kind, None, false, reader)?.0)
    }

    /// What it says, as it came or in canonical form.
    pub(super) fn document(&self, reader: &Reader) -> Result<Cow<'_, [u8]>, RestoreError> {
        match &self.packed {
            Some(packed) => packed.body(&self.row.id, reader).map(Cow::Owned),
            None => Ok(Cow::Borrowed(&self.row.raw)),
        }
    }

    /// The hash of its body, where it is known and the vault has only one way to store it.
    pub(super) fn hash(&self) -> Option<BodyHash> {
        self.packed.as_ref().map(|packed| packed.hash())
    }

    /// Its canonical body, with or without destinations; and whether the stored one is
    /// that, made in either way.
    pub(super) fn body_like(
        &self,
        kind: &'static Kind,
        stored: Option<&BodyHash>,
        with_destinations: bool,
        reader: &Reader,
    ) -> Result<(Vec<u8>, bool), RestoreError> {
        if let Some(packed) = &self.packed {
            return Ok((packed.body(&self.row.id, reader)?, stored == Some(&packed.hash())));
        }
        let [redacting, keeping] = compiled(kind);
        let ways = if with_destinations { [keeping, redacting] } else { [redacting, keeping] };
        let made = |rules| {
            let made = vault::canonicalise(&self.row.raw, rules);
            made.map(|made| made.body).map_err(|error| RestoreError::Unreadable {
                id: self.row.id.clone(),
                reason: error.to_string(),
            })
        };
        let first = made(ways[0])?;
        let is_stored = |body: &[u8]| stored.is_some_and(|stored| BodyHash::of(body) == *stored);
        if is_stored(&first) || kind.destinations.is_empty() {
            let same = is_stored(&first);
            return Ok((first, same));
        }
        // What a restore has kept of what it made may lack destinations that it was made
        // from: what is compared is what was asked for, whichever of both the vault has.
        let is_second = is_stored(&made(ways[1])?);
        Ok((first, is_second))
    }
}

/// Reads these objects of a kind, live or in the trash; of kinds that one call
/// answers whole, everything.
pub(super) async fn read(
    session: &Session,
    kind: &'static Kind,
    keys: &BTreeSet<String>,
    stock: &Stock,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let mut found = Found::new(session, kind);
    match &kind.list {
        List::Whole(whole) => {
            found.whole(whole).await?;
            if kind.name == "scheduled_plans" {
                found.each(&ONE_PLAN_CALL, &found.missing(keys)).await?;
            }
        }
        List::Paged(paged) => found.paged(paged, keys, stock).await?,
        List::Each(each) => found.each(&|key| item_call(kind, each, key), keys).await?,
        List::Singles(_) => {}
    }
    Ok(found.lives)
}

/// Reads these schedules one by one: disabled ones are in no list.
pub(super) async fn read_plans(
    session: &Session,
    kind: &'static Kind,
    keys: &BTreeSet<String>,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let mut found = Found::new(session, kind);
    found.each(&ONE_PLAN_CALL, keys).await?;
    Ok(found.lives)
}

/// Calls that reading so many live objects of a kind takes at the most.
pub(super) fn calls(paged: &Paged, objects: usize, stock: &Stock) -> usize {
    let page = usize::try_from(paged.page.max(1)).unwrap_or(usize::MAX);
    let all = stock.stored[0] / page + 1;
    if paged.by_id.is_none() { all } else { all.min(objects.div_ceil(stock.ids_a_call(paged))) }
}

/// Reads all live objects of a kind that is listed; the vault knows of so many.
pub(super) async fn read_all(
    session: &Session,
    kind: &'static Kind,
    stored: usize,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let mut found = Found::new(session, kind);
    match &kind.list {
        List::Paged(paged) => found.pages(paged, Side::Live, None, stored).await?,
        List::Whole(whole) => found.whole(whole).await?,
        List::Each(_) | List::Singles(_) => {}
    }
    Ok(found.lives)
}

/// Disabled schedules are in no list.
static ONE_PLAN_CALL: fn(&str) -> Call = |key| {
    let plans = Kind::find("scheduled_plans").unwrap_or(&looker::catalogue::KINDS[0]);
    item_call(plans, &ONE_PLAN, key)
};

struct Found<'c> {
    client: &'c Client,
    writer: &'c Writer,
    kind: &'static Kind,
    lives: BTreeMap<String, Live>,
    /// Pages that may be in memory, on their way or being packed.
    places: Arc<Semaphore>,
}

/// Rows of an answer, each with what the vault would store of it if it is packed.
type Answered = Vec<(Row, Option<Arc<Packed>>)>;

/// Rows of an answer that are being packed, while the next ones are asked for.
struct Page {
    rows: usize,
    packing: JoinHandle<Result<Answered, RestoreError>>,
}

impl Page {
    async fn packed(self) -> Result<Answered, RestoreError> {
        self.packing.await.map_err(|error| ExtractError::Worker(error.to_string()))?
    }
}

impl<'c> Found<'c> {
    fn new(session: &'c Session, kind: &'static Kind) -> Self {
        let places = Arc::new(Semaphore::new(session.client.settings().ceiling.max(1)));
        Self { client: &session.client, writer: &session.writer, kind, lives: BTreeMap::new(), places }
    }

    fn missing(&self, keys: &BTreeSet<String>) -> BTreeSet<String> {
        keys.iter().filter(|key| !self.lives.contains_key(*key)).cloned().collect()
    }

    async fn rows(&self, call: Call) -> Result<Page, RestoreError> {
        // It is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let kind = self.kind;
        let read = self.client.get(&call, |reply| rows::split_each(&reply.body, kind)).await?;
        // What has no id is nothing that anybody asked for.
        let read: Vec<Row> = read.into_iter().flatten().collect();
        let (rows, writer) = (read.len(), self.writer.clone());
        let packing = tokio::spawn(async move {
            let packed = pack(writer, kind, read).await;
            drop(place);
            packed
        });
        Ok(Page { rows, packing })
    }

    fn keep(&mut self, answered: Answered, side: Side) {
        for (row, packed) in answered {
            self.lives.entry(row.id.clone()).or_insert(Live { row, side, packed });
        }
    }

    /// All that one call answers.
    async fn whole(&mut self, whole: &'static Whole) -> Result<(), RestoreError> {
        let page = self.rows(whole_call(self.kind, whole)).await?;
        self.keep(page.packed().await?, Side::Live);
        Ok(())
    }

    /// One call an object; what answers 404 is not there.
    async fn each(
        &mut self,
        call: &(dyn Fn(&str) -> Call + Sync),
        keys: &BTreeSet<String>,
    ) -> Result<(), RestoreError> {
        let shape = self.kind.each().map_or(AnswerShape::Object, |each| each.answer);
        let kind = self.kind;
        let client = self.client;
        let reads = keys.iter().map(|key| {
            let call = call(key);
            async move {
                let read = client.get(&call, |reply| Row::keyed(key, reply.body.clone(), kind, shape)).await;
                match read {
                    Ok(row) => Ok(Some(row)),
                    Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
        });
        let answers: Vec<_> =
            futures_util::stream::iter(reads).buffer_unordered(client.settings().ceiling).collect().await;
        for answer in answers {
            let rows = answer?.into_iter().map(|row| (row, None)).collect();
            self.keep(rows, Side::Live);
        }
        Ok(())
    }

    async fn paged(
        &mut self,
        paged: &'static Paged,
        keys: &BTreeSet<String>,
        stock: &Stock,
    ) -> Result<(), RestoreError> {
        let sides: &[Side] = if self.kind.has_trash() { &[Side::Live, Side::Trash] } else { &[Side::Live] };
        for (side, stored) in sides.iter().zip(stock.stored) {
            let mut missing = self.missing(keys);
            if missing.is_empty() {
                break;
            }
            let page = usize::try_from(paged.page.max(1)).unwrap_or(usize::MAX);
            let ids_a_call = stock.ids_a_call(paged);
            let all = stored / page + 1;
            let (folders, calls) = by_folders(&missing, stock, ids_a_call, page);
            if calls < all.min(missing.len().div_ceil(ids_a_call)) {
                for (folder, count) in folders {
                    self.pages(paged, *side, Some(&folder), count).await?;
                }
                missing = self.missing(keys);
            }
            if missing.is_empty() {
                break;
            }
            if paged.by_id.is_some() && missing.len().div_ceil(ids_a_call) <= all {
                self.by_ids(paged, *side, &missing, ids_a_call).await?;
            } else {
                self.pages(paged, *side, None, stored.max(missing.len())).await?;
            }
        }
        Ok(())
    }

    async fn by_ids(
        &mut self,
        paged: &'static Paged,
        side: Side,
        ids: &BTreeSet<String>,
        ids_a_call: usize,
    ) -> Result<(), RestoreError> {
        let Some(by_id) = paged.by_id else { return Ok(()) };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let calls = ids.chunks(ids_a_call).map(|ids| {
            let call = Group::on(self.kind, paged, side)
                .call(None, Rows::Full, Reason::Item)
                .with(by_id, ids.join(","));
            if ids.len() > 1 { call.with("limit", ids.len().to_string()) } else { call }
        });
        let this = &*self;
        let answers: Vec<_> = futures_util::stream::iter(calls.map(|call| this.rows(call)))
            .buffer_unordered(self.client.settings().ceiling)
            .collect()
            .await;
        let asked: BTreeSet<&str> = ids.into_iter().collect();
        for answer in answers {
            let mut answer = answer?.packed().await?;
            answer.retain(|(row, _)| asked.contains(row.id.as_str()));
            self.keep(answer, side);
        }
        Ok(())
    }

    /// All pages of a side, or of a folder in it, of which so many rows are expected.
    async fn pages(
        &mut self,
        paged: &'static Paged,
        side: Side,
        folder: Option<&str>,
        expected: usize,
    ) -> Result<(), RestoreError> {
        let mut pages = Pages::new(usize::try_from(paged.page.max(1)).unwrap_or(usize::MAX), expected);
        let mut read = Vec::new();
        loop {
            let call = |offset: usize| {
                Group::on(self.kind, paged, side)
                    .call(folder, Rows::Full, Reason::Page)
                    .with("limit", pages.size.to_string())
                    .with("offset", offset.to_string())
            };
            let this = &*self;
            let reads = pages.offsets().map(|offset| this.rows(call(offset)));
            let ceiling = self.client.settings().ceiling.max(1);
            let answers: Vec<_> = futures_util::stream::iter(reads).buffered(ceiling).collect().await;
            let mut counts = Vec::with_capacity(answers.len());
            for answer in answers {
                let page = answer?;
                counts.push(page.rows);
                read.push(page);
            }
            if !pages.go_on(&counts) {
                break;
            }
        }
        for page in read {
            self.keep(page.packed().await?, side);
        }
        Ok(())
    }
}

/// Which pages are asked for next: one, which may be all there is; then at once as many as
/// are expected, but no more than there have been; then one by one until one is short.
///
/// A short page is not believed where more is expected: a server may cap pages without
/// saying so, and what it left out would be taken for gone. Only an empty one is. That
/// pages are capped is believed when two in a row are equally short.
#[derive(Debug)]
struct Pages {
    /// Rows of a page that nobody caps.
    page: usize,
    /// Rows that a page is asked for.
    size: usize,
    /// Where the next one begins.
    from: usize,
    /// How many are asked for at once.
    wave: usize,
    /// How long the last answer was that was short.
    short: Option<usize>,
    /// Rows that are expected.
    expected: usize,
}

impl Pages {
    fn new(page: usize, expected: usize) -> Self {
        Self { page, size: page, from: 0, wave: 1, short: None, expected }
    }

    fn offsets(&self) -> impl Iterator<Item = usize> + use<> {
        let (from, size) = (self.from, self.size);
        (0..self.wave).map(move |n| from + n * size)
    }

    /// Takes in how many rows each of the pages had. Whether there are more to be asked for.
    fn go_on(&mut self, counts: &[usize]) -> bool {
        let Some(nth) = counts.iter().position(|count| *count < self.size) else {
            self.from += self.wave * self.size;
            let left = (self.expected / self.size + 1).saturating_sub(self.from / self.size);
            self.wave = left.min(self.from / self.size).max(1);
            return true;
        };
        let count = counts[nth];
        self.from += nth * self.size + count;
        self.size = if self.short == Some(count) { count } else { self.page };
        (self.wave, self.short) = (1, Some(count));
        count > 0 && self.from < self.expected
    }
}

/// The folders of which pages take fewer calls than asking for what lies in them by id,
/// with how many objects lie there; and the calls that all of it takes then.
fn by_folders(
    missing: &BTreeSet<String>,
    stock: &Stock,
    ids_a_call: usize,
    page: usize,
) -> (Vec<(String, usize)>, usize) {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for folder in missing.iter().filter_map(|key| stock.folders.get(key)) {
        *counts.entry(folder).or_default() += 1;
    }
    let pages = |count: usize| count / page + 1;
    counts.retain(|_, count| pages(*count) < count.div_ceil(ids_a_call));
    let rest = missing.len() - counts.values().sum::<usize>();
    let calls = counts.values().map(|count| pages(*count)).sum::<usize>() + rest.div_ceil(ids_a_call);
    (counts.into_iter().map(|(folder, count)| (folder.clone(), count)).collect(), calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that are read, and the calls that this takes, of a server that answers so many
    /// rows of those from an offset on.
    fn paged(expected: usize, answer: &mut dyn FnMut(usize, usize) -> usize) -> (usize, usize) {
        let (mut pages, mut calls, mut seen) = (Pages::new(100, expected), 0, BTreeSet::new());
        loop {
            let offsets: Vec<usize> = pages.offsets().collect();
            calls += offsets.len();
            let mut counts = Vec::new();
            for offset in offsets {
                counts.push(answer(offset, pages.size));
                seen.extend(offset..offset + counts[counts.len() - 1]);
            }
            if !pages.go_on(&counts) {
                return (seen.len(), calls);
            }
        }
    }

    #[test]
    fn pages_that_are_all_there_cost_as_many_calls_as_there_are() {
        for rows in [0, 1, 99, 100, 101, 250, 10_000] {
            let read = paged(rows, &mut |offset, limit| rows.saturating_sub(offset).min(limit));
            assert_eq!(read, (rows, rows / 100 + 1));
        }
    }

    #[test]
    fn capped_pages_are_read_to_their_end() {
        for cap in [1, 7, 40, 50] {
            let (read, calls) =
                paged(330, &mut |offset, limit| 330_usize.saturating_sub(offset).min(limit).min(cap));
            assert_eq!(read, 330, "{cap}");
            assert!(calls <= 330_usize.div_ceil(cap) + 1, "{cap}: {calls}");
        }
    }

    #[test]
    fn one_short_answer_makes_no_small_pages() {
        let mut first = true;
        let (read, calls) = paged(1_000, &mut |offset, limit| {
            let rows = 1_000_usize.saturating_sub(offset).min(limit);
            if std::mem::take(&mut first) { rows.min(1) } else { rows }
        });
        assert_eq!(read, 1_000);
        assert!(calls <= 1_000 / 100 + 2, "{calls}");
    }

    #[test]
    fn of_what_is_gone_no_more_pages_are_asked_for_than_there_are() {
        for left in [100_usize, 150, 450] {
            let (read, calls) = paged(10_000, &mut |offset, limit| left.saturating_sub(offset).min(limit));
            assert_eq!(read, left);
            assert!(calls <= 2 * (left / 100 + 2), "{left}: {calls}");
        }
    }

    #[test]
    fn folders_are_read_by_pages_where_that_takes_fewer_calls() {
        let folders = |lies: &[(usize, &str)]| {
            let mut all = HashMap::new();
            for (count, folder) in lies {
                let first = all.len();
                all.extend((first..first + count).map(|id| (id.to_string(), (*folder).to_owned())));
            }
            all
        };
        let chosen = |lies: &[(usize, &str)], ids_a_call: usize| {
            let stock = Stock { folders: folders(lies), ..Stock::default() };
            let missing = stock.folders.keys().cloned().collect();
            let (folders, calls) = by_folders(&missing, &stock, ids_a_call, 100);
            (folders.into_iter().map(|(folder, _)| folder).collect::<Vec<_>>(), calls)
        };
        assert_eq!(chosen(&[(60, "a"), (1, "b")], 1), (vec!["a".to_owned()], 2));
        assert_eq!(chosen(&[(60, "a"), (1, "b")], 50), (vec!["a".to_owned()], 2));
        assert_eq!(chosen(&[(40, "a"), (30, "b")], 50), (vec![], 2));
        assert_eq!(chosen(&[(250, "a")], 1), (vec!["a".to_owned()], 3));
    }
}
