//! Calls: one attempt, retries of reads, the token that goes with them.
//!
//! Every request of the process passes here, so here is where it is paced,
//! counted and, when it fails, classified. What the server said is kept in the
//! error; secrets are struck from it.
//!
//! A read is repeated while that may help. A write is sent once: only one that
//! surely did not run is sent again here, and [`Error::fate`](crate::Error::fate)
//! tells the caller what is known of the others.

mod answer;
mod buffers;
mod session;
mod settings;

use std::borrow::Cow;
use std::future::ready;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::RequestBuilder;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::catalogue::{Method, Operation};
use crate::error::{Error, ErrorKind, Fate, Result};
use crate::pacing::{CallMeter, Gate, Ledger, Limiter, Outcome, Permit, Reason};
use crate::paging::{Failure, RetryPolicy};
use crate::rows::KEY_SEPARATOR;
use buffers::Buffers;
use session::{Session, Token};

pub use session::LOGIN_USER;
pub use settings::Settings;

/// Ends a token; whether a contract counts it is said of no instance, the API document
/// says no.
const LOGOUT: Operation = Operation { id: "logout", path: "/logout", ledger: Ledger::Unmetered };

/// A request to make.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation.
    pub operation: &'static Operation,
    /// How; a read is a GET, or a POST where it needs a body.
    pub method: Method,
    /// Path below `/api/4.0`; the operation's own, unless it has parameters.
    pub path: Cow<'static, str>,
    /// Query parameters; none holds a secret.
    pub query: Vec<(&'static str, String)>,
    /// JSON text to send, as it is.
    pub body: Option<String>,
    /// Kind of content it is made for, as it is counted.
    pub kind: &'static str,
    /// What for, as it is counted.
    pub reason: Reason,
    /// Calls of a class take about the same time (for pacing), for instance
    /// `listing`.
    pub class: &'static str,
    /// Whether it is sent without a token.
    pub anonymous: bool,
}

impl Call {
    /// A call of `operation` without parameters.
    pub fn new(operation: &'static Operation, kind: &'static str, reason: Reason) -> Self {
        Self {
            operation,
            method: Method::Get,
            path: Cow::Borrowed(operation.path),
            query: Vec::new(),
            body: None,
            kind,
            reason,
            class: reason.name(),
            anonymous: false,
        }
    }

    /// Sends it without a token: for the few operations that ask for none.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Fills the places in the path (`{user_id}`) with the parts of a key, which
    /// are joined with `::` where there are several places.
    #[must_use]
    pub fn at(mut self, key: &str) -> Self {
        let places = self.path.matches('{').count().max(1);
        let mut parts = key.splitn(places, KEY_SEPARATOR);
        let segments = self.path.split('/').map(|segment| match segment.strip_prefix('{') {
            Some(_) => Cow::Owned(encoded(parts.next().unwrap_or_default())),
            None => Cow::Borrowed(segment),
        });
        self.path = Cow::Owned(segments.collect::<Vec<_>>().join("/"));
        self
    }

    /// Sends JSON with a read that needs it: then it is a POST, and changes nothing
    /// all the same.
    #[must_use]
    pub fn sending(mut self, body: &serde_json::Value) -> Self {
        self.method = Method::Post;
        self.body = Some(body.to_string());
        self
    }

    /// Makes a write of it. The body is JSON text and is sent as it is, so that no
    /// number in it is ever converted.
    #[must_use]
    pub fn writing(mut self, method: Method, body: Option<String>) -> Self {
        (self.method, self.body) = (method, body);
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// A good answer (2xx, not HTML). Whether its body parses is the caller's to say.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// `X-Total-Count`, when sent.
    pub total: Option<u64>,
    /// The server's clock (`Date`) when it answered; ours, when it sent none.
    pub date: Timestamp,
}

/// A client of one Looker instance. Cheap to clone; clones share everything, and those
/// that [act as another user](Client::acting_as) all but the token.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
    session: Arc<Session>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    settings: Settings,
    gate: Arc<Gate>,
    meter: CallMeter,
    buffers: Buffers,
    /// When the server last gave a good answer, or said that we ask too often.
    last_life: Mutex<Instant>,
}

impl Client {
    /// A client by `settings`. Sends nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] when a certificate cannot be read or the TLS
    /// library refuses the settings.
    pub fn new(settings: Settings) -> Result<Self> {
        let http = settings.http_client()?;
        let limiter = Limiter::new(settings.pacing, settings.ceiling);
        let inner = Inner {
            http,
            gate: Gate::new(limiter),
            meter: CallMeter::new(settings.budget),
            buffers: Buffers::new(2 * settings.ceiling),
            last_life: Mutex::new(Instant::now()),
            settings,
        };
        Ok(Self { inner: Arc::new(inner), session: Arc::default() })
    }

    /// A client whose calls are made as another user. It signs in when it first needs
    /// to, by a token of this one's user, who must be an administrator or may `sudo`; and
    /// again when its own token has expired. Everything but the token is shared, so that
    /// its calls are paced and counted with all others.
    #[must_use]
    pub fn acting_as(&self, user: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), session: Arc::new(Session::of_other(self.clone(), user)) }
    }

    /// What the client was made with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The account of calls.
    pub fn meter(&self) -> &CallMeter {
        &self.inner.meter
    }

    /// The gate that all requests pass.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.inner.gate
    }

    /// How long failed calls are tried.
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.settings.retry
    }

    /// Time since the last sign of life (a good answer, a 429), or since the
    /// client was made.
    pub fn silent_for(&self) -> Duration {
        self.inner.last_life.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Signs in now, if there is no valid token.
    ///
    /// # Errors
    /// As [`Client::get`]; [`ErrorKind::RejectedLogin`] when the credentials are refused.
    pub async fn sign_in(&self) -> Result<()> {
        self.persist(|_| async { self.token().await.map(|_| ()) }, |_| false).await
    }

    /// Gives the token back, if there is one: nobody can use it any more. One that is no
    /// longer valid is as good as given back.
    ///
    /// # Errors
    /// As [`Client::write`]; the token is forgotten all the same, and ends by itself.
    pub async fn sign_out(&self) -> Result<()> {
        let Some(token) = self.session.take().await.filter(Token::is_fresh) else { return Ok(()) };
        let call = Call::new(&LOGOUT, "session", Reason::Session).writing(Method::Delete, None);
        let attempt = |_| async {
            let permit = self.inner.gate.enter().await;
            self.inner.meter.book(call.kind, call.reason, call.operation.ledger)?;
            let sent = self.exchange(self.request(&call), &call, Some(&token), permit).await;
            sent.map_err(|error| self.tie(error, &call))
        };
        // Said twice it does no harm; a server in trouble is not waited for.
        let is_enough = |failed: &Error| failed.tries >= 3 || failed.status == Some(401);
        match self.persist(attempt, is_enough).await {
            Err(error) if !matches!(error.status, Some(401 | 404)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes a call and parses its answer, with retries.
    ///
    /// # Errors
    /// The last failure, when it cannot heal or the retry policy is exhausted.
    pub async fn get<T>(&self, call: &Call, parse: impl Fn(&Reply) -> Result<T>) -> Result<T> {
        self.repeat(call, |reply| ready(parse(&reply)), |_| false).await
    }

    /// The same for an answer that takes milliseconds to parse: that is done on a blocking
    /// thread, where it holds up no other request.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_large<T: Send + 'static>(
        &self,
        call: &Call,
        parse: impl Fn(&Reply) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        let parse = |reply: Reply| {
            let parse = parse.clone();
            async move { ended(spawn_blocking(move || parse(&reply)).await)? }
        };
        self.repeat(call, parse, |_| false).await
    }

    /// The same for a call that asks for several things: also gives up when
    /// smaller calls promise more than the same one again.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_several<T>(&self, call: &Call, parse: impl Fn(&Reply) -> Result<T>) -> Result<T> {
        let divide = |failed: &Error| failed.kind.wants_smaller_page() || is_stubborn(failed, failed.tries);
        self.repeat(call, |reply| ready(parse(&reply)), divide).await
    }

    /// Makes a call that writes. It is sent once; again only after it surely did not
    /// run: no connection was made, a token was refused, too much was asked (429).
    ///
    /// # Errors
    /// What went wrong. [`Error::fate`] says whether it may have run, and whether it
    /// is refused for good.
    pub async fn write(&self, call: &Call) -> Result<Reply> {
        self.repeat(call, |reply| ready(Ok(reply)), |failed| failed.fate() != Fate::NotRun).await
    }

    async fn repeat<T, F: Future<Output = Result<T>>>(
        &self,
        call: &Call,
        parse: impl Fn(Reply) -> F,
        is_enough: impl Fn(&Error) -> bool,
    ) -> Result<T> {
        let attempt = |tries: u32| {
            let call = Call { reason: if tries == 0 { call.reason } else { Reason::Retry }, ..call.clone() };
            let parse = &parse;
            async move {
                let reply = self.attempt(&call).await?;
                parse(reply).await.map_err(|error| self.tie(error, &call))
            }
        };
        self.persist(attempt, is_enough).await
    }

    /// Repeats `attempt`, which is told how often it failed, while it fails in a way that may
    /// heal, and not enough yet.
    async fn persist<T, F: Future<Output = Result<T>>>(
        &self,
        attempt: impl Fn(u32) -> F,
        is_enough: impl Fn(&Error) -> bool,
    ) -> Result<T> {
        let policy = &self.inner.settings.retry;
        let started = Instant::now();
        let mut tries = 0;
        loop {
            let failed = match attempt(tries).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            tries += 1;
            let failed = Error { tries, elapsed: started.elapsed(), ..failed };
            let given_up = policy.is_exhausted(tries, started.elapsed()) || is_enough(&failed);
            if !failed.is_transient() || given_up {
                return Err(failed);
            }
            tracing::debug!(error = %failed, "a call failed and is tried again");
            tokio::time::sleep(policy.delay(tries, fastrand::f64(), failed.retry_after)).await;
        }
    }

    /// Makes a call once. A token that turns out to be no longer valid is renewed
    /// and the call sent once more.
    ///
    /// # Errors
    /// What went wrong, classified.
    pub async fn attempt(&self, call: &Call) -> Result<Reply> {
        let first = self.send_with_token(call).await;
        let Err((error, Some(generation))) = first else {
            return first.map_err(|(error, _)| error);
        };
        tracing::debug!(error = %error, "the token was refused; signing in again");
        self.session.forget(generation).await;
        let again = Call { reason: Reason::Retry, ..call.clone() };
        self.send_with_token(&again).await.map_err(|(error, refused)| {
            // Refused twice, though we were let in before: this may heal.
            let may_heal = refused.is_some() && self.session.was_accepted();
            if may_heal { Error { kind: ErrorKind::Server, ..error } } else { error }
        })
    }

    /// One request. The error says, for a 401, which token was refused.
    ///
    /// It is made on a task of its own: an answer of megabytes comes in hundreds of pieces,
    /// and the place that it frees is taken at once, both where its connection is read and
    /// without waking a thread that waits for something else. Dropped, it is broken off.
    async fn send_with_token(&self, call: &Call) -> Result<Reply, (Error, Option<u64>)> {
        let (client, call) = (self.clone(), call.clone());
        let sending = tokio::spawn(async move { client.send(&call).await });
        match ended(AbortOnDropHandle::new(sending).await) {
            Ok(sent) => sent,
            Err(error) => Err((error, None)),
        }
    }

    async fn send(&self, call: &Call) -> Result<Reply, (Error, Option<u64>)> {
        // Whatever fails before the request is on its way is no failure of the call.
        let unsent = |error: Error| (Error { unsent: true, ..error }, None);
        // A place at the gate is for the time that a request takes, not for making it.
        let request = self.request(call);
        let (token, permit) = self.admit(call).await.map_err(unsent)?;
        let booked = self.inner.meter.book(call.kind, call.reason, call.operation.ledger);
        booked.map_err(|error| unsent(self.tie(error, call)))?;
        let result = self.exchange(request, call, token.as_ref(), permit).await;
        let generation = token.as_ref().map(Token::generation);
        match result {
            Ok(reply) => {
                generation.inspect(|_| self.session.accept());
                Ok(reply)
            }
            Err(error) => {
                let refused = generation.filter(|_| error.status == Some(401));
                Err((self.tie(error, call), refused))
            }
        }
    }

    /// Sends a request that is booked, and hears its answer.
    async fn exchange(
        &self,
        request: RequestBuilder,
        call: &Call,
        token: Option<&Token>,
        permit: Permit,
    ) -> Result<Reply> {
        let request = match token {
            Some(token) => request.header("Authorization", token.header()),
            None => request,
        };
        let result = answer::receive(request, self.inner.settings.largest_body, &self.inner.buffers).await;
        permit.report(call.class, outcome(&result));
        if result.as_ref().map_or_else(|error| error.kind == ErrorKind::RateLimited, |_| true) {
            self.inner.note_life();
        }
        result
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let request = self.inner.http.request(method, self.inner.settings.endpoint(&call.path));
        let request = request.query(&call.query);
        match &call.body {
            Some(body) => request.header("Content-Type", "application/json").body(body.clone()),
            None => request,
        }
    }

    /// A token that is still good when the gate lets the request through.
    async fn admit(&self, call: &Call) -> Result<(Option<Token>, Permit)> {
        loop {
            let token = if call.anonymous { None } else { Some(self.token().await?) };
            let permit = self.inner.gate.enter().await;
            if token.as_ref().is_none_or(Token::is_fresh) {
                return Ok((token, permit));
            }
        }
    }

    async fn token(&self) -> Result<Token> {
        self.session.token(&self.inner).await
    }

    /// Says in `error` which call it was, and strikes secrets from it.
    fn tie(&self, error: Error, call: &Call) -> Error {
        self.session.tie(&self.inner, error, format!("{} {}", call.method.name(), call.path))
    }

    /// What the coordinator is told of a page that failed now and `tries` times before.
    pub fn failure(&self, error: &Error, tries: u32) -> Failure {
        // A page that fails while others are answered may hold one row that does.
        const OTHERS_ARE_ANSWERED: Duration = Duration::from_secs(5);
        let stubborn = is_stubborn(error, tries);
        Failure {
            reason: error.to_string(),
            retry_after: error.retry_after,
            split: error.kind.wants_smaller_page() || (stubborn && self.silent_for() < OTHERS_ARE_ANSWERED),
            jitter: fastrand::f64(),
            sent: !matches!(error.kind, ErrorKind::Budget | ErrorKind::Allowance | ErrorKind::Stopped),
        }
    }
}

/// A server error that comes as often as chance does not bring it.
fn is_stubborn(error: &Error, tries: u32) -> bool {
    error.kind == ErrorKind::Server && tries >= 3
}

impl Inner {
    fn note_life(&self) {
        *self.last_life.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Says in `error` which call it was, and strikes secrets from it, tokens by `strike`.
    fn tie(&self, mut error: Error, call: String, strike: &dyn Fn(String) -> String) -> Error {
        let struck = |text: String| answer::shortened(strike(self.settings.strike(text)));
        error.message = struck(error.message);
        for refused in &mut error.fields {
            refused.message = struck(std::mem::take(&mut refused.message));
        }
        if error.call.is_empty() {
            error.call = call.into();
            error.host = self.settings.host().into();
            error.tries = error.tries.max(1);
        }
        error
    }
}

/// A part of a path with whatever must not stand in one spelled in percent.
fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// What a task came to; a panic goes on here.
fn ended<T>(task: std::result::Result<T, JoinError>) -> Result<T> {
    task.map_err(|ended| match ended.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => Error::new(ErrorKind::Stopped, "the program ends"),
    })
}

fn outcome(result: &Result<Reply>) -> Outcome {
    match result {
        Ok(reply) => Outcome::Clean { bytes: reply.body.len() },
        Err(error) => match error.kind {
            ErrorKind::RateLimited => Outcome::Refused(error.retry_after),
            ErrorKind::Server | ErrorKind::Timeout | ErrorKind::NotJson => {
                Outcome::Strained(error.retry_after)
            }
            _ => Outcome::Neutral,
        },
    }
}
