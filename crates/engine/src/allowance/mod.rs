//! What a month's licence allows, and what is left of it.
//!
//! A contract allows so many administrative and so many query-based calls a
//! month. The vault knows the calls it was the reason for, over all its runs;
//! those of other clients cannot be seen, so what is left is always *left of the
//! allowance that was set, as spent by this vault*. A share of each ledger is a
//! reserve: extraction never touches it, so that on the day of a disaster there
//! are calls left to restore with.

mod month;

use jiff::Timestamp;
use looker::pacing::Ledger;
use vault::{InstanceId, Reader, Result};

pub use month::{Calendar, Month};

/// The allowance of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowance {
    /// Administrative calls a month; `None`: no limit is set.
    pub administrative: Option<u64>,
    /// Query-based calls a month; `None`: no limit is set.
    pub query_based: Option<u64>,
    /// The share that is kept for restores, in percent.
    pub reserve_percent: u8,
    /// When a month begins.
    pub calendar: Calendar,
}

impl Allowance {
    /// Whether a limit is set.
    pub fn is_set(&self) -> bool {
        self.administrative.is_some() || self.query_based.is_some()
    }

    /// The limit of a ledger, if one is set.
    pub fn limit(&self, ledger: Ledger) -> Option<u64> {
        match ledger {
            Ledger::Administrative => self.administrative,
            Ledger::QueryBased => self.query_based,
            Ledger::Unmetered => None,
        }
    }

    /// The reserve of a limit, rounded up: a reserve of a small limit is a call.
    fn reserve(&self, limit: u64) -> u64 {
        let share = (u128::from(limit) * u128::from(self.reserve_percent)).div_ceil(100);
        u64::try_from(share).unwrap_or(limit).min(limit)
    }
}

/// How an instance stands in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The month.
    pub month: Month,
    /// Each metered ledger.
    pub ledgers: Vec<LedgerStanding>,
}

/// How a ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerStanding {
    /// The ledger.
    pub ledger: Ledger,
    /// Calls spent this month by this vault.
    pub spent: u64,
    /// Calls at the month's end, if it goes on at the pace so far.
    pub forecast: u64,
    /// What is left of the limit, where one is set.
    pub limit: Option<Limit>,
}

/// A limit and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Calls a month.
    pub calls: u64,
    /// Calls of it that are kept for restores.
    pub reserve: u64,
    /// Calls left, the reserve included.
    pub left: u64,
    /// Calls left to extraction.
    pub left_for_extraction: u64,
}

impl Standing {
    /// How `instance` stands at `now`, as spent by this vault.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn read(
        reader: &Reader,
        instance: Option<InstanceId>,
        allowance: &Allowance,
        now: Timestamp,
    ) -> Result<Self> {
        let Some(instance) = instance else { return Ok(Self::unspent(allowance, now)) };
        let month = this_month(&allowance.calendar, now);
        let spent = reader.spent_since(instance, month.from)?;
        Ok(Self::of_calls(allowance, &spent, reader.first_call(instance)?, now))
    }

    /// How an instance stands at `now` that nothing was spent on.
    pub fn unspent(allowance: &Allowance, now: Timestamp) -> Self {
        Self::of_calls(allowance, &[], None, now)
    }

    fn of_calls(
        allowance: &Allowance,
        spent: &[(String, u64)],
        first: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let month = this_month(&allowance.calendar, now);
        let since = first.map_or(month.from, |first| first.max(month.from));
        let ledger = |ledger: Ledger| {
            let spent = spent.iter().find(|(name, _)| name == ledger.name()).map_or(0, |(_, calls)| *calls);
            let limit =
                allowance.limit(ledger).map(|calls| Limit::new(calls, allowance.reserve(calls), spent));
            LedgerStanding { ledger, spent, forecast: forecast(spent, since, now, month.until), limit }
        };
        Self { month, ledgers: Ledger::METERED.map(ledger).to_vec() }
    }

    /// How a metered ledger stands.
    pub fn of(&self, ledger: Ledger) -> Option<&LedgerStanding> {
        self.ledgers.iter().find(|standing| standing.ledger == ledger)
    }
}

impl Limit {
    fn new(calls: u64, reserve: u64, spent: u64) -> Self {
        let left = calls.saturating_sub(spent);
        Self { calls, reserve, left, left_for_extraction: left.saturating_sub(reserve) }
    }
}

/// The month of `now`; at the ends of representable time there is only that instant.
fn this_month(calendar: &Calendar, now: Timestamp) -> Month {
    calendar.month_of(now).unwrap_or_else(|_| {
        let day = calendar.day(now);
        Month { first_day: day, renews_on: day, from: now, until: now }
    })
}

/// Calls at the month's end, when what was spent `since` goes on. Less than a day
/// tells no pace: a nightly run may just have ended.
fn forecast(spent: u64, since: Timestamp, now: Timestamp, until: Timestamp) -> u64 {
    const DAY: i64 = 24 * 60 * 60;
    let elapsed = now.as_second().saturating_sub(since.as_second()).max(DAY);
    let ahead = until.as_second().saturating_sub(now.as_second()).max(0);
    let more = u128::from(spent) * u128::from(ahead.unsigned_abs()) / u128::from(elapsed.unsigned_abs());
    spent.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_reserve_is_a_share_rounded_up() {
        let reserve =
            |percent, limit| Allowance { reserve_percent: percent, ..Allowance::default() }.reserve(limit);
        assert_eq!(reserve(15, 1_000), 150);
        assert_eq!(reserve(15, 10), 2);
        assert_eq!(reserve(15, 1), 1);
        assert_eq!(reserve(0, 1_000), 0);
        assert_eq!(reserve(99, 100_000), 99_000);
        assert_eq!(reserve(15, u64::MAX), u64::MAX / 20 * 3 + 3);
    }

    #[test]
    fn extraction_never_touches_the_reserve() {
        let left = |spent| {
            let limit = Limit::new(1_000, 150, spent);
            (limit.left, limit.left_for_extraction)
        };
        assert_eq!(left(0), (1_000, 850));
        assert_eq!(left(849), (151, 1));
        assert_eq!(left(850), (150, 0));
        assert_eq!(left(999), (1, 0));
        assert_eq!(left(1_200), (0, 0));
    }

    #[test]
    fn a_forecast_goes_on_at_the_pace_so_far() {
        let (from, until) = (time("2026-11-01T00:00:00Z"), time("2026-12-01T00:00:00Z"));
        let at = |now: &str| forecast(300, from, time(now), until);
        assert_eq!(at("2026-11-11T00:00:00Z"), 900);
        assert_eq!(at("2026-11-16T00:00:00Z"), 600);
        assert_eq!(at("2026-12-01T00:00:00Z"), 300);
        assert_eq!(at("2026-11-02T00:00:00Z"), 9_000);
        // Within the first day, as if it were over.
        assert_eq!(at("2026-11-01T01:00:00Z"), 300 + 300 * (30 * 24 - 1) / 24);
        // A vault that began on the 21st spent it all since then.
        let since = time("2026-11-21T00:00:00Z");
        assert_eq!(forecast(300, since, time("2026-11-26T00:00:00Z"), until), 600);
        assert_eq!(forecast(0, from, time("2026-11-11T00:00:00Z"), until), 0);
    }
}
