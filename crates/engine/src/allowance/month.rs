//! The month that a licence counts calls by: it begins on a day of its own, at
//! midnight where the contract was made.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When months begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The day of the month, 1 to 28.
    pub starts_on: i8,
    /// Whose midnight.
    pub zone: TimeZone,
}

impl Default for Calendar {
    /// Calendar months in UTC.
    fn default() -> Self {
        Self { starts_on: 1, zone: TimeZone::UTC }
    }
}

/// One month of a [`Calendar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first day, in the calendar's zone.
    pub first_day: Date,
    /// The first day of the next one: then an allowance renews.
    pub renews_on: Date,
    /// The instant it begins.
    pub from: Timestamp,
    /// The instant the next one begins.
    pub until: Timestamp,
}

impl Calendar {
    /// The month that `at` lies in.
    ///
    /// # Errors
    /// At the ends of representable time.
    pub fn month_of(&self, at: Timestamp) -> Result<Month, jiff::Error> {
        let today = at.to_zoned_datetime(self.zone.clone()).date();
        let first = self.first_day(today.year(), today.month())?;
        if first <= today { self.month_from(first) } else { self.month_from(first.checked_sub(1.month())?) }
    }

    /// The month that begins in this month of the year.
    ///
    /// # Errors
    /// At the ends of representable time.
    pub fn month_in(&self, year: i16, month: i8) -> Result<Month, jiff::Error> {
        self.month_from(self.first_day(year, month)?)
    }

    /// The first instant of a day. Where a clock is set forward at midnight, the
    /// day begins later.
    ///
    /// # Errors
    /// At the ends of representable time.
    pub fn begin(&self, day: Date) -> Result<Timestamp, jiff::Error> {
        Ok(day.to_zoned_datetime(self.zone.clone())?.timestamp())
    }

    /// The day of an instant.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    fn first_day(&self, year: i16, month: i8) -> Result<Date, jiff::Error> {
        Date::new(year, month, self.starts_on)
    }

    fn month_from(&self, first_day: Date) -> Result<Month, jiff::Error> {
        let renews_on = first_day.checked_add(1.month())?;
        Ok(Month { first_day, renews_on, from: self.begin(first_day)?, until: self.begin(renews_on)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(starts_on: i8, zone: &str) -> Calendar {
        Calendar { starts_on, zone: TimeZone::get(zone).unwrap() }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A month's first instant and that of the next.
    fn ends(calendar: &Calendar, at: &str) -> (String, String) {
        let month = calendar.month_of(time(at)).unwrap();
        (month.from.to_string(), month.until.to_string())
    }

    fn pair(from: &str, until: &str) -> (String, String) {
        (from.to_owned(), until.to_owned())
    }

    #[test]
    fn a_calendar_month_in_utc() {
        let november = pair("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        let utc = Calendar::default();
        assert_eq!(ends(&utc, "2026-11-01T00:00:00Z"), november);
        assert_eq!(ends(&utc, "2026-11-30T23:59:59.999999Z"), november);
        assert_eq!(ends(&utc, "2026-12-01T00:00:00Z").0, november.1);
        assert_eq!(ends(&utc, "2026-10-31T23:59:59Z").1, november.0);
    }

    #[test]
    fn a_month_that_begins_on_another_day_spans_the_year() {
        let calendar = calendar(15, "UTC");
        let winter = pair("2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z");
        for at in ["2026-12-15T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-14T23:59:59Z"] {
            assert_eq!(ends(&calendar, at), winter, "{at}");
        }
        let month = calendar.month_of(time("2027-01-03T00:00:00Z")).unwrap();
        assert_eq!(
            (month.first_day.to_string(), month.renews_on.to_string()),
            pair("2026-12-15", "2027-01-15")
        );
        assert_eq!(calendar.month_in(2026, 12).unwrap(), month);
    }

    #[test]
    fn the_28th_exists_in_every_february() {
        let calendar = calendar(28, "UTC");
        assert_eq!(
            ends(&calendar, "2027-02-27T12:00:00Z"),
            pair("2027-01-28T00:00:00Z", "2027-02-28T00:00:00Z")
        );
        assert_eq!(
            ends(&calendar, "2028-02-29T12:00:00Z"),
            pair("2028-02-28T00:00:00Z", "2028-03-28T00:00:00Z")
        );
    }

    #[test]
    fn midnight_is_that_of_the_zone() {
        // Two hours ahead in summer, one in winter: October has an hour more.
        let berlin = calendar(1, "Europe/Berlin");
        assert_eq!(
            ends(&berlin, "2026-09-30T22:00:00Z"),
            pair("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z")
        );
        assert_eq!(
            ends(&berlin, "2026-09-30T21:59:59Z"),
            pair("2026-08-31T22:00:00Z", "2026-09-30T22:00:00Z")
        );
        // And March an hour less.
        assert_eq!(
            ends(&berlin, "2026-03-15T00:00:00Z"),
            pair("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")
        );
        // Behind UTC, and on the odd quarter of an hour.
        assert_eq!(
            ends(&calendar(1, "America/Los_Angeles"), "2026-12-01T07:59:59Z").0,
            "2026-11-01T07:00:00Z"
        );
        assert_eq!(ends(&calendar(1, "Asia/Kathmandu"), "2026-11-10T00:00:00Z").0, "2026-10-31T18:15:00Z");
    }

    #[test]
    fn a_month_may_begin_on_the_day_that_the_clock_changes() {
        // 2026-03-08 and 2026-11-01 at two in the morning: midnight exists.
        let new_york = calendar(8, "America/New_York");
        assert_eq!(
            ends(&new_york, "2026-03-20T00:00:00Z"),
            pair("2026-03-08T05:00:00Z", "2026-04-08T04:00:00Z")
        );
        // In Santiago the clock is set forward at midnight of 2026-09-06: the day begins at one.
        let santiago = calendar(6, "America/Santiago");
        assert_eq!(ends(&santiago, "2026-09-06T04:00:00Z").0, "2026-09-06T04:00:00Z");
        assert_eq!(ends(&santiago, "2026-09-06T03:59:59Z").1, "2026-09-06T04:00:00Z");
    }

    #[test]
    fn every_month_begins_at_a_quarter_of_an_hour() {
        for zone in
            ["Asia/Kolkata", "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe", "America/St_Johns"]
        {
            for month in 1..=12 {
                let from = calendar(1, zone).month_in(2026, month).unwrap().from;
                assert_eq!(from.as_second() % 900, 0, "{zone}, month {month}");
            }
        }
    }
}
