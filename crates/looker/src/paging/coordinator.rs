//! The state machine that hands out ranges and learns where streams end.
//!
//! Time comes in as a [`Duration`] since any fixed moment and randomness as a
//! fraction, so that a test can drive it through every interleaving.

use std::time::Duration;

use super::range::{ClaimedRange, FolderRange, Gap, StreamPlan, StreamStatistics, Waiting};

/// A short page whose length is a multiple of this may be a silent cap on the
/// page size rather than the end of the stream.
pub const SUSPICIOUS_CAP: u64 = 50;

/// How long a failing range is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Failed tries before a range may be given up.
    pub tries: u32,
    /// Time since its first failure before a range may be given up.
    pub patience: Duration,
    /// Upper bound of the first delay; doubles with each try.
    pub first_delay: Duration,
    /// No delay is longer, but for a longer `Retry-After`.
    pub longest_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 8,
            patience: Duration::from_secs(120),
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(15),
        }
    }
}

impl RetryPolicy {
    /// The delay before the next try: full jitter, but never less than the
    /// server asked for. `jitter` lies in 0..1.
    pub fn delay(&self, tries: u32, jitter: f64, retry_after: Option<Duration>) -> Duration {
        let ceiling =
            self.first_delay.saturating_mul(1u32 << tries.saturating_sub(1).min(16)).min(self.longest_delay);
        ceiling.mul_f64(jitter.clamp(0.0, 1.0)).max(retry_after.unwrap_or_default())
    }

    /// Whether a call that failed `tries` times, first `failing_for` ago, is given up.
    pub fn is_exhausted(&self, tries: u32, failing_for: Duration) -> bool {
        tries >= self.tries && failing_for >= self.patience
    }
}

/// Why a claim comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// For the gap, should it come to that.
    pub reason: String,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
    /// The page was too slow or too large: try its halves.
    pub split: bool,
    /// Random fraction in 0..1 that spreads the tries.
    pub jitter: f64,
    /// Whether a request went out.
    pub sent: bool,
}

/// What a worker is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Read this range.
    Claim(ClaimedRange),
    /// Nothing to hand out now; ask again when a claim ended, or at that time.
    Wait(Option<Duration>),
    /// Every row has been answered for.
    Done,
}

/// Shares the ranges of several page streams among workers, in turn.
///
/// See the [module documentation](super) for its promises.
#[derive(Debug)]
pub struct MultiFolderOffsetCoordinator {
    streams: Vec<FolderRange>,
    /// The stream whose turn it is.
    turn: usize,
    serial: u64,
    policy: RetryPolicy,
    /// Most speculative claims in flight at once, over all streams.
    look_ahead: usize,
    speculating: usize,
    gaps: Vec<Gap>,
}

impl MultiFolderOffsetCoordinator {
    /// A coordinator of `plans`, which looks at most `look_ahead` pages ahead of
    /// unanswered ones in streams of unknown size.
    pub fn new(plans: Vec<StreamPlan>, policy: RetryPolicy, look_ahead: usize) -> Self {
        Self {
            streams: plans.into_iter().map(FolderRange::new).collect(),
            turn: 0,
            serial: 0,
            policy,
            look_ahead,
            speculating: 0,
            gaps: Vec::new(),
        }
    }

    /// The streams, in the order of the plans.
    pub fn streams(&self) -> &[FolderRange] {
        &self.streams
    }

    /// Ranges given up so far.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Hands out the next range: the next stream in turn that has sure work,
    /// else one that follows others, else, within bounds, a page whose need is not
    /// proved yet.
    pub fn claim_range(&mut self, now: Duration) -> Next {
        let count = self.streams.len();
        let in_turn = |turn: usize| (0..count).map(move |step| (turn + step) % count);
        for following in [false, true] {
            for index in in_turn(self.turn) {
                if self.streams[index].follows.is_some() != following || !self.may_begin(index) {
                    continue;
                }
                if let Some(range) = self.sure_range(index, now) {
                    return Next::Claim(self.hand_out(index, &range, false));
                }
            }
        }
        if self.speculating < self.look_ahead {
            for index in in_turn(self.turn) {
                if let Some(range) = self.speculative_range(index) {
                    return Next::Claim(self.hand_out(index, &range, true));
                }
            }
        }
        if self.streams.iter().all(FolderRange::is_drained) {
            return Next::Done;
        }
        Next::Wait(self.earliest_retry())
    }

    /// The answer to a claim is here; its rows are still to be counted. Streams that
    /// follow need not wait for that. To be told at most once for a claim.
    pub fn arrived(&mut self, claim: &mut ClaimedRange) {
        if !std::mem::replace(&mut claim.arrived, true) {
            self.streams[claim.stream].arrived += 1;
        }
    }

    /// Ends a claim with the rows its answer held, and the total, if the answer
    /// carried one.
    pub fn complete(&mut self, claim: &ClaimedRange, rows: u64, total: Option<u64>) {
        self.learn_from_followed(claim.stream);
        let stream = self.end_claim(claim, true);
        let answered = claim.offset + rows;
        stream.statistics.rows += rows;
        stream.doubts -= usize::from(claim.doubt);
        if rows == 0 {
            if claim.offset > 0 {
                stream.statistics.waste += 1;
            }
            stream.believe_empty(claim, 0);
            stream.forget_from(claim.offset);
            stream.end = Some(stream.end.map_or(claim.offset, |end| end.min(claim.offset)));
            return;
        }
        stream.note_clean_page();
        stream.reached = stream.reached.max(answered);
        if stream.lost_from.is_none() {
            stream.doubt_emptiness_before(claim.offset);
        }
        if rows >= u64::from(claim.limit) {
            stream.proved += 1;
            Self::learn_from_full_page(stream, answered, total);
        } else {
            Self::learn_from_short_page(stream, claim, rows, total);
        }
    }

    /// Returns a claim for another try, by any worker; gives it up instead when
    /// its tries and the policy's patience are used up.
    pub fn give_back(&mut self, claim: &ClaimedRange, failure: &Failure, now: Duration) {
        let tries = claim.tries + 1;
        let first_failed = claim.first_failed.unwrap_or(now);
        if self.policy.is_exhausted(tries, now.saturating_sub(first_failed)) {
            self.record_gap(claim, &failure.reason, failure.sent);
            return;
        }
        let delay = self.policy.delay(tries, failure.jitter, failure.retry_after);
        let stream = self.end_claim(claim, failure.sent);
        stream.statistics.retries += 1;
        let first = if failure.split && claim.limit > 1 {
            stream.shrink_page(claim.limit);
            claim.limit.div_ceil(2)
        } else {
            claim.limit
        };
        let mut waiting = Waiting {
            offset: claim.offset,
            limit: first,
            tries,
            first_failed: Some(first_failed),
            not_before: now + delay,
            doubt: claim.doubt,
        };
        stream.waiting.push_back(waiting.clone());
        if first < claim.limit {
            waiting.offset += u64::from(first);
            waiting.limit = claim.limit - first;
            stream.doubts += usize::from(waiting.doubt);
            stream.waiting.push_back(waiting);
        }
    }

    /// Ends a claim as a gap.
    pub fn give_up(&mut self, claim: &ClaimedRange, reason: &str) {
        self.record_gap(claim, reason, true);
    }

    fn record_gap(&mut self, claim: &ClaimedRange, reason: &str, sent: bool) {
        let stream = self.end_claim(claim, sent);
        stream.doubts -= usize::from(claim.doubt);
        let open = stream.end.is_none_or(|end| claim.offset + u64::from(claim.limit) > end);
        if stream.end.is_none() {
            // What follows a lost page of a stream of unknown size is unknown too.
            stream.lost_from = Some(claim.offset);
            stream.close_at(claim.offset);
        }
        self.gaps.push(Gap {
            stream: claim.stream,
            offset: claim.offset,
            limit: (!open).then_some(u64::from(claim.limit)),
            tries: claim.tries + 1,
            reason: reason.to_owned(),
        });
    }

    /// Declares the end of a stream, whoever learned it. Ranges beyond it are
    /// not handed out any more.
    pub fn mark_folder_complete(&mut self, stream: usize, end: u64) {
        self.streams[stream].close_at(end);
        self.streams[stream].asked = true;
    }

    /// Turns all that is not answered for into gaps: the run must stop.
    pub fn stop(&mut self, reason: &str) {
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let mut lost = |offset, limit, tries| {
                self.gaps.push(Gap { stream: index, offset, limit, tries, reason: reason.to_owned() });
            };
            for range in std::mem::take(&mut stream.waiting) {
                lost(range.offset, Some(u64::from(range.limit)), range.tries);
            }
            stream.doubts = 0;
            if !stream.frontier_is_closed() {
                stream.skip_committed();
                let open = stream.end.map(|end| end.saturating_sub(stream.next));
                if open != Some(0) {
                    lost(stream.next, open, 0);
                }
                stream.close_at(stream.next);
                stream.asked = true;
                stream.lost_from = Some(stream.next);
            }
        }
    }

    /// Whether a stream waits for no other. One that has begun goes on, even when an
    /// answer it did not wait for turns out to be no page.
    fn may_begin(&mut self, index: usize) -> bool {
        let stream = &self.streams[index];
        let Some(follows) = stream.follows.as_ref().filter(|_| !stream.asked) else { return true };
        if !follows.iter().all(|other| self.streams[*other].is_answered()) {
            return false;
        }
        self.learn_from_followed(index);
        true
    }

    /// A stream learns its size from those it follows, once they are drained: before
    /// that their last answers may still move their ends.
    fn learn_from_followed(&mut self, index: usize) {
        let stream = &self.streams[index];
        let Some(follows) = stream.follows.as_ref().filter(|follows| !follows.is_empty()) else { return };
        let followed = || follows.iter().map(|other| &self.streams[*other]);
        if stream.end.is_none() && stream.reached == 0 && followed().all(FolderRange::is_drained) {
            self.streams[index].end = followed().map(FolderRange::end).sum();
        }
    }

    /// A range of the stream that is surely needed: a due retry, or the next page
    /// when the known size, or the last full page, says there is one.
    fn sure_range(&mut self, index: usize, now: Duration) -> Option<Waiting> {
        let stream = &mut self.streams[index];
        if let Some(position) = stream.waiting.iter().position(|range| range.not_before <= now) {
            return stream.waiting.remove(position);
        }
        stream.skip_committed();
        let sure = stream.end.is_some() || (stream.in_flight == 0 && stream.waiting.is_empty());
        if sure && stream.doubts == 0 { Self::frontier(stream) } else { None }
    }

    /// A page ahead of an unanswered one, while the stream has proved to hold as
    /// many pages as are looked at ahead.
    fn speculative_range(&mut self, index: usize) -> Option<Waiting> {
        let stream = &mut self.streams[index];
        let ahead = (stream.in_flight + stream.waiting.len()) as u64;
        let open = stream.end.is_none() && stream.follows.is_none();
        let may = open && stream.doubts == 0 && ahead <= stream.proved && stream.proved > 0;
        if may { Self::frontier(stream) } else { None }
    }

    fn frontier(stream: &mut FolderRange) -> Option<Waiting> {
        let limit = stream.next_limit()?;
        let offset = stream.next;
        stream.asked = true;
        stream.next += u64::from(limit);
        stream.statistics.ranges_claimed += 1;
        stream.statistics.offset = stream.statistics.offset.max(stream.next);
        Some(Waiting {
            offset,
            limit,
            tries: 0,
            first_failed: None,
            not_before: Duration::ZERO,
            doubt: false,
        })
    }

    fn hand_out(&mut self, index: usize, range: &Waiting, speculative: bool) -> ClaimedRange {
        self.serial += 1;
        self.turn = (index + 1) % self.streams.len();
        self.speculating += usize::from(speculative);
        let stream = &mut self.streams[index];
        stream.in_flight += 1;
        ClaimedRange {
            serial: self.serial,
            stream: index,
            offset: range.offset,
            limit: range.limit,
            tries: range.tries,
            speculative,
            first_failed: range.first_failed,
            doubt: range.doubt,
            arrived: false,
        }
    }

    fn end_claim(&mut self, claim: &ClaimedRange, sent: bool) -> &mut FolderRange {
        self.speculating -= usize::from(claim.speculative);
        let stream = &mut self.streams[claim.stream];
        stream.in_flight -= 1;
        stream.arrived -= usize::from(claim.arrived);
        stream.statistics.calls += u64::from(sent);
        stream
    }

    /// A full page: there may be more, whatever a size said.
    fn learn_from_full_page(stream: &mut FolderRange, answered: u64, total: Option<u64>) {
        // A total within what was handed out already would leave no page to prove it.
        let told = total.filter(|total| *total > stream.next.max(stream.reached));
        if total.is_some() && told.is_none() {
            // It may be right all the same: no looking ahead on this evidence.
            stream.proved = 0;
        }
        match stream.end {
            Some(end) if answered > end && stream.lost_from.is_none() => {
                stream.end = told;
                stream.next = stream.next.max(answered);
            }
            None if stream.lost_from.is_none() => stream.end = told,
            _ => {}
        }
    }

    /// A short page: the end, unless something speaks against it. One that is
    /// short of a known size is never believed: rows may have vanished, which a
    /// look at what is missing settles, or the server may cut pages.
    fn learn_from_short_page(stream: &mut FolderRange, claim: &ClaimedRange, rows: u64, total: Option<u64>) {
        let answered = claim.offset + rows;
        let missing = u64::from(claim.limit) - rows;
        let round = rows.is_multiple_of(SUSPICIOUS_CAP) && rows >= stream.seen_at_once;
        let believed = match (stream.end, total) {
            (_, Some(total)) if total == answered => true,
            (Some(end), _) => answered >= end && !round,
            (None, total) => !round && total.is_none_or(|total| total < answered),
        };
        if believed {
            stream.believe_empty(claim, rows);
            stream.close_at(answered);
            return;
        }
        if claim.doubt {
            // Short twice: this server gives no more rows at once.
            stream.page = stream.page.min(u32::try_from(rows).unwrap_or(u32::MAX).max(1));
        }
        stream.doubt(answered, missing);
    }

    fn earliest_retry(&self) -> Option<Duration> {
        self.streams.iter().flat_map(|stream| &stream.waiting).map(|range| range.not_before).min()
    }

    /// Statistics of every stream, in the order of the plans.
    pub fn statistics(&self) -> Vec<StreamStatistics> {
        self.streams.iter().map(|stream| stream.statistics.clone()).collect()
    }

    /// Whether there are ranges that were never handed out and wait for no others.
    pub fn has_fresh_ranges(&self) -> bool {
        self.streams.iter().any(|stream| stream.follows.is_none() && !stream.frontier_is_closed())
    }
}
