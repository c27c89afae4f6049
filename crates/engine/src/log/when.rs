//! When something happened, as far as it is known.

use std::collections::HashMap;

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::List;
use serde::Deserialize;
use vault::{Change, Moment, RunId, Version};

use super::Evidence;
use crate::extract::{read_before, tells_user};

/// When a change happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At Looker's own stamp.
    At(Timestamp),
    /// Between two readings of the object.
    Between {
        /// It was as before then; `None` when it had not been looked for.
        after: Option<Timestamp>,
        /// It was found changed by then.
        until: Timestamp,
    },
}

impl When {
    /// The earliest and the latest time it may have happened.
    pub fn bounds(&self) -> (Option<Timestamp>, Timestamp) {
        match *self {
            Self::At(at) => (Some(at), at),
            Self::Between { after, until } => (after, until),
        }
    }
}

/// The runs of an instance, newest first.
pub(super) struct Runs {
    moments: Vec<Moment>,
    places: HashMap<RunId, usize>,
}

impl Runs {
    pub(super) fn new(moments: Vec<Moment>) -> Self {
        let places = moments.iter().map(|moment| moment.run).zip(0..).collect();
        Self { moments, places }
    }

    /// Dates a change of an object that was last read as it was before at `confirmed`, as
    /// far as that was kept. A stamp counts if it moved: a title that Looker changed along
    /// with something else moves none.
    pub(super) fn when(
        &self,
        kind: Option<&Kind>,
        change: &Change,
        confirmed: Option<Timestamp>,
        deleted_at: Option<Timestamp>,
    ) -> When {
        let Change { before, after, .. } = change;
        let stamp = match before.as_ref().filter(|before| before.side.is_some()) {
            _ if after.side.is_none() => None,
            Some(before) => after.updated_at.filter(|at| before.updated_at != Some(*at)),
            None if before.is_none() => after.created_at,
            None => None,
        };
        if let Some(at) = deleted_at.or(stamp) {
            return When::At(at);
        }
        let known = before.as_ref().map(|before| before.read_at).max(confirmed);
        self.between(kind, known, after)
    }

    /// A kind that is read whole was as before when the last run with this scope
    /// began that read it; of what is read object by object a run reads a part, so that
    /// it is only `known` of each when it was read last.
    fn between(&self, kind: Option<&Kind>, known: Option<Timestamp>, after: &Version) -> When {
        let place = self.places.get(&after.from_run);
        let run = place.map(|place| &self.moments[*place]);
        let until = if after.side.is_some() { Some(after.read_at) } else { run.and_then(|run| run.ended_at) };
        let whole = kind.filter(|kind| !matches!(kind.list, List::Each(_) | List::Singles(_)));
        let looked = whole.and_then(|kind| {
            let mut earlier = self.same_scope(after.from_run);
            earlier.find(|run| has_asked_for(run, kind)).map(|run| run.started_at)
        });
        When::Between { after: looked.max(known), until: until.unwrap_or(after.read_at) }
    }

    /// The runs before this one of the same scope that came to their end, newest
    /// first.
    fn same_scope(&self, run: RunId) -> impl Iterator<Item = &Moment> {
        let place = self.places.get(&run).copied();
        let scope = place.map(|place| &self.moments[place].scope);
        let earlier = place.map_or(&[][..], |place| &self.moments[place + 1..]);
        earlier.iter().filter(move |run| Some(&run.scope) == scope && run.state == vault::RunState::Complete)
    }

    /// As whom the instance was read when something was found gone, and before: by the
    /// last run of the scope or, if that is none or older, by the one that found the object
    /// as it was last.
    pub(super) fn evidence(&self, change: &Change) -> Option<Evidence> {
        let place = *self.places.get(&change.after.from_run)?;
        let (now, earlier) = (&self.moments[place], &self.moments[place + 1..]);
        let found = change.before.as_ref().map(|version| version.from_run);
        let found = earlier.iter().find(|run| Some(run.run) == found && tells_user(run));
        let before =
            [read_before(earlier, &now.scope), found].into_iter().flatten().max_by_key(|run| run.run);
        Some(Evidence { before: before.map(|run| run.account.clone()), now: now.account.clone() })
    }
}

/// Whether a run asked for a kind, rather than leave out of its scope what was not due.
fn has_asked_for(run: &Moment, kind: &Kind) -> bool {
    #[derive(Deserialize)]
    struct Totals {
        asked_for: Vec<String>,
    }
    let totals = run.totals_json.as_deref().and_then(|totals| serde_json::from_str::<Totals>(totals).ok());
    totals.is_some_and(|totals| totals.asked_for.iter().any(|name| name == kind.name))
}
