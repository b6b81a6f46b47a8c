import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Alarm } from '../../controller/core/desk.ts';
import { AlarmWatch, GONE_MS, STANDS_MS } from '../../controller/site/alarm-watch.ts';
import { until } from '../forward/scene.ts';
import { Stage } from './stage.ts';
import { TestClock } from './test-clock.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  await stage.pass(1_800);
});
afterEach(() => stage.close());

const alarmFacts = async () => (await stage.facts()).filter(({ type }) => type.startsWith('alarm-'));
const standing = () => stage.store.standingAlarms().map(({ code, room }) => `${code} ${room}`);

/** Lets time pass until `fact`, without the recorder falling silent. */
async function passUntil(what: string, fact: () => boolean): Promise<void> {
  await until(what, async () => {
    await stage.pass(2_700);
    return fact();
  });
}

test('an alarm that stands is a fact with its beginning, told with the health of the site, and one that is over has its end', async () => {
  stage.centre = { state: 'away', trouble: 'no network' };
  await passUntil('it is written down', () => standing().length > 0);
  expect(standing()).toEqual(['centre-away null']);
  expect(stage.site.health()).toMatchObject({
    alarms: [{ code: 'centre-away', level: 'warning', room: null, stream: null }],
    ...{ clock: 'ntp', recorder: true },
  });
  // A restart neither begins it again nor forgets it.
  await stage.stop();
  await stage.start();
  await stage.pass(15_000);
  expect(await alarmFacts()).toHaveLength(1);
  stage.centre = { state: 'connected', trouble: null };
  await passUntil('it has ended', () => standing().length === 0);
  expect((await alarmFacts()).map(({ type }) => type)).toEqual(['alarm-begun', 'alarm-ended']);
  expect(stage.site.health().alarms).toEqual([]);
});

/** The clock of tests goes on by a little each time it is read. */
const seconds = (ms: number): number => Math.round(ms / 1_000);

test('it is written when it stood for a while, with when it began, and its end when it stayed away', async () => {
  const clock = new TestClock();
  const written: { readonly type: string; readonly atS: number }[] = [];
  let alarms: readonly Alarm[] = [];
  const [room] = stage.plan.rooms;
  if (room === undefined) throw new Error('no room');
  const watch = new AlarmWatch({
    ...{ rooms: [room], standing: [], clock, log: stage.log },
    alarms: () => alarms,
    journal: {
      append: async (fact, at = clock.now()) => {
        written.push({ type: fact.type, atS: seconds(at.wallMs) });
        return { seq: written.length, prev: '', at, fact };
      },
    },
  });
  const alarm: Alarm = { code: 'camera-stalled', message: '', since: 0, level: 'alarm', stream: 'cam' };
  /** It stands, or not, for so long. */
  const stands = async (isStanding: boolean, ms: number): Promise<void> => {
    alarms = isStanding ? [alarm] : [];
    for (let left = ms; left > 0; left -= 2_000) {
      watch.look();
      await watch.idle();
      clock.advance(2_000);
    }
  };
  for (let i = 0; i < 5; i++) {
    await stands(true, STANDS_MS - 2_000);
    await stands(false, 4_000);
  }
  expect(written).toEqual([]);
  const beganS = seconds(clock.now().wallMs);
  await stands(true, STANDS_MS + 2_000);
  const begun = { type: 'alarm-begun', atS: beganS };
  expect(written).toEqual([begun]);
  // Away for less than a while is not over.
  await stands(false, GONE_MS - 4_000);
  await stands(true, 4_000);
  expect(written).toEqual([begun]);
  expect(watch.standing()).toMatchObject([{ code: 'camera-stalled', room: room.id, stream: 'cam' }]);
  const lastS = seconds(clock.now().wallMs) - 2;
  await stands(false, GONE_MS + 4_000);
  expect(written).toEqual([begun, { type: 'alarm-ended', atS: lastS }]);
  expect(watch.standing()).toEqual([]);
});
