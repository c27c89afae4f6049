//! Names made of content: a body and a dictionary are called by their hash.

use std::fmt;

/// The BLAKE3 hash of a body's canonical bytes; equal hash means equal body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BodyHash(pub [u8; 32]);

/// The BLAKE3 hash of a compression dictionary's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DictionaryId(pub [u8; 32]);

impl BodyHash {
    /// Hashes canonical bytes.
    pub fn of(body: &[u8]) -> Self {
        Self(*blake3::hash(body).as_bytes())
    }
}

impl DictionaryId {
    /// Hashes a dictionary's bytes.
    pub fn of(dictionary: &[u8]) -> Self {
        Self(*blake3::hash(dictionary).as_bytes())
    }
}

/// A short fingerprint of a volatile part (first 8 bytes of its BLAKE3, little
/// endian): it only decides whether the stored blob must be replaced.
pub fn volatile_hash(volatile: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(volatile).as_bytes()[..8]);
    u64::from_le_bytes(first)
}

fn hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for DictionaryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyHash({self})")
    }
}

impl fmt::Debug for DictionaryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DictionaryId({self})")
    }
}
