-- What was pruned. Forgotten runs keep their row, because their calls count
-- towards the month's allowance and nobody may use their numbers again.

CREATE TABLE prune (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    policy   TEXT NOT NULL,
    runs     INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    objects  INTEGER NOT NULL,
    bodies   INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;

CREATE TABLE forgotten (
    run   INTEGER PRIMARY KEY REFERENCES run (id),
    prune INTEGER NOT NULL REFERENCES prune (id)
) STRICT;
