-- Sessions from the docket on, and what is written down beside them. The table of the version before knew sessions from the press to
-- open on only; it comes out of the journals anew, because forgetting how far they were read has them read again.
DROP TABLE IF EXISTS session_stream;
DROP TABLE IF EXISTS session;
DELETE FROM progress;

-- A session: an entry of the docket, and from the press to open on a claim on all streams of its room. Its states are those of
-- core/session.ts; columns behind `state` are null until it has come that far.
CREATE TABLE session (
  -- ULID, also the id of its claim on each stream.
  id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  -- Number of the site's entry that made it.
  seq INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('scheduled', 'checking', 'ready', 'cancelled', 'opening', 'open', 'closing', 'closed', 'handed-over')
  ),
  room TEXT NOT NULL,
  -- Id of a kind of the site's rule set.
  kind TEXT NOT NULL,
  matter TEXT NOT NULL,
  -- FieldValues as JSON; fields that are empty are not in it.
  fields TEXT NOT NULL CHECK (json_valid(fields)),
  -- Who made it, and when (Instant).
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL CHECK (json_valid(created_at)),
  source TEXT NOT NULL CHECK (source IN ('panel', 'import', 'centre', 'adjourned', 'walk-in')),
  -- How the system that it came from calls it, or null.
  reference TEXT,
  -- UTC milliseconds of the planned times; null for a walk-in, and an end that nobody planned.
  planned_from_ms INTEGER,
  planned_to_ms INTEGER,
  -- The session of the same matter that it goes on from.
  continues TEXT,
  -- The newest check made for it.
  check_id TEXT,
  -- Who cancelled it, when (Instant), and why.
  cancelled_by TEXT,
  cancelled_at TEXT CHECK (json_valid(cancelled_at)),
  cancel_reason TEXT,
  -- The panel's id of the press that opened it: the same press twice is one session.
  press TEXT UNIQUE,
  -- Number of the site's entry that opened it: the order of sessions.
  opened_seq INTEGER UNIQUE,
  -- Person who pressed open, and when (Instant).
  opened_by TEXT,
  opened_at TEXT CHECK (json_valid(opened_at)),
  -- The same moment in UTC milliseconds, by which the docket of a day finds it.
  opened_ms INTEGER,
  -- First moment of the claim (Instant): press minus pre-roll.
  claim_from TEXT CHECK (json_valid(claim_from)),
  -- Id of the rule set that it is held under; null where the fact does not say.
  rules TEXT,
  -- UTC milliseconds up to which people said it will go on.
  extended_to_ms INTEGER,
  -- When every mandatory stream was proven on disk first (Instant); null when it never was.
  confirmed_at TEXT CHECK (json_valid(confirmed_at)),
  -- Person who pressed close, and when (Instant); null while it runs.
  closed_by TEXT,
  closed_at TEXT CHECK (json_valid(closed_at)),
  -- Last moment of the claim (Instant): close plus post-roll; null while it runs.
  claim_to TEXT CHECK (json_valid(claim_to)),
  -- Required fields that were empty then, as a JSON array.
  debts_at_close TEXT CHECK (json_valid(debts_at_close)),
  -- The session that it goes on as, when it was adjourned.
  continued_by TEXT,
  -- When the last claim's end stood in the recorder's journal (Instant).
  ended_at TEXT CHECK (json_valid(ended_at)),
  -- When the centre had signed for every segment (Instant).
  handed_over_at TEXT CHECK (json_valid(handed_over_at)),
  CHECK ((planned_from_ms IS NULL) = (source = 'walk-in')),
  CHECK (planned_to_ms IS NULL OR planned_to_ms > planned_from_ms),
  CHECK ((cancelled_at IS NOT NULL) = (state = 'cancelled')),
  CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL) AND (cancelled_at IS NULL) = (cancel_reason IS NULL)),
  CHECK ((opened_at IS NULL) = (state IN ('scheduled', 'checking', 'ready', 'cancelled'))),
  CHECK ((opened_at IS NULL) = (press IS NULL) AND (opened_at IS NULL) = (opened_seq IS NULL)),
  CHECK ((opened_at IS NULL) = (opened_ms IS NULL)),
  CHECK ((opened_at IS NULL) = (opened_by IS NULL) AND (opened_at IS NULL) = (claim_from IS NULL)),
  CHECK (confirmed_at IS NULL OR opened_at IS NOT NULL),
  CHECK (state <> 'open' OR confirmed_at IS NOT NULL),
  CHECK ((closed_at IS NOT NULL) = (state IN ('closing', 'closed', 'handed-over'))),
  CHECK ((closed_at IS NULL) = (claim_to IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)),
  CHECK ((ended_at IS NOT NULL) = (state IN ('closed', 'handed-over'))),
  CHECK ((handed_over_at IS NULL) = (state <> 'handed-over'))
) STRICT;
CREATE INDEX session_by_room ON session (room, opened_seq);
CREATE INDEX session_by_state ON session (state);
CREATE INDEX session_by_plan ON session (room, planned_from_ms);
CREATE INDEX session_by_opening ON session (room, opened_ms);
CREATE UNIQUE INDEX session_by_reference ON session (source, reference) WHERE reference IS NOT NULL;

-- The streams a session claims.
CREATE TABLE session_stream (
  session TEXT NOT NULL REFERENCES session (id),
  stream TEXT NOT NULL,
  -- Place in the room's list, from 0.
  place INTEGER NOT NULL CHECK (place >= 0),
  -- 1 when the session is confirmed only with this stream proven.
  mandatory INTEGER NOT NULL CHECK (mandatory IN (0, 1)),
  PRIMARY KEY (session, stream)
) STRICT, WITHOUT ROWID;

-- Every press that became a fact, so that one that is sent again is known.
CREATE TABLE press (
  press TEXT PRIMARY KEY,
  -- Number of the site's entry, and the type of its fact.
  seq INTEGER NOT NULL,
  did TEXT NOT NULL,
  -- The session that it was about, or null (a check of a room).
  session TEXT
) STRICT, WITHOUT ROWID;

-- A check of a room: a claim of its own on every stream for a few seconds, and what was found.
CREATE TABLE room_check (
  -- ULID, also the id of its claim.
  id TEXT PRIMARY KEY,
  -- Number of the site's entry: the order of checks.
  seq INTEGER NOT NULL UNIQUE,
  press TEXT NOT NULL UNIQUE,
  room TEXT NOT NULL,
  -- The entry of the docket that it was made for, or null.
  session TEXT,
  begun_by TEXT NOT NULL,
  -- First and last moment of the claim (Instants).
  claim_from TEXT NOT NULL CHECK (json_valid(claim_from)),
  claim_to TEXT NOT NULL CHECK (json_valid(claim_to)),
  -- SessionStream[] as JSON.
  streams TEXT NOT NULL CHECK (json_valid(streams)),
  -- When it was done (Instant), its verdict, and CheckFinding[] as JSON; null while it goes on.
  done_at TEXT CHECK (json_valid(done_at)),
  verdict TEXT CHECK (verdict IN ('passed', 'warned', 'broken-off')),
  findings TEXT CHECK (json_valid(findings)),
  -- What somebody said last after playing it back: when (Instant), who, Heard[] as JSON, and a note.
  heard_at TEXT CHECK (json_valid(heard_at)),
  heard_by TEXT,
  heard TEXT CHECK (json_valid(heard)),
  heard_note TEXT,
  CHECK ((done_at IS NULL) = (verdict IS NULL) AND (done_at IS NULL) = (findings IS NULL))
) STRICT;
CREATE INDEX room_check_by_room ON room_check (room, seq);
CREATE INDEX room_check_underway ON room_check (seq) WHERE done_at IS NULL;

-- A mark in a session; its id is its press.
CREATE TABLE mark (
  id TEXT PRIMARY KEY,
  -- Number of the site's entry.
  seq INTEGER NOT NULL UNIQUE,
  session TEXT NOT NULL,
  kind TEXT NOT NULL,
  made_by TEXT NOT NULL,
  -- The first press (Instant).
  marked_at TEXT NOT NULL CHECK (json_valid(marked_at)),
  note TEXT NOT NULL,
  -- Page of the written record, or empty.
  page TEXT NOT NULL
) STRICT;
CREATE INDEX mark_by_session ON mark (session, seq);

-- What was added to a mark later.
CREATE TABLE mark_note (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  mark TEXT NOT NULL,
  made_by TEXT NOT NULL,
  -- When (Instant).
  noted_at TEXT NOT NULL CHECK (json_valid(noted_at)),
  note TEXT NOT NULL,
  page TEXT NOT NULL
) STRICT;
CREATE INDEX mark_note_by_mark ON mark_note (mark, seq);

-- The telling of the parties: a sign acknowledged the wording, or a person says that they were told.
CREATE TABLE notice_given (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  how TEXT NOT NULL CHECK (how IN ('shown', 'spoken', 'told')),
  -- The display, or the person.
  who TEXT NOT NULL,
  -- When (Instant).
  given_at TEXT NOT NULL CHECK (json_valid(given_at)),
  -- Which wording: the notice, its version, and the SHA-256 of the text.
  notice TEXT NOT NULL,
  version INTEGER NOT NULL,
  text_sha256 TEXT NOT NULL,
  -- How the parties answered, and a note; null for what signs acknowledged.
  answer TEXT,
  note TEXT,
  CHECK ((answer IS NULL) = (how <> 'told') AND (note IS NULL) = (answer IS NULL))
) STRICT;
CREATE INDEX notice_given_by_session ON notice_given (session, seq);

-- Why a recording was interrupted, as people said it: spoken, typed, or both.
CREATE TABLE explanation (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  made_by TEXT NOT NULL,
  -- Ids of gaps, as a JSON array.
  gaps TEXT NOT NULL CHECK (json_valid(gaps)),
  -- When it was being spoken (Instant), and what was typed; at least one of them.
  spoken_at TEXT CHECK (json_valid(spoken_at)),
  reason TEXT,
  CHECK (spoken_at IS NOT NULL OR reason IS NOT NULL)
) STRICT;
CREATE INDEX explanation_by_session ON explanation (session, seq);

-- When people were warned that it is time to stop.
CREATE TABLE stop_warning (
  -- Number of the site's entry.
  seq INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  why TEXT NOT NULL,
  -- When (Instant).
  warned_at TEXT NOT NULL CHECK (json_valid(warned_at))
) STRICT;
CREATE INDEX stop_warning_by_session ON stop_warning (session, seq);
