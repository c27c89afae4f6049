//! What a run keeps about itself as JSON, in words.

use serde_json::{Map, Value};

use crate::output::human;

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
    fn an_account_is_told_as_far_as_it_is_known() {
        let known = r#"{"client_id":"abc","user_id":"7","role_ids":["2"],"permissions":["a","b"]}"#;
        assert_eq!(account(known), "user 7 (API key abc), roles 2, 2 permissions");
        let hidden = r#"{"client_id":"abc","user_id":"7","role_ids":[],"permissions":null}"#;
        assert_eq!(account(hidden), "user 7 (API key abc), no role, permissions not known");
        assert_eq!(account(r#"{"client_id":"abc","user_id":null}"#), "client_id abc");
        assert_eq!(account("root"), "root");
    }
}
