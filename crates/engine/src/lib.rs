//! The verbs of lookervault, as a library: each a plan and its execution.
//!
//! [`extract`] reads an instance into a vault; [`live`] compares the two;
//! [`check`] asks an instance who we are and what we may see; [`allowance`] says
//! what is left of a month's calls, [`ages`] how old each kind is; [`retention`] says which runs a vault keeps;
//! [`log`] tells what happened from run to run, [`diff`] what differs between two
//! states, [`references`] where references lead; [`search`], [`impact`],
//! [`unused`] and [`lint`] answer from the vault, by what [`documents`] say. The
//! crate joins `looker` and `vault`, which do not know each other; it never prints
//! and never reads the environment.

mod account;
pub mod ages;
pub mod allowance;
mod bookkeeping;
pub mod check;
pub mod diff;
pub mod documents;
pub mod extract;
pub mod impact;
pub mod lint;
pub mod live;
pub mod log;
pub mod references;
pub mod restore;
pub mod retention;
pub mod search;
pub mod unused;
mod watch;

pub use account::Account;
pub use watch::{Quiet, Watch};
