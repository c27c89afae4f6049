//! What an extraction came to, for people and scripts.

use jiff::Timestamp;
use looker::Client;
use looker::pacing::{Ledger, Reason};
use serde::Serialize;
use vault::{RunSummary, Side, Suspicion};

use super::full_pass::Unstamped;

use crate::references::ReferenceReport;

/// The account of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run's number in the vault.
    pub run: i64,
    /// Whether an earlier attempt was continued.
    pub resumed: bool,
    /// `complete`, `incomplete` or `suspect`.
    pub state: &'static str,
    /// Why it stopped early.
    pub stopped: Option<Stop>,
    /// Why it is suspect: what it found gone is held until it is confirmed.
    pub suspicions: Vec<Suspicion>,
    /// By kind: objects seen, added, changed, removed.
    pub kinds: Vec<KindReport>,
    /// Kinds that are closed to the account or missing from the release.
    pub unavailable: Vec<Unavailable>,
    /// Ranges, objects or kinds that could not be read.
    pub gaps: Vec<GapReport>,
    /// Objects that kept moving until the last closing round; read again next run.
    pub moving: Vec<String>,
    /// Kinds that cost a call an object: what was read of them, and what is left
    /// for later runs.
    pub spread: Vec<Spread>,
    /// Kinds that were not due.
    pub rested: Vec<Rested>,
    /// Parts of kinds that the account may not see or the release lacks.
    pub not_read: Vec<String>,
    /// What a full pass found to differ although its stamp had not moved.
    pub unstamped: Vec<Unstamped>,
    /// Where the references of what is stored lead, after this run.
    pub references: ReferenceReport,
    /// Objects edited within two seconds of their read; read again next run.
    pub unsettled: u64,
    /// By kind, reason and ledger.
    pub calls: Vec<CallReport>,
    /// Metered calls of this attempt.
    pub metered_calls: u64,
    /// Page streams, folder by folder.
    pub streams: Vec<StreamReport>,
    /// Rounds of the closing listing.
    pub closing_rounds: u32,
    /// Full objects moved over the wire, those outside the folders included.
    pub rows: u64,
    /// Bytes of all page bodies, decompressed.
    pub bytes: u64,
    /// Wall time of this attempt in seconds.
    pub seconds: f64,
    /// Most requests that ran at once.
    pub most_at_once: usize,
}

/// Why a run stopped before its end. It can be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", content = "message", rename_all = "snake_case")]
pub enum Stop {
    /// The budget of calls is spent.
    Budget,
    /// What the month's allowance left of a ledger is spent.
    Allowance(String),
    /// A person or the system asked for it.
    Interrupted,
    /// The server gave no good answer for longer than the patience allowed.
    ServerDown,
    /// The server refused us in a way that cannot heal.
    Refused(String),
}

impl Stop {
    /// The stop that a call means which a limit of ours refused.
    pub(crate) fn of_limit(error: &looker::Error) -> Option<Self> {
        match error.kind {
            looker::ErrorKind::Budget => Some(Self::Budget),
            looker::ErrorKind::Allowance => Some(Self::Allowance(error.message.clone())),
            _ => None,
        }
    }

    /// The stop that a failure means if there is nobody to ask any more: no HTTP
    /// answer as often as a call may be tried, and none to any other call
    /// meanwhile; or no good answer for longer than the patience.
    pub(crate) fn of_silence(client: &Client, error: &looker::Error) -> Option<Self> {
        let silent = client.silent_for();
        let nobody = error.status.is_none() && silent >= error.elapsed;
        let is_down = error.is_transient() && (nobody || silent > client.retry_policy().patience);
        is_down.then_some(Self::ServerDown)
    }

    /// Whether a limit of ours is met.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Budget | Self::Allowance(_))
    }

    /// The reason as a gap states it.
    pub fn reason(&self) -> String {
        match self {
            Self::Budget => "the budget of calls is spent".to_owned(),
            Self::Interrupted => "interrupted".to_owned(),
            Self::ServerDown => "the server gave no good answer any more".to_owned(),
            Self::Allowance(why) | Self::Refused(why) => why.clone(),
        }
    }
}

/// What became of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// The kind.
    pub kind: String,
    /// Objects seen by the run.
    pub seen: u64,
    /// New to the vault.
    pub new: u64,
    /// With a new version.
    pub changed: u64,
    /// Gone from their scope.
    pub gone: u64,
}

/// A kind that could not be listed at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unavailable {
    /// The kind.
    pub kind: &'static str,
    /// Why.
    pub reason: String,
}

/// How far a kind is that costs a call an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The kind.
    pub kind: &'static str,
    /// Objects there are.
    pub total: usize,
    /// Calls for them in this run.
    pub read: usize,
    /// Never read so far, and left for later runs.
    pub missing: usize,
    /// When the oldest of the rest was read.
    pub oldest: Option<Timestamp>,
}

/// A kind that was not due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rested {
    /// The kind.
    pub kind: &'static str,
    /// When it was read last, or refused as a whole since.
    pub read_at: Timestamp,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapReport {
    /// The kind.
    pub kind: &'static str,
    /// Stream, object or listing, in words.
    pub place: String,
    /// Looker's id, for an object.
    pub id: Option<String>,
    /// The stream's number within the run, for a range of it.
    #[serde(skip)]
    pub stream: Option<u32>,
    /// The side whose closing listing it is.
    #[serde(skip)]
    pub listing: Option<Side>,
    /// First row, for a range.
    pub offset: Option<u64>,
    /// Rows, for a range whose end is known.
    pub limit: Option<u64>,
    /// Why the last try failed.
    pub reason: String,
    /// Tries made.
    pub tries: u32,
}

/// A line of the account of calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallReport {
    /// Kind, or `session`.
    pub kind: &'static str,
    /// What for.
    pub reason: Reason,
    /// Booked where.
    pub ledger: Ledger,
    /// How many.
    pub calls: u64,
}

/// What reading one stream took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// In words.
    pub name: String,
    /// The kind.
    pub kind: &'static str,
    /// `live` or `trash`.
    pub state: &'static str,
    /// The folder it is limited to.
    pub folder_id: Option<String>,
    /// Rows, as far as known.
    pub size: Option<u64>,
    /// Statistics of the coordinator.
    #[serde(flatten)]
    pub statistics: looker::paging::StreamStatistics,
}

impl GapReport {
    /// A gap that is a whole list or listing.
    pub(super) fn of_list(kind: &'static str, place: String, reason: &str, tries: u32) -> Self {
        let reason = reason.to_owned();
        Self { kind, place, id: None, stream: None, listing: None, offset: None, limit: None, reason, tries }
    }

    /// A gap that is one object.
    pub(super) fn of_object(kind: &'static looker::Kind, key: &str, reason: String, tries: u32) -> Self {
        let place = format!("{} {key}", kind.singular);
        Self { id: Some(key.to_owned()), reason, ..Self::of_list(kind.name, place, "", tries) }
    }
}

impl CallReport {
    /// All that a client has sent.
    pub fn all(client: &Client) -> Vec<Self> {
        let mut lines: Vec<Self> = Vec::new();
        for count in client.meter().counts() {
            let same = lines.iter_mut().find(|line| {
                (line.kind, line.reason, line.ledger) == (count.kind, count.reason, count.ledger)
            });
            match same {
                Some(line) => line.calls += count.calls,
                None => lines.push(Self {
                    kind: count.kind,
                    reason: count.reason,
                    ledger: count.ledger,
                    calls: count.calls,
                }),
            }
        }
        lines
    }
}

impl KindReport {
    pub(super) fn all(summary: &RunSummary) -> Vec<Self> {
        let report = |counts: &vault::KindCounts| Self {
            kind: counts.kind.clone(),
            seen: counts.seen,
            new: counts.added,
            changed: counts.changed,
            gone: counts.removed,
        };
        summary.kinds.iter().map(report).collect()
    }
}
