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
    /// The field of a row that names the key it belongs to, where the parameter is
    /// documented to take a list of keys.
    pub lists: Option<&'static str>,
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
    /// The ids in fields of stored objects.
    Fields(&'static [Field]),
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

/// Ids in a field of the stored objects of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The kind.
    pub kind: &'static str,
    /// Path from the root; arrays are passed through. Several paths make one
    /// key joined with `::`, of which the last may be in an array.
    pub paths: &'static [&'static str],
    /// Which objects are meant.
    pub only: Only,
}

/// Of which objects a field is taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Only {
    /// All of them.
    All,
    /// Those in which the field beside the last one is `false`.
    False(&'static str),
    /// Those in which this field at the root is null or missing.
    Null(&'static str),
    /// Folders in which a live object of one of these kinds lies; all of them while
    /// one of the kinds was never read.
    Holding(&'static [&'static str]),
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
