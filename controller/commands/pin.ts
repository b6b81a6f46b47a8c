/** `quancheng pin` and `secret`: a new one for somebody who lost theirs. The controller must not be running: a journal has one writer. */
import { existsSync } from 'node:fs';
import { argonPins } from '../api/pin-hasher.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { AppError } from '../core/errors.ts';
import type { SiteFact } from '../core/facts.ts';
import type { Log } from '../core/ports.ts';
import { personKey, TryBook } from '../core/try-book.ts';
import { Journal } from '../ledger/journal.ts';
import { layoutOf } from '../ledger/layout.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { IndexedJournal } from '../site/indexed-journal.ts';
import { Logins } from '../site/logins.ts';
import { People, THE_SITE } from '../site/people.ts';
import { catchUp } from '../store/catch-up.ts';
import { openStore } from '../store/open-index.ts';
import type { Store } from '../store/store.ts';
import { type Command, configPath, readArguments } from './command.ts';
import { processLog } from './log.ts';
import { layoutNow, lockRoots, openDisks, rootsOf } from './site-disks.ts';

export const pin: Command = {
  summary: 'give a person a new PIN and end their logins; stop the controller first, the recorder may go on',
  usage: 'pin PERSON --config FILE',
  run: (args) => give(args, 'pin'),
};

export const secret: Command = {
  summary: 'give a person a new secret, for any browser, and end their logins; stop the controller first',
  usage: 'secret PERSON --config FILE',
  run: (args) => give(args, 'secret'),
};

async function give(args: readonly string[], what: 'pin' | 'secret'): Promise<number> {
  const { options, words } = readArguments(args, ['config'], 1);
  const id = words[0];
  if (id === undefined) throw new AppError('bad-usage', `${what} needs the PERSON, by the id in the configuration`);
  const config = loadConfig(configPath(options['config']));
  // Both are said before anything is opened, so that a slip of the pen leaves the data folder as it was.
  const name = nameOf(config, id);
  refuseEmptyFolder(config);
  const lock = await lockRoots(config);
  try {
    const given = await giveNew(config, id, what, processLog(what));
    console.log(`new ${what === 'pin' ? 'PIN' : 'secret'} of ${name} (${id}), shown this once: ${given}`);
  } finally {
    await lock.release();
  }
  return 0;
}

/** The name of somebody in the configuration. Throws `bad-usage` for anybody else. */
function nameOf({ people }: Config, id: string): string {
  const found = people.find((person) => person.id === id);
  if (found !== undefined) return found.name;
  const known = people.map((person) => person.id).join(', ');
  throw new AppError('bad-usage', `nobody in the configuration has the id ${JSON.stringify(id)}; it has ${known}`);
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
async function giveNew(config: Config, person: string, what: 'pin' | 'secret', log: Log): Promise<string> {
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
    const people = new People({ people: config.people, index: store.people, journal: indexed, pins: argonPins });
    const given = what === 'pin' ? await people.givePin(person) : await people.giveSecret(person, THE_SITE);
    new Logins(store.people, clock, config.people).endWhere((login) => login.person === person);
    const tries = new TryBook(store.people, clock, log);
    tries.start();
    tries.clear(personKey(person));
    return given;
  } finally {
    index?.close();
    await journal.close();
    disks.close();
  }
}
