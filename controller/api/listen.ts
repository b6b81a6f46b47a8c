/** A server on one port: HTTP and sockets together, listening once it says so, closed within a limit. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

/** Answers under way get this long at closing. */
const CLOSE_LIMIT_MS = 2_000;

export interface Listening {
  /** The port that it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Resolves when it listens; `port` 0 is any free one. `attach` puts sockets on the server. Rejects with `port-taken`, or `bad-config`
 * when the address is not one of this machine.
 */
export async function listen(
  app: RequestListener,
  at: { readonly host: string; readonly port: number },
  log: Log,
  attach: (http: Server) => { close(): Promise<void> },
): Promise<Listening> {
  const { host, port } = at;
  const http = createServer(app);
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => reject(listenError(error, host, port)));
    http.listen({ host, port, exclusive: true }, resolve);
  });
  http.removeAllListeners('error');
  http.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'));
  const sockets = attach(http);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const isClosed = sockets.close();
    http.closeIdleConnections();
    await Promise.race([isClosed, delay(CLOSE_LIMIT_MS, undefined, { ref: false })]);
    http.closeAllConnections();
    await isClosed;
  };
  return {
    port: (http.address() as AddressInfo).port,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function listenError(error: Error, host: string, port: number): AppError {
  if (errnoOf(error) === 'EADDRINUSE') {
    return new AppError('port-taken', `port ${port} on ${host} is taken by another program`, { cause: error });
  }
  if (errnoOf(error) === 'EACCES') {
    return new AppError('port-taken', `port ${port} on ${host} may not be used by this user`, { cause: error });
  }
  return new AppError('bad-config', `cannot listen on ${host} port ${port}: ${sentenceOf(error)}`, { cause: error });
}
