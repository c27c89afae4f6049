-- The first schema. Times are microseconds since 1970 in UTC, days ISO texts.
-- Sides: 0 live, 1 trash, 2 absent (versions only).

CREATE TABLE migration (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT;

CREATE TABLE instance (
    id  INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   INTEGER NOT NULL REFERENCES instance (id),
    command    TEXT NOT NULL,
    scope      TEXT NOT NULL,
    options    TEXT NOT NULL,
    account    TEXT NOT NULL,
    release    TEXT,
    state      TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'interrupted')),
    attempt    INTEGER NOT NULL DEFAULT 1,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    totals     TEXT
) STRICT;
CREATE INDEX run_scope ON run (instance, scope, id);

-- What a closed run saw and changed.
CREATE TABLE run_kind (
    run     INTEGER NOT NULL REFERENCES run (id),
    kind    TEXT NOT NULL,
    seen    INTEGER NOT NULL,
    added   INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream (
    run        INTEGER NOT NULL REFERENCES run (id),
    stream     INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    side       INTEGER NOT NULL CHECK (side IN (0, 1)),
    folder     TEXT,
    size       INTEGER,
    page_limit INTEGER NOT NULL,
    PRIMARY KEY (run, stream)
) STRICT, WITHOUT ROWID;

-- Pages whose objects are stored, until the run is complete.
CREATE TABLE progress (
    run       INTEGER NOT NULL,
    stream    INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    asked     INTEGER NOT NULL,
    came      INTEGER NOT NULL,
    PRIMARY KEY (run, stream, first_row),
    FOREIGN KEY (run, stream) REFERENCES stream (run, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE gap (
    id        INTEGER PRIMARY KEY,
    run       INTEGER NOT NULL REFERENCES run (id),
    attempt   INTEGER NOT NULL,
    stream    INTEGER,
    kind      TEXT NOT NULL,
    what      TEXT NOT NULL CHECK (what IN ('range', 'object', 'kind', 'listing')),
    first_row INTEGER,
    asked     INTEGER,
    key       TEXT,
    reason    TEXT NOT NULL,
    tries     INTEGER NOT NULL
) STRICT;
CREATE INDEX gap_run ON gap (run);

CREATE TABLE calls (
    run    INTEGER NOT NULL REFERENCES run (id),
    day    TEXT NOT NULL,
    kind   TEXT NOT NULL,
    reason TEXT NOT NULL,
    ledger TEXT NOT NULL,
    calls  INTEGER NOT NULL,
    PRIMARY KEY (run, day, kind, reason, ledger)
) STRICT, WITHOUT ROWID;

CREATE TABLE object (
    id        INTEGER PRIMARY KEY,
    instance  INTEGER NOT NULL REFERENCES instance (id),
    kind      TEXT NOT NULL,
    key       TEXT NOT NULL,
    unsettled INTEGER NOT NULL CHECK (unsettled IN (0, 1)),
    UNIQUE (instance, kind, key)
) STRICT;

CREATE TABLE dictionary (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    kind TEXT NOT NULL,
    part INTEGER NOT NULL CHECK (part IN (0, 1)),
    data BLOB NOT NULL
) STRICT;

-- Canonical bodies by their BLAKE3, each one zstd frame. A table with row ids
-- on purpose: keyed by random hashes it would write five times as long.
CREATE TABLE body (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    kind       TEXT NOT NULL,
    raw_len    INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionary (id),
    data       BLOB NOT NULL
) STRICT;

-- An object's state from one run until (not with) another. One that came and
-- went within a run ends in the run it began in, before an absence of that run.
CREATE TABLE version (
    id         INTEGER PRIMARY KEY,
    object     INTEGER NOT NULL REFERENCES object (id),
    from_run   INTEGER NOT NULL REFERENCES run (id),
    until_run  INTEGER REFERENCES run (id) CHECK (until_run >= from_run),
    side       INTEGER NOT NULL CHECK (side IN (0, 1, 2)),
    body       INTEGER REFERENCES body (id) CHECK ((body IS NULL) = (side = 2)),
    title      TEXT,
    folder     TEXT,
    updated_at INTEGER,
    created_at INTEGER,
    read_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX version_current ON version (object) WHERE until_run IS NULL;
CREATE INDEX version_start ON version (object, from_run);
CREATE INDEX version_run ON version (from_run);
CREATE INDEX version_body ON version (body);

-- The latest volatile fields of an object.
CREATE TABLE volatile (
    object     INTEGER PRIMARY KEY REFERENCES object (id),
    hash       INTEGER NOT NULL,
    raw_len    INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionary (id),
    data       BLOB NOT NULL
) STRICT;

-- What a run has seen, until it is complete.
CREATE TABLE sighting (
    run        INTEGER NOT NULL REFERENCES run (id),
    object     INTEGER NOT NULL REFERENCES object (id),
    side       INTEGER NOT NULL CHECK (side IN (0, 1)),
    folder     TEXT,
    updated_at INTEGER,
    read_at    INTEGER NOT NULL,
    PRIMARY KEY (run, object)
) STRICT, WITHOUT ROWID;

-- Light listings of a run by round, until it is complete.
CREATE TABLE listed (
    run        INTEGER NOT NULL REFERENCES run (id),
    listing    INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    side       INTEGER NOT NULL CHECK (side IN (0, 1)),
    folder     TEXT,
    updated_at INTEGER,
    PRIMARY KEY (run, listing, kind, key)
) STRICT, WITHOUT ROWID;
