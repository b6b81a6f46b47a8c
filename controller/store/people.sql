-- People's secrets, panels and where logins were made.

-- SHA-256 of the person's long secret, or null. A secret is random enough to be looked up by its hash.
ALTER TABLE person ADD COLUMN secret_hash TEXT CHECK (length(secret_hash) = 64);
CREATE UNIQUE INDEX person_by_secret ON person (secret_hash) WHERE secret_hash IS NOT NULL;

-- From where it was done: a panel's id or a network address; null when the site itself did it.
ALTER TABLE audit ADD COLUMN source TEXT;

-- Browsers that were paired with a room.
CREATE TABLE panel (
  id TEXT PRIMARY KEY,
  -- Number of the site's entry that paired it: the order of panels.
  paired_seq INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL,
  room TEXT NOT NULL,
  -- SHA-256 of the token in its cookie; the token itself is nowhere.
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  -- Person who made the code, and when it was used (Instant).
  paired_by TEXT NOT NULL,
  paired_at TEXT NOT NULL CHECK (json_valid(paired_at)),
  -- Person who revoked it, and when (Instant); null while it holds.
  revoked_by TEXT,
  revoked_at TEXT CHECK (json_valid(revoked_at)),
  CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
) STRICT;

-- When a panel was last used, and from which address. Not journaled.
CREATE TABLE panel_use (
  panel TEXT PRIMARY KEY,
  used_at TEXT NOT NULL CHECK (json_valid(used_at)),
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Logins going on; one that ended is gone from here. Not journaled. Those of the table before said nothing about where they were
-- made and cannot be bound to a panel, so people log in once more.
DROP TABLE login;
CREATE TABLE login (
  -- SHA-256 of the token in the cookie; the token itself is nowhere.
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  person TEXT NOT NULL,
  how TEXT NOT NULL CHECK (how IN ('pin', 'secret')),
  -- The panel it was made at, with whose cookie alone it holds; null for a browser that is none.
  panel TEXT,
  -- The address it was made from, and what the browser calls itself.
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  -- When it was made and last used (Instants).
  created TEXT NOT NULL CHECK (json_valid(created)),
  last_use TEXT NOT NULL CHECK (json_valid(last_use))
) STRICT;

-- Wrong tries and locks by key: `person …`, `panel …` or `address …`. Not journaled; kept so that a restart opens no lock.
CREATE TABLE tries (
  key TEXT PRIMARY KEY,
  -- Tries of core/tries.ts as JSON.
  tries TEXT NOT NULL CHECK (json_valid(tries))
) STRICT, WITHOUT ROWID;
