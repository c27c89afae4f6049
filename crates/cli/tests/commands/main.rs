//! The program's commands, as their users meet them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

#[path = "../support/mod.rs"]
mod support;

mod estate;
mod stored;

mod as_of;
mod check;
mod completions;
mod connection;
#[cfg(feature = "sim")]
mod demo;
mod diff;
mod diff_live;
mod global_options;
mod help;
mod impact;
mod kinds;
mod lint;
mod list;
mod log;
mod man;
mod prune;
mod redacted;
mod runs;
mod search;
mod secrets;
mod show;
#[cfg(feature = "sim")]
mod sim;
mod sql;
mod stats;
mod verify;
mod verify_live;
