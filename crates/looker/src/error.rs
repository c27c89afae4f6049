//! What can go wrong with a call, and what may be done about it.
//!
//! An [`Error`] answers: which call, to where, after how many tries, in how
//! long, and what was said. Its [`ErrorKind`] decides whether the call may be
//! tried again and which hint a person gets.

use std::fmt;
use std::time::Duration;

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

    /// Whether the server surely did not run the request, so that even a
    /// write may be sent again.
    pub const fn refused_before_it_ran(self) -> bool {
        matches!(self, Self::Dns | Self::Refused | Self::RateLimited)
    }
}

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Error {
    /// The class of failure.
    pub kind: ErrorKind,
    /// Method and path, without query or secrets, for instance
    /// `GET /dashboards/search`. Empty when no call was made.
    pub call: String,
    /// Scheme, host and port.
    pub host: String,
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
}

impl Error {
    /// An error of `kind` that says `message`, not yet tied to a call.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            call: String::new(),
            host: String::new(),
            status: None,
            message: message.into(),
            tries: 0,
            elapsed: Duration::ZERO,
            retry_after: None,
        }
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
    fn a_write_is_repeated_only_when_it_surely_did_not_run() {
        for kind in [ErrorKind::Timeout, ErrorKind::Network, ErrorKind::Server, ErrorKind::BadBody] {
            assert!(kind.is_transient() && !kind.refused_before_it_ran(), "{kind:?}");
        }
    }
}
