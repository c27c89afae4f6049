//! The verbs of lookervault, as a library: each a plan and its execution.
//!
//! [`extract`] reads an instance into a vault; [`check`] asks an instance who
//! we are and what we may see; [`allowance`] says what is left of a month's
//! calls. The crate joins `looker` and `vault`, which do not know each other; it
//! never prints and never reads the environment.

mod account;
pub mod allowance;
pub mod check;
pub mod extract;
mod watch;

pub use account::Account;
pub use watch::{Quiet, Watch};
