//! When something happened, as far as it is known.

use std::cell::OnceCell;
use std::collections::HashMap;

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::List;
use serde::Deserialize;
use vault::{Change, Moment, RunId};

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
    /// What each of them came to, once it was asked for.
    totals: Vec<OnceCell<Option<Totals>>>,
    places: HashMap<RunId, usize>,
}

impl Runs {
    pub(super) fn new(moments: Vec<Moment>) -> Self {
        let places = moments.iter().map(|moment| moment.run).zip(0..).collect();
        let totals = moments.iter().map(|_| OnceCell::new()).collect();
        Self { moments, totals, places }
    }

    /// Dates a change. A stamp counts if it moved: a title that Looker changed
    /// along with something else moves none.
    pub(super) fn when(&self, kind: Option<&Kind>, change: &Change, deleted_at: Option<Timestamp>) -> When {
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
        self.between(kind, change)
    }

    /// A kind that is read whole was as before when the last run with this scope
    /// began that read it; of what is read object by object a run reads a part, so that
    /// it is only `known` of each when it was read last. So it is of what changed and
    /// kept its stamp: runs before had no look at it.
    fn between(&self, kind: Option<&Kind>, change: &Change) -> When {
        let Change { before, after, .. } = change;
        let place = self.places.get(&after.from_run).copied();
        let ended_at = place.and_then(|place| self.moments[place].ended_at);
        let until = if after.side.is_some() { Some(after.read_at) } else { ended_at };
        let whole = kind.filter(|kind| !matches!(kind.list, List::Each(_) | List::Singles(_)));
        let totals = || place.and_then(|place| self.totals(place));
        let is_unstamped = || totals().is_some_and(|totals| totals.is_unstamped(&change.kind, &change.key));
        let has_looked_at =
            |place: usize, kind| self.totals(place).is_some_and(|totals| totals.looked_at(kind));
        let looked = whole.filter(|_| !is_unstamped()).and_then(|kind| {
            let mut earlier = self.same_scope(after.from_run);
            earlier.find(|(place, _)| has_looked_at(*place, kind)).map(|(_, run)| run.started_at)
        });
        let known = before.as_ref().map(|before| before.confirmed_at.unwrap_or(before.read_at));
        When::Between { after: looked.max(known), until: until.unwrap_or(after.read_at) }
    }

    /// The runs before this one of the same scope that came to their end, newest
    /// first.
    fn same_scope(&self, run: RunId) -> impl Iterator<Item = (usize, &Moment)> {
        let place = self.places.get(&run).copied();
        let scope = place.map(|place| &self.moments[place].scope);
        let earlier = self.moments.iter().enumerate().skip(place.map_or(usize::MAX, |place| place + 1));
        earlier.filter(move |(_, run)| Some(&run.scope) == scope && run.state == vault::RunState::Complete)
    }

    /// What a run came to; `None` where nothing of it is kept.
    fn totals(&self, place: usize) -> Option<&Totals> {
        let read = || serde_json::from_str(self.moments[place].totals_json.as_deref()?).ok();
        self.totals[place].get_or_init(read).as_ref()
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

/// What is read of a run's totals.
#[derive(Deserialize)]
struct Totals {
    asked_for: Vec<String>,
    #[serde(default)]
    unavailable: Vec<OfKind>,
    #[serde(default)]
    unstamped: Vec<OfKind>,
}

#[derive(Deserialize)]
struct OfKind {
    kind: String,
    #[serde(default)]
    ids: Vec<String>,
}

impl Totals {
    /// Whether the run found an object changed whose stamp had not moved.
    fn is_unstamped(&self, kind: &str, key: &str) -> bool {
        self.unstamped.iter().any(|of| of.kind == kind && of.ids.iter().any(|id| id == key))
    }

    /// Whether the run looked at a kind, rather than leave out of its scope what was not
    /// due, or find it closed.
    fn looked_at(&self, kind: &Kind) -> bool {
        self.asked_for.iter().any(|name| name == kind.name)
            && !self.unavailable.iter().any(|closed| closed.kind == kind.name)
    }
}

#[cfg(test)]
mod tests {
    use vault::{RunState, Side, Vault};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// When a board changed that keeps no stamp, found by the second of two runs with
    /// these totals; it was last read ten seconds before the first.
    fn after(totals: [&str; 2]) -> Option<Timestamp> {
        let place = tempfile::tempdir().unwrap();
        let mut vault = Vault::open_for_writing(&place.path().join("vault.db"), "test").unwrap();
        let instance = vault.instance("https://made-up.looker.example").unwrap();
        let moment = |run: i64, totals: &str| Moment {
            run: RunId::from_number(run),
            instance,
            state: RunState::Complete,
            started_at: at(run * 100),
            ended_at: Some(at(run * 100 + 50)),
            scope: "all".into(),
            account: "{}".into(),
            totals_json: Some(totals.into()),
        };
        let runs = Runs::new(vec![moment(3, totals[1]), moment(2, totals[0])]);
        let version = |run: i64, read_at| vault::Version {
            from_run: RunId::from_number(run),
            side: Some(Side::Live),
            title: None,
            folder: None,
            updated_at: None,
            created_at: None,
            read_at: at(read_at),
            confirmed_at: None,
            body: None,
        };
        let (before, after) = (Some(version(1, 190)), version(3, 310));
        let change = Change { kind: "boards".into(), key: "7".into(), before, after };
        match runs.when(Kind::find("boards"), &change, None) {
            When::Between { after, until } => {
                assert_eq!(until, at(310));
                after
            }
            When::At(at) => panic!("{at}"),
        }
    }

    #[test]
    fn only_a_run_that_looked_tells_that_something_was_as_before() {
        let asked = r#"{"asked_for":["boards"]}"#;
        assert_eq!(after([asked, asked]), Some(at(200)));
        assert_eq!(after([r#"{"asked_for":["looks"]}"#, asked]), Some(at(190)), "it was not due");
        let closed = r#"{"asked_for":["boards"],"unavailable":[{"kind":"boards","reason":"no"}]}"#;
        assert_eq!(after([closed, asked]), Some(at(190)));
        let of_another = closed.replace(r#""kind":"boards""#, r#""kind":"looks""#);
        assert_eq!(after([&of_another, asked]), Some(at(200)));
        // Runs before looked at stamps, which had not moved.
        let found = r#"{"asked_for":["boards"],"unstamped":[{"kind":"boards","ids":["7"]}]}"#;
        assert_eq!(after([asked, found]), Some(at(190)));
        assert_eq!(after([asked, &found.replace('7', "8")]), Some(at(200)));
    }
}
