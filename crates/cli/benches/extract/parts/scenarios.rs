//! Chosen folders of a larger instance, read folder by folder, against scanning
//! the instance with as many workers and, the old way, with one.

use crate::book::Book;
use crate::measured::{Run, Way, extract};
use crate::parts::OVER_FLOOR;
use crate::simulator::{Instance, Simulator};
use crate::table::Spread;

struct Scenario {
    folders: u32,
    folder_size: u32,
    whole: u32,
    /// How many times faster than the old way it shall be.
    faster: f64,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario { folders: 3, folder_size: 1_000, whole: 10_000, faster: 10.0 },
    Scenario { folders: 10, folder_size: 500, whole: 19_000, faster: 12.0 },
    Scenario { folders: 5, folder_size: 2_000, whole: 26_000, faster: 13.0 },
];

const WAYS: [Way; 3] = [Way::PER_FOLDER, Way::SCAN, Way::OLD];

impl Scenario {
    fn name(&self) -> String {
        format!("{} folders x {} of {}", self.folders, self.folder_size, self.whole)
    }

    fn instance(&self) -> Instance {
        Instance::like_a_looker(self.whole, vec![self.folder_size; self.folders as usize])
    }
}

pub(crate) fn run(book: &mut Book, rounds: usize) -> anyhow::Result<()> {
    for scenario in &SCENARIOS {
        let instance = scenario.instance();
        let simulator = Simulator::start(&instance)?;
        let mut all = Vec::new();
        for round in 0..rounds {
            println!("== {}: round {} of {rounds} ==\n", scenario.name(), round + 1);
            let mut runs = Vec::new();
            for turn in 0..WAYS.len() {
                let way = WAYS[(round + turn) % WAYS.len()];
                runs.push(extract(&simulator, &scenario.name(), &instance.folder_ids(), way, round + 1)?);
            }
            book.round(&runs);
            all.push(runs);
        }
        judge(book, scenario, &all);
    }
    Ok(())
}

/// Two runs of each round, one after the other.
struct Pair<'a> {
    per_folder: &'a Run,
    other: &'a Run,
}

fn pairs(rounds: &[Vec<Run>], other: Way) -> Vec<Pair<'_>> {
    let pair = |runs: &'_ Vec<Run>| {
        let of = |way: Way| runs.iter().position(|run| run.way == way.name());
        Some((of(Way::PER_FOLDER)?, of(other)?))
    };
    let found = rounds.iter().filter_map(|runs| pair(runs).map(|at| (runs, at)));
    found.map(|(runs, (one, two))| Pair { per_folder: &runs[one], other: &runs[two] }).collect()
}

fn judge(book: &mut Book, scenario: &Scenario, rounds: &[Vec<Run>]) {
    let name = scenario.name();
    let scan = pairs(rounds, Way::SCAN);
    let old = pairs(rounds, Way::OLD);
    let own = || scan.iter().map(|pair| pair.per_folder);

    let outside = own().map(|run| run.moved_outside).max().unwrap_or(0);
    book.expect(format!("{name}: moved from outside"), "0", outside.to_string(), outside == 0);

    let expected = f64::from(scenario.whole) / f64::from(scenario.folders * scenario.folder_size);
    let fewer = Spread::of(scan.iter().map(|pair| pair.other.moved as f64 / pair.per_folder.moved as f64));
    let met = fewer.least >= expected - 0.005;
    book.expect(format!("{name}: fewer moved than scan"), format!("{expected:.1}x"), fewer.show(1), met);

    let wasted = own().map(|run| run.wasted_calls).max().unwrap_or(0);
    book.expect(format!("{name}: wasted calls"), "0", wasted.to_string(), wasted == 0);

    let over = Spread::of(own().filter_map(Run::over_floor));
    let limit = format!("<= {OVER_FLOOR}");
    book.expect(format!("{name}: wall / floor"), limit, over.show(3), over.median <= OVER_FLOOR);

    let faster = Spread::of(old.iter().map(|pair| pair.other.wall / pair.per_folder.wall));
    let limit = format!(">= {}x", scenario.faster);
    book.expect(
        format!("{name}: faster than scan x1"),
        limit,
        faster.show(1),
        faster.median >= scenario.faster,
    );

    let mut digests = scan.iter().chain(&old).flat_map(|pair| [pair.per_folder, pair.other]);
    let first = digests.next().map(|run| &run.content_digest);
    let same = first.is_some() && digests.all(|run| Some(&run.content_digest) == first);
    let measured = if same { "equal" } else { "different" };
    book.expect(format!("{name}: content as by scan"), "equal", measured, same);
}
