//! The names people may type for a content kind.

use std::fmt;
use std::str::FromStr;

use looker::Kind;
use looker::catalogue::{Group, KINDS};

use crate::suggest::nearest;

/// A content kind of the catalogue, for instance `dashboards`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindName(&'static Kind);

impl KindName {
    /// The kind that holds all others: its objects' names make paths.
    pub const FOLDERS: &'static str = "folders";

    /// The plural name, as the vault and the API paths spell it.
    pub const fn plural(self) -> &'static str {
        self.0.name
    }

    /// The singular name, for messages about one object.
    pub const fn singular(self) -> &'static str {
        self.0.singular
    }

    /// Looker's word for what such an object is called: `title` or `name`.
    pub fn title_word(self) -> &'static str {
        // A user's `display_name` is a name like others.
        if self.0.envelope.title == "title" { "title" } else { "name" }
    }

    /// The entry of the catalogue.
    pub const fn entry(self) -> &'static Kind {
        self.0
    }

    /// All kinds, in the order they are extracted.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(Self)
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural())
    }
}

impl FromStr for KindName {
    type Err = String;

    /// Accepts singular and plural names in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Kind::find(text).map(Self).ok_or_else(|| unknown(text, &[]))
    }
}

/// What `text`, which is no kind, may have been meant to be, a kind or one of
/// `groups`; or else all there are.
fn unknown(text: &str, groups: &[&str]) -> String {
    let plurals: Vec<&str> = KindName::all().map(KindName::plural).collect();
    if let Some(name) = nearest(text.trim(), plurals.iter().chain(groups).copied()) {
        return format!("`{text}` is no content kind; did you mean `{name}`?");
    }
    let more = if groups.is_empty() { String::new() } else { format!("; groups are {}", groups.join(", ")) };
    format!("`{text}` is no content kind; kinds are {}{more}", plurals.join(", "))
}

/// A choice of kinds as typed: one name, a group of kinds, or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindChoice {
    /// Every kind.
    All,
    /// The kinds of this group.
    Group(Group),
    /// This kind.
    One(KindName),
}

impl KindChoice {
    /// What stands for every kind.
    pub const ALL: &'static str = "all";

    /// Its name: `all`, that of a group, or that of a kind in the plural.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => Self::ALL,
            Self::Group(group) => group.name(),
            Self::One(kind) => kind.plural(),
        }
    }
}

impl fmt::Display for KindChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KindChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case(Self::ALL) {
            return Ok(Self::All);
        }
        match Group::find(text) {
            Some(group) if group.kinds().next().is_some() => Ok(Self::Group(group)),
            Some(group) => {
                Err(format!("no kind of the group `{group}` is kept; groups are {}", groups().join(", ")))
            }
            None => match Kind::find(text) {
                Some(kind) => Ok(Self::One(KindName(kind))),
                None => Err(unknown(text, &groups())),
            },
        }
    }
}

/// The kinds that `choices` name, each once, in catalogue order; all kinds
/// when nothing is named.
pub fn resolve(choices: &[KindChoice]) -> Vec<KindName> {
    let chosen = |kind: KindName| {
        let names = [KindChoice::All, KindChoice::Group(kind.entry().group), KindChoice::One(kind)];
        choices.is_empty() || names.iter().any(|name| choices.contains(name))
    };
    KindName::all().filter(|kind| chosen(*kind)).collect()
}

/// The groups that hold kinds, and `all`.
fn groups() -> Vec<&'static str> {
    let filled = Group::ALL.into_iter().filter(|group| group.kinds().next().is_some()).map(Group::name);
    filled.chain(["all"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_singular_plural_and_any_case() {
        for text in ["dashboard", "dashboards", "Dashboards", " DASHBOARD "] {
            assert_eq!(text.parse::<KindName>().unwrap().plural(), "dashboards");
        }
        assert_eq!("looks".parse::<KindName>().unwrap().singular(), "look");
    }

    #[test]
    fn suggests_the_nearest_kind() {
        let message = "dashbords".parse::<KindName>().unwrap_err();
        assert!(message.contains("did you mean `dashboards`?"), "{message}");
        let message = "xyzzy".parse::<KindName>().unwrap_err();
        assert!(!message.contains("did you mean"), "{message}");
    }

    #[test]
    fn a_choice_keeps_catalogue_order_and_drops_doubles() {
        let choices = ["roles", "look", "looks"].map(|name| name.parse::<KindChoice>().unwrap());
        let names: Vec<&str> = resolve(&choices).into_iter().map(KindName::plural).collect();
        assert_eq!(names, ["looks", "roles"]);
        assert_eq!(resolve(&[]).len(), resolve(&[KindChoice::All]).len());
    }

    #[test]
    fn a_group_means_its_kinds() {
        let of = |texts: &[&str]| -> Vec<&str> {
            let choices: Vec<KindChoice> = texts.iter().map(|text| text.parse().unwrap()).collect();
            resolve(&choices).into_iter().map(KindName::plural).collect()
        };
        let content = of(&["Content"]);
        assert!(["folders", "dashboards", "looks"].iter().all(|kind| content.contains(kind)), "{content:?}");
        assert!(!content.contains(&"users") && of(&["people"]).contains(&"users"));
        assert_eq!(of(&["people", "content", "user"]).len(), content.len() + of(&["people"]).len());
        let together: Vec<KindName> =
            Group::ALL.into_iter().flat_map(|group| resolve(&[KindChoice::Group(group)])).collect();
        assert_eq!(together.len(), resolve(&[]).len(), "every kind is in one group");
        let message = "xyzzy".parse::<KindChoice>().unwrap_err();
        assert!(message.contains("groups are content, people"), "{message}");
        let message = "contents".parse::<KindChoice>().unwrap_err();
        assert!(message.ends_with("did you mean `content`?"), "{message}");
        let message = "dashbords".parse::<KindChoice>().unwrap_err();
        assert!(message.ends_with("did you mean `dashboards`?"), "{message}");
    }
}
