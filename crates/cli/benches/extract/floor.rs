//! The floor: the least time in which the calls of a run can be made.
//!
//! Every call of the simulator's log is a job that takes its service time
//! whole, on one of `m` slots (the workers), and waits for nothing but what it
//! truly depends on:
//!
//! - the login waits for nothing, and neither does `versions`, which needs no
//!   token; everything else waits for the login;
//! - a page waits for the listing that opens its folder, or the whole group (a
//!   kind on one side, live or trash) where that was listed whole; pages of one
//!   stream do not wait for each other;
//! - a listing that closes waits for all pages it proves: those of its folder, or
//!   of the whole group. A listing sent after the first page of its scope closes;
//! - anything else (an object by id) waits for the login only.
//!
//! To find the shortest schedule of such jobs is hard, but it can be enclosed.
//!
//! **From below.** Let head(j) be the longest chain of calls that must end before
//! j may start, tail(j) the longest chain that can only start after j, p(j) its
//! time. For the set S of all calls with a head of at least h and a tail of at
//! least t, no schedule is shorter than
//!
//! ```text
//! h + max( Σ p / m,  max over k ≤ |S| of: the sum of the ⌈k/m⌉ smallest among the k largest p ) + t
//! ```
//!
//! because nothing of S starts before h, some slot must hold ⌈k/m⌉ of any k calls
//! whole, and after the last of S there is still t to do. The bound is the largest
//! over all h and t that occur. It holds the two usual bounds: all work over m
//! after the login, and the longest chain of dependencies.
//!
//! **From above.** A schedule that is actually possible: whenever a slot is free,
//! the ready call with the longest chain behind it (itself included) is started.
//!
//! Where the two meet, that is the best schedule. What the benchmark calls the
//! floor is the lower one, so that a ratio to it never flatters.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

use crate::simulator::Served;

/// The two sides of the shortest schedule, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Floor {
    /// No schedule is shorter.
    pub(crate) at_least: f64,
    /// One schedule is this short.
    pub(crate) feasible: f64,
}

/// A call that takes `time` microseconds and waits for others, by index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    pub(crate) time: u64,
    pub(crate) after: Vec<usize>,
}

/// The floor of a log on so many slots.
pub(crate) fn of(log: &[Served], slots: usize) -> Floor {
    let jobs = jobs(log);
    Floor { at_least: seconds(lower_bound(&jobs, slots)), feasible: seconds(list_schedule(&jobs, slots)) }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// What a call of the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role<'a> {
    Login,
    /// Needs no token.
    Open,
    Listing(Scope<'a>),
    Page(Scope<'a>),
    Other,
}

/// What a search ranges over.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scope<'a> {
    operation: &'a str,
    trash: bool,
    /// One folder, or all.
    folder: Option<&'a str>,
}

impl Scope<'_> {
    fn overlaps(&self, other: &Self) -> bool {
        let same = self.operation == other.operation && self.trash == other.trash;
        same && (self.folder.is_none() || other.folder.is_none() || self.folder == other.folder)
    }
}

fn role(served: &Served) -> Role<'_> {
    let scope = Scope {
        operation: &served.operation,
        trash: served.parameter("deleted") == Some("true"),
        folder: served.parameter("folder_id"),
    };
    match served.operation.as_str() {
        "login" => Role::Login,
        "versions" => Role::Open,
        name if !name.starts_with("search_") || served.parameter("id").is_some() => Role::Other,
        _ if served.parameter("fields").is_some() => Role::Listing(scope),
        _ => Role::Page(scope),
    }
}

/// Whether a call asked for a page of full rows.
pub(crate) fn is_page(served: &Served) -> bool {
    matches!(role(served), Role::Page(_))
}

/// The log as jobs, in its order.
pub(crate) fn jobs(log: &[Served]) -> Vec<Job> {
    let roles: Vec<Role<'_>> = log.iter().map(role).collect();
    let calls = Calls { log, roles: &roles };
    let opening: Vec<usize> = (0..log.len()).filter(|at| calls.opens(*at)).collect();
    let job = |at: usize| Job { time: log[at].service_micros, after: calls.dependencies(at, &opening) };
    (0..log.len()).map(job).collect()
}

/// A log and what its calls are.
struct Calls<'a> {
    log: &'a [Served],
    roles: &'a [Role<'a>],
}

impl Calls<'_> {
    /// The calls that a call truly waits for.
    fn dependencies(&self, at: usize, opening: &[usize]) -> Vec<usize> {
        let mut after = match &self.roles[at] {
            Role::Login | Role::Open => return Vec::new(),
            Role::Other => Vec::new(),
            Role::Page(scope) => self.opened_by(scope, opening),
            Role::Listing(_) if opening.contains(&at) => Vec::new(),
            Role::Listing(scope) => self.pages(scope).collect(),
        };
        if after.is_empty() {
            // The first one: a renewal in a long run is nobody's reason to wait.
            after.extend(self.roles.iter().position(|role| *role == Role::Login));
        }
        after
    }

    /// The opening listings of a page's scope. Their further pages are not waited
    /// for: the first one suffices to know that there is something to read.
    fn opened_by(&self, scope: &Scope<'_>, opening: &[usize]) -> Vec<usize> {
        let opens = |at: &usize| {
            let first = matches!(self.log[*at].parameter("offset"), None | Some("0"));
            first && matches!(&self.roles[*at], Role::Listing(listed) if scope.overlaps(listed))
        };
        opening.iter().copied().filter(opens).collect()
    }

    /// The pages of a scope.
    fn pages(&self, scope: &Scope<'_>) -> impl Iterator<Item = usize> {
        let is_page = |at: &usize| matches!(&self.roles[*at], Role::Page(page) if scope.overlaps(page));
        (0..self.log.len()).filter(is_page)
    }

    /// Whether a listing was sent before any page of its scope.
    fn opens(&self, at: usize) -> bool {
        let Role::Listing(scope) = &self.roles[at] else { return false };
        self.pages(scope).all(|page| self.log[page].started > self.log[at].started)
    }
}

/// The bound from below, in microseconds.
pub(crate) fn lower_bound(jobs: &[Job], slots: usize) -> u64 {
    let (heads, tails) = heads_and_tails(jobs);
    let distinct = |values: &[u64]| {
        let mut values = values.to_vec();
        values.sort_unstable();
        values.dedup();
        values
    };
    let mut best = 0;
    for head in distinct(&heads) {
        for tail in distinct(&tails) {
            let set: Vec<u64> = (0..jobs.len())
                .filter(|at| heads[*at] >= head && tails[*at] >= tail)
                .map(|at| jobs[at].time)
                .collect();
            if !set.is_empty() {
                best = best.max(head + shortest_without_chains(set, slots) + tail);
            }
        }
    }
    best
}

/// A bound for calls that wait for nothing.
fn shortest_without_chains(mut times: Vec<u64>, slots: usize) -> u64 {
    times.sort_unstable_by_key(|time| Reverse(*time));
    let work = times.iter().sum::<u64>().div_ceil(slots as u64);
    // Of the m·q + 1 largest, one slot holds q + 1: at least the smallest of them.
    let packed = (0..times.len()).step_by(slots).map(|last| {
        let held = last / slots + 1;
        times[last + 1 - held..=last].iter().sum::<u64>()
    });
    packed.max().unwrap_or(0).max(work)
}

/// Of every job: the longest chain before it, and the longest behind it.
fn heads_and_tails(jobs: &[Job]) -> (Vec<u64>, Vec<u64>) {
    let order = in_order(jobs);
    let (mut heads, mut tails) = (vec![0; jobs.len()], vec![0; jobs.len()]);
    for at in order.iter().copied() {
        heads[at] =
            jobs[at].after.iter().map(|before| heads[*before] + jobs[*before].time).max().unwrap_or(0);
    }
    for at in order.into_iter().rev() {
        for before in &jobs[at].after {
            tails[*before] = tails[*before].max(tails[at] + jobs[at].time);
        }
    }
    (heads, tails)
}

/// All jobs, each behind those it waits for.
fn in_order(jobs: &[Job]) -> Vec<usize> {
    let followers = followers(jobs);
    let mut waits: Vec<usize> = jobs.iter().map(|job| job.after.len()).collect();
    let mut order: Vec<usize> = (0..jobs.len()).filter(|at| waits[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for follower in &followers[at] {
            waits[*follower] -= 1;
            if waits[*follower] == 0 {
                order.push(*follower);
            }
        }
    }
    order
}

fn followers(jobs: &[Job]) -> Vec<Vec<usize>> {
    let mut followers = vec![Vec::new(); jobs.len()];
    for (at, job) in jobs.iter().enumerate() {
        for before in &job.after {
            followers[*before].push(at);
        }
    }
    followers
}

/// The length of a schedule by longest chain first, in microseconds.
pub(crate) fn list_schedule(jobs: &[Job], slots: usize) -> u64 {
    let (_, tails) = heads_and_tails(jobs);
    let followers = followers(jobs);
    let mut waits: Vec<usize> = jobs.iter().map(|job| job.after.len()).collect();
    let entry = |at: usize| (tails[at] + jobs[at].time, Reverse(at));
    let mut ready: BinaryHeap<_> = (0..jobs.len()).filter(|at| waits[*at] == 0).map(entry).collect();
    let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut now = 0;
    loop {
        while running.len() < slots
            && let Some((_, Reverse(at))) = ready.pop()
        {
            running.push(Reverse((now + jobs[at].time, at)));
        }
        let Some(Reverse((end, at))) = running.pop() else { return now };
        now = end;
        for follower in &followers[at] {
            waits[*follower] -= 1;
            if waits[*follower] == 0 {
                ready.push(entry(*follower));
            }
        }
    }
}
