/** A glance at a real stream: out of the recorder's memory, decoded, and not a byte of it on a disk. */
import { expect, test } from 'vitest';
import { isMoving } from '../../controller/core/glance.ts';
import { layoutOf } from '../../controller/ledger/layout.ts';
import { mediaFiles } from '../../controller/ledger/media-files.ts';
import { SystemClock } from '../../controller/ledger/system-clock.ts';
import { glanceDecoder } from '../../controller/media/glance-decoder.ts';
import { RecorderLink } from '../../controller/recorder/link.ts';
import { Glances } from '../../controller/site/glances.ts';
import { testSite, tinyCamera } from '../devices/virtual/test-site.ts';
import { Rig, sourceOf, until } from './rig.ts';

const LOG = { info() {}, warn() {}, error() {} };

test('an armed camera and a microphone are seen and heard, and while they are kept too', async () => {
  const site = await testSite(tinyCamera({ id: 'cam-1', audio: 'pcma' }), {
    id: 'mic-1',
    kind: 'microphone',
    room: '第一听证室',
    name: '话筒',
    audio: 'aac',
  });
  const rig = await Rig.begin();
  const recorder = new RecorderLink({
    socketPath: layoutOf(rig.folder).recorderSocket,
    afterSeq: () => 0,
    log: LOG,
  });
  let isHere = false;
  recorder.onPresence((here) => {
    isHere = here;
  });
  const clock = new SystemClock();
  await clock.refresh();
  const glances = new Glances({
    ...{ recorder, clock, log: LOG, decoder: glanceDecoder('ffmpeg') },
    status: () => rig.status,
  });
  glances.start();
  recorder.start();
  try {
    await until(() => isHere);
    const sources = { 'cam-1': sourceOf(site.device('cam-1')), 'mic-1': sourceOf(site.device('mic-1')) };
    rig.arm(sources);
    await until(() => (rig.stream('cam-1')?.ringMs ?? 0) > 2_000 && (rig.stream('mic-1')?.ringMs ?? 0) > 2_000);
    // All at once, as a panel asks: large answers wait for each other, and none is lost.
    const [first, , heard] = await Promise.all(['cam-1', 'no-such-stream', 'mic-1'].map((id) => glances.look(id)));
    if (first?.jpeg == null) throw new Error('nothing to be seen');
    expect([...first.jpeg.slice(0, 2)]).toEqual([0xff, 0xd8]);
    expect(first.sound?.isDigitalZero).toBe(false);
    expect(heard?.jpeg).toBeNull();
    expect(heard?.sound?.levels.length).toBeGreaterThan(10);
    expect(Math.max(...(heard?.sound?.levels ?? []))).toBeGreaterThan(-40);
    expect(await mediaFiles(layoutOf(rig.folder).media)).toEqual([]);

    // While it is kept, fragments leave the ring for the disk at once: a glance is still there.
    const claim = rig.claim(0);
    rig.keep(sources, [claim]);
    await rig.proven(claim.id, 'cam-1', 'mic-1');
    await until(async () => {
      const second = await glances.look('cam-1');
      return second !== null && second.index > first.index && isMoving(first, second) === true;
    });
    await until(() => rig.segments('cam-1').length >= 2);
    const began = performance.now();
    expect(await glances.look('no-stream-either')).toBeNull();
    expect(performance.now() - began, 'what is not there is said to be not there').toBeLessThan(2_000);
  } finally {
    glances.close();
    await recorder.close();
  }
});
