//! All runs and what was expected of them.

use std::path::Path;
use std::thread;

use anyhow::Context;
use serde::Serialize;

use crate::expectations::Expectations;
use crate::measured::Run;
use crate::table::{Spread, megabytes, or_dash, table};

/// Everything the benchmark came to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Book {
    runs: Vec<Run>,
    expectations: Expectations,
}

impl Book {
    /// Prints the runs of a round as a table and keeps them.
    pub(crate) fn round(&mut self, runs: &[Run]) {
        let rows: Vec<Vec<String>> = runs.iter().map(|run| row(run, runs)).collect();
        println!("{}", table(&COLUMNS, &rows));
        self.runs.extend_from_slice(runs);
    }

    /// Keeps runs without a table of their own.
    pub(crate) fn keep(&mut self, runs: impl IntoIterator<Item = Run>) {
        self.runs.extend(runs);
    }

    /// Holds what was measured against what is expected.
    pub(crate) fn expect(
        &mut self,
        what: impl Into<String>,
        expected: impl Into<String>,
        measured: impl Into<String>,
        met: bool,
    ) {
        self.expectations.expect(what, expected, measured, met);
    }

    /// Prints medians over rounds, and all expectations.
    pub(crate) fn print_summary(&self) {
        if self.expectations.is_empty() {
            return;
        }
        self.print_medians();
        self.expectations.print();
        println!("Peak memory is VmHWM of /proc/PID/status, read every 5 ms until the process was gone.");
    }

    /// One line for what was run more than once.
    fn print_medians(&self) {
        let mut groups: Vec<Vec<&Run>> = Vec::new();
        for run in &self.runs {
            let same = |group: &&mut Vec<&Run>| group[0].subject == run.subject && group[0].way == run.way;
            match groups.iter_mut().find(same) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        let rows: Vec<Vec<String>> =
            groups.iter().filter(|group| group.len() > 1).map(|group| medians(group)).collect();
        if !rows.is_empty() {
            println!("== Medians (least to most) ==\n\n{}", table(&MEDIANS, &rows));
        }
    }

    /// Writes runs and expectations as JSON.
    pub(crate) fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'static str,
            cores: usize,
            #[serde(flatten)]
            book: &'a Book,
        }
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let document = Document { schema: "lookervault.bench/1", cores, book: self };
        let text = serde_json::to_string_pretty(&document)?;
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}

const COLUMNS: [&str; 16] = [
    "run",
    "wall s",
    "items/s",
    "floor s",
    "wall/floor",
    "scan x8/this",
    "scan x1/this",
    "cpu s",
    "peak MB",
    "wasted",
    "moved",
    "outside",
    "packed",
    "vault MB",
    "requests",
    "calls by reason",
];

fn row(run: &Run, round: &[Run]) -> Vec<String> {
    let ratio = |way: &str| {
        let other = round.iter().find(|other| other.way == way && other.subject == run.subject);
        or_dash(other, |other| format!("{:.2}", other.wall / run.wall))
    };
    let calls: Vec<String> = run.calls.iter().map(|(reason, calls)| format!("{calls} {reason}")).collect();
    vec![
        run.way.clone(),
        format!("{:.3}", run.wall),
        format!("{:.0}", run.items_per_second()),
        or_dash(run.over_floor(), |_| floor(run)),
        or_dash(run.over_floor(), |ratio| format!("{ratio:.3}")),
        ratio("scan x8"),
        ratio("scan x1"),
        or_dash(run.cpu, |cpu| format!("{cpu:.2}")),
        or_dash(run.peak_memory, megabytes),
        run.wasted_calls.to_string(),
        run.moved.to_string(),
        run.moved_outside.to_string(),
        format!("{:.1}x", run.compression()),
        megabytes(run.vault_bytes),
        run.requests.to_string(),
        calls.join(", "),
    ]
}

const MEDIANS: [&str; 7] = ["what", "rounds", "wall s", "items/s", "wall/floor", "cpu s", "peak MB"];

fn medians(runs: &[&Run]) -> Vec<String> {
    let spread = |figure: &dyn Fn(&Run) -> Option<f64>, decimals| {
        let figures: Vec<f64> = runs.iter().filter_map(|run| figure(run)).collect();
        or_dash((!figures.is_empty()).then_some(figures), |figures| Spread::of(figures).show(decimals))
    };
    vec![
        format!("{}, {}", runs[0].subject, runs[0].way),
        runs.len().to_string(),
        spread(&|run| Some(run.wall), 3),
        spread(&|run| Some(run.items_per_second()), 0),
        spread(&Run::over_floor, 3),
        spread(&|run| run.cpu, 2),
        spread(&|run| Some(run.peak_memory? as f64 / 1e6), 1),
    ]
}

/// The floor; both its sides where they do not meet.
fn floor(run: &Run) -> String {
    let (low, high) = (run.floor.at_least, run.floor.feasible);
    if high - low < 0.0005 { format!("{low:.3}") } else { format!("{low:.3}..{high:.3}") }
}
