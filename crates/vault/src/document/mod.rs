//! Documents in canonical form.
//!
//! # The problem
//!
//! Looker answers an object as JSON. The same object read twice may come with
//! its keys in another order, with other white space, with `\/` here and `/`
//! there, and always with fields that moved without anybody having edited
//! anything: view counts, permissions of the caller, links. To store equal
//! content once, and to say "nothing changed" without comparing documents, the
//! content needs one spelling and a hash; and since the vault is also the
//! backup, that spelling must lose nothing.
//!
//! # Why not RFC 8785
//!
//! The JSON Canonicalization Scheme sends every number through an IEEE double:
//! `12345678901234567890` comes out as another number, `1e400` is an error and
//! `1.50` loses its zero. Looker has identifiers beyond 2^53 and its users type
//! decimals; a backup may not round them. It also orders keys by UTF-16 code
//! units and refuses lone surrogates, which real titles (cut in half by some
//! database column) do contain. So this is a form of our own:
//!
//! * members of an object are sorted by the bytes of their key as written here,
//!   members with the same key keep their order, none is dropped;
//! * no white space;
//! * **numbers keep their text**: it is checked against the grammar and copied.
//!   `1.0` and `1` stay different documents, because we cannot know that they
//!   are not;
//! * strings use the shortest spelling: `\"`, `\\`, `\b`, `\f`, `\n`, `\r`,
//!   `\t`, other control characters and lone surrogates as lower-case `\u00xx`,
//!   all else as plain UTF-8;
//! * any JSON value may be the root; nesting ends at 512 with an error.
//!
//! # Volatile fields
//!
//! Fields that the kind's [`Rules`] call volatile are cut out of the body and
//! kept as a second canonical document, an array of `[pointer, value]`. A
//! pointer is an array of keys and indexes: `["dashboard_elements",3,"can"]`.
//! Elements of arrays are never removed, so the indexes stay right. Should an
//! object have the same key twice, the second is addressed as `["key",1]` in
//! the pointer. [`merge_volatile`] puts everything back; split and merge give
//! exactly the canonical form of the original.
//!
//! Redaction comes first: a secret is replaced by a mark wherever it lies, also
//! inside of what is cut out. Null, booleans and what is empty stay: they are no
//! secret, and tell that there is none.
//!
//! # References
//!
//! The same walk finds the keys of other objects at the places that the rules
//! name. A string or number there refers to one object, an array of them to
//! many; null and the empty string refer to none.
//!
//! # Speed
//!
//! The raw bytes are walked once and written once, directly into the result;
//! there is no tree. Members of an object that was not sorted are moved when
//! the object closes. The only stacks are a list of the members of the objects
//! that are open and the path to where the walk is.

mod content;
mod counters;
mod each;
mod merge;
mod redactions;
mod references;
mod rules;
mod scan;
mod split;
mod walk;

pub use content::Content;
pub use each::{Element, Elements, Member};
pub use merge::merge_volatile;
pub use redactions::redactions;
pub use references::{Reference, ReferencePattern};
pub use rules::{CompiledRules, FieldPattern, Rules};
pub use split::canonicalise;

/// What stands in the place of a redacted value.
pub(crate) const REDACTED: &str = r#"{"$lookervault":"redacted"}"#;

/// A document in canonical form, with its volatile fields apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// The canonical bytes without the volatile fields.
    pub body: Vec<u8>,
    /// The volatile fields as a canonical JSON array of `[pointer, value]`,
    /// ordered by the bytes of the pointer; `None` when the document has none.
    pub volatile: Option<Vec<u8>>,
    /// The whole numbers at the root among them, as a JSON object.
    pub counters: Option<String>,
    /// How many values were replaced by the redaction mark.
    pub redacted: u32,
    /// What the body refers to, each once, by kind and key.
    pub references: Vec<Reference>,
}

/// Where and why a text is not a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON document: {reason} at byte {offset}")]
pub struct DocumentError {
    /// The byte at which it was noticed, counted from 0.
    pub offset: usize,
    /// What was wrong.
    pub reason: &'static str,
}
