/** `quancheng central-worker`: receives bytes for a part of the sites of `quancheng central`, which starts it and ends it. */
import { join } from 'node:path';
import { incomingFolderOf } from '../central/folders.ts';
import { storeOf } from '../central/open-store.ts';
import { PART_LIMITS } from '../central/parts.ts';
import { Worker } from '../central/worker.ts';
import type { ToWorker } from '../central/worker-messages.ts';
import { loadCentreConfig } from '../config/load-centre.ts';
import { AppError } from '../core/errors.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { brokerAddress } from './address.ts';
import { storeChoiceOf } from './centre-bytes.ts';
import { type Command, configPath, readArguments } from './command.ts';
import { processLog } from './log.ts';

export const centralWorker: Command = {
  summary: 'started by central: receives bytes for a part of its sites',
  usage: 'central-worker --config FILE --worker NUMBER',
  async run(args) {
    const { options } = readArguments(args, ['config', 'worker']);
    const number = options['worker'];
    if (process.send === undefined || number === undefined || !/^\d{1,3}$/.test(number))
      throw new AppError('bad-usage', 'a worker is started by quancheng central');
    const config = loadCentreConfig(configPath(options['config']));
    const clock = new SystemClock();
    const log = processLog(`central-worker-${number}`);
    const { centre, mqtt } = config;
    const worker = new Worker({
      address: brokerAddress(mqtt),
      clientId: `centre-worker-${number}-${process.pid}`,
      incoming: join(incomingFolderOf(centre.folder), number),
      store: await storeOf(storeChoiceOf(centre), clock, log),
      limits: PART_LIMITS,
      // A centre that is going hears nothing more.
      say: (message) => process.send?.(message, undefined, undefined, () => undefined),
      clock,
      log,
    });
    // A terminal asks the whole group; the centre says when its workers end.
    process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
    const ended = new Promise<void>((resolve) => {
      process.on('disconnect', resolve);
      process.on('message', (message: ToWorker) => {
        if (message.type === 'ends') resolve();
        else
          worker
            .hear(message)
            .catch((error: unknown) => log.warn({ err: error }, 'a word of the centre was not taken'));
      });
    });
    await worker.start();
    await ended;
    await worker.close();
    if (process.connected) process.disconnect();
    return 0;
  },
};
