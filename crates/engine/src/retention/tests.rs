use jiff::ToSpan as _;
use jiff::civil::date;

use super::*;

/// Complete runs of so many days, the newest first, each at three in the morning.
fn daily(days: i64) -> Vec<Candidate> {
    let newest = date(2026, 11, 23).at(3, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).unwrap();
    let day = |day: i64| newest.checked_sub(day.days()).unwrap().timestamp();
    (0..days).map(|ago| Candidate { started_at: day(ago), is_complete: true }).collect()
}

/// The days that are kept, with why.
fn kept(policy: &Policy, runs: &[Candidate]) -> Vec<String> {
    let reasons = policy.reasons(runs, &TimeZone::UTC);
    let line = |(run, reasons): (&Candidate, Vec<String>)| {
        (!reasons.is_empty()).then(|| format!("{} {}", &run.started_at.to_string()[..10], reasons.join(", ")))
    };
    runs.iter().zip(reasons).filter_map(line).collect()
}

#[test]
fn a_run_that_several_rules_keep_is_kept_once() {
    let policy = Policy {
        keep_last: Count::AtMost(2),
        keep_daily: Count::AtMost(3),
        keep_weekly: Count::AtMost(2),
        keep_monthly: Count::AtMost(2),
        ..Policy::default()
    };
    let expected = [
        "2026-11-23 last, daily, weekly, monthly",
        "2026-11-22 last, daily, weekly",
        "2026-11-21 daily",
        "2026-10-31 monthly",
    ];
    assert_eq!(kept(&policy, &daily(60)), expected);
}

#[test]
fn the_oldest_run_stays_while_a_rule_has_room() {
    let policy = Policy { keep_yearly: Count::AtMost(5), ..Policy::default() };
    assert_eq!(kept(&policy, &daily(30)), ["2026-11-23 yearly", "2026-10-25 oldest yearly"]);
    let policy = Policy { keep_yearly: Count::AtMost(1), ..Policy::default() };
    assert_eq!(kept(&policy, &daily(30)), ["2026-11-23 yearly"]);
}

#[test]
fn days_without_a_run_do_not_count() {
    let runs: Vec<_> = daily(40).into_iter().step_by(10).collect();
    let policy = Policy { keep_daily: Count::AtMost(3), ..Policy::default() };
    assert_eq!(kept(&policy, &runs), ["2026-11-23 daily", "2026-11-13 daily", "2026-11-03 daily"]);
}

#[test]
fn a_span_counts_back_from_the_newest_complete_run() {
    let mut runs = daily(10);
    runs[0].is_complete = false;
    let policy = Policy { keep_within: Some("2d".parse().unwrap()), ..Policy::default() };
    let within =
        ["2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20"].map(|day| format!("{day} within 2d"));
    assert_eq!(kept(&policy, &runs), within);
}

#[test]
fn only_complete_runs_count() {
    let mut runs = daily(4);
    runs[1].is_complete = false;
    let policy = Policy { keep_last: Count::AtMost(2), ..Policy::default() };
    assert_eq!(kept(&policy, &runs), ["2026-11-23 last", "2026-11-21 last"]);
    let policy = Policy { keep_last: Count::Unlimited, ..Policy::default() };
    assert_eq!(kept(&policy, &runs).len(), 3);
}

#[test]
fn days_are_those_of_the_zone() {
    let at = |text: &str| Candidate { started_at: text.parse().unwrap(), is_complete: true };
    // 23:30 and 00:30 in Berlin, one day in UTC.
    let runs = [at("2026-07-02T22:30:00Z"), at("2026-07-02T21:30:00Z"), at("2026-07-01T10:00:00Z")];
    let policy = Policy { keep_daily: Count::AtMost(2), ..Policy::default() };
    let places = |zone: &str| -> Vec<usize> {
        let reasons = policy.reasons(&runs, &TimeZone::get(zone).unwrap());
        reasons.iter().enumerate().filter(|(_, reasons)| !reasons.is_empty()).map(|(i, _)| i).collect()
    };
    assert_eq!(places("Europe/Berlin"), [0, 1]);
    assert_eq!(places("UTC"), [0, 2]);
}

#[test]
fn a_policy_is_told_by_the_rules_that_are_set() {
    let policy = Policy {
        keep_last: "3".parse().unwrap(),
        keep_yearly: "unlimited".parse().unwrap(),
        keep_within: Some("30d".parse().unwrap()),
        ..Policy::default()
    };
    let told = r#"{"keep_gone":"1y","keep_last":3,"keep_within":"30d","keep_yearly":"unlimited"}"#;
    assert_eq!(policy.to_json(), told);
    assert!(Policy::default().is_empty() && !policy.is_empty());
    assert!("three".parse::<Count>().is_err());
}
