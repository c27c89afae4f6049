//! Readers beside the writer: one that is given back is lent again, since to open one
//! takes longer than most questions.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Reader, Result};

/// Readers that nobody uses, until the writer ends.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Mutex<Option<Vec<Reader>>>>);

/// A reader of the vault that a [`Writer`](super::Writer) writes; it sees what is
/// committed. It goes back when it is dropped.
#[derive(Debug)]
pub struct LentReader {
    /// Until it is dropped.
    reader: Option<Reader>,
    home: Readers,
}

impl Readers {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// Lends an idle reader, or the one that `open` gives.
    pub(super) fn lend(&self, open: impl FnOnce() -> Result<Reader>) -> Result<LentReader> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Vec::pop);
        let reader = idle.map_or_else(open, Ok)?;
        Ok(LentReader { reader: Some(reader), home: self.clone() })
    }

    /// Closes all that are idle, and each that comes back later: the writer must be the
    /// last to let go of the file.
    pub(super) fn close(&self) {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(idle);
    }
}

impl Deref for LentReader {
    type Target = Reader;

    #[expect(clippy::expect_used, reason = "it is taken out when dropped and never before")]
    fn deref(&self) -> &Reader {
        self.reader.as_ref().expect("a reader that is lent")
    }
}

impl Drop for LentReader {
    fn drop(&mut self) {
        let mut idle = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(idle), Some(reader)) = (idle.as_mut(), self.reader.take()) {
            idle.push(reader);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::Vault;

    #[test]
    fn what_came_back_is_lent_again_until_the_writer_ends() {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::open_for_writing(&directory.path().join("vault.db"), "test").unwrap();
        let mut opened = 0;
        let readers = Readers::new();
        let mut lend = || {
            readers.lend(|| {
                opened += 1;
                vault.reader()
            })
        };
        let (one, other) = (lend().unwrap(), lend().unwrap());
        drop(one);
        drop(lend().unwrap());
        readers.close();
        drop(other);
        drop(lend().unwrap());
        drop(lend().unwrap());
        // Two at once; after the end each is closed when it comes back.
        assert_eq!(opened, 4);
    }
}
