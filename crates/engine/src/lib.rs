//! The verbs of lookervault, as a library: each a plan and its execution.
//!
//! [`extract`] reads an instance into a vault; [`check`] asks an instance who
//! we are and what we may see; [`allowance`] says what is left of a month's
//! calls; [`retention`] says which runs a vault keeps. The crate joins `looker` and `vault`, which do not know each other; it
//! never prints and never reads the environment.
//! calls; [`log`] tells what happened from run to run, [`diff`] what differs
//! between two states. The crate joins `looker` and `vault`, which do not know
//! each other; it never prints and never reads the environment.

pub mod allowance;
pub mod check;
pub mod diff;
pub mod extract;
pub mod log;
pub mod retention;
mod watch;

pub use watch::{Quiet, Watch};
