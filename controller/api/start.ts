/** Starts the API: HTTP and sockets on one port. It can fail, be closed and be started again without touching a recording. */
import type { Desk } from '../core/desk.ts';
import type { Log } from '../core/ports.ts';
import type { SegmentPull } from '../core/site-archive.ts';
import { type Listening, listen } from './listen.ts';
import { createApp } from './server.ts';
import { attachSockets } from './sockets.ts';

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

export type Api = Listening;

/** Resolves when it listens. Rejects with `port-taken`, or `bad-config` when the address is not one of this machine. */
export function startApi(options: ApiOptions): Promise<Api> {
  const { desk, log, version, host, port, panelFolder, isSecure = false, pull } = options;
  const app = createApp({ desk, log, version, panelFolder, isSecure, ...(pull === undefined ? {} : { pull }) });
  return listen(app, { host, port }, log, (http) => attachSockets({ http, desk, log }));
}
