/** What a command of the command line is. */
import { parseArgs } from 'node:util';
import { AppError, sentenceOf } from '../core/errors.ts';

export interface Command {
  /** One line for `quancheng help`. */
  readonly summary: string;
  /** How it is called, without the program's name. */
  readonly usage: string;
  /** Runs it; resolves with the exit code. */
  run(args: readonly string[]): Promise<number>;
}

export type Options = { readonly [name: string]: string | undefined };

/** Reads `--name value` options and at most `positionals` words. Throws `bad-usage` for anything else. */
export function readArguments(
  args: readonly string[],
  names: readonly string[],
  positionals = 0,
): { readonly options: Options; readonly words: readonly string[] } {
  try {
    const { values, positionals: words } = parseArgs({
      args: [...args],
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      allowPositionals: positionals > 0,
      strict: true,
    });
    if (words.length > positionals) throw new Error(`${words[positionals]} is one word too many`);
    return { options: values as Options, words };
  } catch (error) {
    throw new AppError('bad-usage', sentenceOf(error), { cause: error });
  }
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilAskedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', ask).on('SIGTERM', ask);
  });
}

/** The named file, `QUANCHENG_CONFIG`, or a usage error. */
export function configPath(named: string | undefined): string {
  const path = named ?? process.env['QUANCHENG_CONFIG'];
  if (path === undefined || path === '')
    throw new AppError('bad-usage', 'name the site configuration with --config FILE');
  return path;
}
