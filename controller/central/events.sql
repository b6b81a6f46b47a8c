-- What sites report beside their segments (hrc-events): each row is read out of signed lists that the centre's journal holds, and can be
-- read out of them again. Times are UTC milliseconds of the site's clock; ids are opaque, and no name or matter ever comes here.

-- How far each of a site's two journals is known here.
CREATE TABLE event_progress (
  site TEXT NOT NULL,
  journal TEXT NOT NULL CHECK (journal IN ('site', 'recorder')),
  -- Number of the last entry that was told.
  up_to INTEGER NOT NULL CHECK (up_to >= 1),
  PRIMARY KEY (site, journal)
) STRICT, WITHOUT ROWID;

-- A session as its site told it. Columns are null until they are known: what was told before this centre was there may be missing.
CREATE TABLE session (
  site TEXT NOT NULL,
  -- Also the id of its claim, by which manifests name it.
  id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('scheduled', 'cancelled', 'opening', 'open', 'closing', 'closed', 'handed-over')
  ),
  room TEXT,
  -- Ids of a kind of the rule set, and of the rule set that it is held under.
  kind TEXT,
  rules TEXT,
  -- SessionStream[] as JSON: [{"stream","mandatory"}].
  streams TEXT CHECK (json_valid(streams)),
  planned_from_ms INTEGER,
  planned_to_ms INTEGER,
  -- The press to open, and the first moment of the recording (press minus pre-roll).
  opened_ms INTEGER,
  from_ms INTEGER,
  -- When bytes of every mandatory stream were proven on disk.
  confirmed_ms INTEGER,
  extended_to_ms INTEGER,
  -- The press to close, and the last moment of the recording.
  closed_ms INTEGER,
  to_ms INTEGER,
  -- When everything of it was on the site's disk or in its ledger.
  ended_ms INTEGER,
  -- When the site had the centre's receipt for every segment.
  handed_over_ms INTEGER,
  cancelled_ms INTEGER,
  -- By when it has to be at the centre; the clause that says so and its force ('binding' or not); on what the working days rest
  -- ('published', or anything else: then it is the earliest that is possible).
  due_ms INTEGER,
  due_clause TEXT,
  due_force TEXT,
  due_basis TEXT,
  -- The session that it goes on from, and the one that it goes on as.
  continues TEXT,
  continued_by TEXT,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_opening ON session (site, opened_ms);
CREATE INDEX session_by_due ON session (due_ms) WHERE handed_over_ms IS NULL AND due_ms IS NOT NULL;

-- A hole in the record and its cause, as the site's ledger has it.
CREATE TABLE gap (
  site TEXT NOT NULL,
  id TEXT NOT NULL,
  stream TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  -- A code of the site's error catalogue.
  cause TEXT NOT NULL,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX gap_by_stream ON gap (site, stream, from_ms);

-- Gaps that people explained, inside the recording or in writing. Told in another journal than the gap: either may come first.
CREATE TABLE gap_explained (
  site TEXT NOT NULL,
  gap TEXT NOT NULL,
  is_spoken INTEGER NOT NULL CHECK (is_spoken IN (0, 1)),
  is_typed INTEGER NOT NULL CHECK (is_typed IN (0, 1)),
  PRIMARY KEY (site, gap)
) STRICT, WITHOUT ROWID;

-- Which sessions a gap is a hole in.
CREATE TABLE gap_claim (
  site TEXT NOT NULL,
  claim TEXT NOT NULL,
  gap TEXT NOT NULL,
  PRIMARY KEY (site, claim, gap)
) STRICT, WITHOUT ROWID;

-- What is or was wrong at a site.
CREATE TABLE alarm (
  site TEXT NOT NULL,
  id TEXT NOT NULL,
  -- A code of the site's error catalogue.
  code TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('warning', 'alarm')),
  -- Null when it is about the site as a whole; `stream` null when it is about no stream.
  room TEXT,
  stream TEXT,
  began_ms INTEGER NOT NULL,
  -- Null while it stands.
  ended_ms INTEGER,
  PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_standing ON alarm (site) WHERE ended_ms IS NULL;

-- What a site no longer has: damaged or gone before the centre had it (`lost`), or deleted after its receipt (`purged`).
CREATE TABLE absent_segment (
  site TEXT NOT NULL,
  seg TEXT NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('lost', 'purged')),
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, seg, why)
) STRICT, WITHOUT ROWID;

-- Holds of the centre as the site keeps them, by the id of the command that made them.
CREATE TABLE site_hold (
  site TEXT NOT NULL,
  hold TEXT NOT NULL,
  held_ms INTEGER NOT NULL,
  released_ms INTEGER,
  PRIMARY KEY (site, hold)
) STRICT, WITHOUT ROWID;
