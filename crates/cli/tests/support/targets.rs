//! The two instances that targets are stated for, and the days that pass on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use looker_sim::{Kind, SimConfig};
use rusqlite::Connection;
use serde_json::Value;

use super::World;
use super::looker::Looker;

/// What an instance understands that no document promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Understands {
    /// Lists of ids.
    pub(crate) ids: bool,
    /// Lists of folders.
    pub(crate) folders: bool,
    /// `query` in the `fields` of a search for looks.
    pub(crate) look_queries: bool,
}

impl Understands {
    /// Every outcome of trying out lists and queries of looks.
    pub(crate) const OUTCOMES: [Self; 4] = [
        Self { ids: true, folders: true, look_queries: true },
        Self { ids: true, folders: true, look_queries: false },
        Self { ids: false, folders: false, look_queries: true },
        Self { ids: false, folders: false, look_queries: false },
    ];

    /// Lists of one sort and not of the other.
    pub(crate) const HALVES: [Self; 2] = [
        Self { ids: true, folders: false, look_queries: false },
        Self { ids: false, folders: true, look_queries: false },
    ];

    pub(crate) fn name(self) -> &'static str {
        match (self.ids, self.folders, self.look_queries) {
            (true, true, true) => "lists of ids and queries of looks in searches",
            (true, true, false) => "lists of ids",
            (true, false, _) => "lists of ids, not of folders",
            (false, true, _) => "lists of folders, not of ids",
            (false, false, true) => "queries of looks in searches",
            (false, false, false) => "nothing beyond what is documented",
        }
    }
}

/// An instance that targets are stated for. What a run reads of kinds that cost a
/// call an object, its slice, is counted apart.
pub(crate) struct Scale {
    pub(crate) name: &'static str,
    /// Its sizes.
    pub(crate) config: fn() -> SimConfig,
    /// Most metered calls of a first run, without its slice.
    first: u64,
    /// The same of a daily run on which one in a hundred objects has changed.
    daily: u64,
    /// Most calls of a month of daily runs within an allowance, where that is stated.
    pub(crate) month: Option<Month>,
    /// The calls of each ledger that a month allows: what is spread is spread by it.
    pub(crate) allowance: u64,
}

/// Most calls of a month.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Month {
    administrative: u64,
    administrative_without_lists: u64,
    query_based: u64,
}

/// 500 dashboards, 300 looks, 60 shared folders, 50 users and what belongs to them,
/// under the smallest licence.
pub(crate) const SMALL: Scale = Scale {
    name: "small",
    config: || SimConfig {
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
        ..SimConfig::default()
    },
    first: 60,
    daily: 25,
    // What a licence of a thousand calls leaves without its reserve for restores where
    // lists of ids are taken, with it where they are not; and half of it for queries.
    month: Some(Month { administrative: 850, administrative_without_lists: 1_000, query_based: 500 }),
    allowance: 1_000,
};

/// 26,000 dashboards, 12,000 looks, 2,500 shared folders, 3,000 users, 4,000 schedules.
pub(crate) const LARGE: Scale = Scale {
    name: "large",
    config: || SimConfig {
        seed: 26_000,
        dashboards: 26_000,
        looks: 12_000,
        folders: 2_500,
        users: 3_000,
        plans: 4_000,
        ..SimConfig::default()
    },
    first: 450,
    daily: 60,
    month: None,
    allowance: 100_000,
};

impl Scale {
    /// What to simulate.
    pub(crate) fn simulated(&self, understands: Understands) -> SimConfig {
        SimConfig {
            id_lists: understands.ids,
            folder_id_lists: understands.folders,
            looks_search_gives_query: understands.look_queries,
            ..(self.config)()
        }
    }

    /// The licence that spreads what costs a call an object: all of it is for extraction.
    pub(crate) fn within_allowance(&self, world: &mut World) {
        let calls = self.allowance.to_string();
        world.set("LOOKERVAULT_MONTHLY_CALLS", &calls);
        world.set("LOOKERVAULT_MONTHLY_QUERY_CALLS", &calls);
        world.set("LOOKERVAULT_RESTORE_RESERVE", "0");
    }

    /// Most calls of a first run: where queries of looks need a call a folder, one more
    /// for each folder that holds looks.
    pub(crate) fn most_at_first(&self, understands: Understands, looker: &Looker) -> u64 {
        let folders = if understands.look_queries { 0 } else { folders_with_looks(looker) };
        self.first + folders as u64
    }

    /// Most calls of a daily run: where no lists of ids are taken, one more for each
    /// changed object beyond the first of its kind.
    pub(crate) fn most_a_day(&self, understands: Understands, work: &Work) -> u64 {
        let single: usize = work.values().map(|ids| ids.len().saturating_sub(1)).sum();
        self.daily + if understands.ids { 0 } else { single as u64 }
    }
}

impl Month {
    /// By ledger: administrative, query-based.
    pub(crate) fn most(self, understands: Understands) -> [u64; 2] {
        let administrative =
            if understands.ids { self.administrative } else { self.administrative_without_lists };
        [administrative, self.query_based]
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

/// What was edited in a day, by the name of its kind.
pub(crate) type Work = BTreeMap<&'static str, Vec<String>>;

/// Edits one in a hundred dashboards and looks, other ones each day, and looks at
/// every tenth, which moves no stamp.
pub(crate) fn a_day_of_work(looker: &Looker, day: usize) -> Work {
    let work = [("dashboards", Kind::Dashboard), ("looks", Kind::Look)];
    work.into_iter().map(|(name, kind)| (name, a_day_of_work_on(looker, kind, day))).collect()
}

fn a_day_of_work_on(looker: &Looker, kind: Kind, day: usize) -> Vec<String> {
    let ids = looker.ids(kind, false);
    let mut rng = fastrand::Rng::with_seed(day as u64);
    let edited: Vec<String> =
        rng.choose_multiple(&ids, ids.len().div_ceil(100)).into_iter().cloned().collect();
    // What is read within two seconds of its edit is read again by the next run.
    let minute_ago = Timestamp::now() - SignedDuration::from_mins(1);
    for id in &edited {
        let text = Value::from(format!("day {day}")).to_string();
        let stamp = Value::from(minute_ago.to_string()).to_string();
        looker.set(kind, id, &[("description", &text), ("updated_at", &stamp)]).unwrap();
    }
    for id in rng.choose_multiple(&ids, ids.len() / 10) {
        looker.view(kind, id).unwrap();
    }
    edited
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
        ("refused", &["at"]),
        ("version", &["read_at", "confirmed_at"]),
    ] {
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = {column} - {day}")).collect();
        vault.execute(&format!("UPDATE {table} SET {}", set.join(", ")), ()).unwrap();
    }
}

/// The stored objects of a kind that is read object by object, by when they were read,
/// the oldest first, as a run takes them.
pub(crate) fn ages(vault: &Path, kind: &str) -> Vec<String> {
    let vault = Connection::open(vault).unwrap();
    let select = "SELECT o.key FROM refreshed f JOIN object o ON o.id = f.object
         WHERE o.kind = ?1 ORDER BY f.read_at, o.key";
    let mut select = vault.prepare(select).unwrap();
    let keys = select.query_map([kind], |row| row.get(0)).unwrap();
    keys.map(Result::unwrap).collect()
}

/// Makes objects that are read object by object so many days older.
pub(crate) fn make_older(vault: &Path, kind: &str, keys: &[String], days: i64) {
    let vault = Connection::open(vault).unwrap();
    for key in keys {
        let update = "UPDATE refreshed SET read_at = read_at - ?3
             WHERE object = (SELECT id FROM object WHERE kind = ?1 AND key = ?2)";
        let day: i64 = 24 * 60 * 60 * 1_000_000;
        assert_eq!(vault.execute(update, (kind, key, days * day)).unwrap(), 1);
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
