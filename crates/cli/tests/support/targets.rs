//! The two instances that targets are stated for, and the days that pass on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use looker_sim::{Kind, SimConfig};
use rusqlite::Connection;
use serde_json::Value;

use super::looker::Looker;

/// What an instance understands that no document promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Understands {
    /// Lists of ids and folders.
    pub(crate) lists: bool,
    /// `query` in the `fields` of a search for looks.
    pub(crate) look_queries: bool,
}

impl Understands {
    /// Every outcome of trying it out.
    pub(crate) const OUTCOMES: [Self; 4] = [
        Self { lists: true, look_queries: true },
        Self { lists: true, look_queries: false },
        Self { lists: false, look_queries: true },
        Self { lists: false, look_queries: false },
    ];
}

/// 500 dashboards, 300 looks, 60 shared folders, 50 users and what belongs to them.
pub(crate) fn small(understands: Understands) -> SimConfig {
    SimConfig {
        seed: 500,
        dashboards: 500,
        looks: 300,
        folders: 60,
        users: 50,
        groups: 20,
        roles: 15,
        plans: 30,
        boards: 10,
        alerts: 20,
        id_lists: understands.lists,
        folder_id_lists: understands.lists,
        looks_search_gives_query: understands.look_queries,
        ..SimConfig::default()
    }
}

/// Folders that hold at least one live look.
pub(crate) fn folders_with_looks(looker: &Looker) -> usize {
    let bodies = looker.export(Kind::Look);
    let live = looker.ids(Kind::Look, false);
    let folders: BTreeSet<String> = bodies
        .iter()
        .filter(|(id, _)| live.contains(id))
        .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["folder_id"].to_string())
        .collect();
    folders.len()
}

/// Edits one in a hundred dashboards and looks, other ones each day; how many of
/// each.
pub(crate) fn a_day_of_work(looker: &Looker, day: usize) -> [usize; 2] {
    [Kind::Dashboard, Kind::Look].map(|kind| {
        let ids = looker.ids(kind, false);
        let count = ids.len().div_ceil(100);
        let edited = fastrand::Rng::with_seed(day as u64).choose_multiple(&ids, count);
        // What is read within two seconds of its edit is read again by the next run.
        let minute_ago = Timestamp::now() - SignedDuration::from_mins(1);
        for id in edited {
            let text = Value::from(format!("day {day}")).to_string();
            let stamp = Value::from(minute_ago.to_string()).to_string();
            looker.set(kind, id, &[("description", &text), ("updated_at", &stamp)]).unwrap();
        }
        count
    })
}

/// A day passes: all that the vault wrote down of its own doings is a day older.
pub(crate) fn a_day_passes(vault: &Path) {
    let vault = Connection::open(vault).unwrap();
    let day: i64 = 24 * 60 * 60 * 1_000_000;
    for (table, columns) in [
        ("run", &["started_at", "ended_at"][..]),
        ("calls", &["at"]),
        ("kind_read", &["read_at"]),
        ("full_pass", &["read_at"]),
        ("refreshed", &["read_at"]),
        ("version", &["read_at"]),
    ] {
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = {column} - {day}")).collect();
        vault.execute(&format!("UPDATE {table} SET {}", set.join(", ")), ()).unwrap();
    }
}

/// Metered calls of a report by ledger: administrative, query-based.
pub(crate) fn metered(report: &Value) -> [u64; 2] {
    ["administrative", "query_based"].map(|ledger| sum(report, |line| line["ledger"] == ledger))
}

/// Calls for what is spread over runs: those for single objects of kinds that
/// cost a call each.
pub(crate) fn slice(report: &Value) -> u64 {
    let spread = report["spread"].as_array().unwrap();
    let is_spread = |line: &Value| spread.iter().any(|one| one["kind"] == line["kind"]);
    sum(report, |line| line["reason"] == "item" && (is_spread(line) || line["kind"] == "scheduled_plans"))
}

pub(crate) fn sum(report: &Value, of: impl Fn(&Value) -> bool) -> u64 {
    let lines = report["calls"].as_array().unwrap().iter();
    lines.filter(|line| of(line)).map(|line| line["calls"].as_u64().unwrap()).sum()
}

/// The calls of several reports together.
#[derive(Default)]
pub(crate) struct Account(BTreeMap<[String; 3], Vec<u64>>, usize);

impl Account {
    pub(crate) fn add(&mut self, report: &Value) {
        self.1 += 1;
        for line in report["calls"].as_array().unwrap() {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let runs = self.0.entry(["ledger", "kind", "reason"].map(text)).or_default();
            runs.resize(self.1, 0);
            runs[self.1 - 1] += line["calls"].as_u64().unwrap();
        }
    }

    /// Metered calls by ledger: administrative, query-based.
    pub(crate) fn spent(&self) -> [u64; 2] {
        ["administrative", "query_based"].map(|ledger| {
            let of = self.0.iter().filter(|([of, ..], _)| of == ledger);
            of.map(|(_, runs)| runs.iter().sum::<u64>()).sum()
        })
    }
}

impl fmt::Display for Account {
    /// By ledger, kind and reason: their sum, and what each run made.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|([ledger, kind, reason], runs)| {
            let each: Vec<String> = runs.iter().map(u64::to_string).collect();
            let sum: u64 = runs.iter().sum();
            writeln!(f, "{sum:>5} {ledger} {kind} {reason}: {}", each.join(" "))
        })
    }
}
