//! How fast we may go, and what it costs.
//!
//! A Looker node serves people and programs from one pool of 200 threads, and a
//! contract counts calls. So every request of the process passes one [`Gate`],
//! which holds it until the [`Limiter`] allows another, and is written down in
//! one [`CallMeter`], which refuses it when the budget, or what the month's
//! allowance left of its ledger, is spent.

mod calls;
mod gate;
mod limiter;

pub use calls::{CallCount, CallMeter, Ledger, Reason};
pub use gate::{Gate, Permit};
pub use limiter::{Limiter, Outcome, Pacing};
