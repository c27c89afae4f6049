//! The address of an instance, in one spelling.
//!
//! People paste the address of a page, of the API, with or without the port;
//! the SDK wants scheme, host and port. All of these become one value, so that
//! the vault knows an instance by one name.

use std::fmt;

use serde::{Serialize, Serializer};
use url::{Host, Url};

/// Scheme, host, port and the path the API is below, without `/api/4.0` and
/// without a final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why an address cannot be used, with a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BaseUrlError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// Without `http://` or `https://`, without a host, or with a user name or
    /// password in it.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        let error = |message: &str, hint: String| BaseUrlError { message: message.into(), hint };
        if !text.contains("://") {
            let hint = format!("write https://{}", text.trim_start_matches('/'));
            return Err(error("the base URL has no scheme", hint));
        }
        let example =
            || "write it as https://looker.example.com or https://looker.example.com:19999".to_owned();
        let mut url =
            Url::parse(text).map_err(|e| error(&format!("the base URL is no URL: {e}"), example()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(error("the base URL must be http or https with a host", example()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(error(
                "the base URL holds credentials",
                "give them as client_id and client_secret".into(),
            ));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = without_api(url.path()).to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Whether requests would cross a network unencrypted.
    pub fn is_exposed(&self) -> bool {
        self.0.scheme() == "http" && !self.is_loopback()
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The host, with the port when one is written.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The address as a URL; its path ends with `/` only when it is empty.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

/// The path without final slashes, `/api/4.0` or `/api`.
fn without_api(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    let Some((before, after)) = path.rsplit_once("/api") else { return path };
    let version = after.trim_start_matches('/');
    let is_version = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_version && (after.is_empty() || after.starts_with('/')) { before } else { path }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_all() {
        for (text, expected) in [
            ("https://Looker.example.com", "https://looker.example.com"),
            ("https://looker.example.com/", "https://looker.example.com"),
            ("https://looker.example.com:443/api/4.0/", "https://looker.example.com"),
            ("https://looker.example.com:19999/api/4.0", "https://looker.example.com:19999"),
            ("https://looker.example.com/api", "https://looker.example.com"),
            (" https://proxy.example.com/looker/api/3.1?x=1#y ", "https://proxy.example.com/looker"),
            ("https://example.com/apiary", "https://example.com/apiary"),
            ("http://127.0.0.1:19999", "http://127.0.0.1:19999"),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_missing_scheme_is_suggested() {
        for text in ["looker.example.com", "//looker.example.com", "looker.example.com:19999"] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert_eq!(error.message, "the base URL has no scheme");
            assert!(error.hint.contains("https://looker.example.com"), "{}", error.hint);
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in ["ftp://looker.example.com", "https://", "https://me:secret@looker.example.com"] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("me:secret"), "{error:?}");
        }
    }

    #[test]
    fn knows_what_leaves_the_machine() {
        for local in ["http://localhost:1", "http://127.3.2.1", "http://[::1]:9", "http://a.localhost"] {
            assert!(!BaseUrl::parse(local).unwrap().is_exposed(), "{local}");
        }
        assert!(BaseUrl::parse("http://looker.example.com").unwrap().is_exposed());
        assert!(!BaseUrl::parse("https://looker.example.com").unwrap().is_exposed());
    }

    proptest::proptest! {
        #[test]
        fn reading_the_spelling_again_changes_nothing(text in "https?://[a-z0-9.]{1,12}(:[0-9]{1,4})?(/[a-z0-9./]{0,12})?") {
            if let Ok(url) = BaseUrl::parse(&text) {
                proptest::prop_assert_eq!(BaseUrl::parse(&url.to_string()), Ok(url));
            }
        }
    }

    #[test]
    fn names_the_host() {
        assert_eq!(
            BaseUrl::parse("https://looker.example.com:19999/x").unwrap().host(),
            "looker.example.com:19999"
        );
        assert_eq!(BaseUrl::parse("https://looker.example.com").unwrap().host(), "looker.example.com");
    }
}
