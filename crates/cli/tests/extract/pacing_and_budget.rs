//! The built program against a Looker that limits it: requests a second, the
//! life of a token, a budget of calls.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use looker_sim::{Fault, Latency, RetryAfter, Served, SimConfig};
use serde_json::Value;

use crate::support::content::{assert_holds_all, digest};
use crate::support::front::{Front, Instead};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::{assert_not_read_again, committed, full_reads, metered};
use crate::support::seeded::seed;
use crate::support::{BASICS, VAULT, World, finish, sum};

/// Requests that were refused because they came too fast.
fn refusals(requests: &[Served]) -> Vec<&Served> {
    requests.iter().filter(|served| served.fault == Some(Fault::RateLimit)).collect()
}

/// An instance that serves five requests a second.
fn limited(retry_after: RetryAfter) -> SimConfig {
    SimConfig { seed: seed(2), rate_limit: Some(5.0), retry_after, ..SimConfig::default() }
}

/// Reads from an instance that serves five requests a second, and learns.
#[track_caller]
fn learns_the_limit(retry_after: RetryAfter, workers: usize) -> Vec<Served> {
    let looker = Looker::start(limited(retry_after));
    let world = looker.world();
    let report = world.extract_basics(&format!("--page-size 20 --workers {workers}")).complete();
    assert_holds_all(&world.path(VAULT), &looker);
    let requests = looker.requests();
    assert_eq!(sum(&report["calls"], "calls"), requests.len() as u64);
    let refused = refusals(&requests);
    assert!(!refused.is_empty(), "the limit must bite");
    // It learns from the first burst; after that, one answer in five at most is a refusal.
    let late = &requests[requests.len() / 2..];
    let (late_refused, refused) = (refusals(late).len(), refused.len());
    assert!(late_refused * 5 <= late.len(), "{late_refused} of the last {} were refused", late.len());
    assert!(refused * 3 <= requests.len(), "{refused} of {} were refused", requests.len());
    requests
}

/// After a refusal that said one second or more, nothing starts for a second but what
/// was on its way when the refusal arrived: at most one request of each other worker.
#[track_caller]
fn respects_the_wait(requests: &[Served], workers: usize) {
    const SECOND: u64 = 990_000;
    for refused in refusals(requests) {
        let early = |served: &&Served| (refused.ended..refused.ended + SECOND).contains(&served.started);
        let broken: Vec<_> = requests.iter().filter(early).collect();
        assert!(broken.len() < workers, "{broken:?} came too early after {refused:?}");
    }
}

#[test]
fn a_rate_limit_that_says_nothing() {
    learns_the_limit(RetryAfter::None, 8);
}

#[test]
fn a_rate_limit_that_says_how_many_seconds() {
    for workers in [1, 8] {
        respects_the_wait(&learns_the_limit(RetryAfter::Seconds, workers), workers);
    }
}

#[test]
fn a_rate_limit_that_says_a_date() {
    for workers in [1, 8] {
        respects_the_wait(&learns_the_limit(RetryAfter::HttpDate, workers), workers);
    }
}

#[test]
fn one_refusal_at_the_start_is_no_rate_limit() {
    let latency = Latency { base: Duration::from_millis(50), ..Latency::default() };
    let looker = Looker::start(SimConfig { seed: seed(13), latency, ..SimConfig::default() });
    let is_first = AtomicBool::new(true);
    let front = Front::before(looker.port(), move |exchange| {
        let is_hit = exchange.request.contains("/folders") && is_first.swap(false, Ordering::Relaxed);
        is_hit.then(|| Instead::error(429, "Too many requests. Please retry later."))
    });
    let world = looker.world_at(&front.url());
    world.extract_basics("--page-size 4").complete();
    assert_holds_all(&world.path(VAULT), &looker);
    // At the pace of the refused moment, one a second, each is answered before the next.
    let mut late = looker.requests();
    late.drain(..late.len() / 2);
    late.sort_by_key(|served| served.started);
    let beside = late.windows(2).filter(|two| two[1].started < two[0].ended).count();
    assert!(beside * 2 > late.len(), "{beside} of {} were made beside others", late.len());
}

/// Answers take long enough that tokens of two seconds die during the run.
fn unhurried() -> SimConfig {
    let latency = Latency { base: Duration::from_millis(300), ..Latency::default() };
    SimConfig { seed: seed(6), latency, ..SimConfig::default() }
}

#[test]
fn tokens_that_live_two_seconds() {
    let looker = Looker::start(SimConfig { token_ttl: Duration::from_secs(2), ..unhurried() });
    let world = looker.world();
    let report = world.extract_basics("--page-size 5 --workers 4 --pacing fixed").complete();
    assert_holds_all(&world.path(VAULT), &looker);
    let stats = looker.stats();
    let seconds = report["seconds"].as_f64().unwrap();
    assert!(seconds > 3.0, "the first token must die during the run: {seconds} s");
    // A token is renewed a little before its two seconds are over, once for all workers.
    let most = (seconds / 1.5).ceil() as u64 + 1;
    assert!((2..=most).contains(&stats.logins), "{} logins in {seconds} s", stats.logins);
    let refused = stats.by_status.get(&401).copied().unwrap_or(0);
    assert!(refused <= stats.logins, "{refused} answers 401 with {} logins", stats.logins);
}

#[test]
fn a_token_that_is_revoked_is_renewed_once() {
    let looker = Looker::start(SimConfig { seed: seed(6), ..SimConfig::default() });
    let gate = Gate::at(looker.port(), 12);
    let world = looker.world_at(&gate.url());
    let running = world.start(&format!("extract --json {BASICS} --page-size 5 --workers 4 --pacing fixed"));
    gate.wait();
    looker.revoke_tokens();
    gate.open();
    finish(running).complete();
    assert_holds_all(&world.path(VAULT), &looker);
    let stats = looker.stats();
    assert_eq!(stats.logins, 2, "one login, and one after the token was revoked: {stats:?}");
    let refused = stats.by_status.get(&401).copied().unwrap_or(0);
    assert!((1..=4).contains(&refused), "each of four workers is refused once at most: {refused}");
}

/// What a run could not read, each thing in words, and whether it is a closing listing.
type Gaps = BTreeSet<(String, bool)>;

fn reported_gaps(report: &Value) -> Gaps {
    let gap = |gap: &Value| {
        let place = gap["place"].as_str().unwrap();
        (format!("{place}: {}", gap["reason"].as_str().unwrap()), place.starts_with("closing listing"))
    };
    report["gaps"].as_array().unwrap().iter().map(gap).collect()
}

/// The same by the vault.
fn stored_gaps(world: &World, report: &Value) -> Gaps {
    let run = world.json(&format!("runs show {}", report["run"]));
    let gap = |gap: &Value| (gap["reason"].as_str().unwrap().to_owned(), gap["what"] == "listing");
    run["gaps"].as_array().unwrap().iter().map(gap).collect()
}

#[test]
fn a_budget_stops_the_run_at_exactly_so_many_calls_until_it_is_done() {
    const BUDGET: u64 = 12;
    let looker = Looker::start(SimConfig { seed: seed(12), ..SimConfig::default() });
    let undisturbed = looker.world();
    undisturbed.extract_basics("--page-size 5").complete();
    let pages_in_one_go = full_reads(&looker.requests());

    let world = looker.world();
    let vault = world.path(VAULT);
    let mut pages = 0;
    for attempt in 0.. {
        assert!(attempt < 30, "it never ends");
        let before = committed(&vault);
        looker.reset_stats();
        let resume = if attempt == 0 { "" } else { "--resume" };
        let ran = world.extract_basics(&format!("--page-size 5 --max-calls {BUDGET} {resume}"));
        let requests = looker.requests();
        pages += full_reads(&requests);
        assert_not_read_again(&before, &requests);
        if ran.code == 0 {
            ran.complete();
            assert!(metered(&requests) <= BUDGET);
            break;
        }
        assert_eq!(ran.code, 4, "{}", ran.all());
        let report = ran.report();
        assert_eq!(metered(&requests), BUDGET, "{report}");
        assert_eq!(report["metered_calls"], BUDGET);
        assert_eq!(report["stopped"]["reason"], "budget");
        assert_eq!(report["resumed"], attempt > 0);
        assert_eq!(stored_gaps(&world, &report), reported_gaps(&report), "{report}");
        assert_eq!(world.verdict(), "sound_with_gaps");
    }
    assert_holds_all(&vault, &looker);
    assert_eq!(digest(&vault), digest(&undisturbed.path(VAULT)));
    assert_eq!(pages, pages_in_one_go, "no page was paid for twice");
    assert_eq!(world.verdict(), "sound");
}
