/** `quancheng reindex`: builds the index anew from the journals. */
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { FolderLock } from '../ledger/lock.ts';
import { reindex as rebuild } from '../store/open-index.ts';
import { type Command, readArguments } from './command.ts';
import { processLog } from './log.ts';

export const reindex: Command = {
  summary: 'rebuild the index from the journals; stop the controller first, the recorder may go on',
  usage: 'reindex FOLDER',
  async run(args) {
    const { words } = readArguments(args, [], 1);
    const folder = words[0] ?? process.env['QUANCHENG_DATA'];
    if (folder === undefined) throw new AppError('bad-usage', 'reindex needs the data FOLDER');
    const lock = await FolderLock.take(resolve(folder), 'controller', 'controller-already-runs');
    try {
      const { applied, faults } = await rebuild(resolve(folder), processLog('reindex'));
      for (const fault of faults) console.log(`FAULT  ${fault.journal} journal: ${fault.message}`);
      console.log(`the index was rebuilt from ${applied} journal entries`);
      return faults.length === 0 ? 0 : 1;
    } finally {
      await lock.release();
    }
  },
};
