/** The index is what the journals say: live, after a crash, after a reindex, and when journal or index are damaged. */
import { existsSync } from 'node:fs';
import { appendFile, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMPTY_CHAIN, type Entry } from '../../controller/core/chain.ts';
import type { SiteFact } from '../../controller/core/facts.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { openStore, reindex } from '../../controller/store/open-index.ts';
import { IndexHole } from '../../controller/store/store.ts';
import { Stage } from '../site/stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(async () => {
  await stage.close();
});

/** A hearing with a dead camera for a while, closed; half of it receipted. */
async function history(): Promise<string> {
  const clerk = stage.caller('clerk');
  const { session } = await stage.desk.open(clerk, 'r1', { press: 'press-a', kind: 'hearing', matter: '甲' });
  await stage.pass(3_000);
  await stage.pass(2_000, { side: { code: 'camera-stalled', detail: 'silent' } });
  await stage.desk.close(clerk, session.id);
  await stage.pass(6_000);
  await stage.recorder.append({ type: 'quarantined', path: 'cam/x.mp4', movedTo: 'quarantine/x', why: 'no header' });
  await stage.desk.review(clerk, session.id);
  const seg = stage.store.segmentsOf(session.id, 'cam')[0]?.fact.seg ?? '';
  await stage.site.journal.append({ type: 'receipted', seg, receipt: 'r' });
  await stage.site.idle();
  return session.id;
}

const firstFile = (folder: string) => join(folder, '000001.ndjson');
const errors = () => stage.logged.filter((one) => one.level === 'error').map((one) => one.message);

describe('reindex', () => {
  test('makes the same index, row for row, as the one that grew live', async () => {
    await history();
    const live = stage.dump();
    await stage.stop();
    const report = await reindex(stage.folder, stage.log);
    expect(report.faults).toEqual([]);
    await stage.start();
    expect(stage.dump()).toEqual(live);
    expect(live['segment']?.length).toBeGreaterThan(10);
    expect(live['gap']?.length).toBeGreaterThan(0);
    expect(live['quarantined']).toHaveLength(1);
  });

  test('without any index, and with one that is no database, does the same', async () => {
    await history();
    const live = stage.dump();
    await stage.stop();
    await rm(stage.layout.index);
    await reindex(stage.folder, stage.log);
    await stage.start();
    expect(stage.dump()).toEqual(live);
    await stage.stop();
    await writeFile(stage.layout.index, 'this is no database '.repeat(500));
    await stage.start();
    expect(stage.dump()).toEqual(live);
    expect(existsSync(`${stage.layout.index}.damaged`)).toBe(true);
    expect(stage.logged.some((one) => one.message === 'index built anew')).toBe(true);
  });

  test('keeps logins', async () => {
    const { token, panelToken } = await stage.login('clerk');
    await stage.stop();
    await reindex(stage.folder, stage.log);
    await stage.start();
    expect(stage.desk.door.callerOf(token, panelToken)?.person.id).toBe('clerk');
  });
});

describe('a crash', () => {
  test('between journal and index is mended at the next start', async () => {
    await history();
    await stage.stop();
    const journal = new Journal<SiteFact>(stage.layout.siteJournal, stage.clock);
    await journal.open();
    await journal.append({ type: 'audit', who: 'clerk', did: 'x', object: 'y', room: null });
    await journal.close();
    await stage.start();
    expect(stage.dump()['audit']?.at(-1)).toContain('"did":"x"');
    expect(stage.store.progress('site')).toEqual(stage.journal.head);
  });

  test('that put an older index in place is mended too', async () => {
    await stage.stop();
    await copyFile(stage.layout.index, `${stage.layout.index}.old`);
    await stage.start();
    await history();
    const live = stage.dump();
    await stage.stop();
    await rename(`${stage.layout.index}.old`, stage.layout.index);
    await rm(`${stage.layout.index}-wal`, { force: true });
    await stage.start();
    expect(stage.dump()).toEqual(live);
  });

  test('after which another journal, longer than ours, lies there makes an index of that one', async () => {
    await history();
    await stage.stop();
    await rm(stage.layout.siteJournal, { recursive: true });
    const journal = new Journal<SiteFact>(stage.layout.siteJournal, stage.clock);
    await journal.open();
    const other = { type: 'audit', who: 'other', did: 'x', object: 'y', room: null } as const;
    for (let i = 0; i < 200; i++) await journal.append(other);
    await journal.close();
    await stage.start();
    expect(stage.dump()['session']).toEqual([]);
    expect(stage.dump()['audit']).toHaveLength(200);
  });

  test('that cost the journal its last lines makes the index give them up', async () => {
    await history();
    await stage.stop();
    const file = firstFile(stage.layout.siteJournal);
    const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    await writeFile(file, `${lines.slice(0, -3).join('\n')}\n`);
    await stage.start();
    expect(stage.store.progress('site')).toEqual(stage.journal.head);
    const why = stage.logged.findLast((one) => one.message === 'index built anew')?.object;
    expect(why).toMatchObject({ why: expect.stringContaining('site journal does not have') });
  });
});

describe('entries', () => {
  test('are taken once, in order, and only when they follow', async () => {
    const at = stage.clock.now();
    const have = stage.store.progress('recorder');
    const entry = (seq: number, prev: string): Entry<never> =>
      ({ seq, prev, at, fact: { type: 'recorder-stopped' } }) as Entry<never>;
    expect(() => stage.store.apply('recorder', entry(have.seq + 2, 'x'))).toThrow(IndexHole);
    expect(() => stage.store.apply('recorder', entry(have.seq + 1, 'f'.repeat(64)))).toThrow(IndexHole);
    const first = entry(have.seq + 1, have.hash);
    expect(stage.store.apply('recorder', first)).toBe(true);
    expect(stage.store.apply('recorder', first)).toBe(false);
    expect(stage.store.progress('recorder').seq).toBe(have.seq + 1);
  });

  test('that were missed over the socket are read from the files', async () => {
    const clerk = stage.caller('clerk');
    await stage.desk.open(clerk, 'r1', { press: 'press-b', kind: 'inquiry', matter: '' });
    // Journaled while nobody listened.
    await stage.recorder.journal.append({ type: 'clock-stepped', byMs: 3 });
    await stage.pass(900);
    expect(stage.store.progress('recorder')).toEqual(stage.recorder.journal.head);
    expect(stage.store.segmentsOf(stage.store.sessions(['r1'], 1)[0]?.id ?? '', 'cam')).toHaveLength(1);
  });

  test('that a newer version wrote are passed over', async () => {
    await stage.recorder.append({ type: 'something-new', what: 1 } as never);
    await stage.recorder.append({ type: 'quarantined', path: 'a', movedTo: 'b', why: 'c' });
    expect(stage.dump()['quarantined']).toHaveLength(1);
    expect(errors()).toEqual([]);
  });

  test('that no row can hold are reported and do not stop those behind them', async () => {
    await stage.recorder.append({ type: 'claim-begun', claim: null, stream: 'cam', from: null } as never);
    await stage.recorder.append({ type: 'segment', seg: 'S' } as never);
    await stage.recorder.append({ type: 'quarantined', path: 'a', movedTo: 'b', why: 'c' });
    expect(stage.dump()['quarantined']).toHaveLength(1);
    expect(errors()).toHaveLength(2);
    const live = stage.dump();
    await stage.stop();
    await reindex(stage.folder, stage.log);
    await stage.start();
    expect(stage.dump()).toEqual(live);
  });
});

describe('a damaged journal', () => {
  test('is indexed as far as it can be read, and said to be damaged', async () => {
    const session = await history();
    const before = stage.store.segmentsOf(session, 'cam').length;
    await stage.stop();
    const file = firstFile(stage.layout.recorderJournal);
    const lines = (await readFile(file, 'utf8')).split('\n');
    const victim = lines.findIndex((line) => line.includes('"type":"segment"') && line.includes('"stream":"cam"'));
    lines[victim] = 'rubbish';
    const second = lines.findIndex((line, i) => i > victim && line.includes('"type":"segment"'));
    lines[second] = 'null';
    await writeFile(file, lines.join('\n'));
    const report = await reindex(stage.folder, stage.log);
    expect(report.faults.filter((fault) => fault.what === 'not-json')).toHaveLength(2);
    await stage.start();
    expect(stage.store.segmentsOf(session, 'cam').length).toBeLessThan(before);
    expect(stage.store.segmentsOf(session, 'cam').length).toBeGreaterThan(0);
    // And what comes live fits behind it.
    await stage.recorder.append({ type: 'clock-stepped', byMs: 1 });
    expect(stage.store.progress('recorder').seq).toBe(stage.recorder.journal.head.seq);
  });

  test('whose last line is being written is read up to it', async () => {
    await stage.stop();
    await appendFile(firstFile(stage.layout.recorderJournal), '{"seq":');
    const { store, report } = await openStore(stage.layout, stage.log);
    expect(report.faults).toEqual([]);
    store.close();
    await writeFile(firstFile(stage.layout.recorderJournal), '');
  });
});

test('an empty data folder has an empty index', async () => {
  await stage.stop();
  await rm(stage.folder, { recursive: true });
  const { store, report } = await openStore(stage.layout, stage.log);
  expect(report).toEqual({ rebuilt: 'there was no index', applied: 0, faults: [] });
  expect(store.progress('site')).toEqual(EMPTY_CHAIN);
  store.close();
});
