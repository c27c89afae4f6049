//! Impact: what uses a field, an explore, a dashboard, a user..., and what uses
//! that.
//!
//! A walk over what the vault has indexed. It begins with the objects that use a
//! field, or refer to an object; whatever stands for content (queries, looks,
//! dashboards) leads on to what refers to it. Each object is found once, with
//! every cause: where it uses or names what, and through which object.

mod causes;
mod subject;
mod users;
mod walk;

use vault::{AsOf, FieldName, Reader, Result, Side};

pub use causes::ObjectName;
pub(crate) use causes::{FOLDERS, Names};
pub(crate) use subject::addresses;
pub use subject::{Subject, SubjectError};

use crate::documents::Place;
use walk::Walk;

/// What a subject's end or change would touch.
#[derive(Debug, Clone, Default)]
pub struct Impact {
    /// The fields, or explores as a whole, that were meant and are in use.
    pub fields: Vec<FieldName>,
    /// The objects, nearest first.
    pub affected: Vec<Affected>,
}

/// An object that is touched.
#[derive(Debug, Clone)]
pub struct Affected {
    /// The object.
    pub object: ObjectName,
    /// How far it is from the subject: 1 uses it itself.
    pub distance: u32,
    /// Why, the shortest way first.
    pub causes: Vec<Cause>,
}

/// Why an object is touched.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The affected object that it names, by its place in the list; the subject
    /// itself if there is none.
    pub through: Option<usize>,
    /// Where.
    pub places: Vec<Place>,
}

impl Impact {
    /// The way from an affected object back to the subject, by the first causes:
    /// each place with the object that holds it.
    pub fn way(&self, affected: usize) -> Vec<(&ObjectName, &[Place])> {
        let mut way = Vec::new();
        let mut next = Some(affected);
        while let Some(here) = next.filter(|_| way.len() < self.affected.len()) {
            let affected = &self.affected[here];
            let cause = affected.causes.first();
            way.push((&affected.object, cause.map_or(&[][..], |cause| &cause.places)));
            next = cause.and_then(|cause| cause.through);
        }
        way
    }
}

/// Finds what a subject's end or change would touch. Of fields only what was
/// searched before is found, see [`Reader::unsearched`].
///
/// # Errors
/// When the vault cannot be read.
pub fn impact(reader: &Reader, of: impl Into<AsOf>, subject: &Subject) -> Result<Impact> {
    let of = of.into();
    let mut walk = Walk::new(reader, of);
    let fields = match subject {
        Subject::Fields(filter) => {
            walk.fields(filter)?;
            if let (Some(model), None, None) = (&filter.model, &filter.explore, &filter.name) {
                walk.referrers_of_subject("lookml_models", model, true)?;
            }
            reader.fields_in_use(of, filter, true)?
        }
        Subject::Connection(name) => {
            walk.connection(name)?;
            Vec::new()
        }
        Subject::Content { kind, key } => {
            walk.referrers_of_subject(kind, key, true)?;
            walk.alerts_of(kind, key, None, None)?;
            Vec::new()
        }
        Subject::User(key) => {
            walk.referrers_of_subject("users", key, false)?;
            walk.received_by(key)?;
            Vec::new()
        }
        Subject::Group(key) => {
            walk.referrers_of_subject("groups", key, false)?;
            Vec::new()
        }
    };
    walk.go_on()?;
    Ok(Impact { fields, affected: walk.end()? })
}

impl Affected {
    /// Whether it is in use, and not in the trash.
    pub fn is_live(&self) -> bool {
        self.object.side == Side::Live
    }
}
