//! The simulated Looker over its socket, as a client meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod common;

mod access;
mod accounts;
mod boards;
mod changes;
mod data;
mod delivery;
mod estate;
mod faults;
mod first_steps;
mod load;
mod search;
mod speed;
mod write_access;
mod write_content;
mod write_dashboards;
mod write_delivery;
mod write_people;
mod write_themes;
mod write_tiles;
