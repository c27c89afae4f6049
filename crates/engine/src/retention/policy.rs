//! The rules by which runs are kept.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;

use super::Age;

/// How many a rule keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// At most so many.
    AtMost(u32),
    /// All.
    Unlimited,
}

impl Default for Count {
    fn default() -> Self {
        Self::AtMost(0)
    }
}

impl Count {
    fn has_room_after(self, kept: u32) -> bool {
        match self {
            Self::AtMost(most) => kept < most,
            Self::Unlimited => true,
        }
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "unlimited" | "-1" => Ok(Self::Unlimited),
            number => number
                .parse()
                .map(Self::AtMost)
                .map_err(|_| format!("`{text}` is no number of runs; write a number or `unlimited`")),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => most.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(most) => serializer.serialize_u32(*most),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

/// Which runs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The newest complete runs.
    pub keep_last: Count,
    /// The newest complete run of each of the last days that have one.
    pub keep_daily: Count,
    /// The same by ISO weeks.
    pub keep_weekly: Count,
    /// The same by months.
    pub keep_monthly: Count,
    /// The same by years.
    pub keep_yearly: Count,
    /// All runs that began within this span before the newest complete one.
    pub keep_within: Option<Age>,
    /// Runs of these names.
    pub keep_tags: Vec<String>,
    /// How long the last content of what is gone stays.
    pub keep_gone: Age,
}

impl Default for Policy {
    fn default() -> Self {
        let none = Count::default();
        Self {
            keep_last: none,
            keep_daily: none,
            keep_weekly: none,
            keep_monthly: none,
            keep_yearly: none,
            keep_within: None,
            keep_tags: Vec::new(),
            keep_gone: Age::years(1),
        }
    }
}

/// What of a run the rules look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) started_at: Timestamp,
    pub(super) is_complete: bool,
}

/// A calendar rule at work.
struct Rule {
    name: &'static str,
    most: Count,
    /// Runs of the same period have the same number.
    period: fn(usize, &ZonedDateTime) -> i64,
    kept: u32,
    last: Option<i64>,
}

impl Policy {
    /// Whether no rule keeps anything.
    pub fn is_empty(&self) -> bool {
        *self == Self { keep_gone: self.keep_gone, ..Self::default() }
    }

    /// As it is kept for the record: the rules that are set, as JSON.
    pub fn to_json(&self) -> String {
        let mut rules = serde_json::Map::new();
        for (name, count) in self.counts() {
            if count != Count::default() {
                rules.insert(format!("keep_{name}"), serde_json::json!(count));
            }
        }
        if let Some(within) = self.keep_within {
            rules.insert("keep_within".into(), within.to_string().into());
        }
        if !self.keep_tags.is_empty() {
            rules.insert("keep_tags".into(), self.keep_tags.clone().into());
        }
        rules.insert("keep_gone".into(), self.keep_gone.to_string().into());
        serde_json::Value::Object(rules).to_string()
    }

    fn counts(&self) -> [(&'static str, Count); 5] {
        [
            ("last", self.keep_last),
            ("daily", self.keep_daily),
            ("weekly", self.keep_weekly),
            ("monthly", self.keep_monthly),
            ("yearly", self.keep_yearly),
        ]
    }

    /// Why each run of a group, newest first, is kept.
    pub(super) fn reasons(&self, runs: &[Candidate], zone: &TimeZone) -> Vec<Vec<String>> {
        let mut reasons = vec![Vec::new(); runs.len()];
        let complete: Vec<usize> = (0..runs.len()).filter(|i| runs[*i].is_complete).collect();
        if let (Some(within), Some(newest)) = (self.keep_within, complete.first()) {
            let since = within.before(runs[*newest].started_at, zone);
            for (run, reasons) in runs.iter().zip(&mut reasons) {
                if run.started_at >= since {
                    reasons.push(format!("within {within}"));
                }
            }
        }
        let mut rules = self.rules();
        for (place, run) in complete.iter().enumerate() {
            let began = runs[*run].started_at.to_zoned_datetime(zone.clone());
            let is_oldest = place + 1 == complete.len();
            for rule in &mut rules {
                reasons[*run].extend(rule.judge(place, &began, is_oldest));
            }
        }
        reasons
    }

    /// The names of a run that keep it.
    pub(super) fn tags_kept<'a>(
        &'a self,
        tags: Option<&'a Vec<String>>,
    ) -> impl Iterator<Item = String> + use<'a> {
        let tags = tags.into_iter().flatten();
        tags.filter(|tag| self.keep_tags.contains(tag)).map(|tag| format!("tag {tag}"))
    }

    fn rules(&self) -> [Rule; 5] {
        let periods: [fn(usize, &ZonedDateTime) -> i64; 5] = [
            |place, _| place as i64,
            |_, at| i64::from(at.year()) * 1_000 + i64::from(at.day_of_year()),
            |_, at| {
                let week = at.date().iso_week_date();
                i64::from(week.year()) * 100 + i64::from(week.week())
            },
            |_, at| i64::from(at.year()) * 100 + i64::from(at.month()),
            |_, at| i64::from(at.year()),
        ];
        let mut periods = periods.into_iter();
        self.counts().map(|(name, most)| {
            let period = periods.next().unwrap_or(|place, _| place as i64);
            Rule { name, most, period, kept: 0, last: None }
        })
    }
}

impl Rule {
    /// Why the next older run is kept, if it is.
    fn judge(&mut self, place: usize, began: &ZonedDateTime, is_oldest: bool) -> Option<String> {
        let period = Some((self.period)(place, began));
        let is_new = period != self.last;
        if !self.most.has_room_after(self.kept) || !(is_new || is_oldest) {
            return None;
        }
        self.kept += 1;
        self.last = period;
        Some(if is_new { self.name.to_owned() } else { format!("oldest {}", self.name) })
    }
}
