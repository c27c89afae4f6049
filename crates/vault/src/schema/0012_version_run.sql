-- The last body of each run is found without reading the versions: a search as of a
-- run looks at no later body.
DROP INDEX version_run;
CREATE INDEX version_run ON version (from_run, body);
