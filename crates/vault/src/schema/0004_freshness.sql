-- When things were last read whose change moves no stamp, and what an instance
-- answered when it was tried out.

-- Objects that cost a call each and are read again by their age.
CREATE TABLE refreshed (
    object  INTEGER PRIMARY KEY REFERENCES object (id),
    read_at INTEGER NOT NULL
) STRICT;

-- Kinds that not every run reads, and when all of a kind was last read with its
-- bodies. `full_days` is the period of full passes, once it was shortened.
CREATE TABLE kind_read (
    instance  INTEGER NOT NULL REFERENCES instance (id),
    kind      TEXT NOT NULL,
    run       INTEGER NOT NULL REFERENCES run (id),
    read_at   INTEGER NOT NULL,
    full_at   INTEGER,
    full_days INTEGER,
    PRIMARY KEY (instance, kind)
) STRICT, WITHOUT ROWID;

-- What an instance was found to understand.
CREATE TABLE probe (
    instance INTEGER NOT NULL REFERENCES instance (id),
    name     TEXT NOT NULL,
    answer   INTEGER NOT NULL CHECK (answer IN (0, 1)),
    at       INTEGER NOT NULL,
    PRIMARY KEY (instance, name)
) STRICT, WITHOUT ROWID;
