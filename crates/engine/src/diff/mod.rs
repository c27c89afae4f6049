//! What differs between two states, down to the single field.
//!
//! # One object
//!
//! Two documents of a kind are compared in three steps that know nothing of each
//! other's concerns:
//!
//! 1. [`Documents::edit`] finds **what makes the one out of the other**, exactly.
//!    Lists are compared by what their elements are ([`Identity`] and the
//!    catalogue's [`Part`](looker::catalogue::Part)s), not by where they stand, so
//!    that a tile that was put first is one tile that moved. Applied to the one
//!    document, the edit gives the other to the byte ([`Edit::apply`]).
//! 2. [`Documents::changes`] turns the edit into **what it means to a reader**:
//!    single changes with their places in words, without what follows from others.
//! 3. [`text::lines`] shows changed texts as texts.
//!
//! # Two states
//!
//! A [`Comparison`] finds the objects that may differ between what two runs left: of
//! one instance, of two vaults, or of two instances, whose objects are recognised by
//! name. It reads bodies one at a time, when they are asked for, or ahead of whoever
//! compares all of them.
//!
//! Documents stay text throughout ([`Value`]); no number is ever converted.

mod ahead;
mod changes;
mod edit;
mod moves;
mod names;
mod pairing;
mod states;
mod telling;
pub mod text;
mod value;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod property_tests;

pub use ahead::Contents;
pub use changes::{Change, Documents, Element, Step, View, What};
pub use edit::{Edit, Identity, ListEdit, Member, MemberChange, Slot};
pub use states::{Comparison, Folders, Object, Pair, Scope, State};
pub use telling::is_part_of_others;
pub use value::{Node, NotCanonical, Value};
