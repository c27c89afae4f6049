//! Canonicalising a document, its volatile fields cut out.

use std::ops::Range;

use super::counters::counters;
use super::each::Member;
use super::references::Met;
use super::rules::{CompiledRules, NOWHERE, PathPlace, ROOT};
use super::walk::{Edit, Key, Treatment, Walk};
use super::{Canonical, DocumentError};

/// Brings a raw JSON document into canonical form, cuts its volatile fields
/// out, replaces its secrets by a mark, and says what the rest refers to.
///
/// The result depends only on the document and the rules, not on the order of
/// keys, white space or the spelling of strings; canonicalising a canonical
/// body changes nothing.
///
/// # Errors
/// When `raw` is not JSON by RFC 8259 in UTF-8, or nests deeper than 512: the
/// byte offset and the reason.
pub fn canonicalise(raw: &[u8], rules: &CompiledRules) -> Result<Canonical, DocumentError> {
    let mut walk = Walk::new(raw, raw.len(), Split::new(rules, &[]))?;
    walk.document(ROOT)?;
    Ok(walk.edit.canonical(walk.out, walk.redacted))
}

/// Cuts fields out by rules and gathers them.
#[derive(Debug)]
pub(super) struct Split<'r> {
    rules: &'r CompiledRules,
    /// Names of members of the root that are wanted, and where these are.
    wanted: &'r [&'r str],
    pub(super) told: Vec<Option<Member>>,
    /// `pointer` and `value` texts, one after the other.
    text: Vec<u8>,
    cuts: Vec<Cut>,
    met: Met,
}

#[derive(Debug)]
struct Cut {
    pointer: usize,
    value: usize,
    end: usize,
}

impl Edit for Split<'_> {
    type Place = PathPlace;

    fn member(&self, place: PathPlace, key: Key<'_>, _nth: impl Fn() -> usize) -> (Treatment, PathPlace) {
        self.rules.member(place, key)
    }

    fn element(&self, place: PathPlace, _index: usize) -> PathPlace {
        place
    }

    fn additions(&mut self, _place: PathPlace) -> impl Iterator<Item = (&[u8], &[u8])> {
        std::iter::empty()
    }

    #[inline]
    fn scalar(&mut self, place: PathPlace, text: &[u8]) {
        for kind in self.rules.refers_to(place) {
            self.met.note(*kind, text);
        }
    }

    fn cut_at_root(&mut self, key: &[u8], value: &[u8]) {
        let text = || str::from_utf8(value).ok().map(|text| Member::CutOut(text.to_owned()));
        self.tell(key, text);
    }

    fn kept_at_root(&mut self, key: &[u8], value: Range<usize>) {
        self.tell(key, || Some(Member::Kept(value)));
    }

    fn cut(&mut self, write_pointer: impl FnOnce(&mut Vec<u8>), document: &[u8]) {
        let pointer = self.text.len();
        write_pointer(&mut self.text);
        let value = self.text.len();
        self.text.extend_from_slice(document);
        self.cuts.push(Cut { pointer, value, end: self.text.len() });
    }
}

impl<'r> Split<'r> {
    /// Before a document of which these members of the root are wanted.
    pub(super) fn new(rules: &'r CompiledRules, wanted: &'r [&'r str]) -> Self {
        let told = vec![None; wanted.len()];
        Self { rules, wanted, told, text: Vec::new(), cuts: Vec::new(), met: Met::default() }
    }

    fn tell(&mut self, key: &[u8], member: impl FnOnce() -> Option<Member>) {
        if let Some(nth) = self.wanted.iter().position(|name| name.as_bytes() == key) {
            self.told[nth] = member();
        }
    }

    /// What was made of the document, with what the walk wrote of it.
    pub(super) fn canonical(mut self, body: Vec<u8>, redacted: u32) -> Canonical {
        Canonical {
            body,
            volatile: self.volatile(),
            counters: self.counters(),
            redacted,
            references: self.met.distinct(self.rules.kinds()),
        }
    }

    /// What was cut out, ordered by pointer; equal pointers (equal keys of one
    /// object) keep their order.
    fn volatile(&mut self) -> Option<Vec<u8>> {
        let text = &self.text;
        self.cuts.sort_by_key(|cut| &text[cut.pointer..cut.value]);
        let mut volatile = Vec::with_capacity(text.len() + self.cuts.len() * 4 + 2);
        let mut opening = b'[';
        for cut in &self.cuts {
            volatile.extend_from_slice(&[opening, b'[']);
            volatile.extend_from_slice(&text[cut.pointer..cut.value]);
            volatile.push(b',');
            volatile.extend_from_slice(&text[cut.value..cut.end]);
            volatile.push(b']');
            opening = b',';
        }
        volatile.push(b']');
        (!self.cuts.is_empty()).then_some(volatile)
    }

    /// The counters among what was cut out, once that is in order.
    fn counters(&self) -> Option<String> {
        let text = &self.text;
        counters(self.cuts.iter().map(|cut| (&text[cut.pointer..cut.value], &text[cut.value..cut.end])))
    }
}

/// An edit that changes nothing; [`Walk`] then only reads and normalises.
#[derive(Debug)]
pub(super) struct Unchanged;

impl Edit for Unchanged {
    type Place = PathPlace;

    fn member(&self, _: PathPlace, _: Key<'_>, _: impl Fn() -> usize) -> (Treatment, PathPlace) {
        (Treatment::Keep, NOWHERE)
    }

    fn element(&self, _: PathPlace, _: usize) -> PathPlace {
        NOWHERE
    }

    fn additions(&mut self, _: PathPlace) -> impl Iterator<Item = (&[u8], &[u8])> {
        std::iter::empty()
    }

    fn cut(&mut self, _: impl FnOnce(&mut Vec<u8>), _: &[u8]) {}
}
