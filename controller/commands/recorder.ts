/** `quancheng recorder`: the data plane as its own process. */
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
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
  usage: 'recorder --data FOLDER [--mirror FOLDER] [--volume ID] [--ffmpeg PROGRAM]',
  async run(args) {
    const { options } = readArguments(args, ['data', 'mirror', 'volume', 'ffmpeg']);
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
      version: VERSION,
      log: processLog('recorder'),
    });
    await process_.start();
    const code = await Promise.race([stop.then(() => 0), failed]);
    await process_.close();
    return code;
  },
};
