/** A journal on two disks: the same lines on both, whatever happens to one of them; and on a full disk there is room for a line. */
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BALLAST_BYTES } from '../../controller/ledger/ballast.ts';
import { awayError, type Disks } from '../../controller/ledger/disks.ts';
import { Journal } from '../../controller/ledger/journal.ts';
import { followJournal } from '../../controller/ledger/journal-files.ts';
import { placeOf } from '../../controller/ledger/journal-lane.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { LedgerWriter } from '../../controller/recorder/ledger-writer.ts';
import { until } from '../recorder/rig.ts';
import { twoDisks } from './two-disks.ts';

interface Fact {
  readonly n: number;
}

const clock = new SystemClock();

/** A journal that follows its disks, as its owners have it. */
async function journalOn(disks: Disks, keepsReserve = false): Promise<Journal<Fact>> {
  const journal = new Journal<Fact>(
    disks.journalPlaces(({ layout }) => layout.recorderJournal, keepsReserve),
    clock,
  );
  disks.onChange((disk) => {
    if (disk.isUsable) journal.rejoin();
    else journal.leave(disk.layout.recorderJournal, awayError(disk));
  });
  await journal.open();
  await journal.tend();
  onTestFinished(() => journal.close());
  return journal;
}

const journalIn = (root: string) => join(root, 'journal', 'recorder');
const textIn = (root: string) => readFile(join(journalIn(root), '000001.ndjson'), 'utf8').catch(() => '');

async function factsIn(root: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { entry, fault } of followJournal<Fact>(journalIn(root))) {
    expect(fault).toBeNull();
    if (entry !== null) found.push(entry.fact.n);
  }
  return found;
}

async function append(journal: Journal<Fact>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await journal.append({ n });
}

test('both hold the same bytes', async () => {
  const { main, mirror, disks } = await twoDisks();
  const journal = await journalOn(await disks());
  await append(journal, 1, 20);
  await journal.close();
  expect(await factsIn(main)).toHaveLength(20);
  expect(await textIn(mirror)).toBe(await textIn(main));
});

test('one that is back while lines are on their way misses none of them', async () => {
  const { main, mirror } = await twoDisks();
  const journal = new Journal<Fact>(
    [main, mirror].map((root) => placeOf(journalIn(root))),
    clock,
  );
  await journal.open();
  onTestFinished(() => journal.close());
  for (let round = 0; round < 10; round++) {
    await append(journal, 1, 3);
    journal.leave(journalIn(mirror), new Error('away for a moment'));
    await append(journal, 4, 5);
    const underWay = journal.append({ n: 6 });
    journal.rejoin();
    await Promise.all([underWay, journal.append({ n: 7 })]);
  }
  await journal.close();
  expect(await factsIn(main)).toHaveLength(70);
  expect(await textIn(mirror)).toBe(await textIn(main));
});

test('one is taken away: nothing waits for it, and when it is back the missing lines are copied to it', async () => {
  const { main, mirror, disks } = await twoDisks();
  const both = await disks();
  const journal = await journalOn(both);
  await append(journal, 1, 5);
  await rename(mirror, `${mirror}-away`);
  await until(() => both.usable.length === 1);
  await append(journal, 6, 10);
  expect(await factsIn(main)).toHaveLength(10);
  await rename(`${mirror}-away`, mirror);
  await until(async () => (await textIn(mirror)) === (await textIn(main)));
  await append(journal, 11, 12);
  await journal.close();
  expect(await textIn(mirror)).toBe(await textIn(main));
  expect(await factsIn(mirror)).toHaveLength(12);
});

test('the main one is away at the start: the second one is used, and afterwards the longer copy counts', async () => {
  const { main, mirror, disks } = await twoDisks();
  const before = await disks();
  const first = await journalOn(before);
  await append(first, 1, 5);
  await first.close();
  before.close();
  await rename(main, `${main}-away`);
  const alone = await disks();
  expect(alone.home.role).toBe('mirror');
  const second = await journalOn(alone);
  await append(second, 6, 7);
  await rename(`${main}-away`, main);
  await until(async () => (await textIn(mirror)) === (await textIn(main)));
  expect(await factsIn(main)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('each was used alone for a while: the longer one goes on, the other is kept beside it', async () => {
  const { main, mirror, disks } = await twoDisks();
  const pair = await disks();
  const first = await journalOn(pair);
  await append(first, 1, 3);
  await first.close();
  pair.close();
  const onlyMain = await disks({ mirror: null });
  const one = await journalOn(onlyMain);
  await append(one, 10, 11);
  await one.close();
  onlyMain.close();
  await rename(main, `${main}-away`);
  const onlyMirror = await disks();
  const other = await journalOn(onlyMirror);
  await append(other, 20, 24);
  await other.close();
  onlyMirror.close();
  await rename(`${main}-away`, main);
  const again = await disks();
  const moved: (string | null)[] = [];
  const journal = new Journal<Fact>(
    again.journalPlaces(({ layout }) => layout.recorderJournal, false),
    clock,
  );
  journal.onAligned((_, { movedTo }) => moved.push(movedTo));
  await journal.open();
  await until(() => moved.length === 1);
  await append(journal, 30, 30);
  await journal.close();
  expect(await factsIn(main)).toEqual([1, 2, 3, 20, 21, 22, 23, 24, 30]);
  expect(await textIn(mirror)).toBe(await textIn(main));
  const kept = (await readdir(join(main, 'journal'))).find((name) => name.includes('.diverged-'));
  expect(moved).toEqual([join(main, 'journal', kept ?? '')]);
  expect(await readFile(join(main, 'journal', kept ?? '', '000001.ndjson'), 'utf8')).toContain('"n":11');
});

test('the last lines are on a disk that is gone: the other copy is not continued behind the back of those who have seen them', async () => {
  const { main, mirror, disks } = await twoDisks();
  const both = await disks();
  const ledger = new LedgerWriter(both, clock, { info() {}, warn() {}, error() {} });
  both.onChange((disk) => ledger.diskChanged(disk));
  await ledger.open();
  onTestFinished(() => ledger.close());
  const say = (byMs: number) => ledger.append({ type: 'clock-stepped', byMs });
  for (let n = 1; n <= 3; n++) await say(n);
  await rename(mirror, `${mirror}-away`);
  await until(() => both.usable.length === 1);
  for (let n = 4; n <= 6; n++) await say(n);
  const seen = ledger.head.seq;
  let isLost = false;
  ledger.onLost(() => {
    isLost = true;
  });
  await rename(main, `${main}-away`);
  await rename(`${mirror}-away`, mirror);
  await until(() => both.mirror?.isUsable === true && !both.main.isUsable);
  void say(7).catch(() => undefined);
  await until(() => isLost);
  expect(ledger.head.seq).toBe(seen);
  const lines = (await textIn(mirror)).trim().split('\n');
  expect(lines, 'its copy is as it was').toHaveLength(3);
  expect(await readdir(join(mirror, 'journal'))).toEqual(['recorder']);
  // The disk with the last lines is back: nothing was lost, and the waiting line is written.
  await rename(`${main}-away`, main);
  await until(async () => (await textIn(mirror)).includes('"byMs":7'));
  expect(await textIn(mirror)).toBe(await textIn(main));
}, 60_000);

test('a torn line after a torn line: both are kept', async () => {
  const { main, disks } = await twoDisks();
  const disk = await disks({ mirror: null });
  for (const torn of ['{"one', '{"two']) {
    const journal = await journalOn(disk);
    await append(journal, 1, 1);
    await journal.close();
    await appendFile(join(journalIn(main), '000001.ndjson'), torn);
  }
  await journalOn(disk);
  const beside = (await readdir(journalIn(main))).filter((name) => name.includes('.torn')).sort();
  expect(await Promise.all(beside.map((name) => readFile(join(journalIn(main), name), 'utf8')))).toEqual([
    '{"one',
    '{"two',
  ]);
});

test('a disk that is full to the last byte: the line is written, media are refused until there is room, the reserve comes back', async ({
  skip,
}) => {
  const { main, areMounted, disks } = await twoDisks(32);
  if (!areMounted) skip();
  const one = await disks({ mirror: null });
  const journal = await journalOn(one, true);
  const reserve = join(journalIn(main), 'ballast');
  expect((await readFile(reserve)).length).toBe(BALLAST_BYTES);
  const filler = join(main, '..', 'filler');
  await fill(filler, main);
  // More lines than fit into what is left of the journal's last page.
  for (let n = 1; n <= 100; n++) await journal.append({ n });
  expect(await factsIn(main)).toHaveLength(100);
  expect((await readFile(reserve)).length).toBe(0);
  expect(() => one.main.assertRoomForMedia()).toThrow('kept for the journal');
  await journal.tend();
  expect(() => one.main.assertRoomForMedia(), 'still no room').toThrow();
  await rm(filler);
  await journal.tend();
  one.main.assertRoomForMedia();
  expect((await readFile(reserve)).length).toBe(BALLAST_BYTES);
});

/** Fills the file system of `folder` to its last byte. */
async function fill(filler: string, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  for (let i = 0; ; i++) {
    try {
      await mkdir(join(folder, `filler-${i}`));
      await writeFile(join(folder, `filler-${i}`, 'byte'), 'x');
    } catch {
      return;
    }
  }
}

test('a disk that is mounted anew is not taken for the one before', async ({ skip }) => {
  const { main, mirror, areMounted, disks } = await twoDisks();
  if (!areMounted) skip();
  const both = await disks();
  const journal = await journalOn(both);
  await append(journal, 1, 3);
  execFileSync('umount', ['-l', join(mirror, '..')]);
  onTestFinished(() => {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(mirror, '..')]);
  });
  await until(() => both.mirror?.isUsable === false);
  await append(journal, 4, 6);
  await until(() => both.mirror?.cause?.code === 'wrong-disk');
  expect(await readdir(join(mirror, '..')), 'nothing is written into the empty folder').toEqual([]);
  expect(await factsIn(main)).toHaveLength(6);
});
