//! Gathering samples of a kind, and training its dictionary on them.

use std::io;

/// Enough samples are this many...
const SAMPLES: usize = 256;
/// ...or this many bytes of them, whichever comes first. Twice as many take
/// twice as long and make nothing smaller (measured on dashboards of 30 KB).
const SAMPLE_BYTES: usize = 1 << 20;
/// Of a very large document the beginning is sample enough.
const SAMPLE_LIMIT: usize = 64 << 10;
/// A dictionary is at most this large...
const DICTIONARY_LIMIT: usize = 64 << 10;
/// ...and at most this part of its samples, or it learns them by heart.
const DICTIONARY_SHARE: usize = 8;

/// The samples of one kind, until there are enough.
#[derive(Debug, Default)]
pub(super) struct Samples {
    taken: Taken,
    /// Training has begun (or failed): no more are wanted.
    closed: bool,
}

/// Samples one after the other.
#[derive(Debug, Default)]
pub(super) struct Taken {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Samples {
    /// Remembers a sample; gives them all away once they are enough.
    pub(super) fn add(&mut self, raw: &[u8]) -> Option<Taken> {
        if self.closed {
            return None;
        }
        let sample = &raw[..raw.len().min(SAMPLE_LIMIT)];
        self.taken.bytes.extend_from_slice(sample);
        self.taken.lengths.push(sample.len());
        self.closed = self.taken.lengths.len() >= SAMPLES || self.taken.bytes.len() >= SAMPLE_BYTES;
        self.closed.then(|| std::mem::take(&mut self.taken))
    }
}

impl Taken {
    /// Trains a dictionary; fails for samples too few or too small to teach anything.
    pub(super) fn train(&self) -> io::Result<Vec<u8>> {
        let size = DICTIONARY_LIMIT.min(self.bytes.len() / DICTIONARY_SHARE);
        zstd::dict::from_continuous(&self.bytes, &self.lengths, size)
    }
}
