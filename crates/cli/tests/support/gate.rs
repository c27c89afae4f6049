//! A moment at which a run stands still until the test has done what it wants to do
//! meanwhile, be the machine as slow as it likes.

use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::front::{Exchange, Front};

/// A front that lets answers through until a moment comes; the answer of that moment and
/// all after it wait until the gate is opened or dropped.
pub(crate) struct Gate {
    front: Front,
    door: Arc<Door>,
}

impl Gate {
    /// Before the server on `server`'s port: shuts with the answer of that number, the
    /// first being 1.
    pub(crate) fn at(server: u16, answer: u64) -> Self {
        Self::at_each(server, answer, |_| true)
    }

    /// The same, where only such answers are counted.
    pub(crate) fn at_each(
        server: u16,
        answer: u64,
        counts: impl Fn(&Exchange) -> bool + Send + Sync + 'static,
    ) -> Self {
        let door = Arc::new(Door::default());
        let (inner, seen) = (Arc::clone(&door), AtomicU64::new(0));
        let front = Front::before(server, move |exchange| {
            inner.pass(|| counts(exchange) && seen.fetch_add(1, Ordering::Relaxed) + 1 == answer);
            None
        });
        Self { front, door }
    }

    pub(crate) fn port(&self) -> u16 {
        self.front.port()
    }

    pub(crate) fn url(&self) -> String {
        self.front.url()
    }

    /// Waits for the moment.
    #[track_caller]
    pub(crate) fn wait(&self) {
        let state = self.door.state.lock().unwrap();
        let (state, _) =
            self.door.moved.wait_timeout_while(state, LONG, |state| *state == State::Wide).unwrap();
        assert!(*state != State::Wide, "the moment never came");
    }

    /// Waits for the moment, or for the end of a program that never came to it; whether it
    /// was the first.
    pub(crate) fn is_reached(&self, running: &mut Child) -> bool {
        let mut state = self.door.state.lock().unwrap();
        while *state == State::Wide && running.try_wait().unwrap().is_none() {
            (state, _) = self.door.moved.wait_timeout(state, Duration::from_millis(2)).unwrap();
        }
        *state != State::Wide
    }

    /// Lets all answers through from now on.
    pub(crate) fn open(&self) {
        self.door.open();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.door.open();
    }
}

/// Longer than any run of a test takes to come to its moment.
const LONG: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Door {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default, PartialEq)]
enum State {
    /// The moment is still to come.
    #[default]
    Wide,
    Shut,
    Opened,
}

impl Door {
    /// Lets one through, at once or when it may.
    fn pass(&self, is_moment: impl FnOnce() -> bool) {
        let mut state = self.state.lock().unwrap();
        if *state == State::Wide && is_moment() {
            *state = State::Shut;
            self.moved.notify_all();
        }
        drop(self.moved.wait_while(state, |state| *state == State::Shut).unwrap());
    }

    fn open(&self) {
        *self.state.lock().unwrap() = State::Opened;
        self.moved.notify_all();
    }
}
