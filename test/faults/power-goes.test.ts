/** The power goes: what was never synced is not there any more, the machine comes back with another boot, and nobody touches anything. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutOf, segmentPath } from '../../controller/ledger/layout.ts';
import { hashFile } from '../../controller/ledger/segment-file.ts';
import { tinyCamera } from '../devices/virtual/test-site.ts';
import { seeded } from '../oracle/fragmented.ts';
import { readFrames } from '../oracle/frames.ts';
import { until } from '../recorder/rig.ts';
import { cutPower, unsyncedMedia } from './power-cut.ts';
import { Scenario } from './scenario.ts';
import { byTime } from './verdict.ts';

/** What a power cut may cost a stream; the promise, and what a loaded test machine may add. */
const LOST_MS_MAX = 2_000;
const LOADED_MS = 1_000;
const SEED = Number(process.env['QUANCHENG_FAULTS_SEED'] ?? 20_262);

const CAMERAS = [tinyCamera({ id: 'one', audio: 'aac' }), tinyCamera({ id: 'two', audio: 'pcmu' })];

test.each(['gone', 'zero'] as const)(
  `the power goes twice at moments drawn from seed ${SEED}, and unsynced bytes are %s: at most 2 s are lost each time, all of it ledgered`,
  async (tail) => {
    const random = seeded(SEED);
    const scenario = await Scenario.begin(CAMERAS, { shim: true, segmentMs: 4_000 });
    const { rig } = scenario;
    const { shim } = rig;
    if (shim === null) throw new Error('the rig has no shim');
    await scenario.open();
    let takenBytes = 0;
    for (let cut = 0; cut < 2; cut++) {
      const pauseMs = 2_500 + random() * 2_000;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await until(async () => (await unsyncedMedia(rig.roots, shim)) > 0);
      const cutUs = Date.now() * 1_000;
      await rig.killAll();
      takenBytes += (await cutPower(rig.roots, shim, tail)).bytes;
      rig.reboot();
      await rig.start();
      // It records again by itself: nobody sends it a wish.
      await scenario.growing();
      await until(() => (rig.entries.at(-1)?.seq ?? 0) >= (rig.status?.journal.seq ?? 0));
      for (const id of scenario.ids) {
        const last = (await readFrames(rig.files(id))).filter(({ hostTimeUs }) => hostTimeUs < cutUs).at(-1);
        expect((cutUs - (last?.hostTimeUs ?? 0)) / 1_000, `${id}, ms lost`).toBeLessThan(LOST_MS_MAX + LOADED_MS);
      }
    }
    expect(takenBytes, 'something had not been synced').toBeGreaterThan(0);
    await scenario.close();
    const verdict = await scenario.verdict();
    expect(verdict.faults).toEqual([]);
    expect(rig.facts('recorder-started').map(({ before }) => before)).toEqual([
      'first-start',
      'power-lost',
      'power-lost',
    ]);
    for (const { stream, gapCauses } of verdict.streams) {
      // No other cause; and none at all where it went so quickly that the pictures which a camera sends anew reach back over the cut.
      expect(
        gapCauses.filter((cause) => cause !== 'power-lost'),
        stream,
      ).toEqual([]);
      const segments = byTime(rig.segments(stream), ({ from }) => rig.trueUs(from));
      expect(segments.filter(({ adopted }) => adopted).length, stream).toBeGreaterThan(0);
    }
  },
  120_000,
);

test.each(['gone', 'zero'] as const)(
  `the power goes with two disks, one of them behind, and unsynced bytes are %s: the longer copy is taken in and both are the same again`,
  async (tail) => {
    const random = seeded(SEED + 1);
    const scenario = await Scenario.begin(CAMERAS, { shim: true, twoDisks: 'folders', segmentMs: 2_000 });
    const { rig } = scenario;
    const { shim } = rig;
    if (shim === null) throw new Error('the rig has no shim');
    await scenario.open();
    for (const behind of ['/disk/data', '/second/data']) {
      shim.rules({ call: 'sync', delayMs: 300, on: behind });
      const pauseMs = 2_500 + random() * 2_000;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await until(async () => (await unsyncedMedia(rig.roots, shim)) > 0);
      const cutUs = Date.now() * 1_000;
      await rig.killAll();
      await cutPower(rig.roots, shim, tail);
      shim.rules();
      rig.reboot();
      await rig.start();
      await scenario.growing();
      await until(() => (rig.entries.at(-1)?.seq ?? 0) >= (rig.status?.journal.seq ?? 0));
      for (const id of scenario.ids) {
        const last = (await readFrames(rig.files(id))).filter(({ hostTimeUs }) => hostTimeUs < cutUs).at(-1);
        expect((cutUs - (last?.hostTimeUs ?? 0)) / 1_000, `${id}, ms lost`).toBeLessThan(LOST_MS_MAX + LOADED_MS);
      }
    }
    await scenario.close();
    await until(() =>
      (rig.status?.disks ?? []).every(({ state, lackingSegments }) => state === 'well' && lackingSegments === 0),
    );
    const verdict = await scenario.verdict();
    expect(verdict.faults).toEqual([]);
    for (const segment of scenario.ids.flatMap((id) => rig.segments(id))) {
      const name = segmentPath(segment.stream, segment.run, segment.sequence);
      for (const root of rig.roots) expect(await hashFile(join(layoutOf(root).media, name)), name).toBe(segment.sha256);
    }
  },
  120_000,
);
