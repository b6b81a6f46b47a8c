-- What the centre is told beside segments (core/hrc-events.ts). They come out of journals that were read before: forgetting how far has
-- them read again, which changes no other row.
DELETE FROM progress;

-- One row for each journal entry that is an event, in the transaction that takes in the entry (invariant 5).
CREATE TABLE event (
  journal TEXT NOT NULL CHECK (journal IN ('site', 'recorder')),
  -- Number of the entry.
  seq INTEGER NOT NULL CHECK (seq >= 1),
  -- HrcEvent as JSON; the deadline of a closed session is filled in when it is told, because rules are no fact.
  event TEXT NOT NULL CHECK (json_valid(event)),
  PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;

-- Alarms that stood long enough to be journaled.
CREATE TABLE alarm (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('warning', 'alarm')),
  -- Null when it is about the site as a whole; `stream` null when it is about no stream.
  room TEXT,
  stream TEXT,
  -- When it began and ended (Instant); null while it stands.
  begun_at TEXT NOT NULL CHECK (json_valid(begun_at)),
  ended_at TEXT CHECK (json_valid(ended_at))
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_standing ON alarm (id) WHERE ended_at IS NULL;

-- Segments whose file was damaged or gone before the centre had it.
CREATE TABLE lost_segment (
  seg TEXT PRIMARY KEY,
  why TEXT NOT NULL,
  -- When that was found (Instant).
  found_at TEXT NOT NULL CHECK (json_valid(found_at))
) STRICT, WITHOUT ROWID;

-- What the centre asked of this site, as it signed it; the newest counts.
CREATE TABLE policy (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  jws TEXT NOT NULL
) STRICT;
