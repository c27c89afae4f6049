//! Whether the instance that answers is the one that the vault knows.
//!
//! An address is not an instance: one that is rebuilt under the same URL has
//! other objects under the same ids, and to go on with the old history would mix
//! the two. What does not change as long as an object lives is when it was made,
//! so one birth mark that differs is enough to ask first.

use jiff::Timestamp;
use looker::Kind;
use looker::rows::Row;
use vault::{InstanceId, RunId, Writer};

use super::error::{ExtractError, OtherInstance};
use super::pool::blocking;
use super::request::Epoch;

/// Holds rows against the birth marks that the vault has.
#[derive(Clone)]
pub(super) struct Recognition {
    pub(super) writer: Writer,
    pub(super) run: RunId,
    pub(super) instance: InstanceId,
    pub(super) address: String,
    pub(super) epoch: Epoch,
}

impl Recognition {
    /// Compares the rows of a kind; what disagrees is taken over if the history is
    /// to be continued whatever birth marks say.
    ///
    /// # Errors
    /// When one disagrees otherwise.
    pub(super) async fn check(
        &self,
        kind: &'static Kind,
        rows: impl Iterator<Item = &Row>,
    ) -> Result<(), ExtractError> {
        if !is_born_once(kind) || self.epoch == Epoch::New {
            return Ok(());
        }
        let births: Vec<(String, Timestamp)> =
            rows.filter_map(|row| Some((row.id.clone(), row.created_at?))).collect();
        if births.is_empty() {
            return Ok(());
        }
        let this = self.clone();
        blocking(move || this.compare(kind, &births)).await
    }

    fn compare(&self, kind: &'static Kind, births: &[(String, Timestamp)]) -> Result<(), ExtractError> {
        let found = self.writer.reader()?.births(self.instance, kind.name, births)?;
        if found.other.is_empty() {
            return Ok(());
        }
        if self.epoch == Epoch::Continued {
            let taken_over = found.other.into_iter().map(|other| (other.key, other.now)).collect();
            return Ok(self.writer.births(self.run, kind.name.into(), taken_over)?);
        }
        Err(ExtractError::OtherInstance(Box::new(OtherInstance {
            address: self.address.clone(),
            kind: kind.name,
            compared: found.compared,
            others: found.other,
        })))
    }
}

/// Whether a kind carries birth marks under keys that are given only once. A name
/// may come back: who drops a connection and makes another of that name has not
/// rebuilt the instance.
fn is_born_once(kind: &Kind) -> bool {
    kind.envelope.created_at.is_some() && kind.envelope.id == ["id"]
}
