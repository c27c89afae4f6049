-- When things were last read whose change moves no stamp, and what an instance
-- answered when it was tried out.

-- Objects that cost a call each and are read again by their age.
CREATE TABLE refreshed (
    object  INTEGER PRIMARY KEY REFERENCES object (id),
    read_at INTEGER NOT NULL
) STRICT;

-- When all of a kind was last read.
CREATE TABLE kind_read (
    instance INTEGER NOT NULL REFERENCES instance (id),
    kind     TEXT NOT NULL,
    run      INTEGER NOT NULL REFERENCES run (id),
    read_at  INTEGER NOT NULL,
    PRIMARY KEY (instance, kind)
) STRICT, WITHOUT ROWID;

-- Runs that read every body of a kind within an extent (folders and sides, as
-- the caller writes them), not only what a listing showed to have changed; the
-- newest of each, with the days until the next.
CREATE TABLE full_pass (
    instance INTEGER NOT NULL REFERENCES instance (id),
    extent   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    run      INTEGER NOT NULL REFERENCES run (id),
    read_at  INTEGER NOT NULL,
    days     INTEGER NOT NULL,
    PRIMARY KEY (instance, extent, kind)
) STRICT, WITHOUT ROWID;

-- What an instance was found to understand.
CREATE TABLE probe (
    instance INTEGER NOT NULL REFERENCES instance (id),
    name     TEXT NOT NULL,
    answer   INTEGER NOT NULL CHECK (answer IN (0, 1)),
    at       INTEGER NOT NULL,
    PRIMARY KEY (instance, name)
) STRICT, WITHOUT ROWID;
