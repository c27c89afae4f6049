//! What was read of the instance on the way, kept in the vault.
//!
//! A restore reads twice: before it writes, and after. Both readings are kept as
//! runs: the first is what an undo goes back to, the second makes the vault know what
//! the restore itself has changed, so that nobody takes it for somebody else's edit.

use jiff::Timestamp;
use looker::Kind;
use vault::{RunId, Writer};

use super::RestoreError;
use super::live::Live;
use crate::extract::{Recorder, blocking, compiled};

/// Objects to a message: the writer's queue holds few.
const OBJECTS_AT_ONCE: usize = 100;

/// Stores live objects with a run.
pub(super) async fn keep(
    writer: &Writer,
    run: RunId,
    lives: Vec<(&'static Kind, Live)>,
) -> Result<(), RestoreError> {
    let writer = writer.clone();
    Ok(blocking(move || {
        let reader = writer.reader()?;
        let codec = writer.codec().quick();
        for chunk in lives.chunks(OBJECTS_AT_ONCE) {
            let mut records = Vec::with_capacity(chunk.len());
            for (kind, live) in chunk {
                let [without, with] = compiled(kind);
                let recorder = |rules| {
                    let read_at = Timestamp::now();
                    Recorder { kind, side: live.side, read_at, rules, codec: &codec }
                };
                if let Some(packed) = &live.packed {
                    records.push(recorder(without).record_of(&live.row, packed.prepared.clone()));
                    continue;
                }
                // As the vault has had it so far: a destination that nobody asked to
                // keep is not kept because of a restore.
                let known = |rules| {
                    vault::canonicalise(&live.row.raw, rules).map(|made| vault::BodyHash::of(&made.body))
                };
                let keeps = !kind.destinations.is_empty()
                    && known(with).is_ok_and(|hash| reader.has_body(&hash).unwrap_or(false));
                let rules = if keeps { with } else { without };
                records.extend(recorder(rules).record(&live.row, |hash| reader.has_body(hash))?.ok());
            }
            writer.items(run, records)?;
        }
        Ok(())
    })
    .await?)
}
