//! All runs and what was expected of them.

use std::path::Path;
use std::thread;

use anyhow::Context;
use serde::Serialize;

use crate::measured::Run;
use crate::table::{megabytes, or_dash, table};

/// Something the project promises of itself, beside what was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Expectation {
    what: String,
    expected: String,
    measured: String,
    met: bool,
}

/// Everything the benchmark came to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Book {
    runs: Vec<Run>,
    expectations: Vec<Expectation>,
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
        self.expectations.push(Expectation {
            what: what.into(),
            expected: expected.into(),
            measured: measured.into(),
            met,
        });
    }

    /// Prints all expectations.
    pub(crate) fn print_summary(&self) {
        if self.expectations.is_empty() {
            return;
        }
        let row = |one: &Expectation| {
            let verdict = if one.met { "met" } else { "MISSED" };
            vec![one.what.clone(), one.expected.clone(), one.measured.clone(), verdict.to_owned()]
        };
        let rows: Vec<Vec<String>> = self.expectations.iter().map(row).collect();
        let met = self.expectations.iter().filter(|one| one.met).count();
        println!("== Summary: {met} of {} expectations met ==\n", rows.len());
        println!("{}", table(&["what", "expected", "measured", ""], &rows));
        println!("Peak memory is VmHWM of /proc/PID/status, read every 5 ms until the process was gone.");
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

/// The floor; both its sides where they do not meet.
fn floor(run: &Run) -> String {
    let (low, high) = (run.floor.at_least, run.floor.feasible);
    if high - low < 0.0005 { format!("{low:.3}") } else { format!("{low:.3}..{high:.3}") }
}
