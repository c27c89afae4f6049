//! How an instance stands in its month, for people and for scripts.

use engine::allowance::{Allowance, LedgerStanding, Standing};
use jiff::Timestamp;
use jiff::civil::Date;
use looker::pacing::Ledger;
use serde::Serialize;

use crate::output::{Align, Table, human};

/// What is shown is never more than this.
pub(crate) const LEFT: &str = "left of the allowance you set, as spent by this vault";

/// Calls by ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ByLedger {
    pub(crate) administrative: u64,
    pub(crate) query_based: u64,
    pub(crate) unmetered: u64,
}

impl ByLedger {
    /// Adds calls of a ledger, by its name in data.
    pub(crate) fn add(&mut self, ledger: &str, calls: u64) {
        match ledger {
            "administrative" => self.administrative += calls,
            "query_based" => self.query_based += calls,
            _ => self.unmetered += calls,
        }
    }

    /// The metered ones in words: `10 administrative and 3 query-based calls`.
    pub(crate) fn words(&self) -> String {
        match (self.administrative, self.query_based) {
            (calls, 0) => human::counted(calls, "administrative call", "administrative calls"),
            (0, calls) => human::counted(calls, "query-based call", "query-based calls"),
            (administrative, query_based) => format!(
                "{} administrative and {}",
                human::count(administrative),
                human::counted(query_based, "query-based call", "query-based calls")
            ),
        }
    }
}

/// The month as scripts get it.
#[derive(Serialize)]
pub(crate) struct MonthPart {
    from: Timestamp,
    until: Timestamp,
    renews_on: Date,
    time_zone: String,
    ledgers: Vec<LedgerPart>,
}

#[derive(Serialize)]
struct LedgerPart {
    ledger: Ledger,
    spent: u64,
    forecast: u64,
    limit: Option<u64>,
    reserve: Option<u64>,
    left: Option<u64>,
    left_for_extraction: Option<u64>,
}

impl MonthPart {
    pub(crate) fn new(standing: &Standing, allowance: &Allowance) -> Self {
        let part = |ledger: &LedgerStanding| LedgerPart {
            ledger: ledger.ledger,
            spent: ledger.spent,
            forecast: ledger.forecast,
            limit: ledger.limit.map(|limit| limit.calls),
            reserve: ledger.limit.map(|limit| limit.reserve),
            left: ledger.limit.map(|limit| limit.left),
            left_for_extraction: ledger.limit.map(|limit| limit.left_for_extraction),
        };
        Self {
            from: standing.month.from,
            until: standing.month.until,
            renews_on: standing.month.renews_on,
            time_zone: allowance.calendar.zone_name().to_owned(),
            ledgers: standing.ledgers.iter().map(part).collect(),
        }
    }
}

/// One line: what is left of each limit, and when it renews. `None` without a limit.
pub(crate) fn line(standing: &Standing, allowance: &Allowance) -> Option<String> {
    let of = |ledger: &LedgerStanding| {
        let limit = ledger.limit?;
        Some(format!(
            "{} of {} {} calls ({} for extraction)",
            human::count(limit.left),
            human::count(limit.calls),
            ledger.ledger.label(),
            human::count(limit.left_for_extraction)
        ))
    };
    let left: Vec<String> = standing.ledgers.iter().filter_map(of).collect();
    (!left.is_empty()).then(|| {
        let mut words = LEFT.to_owned();
        words[..1].make_ascii_uppercase();
        format!("{words}: {}; {}", left.join(", "), renewal(standing, allowance))
    })
}

/// When the month renews: `it renews on 2026-12-01 (UTC)`.
pub(crate) fn renewal(standing: &Standing, allowance: &Allowance) -> String {
    format!("it renews on {} ({})", standing.month.renews_on, allowance.calendar.zone_name())
}

/// The ledgers that extraction will find spent before the month renews.
pub(crate) fn too_fast(standing: &Standing) -> Vec<&'static str> {
    let is_too_fast = |ledger: &&LedgerStanding| {
        ledger.limit.is_some_and(|limit| ledger.forecast > limit.calls - limit.reserve)
    };
    standing.ledgers.iter().filter(is_too_fast).map(|ledger| ledger.ledger.label()).collect()
}

/// Every ledger with its limit, where it has one.
pub(crate) fn table(standing: &Standing) -> Table {
    let mut table = Table::new(&[
        ("ledger", Align::Left),
        ("spent", Align::Right),
        ("forecast", Align::Right),
        ("allowance", Align::Right),
        ("left", Align::Right),
        ("for restores", Align::Right),
        ("for extraction", Align::Right),
    ]);
    for ledger in &standing.ledgers {
        let limit = ledger.limit.map(|limit| {
            let reserved = limit.left - limit.left_for_extraction;
            [limit.calls, limit.left, reserved, limit.left_for_extraction].map(human::count)
        });
        let limit = limit.unwrap_or_else(|| ["not set", "", "", ""].map(str::to_owned));
        let spent =
            [ledger.ledger.label().to_owned(), human::count(ledger.spent), human::count(ledger.forecast)];
        table.row(spent.into_iter().chain(limit));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_words() {
        let words =
            |administrative, query_based| ByLedger { administrative, query_based, unmetered: 7 }.words();
        assert_eq!(words(0, 0), "0 administrative calls");
        assert_eq!(words(1, 0), "1 administrative call");
        assert_eq!(words(0, 2), "2 query-based calls");
        assert_eq!(words(1_000, 1), "1,000 administrative and 1 query-based call");
    }
}
