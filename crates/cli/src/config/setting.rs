//! A value and where it came from.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// A value with its origin, so that `check` can say why it is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value that nobody set.
    pub const fn default_value(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// The value given on the command line, when there is one, else this one.
    #[must_use]
    pub fn or_flag(self, given: Option<T>, name: &'static str) -> Self {
        given.map_or(self, |value| Self { value, origin: Origin::Flag { name } })
    }

    /// The same origin with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: f(self.value), origin: self.origin }
    }
}

/// Where a value came from, in rising order of weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// Built into the program.
    Default,
    /// The official SDK's configuration file.
    LookerIni {
        /// The file.
        path: PathBuf,
        /// The section, without brackets.
        section: String,
        /// The line, from 1.
        line: usize,
    },
    /// Our configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The full key, for instance `instances.prod.base_url`.
        key: String,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: &'static str,
    },
    /// The command line.
    Flag {
        /// The flag with its dashes.
        name: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::LookerIni { path, section, line } => {
                write!(f, "{}:{line} [{section}]", path.display())
            }
            Self::File { path, line, key } => write!(f, "{}:{line} ({key})", path.display()),
            Self::Env { name } => write!(f, "environment variable {name}"),
            Self::Flag { name } => write!(f, "flag {name}"),
        }
    }
}
