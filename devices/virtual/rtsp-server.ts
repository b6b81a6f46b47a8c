// The RTSP server of one device (RFC 2326): connections, login, sessions, their limits and their timeouts.

import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { VirtualClock } from './clock.ts';
import type { Login } from './login.ts';
import type { Playout } from './playout.ts';
import { InterleavedTransport, type TrackTransport, UdpTransport } from './rtp-transport.ts';
import { RtspReader, type RtspRequest, writeResponse } from './rtsp-message.ts';
import { RtspSession } from './rtsp-session.ts';
import { sessionDescription, tracksOf } from './sdp.ts';
import type { SentLedger } from './sent-ledger.ts';
import type { SpropChoice, StartAt, TransportChoice } from './spec.ts';

/** What switches may change while the server runs. */
export interface RtspSettings {
  transport: TransportChoice;
  startAt: StartAt;
  /** Where a client finds the parameter sets of the picture (Q22). */
  sprop: SpropChoice;
  sessionTimeoutS: number;
  maxSessions: number;
  /** What a client hears when all sessions are taken (Q09). */
  overLimitStatus: 453 | 503;
  /** How long a session still counts after its client vanished without TEARDOWN (Q09). */
  lingerS: number;
}

export interface RtspParts {
  readonly host: string;
  readonly path: string;
  readonly title: string;
  readonly login: Login;
  readonly playout: Playout;
  readonly clock: VirtualClock;
  readonly ledger: SentLedger;
  readonly settings: RtspSettings;
}

const SWEEP_INTERVAL_MS = 250;
const MAX_CONNECTIONS = 200;
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN';

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Runs right after the response was written. */
  readonly after?: () => void;
}

export class RtspServer {
  readonly #parts: RtspParts;
  readonly #connections = new Set<Socket>();
  readonly #sessions = new Map<string, RtspSession>();
  /** Ends of the stretches in which vanished clients still count, by the monotonic clock. */
  #lingeringUntilMs: number[] = [];
  #server: Server | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #isAway = false;
  #isDeaf = false;

  constructor(parts: RtspParts) {
    this.#parts = parts;
  }

  /** Waits until the port is open. @returns the port, which is a free one when `port` is 0. */
  async listen(port: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#parts.host, resolve);
    });
    server.on('error', () => {}); // a connection that could not be taken is lost, the port stays open
    this.#server = server;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Sessions that count against the limit, lingering ones included. */
  sessionCount(): number {
    return this.#sessions.size + this.#lingeringUntilMs.length;
  }

  /** Cuts every connection and ends every session; the port stays open (Q01). */
  dropAll(reason: string): void {
    for (const session of [...this.#sessions.values()]) this.#end(session, reason);
    for (const socket of [...this.#connections]) socket.destroy();
  }

  /** The same with a TCP reset instead of an orderly end (Q01). */
  resetAll(): void {
    for (const session of [...this.#sessions.values()]) this.#end(session, 'reset');
    for (const socket of [...this.#connections]) socket.resetAndDestroy();
  }

  /**
   * Half-open (Q01): every session ends without a word, connections stay open and are never read, answered or sent to again,
   * and new ones fare the same. When that ends, all of them are reset, as by a host that no longer knows them.
   */
  setDeaf(isDeaf: boolean): void {
    if (isDeaf === this.#isDeaf) return;
    this.#isDeaf = isDeaf;
    if (isDeaf) {
      for (const session of [...this.#sessions.values()]) this.#end(session, 'half-open');
      for (const socket of this.#connections) socket.pause();
    } else this.resetAll();
  }

  /** Sessions that play now. */
  sessions(): readonly RtspSession[] {
    return [...this.#sessions.values()].filter((session) => session.isPlaying);
  }

  /** As if the cable were pulled: nothing is read, answered or sent, and nobody is told (Q01). */
  setAway(isAway: boolean): void {
    this.#isAway = isAway;
    for (const socket of this.#connections) {
      if (isAway || this.#isDeaf) socket.pause();
      else socket.resume();
    }
  }

  forgetLingering(): void {
    this.#lingeringUntilMs = [];
  }

  /** Ends everything and waits until the port is free. */
  async close(reason: string): Promise<void> {
    clearInterval(this.#sweeper);
    const server = this.#server;
    this.#server = undefined;
    const closed = server === undefined ? undefined : new Promise((resolve) => server.close(resolve));
    this.dropAll(reason);
    this.forgetLingering();
    this.#isDeaf = false;
    await closed;
  }

  #accept(socket: Socket): void {
    const reader = new RtspReader();
    let queue = Promise.resolve();
    this.#connections.add(socket);
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.#connections.delete(socket);
      this.#clientGone(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const input of reader.push(chunk)) {
          if ('channel' in input) this.#seen(socket);
          else {
            queue = queue
              .then(() => this.#answer(socket, input))
              .catch(() => {
                socket.end(writeResponse(503, input.headers.get('cseq')));
              });
          }
        }
      } catch {
        socket.end(writeResponse(400, undefined));
      }
    });
    if (this.#isAway || this.#isDeaf) socket.pause();
  }

  async #answer(socket: Socket, request: RtspRequest): Promise<void> {
    const reply = await this.#handle(socket, request);
    if (socket.destroyed || this.#isDeaf) return;
    const headers = { Server: 'Quancheng virtual device', ...reply.headers };
    socket.write(writeResponse(reply.status, request.headers.get('cseq'), headers, reply.body));
    reply.after?.();
  }

  async #handle(socket: Socket, request: RtspRequest): Promise<Reply> {
    if (request.method === 'OPTIONS' && !request.headers.has('session'))
      return { status: 200, headers: { Public: METHODS } };
    const { login } = this.#parts;
    const result = login.check(request.headers.get('authorization'), request.method);
    if (result !== 'ok') return { status: 401, headers: { 'WWW-Authenticate': login.refusal(result === 'stale') } };
    const sessionId = request.headers.get('session')?.split(';')[0]?.trim();
    const session = sessionId === undefined ? undefined : this.#sessions.get(sessionId);
    if (sessionId !== undefined && session === undefined) return { status: 454 };
    if (session !== undefined) session.lastSeenMs = this.#parts.playout.nowMs();
    const named: Reply['headers'] = sessionId === undefined ? {} : { Session: sessionId };
    switch (request.method) {
      case 'OPTIONS':
        return { status: 200, headers: { Public: METHODS, ...named } };
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setup(socket, request, session);
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return { status: 200, headers: named };
      case 'PLAY':
      case 'PAUSE':
      case 'TEARDOWN':
        return session === undefined ? { status: 454 } : this.#control(request, session);
      default:
        return { status: 405, headers: { Allow: METHODS } };
    }
  }

  #describe(request: RtspRequest): Reply {
    const { path, host, title, playout, settings } = this.#parts;
    if (pathOf(request.uri) !== path) return { status: 404 };
    const base = request.uri.endsWith('/') ? request.uri : `${request.uri}/`;
    return {
      status: 200,
      headers: { 'Content-Base': base, 'Content-Type': 'application/sdp', 'Cache-Control': 'no-store' },
      body: sessionDescription(playout, host, title, settings.sprop),
    };
  }

  async #setup(socket: Socket, request: RtspRequest, known: RtspSession | undefined): Promise<Reply> {
    const { path, playout, settings } = this.#parts;
    const [, asked, digits] = /^(.*?)\/trackID=(\d+)$/.exec(pathOf(request.uri)) ?? [];
    const index = Number(digits);
    const kind = asked === path ? tracksOf(playout)[index] : undefined;
    if (kind === undefined) return { status: 404 };
    if (known?.isPlaying || known?.tracks.some((track) => track.index === index)) return { status: 455 };
    if (known === undefined && this.sessionCount() >= settings.maxSessions) return { status: settings.overLimitStatus };
    const choice = chooseTransport(request.headers.get('transport') ?? '', settings.transport);
    if (choice === undefined) return { status: 461 };
    const id = known?.id ?? randomBytes(5).toString('hex').toUpperCase();
    const session = known ?? this.#newSession(id, socket);
    let transport: TrackTransport;
    try {
      transport = await this.#openTransport(choice, index, socket, session);
    } catch (error) {
      if (known === undefined) this.#end(session, 'SETUP failed');
      throw error;
    }
    if (!this.#sessions.has(id)) {
      transport.close(); // the device was shut down meanwhile
      return { status: 454 };
    }
    const track = session.addTrack(index, kind, transport);
    const ssrc = track.rtp.ssrc.toString(16).padStart(8, '0').toUpperCase();
    return {
      status: 200,
      headers: {
        Session: `${id};timeout=${settings.sessionTimeoutS}`,
        Transport: `${transport.describe()};ssrc=${ssrc};mode="PLAY"`,
      },
    };
  }

  async #openTransport(choice: Choice, index: number, socket: Socket, session: RtspSession): Promise<TrackTransport> {
    if (choice.kind === 'tcp') return new InterleavedTransport(socket, choice.first ?? index * 2);
    const client = { host: socket.remoteAddress ?? '', rtpPort: choice.first ?? 0, rtcpPort: (choice.first ?? 0) + 1 };
    return UdpTransport.open(this.#parts.host, client, () => {
      session.lastSeenMs = this.#parts.playout.nowMs();
    });
  }

  #newSession(id: string, socket: Socket): RtspSession {
    const parts = { ...this.#parts, isAway: () => this.#isAway };
    const session = new RtspSession(id, parts, socket, (slow) => {
      this.#end(slow, 'the client does not read');
      socket.destroy();
    });
    this.#sessions.set(id, session);
    return session;
  }

  #control(request: RtspRequest, session: RtspSession): Reply {
    const headers = { Session: session.id };
    if (request.method === 'TEARDOWN') return { status: 200, headers, after: () => this.#end(session, 'TEARDOWN') };
    if (request.method === 'PAUSE') {
      session.pause('PAUSE');
      return { status: 200, headers };
    }
    if (session.isPlaying) return { status: 200, headers };
    session.prepare(this.#parts.settings.startAt);
    const base = request.uri.replace(/\/$/, '');
    const rtpInfo = session.rtpInfo((track) => `${base}/trackID=${track.index}`);
    return {
      status: 200,
      headers: { ...headers, Range: 'npt=now-', 'RTP-Info': rtpInfo },
      after: () => session.play(),
    };
  }

  /** A packet inside the connection is a sign of life for the sessions that run in it. */
  #seen(socket: Socket): void {
    for (const session of this.#sessions.values()) {
      if (session.belongsTo(socket)) session.lastSeenMs = this.#parts.playout.nowMs();
    }
  }

  /** Sessions inside a connection end with it; those over UDP live until they time out (RFC 2326, 1.1). */
  #clientGone(socket: Socket): void {
    const { lingerS } = this.#parts.settings;
    for (const session of [...this.#sessions.values()]) {
      if (!session.belongsTo(socket) || session.transport === 'udp') continue;
      this.#end(session, 'the connection closed');
      if (lingerS > 0) this.#lingeringUntilMs.push(this.#parts.playout.nowMs() + lingerS * 1000);
    }
  }

  #end(session: RtspSession, reason: string): void {
    this.#sessions.delete(session.id);
    session.close(reason);
  }

  #sweep(): void {
    const nowMs = this.#parts.playout.nowMs();
    this.#lingeringUntilMs = this.#lingeringUntilMs.filter((endMs) => endMs > nowMs);
    if (this.#isAway) return;
    for (const session of [...this.#sessions.values()]) {
      if (nowMs - session.lastSeenMs <= this.#parts.settings.sessionTimeoutS * 1000) continue;
      const isInterleaved = session.transport === 'tcp';
      this.#end(session, 'session timeout');
      if (isInterleaved) for (const socket of this.#connections) if (session.belongsTo(socket)) socket.destroy();
    }
  }
}

interface Choice {
  readonly kind: 'tcp' | 'udp';
  /** First channel or first client port, when the client named one. */
  readonly first: number | undefined;
}

/** The first transport of the client's list that the device offers. */
function chooseTransport(header: string, offered: TransportChoice): Choice | undefined {
  for (const entry of header.split(',')) {
    const fields = entry.trim().split(';');
    const protocol = fields[0]?.toUpperCase();
    const value = (name: string) => fields.find((field) => field.trim().startsWith(`${name}=`))?.split('=')[1];
    const first = (name: string) => {
      const number = Number.parseInt(value(name) ?? '', 10);
      return Number.isNaN(number) ? undefined : number;
    };
    if (protocol === 'RTP/AVP/TCP' && offered !== 'udp-only') return { kind: 'tcp', first: first('interleaved') };
    const isUdp =
      (protocol === 'RTP/AVP' || protocol === 'RTP/AVP/UDP') && !fields.some((field) => field.trim() === 'multicast');
    if (isUdp && offered !== 'tcp-only' && first('client_port') !== undefined) {
      return { kind: 'udp', first: first('client_port') };
    }
  }
  return undefined;
}

/** Path of an RTSP URI without query and trailing slash. */
function pathOf(uri: string): string {
  const path = uri.replace(/^rtsp[su]?:\/\/[^/]*/i, '').replace(/\?[^/]*/, '');
  return path.replace(/\/$/, '');
}
