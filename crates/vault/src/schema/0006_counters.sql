-- Numbers that change without an edit, such as view counts: each value with the
-- run that read it first. What does not change writes nothing.
CREATE TABLE counter (
    object INTEGER NOT NULL REFERENCES object (id),
    name   TEXT NOT NULL,
    run    INTEGER NOT NULL REFERENCES run (id),
    value  INTEGER NOT NULL,
    PRIMARY KEY (object, name, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX counter_run ON counter (run);
