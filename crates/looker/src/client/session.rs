//! The access token: signed in once, renewed before it expires, by one task
//! while the others wait.
//!
//! A session is the API key's, or that of another user for whom an administrator has
//! signed in (`login_user`). Such a token is as secret as any.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Call, Client, Inner, Reply, answer, outcome};
use crate::catalogue::{Method, Operation};
use crate::error::{Error, ErrorKind, Result};
use crate::pacing::{Ledger, Reason};

/// Signs in as another user.
pub const LOGIN_USER: Operation =
    Operation { id: "login_user", path: "/login/{user_id}", ledger: Ledger::Unmetered };

/// Tokens that are struck from messages: more than can be on their way at once.
const KNOWN_TOKENS: usize = 64;

/// An access token and how long it may be used.
#[derive(Debug, Clone)]
pub(super) struct Token {
    value: SecretString,
    /// Some time before it expires on the server.
    use_until: Instant,
    generation: u64,
}

impl Token {
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.use_until
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("token {}", self.value.expose_secret()))
            .unwrap_or_else(|_| HeaderValue::from_static("token"));
        value.set_sensitive(true);
        value
    }
}

/// Another user, and who signs in for it.
#[derive(Debug)]
struct Other {
    user: String,
    by: Client,
}

impl Other {
    /// Signs in once. A call signs in, and this makes a call: so its type is named.
    fn attempt<'a>(&'a self, call: &'a Call) -> Pin<Box<dyn Future<Output = Result<Reply>> + Send + 'a>> {
        Box::pin(self.by.attempt(call))
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    /// Whose it is, where it is not the API key's.
    other: Option<Other>,
    /// Held while signing in, so that others wait for the result.
    token: Mutex<Option<Token>>,
    signed_in: AtomicU64,
    /// Whether the server has let us in with any token.
    accepted: AtomicBool,
    /// Tokens to strike from messages, the newest last: an answer that is late may
    /// repeat one that was renewed since.
    known: PlainMutex<VecDeque<SecretString>>,
}

#[derive(Deserialize)]
struct Login {
    access_token: SecretString,
    expires_in: Option<u64>,
}

impl Session {
    /// That of another user, for whom `by` signs in.
    pub(super) fn of_other(by: Client, user: &str) -> Self {
        Self { other: Some(Other { user: user.to_owned(), by }), ..Self::default() }
    }

    /// The valid token; signs in when there is none.
    pub(super) async fn token(&self, client: &Inner) -> Result<Token> {
        let mut slot = self.token.lock().await;
        if let Some(token) = slot.as_ref().filter(|token| token.is_fresh()) {
            return Ok(token.clone());
        }
        let token = self.sign_in(client).await?;
        *slot = Some(token.clone());
        Ok(token)
    }

    /// Drops the token of `generation`, unless it was renewed since.
    pub(super) async fn forget(&self, generation: u64) {
        let mut slot = self.token.lock().await;
        if slot.as_ref().is_some_and(|token| token.generation == generation) {
            *slot = None;
        }
    }

    /// Takes the token away, so that nobody uses it any more.
    pub(super) async fn take(&self) -> Option<Token> {
        self.token.lock().await.take()
    }

    /// Notes that the server let a token in.
    pub(super) fn accept(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    /// Whether the server has let us in with any token.
    pub(super) fn was_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Says in `error` which call it was, and strikes secrets from it.
    pub(super) fn tie(&self, client: &Inner, error: Error, call: String) -> Error {
        client.tie(error, call, &|text| self.strike(text))
    }

    /// Strikes the tokens from a text, those by which this one signs in included.
    fn strike(&self, text: String) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let text = known.iter().fold(text, |text, token| text.replace(token.expose_secret(), "[token]"));
        match &self.other {
            Some(other) => other.by.session.strike(text),
            None => text,
        }
    }

    fn know(&self, token: SecretString) {
        if token.expose_secret().is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == KNOWN_TOKENS {
            known.pop_front();
        }
        known.push_back(token);
    }

    async fn sign_in(&self, client: &Inner) -> Result<Token> {
        let (reply, asked, call) = match &self.other {
            None => {
                let (reply, asked) = self.present_key(client).await?;
                (reply, asked, "POST /login".to_owned())
            }
            Some(other) => {
                let call = Call::new(&LOGIN_USER, "session", Reason::Session).at(&other.user);
                let call = call.writing(Method::Post, None);
                let asked = Instant::now();
                // It needs a token of the other client's, which may have to sign in in turn.
                let reply = other.attempt(&call).await?;
                (reply, asked, format!("POST {}", call.path))
            }
        };
        let login: Login = serde_json::from_slice(&reply.body).map_err(|_| {
            // The body may hold a token: say nothing of what is in it.
            let error = Error::new(ErrorKind::BadBody, "the login answer holds no access token");
            self.tie(client, error, call)
        })?;
        let generation = self.signed_in.fetch_add(1, Ordering::Relaxed) + 1;
        self.know(login.access_token.clone());
        let lifetime = Duration::from_secs(login.expires_in.unwrap_or(3600));
        // Renew a little early, but not so early that short tokens are useless.
        let margin = (lifetime / 10).min(Duration::from_secs(60));
        Ok(Token { value: login.access_token, use_until: asked + lifetime - margin, generation })
    }

    /// Signs in by the API key; the answer, and when it was asked for.
    async fn present_key(&self, client: &Inner) -> Result<(Reply, Instant)> {
        let settings = &client.settings;
        let permit = client.gate.enter().await;
        client.meter.book("session", Reason::Session, Ledger::Unmetered)?;
        let form = [
            ("client_id", settings.client_id.as_str()),
            ("client_secret", settings.client_secret.expose_secret()),
        ];
        let asked = Instant::now();
        let request = client.http.post(settings.endpoint("/login")).form(&form);
        let result = answer::receive(request, settings.largest_body, &client.buffers).await;
        permit.report("login", outcome(&result));
        let had_signed_in = self.signed_in.load(Ordering::Relaxed) > 0;
        let reply = result
            .map_err(|error| self.tie(client, rejected(error, had_signed_in), "POST /login".to_owned()))?;
        Ok((reply, asked))
    }
}

/// A 404 on login means rejected credentials, or no Looker at that address. Later
/// in a run, when they have been accepted before, it may be the server's trouble,
/// and heal; if it does not, patience ends.
fn rejected(error: Error, had_signed_in: bool) -> Error {
    let is_html = error.kind == ErrorKind::NotJson;
    match error.status {
        Some(404 | 401 | 403) if had_signed_in => Error { kind: ErrorKind::Server, ..error },
        Some(404 | 401 | 403) => {
            let message = if is_html {
                "the login was answered with an HTML page: client id or secret are wrong, \
                 or this host is no running Looker instance (the two look alike)"
            } else {
                "client id or secret are wrong (Looker answers a rejected login with 404)"
            };
            Error { kind: ErrorKind::RejectedLogin, message: message.to_owned(), ..error }
        }
        _ => error,
    }
}
