-- What documents say, for search, and which fields of explores they use. Like
-- references by body, because equal documents say the same.

-- By what edition of the finder bodies were searched, and the last that was.
CREATE TABLE content_index (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    edition    TEXT NOT NULL,
    indexed_to INTEGER NOT NULL
) STRICT;
INSERT INTO content_index VALUES (1, '', 0);

-- Words by body; the words themselves are in the bodies.
CREATE VIRTUAL TABLE body_text USING fts5 (
    title, text, code,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Fields, models and explores that are used somewhere. An empty name: the use
-- does not say which, or is of the explore or model as a whole.
CREATE TABLE field (
    id      INTEGER PRIMARY KEY,
    model   TEXT NOT NULL,
    explore TEXT NOT NULL,
    name    TEXT NOT NULL,
    UNIQUE (model, explore, name)
) STRICT;

CREATE TABLE field_use (
    body  INTEGER NOT NULL REFERENCES body (id) ON DELETE CASCADE,
    field INTEGER NOT NULL REFERENCES field (id),
    PRIMARY KEY (body, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX field_use_field ON field_use (field, body);

-- A row number may be given again to a later body, which then has to be searched.
CREATE TRIGGER body_forgotten AFTER DELETE ON body BEGIN
    DELETE FROM body_text WHERE rowid = old.id;
    UPDATE content_index
    SET indexed_to = min(indexed_to, (SELECT coalesce(max(id), 0) FROM body));
END;
