//! What a document refers to.
//!
//! References are found in the same walk that makes the document canonical.
//! They belong to the body: what is cut out of it lies with the object and not
//! with the body, and what is blotted out may be written nowhere, so neither
//! counts. Searching a stored body again therefore gives what was found when it
//! was written.

use std::ops::Range;

use super::scan::unescaped;
use crate::Kind;

/// A place at which documents refer to objects of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferencePattern {
    /// Keys from the root; arrays on the way, and at the end, are passed through.
    pub path: &'static [&'static str],
    /// The kind that is referred to.
    pub kind: &'static str,
}

/// An object that a document refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Its kind.
    pub kind: Kind,
    /// Its key: the text of a string, or a number as it is spelt.
    pub key: String,
}

/// The references met by a walk, in its order.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// All keys, one after the other.
    keys: Vec<u8>,
    /// Kind and key.
    references: Vec<(u16, Range<usize>)>,
}

impl Met {
    /// Notes a canonical string or number; the empty string refers to nothing.
    pub(super) fn note(&mut self, kind: u16, scalar: &[u8]) {
        let start = self.keys.len();
        match scalar {
            [b'"', text @ .., b'"'] if text.contains(&b'\\') => self.keys.extend(unescaped(text)),
            [b'"', text @ .., b'"'] => self.keys.extend_from_slice(text),
            number => self.keys.extend_from_slice(number),
        }
        if self.keys.len() > start {
            self.references.push((kind, start..self.keys.len()));
        }
    }

    /// Each of them once, in order. `kinds` are named by the numbers noted.
    pub(super) fn distinct(&mut self, kinds: &[Kind]) -> Vec<Reference> {
        let keys = &self.keys;
        let named = |(kind, key): &(u16, Range<usize>)| (*kind, &keys[key.clone()]);
        self.references.sort_unstable_by(|a, b| named(a).cmp(&named(b)));
        self.references.dedup_by(|a, b| named(a) == named(b));
        let reference = |(kind, key): &(u16, Range<usize>)| Reference {
            kind: kinds[usize::from(*kind)].clone(),
            key: String::from_utf8_lossy(&keys[key.clone()]).into_owned(),
        };
        self.references.iter().map(reference).collect()
    }
}
