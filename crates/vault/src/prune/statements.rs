//! The SQL of pruning. `?1` is where boundaries move to, as a JSON array of
//! `[forgotten run, next kept run]`, `?2` since when a gone object's last content
//! stays.

/// Runs that are not forgotten, with their instances.
pub(super) const RUNS: &str = "SELECT id, instance FROM run
     WHERE id NOT IN (SELECT run FROM forgotten) ORDER BY instance, id";

/// The newest complete run of each scope, and all after it; so a suspect run stays
/// as long as it awaits confirmation. And what a restore that is not complete brings
/// back, or saved before it changed anything.
pub(super) const UNFORGETTABLE: &str = "SELECT id FROM run r
     WHERE id NOT IN (SELECT run FROM forgotten)
         AND (NOT EXISTS (SELECT 1 FROM run later WHERE later.instance = r.instance
                 AND later.scope = r.scope AND later.id > r.id AND later.state = 'complete')
             OR EXISTS (SELECT 1 FROM restore WHERE restore.state <> 'complete'
                 AND r.id IN (restore.as_of, restore.safety_run)))
     ORDER BY id";

/// Begins a statement that knows what goes:
///
/// - `moved`: forgotten runs and the next kept ones;
/// - `invisible`: versions whose boundaries meet, but for the last content of
///   what is not gone for long;
/// - `hollow`: objects of which no content is left;
/// - `unneeded`: bodies of which no version is left.
macro_rules! knowing_what_goes {
    ($statement:literal) => {
        concat!(
            "WITH moved (run, next) AS MATERIALIZED (
                 SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
             invisible (id, object, body) AS MATERIALIZED (
                 SELECT v.id, v.object, v.body FROM version v
                 LEFT JOIN moved f ON f.run = v.from_run
                 LEFT JOIN moved u ON u.run = v.until_run
                 WHERE coalesce(f.next, v.from_run) = coalesce(u.next, v.until_run)
                     AND NOT (
                         EXISTS (SELECT 1 FROM version gone WHERE gone.object = v.object
                             AND gone.until_run IS NULL AND gone.side = 2 AND gone.read_at >= ?2)
                         AND v.id = (SELECT last.id FROM version last
                             WHERE last.object = v.object AND last.side < 2
                             ORDER BY last.from_run DESC, last.id DESC LIMIT 1))),
             hollow (id) AS MATERIALIZED (
                 SELECT DISTINCT i.object FROM invisible i WHERE i.body IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM version v WHERE v.object = i.object AND v.side < 2
                         AND v.id NOT IN (SELECT id FROM invisible))),
             unneeded (id) AS MATERIALIZED (
                 SELECT b.id FROM body b WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.body = b.id
                     AND v.id NOT IN (SELECT id FROM invisible))) ",
            $statement
        )
    };
}

/// How many versions, objects and bodies go, and the bytes of bodies and volatile
/// parts.
pub(super) const MEASURE: &str = knowing_what_goes!(
    "SELECT (SELECT count(*) FROM invisible), (SELECT count(*) FROM hollow), (SELECT count(*) FROM unneeded),
         coalesce((SELECT sum(length(data)) FROM body WHERE id IN (SELECT id FROM unneeded)), 0)
         + coalesce((SELECT sum(length(data)) FROM volatile WHERE object IN (SELECT id FROM hollow)), 0)"
);

/// Objects of which nothing but their absence will be left.
pub(super) const HOLLOW: &str = knowing_what_goes!("SELECT id FROM hollow");

pub(super) const DELETE_INVISIBLE: &str =
    knowing_what_goes!("DELETE FROM version WHERE id IN (SELECT id FROM invisible)");

/// Boundaries at forgotten runs, moved to the next kept ones.
pub(super) const MOVE_BOUNDARIES: &str = "WITH moved (run, next) AS MATERIALIZED (
         SELECT value ->> 0, value ->> 1 FROM json_each(?1))
     UPDATE version SET
         from_run = coalesce((SELECT next FROM moved WHERE run = from_run), from_run),
         until_run = coalesce((SELECT next FROM moved WHERE run = until_run), until_run)
     WHERE from_run IN (SELECT run FROM moved) OR until_run IN (SELECT run FROM moved)";

/// What there is of runs beside their row and their calls goes; `?1` is a JSON array of runs.
pub(super) const FORGET_RUNS: [&str; 11] = [
    "DELETE FROM tag WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM run_kind WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM gap WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM progress WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM stream WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM sighting WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM listed WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM suspicion WHERE run IN (SELECT value FROM json_each(?1))",
    "DELETE FROM held WHERE run IN (SELECT value FROM json_each(?1))",
    "UPDATE run SET options = '{}', totals = NULL WHERE id IN (SELECT value FROM json_each(?1))",
    "INSERT INTO forgotten (run, prune) SELECT value, (SELECT max(id) FROM prune) FROM json_each(?1)",
];

/// Bodies without a version; their references go with them, by the schema.
pub(crate) const DELETE_UNNEEDED_BODIES: &str =
    "DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM version WHERE body = body.id)";

/// Dictionaries that neither a body nor a volatile part needs.
pub(super) const DELETE_DICTIONARIES: &str = "DELETE FROM dictionary
     WHERE id NOT IN (SELECT dictionary FROM body WHERE dictionary IS NOT NULL)
         AND id NOT IN (SELECT dictionary FROM volatile WHERE dictionary IS NOT NULL)";
