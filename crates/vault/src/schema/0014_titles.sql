-- The words of titles by themselves. What is found there comes first, however old it
-- is, and very many documents may hold a word that few have in their title.
CREATE VIRTUAL TABLE body_title USING fts5 (
    title,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- What was searched before is in the index of all words, word by word. Whatever has no
-- title has a row too.
CREATE VIRTUAL TABLE temp.indexed USING fts5vocab (main, body_text, instance);
INSERT INTO body_title (rowid, title)
SELECT body, group_concat(word, ' ' ORDER BY place) FROM (
    SELECT doc AS body, term AS word, offset AS place FROM temp.indexed WHERE col = 'title'
    UNION ALL
    SELECT id, '', 0 FROM body_text_docsize
) GROUP BY body;
DROP TABLE temp.indexed;

DROP TRIGGER body_forgotten;
CREATE TRIGGER body_forgotten AFTER DELETE ON body BEGIN
    DELETE FROM body_text WHERE rowid = old.id;
    DELETE FROM body_title WHERE rowid = old.id;
    UPDATE content_index
    SET indexed_to = min(indexed_to, (SELECT coalesce(max(id), 0) FROM body));
END;
