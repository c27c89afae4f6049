//! Reading the page streams of all groups with one pool of workers.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use looker::paging::{Gap, StreamPlan, StreamStatistics};
use vault::{ResumableStream, StreamRecord};

use super::by_id::Item;
use super::closing::FIRST_ROUND;
use super::error::ExtractError;
use super::groups::{LISTING_PAGE, Sizes, Stream, calls_of};
use super::incremental::Way;
use super::listing::{Listing, ListingSink, Named};
use super::pool::{Answer, Drain, Rows, Sink, blocking};
use super::prepare::PageSink;
use super::report::{GapReport, StreamReport};
use super::run::Run;
use super::windows::Window;

/// What reading came to, group by group.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Sizes from the opening listing.
    pub(super) sizes: HashMap<usize, Sizes>,
    /// Gaps, until the closing listing heals or confirms them; by group.
    pub(super) gaps: Vec<(usize, GapReport)>,
    /// Pages answered, by group.
    pub(super) pages: HashMap<usize, u64>,
    /// Groups that are closed to us.
    pub(super) closed: Vec<usize>,
    /// Groups of which the opening listing tells all: nothing that the vault has
    /// was missing from it, and nothing was read after it but single objects.
    pub(super) told_by_opening: Vec<usize>,
    /// What the opening listing named, by group.
    pub(super) opening: HashMap<usize, Named>,
    /// The closing listing of what was read, as far as it was made meanwhile.
    pub(super) closing: Listing,
}

impl Reading {
    /// What a stream proved outweighs what a listing counted.
    fn learn(&mut self, stream: &Stream, end: Option<u64>) {
        let Some(end) = end else { return };
        let sizes = self.sizes.entry(stream.group).or_default();
        match &stream.folder {
            Some(list) if list.contains(',') => {}
            Some(folder) => drop(sizes.folders.insert(folder.clone(), end)),
            None => sizes.total = Some(end),
        }
    }
}

/// A stream and what is known of it.
struct Planned {
    stream: Stream,
    /// What an earlier attempt committed of it.
    committed: Vec<std::ops::Range<u64>>,
    /// Most rows that one answer of its list held.
    seen_at_once: u64,
}

impl Planned {
    fn fresh(stream: Stream, sizes: &Sizes) -> Self {
        Self { stream, committed: Vec::new(), seen_at_once: sizes.largest_answer }
    }
}

/// Objects that are read otherwise than by page streams.
struct Single {
    /// By id.
    items: Vec<Item>,
    /// By windows of their groups.
    windows: Vec<(usize, Window)>,
}

impl Run {
    /// Sizes the groups that no earlier attempt has begun to read.
    pub(super) async fn size_groups(&mut self) -> Result<Reading, ExtractError> {
        let mut reading = Reading::default();
        let fresh = self.fresh(&self.continued());
        self.size(&fresh, &mut reading).await?;
        Ok(reading)
    }

    /// Groups that are read from their beginning.
    fn fresh(&self, continued: &[Planned]) -> Vec<usize> {
        let is_fresh = |group: &usize| continued.iter().all(|plan| plan.stream.group != *group);
        (0..self.groups.len()).filter(is_fresh).collect()
    }

    /// Decides how to read the groups, by their sizes, and reads them.
    pub(super) async fn read_groups(&mut self, mut reading: Reading) -> Result<Reading, ExtractError> {
        let mut planned = self.continued();
        let fresh = self.fresh(&planned);
        let open: Vec<usize> = fresh.into_iter().filter(|group| !reading.closed.contains(group)).collect();
        let Single { mut items, windows } = self.plan(open, &mut planned, &mut reading).await?;
        for plan in &planned {
            if let Some(size) = plan.stream.size {
                self.watch.expect(self.groups[plan.stream.group].kind.name, size);
            }
        }
        self.watch.phase("reading pages");
        self.record(&planned).await?;
        items.extend(self.read_windows(windows).await?);
        // What fails here is named by the proof, which tries it once more.
        drop(self.read_by_id(items).await?);
        let pages: Vec<Stream> = planned.iter().map(|plan| plan.stream.clone()).collect();
        let listings = self.closing_streams(&pages, &reading);
        self.drain_pages(planned, listings, true, &mut reading).await?;
        Ok(reading)
    }

    /// Plans how groups are read that no earlier attempt began: by page streams,
    /// or, of those that the vault has, by the objects that changed.
    async fn plan(
        &mut self,
        open: Vec<usize>,
        planned: &mut Vec<Planned>,
        reading: &mut Reading,
    ) -> Result<Single, ExtractError> {
        let sized: Vec<usize> = open
            .iter()
            .copied()
            .filter(|group| self.brake.pulled().is_none() && self.is_incremental(*group))
            .collect();
        let mut adopted = self.adopt(sized).await?;
        let (mut items, mut windows) = (Vec::new(), Vec::new());
        for group in open {
            let sizes = reading.sizes.get(&group).cloned().unwrap_or_default();
            let streams = match adopted.remove(&group) {
                None => self.streams_of(group, &sizes).await?,
                Some(adopted) => match self.way(group, &adopted.stale, &sizes).await? {
                    Way::Pages(streams) if !adopted.stale.is_empty() => streams,
                    way => {
                        self.watch.expect(self.groups[group].kind.name, adopted.stale.len() as u64);
                        match way {
                            Way::ById(keys) => items.extend(keys.into_iter().map(|key| (group, key))),
                            Way::Windows(of_group) => {
                                windows.extend(of_group.into_iter().map(|window| (group, window)));
                            }
                            Way::Pages(_) => {}
                        }
                        reading.told_by_opening.extend((adopted.unlisted == 0).then_some(group));
                        continue;
                    }
                },
            };
            planned.extend(streams.into_iter().map(|stream| Planned::fresh(stream, &sizes)));
        }
        Ok(Single { items, windows })
    }

    /// The page streams of a group. Where small folders could share calls, and
    /// nobody knows yet whether the instance takes lists of them, the two smallest
    /// are read by way of trial.
    async fn streams_of(&mut self, group: usize, sizes: &Sizes) -> Result<Vec<Stream>, ExtractError> {
        let with = |this: &Self, bundles| {
            let strategy = this.request.strategy;
            this.groups[group].streams(group, strategy, this.page(group), sizes, bundles)
        };
        let streams = with(self, self.bundles(group));
        let unknown = self.groups[group]
            .paged
            .folder
            .is_some_and(|parameter| self.lists.taken(&self.groups[group], parameter).is_none());
        if !unknown || calls_of(&with(self, true)) + 1 >= calls_of(&streams) {
            return Ok(streams);
        }
        let mut smallest: Vec<(&String, u64)> = sizes.folders.iter().map(|(id, rows)| (id, *rows)).collect();
        smallest.sort_unstable_by_key(|(id, rows)| (*rows, *id));
        let [(first, some), (second, more), ..] = smallest[..] else { return Ok(streams) };
        let pair = [first.clone(), second.clone()];
        if some + more < u64::from(self.page(group))
            && self.read_folder_list(group, &pair, some + more).await?
        {
            let mut rest = sizes.clone();
            rest.folders.retain(|id, _| !pair.contains(id));
            let at = &self.groups[group];
            return Ok(at.streams(group, self.request.strategy, self.page(group), &rest, true));
        }
        Ok(with(self, self.bundles(group)))
    }

    /// Whether small folders of a group share calls.
    pub(super) fn bundles(&self, group: usize) -> bool {
        let at = &self.groups[group];
        at.paged.folder.and_then(|parameter| self.lists.taken(at, parameter)) == Some(true)
    }

    /// Reads some groups once more, sized by a closing listing. What cannot be asked
    /// for by id is read in one answer: nothing slides past a page that holds all.
    pub(super) async fn read_again(
        &mut self,
        groups: &[usize],
        sizes: &HashMap<usize, Sizes>,
    ) -> Result<Reading, ExtractError> {
        let mut reading = Reading::default();
        let mut planned = Vec::new();
        for group in groups {
            let sizes = sizes.get(group).cloned().unwrap_or_default();
            let by_id = self.groups[*group].paged.by_id;
            let page = by_id.map_or(LISTING_PAGE, |_| self.page(*group));
            let (strategy, bundles) = (self.request.strategy, self.bundles(*group));
            let streams = self.groups[*group].streams(*group, strategy, page, &sizes, bundles);
            planned.extend(streams.into_iter().map(|stream| Planned::fresh(stream, &sizes)));
        }
        self.drain_pages(planned, Vec::new(), false, &mut reading).await?;
        Ok(reading)
    }

    /// The opening listing of groups whose rows carry stamps.
    async fn size(&mut self, fresh: &[usize], reading: &mut Reading) -> Result<(), ExtractError> {
        self.watch.phase("listing");
        let wanted: Vec<_> = fresh
            .iter()
            .filter(|group| self.groups[**group].is_stamped())
            .map(|group| (*group, self.groups[*group].opening(self.request.strategy)))
            .collect();
        let keep = self.keep_opening(fresh);
        let listing = self.list(&wanted, &HashMap::new(), keep).await?;
        reading.opening = listing.named;
        for (group, sizes) in &listing.sizes {
            if let Some(rows) = sizes.looked_beyond {
                self.remember_rows(*group, rows)?;
            }
        }
        for (group, reason) in listing.closed {
            self.close_kind(self.groups[group].kind, reason);
            reading.closed.push(group);
        }
        if self.brake.pulled().is_none() {
            for (group, reason) in listing.failed {
                self.kind_gap(self.groups[group].kind, &reason, 1);
                reading.closed.push(group);
            }
        }
        for (group, _) in wanted {
            // A group without a single row has no entry: it is known to be empty.
            let whole = matches!(
                self.groups[group].opening(self.request.strategy),
                super::groups::ListBy::Whole { .. }
            );
            let empty = Sizes { total: whole.then_some(0), ..Sizes::default() };
            let sizes = listing.sizes.get(&group).cloned().unwrap_or(empty);
            reading.sizes.insert(group, sizes);
        }
        self.warn_of_empty_folders(reading);
        Ok(())
    }

    /// A folder id that is mistyped or hidden looks like an empty folder.
    fn warn_of_empty_folders(&self, reading: &Reading) {
        let Some(scope) = &self.request.folders else { return };
        if reading.sizes.is_empty() || self.brake.pulled().is_some() {
            return;
        }
        for id in scope.unseen_ids() {
            if reading.sizes.values().all(|sizes| !sizes.folders.contains_key(id)) {
                self.watch.warn(&format!("folder {id} holds nothing that this account can see"));
            }
        }
    }

    /// Returns when all pages, and the listings that follow them, have been answered;
    /// the last of them may still be on their way to the vault.
    async fn drain_pages(
        &mut self,
        planned: Vec<Planned>,
        listings: Vec<(Stream, StreamPlan)>,
        progress: bool,
        reading: &mut Reading,
    ) -> Result<(), ExtractError> {
        if planned.is_empty() || self.brake.pulled().is_some() {
            return Ok(());
        }
        let (mut streams, mut plans) = (Vec::new(), Vec::new());
        for planned in planned {
            plans.push(StreamPlan {
                name: self.stream_name(&planned.stream),
                size: planned.stream.size,
                page: planned.stream.page,
                committed: planned.committed,
                seen_at_once: planned.seen_at_once,
                follows: None,
            });
            streams.push(planned.stream);
        }
        for (stream, plan) in listings {
            plans.push(plan);
            streams.push(stream);
        }
        let streams = Arc::new(streams);
        let listing = self.listing_sink(Arc::clone(&streams), HashMap::new(), self.keep_round(FIRST_ROUND));
        let sink = ReadingSink {
            pages: PageSink {
                preparer: Arc::clone(&self.preparer),
                groups: Arc::clone(&self.groups),
                streams: Arc::clone(&streams),
                brake: Arc::clone(&self.brake),
                progress,
            },
            listing: Arc::clone(&listing),
        };
        let drain = self.drain(streams, plans, Arc::new(sink) as Arc<dyn Sink>);
        drain.run(self.workers()).await?;
        let reason = self.brake.pulled().map_or_else(|| "not read".to_owned(), |stop| stop.reason());
        let light = |gap: &Gap| drain.streams[gap.stream].rows == Rows::Light;
        let (unlisted, gaps) = drain.claims.gaps(&reason).into_iter().partition(light);
        reading.closing = listing.listing(&drain, unlisted);
        self.account(&drain, gaps, progress, reading);
        Ok(())
    }

    /// Takes down gaps, statistics and closed groups after a drain.
    fn account(&mut self, drain: &Drain, gaps: Vec<Gap>, progress: bool, reading: &mut Reading) {
        self.findings.streams_read |= progress;
        let closed = drain.closed(Rows::Full);
        for (group, reason) in &closed {
            self.close_kind(self.groups[*group].kind, reason.clone());
            reading.closed.push(*group);
        }
        let streams = &drain.streams;
        for gap in gaps {
            let group = streams[gap.stream].group;
            if !closed.contains_key(&group) {
                let number = u32::try_from(gap.stream).ok().filter(|_| progress);
                let gap = self.gap_report(&streams[gap.stream], gap);
                reading.gaps.push((group, GapReport { stream: number, ..gap }));
            }
        }
        let ends = drain.claims.ends();
        for ((stream, statistics), end) in streams.iter().zip(drain.claims.statistics()).zip(ends) {
            if stream.rows == Rows::Light {
                continue;
            }
            *reading.pages.entry(stream.group).or_default() += statistics.ranges_claimed;
            reading.learn(stream, end);
            self.findings.streams.push(self.stream_report(stream, statistics, end));
        }
    }

    fn gap_report(&self, stream: &Stream, gap: Gap) -> GapReport {
        let known = stream.size.map(|size| size.saturating_sub(gap.offset).max(1));
        GapReport {
            kind: self.groups[stream.group].kind.name,
            place: self.stream_name(stream),
            id: None,
            stream: None,
            listing: None,
            offset: Some(gap.offset),
            // The last page asks for a row more than there should be.
            limit: gap.limit.map(|limit| known.map_or(limit, |known| limit.min(known))).or(known),
            reason: gap.reason,
            tries: gap.tries,
        }
    }

    fn stream_report(&self, stream: &Stream, statistics: StreamStatistics, end: Option<u64>) -> StreamReport {
        let group = &self.groups[stream.group];
        tracing::info!(
            stream = self.stream_name(stream),
            offset = statistics.offset,
            ranges_claimed = statistics.ranges_claimed,
            rows = statistics.rows,
            calls = statistics.calls,
            waste = statistics.waste,
            retries = statistics.retries,
            "A stream was read."
        );
        StreamReport {
            name: self.stream_name(stream),
            kind: group.kind.name,
            state: group.side.name(),
            folder_id: stream.folder.clone(),
            size: end.or(stream.size),
            statistics,
        }
    }

    /// The rows a page of a group holds.
    pub(super) fn page(&self, group: usize) -> u32 {
        self.request.page.unwrap_or(self.groups[group].paged.page)
    }

    /// Streams of an earlier attempt at this run, with what it committed.
    fn continued(&self) -> Vec<Planned> {
        let planned = |earlier: &ResumableStream| {
            let record = &earlier.record;
            let group = self
                .groups
                .iter()
                .position(|group| group.kind.name == record.kind && group.side == record.side)?;
            let ended = earlier.committed.iter().find(|(_, limit, rows)| rows < limit);
            let committed: Vec<_> = earlier
                .committed
                .iter()
                .map(|(offset, limit, _)| *offset..offset + u64::from(*limit))
                .collect();
            let stream = Stream {
                group,
                folder: record.folder.clone(),
                size: record.size.or(ended.map(|(offset, _, rows)| offset + u64::from(*rows))),
                page: record.page_limit,
                rows: Rows::Full,
            };
            let seen_at_once = stream.size.unwrap_or(0);
            Some(Planned { stream, committed, seen_at_once })
        };
        self.earlier.iter().filter_map(planned).collect()
    }

    /// Tells the vault of the streams, so that the run can be resumed.
    async fn record(&self, planned: &[Planned]) -> Result<(), ExtractError> {
        let records: Vec<StreamRecord> = (0u32..)
            .zip(planned)
            .map(|(number, Planned { stream, .. })| {
                let group = &self.groups[stream.group];
                StreamRecord {
                    run: self.id,
                    stream: number,
                    kind: group.kind.name.into(),
                    name: self.stream_name(stream),
                    side: group.side,
                    folder: stream.folder.clone(),
                    size: stream.size,
                    page_limit: stream.page,
                }
            })
            .collect();
        let writer = self.writer.clone();
        blocking(move || {
            for record in records {
                writer.stream(record)?;
            }
            Ok(())
        })
        .await
    }
}

/// Takes pages, and the rows of listings that follow them.
struct ReadingSink {
    pages: PageSink,
    listing: Arc<ListingSink>,
}

impl Sink for ReadingSink {
    fn take(&self, answer: Answer) -> BoxFuture<'_, Result<(), ExtractError>> {
        match self.pages.streams[answer.stream].rows {
            Rows::Full => self.pages.take(answer),
            Rows::Light => self.listing.take(answer),
        }
    }
}
