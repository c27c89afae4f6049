//! Reading what is compared while what was read before is being compared.
//!
//! To read two bodies, to decompress them and to hold them against their hashes takes more
//! than half as long as to compare them. Another thread does it, with readers of its own.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use vault::{Reader, VaultError};

use super::changes::View;
use super::states::{Comparison, Object, Pair};

/// What both sides of a pair hold.
pub type Contents = [Vec<u8>; 2];

/// Pairs that may wait to be compared.
const WAITING: usize = 16;

/// For so few no thread is started.
const FEW: usize = 8;

impl Comparison<'_> {
    /// What both sides of a pair hold; `None` when one is missing.
    pub(super) fn contents(&self, pair: &Pair, view: View) -> vault::Result<Option<Contents>> {
        let (Some(from), Some(to)) = (&pair.from, &pair.to) else { return Ok(None) };
        let from = self.content(0, pair.kind, from, view.all)?;
        Ok(Some([from, self.content(1, pair.kind, to, view.all)?]))
    }

    /// Hands each pair, in order, to `each` with what both sides hold; without, when one is
    /// missing.
    ///
    /// # Errors
    /// When a vault cannot be read, what is stored is damaged, or what `each` gives.
    pub fn read_ahead<E: From<VaultError>>(
        &self,
        pairs: &[Pair],
        view: View,
        mut each: impl FnMut(&Pair, Option<Contents>) -> Result<(), E>,
    ) -> Result<(), E> {
        if pairs.len() <= FEW || self.has_volatile(view.all) {
            return pairs.iter().try_for_each(|pair| each(pair, self.contents(pair, view)?));
        }
        let [from, to] = self.vaults();
        thread::scope(|scope| {
            let (send, receive) = sync_channel(WAITING);
            scope.spawn(move || {
                // Whoever waits reads for themselves what does not come, and tells what is wrong.
                let _ = Reader::beside(from).and_then(|first| {
                    let second = if from == to { None } else { Some(Reader::beside(to)?) };
                    send_all([&first, second.as_ref().unwrap_or(&first)], pairs, &send)
                });
            });
            pairs.iter().try_for_each(|pair| {
                let contents = receive.recv().map_or_else(|_| self.contents(pair, view), Ok)?;
                each(pair, contents)
            })
        })
    }
}

/// Sends what the pairs hold, until nobody wants more.
fn send_all(readers: [&Reader; 2], pairs: &[Pair], send: &SyncSender<Option<Contents>>) -> vault::Result<()> {
    for pair in pairs {
        let contents = match (&pair.from, &pair.to) {
            (Some(from), Some(to)) => Some([body(readers[0], from)?, body(readers[1], to)?]),
            _ => None,
        };
        if send.send(contents).is_err() {
            break;
        }
    }
    Ok(())
}

/// The body of an object as a state has it.
pub(super) fn body(reader: &Reader, object: &Object) -> vault::Result<Vec<u8>> {
    let body = object.version.body.map(|hash| reader.body(&hash)).transpose()?.flatten();
    Ok(body.unwrap_or_default())
}
