//! Vaults in temporary folders, through the crate's public interface.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

mod calls;
mod copy;
mod crash;
mod damage;
mod documents;
mod history_model;
mod moments;
mod opening;
mod prune;
mod references;
mod refusals;
mod restores;
mod search;
mod trust;
mod versions;
