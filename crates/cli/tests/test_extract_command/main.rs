//! `extract`, as its users meet it: what ends up in the vault, what a second run
//! adds, which calls it takes, and what is printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

#[path = "../support/mod.rs"]
mod support;

mod all_instances;
mod calls;
mod changes;
mod documented;
mod everything;
mod folders;
mod incremental;
mod instances;
mod kinds;
mod references;
mod report;
mod scope;
mod searching;
mod shown;
