//! Calls, counted beforehand by the rule and compared with what was made.
//!
//! Free are login, logout and the release. A kind that is not paged costs one
//! call. A group of a paged kind with stamps (live, or the trash) costs an
//! opening listing, max(1, ⌈n ÷ page⌉) pages a stream, and a closing listing;
//! streams that the listing showed to be empty cost nothing. A listing of
//! unknown length that ends at a round number of rows costs a second look where
//! no total tells that it was not cut there.

use looker_sim::{Kind, SimConfig};

use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::sum;

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

/// A listing of the whole kind whose length nobody knows beforehand.
fn unsized_listing(rows: u64, totals: bool) -> u64 {
    1 + u64::from(rows > 0 && rows.is_multiple_of(50) && !totals)
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

    fn calls(&self, strategy: Strategy) -> u64 {
        let whole = pages(self.total, self.page);
        let Some(folders) = &self.folders else {
            return unsized_listing(self.total, self.totals) + whole + 1;
        };
        let count = folders.len() as u64;
        let apart: u64 = folders.iter().map(|rows| pages(*rows, self.page)).sum();
        // The trash is listed whole where there are several folders.
        let by_folder =
            strategy != Strategy::Scan && (count == 1 || strategy == Strategy::PerFolder && !self.trash);
        let (opening, closing) =
            if by_folder { (count, count) } else { (unsized_listing(self.total, self.totals), 1) };
        let reading = match strategy {
            _ if apart == 0 => 0,
            Strategy::PerFolder => apart,
            Strategy::Scan => whole,
            Strategy::Auto if count == 1 => apart,
            Strategy::Auto => apart.min(whole),
        };
        opening + reading + closing
    }
}

/// Extracts, and compares the calls with `wanted`, with the report and with what
/// the simulator counted; none of them looks beyond an end.
#[track_caller]
fn costs(looker: &Looker, line: &str, wanted: u64) {
    costs_and_wastes(looker, line, wanted, 0);
}

#[track_caller]
fn costs_and_wastes(looker: &Looker, line: &str, wanted: u64, waste: u64) {
    looker.reset_stats();
    let world = looker.world();
    let report = world.extract(line).complete();
    let requests = looker.requests();
    assert_eq!(report["metered_calls"], metered(&requests), "{line}: the report against the simulator");
    assert_eq!(sum(&report["calls"], "calls"), requests.len() as u64, "{line}: all calls are counted");
    assert_eq!(metered(&requests), wanted, "{line}: {}", report["calls"]);
    assert_eq!(sum(&report["streams"], "waste"), waste, "{line}: pages beyond an end");
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
            |kind, trash, page| Group::of(&looker, kind, trash, None, page, totals).calls(Strategy::Auto);
        let content = [false, true]
            .map(|trash| group(Kind::Dashboard, trash, 100) + group(Kind::Look, trash, 500))
            .iter()
            .sum::<u64>();
        // Folders, roles, users and groups.
        costs(&looker, "", content + 4);
        let live = group(Kind::Dashboard, false, 100) + group(Kind::Look, false, 500);
        costs(&looker, "--no-trash", live + 4);
        let small = [false, true].map(|trash| group(Kind::Dashboard, trash, 9)).iter().sum();
        costs(&looker, "dashboards -b 9 -w 16", small);
    }
}

#[test]
fn folders_by_every_strategy() {
    for totals in [false, true] {
        let looker = Looker::start(config(totals));
        let ids = looker.shared_folder_ids();
        for (chosen, page) in
            [(&ids[..1], 7), (&ids[..2], 100), (&ids[..5], 10), (&ids[2..3], 10), (&ids[..14], 100)]
        {
            for strategy in Strategy::ALL {
                let group =
                    |kind, trash| Group::of(&looker, kind, trash, Some(chosen), page, totals).calls(strategy);
                let sides =
                    [false, true].map(|trash| (group(Kind::Dashboard, trash), group(Kind::Look, trash)));
                let line = format!(
                    "--folder-ids {} --folder-strategy {} --page-size {page}",
                    chosen.join(","),
                    strategy.flag()
                );
                costs(&looker, &line, sides.iter().map(|(dashboards, looks)| dashboards + looks).sum());
            }
        }
    }
}

#[test]
fn the_folder_tree_is_read_once() {
    let looker = Looker::start(config(false));
    let id = &looker.shared_folder_ids()[..1];
    let group = Group::of(&looker, Kind::Dashboard, false, Some(id), 100, false).calls(Strategy::Auto);
    for line in ["dashboards -r", "dashboards folders", "dashboards folders -r"] {
        costs(&looker, &format!("{line} --folder-ids {} --no-trash", id[0]), group + 1);
    }
}

#[test]
fn people_take_one_call_a_page() {
    let looker = Looker::start(SimConfig { users: 100, groups: 50, ..config(false) });
    // The API counts users, but not groups: 50 may be a cap.
    costs(&looker, "users", 1);
    costs_and_wastes(&looker, "groups", 2, 1);
    costs(&looker, "roles folders", 2);
    // More than one page is proved by a listing.
    costs(&looker, "users --page-size 30", pages(100, 30) + 1);
}

#[test]
fn an_instance_with_nothing_in_it() {
    let looker =
        Looker::start(SimConfig { dashboards: 0, looks: 0, folder_sizes: Vec::new(), ..config(false) });
    // Both sides of two kinds are listed twice, and nothing is read.
    costs(&looker, "dashboards looks", 8);
}
