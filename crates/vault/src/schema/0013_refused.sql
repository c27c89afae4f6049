-- What the instance refused when it was asked for last: an object, or the whole of a
-- kind, which has an empty key. Until its turn comes again it waits like what was read.
CREATE TABLE refused (
    instance INTEGER NOT NULL REFERENCES instance (id),
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (instance, kind, key)
) STRICT, WITHOUT ROWID;

-- When an object was last read as a version says that has ended, if that was after the
-- reading that began the version; of what is read again by its age.
ALTER TABLE version ADD COLUMN confirmed_at INTEGER;
