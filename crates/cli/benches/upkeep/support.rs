//! What the benchmark shares with the tests of the same targets.

#![allow(dead_code, reason = "the tests use more of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on must fail")]

#[path = "../../tests/support/looker.rs"]
pub(crate) mod looker;
#[path = "../../tests/support/minimum.rs"]
pub(crate) mod minimum;
#[path = "../../tests/support/quiet.rs"]
mod quiet;
#[path = "../../tests/support/targets.rs"]
pub(crate) mod targets;
#[path = "../../tests/support/world.rs"]
mod world;

pub(crate) use world::World;
