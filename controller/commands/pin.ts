/** `quancheng pin`: a new PIN for somebody who lost theirs. The controller must not be running: a journal has one writer. */
import { existsSync } from 'node:fs';
import { argonPins } from '../api/pin-hasher.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { AppError } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import { Journal } from '../ledger/journal.ts';
import { layoutOf } from '../ledger/layout.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { IndexedJournal } from '../site/indexed-journal.ts';
import { type FirstPin, People } from '../site/people.ts';
import { catchUp } from '../store/catch-up.ts';
import { openStore } from '../store/open-index.ts';
import type { Store } from '../store/store.ts';
import { type Command, readArguments } from './command.ts';
import { processLog } from './log.ts';
import { layoutNow, lockRoots, openDisks, rootsOf } from './site-disks.ts';
import { configPath } from './start.ts';

export const pin: Command = {
  summary: 'give a person a new PIN and end their logins; stop the controller first, the recorder may go on',
  usage: 'pin PERSON --config FILE',
  async run(args) {
    const { options, words } = readArguments(args, ['config'], 1);
    const person = words[0];
    if (person === undefined) throw new AppError('bad-usage', 'pin needs the PERSON, by the id in the configuration');
    const config = loadConfig(configPath(options['config']));
    // Both are said before anything is opened, so that a slip of the pen leaves the data folder as it was.
    refuseStranger(config, person);
    refuseEmptyFolder(config);
    const lock = await lockRoots(config);
    try {
      const given = await giveNewPin(config, person, processLog('pin'));
      console.log(`new PIN of ${given.name} (${given.person}), shown this once: ${given.pin}`);
    } finally {
      await lock.release();
    }
    return 0;
  },
};

function refuseStranger({ people }: Config, person: string): void {
  if (people.some(({ id }) => id === person)) return;
  const known = people.map(({ id }) => id).join(', ');
  throw new AppError('bad-usage', `nobody in the configuration has the id ${JSON.stringify(person)}; it has ${known}`);
}

/** A folder made here would belong to whoever runs this command and not to the service. */
function refuseEmptyFolder(config: Config): void {
  if (rootsOf(config).some((root) => existsSync(layoutOf(root).siteJournal))) return;
  throw new AppError(
    'bad-usage',
    `nothing was started on ${config.storage.data} yet; the first start gives everybody a PIN`,
  );
}

/** The part of the controller that knows people: journal, index, PINs. Everything is closed again when it resolves. */
async function giveNewPin(config: Config, person: string, log: Log): Promise<FirstPin> {
  const clock = new SystemClock();
  await clock.refresh();
  const disks = await openDisks(config, clock, log);
  const journal = new Journal<SiteFact>(
    disks.journalPlaces(({ layout }) => layout.siteJournal, true),
    clock,
  );
  let index: Store | null = null;
  try {
    await journal.open();
    const layout = await layoutNow(disks);
    const { store } = await openStore(layout, log);
    index = store;
    const indexed = new IndexedJournal({
      journal,
      index: store,
      catchUp: async () => {
        await catchUp(store, 'site', layout.siteJournal);
      },
      // The append that met it rejects too, and that ends this command.
      onFatal: () => undefined,
      log,
    });
    const people = new People({ people: config.people, index: store, journal: indexed, pins: argonPins, clock, log });
    return await people.newPin(person);
  } finally {
    index?.close();
    await journal.close();
    disks.close();
  }
}
