-- What is deleted here because the centre holds it.

-- A decision of the site (fact `purged`).
CREATE TABLE purged (
  seg TEXT PRIMARY KEY,
  -- Number of the site's entry.
  seq INTEGER NOT NULL UNIQUE,
  -- The whole line of the site's journal, as the recorder is given it.
  entry TEXT NOT NULL CHECK (json_valid(entry))
) STRICT;

-- What the recorder wrote down before it deleted (fact `removed`).
CREATE TABLE removed (
  seg TEXT PRIMARY KEY,
  -- Number of the recorder's entry, and when (Instant).
  seq INTEGER NOT NULL,
  removed_at TEXT NOT NULL CHECK (json_valid(removed_at))
) STRICT, WITHOUT ROWID;
