//! Restores: what comes back, what it costs, and what people are told of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod ahead;
mod calls;
mod command;
mod conflicts;
mod disaster;
mod faults;
mod favorites;
mod history;
mod limits;
mod links;
mod manners;
mod options;
mod people;
mod property;
#[cfg(target_os = "linux")]
mod questions;
mod references;
#[cfg(feature = "sim")]
mod rehearse;
mod tiles;
mod told;
