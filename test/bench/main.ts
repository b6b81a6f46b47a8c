/** Chooses the benchmark and reads its options; the last line on standard output is one JSON object. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FORWARD_PARTS, forward } from './forward.ts';
import { record } from './record.ts';
import { recover } from './recover.ts';
import { type BenchOptions, DEFAULT_FOLDER, Scene } from './scene.ts';
import { start } from './start.ts';

const BENCHES: { readonly [name: string]: (scene: Scene) => Promise<object> } = { record, start, recover, forward };
const USAGE = `usage: bench record  [--seconds 60] [--streams 1,4,16,32]
       bench start   [--presses 100] [--cold 20]
       bench recover [--times 5]
       bench forward [--gib 2] [--rounds 3] [--backlog 1,8] [--seconds 60] [--receipts 200] [--parts ${FORWARD_PARTS.join(',')}]
all:   [--folder DIR] where to record, [--tiny] small pictures, to see that it works;\n       [--node-flags="FLAGS"] for the recorder, to try or profile something`;

/** Runs one benchmark. Answers the exit code: 0 it ran (whatever it found), 2 wrong usage. */
export async function main(program: string, args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const bench = BENCHES[name];
  const options = bench === undefined ? null : readOptions(rest);
  if (bench === undefined || options === null) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  await mkdir(options.folder, { recursive: true });
  const scene = new Scene(program, options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void scene.end().finally(() => process.exit(130)));
  }
  try {
    const result = await bench(scene);
    scene.say(JSON.stringify(result));
    return 0;
  } finally {
    await scene.end();
  }
}

function readOptions(args: readonly string[]): BenchOptions | null {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: text,
        streams: text,
        presses: text,
        cold: text,
        times: text,
        gib: text,
        rounds: text,
        backlog: text,
        receipts: text,
        parts: text,
        folder: text,
        'node-flags': text,
        tiny: { type: 'boolean' },
      },
    });
    const options: BenchOptions = {
      seconds: Number(values.seconds ?? 60),
      streams: (values.streams ?? '1,4,16,32').split(',').map(Number),
      presses: Number(values.presses ?? 100),
      cold: Number(values.cold ?? 20),
      times: Number(values.times ?? 5),
      gib: Number(values.gib ?? 2),
      rounds: Number(values.rounds ?? 3),
      backlogGib: (values.backlog ?? '1,8').split(',').map(Number),
      receipts: Number(values.receipts ?? 200),
      parts: (values.parts ?? FORWARD_PARTS.join(',')).split(','),
      folder: resolve(values.folder ?? DEFAULT_FOLDER),
      tiny: values.tiny ?? false,
      nodeFlags: (values['node-flags'] ?? '').split(' ').filter((flag) => flag !== ''),
    };
    const whole = [...options.streams, options.presses, options.times, options.rounds, options.receipts];
    const positive = [...whole, options.seconds, options.gib, ...options.backlogGib];
    const isKnown = (part: string) => FORWARD_PARTS.some((known) => known === part);
    if (positive.every((one) => one > 0) && whole.every(Number.isInteger) && options.parts.every(isKnown))
      return options;
    process.stderr.write('a number is missing or is not one, or there is no such part\n');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
  }
  return null;
}
