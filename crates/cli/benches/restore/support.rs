//! What the benchmark shares with the test of the same formulas.

#![allow(dead_code, reason = "the tests use more of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on must fail")]

#[path = "../../tests/support/looker.rs"]
pub(crate) mod looker;
#[path = "../../tests/support/quiet.rs"]
mod quiet;
#[path = "../../tests/support/restoration.rs"]
pub(crate) mod restoration;
#[path = "../../tests/support/world.rs"]
mod world;

pub(crate) use world::World;
