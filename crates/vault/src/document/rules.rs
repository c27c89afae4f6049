//! Which fields are cut out of a document and which are blotted out.

use super::content::Content;
use super::references::ReferencePattern;
use super::scan::unescaped;
use super::walk::{Key, Treatment};
use crate::Kind;

/// Names fields of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldPattern {
    /// Every field with this key, at any depth.
    Anywhere(&'static str),
    /// Every field whose key ends so, at any depth; the empty suffix names none.
    Suffix(&'static str),
    /// Every field with this key, at any depth, whose text has this content.
    Holding(&'static str, Content),
    /// The field at exactly these keys from the root; arrays on the way are
    /// passed through.
    Path(&'static [&'static str]),
}

/// The fields of one kind that need special treatment. A field that is named
/// by both lists is redacted and stays in the body.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Fields that change without an edit: kept apart from the body.
    pub volatile: &'static [FieldPattern],
    /// Secrets: values are replaced by a mark, but not those that tell nothing
    /// (null, true, false, and what is empty).
    pub redact: &'static [FieldPattern],
    /// Fields that hold keys of other objects. Of what is cut out or redacted
    /// none is taken.
    pub references: &'static [ReferencePattern],
}

/// Rules made ready for fast lookups; compile once per kind, share at will.
#[derive(Debug, Clone)]
pub struct CompiledRules {
    /// Patterns for any depth, by the last byte of the key.
    by_last_byte: Vec<Vec<Name>>,
    /// The paths as a tree; the root is the first.
    nodes: Vec<Node>,
    /// The kinds that are referred to, by name.
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
struct Name {
    text: &'static [u8],
    /// The text is the whole key, not only its end.
    whole: bool,
    treatment: Treatment,
}

#[derive(Debug, Clone, Default)]
struct Node {
    children: Vec<Child>,
    /// What a string or number here refers to: indexes of kinds.
    refers_to: Vec<u16>,
}

#[derive(Debug, Clone)]
struct Child {
    key: Box<[u8]>,
    treatment: Treatment,
    node: PathPlace,
}

/// A node of the tree of paths; `NOWHERE` below all of them.
pub(super) type PathPlace = u32;
pub(super) const ROOT: PathPlace = 0;
pub(super) const NOWHERE: PathPlace = PathPlace::MAX;

impl Rules {
    /// Makes the rules ready.
    pub fn compile(&self) -> CompiledRules {
        let references = self.references.iter().map(|pattern| (pattern.kind.into(), pattern.path));
        let mut compiled = CompiledRules::of_references(references.collect());
        for (patterns, treatment) in [(self.volatile, Treatment::Cut), (self.redact, Treatment::Redact)] {
            for pattern in patterns {
                compiled.add(*pattern, treatment);
            }
        }
        compiled
    }
}

impl CompiledRules {
    /// Rules that cut and redact nothing.
    pub(crate) fn of_references<K: AsRef<str>>(mut references: Vec<(Kind, &[K])>) -> Self {
        references.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut kinds: Vec<Kind> = references.iter().map(|(kind, _)| kind.clone()).collect();
        kinds.dedup();
        let nodes = vec![Node::default()];
        let mut compiled = Self { by_last_byte: vec![Vec::new(); 256], nodes, kinds };
        for (kind, path) in references {
            let index = compiled.kinds.iter().position(|known| *known == kind).unwrap_or_default() as u16;
            let path = path.iter().map(AsRef::as_ref);
            if let Some(child) = compiled.place(path) {
                let node = child.node as usize;
                compiled.nodes[node].refers_to.push(index);
            }
        }
        compiled
    }

    /// The kinds that are referred to; [`Self::refers_to`] gives indexes of them.
    pub(super) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// What a string or number at `place` refers to.
    pub(super) fn refers_to(&self, place: PathPlace) -> &[u16] {
        self.nodes.get(place as usize).map_or(&[], |node| &node.refers_to)
    }

    fn add(&mut self, pattern: FieldPattern, treatment: Treatment) {
        match pattern {
            FieldPattern::Anywhere(key) => self.add_name(key.as_bytes(), true, treatment),
            FieldPattern::Suffix("") => {}
            FieldPattern::Suffix(end) => self.add_name(end.as_bytes(), false, treatment),
            FieldPattern::Holding(key, content) => {
                self.add_name(key.as_bytes(), true, treatment.where_it_holds(content));
            }
            FieldPattern::Path(keys) => {
                if let Some(child) = self.place(keys.iter().copied()) {
                    child.treatment = child.treatment.max(treatment);
                }
            }
        }
    }

    fn add_name(&mut self, text: &'static [u8], whole: bool, treatment: Treatment) {
        self.by_last_byte[last_byte(text)].push(Name { text, whole, treatment });
    }

    /// The end of a path, made as far as it is new; the empty path has none.
    fn place<'k>(&mut self, keys: impl Iterator<Item = &'k str>) -> Option<&mut Child> {
        let mut node = ROOT as usize;
        let mut end = None;
        for key in keys {
            let child = self.child(node, key.as_bytes());
            end = Some((node, child));
            node = self.nodes[node].children[child].node as usize;
        }
        let (node, child) = end?;
        Some(&mut self.nodes[node].children[child])
    }

    /// The position of the child with this key, made if it is new.
    fn child(&mut self, node: usize, key: &[u8]) -> usize {
        let known = self.nodes[node].children.iter().position(|child| *child.key == *key);
        known.unwrap_or_else(|| {
            let fresh = Child { key: key.into(), treatment: Treatment::Keep, node: self.nodes.len() as u32 };
            self.nodes.push(Node::default());
            self.nodes[node].children.push(fresh);
            self.nodes[node].children.len() - 1
        })
    }

    /// What becomes of a member of the object at `place`, and the place of its value.
    pub(super) fn member(&self, place: PathPlace, key: Key<'_>) -> (Treatment, PathPlace) {
        if key.escaped {
            return self.plain_member(place, &unescaped(key.text));
        }
        self.plain_member(place, key.text)
    }

    fn plain_member(&self, place: PathPlace, key: &[u8]) -> (Treatment, PathPlace) {
        let mut treatment = Treatment::Keep;
        for name in &self.by_last_byte[last_byte(key)] {
            let fits = if name.whole { key == name.text } else { key.ends_with(name.text) };
            if fits {
                treatment = treatment.max(name.treatment);
            }
        }
        let children = self.nodes.get(place as usize).map_or(&[][..], |node| &node.children);
        match children.iter().find(|child| *child.key == *key) {
            Some(child) => (treatment.max(child.treatment), child.node),
            None => (treatment, NOWHERE),
        }
    }
}

/// The bucket of a key; the empty key shares that of the zero byte.
fn last_byte(key: &[u8]) -> usize {
    key.last().copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        volatile: &[
            FieldPattern::Anywhere("can"),
            FieldPattern::Suffix("_url"),
            FieldPattern::Suffix(""),
            FieldPattern::Path(&["elements", "query", "id"]),
            FieldPattern::Path(&["secret"]),
            FieldPattern::Anywhere("n"),
        ],
        redact: &[FieldPattern::Path(&["secret"]), FieldPattern::Anywhere("")],
        references: &[],
    };

    #[test]
    fn names_fit_at_any_place_and_escapes_do_not_fool_them() {
        let rules = RULES.compile();
        let at = |place, text: &[u8]| rules.member(place, Key { text, escaped: true }).0;
        assert_eq!(at(NOWHERE, b"can"), Treatment::Cut);
        assert_eq!(at(NOWHERE, b"scan"), Treatment::Keep);
        assert_eq!(at(ROOT, b"share_url"), Treatment::Cut);
        assert_eq!(at(ROOT, b""), Treatment::Redact);
        assert_eq!(at(ROOT, br"\n"), Treatment::Keep);
    }

    #[test]
    fn paths_fit_only_from_the_root() {
        let rules = RULES.compile();
        let at = |place, text: &[u8]| rules.member(place, Key { text, escaped: false });
        assert_eq!(at(ROOT, b"secret").0, Treatment::Redact);
        assert_eq!(at(NOWHERE, b"secret").0, Treatment::Keep);
        let (_, elements) = at(ROOT, b"elements");
        let (_, query) = at(elements, b"query");
        assert_eq!(at(query, b"id").0, Treatment::Cut);
        assert_eq!(at(elements, b"id").0, Treatment::Keep);
    }
}
