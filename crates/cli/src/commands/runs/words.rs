//! What a run keeps about itself as JSON, in words.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::output::human;

/// What a run could not read because it was closed to the account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Unread {
    /// Kinds.
    pub(super) unavailable: Vec<Unavailable>,
    /// Parts of others.
    pub(super) not_read: Vec<String>,
}

/// A kind that was closed.
#[derive(Debug, Deserialize)]
pub(super) struct Unavailable {
    pub(super) kind: String,
    pub(super) reason: String,
}

impl Unread {
    /// By the totals of a run; nothing, where they say nothing of it.
    pub(super) fn of(totals: &str) -> Self {
        serde_json::from_str(totals).unwrap_or_default()
    }
}

/// The account of a run, as far as it is known: `user 7 (API key abc), roles 2, 40 permissions`.
pub(super) fn account(kept: &str) -> String {
    let Ok(Value::Object(account)) = serde_json::from_str(kept) else { return kept.to_owned() };
    let (Some(user), Some(key)) = (text(&account, "user_id"), text(&account, "client_id")) else {
        return members(&account);
    };
    let list = |name: &str| -> Option<Vec<&str>> {
        Some(account.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
    };
    let roles = list("role_ids").unwrap_or_default().join(", ");
    let roles = if roles.is_empty() { "no role".to_owned() } else { format!("roles {roles}") };
    let permissions = list("permissions").map(|names| names.len() as u64);
    let permissions = permissions.map_or_else(
        || "permissions not known".to_owned(),
        |count| human::counted(count, "permission", "permissions"),
    );
    format!("user {user} (API key {key}), {roles}, {permissions}")
}

/// What is known of an account that nobody asked who it is: `client_id abc`.
fn members(account: &Map<String, Value>) -> String {
    let known = account.iter().filter(|(_, value)| !value.is_null());
    let words = known.map(|(name, value)| {
        format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    words.collect::<Vec<_>>().join(", ")
}

fn text<'a>(account: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    account.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_closed_is_read_from_totals_of_every_age() {
        let totals = r#"{"not_read":["a: b"],"unavailable":[{"kind":"k","reason":"r"}],"streams":[]}"#;
        let unread = Unread::of(totals);
        assert_eq!((unread.not_read, unread.unavailable[0].kind.as_str()), (vec!["a: b".to_owned()], "k"));
        assert!(["", "{}", "null"].iter().all(|totals| Unread::of(totals).not_read.is_empty()));
    }

    #[test]
    fn an_account_is_told_as_far_as_it_is_known() {
        let known = r#"{"client_id":"abc","user_id":"7","role_ids":["2"],"permissions":["a","b"]}"#;
        assert_eq!(account(known), "user 7 (API key abc), roles 2, 2 permissions");
        let hidden = r#"{"client_id":"abc","user_id":"7","role_ids":[],"permissions":null}"#;
        assert_eq!(account(hidden), "user 7 (API key abc), no role, permissions not known");
        assert_eq!(account(r#"{"client_id":"abc","user_id":null}"#), "client_id abc");
        assert_eq!(account("root"), "root");
    }
}
