//! `auto`, the default strategy, against the better of the other two, on seeded
//! distributions of uneven folders. Its own sizing is part of its calls.
//!
//! With `--nocapture` the table of all calls is printed.

use looker_sim::SimConfig;

use crate::support::VAULT;
use crate::support::content::digest;
use crate::support::looker::Looker;
use crate::support::seeded::Seeded;

/// How many times the calls of the better strategy `auto` may make.
const AT_MOST: f64 = 1.05;
const STRATEGIES: [&str; 3] = ["auto", "per-folder", "scan"];

/// Two to three hundred folders, few of them large and many small or empty, in
/// an instance that holds from nothing else to five times as much.
fn distribution(seed: u64) -> SimConfig {
    let mut random = Seeded::new(seed);
    let folders = if seed.is_multiple_of(3) { random.between(2, 12) } else { random.between(12, 301) };
    let largest = [6, 30, 90, 180][random.between(0, 4) as usize];
    let folder_sizes: Vec<u32> = (0..folders)
        .map(|_| {
            let share = random.between(0, 1_000) as f64 / 1_000.0;
            (share.powi(4) * f64::from(largest)).round() as u32
        })
        .collect();
    let inside: u32 = folder_sizes.iter().sum();
    let outside = (f64::from(inside) * [0.0, 0.3, 1.5, 5.0][random.between(0, 4) as usize]) as u32;
    SimConfig {
        seed,
        dashboards: inside + outside.min(1_500),
        looks: 20,
        users: 3,
        trash_percent: [0, 10][random.between(0, 2) as usize],
        folder_sizes,
        dashboard_bytes: 400,
        ..SimConfig::default()
    }
}

/// Metered calls by strategy, all with the same content.
fn calls(config: SimConfig, kinds: &str, page: u64) -> [u64; 3] {
    let count = config.folder_sizes.len();
    let looker = Looker::start(config);
    let ids = looker.shared_folder_ids()[..count].join(",");
    let mut digests = Vec::new();
    let calls = STRATEGIES.map(|strategy| {
        let world = looker.world();
        let line =
            format!("{kinds} --folder-ids {ids} --folder-strategy {strategy} --page-size {page} --quiet");
        let report = world.extract(&line).complete();
        digests.push(digest(&world.path(VAULT)));
        report["metered_calls"].as_u64().unwrap()
    });
    assert!(digests.iter().all(|digest| *digest == digests[0]), "the strategies disagree: {digests:?}");
    calls
}

#[test]
fn auto_makes_hardly_more_calls_than_the_better_of_the_others() {
    let mut table =
        String::from("seed folders largest inside  all page |  auto per-folder  scan | auto/better\n");
    let mut worst: f64 = 0.0;
    for seed in 1..=20 {
        let config = distribution(seed);
        let sizes = config.folder_sizes.clone();
        let page = [100, 20][usize::from(seed.is_multiple_of(2))];
        let dashboards = config.dashboards;
        let kinds = if seed.is_multiple_of(4) { "dashboards looks" } else { "dashboards" };
        let [auto, per_folder, scan] = calls(config, kinds, page);
        let ratio = auto as f64 / per_folder.min(scan) as f64;
        worst = worst.max(ratio);
        table += &format!(
            "{seed:>4} {:>7} {:>7} {:>6} {dashboards:>4} {page:>4} | {auto:>5} {per_folder:>10} {scan:>5} | {ratio:.3}\n",
            sizes.len(),
            sizes.iter().max().unwrap_or(&0),
            sizes.iter().sum::<u32>(),
        );
    }
    println!("{table}");
    assert!(worst <= AT_MOST, "auto made {worst:.3} times the calls of the better strategy:\n{table}");
}
