//! The fewest calls that the API allows a run, and why a run makes more.
//!
//! A page holds as many rows as the catalogue says, a list of ids a hundred; what then
//! is the least is counted on the instance itself. Of kinds that cost a call an object
//! the report says how many were due; they take a call each, or one for a hundred.

use std::collections::BTreeMap;

use ::looker::Kind;
use ::looker::catalogue::{AnswerShape, Each, List, Paged, Source};
use ::looker::paging::SUSPICIOUS_CAP;
use serde_json::Value;

use super::looker::Looker;
use super::targets::{Understands, Work, folders_with_looks};

/// Values of a list of ids in one call.
const LISTED_AT_ONCE: usize = 100;

/// Looks with their queries that one page of a search holds.
const LOOKS_WITH_QUERIES: u64 = 500;

/// Rows that one light listing holds.
const LISTED_ROWS: u64 = 50_000;

/// What a kind cost in one ledger.
#[derive(Debug)]
pub(crate) struct Cost {
    /// Or `session`.
    pub(crate) kind: String,
    pub(crate) ledger: String,
    pub(crate) calls: u64,
    pub(crate) fewest: u64,
    /// Calls above the fewest, and what each is for.
    pub(crate) above: Vec<(u64, &'static str)>,
}

/// Why calls are made beyond the fewest.
mod why {
    pub(super) const SESSION: &str = "who reads: what is missing is believed of an account that sees as much";
    pub(super) const SIZES_AND_PROOF: &str = "a light listing for the sizes, another one as the proof";
    pub(super) const PROOF: &str = "rows may slide from page to page: a light listing proves them";
    pub(super) const ROUND: &str = "an answer of a round length may be cut: looked beyond, once";
    pub(super) const TRIED: &str = "tried out once, to know what the instance understands";
    pub(super) const LONG: &str = "a list of keys whose answer is too long is halved";
    pub(super) const RETRY: &str = "sent again after a failure";
}

impl Cost {
    /// Calls above the fewest that nobody has a reason for.
    pub(crate) fn unexplained(&self) -> u64 {
        let explained: u64 = self.above.iter().map(|(calls, _)| calls).sum();
        self.calls - self.fewest - explained
    }
}

/// What is known of the instance, beside the report.
pub(crate) struct Known<'a> {
    pub(crate) looker: &'a Looker,
    pub(crate) understands: Understands,
    /// What was edited since the last run.
    pub(crate) work: &'a Work,
}

/// The metered calls of a run, kind by kind.
///
/// # Panics
/// When a run needed fewer calls than the fewest.
pub(crate) fn costs(report: &Value, known: &Known<'_>) -> Vec<Cost> {
    let mut kinds: BTreeMap<[String; 2], Made> = BTreeMap::new();
    for line in report["calls"].as_array().unwrap() {
        let [kind, ledger, reason] = ["kind", "ledger", "reason"].map(|name| line[name].as_str().unwrap());
        if ledger != "unmetered" {
            let made = kinds.entry([kind, ledger].map(str::to_owned)).or_default();
            *made.0.entry(reason.to_owned()).or_default() += line["calls"].as_u64().unwrap();
        }
    }
    kinds.into_iter().map(|([kind, ledger], made)| cost(report, known, kind, ledger, &made)).collect()
}

/// Calls by reason.
#[derive(Default)]
struct Made(BTreeMap<String, u64>);

impl Made {
    fn of(&self, reasons: &[&str]) -> u64 {
        reasons.iter().filter_map(|reason| self.0.get(*reason)).sum()
    }
}

/// The fewest calls, and those that may come on top.
struct Allowed {
    fewest: u64,
    above: Vec<(u64, &'static str)>,
}

fn cost(report: &Value, known: &Known<'_>, kind: String, ledger: String, made: &Made) -> Cost {
    let calls: u64 = made.0.values().sum();
    let allowed = allowed(report, known, &kind, &ledger, made);
    let mut above = vec![
        (made.of(&["session"]), why::SESSION),
        (made.of(&["probe"]).min(tried(&kind)), why::TRIED),
        (made.of(&["retry"]), why::RETRY),
    ];
    above.extend(allowed.above);
    assert!(calls >= allowed.fewest, "{kind}: {calls} calls, {} at the least\n{report}", allowed.fewest);
    let mut left = calls - allowed.fewest;
    above.retain_mut(|(most, _)| {
        *most = left.min(*most);
        left -= *most;
        *most > 0
    });
    Cost { kind, ledger, calls, fewest: allowed.fewest, above }
}

fn allowed(report: &Value, known: &Known<'_>, name: &str, ledger: &str, made: &Made) -> Allowed {
    let exactly = |fewest| Allowed { fewest, above: Vec::new() };
    let single = made.of(&["item"]);
    let Some(kind) = Kind::find(name) else { return exactly(0) };
    match &kind.list {
        // Of schedules, one query finds the disabled ones, which are read one by one.
        List::Whole(_) => {
            let disabled = if name == "scheduled_plans" { disabled_plans(known.looker) } else { 0 };
            exactly(made.of(&["page"]).min(1) + made.of(&["listing"]).min(1) + single.min(disabled))
        }
        // Not all of them are due on the same day.
        List::Singles(operations) => exactly(single.min(operations.len() as u64)),
        List::Each(_) if name == "queries" && ledger == "administrative" => queries_in_bulk(known, made),
        List::Each(each) => {
            let due = due(report, name);
            let reads = if each.lists.is_some() { due.div_ceil(LISTED_AT_ONCE as u64) } else { due };
            let long = if each.lists.is_some() { halved(known.looker, each) } else { 0 };
            let listing = u64::from(matches!(each.source, Source::Listing { .. }));
            Allowed { fewest: listing + reads, above: vec![(long, why::LONG)] }
        }
        List::Paged(paged) => {
            let streams = report["streams"].as_array().unwrap();
            let in_full = streams.iter().any(|stream| stream["kind"] == name);
            let sides: Vec<u64> = sides(known.looker, kind);
            match (kind.envelope.updated_at.is_some(), in_full) {
                (false, _) => unstamped(paged, &sides),
                (true, true) => in_pages(paged, &sides),
                (true, false) => changed(known, kind, paged, &sides),
            }
        }
    }
}

/// Parameters of which it is tried out once whether they take lists.
fn tried(name: &str) -> u64 {
    let paged = Kind::find(name).and_then(Kind::paged);
    paged.map_or(0, |paged| u64::from(paged.by_id.is_some()) + u64::from(paged.folder.is_some()))
}

/// Objects of a kind that costs a call an object, as far as they were due.
fn due(report: &Value, name: &str) -> u64 {
    let spread = report["spread"].as_array().unwrap().iter().filter(|spread| spread["kind"] == name);
    spread.map(|spread| spread["read"].as_u64().unwrap()).sum()
}

fn disabled_plans(looker: &Looker) -> u64 {
    let plans = looker.export(looker_sim::Kind::ScheduledPlan).into_iter();
    let is_disabled = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["enabled"] == false;
    plans.filter(|(_, body)| is_disabled(body)).count() as u64
}

/// Most calls for lists of keys that one answer does not hold: a list is halved until
/// its answer fits, and what one key alone has takes pages.
fn halved(looker: &Looker, each: &Each) -> u64 {
    let AnswerShape::List { limit: Some(limit) } = each.answer else { return 0 };
    let rows = looker.export(looker_sim::Kind::ContentFavorite).len();
    let full = (rows / limit) as u64;
    full * (2 * u64::from(LISTED_AT_ONCE.ilog2() + 1) + 1)
}

/// Rows on each side of a kind: live, and in the trash where it has one.
fn sides(looker: &Looker, kind: &Kind) -> Vec<u64> {
    let simulated = match kind.name {
        "dashboards" => looker_sim::Kind::Dashboard,
        "looks" => looker_sim::Kind::Look,
        "users" => looker_sim::Kind::User,
        "groups" => looker_sim::Kind::Group,
        "alerts" => looker_sim::Kind::Alert,
        "agents" => looker_sim::Kind::Agent,
        other => panic!("what is {other} in the simulator?"),
    };
    let sides: &[bool] = if kind.has_trash() { &[false, true] } else { &[false] };
    sides.iter().map(|trashed| looker.ids(simulated, *trashed).len() as u64).collect()
}

/// Everything by pages each time.
fn unstamped(paged: &Paged, sides: &[u64]) -> Allowed {
    let pages: Vec<u64> = sides.iter().map(|rows| rows.div_ceil(paged.page.into()).max(1)).collect();
    let slide = pages.iter().filter(|pages| **pages > 1).count() as u64;
    Allowed { fewest: pages.iter().sum(), above: vec![(slide, why::PROOF), (round(sides), why::ROUND)] }
}

/// Everything by pages, of which a listing before tells the sizes.
fn in_pages(paged: &Paged, sides: &[u64]) -> Allowed {
    let pages = |rows: &u64| rows.div_ceil(paged.page.into());
    let listings = |rows: &u64| rows.div_ceil(LISTED_ROWS).max(1);
    // That there is nothing takes a call too.
    let fewest = sides.iter().map(|rows| pages(rows).max(1)).sum();
    let twice = 2 * sides.iter().map(listings).sum::<u64>();
    Allowed { fewest, above: vec![(twice, why::SIZES_AND_PROOF), (round(sides), why::ROUND)] }
}

/// A listing of each side, which alone shows what has changed, and that.
fn changed(known: &Known<'_>, kind: &Kind, paged: &Paged, sides: &[u64]) -> Allowed {
    let listings: u64 = sides.iter().map(|rows| rows.div_ceil(LISTED_ROWS).max(1)).sum();
    let edited = known.work.get(kind.name).map_or(&[][..], Vec::as_slice);
    let reads = if known.understands.ids {
        edited.len().div_ceil(LISTED_AT_ONCE) as u64
    } else {
        windows(known.looker, kind, edited, paged.page)
    };
    Allowed { fewest: listings + reads, above: vec![(round(sides), why::ROUND)] }
}

/// The fewest parts of pages that hold all of these live objects.
fn windows(looker: &Looker, kind: &Kind, edited: &[String], page: u32) -> u64 {
    let simulated = if kind.name == "looks" { looker_sim::Kind::Look } else { looker_sim::Kind::Dashboard };
    let mut ids = looker.ids(simulated, false);
    ids.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut windows = 0;
    let mut end = 0;
    for (place, _) in ids.iter().enumerate().filter(|(_, id)| edited.contains(id)) {
        if windows == 0 || place >= end {
            (windows, end) = (windows + 1, place + page as usize);
        }
    }
    windows
}

/// Queries of looks, with pages of looks or folder by folder. What tiles hold needs
/// no call, and a folder with one look none that it would not need anyway.
fn queries_in_bulk(known: &Known<'_>, made: &Made) -> Allowed {
    let calls = made.of(&["page"]);
    if known.understands.look_queries {
        let looks = sides(known.looker, Kind::find("looks").unwrap())[0];
        return Allowed { fewest: calls.min(looks.div_ceil(LOOKS_WITH_QUERIES)), above: Vec::new() };
    }
    let folders = folders_with_looks(known.looker) as u64;
    Allowed { fewest: calls.saturating_sub(1).min(folders), above: vec![(1, why::TRIED)] }
}

/// Sides that end at a length at which servers may cut answers.
fn round(sides: &[u64]) -> u64 {
    sides.iter().filter(|rows| **rows > 0 && rows.is_multiple_of(SUSPICIOUS_CAP)).count() as u64
}
