//! Light listings: id, stamps and folder of every row of a group.
//!
//! One opens the run and sizes the streams; one closes it and proves them. They
//! are paged by the same coordinator as everything else. Both are held against
//! the birth marks that the vault has.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use looker::paging::{Claims, StreamPlan};
use looker::rows::Row;
use vault::{Listed, RunId, Writer};

use super::error::ExtractError;
use super::groups::{Group, LISTING_PAGE, ListBy, Sizes, Stream};
use super::pool::{Answer, Rows, Sink, blocking};
use super::recognition::Recognition;
use super::run::Run;

/// Rows of a listing whose envelopes are in memory at once.
const ROWS_AT_A_TIME: usize = 5_000;

/// What listing a set of groups came to.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By index of the group; groups that could not be listed are missing.
    pub(super) sizes: HashMap<usize, Sizes>,
    /// Groups that are closed to us, and why.
    pub(super) closed: HashMap<usize, String>,
    /// Groups whose listing failed in part, and why.
    pub(super) failed: HashMap<usize, String>,
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
        keep: &Keep,
    ) -> Result<Listing, ExtractError> {
        let mut listing = Listing::default();
        let mut by_folder: Vec<usize> =
            wanted.iter().filter(|(_, by)| *by == ListBy::Folder).map(|(group, _)| *group).collect();
        let mut streams = self.light_streams(&by_folder, known);
        let mut bounds = HashMap::new();
        for (group, by) in wanted {
            if let ListBy::Whole { at_most } = by {
                bounds.extend(at_most.map(|pages| (streams.len(), pages)));
                let size = known.get(group).and_then(|sizes| sizes.total);
                streams.push(Stream { group: *group, folder: None, size, page: LISTING_PAGE });
            }
        }
        let beyond = self.drain_listing(streams, bounds, keep, &mut listing).await?;
        if !beyond.is_empty() {
            // More pages than folders: the folders one by one are cheaper.
            for group in &beyond {
                listing.sizes.remove(group);
            }
            by_folder = beyond;
            let streams = self.light_streams(&by_folder, known);
            self.drain_listing(streams, HashMap::new(), keep, &mut listing).await?;
        }
        Ok(listing)
    }

    fn light_streams(&self, groups: &[usize], known: &HashMap<usize, Sizes>) -> Vec<Stream> {
        let mut streams = Vec::new();
        for group in groups {
            let sizes = known.get(group);
            for id in self.groups[*group].folders.iter().flat_map(|folders| &folders.ids) {
                let size = sizes.map(|sizes| sizes.folders.get(id).copied().unwrap_or(0));
                streams.push(Stream { group: *group, folder: Some(id.clone()), size, page: LISTING_PAGE });
            }
        }
        streams
    }

    /// Drains light streams; returns the groups that passed their bound of pages.
    async fn drain_listing(
        &self,
        streams: Vec<Stream>,
        bounds: HashMap<usize, u64>,
        keep: &Keep,
        listing: &mut Listing,
    ) -> Result<Vec<usize>, ExtractError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let plan = |stream: &Stream| StreamPlan {
            name: format!("listing of {}", self.stream_name(stream)),
            size: stream.size,
            page: stream.page,
            committed: Vec::new(),
            // A folder's listing that is cut short makes its stream's size too
            // small, which the stream finds out; one of the whole kind may hide a
            // folder altogether. A closing one is held against known sizes.
            seen_at_once: if stream.folder.is_none() && stream.size.is_none() {
                self.lists.answered_at_once(&self.groups[stream.group]).saturating_add(1)
            } else {
                u64::MAX
            },
        };
        let plans = streams.iter().map(plan).collect();
        let sink = Arc::new(ListingSink {
            groups: Arc::clone(&self.groups),
            streams: streams.clone(),
            bounds,
            keep: keep.clone(),
            recognition: self.recognition.clone(),
            found: Mutex::default(),
        });
        let drain = self.drain(streams.clone(), plans, Rows::Light, Arc::clone(&sink) as Arc<dyn Sink>);
        drain.run(self.workers()).await?;
        listing.closed.extend(std::mem::take(&mut *drain.closed()));
        for gap in drain.claims.gaps("the run was stopped") {
            let group = streams[gap.stream].group;
            if !listing.closed.contains_key(&group) {
                listing.failed.insert(group, gap.reason);
            }
        }
        let mut found = sink.found();
        listing.sizes.extend(std::mem::take(&mut found.sizes));
        Ok(std::mem::take(&mut found.beyond))
    }
}

struct ListingSink {
    groups: Arc<Vec<Group>>,
    streams: Vec<Stream>,
    /// Most pages of a stream before its group is listed by folder instead.
    bounds: HashMap<usize, u64>,
    keep: Keep,
    recognition: Recognition,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    sizes: HashMap<usize, Sizes>,
    pages: HashMap<usize, u64>,
    beyond: Vec<usize>,
}

impl ListingSink {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_length(&self, answer: &Answer) {
        let stream = &self.streams[answer.stream];
        let mut found = self.found();
        let sizes = found.sizes.entry(stream.group).or_default();
        sizes.largest_answer = sizes.largest_answer.max(answer.raws.len() as u64);
        if stream.folder.is_none() {
            *sizes.total.get_or_insert(0) += answer.raws.len() as u64;
        }
        if answer.raws.is_empty() && answer.range.offset > 0 {
            // Somebody looked beyond a full or round answer: it was no cap.
            sizes.looked_beyond.get_or_insert(sizes.largest_answer);
            sizes.largest_answer = u64::MAX;
        }
    }

    fn count(&self, stream: usize, rows: &[Row]) {
        let stream = &self.streams[stream];
        let group = &self.groups[stream.group];
        if !group.kind.lies_in_folders() {
            return;
        }
        let mut found = self.found();
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

/// The rows of a group as the vault compares them.
fn listed(group: &Group, rows: Vec<Row>) -> Vec<Listed> {
    let row = |row: Row| Listed {
        kind: Cow::Borrowed(group.kind.name),
        key: row.id,
        side: group.side,
        folder: row.folder,
        updated_at: row.updated_at,
    };
    rows.into_iter().filter(|row| group.holds(row.folder.as_deref())).map(row).collect()
}

impl Sink for ListingSink {
    fn answered(&self, claims: &Claims, answer: &Answer) {
        let full = answer.raws.len() as u64 >= u64::from(answer.range.limit);
        let Some(bound) = self.bounds.get(&answer.stream).filter(|_| full) else { return };
        let mut found = self.found();
        let pages = found.pages.entry(answer.stream).or_default();
        *pages += 1;
        if *pages >= *bound {
            found.beyond.push(self.streams[answer.stream].group);
            drop(found);
            claims.mark_folder_complete(answer.stream, answer.range.offset + answer.raws.len() as u64);
        }
    }

    fn take(&self, answer: Answer) -> BoxFuture<'_, Result<(), ExtractError>> {
        async move {
            let group = &self.groups[self.streams[answer.stream].group];
            self.note_length(&answer);
            for raws in answer.raws.chunks(ROWS_AT_A_TIME) {
                let read = |raw: &Bytes| Row::read(raw.clone(), group.kind);
                let rows = raws.iter().map(read).collect::<looker::error::Result<Vec<Row>>>()?;
                self.count(answer.stream, &rows);
                let of_scope = rows.iter().filter(|row| group.holds(row.folder.as_deref()));
                self.recognition.check(group.kind, of_scope).await?;
                let Keep::Round { writer, run, round } = self.keep.clone() else { continue };
                let listed = listed(group, rows);
                blocking(move || Ok(writer.listing(run, round, listed)?)).await?;
            }
            Ok(())
        }
        .boxed()
    }
}
