//! The one gate that every request of the process passes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify};
use tokio::time::Instant;

use super::limiter::{Limiter, Outcome};

/// Holds requests until the limiter allows them; who came first goes first.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    /// Held by who is next: the others wait in the order in which they came.
    turn: Turn<()>,
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
            turn: Turn::new(()),
            freed: Notify::new(),
            started: Instant::now(),
        })
    }

    /// Waits until one more request may run.
    pub async fn enter(self: &Arc<Self>) -> Permit {
        let _turn = self.turn.lock().await;
        loop {
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
            // A place that is freed before anybody waits for one is remembered.
            match start {
                None => self.freed.notified().await,
                Some(start) => {
                    tokio::select! {
                        () = self.freed.notified() => {}
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
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::super::limiter::Pacing;
    use super::*;

    #[tokio::test]
    async fn who_came_first_goes_first() {
        let gate = Gate::new(Limiter::new(Pacing::Fixed, 2));
        let held = (gate.enter().await, gate.enter().await);
        let let_through = Arc::new(Mutex::new(Vec::new()));
        let pass = |nth: usize| {
            let (gate, let_through) = (Arc::clone(&gate), Arc::clone(&let_through));
            async move {
                let permit = gate.enter().await;
                let_through.lock().unwrap().push(nth);
                tokio::task::yield_now().await;
                drop(permit);
            }
        };
        let waiting: Vec<_> = (0..20).map(|nth| tokio::spawn(pass(nth))).collect();
        tokio::task::yield_now().await;
        drop(held);
        // Whoever comes when a place is free already does not go before them.
        pass(20).await;
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*let_through.lock().unwrap(), (0..=20).collect::<Vec<_>>());
    }
}
