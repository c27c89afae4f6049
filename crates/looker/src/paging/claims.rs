//! The coordinator behind a lock, for tasks to share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::coordinator::{Failure, MultiFolderOffsetCoordinator, Next};
use super::range::{ClaimedRange, Gap, StreamStatistics};

/// Hands claims to concurrent workers until every stream is drained or the run
/// is stopped.
#[derive(Debug)]
pub struct Claims {
    state: Mutex<State>,
    /// A claim ended, or the run was stopped: there may be something to hand out.
    changed: Notify,
    started: Instant,
}

#[derive(Debug)]
struct State {
    coordinator: MultiFolderOffsetCoordinator,
    stopped: bool,
}

impl Claims {
    /// Shares `coordinator`.
    pub fn new(coordinator: MultiFolderOffsetCoordinator) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { coordinator, stopped: false }),
            changed: Notify::new(),
            started: Instant::now(),
        })
    }

    /// The next claim, as soon as there is one; `None` when all streams are
    /// drained or the run was stopped.
    pub async fn claim_range(self: &Arc<Self>) -> Option<Claim> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change wakes us, even one before the await below.
            changed.as_mut().enable();
            let next = {
                let mut state = self.lock();
                if state.stopped {
                    return None;
                }
                state.coordinator.claim_range(self.started.elapsed())
            };
            match next {
                Next::Claim(range) => return Some(Claim { range, claims: Arc::clone(self), open: true }),
                Next::Done => {
                    self.changed.notify_waiters();
                    return None;
                }
                Next::Wait(None) => changed.await,
                Next::Wait(Some(until)) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(self.started + until) => {}
                    }
                }
            }
        }
    }

    /// Hands out nothing more. Claims in flight may still complete.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_waiters();
    }

    /// Whether [`Claims::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Declares the end of a stream; see
    /// [`MultiFolderOffsetCoordinator::mark_folder_complete`].
    pub fn mark_folder_complete(&self, stream: usize, end: u64) {
        self.update(|coordinator, _| coordinator.mark_folder_complete(stream, end));
    }

    /// What could not be read, once all workers have ended. Ranges never handed
    /// out are gaps too, for `reason`.
    pub fn gaps(&self, reason: &str) -> Vec<Gap> {
        let mut state = self.lock();
        state.coordinator.stop(reason);
        state.coordinator.gaps().to_vec()
    }

    /// Whether there are ranges that were never handed out and wait for no others.
    pub fn has_fresh_ranges(&self) -> bool {
        self.lock().coordinator.has_fresh_ranges()
    }

    /// What reading took, by stream.
    pub fn statistics(&self) -> Vec<StreamStatistics> {
        self.lock().coordinator.statistics()
    }

    /// The end of every stream, where it is known.
    pub fn ends(&self) -> Vec<Option<u64>> {
        self.lock().coordinator.streams().iter().map(super::FolderRange::end).collect()
    }

    fn update(&self, change: impl FnOnce(&mut MultiFolderOffsetCoordinator, Duration)) {
        change(&mut self.lock().coordinator, self.started.elapsed());
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state machine leaves no half-made change behind a panic: every
        // method changes it after its last fallible step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A range to read. Ends by [`complete`](Claim::complete),
/// [`give_back`](Claim::give_back) or [`give_up`](Claim::give_up); dropping it
/// gives it back.
#[derive(Debug)]
pub struct Claim {
    range: ClaimedRange,
    claims: Arc<Claims>,
    open: bool,
}

impl Claim {
    /// The range to read.
    pub fn range(&self) -> &ClaimedRange {
        &self.range
    }

    /// The answer is here, and is looked into next; see
    /// [`MultiFolderOffsetCoordinator::arrived`].
    pub fn arrived(&mut self) {
        let Self { range, claims, .. } = self;
        claims.update(|coordinator, _| coordinator.arrived(range));
    }

    /// The answer held `rows` rows, and perhaps the stream's total.
    pub fn complete(mut self, rows: u64, total: Option<u64>) {
        self.end(|coordinator, range, _| coordinator.complete(range, rows, total));
    }

    /// The range goes back for another try, by any worker.
    pub fn give_back(mut self, failure: &Failure) {
        self.end(|coordinator, range, now| coordinator.give_back(range, failure, now));
    }

    /// The range becomes a gap.
    pub fn give_up(mut self, reason: &str) {
        self.end(|coordinator, range, _| coordinator.give_up(range, reason));
    }

    fn end(&mut self, end: impl FnOnce(&mut MultiFolderOffsetCoordinator, &ClaimedRange, Duration)) {
        self.open = false;
        self.claims.update(|coordinator, now| end(coordinator, &self.range, now));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.open {
            let failure = Failure {
                reason: "the worker that read it ended early".to_owned(),
                retry_after: None,
                split: false,
                jitter: 1.0,
                sent: false,
            };
            self.end(|coordinator, range, now| coordinator.give_back(range, &failure, now));
        }
    }
}
