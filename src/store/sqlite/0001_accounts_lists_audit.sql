-- One row: the number of the last change.
CREATE TABLE revision (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  value INTEGER NOT NULL
) STRICT;
INSERT INTO revision (only, value) VALUES (1, 0);

-- The body is the whole account as JSON; the columns beside it are what queries need. parent_id has no
-- foreign key: a tree may be imported children first.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  parent_id TEXT,
  status TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  updated_at INTEGER NOT NULL, -- ms since 1970
  suspended_at INTEGER,        -- ms since 1970
  suspended_reason TEXT
) STRICT;
CREATE INDEX accounts_by_parent ON accounts (parent_id) WHERE parent_id IS NOT NULL;

-- A list is there even when it is empty: "nothing is on it" and "it was never loaded" differ.
CREATE TABLE lists (
  name TEXT PRIMARY KEY,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE list_entries (
  list TEXT NOT NULL REFERENCES lists (name),
  key TEXT NOT NULL,
  payload TEXT,
  PRIMARY KEY (list, key)
) STRICT, WITHOUT ROWID;

-- That something changed, never what it says.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL, -- ms since 1970
  kind TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;
