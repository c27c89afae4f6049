//! What is due today.
//!
//! A kind that is read every so many days is due when it is as old as that. Kinds that
//! one run read would come due together for ever, and one day in seven would cost several
//! times what the others do. So they are moved apart: while many of them are equally old,
//! a day that has little to read takes some of them early. Nothing is ever read late, and
//! once each day has its share nothing is moved any more. What the user set a cadence for
//! keeps its day.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::{Cadence, KINDS, List, Operation, Source};
use vault::{InstanceId, Reader};

use super::due::{Cadences, EARLY, is_due};

/// What the next run reads of itself.
#[derive(Debug, Default)]
pub(crate) struct Today {
    kinds: HashSet<&'static str>,
    /// What there is one of, by its operation.
    singles: HashSet<&'static str>,
}

/// Something that is read by itself: a kind, or one of the settings.
#[derive(Debug, Clone, Copy)]
struct Item {
    kind: &'static Kind,
    single: Option<&'static Operation>,
    /// Calls, as far as they do not depend on how many objects there are.
    calls: u64,
    /// Days since it was read.
    age: i64,
}

impl Today {
    /// Of an instance that nobody has read.
    pub(crate) fn everything(cadences: &Cadences) -> Self {
        let mut today = Self::default();
        for kind in KINDS.iter().filter(|kind| cadences.of(kind) != Cadence::OnRequest) {
            today.add_all(kind);
        }
        today
    }

    /// Of an instance that the vault knows.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub(crate) fn of(
        reader: &Reader,
        instance: InstanceId,
        cadences: &Cadences,
        now: Timestamp,
    ) -> vault::Result<Self> {
        let (ages, refused) = (reader.kind_ages(instance)?, reader.refused_kinds(instance)?);
        let mut today = Self::default();
        let mut spread: BTreeMap<u16, Vec<Item>> = BTreeMap::new();
        for kind in KINDS {
            let read_at = ages.iter().find(|age| age.read.kind == kind.name).map(|age| age.read.read_at);
            // One that is closed to the account is asked for as often as if it were not.
            let read_at = read_at.max(refused.get(kind.name).copied());
            match (cadences.of(kind), read_at) {
                (Cadence::Days(days), Some(read_at)) if !cadences.is_set(kind) => {
                    let items = items(reader, instance, kind, read_at, now)?;
                    spread.entry(days).or_default().extend(items);
                }
                (cadence, read_at) if is_due(cadence, read_at, now) => today.add_all(kind),
                _ => {}
            }
        }
        for (days, items) in spread {
            for item in due(&items, days) {
                today.add(item);
            }
        }
        Ok(today)
    }

    /// Whether a kind is due, or something of it.
    pub(crate) fn has(&self, kind: &Kind) -> bool {
        self.kinds.contains(kind.name)
    }

    /// Whether one of the settings is due.
    pub(crate) fn has_single(&self, operation: &Operation) -> bool {
        self.singles.contains(operation.id)
    }

    fn add(&mut self, item: Item) {
        let Some(operation) = item.single else { return self.add_all(item.kind) };
        self.kinds.insert(item.kind.name);
        self.singles.insert(operation.id);
    }

    fn add_all(&mut self, kind: &'static Kind) {
        self.kinds.insert(kind.name);
        if let List::Singles(operations) = &kind.list {
            self.singles.extend(operations.iter().map(|operation| operation.id));
        }
    }
}

/// What a kind consists of that is read by itself. One of the settings that is refused is
/// asked for again when it would be read again; one that nobody asked for so far, with the
/// one before it.
fn items(
    reader: &Reader,
    instance: InstanceId,
    kind: &'static Kind,
    read_at: Timestamp,
    now: Timestamp,
) -> vault::Result<Vec<Item>> {
    let whole = || vec![Item { kind, single: None, calls: calls(kind), age: days(read_at, now) }];
    let List::Singles(operations) = &kind.list else { return Ok(whole()) };
    let (stored, refused) = (reader.ages(instance, kind.name)?, reader.refused(instance, kind.name)?);
    let turn = |operation: &Operation| stored.get(operation.id).max(refused.get(operation.id)).copied();
    let Some(mut before) = operations.iter().find_map(turn) else {
        return Ok(whole());
    };
    let items = operations.iter().map(|operation| {
        before = turn(operation).unwrap_or(before);
        Item { kind, single: Some(operation), calls: 1, age: days(before, now) }
    });
    Ok(items.collect())
}

/// Calls that reading a kind takes at the least.
fn calls(kind: &Kind) -> u64 {
    match &kind.list {
        List::Whole(_) => 1,
        List::Singles(operations) => operations.len() as u64,
        List::Paged(paged) => 1 + u64::from(paged.trash.is_some()),
        List::Each(each) => u64::from(matches!(each.source, Source::Listing { .. })),
    }
}

/// Whole days since then. Runs are not on time to the minute.
fn days(read_at: Timestamp, now: Timestamp) -> i64 {
    (read_at.duration_until(now) + EARLY).as_hours().div_euclid(24)
}

/// Of items that are read every so many days: those that are as old as that, and those
/// that are read early because too many are equally old.
fn due(items: &[Item], days: u16) -> Vec<Item> {
    let all: u64 = items.iter().map(|item| item.calls).sum();
    let share = all.div_ceil(days.into());
    let (mut due, mut rest): (Vec<Item>, Vec<Item>) =
        items.iter().copied().partition(|item| item.age >= days.into());
    // Of today too is what another run has read.
    let is_of_today = |item: &&Item| item.age <= 0;
    let mut today: u64 = due.iter().chain(rest.iter().filter(is_of_today)).map(|item| item.calls).sum();
    while today < share {
        let Some(age) = most_crowded(&rest, share) else { break };
        let Some(at) = rest.iter().rposition(|item| item.age == age) else { break };
        let item = rest.remove(at);
        today += item.calls;
        due.push(item);
    }
    due
}

/// The age of which there is most, if that is more than a day's share.
fn most_crowded(items: &[Item], share: u64) -> Option<i64> {
    let mut crowds: BTreeMap<i64, u64> = BTreeMap::new();
    for item in items.iter().filter(|item| item.age > 0) {
        *crowds.entry(item.age).or_default() += item.calls;
    }
    let crowd = crowds.into_iter().filter(|(_, calls)| *calls > share);
    crowd.max_by_key(|(age, calls)| (*calls, *age)).map(|(age, _)| age)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind that is read weekly, all of it read today.
    fn weekly() -> Vec<Item> {
        let weekly = KINDS.iter().filter(|kind| kind.cadence == Cadence::WEEKLY);
        let items = weekly.flat_map(|kind| match &kind.list {
            List::Singles(operations) => operations
                .iter()
                .map(|operation| Item { kind, single: Some(operation), calls: 1, age: 0 })
                .collect(),
            _ => vec![Item { kind, single: None, calls: calls(kind), age: 0 }],
        });
        items.collect()
    }

    fn is_same(one: &Item, other: &Item) -> bool {
        (one.kind, one.single) == (other.kind, other.single)
    }

    /// Calls of each of so many days, by runs that are so many days apart.
    fn live(items: &mut [Item], runs: usize, apart: i64) -> Vec<u64> {
        let day = |_| {
            for item in items.iter_mut() {
                item.age += apart;
            }
            let due = due(items, 7);
            for item in items.iter_mut().filter(|item| due.iter().any(|due| is_same(due, item))) {
                item.age = 0;
            }
            assert!(items.iter().all(|item| item.age < 7), "{items:?}");
            due.iter().map(|item| item.calls).sum()
        };
        (0..runs).map(day).collect()
    }

    #[test]
    fn no_day_has_more_than_its_share_and_nothing_is_read_late() {
        let mut items = weekly();
        let all: u64 = items.iter().map(|item| item.calls).sum();
        let dearest = items.iter().map(|item| item.calls).max().unwrap();
        let calls = live(&mut items, 70, 1);
        let share = all.div_ceil(7);
        assert!(calls.iter().all(|calls| *calls < share + dearest), "{calls:?} of {all}");
        // Once they are apart, a week reads each of them once.
        assert!(calls[7..].chunks(7).all(|week| week.iter().sum::<u64>() == all), "{calls:?}");
    }

    #[test]
    fn a_run_soon_after_another_reads_nothing_twice() {
        let mut items = weekly();
        assert_eq!(live(&mut items, 1, 0), [0]);
        live(&mut items, 1, 1);
        assert_eq!(live(&mut items, 1, 0), [0], "today has had its share");
    }

    #[test]
    fn what_was_not_read_for_long_is_read_at_once() {
        let mut items = weekly();
        let all: u64 = items.iter().map(|item| item.calls).sum();
        assert_eq!(live(&mut items, 2, 8), [all, all]);
    }
}
