//! Closing: the light listing that proves a run.
//!
//! After its pages, every group is listed again, folder by folder while others are
//! still read, and compared with what the run saw. What is missing, newer or
//! elsewhere is read by id, or by pages where that costs fewer calls; then the
//! listing is made again, until it agrees. On a busy instance something always
//! moves: after [`ROUNDS`] rounds what the last one found is read as well, and named.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use looker::paging::StreamPlan;
use vault::{AbsenceScope, Disagreement, Disagreements};

use super::by_id::{self, Item, Search};
use super::error::ExtractError;
use super::groups::{ListBy, Sizes, Stream, pages};
use super::incremental::OPENING;
use super::listing::{Keep, Listing, Named};
use super::pages::Reading;
use super::pool::blocking;
use super::report::GapReport;
use super::run::Run;

/// The round that may be made while other pages are still read.
pub(super) const FIRST_ROUND: u32 = 1;

/// Most rounds of the closing listing.
const ROUNDS: u32 = 3;

/// How far the proof is.
#[derive(Default)]
pub(super) struct Closing {
    pub(super) unproved: HashSet<usize>,
    /// With the round that proved them, where one was needed.
    pub(super) proved: HashMap<usize, Option<u32>>,
    /// What the last listing of each group named.
    pub(super) named: HashMap<usize, Named>,
    /// Seen by the run and not listed by the last round: kind and key.
    vanished: BTreeSet<(String, String)>,
    /// Objects that the last round could not read.
    pub(super) failed: Vec<GapReport>,
}

impl Run {
    /// Proves what was read, heals what can be healed, and notes what is known to
    /// be absent.
    pub(super) async fn close_groups(&mut self, mut reading: Reading) -> Result<(), ExtractError> {
        let open = (0..self.groups.len()).filter(|group| !reading.closed.contains(group));
        let (unproved, simple): (HashSet<usize>, HashSet<usize>) =
            open.partition(|group| self.needs_proof(*group, &reading));
        let mut closing = Closing {
            proved: simple.into_iter().map(|group| (group, None)).collect(),
            unproved,
            ..Closing::default()
        };
        let has_grown = self.scope_has_grown(&closing, &mut reading).await?;
        self.prove_by_opening(&mut closing, &mut reading).await?;
        // Listings that were made meanwhile do not know of what has come to belong.
        for round in FIRST_ROUND + u32::from(has_grown)..=ROUNDS {
            if closing.unproved.is_empty() || self.brake.pulled().is_some() {
                break;
            }
            self.watch.phase("proving by listing");
            self.findings.closing_rounds = round;
            self.close_round(round, &mut closing, &mut reading).await?;
        }
        if closing.unproved.is_empty() && reading.gaps.is_empty() {
            self.look_elsewhere(&mut closing).await?;
        }
        self.settle(reading, closing);
        self.read_new_folders().await
    }

    /// Compares the opening listing with what was read of the objects it showed to
    /// have changed. A kind of which that listing tells all, on both sides, needs no
    /// other when they agree.
    async fn prove_by_opening(
        &mut self,
        closing: &mut Closing,
        reading: &mut Reading,
    ) -> Result<(), ExtractError> {
        let told: HashSet<usize> = std::mem::take(&mut reading.told_by_opening).into_iter().collect();
        if self.resumed || told.is_empty() || self.brake.pulled().is_some() {
            return Ok(());
        }
        let kind = |group: &usize| self.groups[*group].kind.name;
        let open: HashSet<&str> = closing.unproved.difference(&told).map(kind).collect();
        let told: HashSet<usize> = told.into_iter().filter(|group| !open.contains(kind(group))).collect();
        let found = self.compare(OPENING, &told).await?;
        let gone: HashSet<&str> = found.vanished.iter().map(|one| one.kind.as_str()).collect();
        let items = self.items(&found);
        let amiss: HashSet<&str> = items.iter().map(|(group, _)| kind(group)).chain(gone).collect();
        let proved = told.into_iter().filter(|group| !amiss.contains(kind(group))).collect();
        closing.prove(proved, OPENING, reading);
        Ok(())
    }

    /// One listing, compared and answered for.
    async fn close_round(
        &mut self,
        round: u32,
        closing: &mut Closing,
        reading: &mut Reading,
    ) -> Result<(), ExtractError> {
        let early = std::mem::take(&mut reading.closing);
        let early_groups: Vec<usize> = early.sizes.keys().copied().collect();
        let listing = self.list_round(round, &closing.unproved, early, &reading.sizes).await?;
        if self.brake.pulled().is_some() {
            return Ok(());
        }
        self.note_unlisted(&listing, &mut closing.unproved);
        let found = self.compare(round, &closing.unproved).await?;
        let gone: BTreeSet<(String, String)> =
            found.vanished.iter().map(|one| (one.kind.clone(), one.key.clone())).collect();
        let items = self.items(&found);
        let lost = self.lost(&early_groups, &reading.opening, &listing);
        closing.named.extend(listing.named);
        // Objects move within their kind, between folders and the trash: a kind
        // without a disagreement is proved, as is one in which the same objects
        // are gone as before.
        let settled = |group: &usize| {
            let kind = self.groups[*group].kind.name;
            let news =
                lost.contains(kind) || gone.symmetric_difference(&closing.vanished).any(|(of, _)| of == kind);
            !news && items.iter().all(|(group, _)| self.groups[*group].kind.name != kind)
        };
        let proved: Vec<usize> = closing.unproved.iter().copied().filter(settled).collect();
        closing.vanished = gone;
        closing.prove(proved, round, reading);
        closing.failed = self.heal(&items, round, &listing.sizes).await?;
        if self.brake.pulled().is_some() {
            return Ok(());
        }
        // What the listing named is read by now, or has failed by name.
        reading.gaps.retain(|(group, _)| !closing.unproved.contains(group));
        if round == ROUNDS {
            // The last listing is answered for, though it may not be the last word.
            self.findings.moving = self.names(&items);
            let rest: Vec<usize> = closing.unproved.iter().copied().collect();
            closing.prove(rest, round, reading);
        }
        Ok(())
    }

    /// One answer that held a whole group is a proof by itself; for what carries
    /// stamps and moves between folders and trash, only a listing is.
    fn needs_proof(&self, group: usize, reading: &Reading) -> bool {
        self.groups[group].is_stamped()
            || self.resumed
            || reading.pages.get(&group).is_some_and(|pages| *pages > 1)
            || reading.gaps.iter().any(|(gap, _)| *gap == group)
    }

    /// Lists what was not listed `early`.
    async fn list_round(
        &self,
        round: u32,
        groups: &HashSet<usize>,
        early: Listing,
        sizes: &HashMap<usize, Sizes>,
    ) -> Result<Listing, ExtractError> {
        let is_open = |group: &usize| !early.tells_of(*group);
        let wanted = self.closing_ways(groups.iter().copied().filter(is_open), sizes);
        let mut listing = self.list(&wanted, sizes, self.keep_round(round)).await?;
        listing.extend(early);
        Ok(listing)
    }

    /// How groups are listed to be proved.
    fn closing_ways(
        &self,
        groups: impl Iterator<Item = usize>,
        sizes: &HashMap<usize, Sizes>,
    ) -> Vec<(usize, ListBy)> {
        let unknown = Sizes::default();
        let way = |group: usize| {
            let known = sizes.get(&group).unwrap_or(&unknown);
            self.groups[group].closing(self.request.strategy, known, self.bundles(group))
        };
        groups.map(|group| (group, way(group))).collect()
    }

    pub(super) fn keep_round(&self, round: u32) -> Keep {
        Keep::Round { writer: self.writer.clone(), run: self.id, round }
    }

    /// The listings that prove `pages`, each to begin when the pages of its own
    /// folders are in, whatever is still read of others: for kinds of which the
    /// opening listing cannot tell all. What an earlier attempt read waits for the end.
    pub(super) fn closing_streams(&self, pages: &[Stream], reading: &Reading) -> Vec<(Stream, StreamPlan)> {
        if self.resumed {
            return Vec::new();
        }
        let stamped = |group: &usize| self.groups[*group].is_stamped() && !reading.closed.contains(group);
        let stamped: Vec<usize> = (0..self.groups.len()).filter(stamped).collect();
        let kind = |group: &usize| self.groups[*group].kind.name;
        let untold = stamped.iter().filter(|group| !reading.told_by_opening.contains(group));
        let untold: HashSet<&str> = untold.map(kind).collect();
        let groups = stamped.into_iter().filter(|group| untold.contains(kind(group)));
        let wanted = self.closing_ways(groups, &reading.sizes);
        let streams = self.listing_streams(&wanted, &reading.sizes).into_iter();
        streams.map(|stream| self.following(stream, pages)).collect()
    }

    /// A listing with its plan: it follows the pages that hold rows of it, and is as
    /// long as they proved to be where they hold all.
    fn following(&self, stream: Stream, pages: &[Stream]) -> (Stream, StreamPlan) {
        let follows: Vec<usize> = (0..pages.len()).filter(|at| pages[*at].overlaps(&stream)).collect();
        let parts: Vec<&Stream> = follows.iter().map(|at| &pages[*at]).collect();
        let size = stream.size.filter(|_| !stream.is_made_of(&parts));
        let plan = StreamPlan { size, follows: Some(follows), ..self.listing_plan(&stream) };
        (stream, plan)
    }

    /// Kinds of which the opening listing named an object that the closing one does
    /// not. Where listings began at different times, it may have moved from a folder
    /// that was still to be read to one that was already listed.
    fn lost(
        &self,
        early: &[usize],
        opening: &HashMap<usize, Named>,
        listing: &Listing,
    ) -> HashSet<&'static str> {
        let kind = |group: &usize| self.groups[*group].kind.name;
        let mut lost = HashSet::new();
        for (group, named) in opening.iter().filter(|(group, _)| early.contains(group)) {
            let sides = listing.named.iter().filter(|(other, _)| kind(other) == kind(group));
            let sides: Vec<&HashSet<u64>> = sides.map(|(_, named)| &named.here).collect();
            if named.here.iter().any(|key| !sides.iter().any(|named| named.contains(key))) {
                lost.insert(kind(group));
            }
        }
        lost
    }

    /// A group that cannot be listed cannot be proved.
    fn note_unlisted(&mut self, listing: &Listing, unproved: &mut HashSet<usize>) {
        for (group, reason) in listing.closed.iter().chain(&listing.failed) {
            self.listing_gap(*group, reason, 1);
            unproved.remove(group);
        }
    }

    fn listing_gap(&mut self, group: usize, reason: &str, tries: u32) {
        let group = &self.groups[group];
        let place = format!("closing listing of {}", group.name());
        let gap = GapReport::of_list(group.kind.name, place, reason, tries);
        self.findings.gaps.push(GapReport { listing: Some(group.side), ..gap });
    }

    /// Holds a listing against what the run saw, once all of that is in the vault:
    /// the last pages are stored while the listing is on its way.
    async fn compare(&self, round: u32, groups: &HashSet<usize>) -> Result<Disagreements, ExtractError> {
        self.preparer.settle().await?;
        let mut scopes: Vec<AbsenceScope> = Vec::new();
        for scope in groups.iter().map(|group| self.scope_of(*group, None)) {
            // Both sides of a kind in one look.
            match scopes.iter_mut().find(|other| other.kind == scope.kind && other.folders == scope.folders) {
                Some(other) => other.sides.extend(scope.sides),
                None => scopes.push(scope),
            }
        }
        let (writer, run) = (self.writer.clone(), self.id);
        blocking(move || Ok(writer.disagreements(run, round, scopes)?)).await
    }

    pub(super) fn scope_of(&self, group: usize, listing: Option<u32>) -> AbsenceScope {
        let group = &self.groups[group];
        AbsenceScope {
            kind: group.kind.name.into(),
            folders: group.folders.as_ref().map(|folders| folders.as_absence()),
            sides: vec![group.side],
            listing,
        }
    }

    /// Objects to read again, each once.
    fn items(&self, found: &Disagreements) -> Vec<Item> {
        let group = |one: &Disagreement| {
            self.groups.iter().position(|group| group.kind.name == one.kind && group.side == one.side)
        };
        let items: BTreeSet<Item> = [&found.missing, &found.newer, &found.moved]
            .into_iter()
            .flatten()
            .filter_map(|one| Some((group(one)?, one.key.clone())))
            .collect();
        items.into_iter().collect()
    }

    /// Reads objects again: a group by pages where that costs fewer calls than its
    /// objects, else object by object. Pages may slide past an object while others
    /// come and go, so only the first round uses them. Returns what failed.
    async fn heal(
        &mut self,
        items: &[Item],
        round: u32,
        sizes: &HashMap<usize, Sizes>,
    ) -> Result<Vec<GapReport>, ExtractError> {
        self.watch.phase("reading what moved");
        let mut wanted: BTreeMap<usize, usize> = BTreeMap::new();
        for (group, _) in items {
            *wanted.entry(*group).or_default() += 1;
        }
        let by_pages: Vec<usize> = wanted
            .iter()
            .filter(|(group, items)| {
                let at = &self.groups[**group];
                let Some(parameter) = at.paged.by_id else { return true };
                let in_lists = self.lists.taken(at, parameter) == Some(true);
                let by_id = by_id::calls(**items, in_lists);
                round == FIRST_ROUND && self.pages_of(**group, sizes).is_some_and(|pages| pages < by_id)
            })
            .map(|(group, _)| *group)
            .collect();
        let mut failed: Vec<GapReport> = Vec::new();
        if !by_pages.is_empty() {
            let reading = self.read_again(&by_pages, sizes).await?;
            failed.extend(reading.gaps.into_iter().map(|(_, gap)| gap));
        }
        let mut single: Vec<Item> = Vec::new();
        for group in wanted.keys().filter(|group| !by_pages.contains(group)) {
            let mut keys: Vec<String> =
                items.iter().filter(|(of, _)| of == group).map(|(_, key)| key.clone()).collect();
            self.takes_id_lists(&Search::of(&self.groups[*group]), &mut keys).await?;
            single.extend(keys.into_iter().map(|key| (*group, key)));
        }
        failed.extend(self.read_by_id(single).await?);
        Ok(failed)
    }

    /// Calls that reading a group by pages would cost.
    fn pages_of(&self, group: usize, sizes: &HashMap<usize, Sizes>) -> Option<u64> {
        let page = self.request.page.unwrap_or(self.groups[group].paged.page);
        let (strategy, bundles) = (self.request.strategy, self.bundles(group));
        let streams = self.groups[group].streams(group, strategy, page, sizes.get(&group)?, bundles);
        streams.iter().map(|stream| stream.size.map(|size| pages(size, page))).sum()
    }

    fn names(&self, items: &[Item]) -> Vec<String> {
        items.iter().map(|(group, key)| format!("{} {key}", self.groups[*group].kind.singular)).collect()
    }

    /// What is still open is a gap; what was proved is known to hold nothing else.
    fn settle(&mut self, reading: Reading, closing: Closing) {
        self.findings.gaps.extend(closing.failed);
        self.findings.gaps.extend(reading.gaps.into_iter().map(|(_, gap)| gap));
        if let Some(stop) = self.brake.pulled().filter(|_| self.findings.gaps.is_empty()) {
            for group in &closing.unproved {
                self.listing_gap(*group, &stop.reason(), 0);
            }
        }
        let proved = closing.proved.into_iter();
        let scopes: Vec<AbsenceScope> = proved.map(|(group, round)| self.scope_of(group, round)).collect();
        self.findings.absence.extend(scopes);
    }
}

impl Closing {
    fn prove(&mut self, groups: Vec<usize>, round: u32, reading: &mut Reading) {
        reading.gaps.retain(|(group, _)| !groups.contains(group));
        for group in groups {
            self.unproved.remove(&group);
            self.proved.insert(group, Some(round));
        }
    }
}
