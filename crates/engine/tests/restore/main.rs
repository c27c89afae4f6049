//! A plan is carried out against an instance behind a socket, through faults and kills.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod applying;
mod faults;
mod instance;
mod world;
