// The HTTP side of a virtual camera: SOAP services and the snapshot, with the two logins ONVIF knows.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Login } from './login.ts';
import { answerDevice, type DeviceParts, EVENTS_PATH, MEDIA2_PATH, OPEN_OPERATIONS } from './onvif-device.ts';
import { type PullPoints, SUBSCRIPTION_PATH } from './onvif-events.ts';
import { answerMedia, type MediaParts } from './onvif-media.ts';
import { envelope, faultBody, parseSoap, type SoapCall, SoapFault } from './soap.ts';
import type { OnvifLogin } from './spec.ts';
import type { UsernameTokens } from './username-token.ts';

export const SNAPSHOT_PATH = '/onvif-http/snapshot';
const MAX_REQUEST_BYTES = 65_536;

export interface OnvifParts {
  readonly host: string;
  readonly device: DeviceParts;
  readonly media: MediaParts;
  readonly events: PullPoints;
  readonly tokens: UsernameTokens;
  readonly login: Login;
  readonly loginKind: OnvifLogin;
  /** The picture of this moment as JPEG. */
  readonly snapshot: () => Buffer;
}

export class OnvifServer {
  readonly #parts: OnvifParts;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** While the cable is pulled: what wakes the requests that wait for it. */
  #away: { readonly back: Promise<void>; readonly comeBack: () => void } | undefined;

  constructor(parts: OnvifParts) {
    this.#parts = parts;
  }

  /** Waits until the port is open. @returns the port, which is a free one when `port` is 0. */
  async listen(port: number): Promise<number> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#parts.host, resolve);
    });
    server.on('error', () => {}); // a connection that could not be taken is lost, the port stays open
    this.#server = server;
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** As if the cable were pulled: requests wait without an answer until it is plugged in again (Q01). */
  setAway(isAway: boolean): void {
    this.#away?.comeBack();
    this.#away = undefined;
    if (!isAway) return;
    let comeBack = () => {};
    const back = new Promise<void>((resolve) => {
      comeBack = resolve;
    });
    this.#away = { back, comeBack };
  }

  /** Cuts all connections and waits until the port is free. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.setAway(false);
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    while (this.#away !== undefined) await this.#away.back;
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'GET' && path === SNAPSHOT_PATH) return this.#snapshot(request, response);
    if (request.method !== 'POST' || !path.startsWith('/onvif/')) return end(response, 404, 'text/plain', 'not found');
    let body: string;
    let status = 200;
    try {
      const call = parseSoap(await readBody(request));
      if (!OPEN_OPERATIONS.has(call.operation) && !this.#admit(call, request, response)) return;
      body = await this.#perform(path, call);
    } catch (error) {
      const fault =
        error instanceof SoapFault
          ? error
          : new SoapFault(['ter:Action'], 'The device has an internal error.', 'Receiver');
      status = fault.status;
      body = faultBody(fault);
    }
    end(response, status, 'application/soap+xml; charset=utf-8', envelope(body));
  }

  /**
   * Checks the login. A wrong UsernameToken is a SOAP fault with status 400; a wrong or missing HTTP login is a challenge
   * with 401 (ONVIF Core, 5.9.1). @returns false when the answer is already out.
   */
  #admit(call: SoapCall, request: IncomingMessage, response: ServerResponse): boolean {
    const { tokens, login, loginKind } = this.#parts;
    const byToken = loginKind === 'digest' ? 'missing' : tokens.check(call.header);
    if (byToken === 'ok') return true;
    if (byToken !== 'missing' || loginKind === 'token') {
      throw new SoapFault(['ter:NotAuthorized'], 'Sender not authorized');
    }
    const byHttp = login.check(authorization(request), 'POST');
    if (byHttp === 'ok') return true;
    response.setHeader('WWW-Authenticate', login.refusal(byHttp === 'stale'));
    end(
      response,
      401,
      'application/soap+xml; charset=utf-8',
      envelope(faultBody(new SoapFault(['ter:NotAuthorized'], 'Sender not authorized'))),
    );
    return false;
  }

  async #perform(path: string, { operation, request }: SoapCall): Promise<string> {
    const { events, device, media } = this.#parts;
    if (path.startsWith(SUBSCRIPTION_PATH)) {
      const id = path.slice(SUBSCRIPTION_PATH.length);
      if (operation === 'PullMessages') return events.pull(id, request);
      if (operation === 'Renew') return events.renew(id, request);
      if (operation === 'Unsubscribe') return events.unsubscribe(id);
      if (operation === 'SetSynchronizationPoint') return '<tev:SetSynchronizationPointResponse/>';
    }
    if (path === EVENTS_PATH) {
      if (operation === 'CreatePullPointSubscription') return events.create(request, device.httpUri);
      if (operation === 'GetEventProperties') return eventProperties();
      if (operation === 'GetServiceCapabilities') {
        return '<tev:GetServiceCapabilitiesResponse><tev:Capabilities WSPullPointSupport="true" MaxPullPoints="5"/></tev:GetServiceCapabilitiesResponse>';
      }
    }
    // Like many real devices, any other path answers for the device and for the first media service.
    const isMedia = path.includes('media');
    const asMedia = () => answerMedia(path === MEDIA2_PATH ? 'tr2' : 'trt', operation, request, media);
    const asDevice = () => answerDevice(operation, request, device);
    const body = isMedia ? (asMedia() ?? asDevice()) : (asDevice() ?? asMedia());
    if (body === undefined)
      throw new SoapFault(['ter:ActionNotSupported'], `${operation} is not supported.`, 'Receiver');
    return body;
  }

  #snapshot(request: IncomingMessage, response: ServerResponse): void {
    const { login } = this.#parts;
    const result = login.check(authorization(request), 'GET');
    if (result === 'ok') {
      end(response, 200, 'image/jpeg', this.#parts.snapshot());
      return;
    }
    response.setHeader('WWW-Authenticate', login.refusal(result === 'stale'));
    end(response, 401, 'text/plain', 'login needed');
  }
}

function eventProperties(): string {
  return (
    '<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>' +
    '<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet><tns1:VideoSource><MotionAlarm wstop:topic="true"/></tns1:VideoSource>' +
    '</wstop:TopicSet></tev:GetEventPropertiesResponse>'
  );
}

/** Node reads headers as Latin-1; names of users come as UTF-8. */
function authorization(request: IncomingMessage): string | undefined {
  const value = request.headers.authorization;
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_REQUEST_BYTES) throw new SoapFault(['ter:WellFormed'], 'The request is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function end(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
