//! What a run keeps about itself as JSON, in words.

use looker::catalogue::KINDS;
use serde_json::{Map, Value};

/// The scope of a run: `dashboards and looks in folders 6, /Shared/Finance and all below`.
/// What is not understood is given back as it is.
pub(super) fn scope(text: &str) -> String {
    let Ok(Value::Object(scope)) = serde_json::from_str(text) else { return text.to_owned() };
    let Some(kinds) = scope.get("kinds").and_then(Value::as_array) else { return text.to_owned() };
    let mut words = if kinds.len() == KINDS.len() { "all kinds".to_owned() } else { listed(kinds) };
    let mut without = Vec::new();
    if let Some(folders) = scope.get("folders").and_then(Value::as_object) {
        let (named, left_out) = folder_words(folders);
        words.push_str(&named);
        without.extend(left_out);
    }
    if scope.get("trash") == Some(&Value::Bool(false)) {
        without.push("the trash".to_owned());
    }
    if !without.is_empty() {
        words.push_str(&format!(", without {}", without.join(", ")));
    }
    words
}

/// The folders that are read, and what is left out.
fn folder_words(folders: &Map<String, Value>) -> (String, Vec<String>) {
    let named = |name: &str| folders.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let read = [named("ids"), named("paths")].concat();
    let words = if read.is_empty() { String::new() } else { format!(" in folders {}", listed(&read)) };
    let below = if folders.get("recursive") == Some(&Value::Bool(true)) { " and all below" } else { "" };
    let mut without = Vec::new();
    if folders.get("personal") == Some(&Value::Bool(false)) {
        without.push("personal folders".to_owned());
    }
    without.extend(named("exclude").iter().map(text));
    (words + below, without)
}

/// The account of a run: `client_id abc`.
pub(super) fn account(words: &str) -> String {
    let Ok(Value::Object(account)) = serde_json::from_str(words) else { return words.to_owned() };
    account.iter().map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
}

fn listed(values: &[Value]) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_kinds_folders_and_what_is_left_out() {
        let whole = |trash: bool| {
            let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            scope(&serde_json::json!({ "folders": null, "kinds": kinds, "trash": trash }).to_string())
        };
        assert_eq!(whole(true), "all kinds");
        assert_eq!(whole(false), "all kinds, without the trash");
        let chosen = r#"{"kinds":["dashboards","looks"],"trash":true,"folders":{"ids":["6","7"],
            "paths":["/Shared/Finance"],"recursive":true,"exclude":["/Shared/Old"],"personal":false}}"#;
        assert_eq!(
            scope(chosen),
            "dashboards, looks in folders 6, 7, /Shared/Finance and all below, without personal folders, /Shared/Old"
        );
        let exceptions =
            r#"{"kinds":["looks"],"trash":false,"folders":{"ids":[],"recursive":false,"exclude":["9"]}}"#;
        assert_eq!(scope(exceptions), "looks, without 9, the trash");
    }

    #[test]
    fn what_is_not_understood_is_shown_as_it_is() {
        for text in ["", "not JSON", r#"{"tables":1}"#, r#"["dashboards"]"#] {
            assert_eq!(scope(text), text);
        }
        assert_eq!(account("root"), "root");
    }

    #[test]
    fn an_account_is_its_members() {
        assert_eq!(account(r#"{"client_id":"abc"}"#), "client_id abc");
    }
}
