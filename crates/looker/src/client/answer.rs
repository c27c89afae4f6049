//! What came back: good, or which kind of bad.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use serde::Deserialize;
use url::Url;

use super::Reply;
use super::buffers::Buffers;
use crate::error::{Error, ErrorKind, FieldError, Result};

/// Sends a request and reads its answer whole.
pub(super) async fn receive(
    request: reqwest::RequestBuilder,
    largest: usize,
    buffers: &Buffers,
) -> Result<Reply> {
    let mut response = request.send().await.map_err(broken)?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = read(response, largest, buffers).await?;
    if status.is_success() {
        if is_html(&body) {
            let message = format!("an HTML page where JSON was due{}", page_title(&body));
            return Err(Error { status: Some(status.as_u16()), ..Error::new(ErrorKind::NotJson, message) });
        }
        let status = status.as_u16();
        return Ok(Reply { status, body, total: number(&headers, "x-total-count"), date: date(&headers) });
    }
    Err(refused(status.as_u16(), &headers, &body))
}

async fn read(mut response: reqwest::Response, largest: usize, buffers: &Buffers) -> Result<Bytes> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = buffers.take(announced.map(|length| length.min(largest)));
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > largest {
            let message = format!("the answer is larger than {largest} bytes");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(buffers.lend(body))
}

/// Scheme, host and port to which a redirect leads.
fn elsewhere(status: u16, headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION).filter(|_| (300..400).contains(&status))?;
    let address = Url::parse(location.to_str().ok()?).ok()?;
    Some(address.origin().ascii_serialization())
}

/// An answer that says no.
fn refused(status: u16, headers: &HeaderMap, body: &Bytes) -> Error {
    let (said, fields) = message(body);
    let kind = match status {
        404 if said.contains("Sinatra::NotFound") => ErrorKind::NoSuchEndpoint,
        // Looker's own page for "no live instance here", or a load balancer's.
        404 if is_html(body) => ErrorKind::NotJson,
        404 => ErrorKind::NotFound,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        400 | 422 => ErrorKind::Invalid,
        407 => ErrorKind::Proxy,
        429 => ErrorKind::RateLimited,
        408 | 500..=599 => ErrorKind::Server,
        _ => ErrorKind::Unexpected,
    };
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, date(headers)));
    let said = match elsewhere(status, headers) {
        Some(place) => format!("it leads on to {place}, which is not followed: credentials stay here"),
        None if said.is_empty() => "no reason given".to_owned(),
        None => said,
    };
    Error { status: Some(status), retry_after, fields: fields.into(), ..Error::new(kind, said) }
}

/// `Retry-After` as seconds or as a date by the server's clock.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(3600);
    let wait = match text.trim().parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 && seconds.is_finite() => {
            Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64()))
        }
        Ok(_) => return None,
        Err(_) => Duration::try_from(http_date(text)? - now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

fn date(headers: &HeaderMap) -> Timestamp {
    headers
        .get(reqwest::header::DATE)
        .and_then(|value| http_date(value.to_str().ok()?))
        .unwrap_or_else(Timestamp::now)
}

fn number(headers: &HeaderMap, name: &'static str) -> Option<u64> {
    headers.get(HeaderName::from_static(name))?.to_str().ok()?.trim().parse().ok()
}

fn is_html(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

fn page_title(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let title = text.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    title.map(|title| format!(" (`{}`)", title.trim())).unwrap_or_default()
}

/// Looker's own words in an error body, or a page's title; and which fields it
/// refuses.
fn message(body: &[u8]) -> (String, Vec<FieldError>) {
    #[derive(Deserialize)]
    struct Said {
        message: Option<String>,
        #[serde(default)]
        errors: Vec<Detail>,
    }
    #[derive(Deserialize)]
    struct Detail {
        field: Option<serde_json::Value>,
        message: Option<String>,
        code: Option<String>,
    }
    if is_html(body) {
        return (format!("an HTML page{}", page_title(body)), Vec::new());
    }
    let Ok(said) = serde_json::from_slice::<Said>(body) else { return Default::default() };
    let mut text = said.message.unwrap_or_default();
    let refused = said.errors.into_iter().map(|detail| {
        let field = detail.field.map(|field| field.to_string()).unwrap_or_default();
        let code = detail.code.unwrap_or_default();
        let message = detail.message.unwrap_or_else(|| code.clone());
        FieldError { field: field.trim_matches('"').to_owned(), code, message }
    });
    let fields: Vec<FieldError> = refused.collect();
    for FieldError { field, message, .. } in &fields {
        text.push_str(&format!("; {field} {message}"));
    }
    (text, fields)
}

/// Cuts a long message off. Secrets must have been struck from it before: half of
/// one would no longer be known.
pub(super) fn shortened(mut text: String) -> String {
    const LONGEST: usize = 500;
    if text.len() > LONGEST {
        let cut = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// A request that got no whole answer.
fn broken(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let chain: Vec<String> = causes(&error).map(ToString::to_string).collect();
    let said = chain.last().cloned().unwrap_or_else(|| error.to_string());
    let all = chain.join(": ").to_lowercase();
    let refused = causes(&error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { kind_of_break(&all, refused) };
    // A connection that was never made carried no request.
    let unsent = error.is_connect();
    let said = match kind {
        // The proxy's own failure reads as if it were Looker's.
        ErrorKind::Proxy => format!("the way through the proxy failed: {said}"),
        ErrorKind::Tls => handshake_in_words(said),
        _ => said,
    };
    Error { unsent, ..Error::new(kind, said) }
}

/// What the TLS library says with names of its own, in words before them.
fn handshake_in_words(said: String) -> String {
    const WORDS: [(&str, &str); 3] = [
        ("UnknownIssuer", "no authority that is trusted here signed the server's certificate"),
        ("CaUsedAsEndEntity", "the server shows the certificate of an authority as its own"),
        ("corrupt message", "the port does not speak TLS"),
    ];
    let known = WORDS.iter().find(|(name, _)| said.contains(name));
    known.map(|(_, words)| format!("{words} ({said})")).unwrap_or(said)
}

/// Which failure the words of all causes tell of.
///
/// A proxy that has no address fails by name too, so it is looked for first; but
/// never in the words about a certificate, which quote host names.
fn kind_of_break(words: &str, refused: bool) -> ErrorKind {
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if has(&["certificate"]) {
        ErrorKind::Tls
    } else if has(&["tunnel", "proxy", "socks"]) {
        ErrorKind::Proxy
    } else if has(&["dns error", "failed to lookup"]) {
        ErrorKind::Dns
    } else if has(&["tls", "corrupt message"]) {
        ErrorKind::Tls
    } else if refused {
        ErrorKind::Refused
    } else {
        ErrorKind::Network
    }
}

/// The errors below `error`, down to the first cause.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_understood_in_both_forms() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 10:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Mon, 23 Nov 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("-3", now), None);
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn breaks_are_told_apart() {
        let kind = |words: &str| kind_of_break(words, false);
        let no_address = "dns error: failed to lookup address information: name or service not known";
        assert_eq!(kind(no_address), ErrorKind::Dns);
        assert_eq!(
            kind(&format!("tunnel error: failed to create underlying connection: {no_address}")),
            ErrorKind::Proxy
        );
        let name = "invalid peer certificate: certificate not valid for name \"looker-proxy.example.com\"";
        assert_eq!(kind(name), ErrorKind::Tls);
        assert_eq!(kind("received corrupt message of type invalidcontenttype"), ErrorKind::Tls);
        assert_eq!(kind_of_break("tcp connect error: connection refused", true), ErrorKind::Refused);
        assert_eq!(kind("connection reset by peer"), ErrorKind::Network);
    }

    #[test]
    fn refusals_are_told_apart() {
        let kind = |status, body: &str| {
            refused(status, &HeaderMap::new(), &Bytes::copy_from_slice(body.as_bytes())).kind
        };
        assert_eq!(kind(404, r#"{"message":"Sinatra::NotFound"}"#), ErrorKind::NoSuchEndpoint);
        assert_eq!(kind(404, r#"{"message":"Not found"}"#), ErrorKind::NotFound);
        assert_eq!(kind(404, "<html><title>Looker Not Found (404)</title>"), ErrorKind::NotJson);
        assert_eq!(kind(503, "<html>"), ErrorKind::Server);
        assert_eq!(kind(429, ""), ErrorKind::RateLimited);
        assert_eq!(kind(418, ""), ErrorKind::Unexpected);
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("https://login.example.com/?token=x"));
        let led = refused(302, &headers, &Bytes::new());
        assert_eq!(led.kind, ErrorKind::Unexpected);
        assert!(led.message.contains("https://login.example.com,") && !led.message.contains("token"));
    }

    #[test]
    fn a_validation_error_names_its_fields() {
        let body = br#"{"message":"Validation Failed","errors":[{"field":"limit","code":"invalid","message":"is no number"}]}"#;
        let (said, fields) = message(body);
        assert_eq!(said, "Validation Failed; limit is no number");
        let refused =
            FieldError { field: "limit".into(), code: "invalid".into(), message: "is no number".into() };
        assert_eq!(fields, [refused]);
        let body = br#"{"message":"Validation Failed","errors":[{"field":["title","space_id"],"code":"already_exists"}]}"#;
        let (said, fields) = message(body);
        assert_eq!(said, r#"Validation Failed; ["title","space_id"] already_exists"#);
        assert_eq!(fields[0].code, "already_exists");
    }
}
