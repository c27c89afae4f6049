//! An instance at a moment of its history.

use crate::{InstanceId, RunId};

/// An instance as it is now, or as a run left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The instance.
    pub instance: InstanceId,
    /// The run as whose end it is meant; `None`: now.
    pub run: Option<RunId>,
}

impl From<InstanceId> for AsOf {
    fn from(instance: InstanceId) -> Self {
        Self { instance, run: None }
    }
}

impl AsOf {
    /// The run's number, as a parameter of [`valid`].
    pub(super) fn number(self) -> Option<i64> {
        self.run.map(|run| run.0)
    }
}

/// The condition under which a version holds now, or as a run left it. The run
/// is the parameter of this number, null for now: both take the same parameters.
pub(super) fn valid(version: &str, parameter: u8, at: Option<RunId>) -> String {
    match at {
        None => format!("{version}.until_run IS NULL AND ?{parameter} IS NULL"),
        Some(_) => format!(
            "{version}.from_run <= ?{parameter}
                 AND ({version}.until_run IS NULL OR {version}.until_run > ?{parameter})"
        ),
    }
}
