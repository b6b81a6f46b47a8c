/** What an older version of this program left behind is read: its index is brought up to date, its journal says the same as ever. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../controller/core/chain.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import { isOpened } from '../../controller/core/session.ts';
import type { Instant } from '../../controller/core/time.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { Sql } from '../../controller/ledger/sql.ts';
import { Store } from '../../controller/store/store.ts';
import { Stage } from '../site/stage.ts';

const SCHEMA = readFileSync(new URL('index-of-version-1.sql', import.meta.url), 'utf8');
const T0: Instant = { wallMs: 1_794_000_000_000, monoMs: 5_000, boot: 'boot-old' };

/** Facts as the first version wrote them: no fields, no rules, kinds that were code. */
const FACTS: readonly SiteFact[] = [
  {
    ...{
      type: 'session-opened',
      session: 'OLD1',
      press: 'press-old',
      room: 'r1',
      kind: 'reconsideration',
      matter: '旧案',
    },
    ...{ by: 'clerk', openedAt: T0, from: T0, streams: [{ stream: 'cam', mandatory: true }] },
  },
  { type: 'session-confirmed', session: 'OLD1' },
  { type: 'session-closing', session: 'OLD1', by: 'clerk', closedAt: T0, to: T0 },
  {
    type: 'session-closed',
    session: 'OLD1',
    absent: [{ stream: 'cam', from: T0, to: T0, cause: { code: 'camera-busy', detail: '' } }],
  },
];

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  await stage.stop();
  const journal = new Journal<SiteFact>(stage.layout.siteJournal, stage.clock);
  await journal.open();
  for (const fact of FACTS) await journal.append(fact, T0);
  await journal.close();
});
afterEach(async () => {
  await stage.close();
});

function expectOldSession(): void {
  const session = stage.store.session('OLD1');
  if (session === null || !isOpened(session)) throw new Error('the old session is not there');
  expect(session).toMatchObject({
    state: 'closed',
    matter: '旧案',
    source: 'walk-in',
    planned: null,
    fields: {},
    rules: null,
  });
  expect(stage.store.gapsOf('OLD1')).toHaveLength(1);
  expect(stage.desk.session(stage.caller('clerk'), 'OLD1')).toMatchObject({
    ...{ kind: 'reconsideration', debtsAtClose: [], continuedBy: null, interruptions: [] },
    marks: { count: 0 },
  });
}

test('a journal of the first version', async () => {
  await stage.start();
  expectOldSession();
});

test('an index of the first version is brought up to date out of the journals; what no journal holds stays', async () => {
  await stage.start();
  const fresh = stage.dump();
  await stage.stop();
  for (const part of ['', '-wal', '-shm']) await rm(`${stage.layout.index}${part}`, { force: true });
  const old = new Database(stage.layout.index);
  old.exec(SCHEMA);
  old.pragma('user_version = 1');
  old
    .prepare(
      `INSERT INTO session (id, opened_seq, press, room, kind, matter, opened_by, opened_at, claim_from, state)
       VALUES ('LOST', 1, 'p', 'r1', 'hearing', '', 'clerk', '{}', '{}', 'opening')`,
    )
    .run();
  old.prepare("INSERT INTO progress (journal, seq, hash) VALUES ('site', 3, ?)").run(sha256('of another journal'));
  old.prepare("INSERT INTO source (stream, url, transport, audio) VALUES ('gone', 'rtsp://x/1', 'tcp', 'auto')").run();
  old.close();
  await stage.start();
  expect(stage.dump()).toEqual(fresh);
  expectOldSession();
  expect(stage.store.session('LOST')).toBeNull();
  expect(stage.store.rememberedSource('gone')).toMatchObject({ url: 'rtsp://x/1', transport: 'tcp' });
});

test('receipts that an index held before anything could be deleted are found among what may be', async () => {
  const file = join(stage.folder, 'before-deletion.sqlite');
  const steps = ['schema', 'people', 'hearings', 'displays', 'forward'].map(
    (name) => new URL(`../../controller/store/${name}.sql`, import.meta.url),
  );
  const old = new Sql(file, steps, stage.log);
  old.run(
    `INSERT INTO segment (seg, journal_seq, stream, run, sequence, bytes, media_ms, sha256, fact)
     VALUES ('SEG', 7, 'cam', 'r', 1, 5, 1, ?, '{"seg":"SEG"}')`,
    'a'.repeat(64),
  );
  old.run(
    `INSERT INTO outbox (site_seq, seg, stream, jws, sealed_at, receipt, receipted_at)
     VALUES (3, 'SEG', 'cam', 'j', '{}', 'the receipt', ?)`,
    JSON.stringify(T0),
  );
  old.close();
  const store = new Store({ file, log: stage.log });
  const found = store.purges.receipted(null, T0.wallMs, 10);
  store.close();
  expect(found).toMatchObject([{ siteSeq: 3, receipt: 'the receipt', receiptedMs: T0.wallMs, receiptedAt: T0 }]);
});

test('an old session is filled and explained like a new one', async () => {
  await stage.start();
  const clerk = stage.caller('clerk');
  const filled = await stage.desk.hearings.fill(clerk, 'OLD1', {
    press: 'fill-0001',
    kind: 'hearing',
    matter: '旧案（补）',
  });
  expect(filled).toMatchObject({ kind: 'hearing', matter: '旧案（补）', state: 'closed' });
  await expect(stage.desk.hearings.extend(clerk, 'OLD1', 'extend-01', 1e13)).rejects.toMatchObject({
    code: 'session-over',
  });
});
