/**
 * The live side: whole rooms to panels that are logged in, whole signs to doors that are not. Nothing is done over it; presses are
 * REST. A client that was away asks again and gets everything at once, so nothing is recovered and nothing queued.
 */
import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { Caller, Desk } from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { ErrorBody, PanelToServer, ServerToPanel, ServerToSign, SignToServer } from './contract.ts';
import type { ServerToDisplay } from './contract-display.ts';
import { errorOf, wireError } from './failures.ts';
import { panelTokenOf, tokenOf } from './login-cookie.ts';
import { isOwnOrigin } from './origin.ts';
import { checked } from './route.ts';
import { shortId } from './schemas.ts';
import { roomView, signView } from './wire.ts';
import { displayView } from './wire-display.ts';

/** What a client may send at once: the id of a room. */
const MESSAGE_BYTES_MAX = 4_096;
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 10_000;

interface SocketData {
  caller?: Caller;
}
type Nothing = Record<string, never>;
type PanelSocket = Socket<PanelToServer, ServerToPanel, Nothing, SocketData>;
type SignSocket = Socket<SignToServer, ServerToSign, Nothing, SocketData>;
type DisplaySocket = Socket<SignToServer, ServerToDisplay, Nothing, SocketData>;

export interface SocketsOptions {
  readonly http: HttpServer;
  readonly desk: Desk;
  readonly log: Log;
}

/** Attaches socket.io to the server. `close()` ends all connections and closes the server with them. */
export function attachSockets({ http, desk, log }: SocketsOptions): { close(): Promise<void> } {
  const io = new Server<PanelToServer, ServerToPanel, Nothing, SocketData>(http, {
    serveClient: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    allowRequest: (request, answer) => {
      answer(null, isOwnOrigin(request));
    },
  });
  io.use((socket, next) => {
    const token = tokenOf(socket.handshake.headers.cookie);
    const caller = token === null ? null : desk.door.callerOf(token, panelTokenOf(socket.handshake.headers.cookie));
    if (caller === null) {
      next(refusal(new AppError('not-logged-in', 'nobody is logged in')));
      return;
    }
    socket.data.caller = caller;
    next();
  });
  io.on('connection', (socket) => {
    const { caller } = socket.data;
    if (caller === undefined) {
      socket.disconnect(true);
      return;
    }
    void socket.join(roomOfLogin(caller.login));
    onWatch(socket, log, (room) =>
      // A slow panel misses snapshots instead of getting old ones later.
      desk.watchRoom(caller, room, (view) => socket.volatile.emit('room', roomView(desk, caller, view))),
    );
  });
  desk.door.onLoginEnded((login) => {
    io.to(roomOfLogin(login)).emit('logged-out');
    io.in(roomOfLogin(login)).disconnectSockets(true);
  });
  const signs = io.of('/sign') as unknown as {
    on(event: 'connection', listener: (socket: SignSocket) => void): void;
  };
  signs.on('connection', (socket) => {
    onWatch(socket, log, (room) => desk.watchSign(room, (view) => socket.volatile.emit('sign', signView(view))));
  });
  const displays = io.of('/display') as unknown as {
    on(event: 'connection', listener: (socket: DisplaySocket) => void): void;
  };
  displays.on('connection', (socket) => {
    onWatch(socket, log, (id) =>
      desk.signs.watchDisplay(id, (view) => socket.volatile.emit('display', displayView(view))),
    );
  });
  return {
    close: async () => {
      await io.close();
    },
  };
}

/** Each socket watches one room (or display) at a time: the last it named. */
function onWatch(
  socket: PanelSocket | SignSocket | DisplaySocket,
  log: Log,
  watch: (room: string) => () => void,
): void {
  let stop: (() => void) | null = null;
  socket.on('watch', (room: unknown, answer: unknown) => {
    try {
      const checkedRoom = checked(shortId, room);
      stop?.();
      stop = null;
      stop = watch(checkedRoom);
      reply(answer, { ok: true });
    } catch (error) {
      const known = errorOf(error);
      if (known.kind === 'internal') log.error({ err: known.cause ?? known }, 'a watch failed');
      reply(answer, { ok: false, error: wireError(known) });
    }
  });
  socket.on('disconnect', () => {
    stop?.();
    stop = null;
  });
}

/** A client may send anything in the place of its callback. */
function reply(answer: unknown, result: { ok: true } | { ok: false; error: ErrorBody['error'] }): void {
  if (typeof answer === 'function') answer(result);
}

function refusal(error: AppError): Error & { data?: ErrorBody['error'] } {
  return Object.assign(new Error(error.code), { data: wireError(error) });
}

function roomOfLogin(login: string): string {
  return `login ${login}`;
}
