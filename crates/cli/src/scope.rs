//! The scope of a run in words.

use serde::Deserialize;

use crate::kinds::KindName;
use crate::output::human;

/// More kinds than this are counted, not named.
const MOST_NAMED: usize = 4;

/// A scope as a run keeps it.
#[derive(Deserialize)]
struct Scope {
    kinds: Vec<String>,
    folders: Option<Folders>,
    #[serde(default = "yes")]
    trash: bool,
}

#[derive(Deserialize)]
struct Folders {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default = "yes")]
    personal: bool,
}

const fn yes() -> bool {
    true
}

/// `dashboards, looks in folder 12 and below, without the trash`; what is no
/// scope of this kind is given back as it is.
pub(crate) fn words(scope: &str) -> String {
    // A restore reads what it is about to write, and again what it has written.
    if scope == r#"{"restore":true}"# {
        return "what a restore reads".to_owned();
    }
    let Ok(parsed) = serde_json::from_str::<Scope>(scope) else { return scope.to_owned() };
    let mut words = kinds(&parsed.kinds);
    if let Some(folders) = &parsed.folders {
        words += &included(folders);
        let mut without = folders.exclude.clone();
        without.extend((!folders.personal).then(|| "personal folders".to_owned()));
        if !without.is_empty() {
            words += &format!(", without {}", without.join(", "));
        }
    }
    if !parsed.trash {
        words += ", without the trash";
    }
    words
}

fn kinds(kinds: &[String]) -> String {
    match kinds.len() {
        0 => "nothing".to_owned(),
        all if all == KindName::all().count() => "all kinds".to_owned(),
        1..=MOST_NAMED => kinds.join(", "),
        many => human::counted(many as u64, "kind", "kinds"),
    }
}

fn included(folders: &Folders) -> String {
    let ids = (!folders.ids.is_empty()).then(|| {
        let noun = if folders.ids.len() == 1 { "folder" } else { "folders" };
        format!("{noun} {}", folders.ids.join(", "))
    });
    let places: Vec<String> = ids.into_iter().chain(folders.paths.clone()).collect();
    if places.is_empty() {
        return String::new();
    }
    let below = if folders.recursive { " and below" } else { "" };
    format!(" in {}{below}", places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_said_in_words() {
        for (scope, expected) in [
            (r#"{"folders":null,"kinds":["looks","roles"],"trash":true}"#, "looks, roles"),
            (
                r#"{"folders":{"ids":["12"],"paths":["/Shared/A"],"recursive":true},"kinds":["looks"],"trash":false}"#,
                "looks in folder 12, /Shared/A and below, without the trash",
            ),
            (
                r#"{"folders":{"ids":["1","2"],"recursive":false,"exclude":["9"],"personal":false},
                    "kinds":["a","b","c","d","e"],"trash":true}"#,
                "5 kinds in folders 1, 2, without 9, personal folders",
            ),
            (r#"{"kinds":["dashboards"]}"#, "dashboards"),
            (r#"{"restore":true}"#, "what a restore reads"),
            ("something else", "something else"),
        ] {
            assert_eq!(words(scope), expected);
        }
        let all: Vec<&str> = KindName::all().map(KindName::plural).collect();
        let scope = serde_json::json!({ "kinds": all, "folders": null, "trash": true });
        assert_eq!(words(&scope.to_string()), "all kinds");
    }
}
