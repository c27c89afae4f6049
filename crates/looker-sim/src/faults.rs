//! What goes wrong on the way: drawn from the seed, one fate a request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often each fault strikes, as a share of requests from 0.0 to 1.0. A
/// request meets one of them at most, so their sum should not pass 1.0.
/// `operations`, `after` and `times` choose the requests.
///
/// As JSON (for `/_sim/faults`) the fields have the same names, absent ones
/// are zero, and `slow_by` is in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// 429, before anything is done.
    pub too_many_requests: f64,
    /// 500 with the JSON body `An error has occurred.`, before anything is
    /// done.
    pub server_error_500: f64,
    /// 502, 503 or 504 with a page of HTML from a load balancer.
    pub bad_gateway_html: f64,
    /// The connection is dropped before the first byte of the answer.
    pub reset: f64,
    /// A right `Content-Length`, half the body, and a closed connection.
    pub cut_body: f64,
    /// 200 with JSON that breaks off, its length stated as if it were whole.
    pub bad_json: f64,
    /// 200 with a page of HTML.
    pub html_200: f64,
    /// A right answer, later by `slow_by`.
    pub slow: f64,
    /// 401 although the token is valid.
    pub unauthorized: f64,
    /// 500 for a write that was carried out. Reads are not affected.
    pub hidden_success: f64,
    /// The connection is dropped after a write was carried out. Reads are not
    /// affected.
    pub hidden_reset: f64,
    /// How long an object that was just created through the API answers 404
    /// when it is read by its id, in milliseconds (`looker-api-facts.md` §1).
    #[serde(with = "millis")]
    pub fresh_404_for: Duration,
    /// Ids of the operations whose requests are struck; empty: of all.
    pub operations: Vec<String>,
    /// So many of their requests are spared first.
    pub after: u32,
    /// So many of them are struck at most.
    pub times: Option<u32>,
    /// How much later a slow answer comes.
    #[serde(with = "millis")]
    pub slow_by: Duration,
    /// Whether logging in and out meets faults as well.
    pub login: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            too_many_requests: 0.0,
            server_error_500: 0.0,
            bad_gateway_html: 0.0,
            reset: 0.0,
            cut_body: 0.0,
            bad_json: 0.0,
            html_200: 0.0,
            slow: 0.0,
            unauthorized: 0.0,
            hidden_success: 0.0,
            hidden_reset: 0.0,
            fresh_404_for: Duration::ZERO,
            operations: Vec::new(),
            after: 0,
            times: None,
            slow_by: Duration::from_millis(200),
            login: false,
        }
    }
}

impl Faults {
    /// All faults that a reader can meet, equally often, `total_rate`
    /// together.
    pub fn mixed(total_rate: f64) -> Self {
        let each = total_rate / 9.0;
        Faults {
            too_many_requests: each,
            server_error_500: each,
            bad_gateway_html: each,
            reset: each,
            cut_body: each,
            bad_json: each,
            html_200: each,
            slow: each,
            unauthorized: each,
            ..Faults::default()
        }
    }

    /// The fate of one request to an operation.
    pub(crate) fn strike(&mut self, operation: &str, rng: &mut fastrand::Rng, writes: bool) -> Option<Fault> {
        if !self.operations.is_empty() && !self.operations.iter().any(|id| id == operation) {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        if self.times == Some(0) {
            return None;
        }
        let fault = self.draw(rng, writes)?;
        self.times = self.times.map(|times| times - 1);
        Some(fault)
    }

    fn draw(&self, rng: &mut fastrand::Rng, writes: bool) -> Option<Fault> {
        let of_writes = |rate| if writes { rate } else { 0.0 };
        let odds = [
            (self.too_many_requests, Fault::TooManyRequests),
            (self.server_error_500, Fault::ServerError),
            (self.bad_gateway_html, Fault::BadGateway),
            (self.reset, Fault::Reset),
            (self.cut_body, Fault::CutBody),
            (self.bad_json, Fault::BadJson),
            (self.html_200, Fault::Html200),
            (self.slow, Fault::Slow),
            (self.unauthorized, Fault::Unauthorized),
            (of_writes(self.hidden_success), Fault::HiddenSuccess),
            (of_writes(self.hidden_reset), Fault::HiddenReset),
        ];
        let mut left = rng.f64();
        for (rate, fault) in odds {
            if left < rate {
                return Some(fault);
            }
            left -= rate;
        }
        None
    }
}

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 by draw.
    TooManyRequests,
    /// 429 because of [`SimConfig::rate_limit`](crate::SimConfig::rate_limit).
    RateLimit,
    /// 500 as JSON.
    ServerError,
    /// 502, 503 or 504 as HTML.
    BadGateway,
    /// Dropped connection.
    Reset,
    /// Body that ends early.
    CutBody,
    /// JSON that breaks off.
    BadJson,
    /// HTML with status 200.
    Html200,
    /// Late answer.
    Slow,
    /// 401 for a valid token.
    Unauthorized,
    /// 500 for a write that was carried out.
    HiddenSuccess,
    /// Dropped connection after a write was carried out.
    HiddenReset,
}

impl Fault {
    /// The name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Fault::TooManyRequests => "too_many_requests",
            Fault::RateLimit => "rate_limit",
            Fault::ServerError => "server_error_500",
            Fault::BadGateway => "bad_gateway_html",
            Fault::Reset => "reset",
            Fault::CutBody => "cut_body",
            Fault::BadJson => "bad_json",
            Fault::Html200 => "html_200",
            Fault::Slow => "slow",
            Fault::Unauthorized => "unauthorized",
            Fault::HiddenSuccess => "hidden_success",
            Fault::HiddenReset => "hidden_reset",
        }
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.as_millis() as u64)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_each_fault_about_as_often_as_asked() {
        let faults = Faults::mixed(0.9);
        let mut rng = fastrand::Rng::with_seed(7);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..10_000 {
            *seen.entry(faults.draw(&mut rng, false)).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 10, "nine faults and none: {seen:?}");
        assert!(seen.values().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    }

    #[test]
    fn a_hidden_success_needs_a_write() {
        let faults = Faults { hidden_success: 1.0, ..Faults::default() };
        let mut rng = fastrand::Rng::with_seed(7);
        assert_eq!(faults.draw(&mut rng, false), None);
        assert_eq!(faults.draw(&mut rng, true), Some(Fault::HiddenSuccess));
    }

    #[test]
    fn strikes_the_operations_it_names_and_no_more_often_than_told() {
        let operations = vec!["create_look".to_owned()];
        let mut faults =
            Faults { server_error_500: 1.0, operations, after: 1, times: Some(2), ..Faults::default() };
        let mut rng = fastrand::Rng::with_seed(7);
        let mut strike = |operation| faults.strike(operation, &mut rng, true).is_some();
        assert!(!strike("create_board"));
        let struck: Vec<bool> = (0..4).map(|_| strike("create_look")).collect();
        assert_eq!(struck, [false, true, true, false]);
    }

    #[test]
    fn json_leaves_out_what_is_zero_and_refuses_what_is_unknown() {
        let faults: Faults = serde_json::from_str(r#"{"reset":0.5,"slow_by":30}"#).unwrap();
        assert!((faults.reset - 0.5).abs() < f64::EPSILON);
        assert_eq!(faults.slow_by, Duration::from_millis(30));
        assert!(serde_json::from_str::<Faults>(r#"{"rest":0.5}"#).is_err());
    }
}
