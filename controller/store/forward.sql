-- What forwarding keeps beside the outbox.

-- A file on its way to the centre: how far it got, so that a restart goes on behind it. Not journaled; may be thrown away.
CREATE TABLE transfer (
  seg TEXT PRIMARY KEY,
  route TEXT NOT NULL CHECK (route IN ('A', 'B', 'C', 'D')),
  -- Number of the transfer's id, from 1.
  attempt INTEGER NOT NULL CHECK (attempt BETWEEN 1 AND 99),
  -- The opening, to be said again word for word.
  init TEXT NOT NULL,
  chunk_bytes INTEGER NOT NULL CHECK (chunk_bytes > 0),
  -- One bit for each acknowledged chunk, lowest first, in hex.
  acknowledged TEXT NOT NULL,
  -- UTC milliseconds of the last acknowledgement.
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Commands of the centre by id, the newest 10 000, each with its last answer. Not journaled: what a command changed is a fact.
CREATE TABLE command (
  -- The order in which they came.
  came INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  -- SHA-256 of what it says: the same id with other words is refused.
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  -- As the centre signed it.
  jws TEXT NOT NULL,
  -- UTC milliseconds.
  came_ms INTEGER NOT NULL,
  -- The last answer (JSON), or null.
  answer TEXT,
  -- 1 when nothing follows that answer.
  is_ended INTEGER NOT NULL DEFAULT 0 CHECK (is_ended IN (0, 1))
) STRICT;
CREATE INDEX command_open ON command (came) WHERE is_ended = 0;

-- What may not be deleted, because the centre said so.
CREATE TABLE hold (
  -- Id of the command that holds.
  hold TEXT PRIMARY KEY,
  -- What is held, as the command selects it (JSON).
  selected TEXT NOT NULL CHECK (json_valid(selected)),
  -- Who at the centre wanted it, and why; null when it was not said.
  actor TEXT,
  reason TEXT,
  -- When (Instant), and when it was released (Instant); null while it holds.
  held_at TEXT NOT NULL CHECK (json_valid(held_at)),
  released_at TEXT CHECK (json_valid(released_at))
) STRICT;

-- Manifests that were signed anew; the newest counts from then on.
CREATE TABLE resealed (
  seg TEXT PRIMARY KEY,
  jws TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- For questions by time.
CREATE INDEX segment_by_time ON segment (json_extract(fact, '$.from.wallMs'));
