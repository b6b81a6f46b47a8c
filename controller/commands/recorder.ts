/** `quancheng recorder`: the data plane as its own process. */
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { memoryFor } from '../recorder/memory.ts';
import { RecorderProcess } from '../recorder/process.ts';
import { type Command, readArguments, untilAskedToStop } from './command.ts';
import { ioThreads } from './io-threads.ts';
import { processLog } from './log.ts';
import { findProgram } from './program.ts';
import { VERSION } from './version.ts';

/** Asked for by systemd's Restart= and the household: a fresh process takes up what holds. */
const EXIT_TEMPORARY = 75;

export const recorder: Command = {
  summary: 'record what the controller wishes; goes on by itself without it',
  usage: 'recorder --data FOLDER [--mirror FOLDER] [--volume ID] [--ffmpeg PROGRAM] [--memory MIB]',
  async run(args) {
    const { options } = readArguments(args, ['data', 'mirror', 'volume', 'ffmpeg', 'memory']);
    const data = options['data'] ?? process.env['QUANCHENG_DATA'];
    if (data === undefined) throw new AppError('bad-usage', 'recorder needs --data FOLDER');
    const ffmpeg = options['ffmpeg'] ?? 'ffmpeg';
    await findProgram(ffmpeg);
    const stop = untilAskedToStop();
    const mirror = options['mirror'];
    let fail: (code: number) => void = () => undefined;
    const failed = new Promise<number>((resolve) => {
      fail = resolve;
    });
    const process_ = new RecorderProcess({
      dataFolder: resolve(data),
      mirrorFolder: mirror === undefined ? null : resolve(mirror),
      volume: options['volume'] ?? null,
      ioThreads: ioThreads(),
      onFatal: () => fail(EXIT_TEMPORARY),
      ffmpeg,
      memoryBytes: memoryBytes(options['memory'] ?? process.env['QUANCHENG_MEMORY_MIB']),
      version: VERSION,
      log: processLog('recorder'),
    });
    await process_.start();
    const code = await Promise.race([stop.then(() => 0), failed]);
    await process_.close();
    return code;
  },
};

/** What media may take while the disk does not take them: as said in MiB, else a part of what this machine, or its control group, has. */
function memoryBytes(mib: string | undefined): number {
  if (mib === undefined)
    return memoryFor(Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY));
  const asked = Number(mib);
  if (!(asked > 0)) throw new AppError('bad-usage', `--memory takes a number of MiB, not ${JSON.stringify(mib)}`);
  return asked * 1024 * 1024;
}
