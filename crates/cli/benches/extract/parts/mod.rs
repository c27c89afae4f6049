//! The parts of the benchmark, each with its own question.

pub(crate) mod adaptive;
pub(crate) mod auto;
pub(crate) mod memory;
pub(crate) mod scenarios;
pub(crate) mod throughput;

/// How far above the floor a run may take.
const OVER_FLOOR: f64 = 1.15;
