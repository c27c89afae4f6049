//! Calls are written down while a run works, not only with its pages: a killed
//! process leaves a true account of what it spent, to a second. Who makes calls and
//! keeps nothing else has an [`Errand`] for that: a run of its own command.

use std::time::Duration;

use jiff::Timestamp;
use looker::Client;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use vault::{InstanceId, RunEnd, RunId, RunStart, RunState, Vault, VaultError, Writer};

use crate::check::release;
use crate::extract::{ExtractError, blocking};

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

/// The start of a run that reads by this client, and now.
pub(crate) fn run_start(
    client: &Client,
    instance: InstanceId,
    command: &'static str,
    scope: String,
    release: Option<String>,
) -> RunStart {
    RunStart {
        instance,
        command: command.to_owned(),
        scope,
        options: "{}".to_owned(),
        account: serde_json::json!({ "client_id": client.settings().client_id }).to_string(),
        release,
        started_at: Timestamp::now(),
    }
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

/// A run that keeps nothing but its calls.
#[derive(Debug)]
pub(crate) struct Errand {
    client: Client,
    writer: Writer,
    run: RunId,
    bookkeeping: Bookkeeping,
}

impl Errand {
    /// Signs in and begins the run.
    pub(crate) async fn begin(
        client: &Client,
        mut vault: Vault,
        command: &'static str,
        scope: &serde_json::Value,
    ) -> Result<Self, ExtractError> {
        let (signed_in, release) = tokio::join!(client.sign_in(), release(client));
        signed_in?;
        let instance = vault.instance(&client.settings().host())?;
        let start = run_start(client, instance, command, scope.to_string(), release);
        let run = vault.begin_run(&start)?;
        let writer = vault.into_writer();
        let bookkeeping = Bookkeeping::start(client.clone(), writer.clone(), run);
        Ok(Self { client: client.clone(), writer, run, bookkeeping })
    }

    /// Ends the run; answers its number.
    pub(crate) async fn end(self, state: RunState) -> Result<i64, ExtractError> {
        self.bookkeeping.end().await;
        let (client, writer, run) = (self.client, self.writer, self.run);
        blocking(move || {
            count_calls(&client, &writer, run)?;
            writer.finish(RunEnd::now(run, state, "{}".to_owned()))?;
            writer.close()?;
            Ok(run.number())
        })
        .await
    }
}
