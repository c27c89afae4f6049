//! The verbs of lookervault, as a library: each a plan and its execution.
//!
//! [`extract`] reads an instance into a vault; [`live`] compares the two; [`check`] asks an instance who
//! we are and what we may see; [`allowance`] says what is left of a month's
//! calls; [`references`] where references lead. The crate joins `looker` and `vault`, which do not know each other; it
//! never prints and never reads the environment.

pub mod allowance;
mod bookkeeping;
pub mod check;
pub mod extract;
pub mod live;
pub mod references;
mod watch;

pub use watch::{Quiet, Watch};
