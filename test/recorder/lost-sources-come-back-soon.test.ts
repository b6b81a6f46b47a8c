/** A source that falls silent is called lost within 3 s, and while something is to be kept it is recorded again within 2 s of its answer. */
import { expect, test } from 'vitest';
import { testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { Rig, sourceOf, until } from './rig.ts';

const NOTICED_MS_MAX = 3_000;
const BACK_MS_MAX = 2_000;
const AFTER_DEATH_MS_MAX = 1_500;
/** How often this test looks, and what a loaded machine adds. */
const LATE_MS = 200;

async function took(fact: () => boolean): Promise<number> {
  const before = performance.now();
  await until(fact);
  return performance.now() - before;
}

/** How many attempts have failed so far. */
function failures(rig: Rig): number {
  return rig.log.split('a source is lost').length - 1;
}

test('a camera that freezes, and one whose cable is pulled, are shown as lost within 3 s', async () => {
  const site = await testSite(tinyCamera({ id: 'frozen' }), tinyCamera({ id: 'pulled' }));
  const rig = await Rig.begin();
  await rig.keepProven({ frozen: sourceOf(site.device('frozen')), pulled: sourceOf(site.device('pulled')) });
  const before = performance.now();
  site.device('frozen').freeze('packets');
  site.device('pulled').leave();
  for (const id of ['frozen', 'pulled']) {
    await until(() => rig.stream(id)?.phase === 'lost');
    expect(performance.now() - before, id).toBeLessThan(NOTICED_MS_MAX + LATE_MS);
    expect(rig.stream(id)?.cause?.code).toBe('camera-stalled');
  }
});

test('a pulled cable that is plugged in again while something is kept: recorded within 2 s', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  await rig.keepProven({ 'cam-1': sourceOf(site.device('cam-1')) });
  site.device('cam-1').leave();
  // The stall, and one question that was not answered in all its time.
  await until(() => failures(rig) >= 2);
  site.device('cam-1').comeBack();
  expect(await took(() => rig.stream('cam-1')?.phase === 'keeping')).toBeLessThan(BACK_MS_MAX + LATE_MS);
});

test('a press does not wait for the pause that was made while nobody wanted anything', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  const sources = { 'cam-1': sourceOf(site.device('cam-1')) };
  rig.arm(sources);
  await until(() => rig.stream('cam-1')?.phase === 'armed');
  const back = site.device('cam-1').reboot(8_000);
  // Lost after 2.7 s, refused after 2.9, 3.9 and 5.9 s: the next pause is of 4 s.
  await until(() => failures(rig) >= 4);
  await back;
  const claim = rig.claim(0);
  rig.keep(sources, [claim]);
  expect(await took(() => rig.stream('cam-1')?.claims.some(({ state }) => state === 'keeping') === true)).toBeLessThan(
    BACK_MS_MAX + LATE_MS,
  );
});

test('an ffmpeg that dies after a good run is replaced within 1.5 s', async () => {
  const site = await testSite(tinyCamera());
  const rig = await Rig.begin();
  rig.arm({ 'cam-1': sourceOf(site.device('cam-1')) });
  await until(() => (rig.stream('cam-1')?.ringMs ?? 0) > 3_000);
  const run = rig.stream('cam-1')?.run;
  // Cut by the camera: for the recorder the same as an ffmpeg that dies.
  site.device('cam-1').drop();
  const isBack = () => rig.stream('cam-1')?.phase === 'armed' && rig.stream('cam-1')?.run !== run;
  expect(await took(isBack)).toBeLessThan(AFTER_DEATH_MS_MAX + LATE_MS);
});
