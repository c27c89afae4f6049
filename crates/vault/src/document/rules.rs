//! Which fields are cut out of a document and which are blotted out.

use super::scan::unescaped;
use super::walk::{Key, Treatment};

/// Names fields of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldPattern {
    /// Every field with this key, at any depth.
    Anywhere(&'static str),
    /// Every field whose key ends so, at any depth; the empty suffix names none.
    Suffix(&'static str),
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
    /// Secrets: values other than null are replaced by a mark.
    pub redact: &'static [FieldPattern],
}

/// Rules made ready for fast lookups; compile once per kind, share at will.
#[derive(Debug, Clone)]
pub struct CompiledRules {
    /// Patterns for any depth, by the last byte of the key.
    by_last_byte: Vec<Vec<Name>>,
    /// The paths as a tree; the root is the first.
    nodes: Vec<Node>,
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
}

#[derive(Debug, Clone)]
struct Child {
    key: &'static [u8],
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
        let mut compiled =
            CompiledRules { by_last_byte: vec![Vec::new(); 256], nodes: vec![Node::default()] };
        for (patterns, treatment) in [(self.volatile, Treatment::Cut), (self.redact, Treatment::Redact)] {
            for pattern in patterns {
                compiled.add(*pattern, treatment);
            }
        }
        compiled
    }
}

impl CompiledRules {
    fn add(&mut self, pattern: FieldPattern, treatment: Treatment) {
        match pattern {
            FieldPattern::Anywhere(key) => self.add_name(key.as_bytes(), true, treatment),
            FieldPattern::Suffix("") => {}
            FieldPattern::Suffix(end) => self.add_name(end.as_bytes(), false, treatment),
            FieldPattern::Path(keys) => self.add_path(keys, treatment),
        }
    }

    fn add_name(&mut self, text: &'static [u8], whole: bool, treatment: Treatment) {
        self.by_last_byte[last_byte(text)].push(Name { text, whole, treatment });
    }

    fn add_path(&mut self, keys: &'static [&'static str], treatment: Treatment) {
        let mut node = ROOT as usize;
        for (index, key) in keys.iter().enumerate() {
            let child = self.child(node, key.as_bytes());
            if index + 1 == keys.len() {
                let child = &mut self.nodes[node].children[child];
                child.treatment = child.treatment.max(treatment);
                return;
            }
            node = self.nodes[node].children[child].node as usize;
        }
    }

    /// The position of the child with this key, made if it is new.
    fn child(&mut self, node: usize, key: &'static [u8]) -> usize {
        let known = self.nodes[node].children.iter().position(|child| child.key == key);
        known.unwrap_or_else(|| {
            let fresh = Child { key, treatment: Treatment::Keep, node: self.nodes.len() as u32 };
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
        match children.iter().find(|child| child.key == key) {
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
