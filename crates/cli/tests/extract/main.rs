//! Extraction: what is stored, what it costs, and what is done when something goes wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod allowance;
mod auto_strategy;
mod cadence;
mod call_targets;
mod changes;
mod command;
mod early_closing;
mod edited_meanwhile;
mod elsewhere;
mod every_kind;
mod faults;
mod new_folders;
mod not_available;
mod pacing_and_budget;
mod plan;
#[cfg(target_os = "linux")]
mod power_loss;
mod reconciled_lists;
mod resume;
mod trust;
