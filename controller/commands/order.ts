/** `quancheng order`: as the reference centre of this machine, plan, change or cancel a hearing of the site. */
import { readFileSync } from 'node:fs';
import { sendOrder } from '../central/order-desk.ts';
import { loadConfig } from '../config/load.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { SystemClock } from '../ledger/system-clock.ts';
import { type Command, configPath, readArguments } from './command.ts';

const EXIT_NOT_DONE = 1;

export const order: Command = {
  summary:
    'plan, change or cancel a hearing by an order of the centre on this machine: a JSON file with type and docket',
  usage: 'order --config FILE ORDER.json',
  async run(args) {
    const { options, words } = readArguments(args, ['config'], 1);
    const config = loadConfig(configPath(options['config']));
    const { mqtt, centre } = config;
    if (words[0] === undefined) throw new AppError('bad-usage', 'order needs the file of the order');
    if (mqtt === null || centre === null) {
      throw new AppError(
        'bad-config',
        'orders are signed by a centre on this machine: mqtt and centre.folder are needed',
      );
    }
    const answer = await sendOrder({
      ...readLetter(words[0]),
      url: mqtt.url,
      ...(mqtt.login === null ? {} : { username: mqtt.login.user, password: mqtt.login.password }),
      folder: centre.folder,
      site: config.site.id,
      clock: new SystemClock(),
    });
    console.log(JSON.stringify(answer));
    return answer.status === 'successful' ? 0 : EXIT_NOT_DONE;
  },
};

/** `{"type":"docket.create","docket":{…}}`, and the `id` of an order that is sent again. Throws `bad-usage`. */
function readLetter(path: string): { readonly id?: string; readonly type: string; readonly docket: object } {
  let letter: { id?: unknown; type?: unknown; docket?: unknown } | null;
  try {
    letter = JSON.parse(readFileSync(path, 'utf8')) as typeof letter;
  } catch (error) {
    throw new AppError('bad-usage', `${path} cannot be read: ${sentenceOf(error)}`, { cause: error });
  }
  const { id, type, docket } = letter ?? {};
  if (typeof type !== 'string' || typeof docket !== 'object' || docket === null) {
    throw new AppError('bad-usage', `${path} needs type (docket.create, docket.amend, docket.cancel) and docket`);
  }
  return { type, docket, ...(typeof id === 'string' ? { id } : {}) };
}
