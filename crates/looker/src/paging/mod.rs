//! Page streams, and the coordinator that shares their ranges among workers.
//!
//! # The problem
//!
//! Looker lists content in pages of `limit` rows from an `offset`; there is no
//! cursor, usually no total, and a folder filter takes one folder. To read ten
//! folders fast, several workers must read pages at once, but a page beyond a
//! folder's end is a wasted call, and calls are what a licence counts. A page
//! that fails must not be forgotten, and a big folder must not starve the others.
//!
//! # The choice
//!
//! Each folder (or a whole kind, when no folder is asked for) is a stream, a
//! [`FolderRange`]: where its next page starts, where it ends if that is known,
//! and which of its ranges failed and wait for another try. The
//! [`MultiFolderOffsetCoordinator`] hands out claims on ranges, one stream after
//! the other in turn. It is a plain state machine without clocks or threads, so
//! that its promises can be tested by the thousand; [`Claims`] puts it behind a
//! lock for tasks to share.
//!
//! A claim has three ends: completed with its rows, given back for another try,
//! or given up as a [`Gap`]. A claim that is merely dropped (a panic, a
//! cancelled task) gives itself back.
//!
//! # Where a stream ends
//!
//! - Its size is known (a light listing counted it, or an answer carried a
//!   total): no page past the end is asked for. The last page asks for one row
//!   more than should be left, so that its shortness proves the end, and a size
//!   that was too small is found out without a call of its own.
//! - Its size is not known: a page shorter than its limit is the end. Looking
//!   ahead of an unanswered page is allowed only to as many pages as the stream
//!   has already proved to hold, and never beyond `look_ahead`; what finds no row
//!   is counted as waste.
//! - A page shorter than its limit in the middle of a known size is not
//!   believed: its missing rows are asked for once more, and only an empty
//!   answer moves the end. Servers that silently cap a page are survived this way.
//! - A short page whose length is a round number (a multiple of
//!   [`SUSPICIOUS_CAP`]) may be such a cap too, unless an answer is known to have
//!   held more: one call past it settles that.
//!
//! # Streams that follow others
//!
//! A listing that proves what was read may begin when the streams it proves have
//! been answered to the end, though others have not. Such a stream names those it
//! follows. It is served by workers that have nothing else to do: the last pages of
//! the others are on their way meanwhile, and no page waits for it.
//!
//! It does not wait until the last answers were looked into either. Should one of
//! them turn out to be no page, or not to be the last, then what is read after the
//! listing can only be newer than what it says: a listing is held against what
//! was read by its end, whichever came first.

mod claims;
mod coordinator;
mod range;

pub use claims::{Claim, Claims};
pub use coordinator::{Failure, MultiFolderOffsetCoordinator, Next, RetryPolicy, SUSPICIOUS_CAP};
pub use range::{ClaimedRange, FolderRange, Gap, StreamPlan, StreamStatistics};

#[cfg(test)]
mod interleaving_tests;
#[cfg(test)]
mod property_tests;
