/** Starts the API: HTTP and sockets on one port. It can fail, be closed and be started again without touching a recording. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Desk } from '../core/desk.ts';
import { AppError, errnoOf, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { SegmentPull } from '../core/site-archive.ts';
import { createApp } from './server.ts';
import { attachSockets } from './sockets.ts';

/** Answers under way get this long at closing. */
const CLOSE_LIMIT_MS = 2_000;

export interface ApiOptions {
  readonly desk: Desk;
  readonly log: Log;
  readonly version: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Folder of the built panel. */
  readonly panelFolder: string;
  /** True when a proxy in front serves it over TLS: cookies are Secure then. */
  readonly isSecure?: boolean;
  /** Files that the centre may fetch; absent where it cannot reach this site. */
  readonly pull?: SegmentPull;
}

export interface Api {
  /** The port that it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/** Resolves when it listens. Rejects with `port-taken`, or `bad-config` when the address is not one of this machine. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { desk, log, version, host, port, panelFolder, isSecure = false, pull } = options;
  const http = createServer(
    createApp({ desk, log, version, panelFolder, isSecure, ...(pull === undefined ? {} : { pull }) }),
  );
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => reject(listenError(error, host, port)));
    http.listen({ host, port, exclusive: true }, resolve);
  });
  http.removeAllListeners('error');
  http.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'));
  const sockets = attachSockets({ http, desk, log });
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
