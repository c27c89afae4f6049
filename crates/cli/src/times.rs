//! Times as people type them.
//!
//! A time is either an instant (`2026-03-01 10:00`, `2h`) or a day (`2026-03-01`,
//! `yesterday`), which has a beginning and an end: "since" means the beginning,
//! "until" and "as of" the end. Everything without a zone of its own is in the
//! local one.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};

/// The accepted forms, for hints.
pub const FORMS: &str = "2026-03-01, 2026-03-01 10:00, 2026-03-01T10:00:00Z, now, today, yesterday, monday, \
     3d, 2h, 1w, 3 days ago";

/// A time that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The instant, or the beginning of the day.
    pub from: Timestamp,
    /// The instant, or the last one of the day.
    pub until: Timestamp,
}

impl Time {
    const fn instant(at: Timestamp) -> Self {
        Self { from: at, until: at }
    }

    fn day(date: Date, now: &ZonedDateTime) -> Option<Self> {
        let start = |date: Date| Some(date.to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp());
        let end = start(date.tomorrow().ok()?)?;
        Some(Self { from: start(date)?, until: end.checked_sub(1.microsecond()).ok()? })
    }
}

/// Reads a time in the zone of `now`; `None` when it has none of the [`FORMS`].
pub fn parse(text: &str, now: &ZonedDateTime) -> Option<Time> {
    let text = text.trim().to_lowercase();
    let today = now.date();
    match text.as_str() {
        "" => return None,
        "now" => return Some(Time::instant(now.timestamp())),
        "today" => return Time::day(today, now),
        "yesterday" => return Time::day(today.yesterday().ok()?, now),
        _ => {}
    }
    if let Some(weekday) = weekday(&text) {
        let back = today.weekday().since(weekday);
        return Time::day(today.checked_sub(back.days()).ok()?, now);
    }
    let begins_with_a_year = text.as_bytes().get(4) == Some(&b'-');
    if begins_with_a_year { calendar(&text.to_uppercase(), now) } else { ago(&text, now) }
}

/// A date, a time of day, a time with its zone.
fn calendar(text: &str, now: &ZonedDateTime) -> Option<Time> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Time::instant(at));
    }
    if text.len() == "2026-03-01".len() {
        return Time::day(text.parse().ok()?, now);
    }
    let at: DateTime = text.parse().ok()?;
    Some(Time::instant(at.to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp()))
}

/// A span of time before now: `3d`, `3 days`, `3 days ago`.
fn ago(text: &str, now: &ZonedDateTime) -> Option<Time> {
    let span = text.strip_suffix("ago").unwrap_or(text).trim();
    let starts_with_a_number = span.starts_with(|first: char| first.is_ascii_digit());
    let span: Span = span.parse().ok().filter(|_| starts_with_a_number)?;
    Some(Time::instant(now.checked_sub(span).ok()?.timestamp()))
}

/// A day of the week by its English name, or the first three letters of it.
fn weekday(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    NAMES.into_iter().find(|(name, _)| *name == text || name[..3] == *text).map(|(_, weekday)| weekday)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A Sunday, six hours after the clocks went forward.
    fn now() -> ZonedDateTime {
        "2026-03-29T09:30:00[Europe/Berlin]".parse().unwrap()
    }

    #[track_caller]
    fn means(text: &str, from: &str, until: &str) {
        let time = parse(text, &now()).unwrap_or_else(|| panic!("{text} is not understood"));
        assert_eq!((time.from.to_string(), time.until.to_string()), (from.into(), until.into()), "{text}");
    }

    #[test]
    fn an_instant_is_one_moment() {
        for (text, at) in [
            ("now", "2026-03-29T07:30:00Z"),
            ("2026-03-01 10:00", "2026-03-01T09:00:00Z"),
            ("2026-03-01T10:00", "2026-03-01T09:00:00Z"),
            ("2026-03-01t10:00:30.5", "2026-03-01T09:00:30.5Z"),
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
            ("2026-03-01T10:00:00+05:30", "2026-03-01T04:30:00Z"),
            ("2h", "2026-03-29T05:30:00Z"),
            ("90 minutes ago", "2026-03-29T06:00:00Z"),
            // The day before had another offset: the same time of day is meant.
            ("1d", "2026-03-28T08:30:00Z"),
            (" 3 Days ago ", "2026-03-26T08:30:00Z"),
            ("1w", "2026-03-22T08:30:00Z"),
            ("2 months ago", "2026-01-29T08:30:00Z"),
            ("1y", "2025-03-29T08:30:00Z"),
        ] {
            means(text, at, at);
        }
    }

    #[test]
    fn a_day_begins_and_ends_in_the_local_zone() {
        means("2026-03-01", "2026-02-28T23:00:00Z", "2026-03-01T22:59:59.999999Z");
        means("yesterday", "2026-03-27T23:00:00Z", "2026-03-28T22:59:59.999999Z");
        // 23 hours long.
        means("today", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z");
        means("Sunday", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z");
        means("mon", "2026-03-22T23:00:00Z", "2026-03-23T22:59:59.999999Z");
    }

    #[test]
    fn everything_else_is_no_time() {
        for text in
            ["", "soon", "12", "2026", "2026-13-01", "2026-02-30", "10:00", "-3d", "d", "3 parsecs", "ago"]
        {
            assert_eq!(parse(text, &now()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,30}") {
            parse(&text, &now());
        }

        #[test]
        fn what_is_printed_is_understood(second in 0i64..4_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            let zone = now().time_zone().clone();
            prop_assert_eq!(parse(&at.to_string(), &now()), Some(Time::instant(at)));
            // An hour a year has two instants for one local time.
            let printed = crate::output::human::time(at, &zone);
            let meant = parse(&printed, &now()).unwrap().from;
            prop_assert_eq!(crate::output::human::time(meant, &zone), printed);
        }
    }
}
