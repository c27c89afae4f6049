//! Buffers that answers are read into, used again.
//!
//! A page is megabytes; giving such blocks back and asking for new ones, several
//! at once and each of another size, scatters the allocator's heap, and the
//! process grows with the number of pages it has read. A buffer returns here when
//! the last slice of its body is dropped.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Smaller bodies are left to the allocator, which is good at them.
const SMALLEST: usize = 256 * 1024;

/// A buffer that grew beyond this for one exceptional answer is not kept. A hundred
/// dashboards are three megabytes, large ones eight.
const LARGEST: usize = 12 * 1024 * 1024;

/// All that are kept hold no more than this.
const LARGEST_TOGETHER: usize = 32 * 1024 * 1024;

/// Buffers not in use.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Most that are kept.
    most: usize,
}

impl Buffers {
    /// Keeps at most `most` buffers.
    pub(super) fn new(most: usize) -> Self {
        Self { idle: Arc::default(), most }
    }

    /// An empty buffer with room for `announced` bytes, where that is known
    /// (a compressed answer does not say).
    pub(super) fn take(&self, announced: Option<usize>) -> Vec<u8> {
        if let Some(room) = announced.filter(|room| *room < SMALLEST) {
            return Vec::with_capacity(room);
        }
        let mut buffer = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        buffer.reserve_exact(announced.unwrap_or_default());
        buffer
    }

    /// The body; its buffer comes back when nobody looks at it any more.
    pub(super) fn lend(&self, body: Vec<u8>) -> Bytes {
        if body.capacity() < SMALLEST {
            return Bytes::from(body);
        }
        Bytes::from_owner(Lent { body, home: self.clone() })
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = idle.iter().map(Vec::capacity).sum();
        let has_room = idle.len() < self.most && held + buffer.capacity() <= LARGEST_TOGETHER;
        if has_room && buffer.capacity() <= LARGEST {
            idle.push(buffer);
        }
    }
}

struct Lent {
    body: Vec<u8>,
    home: Buffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.body));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(buffers: &Buffers, length: usize) -> Bytes {
        let mut buffer = buffers.take(Some(length));
        buffer.resize(length, b'x');
        buffers.lend(buffer)
    }

    #[test]
    fn a_buffer_comes_back_with_the_last_slice_of_its_body() {
        let buffers = Buffers::new(2);
        let whole = body(&buffers, SMALLEST);
        let place = whole.as_ptr();
        let slice = whole.slice(1..2);
        drop(whole);
        assert_ne!(body(&buffers, SMALLEST).as_ptr(), place, "a slice still looks at it");
        buffers.idle.lock().unwrap().clear();
        drop(slice);
        assert_eq!(body(&buffers, SMALLEST).as_ptr(), place);
    }

    #[test]
    fn small_and_exceptional_buffers_are_not_kept() {
        let buffers = Buffers::new(2);
        drop(body(&buffers, SMALLEST - 1));
        drop(body(&buffers, LARGEST + 1));
        assert!(buffers.idle.lock().unwrap().is_empty());
        drop([body(&buffers, SMALLEST), body(&buffers, SMALLEST), body(&buffers, SMALLEST)]);
        assert_eq!(buffers.idle.lock().unwrap().len(), 2);
    }

    #[test]
    fn all_that_are_kept_are_not_too_large_together() {
        let buffers = Buffers::new(100);
        let fit = LARGEST_TOGETHER / LARGEST;
        drop((0..=fit).map(|_| body(&buffers, LARGEST)).collect::<Vec<_>>());
        assert_eq!(buffers.idle.lock().unwrap().len(), fit);
    }
}
