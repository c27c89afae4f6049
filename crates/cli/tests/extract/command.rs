//! `extract`, as its users meet it: what ends up in the vault, what a second run
//! adds, which calls it takes, and what is printed.

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
