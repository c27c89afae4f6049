//! Restore: what the vault has goes back to the instance.
//!
//! [`plan()`] reads the vault as of a run, and of the instance what it must, and
//! makes a [`Plan`]: for every selected object what is to be done, and all requests
//! that do it, as data. Each [`Step`] is one.

mod clashes;
mod compose;
mod error;
mod identity;
mod live;
mod order;
mod owners;
mod parts;
mod plan;
mod planner;
mod query;
mod selection;
mod special;
mod step;

pub use compose::{Manner, Owner};
pub use error::RestoreError;
pub use plan::{Action, FORMAT, Known, Object, Plan};
pub use planner::{OnConflict, Planned, Request, plan};
pub use selection::{Selection, is_restorable, restorable, user_id};
pub use step::{Among, At, Given, Id, Ids, Part, Step, Symbol, Verb};
