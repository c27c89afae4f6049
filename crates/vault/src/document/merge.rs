//! Putting volatile fields back.

use std::ops::Range;

use super::DocumentError;
use super::split::Unchanged;
use super::walk::{Edit, Key, Treatment, Walk};

/// Puts the volatile fields back at their places; the result is canonical.
///
/// For what [`canonicalise`](super::canonicalise) split, this gives the
/// canonical form of the whole document.
///
/// # Errors
/// When either is not JSON, or the volatile part names a place that the body
/// does not have.
pub fn merge_volatile(body: &[u8], volatile: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let merge = Merge::read(volatile)?;
    let mut walk = Walk::new(body, body.len(), merge)?;
    walk.document(Some(0))?;
    if walk.edit.left > 0 {
        return Err(DocumentError {
            offset: body.len(),
            reason: "the document has no place for one of its volatile fields",
        });
    }
    Ok(walk.out)
}

/// The volatile fields as a tree of the places that receive them.
#[derive(Debug)]
struct Merge {
    /// Canonical texts of keys and values.
    text: Vec<u8>,
    nodes: Vec<Node>,
    /// Fields that have not found their place yet.
    left: usize,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(Step, usize)>,
    additions: Vec<(Range<usize>, Range<usize>)>,
}

/// A step of a pointer.
#[derive(Debug, Clone)]
enum Step {
    Member { key: Range<usize>, nth: usize },
    Element(usize),
}

impl Merge {
    /// Reads `[[pointer, value], ...]`.
    fn read(volatile: &[u8]) -> Result<Self, DocumentError> {
        let mut walk = Walk::new(volatile, volatile.len(), Unchanged)?;
        let mut entries = Vec::new();
        list(&mut walk, |walk| {
            walk.scanner.expect(b'[', "a volatile entry that is not an array")?;
            let mut steps = Vec::new();
            list(walk, |walk| step(walk).map(|step| steps.push(step)))?;
            walk.scanner.expect(b',', "a volatile entry without a value")?;
            let start = walk.out.len();
            walk.value(0)?;
            let value = start..walk.out.len();
            walk.scanner.expect(b']', "a volatile entry with more than a value")?;
            entries.push((steps, value));
            Ok(())
        })?;
        walk.scanner.end()?;
        let mut merge = Self { text: walk.out, nodes: vec![Node::default()], left: entries.len() };
        for (steps, value) in entries {
            merge.add(steps, value)?;
        }
        Ok(merge)
    }

    fn add(&mut self, mut steps: Vec<Step>, value: Range<usize>) -> Result<(), DocumentError> {
        let Some(Step::Member { key, .. }) = steps.pop() else {
            let reason = "a volatile field whose pointer does not end in a key";
            return Err(DocumentError { offset: 0, reason });
        };
        let mut node = 0;
        for step in steps {
            node = self.child(node, step);
        }
        self.nodes[node].additions.push((key, value));
        Ok(())
    }

    fn child(&mut self, node: usize, step: Step) -> usize {
        let known = self.nodes[node].children.iter().find(|(known, _)| self.same(known, &step));
        if let Some((_, child)) = known {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[node].children.push((step, child));
        child
    }

    fn same(&self, a: &Step, b: &Step) -> bool {
        match (a, b) {
            (Step::Element(a), Step::Element(b)) => a == b,
            (Step::Member { key: a, nth: i }, Step::Member { key: b, nth: j }) => {
                i == j && self.text[a.clone()] == self.text[b.clone()]
            }
            _ => false,
        }
    }

    fn find(&self, place: Option<usize>, fits: impl Fn(&Step) -> bool) -> Option<usize> {
        let children = &self.nodes[place?].children;
        children.iter().find(|(step, _)| fits(step)).map(|(_, child)| *child)
    }
}

impl Edit for Merge {
    /// The node of the tree, as long as there is one.
    type Place = Option<usize>;

    fn member(
        &self,
        place: Option<usize>,
        key: Key<'_>,
        nth_here: impl Fn() -> usize,
    ) -> (Treatment, Option<usize>) {
        let child = self.find(place, |step| match step {
            Step::Member { key: wanted, nth } => self.text[wanted.clone()] == *key.text && *nth == nth_here(),
            Step::Element(_) => false,
        });
        (Treatment::Keep, child)
    }

    fn element(&self, place: Option<usize>, index: usize) -> Option<usize> {
        self.find(place, |step| matches!(step, Step::Element(wanted) if *wanted == index))
    }

    fn additions(&mut self, place: Option<usize>) -> impl Iterator<Item = (&[u8], &[u8])> {
        let additions = place.map_or(&[][..], |place| &self.nodes[place].additions);
        self.left -= additions.len();
        let text = &self.text;
        additions.iter().map(|(key, value)| (&text[key.clone()], &text[value.clone()]))
    }

    fn cut(&mut self, _: impl FnOnce(&mut Vec<u8>), _: &[u8]) {}
}

type Reading<'a> = Walk<'a, Unchanged>;

/// Reads a JSON array, element by element.
fn list<'a>(
    walk: &mut Reading<'a>,
    mut element: impl FnMut(&mut Reading<'a>) -> Result<(), DocumentError>,
) -> Result<(), DocumentError> {
    walk.scanner.expect(b'[', "a volatile part that is not an array")?;
    loop {
        element(walk)?;
        match walk.scanner.peek_token() {
            Some(b',') => walk.scanner.step(),
            _ => return walk.scanner.expect(b']', "an array without an end"),
        }
    }
}

/// Reads a step of a pointer: `"key"`, `["key",2]` or `3`.
fn step(walk: &mut Reading<'_>) -> Result<Step, DocumentError> {
    match walk.scanner.peek_token() {
        Some(b'"') => Ok(Step::Member { key: key(walk)?, nth: 0 }),
        Some(b'[') => {
            walk.scanner.step();
            let key = key(walk)?;
            walk.scanner.expect(b',', "a repeated key without its number")?;
            walk.scanner.peek_token();
            let nth = index(walk)?;
            walk.scanner.expect(b']', "a repeated key with more than its number")?;
            Ok(Step::Member { key, nth })
        }
        _ => index(walk).map(Step::Element),
    }
}

fn key(walk: &mut Reading<'_>) -> Result<Range<usize>, DocumentError> {
    if walk.scanner.peek_token() != Some(b'"') {
        return Err(walk.scanner.error("a pointer with something that is not a key"));
    }
    let start = walk.out.len() + 1;
    walk.scanner.string(&mut walk.out)?;
    Ok(start..walk.out.len() - 1)
}

fn index(walk: &mut Reading<'_>) -> Result<usize, DocumentError> {
    let start = walk.out.len();
    walk.scanner.number(&mut walk.out)?;
    let digits = std::str::from_utf8(&walk.out[start..]).ok();
    let index = digits.and_then(|digits| digits.parse().ok());
    index.ok_or_else(|| walk.scanner.error("a pointer with a number that is not an index"))
}
