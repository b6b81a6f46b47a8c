/** The product's version, from package.json. */
import { readFileSync } from 'node:fs';

/** package.json lies two folders above this file's compiled form (dist/controller/commands) plus one for dist itself. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
