//! The benchmark of restore: `cargo bench -p lookervault --bench restore -- [CASES]`.
//!
//! A simulated instance, which takes 5 ms for a call unless told otherwise, holds
//! dashboards of about twelve tiles. They are extracted, then all of them are given other
//! titles, trashed or deleted for good, and the program brings them back as a process of
//! its own. Printed are dashboards a second, calls beside the formulas of `docs/restore.md`
//! and the least that the API allows, and wall time beside what the calls alone take:
//! latency times calls by how many are made at once. Beside that stands what the phases
//! take at the least on this machine: calls or processor time, whichever is more, planning
//! before writing.
//!
//! Each case is measured with several numbers of calls at once: the program and the
//! simulator share the machine, and the more calls are made at once, the more it is their
//! processor time that binds and not the calls.
//!
//! What is missed is printed as missed and ends the benchmark with exit code 1.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

#[path = "../extract/expectations.rs"]
#[expect(dead_code, reason = "the other benchmark may expect nothing")]
mod expectations;
mod measured;
mod options;
mod phases;
#[path = "../extract/process.rs"]
#[expect(dead_code, reason = "processor time is told phase by phase")]
mod process;
mod support;
#[path = "../extract/table.rs"]
#[expect(dead_code, reason = "the other benchmarks' tables")]
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use expectations::Expectations;
use measured::{Restored, restore};
use options::Options;
use table::{megabytes, or_dash, table};

const HELP: &str = "\
Usage: cargo bench -p lookervault --bench restore -- [CASES] [OPTIONS]

Cases:
  titles   10,000 dashboards whose titles were changed
  trashed  10,000 dashboards that were moved to the trash
  purged   500 dashboards that were deleted for good
  all      all of these (the default)

  --dashboards N  so many of each instead
  --workers N,N   with so many calls at once, one after the other (8,2,1)
  --latency MS    so many milliseconds a call (5)
  --json FILE     write all figures as JSON";

/// Wall time over what the calls alone take.
const CLOSE: f64 = 1.2;

/// Everything the benchmark came to.
#[derive(Serialize)]
struct Book {
    schema: &'static str,
    cases: Vec<Restored>,
    expectations: Expectations,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    if options.help {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut expectations = Expectations::default();
    let mut cases = Vec::new();
    for (damage, dashboards) in &options.cases {
        for workers in &options.workers {
            println!(
                "{dashboards} dashboards, {}, {workers} at once, {} ms a call ...",
                damage.name(),
                options.latency.as_millis()
            );
            let restored = restore(*damage, *dashboards, *workers, options.latency)?;
            expectations.expect_of(&restored, options.judges_time);
            cases.push(restored);
        }
    }
    let book = Book { schema: "lookervault.bench_restore/1", cases, expectations };
    book.print();
    if let Some(path) = &options.json {
        book.write_json(path)?;
    }
    Ok(if book.expectations.are_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Expectations {
    fn expect_of(&mut self, restored: &Restored, judges_time: bool) {
        let (what, calls, formula) = (restored.name(), restored.calls, restored.formula);
        let (expected, measured) = (formula.to_string(), calls.to_string());
        self.expect(format!("{what}: calls by the formula"), expected, measured, calls == formula);
        if judges_time {
            let ratio = restored.over_calls();
            let (expected, measured) = (format!("<= {CLOSE}"), format!("{ratio:.2}"));
            self.expect(format!("{what}: wall time over its calls"), expected, measured, ratio <= CLOSE);
        }
    }
}

impl Book {
    fn print(&self) {
        let head = [
            "case",
            "dashboards",
            "at once",
            "tiles",
            "calls",
            "a dashboard",
            "fewest",
            "wall s",
            "calls alone s",
            "wall/calls",
            "at least s",
            "wall/at least",
            "dashboards/s",
            "peak MB",
        ];
        let row = |one: &Restored| {
            let each = |calls: u64| format!("{:.3}", calls as f64 / f64::from(one.dashboards));
            vec![
                one.case.to_owned(),
                one.dashboards.to_string(),
                one.workers.to_string(),
                one.tiles.to_string(),
                one.calls.to_string(),
                each(one.calls),
                each(one.least),
                format!("{:.2}", one.wall_seconds),
                format!("{:.2}", one.calls_alone()),
                format!("{:.2}", one.over_calls()),
                format!("{:.2}", one.at_least()),
                format!("{:.2}", one.wall_seconds / one.at_least()),
                format!("{:.0}", f64::from(one.dashboards) / one.wall_seconds),
                or_dash(one.peak_memory, megabytes),
            ]
        };
        let rows: Vec<Vec<String>> = self.cases.iter().map(row).collect();
        println!("\n{}", table(&head, &rows));
        for one in &self.cases {
            println!("Phases of {}:\n\n{}", one.name(), one.phases());
        }
        println!("Calls beyond the least:\n");
        for one in &self.cases {
            println!("  {}", one.name());
            one.above.iter().for_each(|(why, calls)| println!("  {calls:>6}  {why}"));
        }
        println!();
        self.expectations.print();
    }

    fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}
