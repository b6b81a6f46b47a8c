/** All commands by name. */
import type { Command } from './command.ts';
import { recorder } from './recorder.ts';

const help: Command = {
  summary: 'this text',
  usage: 'help',
  run() {
    const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  quancheng ${usage}\n      ${summary}`);
    console.log(`Quancheng 全程\n\n${lines.join('\n')}`);
    return Promise.resolve(0);
  },
};

export const COMMANDS: { readonly [name: string]: Command } = { recorder, help };
