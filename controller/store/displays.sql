-- The proof-of-display log: what stood on which display from when to when. A stretch ends when other words come to stand there, or with
-- the last acknowledgement before the display went dark; between stretches nobody knows what it showed.
CREATE TABLE display_stretch (
  -- Number of the site's entry that began it: the order of stretches.
  seq INTEGER PRIMARY KEY,
  display TEXT NOT NULL,
  -- Null for a hall's display without a room.
  room TEXT,
  face TEXT NOT NULL,
  -- The session that it was about, or null.
  session TEXT,
  -- JSON array: the words as they were read back out of the painted page.
  lines TEXT NOT NULL CHECK (json_valid(lines)),
  -- SHA-256 (hex) of the lines joined by line feeds.
  text_sha256 TEXT NOT NULL CHECK (length(text_sha256) = 64),
  -- For how long they stood there already when the display said so, in milliseconds.
  held_ms INTEGER NOT NULL CHECK (held_ms >= 0),
  -- Network address of the page.
  address TEXT NOT NULL,
  -- First moment (Instant), and last (Instant); null while it stands.
  begun TEXT NOT NULL CHECK (json_valid(begun)),
  ended TEXT CHECK (json_valid(ended)),
  -- Why it ended, when it ended in the dark.
  dark TEXT
) STRICT;
CREATE INDEX display_stretch_by_display ON display_stretch (display, seq);

-- The last acknowledgement of each display, so that the log of a controller that died ends where it ended. Not journaled.
CREATE TABLE display_beat (
  display TEXT PRIMARY KEY,
  -- When (Instant).
  at TEXT NOT NULL CHECK (json_valid(at))
) STRICT, WITHOUT ROWID;
