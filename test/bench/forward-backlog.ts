/** Whether the forwarder's memory depends on how much waits: its peak while backlogs of different sizes drain over a slow line. */
import { table } from './figures.ts';
import { startBroker, startCentre, startSite } from './forward-line.ts';
import { backlogOf, makeFiles, segmentsIn } from './forward-load.ts';
import { forgetPeak, peakBytes } from './processes.ts';
import { pause, type Scene } from './scene.ts';

const BYTES_PER_S = 8e6;
const MIB = 1024 * 1024;
export const RSS_MIB_MAX = 200;

export interface Grown {
  /** Peak at the largest backlog less peak at the smallest, in MiB. */
  readonly rssGrowthMiB: number;
  /** The highest peak of all. */
  readonly rssMiB: number;
}

/** Each backlog drains for as long; its segments are names of one file, so that it costs no disk. */
export async function backlog(scene: Scene): Promise<Grown> {
  const { backlogGib, seconds } = scene.options;
  const [file] = await makeFiles(scene, 1);
  if (file === undefined) throw new Error('no file was made');
  const peaks: number[] = [];
  for (const gib of backlogGib) {
    await scene.part(async (part) => {
      const data = await backlogOf(part, Array(segmentsIn(part, gib)).fill(file));
      const broker = await startBroker(part);
      const { keys } = await startCentre(part, broker);
      const site = await startSite(part, broker, { data, keys, bytesPerS: BYTES_PER_S });
      await forgetPeak(site.pid);
      site.ask({ begin: true });
      await site.until('connected');
      await pause(seconds * 1_000);
      peaks.push((await peakBytes(site.pid)) / MIB);
    });
  }
  scene.say(`forwarder at ${BYTES_PER_S / 1e6} MB/s for ${seconds} s`);
  const rows = backlogGib.map((gib, at) => [`${gib} GiB of backlog`, Math.round(peaks[at] ?? Number.NaN)]);
  for (const line of table([['', 'peak RSS MiB'], ...rows])) scene.say(line);
  return { rssGrowthMiB: (peaks.at(-1) ?? Number.NaN) - (peaks[0] ?? Number.NaN), rssMiB: Math.max(...peaks) };
}
