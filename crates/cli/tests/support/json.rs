//! JSON that keeps the spelling of numbers, for comparing documents. Written
//! apart from the code under test, so that both cannot err alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

/// A JSON value; the order of members does not matter, the text of numbers does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Object(BTreeMap<String, Json>),
    List(Vec<Json>),
    Text(String),
    /// A number, a boolean or null, as it is spelled.
    Plain(String),
}

impl Json {
    #[track_caller]
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let raw: &RawValue = serde_json::from_slice(bytes).expect("JSON");
        Self::of(raw.get())
    }

    fn of(text: &str) -> Self {
        match text.as_bytes()[0] {
            b'{' => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("an object");
                Self::Object(members.into_iter().map(|(name, raw)| (name, Self::of(raw.get()))).collect())
            }
            b'[' => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).expect("a list");
                Self::List(elements.into_iter().map(|raw| Self::of(raw.get())).collect())
            }
            // A lone surrogate has no Rust string: its escapes are compared.
            b'"' => Self::Text(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())),
            _ => Self::Plain(text.to_owned()),
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.get(name)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Self::Object(members) = self {
            members.remove(name);
        }
    }

    /// Replaces every text that `matches` by a value.
    pub(crate) fn replace_texts(&mut self, matches: &dyn Fn(&str) -> bool, by: &Self) {
        match self {
            Self::Object(members) => members.values_mut().for_each(|value| value.replace_texts(matches, by)),
            Self::List(elements) => elements.iter_mut().for_each(|value| value.replace_texts(matches, by)),
            Self::Text(text) if matches(text) => *self = by.clone(),
            Self::Text(_) | Self::Plain(_) => {}
        }
    }

    /// Where two values first differ, and how.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Object(left), Self::Object(right)) => {
                let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
                names.into_iter().find_map(|name| match (left.get(name), right.get(name)) {
                    (Some(left), Some(right)) => Some(format!(".{name}{}", left.difference(right)?)),
                    (left, _) => {
                        Some(format!(".{name} only {}", if left.is_some() { "left" } else { "right" }))
                    }
                })
            }
            (Self::List(left), Self::List(right)) if left.len() == right.len() => {
                let mut pairs = left.iter().zip(right).enumerate();
                pairs.find_map(|(at, (left, right))| Some(format!("[{at}]{}", left.difference(right)?)))
            }
            (left, right) if left == right => None,
            (left, right) => Some(format!(": {left:?} and {right:?}").chars().take(300).collect()),
        }
    }
}
