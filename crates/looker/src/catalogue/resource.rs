//! What can be written, and by which calls.
//!
//! A kind's documents are written as resources: the object itself, and the parts
//! that Looker gives an id and endpoints of their own (a tile, a filter, a
//! section of a board). An entry says by which operations one is created,
//! updated and deleted, which of its fields may be written, which of those hold
//! ids, and how to find one whose creation was not answered.
//!
//! Sources: the official API document for operations and fields; what real
//! servers were seen to accept and refuse (`looker-api-facts.md`) for what is left
//! out although the document allows it.

use super::{Kind, Operation};

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Changes what is named and leaves the rest.
    Patch,
    /// Replaces.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// An operation that writes.
#[derive(Debug, PartialEq, Eq)]
pub struct Write {
    /// How.
    pub method: Method,
    /// What.
    pub operation: Operation,
}

/// An object or a part of one that can be written.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind's name, or that of the list which holds the part.
    pub name: &'static str,
    /// One of them, as people call it.
    pub singular: &'static str,
    /// The type in the API document that a body is of.
    pub looker_type: &'static str,
    /// Makes one; `None` where it comes with something else.
    pub create: Option<Write>,
    /// Changes one; `None` where it never changes under its id.
    pub update: Option<Write>,
    /// Deletes one for good; `None` where restore never does.
    pub delete: Option<Write>,
    /// Fields that a body may hold; of a kind those of its entry.
    pub(super) fields: &'static [&'static str],
    /// Fields that hold ids, with the resource they are ids of.
    pub references: &'static [(&'static str, &'static str)],
    /// The field that holds the id of what it is a part of.
    pub parent: Option<&'static str>,
    /// Its own parts, by the list that holds them.
    pub parts: &'static [&'static Resource],
    /// Where it is found among its like after an unanswered creation; `None`
    /// where creating an equal one gives the same one again.
    pub siblings: Option<Siblings>,
    /// Whether a body is the list that its one field holds.
    pub is_list: bool,
}

/// Where all resources with the same parent are listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Siblings {
    /// The operation that lists.
    pub operation: Operation,
    /// Fields of the body whose values fill the places in the path, in order.
    pub path: &'static [&'static str],
    /// Query parameters that are fields of the body.
    pub filters: &'static [&'static str],
    /// Further query parameters.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Fields that the one looked for has as they were sent.
    pub same: &'static [&'static str],
}

impl Resource {
    /// The resource of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        super::resources::RESOURCES.iter().copied().find(|resource| resource.name == name)
    }

    /// The fields that a body may hold.
    pub fn fields(&self) -> &'static [&'static str] {
        match Kind::find(self.name) {
            Some(kind) if self.fields.is_empty() => kind.writable,
            _ => self.fields,
        }
    }

    /// Whether this build knows a member of its documents, be it of what is answered or of
    /// what is sent.
    pub fn knows(&self, member: &str) -> bool {
        let answered = Kind::find(self.name).map_or(self.looker_type, |kind| kind.looker_type);
        [self.looker_type, answered].iter().any(|of| super::property(of, member).is_some())
    }

    /// The resource that the ids in a field are of.
    pub fn referred(&self, field: &str) -> Option<&'static str> {
        self.references.iter().find(|(name, _)| *name == field).map(|(_, resource)| *resource)
    }
}

/// An entry to begin with.
pub(super) const RESOURCE: Resource = Resource {
    name: "",
    singular: "",
    looker_type: "",
    create: None,
    update: None,
    delete: None,
    fields: &[],
    references: &[],
    parent: None,
    parts: &[],
    siblings: None,
    is_list: false,
};
