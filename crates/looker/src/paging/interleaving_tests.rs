//! [`Claims`] under a model checker: many schedules of workers that complete,
//! fail, and vanish, each of which must end with every row read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::rand::{Rng, thread_rng};

use super::*;

const ROWS: [u64; 3] = [25, 0, 7];
const PAGE: u32 = 10;

fn plans(sized: bool) -> Vec<StreamPlan> {
    ROWS.iter()
        .enumerate()
        .map(|(index, rows)| StreamPlan {
            name: format!("folder {index}"),
            size: sized.then_some(*rows),
            page: PAGE,
            committed: Vec::new(),
            seen_at_once: u64::MAX,
            follows: None,
        })
        .collect()
}

/// Tries at once and for ever, so that schedules differ in order only.
fn policy() -> RetryPolicy {
    RetryPolicy {
        tries: u32::MAX,
        patience: Duration::MAX,
        first_delay: Duration::ZERO,
        longest_delay: Duration::ZERO,
    }
}

async fn work(claims: Arc<Claims>, seen: Arc<Mutex<Vec<(usize, u64)>>>, chaos: bool) {
    while let Some(claim) = claims.claim_range().await {
        yield_now().await;
        let range = claim.range().clone();
        match if chaos { thread_rng().gen_range(0..4) } else { 3 } {
            0 => claim.give_back(&Failure {
                reason: "as ordered".into(),
                retry_after: None,
                split: true,
                jitter: 0.0,
                sent: true,
            }),
            1 => drop(claim),
            _ => {
                let end = (range.offset + u64::from(range.limit)).min(ROWS[range.stream]);
                seen.lock().unwrap().extend((range.offset..end).map(|row| (range.stream, row)));
                claim.complete(end.saturating_sub(range.offset), None);
            }
        }
        yield_now().await;
    }
}

fn drains(sized: bool, chaos: bool) {
    block_on(async move {
        let claims = Claims::new(MultiFolderOffsetCoordinator::new(plans(sized), policy(), 3));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let workers: Vec<_> =
            (0..3).map(|_| spawn(work(Arc::clone(&claims), Arc::clone(&seen), chaos))).collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let seen = seen.lock().unwrap();
        let distinct: BTreeSet<_> = seen.iter().copied().collect();
        assert_eq!(seen.len(), distinct.len(), "a row was read twice");
        assert_eq!(distinct.len() as u64, ROWS.iter().sum::<u64>(), "a row is lost");
        assert_eq!(claims.gaps("stopped"), vec![]);
    });
}

#[test]
fn every_schedule_of_sized_streams_drains() {
    shuttle::check_random(|| drains(true, false), 1500);
    shuttle::check_pct(|| drains(true, false), 500, 3);
}

#[test]
fn every_schedule_with_failing_and_vanishing_workers_drains() {
    shuttle::check_random(|| drains(false, true), 1500);
    shuttle::check_pct(|| drains(true, true), 500, 3);
}

#[test]
fn a_stop_wakes_every_worker_and_names_the_rest() {
    shuttle::check_random(
        || {
            block_on(async {
                let claims = Claims::new(MultiFolderOffsetCoordinator::new(plans(true), policy(), 3));
                let seen = Arc::new(Mutex::new(Vec::new()));
                let workers: Vec<_> =
                    (0..3).map(|_| spawn(work(Arc::clone(&claims), Arc::clone(&seen), true))).collect();
                yield_now().await;
                claims.stop();
                for worker in workers {
                    worker.await.unwrap();
                }
                let gaps = claims.gaps("stopped");
                let seen = seen.lock().unwrap();
                for (stream, rows) in ROWS.iter().enumerate() {
                    for row in 0..*rows {
                        let named = gaps.iter().any(|gap| {
                            gap.stream == stream
                                && row >= gap.offset
                                && gap.limit.is_none_or(|limit| row < gap.offset + limit)
                        });
                        assert!(named != seen.contains(&(stream, row)), "row {row} of stream {stream}");
                    }
                }
            });
        },
        1500,
    );
}
