-- Names that people gave to runs.
CREATE TABLE tag (
    name TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
    run  INTEGER NOT NULL REFERENCES run (id),
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_run ON tag (run);
