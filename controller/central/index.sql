-- The centre's index: a projection of its journal. Nothing here is the truth; the file may be thrown away at any time.

-- How far the journal is in here.
CREATE TABLE progress (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- Sites by the key that was pinned at first sight.
CREATE TABLE pinned (
  site TEXT PRIMARY KEY,
  kid TEXT NOT NULL,
  x TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What sites say of themselves, as last heard. Not journaled: it is retained at the broker and comes again.
CREATE TABLE presence (
  site TEXT PRIMARY KEY,
  -- UTC milliseconds at which anything was heard of it, by the centre's clock.
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  -- 1 online, 0 its last will came, null when nothing was heard since the centre started.
  online INTEGER CHECK (online IN (0, 1)),
  -- The birth message (JSON) as it last came, and when; null before the first.
  birth TEXT CHECK (json_valid(birth)),
  birth_ms INTEGER,
  -- The same of its backlog message.
  backlog TEXT CHECK (json_valid(backlog)),
  backlog_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Every manifest a site announced, held or not.
CREATE TABLE manifest (
  site TEXT NOT NULL,
  -- SHA-256 of the JWS.
  mh TEXT NOT NULL,
  seg TEXT NOT NULL,
  stream TEXT NOT NULL,
  -- Number within the stream.
  seq INTEGER NOT NULL,
  -- Number in the site's outbox, which is not signed.
  site_seq INTEGER NOT NULL,
  -- UTC milliseconds.
  t0 INTEGER NOT NULL,
  t1 INTEGER NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  -- 1 when something is missing right before it.
  gap INTEGER NOT NULL CHECK (gap IN (0, 1)),
  -- Opaque ids of the sessions it was kept for (JSON list).
  claims TEXT NOT NULL CHECK (json_valid(claims)),
  jws TEXT NOT NULL,
  -- When it came first, by the centre's clock.
  at_ms INTEGER NOT NULL,
  -- 1 when a later one was signed for the same segment and counts instead.
  is_replaced INTEGER NOT NULL DEFAULT 0 CHECK (is_replaced IN (0, 1)),
  PRIMARY KEY (site, mh)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_by_seg ON manifest (site, seg);
CREATE INDEX manifest_by_time ON manifest (site, stream, t0);

-- Which segments were kept for a session, by the manifest that counts.
CREATE TABLE claim (
  site TEXT NOT NULL,
  claim TEXT NOT NULL,
  seg TEXT NOT NULL,
  PRIMARY KEY (site, claim, seg)
) STRICT, WITHOUT ROWID;

-- What is held.
CREATE TABLE holding (
  site TEXT NOT NULL,
  seg TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  store TEXT NOT NULL,
  -- Key in the store.
  path TEXT NOT NULL,
  version TEXT,
  durability TEXT NOT NULL,
  -- How the bytes were verified there.
  verified TEXT NOT NULL,
  mh TEXT NOT NULL,
  receipt TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, seg)
) STRICT, WITHOUT ROWID;

-- Other bytes under the id of a segment that is held.
CREATE TABLE conflict (
  site TEXT NOT NULL,
  seg TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  path TEXT NOT NULL,
  mh TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, seg, sha256)
) STRICT, WITHOUT ROWID;

-- How much is known of a site, counted as it comes.
CREATE TABLE tally (
  site TEXT PRIMARY KEY,
  announced INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0,
  held_bytes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The chain of manifests of a stream, as first sealed. One that was sealed again names the first.
CREATE TABLE link (
  site TEXT NOT NULL,
  stream TEXT NOT NULL,
  seq INTEGER NOT NULL,
  mh TEXT NOT NULL,
  prev TEXT,
  PRIMARY KEY (site, stream, seq)
) STRICT, WITHOUT ROWID;

-- Numbers that were heard, as stretches that never touch: of a stream's manifests (from 0), and of the site's outbox (from 1), for
-- which the stream is empty.
CREATE TABLE heard (
  site TEXT NOT NULL,
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last >= first),
  PRIMARY KEY (site, stream, first)
) STRICT, WITHOUT ROWID;

-- Where a chain does not hold. Never taken back, also when what was missing comes after all.
CREATE TABLE chain_fault (
  site TEXT NOT NULL,
  -- Empty for the numbers of the outbox.
  stream TEXT NOT NULL,
  -- Where; of several numbers the first and the last.
  seq INTEGER NOT NULL,
  last INTEGER NOT NULL,
  -- `twice`: two manifests under one number; `broken`: it does not name the one before it; `missing`: it never came.
  what TEXT NOT NULL CHECK (what IN ('twice', 'broken', 'missing')),
  -- The manifests: the one that was there, and the one that does not fit; empty when there is none.
  mh TEXT NOT NULL,
  other TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, stream, seq, what, other)
) STRICT, WITHOUT ROWID;

-- Every segment a site has told of, by the manifest that counts, and what is held of it.
CREATE VIEW segment AS
  SELECT m.site, m.seg, m.mh, m.stream, m.seq, m.site_seq, m.t0, m.t1, m.size, m.sha256, m.gap, m.claims, m.jws,
         h.path, h.store, h.version, h.durability, h.receipt, h.at_ms AS held_ms
  FROM manifest AS m LEFT JOIN holding AS h ON h.site = m.site AND h.seg = m.seg
  WHERE m.is_replaced = 0;

-- What SQLite would find out by looking at a full index: a site has very many manifests, a segment one or two. Without it every question
-- for a segment would read all manifests of its site.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('manifest', 'manifest', '10000000 100000 1'),
  ('manifest', 'manifest_by_seg', '10000000 100000 1 1'),
  ('manifest', 'manifest_by_time', '10000000 100000 25000 1 1'),
  ('claim', 'claim', '10000000 100000 4000 1'),
  ('holding', 'holding', '10000000 100000 1'),
  ('link', 'link', '10000000 100000 25000 1');
ANALYZE sqlite_schema;
