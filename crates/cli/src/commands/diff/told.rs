//! What is told of each pair of objects, whoever it is told to.

use engine::diff::{Change, Comparison, Pair, View, What};
use looker::Kind;
use serde::Serialize;

use crate::report::Failure;

/// A comparison about to be told.
pub(super) struct Told<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) pairs: &'a [Pair],
    pub(super) view: View,
    /// Only counts are wanted.
    pub(super) stat: bool,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It differs.
    Changed,
}

/// Counts of changes, or of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) added: u64,
    pub(super) removed: u64,
    pub(super) changed: u64,
}

/// An object that differs.
pub(super) struct Differing<'a, T> {
    pub(super) pair: &'a Pair,
    pub(super) fate: Fate,
    pub(super) counts: Counts,
    /// The changes, in the form that was asked for.
    pub(super) changes: Vec<T>,
}

/// What a comparison came to.
#[derive(Default)]
pub(super) struct Sum {
    /// Objects that differ, by kind in the catalogue's order.
    pub(super) kinds: Vec<(&'static Kind, Counts)>,
    /// Objects that differ in nothing that is shown.
    pub(super) alike: u64,
}

impl Counts {
    fn add(&mut self, what: Fate) {
        *match what {
            Fate::Added => &mut self.added,
            Fate::Removed => &mut self.removed,
            Fate::Changed => &mut self.changed,
        } += 1;
    }
}

impl Sum {
    /// Objects of all kinds.
    pub(super) fn all(&self) -> Counts {
        self.kinds.iter().fold(Counts::default(), |sum, (_, counts)| Counts {
            added: sum.added + counts.added,
            removed: sum.removed + counts.removed,
            changed: sum.changed + counts.changed,
        })
    }

    /// Whether anything that is shown differs.
    pub(super) fn differs(&self) -> bool {
        self.all() != Counts::default()
    }

    fn add(&mut self, kind: &'static Kind, fate: Fate) {
        match self.kinds.last_mut() {
            Some((last, counts)) if last.name == kind.name => counts.add(fate),
            _ => {
                self.kinds.push((kind, Counts::default()));
                self.add(kind, fate);
            }
        }
    }
}

impl Told<'_> {
    /// Hands every object that differs to `each`, its changes as `form` makes them.
    ///
    /// # Errors
    /// When a vault cannot be read, or what `each` gives.
    pub(super) fn each<T>(
        &self,
        mut form: impl FnMut(&Kind, &Change<'_>) -> T,
        mut each: impl FnMut(Differing<'_, T>) -> Result<(), Failure>,
    ) -> Result<Sum, Failure> {
        let mut sum = Sum::default();
        self.comparison.read_ahead(self.pairs, self.view, |pair, contents| {
            let (mut counts, mut changes) = (Counts::default(), Vec::new());
            self.comparison.tell_read(pair, contents.as_ref(), self.view, &mut |change| {
                counts.add(match change.what {
                    What::Added(_) => Fate::Added,
                    What::Removed(_) => Fate::Removed,
                    What::Changed { .. } | What::Moved(_) => Fate::Changed,
                });
                if !self.stat {
                    changes.push(form(pair.kind, change));
                }
            })?;
            let fate = match (&pair.from, &pair.to) {
                (None, _) => Fate::Added,
                (_, None) => Fate::Removed,
                (Some(from), Some(to))
                    if counts != Counts::default() || from.version.side != to.version.side =>
                {
                    Fate::Changed
                }
                _ => {
                    sum.alike += 1;
                    return Ok(());
                }
            };
            sum.add(pair.kind, fate);
            each(Differing { pair, fate, counts, changes })
        })?;
        Ok(sum)
    }
}
