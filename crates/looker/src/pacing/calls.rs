//! Every call counted: by time, kind, reason and ledger; and limited, each
//! ledger by itself and both together.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
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
    /// One object, or several by a list of their ids.
    Item,
    /// Trying out what the instance understands.
    Probe,
    /// Creating, changing or deleting something.
    Write,
    /// Looking for what a write may have made whose answer was lost.
    Recovery,
    /// A call sent again after it failed.
    Retry,
}

impl Ledger {
    /// The ledgers that licences meter.
    pub const METERED: [Self; 2] = [Self::Administrative, Self::QueryBased];

    /// The name used in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::QueryBased => "query_based",
            Self::Unmetered => "unmetered",
        }
    }

    /// The name as people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::QueryBased => "query-based",
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
            Self::Probe => "probe",
            Self::Write => "write",
            Self::Recovery => "recovery",
            Self::Retry => "retry",
        }
    }
}

/// A line of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// Start of the quarter of an hour in which the calls were sent. Every time
    /// zone in use begins its days at one of these, so that lines can be summed
    /// by anybody's days and months.
    pub at: Timestamp,
    /// Kind of content, or `session`.
    pub kind: &'static str,
    /// What for.
    pub reason: Reason,
    /// Booked where.
    pub ledger: Ledger,
    /// How many.
    pub calls: u64,
}

/// Seconds since 1970 at the start of a quarter of an hour, and what for.
type Line = (i64, &'static str, Reason, Ledger);

/// Counts calls and refuses those beyond a limit: the budget of metered calls,
/// or what an allowance leaves of one ledger.
#[derive(Debug)]
pub struct CallMeter {
    counted: Mutex<Counted>,
    budget: Option<u64>,
}

#[derive(Debug, Default)]
struct Counted {
    spent: BTreeMap<Ledger, u64>,
    /// The most calls of a ledger, where there is a limit.
    allowed: BTreeMap<Ledger, u64>,
    all: BTreeMap<Line, u64>,
    /// Counted since the last [`CallMeter::take`].
    fresh: BTreeMap<Line, u64>,
}

impl Counted {
    fn spent(&self, ledger: Ledger) -> u64 {
        self.spent.get(&ledger).copied().unwrap_or(0)
    }

    fn metered(&self) -> u64 {
        Ledger::METERED.into_iter().map(|ledger| self.spent(ledger)).sum()
    }

    /// The limit that another call of `ledger` would pass.
    fn refusal(&self, ledger: Ledger, budget: Option<u64>) -> Option<Error> {
        if ledger == Ledger::Unmetered {
            return None;
        }
        let metered = self.metered();
        if let Some(budget) = budget.filter(|budget| metered >= *budget) {
            return Some(Error::new(ErrorKind::Budget, format!("the budget of {budget} calls is spent")));
        }
        let spent = self.spent(ledger);
        self.allowed.get(&ledger).filter(|allowed| spent >= **allowed).map(|_| {
            let label = ledger.label();
            let message = format!("the {label} calls that the month's allowance left ({spent}) are spent");
            Error::new(ErrorKind::Allowance, message)
        })
    }
}

impl CallMeter {
    /// A meter that refuses metered calls beyond `budget`.
    pub fn new(budget: Option<u64>) -> Self {
        Self { counted: Mutex::default(), budget }
    }

    /// From now on refuses calls of `ledger` beyond the next `calls`. Unmetered
    /// calls are never refused.
    pub fn allow(&self, ledger: Ledger, calls: u64) {
        let mut counted = self.lock();
        let allowed = counted.spent(ledger).saturating_add(calls);
        counted.allowed.insert(ledger, allowed);
    }

    /// Whether any metered calls are limited.
    pub fn is_limited(&self) -> bool {
        self.budget.is_some() || !self.lock().allowed.is_empty()
    }

    /// Books one call that is about to be sent.
    ///
    /// # Errors
    /// [`ErrorKind::Budget`] when the budget is spent, [`ErrorKind::Allowance`]
    /// when it is the ledger's allowance; then nothing is booked and nothing may
    /// be sent. Unmetered calls are never refused.
    pub fn book(&self, kind: &'static str, reason: Reason, ledger: Ledger) -> Result<()> {
        let mut counted = self.lock();
        if let Some(refusal) = counted.refusal(ledger, self.budget) {
            return Err(refusal);
        }
        let line = (quarter(Timestamp::now()), kind, reason, ledger);
        *counted.spent.entry(ledger).or_default() += 1;
        *counted.all.entry(line).or_default() += 1;
        *counted.fresh.entry(line).or_default() += 1;
        Ok(())
    }

    /// Metered calls booked so far.
    pub fn metered(&self) -> u64 {
        self.lock().metered()
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

/// The start of the quarter of an hour, in seconds since 1970.
fn quarter(at: Timestamp) -> i64 {
    const SECONDS: i64 = 15 * 60;
    at.as_second().div_euclid(SECONDS) * SECONDS
}

fn lines(counted: &BTreeMap<Line, u64>) -> Vec<CallCount> {
    counted
        .iter()
        .map(|((quarter, kind, reason, ledger), calls)| CallCount {
            // It came from a timestamp a moment ago, or one quarter before that.
            at: Timestamp::from_second(*quarter).unwrap_or(Timestamp::UNIX_EPOCH),
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
    fn limits_each_ledger_by_itself() {
        let meter = CallMeter::new(Some(6));
        meter.allow(Ledger::Administrative, 3);
        meter.allow(Ledger::QueryBased, 1);
        let book = |ledger| meter.book("looks", Reason::Page, ledger);
        book(Ledger::QueryBased).unwrap();
        let refused = book(Ledger::QueryBased).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Allowance);
        assert_eq!(refused.message, "the query-based calls that the month's allowance left (1) are spent");
        for _ in 0..3 {
            book(Ledger::Administrative).unwrap();
        }
        let refused = book(Ledger::Administrative).unwrap_err();
        assert_eq!(refused.message, "the administrative calls that the month's allowance left (3) are spent");
        book(Ledger::Unmetered).unwrap();
        assert_eq!(meter.metered(), 4, "what was refused is not booked");
        // More is allowed: now the budget over both is what stops it.
        meter.allow(Ledger::QueryBased, 100);
        for _ in 0..2 {
            book(Ledger::QueryBased).unwrap();
        }
        assert_eq!(book(Ledger::QueryBased).unwrap_err().message, "the budget of 6 calls is spent");
        assert_eq!(book(Ledger::QueryBased).unwrap_err().kind, ErrorKind::Budget);
    }

    #[test]
    fn an_allowance_of_nothing_lets_only_unmetered_calls_pass() {
        let meter = CallMeter::new(None);
        meter.allow(Ledger::Administrative, 0);
        let refused = meter.book("looks", Reason::Page, Ledger::Administrative).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Allowance);
        meter.book("session", Reason::Session, Ledger::Unmetered).unwrap();
        meter.book("plans", Reason::Page, Ledger::QueryBased).unwrap();
    }

    #[test]
    fn calls_are_kept_by_the_quarter_of_an_hour() {
        for (at, start) in [
            ("2026-10-31T23:14:59.999Z", "2026-10-31T23:00:00Z"),
            ("2026-10-31T23:15:00Z", "2026-10-31T23:15:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:45:00Z"),
        ] {
            let [at, start]: [Timestamp; 2] = [at, start].map(|text| text.parse().unwrap());
            assert_eq!(quarter(at), start.as_second());
        }
        let meter = CallMeter::new(None);
        meter.book("looks", Reason::Page, Ledger::Administrative).unwrap();
        assert_eq!(meter.counts()[0].at.as_second() % 900, 0);
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
