-- Numbers that change without an edit, such as view counts: a JSON object of
-- them with the run that read it first. What does not change writes nothing.
CREATE TABLE counter (
    object INTEGER NOT NULL REFERENCES object (id),
    run    INTEGER NOT NULL REFERENCES run (id),
    counts TEXT NOT NULL,
    PRIMARY KEY (object, run)
) STRICT, WITHOUT ROWID;
