/**
 * All commands by name. Each is loaded when it is called and not before: what the recorder never uses (web server, broker, database)
 * would cost it forty MiB, a third of a second of every start, and a longer collection of garbage as long as it runs.
 */
import type { Command } from './command.ts';

const help: Command = {
  summary: 'this text',
  usage: 'help',
  async run() {
    const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    const lines = commands.map(({ usage, summary }) => `  quancheng ${usage}\n      ${summary}`);
    console.log(`Quancheng 全程\n\n${lines.join('\n')}`);
    return 0;
  },
};

export const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  demo: async () => (await import('./demo.ts')).demo,
  start: async () => (await import('./start.ts')).start,
  recorder: async () => (await import('./recorder.ts')).recorder,
  central: async () => (await import('./central.ts')).central,
  'central-worker': async () => (await import('./central-worker.ts')).centralWorker,
  devices: async () => (await import('./devices.ts')).devices,
  doctor: async () => (await import('./doctor.ts')).doctor,
  disk: async () => (await import('./disk.ts')).disk,
  verify: async () => (await import('./verify.ts')).verify,
  reindex: async () => (await import('./reindex.ts')).reindex,
  order: async () => (await import('./order.ts')).order,
  pin: async () => (await import('./pin.ts')).pin,
  secret: async () => (await import('./pin.ts')).secret,
  help: async () => help,
};
