//! A simulated Looker instance behind a real socket.
//!
//! Nobody can try a backup tool on a Looker instance they do not have, and
//! nobody should try one on the instance they need. This crate answers API 4.0
//! on the loopback interface: logins, folders, dashboards, looks, people. It is
//! generated from a seed, as strict as the real thing, and can be told to be
//! slow, to fail, to lie about totals, and to change while it is read. It
//! shares no code with the client, so the two cannot share a misunderstanding.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use looker_sim::{Sim, SimConfig};
//!
//! let sim = Sim::start(SimConfig { dashboards: 500, ..SimConfig::default() }).await?;
//! println!("{} {} {}", sim.url(), sim.client_id(), sim.client_secret());
//! # Ok(())
//! # }
//! ```
//!
//! # How it stays out of the way
//!
//! Bodies are written once, at the start, as JSON text; a page is a list of
//! references to them, and a light listing is cut from prepared columns (see
//! `table`). Latency is modelled: a request holds one of
//! [`SimConfig::served_at_once`] threads for a base time and a time for each
//! row, and what a call should have taken is in [`Served::service_micros`].
//!
//! A *full row* is a dashboard or look sent with its parts: whole, or with
//! `fields` that name tiles, filters, layouts or the query. Everything else is
//! a *light row*: listings, folders, people, parts read by themselves.
//!
//! # What can be asked of it
//!
//! Every state of every object is kept ([`Sim::history`]), every request is
//! logged ([`Sim::requests`], [`Sim::stats`]). Tests that run it as a process
//! of its own read the same through the back door, which needs no token and
//! leaves no trace in the statistics:
//!
//! | request | |
//! | --- | --- |
//! | `GET /_sim/stats` | [`Stats`] |
//! | `GET /_sim/requests` | a list of [`Served`] |
//! | `GET /_sim/history/{kind}/{id}` | a list of [`State`], `kind` by [`Kind::name`] |
//! | `POST /_sim/reset` | forgets counters and requests |
//! | `POST /_sim/faults` | [`Faults`] |
//! | `POST /_sim/churn` | [`Churn`] |
//! | `POST /_sim/revoke_tokens` | makes every token invalid |
//!
//! # Assumptions
//!
//! Where neither Looker's API document nor the record of observed answers says
//! what happens, the simulator does what catches most mistakes of a client:
//!
//! - An unknown, repeated or misspelt query parameter, a sort by a field that
//!   cannot be sorted by, a `limit` that is no whole number, a boolean that is
//!   neither `true` nor `false`, and parentheses in `fields` that do not match
//!   are 422 with every problem named. Unknown names inside `fields` are
//!   ignored.
//! - `updated_at` can be sorted by, besides the documented fields. Equal rows,
//!   and rows without `sorts`, come in another order each time
//!   ([`SimConfig::stable_order`] ends that). Null sorts first.
//! - An empty value (`folder_id=`) matches nothing; it is not an absent one.
//! - `deleted` chooses between the trash and the rest; `filter_or` joins the
//!   other criteria only.
//! - `search_users` leaves out disabled users unless `is_disabled` is given;
//!   `all_users` has them all.
//! - `search_looks` answers `Look` without the query, even if `fields` asks for
//!   it.
//! - Searches send `Link` with `first`, with `next` after an exactly full page
//!   and with `prev`; `last` and `X-Total-Count` come with
//!   [`SimConfig::totals`], and never for a limited account.
//! - A trashed dashboard is answered by `GET` and does not block its title, but
//!   blocks its slug. Titles clash without regard to case. Looks may share a
//!   title.
//! - Every change but a view moves `updated_at`, that of a tile included; it
//!   has whole seconds. `user_id` cannot be changed.
//! - Wrong types in a `PATCH` are 422, a body that is no JSON object is 400,
//!   unknown and read-only members and parts are ignored.
//! - A limited account gets 403 for writes, empty lists of groups, roles and
//!   sets, itself as the only user, and 404 for all else it may not see.
//! - 429 has a JSON body; the real one is not recorded.
//! - Answers are not compressed.

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
