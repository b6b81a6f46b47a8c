/** `quancheng devices`: virtual cameras and microphones in a process of their own, for the demonstration and for trying things. */
import { runVirtualSite } from '../../devices/virtual/process.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { type Command, readArguments } from './command.ts';

export const devices: Command = {
  summary: 'virtual cameras and microphones (devices/virtual/README.md)',
  usage: 'devices --spec FILE [--control SOCKET]',
  async run(args) {
    const { options } = readArguments(args, ['spec', 'control']);
    if (options['spec'] === undefined) throw new AppError('bad-usage', 'devices needs --spec FILE');
    try {
      await runVirtualSite(options['spec'], options['control']);
    } catch (error) {
      throw new AppError('bad-config', `the virtual devices cannot start: ${sentenceOf(error)}`, { cause: error });
    }
    return 0;
  },
};
