//! What was asked and answered: for tests that count calls, and for the
//! benchmark's floor.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::faults::Fault;
use crate::kinds::Kind;
use crate::ledger::Activity;
use crate::reply::Rows;

/// One request, as it was served.
#[derive(Debug, Clone, Serialize)]
pub struct Served {
    /// Id of the operation (`search_dashboards`), or `unknown`.
    pub operation: &'static str,
    /// `GET`, `POST`, ...
    pub method: String,
    /// What the API document calls its activity: the ledger it is booked in.
    pub activity: Activity,
    /// Path without query, as asked for.
    pub path: String,
    /// Decoded query parameters in their order.
    pub query: Vec<(String, String)>,
    /// Arrival, in microseconds since the server's start.
    pub started: u64,
    /// When the answer had been handed to the socket; 0 while it is being
    /// sent.
    pub ended: u64,
    /// The modelled time: base plus rows, without any waiting in line.
    pub service_micros: u64,
    /// Status; 0 when the connection was dropped instead.
    pub status: u16,
    /// What was made to go wrong.
    pub fault: Option<Fault>,
    /// Kind of the rows.
    pub kind: Option<Kind>,
    /// Dashboards and looks sent with their parts.
    pub full_rows: u32,
    /// All other rows.
    pub light_rows: u32,
    /// Length of the body.
    pub bytes: u64,
}

/// Counters since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All requests.
    pub requests: u64,
    /// Requests by operation.
    pub by_operation: BTreeMap<String, u64>,
    /// Requests by activity, whether or not they were carried out.
    pub by_activity: BTreeMap<String, u64>,
    /// Requests by status; 0 are dropped connections.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests by what was made to go wrong.
    pub by_fault: BTreeMap<String, u64>,
    /// Full rows sent, by kind.
    pub full_rows: BTreeMap<String, u64>,
    /// Light rows sent, by kind.
    pub light_rows: BTreeMap<String, u64>,
    /// Dashboards sent whole, by the id of their folder.
    pub full_dashboards_by_folder: BTreeMap<String, u64>,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Logins that were granted.
    pub logins: u64,
    /// Most requests in the house at the same time, waiting ones included.
    pub peak_in_flight: u32,
}

#[derive(Debug, Default)]
struct Entries {
    served: Vec<Served>,
    stats: Stats,
    in_flight: u32,
    /// Counts resets: an answer that ends after one has no entry any more.
    epoch: u32,
}

/// The log of a server.
#[derive(Debug)]
pub(crate) struct Log {
    start: Instant,
    entries: Mutex<Entries>,
}

/// The place of a request in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    at: usize,
    epoch: u32,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log { start: Instant::now(), entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds from the server's start to a moment.
    pub(crate) fn micros(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.start).as_micros() as u64
    }

    /// A request came in.
    pub(crate) fn arrived(&self) {
        let mut entries = self.entries();
        entries.in_flight += 1;
        entries.stats.peak_in_flight = entries.stats.peak_in_flight.max(entries.in_flight);
    }

    /// A request left, answered or not.
    pub(crate) fn left(&self, place: Option<Place>) {
        let now = self.micros(Instant::now());
        let mut entries = self.entries();
        entries.in_flight = entries.in_flight.saturating_sub(1);
        if let Some(place) = place.filter(|place| place.epoch == entries.epoch)
            && let Some(served) = entries.served.get_mut(place.at)
        {
            served.ended = now;
        }
    }

    /// An answer is ready to be sent.
    pub(crate) fn answered(&self, served: Served, rows: &Rows) -> Place {
        let mut entries = self.entries();
        let stats = &mut entries.stats;
        stats.requests += 1;
        count(&mut stats.by_operation, served.operation, 1);
        count(&mut stats.by_activity, served.activity.name(), 1);
        *stats.by_status.entry(served.status).or_default() += 1;
        if let Some(fault) = served.fault {
            count(&mut stats.by_fault, fault.name(), 1);
        }
        if let Some(kind) = rows.kind {
            count(&mut stats.full_rows, kind.name(), rows.full.into());
            count(&mut stats.light_rows, kind.name(), rows.light.into());
        }
        for (folder, dashboards) in &rows.dashboards_by_folder {
            count(&mut stats.full_dashboards_by_folder, folder, *dashboards);
        }
        stats.bytes += served.bytes;
        let is_login = matches!(served.operation, "login" | "login_user");
        let granted = served.status == 200 && served.fault != Some(Fault::Html200);
        stats.logins += u64::from(is_login && granted);
        entries.served.push(served);
        Place { at: entries.served.len() - 1, epoch: entries.epoch }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.entries().stats.clone()
    }

    pub(crate) fn requests(&self) -> Vec<Served> {
        self.entries().served.clone()
    }

    /// Forgets everything but what is on its way.
    pub(crate) fn reset(&self) {
        let mut entries = self.entries();
        entries.served.clear();
        entries.stats = Stats { peak_in_flight: entries.in_flight, ..Stats::default() };
        entries.epoch += 1;
    }
}

fn count(counters: &mut BTreeMap<String, u64>, name: &str, by: u64) {
    if by == 0 {
        return;
    }
    match counters.get_mut(name) {
        Some(counter) => *counter += by,
        None => {
            counters.insert(name.to_owned(), by);
        }
    }
}
