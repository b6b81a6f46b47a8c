/** Where the one-machine default lives when nobody says otherwise. */
import { resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { DEFAULT_PORT } from './schema.ts';

const PORT_MAX = 65_535;

/**
 * Where the one-machine default lives: `QUANCHENG_DATA` (a folder, against the working folder when relative) and
 * `QUANCHENG_PORT`, or `data` in the working folder and the usual port. Throws `bad-config` for a port that is none.
 */
export function demoPlaceOf(
  env: { readonly QUANCHENG_DATA?: string | undefined; readonly QUANCHENG_PORT?: string | undefined },
  workingFolder: string,
): { readonly data: string; readonly port: number } {
  const asked = env.QUANCHENG_PORT;
  const port = asked === undefined || asked === '' ? DEFAULT_PORT : Number(asked);
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX) {
    const message = `must be a port from 1 to ${PORT_MAX} (value: "${asked}")`;
    throw new AppError('bad-config', `QUANCHENG_PORT ${message}`, { fields: [{ field: 'QUANCHENG_PORT', message }] });
  }
  const data = env.QUANCHENG_DATA;
  return { data: resolve(workingFolder, data === undefined || data === '' ? 'data' : data), port };
}
