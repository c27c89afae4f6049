-- Calls by the quarter of an hour, in which days and months of every time zone
-- can be told apart, instead of by the day in UTC. Of calls already counted only
-- the day is known: they are taken as sent when the day began, or, on the day
-- that the run began, with it.

CREATE TABLE calls_by_time (
    run    INTEGER NOT NULL REFERENCES run (id),
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    reason TEXT NOT NULL,
    ledger TEXT NOT NULL,
    calls  INTEGER NOT NULL,
    PRIMARY KEY (run, at, kind, reason, ledger)
) STRICT, WITHOUT ROWID;

INSERT INTO calls_by_time (run, at, kind, reason, ledger, calls)
SELECT c.run,
    max(unixepoch(c.day) * 1000000,
        iif(date(r.started_at / 1000000, 'unixepoch') = c.day, r.started_at / 900000000 * 900000000, 0)),
    c.kind, c.reason, c.ledger, c.calls
FROM calls c JOIN run r ON r.id = c.run;

DROP TABLE calls;
ALTER TABLE calls_by_time RENAME TO calls;
