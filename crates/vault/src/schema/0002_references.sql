-- What documents refer to, found when they are stored.

-- Kinds that are referred to.
CREATE TABLE reference_kind (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- By body, because equal documents refer to the same.
CREATE TABLE reference (
    body INTEGER NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL REFERENCES reference_kind (id),
    key  TEXT NOT NULL,
    PRIMARY KEY (body, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_target ON reference (kind, key, body);

-- The rules by which the documents of a kind were searched: a JSON array of
-- [kind referred to, key, key...]. While older documents are searched again,
-- `indexed_to` is the last body that was.
CREATE TABLE reference_rules (
    kind       TEXT NOT NULL PRIMARY KEY,
    rules      TEXT NOT NULL,
    indexed_to INTEGER
) STRICT, WITHOUT ROWID;
