//! What is listed together: one kind on one side, live or trash.
//!
//! A group is sized, read, and closed as a whole. Which way costs fewer calls
//! is decided here, from numbers only.

use std::collections::HashMap;
use std::sync::Arc;

use looker::Kind;
use looker::catalogue::Paged;
use looker::client::Call;
use looker::pacing::Reason;
use vault::Side;

use super::by_id::MOST_IN_A_LIST;
use super::pool::Rows;
use super::request::FolderStrategy;
use super::scope::FolderSet;

/// Rows of a light listing asked for at once. No largest page is documented; a
/// light row is less than two hundred bytes, and a server that gives fewer is noticed.
pub(super) const LISTING_PAGE: u32 = 50_000;

/// A kind on one side, within a scope.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(super) kind: &'static Kind,
    pub(super) paged: &'static Paged,
    pub(super) side: Side,
    /// Only these folders.
    pub(super) folders: Option<Arc<FolderSet>>,
}

/// A page stream of a group: one folder of it, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    /// Index of the group.
    pub(super) group: usize,
    /// Server-side filter: a folder, or a list of folders with commas.
    pub(super) folder: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) page: u32,
    pub(super) rows: Rows,
}

/// What a light listing counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Rows of the whole kind on this side, when all of it was listed.
    pub(super) total: Option<u64>,
    /// Rows by folder, within the scope.
    pub(super) folders: HashMap<String, u64>,
    /// Most rows that one answer held.
    pub(super) largest_answer: u64,
    /// Rows of an answer beyond which somebody looked and found none.
    pub(super) looked_beyond: Option<u64>,
}

/// Which streams a listing is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListBy {
    /// One listing of the whole kind; with a bound on its pages, after which
    /// folder by folder is cheaper.
    Whole {
        /// Pages after which to give up and list by folder.
        at_most: Option<u64>,
    },
    /// By folders: one listing each, or many to a call where the instance takes
    /// lists of them.
    Folder,
}

impl Stream {
    /// The folders it is limited to; empty for all.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folder.iter().flat_map(|list| list.split(','))
    }

    /// Whether a row of that folder belongs to it.
    pub(super) fn covers(&self, folder: Option<&str>) -> bool {
        self.folder.is_none() || folder.is_some_and(|folder| self.folders().any(|id| id == folder))
    }

    /// Whether a row may belong to both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let all = self.folder.is_none() || other.folder.is_none();
        self.group == other.group && (all || self.folders().any(|id| other.covers(Some(id))))
    }

    /// Whether it holds the rows of all `parts`, and no others of the scope.
    pub(super) fn is_made_of(&self, parts: &[&Self]) -> bool {
        let within = |part: &&Self| match &part.folder {
            None => self.folder.is_none(),
            Some(_) => self.folder.is_some() && part.folders().all(|id| self.covers(Some(id))),
        };
        !parts.is_empty() && parts.iter().all(within)
    }
}

impl Group {
    /// All of a paged kind on one side.
    pub(crate) fn on(kind: &'static Kind, paged: &'static Paged, side: Side) -> Self {
        Self { kind, paged, side, folders: None }
    }

    /// All that is live of a paged kind.
    pub(crate) fn live(kind: &'static Kind, paged: &'static Paged) -> Self {
        Self::on(kind, paged, Side::Live)
    }

    /// In words, for instance `dashboards in the trash`.
    pub(super) fn name(&self) -> String {
        match self.side {
            Side::Live => self.kind.name.to_owned(),
            Side::Trash => format!("{} in the trash", self.kind.name),
        }
    }

    /// Whether rows carry stamps, so that a light listing opens and closes it.
    pub(super) fn is_stamped(&self) -> bool {
        self.kind.envelope.updated_at.is_some()
    }

    /// Whether a row of that folder belongs to the scope.
    pub(super) fn holds(&self, folder: Option<&str>) -> bool {
        self.folders.as_ref().is_none_or(|folders| folders.holds(folder))
    }

    /// How the opening listing is read.
    ///
    /// Folder by folder when that was asked for, and for a single folder, where
    /// nothing is cheaper. Else whole, because it usually takes one call and
    /// tells all sizes; but never more pages than there are folders. The trash is
    /// small: it is listed whole whatever was asked for, when there are folders.
    /// What is known only by the folders it does not lie in is listed whole.
    pub(super) fn opening(&self, strategy: FolderStrategy) -> ListBy {
        let Some(folders) = self.named_folders() else { return ListBy::Whole { at_most: None } };
        let count = folders.ids.len() as u64;
        match (strategy, self.side) {
            (FolderStrategy::Scan, _) => ListBy::Whole { at_most: None },
            _ if count == 1 => ListBy::Folder,
            (FolderStrategy::PerFolder, Side::Live) => ListBy::Folder,
            _ => ListBy::Whole { at_most: Some(count) },
        }
    }

    /// How the closing listing is read, knowing what the opening one found; with
    /// `bundles`, by many folders to a call.
    pub(super) fn closing(&self, strategy: FolderStrategy, sizes: &Sizes, bundles: bool) -> ListBy {
        let Some(folders) = self.named_folders() else { return ListBy::Whole { at_most: None } };
        let whole = match (strategy, sizes.total) {
            (FolderStrategy::PerFolder, _) if self.side == Side::Live => false,
            (_, None) => false,
            (FolderStrategy::Scan, Some(_)) => true,
            (_, Some(total)) => {
                listing_pages(total) <= folders.ids.len().div_ceil(folders_a_call(bundles)) as u64
            }
        };
        if whole { ListBy::Whole { at_most: None } } else { ListBy::Folder }
    }

    /// The page streams of the group: by folder or whole, whichever the strategy
    /// says or costs fewer calls; with `bundles`, many small folders to a call. A
    /// folder that the listing shows to be empty has no stream: the listing has
    /// already answered, and the closing one proves it.
    pub(super) fn streams(
        &self,
        group: usize,
        strategy: FolderStrategy,
        page: u32,
        sizes: &Sizes,
        bundles: bool,
    ) -> Vec<Stream> {
        let stream = |folder: Option<String>, size| Stream { group, folder, size, page, rows: Rows::Full };
        let Some(folders) = &self.folders else {
            return if sizes.total == Some(0) { Vec::new() } else { vec![stream(None, sizes.total)] };
        };
        let filled = filled(folders, sizes);
        if filled.is_empty() {
            return Vec::new();
        }
        let whole = vec![stream(None, sizes.total)];
        if strategy == FolderStrategy::Scan {
            return whole;
        }
        let one_each = filled.iter().map(|(id, rows)| stream(Some((*id).to_owned()), Some(*rows))).collect();
        if strategy == FolderStrategy::PerFolder {
            return one_each;
        }
        let mut ways = vec![one_each];
        ways.extend(sizes.total.map(|_| whole));
        if bundles {
            let lists = filled.chunks(folders_a_call(bundles));
            ways.push(lists.map(|list| stream(Some(ids(list)), Some(rows(list)))).collect());
        }
        // Of equals the first: nothing is moved that lies outside the folders.
        ways.into_iter().min_by_key(|streams| calls_of(streams)).unwrap_or_default()
    }

    /// How many folders were named.
    pub(super) fn folder_count(&self) -> u64 {
        self.named_folders().map_or(0, |folders| folders.ids.len() as u64)
    }

    /// The folders to read, where they were named; not those to leave out.
    fn named_folders(&self) -> Option<&FolderSet> {
        self.folders.as_deref().filter(|folders| !folders.all_but)
    }

    /// A call for rows of the group, full or light.
    pub(crate) fn call(&self, folder: Option<&str>, rows: Rows, reason: Reason) -> Call {
        let light = rows == Rows::Light;
        let paged = self.paged;
        let mut call = Call::new(&paged.operation, self.kind.name, reason);
        for (name, value) in paged.parameters {
            call = call.with(name, *value);
        }
        if let Some(sorts) = paged.sorts {
            call = call.with("sorts", sorts);
        }
        call.class = if light { "listing" } else { self.kind.name };
        if light {
            call = call.with("fields", paged.light_fields);
        }
        if let (Some(parameter), Some(folder)) = (paged.folder, folder) {
            call = call.with(parameter, folder);
        }
        if let (Side::Trash, Some((parameter, value))) = (self.side, paged.trash) {
            call = call.with(parameter, value);
        }
        call
    }
}

/// The folders of a scope that hold anything, by what a listing counted: in the
/// order asked for, or by id where only others were named.
fn filled<'a>(folders: &'a FolderSet, sizes: &'a Sizes) -> Vec<(&'a str, u64)> {
    if folders.all_but {
        let mut filled: Vec<(&str, u64)> = sizes
            .folders
            .iter()
            .map(|(id, rows)| (id.as_str(), *rows))
            .filter(|(_, rows)| *rows > 0)
            .collect();
        filled.sort_unstable_by_key(|(id, _)| (id.len(), *id));
        return filled;
    }
    let size = |id: &'a String| (id.as_str(), sizes.folders.get(id).copied().unwrap_or(0));
    folders.ids.iter().map(size).filter(|(_, rows)| *rows > 0).collect()
}

/// Folders that a call may ask for: with `bundles` as many as a list takes.
pub(super) fn folders_a_call(bundles: bool) -> usize {
    if bundles { MOST_IN_A_LIST } else { 1 }
}

/// Folders as the parameter lists them.
fn ids(folders: &[(&str, u64)]) -> String {
    let ids: Vec<&str> = folders.iter().map(|(id, _)| *id).collect();
    ids.join(",")
}

fn rows(folders: &[(&str, u64)]) -> u64 {
    folders.iter().map(|(_, rows)| rows).sum()
}

/// Calls that streams of known size cost.
pub(super) fn calls_of(streams: &[Stream]) -> u64 {
    streams.iter().map(|stream| stream.size.map_or(1, |size| pages(size, stream.page))).sum()
}

/// Calls that `rows` cost.
pub(super) fn pages(rows: u64, page: u32) -> u64 {
    rows.div_ceil(u64::from(page.max(1))).max(1)
}

fn listing_pages(rows: u64) -> u64 {
    pages(rows, LISTING_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(folders: Option<&[&str]>, side: Side) -> Group {
        let kind = Kind::find("dashboards").unwrap();
        Group {
            kind,
            paged: kind.paged().unwrap(),
            side,
            folders: folders
                .map(|ids| Arc::new(FolderSet::only(ids.iter().map(ToString::to_string).collect()))),
        }
    }

    fn sizes(total: Option<u64>, folders: &[(&str, u64)]) -> Sizes {
        Sizes {
            total,
            largest_answer: 0,
            looked_beyond: None,
            folders: folders.iter().map(|(id, rows)| ((*id).to_owned(), *rows)).collect(),
        }
    }

    #[test]
    fn auto_reads_many_small_folders_by_scanning_and_few_big_ones_apart() {
        let small = group(Some(&["1", "2", "3"]), Side::Live);
        let few = sizes(Some(9), &[("1", 2), ("2", 2), ("3", 2)]);
        let streams = small.streams(0, FolderStrategy::Auto, 100, &few, false);
        assert_eq!(streams, [Stream { group: 0, folder: None, size: Some(9), page: 100, rows: Rows::Full }]);
        let big = sizes(Some(10_000), &[("1", 1000), ("2", 1000), ("3", 1000)]);
        assert_eq!(small.streams(0, FolderStrategy::Auto, 100, &big, false).len(), 3);
        assert_eq!(small.streams(0, FolderStrategy::Scan, 100, &big, false).len(), 1);
    }

    #[test]
    fn what_was_left_out_decides_by_numbers_as_well() {
        let kind = Kind::find("dashboards").unwrap();
        let left_out = Arc::new(FolderSet::all_but(vec!["9".into()]));
        let group = Group { kind, paged: kind.paged().unwrap(), side: Side::Live, folders: Some(left_out) };
        assert!(group.holds(Some("1")) && group.holds(None) && !group.holds(Some("9")));
        for strategy in [FolderStrategy::Auto, FolderStrategy::PerFolder, FolderStrategy::Scan] {
            assert_eq!(group.opening(strategy), ListBy::Whole { at_most: None });
            assert_eq!(group.closing(strategy, &sizes(Some(9), &[]), false), ListBy::Whole { at_most: None });
        }
        // Folder 9 holds 9,000 rows: to read the others costs less.
        let heavy = sizes(Some(9_030), &[("10", 20), ("2", 10)]);
        let streams = group.streams(0, FolderStrategy::Auto, 100, &heavy, false);
        let by_folder: Vec<_> =
            streams.iter().map(|stream| (stream.folder.as_deref(), stream.size)).collect();
        assert_eq!(by_folder, [(Some("2"), Some(10)), (Some("10"), Some(20))]);
        // It holds one: to read it along costs less than a call for each other.
        let light = sizes(Some(31), &[("10", 20), ("2", 10)]);
        assert_eq!(group.streams(0, FolderStrategy::Auto, 100, &light, false).len(), 1);
        assert_eq!(group.streams(0, FolderStrategy::PerFolder, 100, &light, false).len(), 2);
        assert!(group.streams(0, FolderStrategy::Auto, 100, &sizes(Some(7), &[]), false).is_empty());
    }

    #[test]
    fn an_empty_folder_costs_no_page() {
        let group = group(Some(&["1", "2"]), Side::Live);
        let streams = group.streams(0, FolderStrategy::PerFolder, 100, &sizes(None, &[("2", 5)]), false);
        assert_eq!(
            streams,
            [Stream { group: 0, folder: Some("2".into()), size: Some(5), page: 100, rows: Rows::Full }]
        );
        assert!(group.streams(0, FolderStrategy::Auto, 100, &sizes(Some(7), &[]), false).is_empty());
    }

    #[test]
    fn listings_never_cost_more_pages_than_folders() {
        let two = group(Some(&["1", "2"]), Side::Live);
        assert_eq!(two.opening(FolderStrategy::Auto), ListBy::Whole { at_most: Some(2) });
        assert_eq!(two.opening(FolderStrategy::PerFolder), ListBy::Folder);
        assert_eq!(group(Some(&["1"]), Side::Trash).opening(FolderStrategy::Auto), ListBy::Folder);
        let huge = sizes(Some(1_000_000), &[]);
        assert_eq!(two.closing(FolderStrategy::Auto, &huge, false), ListBy::Folder);
        assert_eq!(two.closing(FolderStrategy::Scan, &huge, false), ListBy::Whole { at_most: None });
        let usual = sizes(Some(26_000), &[]);
        assert_eq!(two.closing(FolderStrategy::Auto, &usual, false), ListBy::Whole { at_most: None });
        // Two pages of the whole kind, or one call for both folders.
        let large = sizes(Some(100_000), &[]);
        assert_eq!(two.closing(FolderStrategy::Auto, &large, false), ListBy::Whole { at_most: None });
        assert_eq!(two.closing(FolderStrategy::Auto, &large, true), ListBy::Folder);
    }

    #[test]
    fn a_listing_is_as_long_as_the_pages_that_make_it_up() {
        let stream = |folder: Option<&str>| Stream {
            group: 0,
            folder: folder.map(str::to_owned),
            size: None,
            page: 9,
            rows: Rows::Full,
        };
        let [all, one, two, both] = [stream(None), stream(Some("1")), stream(Some("2")), stream(Some("1,2"))];
        assert!(one.is_made_of(&[&one]) && both.is_made_of(&[&one, &two]) && all.is_made_of(&[&all]));
        // Other folders may hold rows too, and a folder without pages may be said to be empty.
        assert!(!all.is_made_of(&[&one, &two]) && !one.is_made_of(&[&both]) && !one.is_made_of(&[&all]));
        assert!(!both.is_made_of(&[]));
        assert!(one.overlaps(&both) && both.overlaps(&one) && all.overlaps(&one) && one.overlaps(&all));
        assert!(!one.overlaps(&two) && !one.overlaps(&Stream { group: 1, ..one.clone() }));
    }

    #[test]
    fn small_folders_share_calls_where_the_instance_takes_lists() {
        let small = group(Some(&["1", "2", "3"]), Side::Live);
        let three = sizes(Some(5_000), &[("1", 40), ("2", 50), ("3", 30)]);
        let streams = small.streams(0, FolderStrategy::Auto, 100, &three, true);
        assert_eq!(
            streams,
            [Stream { group: 0, folder: Some("1,2,3".into()), size: Some(120), page: 100, rows: Rows::Full }]
        );
        assert!(streams[0].covers(Some("2")) && !streams[0].covers(Some("12")) && !streams[0].covers(None));
        for (strategy, bundles) in [(FolderStrategy::Auto, false), (FolderStrategy::PerFolder, true)] {
            assert_eq!(small.streams(0, strategy, 100, &three, bundles).len(), 3);
        }
        // Full pages gain nothing by sharing.
        let full = sizes(Some(5_000), &[("1", 100), ("2", 200), ("3", 300)]);
        assert_eq!(small.streams(0, FolderStrategy::Auto, 100, &full, true).len(), 3);
    }
}
