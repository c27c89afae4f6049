//! `auto`, the default, against the better of the other two, on seeded
//! distributions of uneven folders. Its calls count with its own sizing.

use crate::book::Book;
use crate::measured::{Run, Way, extract};
use crate::simulator::{Instance, Simulator};
use crate::table::{Spread, table};

const DISTRIBUTIONS: u64 = 20;
const MOST_FOLDERS: u64 = 300;
/// How many times the calls of the better strategy `auto` may make.
const AT_MOST: f64 = 1.05;
/// Bodies play no part here; the simulator makes them as small as it can.
const BODY_BYTES: u32 = 500;

pub(crate) fn run(book: &mut Book) -> anyhow::Result<()> {
    println!("== calls of auto on {DISTRIBUTIONS} distributions of folders ==\n");
    let mut rows = Vec::new();
    let mut ratios = Vec::new();
    for seed in 1..=DISTRIBUTIONS {
        let instance = distribution(seed);
        let simulator = Simulator::start(&instance)?;
        let subject = format!("distribution {seed}");
        let run = |way: Way| extract(&simulator, &subject, &instance.folder_ids(), way, 1);
        let (auto, per_folder, scan) = (run(Way::AUTO)?, run(Way::PER_FOLDER)?, run(Way::SCAN)?);
        let ratio = ratio(&auto, &per_folder, &scan);
        rows.push(row(seed, &instance, [&auto, &per_folder, &scan], ratio));
        ratios.push(ratio);
        book.keep([auto, per_folder, scan]);
    }
    println!("{}", table(&COLUMNS, &rows));
    let spread = Spread::of(ratios);
    let what = format!("auto on {DISTRIBUTIONS} distributions: calls / better of the others");
    book.expect(what, format!("<= {AT_MOST}"), spread.show(3), spread.most <= AT_MOST);
    Ok(())
}

const COLUMNS: [&str; 9] =
    ["seed", "folders", "largest", "in them", "instance", "auto", "per-folder", "scan", "auto/better"];

fn row(seed: u64, instance: &Instance, runs: [&Run; 3], ratio: f64) -> Vec<String> {
    let sizes = &instance.folder_sizes;
    let facts = [sizes.len() as u64, sizes.iter().max().map_or(0, |most| u64::from(*most))];
    let held: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    std::iter::once(seed)
        .chain(facts)
        .chain([held, instance.dashboards.into()])
        .chain(runs.map(|run| run.metered_calls))
        .map(|number| number.to_string())
        .chain([format!("{ratio:.3}")])
        .collect()
}

fn ratio(auto: &Run, per_folder: &Run, scan: &Run) -> f64 {
    auto.metered_calls as f64 / per_folder.metered_calls.min(scan.metered_calls) as f64
}

/// Up to [`MOST_FOLDERS`] folders, few of them large and many small or empty, in
/// an instance that holds from nothing else to six times as much.
fn distribution(seed: u64) -> Instance {
    let mut random = Random(seed);
    let folders = 2 + random.below(MOST_FOLDERS - 1);
    let largest = [8, 60, 250, 900][random.below(4) as usize];
    let size = |random: &mut Random| {
        let unit = random.below(1_000) as f64 / 1_000.0;
        (unit.powi(3) * f64::from(largest)).round() as u32
    };
    let folder_sizes: Vec<u32> = (0..folders).map(|_| size(&mut random)).collect();
    let held: u32 = folder_sizes.iter().sum();
    let elsewhere = (f64::from(held) * [0.0, 0.3, 1.5, 5.0][random.below(4) as usize]) as u32;
    Instance {
        seed,
        dashboards: held + elsewhere,
        folder_sizes,
        body_bytes: BODY_BYTES,
        ..Instance::default()
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014): equal seeds, equal distributions, on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
