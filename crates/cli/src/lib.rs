//! The command line of lookervault.
//!
//! The only crate of the project that prints and that reads configuration and
//! environment. Rooms, in the order a command passes through them:
//!
//! - [`args`]: the command line; each command's arguments lie beside it.
//! - [`environment`], [`config`]: settings with their origins.
//! - [`context`]: what every command is handed.
//! - [`commands`]: one file per command.
//! - [`times`], [`moments`]: times and runs as people name them.
//! - [`output`]: data, chatter, progress.
//! - [`report`], [`exit`]: how a command ends.
//! - [`memory`]: how the allocator is set.

pub mod args;
pub mod commands;
pub mod config;
pub mod context;
pub mod environment;
pub mod exit;
mod folders;
pub mod interrupt;
pub mod kinds;
pub mod memory;
pub mod moments;
mod objects;
pub mod output;
mod references;
pub mod remote;
pub mod report;
mod run;
mod scope;
mod searchable;
mod standing;
mod suggest;
mod summary;
pub mod times;
mod watching;

pub use run::run;
