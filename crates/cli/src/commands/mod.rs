//! The commands, one file each: its arguments with their help, then the story
//! of what it does.

pub mod calls;
pub mod check;
pub mod completions;
#[cfg(feature = "sim")]
pub mod demo;
pub mod diff;
pub mod extract;
pub mod impact;
pub mod kinds;
pub mod lint;
pub mod list;
pub mod log;
pub mod man;
pub mod prune;
pub mod redacted;
pub mod restore;
pub mod runs;
pub mod search;
pub mod show;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sql;
pub mod stats;
pub mod tag;
pub mod verify;
