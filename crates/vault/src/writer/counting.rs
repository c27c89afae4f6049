//! What a run saw and changed, counted from what it has written.

use rusqlite::Connection;

use crate::RunId;
use crate::query::gather;
use crate::reader::KindCounts;

/// A version is an addition when nothing, or an absence, came before it.
const COUNT: &str = "SELECT kind, sum(seen), sum(added), sum(changed), sum(removed) FROM (
         SELECT o.kind AS kind, 1 AS seen, 0 AS added, 0 AS changed, 0 AS removed
         FROM sighting s JOIN object o ON o.id = s.object WHERE s.run = ?1
     UNION ALL
         SELECT o.kind, 0,
             v.side < 2 AND coalesce(before.side, 2) = 2,
             v.side < 2 AND coalesce(before.side, 2) < 2,
             v.side = 2
         FROM version v JOIN object o ON o.id = v.object
         LEFT JOIN version before ON before.id =
             (SELECT max(earlier.id) FROM version earlier WHERE earlier.object = v.object AND earlier.id < v.id)
         WHERE v.from_run = ?1)
     GROUP BY kind ORDER BY kind";

/// Counts by kind; right as long as the run's sightings are kept.
pub(crate) fn kind_counts(connection: &Connection, run: RunId) -> rusqlite::Result<Vec<KindCounts>> {
    gather(connection, COUNT, [run.0], KindCounts::read)
}
