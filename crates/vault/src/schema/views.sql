-- Views for any SQLite tool. Their names and columns stay; docs/sql.md describes
-- them. Times are texts in UTC.

CREATE VIEW objects AS
SELECT i.url AS instance, o.kind, o.key AS id, v.title, v.folder AS folder_id,
    iif(v.side = 0, 'live', 'trash') AS state,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.created_at / 1e6, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.updated_at / 1e6, 'unixepoch') AS updated_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.read_at / 1e6, 'unixepoch') AS read_at,
    v.from_run AS since_run, v.body
FROM object o
JOIN version v ON v.object = o.id AND v.until_run IS NULL AND v.side < 2
JOIN instance i ON i.id = o.instance
WHERE NOT EXISTS (SELECT 1 FROM instance newer WHERE newer.url = i.url AND newer.epoch > i.epoch);

CREATE VIEW dashboards AS
SELECT instance, id, title, folder_id, state, created_at, updated_at, read_at, since_run, body
FROM objects WHERE kind = 'dashboards';

CREATE VIEW looks AS
SELECT instance, id, title, folder_id, state, created_at, updated_at, read_at, since_run, body
FROM objects WHERE kind = 'looks';

-- A folder whose parent is not stored begins a path.
CREATE VIEW folders AS
WITH RECURSIVE folder (instance, id, name, parent_id, since_run, body) AS MATERIALIZED (
    SELECT instance, id, title, folder_id, since_run, body FROM objects WHERE kind = 'folders'),
tree (instance, id, path, depth) AS (
    SELECT f.instance, f.id, f.name, 1 FROM folder f
    WHERE NOT EXISTS (SELECT 1 FROM folder p WHERE p.instance = f.instance AND p.id = f.parent_id)
    UNION ALL
    SELECT f.instance, f.id, t.path || '/' || f.name, t.depth + 1
    FROM tree t JOIN folder f ON f.instance = t.instance AND f.parent_id = t.id
    WHERE t.depth < 64)
SELECT f.instance, f.id, f.name, f.parent_id, t.path, f.since_run, f.body
FROM folder f LEFT JOIN tree t ON t.instance = f.instance AND t.id = f.id;

CREATE VIEW users AS
SELECT instance, id, title AS name, created_at, since_run, body FROM objects WHERE kind = 'users';

CREATE VIEW groups AS
SELECT instance, id, title AS name, since_run, body FROM objects WHERE kind = 'groups';

CREATE VIEW roles AS
SELECT instance, id, title AS name, since_run, body FROM objects WHERE kind = 'roles';

CREATE VIEW boards AS
SELECT instance, id, title, created_at, updated_at, since_run, body FROM objects WHERE kind = 'boards';

CREATE VIEW scheduled_plans AS
SELECT instance, id, title AS name, created_at, updated_at, since_run, body
FROM objects WHERE kind = 'scheduled_plans';

CREATE VIEW alerts AS
SELECT instance, id, title, since_run, body FROM objects WHERE kind = 'alerts';

-- What refers to what, now.
CREATE VIEW uses AS
SELECT o.instance, o.kind, o.id, o.title, k.name AS used_kind, r.key AS used_id
FROM objects o JOIN reference r ON r.body = o.body JOIN reference_kind k ON k.id = r.kind;

CREATE VIEW versions AS
SELECT i.url AS instance, o.kind, o.key AS id, v.from_run, v.until_run,
    CASE v.side WHEN 0 THEN 'live' WHEN 1 THEN 'trash' ELSE 'gone' END AS state,
    v.title, v.folder AS folder_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.created_at / 1e6, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.updated_at / 1e6, 'unixepoch') AS updated_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', v.read_at / 1e6, 'unixepoch') AS read_at,
    v.body
FROM version v JOIN object o ON o.id = v.object JOIN instance i ON i.id = o.instance;

CREATE VIEW runs AS
SELECT r.id, i.url AS instance, r.command, r.scope, r.state, r.attempt,
    strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1e6, 'unixepoch') AS started_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1e6, 'unixepoch') AS ended_at,
    (r.ended_at - r.started_at) / 1e6 AS seconds,
    (SELECT coalesce(sum(seen), 0) FROM run_kind WHERE run = r.id) AS seen,
    (SELECT coalesce(sum(added), 0) FROM run_kind WHERE run = r.id) AS added,
    (SELECT coalesce(sum(changed), 0) FROM run_kind WHERE run = r.id) AS changed,
    (SELECT coalesce(sum(removed), 0) FROM run_kind WHERE run = r.id) AS removed,
    (SELECT count(*) FROM gap WHERE run = r.id) AS gaps,
    (SELECT coalesce(sum(calls), 0) FROM calls WHERE run = r.id) AS calls
FROM run r JOIN instance i ON i.id = r.instance
WHERE r.id NOT IN (SELECT run FROM forgotten);

CREATE VIEW run_kinds AS
SELECT run, kind, seen, added, changed, removed FROM run_kind;

CREATE VIEW gaps AS
SELECT g.run, g.kind, s.name AS stream, g.what, g.first_row, g.asked AS rows, g.key AS id, g.reason, g.tries
FROM gap g LEFT JOIN stream s ON s.run = g.run AND s.stream = g.stream;

CREATE VIEW api_calls AS
SELECT i.url AS instance, c.run,
    strftime('%Y-%m-%dT%H:%M:%SZ', c.at / 1e6, 'unixepoch') AS at,
    c.kind, c.reason, c.ledger, c.calls
FROM calls c JOIN run r ON r.id = c.run JOIN instance i ON i.id = r.instance;

CREATE VIEW restores AS
SELECT r.id, i.url AS instance, r.as_of AS as_of_run, r.state, r.steps,
    (SELECT count(*) FROM restore_step WHERE restore = r.id AND state = 'done') AS done,
    (SELECT count(*) FROM restore_step WHERE restore = r.id AND state = 'failed') AS failed,
    (SELECT count(*) FROM restore_step WHERE restore = r.id AND state = 'blocked') AS blocked,
    (SELECT count(*) FROM restore_step WHERE restore = r.id AND state = 'skipped') AS skipped,
    strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1e6, 'unixepoch') AS started_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1e6, 'unixepoch') AS ended_at
FROM restore r JOIN instance i ON i.id = r.instance;

CREATE VIEW restore_steps AS
SELECT restore, step, state, tries, status, error,
    strftime('%Y-%m-%dT%H:%M:%fZ', sent_at / 1e6, 'unixepoch') AS sent_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', answered_at / 1e6, 'unixepoch') AS answered_at
FROM restore_step;

CREATE VIEW links AS
SELECT s.url AS from_instance, l.resource AS kind, l.key AS from_id, i.url AS instance, l.id, l.restore
FROM link l JOIN instance s ON s.id = l.source JOIN instance i ON i.id = l.instance;

CREATE VIEW prunes AS
SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e6, 'unixepoch') AS at, policy,
    runs, versions, objects, bodies, bytes FROM prune;
