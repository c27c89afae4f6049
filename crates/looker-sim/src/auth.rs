//! Tokens: given out, looked up, expired, revoked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Id of the user whose API key is [`SimConfig::client_id`](crate::SimConfig::client_id).
pub(crate) const API_USER: &str = "1";

#[derive(Debug)]
struct Token {
    expires: Instant,
    user: String,
}

/// The tokens that are known, expired ones included until the next login.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    tokens: Mutex<HashMap<String, Token>>,
}

impl Tokens {
    /// A new token for a user, which begins with the marker of secrets.
    pub(crate) fn give(&self, user: &str, lives: Duration, marker: Option<&str>) -> String {
        let text = marker.unwrap_or_default().chars().chain((0..40).map(|_| fastrand::alphanumeric()));
        let text: String = text.collect();
        let now = Instant::now();
        let token = Token { expires: now + lives, user: user.to_owned() };
        let mut tokens = self.lock();
        tokens.retain(|_, token| token.expires > now);
        tokens.insert(text.clone(), token);
        text
    }

    /// The user a header `token X` or `Bearer X` stands for.
    pub(crate) fn user(&self, header: Option<&str>) -> Option<String> {
        let tokens = self.lock();
        let token = tokens.get(text_of(header?)?)?;
        (token.expires > Instant::now()).then(|| token.user.clone())
    }

    /// Ends one token; whether it was valid.
    pub(crate) fn end(&self, header: Option<&str>) -> bool {
        let Some(text) = header.and_then(text_of) else { return false };
        self.lock().remove(text).is_some()
    }

    /// Ends all tokens.
    pub(crate) fn revoke_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Token>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text_of(header: &str) -> Option<&str> {
    let (scheme, text) = header.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
    known.then(|| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_live_until_they_expire_or_are_ended() {
        let tokens = Tokens::default();
        let token = tokens.give("1", Duration::from_secs(60), None);
        let header = |scheme: &str| format!("{scheme} {token}");
        assert_eq!(tokens.user(Some(&header("token"))).as_deref(), Some("1"));
        assert_eq!(tokens.user(Some(&header("Bearer"))).as_deref(), Some("1"));
        assert_eq!(tokens.user(Some(&header("Basic"))), None);
        assert_eq!(tokens.user(Some("token nonsense")), None);
        assert_eq!(tokens.user(None), None);
        assert!(tokens.end(Some(&header("token"))));
        assert!(!tokens.end(Some(&header("token"))));
        assert_eq!(tokens.user(Some(&header("token"))), None);
        let short = tokens.give("1", Duration::ZERO, None);
        assert_eq!(tokens.user(Some(&format!("token {short}"))), None);
    }
}
