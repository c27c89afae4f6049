-- A seal for each table: the sum of the hashes of its rows, kept up to date by
-- every change.

CREATE TABLE seal (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sum  BLOB NOT NULL CHECK (length(sum) = 16)
) STRICT;
