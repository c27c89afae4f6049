//! Light listings: id, stamps and folder of every row of a group, and its counters, such
//! as views, which so need no body to be read again.
//!
//! One opens the run and sizes the streams; one closes it and proves them. They
//! are paged by the same coordinator as everything else. Both are held against
//! the birth marks that the vault has.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use looker::paging::{Claims, Gap, StreamPlan};
use looker::rows::Row;
use vault::{Listed, RunId, Side, Writer};

use super::error::ExtractError;
use super::groups::{Group, LISTING_PAGE, ListBy, Sizes, Stream, folders_a_call};
use super::new_folders::KnownFolders;
use super::pool::{Answer, Drain, Rows, Sink, blocking};
use super::prepare::Preparer;
use super::recognition::Recognition;
use super::run::Run;

/// Rows of a listing whose envelopes are in memory at once.
const ROWS_AT_A_TIME: usize = 5_000;

/// What listing a set of groups came to.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By index of the group; groups that could not be listed are missing.
    pub(super) sizes: HashMap<usize, Sizes>,
    /// What was named, by group.
    pub(super) named: HashMap<usize, Named>,
    /// Groups that are closed to us, and why.
    pub(super) closed: HashMap<usize, String>,
    /// Groups whose listing failed in part, and why.
    pub(super) failed: HashMap<usize, String>,
}

/// The objects that a listing of a group named: digests of their keys.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Those within the scope.
    pub(super) here: HashSet<u64>,
    /// Those outside of it; only a listing of the whole kind names any.
    elsewhere: HashSet<u64>,
    /// Whether the whole kind was listed.
    pub(super) is_whole: bool,
    /// One of them, whichever.
    pub(super) one: Option<String>,
}

impl Named {
    /// Whether an object lies outside of the scope.
    pub(super) fn is_elsewhere(&self, key: &str) -> bool {
        self.elsewhere.contains(&digest(key))
    }

    fn add(&mut self, group: &Group, rows: &[Row]) {
        if self.one.is_none() {
            self.one = rows.first().map(|row| row.id.clone());
        }
        for row in rows {
            let held = group.holds(row.folder.as_deref());
            let keys = if held { &mut self.here } else { &mut self.elsewhere };
            keys.insert(digest(&row.id));
        }
    }
}

impl Listing {
    /// Whether a group was listed, or tried to be.
    pub(super) fn tells_of(&self, group: usize) -> bool {
        [&self.closed, &self.failed].iter().any(|other| other.contains_key(&group))
            || self.sizes.contains_key(&group)
    }

    /// Adds the listing of other groups.
    pub(super) fn extend(&mut self, other: Self) {
        self.sizes.extend(other.sizes);
        self.named.extend(other.named);
        self.closed.extend(other.closed);
        self.failed.extend(other.failed);
    }
}

/// Where a listing's rows go.
#[derive(Clone)]
pub(super) enum Keep {
    /// Only counted.
    Count,
    /// Also written to the vault as this round, to be compared there.
    Round { writer: Writer, run: RunId, round: u32 },
}

impl Run {
    /// Lists `wanted` groups, each by its way, with the sizes `known` of an
    /// earlier listing.
    pub(super) async fn list(
        &self,
        wanted: &[(usize, ListBy)],
        known: &HashMap<usize, Sizes>,
        keep: Keep,
    ) -> Result<Listing, ExtractError> {
        let bound = |(group, by): &(usize, ListBy)| match by {
            ListBy::Whole { at_most } => Some((*group, (*at_most)?)),
            ListBy::Folder => None,
        };
        let bounds = wanted.iter().filter_map(bound).collect();
        let streams = self.listing_streams(wanted, known);
        let (mut listing, beyond) = self.drain_listing(streams, bounds, keep.clone()).await?;
        if !beyond.is_empty() {
            // More pages than folders: the folders one by one are cheaper.
            for group in &beyond {
                listing.sizes.remove(group);
                listing.named.remove(group);
            }
            let by_folder: Vec<_> = beyond.into_iter().map(|group| (group, ListBy::Folder)).collect();
            let streams = self.listing_streams(&by_folder, known);
            listing.extend(self.drain_listing(streams, HashMap::new(), keep).await?.0);
        }
        Ok(listing)
    }

    /// The light streams by which groups are listed; where the instance takes lists
    /// of folders, many to a call.
    pub(super) fn listing_streams(
        &self,
        wanted: &[(usize, ListBy)],
        known: &HashMap<usize, Sizes>,
    ) -> Vec<Stream> {
        let mut streams = Vec::new();
        for (group, by) in wanted {
            let sizes = known.get(group);
            let stream =
                |folder, size| Stream { group: *group, folder, size, page: LISTING_PAGE, rows: Rows::Light };
            if let ListBy::Whole { .. } = by {
                streams.push(stream(None, sizes.and_then(|sizes| sizes.total)));
                continue;
            }
            let folders = self.groups[*group].folders.iter();
            for list in folders.flat_map(|folders| folders.ids.chunks(folders_a_call(self.bundles(*group)))) {
                let rows = |sizes: &Sizes| list.iter().filter_map(|id| sizes.folders.get(id)).sum();
                streams.push(stream(Some(list.join(",")), sizes.map(rows)));
            }
        }
        streams
    }

    /// Notes rows as named by a listing, wherever they lie.
    pub(super) async fn note_listed(
        &self,
        group: &Group,
        round: u32,
        rows: Vec<Row>,
    ) -> Result<(), ExtractError> {
        let (writer, run, preparer) = (self.writer.clone(), self.id, Arc::clone(&self.preparer));
        let group = group.clone();
        blocking(move || Ok(writer.listing(run, round, listed(&group, rows, &preparer))?)).await
    }

    /// How a light stream is read.
    pub(super) fn listing_plan(&self, stream: &Stream) -> StreamPlan {
        StreamPlan {
            name: format!("listing of {}", self.stream_name(stream)),
            size: stream.size,
            page: stream.page,
            committed: Vec::new(),
            // A folder's listing that is cut short makes its stream's size too
            // small, which the stream finds out; one of many folders may hide a
            // folder altogether. A closing one is held against known sizes.
            seen_at_once: if stream.folders().count() != 1 && stream.size.is_none() {
                self.lists.answered_at_once(&self.groups[stream.group]).saturating_add(1)
            } else {
                u64::MAX
            },
            follows: None,
        }
    }

    /// Takes the rows of light streams.
    pub(super) fn listing_sink(
        &self,
        streams: Arc<Vec<Stream>>,
        bounds: HashMap<usize, u64>,
        keep: Keep,
    ) -> Arc<ListingSink> {
        let (groups, recognition) = (Arc::clone(&self.groups), self.recognition.clone());
        let (preparer, folders) = (Arc::clone(&self.preparer), self.known_folders.clone());
        let found = Mutex::default();
        Arc::new(ListingSink { groups, streams, bounds, keep, recognition, preparer, folders, found })
    }

    /// Drains light streams; returns the groups that passed their bound of pages too.
    async fn drain_listing(
        &self,
        streams: Vec<Stream>,
        bounds: HashMap<usize, u64>,
        keep: Keep,
    ) -> Result<(Listing, Vec<usize>), ExtractError> {
        if streams.is_empty() {
            return Ok(Default::default());
        }
        let streams = Arc::new(streams);
        let plans = streams.iter().map(|stream| self.listing_plan(stream)).collect();
        let sink = self.listing_sink(Arc::clone(&streams), bounds, keep);
        let drain = self.drain(streams, plans, Arc::clone(&sink) as Arc<dyn Sink>);
        drain.run(self.workers()).await?;
        let listing = sink.listing(&drain, drain.claims.gaps("the run was stopped"));
        let beyond = std::mem::take(&mut sink.found().beyond);
        Ok((listing, beyond))
    }
}

/// Takes the rows of a listing: counts them, and keeps them to be compared.
pub(super) struct ListingSink {
    groups: Arc<Vec<Group>>,
    streams: Arc<Vec<Stream>>,
    /// Most pages of a group that is listed whole before its folders are instead.
    bounds: HashMap<usize, u64>,
    keep: Keep,
    recognition: Recognition,
    preparer: Arc<Preparer>,
    folders: Option<Arc<KnownFolders>>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    sizes: HashMap<usize, Sizes>,
    named: HashMap<usize, Named>,
    pages: HashMap<usize, u64>,
    beyond: Vec<usize>,
}

impl ListingSink {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the listing came to, once its drain has ended with these gaps.
    pub(super) fn listing(&self, drain: &Drain, gaps: Vec<Gap>) -> Listing {
        let closed = drain.closed(Rows::Light);
        let of_group = |gap: Gap| (self.streams[gap.stream].group, gap.reason);
        let failed =
            gaps.into_iter().map(of_group).filter(|(group, _)| !closed.contains_key(group)).collect();
        let mut found = self.found();
        let (sizes, named) = (std::mem::take(&mut found.sizes), std::mem::take(&mut found.named));
        Listing { sizes, named, closed, failed }
    }

    fn note_length(&self, answer: &Answer) {
        let stream = &self.streams[answer.stream];
        let mut found = self.found();
        found.named.entry(stream.group).or_default().is_whole = stream.folder.is_none();
        let sizes = found.sizes.entry(stream.group).or_default();
        sizes.largest_answer = sizes.largest_answer.max(answer.content.len());
        if stream.folder.is_none() {
            *sizes.total.get_or_insert(0) += answer.content.len();
        }
        if answer.content.len() == 0 && answer.range.offset > 0 {
            // Somebody looked beyond a full or round answer: it was no cap.
            sizes.looked_beyond.get_or_insert(sizes.largest_answer);
            sizes.largest_answer = u64::MAX;
        }
    }

    fn count(&self, stream: usize, rows: &[Row]) {
        let stream = &self.streams[stream];
        let group = &self.groups[stream.group];
        let mut found = self.found();
        found.named.entry(stream.group).or_default().add(group, rows);
        if !group.kind.lies_in_folders() {
            return;
        }
        let sizes = found.sizes.entry(stream.group).or_default();
        for folder in rows.iter().filter_map(|row| row.folder.as_deref()) {
            if group.holds(Some(folder)) {
                match sizes.folders.get_mut(folder) {
                    Some(rows) => *rows += 1,
                    None => drop(sizes.folders.insert(folder.to_owned(), 1)),
                }
            }
        }
    }
}

/// A key in eight bytes: of a large instance, a listing's keys are many.
fn digest(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The rows of a group as the vault compares them.
fn listed(group: &Group, rows: Vec<Row>, preparer: &Preparer) -> Vec<Listed> {
    let row = |row: Row| Listed {
        kind: Cow::Borrowed(group.kind.name),
        counters: preparer.counters_in(group.kind, &row.raw),
        key: row.id,
        side: group.side,
        folder: row.folder,
        updated_at: row.updated_at,
    };
    rows.into_iter().filter(|row| group.holds(row.folder.as_deref())).map(row).collect()
}

impl Sink for ListingSink {
    fn answered(&self, claims: &Claims, answer: &Answer) {
        let full = answer.content.len() >= u64::from(answer.range.limit);
        let group = self.streams[answer.stream].group;
        let Some(bound) = self.bounds.get(&group).filter(|_| full) else { return };
        let mut found = self.found();
        let pages = found.pages.entry(group).or_default();
        *pages += 1;
        if *pages >= *bound {
            found.beyond.push(group);
            drop(found);
            claims.mark_folder_complete(answer.stream, answer.range.offset + answer.content.len());
        }
    }

    fn take(&self, answer: Answer) -> BoxFuture<'_, Result<(), ExtractError>> {
        async move {
            let group = &self.groups[self.streams[answer.stream].group];
            self.note_length(&answer);
            let stream = answer.stream;
            let mut answered = answer.content.rows(group.kind);
            loop {
                let rows = answered.by_ref().take(ROWS_AT_A_TIME).collect::<Result<Vec<Row>, _>>()?;
                if rows.is_empty() {
                    return Ok(());
                }
                self.count(stream, &rows);
                if let Some(folders) = self.folders.as_ref().filter(|_| group.side == Side::Live) {
                    folders.notice(&rows);
                }
                let of_scope = rows.iter().filter(|row| group.holds(row.folder.as_deref()));
                self.recognition.check(group.kind, of_scope).await?;
                let Keep::Round { writer, run, round } = self.keep.clone() else { continue };
                let (group, preparer) = (group.clone(), Arc::clone(&self.preparer));
                blocking(move || Ok(writer.listing(run, round, listed(&group, rows, &preparer))?)).await?;
            }
        }
        .boxed()
    }
}
