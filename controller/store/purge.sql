-- What is deleted here because the centre holds it.

-- A decision of the site (fact `purged`).
CREATE TABLE purged (
  seg TEXT PRIMARY KEY,
  -- Number of the site's entry.
  seq INTEGER NOT NULL UNIQUE,
  -- The whole line of the site's journal, as the recorder is given it.
  entry TEXT NOT NULL CHECK (json_valid(entry)),
  -- 1 when the recorder wrote down that it does it.
  is_done INTEGER NOT NULL CHECK (is_done IN (0, 1))
) STRICT;
CREATE INDEX purged_open ON purged (seq) WHERE is_done = 0;

-- What the recorder wrote down before it deleted (fact `removed`).
CREATE TABLE removed (
  seg TEXT PRIMARY KEY,
  -- Number of the recorder's entry, and when (Instant).
  seq INTEGER NOT NULL,
  removed_at TEXT NOT NULL CHECK (json_valid(removed_at))
) STRICT, WITHOUT ROWID;

-- UTC milliseconds of receipted_at; null until then.
ALTER TABLE outbox ADD COLUMN receipted_ms INTEGER;
-- 1 when its deletion is decided or done: what may be deleted is looked for among the others only, of which there are few.
ALTER TABLE outbox ADD COLUMN is_purged INTEGER NOT NULL DEFAULT 0 CHECK (is_purged IN (0, 1));
UPDATE outbox SET receipted_ms = CAST(json_extract(receipted_at, '$.wallMs') AS INTEGER) WHERE receipt IS NOT NULL;
CREATE INDEX outbox_receipted ON outbox (receipted_ms, site_seq) WHERE receipted_ms IS NOT NULL AND is_purged = 0;
