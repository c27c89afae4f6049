-- A seal for each table: the sum of the hashes of its rows, kept up to date by
-- every change. Rows that hold content have a seal of their own.

CREATE TABLE seal (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sum  BLOB NOT NULL CHECK (length(sum) = 16)
) STRICT;

ALTER TABLE body ADD COLUMN seal INTEGER;
ALTER TABLE volatile ADD COLUMN seal INTEGER;
