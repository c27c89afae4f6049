//! The one pool of workers: claim, fetch, hand over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use looker::Kind;
use looker::client::{Call, Client, Reply};
use looker::error::{Error, ErrorKind};
use looker::pacing::Reason;
use looker::paging::{Claim, ClaimedRange, Claims, MultiFolderOffsetCoordinator, StreamPlan};
use looker::rows::{self, Row};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::error::ExtractError;
use super::groups::{Group, Stream};
use super::report::Stop;
use super::run::Run;
use crate::check::{cannot_heal, unavailable};

/// A page as it was answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Index of the stream.
    pub(super) stream: usize,
    pub(super) range: ClaimedRange,
    pub(super) content: Content,
    pub(super) bytes: u64,
    /// The server's clock.
    pub(super) date: Timestamp,
}

/// The rows of an answer.
#[derive(Debug)]
pub(super) enum Content {
    /// Whole objects; one that is none costs no others.
    Objects(Vec<Result<Row, Error>>),
    /// Light rows as they came, tens of thousands at once.
    Light(Vec<Bytes>),
}

impl Content {
    fn read(body: &Bytes, rows: Rows, kind: &Kind) -> Result<Self, Error> {
        match rows {
            Rows::Full => rows::split_each(body, kind).map(Self::Objects),
            Rows::Light => rows::cut(body).map(Self::Light),
        }
    }

    /// How many rows these are.
    pub(super) fn len(&self) -> u64 {
        let rows = match self {
            Self::Objects(rows) => rows.len(),
            Self::Light(rows) => rows.len(),
        };
        rows as u64
    }

    /// The rows with their envelopes; those of light rows are read one by one.
    pub(super) fn rows(self, kind: &'static Kind) -> Box<dyn Iterator<Item = Result<Row, Error>> + Send> {
        match self {
            Self::Objects(rows) => Box::new(rows.into_iter()),
            Self::Light(rows) => Box::new(rows.into_iter().map(|raw| Row::read(raw, kind))),
        }
    }
}

/// Takes answers.
pub(super) trait Sink: Send + Sync {
    /// Looks at an answer before its claim is completed.
    fn answered(&self, claims: &Claims, answer: &Answer) {
        let _ = (claims, answer);
    }
    /// Takes the answer. Taking its time holds the worker back.
    fn take(&self, answer: Answer) -> BoxFuture<'_, Result<(), ExtractError>>;
}

/// Stops a run, once, for a reason.
///
/// A spent budget only keeps further requests from being sent: those on their
/// way are paid for, and their answers are taken. All else cuts them off.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    no_more: CancellationToken,
    at_once: CancellationToken,
    reason: Mutex<Option<Stop>>,
}

impl Brake {
    /// A brake that `interrupt` pulls.
    pub(crate) fn new(interrupt: &CancellationToken) -> Self {
        let at_once = interrupt.child_token();
        Self { no_more: CancellationToken::new(), at_once, reason: Mutex::default() }
    }

    pub(crate) fn pull(&self, reason: Stop) {
        let spent = reason.is_limit();
        self.reason().get_or_insert(reason);
        if spent { self.no_more.cancel() } else { self.at_once.cancel() }
    }

    pub(crate) fn pulled(&self) -> Option<Stop> {
        let pulled = self.no_more.is_cancelled() || self.at_once.is_cancelled();
        pulled.then(|| self.reason().clone().unwrap_or(Stop::Interrupted))
    }

    /// Waits until nothing more may be sent.
    pub(crate) async fn no_more(&self) {
        tokio::select! {
            () = self.no_more.cancelled() => {}
            () = self.at_once.cancelled() => {}
        }
    }

    /// Waits until what is on its way is cut off too.
    pub(crate) async fn at_once(&self) {
        self.at_once.cancelled().await;
    }

    fn reason(&self) -> MutexGuard<'_, Option<Stop>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rows {
    /// Whole objects.
    Full,
    /// With `fields`: id, stamp, folder.
    Light,
}

/// What all workers of a drain share.
pub(super) struct Drain {
    pub(super) client: Client,
    pub(super) brake: Arc<Brake>,
    pub(super) claims: Arc<Claims>,
    pub(super) groups: Arc<Vec<Group>>,
    pub(super) streams: Arc<Vec<Stream>>,
    pub(super) sink: Arc<dyn Sink>,
    /// Groups of which such rows turned out to be closed to us, and why.
    closed: Mutex<HashMap<(usize, Rows), String>>,
}

impl Run {
    /// A drain of `streams`, one for each of `plans`.
    pub(super) fn drain(
        &self,
        streams: Arc<Vec<Stream>>,
        plans: Vec<StreamPlan>,
        sink: Arc<dyn Sink>,
    ) -> Arc<Drain> {
        let is_reading = streams.iter().any(|stream| stream.rows == Rows::Full);
        let look_ahead = if is_reading { self.workers() } else { 0 };
        let coordinator = MultiFolderOffsetCoordinator::new(plans, *self.client.retry_policy(), look_ahead);
        Arc::new(Drain {
            client: self.client.clone(),
            brake: Arc::clone(&self.brake),
            claims: Claims::new(coordinator),
            groups: Arc::clone(&self.groups),
            streams,
            sink,
            closed: Mutex::default(),
        })
    }
}

impl Drain {
    /// Runs `workers` tasks until every stream is drained or the brake is pulled.
    ///
    /// # Errors
    /// What the sink could not take, or a worker that panicked.
    pub(super) async fn run(self: &Arc<Self>, workers: usize) -> Result<(), ExtractError> {
        let mut tasks = JoinSet::new();
        for _ in 0..workers.max(1) {
            let shared = Arc::clone(self);
            tasks.spawn(async move { shared.work().await });
        }
        let mut result = Ok(());
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(ExtractError::Worker(error.to_string())));
            if let Err(error) = ended {
                self.claims.stop();
                result = Err(error);
            }
        }
        result
    }

    /// While a request is on its way, the answer before it is cut and stored. Not
    /// in a stream of unknown size: what to ask for next is in that answer.
    async fn work(self: &Arc<Self>) -> Result<(), ExtractError> {
        let mut earlier = JoinSet::new();
        loop {
            let claim = tokio::select! {
                biased;
                () = self.brake.no_more() => None,
                claim = self.claims.claim_range() => claim,
            };
            let Some(claim) = claim else { return finished(&mut earlier).await };
            let is_sized = self.streams[claim.range().stream].size.is_some();
            let answered = self.ask(claim).await;
            finished(&mut earlier).await?;
            if let Some((claim, reply)) = answered {
                let shared = Arc::clone(self);
                earlier.spawn(async move { shared.digest(claim, reply).await });
            }
            if !is_sized {
                finished(&mut earlier).await?;
            }
        }
    }

    /// Sends what a claim asks for. What fails is settled here.
    async fn ask(&self, mut claim: Claim) -> Option<(Claim, Reply)> {
        let stream = &self.streams[claim.range().stream];
        if let Some(reason) = self.closed_to(stream) {
            claim.give_up(&reason);
            return None;
        }
        let call = self.call(claim.range());
        let reply = tokio::select! {
            reply = self.client.attempt(&call) => reply,
            () = self.brake.at_once() => return None,
        };
        match reply {
            Ok(reply) => {
                claim.arrived();
                Some((claim, reply))
            }
            Err(error) => {
                self.failed(claim, &error);
                None
            }
        }
    }

    async fn digest(&self, claim: Claim, reply: Reply) -> Result<(), ExtractError> {
        // Megabytes to look through: not on a thread that others' requests need.
        let stream = &self.streams[claim.range().stream];
        let (body, rows, kind) = (reply.body.clone(), stream.rows, self.groups[stream.group].kind);
        match blocking(move || Ok(Content::read(&body, rows, kind))).await? {
            Ok(content) => {
                let answer = Answer {
                    stream: claim.range().stream,
                    range: claim.range().clone(),
                    bytes: reply.body.len() as u64,
                    date: reply.date,
                    content,
                };
                self.sink.answered(&self.claims, &answer);
                claim.complete(answer.content.len(), reply.total);
                self.sink.take(answer).await
            }
            Err(error) => {
                self.failed(claim, &error);
                Ok(())
            }
        }
    }

    fn call(&self, range: &ClaimedRange) -> Call {
        let stream = &self.streams[range.stream];
        let reason = match range {
            range if range.tries > 0 => Reason::Retry,
            range if range.speculative => Reason::LookAhead,
            _ if stream.rows == Rows::Light => Reason::Listing,
            _ => Reason::Page,
        };
        self.groups[stream.group]
            .call(stream.folder.as_deref(), stream.rows, reason)
            .with("limit", range.limit.to_string())
            .with("offset", range.offset.to_string())
    }

    fn failed(&self, claim: Claim, error: &Error) {
        tracing::debug!(%error, stream = claim.range().stream, offset = claim.range().offset, "a page failed");
        let stream = &self.streams[claim.range().stream];
        if let Some(limit) = Stop::of_limit(error) {
            return self.brake.pull(limit);
        }
        match error.kind {
            _ if error.is_transient() => {
                let tries = claim.range().tries;
                claim.give_back(&self.client.failure(error, tries));
                // With nothing left but what fails, the ranges' own limits decide.
                let down = self.client.silent_for() > self.client.retry_policy().patience;
                if down && self.claims.has_fresh_ranges() {
                    self.brake.pull(Stop::ServerDown);
                }
            }
            ErrorKind::Invalid => {
                self.close(stream, error.to_string());
                claim.give_up(&error.to_string());
            }
            _ if cannot_heal(error) => {
                let reason = unavailable(error, &self.groups[stream.group].paged.operation);
                claim.give_up(&reason);
                self.close(stream, reason);
            }
            _ => self.brake.pull(Stop::Refused(error.to_string())),
        }
    }

    fn close(&self, stream: &Stream, reason: String) {
        self.closed_rows().insert((stream.group, stream.rows), reason);
    }

    /// Why nothing of a stream is asked for: a group that gives no whole rows needs
    /// no listing either.
    fn closed_to(&self, stream: &Stream) -> Option<String> {
        let closed = self.closed_rows();
        let whole = closed.get(&(stream.group, Rows::Full));
        whole.or_else(|| closed.get(&(stream.group, stream.rows))).cloned()
    }

    /// Groups of which such rows are closed to us, and why.
    pub(super) fn closed(&self, rows: Rows) -> HashMap<usize, String> {
        let closed = self.closed_rows();
        let of_rows = closed.iter().filter(|((_, of), _)| *of == rows);
        of_rows.map(|((group, _), reason)| (*group, reason.clone())).collect()
    }

    fn closed_rows(&self) -> MutexGuard<'_, HashMap<(usize, Rows), String>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the tasks of a worker.
async fn finished(tasks: &mut JoinSet<Result<(), ExtractError>>) -> Result<(), ExtractError> {
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|error| Err(ExtractError::Worker(error.to_string())))?;
    }
    Ok(())
}

/// Runs work that may wait for the vault on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ExtractError> + Send + 'static,
) -> Result<T, ExtractError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ExtractError::Worker(error.to_string()))?
}
