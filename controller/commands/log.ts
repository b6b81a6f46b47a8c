/** Logs as lines of JSON on standard error, by pino; what looks like a login in an address is taken out of every line. */
import pino from 'pino';
import type { Log } from '../core/ports.ts';

/** The log of one process; `QUANCHENG_LOG` sets the level (`debug`, `info`, `warn`, `error`, `silent`). */
export function processLog(name: string): Log {
  return pino(
    {
      name,
      level: process.env['QUANCHENG_LOG'] ?? 'info',
      redact: {
        paths: [
          'password',
          '*.password',
          'pin',
          '*.pin',
          'login',
          '*.login',
          'headers.cookie',
          'headers.authorization',
        ],
        censor: '•••',
      },
      hooks: { streamWrite: (line) => line.replace(/(\w+:\/\/)[^/@\s"']+@/g, '$1') },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
