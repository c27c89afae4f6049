//! The coordinator's promises over random folders, workers, failures and
//! interleavings, against a model of a server.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// One folder as the server sees it.
#[derive(Debug, Clone)]
struct Folder {
    rows: u64,
    told: Told,
}

/// What is known of a folder's size.
#[derive(Debug, Clone, Copy)]
enum Told {
    ByListing(Size),
    ByTotal(Size),
    Nothing,
}

#[derive(Debug, Clone, Copy)]
enum Size {
    Right,
    TooSmall(u64),
    TooLarge(u64),
}

impl Size {
    fn of(self, rows: u64) -> u64 {
        match self {
            Self::Right => rows,
            Self::TooSmall(by) => rows.saturating_sub(by),
            Self::TooLarge(by) => rows + by,
        }
    }
}

#[derive(Debug, Clone)]
struct World {
    folders: Vec<Folder>,
    page: u32,
    workers: usize,
    /// The server gives no more rows at once, and does not say so.
    cap: Option<u32>,
    /// Chance in percent that a try fails.
    failing: u32,
    /// Ranges that hold this row of the first folder never succeed.
    cursed: Option<u64>,
    /// What an answer is known to have held.
    seen_at_once: u64,
    /// Failed tries before a range may be given up.
    tries: u32,
    /// Which earlier folders each folder follows, if any; the rest follow none.
    follows: Vec<Option<Vec<usize>>>,
    seed: u64,
}

/// What a whole run came to.
struct Outcome {
    /// How often each row was received, by folder.
    seen: Vec<BTreeMap<u64, u32>>,
    gaps: Vec<Gap>,
    statistics: Vec<StreamStatistics>,
    /// Streams in the order their ranges were handed out.
    order: Vec<usize>,
    /// Streams handed out while one that they follow was not answered, or while
    /// another that follows none had a range to hand out.
    untimely: Vec<usize>,
}

fn run(world: &World) -> Outcome {
    let plans = world
        .folders
        .iter()
        .enumerate()
        .map(|(index, folder)| StreamPlan {
            name: format!("folder {index}"),
            size: match folder.told {
                Told::ByListing(size) => Some(size.of(folder.rows)),
                Told::ByTotal(_) | Told::Nothing => None,
            },
            page: world.page,
            committed: Vec::new(),
            seen_at_once: world.seen_at_once,
            follows: world.follows.get(index).cloned().flatten(),
        })
        .collect();
    let policy =
        RetryPolicy { tries: world.tries, patience: Duration::from_secs(5), ..RetryPolicy::default() };
    let mut coordinator = MultiFolderOffsetCoordinator::new(plans, policy, world.workers);
    let mut dice = fastrand::Rng::with_seed(world.seed);
    let mut now = Duration::ZERO;
    let mut flying: Vec<ClaimedRange> = Vec::new();
    let mut outcome = Outcome {
        seen: vec![BTreeMap::new(); world.folders.len()],
        gaps: Vec::new(),
        statistics: Vec::new(),
        order: Vec::new(),
        untimely: Vec::new(),
    };
    for step in 0.. {
        assert!(step < 200_000, "does not terminate: {world:?}");
        if flying.len() < world.workers && (flying.is_empty() || dice.bool()) {
            match coordinator.claim_range(now) {
                Next::Claim(range) => {
                    outcome.order.push(range.stream);
                    if let Some(follows) = world.follows.get(range.stream).and_then(Option::as_ref) {
                        let open = |other: &usize| !coordinator.streams()[*other].is_answered();
                        let begins = range.tries == 0 && range.offset == 0;
                        let untimely = begins && follows.iter().any(open)
                            || coordinator.streams().iter().any(|other| is_ready(other, now));
                        outcome.untimely.extend(untimely.then_some(range.stream));
                    }
                    flying.push(range);
                    continue;
                }
                Next::Done => {
                    assert!(flying.is_empty(), "done while claims are out");
                    break;
                }
                Next::Wait(until) => {
                    if flying.is_empty() {
                        now = now.max(until.expect("nothing flies, nothing waits, and yet not done"));
                        continue;
                    }
                }
            }
        }
        now += Duration::from_millis(dice.u64(1..50));
        let claim = dice.usize(..flying.len());
        let follows = world.follows.get(flying[claim].stream).cloned().flatten().unwrap_or_default();
        // Who follows begins while the last answers are looked into, and is answered later.
        let is_early = flying.iter().any(|other| follows.contains(&other.stream));
        if is_early || dice.bool() {
            coordinator.arrived(&mut flying[claim]);
            continue;
        }
        let claim = flying.swap_remove(claim);
        answer(world, &mut coordinator, &claim, &mut dice, now, &mut outcome);
    }
    outcome.gaps = coordinator.gaps().to_vec();
    outcome.statistics = coordinator.statistics();
    outcome
}

/// Whether a stream that follows none has a range that is surely needed.
fn is_ready(stream: &FolderRange, now: Duration) -> bool {
    let retry = stream.waiting.iter().any(|range| range.not_before <= now);
    let sure = stream.end.is_some() || (stream.in_flight == 0 && stream.waiting.is_empty());
    let next = sure && stream.doubts == 0 && stream.next_limit().is_some();
    stream.follows.is_none() && (retry || next)
}

fn answer(
    world: &World,
    coordinator: &mut MultiFolderOffsetCoordinator,
    claim: &ClaimedRange,
    dice: &mut fastrand::Rng,
    now: Duration,
    outcome: &mut Outcome,
) {
    let range = claim.offset..claim.offset + u64::from(claim.limit);
    let cursed = claim.stream == 0 && world.cursed.is_some_and(|row| range.contains(&row));
    if cursed || dice.u32(..100) < world.failing {
        let failure = Failure {
            reason: "as ordered".into(),
            retry_after: None,
            split: dice.bool(),
            jitter: dice.f64(),
            sent: true,
        };
        coordinator.give_back(claim, &failure, now);
        return;
    }
    let folder = &world.folders[claim.stream];
    let limit = world.cap.map_or(claim.limit, |cap| cap.min(claim.limit));
    let end = (claim.offset + u64::from(limit)).min(folder.rows);
    for row in claim.offset..end {
        *outcome.seen[claim.stream].entry(row).or_default() += 1;
    }
    let total = match folder.told {
        Told::ByTotal(size) => Some(size.of(folder.rows)),
        Told::ByListing(_) | Told::Nothing => None,
    };
    coordinator.complete(claim, end.saturating_sub(claim.offset), total);
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        3 => Just(Size::Right),
        1 => (1u64..300).prop_map(Size::TooSmall),
        1 => (1u64..300).prop_map(Size::TooLarge),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        2 => size().prop_map(Told::ByListing),
        2 => size().prop_map(Told::ByTotal),
        1 => Just(Told::Nothing),
    ]
}

fn folder() -> impl Strategy<Value = Folder> {
    let rows = prop_oneof![Just(0u64), 1u64..5, 90u64..111, 0u64..900, Just(100u64), Just(200u64)];
    (rows, told()).prop_map(|(rows, told)| Folder { rows, told })
}

prop_compose! {
    fn world(failing: u32)(
        folders in prop::collection::vec(folder(), 1..8),
        page in prop_oneof![Just(1u32), Just(7), Just(50), Just(100), Just(101)],
        workers in 1usize..10,
        failing in 0..=failing,
        seed in any::<u64>(),
    ) -> World {
        World { folders, page, workers, cap: None, failing, cursed: None, seen_at_once: 0, tries: 6, follows: Vec::new(), seed }
    }
}

fn pages(folder: &Folder, page: u32) -> u64 {
    folder.rows.div_ceil(u64::from(page)).max(1)
}

fn assert_nothing_is_lost(world: &World, outcome: &Outcome) -> Result<(), TestCaseError> {
    for (index, folder) in world.folders.iter().enumerate() {
        for row in 0..folder.rows {
            let seen = outcome.seen[index].get(&row).copied().unwrap_or(0);
            prop_assert!(seen <= 1, "row {row} of folder {index} was read {seen} times");
            let named = outcome.gaps.iter().any(|gap| {
                gap.stream == index
                    && row >= gap.offset
                    && gap.limit.is_none_or(|limit| row < gap.offset + limit)
            });
            prop_assert!(seen == 1 || named, "row {row} of folder {index} is lost");
        }
    }
    Ok(())
}

/// Nobody waits until the last page was looked into; who has begun goes on when that page
/// turns out to be none.
#[test]
fn who_follows_begins_when_the_last_answer_is_here() {
    let plan = |size, follows| StreamPlan {
        name: String::new(),
        size,
        page: 10,
        committed: Vec::new(),
        seen_at_once: u64::MAX,
        follows,
    };
    let plans = vec![plan(Some(8), None), plan(None, Some(vec![0]))];
    let policy = RetryPolicy { first_delay: Duration::ZERO, ..RetryPolicy::default() };
    let mut coordinator = MultiFolderOffsetCoordinator::new(plans, policy, 2);
    let claimed = |next| match next {
        Next::Claim(range) => range,
        other => panic!("{other:?}"),
    };
    let failure =
        Failure { reason: "no page".into(), retry_after: None, split: false, jitter: 0.0, sent: true };
    let mut page = claimed(coordinator.claim_range(Duration::ZERO));
    assert_eq!(coordinator.claim_range(Duration::ZERO), Next::Wait(None));
    coordinator.arrived(&mut page);
    coordinator.arrived(&mut page);
    let listing = claimed(coordinator.claim_range(Duration::ZERO));
    assert_eq!(listing.stream, 1);

    coordinator.give_back(&page, &failure, Duration::ZERO);
    coordinator.give_back(&listing, &failure, Duration::ZERO);
    let again = [0, 1].map(|stream| {
        let range = claimed(coordinator.claim_range(Duration::ZERO));
        assert_eq!((range.stream, range.tries), (stream, 1));
        range
    });
    for range in again {
        coordinator.complete(&range, 8, None);
    }
    assert_eq!(coordinator.claim_range(Duration::ZERO), Next::Done);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever sizes and totals say and whatever fails: every row once, or named.
    #[test]
    fn every_row_is_read_once_or_named(world in world(60)) {
        let outcome = run(&world);
        assert_nothing_is_lost(&world, &outcome)?;
    }

    /// Failures that heal leave no gap.
    #[test]
    fn failures_that_heal_leave_no_gap(mut world in world(20)) {
        world.tries = 30;
        let outcome = run(&world);
        prop_assert_eq!(outcome.gaps, vec![]);
    }

    /// A row that can never be read costs only itself when its size is known.
    #[test]
    fn a_cursed_row_is_named_and_the_rest_is_read(mut world in world(0), row in 0u64..200) {
        world.folders[0] = Folder { rows: 200, told: Told::ByListing(Size::Right) };
        world.cursed = Some(row);
        let outcome = run(&world);
        assert_nothing_is_lost(&world, &outcome)?;
        prop_assert!(!outcome.gaps.is_empty());
        let lost = 200 - outcome.seen[0].len() as u64;
        prop_assert!(lost <= u64::from(world.page) + 1, "{lost} rows lost with one");
    }

    /// A server that silently cuts pages to a round number is noticed, unless it
    /// lies about sizes as well.
    #[test]
    fn silent_caps_lose_nothing(mut world in world(10), cap in prop_oneof![Just(50u32), Just(100), Just(500)]) {
        world.cap = Some(cap);
        world.page = 400;
        for folder in &mut world.folders {
            if let Told::ByListing(size @ Size::TooSmall(_)) | Told::ByTotal(size @ Size::TooSmall(_)) =
                &mut folder.told
            {
                *size = Size::Right;
            }
        }
        let outcome = run(&world);
        assert_nothing_is_lost(&world, &outcome)?;
    }

    /// With sizes known a stream costs max(1, ceil(n / page)) calls, none wasted.
    #[test]
    fn known_sizes_cost_exactly_their_pages(mut world in world(0)) {
        world.seen_at_once = u64::MAX;
        for folder in &mut world.folders {
            folder.told = Told::ByListing(Size::Right);
        }
        let outcome = run(&world);
        for (folder, statistics) in world.folders.iter().zip(&outcome.statistics) {
            prop_assert_eq!(statistics.calls, pages(folder, world.page));
            prop_assert_eq!(statistics.waste, 0);
            prop_assert_eq!(statistics.rows, folder.rows);
        }
    }

    /// So does one whose answers carry the total.
    #[test]
    fn totals_cost_exactly_their_pages(mut world in world(0)) {
        for folder in &mut world.folders {
            folder.told = Told::ByTotal(Size::Right);
        }
        let outcome = run(&world);
        for (folder, statistics) in world.folders.iter().zip(&outcome.statistics) {
            let pages = pages(folder, world.page);
            prop_assert!(statistics.calls <= pages, "{} calls for {pages} pages", statistics.calls);
            // A full first page whose total is just its own length is not believed.
            let exact = folder.rows == u64::from(world.page) + 1;
            prop_assert_eq!(statistics.waste, u64::from(exact));
        }
    }

    /// With neither, look-ahead is bounded: by what was proved, and by the workers.
    #[test]
    fn blind_look_ahead_is_bounded(mut world in world(0)) {
        for folder in &mut world.folders {
            folder.told = Told::Nothing;
        }
        let outcome = run(&world);
        for (folder, statistics) in world.folders.iter().zip(&outcome.statistics) {
            let pages = pages(folder, world.page);
            prop_assert!(statistics.waste <= pages.min(world.workers as u64) + 1, "{statistics:?}");
            prop_assert!(statistics.calls <= pages + statistics.waste + 1, "{statistics:?}");
        }
    }

    /// Streams take turns: while two have work, neither is a claim further ahead.
    #[test]
    fn streams_take_turns(mut world in world(0)) {
        world.seen_at_once = u64::MAX;
        for folder in &mut world.folders {
            folder.told = Told::ByListing(Size::Right);
        }
        let outcome = run(&world);
        let pages: Vec<u64> =
            world.folders.iter().map(|folder| pages(folder, world.page)).collect();
        let mut handed = vec![0u64; pages.len()];
        for stream in outcome.order {
            handed[stream] += 1;
            for other in 0..pages.len() {
                if handed[other] < pages[other] {
                    prop_assert!(handed[stream] <= handed[other] + 1, "stream {other} starves");
                }
            }
        }
    }

    /// Who follows others begins when they are answered and nobody else has work, is
    /// as long as they are together, and makes nobody lose a row.
    #[test]
    fn who_follows_begins_when_others_leave_a_worker_idle(
        mut world in world(20),
        followed in prop::collection::vec(prop::collection::btree_set(0usize..7, 0..4), 1..5),
    ) {
        world.seen_at_once = u64::MAX;
        world.tries = 30;
        let first = world.folders.len();
        world.follows = vec![None; first];
        for list in followed {
            let list: Vec<usize> = list.into_iter().filter(|other| *other < first).collect();
            let rows = list.iter().map(|other| world.folders[*other].rows).sum();
            let told = if list.is_empty() { Told::ByListing(Size::Right) } else { Told::Nothing };
            world.folders.push(Folder { rows, told });
            world.follows.push(Some(list));
        }
        let outcome = run(&world);
        assert_nothing_is_lost(&world, &outcome)?;
        prop_assert_eq!(&outcome.untimely, &Vec::<usize>::new());
        // It can begin too early where an answer is no page, or is not the last.
        let is_more = |other: &usize| {
            let told = &world.folders[*other].told;
            matches!(told, Told::ByListing(Size::TooSmall(_)) | Told::ByTotal(Size::TooSmall(_)))
        };
        let folders = world.folders.iter().zip(&outcome.statistics).zip(&world.follows);
        for ((folder, statistics), follows) in folders.skip(first) {
            let pages = pages(folder, world.page);
            let is_misled = world.failing > 0 || follows.iter().flatten().any(is_more);
            prop_assert!(is_misled || statistics.calls <= pages && statistics.waste == 0);
        }
    }

    /// What was committed before is not read again, and the rest is.
    #[test]
    fn a_resumed_stream_reads_just_what_is_missing(
        rows in 1u64..700,
        page in 1u32..120,
        done in prop::collection::vec(any::<bool>(), 1..30),
    ) {
        let step = u64::from(page);
        let committed: Vec<_> = done
            .iter()
            .enumerate()
            .filter(|(_, done)| **done)
            .map(|(index, _)| index as u64 * step..((index as u64 + 1) * step).min(rows))
            .filter(|range| !range.is_empty())
            .collect();
        let plan = StreamPlan { name: "resumed".into(), size: Some(rows), page, committed: committed.clone(), seen_at_once: 0, follows: None };
        let mut coordinator = MultiFolderOffsetCoordinator::new(vec![plan], RetryPolicy::default(), 4);
        let mut seen = vec![0u32; rows as usize];
        for row in committed.into_iter().flatten() {
            seen[row as usize] += 1;
        }
        while let Next::Claim(claim) = coordinator.claim_range(Duration::ZERO) {
            let end = (claim.offset + u64::from(claim.limit)).min(rows);
            for row in claim.offset..end {
                seen[row as usize] += 1;
            }
            coordinator.complete(&claim, end.saturating_sub(claim.offset), None);
        }
        prop_assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
    }
}
