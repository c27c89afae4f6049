//! Groups of kinds, so that many can be named at once.

use std::fmt;

use super::{KINDS, Kind};

/// What a kind is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// What people make and look at: folders, dashboards, looks.
    Content,
    /// Who uses the instance: users, groups.
    People,
    /// Who may do what: roles.
    Access,
    /// What is sent to whom, and when.
    Delivery,
    /// What queries are built on.
    Model,
    /// How the instance is set up.
    Settings,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Content, Self::People, Self::Access, Self::Delivery, Self::Model, Self::Settings];

    /// The name, as typed: `content`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::People => "people",
            Self::Access => "access",
            Self::Delivery => "delivery",
            Self::Model => "model",
            Self::Settings => "settings",
        }
    }

    /// Finds a group by what a person may type, in any case.
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL.into_iter().find(|group| group.name().eq_ignore_ascii_case(name))
    }

    /// The kinds of the group, in catalogue order.
    pub fn kinds(self) -> impl Iterator<Item = &'static Kind> {
        KINDS.iter().filter(move |kind| kind.group == self)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
