//! How much is read again, and how much of a first fill, by one run.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use looker::catalogue::Refresh;
use vault::{InstanceId, Reader};

use super::each::TRIED_BEFORE_CLOSED;

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

/// When the objects of a kind were read, by key, and which of them were refused since.
#[derive(Debug, Default)]
pub(super) struct Ages {
    pub(super) read: HashMap<String, Timestamp>,
    pub(super) refused: HashMap<String, Timestamp>,
    /// Whether the kind was refused as a whole.
    pub(super) is_closed: bool,
}

impl Ages {
    pub(super) fn of(reader: &Reader, instance: InstanceId, kind: &str) -> vault::Result<Self> {
        Ok(Self {
            read: reader.ages(instance, kind)?,
            refused: reader.refused(instance, kind)?,
            is_closed: reader.refused_kinds(instance)?.contains_key(kind),
        })
    }

    /// When an object that was read before had its turn last: one that is refused each
    /// time would be the oldest for ever.
    fn turn(&self, key: &str) -> Option<Timestamp> {
        let read_at = *self.read.get(key)?;
        Some(self.refused.get(key).map_or(read_at, |refused_at| read_at.max(*refused_at)))
    }
}

/// What one run reads of a kind that costs a call an object.
#[derive(Debug)]
pub(super) struct Slice {
    /// Objects there are.
    pub(super) total: usize,
    /// Never read so far, and not by this run.
    pub(super) left: usize,
    /// When the oldest was read of those that are not read again.
    pub(super) oldest: Option<Timestamp>,
    /// Those to read: first what was never read, last what was refused before.
    pub(super) keys: Vec<String>,
    /// Those of them that were never read.
    pub(super) unread: Vec<String>,
    /// Of those that wait, the ones that were read last and not refused since.
    pub(super) next: Vec<String>,
}

/// Over this time a first fill is spread: within two weeks, with days to spare
/// for runs that do not happen.
const FILL_TIME: SignedDuration = SignedDuration::from_hours(10 * 24);

/// What is little is not spread: a run reads so many objects of a kind at the
/// least, when that many are to be read.
const LEAST: usize = 10;

/// Between two runs, when there was none before.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// Runs that follow each other faster count as one.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

impl Default for RefreshPolicy {
    /// Thirty days, nothing spread.
    fn default() -> Self {
        Self { max_age: SignedDuration::from_hours(30 * 24), spread: false, all_now: false }
    }
}

impl RefreshPolicy {
    /// What of a kind that costs a call an object is read now: of what is missing, and
    /// of what the vault has, by its ages.
    pub(super) fn slice(
        &self,
        refresh: Refresh,
        keys: Vec<String>,
        ages: &Ages,
        interval: Option<SignedDuration>,
        now: Timestamp,
    ) -> Slice {
        let total = keys.len();
        let (mut stored, mut missing): (Vec<_>, Vec<_>) =
            keys.into_iter().map(|key| (ages.turn(&key), key)).partition(|(turn, _)| turn.is_some());
        stored.sort();
        // What was refused waits for its turn as if it had been read, and does not keep the
        // others from being asked for. Of a kind that is closed it tells nothing.
        if !self.all_now && !ages.is_closed {
            missing.retain(|(_, key)| {
                ages.refused.get(key).is_none_or(|refused_at| refused_at.duration_until(now) >= self.max_age)
            });
        }
        missing.sort_by_key(|(_, key)| ages.refused.get(key).copied());
        let missing_now = self.fill(total, missing.len(), interval);
        let again = match refresh {
            Refresh::Never => 0,
            Refresh::ByAge => {
                let turns = stored.iter().map(|(turn, _)| turn.unwrap_or(Timestamp::UNIX_EPOCH));
                self.again(total, turns, now, interval)
            }
        };
        let left = missing.len() - missing_now;
        let waiting = stored.split_off(again);
        let oldest = waiting.iter().filter_map(|(_, key)| ages.read.get(key).copied()).min();
        let unread: Vec<String> = missing.into_iter().take(missing_now).map(|(_, key)| key).collect();
        let mut keys: Vec<String> =
            unread.iter().cloned().chain(stored.into_iter().map(|(_, key)| key)).collect();
        // The first that are asked for tell whether the kind is closed.
        keys.sort_by_key(|key| ages.refused.contains_key(key));
        let next = match refresh {
            Refresh::Never => Vec::new(),
            Refresh::ByAge => {
                let open = waiting.into_iter().rev().filter(|(_, key)| !ages.refused.contains_key(key));
                open.take(TRIED_BEFORE_CLOSED).map(|(_, key)| key).collect()
            }
        };
        Slice { total, left, oldest, keys, unread, next }
    }

    /// How many of `missing` objects are read now, of `total`.
    pub(super) fn fill(&self, total: usize, missing: usize, interval: Option<SignedDuration>) -> usize {
        if self.all_now || !self.spread {
            return missing;
        }
        missing.min(pace(total, interval))
    }

    /// How many objects are read again now, oldest first, so that none gets older
    /// than the maximum age; `ages` from the oldest on.
    ///
    /// Without an allowance that is the same share of all each time. Under one it is
    /// as few as can be, and never more than a first fill reads: what is young yet
    /// waits, unless later runs could not catch up with it in time.
    pub(super) fn again(
        &self,
        total: usize,
        ages: impl ExactSizeIterator<Item = Timestamp>,
        now: Timestamp,
        interval: Option<SignedDuration>,
    ) -> usize {
        let stored = ages.len();
        if self.all_now {
            return stored;
        }
        if self.spread {
            let pace = pace(total, interval);
            let between = interval.unwrap_or(USUAL_INTERVAL).max(SHORTEST_INTERVAL);
            let must = (1..).zip(ages).map(|(place, read_at): (usize, _)| {
                let time_left = (self.max_age - read_at.duration_until(now)).max(SignedDuration::ZERO);
                // A run may be late by a quarter of the time between two.
                let runs_left = (time_left + between / 4).as_secs() / between.as_secs();
                place.saturating_sub(pace.saturating_mul(usize::try_from(runs_left).unwrap_or(usize::MAX)))
            });
            return must.max().unwrap_or(0).min(stored).min(pace);
        }
        let too_old = ages.filter(|read_at| read_at.duration_until(now) >= self.max_age).count();
        // A run soon after the last one has nothing to catch up with.
        let due = interval.is_some_and(|interval| interval >= SHORTEST_INTERVAL);
        let share = if due { share(total, interval, self.max_age) } else { 0 };
        stored.min(share.max(too_old))
    }
}

/// The most objects that a run reads of a first fill.
fn pace(total: usize, interval: Option<SignedDuration>) -> usize {
    share(total, interval, FILL_TIME).max(LEAST)
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
        assert_eq!(spread.fill(12, 12, None), LEAST, "little is not spread");
        assert_eq!(spread.fill(5, 5, None), 5);
        assert_eq!(RefreshPolicy { all_now: true, ..spread }.fill(1000, 1000, Some(DAY)), 1000);
    }

    /// Days on which objects are read, given those of the first reading; the most
    /// that any day took.
    fn simulate(policy: &RefreshPolicy, first: &[i32], days: i32) -> (Vec<usize>, usize) {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let mut read: Vec<Timestamp> = first.iter().map(|day| start + DAY * *day).collect();
        let mut counts = Vec::new();
        for day in 1..=days {
            let now = start + DAY * day;
            read.sort();
            let known = read.iter().filter(|at| **at < now).count();
            let again = policy.again(read.len(), read[..known].iter().copied(), now, Some(DAY));
            read[..again].fill(now);
            counts.push(again);
            let oldest = read.iter().min().unwrap();
            assert!(oldest.duration_until(now) <= policy.max_age, "day {day}");
        }
        let most = counts.iter().copied().max().unwrap();
        (counts, most)
    }

    #[test]
    fn daily_runs_read_everything_again_within_the_maximum_age() {
        let total = 131;
        let (_, most) = simulate(&RefreshPolicy::default(), &vec![0; total], 120);
        assert_eq!(most, total.div_ceil(30), "an even share each day");
        let spread = RefreshPolicy { spread: true, ..RefreshPolicy::default() };
        let (_, most) = simulate(&spread, &vec![0; total], 120);
        assert!(most <= total.div_ceil(10), "{most}");
    }

    #[test]
    fn under_an_allowance_a_month_reads_nothing_twice() {
        let spread = RefreshPolicy { spread: true, ..RefreshPolicy::default() };
        // Filled over ten days.
        let first: Vec<i32> = (0..200).map(|object| object / 20).collect();
        let (counts, most) = simulate(&spread, &first, 90);
        assert_eq!(counts[..28].iter().sum::<usize>(), 0);
        assert!(counts[..60].iter().sum::<usize>() >= 200 && most <= 20, "{counts:?}");
    }

    fn keys<const N: usize>(keys: [&str; N]) -> Vec<String> {
        keys.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_refusal_counts_as_a_turn_and_not_as_a_reading() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let all = keys(["a", "b", "c", "d", "new", "never"]);
        let read =
            [("a", 9), ("b", 8), ("c", 2), ("d", 1)].map(|(key, days)| (key.into(), days_ago(now, days)));
        let mut ages = Ages { read: HashMap::from(read), ..Ages::default() };
        let policy = RefreshPolicy { max_age: DAY * 6, ..RefreshPolicy::default() };
        let slice = |ages: &Ages| policy.slice(Refresh::ByAge, all.clone(), ages, Some(DAY), now);
        let before = slice(&ages);
        assert_eq!(before.keys, keys(["new", "never", "a", "b"]), "two are too old");
        assert_eq!((before.next, before.oldest), (keys(["d", "c"]), Some(days_ago(now, 2))));
        assert_eq!(before.unread, keys(["new", "never"]));
        // What was refused yesterday waits, is no witness, and is as old as it was.
        let refused = ["a", "d", "never", "new"].into_iter().zip([1, 1, 1, 2]);
        ages.refused = refused.map(|(key, days)| (key.into(), days_ago(now, days))).collect();
        let after = slice(&ages);
        assert_eq!((after.keys, after.unread), (keys(["b"]), keys([])), "so does what was never read");
        assert_eq!((after.next, after.oldest), (keys(["c"]), Some(days_ago(now, 9))));
        assert_eq!((after.total, after.left), (6, 0));
        // Its turn comes again.
        ages.refused.insert("a".into(), days_ago(now, 7));
        ages.refused.insert("new".into(), days_ago(now, 6));
        assert_eq!(slice(&ages).keys, keys(["b", "new", "a"]));
        // Single refusals of a kind that is closed tell nothing of the objects.
        ages.is_closed = true;
        let closed = slice(&ages);
        assert_eq!(closed.keys, keys(["b", "new", "never", "a"]), "what waited longer comes first");
        assert_eq!(closed.unread, keys(["new", "never"]));
        ages.is_closed = false;
        let all_now = RefreshPolicy { all_now: true, ..policy.clone() };
        let everything = all_now.slice(Refresh::ByAge, all.clone(), &ages, Some(DAY), now);
        assert_eq!(everything.keys.len(), all.len());
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
