//! What a client is made with.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::pacing::Pacing;
use crate::paging::RetryPolicy;

/// Everything a [`Client`](super::Client) needs to know of an instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scheme, host and port; no path (`https://looker.example.com:19999`).
    pub base_url: Url,
    /// API key id.
    pub client_id: String,
    /// API key secret.
    pub client_secret: SecretString,
    /// Whether the server's certificate is checked.
    pub verify_ssl: bool,
    /// More root certificates, PEM.
    pub certificates: Option<Vec<u8>>,
    /// Longest silence within an answer.
    pub timeout: Duration,
    /// Most requests at once.
    pub ceiling: usize,
    /// Whether concurrency adapts below the ceiling.
    pub pacing: Pacing,
    /// Most metered calls.
    pub budget: Option<u64>,
    /// How long failing reads are tried.
    pub retry: RetryPolicy,
    /// Largest body accepted, decompressed, in bytes.
    pub largest_body: usize,
    /// Sent as `User-Agent`.
    pub user_agent: String,
}

impl Settings {
    /// Settings with the usual limits.
    pub fn new(base_url: Url, client_id: String, client_secret: SecretString) -> Self {
        Self {
            base_url,
            client_id,
            client_secret,
            verify_ssl: true,
            certificates: None,
            timeout: Duration::from_secs(120),
            ceiling: 8,
            pacing: Pacing::Adaptive,
            budget: None,
            retry: RetryPolicy::default(),
            largest_body: 256 * 1024 * 1024,
            user_agent: concat!("lookervault/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Scheme, host and port for messages.
    pub fn host(&self) -> String {
        self.base_url.as_str().trim_end_matches('/').to_owned()
    }

    /// The address of a path below `/api/4.0`.
    pub(super) fn endpoint(&self, path: &str) -> String {
        format!("{}/api/4.0{path}", self.host())
    }

    /// Strikes the API secret from a text, as it is and as the login sends it.
    pub(super) fn strike(&self, text: String) -> String {
        let secret = self.client_secret.expose_secret();
        if secret.is_empty() {
            return text;
        }
        let sent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        text.replace(secret, "[secret]").replace(&sent, "[secret]")
    }

    fn is_loopback(&self) -> bool {
        match self.base_url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    pub(super) fn http_client(&self) -> Result<reqwest::Client> {
        const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .read_timeout(self.timeout)
            .pool_max_idle_per_host(self.ceiling.max(1))
            // An API answers where it is asked: a redirect would carry the token
            // to whoever the answer names.
            .redirect(reqwest::redirect::Policy::none());
        if self.is_loopback() {
            // A proxy in the environment cannot reach this machine's own servers.
            builder = builder.no_proxy();
        }
        if self.base_url.scheme() == "http" {
            // No certificate will be shown: reading the system's takes 20 ms.
            builder = builder.tls_certs_only([]);
        }
        if !self.verify_ssl {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(pem) = &self.certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
                Error::new(ErrorKind::Settings, format!("the CA bundle is not PEM: {error}"))
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder
            .build()
            .map_err(|error| Error::new(ErrorKind::Settings, format!("no HTTP client can be made: {error}")))
    }
}
