//! What can go wrong with a call, and what may be done about it.
//!
//! An [`Error`] answers: which call, to where, after how many tries, in how
//! long, and what was said. Its [`ErrorKind`] decides whether the call may be
//! tried again and which hint a person gets.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Classes of failure, told apart as far as real servers allow.
///
/// Looker answers 404 to three different things (no permission, no such
/// endpoint, no such object); only the missing endpoint says so, with
/// `Sinatra::NotFound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host name has no address.
    Dns,
    /// Nothing listens at that address and port.
    Refused,
    /// The TLS handshake failed: certificate, or a port that speaks no TLS.
    Tls,
    /// The proxy refused or could not be reached.
    Proxy,
    /// No connection, or no bytes, within the time allowed.
    Timeout,
    /// The connection broke, or the body ended before its announced length.
    Network,
    /// The login was answered with 404: wrong client id or secret, or, when
    /// the answer was an HTML page, perhaps a host that runs no Looker.
    RejectedLogin,
    /// A fresh token was refused (401).
    Unauthorized,
    /// 403: the account lacks a permission.
    Forbidden,
    /// 404: the object is absent or the account may not see it.
    NotFound,
    /// 404 `Sinatra::NotFound`: this Looker release has no such endpoint.
    NoSuchEndpoint,
    /// 400 or 422: the request itself was refused.
    Invalid,
    /// 429: too many requests.
    RateLimited,
    /// 408 or 5xx.
    Server,
    /// An HTML page where JSON was due: a load balancer or a wrong host.
    NotJson,
    /// JSON that does not parse or lacks what it must have.
    BadBody,
    /// The answer grew beyond the size allowed for one body.
    TooLarge,
    /// The budget of calls is spent; nothing was sent.
    Budget,
    /// What the month's allowance left of a ledger is spent; nothing was sent.
    Allowance,
    /// The run was stopped; nothing was sent.
    Stopped,
    /// Settings that no request can be made from.
    Settings,
    /// Any other status.
    Unexpected,
}

impl ErrorKind {
    /// Whether a read that failed so may be sent again.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Refused
                | Self::Proxy
                | Self::Timeout
                | Self::Network
                | Self::RateLimited
                | Self::Server
                | Self::NotJson
                | Self::BadBody
                | Self::TooLarge
        )
    }

    /// Whether a smaller page may succeed where this one failed.
    pub const fn wants_smaller_page(self) -> bool {
        matches!(self, Self::Timeout | Self::TooLarge)
    }
}

/// What is known of a write that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It surely did not run, and nothing was said against it: it may be sent again.
    NotRun,
    /// The server refused it, for good.
    Refused,
    /// Nobody knows whether it ran: the server was in trouble, or its answer was lost.
    Unknown,
}

/// What Looker says against one field of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field, or several as Looker writes them.
    pub field: String,
    /// For instance `already_exists`.
    pub code: String,
    /// In words; the code where there are none.
    pub message: String,
}

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Error {
    /// The class of failure.
    pub kind: ErrorKind,
    /// Method and path, without query or secrets, for instance
    /// `GET /dashboards/search`. Empty when no call was made.
    pub call: Box<str>,
    /// Scheme, host and port.
    pub host: Box<str>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What the server or the network said; never a body that could hold a secret.
    pub message: String,
    /// How often the call was sent.
    pub tries: u32,
    /// From the first try to the last answer.
    pub elapsed: Duration,
    /// How long the server asked us to wait (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// What was said against single fields.
    pub fields: Box<[FieldError]>,
    /// Whether the call surely never left: there was no token, no connection, or a
    /// limit of ours.
    pub unsent: bool,
}

impl Error {
    /// An error of `kind` that says `message`, not yet tied to a call.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            call: Box::default(),
            host: Box::default(),
            status: None,
            message: message.into(),
            tries: 0,
            elapsed: Duration::ZERO,
            retry_after: None,
            fields: Box::default(),
            unsent: false,
        }
    }

    /// What is known of the call, if it was a write.
    pub fn fate(&self) -> Fate {
        if self.unsent || matches!(self.status, Some(401 | 407 | 429)) {
            return Fate::NotRun;
        }
        match self.kind {
            ErrorKind::Dns | ErrorKind::Refused => Fate::NotRun,
            // Whatever answers with such a page, it is not Looker's API.
            ErrorKind::NotJson => Fate::Unknown,
            _ => match self.status {
                // Of a 2xx, what came with it cannot be read.
                Some(..300 | 408 | 500..) | None => Fate::Unknown,
                Some(_) => Fate::Refused,
            },
        }
    }

    /// Whether the server says that there is such a thing already: 409, or 422 with
    /// the code `already_exists`.
    pub fn says_it_exists(&self) -> bool {
        let of_field = || self.fields.iter().any(|refused| refused.code == "already_exists");
        self.status == Some(409) || self.status == Some(422) && of_field()
    }

    /// Whether the call may be sent again (reads).
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.call.is_empty() {
            write!(f, "{} on {}: ", self.call, self.host)?;
        }
        if let Some(status) = self.status {
            write!(f, "{status}: ")?;
        }
        f.write_str(&self.message)?;
        if self.tries > 1 {
            write!(f, " ({} tries in {:.1} s)", self.tries, self.elapsed.as_secs_f64())?;
        }
        Ok(())
    }
}

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_call_host_status_and_tries() {
        let error = Error {
            call: "GET /dashboards/search".into(),
            host: "https://looker.example.com".into(),
            status: Some(502),
            tries: 3,
            elapsed: Duration::from_millis(4200),
            ..Error::new(ErrorKind::Server, "Bad Gateway")
        };
        assert_eq!(
            error.to_string(),
            "GET /dashboards/search on https://looker.example.com: 502: Bad Gateway (3 tries in 4.2 s)"
        );
    }

    #[test]
    fn of_a_failed_write_it_is_known_whether_it_ran() {
        let fate = |kind, status| Error { status, ..Error::new(kind, "") }.fate();
        for kind in [ErrorKind::Timeout, ErrorKind::Network, ErrorKind::BadBody, ErrorKind::TooLarge] {
            assert_eq!(fate(kind, None), Fate::Unknown, "{kind:?}");
            let unsent = Error { unsent: true, ..Error::new(kind, "") };
            assert_eq!(unsent.fate(), Fate::NotRun, "{kind:?}");
        }
        assert_eq!(fate(ErrorKind::Server, Some(500)), Fate::Unknown);
        assert_eq!(fate(ErrorKind::NotJson, Some(404)), Fate::Unknown);
        assert_eq!(fate(ErrorKind::NotJson, Some(200)), Fate::Unknown);
        assert_eq!(fate(ErrorKind::RateLimited, Some(429)), Fate::NotRun);
        // Refused twice, which may heal.
        assert_eq!(fate(ErrorKind::Server, Some(401)), Fate::NotRun);
        for (kind, status) in [
            (ErrorKind::Forbidden, 403),
            (ErrorKind::NotFound, 404),
            (ErrorKind::Unexpected, 409),
            (ErrorKind::Invalid, 422),
        ] {
            assert_eq!(fate(kind, Some(status)), Fate::Refused, "{status}");
        }
    }

    #[test]
    fn that_something_exists_is_said_in_two_ways() {
        let refused =
            |code: &str| FieldError { field: "title".into(), code: code.into(), message: String::new() };
        let invalid = |code| Error {
            status: Some(422),
            fields: [refused(code)].into(),
            ..Error::new(ErrorKind::Invalid, "")
        };
        assert!(invalid("already_exists").says_it_exists());
        assert!(!invalid("missing").says_it_exists());
        assert!(Error { status: Some(409), ..Error::new(ErrorKind::Unexpected, "") }.says_it_exists());
    }
}
