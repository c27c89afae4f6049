//! What the instance has of chosen objects now, for the fewest calls.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use looker::catalogue::{AnswerShape, List, Paged, Whole};
use looker::client::{Call, Reply};
use looker::pacing::Reason;
use looker::rows::Row;
use looker::{Client, ErrorKind, Kind};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinError, spawn_blocking};
use vault::{BodyHash, InstanceId, Reader, Side, Writer};

use super::RestoreError;
use super::ahead::Portion;
use super::keep;
use super::packing::{self, Answered, Packed};
use super::paging::{Course, Pages, Stock, page_of};
use super::planner::{AsMeant, Meant};
use super::session::Session;
use crate::extract::{ExtractError, Group, ONE_PLAN, Rows, compiled, item_call, whole_call};

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
    /// Where it was looked at when it was read back: that it is as it was meant.
    pub(super) as_meant: Option<AsMeant>,
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

/// What was read of a kind.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Objects by their ids.
    pub(super) lives: BTreeMap<String, Live>,
    /// Folders of which all live objects were listed; `None` is the whole instance.
    pub(super) listed: Vec<Option<String>>,
}

/// Reads these objects of a kind, live or in the trash; of kinds that one call
/// answers whole, everything.
pub(super) async fn read(
    session: &Session,
    kind: &'static Kind,
    keys: &BTreeSet<String>,
    stock: &Stock,
) -> Result<Found, RestoreError> {
    let mut found = Reading::new(session, kind);
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
    Ok(Found { lives: found.lives, listed: found.listed })
}

/// Reads these schedules one by one: disabled ones are in no list.
pub(super) async fn read_plans(
    session: &Session,
    kind: &'static Kind,
    keys: &BTreeSet<String>,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let mut found = Reading::new(session, kind);
    found.each(&ONE_PLAN_CALL, keys).await?;
    Ok(found.lives)
}

/// Reads all live objects of a kind that is listed; the vault knows of so many.
pub(super) async fn read_all(
    session: &Session,
    kind: &'static Kind,
    stored: usize,
) -> Result<Found, RestoreError> {
    let mut found = Reading::new(session, kind);
    match &kind.list {
        List::Paged(paged) => found.pages(paged, Side::Live, None, stored).await?,
        List::Whole(whole) => found.whole(whole).await?,
        List::Each(_) | List::Singles(_) => {}
    }
    Ok(Found { lives: found.lives, listed: found.listed })
}

/// Disabled schedules are in no list.
static ONE_PLAN_CALL: fn(&str) -> Call = |key| {
    let plans = Kind::find("scheduled_plans").unwrap_or(&looker::catalogue::KINDS[0]);
    item_call(plans, &ONE_PLAN, key)
};

struct Reading<'c> {
    client: &'c Client,
    writer: &'c Writer,
    instance: InstanceId,
    kind: &'static Kind,
    lives: BTreeMap<String, Live>,
    listed: Vec<Option<String>>,
    /// Pages that may be in memory, on their way or being packed.
    places: Arc<Semaphore>,
}

/// Adds rows of a side to what was read; of an object that came before that one stays.
fn add(lives: &mut BTreeMap<String, Live>, answered: Answered, side: Side) {
    for (row, packed) in answered {
        lives.entry(row.id.clone()).or_insert(Live { row, side, packed, as_meant: None });
    }
}

fn ended(error: &JoinError) -> ExtractError {
    ExtractError::Worker(error.to_string())
}

impl<'c> Reading<'c> {
    fn new(session: &'c Session, kind: &'static Kind) -> Self {
        // While some are packed others are on their way, however few requests there may be.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let places = Arc::new(Semaphore::new(session.client.settings().ceiling.max(cores + 1)));
        let Session { client, writer, .. } = session;
        let (lives, listed) = (BTreeMap::new(), Vec::new());
        Self { client, writer, instance: session.instance(), kind, lives, listed, places }
    }

    fn missing(&self, keys: &BTreeSet<String>) -> BTreeSet<String> {
        keys.iter().filter(|key| !self.lives.contains_key(*key)).cloned().collect()
    }

    /// The rows of one answer.
    async fn rows(&self, call: Call) -> Result<Answered, RestoreError> {
        // It is never closed.
        let _place = self.places.acquire().await.ok();
        let (kind, instance, writer) = (self.kind, self.instance, self.writer.clone());
        let read = move |reply: &Reply| packing::read(&writer, instance, kind, &reply.body);
        Ok(self.client.get_large(&call, read).await??)
    }

    fn add(&mut self, answered: Answered, side: Side) {
        add(&mut self.lives, answered, side);
    }

    /// All that one call answers.
    async fn whole(&mut self, whole: &'static Whole) -> Result<(), RestoreError> {
        let answered = self.rows(whole_call(self.kind, whole)).await?;
        self.add(answered, Side::Live);
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
        let answers: Vec<_> = stream::iter(reads).buffer_unordered(client.settings().ceiling).collect().await;
        for answer in answers {
            let rows = answer?.into_iter().map(|row| (row, None)).collect();
            self.add(rows, Side::Live);
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
            let missing = self.missing(keys);
            if missing.is_empty() {
                break;
            }
            let course = Course::of(&missing, stock, paged, stored);
            for (folder, count) in &course.folders {
                self.pages(paged, *side, Some(folder), *count).await?;
            }
            let missing = self.missing(keys);
            if missing.is_empty() {
                break;
            }
            match course.ids_a_call(missing.len()) {
                Some(ids) => self.by_ids(paged, *side, &missing, ids).await?,
                None => self.pages(paged, *side, None, stored.max(missing.len())).await?,
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
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let calls = ids.chunks(ids_a_call).map(|ids| ids_call(self.kind, paged, side, ids));
        let this = &*self;
        let answers = join_all(calls.map(|call| this.rows(call))).await;
        let asked: BTreeSet<&str> = ids.into_iter().collect();
        for answer in answers {
            let mut answer = answer?;
            answer.retain(|(row, _)| asked.contains(row.id.as_str()));
            self.add(answer, side);
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
        let mut pages = Pages::new(page_of(paged), expected);
        let mut read = Vec::new();
        loop {
            let this = &*self;
            let call = |offset| page_call(this.kind, paged, side, folder, pages.size, offset);
            let reads = pages.offsets().map(|offset| this.rows(call(offset)));
            let mut counts = Vec::new();
            for answer in join_all(reads).await {
                let answer = answer?;
                counts.push(answer.len());
                read.push(answer);
            }
            if !pages.go_on(&counts) {
                break;
            }
        }
        for answered in read {
            self.add(answered, side);
        }
        if side == Side::Live {
            self.listed.push(folder.map(str::to_owned));
        }
        Ok(())
    }
}

/// Reads portions, each when its number comes, until all were read or one does not bring
/// what it should; no more of them at once than there are places. Gives of each what was
/// wanted, which the vault has then; with what it was `meant` to be it is compared.
pub(super) async fn read_portions(
    session: &Session,
    kind: &'static Kind,
    portions: &[Portion],
    ripe: UnboundedReceiver<usize>,
    places: Arc<Semaphore>,
    meant: Option<&Arc<Meant>>,
) -> BTreeMap<String, Live> {
    let reading = &Reading { places, ..Reading::new(session, kind) };
    let mut lives = BTreeMap::new();
    let read = |nth: usize| async move {
        let portion = &portions[nth];
        // A restore that stops is not read back.
        if session.stopped().is_some() {
            return None;
        }
        let mut answered = reading.rows(portion.call.clone()).await.ok()?;
        answered.retain(|(row, _)| portion.wanted.contains(&row.id));
        let mut read = BTreeMap::new();
        add(&mut read, answered, Side::Live);
        if read.len() < portion.wanted.len() {
            return None;
        }
        if let Some(meant) = meant {
            read = looked_at(&session.writer, read, Arc::clone(meant)).await.ok()?;
        }
        let kept = read.values().map(|live| (kind, live.clone())).collect();
        keep::keep(&session.writer, session.run(), kept).await.ok()?;
        Some(read)
    };
    let ripe = stream::unfold(ripe, |mut ripe| async { ripe.recv().await.map(|nth| (nth, ripe)) });
    let mut answers = pin!(ripe.map(read).buffer_unordered(session.client.settings().ceiling.max(1)));
    while let Some(Some(mut read)) = answers.next().await {
        lives.append(&mut read);
    }
    lives
}

/// Looks of each whether it is as it was meant, on a blocking thread. What cannot be compared
/// here is when all is written, and why it cannot is told then.
async fn looked_at(
    writer: &Writer,
    mut read: BTreeMap<String, Live>,
    meant: Arc<Meant>,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let reader = writer.reader()?;
    let looking = spawn_blocking(move || {
        for live in read.values_mut() {
            live.as_meant = meant.look_at(&reader, live).unwrap_or_default();
            // As while rows are packed.
            thread::yield_now();
        }
        read
    });
    Ok(looking.await.map_err(|error| ended(&error))?)
}

/// The call for a page of a side, or of a folder in it.
pub(super) fn page_call(
    kind: &'static Kind,
    paged: &'static Paged,
    side: Side,
    folder: Option<&str>,
    size: usize,
    offset: usize,
) -> Call {
    Group::on(kind, paged, side)
        .call(folder, Rows::Full, Reason::Page)
        .with("limit", size.to_string())
        .with("offset", offset.to_string())
}

/// The call for objects of a side by their ids.
pub(super) fn ids_call(kind: &'static Kind, paged: &'static Paged, side: Side, ids: &[&str]) -> Call {
    let call = Group::on(kind, paged, side).call(None, Rows::Full, Reason::Item);
    let call = call.with(paged.by_id.unwrap_or("id"), ids.join(","));
    if ids.len() > 1 { call.with("limit", ids.len().to_string()) } else { call }
}
