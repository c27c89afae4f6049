-- Restores: what each was going to do, how far it came, and what became what.

CREATE TABLE restore (
    id         INTEGER PRIMARY KEY,
    -- Where the content comes from, and where it goes.
    source     INTEGER NOT NULL REFERENCES instance (id),
    instance   INTEGER NOT NULL REFERENCES instance (id),
    as_of      INTEGER NOT NULL REFERENCES run (id),
    state      TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'interrupted')),
    options    TEXT NOT NULL,
    steps      INTEGER NOT NULL,
    plan_len   INTEGER NOT NULL,
    plan       BLOB NOT NULL,
    safety_run INTEGER REFERENCES run (id),
    result_run INTEGER REFERENCES run (id),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

-- Steps that were begun or settled; of the others nothing is known but the plan.
CREATE TABLE restore_step (
    restore     INTEGER NOT NULL REFERENCES restore (id),
    step        INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'done', 'failed', 'blocked', 'skipped')),
    tries       INTEGER NOT NULL DEFAULT 0,
    status      INTEGER,
    given       TEXT NOT NULL DEFAULT '[]',
    error       TEXT,
    sent_at     INTEGER,
    answered_at INTEGER,
    PRIMARY KEY (restore, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX restore_step_state ON restore_step (restore, state);

-- Which id a stored key has on an instance, as a restore gave it.
CREATE TABLE link (
    source   INTEGER NOT NULL REFERENCES instance (id),
    resource TEXT NOT NULL,
    key      TEXT NOT NULL,
    instance INTEGER NOT NULL REFERENCES instance (id),
    id       TEXT NOT NULL,
    restore  INTEGER NOT NULL REFERENCES restore (id),
    PRIMARY KEY (source, instance, resource, key)
) STRICT, WITHOUT ROWID;
