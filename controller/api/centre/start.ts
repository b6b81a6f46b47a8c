/** Starts the centre's page: HTTP and sockets on one port, loopback unless configured. It can fail without touching what the centre takes in. */
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { CentreDesk } from '../../core/centre-desk.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { ServerToCentrePage } from '../contract-centre.ts';
import { wireError } from '../failures.ts';
import { httpApp, type PageFile } from '../http-app.ts';
import { type Listening, listen } from '../listen.ts';
import { tokenOf } from '../login-cookie.ts';
import { documentOf } from '../openapi.ts';
import { isOwnOrigin } from '../origin.ts';
import { CENTRE_ROUTES } from './routes.ts';
import { centreRegistry } from './schemas.ts';

const PAGES: readonly PageFile[] = [
  { file: 'centre.html', at: ['/', '/login', '/sites/*rest', '/commands', '/people'] },
];
const PING_MS = 10_000;
const MESSAGE_BYTES_MAX = 1_024;

export interface CentrePageOptions {
  readonly desk: CentreDesk;
  readonly log: Log;
  readonly version: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Folder of the built pages. */
  readonly panelFolder: string;
  /** True when a proxy in front serves it over TLS: cookies are Secure then. */
  readonly isSecure?: boolean;
}

/** Resolves when it listens. Rejects with `port-taken`, or `bad-config` when the address is not one of this machine. */
export function startCentrePage(options: CentrePageOptions): Promise<Listening> {
  const { desk, log, version, host, port, panelFolder, isSecure = false } = options;
  const callerOf = (cookie: string | undefined) => {
    const token = tokenOf(cookie);
    return token === null ? null : desk.door.callerOf(token);
  };
  const app = httpApp({
    ...{ desk, log, version, panelFolder, isSecure, routes: CENTRE_ROUTES, pages: PAGES },
    callerOf: ({ headers }) => callerOf(headers.cookie),
    document: documentOf(
      'Quancheng 全程, centre',
      'Every action of the centre’s page. All times are UTC milliseconds.',
      version,
      centreRegistry,
      CENTRE_ROUTES,
    ),
  });
  return listen(app, { host, port }, log, (http) => attachNews(http, desk, callerOf));
}

type Nothing = Record<string, never>;

/** Tells pages that are logged in when it is worth asking again; they ask by themselves too. */
function attachNews(
  http: HttpServer,
  desk: CentreDesk,
  callerOf: (cookie: string | undefined) => { readonly login: string } | null,
): { close(): Promise<void> } {
  const io = new Server<Nothing, ServerToCentrePage, Nothing, Nothing>(http, {
    serveClient: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    pingInterval: PING_MS,
    pingTimeout: PING_MS,
    allowRequest: (request, answer) => {
      answer(null, isOwnOrigin(request));
    },
  });
  io.use((socket, next) => {
    const caller = callerOf(socket.handshake.headers.cookie);
    if (caller === null) {
      const refusal = new AppError('not-logged-in', 'nobody is logged in');
      next(Object.assign(new Error(refusal.code), { data: wireError(refusal) }));
      return;
    }
    void socket.join(roomOf(caller.login));
    next();
  });
  const quiet = desk.onNews(() => io.volatile.emit('news'));
  desk.door.onLoginEnded((login) => {
    io.to(roomOf(login)).emit('logged-out');
    io.in(roomOf(login)).disconnectSockets(true);
  });
  return {
    close: async () => {
      quiet();
      await io.close();
    },
  };
}

function roomOf(login: string): string {
  return `login ${login}`;
}
