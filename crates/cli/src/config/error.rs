//! What can be wrong with the configuration.

use std::fmt::Display;

use crate::exit::Exit;
use crate::report::Failure;

/// A fault in the configuration. Its texts never hold a secret: messages about
/// secret values name the key and the place only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// A stable word for scripts, without the prefix `config.`.
    pub kind: ErrorKind,
    /// What is wrong.
    pub message: String,
    /// The file and line, the variable or the flag.
    pub place: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

/// Classes of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file cannot be read.
    Unreadable,
    /// A file does not follow the rules of its format.
    Syntax,
    /// A key that means nothing.
    UnknownKey,
    /// A value of the wrong type or out of range.
    WrongValue,
    /// A value that is needed and not given.
    Missing,
    /// An instance that is not configured, or none chosen among several.
    UnknownInstance,
    /// A profile that is not configured.
    UnknownProfile,
    /// An address that cannot be used.
    BaseUrl,
    /// A secret that cannot be had.
    Secret,
}

impl ErrorKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "config.unreadable",
            Self::Syntax => "config.syntax",
            Self::UnknownKey => "config.unknown_key",
            Self::WrongValue => "config.wrong_value",
            Self::Missing => "config.missing",
            Self::UnknownInstance => "config.unknown_instance",
            Self::UnknownProfile => "config.unknown_profile",
            Self::BaseUrl => "config.base_url",
            Self::Secret => "config.secret",
        }
    }
}

impl ConfigError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, hint: None }
    }

    pub(super) fn at(mut self, place: impl Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            place: error.place,
            hint: error.hint,
            ..Self::new(error.kind.code(), Exit::Usage, error.message)
        }
    }
}
