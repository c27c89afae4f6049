//! How the pages of a list are asked for, and when a list of ids takes fewer calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker::catalogue::Paged;

/// Ids that one call asks for, where an instance takes lists of them.
const IDS_A_CALL: usize = 50;

/// What is known of a kind before it is asked for.
#[derive(Debug, Default, Clone)]
pub(super) struct Stock {
    /// Objects of the kind by side: live, trash.
    pub(super) stored: [usize; 2],
    /// Whether the instance takes lists of ids.
    pub(super) takes_lists: bool,
    /// The folders in which objects are thought to lie, by their ids.
    pub(super) folders: HashMap<String, String>,
}

impl Stock {
    /// Ids that one call asks for.
    fn ids_a_call(&self, paged: &Paged) -> usize {
        let takes_lists = self.takes_lists || paged.by_id == Some("ids");
        if takes_lists { IDS_A_CALL } else { 1 }
    }
}

/// Calls that reading so many live objects of a kind takes at the most.
pub(super) fn calls(paged: &Paged, objects: usize, stock: &Stock) -> usize {
    let all = stock.stored[0] / page_of(paged) + 1;
    if paged.by_id.is_none() { all } else { all.min(objects.div_ceil(stock.ids_a_call(paged))) }
}

/// How objects of one side are read for the fewest calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// Folders that are read by their pages, with how many rows are expected.
    pub(super) folders: Vec<(String, usize)>,
    pages: usize,
    ids_a_call: usize,
    has_ids: bool,
}

impl Course {
    /// For these objects of a side of which the vault has `stored`.
    pub(super) fn of(missing: &BTreeSet<String>, stock: &Stock, paged: &Paged, stored: usize) -> Self {
        let page = page_of(paged);
        let ids_a_call = stock.ids_a_call(paged);
        let pages = stored / page + 1;
        let (folders, calls) = by_folders(missing, stock, ids_a_call, page);
        let takes_folders = calls < pages.min(missing.len().div_ceil(ids_a_call));
        let folders = if takes_folders { folders } else { Vec::new() };
        Self { folders, pages, ids_a_call, has_ids: paged.by_id.is_some() }
    }

    /// How many ids a call asks for, where what the folders have not given is read by ids;
    /// `None` where all pages are read.
    pub(super) fn ids_a_call(&self, missing: usize) -> Option<usize> {
        (self.has_ids && missing.div_ceil(self.ids_a_call) <= self.pages).then_some(self.ids_a_call)
    }
}

/// Rows of a page.
pub(super) fn page_of(paged: &Paged) -> usize {
    usize::try_from(paged.page.max(1)).unwrap_or(usize::MAX)
}

/// Which pages are asked for next: one, which may be all there is; then at once as many as
/// are expected, but no more than there have been; then one by one until one is short.
///
/// A short page is not believed where more is expected: a server may cap pages without
/// saying so, and what it left out would be taken for gone. Only an empty one is. That
/// pages are capped is believed when two in a row are equally short.
#[derive(Debug)]
pub(super) struct Pages {
    /// Rows of a page that nobody caps.
    page: usize,
    /// Rows that a page is asked for.
    pub(super) size: usize,
    /// Where the next one begins.
    from: usize,
    /// How many are asked for at once.
    wave: usize,
    /// How long the last answer was that was short.
    short: Option<usize>,
    /// Rows that are expected.
    expected: usize,
}

impl Pages {
    pub(super) fn new(page: usize, expected: usize) -> Self {
        Self { page, size: page, from: 0, wave: 1, short: None, expected }
    }

    pub(super) fn offsets(&self) -> impl Iterator<Item = usize> + use<> {
        let (from, size) = (self.from, self.size);
        (0..self.wave).map(move |n| from + n * size)
    }

    /// Takes in how many rows each of the pages had. Whether there are more to be asked for.
    pub(super) fn go_on(&mut self, counts: &[usize]) -> bool {
        let Some(nth) = counts.iter().position(|count| *count < self.size) else {
            self.from += self.wave * self.size;
            let left = (self.expected / self.size + 1).saturating_sub(self.from / self.size);
            self.wave = left.min(self.from / self.size).max(1);
            return true;
        };
        let count = counts[nth];
        self.from += nth * self.size + count;
        self.size = if self.short == Some(count) { count } else { self.page };
        (self.wave, self.short) = (1, Some(count));
        count > 0 && self.from < self.expected
    }
}

/// The folders of which pages take fewer calls than asking for what lies in them by id,
/// with how many objects lie there; and the calls that all of it takes then.
fn by_folders(
    missing: &BTreeSet<String>,
    stock: &Stock,
    ids_a_call: usize,
    page: usize,
) -> (Vec<(String, usize)>, usize) {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for folder in missing.iter().filter_map(|key| stock.folders.get(key)) {
        *counts.entry(folder).or_default() += 1;
    }
    let pages = |count: usize| count / page + 1;
    counts.retain(|_, count| pages(*count) < count.div_ceil(ids_a_call));
    let rest = missing.len() - counts.values().sum::<usize>();
    let calls = counts.values().map(|count| pages(*count)).sum::<usize>() + rest.div_ceil(ids_a_call);
    (counts.into_iter().map(|(folder, count)| (folder.clone(), count)).collect(), calls)
}

#[cfg(test)]
mod tests {
    use looker::Kind;

    use super::*;

    /// Rows that are read, and the calls that this takes, of a server that answers so many
    /// rows of those from an offset on.
    fn paged(expected: usize, answer: &mut dyn FnMut(usize, usize) -> usize) -> (usize, usize) {
        let (mut pages, mut calls, mut seen) = (Pages::new(100, expected), 0, BTreeSet::new());
        loop {
            let offsets: Vec<usize> = pages.offsets().collect();
            calls += offsets.len();
            let mut counts = Vec::new();
            for offset in offsets {
                counts.push(answer(offset, pages.size));
                seen.extend(offset..offset + counts[counts.len() - 1]);
            }
            if !pages.go_on(&counts) {
                return (seen.len(), calls);
            }
        }
    }

    #[test]
    fn pages_that_are_all_there_cost_as_many_calls_as_there_are() {
        for rows in [0, 1, 99, 100, 101, 250, 10_000] {
            let read = paged(rows, &mut |offset, limit| rows.saturating_sub(offset).min(limit));
            assert_eq!(read, (rows, rows / 100 + 1));
        }
    }

    #[test]
    fn capped_pages_are_read_to_their_end() {
        for cap in [1, 7, 40, 50] {
            let (read, calls) =
                paged(330, &mut |offset, limit| 330_usize.saturating_sub(offset).min(limit).min(cap));
            assert_eq!(read, 330, "{cap}");
            assert!(calls <= 330_usize.div_ceil(cap) + 1, "{cap}: {calls}");
        }
    }

    #[test]
    fn one_short_answer_makes_no_small_pages() {
        let mut first = true;
        let (read, calls) = paged(1_000, &mut |offset, limit| {
            let rows = 1_000_usize.saturating_sub(offset).min(limit);
            if std::mem::take(&mut first) { rows.min(1) } else { rows }
        });
        assert_eq!(read, 1_000);
        assert!(calls <= 1_000 / 100 + 2, "{calls}");
    }

    #[test]
    fn of_what_is_gone_no_more_pages_are_asked_for_than_there_are() {
        for left in [100_usize, 150, 450] {
            let (read, calls) = paged(10_000, &mut |offset, limit| left.saturating_sub(offset).min(limit));
            assert_eq!(read, left);
            assert!(calls <= 2 * (left / 100 + 2), "{left}: {calls}");
        }
    }

    #[test]
    fn what_was_edited_is_read_by_ids_or_by_pages_whichever_is_less() {
        let dashboards = Kind::find("dashboards").unwrap().paged().unwrap();
        let calls = |objects, takes_lists| {
            let stock = Stock { stored: [26_000, 0], takes_lists, ..Stock::default() };
            super::calls(dashboards, objects, &stock)
        };
        assert_eq!([0, 1, 50, 51].map(|objects| calls(objects, true)), [0, 1, 1, 2]);
        assert_eq!([1, 50, 26_000].map(|objects| calls(objects, false)), [1, 50, 261]);
        let alerts = Kind::find("alerts").unwrap().paged().unwrap();
        assert_eq!(super::calls(alerts, 1, &Stock { stored: [1_000, 0], ..Stock::default() }), 3);
    }

    #[test]
    fn folders_are_read_by_pages_where_that_takes_fewer_calls() {
        let folders = |lies: &[(usize, &str)]| {
            let mut all = HashMap::new();
            for (count, folder) in lies {
                let first = all.len();
                all.extend((first..first + count).map(|id| (id.to_string(), (*folder).to_owned())));
            }
            all
        };
        let chosen = |lies: &[(usize, &str)], ids_a_call: usize| {
            let stock = Stock { folders: folders(lies), ..Stock::default() };
            let missing = stock.folders.keys().cloned().collect();
            let (folders, calls) = by_folders(&missing, &stock, ids_a_call, 100);
            (folders.into_iter().map(|(folder, _)| folder).collect::<Vec<_>>(), calls)
        };
        assert_eq!(chosen(&[(60, "a"), (1, "b")], 1), (vec!["a".to_owned()], 2));
        assert_eq!(chosen(&[(60, "a"), (1, "b")], 50), (vec!["a".to_owned()], 2));
        assert_eq!(chosen(&[(40, "a"), (30, "b")], 50), (vec![], 2));
        assert_eq!(chosen(&[(250, "a")], 1), (vec!["a".to_owned()], 3));
    }
}
