/** `quancheng recorder`: the data plane as its own process. */
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { RecorderProcess } from '../recorder/process.ts';
import { type Command, readArguments, untilAskedToStop } from './command.ts';
import { processLog } from './log.ts';
import { findProgram } from './program.ts';
import { VERSION } from './version.ts';

export const recorder: Command = {
  summary: 'record what the controller wishes; goes on by itself without it',
  usage: 'recorder --data FOLDER [--ffmpeg PROGRAM]',
  async run(args) {
    const { options } = readArguments(args, ['data', 'ffmpeg']);
    const data = options['data'] ?? process.env['QUANCHENG_DATA'];
    if (data === undefined) throw new AppError('bad-usage', 'recorder needs --data FOLDER');
    const ffmpeg = options['ffmpeg'] ?? 'ffmpeg';
    await findProgram(ffmpeg);
    const stop = untilAskedToStop();
    const process_ = new RecorderProcess({
      dataFolder: resolve(data),
      ffmpeg,
      version: VERSION,
      log: processLog('recorder'),
    });
    await process_.start();
    await stop;
    await process_.close();
    return 0;
  },
};
