//! Spans of the calendar as restic writes them: `2y5m7d3h`.
//!
//! A retention is typed as people type it for restic, so `m` are months here and
//! years may follow days. Everywhere else a span of time is one that jiff reads, and
//! `m` are minutes; hence a type and a reader of its own.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// So many years, months, weeks, days and hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Age {
    years: i16,
    months: i32,
    weeks: i32,
    days: i32,
    hours: i32,
}

impl Age {
    /// So many years.
    pub const fn years(years: i16) -> Self {
        Self { years, months: 0, weeks: 0, days: 0, hours: 0 }
    }

    /// The instant that is so old at another one; the beginning of time when
    /// there is none.
    pub fn before(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let span = Span::new()
            .try_years(self.years)
            .and_then(|span| span.try_months(self.months))
            .and_then(|span| span.try_weeks(self.weeks))
            .and_then(|span| span.try_days(self.days))
            .and_then(|span| span.try_hours(self.hours));
        span.and_then(|span| at.to_zoned_datetime(zone.clone()).checked_sub(span))
            .map_or(Timestamp::MIN, |earlier| earlier.timestamp())
    }

    fn parts(&self) -> [(i32, char); 5] {
        [(self.years.into(), 'y'), (self.months, 'm'), (self.weeks, 'w'), (self.days, 'd'), (self.hours, 'h')]
    }
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is no span of time; write for instance 30d, 8w or 1y6m (m are months, h hours)")
        };
        let mut age = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, unit_and_rest) = rest.split_at(digits);
            let number: i32 = number.parse().map_err(|_| wrong())?;
            let mut letters = unit_and_rest.chars();
            match letters.next() {
                Some('y') => age.years = i16::try_from(number).map_err(|_| wrong())?,
                Some('m') => age.months = number,
                Some('w') => age.weeks = number,
                Some('d') => age.days = number,
                Some('h') => age.hours = number,
                _ => return Err(wrong()),
            }
            rest = letters.as_str();
        }
        if age == Self::default() && !text.trim().starts_with('0') { Err(wrong()) } else { Ok(age) }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
        f.write_str(if parts.is_empty() { "0d" } else { "" })?;
        f.write_str(&parts.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_told_as_they_are_written() {
        for text in ["30d", "1y6m", "2y5m7d3h", "8w", "0d"] {
            assert_eq!(text.parse::<Age>().unwrap().to_string(), text);
        }
        for text in ["", "d", "30", "3x", "-3d", "1.5y", "99999y", "soon"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at: Timestamp = "2026-05-31T10:00:00Z".parse().unwrap();
        let before = |text: &str| text.parse::<Age>().unwrap().before(at, &zone).to_string();
        assert_eq!(before("1m"), "2026-04-30T10:00:00Z");
        // The clock was put forward in between: the same time of day is an hour later in UTC.
        assert_eq!(before("3m"), "2026-02-28T11:00:00Z");
        assert_eq!(before("19999y"), Timestamp::MIN.to_string());
    }
}
