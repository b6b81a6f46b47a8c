/** Which of two disks may be used is decided by what they say of themselves: never by a path alone. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decide, type Look, readVolume, type Volume } from '../../controller/ledger/volume.ts';
import { until } from '../recorder/rig.ts';
import { twoDisks } from './two-disks.ts';

const id = (letter: string) => `01M7ZNP7TKXT02PNEMST9BMA6${letter}`;
const [A, B, C] = [id('A'), id('B'), id('C')] as const;

function volume(name: string, partner: string | null, pairing = 1, hasRecord = true): Look {
  const said: Volume = { volume: name, role: 'main', partner, pairing };
  return { kind: 'volume', volume: said, hasRecord };
}

const nameless = (hasRecord = false): Look => ({ kind: 'nameless', hasRecord });
const unreadable: Look = { kind: 'unreadable', detail: 'EIO' };

describe('of two disks', () => {
  test.each<[string, Look, Look, string | null, main: string, mirror: string]>([
    ['a pair', volume(A, B), volume(B, A), null, 'use', 'use'],
    ['a pair, exchanged', volume(B, A), volume(A, B), null, 'use', 'use'],
    ['two new ones', nameless(), nameless(), null, 'make', 'make'],
    ['a record from before there were identities', nameless(true), nameless(), null, 'make', 'make'],
    ['a second one is added', volume(A, null), nameless(), null, 'name-partner', 'make'],
    ['a second one with a record of nobody', volume(A, null), nameless(true), null, 'use', 'wrong-disk'],
    ['the second one is not mounted', volume(A, B), nameless(), null, 'use', 'wrong-disk'],
    ['the main one is not mounted', nameless(), volume(B, A), null, 'wrong-disk', 'use'],
    ['another one in the place of the second', volume(A, B), volume(C, null), null, 'use', 'wrong-disk'],
    ['another pair’s one in the place of the second', volume(A, B), volume(C, id('D')), null, 'use', 'wrong-disk'],
    ['the main one twice', volume(A, B), volume(A, B), null, 'use', 'wrong-disk'],
    ['the power went while they were made a pair', volume(A, null), volume(B, A), null, 'name-partner', 'use'],
    ['two records of their own', volume(A, null), volume(B, null), null, 'use', 'wrong-disk'],
    ['the second one was replaced, and is back', volume(A, C, 2), volume(B, A), null, 'use', 'wrong-disk'],
    ['the main one was replaced, and is back', volume(A, B), volume(B, C, 2), null, 'wrong-disk', 'use'],
    ['the second one cannot be read', volume(A, B), unreadable, null, 'use', 'disk-failed'],
    ['the main one cannot be read', unreadable, volume(B, A), null, 'disk-failed', 'use'],
    [
      'a new second one beside a main one that cannot be read',
      unreadable,
      nameless(),
      null,
      'disk-failed',
      'wrong-disk',
    ],
    ['the expected one', volume(A, B), volume(B, A), A, 'use', 'use'],
    ['another main one than expected', volume(C, null), volume(B, A), A, 'wrong-disk', 'use'],
    ['no main one, and one is expected', nameless(), volume(B, A), A, 'wrong-disk', 'use'],
  ])('%s', (_name, main, mirror, pin, forMain, forMirror) => {
    const decision = decide(main, mirror, pin);
    const said = (step: (typeof decision)['main']) => (step.do === 'leave' ? step.why : step.do);
    expect([said(decision.main), said(decision.mirror)]).toEqual([forMain, forMirror]);
  });
});

test('a pair is made once and known again; each names the other', async () => {
  const { main, mirror, disks } = await twoDisks();
  (await disks()).close();
  const [a, b] = [await readVolume(main), await readVolume(mirror)];
  expect(a).toMatchObject({ role: 'main', partner: b?.volume });
  expect(b).toMatchObject({ role: 'mirror', partner: a?.volume });
  const again = await disks();
  expect(again.all.map(({ state, volume: own }) => [state, own?.volume])).toEqual([
    ['well', a?.volume],
    ['well', b?.volume],
  ]);
});

test('two processes that see a new pair in the same moment make one pair', async () => {
  const { main, mirror, disks } = await twoDisks();
  const both = await Promise.all([disks(), disks()]);
  for (const one of both) expect(one.usable).toHaveLength(2);
  expect((await readVolume(main))?.partner).toBe((await readVolume(mirror))?.volume);
});

test('a single disk that the configuration names is the only one that is taken', async () => {
  const { main, disks } = await twoDisks();
  const one = await disks({ mirror: null });
  const { volume: own = '' } = one.main.volume ?? {};
  one.close();
  await expect(disks({ mirror: null, volume: C })).rejects.toMatchObject({ code: 'wrong-disk' });
  (await disks({ mirror: null, volume: own })).close();
  await rename(main, `${main}-away`);
  await mkdir(main);
  await expect(disks({ mirror: null, volume: own })).rejects.toMatchObject({ code: 'wrong-disk' });
  expect(await readdir(main), 'nothing is written into the empty folder').toEqual([]);
});

test('an identity that cannot be read is not written over', async () => {
  const { mirror, disks } = await twoDisks();
  (await disks()).close();
  await writeFile(join(mirror, 'volume.json'), '{"torn');
  const again = await disks();
  expect(again.mirror).toMatchObject({ state: 'away', cause: { code: 'disk-failed' } });
  expect(await readFile(join(mirror, 'volume.json'), 'utf8')).toBe('{"torn');
});

test('another pair lies where this one was: whoever uses them is told to look anew', async () => {
  const { main, mirror, disks } = await twoDisks();
  const before = await disks();
  let told = 0;
  before.onExchange(() => {
    told += 1;
  });
  await rename(main, `${main}-before`);
  await rename(mirror, `${mirror}-before`);
  await disks();
  await until(() => told > 0);
  await expect(before.main.confirm(), 'it is not taken for the one before').rejects.toMatchObject({ code: 'ENODEV' });
});
