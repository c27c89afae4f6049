//! What an instance's licence allows a month.
//!
//! The allowance belongs to the address of an instance: it is found by it, so
//! that commands that work offline find the same one, without credentials.

use std::fmt;
use std::num::NonZeroU64;

use engine::allowance::{Allowance, Calendar};
use jiff::tz::TimeZone;

use super::base_url::BaseUrl;
use super::error::ConfigError;
use super::instance::base_url;
use super::layers::{Layer, Layers};
use super::setting::{Origin, Setting};
use super::{Config, Value, value::FromValue};

/// A day that every month has, 1 to 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDay(i8);

/// A whole percentage, 0 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// The settled allowance of an instance, each setting with its origin.
#[derive(Clone, Debug)]
pub struct AllowanceSettings {
    /// Administrative calls a month.
    pub monthly_calls: Option<Setting<NonZeroU64>>,
    /// Query-based calls a month.
    pub monthly_query_calls: Option<Setting<NonZeroU64>>,
    /// The day of the month it renews on.
    pub month_starts_on: Setting<MonthDay>,
    /// Whose midnight that day begins at.
    pub time_zone: Setting<Zone>,
    /// The share that is kept for restores.
    pub restore_reserve: Setting<Percent>,
}

/// The share kept for restores when nobody says otherwise.
const RESERVE: Percent = Percent(15);

impl AllowanceSettings {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            monthly_calls: layers.get("monthly_calls")?,
            monthly_query_calls: layers.get("monthly_query_calls")?,
            month_starts_on: layers.get_or("month_starts_on", MonthDay(1))?,
            time_zone: layers.get_or("time_zone", Zone(TimeZone::UTC))?,
            restore_reserve: layers.get_or("restore_reserve", RESERVE)?,
        })
    }

    /// What they allow.
    pub fn allowance(&self) -> Allowance {
        let calls = |setting: &Option<Setting<NonZeroU64>>| setting.as_ref().map(|calls| calls.value.get());
        Allowance {
            administrative: calls(&self.monthly_calls),
            query_based: calls(&self.monthly_query_calls),
            reserve_percent: self.restore_reserve.value.0,
            calendar: Calendar {
                starts_on: self.month_starts_on.value.0,
                zone: self.time_zone.value.0.clone(),
            },
        }
    }

    /// Each setting that is in effect: its name, value and origin. Defaults
    /// without an allowance are not.
    pub fn in_effect(&self) -> Vec<(&'static str, String, &Origin)> {
        let limits =
            [("monthly_calls", &self.monthly_calls), ("monthly_query_calls", &self.monthly_query_calls)];
        let limits = limits.into_iter().filter_map(|(name, calls)| {
            calls.as_ref().map(|calls| (name, calls.value.to_string(), &calls.origin))
        });
        let rest = [
            ("month_starts_on", self.month_starts_on.value.0.to_string(), &self.month_starts_on.origin),
            ("time_zone", self.time_zone.value.to_string(), &self.time_zone.origin),
            ("restore_reserve", self.restore_reserve.value.to_string(), &self.restore_reserve.origin),
        ];
        let is_set = self.monthly_calls.is_some() || self.monthly_query_calls.is_some();
        limits.chain(rest.into_iter().filter(|(.., origin)| is_set || **origin != Origin::Default)).collect()
    }
}

impl Config {
    /// The allowance of the instance at `address`: what the environment says,
    /// unless it names another address, then what is written beside the address.
    ///
    /// # Errors
    /// A value of the wrong type or out of range.
    pub fn allowance(&self, address: &str) -> Result<AllowanceSettings, ConfigError> {
        let empty = Layer::default();
        let is_meant = |layer: &Layer| {
            let url = base_url(&Layers::new(&self.places, [layer]));
            url.ok().flatten().is_some_and(|url: Setting<BaseUrl>| url.value.to_string() == address)
        };
        let elsewhere = self.env_instance.get("base_url").is_some() && !is_meant(&self.env_instance);
        let env = if elsewhere { &empty } else { &self.env_instance };
        // One address under two names: the name that is meant decides.
        let chosen = self.chosen_name().ok().flatten();
        let chosen = chosen.and_then(|name| self.file.instances.get(&name));
        let in_file = chosen.into_iter().chain(self.file.instances.values()).find(|layer| is_meant(layer));
        AllowanceSettings::read(&Layers::new(&self.places, [env, in_file.unwrap_or(&empty)]))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromValue for MonthDay {
    const EXPECTED: &'static str = "a day that every month has, from 1 to 28";

    fn from_value(value: &Value) -> Option<Self> {
        value.digits()?.parse().ok().filter(|day| (1..=28).contains(day)).map(Self)
    }
}

impl FromValue for Percent {
    const EXPECTED: &'static str = "a whole percentage from 0 to 99";

    fn from_value(value: &Value) -> Option<Self> {
        let text = value.digits()?;
        text.trim_end_matches('%').trim_end().parse().ok().filter(|percent| *percent <= 99).map(Self)
    }
}

impl FromValue for Zone {
    const EXPECTED: &'static str = "a time zone that this machine knows, such as UTC or Europe/Berlin";

    fn from_value(value: &Value) -> Option<Self> {
        let zone = TimeZone::get(value.as_text()?).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_month_can_have_are_refused() {
        let number = Value::Number;
        let text = |text: &str| Value::Text(text.into());
        for wrong in [number(0), number(29), number(-1), number(300), text("first"), text("1.5")] {
            assert_eq!(MonthDay::from_value(&wrong), None, "{wrong:?}");
        }
        assert_eq!(MonthDay::from_value(&number(28)), Some(MonthDay(28)));
        for wrong in [number(100), number(-5), text("a lot"), text("%"), Value::Flag(true)] {
            assert_eq!(Percent::from_value(&wrong), None, "{wrong:?}");
        }
        assert_eq!(Percent::from_value(&number(0)), Some(Percent(0)));
        assert_eq!(Percent::from_value(&text("20 %")), Some(Percent(20)));
        for wrong in [text("Mars/Olympus"), text(""), text("+02:00"), number(2)] {
            assert_eq!(Zone::from_value(&wrong), None, "{wrong:?}");
        }
        assert_eq!(Zone::from_value(&text("europe/berlin")).unwrap().to_string(), "Europe/Berlin");
        assert_eq!(Zone::from_value(&text("UTC")).unwrap().to_string(), "UTC");
    }
}
