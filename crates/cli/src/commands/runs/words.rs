//! What a run keeps about itself as JSON, in words.

use serde_json::Value;

/// The account of a run: `client_id abc`.
pub(super) fn account(words: &str) -> String {
    let Ok(Value::Object(account)) = serde_json::from_str(words) else { return words.to_owned() };
    account.iter().map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_its_members() {
        assert_eq!(account(r#"{"client_id":"abc"}"#), "client_id abc");
        assert_eq!(account("root"), "root");
    }
}
