//! One page stream: what was handed out, what is to be tried again, where it ends.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

/// What the coordinator is told about a stream before the first claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPlan {
    /// Shown in logs and gaps, for instance `dashboards in folder 12`.
    pub name: String,
    /// Number of rows, when a listing counted them. Without it a stream that follows
    /// others takes their ends together for its size.
    pub size: Option<u64>,
    /// Rows a page, at most.
    pub page: u32,
    /// Ranges a former attempt at the same run has committed; never read again.
    pub committed: Vec<Range<u64>>,
    /// Most rows that one answer of this list is known to have held. A short page
    /// of a round length that holds fewer is no silent cap on the page size; one
    /// that holds as many is looked beyond. `u64::MAX` where something else would
    /// notice a cap.
    pub seen_at_once: u64,
    /// Earlier streams, by index, that must be answered before this one begins. One
    /// that follows others, even none, only takes what nobody else needs a worker for.
    pub follows: Option<Vec<usize>>,
}

/// A range of a stream in somebody's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedRange {
    /// Unique within the coordinator.
    pub serial: u64,
    /// Index of the stream, in the order of the plans.
    pub stream: usize,
    /// First row.
    pub offset: u64,
    /// Rows asked for.
    pub limit: u32,
    /// Failed tries before this one.
    pub tries: u32,
    /// Claimed ahead of a page that had not been answered.
    pub speculative: bool,
    pub(super) first_failed: Option<Duration>,
    pub(super) doubt: bool,
    /// Its answer is here.
    pub(super) arrived: bool,
}

/// Rows that could not be read. Never silent: reported, stored, and read by the
/// next run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Index of the stream.
    pub stream: usize,
    /// First row that is missing.
    pub offset: u64,
    /// Rows, or `None` when all that follows is unknown.
    pub limit: Option<u64>,
    /// Tries made.
    pub tries: u32,
    /// Why the last try failed.
    pub reason: String,
}

/// What reading a stream took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StreamStatistics {
    /// One past the highest offset handed out.
    pub offset: u64,
    /// Ranges handed out for the first time.
    pub ranges_claimed: u64,
    /// Rows received.
    pub rows: u64,
    /// Claims sent, tries included.
    pub calls: u64,
    /// Calls that found no row because they lay beyond the end.
    pub waste: u64,
    /// Claims that came back for another try.
    pub retries: u64,
}

/// A range that waits for its next try.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) offset: u64,
    pub(super) limit: u32,
    pub(super) tries: u32,
    pub(super) first_failed: Option<Duration>,
    pub(super) not_before: Duration,
    /// The missing rows of a short page, asked for once more.
    pub(super) doubt: bool,
}

/// The state of one stream.
#[derive(Debug)]
pub struct FolderRange {
    pub(super) name: String,
    /// One past the last row, when known.
    pub(super) end: Option<u64>,
    /// First offset never handed out.
    pub(super) next: u64,
    /// One past the highest row ever received.
    pub(super) reached: u64,
    /// Whether any range was handed out or committed: even a stream that is said
    /// to be empty is asked once.
    pub(super) asked: bool,
    /// Rows a page now; shrinks when pages time out, grows back.
    pub(super) page: u32,
    pub(super) largest_page: u32,
    pub(super) seen_at_once: u64,
    pub(super) clean_pages: u32,
    /// Pages that came back full while the end was unknown: what look-ahead may rely on.
    pub(super) proved: u64,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) committed: Vec<Range<u64>>,
    pub(super) in_flight: usize,
    /// Of these, claims whose answers are here, though nobody has looked into them yet.
    pub(super) arrived: usize,
    /// Short pages that are not explained yet.
    pub(super) doubts: usize,
    /// What short answers were believed to prove empty, until a later row says otherwise.
    pub(super) believed_empty: Vec<Range<u64>>,
    /// From here on nothing is known: a range was given up before the end was.
    pub(super) lost_from: Option<u64>,
    pub(super) follows: Option<Vec<usize>>,
    pub(super) statistics: StreamStatistics,
}

impl FolderRange {
    pub(super) fn new(plan: StreamPlan) -> Self {
        let mut committed = plan.committed;
        committed.retain(|range| !range.is_empty());
        committed.sort_by_key(|range| range.start);
        let page = plan.page.max(1);
        Self {
            name: plan.name,
            end: plan.size,
            next: 0,
            reached: 0,
            asked: !committed.is_empty(),
            page,
            largest_page: page,
            seen_at_once: plan.seen_at_once,
            clean_pages: 0,
            proved: 0,
            waiting: VecDeque::new(),
            committed,
            in_flight: 0,
            arrived: 0,
            doubts: 0,
            believed_empty: Vec::new(),
            lost_from: None,
            follows: plan.follows,
            statistics: StreamStatistics::default(),
        }
    }

    /// The stream's name, as planned.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One past the last row, once that is known.
    pub fn end(&self) -> Option<u64> {
        self.end
    }

    /// What reading took so far.
    pub fn statistics(&self) -> &StreamStatistics {
        &self.statistics
    }

    /// Moves `next` past what a former attempt committed.
    pub(super) fn skip_committed(&mut self) {
        while let Some(range) = self.committed.iter().find(|range| range.contains(&self.next)) {
            self.next = range.end;
        }
    }

    /// Whether every row has been answered for.
    pub(super) fn is_drained(&self) -> bool {
        self.in_flight == 0 && self.waiting.is_empty() && self.frontier_is_closed()
    }

    /// Whether every request that can be foreseen has been answered.
    pub(super) fn is_answered(&self) -> bool {
        self.in_flight == self.arrived && self.waiting.is_empty() && self.frontier_is_closed()
    }

    /// Whether nothing is left to hand out for the first time.
    pub(super) fn frontier_is_closed(&self) -> bool {
        self.asked && self.end.is_some_and(|end| self.next >= end)
    }

    /// The next range never handed out, if it may be handed out now.
    pub(super) fn next_limit(&self) -> Option<u32> {
        if self.frontier_is_closed() {
            return None;
        }
        let until_committed = self
            .committed
            .iter()
            .map(|range| range.start)
            .filter(|start| *start > self.next)
            .min()
            .map(|start| start - self.next);
        let page = u64::from(self.page);
        let open = match self.end {
            // The page that reaches the end asks for one row more than should be
            // left: a short answer then proves the end.
            Some(end) if end - self.next <= page => page.max(end - self.next + 1),
            // So does the first page of a stream of unknown size.
            None if self.next == 0 => page + 1,
            _ => page,
        };
        let limit = until_committed.map_or(open, |room| open.min(room));
        Some(u32::try_from(limit).unwrap_or(u32::MAX))
    }

    /// Puts the missing rows of a short answer up for one more look.
    pub(super) fn doubt(&mut self, offset: u64, rows: u64) {
        self.doubts += 1;
        self.waiting.push_back(Waiting {
            offset,
            limit: u32::try_from(rows).unwrap_or(u32::MAX),
            tries: 0,
            first_failed: None,
            not_before: Duration::ZERO,
            doubt: true,
        });
    }

    /// Remembers the part of a claim's range that its short answer left empty. A
    /// second look is final.
    pub(super) fn believe_empty(&mut self, claim: &ClaimedRange, rows: u64) {
        if !claim.doubt {
            self.believed_empty.push(claim.offset + rows..claim.offset + u64::from(claim.limit));
        }
    }

    /// A row turned up at `offset`: what lies before it cannot have been the end.
    pub(super) fn doubt_emptiness_before(&mut self, offset: u64) {
        let (doubted, kept) =
            std::mem::take(&mut self.believed_empty).into_iter().partition(|range| range.start < offset);
        self.believed_empty = kept;
        let doubted: Vec<Range<u64>> = doubted;
        for range in doubted {
            self.doubt(range.start, range.end - range.start);
        }
    }

    /// Sets the end, proved, and forgets what waited beyond it.
    pub(super) fn close_at(&mut self, end: u64) {
        self.end = Some(end);
        self.forget_from(end);
    }

    /// Forgets ranges that wait at or beyond `offset`, where no row is.
    pub(super) fn forget_from(&mut self, offset: u64) {
        let doubts = &mut self.doubts;
        self.waiting.retain(|range| {
            let kept = range.offset < offset;
            *doubts -= usize::from(!kept && range.doubt);
            kept
        });
    }

    /// Halves the page after a timeout.
    pub(super) fn shrink_page(&mut self, limit: u32) {
        self.page = self.page.min((limit / 2).max(1));
        self.clean_pages = 0;
    }

    /// Grows the page back after a row of clean answers.
    pub(super) fn note_clean_page(&mut self) {
        const CLEAN_PAGES_TO_GROW: u32 = 8;
        if self.page == self.largest_page {
            return;
        }
        self.clean_pages += 1;
        if self.clean_pages >= CLEAN_PAGES_TO_GROW {
            self.page = (self.page * 2).min(self.largest_page);
            self.clean_pages = 0;
        }
    }
}
