-- The index: what both journals say, laid out for questions. Everything here except login, source and lease (and panel_use and
-- tries of people.sql) can be thrown away
-- and read out of journal/recorder and journal/site again (quancheng reindex). Rows are made by journal entries only, so each
-- table that comes from a journal changes in the same transaction as the row of `progress` for that journal.
--
-- A moment ("Instant") is JSON text with wallMs (UTC milliseconds), monoMs (CLOCK_MONOTONIC, milliseconds) and boot (boot id).
-- Order is always that of a journal's own numbers, never that of wall clocks.

-- How far each journal has been read into this index.
CREATE TABLE progress (
  -- Which journal: the recorder's or the site's.
  journal TEXT PRIMARY KEY CHECK (journal IN ('recorder', 'site')),
  -- Number of the last entry read; 0 before the first.
  seq INTEGER NOT NULL CHECK (seq >= 0),
  -- SHA-256 of that entry's line; tells whether it is still the same journal.
  hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT, WITHOUT ROWID;

-- Sessions, and what is written down beside them, are in hearings.sql.

-- A claim as the recorder took it up on one stream.
CREATE TABLE claim (
  -- Id of the claim: a session's id.
  claim TEXT NOT NULL,
  stream TEXT NOT NULL,
  -- First moment (Instant) as the recorder journaled it.
  begun TEXT NOT NULL CHECK (json_valid(begun)),
  -- Last moment (Instant), null until the recorder journaled the end; all of it is on disk or ledgered then.
  ended TEXT CHECK (json_valid(ended)),
  PRIMARY KEY (claim, stream)
) STRICT, WITHOUT ROWID;

-- One unbroken connection to a source.
CREATE TABLE run (
  run TEXT PRIMARY KEY,
  stream TEXT NOT NULL,
  -- When its header came (Instant).
  begun TEXT NOT NULL CHECK (json_valid(begun)),
  -- What it carries: MediaInfo as JSON.
  media TEXT NOT NULL CHECK (json_valid(media)),
  -- When it ended (Instant), why, and what ffmpeg's exit was; null while it goes on.
  ended TEXT CHECK (json_valid(ended)),
  cause_code TEXT,
  cause_detail TEXT,
  exit TEXT
) STRICT;

-- One file: media/<stream>/<run>/<sequence>.mp4.
CREATE TABLE segment (
  seg TEXT PRIMARY KEY,
  -- Number of the recorder's entry: the order in which segments are sealed.
  journal_seq INTEGER NOT NULL UNIQUE,
  stream TEXT NOT NULL,
  run TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  -- Length on the run's own media timeline, in milliseconds.
  media_ms REAL NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  -- The whole fact as the recorder journaled it.
  fact TEXT NOT NULL CHECK (json_valid(fact)),
  UNIQUE (run, sequence)
) STRICT;
CREATE INDEX segment_by_stream ON segment (stream, journal_seq);

-- Which claims a segment was kept for.
CREATE TABLE segment_claim (
  claim TEXT NOT NULL,
  seg TEXT NOT NULL REFERENCES segment (seg),
  PRIMARY KEY (claim, seg)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_claim_by_segment ON segment_claim (seg);

-- A hole in a claim and its cause (invariant 2).
CREATE TABLE gap (
  -- `recorder-<seq>` for the recorder's gaps, `site-<seq>-<stream>` for streams the recorder never heard of.
  id TEXT PRIMARY KEY,
  stream TEXT NOT NULL,
  -- First and last moment (Instant).
  begun TEXT NOT NULL CHECK (json_valid(begun)),
  ended TEXT NOT NULL CHECK (json_valid(ended)),
  -- A code of the error catalogue, and what was seen.
  cause_code TEXT NOT NULL,
  cause_detail TEXT NOT NULL
) STRICT;

-- Which claims a gap is a hole in.
CREATE TABLE gap_claim (
  claim TEXT NOT NULL,
  gap TEXT NOT NULL REFERENCES gap (id),
  PRIMARY KEY (claim, gap)
) STRICT, WITHOUT ROWID;

-- What is due to the centre: one row per sealed segment, in the transaction that seals it (invariant 5).
CREATE TABLE outbox (
  -- Number given out by the site, from 1 without holes.
  site_seq INTEGER PRIMARY KEY CHECK (site_seq >= 1),
  seg TEXT NOT NULL UNIQUE,
  stream TEXT NOT NULL,
  -- The signed manifest; each names the hash of the one before it in its stream.
  jws TEXT NOT NULL,
  -- When it was sealed (Instant).
  sealed_at TEXT NOT NULL CHECK (json_valid(sealed_at)),
  -- The centre's signed receipt and when it was kept (Instant); null until then.
  receipt TEXT,
  receipted_at TEXT CHECK (json_valid(receipted_at)),
  CHECK ((receipt IS NULL) = (receipted_at IS NULL))
) STRICT;
CREATE INDEX outbox_by_stream ON outbox (stream, site_seq);
CREATE INDEX outbox_waiting ON outbox (site_seq) WHERE receipt IS NULL;

-- Who may use this site. The newest fact about a person stands.
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  -- Ids of the rooms this person has authority over, as a JSON array.
  rooms TEXT NOT NULL CHECK (json_valid(rooms)),
  -- argon2id of the PIN.
  pin_hash TEXT NOT NULL
) STRICT;

-- The audit trail: who did what to which object (append-only, hash-chained in the site's journal).
CREATE TABLE audit (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  -- When (Instant).
  at TEXT NOT NULL CHECK (json_valid(at)),
  who TEXT NOT NULL,
  did TEXT NOT NULL,
  object TEXT NOT NULL,
  -- The room it was about, or null.
  room TEXT
) STRICT;

-- What the recorder could not explain and moved aside; kept for people to look at.
CREATE TABLE quarantined (
  -- Number of the recorder's entry.
  seq INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  moved_to TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- Logins going on. Not journaled: after a rebuild people log in again.
CREATE TABLE login (
  -- SHA-256 of the token in the cookie; the token itself is nowhere.
  token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
  person TEXT NOT NULL,
  -- UTC milliseconds of the login, of its last use, and of its end (null while it holds).
  created_ms INTEGER NOT NULL,
  last_use_ms INTEGER NOT NULL,
  revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Where each stream last came from, without its password, so that recording works while ONVIF does not. Not journaled.
CREATE TABLE source (
  stream TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  transport TEXT NOT NULL CHECK (transport IN ('auto', 'tcp', 'udp')),
  audio TEXT NOT NULL CHECK (audio IN ('auto', 'none'))
) STRICT, WITHOUT ROWID;

-- How long a room stays awake, so that a restarted controller does not put armed cameras to sleep. Not journaled.
CREATE TABLE lease (
  room TEXT PRIMARY KEY,
  -- UTC milliseconds.
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
