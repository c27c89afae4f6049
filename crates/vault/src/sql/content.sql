-- Views over documents. They need the function document(), so they are no part
-- of the vault but made for each connection of `lookervault sql`.

CREATE TEMP VIEW tiles AS
SELECT instance, dashboard_id, dashboard, folder_id, state, id, title, type,
    query ->> '$.model' AS model, query ->> '$.view' AS explore, json_extract(query, '$.fields') AS fields,
    look_id, query_id, merge_result_id, query
FROM (
    SELECT d.instance, d.id AS dashboard_id, d.title AS dashboard, d.folder_id, d.state,
        t.value ->> '$.id' AS id, coalesce(t.value ->> '$.title', t.value ->> '$.title_text') AS title,
        t.value ->> '$.type' AS type, t.value ->> '$.look_id' AS look_id,
        t.value ->> '$.query_id' AS query_id, t.value ->> '$.merge_result_id' AS merge_result_id,
        coalesce(json_extract(t.value, '$.query'), json_extract(t.value, '$.result_maker.query'),
            json_extract(t.value, '$.look.query')) AS query
    FROM main.dashboards d JOIN json_each(document(d.body), '$.dashboard_elements') t);

CREATE TEMP VIEW dashboard_filters AS
SELECT d.instance, d.id AS dashboard_id, d.title AS dashboard, d.state,
    f.value ->> '$.name' AS name, f.value ->> '$.type' AS type,
    f.value ->> '$.default_value' AS default_value, f.value ->> '$.model' AS model,
    f.value ->> '$.explore' AS explore, f.value ->> '$.dimension' AS field
FROM main.dashboards d JOIN json_each(document(d.body), '$.dashboard_filters') f;

CREATE TEMP VIEW fields_used AS
WITH asking (instance, kind, id, title, state, tile_id, query) AS MATERIALIZED (
    SELECT instance, 'dashboards', dashboard_id, dashboard, state, id, query FROM tiles
    WHERE query IS NOT NULL
    UNION ALL
    SELECT l.instance, 'looks', l.id, l.title, l.state, NULL,
        coalesce(json_extract(l.document, '$.query'), document(q.body))
    FROM (SELECT instance, id, title, state, document(body) AS document FROM main.looks) l
    LEFT JOIN main.objects q ON q.instance = l.instance AND q.kind = 'queries'
        AND q.id = l.document ->> '$.query_id')
SELECT a.instance, a.kind, a.id, a.title, a.state, a.tile_id,
    a.query ->> '$.model' AS model, a.query ->> '$.view' AS explore,
    CASE p.column2 WHEN 'filter' THEN e.key WHEN 'sort' THEN substr(e.value, 1, instr(e.value || ' ', ' ') - 1)
        ELSE e.value END AS field,
    p.column2 AS used_as
FROM asking a
JOIN (VALUES ('$.fields', 'field'), ('$.pivots', 'pivot'), ('$.sorts', 'sort'), ('$.filters', 'filter')) p
JOIN json_each(a.query, p.column1) e ON e.key IS NOT NULL
UNION ALL
SELECT instance, 'dashboards', dashboard_id, dashboard, state, NULL, model, explore, field, 'dashboard filter'
FROM dashboard_filters WHERE field IS NOT NULL;
