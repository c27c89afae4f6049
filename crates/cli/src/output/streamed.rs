//! Lists in a JSON document that are written as they are found, so that a long one
//! is never in memory.

use std::cell::Cell;

use serde::ser::{Error, Serialize, SerializeSeq, Serializer};

use crate::exit::Exit;
use crate::report::Failure;

/// Elements that are found one after the other.
pub trait Elements {
    /// Hands each to `list`; what that gives as a failure ends it.
    ///
    /// # Errors
    /// When no more can be found, or `list` takes no more.
    fn write_to<S: SerializeSeq>(self, list: &mut List<'_, S>) -> Result<(), Failure>;
}

/// A list that elements are written to.
pub struct List<'l, S: SerializeSeq> {
    list: &'l mut S,
    error: Option<S::Error>,
}

impl<S: SerializeSeq> List<'_, S> {
    /// Writes an element.
    ///
    /// # Errors
    /// When it cannot be written; the document's writer knows why.
    pub fn push(&mut self, element: &impl Serialize) -> Result<(), Failure> {
        self.list.serialize_element(element).map_err(|error| {
            self.error = Some(error);
            Failure::new("io", Exit::Failed, "the output cannot be written")
        })
    }
}

/// A member of a document that is such a list.
pub struct Streamed<E> {
    elements: Cell<Option<E>>,
    failure: Cell<Option<Failure>>,
}

impl<E: Elements> Streamed<E> {
    /// The list of these; it can be written once.
    pub fn new(elements: E) -> Self {
        Self { elements: Cell::new(Some(elements)), failure: Cell::new(None) }
    }

    /// Why finding elements ended early, if it did: of that the document's writer
    /// knows nothing.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.take()
    }
}

impl<E: Elements> Serialize for Streamed<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut writing = List { list: &mut list, error: None };
        let written = self.elements.take().map_or(Ok(()), |elements| elements.write_to(&mut writing));
        if let Some(error) = writing.error {
            return Err(error);
        }
        if let Err(failure) = written {
            let message = failure.message.clone();
            self.failure.set(Some(failure));
            return Err(S::Error::custom(message));
        }
        list.end()
    }
}
