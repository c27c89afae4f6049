//! Adaptive concurrency from its default start, over more than 300 pages: what
//! starting low costs.

use crate::book::Book;
use crate::measured::{Run, Way, extract};
use crate::parts::OVER_FLOOR;
use crate::simulator::{Instance, Simulator};
use crate::table::Spread;

const FOLDERS: usize = 8;
const FOLDER_SIZE: u32 = 4_000;
const LEAST_PAGES: u64 = 300;

pub(crate) fn run(book: &mut Book, rounds: usize) -> anyhow::Result<()> {
    let sizes = vec![FOLDER_SIZE; FOLDERS];
    let instance = Instance::like_a_looker(sizes.iter().sum(), sizes);
    let simulator = Simulator::start(&instance)?;
    let name = format!("{FOLDERS} folders x {FOLDER_SIZE}");
    let mut all: Vec<Run> = Vec::new();
    for round in 1..=rounds {
        println!("== {name}, adaptive and fixed concurrency: round {round} of {rounds} ==\n");
        let mut ways = [Way::ADAPTIVE, Way::PER_FOLDER];
        ways.rotate_left(round % 2);
        let mut runs = Vec::new();
        for way in ways {
            runs.push(extract(&simulator, &name, &instance.folder_ids(), way, round)?);
        }
        book.round(&runs);
        all.extend(runs);
    }
    let adaptive = || all.iter().filter(|run| run.way == Way::ADAPTIVE.name());
    let pages = adaptive().map(Run::pages).min().unwrap_or(0);
    let met = pages >= LEAST_PAGES;
    book.expect(format!("{name}, adaptive: pages"), format!(">= {LEAST_PAGES}"), pages.to_string(), met);
    let over = Spread::of(adaptive().filter_map(Run::over_floor));
    let met = over.median <= OVER_FLOOR;
    book.expect(format!("{name}, adaptive: wall / floor"), format!("<= {OVER_FLOOR}"), over.show(3), met);
    Ok(())
}
