//! A client for the Looker API 4.0 that counts what it spends.
//!
//! Rooms, in the order a call passes through them:
//!
//! - [`catalogue`]: the content kinds, one entry each: where they are listed,
//!   what identifies them, what is volatile.
//! - [`paging`]: page streams and the coordinator that hands their ranges to
//!   one pool of workers.
//! - [`pacing`]: how many requests may run at once, and the count of every call.
//! - [`client`]: session, one attempt, retries, classes of errors.
//! - [`rows`]: a page cut into rows, each with its envelope (id, stamps, folder).
//!
//! The crate knows nothing of vaults, files, terminals or the environment.

pub mod catalogue;
pub mod client;
pub mod error;
pub mod pacing;
pub mod paging;
pub mod rows;

pub use catalogue::Kind;
pub use client::{Client, Settings};
pub use error::{Error, ErrorKind, Fate};
