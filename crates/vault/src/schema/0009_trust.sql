-- Runs that are held until somebody confirms them, and several histories of one
-- address: an instance that is rebuilt under its old address is another one.

CREATE TABLE new_instance (
    id    INTEGER PRIMARY KEY,
    url   TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    UNIQUE (url, epoch)
) STRICT;
INSERT INTO new_instance (id, url, epoch) SELECT id, url, 1 FROM instance;
DROP TABLE instance;
ALTER TABLE new_instance RENAME TO instance;

CREATE TABLE new_run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   INTEGER NOT NULL REFERENCES instance (id),
    command    TEXT NOT NULL,
    scope      TEXT NOT NULL,
    options    TEXT NOT NULL,
    account    TEXT NOT NULL,
    release    TEXT,
    state      TEXT NOT NULL
        CHECK (state IN ('running', 'complete', 'incomplete', 'interrupted', 'suspect')),
    attempt    INTEGER NOT NULL DEFAULT 1,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    totals     TEXT
) STRICT;
INSERT INTO new_run
    (id, instance, command, scope, options, account, release, state, attempt, started_at, ended_at, totals)
SELECT id, instance, command, scope, options, account, release, state, attempt, started_at, ended_at, totals
FROM run;
-- No number is used twice, not even the greatest.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'run') WHERE name = 'new_run';
DROP TABLE run;
ALTER TABLE new_run RENAME TO run;
CREATE INDEX run_scope ON run (instance, scope, id);

-- Why a run is or was suspect: a JSON array.
CREATE TABLE suspicion (
    run          INTEGER PRIMARY KEY REFERENCES run (id),
    reasons      TEXT NOT NULL,
    confirmed_at INTEGER
) STRICT;

-- What becomes absent when a suspect run is confirmed, and nobody saw since.
CREATE TABLE held (
    run    INTEGER NOT NULL REFERENCES run (id),
    object INTEGER NOT NULL REFERENCES object (id),
    PRIMARY KEY (run, object)
) STRICT, WITHOUT ROWID;
