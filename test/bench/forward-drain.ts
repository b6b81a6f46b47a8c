/** How fast a backlog reaches the centre and what each process spends on it, beside its rivals on the same files in the same hour. */
import { median, table } from './figures.ts';
import {
  BARE_HTTP,
  BARE_MQTT,
  COPY_AND_HASH,
  type Contender,
  OURS,
  ROUTE_C,
  ROUTE_D,
  type Turn,
} from './forward-contenders.ts';
import { makeFiles, segmentsIn } from './forward-load.ts';
import type { Scene } from './scene.ts';

const CONTENDERS: readonly Contender[] = [OURS, BARE_MQTT, ROUTE_C, BARE_HTTP, ROUTE_D, COPY_AND_HASH];
const MB = 1e6;
const MIB = 1024 * 1024;

export interface Drained {
  /** Route B over bare MQTT, of medians of MB/s. */
  readonly ratioMqtt: number;
  /** The slower one of C and D over bare HTTP. */
  readonly ratioHttp: number;
}

export async function drain(scene: Scene): Promise<Drained> {
  const { gib, rounds } = scene.options;
  const files = await makeFiles(scene, segmentsIn(scene, gib));
  scene.say(`${files.length} segments of ${(files[0]?.bytes ?? 0) / MB} MB, ${rounds} rounds`);
  const turns: Turn[] = [];
  for (let round = 0; round < rounds; round++) {
    // Every other round the other way round, so that whoever comes first is not always the same.
    for (const contender of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
      const turn = await scene.part((part) => contender.run(part, files));
      turns.push(turn);
      scene.say(`  ${round + 1}. ${contender.name}: ${speed(turn).toFixed(1)} MB/s`);
    }
  }
  scene.say();
  const rows = CONTENDERS.flatMap(({ name }) => rowsOf(turns.filter(({ contender }) => contender === name)));
  for (const line of table([['', 'MB/s', 'slowest', 'fastest', 'CPU s/GB', 'peak RSS MiB'], ...rows])) scene.say(line);
  const [ours, mqtt, c, d, http] = [OURS, BARE_MQTT, ROUTE_C, ROUTE_D, BARE_HTTP].map(({ name }) =>
    median(turns.filter(({ contender }) => contender === name).map(speed)),
  ) as [number, number, number, number, number];
  return { ratioMqtt: ours / mqtt, ratioHttp: Math.min(c, d) / http };
}

function speed({ bytes, seconds }: Turn): number {
  return bytes / MB / seconds;
}

/** One row for the contender and one for each of its processes, medians over the rounds. */
function rowsOf(turns: readonly Turn[]): (string | number)[][] {
  const [first] = turns;
  if (first === undefined) return [];
  const speeds = turns.map(speed);
  const gigabytes = first.bytes / 1e9;
  const spent = first.processes.map(({ name }, at) => [
    `  ${name}`,
    ...['', '', ''],
    median(turns.map(({ processes }) => (processes[at]?.cpuS ?? Number.NaN) / gigabytes)),
    Math.round(median(turns.map(({ processes }) => processes[at]?.peakBytes ?? Number.NaN)) / MIB),
  ]);
  const all = median(turns.map(({ processes }) => processes.reduce((sum, { cpuS }) => sum + cpuS, 0))) / gigabytes;
  return [[first.contender, median(speeds), Math.min(...speeds), Math.max(...speeds), all, ''], ...spent];
}
