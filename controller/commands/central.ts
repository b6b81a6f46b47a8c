/** `quancheng central`: the reference centre of a one-machine site, with the embedded broker when the configuration asks for it. */

import { startCentrePage } from '../api/centre/start.ts';
import type { Listening } from '../api/listen.ts';
import { argonPins } from '../api/pin-hasher.ts';
import { startBroker } from '../central/broker.ts';
import { Centre } from '../central/centre.ts';
import { storeOf } from '../central/open-store.ts';
import { loadConfig } from '../config/load.ts';
import { AppError } from '../core/errors.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { addressOf, PANEL_FOLDER } from './address.ts';
import { intakeWishesOf, storeChoiceOf } from './centre-bytes.ts';
import { type Command, readArguments, untilAskedToStop } from './command.ts';
import { processLog } from './log.ts';
import { configPath } from './start.ts';
import { VERSION } from './version.ts';

export const central: Command = {
  summary: 'the reference centre: receives segments, checks them, signs receipts',
  usage: 'central --config FILE',
  async run(args) {
    const { options } = readArguments(args, ['config']);
    const config = loadConfig(configPath(options['config']));
    const { mqtt, centre: place } = config;
    if (mqtt === null || place === null)
      throw new AppError(
        'bad-config',
        'a centre on this machine needs mqtt and centre.folder in the site configuration',
      );
    const log = processLog('central');
    const stop = untilAskedToStop();
    const broker = mqtt.embeddedBroker === null ? null : await startBroker({ ...mqtt.embeddedBroker });
    const clock = new SystemClock();
    const centre = new Centre({
      store: await storeOf(storeChoiceOf(place), clock, log),
      wishes: intakeWishesOf(place),
      url: mqtt.url,
      ...(mqtt.login === null ? {} : { username: mqtt.login.user, password: mqtt.login.password }),
      folder: place.folder,
      siteKeys: { mode: 'first-sight' },
      policies: place.policies,
      clock,
      log,
    });
    let page: Listening | null = null;
    try {
      await centre.start();
      const { listen } = place;
      const { desk, first } = listen === null ? { desk: null, first: null } : await centre.openDesk(argonPins);
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
