//! No latency: how fast the program itself is. It shares the machine with the
//! simulator, so its processor time is stated too.

use std::thread;

use crate::book::Book;
use crate::measured::{Run, Way, extract};
use crate::simulator::{Instance, Simulator};
use crate::table::Spread;

const DASHBOARDS: u32 = 10_000;
/// Dashboards a second on two cores.
const AIM: f64 = 4_000.0;
const AIMED_CORES: f64 = 2.0;

pub(crate) fn run(book: &mut Book, rounds: usize) -> anyhow::Result<()> {
    let simulator = Simulator::start(&Instance::without_latency(DASHBOARDS, Vec::new()))?;
    let mut runs: Vec<Run> = Vec::new();
    for round in 1..=rounds {
        println!("== {DASHBOARDS} dashboards without latency: round {round} of {rounds} ==\n");
        let run = extract(&simulator, "no latency", &[], Way::AUTO, round)?;
        book.round(std::slice::from_ref(&run));
        runs.push(run);
    }
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let what = format!("no latency, simulator on the same {cores} cores: dashboards/s");
    let rate = Spread::of(runs.iter().map(Run::items_per_second));
    book.expect(what, format!(">= {AIM}"), rate.show(0), rate.median >= AIM);
    let own = Spread::of(runs.iter().filter_map(|run| Some(run.items as f64 / run.cpu? * AIMED_CORES)));
    let what = format!("no latency: dashboards per {AIMED_CORES} processor seconds of the program");
    book.expect(what, format!(">= {AIM}"), own.show(0), own.median >= AIM);
    Ok(())
}
