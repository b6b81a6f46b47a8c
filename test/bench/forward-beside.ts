/** Whether a drain at full speed costs a recording beside it anything: four cameras, every frame looked for. */
import { readFrames } from '../oracle/frames.ts';
import { Cameras } from './cameras.ts';
import { startBroker, startCentre, startSite } from './forward-line.ts';
import { backlogOf, makeFiles, segmentsIn } from './forward-load.ts';
import { countFrames } from './frame-count.ts';
import { RecorderUnderTest } from './recorder-process.ts';
import type { Scene } from './scene.ts';

const CAMERAS = 4;
const PRE_ROLL_MS = 2_000;
const DRAIN_MS_MAX = 1_800_000;

/** Answers the frames that are missing. */
export async function beside(scene: Scene): Promise<number> {
  const files = await makeFiles(scene, segmentsIn(scene, scene.options.gib));
  const data = await backlogOf(scene, [...files, ...files]);
  const broker = await startBroker(scene);
  const { keys } = await startCentre(scene, broker);
  const site = await startSite(scene, broker, { data, keys });
  const cameras = await Cameras.start(scene, CAMERAS);
  const { ids } = cameras;
  const sources = cameras.sources();
  const recorder = await RecorderUnderTest.start(scene);
  recorder.arm(sources, PRE_ROLL_MS);
  await recorder.when((status) => ids.every((id) => (status.streams[id]?.ringMs ?? 0) >= PRE_ROLL_MS));
  const claim = recorder.claim(PRE_ROLL_MS / 2);
  recorder.keep(sources, claim, PRE_ROLL_MS);
  await recorder.proven(claim.id, ids);
  const began = performance.now();
  site.ask({ begin: true });
  await site.until('empty', DRAIN_MS_MAX);
  const seconds = (performance.now() - began) / 1_000;
  const to = await recorder.endClaim(sources, claim, PRE_ROLL_MS);
  await recorder.stop();
  let [sent, kept, doubled] = [0, 0, 0];
  for (const id of ids) {
    const frames = await readFrames(recorder.segments(id).map((segment) => recorder.path(segment)));
    const told = await countFrames(cameras, id, frames, { from: claim.from.wallMs, to: to.wallMs });
    sent += told.sent;
    kept += told.kept;
    doubled += told.doubled;
  }
  const gaps = recorder.facts.filter(({ type }) => type === 'gap').length;
  const bytes = 2 * files.reduce((sum, file) => sum + file.bytes, 0);
  scene.say(
    `recording ${CAMERAS} cameras beside a drain of ${(bytes / 1e9).toFixed(1)} GB in ${seconds.toFixed(1)} s (${(bytes / 1e6 / seconds).toFixed(1)} MB/s):`,
  );
  scene.say(`  ${sent} frames sent, ${kept} on disk, ${doubled} twice, ${gaps} gaps in the ledger`);
  return sent - kept;
}
