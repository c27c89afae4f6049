//! One pair of objects, change by change.
//!
//! What cannot change under its id (a look's query, a merge query) is replaced by
//! another one when somebody edits it; that the id changed tells nobody anything.
//! So the two objects that the ids mean are compared in the place of the ids.

use looker::Kind;
use looker::catalogue::Refresh;
use vault::VaultError;

use super::ahead::Contents;
use super::changes::{Change, Documents, Step, View, What};
use super::states::{Comparison, Pair};
use super::value::Value;

/// Whether objects of a kind never change and are only what others are made of.
pub fn is_part_of_others(kind: &Kind) -> bool {
    kind.each().is_some_and(|each| each.refresh == Refresh::Never)
}

impl Comparison<'_> {
    /// Hands the changes between the two sides of a pair to `each`, in the order of
    /// the document; none when one side is missing.
    ///
    /// # Errors
    /// When a vault cannot be read, or what is stored is damaged.
    pub fn tell(&self, pair: &Pair, view: View, each: &mut dyn FnMut(&Change<'_>)) -> vault::Result<()> {
        let contents = self.contents(pair, view)?;
        self.tell_read(pair, contents.as_ref(), view, each)
    }

    /// The same, with the contents of both sides as they were read before.
    ///
    /// # Errors
    /// As [`tell`](Self::tell) gives them.
    pub fn tell_read(
        &self,
        pair: &Pair,
        contents: Option<&Contents>,
        view: View,
        each: &mut dyn FnMut(&Change<'_>),
    ) -> vault::Result<()> {
        let Some([from, to]) = contents else { return Ok(()) };
        self.tell_of(pair.kind, [from, to], view, &[], each)
    }

    fn tell_of(
        &self,
        kind: &'static Kind,
        contents: [&[u8]; 2],
        view: View,
        within: &[Step<'_>],
        each: &mut dyn FnMut(&Change<'_>),
    ) -> vault::Result<()> {
        let damaged = |why| VaultError::Damaged {
            path: self.path().into(),
            detail: format!("a body of {}: {why}", kind.name),
        };
        let from = Value::parse(contents[0]).map_err(damaged)?;
        let to = Value::parse_like(contents[1], &from).map_err(damaged)?;
        let documents = Documents { kind, from: &from, to: &to, identity: self.identity() };
        let Some(edit) = documents.edit() else { return Ok(()) };
        let same = |kind: &str, from: &str, to: &str| self.is_same(kind, from, to);
        for mut change in documents.changes(&edit, view, &same) {
            let followed = self.follow(kind, &change, view, within, each)?;
            if !followed || view.all {
                if !within.is_empty() {
                    change.place.splice(0..0, within.iter().cloned());
                }
                each(&change);
            }
        }
        Ok(())
    }

    /// Tells of the objects that an id meant and means, in its place; false when it
    /// means no such objects, or they are not stored.
    fn follow(
        &self,
        kind: &Kind,
        change: &Change<'_>,
        view: View,
        within: &[Step<'_>],
        each: &mut dyn FnMut(&Change<'_>),
    ) -> vault::Result<bool> {
        let path = change.path();
        let reference = kind.references.iter().find(|reference| reference.path == path);
        let part = reference.and_then(|found| Kind::find(found.kind)).filter(|kind| is_part_of_others(kind));
        let (Some(part), What::Changed { from, to }) = (part, &change.what) else { return Ok(false) };
        let (Some(from), Some(to)) = (from.as_name(), to.as_name()) else { return Ok(false) };
        let (Some(from), Some(to)) = (self.body_of(0, part, &from)?, self.body_of(1, part, &to)?) else {
            return Ok(false);
        };
        let mut place = [within, &change.place].concat();
        if let Some(Step::Field(field)) = place.pop() {
            place.push(Step::Through { field, kind: part });
        }
        self.tell_of(part, [&from, &to], view, &place, each)?;
        Ok(true)
    }
}
