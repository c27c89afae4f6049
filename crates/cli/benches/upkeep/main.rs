//! The benchmark of upkeep: `cargo bench -p lookervault --bench upkeep -- [INSTANCES]`.
//!
//! Two simulated instances, a small and a large one, are read as their targets say
//! (`tests/support/targets.rs`): all at once by a first run, by daily runs of which each
//! finds one object in a hundred edited and one in ten looked at, and by a month of
//! daily runs within an allowance, which spreads what costs a call an object. All of that
//! for each outcome of trying out what the instance understands beyond what is documented.
//!
//! Beside the calls of each ledger stands the least that the API allows for the same
//! (`tests/support/minimum.rs`), and every call above it with its reason. The program's
//! account must be what the simulator saw. Wall time and peak memory are those of the
//! program as a process of its own; the simulator shares the machine with it.
//!
//! A target that is missed is printed as missed and ends the benchmark with exit code 1.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod book;
#[path = "../extract/expectations.rs"]
#[expect(dead_code, reason = "the other benchmark may expect nothing")]
mod expectations;
mod instance;
mod options;
#[path = "../extract/process.rs"]
#[expect(dead_code, reason = "processor time is told by the other benchmark")]
mod process;
mod support;
#[path = "../extract/table.rs"]
#[expect(dead_code, reason = "the other benchmarks' tables")]
mod table;

use std::process::ExitCode;

use book::Book;
use instance::Instance;
use options::Options;
use support::targets::{Scale, Understands};

const HELP: &str = "\
Usage: cargo bench -p lookervault --bench upkeep -- [INSTANCES] [--json FILE]

Instances:
  small  500 dashboards, 300 looks, 60 folders, 50 users, ...: about a minute
  large  26,000 dashboards, 12,000 looks, 2,500 folders, 3,000 users, ...: about half an hour
  all    both (the default)

  --json FILE  write all figures as JSON";

/// Daily runs that are shown by themselves.
const DAYS: usize = 2;

/// Daily runs of a month.
const MONTH: usize = 30;

/// Within so many days everything is read at least once.
const FILLED_WITHIN: usize = 14;

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    if options.help {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut book = Book::default();
    for scale in &options.scales {
        for understands in &Understands::OUTCOMES[..options.outcomes] {
            book.begin(format!("{} instance, {}", scale.name, understands.name()));
            days(&mut book, scale, *understands)?;
            if options.months {
                month(&mut book, scale, *understands)?;
            }
            book.print_last();
        }
    }
    book.print_summary();
    if let Some(path) = &options.json {
        book.write_json(path)?;
    }
    Ok(if book.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A first run of everything, and daily ones.
fn days(book: &mut Book, scale: &'static Scale, understands: Understands) -> anyhow::Result<()> {
    let mut instance = Instance::start(scale, understands, false);
    let first = instance.extract()?;
    let most = scale.most_at_first(understands, &instance.looker);
    book.run("first run", &first, most);
    for day in 1..=DAYS {
        let most = scale.most_a_day(understands, instance.live_a_day());
        let daily = instance.extract()?;
        book.run(&format!("daily run {day}"), &daily, most);
    }
    Ok(())
}

/// A month of daily runs, what is spread spread by an allowance.
fn month(book: &mut Book, scale: &'static Scale, understands: Understands) -> anyhow::Result<()> {
    let mut instance = Instance::start(scale, understands, true);
    let (mut runs, mut targets) = (Vec::new(), Vec::new());
    let mut filled_on = None;
    for day in 1..=MONTH {
        let run = instance.extract()?;
        if run.missing == 0 {
            filled_on = filled_on.or(Some(day));
        }
        runs.push(run);
        targets.push(scale.most_a_day(understands, instance.live_a_day()));
    }
    book.dearest_day(&runs[1..], &targets);
    book.month(&runs, scale.month.map(|month| month.most(understands)));
    book.filled(filled_on, FILLED_WITHIN);
    Ok(())
}
