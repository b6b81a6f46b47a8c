-- What the centre's own people do: commands to sites, who may log in, and the trail of it. Commands, people and the trail are read out of
-- the centre's journal and can be read out of it again; logins and wrong tries are written here only, and a lost index ends them.

-- A command to a site, under the id it travels with.
CREATE TABLE command (
  id TEXT PRIMARY KEY,
  site TEXT NOT NULL,
  type TEXT NOT NULL,
  -- What it says beside its envelope: select, deliver, target, docket …, as JSON.
  body TEXT NOT NULL CHECK (json_valid(body)),
  -- Who gave it and why, as the site is told.
  actor TEXT,
  reason TEXT,
  -- Made by whoever pressed: the same press is the same command.
  press TEXT UNIQUE,
  given_ms INTEGER NOT NULL,
  -- Behind this the centre no longer asks.
  ends_ms INTEGER NOT NULL,
  -- The command that it ends (cancel) or the hold that it releases.
  target TEXT,
  -- Number and content of the newest answer, 0 and null before there is one; `answer` is CommandAnswer as JSON.
  n INTEGER NOT NULL DEFAULT 0,
  answer TEXT CHECK (json_valid(answer)),
  answered_ms INTEGER,
  -- 'given' until it is answered; 'given-up' when its end passed; everything else as the site says it.
  status TEXT NOT NULL DEFAULT 'given',
  -- When nothing more was awaited, and why when the site did not say it.
  ended_ms INTEGER,
  why TEXT
) STRICT;
CREATE INDEX command_open ON command (site, id) WHERE ended_ms IS NULL;
CREATE INDEX command_by_site ON command (site, given_ms);

-- People of the centre. `secret_hash` is argon2id; a person who was removed stays for the trail.
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  -- What is typed at the login; no two who are not removed have the same.
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('administrator', 'reader')),
  secret_hash TEXT NOT NULL,
  added_ms INTEGER NOT NULL,
  removed_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX person_by_name ON person (name) WHERE removed_ms IS NULL;

-- Logins, named by the SHA-256 of their token. `created` and `last_use` are Instants as JSON.
CREATE TABLE login (
  login TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  created TEXT NOT NULL CHECK (json_valid(created)),
  last_use TEXT NOT NULL CHECK (json_valid(last_use))
) STRICT;

-- Wrong tries of a person or an address (core/tries.ts) as JSON.
CREATE TABLE tries (
  key TEXT PRIMARY KEY,
  tries TEXT NOT NULL CHECK (json_valid(tries))
) STRICT, WITHOUT ROWID;

-- Who did what at the centre, in the order of the journal.
CREATE TABLE trail (
  seq INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  -- A person's id, or 'nobody'.
  who TEXT NOT NULL,
  did TEXT NOT NULL,
  object TEXT NOT NULL,
  site TEXT,
  -- Network address.
  source TEXT
) STRICT;

-- How much was told of a session and how much of that is held, counted as it comes: a session of a day has thousands of segments, and
-- its numbers are looked at every few seconds.
CREATE TABLE claim_tally (
  site TEXT NOT NULL,
  claim TEXT NOT NULL,
  segments INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  held INTEGER NOT NULL,
  held_bytes INTEGER NOT NULL,
  PRIMARY KEY (site, claim)
) STRICT, WITHOUT ROWID;

-- Rows that are ignored because they are there already fire nothing.
CREATE TRIGGER claim_is_told AFTER INSERT ON claim BEGIN
  INSERT INTO claim_tally (site, claim, segments, bytes, held, held_bytes)
    SELECT NEW.site, NEW.claim, 1, m.size, h.seg IS NOT NULL, iif(h.seg IS NULL, 0, m.size)
    FROM manifest AS m LEFT JOIN holding AS h ON h.site = m.site AND h.seg = m.seg
    WHERE m.site = NEW.site AND m.seg = NEW.seg AND m.is_replaced = 0
    ON CONFLICT DO UPDATE SET segments = segments + 1, bytes = bytes + excluded.bytes, held = held + excluded.held,
      held_bytes = held_bytes + excluded.held_bytes;
END;
CREATE TRIGGER claim_is_held AFTER INSERT ON holding BEGIN
  UPDATE claim_tally SET held = held + 1, held_bytes = held_bytes + NEW.size
  WHERE site = NEW.site AND claim IN (
    SELECT one.value FROM manifest AS m, json_each(m.claims) AS one WHERE m.site = NEW.site AND m.mh = NEW.mh
  );
END;
