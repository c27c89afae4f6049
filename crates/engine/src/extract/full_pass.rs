//! Full passes: how long stamps are trusted.
//!
//! That every edit moves `updated_at` is nowhere promised. So every body is read
//! again after some days, thirty unless the user says otherwise; when that finds
//! objects that differ under the stamp they had, the next pass comes after half
//! the time, and later ones at twice that again, up to what was set.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use looker::Kind;
use serde::Serialize;
use vault::{FullPass, InstanceId, Reader, VaultError};

use super::due::EARLY;
use super::error::ExtractError;
use super::groups::Group;
use super::pool::blocking;
use super::report::Stop;
use super::request::Request;
use super::run::Run;

/// Which kinds are read in full by this run, and what is known of earlier passes.
#[derive(Debug)]
pub(super) struct Passes {
    known: Vec<FullPass>,
    due: Vec<&'static str>,
    /// Days between passes as the user set them.
    days: u32,
}

/// Objects that differ although their stamp did not move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unstamped {
    /// The kind.
    pub kind: &'static str,
    /// Their ids.
    pub ids: Vec<String>,
    /// Days until the next full pass.
    pub next_pass_days: u32,
}

impl Passes {
    pub(super) fn plan(
        request: &Request,
        reader: &Reader,
        instance: InstanceId,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        // Who read everything has read every part of it.
        let mut known = reader.full_passes(instance, &Request::new(Vec::new()).extent())?;
        for pass in reader.full_passes(instance, &request.extent())? {
            match known.iter_mut().find(|other| other.kind == pass.kind) {
                Some(other) if other.read_at >= pass.read_at => {}
                Some(other) => *other = pass,
                None => known.push(pass),
            }
        }
        let days = request.full_every_days;
        let is_due = |kind: &&'static Kind| {
            let pass = known.iter().find(|pass| pass.kind == kind.name);
            request.full || pass.is_none_or(|pass| is_over(pass.days.min(days), pass.read_at, now))
        };
        let due = request.kinds.iter().copied().filter(is_due).map(|kind| kind.name).collect();
        Ok(Self { known, due, days })
    }

    /// What is known of an instance that nobody has read.
    pub(super) fn of_a_first_run(request: &Request) -> Self {
        let due = request.kinds.iter().map(|kind| kind.name).collect();
        Self { known: Vec::new(), due, days: request.full_every_days }
    }

    /// Whether an earlier run has read all bodies of a kind.
    pub(super) fn has_any(&self, kind: &Kind) -> bool {
        self.earlier(kind.name).is_some()
    }

    /// Whether all bodies of a kind are read by this run.
    pub(super) fn is_due(&self, kind: &Kind) -> bool {
        self.due.contains(&kind.name)
    }

    /// Whether an earlier run has read all bodies of any kind.
    pub(super) fn has_some(&self) -> bool {
        !self.known.is_empty()
    }

    fn earlier(&self, kind: &str) -> Option<&FullPass> {
        self.known.iter().find(|pass| pass.kind == kind)
    }
}

fn is_over(days: u32, read_at: Timestamp, now: Timestamp) -> bool {
    read_at.duration_until(now) + EARLY >= SignedDuration::from_hours(24 * i64::from(days))
}

/// The days until the next pass, after one that found something or did not.
fn next(earlier: Option<u32>, found: bool, set: u32) -> u32 {
    let days = earlier.map_or(set, |days| if found { days / 2 } else { days.saturating_mul(2) });
    days.clamp(1, set.max(1))
}

impl Run {
    /// Notes the full passes that this run was, and what they found that no stamp
    /// had told.
    pub(super) async fn note_full_passes(&mut self, stopped: Option<&Stop>) -> Result<(), ExtractError> {
        // What an interrupted run had begun otherwise does not become a full pass.
        if stopped.is_some() || self.request.full && self.resumed {
            return Ok(());
        }
        let now = Timestamp::now();
        let stamped = self.request.kinds.iter().copied().filter(|kind| {
            let group = self.groups.iter().find(|group| group.kind.name == kind.name);
            group.is_some_and(Group::is_stamped)
        });
        let has_gap = |name: &str| self.findings.gaps.iter().any(|gap| gap.kind == name);
        let is_closed = |name: &str| self.findings.unavailable.iter().any(|closed| closed.kind == name);
        let passed: Vec<&'static Kind> = stamped
            .filter(|kind| self.passes.is_due(kind) && !has_gap(kind.name) && !is_closed(kind.name))
            .collect();
        for kind in passed {
            let earlier = self.passes.earlier(kind.name).map(|pass| pass.days);
            let ids = if earlier.is_some() { self.changed_without_stamp(kind).await? } else { Vec::new() };
            let days = next(earlier, !ids.is_empty(), self.passes.days);
            let extent = self.request.extent();
            let pass = FullPass { kind: Cow::Borrowed(kind.name), extent, read_at: now, days };
            self.writer.full_pass(self.id, pass)?;
            if !ids.is_empty() {
                let count = ids.len();
                self.watch.warn(&format!(
                    "{count} {} differ although their stamp did not move; everything is read again in {days} days",
                    kind.name
                ));
                self.findings.unstamped.push(Unstamped { kind: kind.name, ids, next_pass_days: days });
            }
        }
        Ok(())
    }

    async fn changed_without_stamp(&self, kind: &'static Kind) -> Result<Vec<String>, ExtractError> {
        let (writer, run) = (self.writer.clone(), self.id);
        blocking(move || Ok(writer.changed_without_stamp(run, Cow::Borrowed(kind.name))?)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_find_halves_the_time_and_quiet_passes_give_it_back() {
        assert_eq!(next(None, false, 30), 30);
        assert_eq!(next(Some(30), false, 30), 30);
        assert_eq!(next(Some(30), true, 30), 15);
        assert_eq!(next(Some(1), true, 30), 1);
        assert_eq!(next(Some(7), false, 30), 14);
        assert_eq!(next(Some(28), false, 30), 30);
        assert_eq!(next(Some(28), false, 7), 7);
        assert_eq!(next(Some(0), true, 0), 1);
    }

    #[test]
    fn a_pass_is_due_some_hours_before_its_day() {
        let read_at = Timestamp::from_second(1_700_000_000).unwrap();
        let after = |hours| read_at + SignedDuration::from_hours(hours);
        assert!(!is_over(30, read_at, after(29 * 24)));
        assert!(is_over(30, read_at, after(30 * 24 - 1)));
        assert!(is_over(1, read_at, after(20)));
        assert!(is_over(0, read_at, read_at));
    }
}
