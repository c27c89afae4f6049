//! How often kinds are read.

use std::fmt;
use std::str::FromStr;

/// How often a kind is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// By every run.
    EveryRun,
    /// By the first run after so many days.
    Days(u16),
    /// Only when it is named.
    OnRequest,
}

impl Cadence {
    /// By the first run after a week.
    pub const WEEKLY: Self = Self::Days(7);
}

impl fmt::Display for Cadence {
    /// In words: `every run`, `weekly`, `every 14 days`, `on request`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryRun => f.write_str("every run"),
            Self::Days(1) => f.write_str("daily"),
            &Self::WEEKLY => f.write_str("weekly"),
            Self::Days(days) => write!(f, "every {days} days"),
            Self::OnRequest => f.write_str("on request"),
        }
    }
}

impl FromStr for Cadence {
    type Err = ();

    /// Reads what a person may type: `every-run`, `daily`, `weekly`, `on-request`, or
    /// days such as `14d` or `every 14 days`, in any case, with `-`, `_` or blanks.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        match text.as_str() {
            "every-run" => Ok(Self::EveryRun),
            "daily" => Ok(Self::Days(1)),
            "weekly" => Ok(Self::WEEKLY),
            "on-request" => Ok(Self::OnRequest),
            days => {
                let in_words = || days.strip_prefix("every-")?.strip_suffix("-days");
                let days = days.strip_suffix('d').or_else(in_words).and_then(|days| days.parse().ok());
                days.filter(|days| *days > 0).map(Self::Days).ok_or(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cadences_are_read_as_people_type_them() {
        let read = |text: &str| text.parse::<Cadence>().map(|cadence| cadence.to_string());
        for (text, words) in [
            ("every-run", "every run"),
            ("Every run", "every run"),
            (" weekly ", "weekly"),
            ("7d", "weekly"),
            ("14D", "every 14 days"),
            ("every 14 days", "every 14 days"),
            ("daily", "daily"),
            ("1d", "daily"),
            ("on_request", "on request"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(words), "{text}");
        }
        for wrong in ["", "0d", "d", "-1d", "7", "1.5d", "monthly", "70000d"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }
}
