//! The floor's computation, checked on logs and jobs made by hand.

use anyhow::ensure;

use crate::floor::{self, Job};
use crate::simulator::Served;

type Check = fn() -> anyhow::Result<()>;

/// Runs all checks.
///
/// # Errors
/// Names the first check that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    let checks: [(&str, Check); 7] = [
        ("whole calls are not divided", whole_calls),
        ("work is shared by all slots", shared_work),
        ("chains are not shortened", chains),
        ("uneven calls are packed", uneven),
        ("a run of two folders", two_folders),
        ("a scan, and what needs no token", scan),
        ("an early closing listing", early_closing),
    ];
    for (what, check) in checks {
        check().map_err(|error| anyhow::anyhow!("self-check, {what}: {error}"))?;
    }
    println!("self-check: the floor is right in {} cases\n", checks.len());
    Ok(())
}

fn job(time: u64, after: &[usize]) -> Job {
    Job { time, after: after.to_vec() }
}

/// Both sides of the floor must be as stated.
fn enclosed(jobs: &[Job], slots: usize, below: u64, above: u64) -> anyhow::Result<()> {
    let found = (floor::lower_bound(jobs, slots), floor::list_schedule(jobs, slots));
    ensure!(found == (below, above), "({below}, {above}) expected, {found:?} found");
    Ok(())
}

/// 30 calls on 8 slots: somebody makes four of them.
fn whole_calls() -> anyhow::Result<()> {
    enclosed(&vec![job(250, &[]); 30], 8, 1000, 1000)?;
    enclosed(&vec![job(250, &[]); 32], 8, 1000, 1000)?;
    enclosed(&vec![job(250, &[]); 33], 8, 1250, 1250)?;
    enclosed(&[], 8, 0, 0)
}

/// Twelve units of work on two slots; the greedy schedule finds six.
fn shared_work() -> anyhow::Result<()> {
    enclosed(&[job(1, &[]), job(2, &[]), job(3, &[]), job(3, &[]), job(3, &[])], 2, 6, 6)
}

fn chains() -> anyhow::Result<()> {
    let jobs = [job(5, &[]), job(7, &[0]), job(1, &[0]), job(9, &[1, 2])];
    enclosed(&jobs, 8, 21, 21)?;
    enclosed(&jobs, 1, 22, 22)?;
    // A fan between two calls: 5 before it, 9 behind it, 5 calls of 4 on 2 slots.
    let fan: Vec<Job> =
        [job(5, &[])].into_iter().chain(vec![job(4, &[0]); 5]).chain([job(9, &[1, 2, 3, 4, 5])]).collect();
    enclosed(&fan, 2, 5 + 12 + 9, 5 + 12 + 9)
}

/// Three long calls and many short ones: two long ones share a slot, whatever
/// the short ones do.
fn uneven() -> anyhow::Result<()> {
    let mut jobs = vec![job(10, &[]); 3];
    jobs.extend(vec![job(1, &[]); 4]);
    enclosed(&jobs, 2, 20, 20)?;
    // Longest first is no optimum here (9 is), so the two sides stay apart.
    enclosed(
        &[job(5, &[]), job(5, &[]), job(4, &[]), job(4, &[]), job(3, &[]), job(3, &[]), job(3, &[])],
        3,
        9,
        11,
    )
}

/// A call of a made-up log: when it came, how long it takes, and its query.
fn call(operation: &str, started: u64, time: u64, query: &[(&str, &str)]) -> Served {
    Served {
        operation: operation.to_owned(),
        query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        started,
        service_micros: time,
        ..Served::default()
    }
}

fn search(started: u64, time: u64, query: &[(&str, &str)]) -> Served {
    call("search_dashboards", started, time, query)
}

const LIGHT: (&str, &str) = ("fields", "id,updated_at");
const LIVE: (&str, &str) = ("deleted", "false");
const TRASH: (&str, &str) = ("deleted", "true");
const A: (&str, &str) = ("folder_id", "6");
const B: (&str, &str) = ("folder_id", "7");

fn waits(log: &[Served], expected: &[&[usize]]) -> anyhow::Result<()> {
    let found: Vec<Vec<usize>> = floor::jobs(log).into_iter().map(|job| job.after).collect();
    ensure!(found == expected, "dependencies are {found:?}, not {expected:?}");
    Ok(())
}

fn two_folders() -> anyhow::Result<()> {
    let log = [
        call("login", 0, 50, &[]),
        search(50, 100, &[LIGHT, A]),
        search(50, 60, &[LIGHT, B, LIVE]),
        search(50, 55, &[LIGHT, TRASH]),
        search(150, 250, &[A, ("offset", "0")]),
        search(150, 250, &[A, ("offset", "100")]),
        search(150, 90, &[B]),
        search(400, 100, &[LIGHT, A]),
        search(400, 60, &[LIGHT, B]),
        search(400, 55, &[LIGHT, TRASH]),
        search(500, 52, &[A, ("id", "77")]),
    ];
    waits(&log, &[&[], &[0], &[0], &[0], &[1], &[1], &[2], &[4, 5], &[6], &[0], &[0]])?;
    // The chain of the first folder: 50 + 100 + 250 + 100.
    enclosed(&floor::jobs(&log), 8, 500, 500)
}

fn scan() -> anyhow::Result<()> {
    let mut log = vec![
        call("login", 0, 50, &[]),
        call("versions", 50, 50, &[]),
        search(100, 550, &[LIGHT, ("offset", "0")]),
        search(100, 300, &[LIGHT, ("offset", "50000")]),
    ];
    log.extend((0..17).map(|page| search(700 + page, 250, &[("limit", "100")])));
    log.push(search(2000, 550, &[LIGHT, ("offset", "0")]));
    let pages: Vec<usize> = (4..21).collect();
    let mut expected: Vec<&[usize]> = vec![&[], &[], &[0], &[0]];
    expected.extend(vec![&[2_usize] as &[usize]; 17]);
    expected.push(&pages);
    waits(&log, &expected)?;
    enclosed(&floor::jobs(&log), 8, 50 + 550 + 750 + 550, 50 + 550 + 750 + 550)
}

/// A folder may be closed while another one is still read.
fn early_closing() -> anyhow::Result<()> {
    let log = [
        call("login", 0, 50, &[]),
        search(50, 100, &[LIGHT, A]),
        search(50, 100, &[LIGHT, B]),
        search(150, 100, &[A]),
        search(250, 100, &[LIGHT, A]),
        search(250, 300, &[B]),
        search(600, 100, &[LIGHT, B]),
    ];
    waits(&log, &[&[], &[0], &[0], &[1], &[3], &[2], &[5]])?;
    enclosed(&floor::jobs(&log), 2, 550, 550)
}
