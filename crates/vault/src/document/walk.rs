//! One walk over a raw document, writing it in canonical form.
//!
//! What is to be done with a member, and what is to be added to an object, is
//! asked of an [`Edit`]: cutting fields out and putting them back are the two
//! edits there are.

use std::ops::Range;

use super::content::Content;
use super::scan::Scanner;
use super::{DocumentError, REDACTED};

/// Objects and arrays may lie in each other this deep.
const DEPTH_LIMIT: u32 = 512;

/// Longer texts are refused; with every value redacted, the result of the
/// longest stays below 4 GiB.
const LENGTH_LIMIT: usize = 512 << 20;

/// Where the first member of a document is written that is an object.
const ROOT_BEGINS: usize = 1;

/// Canonical values that are no secret under any name.
const TELLS_NOTHING: [&[u8]; 6] = [b"null", b"true", b"false", b"\"\"", b"[]", b"{}"];

/// What happens to a member. A greater one wins over a lesser one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Treatment {
    Keep,
    Cut,
    /// Redact a text that has this content, keep all else.
    RedactHolding(Content),
    Redact,
}

impl Treatment {
    /// The same for texts with this content only. A field is cut out whatever
    /// it holds, or pointers would come and go.
    pub(super) fn where_it_holds(self, content: Content) -> Self {
        if self == Self::Redact { Self::RedactHolding(content) } else { self }
    }
}

/// A key in its canonical spelling, without quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) text: &'a [u8],
    /// The text may hold escapes.
    pub(super) escaped: bool,
}

/// Decides about members while a document is walked.
pub(super) trait Edit {
    /// Where a value lies, as far as the edit cares.
    type Place: Copy;

    /// What to do with this member of the object at `place`, and the place of
    /// its value. `nth` counts earlier members with the same key.
    fn member(&self, place: Self::Place, key: Key<'_>, nth: impl Fn() -> usize) -> (Treatment, Self::Place);

    /// The place of an element of the array at `place`.
    fn element(&self, place: Self::Place, index: usize) -> Self::Place;

    /// Canonical `"key":value` texts to add to the object at `place`.
    fn additions(&mut self, place: Self::Place) -> impl Iterator<Item = (&[u8], &[u8])>;

    /// Takes a canonical string or number that stays as it is.
    fn scalar(&mut self, _place: Self::Place, _text: &[u8]) {}

    /// Takes a member of the root that was cut out.
    fn cut_at_root(&mut self, _key: &[u8], _value: &[u8]) {}

    /// Takes a member of the root that is kept, and where its value is in the result.
    fn kept_at_root(&mut self, _key: &[u8], _value: Range<usize>) {}

    /// Takes a member that was cut out.
    fn cut(&mut self, pointer: impl FnOnce(&mut Vec<u8>), value: &[u8]);
}

/// A member of an open object, by offsets into the result.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// The first 16 bytes of the key, so that most comparisons are of two numbers.
    prefix: u128,
    start: usize,
    /// The end of the key, its closing quote excluded.
    key_end: usize,
    end: usize,
}

impl Member {
    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.start + 1..self.key_end]
    }

    fn moved_to(self, start: usize) -> Self {
        let at = |offset: usize| start + offset - self.start;
        Self { start, key_end: at(self.key_end), end: at(self.end), ..self }
    }
}

/// Orders that objects of the document had so far. Tiles of a dashboard bring the same
/// members one after the other: whether these are in order as the last ones were is
/// found out quicker than they are sorted.
#[derive(Debug, Default)]
struct Orders {
    /// The newest last.
    known: Vec<Order>,
}

/// A dashboard has some ten shapes of objects that do not come in order.
const ORDERS_KEPT: usize = 16;

#[derive(Debug)]
struct Order {
    /// Of the first member, which tells most objects of so many members apart.
    prefix: u128,
    /// Places of the members, as they are to come.
    places: Vec<usize>,
}

impl Orders {
    /// The order in which these members are to be.
    fn of(&mut self, members: &[Member], out: &[u8]) -> &[usize] {
        let compare = |a: &usize, b: &usize| {
            let (first, second) = (&members[*a], &members[*b]);
            let by_key = || first.key(out).cmp(second.key(out));
            first.prefix.cmp(&second.prefix).then_with(by_key).then(a.cmp(b))
        };
        let is_like =
            |order: &Order| order.places.len() == members.len() && order.prefix == members[0].prefix;
        let at = self.known.iter().position(is_like).unwrap_or_else(|| {
            if self.known.len() == ORDERS_KEPT {
                self.known.remove(0);
            }
            let (prefix, places) = (members[0].prefix, (0..members.len()).collect());
            self.known.push(Order { prefix, places });
            self.known.len() - 1
        });
        let places = &mut self.known[at].places;
        if !places.is_sorted_by(|a, b| compare(a, b).is_lt()) {
            places.sort_unstable_by(compare);
        }
        places
    }
}

/// One step of the path to where the walk is.
#[derive(Debug, Clone)]
enum Step {
    Member {
        key: Range<usize>,
        siblings: Range<usize>,
        /// How many of the siblings have the same key, once that was asked for: whatever is
        /// cut out below a member asks again.
        nth: Option<usize>,
    },
    Element(usize),
}

/// The walk: where it reads, what it has written, what is still open.
#[derive(Debug)]
pub(super) struct Walk<'a, E> {
    pub(super) scanner: Scanner<'a>,
    pub(super) out: Vec<u8>,
    pub(super) edit: E,
    pub(super) redacted: u32,
    /// The treatment of the member that the walk is inside of.
    within: Treatment,
    members: Vec<Member>,
    orders: Orders,
    path: Vec<Step>,
    scratch: Vec<u8>,
    depth: u32,
}

impl<'a, E: Edit> Walk<'a, E> {
    /// Starts before a text, of which so many bytes are expected to be written.
    pub(super) fn new(raw: &'a [u8], length: usize, edit: E) -> Result<Self, DocumentError> {
        if raw.len() > LENGTH_LIMIT {
            return Err(DocumentError { offset: LENGTH_LIMIT, reason: "longer than 512 MiB" });
        }
        Ok(Self {
            scanner: Scanner::new(raw)?,
            out: Vec::with_capacity(length + 64),
            edit,
            redacted: 0,
            within: Treatment::Keep,
            members: Vec::with_capacity(256),
            orders: Orders::default(),
            path: Vec::with_capacity(32),
            scratch: Vec::new(),
            depth: 0,
        })
    }

    /// Walks over a whole document.
    pub(super) fn document(&mut self, root: E::Place) -> Result<(), DocumentError> {
        self.value(root)?;
        self.scanner.end()
    }

    /// Writes the next value.
    pub(super) fn value(&mut self, place: E::Place) -> Result<(), DocumentError> {
        let start = self.out.len();
        match self.scanner.peek_token() {
            Some(b'"') => self.scanner.string(&mut self.out).map(|_| self.scalar(place, start)),
            Some(b'-' | b'0'..=b'9') => {
                self.scanner.number(&mut self.out).map(|()| self.scalar(place, start))
            }
            Some(b'{') => self.nested(|walk| walk.object(place)),
            Some(b'[') => self.nested(|walk| walk.array(place)),
            Some(b't') => self.scanner.literal("true", &mut self.out),
            Some(b'f') => self.scanner.literal("false", &mut self.out),
            Some(b'n') => self.scanner.literal("null", &mut self.out),
            Some(_) => Err(self.scanner.error("something that is not a value")),
            None => Err(self.scanner.error("the text ends where a value must be")),
        }
    }

    #[inline]
    fn scalar(&mut self, place: E::Place, start: usize) {
        if self.within == Treatment::Keep {
            self.edit.scalar(place, &self.out[start..]);
        }
    }

    fn nested(
        &mut self,
        container: impl FnOnce(&mut Self) -> Result<(), DocumentError>,
    ) -> Result<(), DocumentError> {
        if self.depth == DEPTH_LIMIT {
            return Err(self.scanner.error("nesting deeper than 512"));
        }
        self.depth += 1;
        self.scanner.step();
        container(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self, place: E::Place) -> Result<(), DocumentError> {
        self.out.push(b'[');
        if self.scanner.peek_token() == Some(b']') {
            self.scanner.step();
            self.out.push(b']');
            return Ok(());
        }
        for index in 0.. {
            let inner = self.edit.element(place, index);
            self.path.push(Step::Element(index));
            self.value(inner)?;
            self.path.pop();
            match self.scanner.peek_token() {
                Some(b',') => self.out.push(b','),
                Some(b']') => break,
                _ => {
                    return Err(self.scanner.error("an array without `,` or `]` after a value"));
                }
            }
            self.scanner.step();
        }
        self.scanner.step();
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, place: E::Place) -> Result<(), DocumentError> {
        self.out.push(b'{');
        let first = self.members.len();
        let mut sorted = true;
        if self.scanner.peek_token() == Some(b'}') {
            self.scanner.step();
        } else {
            self.members_of(place, first, &mut sorted)?;
        }
        self.add_members(place, first, &mut sorted);
        if !sorted {
            self.sort_members(first);
        }
        if self.depth == 1 {
            for Member { start, key_end, end, .. } in &self.members[first..] {
                self.edit.kept_at_root(&self.out[start + 1..*key_end], key_end + 2..*end);
            }
        }
        self.members.truncate(first);
        self.out.push(b'}');
        Ok(())
    }

    fn members_of(&mut self, place: E::Place, first: usize, sorted: &mut bool) -> Result<(), DocumentError> {
        loop {
            let before = self.out.len();
            if self.members.len() > first {
                self.out.push(b',');
            }
            let start = self.out.len();
            if self.scanner.peek_token() != Some(b'"') {
                return Err(self.scanner.error("an object without a key where one must be"));
            }
            let escaped = self.scanner.string(&mut self.out)?;
            let key_end = self.out.len() - 1;
            self.scanner.expect(b':', "a key without `:`")?;
            self.out.push(b':');
            let siblings = first..self.members.len();
            let step = Step::Member { key: start + 1..key_end, siblings, nth: None };
            if self.member(place, step, escaped)? {
                self.push_member(start, key_end, first, sorted);
            } else {
                if self.depth == 1 {
                    self.edit.cut_at_root(&self.out[start + 1..key_end], &self.out[key_end + 2..]);
                }
                self.out.truncate(before);
            }
            match self.scanner.peek_token() {
                Some(b',') => self.scanner.step(),
                Some(b'}') => break,
                _ => {
                    return Err(self.scanner.error("an object without `,` or `}` after a value"));
                }
            }
        }
        self.scanner.step();
        Ok(())
    }

    /// Writes a member's value as it is to be treated; false if it was cut out.
    fn member(&mut self, place: E::Place, step: Step, escaped: bool) -> Result<bool, DocumentError> {
        let Step::Member { key, siblings, .. } = &step else { return Ok(true) };
        let text = &self.out[key.clone()];
        let nth = || same_key(&self.members[siblings.clone()], &self.out, key.clone());
        let (treatment, inner) = self.edit.member(place, Key { text, escaped }, nth);
        match treatment {
            Treatment::Cut if self.within == Treatment::Keep => {
                self.inside(step, |walk| walk.cut(inner))?;
                return Ok(false);
            }
            Treatment::Redact if self.within < Treatment::Redact => {
                self.inside(step, |walk| walk.redact(inner))?;
            }
            _ if matches!(self.scanner.peek_token(), Some(b'{' | b'[')) => {
                self.inside(step, |walk| walk.value(inner))?;
            }
            Treatment::RedactHolding(content) if self.within < Treatment::Redact => {
                self.redact_holding(inner, content)?;
            }
            _ => self.value(inner)?,
        }
        Ok(true)
    }

    /// Walks with one more step on the path.
    fn inside(
        &mut self,
        step: Step,
        walk: impl FnOnce(&mut Self) -> Result<(), DocumentError>,
    ) -> Result<(), DocumentError> {
        self.path.push(step);
        walk(self)?;
        self.path.pop();
        Ok(())
    }

    fn cut(&mut self, place: E::Place) -> Result<(), DocumentError> {
        let start = self.out.len();
        self.within = Treatment::Cut;
        self.value(place)?;
        self.within = Treatment::Keep;
        let (path, members, out) = (&mut self.path, &self.members, &self.out);
        let pointer = |text: &mut Vec<u8>| write_pointer(path, members, out, text);
        self.edit.cut(pointer, &out[start..]);
        Ok(())
    }

    fn redact(&mut self, place: E::Place) -> Result<(), DocumentError> {
        let start = self.out.len();
        let outside = std::mem::replace(&mut self.within, Treatment::Redact);
        self.value(place)?;
        self.within = outside;
        if !TELLS_NOTHING.contains(&&self.out[start..]) {
            self.blot_out(start);
        }
        Ok(())
    }

    fn redact_holding(&mut self, place: E::Place, content: Content) -> Result<(), DocumentError> {
        let start = self.out.len();
        self.value(place)?;
        if content.is_in(&self.out[start..]) {
            self.blot_out(start);
        }
        Ok(())
    }

    /// Puts the mark in the place of all that was written from `start` on.
    fn blot_out(&mut self, start: usize) {
        self.out.truncate(start);
        self.out.extend_from_slice(REDACTED.as_bytes());
        self.redacted += 1;
    }

    fn push_member(&mut self, start: usize, key_end: usize, first: usize, sorted: &mut bool) {
        let out = &self.out;
        let member = Member { prefix: prefix(out, start + 1..key_end), start, key_end, end: out.len() };
        if let Some(last) = self.members[first..].last() {
            *sorted &= last.prefix < member.prefix
                || (last.prefix == member.prefix && last.key(out) <= member.key(out));
        }
        self.members.push(member);
    }

    fn add_members(&mut self, place: E::Place, first: usize, sorted: &mut bool) {
        for (key, value) in self.edit.additions(place) {
            if self.members.len() > first {
                self.out.push(b',');
            }
            let start = self.out.len();
            for text in [b"\"", key, b"\":", value] {
                self.out.extend_from_slice(text);
            }
            let key_end = start + 1 + key.len();
            let end = self.out.len();
            self.members.push(Member { prefix: prefix(&self.out, start + 1..key_end), start, key_end, end });
            *sorted = false;
        }
    }

    /// Moves the members of the object that closes into their order.
    fn sort_members(&mut self, first: usize) {
        let (out, members) = (&mut self.out, &mut self.members[first..]);
        let begin = members[0].start;
        self.scratch.clear();
        // Of a document that is an object this is all: it need not be copied back.
        let is_root = begin == ROOT_BEGINS;
        self.scratch.extend(is_root.then_some(b'{'));
        let places = self.orders.of(members, out);
        let mut moved = Vec::with_capacity(if is_root { members.len() } else { 0 });
        for nth in places {
            let member = members[*nth];
            if is_root {
                moved.push(member.moved_to(self.scratch.len()));
            }
            self.scratch.extend_from_slice(&out[member.start..member.end]);
            self.scratch.push(b',');
        }
        if is_root {
            self.scratch.truncate(out.len());
            std::mem::swap(out, &mut self.scratch);
            members.copy_from_slice(&moved);
            return;
        }
        let length = out.len() - begin;
        out[begin..].copy_from_slice(&self.scratch[..length]);
    }
}

/// How many of these members have this key.
fn same_key(members: &[Member], out: &[u8], key: Range<usize>) -> usize {
    let (prefix, key) = (prefix(out, key.clone()), &out[key]);
    members.iter().filter(|member| member.prefix == prefix && member.key(out) == key).count()
}

/// The first 16 bytes of a key as a number that orders like them. Keys hold no
/// zero byte (it is escaped), so a shorter one is filled up with something lesser.
fn prefix(out: &[u8], key: Range<usize>) -> u128 {
    let length = key.len().min(16);
    let mut word = [0; 16];
    if let Some(text) = out[key.start..].first_chunk() {
        word = *text;
    } else {
        word[..length].copy_from_slice(&out[key.start..key.start + length]);
    }
    let beyond = u128::MAX.checked_shr(8 * length as u32).unwrap_or(0);
    u128::from_be_bytes(word) & !beyond
}

/// The path as a canonical JSON array of keys and indexes.
fn write_pointer(path: &mut [Step], members: &[Member], out: &[u8], text: &mut Vec<u8>) {
    let mut opening = b'[';
    for step in path {
        text.push(opening);
        opening = b',';
        match step {
            Step::Element(index) => text.extend_from_slice(index.to_string().as_bytes()),
            Step::Member { key, siblings, nth } => {
                let nth = nth.get_or_insert_with(|| same_key(&members[siblings.clone()], out, key.clone()));
                write_key(&out[key.clone()], *nth, text);
            }
        }
    }
    text.push(b']');
}

/// A key of a pointer: `"key"`, or `["key",2]` for the third of that name.
fn write_key(key: &[u8], nth: usize, text: &mut Vec<u8>) {
    if nth > 0 {
        text.push(b'[');
    }
    for part in [b"\"", key, b"\""] {
        text.extend_from_slice(part);
    }
    if nth > 0 {
        text.extend_from_slice(format!(",{nth}]").as_bytes());
    }
}
