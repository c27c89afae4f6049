//! What was read for a plan and is not read again for the next one of its session: when
//! somebody answered a question, or what is live has moved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use looker::Kind;

use super::sighting::Looked;
use super::{Planner, access};
use crate::restore::ahead::Listing;
use crate::restore::apply::FRESH;
use crate::restore::identity::Lives;
use crate::restore::live::Live;
use crate::restore::plan::Object;
use crate::restore::read_back::Beyond;

/// What was read of the instance for a plan.
#[derive(Default)]
pub(in crate::restore) struct Reads {
    /// When the first of it was read, where something was.
    since: Option<Timestamp>,
    lives: HashMap<&'static str, Lives>,
    asked: HashMap<&'static str, BTreeSet<String>>,
    whole: BTreeSet<&'static str>,
    /// By kind, folders of which all live objects were listed; `None` is the instance.
    listed: HashMap<&'static str, BTreeSet<Option<String>>>,
    metadata: HashMap<String, access::Metadata>,
    looked: Looked,
}

impl Reads {
    /// What was read of a kind ahead of reading back.
    pub(in crate::restore) fn of(kind: &'static Kind, lives: BTreeMap<String, Live>) -> Self {
        let asked = HashMap::from([(kind.name, lives.keys().cloned().collect())]);
        let mut of_kind = Lives::default();
        of_kind.extend(lives);
        Self { lives: HashMap::from([(kind.name, of_kind)]), asked, ..Self::default() }
    }

    /// Kinds and ids of all of it.
    pub(in crate::restore) fn ids(&self) -> HashSet<(&'static str, String)> {
        let of_kind = |(kind, lives): (&&'static str, &Lives)| {
            let kind = *kind;
            lives.all().map(move |live| (kind, live.row.id.clone())).collect::<Vec<_>>()
        };
        self.lives.iter().flat_map(of_kind).collect()
    }

    /// Of an object of a plan that was found to be as it was meant, by all that can be known of
    /// the instance: fields that differ and that nobody can write.
    pub(in crate::restore) fn as_meant(&self, object: &Object) -> Option<&Beyond> {
        let live = self.lives.get(object.kind.as_str())?.get(object.live_id.as_ref()?)?;
        let meant = live.as_meant.as_ref().filter(|meant| meant.by_document)?;
        (meant.then.to_string() == object.intended).then_some(&meant.rest)
    }

    /// Whether it is too old to plan by, when somebody has thought for long.
    pub(in crate::restore) fn is_old(&self, now: Timestamp) -> bool {
        let age = self.since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        age.unsigned_abs() > FRESH
    }
}

impl Planner<'_> {
    /// Takes over what an earlier plan has read. The plan is as old as that.
    pub(super) fn go_on_from(&mut self, reads: Reads) {
        let Reads { since, lives, asked, whole, listed, metadata, looked } = reads;
        self.since = since.unwrap_or(self.since);
        (self.lives, self.asked, self.whole) = (lives, asked, whole);
        (self.listed, self.metadata, self.looked) = (listed, metadata, looked);
    }

    /// What was listed for the plan.
    pub(super) fn listing(&self) -> Listing {
        Listing::of(&self.lives, &self.listed)
    }

    /// Leaves what was read to the next plan of the session.
    pub(super) fn leave_reads(&mut self) {
        self.session.leave_reads(Reads {
            since: Some(self.since),
            lives: std::mem::take(&mut self.lives),
            asked: std::mem::take(&mut self.asked),
            whole: std::mem::take(&mut self.whole),
            listed: std::mem::take(&mut self.listed),
            metadata: std::mem::take(&mut self.metadata),
            looked: std::mem::take(&mut self.looked),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_used_again_only_for_a_while() {
        let since = Timestamp::now();
        let reads = Reads { since: Some(since), ..Reads::default() };
        let second = SignedDuration::from_secs(1);
        let late = since + FRESH;
        assert!(!reads.is_old(since) && !reads.is_old(late) && reads.is_old(late + second));
        assert!(!Reads::default().is_old(late + second), "nothing was read");
    }
}
