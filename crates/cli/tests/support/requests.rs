//! What the program asked for, by the simulator's log, and what it had committed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use looker_sim::{Kind, Served};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::looker::Looker;
use super::restored::COMPARED;

/// PageRange of a page stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageRange {
    pub(crate) kind: &'static str,
    pub(crate) trashed: bool,
    pub(crate) folder: Option<String>,
    pub(crate) rows: Range<u64>,
}

/// The kind that an operation lists.
fn kind_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "search_dashboards" => "dashboards",
        "search_looks" => "looks",
        "all_users" => "users",
        "search_groups_with_hierarchy" => "groups",
        "all_folders" => "folders",
        "all_roles" => "roles",
        _ => return None,
    })
}

fn parameter<'a>(served: &'a Served, name: &str) -> Option<&'a str> {
    served.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A request for a page of full rows, or for a whole kind; `None` for all else.
pub(crate) fn page(served: &Served) -> Option<PageRange> {
    let kind = kind_of(served.operation)?;
    if parameter(served, "fields").is_some() {
        return None;
    }
    let number = |name| parameter(served, name).map(|text| text.parse::<u64>().expect("a number"));
    let rows = match (number("offset"), number("limit")) {
        (Some(offset), Some(limit)) => offset..offset + limit,
        _ if matches!(kind, "folders" | "roles") => 0..u64::MAX,
        _ => return None,
    };
    Some(PageRange {
        kind,
        trashed: parameter(served, "deleted") == Some("true"),
        folder: parameter(served, "folder_id").map(str::to_owned),
        rows,
    })
}

/// Requests for pages of full rows, of whole kinds, or for single objects.
pub(crate) fn full_reads(requests: &[Served]) -> usize {
    requests.iter().filter(|served| kind_of(served.operation).is_some()).count()
        - requests.iter().filter(|served| is_listing(served)).count()
}

/// Whether a request asks for a light listing.
pub(crate) fn is_listing(served: &Served) -> bool {
    kind_of(served.operation).is_some() && parameter(served, "fields").is_some()
}

/// When the first listing came that proves an operation's rows: the first after a page of
/// them. What had gone by then is in no such listing.
pub(crate) fn proof_began(looker: &Looker, operation: &str) -> Timestamp {
    // The later of both clocks is asked second, so that this is rather too early.
    let now = Timestamp::now();
    let start = now - SignedDuration::try_from(looker.running_for()).unwrap();
    let mut requests = looker.requests();
    requests.retain(|served| served.operation == operation);
    let (listings, pages): (Vec<_>, Vec<_>) =
        requests.iter().partition(|served| parameter(served, "fields").is_some());
    let first_page = pages.iter().map(|page| page.ended).filter(|ended| *ended > 0).min();
    let first_page = first_page.expect("a page was read");
    let listings = listings.iter().map(|listing| listing.started);
    let proof = listings.filter(|started| *started > first_page).min().expect("the run was proved");
    start + SignedDuration::from_micros(proof.try_into().unwrap())
}

/// Requests that licences meter.
pub(crate) fn metered(requests: &[Served]) -> u64 {
    let free = ["login", "logout", "versions"];
    requests.iter().filter(|served| !free.contains(&served.operation)).count() as u64
}

/// PageRange that the newest run has committed, from the vault's own tables. Empty
/// when there is no vault yet.
pub(crate) fn committed(path: &Path) -> Vec<PageRange> {
    read_committed(path).unwrap_or_default()
}

fn read_committed(path: &Path) -> rusqlite::Result<Vec<PageRange>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare(
        "SELECT s.kind, s.side, s.folder, p.first_row, p.first_row + p.came
         FROM progress p JOIN stream s ON s.run = p.run AND s.stream = p.stream
         WHERE p.run = (SELECT max(id) FROM run)
         ORDER BY s.kind, s.side, s.folder, p.first_row",
    )?;
    let kinds = ["dashboards", "looks", "users", "groups", "folders", "roles"];
    let rows = select.query_map((), |row| {
        let kind: String = row.get(0)?;
        Ok(PageRange {
            kind: kinds.into_iter().find(|known| *known == kind).expect("a known kind"),
            trashed: row.get(1)?,
            folder: row.get(2)?,
            rows: row.get::<_, i64>(3)?.cast_unsigned()..row.get::<_, i64>(4)?.cast_unsigned(),
        })
    })?;
    rows.collect()
}

/// The state of the newest run, if there is a vault with one.
pub(crate) fn run_state(path: &Path) -> Option<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    connection.query_row("SELECT state FROM run ORDER BY id DESC LIMIT 1", (), |row| row.get(0)).ok()
}

/// No request asks for a row that was committed before.
#[track_caller]
pub(crate) fn assert_not_read_again(committed: &[PageRange], requests: &[Served]) {
    for asked in requests.iter().filter_map(page) {
        let again = committed.iter().find(|had| {
            (had.kind, had.trashed, &had.folder) == (asked.kind, asked.trashed, &asked.folder)
                && had.rows.start < asked.rows.end
                && asked.rows.start < had.rows.end
        });
        assert!(again.is_none(), "{asked:?} was asked for, though {again:?} was committed");
    }
}

/// Requests that read, by operation, and the operations that wrote; what is not metered
/// left out.
pub(crate) fn reads_and_writes(requests: &[Served]) -> (BTreeMap<&'static str, u64>, Vec<&'static str>) {
    const FREE: [&str; 4] = ["login", "logout", "versions", "api_spec"];
    let (mut reads, mut writes) = (BTreeMap::new(), Vec::new());
    for one in requests.iter().filter(|one| !FREE.contains(&one.operation)) {
        if one.method == "GET" {
            *reads.entry(one.operation).or_default() += 1;
        } else {
            writes.push(one.operation);
        }
    }
    (reads, writes)
}

/// What `restore all` costs on a small instance where nothing is to be done: a call for
/// each kind, and one for each schedule that no list has.
pub(crate) fn looking_at_all(looker: &Looker) -> u64 {
    let plans = looker.export(Kind::ScheduledPlan).into_iter();
    let is_unlisted = |body: &[u8]| {
        let plan: Value = serde_json::from_slice(body).unwrap();
        plan["enabled"] == false
    };
    let kinds = COMPARED.iter().filter(|(kind, _)| !looker.export(*kind).is_empty()).count();
    (kinds + plans.filter(|(_, body)| is_unlisted(body)).count()) as u64
}
