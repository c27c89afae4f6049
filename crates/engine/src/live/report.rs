//! What a comparison came to, for people and scripts.

use jiff::Timestamp;
use serde::Serialize;

use super::plan::Cost;
use crate::extract::{CallReport, Stop};

/// The account of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The number of the run that its calls are stored with.
    pub run: i64,
    /// Why it stopped early.
    pub stopped: Option<Stop>,
    /// Live objects that could have been chosen.
    pub stored: usize,
    /// How many were asked for; `None`: all.
    pub sample: Option<usize>,
    /// What decided which.
    pub seed: u64,
    /// By kind, in the order of the catalogue.
    pub kinds: Vec<KindReport>,
    /// Every chosen object that is not as it was stored.
    pub objects: Vec<ObjectReport>,
    /// Calls that were planned.
    pub planned: Cost,
    /// Calls that were made, by kind, reason and ledger.
    pub calls: Vec<CallReport>,
    /// Metered calls that were made.
    pub metered_calls: u64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// What became of a chosen object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its body is the one in the vault.
    Equal,
    /// It was edited since: its stamp says so, or was too fresh to say anything.
    Edited,
    /// Its body is another, and its kind carries no stamp that could tell an edit.
    Changed,
    /// It is not there any more, or not to be seen.
    Gone,
    /// Its body is another under the same stamp.
    Differs,
    /// What the vault has of it is not what was written.
    Damaged,
    /// It could not be read.
    Unread,
}

/// What became of the chosen objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// The kind.
    pub kind: &'static str,
    /// Objects chosen.
    pub chosen: usize,
    /// As they are stored.
    pub equal: usize,
    /// Edited since.
    pub edited: usize,
    /// With another body, of a kind without stamps.
    pub changed: usize,
    /// Not there any more.
    pub gone: usize,
    /// With another body under the same stamp.
    pub differs: usize,
    /// Damaged in the vault.
    pub damaged: usize,
    /// Not read.
    pub unread: usize,
    /// Objects that the vault does not have; known where one call answered the
    /// whole kind.
    pub not_in_vault: Option<usize>,
}

/// A chosen object that is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectReport {
    /// The kind.
    pub kind: &'static str,
    /// Looker's id.
    pub id: String,
    /// Title or name, as stored.
    pub title: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The stamp in the vault.
    pub stored_at: Option<Timestamp>,
    /// The stamp on the instance.
    pub live_at: Option<Timestamp>,
    /// JSON pointers to the first places where the bodies differ.
    pub places: Vec<String>,
    /// Why it was not read, is gone, or is damaged.
    pub reason: Option<String>,
}

impl Report {
    /// How many chosen objects came to that.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.kinds.iter().map(|kind| kind.count(outcome)).sum()
    }

    /// Whether something is in the vault that the instance contradicts.
    pub fn has_findings(&self) -> bool {
        self.count(Outcome::Differs) + self.count(Outcome::Damaged) > 0
    }
}

impl KindReport {
    /// How many of the kind came to that.
    pub fn count(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Equal => self.equal,
            Outcome::Edited => self.edited,
            Outcome::Changed => self.changed,
            Outcome::Gone => self.gone,
            Outcome::Differs => self.differs,
            Outcome::Damaged => self.damaged,
            Outcome::Unread => self.unread,
        }
    }

    pub(super) fn new(kind: &'static str, chosen: usize) -> Self {
        let (equal, edited, changed, gone, differs, damaged, unread) = (0, 0, 0, 0, 0, 0, 0);
        Self { kind, chosen, equal, edited, changed, gone, differs, damaged, unread, not_in_vault: None }
    }

    pub(super) fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Equal => &mut self.equal,
            Outcome::Edited => &mut self.edited,
            Outcome::Changed => &mut self.changed,
            Outcome::Gone => &mut self.gone,
            Outcome::Differs => &mut self.differs,
            Outcome::Damaged => &mut self.damaged,
            Outcome::Unread => &mut self.unread,
        } += 1;
    }
}
