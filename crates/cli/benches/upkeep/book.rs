//! The figures: printed beside their targets and the least that the API allows,
//! written as JSON.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::expectations::Expectations;
use crate::instance::Run;
use crate::table::{megabytes, or_dash, table};

const LEDGERS: [&str; 2] = ["administrative", "query_based"];

/// Everything the benchmark came to.
#[derive(Default, Serialize)]
pub(crate) struct Book {
    #[serde(skip)]
    instance: String,
    entries: Vec<Entry>,
    expectations: Expectations,
    /// Entries that were printed.
    #[serde(skip)]
    printed: usize,
}

/// One run, or a month of them.
#[derive(Serialize)]
struct Entry {
    instance: String,
    name: String,
    /// Metered calls: administrative, query-based.
    calls: [u64; 2],
    fewest: [u64; 2],
    slice: u64,
    /// Most calls without the slice; of a run with a target.
    most: Option<u64>,
    wall_seconds: f64,
    peak_memory: Option<u64>,
    vault_bytes: u64,
    above: Vec<Above>,
}

/// Calls of a kind above the fewest.
#[derive(Serialize, Clone, PartialEq, Eq)]
struct Above {
    kind: String,
    ledger: String,
    calls: u64,
    /// Nobody has a reason for a call that was made for nothing.
    why: Option<&'static str>,
}

impl Entry {
    fn of(instance: &str, name: &str, runs: &[Run], most: Option<u64>) -> Self {
        let sum = |of: &dyn Fn(&Run) -> u64| runs.iter().map(of).sum::<u64>();
        Self {
            instance: instance.to_owned(),
            name: name.to_owned(),
            calls: [0, 1].map(|ledger| sum(&|run| run.calls[ledger])),
            fewest: LEDGERS.map(|ledger| sum(&|run| run.fewest(ledger))),
            slice: sum(&|run| run.slice),
            most,
            wall_seconds: runs.iter().map(|run| run.wall.as_secs_f64()).sum(),
            peak_memory: runs.iter().filter_map(|run| run.peak_memory).max(),
            vault_bytes: runs.last().map_or(0, |run| run.vault_bytes),
            above: above(runs),
        }
    }

    fn bulk(&self) -> u64 {
        self.calls.iter().sum::<u64>() - self.slice
    }

    fn row(&self) -> Vec<String> {
        let fewest_bulk = self.fewest.iter().sum::<u64>().saturating_sub(self.slice);
        vec![
            self.name.clone(),
            self.calls[0].to_string(),
            self.fewest[0].to_string(),
            self.calls[1].to_string(),
            self.fewest[1].to_string(),
            self.slice.to_string(),
            self.bulk().to_string(),
            fewest_bulk.to_string(),
            or_dash(self.most, |most| most.to_string()),
            format!("{:.2}", self.wall_seconds),
            or_dash(self.peak_memory, megabytes),
            megabytes(self.vault_bytes),
        ]
    }
}

/// Calls above the fewest of all runs, summed up by kind and reason.
fn above(runs: &[Run]) -> Vec<Above> {
    let mut all: Vec<Above> = Vec::new();
    for cost in runs.iter().flat_map(|run| &run.costs) {
        let explained = cost.above.iter().map(|(calls, why)| (*calls, Some(*why)));
        for (calls, why) in explained.chain([(cost.unexplained(), None)]).filter(|(calls, _)| *calls > 0) {
            let (kind, ledger) = (cost.kind.clone(), cost.ledger.clone());
            match all.iter_mut().find(|one| (&one.kind, &one.ledger, one.why) == (&kind, &ledger, why)) {
                Some(one) => one.calls += calls,
                None => all.push(Above { kind, ledger, calls, why }),
            }
        }
    }
    all
}

const COLUMNS: [&str; 12] = [
    "run",
    "administrative",
    "fewest",
    "query-based",
    "fewest",
    "of them slices",
    "bulk",
    "fewest",
    "target",
    "wall s",
    "peak MB",
    "vault MB",
];

impl Book {
    /// From now on all is about this instance.
    pub(crate) fn begin(&mut self, instance: String) {
        println!("== {instance} ==\n");
        self.instance = instance;
    }

    /// Keeps a run, and holds it against its target.
    pub(crate) fn run(&mut self, name: &str, run: &Run, most: u64) {
        let what = format!("{}: {name}, calls without the slice", self.instance);
        self.expect_at_most(what, run.bulk(), Some(most));
        self.keep(name, std::slice::from_ref(run), Some(most));
    }

    /// Keeps a month, and holds each ledger against its target where it has one.
    pub(crate) fn month(&mut self, runs: &[Run], most: Option<[u64; 2]>) {
        for (at, ledger) in LEDGERS.iter().enumerate() {
            let calls = runs.iter().map(|run| run.calls[at]).sum();
            let what = format!("{}: month, {} calls", self.instance, ledger.replace('_', "-"));
            self.expect_at_most(what, calls, most.map(|most| most[at]));
        }
        self.keep(&format!("month of {} runs", runs.len()), runs, None);
    }

    /// Holds each day of a month against its target, and keeps that which comes nearest
    /// to it, or exceeds it most.
    pub(crate) fn dearest_day(&mut self, runs: &[Run], targets: &[u64]) {
        let days = runs.iter().zip(targets);
        let dearest = days.max_by_key(|(run, most)| i128::from(run.bulk()) - i128::from(**most));
        let Some((run, most)) = dearest else { return };
        self.run("dearest day of the month", run, *most);
    }

    /// Holds the day on which everything had been read against the last one allowed.
    pub(crate) fn filled(&mut self, day: Option<usize>, within: usize) {
        let what = format!("{}: days until everything was read", self.instance);
        let met = day.is_some_and(|day| day <= within);
        self.expectations.expect(what, format!("<= {within}"), or_dash(day, |day| day.to_string()), met);
    }

    fn expect_at_most(&mut self, what: String, calls: u64, most: Option<u64>) {
        let expected = most.map_or_else(|| "printed".to_owned(), |most| format!("<= {most}"));
        self.expectations.expect(what, expected, calls.to_string(), most.is_none_or(|most| calls <= most));
    }

    fn keep(&mut self, name: &str, runs: &[Run], most: Option<u64>) {
        let entry = Entry::of(&self.instance, name, runs, most);
        let unexplained: u64 =
            entry.above.iter().filter(|above| above.why.is_none()).map(|above| above.calls).sum();
        let what = format!("{}: {name}, calls without a reason", self.instance);
        self.expectations.expect(what, "0", unexplained.to_string(), unexplained == 0);
        self.entries.push(entry);
    }

    /// Prints what was not printed yet.
    pub(crate) fn print_last(&mut self) {
        let fresh = &self.entries[self.printed..];
        let rows: Vec<Vec<String>> = fresh.iter().map(Entry::row).collect();
        println!("{}", table(&COLUMNS, &rows));
        println!("Above the fewest that the API allows:\n");
        for entry in fresh {
            println!("  {}", entry.name);
            for Above { kind, calls, why, .. } in &entry.above {
                println!("  {calls:>6}  {kind}: {}", why.unwrap_or("NO REASON"));
            }
            println!();
        }
        self.printed = self.entries.len();
    }

    /// Prints all expectations.
    pub(crate) fn print_summary(&self) {
        self.expectations.print();
        println!("Slices are calls for objects that cost a call each; a run is held to the rest, its bulk.");
        println!("Peak memory is VmHWM of /proc/PID/status, read every 5 ms until the process was gone.");
    }

    /// Whether every target was met.
    pub(crate) fn is_met(&self) -> bool {
        self.expectations.are_met()
    }

    /// Writes everything as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'static str,
            #[serde(flatten)]
            book: &'a Book,
        }
        let document = Document { schema: "lookervault.bench_upkeep/1", book: self };
        let text = serde_json::to_string_pretty(&document)?;
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}
