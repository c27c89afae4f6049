//! How much is read again, and how much of a first fill, by one run.

use jiff::{SignedDuration, Timestamp};

/// When kinds are read again whose change moves no stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// Nothing may be older than this.
    pub max_age: SignedDuration,
    /// Whether the first fill is spread over runs, as it is under an allowance of
    /// calls.
    pub spread: bool,
    /// Whether everything is read now.
    pub all_now: bool,
}

/// Over this time a first fill is spread: within two weeks, with days to spare
/// for runs that do not happen.
const FILL_TIME: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Between two runs, when there was none before.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

impl Default for RefreshPolicy {
    /// Thirty days, nothing spread.
    fn default() -> Self {
        Self { max_age: SignedDuration::from_hours(30 * 24), spread: false, all_now: false }
    }
}

impl RefreshPolicy {
    /// How many of `missing` objects are read now, of `total`.
    pub(super) fn fill(&self, total: usize, missing: usize, interval: Option<SignedDuration>) -> usize {
        if self.all_now || !self.spread {
            return missing;
        }
        missing.min(share(total, interval, FILL_TIME))
    }

    /// How many objects are read again now, oldest first: a share of all that
    /// keeps the oldest below the maximum age, and those that are beyond it.
    pub(super) fn again(
        &self,
        total: usize,
        ages: impl Iterator<Item = Timestamp>,
        now: Timestamp,
        interval: Option<SignedDuration>,
    ) -> usize {
        let (mut stored, mut too_old) = (0, 0);
        for age in ages {
            stored += 1;
            too_old += usize::from(age.duration_until(now) >= self.max_age);
        }
        if self.all_now {
            return stored;
        }
        // A run soon after the last one has nothing to catch up with.
        let due = interval.is_some_and(|interval| interval >= SignedDuration::from_hours(1));
        let share = if due { share(total, interval, self.max_age) } else { 0 };
        // What is too old is caught up with at twice the pace, not all at once.
        let most = if self.spread { 2 * share.max(1) } else { usize::MAX };
        stored.min(share.max(too_old.min(most)))
    }
}

/// The part of `total` that an interval is of a whole time, rounded up.
fn share(total: usize, interval: Option<SignedDuration>, whole: SignedDuration) -> usize {
    let part = interval.unwrap_or(USUAL_INTERVAL).as_secs_f64() / whole.as_secs_f64().max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count, clamped to it"
    )]
    let share = (total as f64 * part.clamp(0.0, 1.0)).ceil() as usize;
    share.min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn days_ago(now: Timestamp, days: i64) -> Timestamp {
        now - DAY * i32::try_from(days).unwrap()
    }

    #[test]
    fn without_an_allowance_everything_missing_is_read_at_once() {
        let policy = RefreshPolicy::default();
        assert_eq!(policy.fill(1000, 1000, Some(DAY)), 1000);
        let spread = RefreshPolicy { spread: true, ..policy };
        assert_eq!(spread.fill(1000, 1000, Some(DAY)), 100);
        assert_eq!(spread.fill(1000, 30, Some(DAY)), 30);
        assert_eq!(spread.fill(5, 5, None), 1);
        assert_eq!(RefreshPolicy { all_now: true, ..spread }.fill(1000, 1000, Some(DAY)), 1000);
    }

    #[test]
    fn daily_runs_read_everything_again_within_the_maximum_age() {
        let policy = RefreshPolicy { spread: true, ..RefreshPolicy::default() };
        let total = 131;
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let mut read = vec![start; total];
        for day in 1..=120 {
            let now = start + DAY * day;
            read.sort();
            let again = policy.again(total, read.iter().copied(), now, Some(DAY));
            assert!(again <= total.div_ceil(30) * 2, "day {day}: {again}");
            read[..again].fill(now);
            let oldest = read.iter().min().unwrap();
            assert!(oldest.duration_until(now) <= policy.max_age + DAY, "day {day}");
        }
    }

    #[test]
    fn two_runs_within_an_hour_read_nothing_twice() {
        let policy = RefreshPolicy::default();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let ages = || (0..50).map(|_| days_ago(now, 1));
        assert_eq!(policy.again(50, ages(), now, Some(SignedDuration::from_mins(5))), 0);
        assert_eq!(policy.again(50, ages(), now, Some(DAY)), 2);
        assert_eq!(RefreshPolicy { all_now: true, ..policy }.again(50, ages(), now, None), 50);
    }
}
