//! Values as the sources spell them, and their reading as types.
//!
//! A TOML file has typed values, the environment and `looker.ini` have text.
//! Both become a [`Value`]; [`FromValue`] reads a type from either.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use engine::extract::FolderSelector;
use secrecy::SecretString;

use super::extract::{FolderStrategy, Pacing, Share, Workers};
use crate::kinds::KindChoice;
use crate::output::human::parse_duration;

/// A value before it is read as a type.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Several values.
    List(Vec<Value>),
    /// Text that must not be shown; its `Debug` hides it.
    Secret(SecretString),
}

impl Value {
    /// A span of time, to the microsecond.
    pub fn duration(span: Duration) -> Self {
        Self::Text(format!("{}us", span.as_micros()))
    }

    /// A choice among named values.
    pub fn choice(choice: &impl ValueEnum) -> Self {
        Self::Text(choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default())
    }

    /// The value as it may be shown in a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("`{text}`"),
            Self::Number(n) => format!("`{n}`"),
            Self::Flag(flag) => format!("`{flag}`"),
            Self::List(_) => "a list".into(),
            Self::Secret(_) => "a secret".into(),
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.trim()) } else { None }
    }

    /// Text or a number, as text to parse.
    pub(super) fn digits(&self) -> Option<String> {
        match self {
            Self::Number(n) => Some(n.to_string()),
            other => other.as_text().map(str::to_owned),
        }
    }
}

/// A type that a configuration value can be read as.
pub(super) trait FromValue: Sized {
    /// What the value must be, for messages: "a whole number above 0".
    const EXPECTED: &'static str;

    /// Reads the value; `None` when it is something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits().filter(|text| !text.is_empty())
    }
}

impl FromValue for SecretString {
    const EXPECTED: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Secret(secret) = value { Some(secret.clone()) } else { None }
    }
}

impl FromValue for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_value(value: &Value) -> Option<Self> {
        value.as_text().filter(|text| !text.is_empty()).map(Self::from)
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "true or false";

    /// Text is read as the SDK reads it: yes, y, true, t, 1, on and their opposites.
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Flag(flag) = value {
            return Some(*flag);
        }
        match value.digits()?.to_lowercase().as_str() {
            "yes" | "y" | "true" | "t" | "1" | "on" => Some(true),
            "no" | "n" | "false" | "f" | "0" | "off" => Some(false),
            _ => None,
        }
    }
}

impl FromValue for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number above 0";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits()?.parse().ok()
    }
}

impl FromValue for NonZeroU64 {
    const EXPECTED: &'static str = "a whole number above 0";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits()?.parse().ok()
    }
}

impl FromValue for Workers {
    const EXPECTED: &'static str = "a whole number from 1 to 64";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits()?.parse().ok()
    }
}

impl FromValue for Share {
    const EXPECTED: &'static str = "a whole percentage from 0 to 100";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits()?.parse().ok()
    }
}

impl FromValue for Duration {
    const EXPECTED: &'static str = "a duration above 0 such as 50ms, 2s, 1m30s or 120 (seconds)";

    fn from_value(value: &Value) -> Option<Self> {
        parse_duration(&value.digits()?).ok().filter(|span| !span.is_zero())
    }
}

impl FromValue for FolderStrategy {
    const EXPECTED: &'static str = "auto, per-folder or scan";

    fn from_value(value: &Value) -> Option<Self> {
        Self::from_str(value.as_text()?, true).ok()
    }
}

impl FromValue for Pacing {
    const EXPECTED: &'static str = "adaptive or fixed";

    fn from_value(value: &Value) -> Option<Self> {
        Self::from_str(value.as_text()?, true).ok()
    }
}

impl FromValue for Vec<KindChoice> {
    const EXPECTED: &'static str = "names of content kinds or groups of them, or all";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(items) => items.iter().map(|item| item.as_text()?.parse().ok()).collect(),
            other => other.as_text()?.split(',').map(|name| name.parse().ok()).collect(),
        }
    }
}

impl FromValue for Vec<FolderSelector> {
    const EXPECTED: &'static str = "a list of folder ids and paths such as /Shared/Finance";

    /// Text is split at commas; one within a name is written `\\,`.
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(items) => items.iter().map(|item| item.digits()?.parse().ok()).collect(),
            other => split_at_commas(&other.digits()?).iter().map(|text| text.parse().ok()).collect(),
        }
    }
}

/// Splits at commas without a backslash before them.
fn split_at_commas(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let last = parts.len() - 1;
        match char {
            ',' => parts.push(String::new()),
            '\\' => parts[last].extend(std::iter::once('\\').chain(chars.next())),
            char => parts[last].push(char),
        }
    }
    parts
}

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv(pub Vec<String>);

impl FromValue for Argv {
    const EXPECTED: &'static str = "a program with its arguments";

    /// A list is taken as it is. Text is split at blanks; quotes, single or
    /// double, keep blanks together. There is no shell, so nothing is expanded.
    fn from_value(value: &Value) -> Option<Self> {
        let words = match value {
            Value::List(items) => items.iter().map(|item| item.as_text().map(str::to_owned)).collect(),
            other => split_words(other.as_text()?),
        };
        words.filter(|words: &Vec<String>| words.first().is_some_and(|program| !program.is_empty())).map(Self)
    }
}

/// `None` when a quote is left open.
fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn booleans_are_read_as_the_sdk_reads_them() {
        for yes in ["true", "Yes", "1", "T", "on"] {
            assert_eq!(bool::from_value(&text(yes)), Some(true), "{yes}");
        }
        for no in ["false", "No", "0", "f", "off"] {
            assert_eq!(bool::from_value(&text(no)), Some(false), "{no}");
        }
        assert_eq!(bool::from_value(&text("perhaps")), None);
        assert_eq!(bool::from_value(&Value::Flag(false)), Some(false));
    }

    #[test]
    fn ranges_hold_for_text_and_numbers() {
        assert_eq!(Workers::from_value(&Value::Number(64)).map(Workers::get), Some(64));
        assert_eq!(Workers::from_value(&text("8")).map(Workers::get), Some(8));
        for wrong in [Value::Number(0), Value::Number(65), Value::Number(-1), text("many")] {
            assert!(Workers::from_value(&wrong).is_none(), "{wrong:?}");
        }
        assert!(NonZeroU64::from_value(&Value::Number(0)).is_none());
        assert_eq!(Duration::from_value(&Value::Number(120)), Some(Duration::from_secs(120)));
        assert!(Duration::from_value(&text("0s")).is_none());
    }

    #[test]
    fn a_command_is_split_without_a_shell() {
        let words = |t: &str| Argv::from_value(&text(t)).map(|argv| argv.0);
        assert_eq!(words("pass show looker").unwrap(), ["pass", "show", "looker"]);
        assert_eq!(
            words(r#"op read "op://my vault/x" '' $HOME"#).unwrap(),
            ["op", "read", "op://my vault/x", "", "$HOME"]
        );
        assert_eq!(words(r#"a"b c"d"#).unwrap(), ["ab cd"]);
        assert!(words("echo 'open").is_none() && words("  ").is_none());
        let list = Value::List(vec![text("pass"), text("a b")]);
        assert_eq!(Argv::from_value(&list).unwrap().0, ["pass", "a b"]);
    }

    #[test]
    fn kinds_come_as_a_list_or_with_commas() {
        let list = Value::List(vec![text("dashboards"), text("look")]);
        assert_eq!(
            Vec::<KindChoice>::from_value(&list),
            Vec::<KindChoice>::from_value(&text("dashboard, looks"))
        );
        assert!(Vec::<KindChoice>::from_value(&text("dashboards,nonsense")).is_none());
    }

    #[test]
    fn folders_come_as_a_list_or_with_commas() {
        let list = Value::List(vec![Value::Number(12), text("/Shared/A, B")]);
        let folders = Vec::<FolderSelector>::from_value(&list).unwrap();
        assert_eq!(
            Vec::<FolderSelector>::from_value(&text(r"12, /Shared/A\, B")).map(|all| all.len()),
            Some(2)
        );
        assert_eq!(folders[1].to_string(), "/Shared/A, B");
        assert_eq!(Vec::<FolderSelector>::from_value(&Value::Number(7)).unwrap(), [FolderSelector::id("7")]);
        for wrong in
            [text("/Shared//x"), text("1,,2"), Value::Flag(true), Value::List(vec![Value::Flag(true)])]
        {
            assert!(Vec::<FolderSelector>::from_value(&wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let value = Value::Secret("hunter2".into());
        assert!(!format!("{value:?} {}", value.shown()).contains("hunter2"));
    }
}
