//! A simulated Looker instance behind a real socket.
//!
//! Nobody can try a backup tool on a Looker instance they do not have, and
//! nobody should try one on the instance they need. This crate answers API 4.0
//! on the loopback interface: logins, folders, dashboards, looks, boards, plans,
//! alerts, access lists, people. It is generated from a seed, as strict as the real thing, and can be told to be
//! slow, to fail, to lie about totals, and to change while it is read. It
//! shares no code with the client, so the two cannot share a misunderstanding.
//! Content can be written as well, by the same operations as on a real instance.
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
//! leaves no trace in the statistics ([`SimConfig::back_door`] shuts it):
//!
//! | request | |
//! | --- | --- |
//! | `GET /_sim/stats` | [`Stats`] |
//! | `GET /_sim/requests` | a list of [`Served`] |
//! | `GET /_sim/history/{kind}/{id}` | a list of [`State`], `kind` by [`Kind::name`] |
//! | `GET /_sim/followers/{id}` | ids of the users who follow an alert |
//! | `GET /_sim/outbox` | a list of [`Sent`]: what would have reached people |
//! | `DELETE /_sim/outbox` | forgets it |
//! | `POST /_sim/reset` | forgets counters and requests |
//! | `POST /_sim/faults` | [`Faults`] |
//! | `POST /_sim/churn` | [`Churn`] |
//! | `POST /_sim/revoke_tokens` | makes every token invalid |
//! | `GET /_sim/export?kind=board,look` | every object, or those kinds, as lines `{"kind","id","body"}` |
//! | `POST /_sim/objects/{kind}` | creates an object ([`Sim::add`]), answers `{"id":…}` |
//! | `POST /_sim/load/{kind}` | puts documents in, one a line ([`Sim::load`]) |
//! | `PATCH /_sim/objects/{kind}/{id}` | sets members ([`Sim::set`]); of `content_metadata`, `inherits` |
//! | `DELETE /_sim/objects/{kind}/{id}` | deletes for ever, with what hangs on it ([`Sim::purge`]) |
//!
//! The export has the kinds `content_metadata`, `query` and `merge_query` on
//! top of those of [`Kind`]: they are made when asked for. Queries are many on
//! a large instance; name the kinds you want there.
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
//!   it ([`SimConfig::looks_search_gives_query`] changes that).
//! - `search_lookml_dashboards` answers whole dashboards: release 26.12 of the
//!   API document names `DashboardLookml`, SDKs of later ones `Dashboard`
//!   ([`SimConfig::lookml_search_gives_lookml`]).
//! - Pages that take no `sorts`, those of alerts, are in the order of ids.
//! - No list of plans holds disabled ones
//!   ([`SimConfig::plan_searches_give_disabled`] changes that for searches that
//!   ask, and for lists of one content), and a limited account gets its own, whatever it asks for.
//! - Favourites without `user_id` are the caller's
//!   ([`SimConfig::favorites_of_everybody`]).
//! - What is deleted for ever takes along its plans, alerts, favourites, board
//!   items and access rows; a user's boards stay. The trash takes nothing
//!   along.
//! - An item that inherits has an empty access list. A few dashboards have a
//!   list of their own, although the API document leaves that to folders.
//! - System Activity has the explore `scheduled_plan` with a dozen fields, in
//!   `json`; a field it does not know is a row with `looker_error`.
//! - Searches send `Link` with `first`, with `next` after an exactly full page
//!   and with `prev`; `last` and `X-Total-Count` come with
//!   [`SimConfig::totals`], and never for a limited account.
//! - A trashed dashboard is answered by `GET`.
//! - Every change but a view moves `updated_at`, that of a tile included; it
//!   has whole seconds.
//! - What is taken for granted about writes is in `docs/simulator.md`, each
//!   with how it is known.
//! - A limited account gets 403 for writes and for alerts of all owners, what
//!   [`SimConfig::denied_as`] says for System Activity, empty lists of groups,
//!   roles and sets, itself as the only user, and 404 for all else it may not see.
//! - [`Account::Permitted`] is refused by a table, most of it inferred (see
//!   `permissions`). A limited account has `access_data` and `see_looks`.
//! - Releases before 26.0 have neither agents nor artifacts.
//! - `source` and `rank` of a user's attribute values are worded `User` (0),
//!   `Group: name` (the group's rank), `Default` and `Unset` (null).
//! - The default theme is the one of id 1, the default colour collection the
//!   first standard one; `begin_at` and `end_at` of `search_themes` are
//!   compared as texts.
//! - `all_lookml_models` leaves out System Activity unless `include_internal`
//!   is given; its other switches change nothing here.
//! - 429 has a JSON body; the real one is not recorded.
//! - Answers are not compressed.
//!
//! What is taken for granted about writes to people, access, delivery and appearance
//! is in `docs/simulator-people.md`, each with how it is known.

mod access;
mod activity;
mod auth;
mod churn;
mod clock;
mod composed;
mod config;
mod content;
mod control;
mod data;
mod edits;
mod export;
mod faults;
mod fields;
mod gate;
mod json;
mod kinds;
mod ledger;
mod lists;
mod load;
mod log;
mod metadata;
mod objects;
mod outbox;
mod outline;
mod owned;
mod params;
mod parts;
mod permissions;
mod queries;
mod reply;
mod routes;
mod search;
mod server;
mod session;
mod sim;
mod spec;
mod state;
mod table;
mod writes;

pub use churn::Churn;
pub use config::{
    Account, Components, DeniedAs, FavoriteLists, Latency, RejectedLogin, RetryAfter, SimConfig,
};
pub use faults::{Fault, Faults};
pub use kinds::Kind;
pub use ledger::Activity;
pub use load::NotLoaded;
pub use log::{Served, Stats};
pub use outbox::Sent;
pub use sim::Sim;
pub use state::{Refused, State};

/// Planted in the password and account links of users, so that a test can
/// prove that they were redacted.
pub const PLANTED_SECRET: &str = "planted-secret";

/// Planted in the addresses of webhooks, which Looker answers in clear.
pub const PLANTED_WEBHOOK_KEY: &str = "planted-webhook-key";
