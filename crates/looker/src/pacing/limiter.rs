//! Adaptive concurrency: how many requests may run at once.
//!
//! # The choice
//!
//! The window grows by one for each window of clean answers and shrinks by
//! three tenths on an answer that says "too much" (429, 5xx, a timeout), at most
//! once in the time one request takes, so that one bad moment counts once. A
//! second signal is latency: each class of call (a light listing, a page), and
//! within it each size of answer by powers of two, has its own baseline, the
//! fastest recent answer; while answers take more than [`SLOW`] times their
//! baseline, the window shrinks gently.
//!
//! A limit on requests per second cannot be met by concurrency alone when
//! answers are fast. One 429, or a burst of them, only pauses; one more soon
//! after that pause teaches a rate: that of the last seconds' successes, a little
//! less. It falls with each further refusal and rises with each clean answer, so
//! that it hovers just below the limit.
//!
//! A plain state machine: time comes in as an argument.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Answers slower than this many baselines shrink the window.
const SLOW: f64 = 3.0;

/// Starts with this many requests at once, or the ceiling if that is lower.
const FIRST_WINDOW: f64 = 4.0;

/// Below this, latency is noise.
const NOTICEABLE: Duration = Duration::from_millis(50);

const RATE_MEMORY: Duration = Duration::from_secs(5);

/// A refusal this soon after another one speaks of a limit.
const SOON: Duration = Duration::from_secs(10);

/// What a clean answer, or a refusal, does to the time between two starts.
const RISE: f64 = 0.975;
const FALL: f64 = 1.25;
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// Whether concurrency adapts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// Starts low, grows while latency holds, shrinks on refusals.
    #[default]
    Adaptive,
    /// Always the ceiling; a `Retry-After` is still respected.
    Fixed,
}

/// How a request ended, as far as pacing cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A good answer of so many bytes.
    Clean {
        /// The body's length.
        bytes: usize,
    },
    /// 429, with `Retry-After` if the server sent one.
    Refused(Option<Duration>),
    /// 408, 5xx or a timeout.
    Strained(Option<Duration>),
    /// A failure that says nothing about load (a broken connection, a 404).
    Neutral,
}

/// The state of the pace.
#[derive(Debug)]
pub struct Limiter {
    pacing: Pacing,
    ceiling: f64,
    window: f64,
    last_cut: Option<Duration>,
    paused_until: Duration,
    refusals_in_a_row: u32,
    /// Fastest recent answer, in seconds, by class of call and size of answer.
    baselines: HashMap<(&'static str, u32), f64>,
    /// Shortest time between two starts, once a 429 taught us a rate.
    gap: Option<Duration>,
    next_start: Duration,
    last_refusal: Option<Duration>,
    successes: VecDeque<Duration>,
}

impl Limiter {
    /// A limiter that never allows more than `ceiling` requests at once.
    pub fn new(pacing: Pacing, ceiling: usize) -> Self {
        let ceiling = ceiling.max(1) as f64;
        Self {
            pacing,
            ceiling,
            window: match pacing {
                Pacing::Adaptive => FIRST_WINDOW.min(ceiling),
                Pacing::Fixed => ceiling,
            },
            last_cut: None,
            paused_until: Duration::ZERO,
            refusals_in_a_row: 0,
            baselines: HashMap::new(),
            gap: None,
            next_start: Duration::ZERO,
            last_refusal: None,
            successes: VecDeque::new(),
        }
    }

    /// Requests that may run at once now.
    pub fn window(&self) -> usize {
        (self.window as usize).max(1)
    }

    /// When the next request may start, if `running` are under way: at the time
    /// returned, or, for `None`, not before one ends.
    pub fn may_start(&self, running: usize, now: Duration) -> Option<Duration> {
        (running < self.window()).then(|| now.max(self.paused_until).max(self.next_start))
    }

    /// Notes that a request starts now.
    pub fn started(&mut self, now: Duration) {
        if let Some(gap) = self.gap {
            self.next_start = now.max(self.next_start) + gap;
        }
    }

    /// Notes how a request of `class` ended that took `latency`. `jitter` (0..1)
    /// spreads the pause after a 429 that named none.
    pub fn ended(
        &mut self,
        class: &'static str,
        outcome: Outcome,
        latency: Duration,
        now: Duration,
        jitter: f64,
    ) {
        match outcome {
            Outcome::Clean { bytes } => self.clean((class, bytes.max(1).ilog2()), latency, now),
            Outcome::Refused(retry_after) => {
                // What was on its way when the pause began belongs to it.
                if now >= self.paused_until {
                    self.refusals_in_a_row += 1;
                    self.learn_rate(now);
                }
                self.pause(retry_after.unwrap_or_else(|| self.blind_pause(jitter)), now);
                self.cut(latency, now);
            }
            Outcome::Strained(retry_after) => {
                if let Some(pause) = retry_after {
                    self.pause(pause, now);
                }
                self.cut(latency, now);
            }
            Outcome::Neutral => {}
        }
    }

    fn clean(&mut self, class: (&'static str, u32), latency: Duration, now: Duration) {
        self.refusals_in_a_row = 0;
        self.successes.push_back(now);
        while self.successes.front().is_some_and(|at| now.saturating_sub(*at) > RATE_MEMORY) {
            self.successes.pop_front();
        }
        if let Some(gap) = &mut self.gap {
            *gap = gap.mul_f64(RISE);
            if *gap < Duration::from_millis(5) {
                self.gap = None;
            }
        }
        if self.pacing == Pacing::Fixed {
            return;
        }
        let seconds = latency.as_secs_f64();
        let baseline = self.baselines.entry(class).or_insert(seconds);
        // Drifts up slowly, so that a server that became slower is not fought for ever.
        *baseline = (*baseline * 1.002).min(seconds);
        if seconds > SLOW * *baseline && latency > NOTICEABLE {
            self.window = (self.window * 0.95).max(1.0);
        } else {
            self.window = (self.window + 1.0 / self.window).min(self.ceiling);
        }
    }

    fn cut(&mut self, latency: Duration, now: Duration) {
        if self.pacing == Pacing::Fixed {
            return;
        }
        let settled = self.last_cut.is_none_or(|at| now.saturating_sub(at) >= latency);
        if settled {
            self.window = (self.window * 0.7).max(1.0);
            self.last_cut = Some(now);
        }
    }

    fn pause(&mut self, pause: Duration, now: Duration) {
        self.paused_until = self.paused_until.max(now + pause);
    }

    /// A pause for a 429 that does not say how long: doubles with each in a row.
    fn blind_pause(&self, jitter: f64) -> Duration {
        let doubled = 0.1 * f64::from(1u32 << self.refusals_in_a_row.min(7));
        Duration::from_secs_f64(doubled * (0.5 + jitter.clamp(0.0, 1.0) / 2.0))
    }

    fn learn_rate(&mut self, now: Duration) {
        let again = self.last_refusal.is_some_and(|at| now.saturating_sub(at) < SOON);
        self.last_refusal = Some(now);
        if let Some(gap) = &mut self.gap {
            *gap = gap.mul_f64(FALL).min(LONGEST_GAP);
            return;
        }
        let Some(first) = self.successes.front().filter(|_| again) else { return };
        let span = now.saturating_sub(*first).max(Duration::from_millis(500));
        self.gap = Some((span.mul_f64(1.1) / self.successes.len() as u32).min(LONGEST_GAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Duration = Duration::from_millis(100);

    fn clean(limiter: &mut Limiter, times: u32, latency: Duration) {
        for step in 0..times {
            limiter.ended(
                "page",
                Outcome::Clean { bytes: 4096 },
                latency,
                Duration::from_millis(u64::from(step)),
                0.5,
            );
        }
    }

    #[test]
    fn grows_to_the_ceiling_and_not_beyond() {
        let mut limiter = Limiter::new(Pacing::Adaptive, 8);
        assert_eq!(limiter.window(), 4);
        clean(&mut limiter, 200, LATENCY);
        assert_eq!(limiter.window(), 8);
    }

    #[test]
    fn a_burst_of_refusals_counts_once() {
        let mut limiter = Limiter::new(Pacing::Adaptive, 10);
        clean(&mut limiter, 400, LATENCY);
        for step in 0..5 {
            let now = Duration::from_millis(1000 + step);
            limiter.ended("page", Outcome::Strained(None), LATENCY, now, 0.5);
        }
        assert_eq!(limiter.window(), 7);
        limiter.ended("page", Outcome::Strained(None), LATENCY, Duration::from_secs(2), 0.5);
        assert_eq!(limiter.window(), 4);
    }

    #[test]
    fn retry_after_holds_everything_back() {
        let mut limiter = Limiter::new(Pacing::Fixed, 8);
        let now = Duration::from_secs(10);
        limiter.ended("page", Outcome::Refused(Some(Duration::from_secs(7))), LATENCY, now, 0.5);
        assert_eq!(limiter.may_start(0, now), Some(Duration::from_secs(17)));
        assert_eq!(limiter.may_start(8, now), None);
        assert_eq!(limiter.window(), 8);
    }

    #[test]
    fn slow_answers_shrink_the_window_but_large_ones_and_other_calls_do_not() {
        let mut limiter = Limiter::new(Pacing::Adaptive, 20);
        clean(&mut limiter, 600, LATENCY);
        assert_eq!(limiter.window(), 20);
        for _ in 0..20 {
            // A class of its own has a baseline of its own, and so has a size.
            limiter.ended("listing", Outcome::Clean { bytes: 4096 }, LATENCY * 50, Duration::ZERO, 0.5);
            limiter.ended("page", Outcome::Clean { bytes: 3_000_000 }, LATENCY * 10, Duration::ZERO, 0.5);
        }
        assert_eq!(limiter.window(), 20);
        for _ in 0..20 {
            limiter.ended("page", Outcome::Clean { bytes: 4096 }, LATENCY * 5, Duration::ZERO, 0.5);
        }
        assert!(limiter.window() < 10, "{}", limiter.window());
    }

    #[test]
    fn one_refusal_teaches_no_rate() {
        let mut limiter = Limiter::new(Pacing::Adaptive, 8);
        clean(&mut limiter, 3, LATENCY);
        for step in 0..8 {
            let now = Duration::from_millis(500 + step);
            limiter.ended("page", Outcome::Refused(None), LATENCY, now, 0.5);
        }
        let after = Duration::from_secs(5);
        limiter.started(after);
        assert_eq!(limiter.may_start(1, after), Some(after));
    }

    /// A server that allows five requests a second, answered at once: after a
    /// while few are refused and most of the rate is used.
    #[test]
    fn learns_a_rate_limit_that_answers_no_retry_after() {
        let mut limiter = Limiter::new(Pacing::Adaptive, 8);
        let mut tokens = 5.0_f64;
        let mut now = Duration::ZERO;
        let (mut served, mut refused, mut late_refused) = (0u32, 0u32, 0u32);
        let latency = Duration::from_millis(10);
        while served < 200 {
            let start = limiter.may_start(0, now).unwrap().max(now + Duration::from_millis(1));
            tokens = (tokens + (start - now).as_secs_f64() * 5.0).min(5.0);
            now = start;
            limiter.started(now);
            if tokens >= 1.0 {
                tokens -= 1.0;
                served += 1;
                limiter.ended("page", Outcome::Clean { bytes: 4096 }, latency, now + latency, 0.5);
            } else {
                refused += 1;
                late_refused += u32::from(served > 50);
                limiter.ended("page", Outcome::Refused(None), latency, now + latency, 0.5);
            }
        }
        assert!(refused < 40 && late_refused < 30, "{refused} refused, {late_refused} of them late");
        assert!(now < Duration::from_secs(60), "200 requests took {now:?}");
    }
}
