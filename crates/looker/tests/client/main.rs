//! The client against servers that follow a script.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

mod acting;
mod large;
mod writes;
