//! Calls are written down while a run works, not only with its pages: a killed
//! process leaves a true account of what it spent, to a second.

use std::time::Duration;

use looker::Client;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use vault::{RunId, VaultError, Writer};

use crate::extract::blocking;

const EVERY: Duration = Duration::from_secs(1);

/// Writes down, with a run, the calls that its client sent since the last time.
pub(crate) fn count_calls(client: &Client, writer: &Writer, run: RunId) -> Result<(), VaultError> {
    let counts = client.meter().take();
    if counts.is_empty() {
        return Ok(());
    }
    let lines = counts.into_iter().map(|line| vault::CallCount {
        at: line.at,
        kind: line.kind.to_owned(),
        reason: line.reason.name().to_owned(),
        ledger: line.ledger.name().to_owned(),
        calls: line.calls,
    });
    writer.calls(run, lines.collect())
}

/// A task that writes calls down until it is ended or dropped.
#[derive(Debug)]
pub(crate) struct Bookkeeping {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Bookkeeping {
    pub(crate) fn start(client: Client, writer: Writer, run: RunId) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            while stopped.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                let (client, writer) = (client.clone(), writer.clone());
                // A writer that fails tells all who write; the run ends by it.
                if blocking(move || Ok(count_calls(&client, &writer, run)?)).await.is_err() {
                    return;
                }
            }
        });
        Self { stop: stop.drop_guard(), task }
    }

    /// Ends it. What it had taken from the meter has been handed to the writer.
    pub(crate) async fn end(self) {
        drop(self.stop);
        // It does not panic; if it did, the run's own last count follows.
        let _ = self.task.await;
    }
}
