//! Restore: what the vault has goes back to the instance.
//!
//! A [`Plan`] holds for every selected object what is to be done, and all requests
//! that do it, as data: each [`Step`] is one.

mod plan;
mod step;

pub use plan::{Action, FORMAT, Known, Object, Plan};
pub use step::{Among, At, Given, Id, Ids, Part, Step, Symbol, Verb};
