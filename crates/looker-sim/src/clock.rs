//! Waiting for a moment, to a fraction of a millisecond.
//!
//! The runtime's timers know whole milliseconds and are late by one or two. Of an answer
//! that takes five that is a quarter, and a benchmark would take it for its client's. So
//! one thread keeps all moments that are waited for. The system wakes it a little late as
//! well, so it sleeps until shortly before a moment and looks at the time from then on.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// About as late as a thread wakes that sleeps.
const LATE: Duration = Duration::from_micros(120);

/// Wakes whoever waits for a moment.
#[derive(Debug)]
pub(crate) struct Clock {
    alarms: Sender<Alarm>,
}

/// A moment, and who waits for it.
type Alarm = (Instant, oneshot::Sender<()>);

impl Clock {
    /// Starts the thread, which ends with the clock.
    pub(crate) fn start() -> Clock {
        let (alarms, set) = channel();
        thread::spawn(move || run(&set));
        Clock { alarms }
    }

    /// Waits until then.
    pub(crate) async fn until(&self, at: Instant) {
        let (wake, woken) = oneshot::channel();
        // The thread is there as long as the clock, and wakes everyone.
        let _set = self.alarms.send((at, wake));
        let _woken = woken.await;
    }
}

fn run(set: &Receiver<Alarm>) {
    // Of equal moments the first that was set comes first.
    let mut alarms: BTreeMap<(Instant, u64), oneshot::Sender<()>> = BTreeMap::new();
    for nth in 0.. {
        let alarm = loop {
            let now = Instant::now();
            let Some(next) = alarms.first_entry() else { break set.recv().ok() };
            let (at, _) = *next.key();
            if at <= now {
                // Who waited may have gone.
                let _gone = next.remove().send(());
                continue;
            }
            let Some(sleep) = (at - now).checked_sub(LATE) else {
                thread::yield_now();
                continue;
            };
            match set.recv_timeout(sleep) {
                Ok(alarm) => break Some(alarm),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
        };
        let Some((at, wake)) = alarm else { return };
        alarms.insert((at, nth), wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_moment_comes_and_not_before() {
        let clock = Clock::start();
        let begun = Instant::now();
        let wait = async |ms: u64| {
            clock.until(begun + Duration::from_millis(ms)).await;
            assert!(begun.elapsed() >= Duration::from_millis(ms));
        };
        tokio::join!(wait(30), wait(10), wait(20), wait(0), wait(10));
    }
}
