//! Calls, counted beforehand by the rule and compared with what was made.
//!
//! Free are login, logout and the release; who we are costs one call. A kind that is not paged costs one
//! call. A group of a paged kind with stamps (live, or the trash) costs an
//! opening listing, max(1, ⌈n ÷ page⌉) pages a stream, and a closing listing;
//! streams that the listing showed to be empty cost nothing.
//!
//! An answer that ends at a round number of rows may have been cut there. It
//! costs a second look, wasted if nothing is behind it, unless a total or a
//! longer answer of the same list tells that it was not.

use looker_sim::{Kind, SimConfig};

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{BASICS, sum};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    PerFolder,
    Scan,
    Auto,
}

impl Strategy {
    const ALL: [Self; 3] = [Self::PerFolder, Self::Scan, Self::Auto];

    fn flag(self) -> &'static str {
        match self {
            Self::PerFolder => "per-folder",
            Self::Scan => "scan",
            Self::Auto => "auto",
        }
    }
}

fn pages(rows: u64, page: u64) -> u64 {
    rows.div_ceil(page)
}

/// Calls for the account, once a run.
const WHO_WE_ARE: u64 = 1;

/// Calls, and those of them that look at pages beyond an end.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    calls: u64,
    waste: u64,
}

impl Cost {
    fn of(calls: u64) -> Self {
        Self { calls, waste: 0 }
    }

    fn and(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, waste: self.waste + other.waste }
    }

    fn sum(costs: impl IntoIterator<Item = Self>) -> Self {
        costs.into_iter().fold(Self::default(), Self::and)
    }
}

/// A kind on one side.
#[derive(Debug)]
struct Group {
    trash: bool,
    /// Rows of the whole instance.
    total: u64,
    /// Rows by chosen folder.
    folders: Option<Vec<u64>>,
    page: u64,
    totals: bool,
}

impl Group {
    fn of(
        looker: &Looker,
        kind: Kind,
        trash: bool,
        folders: Option<&[String]>,
        page: u64,
        totals: bool,
    ) -> Self {
        let held = |id: &String| looker.ids_in(kind, id, trash).len() as u64;
        Self {
            trash,
            total: looker.ids(kind, trash).len() as u64,
            folders: folders.map(|folders| folders.iter().map(held).collect()),
            page,
            totals,
        }
    }

    /// Whether an answer of so many rows may have been cut.
    fn is_doubtful(&self, rows: u64, seen_at_once: u64) -> bool {
        rows > 0 && rows.is_multiple_of(50) && rows >= seen_at_once && !self.totals
    }

    /// A listing of the whole kind whose length nobody knows beforehand.
    fn unsized_listing(&self) -> u64 {
        1 + u64::from(self.is_doubtful(self.total, 0))
    }

    /// A stream whose size the opening listing told, with its longest answer.
    fn stream(&self, rows: u64, seen_at_once: u64) -> Cost {
        let calls = pages(rows, self.page);
        let last = rows - calls.saturating_sub(1) * self.page;
        let waste = u64::from(self.is_doubtful(last, seen_at_once));
        Cost { calls: calls + waste, waste }
    }

    fn cost(&self, strategy: Strategy) -> Cost {
        let scan = self.stream(self.total, u64::MAX);
        let Some(folders) = &self.folders else { return Cost::of(self.unsized_listing() + 1).and(scan) };
        let count = folders.len() as u64;
        // The trash is listed whole where there are several folders.
        let listed_apart =
            strategy != Strategy::Scan && (count == 1 || strategy == Strategy::PerFolder && !self.trash);
        let longest = folders.iter().max().copied().unwrap_or(0);
        let seen_at_once = if listed_apart { longest } else { u64::MAX };
        let apart = Cost::sum(folders.iter().map(|rows| self.stream(*rows, seen_at_once)));
        let pages_apart: u64 = folders.iter().map(|rows| pages(*rows, self.page)).sum();
        let reading = match strategy {
            _ if longest == 0 => Cost::default(),
            Strategy::Scan => scan,
            Strategy::Auto if count > 1 && pages(self.total, self.page) < pages_apart => scan,
            Strategy::PerFolder | Strategy::Auto => apart,
        };
        let listings = if listed_apart { 2 * count } else { self.unsized_listing() + 1 };
        reading.and(Cost::of(listings))
    }
}

/// Extracts, and compares the calls with `wanted`, with the report and with what
/// the simulator counted.
#[track_caller]
fn costs(looker: &Looker, line: &str, wanted: Cost) {
    looker.reset_stats();
    let world = looker.world();
    let report = world.extract(line).complete();
    let requests = looker.requests();
    assert_eq!(report["metered_calls"], metered(&requests), "{line}: the report against the simulator");
    assert_eq!(sum(&report["calls"], "calls"), requests.len() as u64, "{line}: all calls are counted");
    let wanted = wanted.and(Cost::of(WHO_WE_ARE));
    assert_eq!(metered(&requests), wanted.calls, "{line}: {}", report["calls"]);
    assert_eq!(sum(&report["streams"], "waste"), wanted.waste, "{line}: pages beyond an end");
    assert!(report["closing_rounds"].as_u64() <= Some(1), "{line}: nothing moved");
    let stored = world.json("runs show 1");
    assert_eq!(sum(&stored["calls"], "calls"), requests.len() as u64, "{line}: {stored}");
}

/// The number of dashboards is round on purpose, in all and in a folder.
fn config(totals: bool) -> SimConfig {
    SimConfig {
        seed: 33,
        dashboards: 250,
        looks: 61,
        folders: 14,
        users: 23,
        groups: 7,
        roles: 5,
        folder_sizes: vec![50, 41, 0, 100, 1],
        trash_percent: 10,
        dashboard_bytes: 1_500,
        totals,
        ..SimConfig::default()
    }
}

#[test]
fn a_whole_instance() {
    for totals in [false, true] {
        let looker = Looker::start(config(totals));
        let group =
            |kind, trash, page| Group::of(&looker, kind, trash, None, page, totals).cost(Strategy::Auto);
        let content = |trash| group(Kind::Dashboard, trash, 100).and(group(Kind::Look, trash, 500));
        // Folders, roles, users and groups.
        let others = Cost::of(4);
        costs(&looker, BASICS, content(false).and(content(true)).and(others));
        costs(&looker, &format!("{BASICS} --no-trash"), content(false).and(others));
        let small = [false, true].map(|trash| group(Kind::Dashboard, trash, 9));
        costs(&looker, "dashboards -b 9 -w 16", Cost::sum(small));
    }
}

#[test]
fn folders_by_every_strategy() {
    for totals in [false, true] {
        let looker = Looker::start(config(totals));
        let ids = looker.shared_folder_ids();
        let choices =
            [(&ids[..1], 7), (&ids[..2], 100), (&ids[..5], 10), (&ids[2..3], 10), (&ids[..14], 100)];
        for (chosen, page) in choices {
            for strategy in Strategy::ALL {
                let group = |(kind, trash)| {
                    Group::of(&looker, kind, trash, Some(chosen), page, totals).cost(strategy)
                };
                let groups = [Kind::Dashboard, Kind::Look].map(|kind| [(kind, false), (kind, true)]);
                let line = format!(
                    "dashboards looks --folder-ids {} --folder-strategy {} --page-size {page}",
                    chosen.join(","),
                    strategy.flag()
                );
                costs(&looker, &line, Cost::sum(groups.into_iter().flatten().map(group)));
            }
        }
    }
}

#[test]
fn the_folder_tree_is_read_once_and_again_for_a_scope_that_can_grow() {
    let looker = Looker::start(config(false));
    let id = &looker.shared_folder_ids()[..1];
    let group = Group::of(&looker, Kind::Dashboard, false, Some(id), 20, false).cost(Strategy::Auto);
    // What is made below a folder meanwhile belongs to it: that is looked up at the end.
    for (line, lists) in [("dashboards -r", 2), ("dashboards folders", 1), ("dashboards folders -r", 2)] {
        let line = format!("{line} --folder-ids {} --no-trash -b 20", id[0]);
        costs(&looker, &line, group.and(Cost::of(lists)));
    }
}

#[test]
fn people_take_one_call_a_page() {
    let looker = Looker::start(SimConfig { users: 100, groups: 50, ..config(false) });
    // The API counts users, but not groups: 50 may be a cap.
    costs(&looker, "users", Cost::of(1));
    costs(&looker, "groups", Cost { calls: 2, waste: 1 });
    costs(&looker, "roles folders", Cost::of(2));
    // More than one page is proved by a listing.
    costs(&looker, "users --page-size 30", Cost::of(pages(100, 30) + 1));
}

#[test]
fn an_instance_with_nothing_in_it() {
    let config = SimConfig { dashboards: 0, looks: 0, folder_sizes: Vec::new(), ..config(false) };
    let looker = Looker::start(config);
    // Both sides of two kinds are listed twice, and nothing is read.
    costs(&looker, "dashboards looks", Cost::of(8));
}
