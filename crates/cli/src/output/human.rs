//! Numbers, sizes, times and foreign text as people read them.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A count with thin groups of three digits: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: `1 dashboard`, `2,000 dashboards`.
pub fn counted(n: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(n), if n == 1 { singular } else { plural })
}

/// A size in bytes, in units of 1000: `512 B`, `3.4 MB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A span of time: `340 ms`, `12.3 s`, `4 m 05 s`, `2 h 03 m`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{:.1} s", (span.as_secs_f64() * 10.0).floor() / 10.0),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Reads a whole number above 0, as a type that holds no other.
///
/// # Errors
/// A message saying so.
pub fn parse_above_zero<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "must be a whole number above 0".to_owned())
}

/// Reads a span of time: a number of seconds (`120`, `0.5`) or numbers with
/// units (`50ms`, `2s`, `1m30s`, `1h`).
///
/// # Errors
/// A message naming the accepted forms.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is no duration; write for instance 50ms, 2s, 1m30s or 120 (seconds)");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(span).map_err(|_| wrong())
}

/// An instant in `zone`, to the second: `2026-11-23 21:59:04`.
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// How long ago something was, in its largest unit: `3 d`, `5 h`, `12 m`, `40 s`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.duration_until(now).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The API's time text in `zone`; text that is no time is given back as it is.
pub fn api_time(text: &str, zone: &TimeZone) -> String {
    text.parse::<Timestamp>().map_or_else(|_| one_line(text), |at| time(at, zone))
}

/// Foreign text made safe for one line of a terminal: line breaks and tabs
/// become spaces, other control characters are spelled out.
pub fn one_line(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => line.push(' '),
            c if c.is_control() || is_bidi_control(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

/// Marks that reorder the text around them, and could make a row lie.
const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let before = |seconds| age(now - jiff::SignedDuration::from_secs(seconds), now);
        assert_eq!([0, 59, 60, 3_599].map(before), ["0 s", "59 s", "1 m", "59 m"]);
        assert_eq!([3_600, 86_399, 86_400, 864_000].map(before), ["1 h", "23 h", "1 d", "10 d"]);
        assert_eq!(before(-5), "0 s", "a clock that was set back");
    }

    #[test]
    fn groups_digits() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), expected);
        }
        assert_eq!(counted(1, "call", "calls"), "1 call");
        assert_eq!(counted(0, "call", "calls"), "0 calls");
    }

    #[test]
    fn scales_sizes() {
        for (n, expected) in [
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_940, "999.9 kB"),
            (999_960, "1.0 MB"),
            (30_000_000_000, "30.0 GB"),
        ] {
            assert_eq!(bytes(n), expected);
        }
    }

    #[test]
    fn scales_durations() {
        for (ms, expected) in [
            (340, "340 ms"),
            (12_349, "12.3 s"),
            (59_999, "59.9 s"),
            (245_000, "4 m 05 s"),
            (7_380_000, "2 h 03 m"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), expected);
        }
    }

    #[test]
    fn reads_durations_with_and_without_units() {
        for (text, ms) in [("50ms", 50), ("2s", 2000), ("1m30s", 90_000), ("120", 120_000), ("0.5", 500)] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_millis(ms), "{text}");
        }
        for text in ["", "soon", "-1s", "-3", "inf", "10 parsecs"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_numbers_above_zero() {
        assert_eq!(parse_above_zero::<NonZeroU32>(" 7 ").map(NonZeroU32::get), Ok(7));
        for text in ["0", "-1", "1.5", "", "many", "99999999999"] {
            let message = parse_above_zero::<NonZeroU32>(text).unwrap_err();
            assert_eq!(message, "must be a whole number above 0", "{text}");
        }
    }

    #[test]
    fn shows_times_in_the_zone_asked_for() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let at: Timestamp = "2026-11-23T21:59:04.250Z".parse().unwrap();
        assert_eq!(time(at, &zone), "2026-11-23 23:59:04");
        assert_eq!(api_time("2026-11-23T21:59:04.000+00:00", &zone), "2026-11-23 23:59:04");
        assert_eq!(api_time("yesterday", &zone), "yesterday");
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\nb\tc"), "a b c");
        assert_eq!(one_line("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(one_line("abc\u{202E}fed"), "abc\\u{202e}fed");
        assert_eq!(one_line("Umsätze 📊"), "Umsätze 📊");
    }
}
