/** `quancheng pin`: a new PIN for a person who lost theirs. The controller is stopped meanwhile, because one process writes the journal. */
import { argonPins } from '../api/pin-hasher.ts';
import { loadConfig } from '../config/load.ts';
import { AppError } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import { Journal } from '../ledger/journal.ts';
import { layoutOf } from '../ledger/layout.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { IndexedJournal } from '../site/indexed-journal.ts';
import { People } from '../site/people.ts';
import { catchUp } from '../store/catch-up.ts';
import { openStore } from '../store/open-index.ts';
import { type Command, readArguments } from './command.ts';
import { processLog } from './log.ts';
import { configPath, lockFolder } from './start.ts';

export const pin: Command = {
  summary: 'give a person a new PIN and end their logins; stop the controller first, the recorder may go on',
  usage: 'pin PERSON --config FILE',
  async run(args) {
    const { options, words } = readArguments(args, ['config'], 1);
    const person = words[0];
    if (person === undefined) throw new AppError('bad-usage', 'pin needs the PERSON, as the configuration names them');
    const { people, storage } = loadConfig(configPath(options['config']));
    // Before anything is opened: a mistyped name leaves the data folder as it was.
    if (people.every(({ id }) => id !== person)) {
      const names = people.map(({ id }) => id).join(', ') || 'nobody';
      throw new AppError('bad-usage', `nobody in the configuration is called ${JSON.stringify(person)}; it names ${names}`);
    }
    const layout = layoutOf(storage.data);
    const log = processLog('pin');
    const clock = new SystemClock();
    const lock = await lockFolder(layout);
    try {
      await clock.refresh();
      const journal = new Journal<SiteFact>(layout.siteJournal, clock);
      await journal.open();
      try {
        const { store: index } = await openStore(layout, log);
        try {
          const indexed = new IndexedJournal({
            journal,
            index,
            catchUp: async (name) => {
              await catchUp(index, name, name === 'recorder' ? layout.recorderJournal : layout.siteJournal);
            },
            // The append itself rejects, which ends this command.
            onFatal: () => undefined,
            log,
          });
          const given = await new People({ people, index, journal: indexed, pins: argonPins, clock, log }).newPin(person);
          console.log(`new PIN of ${given.name} (${given.person}), shown this once: ${given.pin}`);
        } finally {
          index.close();
        }
      } finally {
        await journal.close();
      }
    } finally {
      await lock.release();
    }
    return 0;
  },
};
