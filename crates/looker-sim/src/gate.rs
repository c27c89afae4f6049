//! What stands between a request and its answer: the rate limit, the line in
//! front of a fixed number of threads, and the time an answer takes.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::config::RetryAfter;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Tokens a second; `None` lets everything through.
    rate: Option<f64>,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(rate: Option<f64>) -> Bucket {
        Bucket { rate, tokens: burst(rate.unwrap_or(0.0)), filled: Instant::now() }
    }

    /// Lets one request through, or says how long to wait for the next token.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + since * rate).min(burst(rate));
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / rate.max(0.001);
        Err(Duration::from_secs_f64(wait))
    }
}

/// One request, and a fifth of a second's worth.
fn burst(rate: f64) -> f64 {
    1.0 + rate / 5.0
}

/// The value of `Retry-After` for a wait, if the server is to send it.
pub(crate) fn retry_after(form: RetryAfter, wait: Duration) -> Option<String> {
    let seconds = wait.as_secs_f64().ceil().max(1.0) as i64;
    match form {
        RetryAfter::None => None,
        RetryAfter::Seconds => Some(seconds.to_string()),
        RetryAfter::HttpDate => {
            let at = Timestamp::now() + SignedDuration::from_secs(seconds + 1);
            Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_lets_its_rate_through() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Some(5.0));
        let passed = (0..2_000).filter(|ms| bucket.take(start + Duration::from_millis(*ms)).is_ok()).count();
        assert!((10..=12).contains(&passed), "{passed} in two seconds at 5 a second");
        let end = start + Duration::from_secs(2);
        while bucket.take(end).is_ok() {}
        let wait = bucket.take(end).unwrap_err();
        assert!(wait <= Duration::from_millis(200));
        assert!(Bucket::new(None).take(start).is_ok());
    }

    #[test]
    fn retry_after_has_two_forms() {
        let wait = Duration::from_millis(1200);
        assert_eq!(retry_after(RetryAfter::None, wait), None);
        assert_eq!(retry_after(RetryAfter::Seconds, wait).unwrap(), "2");
        let date = retry_after(RetryAfter::HttpDate, wait).unwrap();
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    }
}
