/** `quancheng central`: the centre, of one machine or of many sites, with the embedded broker when the configuration asks for it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startCentrePage } from '../api/centre/start.ts';
import type { Listening } from '../api/listen.ts';
import { argonPins } from '../api/pin-hasher.ts';
import { startBroker } from '../central/broker.ts';
import { Centre } from '../central/centre.ts';
import { storeOf } from '../central/open-store.ts';
import { loadCentreConfig } from '../config/load-centre.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { addressOf, brokerAddress, PANEL_FOLDER } from './address.ts';
import { intakeWishesOf, storeChoiceOf } from './centre-bytes.ts';
import { type Command, configPath, readArguments, untilAskedToStop } from './command.ts';
import { processLog } from './log.ts';
import { VERSION } from './version.ts';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

export const central: Command = {
  summary: 'the reference centre: receives segments, checks them, signs receipts',
  usage: 'central --config FILE [--administrator NAME]',
  async run(args) {
    const { options } = readArguments(args, ['config', 'administrator']);
    const path = configPath(options['config']);
    const config = loadCentreConfig(path);
    const { mqtt, centre: place } = config;
    const clock = new SystemClock();
    const log = processLog('central');
    const stop = untilAskedToStop();
    const store = await storeOf(storeChoiceOf(place), clock, log);
    const broker = mqtt.embeddedBroker === null ? null : await startBroker({ ...mqtt.embeddedBroker });
    const centre = new Centre({
      ...brokerAddress(mqtt),
      ...{ name: place.name, folder: place.folder, policies: place.policies, log },
      store,
      wishes: intakeWishesOf(place),
      siteKeys: place.sites === 'first-sight' ? { mode: 'first-sight' } : { mode: 'listed', sites: place.sites },
      workers: { count: place.workers, start: (index) => startWorker(path, index) },
      clock,
    });
    let page: Listening | null = null;
    try {
      await centre.start();
      const { listen } = place;
      const { desk, first } =
        listen === null
          ? { desk: null, first: null }
          : await centre.openDesk(argonPins, options['administrator'] ?? null);
      if (listen !== null && desk !== null)
        page = await startCentrePage({ ...listen, desk, log, version: VERSION, panelFolder: PANEL_FOLDER });
      const ready = {
        centre: place.folder,
        broker: broker?.port ?? null,
        page: listen === null || page === null ? null : addressOf(listen.host, page.port),
        secrets: first === null ? {} : { [first.name]: first.secret },
      };
      console.log(`ready ${JSON.stringify(ready)}`);
      await stop;
    } finally {
      await page?.close();
      await centre.close();
      await broker?.close();
    }
    return 0;
  },
};

function startWorker(path: string, index: number): ChildProcess {
  const args = ['central-worker', '--config', path, '--worker', String(index)];
  return fork(PROGRAM, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}
