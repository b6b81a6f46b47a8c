#!/usr/bin/env node
import { COMMANDS } from './commands/index.ts';
/**
 * The command line and composition root: the only place that knows every room of the house and puts adapters behind ports.
 * Each command lies in a file of its own under commands/.
 */
import { AppError, sentenceOf } from './core/errors.ts';

/** Something a person can put right (configuration, port, folder, missing program). */
const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

const [name = 'help', ...rest] = process.argv.slice(2);
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
try {
  if (load === undefined) throw new AppError('bad-usage', `there is no command ${JSON.stringify(name)}`);
  process.exitCode = await (await load()).run(rest);
} catch (error) {
  process.exitCode = explain(error);
}

/** One sentence of what happened and one of what to do; a stack only for what nobody foresaw. */
function explain(error: unknown): number {
  if (!(error instanceof AppError)) {
    console.error(error instanceof Error ? error.stack : sentenceOf(error));
    return EXIT_FAILED;
  }
  console.error(`quancheng: ${error.message}`);
  for (const { field, message } of error.fields) console.error(`  ${field}: ${message}`);
  console.error(`  → ${error.hint} [${error.code}]`);
  return error.kind === 'internal' ? EXIT_FAILED : EXIT_USAGE;
}
