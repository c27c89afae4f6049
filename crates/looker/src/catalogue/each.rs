//! Kinds that cost a call an object.

use super::Operation;

/// A list of one call an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Each {
    /// The operation that reads one.
    pub operation: Operation,
    /// Where the object's key goes in the call.
    pub key: KeyIn,
    /// Parameters of every call.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Where the keys come from.
    pub source: Source,
    /// What one call answers.
    pub answer: AnswerShape,
    /// When one is read again.
    pub refresh: Refresh,
}

/// Where a key goes in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyIn {
    /// Into the path; a key joined with `::` fills several places.
    Path,
    /// Into this parameter.
    Parameter(&'static str),
}

/// Where keys come from.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// Whatever stored documents refer to as this kind.
    References,
    /// The objects of a kind that is stored, by their ids.
    Objects(&'static str),
    /// The ids in a field of the stored objects of a kind; the second list is
    /// of fields that must have these values.
    Field {
        /// The kind.
        kind: &'static str,
        /// Path from the root; arrays are passed through. Several paths make one
        /// key joined with `::`, of which the last may be in an array.
        paths: &'static [&'static str],
        /// Field beside the last one that must be `false`.
        unless: Option<&'static str>,
    },
    /// A list of its own, that says no more than the keys.
    Listing {
        /// The operation.
        operation: Operation,
        /// Its parameters.
        parameters: &'static [(&'static str, &'static str)],
        /// The fields that may hold the key; the first that is there does.
        keys: &'static [&'static str],
    },
}

/// What one call answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerShape {
    /// The object.
    Object,
    /// A list that is kept as one document. The limit, if the call has one, is
    /// the most rows it answers: a list as long as that is a gap.
    List {
        /// Value of `limit` in the parameters.
        limit: Option<usize>,
    },
}

/// When an object that is stored is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Never: it cannot change under its id.
    Never,
    /// When it is older than the maximum age: its change moves no stamp.
    ByAge,
}
