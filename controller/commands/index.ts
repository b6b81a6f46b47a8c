/** All commands by name. */
import { central } from './central.ts';
import type { Command } from './command.ts';
import { demo } from './demo.ts';
import { devices } from './devices.ts';
import { doctor } from './doctor.ts';
import { order } from './order.ts';
import { pin, secret } from './pin.ts';
import { recorder } from './recorder.ts';
import { reindex } from './reindex.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';

const help: Command = {
  summary: 'this text',
  usage: 'help',
  run() {
    const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  quancheng ${usage}\n      ${summary}`);
    console.log(`Quancheng 全程\n\n${lines.join('\n')}`);
    return Promise.resolve(0);
  },
};

export const COMMANDS: { readonly [name: string]: Command } = {
  demo,
  start,
  recorder,
  central,
  devices,
  doctor,
  verify,
  reindex,
  order,
  pin,
  secret,
  help,
};
