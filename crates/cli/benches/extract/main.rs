//! The benchmark of `extract`: `cargo bench -p lookervault --bench extract -- [PARTS]`.
//!
//! The simulated Looker and each measured `extract` are processes of their own,
//! both the built program. The simulator waits as long as its model of a Looker
//! says (50 ms a request and 2 ms a full row, unless a part says otherwise) and
//! logs every request, so that the best possible schedule of those very calls is
//! known and the distance to it can be stated ([`floor`]). Strategies take turns
//! within a round, and the first of a round changes, so that a machine that slows
//! down slows all of them.
//!
//! What is measured, and how: wall time of the whole process from outside; CPU
//! time from `/proc/PID/stat` after its end; peak memory as the `VmHWM` of
//! `/proc/PID/status`, read every 5 ms (Linux only); calls by reason from the
//! program's report; calls, wasted calls and full dashboards moved from the
//! simulator's log; compression, size and content from the vault it left.
//!
//! An expectation that is missed is printed as missed. The exit code tells only
//! whether the benchmark itself worked.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod book;
#[expect(dead_code, reason = "other benchmarks end by what was missed")]
mod expectations;
mod floor;
mod measured;
mod options;
mod parts;
mod process;
mod self_check;
mod simulator;
mod table;

use book::Book;
use options::{Options, Part};

const HELP: &str = "\
Usage: cargo bench -p lookervault --bench extract -- [PARTS] [--rounds N] [--json FILE]

Parts:
  scenarios   chosen folders, with a Looker's latency, against scanning
  adaptive    concurrency that starts low and adapts, against the floor
  throughput  no latency at all: what the program itself can do
  memory      peak memory at 26,000 and at 104,000 dashboards
  auto        calls of the default strategy on 20 distributions of folders
  self-check  the floor's computation on hand-made logs
  all         all of these (the default)

  --rounds N   rounds of scenarios, adaptive and throughput [default: 3]
  --json FILE  write all runs and expectations as JSON";

fn main() -> anyhow::Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    if options.help {
        println!("{HELP}");
        return Ok(());
    }
    let mut book = Book::default();
    for part in &options.parts {
        match part {
            Part::SelfCheck => self_check::run()?,
            Part::Scenarios => parts::scenarios::run(&mut book, options.rounds)?,
            Part::Adaptive => parts::adaptive::run(&mut book, options.rounds)?,
            Part::Throughput => parts::throughput::run(&mut book, options.rounds)?,
            Part::Memory => parts::memory::run(&mut book)?,
            Part::Auto => parts::auto::run(&mut book)?,
        }
    }
    book.print_summary();
    match &options.json {
        Some(path) => book.write_json(path),
        None => Ok(()),
    }
}
