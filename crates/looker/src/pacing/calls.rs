//! Every call counted: by day, kind, reason and ledger.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};

/// The account a licence books a call on.
///
/// The API document marks each operation `x-looker-activity-type`: `non_query`,
/// `db_query` or `none`. That `non_query` is what contracts call administrative,
/// and `db_query` query-based, is our reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ledger {
    /// `non_query`.
    Administrative,
    /// `db_query`.
    QueryBased,
    /// `none`: login, logout, versions. Not metered.
    Unmetered,
}

/// What a call was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Signing in and out, asking who we are.
    Session,
    /// A light listing (`fields`) that sizes or proves.
    Listing,
    /// A page of full rows.
    Page,
    /// A page beyond a page that had not been answered yet.
    LookAhead,
    /// One object.
    Item,
    /// A call sent again after it failed.
    Retry,
}

impl Ledger {
    /// The name used in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::QueryBased => "query_based",
            Self::Unmetered => "unmetered",
        }
    }
}

impl Reason {
    /// The name used in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Listing => "listing",
            Self::Page => "page",
            Self::LookAhead => "look_ahead",
            Self::Item => "item",
            Self::Retry => "retry",
        }
    }
}

/// A line of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// UTC day on which the calls were sent.
    pub day: Date,
    /// Kind of content, or `session`.
    pub kind: &'static str,
    /// What for.
    pub reason: Reason,
    /// Booked where.
    pub ledger: Ledger,
    /// How many.
    pub calls: u64,
}

type Line = (Date, &'static str, Reason, Ledger);

/// Counts calls and refuses those beyond the budget.
#[derive(Debug)]
pub struct CallMeter {
    counted: Mutex<Counted>,
    budget: Option<u64>,
}

#[derive(Debug, Default)]
struct Counted {
    metered: u64,
    all: BTreeMap<Line, u64>,
    /// Counted since the last [`CallMeter::take`].
    fresh: BTreeMap<Line, u64>,
}

impl CallMeter {
    /// A meter that refuses metered calls beyond `budget`.
    pub fn new(budget: Option<u64>) -> Self {
        Self { counted: Mutex::default(), budget }
    }

    /// Books one call that is about to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Budget`] when the budget is spent; then nothing is booked and
    /// nothing may be sent. Unmetered calls are never refused.
    pub fn book(&self, kind: &'static str, reason: Reason, ledger: Ledger) -> Result<()> {
        let mut counted = self.lock();
        if ledger != Ledger::Unmetered {
            if let Some(budget) = self.budget.filter(|budget| counted.metered >= *budget) {
                return Err(Error::new(ErrorKind::Budget, format!("the budget of {budget} calls is spent")));
            }
            counted.metered += 1;
        }
        let line = (TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date(), kind, reason, ledger);
        *counted.all.entry(line).or_default() += 1;
        *counted.fresh.entry(line).or_default() += 1;
        Ok(())
    }

    /// Metered calls booked so far.
    pub fn metered(&self) -> u64 {
        self.lock().metered
    }

    /// All that was booked.
    pub fn counts(&self) -> Vec<CallCount> {
        lines(&self.lock().all)
    }

    /// What was booked since the last take.
    pub fn take(&self) -> Vec<CallCount> {
        lines(&std::mem::take(&mut self.lock().fresh))
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Counters only: a panic elsewhere cannot leave them half-changed.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lines(counted: &BTreeMap<Line, u64>) -> Vec<CallCount> {
    counted
        .iter()
        .map(|((day, kind, reason, ledger), calls)| CallCount {
            day: *day,
            kind,
            reason: *reason,
            ledger: *ledger,
            calls: *calls,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_metered_calls_beyond_the_budget() {
        let meter = CallMeter::new(Some(2));
        meter.book("dashboards", Reason::Page, Ledger::Administrative).unwrap();
        meter.book("session", Reason::Session, Ledger::Unmetered).unwrap();
        meter.book("dashboards", Reason::Page, Ledger::QueryBased).unwrap();
        let refused = meter.book("dashboards", Reason::Retry, Ledger::Administrative).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Budget);
        meter.book("session", Reason::Session, Ledger::Unmetered).unwrap();
        assert_eq!(meter.metered(), 2);
        let sent: u64 = meter.counts().iter().map(|line| line.calls).sum();
        assert_eq!(sent, 4);
    }

    #[test]
    fn take_gives_each_call_once() {
        let meter = CallMeter::new(None);
        meter.book("looks", Reason::Page, Ledger::Administrative).unwrap();
        assert_eq!(meter.take().len(), 1);
        assert_eq!(meter.take(), vec![]);
        meter.book("looks", Reason::Page, Ledger::Administrative).unwrap();
        assert_eq!(meter.take()[0].calls, 1);
        assert_eq!(meter.counts()[0].calls, 2);
    }
}
