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

    pub(crate) fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    /// The values at a path of keys, arrays passed through.
    pub(crate) fn at<'a>(&'a self, path: &str) -> Vec<&'a Self> {
        let mut found = vec![self];
        for key in path.split('.') {
            found = found.into_iter().flat_map(Self::flat).filter_map(|value| value.member(key)).collect();
        }
        found.into_iter().flat_map(Self::flat).collect()
    }

    fn flat(&self) -> Vec<&Self> {
        match self {
            Self::List(elements) => elements.iter().collect(),
            other => vec![other],
        }
    }

    /// Replaces the values at a path of keys that `matches` by another.
    pub(crate) fn replace_at(&mut self, path: &[&str], matches: &dyn Fn(&Self) -> bool, by: &Self) {
        match (self, path) {
            (Self::List(elements), _) => {
                for element in elements {
                    element.replace_at(path, matches, by);
                }
            }
            (Self::Object(members), [key]) => {
                members
                    .iter_mut()
                    .filter(|(name, value)| name == key && matches(value))
                    .for_each(|(_, value)| *value = by.clone());
            }
            (Self::Object(members), [key, rest @ ..]) => {
                members.get_mut(*key).into_iter().for_each(|value| value.replace_at(rest, matches, by));
            }
            _ => {}
        }
    }

    /// Adds members of these names to every object at every depth.
    pub(crate) fn add_everywhere(&mut self, names: &[&str], value: &Self) {
        match self {
            Self::Object(members) => {
                for inner in members.values_mut() {
                    inner.add_everywhere(names, value);
                }
                members.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
            }
            Self::List(elements) => elements.iter_mut().for_each(|inner| inner.add_everywhere(names, value)),
            Self::Text(_) | Self::Plain(_) => {}
        }
    }

    /// As JSON; texts with half a surrogate pair are not to be written.
    pub(crate) fn write(&self) -> String {
        let list = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Object(members) => {
                let pair = |(name, value): (&String, &Self)| {
                    format!("{}:{}", serde_json::Value::from(name.as_str()), value.write())
                };
                format!("{{{}}}", list(members.iter().map(pair).collect()))
            }
            Self::List(elements) => format!("[{}]", list(elements.iter().map(Self::write).collect())),
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Plain(text) => text.clone(),
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
