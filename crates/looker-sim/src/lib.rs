//! A simulated Looker instance behind a real socket.

mod auth;
mod churn;
mod config;
mod content;
mod control;
mod data;
mod edits;
mod faults;
mod fields;
mod gate;
mod json;
mod lists;
mod log;
mod params;
mod reply;
mod routes;
mod search;
mod server;
mod session;
mod sim;
mod state;
mod table;

pub use churn::Churn;
pub use config::{Account, Latency, RejectedLogin, RetryAfter, SimConfig};
pub use faults::{Fault, Faults};
pub use log::{Served, Stats};
pub use sim::Sim;
pub use state::{Refused, State};
pub use table::Kind;

/// Planted in the password and account links of users, so that a test can
/// prove that they were redacted.
pub const PLANTED_SECRET: &str = "planted-secret";
