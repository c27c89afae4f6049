//! The commands, one file each: its arguments with their help, then the story
//! of what it does.

pub mod calls;
pub mod check;
pub mod completions;
#[cfg(feature = "sim")]
pub mod demo;
pub mod extract;
pub mod impact;
pub mod kinds;
pub mod lint;
pub mod list;
pub mod man;
pub mod runs;
pub mod search;
pub mod show;
#[cfg(feature = "sim")]
pub mod sim;
pub mod verify;
