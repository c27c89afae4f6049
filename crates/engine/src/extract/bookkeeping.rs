//! Calls are written down while a run works, not only with its pages: a killed
//! process leaves a true account of what it spent, to a second.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::pool::blocking;
use super::prepare::Preparer;

const EVERY: Duration = Duration::from_secs(1);

/// A task that writes calls down until it is ended or dropped.
#[derive(Debug)]
pub(super) struct Bookkeeping {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Bookkeeping {
    pub(super) fn start(preparer: Arc<Preparer>) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            while stopped.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                let preparer = Arc::clone(&preparer);
                // A writer that fails tells all who write; the run ends by it.
                if blocking(move || preparer.count_calls()).await.is_err() {
                    return;
                }
            }
        });
        Self { stop: stop.drop_guard(), task }
    }

    /// Ends it. What it had taken from the meter has been handed to the writer.
    pub(super) async fn end(self) {
        drop(self.stop);
        // It does not panic; if it did, the run's own last count follows.
        let _ = self.task.await;
    }
}
