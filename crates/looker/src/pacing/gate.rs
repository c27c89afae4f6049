//! The one gate that every request of the process passes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limiter::{Limiter, Outcome};

/// Holds requests until the limiter allows them.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    freed: Notify,
    started: Instant,
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    running: usize,
    most_running: usize,
}

impl Gate {
    /// A gate kept by `limiter`.
    pub fn new(limiter: Limiter) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { limiter, running: 0, most_running: 0 }),
            freed: Notify::new(),
            started: Instant::now(),
        })
    }

    /// Waits until one more request may run.
    pub async fn enter(self: &Arc<Self>) -> Permit {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let start = {
                let mut state = self.lock();
                let now = self.started.elapsed();
                let start = state.limiter.may_start(state.running, now);
                if start.is_some_and(|start| start <= now) {
                    state.limiter.started(now);
                    state.running += 1;
                    state.most_running = state.most_running.max(state.running);
                    return Permit { gate: Arc::clone(self), entered: Instant::now() };
                }
                start
            };
            match start {
                None => freed.await,
                Some(start) => {
                    tokio::select! {
                        () = freed => {}
                        () = tokio::time::sleep_until(self.started + start) => {}
                    }
                }
            }
        }
    }

    /// Requests that may run at once now.
    pub fn window(&self) -> usize {
        self.lock().limiter.window()
    }

    /// The most requests that ever ran at once.
    pub fn most_running(&self) -> usize {
        self.lock().most_running
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counters only: nothing half-made can be left behind by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to run one request. Dropping it frees the place.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    entered: Instant,
}

impl Permit {
    /// Time since the request was let through.
    pub fn elapsed(&self) -> Duration {
        self.entered.elapsed()
    }

    /// Tells the limiter how the request of `class` ended. Call once, at its end.
    pub fn report(&self, class: &'static str, outcome: Outcome) {
        let now = self.gate.started.elapsed();
        self.gate.lock().limiter.ended(class, outcome, self.elapsed(), now, fastrand::f64());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.lock().running -= 1;
        self.gate.freed.notify_waiters();
    }
}
