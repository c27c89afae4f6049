//! Restore: what the vault has goes back to the instance.
//!
//! All of it happens within a [`Session`], which counts calls and keeps the vault open.
//! [`plan()`] reads the vault as of a run, and of the instance what it must, and
//! makes a [`Plan`]: for every selected object what is to be done, and all requests
//! that do it, as data. Each [`Step`] is one. [`carry_out`] makes them, by [`apply`] and its
//! journal, and reads back what they did; [`undo`] goes back to what was before.

mod accepted;
mod access;
mod ahead;
mod alike;
mod apply;
mod certify;
mod clashes;
mod compose;
mod conduct;
mod edited;
mod error;
mod identity;
mod joined;
mod keep;
mod links;
mod live;
mod may;
mod order;
mod owners;
mod packing;
mod paging;
mod parallel;
mod parts;
mod past;
mod people;
mod plan;
mod planner;
mod query;
mod read_back;
mod relations;
mod selection;
mod session;
mod special;
mod step;
mod undo;
mod values;

pub use ahead::Listing;
pub use apply::{Applied, AppliedObject, BlockedBy, Patience, StepFailure, apply};
pub use compose::{Manner, Owner};
pub use conduct::{Restored, begin, carry_out};
pub use edited::Edited;
pub use error::RestoreError;
pub use plan::{Action, FORMAT, Known, Object, Plan, References, StoredOnly};
pub use planner::{OnConflict, Planned, Request, look_again, plan};
pub use read_back::ReadBack;
pub use selection::{Selection, is_restorable, restorable, user_id};
pub use session::Session;
pub use step::{Among, At, Given, Id, Ids, Part, Piece, Step, Symbol, Verb};
pub use undo::{Made, plan_undo, undo};
