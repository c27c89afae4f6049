//! The price of kinds that are read by pages.

use looker::Kind;
use looker::pacing::Reason;
use looker::paging::SUSPICIOUS_CAP;

use super::known::Changes;
use super::{KindPlan, Planner};
use crate::extract::by_id;
use crate::extract::error::ExtractError;
use crate::extract::groups::{Group, LISTING_PAGE, ListBy, Sizes, Stream, calls_of, folders_a_call, pages};
use crate::extract::request::FolderStrategy;
use crate::extract::run::groups;

impl Planner<'_> {
    pub(super) fn paged(&self, kind: &'static Kind, plan: &mut KindPlan) -> Result<(), ExtractError> {
        let groups: Vec<Group> = groups(&self.request, self.folders.as_ref())
            .into_iter()
            .filter(|group| group.kind == kind)
            .collect();
        if !self.known.has_size_of(kind) {
            plan.note("its size is not known");
        }
        let is_full = self.known.passes.is_due(kind);
        if is_full && groups.iter().any(Group::is_stamped) && self.known.passes.has_any(kind) {
            plan.note("everything is read once more");
        }
        for group in &groups {
            let sizes = self.known.sizes(group)?;
            match (group.is_stamped(), is_full) {
                (false, _) => self.unstamped(group, &sizes, plan),
                (true, true) => self.full_pass(group, &sizes, plan),
                (true, false) => self.opening_listing(group, &sizes, plan),
            }
        }
        if !is_full && let Some(group) = groups.first().filter(|group| group.is_stamped()) {
            self.changed(group, groups.len() as u64, plan)?;
        }
        Ok(())
    }

    /// Rows without stamps: by pages each time, proved by a listing where it took
    /// several.
    fn unstamped(&self, group: &Group, sizes: &Sizes, plan: &mut KindPlan) {
        let ledger = group.paged.operation.ledger;
        let rows = sizes.total.unwrap_or(0);
        let page = self.page(group);
        // The first page asks for a row more.
        let beyond_the_first = rows.saturating_sub(u64::from(page) + 1);
        let calls = 1 + if beyond_the_first > 0 { pages(beyond_the_first, page) } else { 0 };
        // Without a total, an answer of a round length is looked beyond.
        plan.add_between(Reason::Page, ledger, calls, calls + u64::from(is_round(rows)));
        if calls > 1 {
            plan.add(Reason::Listing, ledger, 1);
        }
    }

    /// Everything of a group: a listing, all its pages, and a listing that proves them.
    fn full_pass(&self, group: &Group, sizes: &Sizes, plan: &mut KindPlan) {
        self.opening_listing(group, sizes, plan);
        let ledger = group.paged.operation.ledger;
        let strategy = self.request.strategy;
        let streams = |bundles| group.streams(0, strategy, self.page(group), sizes, bundles);
        let with =
            |bundles| streams(bundles).iter().map(|stream| self.stream(group, sizes, stream)).sum::<u64>();
        let taken = group.paged.folder.and_then(|parameter| self.known.lists.taken(group, parameter));
        match taken {
            // Whether folders can be bundled is tried out where that would save a call.
            None if calls_of(&streams(true)) + 1 < calls_of(&streams(false)) => {
                plan.add(Reason::Probe, ledger, 1);
                plan.add_between(Reason::Page, ledger, with(true).saturating_sub(1), with(false));
            }
            taken => plan.add(Reason::Page, ledger, with(taken == Some(true))),
        }
        let closing = match group.closing(strategy, sizes, self.bundles(group)) {
            ListBy::Whole { .. } => pages(sizes.total.unwrap_or(0), LISTING_PAGE),
            ListBy::Folder => self.folder_listings(group),
        };
        plan.add(Reason::Listing, ledger, closing);
    }

    /// What a stream of known size costs. A last page of a round length is looked
    /// beyond, unless an answer was seen that held more.
    fn stream(&self, group: &Group, sizes: &Sizes, stream: &Stream) -> u64 {
        let size = stream.size.unwrap_or(0);
        let last = size - (pages(size, stream.page) - 1) * u64::from(stream.page);
        let looked_beyond = self.is_looked_beyond(group, sizes);
        let seen = if looked_beyond { u64::MAX } else { sizes.largest_answer };
        pages(size, stream.page) + u64::from(is_round(last) && last >= seen)
    }

    /// Whether the instance is known to take lists of folders.
    fn bundles(&self, group: &Group) -> bool {
        let taken = group.paged.folder.and_then(|parameter| self.known.lists.taken(group, parameter));
        taken == Some(true)
    }

    /// Calls that list the folders of a group, many to a call where that is known to work.
    fn folder_listings(&self, group: &Group) -> u64 {
        group.folder_count().div_ceil(folders_a_call(self.bundles(group)) as u64)
    }

    fn opening_listing(&self, group: &Group, sizes: &Sizes, plan: &mut KindPlan) {
        let calls = match group.opening(self.request.strategy) {
            ListBy::Folder => self.folder_listings(group),
            ListBy::Whole { .. } => {
                pages(sizes.total.unwrap_or(0), LISTING_PAGE) + u64::from(self.is_looked_beyond(group, sizes))
            }
        };
        plan.add(Reason::Listing, group.paged.operation.ledger, calls);
    }

    /// Whether the whole listing of a group ends at a round number that no answer was
    /// seen to pass.
    fn is_looked_beyond(&self, group: &Group, sizes: &Sizes) -> bool {
        let rows = sizes.total.unwrap_or(0);
        let is_whole = matches!(group.opening(self.request.strategy), ListBy::Whole { .. });
        is_whole && is_round(rows) && rows > self.known.lists.answered_at_once(group)
    }

    /// What is likely to have changed, by the cheapest way.
    fn changed(&self, group: &Group, sides: u64, plan: &mut KindPlan) -> Result<(), ExtractError> {
        let Changes { added, changed, gone } = self.changes(group.kind);
        let objects = added + changed;
        let ledger = group.paged.operation.ledger;
        if objects > 0 {
            let sizes = self.known.sizes(group)?;
            let rows = sizes.total.unwrap_or(0);
            let by_pages = if group.folders.is_some() && self.request.strategy == FolderStrategy::PerFolder {
                objects
            } else {
                pages(rows, self.page(group))
            };
            let taken = group.paged.by_id.and_then(|by_id| self.known.lists.taken(group, by_id));
            let count = usize::try_from(objects).unwrap_or(usize::MAX);
            let (reason, calls) = match taken {
                Some(true) => (Reason::Item, by_id::calls(count, true)),
                _ if count == 1 || objects <= by_pages => (Reason::Item, objects),
                _ => (Reason::Page, by_pages),
            };
            plan.add_between(reason, ledger, 0, calls);
            if taken.is_none() && count > 1 {
                plan.add_between(Reason::Probe, ledger, 0, 1);
            }
            plan.note(format!("likely {objects} new or changed"));
        }
        if gone > 0 {
            plan.add_between(Reason::Listing, ledger, 0, sides);
        }
        Ok(())
    }

    fn page(&self, group: &Group) -> u32 {
        self.request.page.unwrap_or(group.paged.page)
    }
}

/// Whether so many rows may be a silent cap rather than an end.
fn is_round(rows: u64) -> bool {
    rows > 0 && rows.is_multiple_of(SUSPICIOUS_CAP)
}
