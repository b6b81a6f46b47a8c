/**
 * One attempt at a camera over the onvif library: a client of its own, a deadline over everything, and answers as XML. The
 * library's own reading of answers is not used, because it turns texts into numbers and trips over lists of one or none.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import onvif from 'onvif';
import { AppError } from '../../controller/core/errors.ts';
import type { CameraAddress } from './address.ts';
import { bodyOf, child, clockOf, type Element, escapeXml, faultOf, type MediaPaths } from './answer.ts';
import { type Outcome, refusal } from './refusal.ts';

export interface CameraLogin {
  readonly user: string;
  readonly password: string;
}

/** Answers of real cameras stay under 100 kB. The library reads whatever comes, so the limit sits on the connection. */
const ANSWER_MAX_BYTES = 2_000_000;
const NONCE_BYTES = 16;
/** A camera says whole seconds, so on average it is half a second further than it says. */
const HALF_SECOND_MS = 500;

type Send = (request: { body: string | Buffer }, callback: unknown) => void;
type Done = (error: Error | null, data?: unknown, xml?: string) => void;

/** Cuts a connection on which more comes than any camera has to say. */
class LimitedAgent extends Agent {
  override createConnection(options: NetConnectOpts): Socket {
    const socket = connect(options);
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) socket.destroy(new Error(`more than ${ANSWER_MAX_BYTES} bytes came`));
    });
    return socket;
  }
}

export class Attempt {
  readonly #camera: CameraAddress;
  readonly #agent = new LimitedAgent({ keepAlive: false });
  readonly #cam: onvif.Cam;
  #status: number | null = null;
  #answersSoap = false;
  #clockOffsetMs: number | null = null;
  #over: AppError | null = null;

  constructor(camera: CameraAddress, login: CameraLogin | null, timeoutMs: number) {
    this.#camera = camera;
    this.#cam = new onvif.Cam({
      hostname: camera.host,
      port: camera.port,
      timeout: timeoutMs,
      agent: this.#agent,
      autoconnect: false,
      preserveAddress: true,
      ...(login === null ? {} : { username: escapeXml(login.user), password: login.password }),
    });
    this.#cam.on('rawResponse', (_xml, status) => {
      this.#status = status;
    });
    if (login !== null) this.#correctLogins(login);
  }

  /** Camera clock minus ours in milliseconds as of {@link readClock}; null before it, or when the camera does not say. */
  get clockOffsetMs(): number | null {
    return this.#clockOffsetMs;
  }

  /**
   * Asks for the camera's time, without a login where the camera allows it (ONVIF Core 5.12 says it must), because a login's
   * time stamp has to be by the camera's clock (Q03). A camera that does not tell is taken to be right.
   */
  async readClock(): Promise<void> {
    const before = Date.now();
    let response: Element;
    try {
      response = await this.#ask('GetSystemDateAndTime', (done) => this.#cam.getSystemDateAndTime(done));
    } catch (error) {
      if (this.#answersSoap && error instanceof AppError && error.code === 'camera-unreachable') return;
      throw error;
    }
    const cameraMs = clockOf(response);
    if (cameraMs === null) return;
    this.#clockOffsetMs = Math.round(cameraMs + HALF_SECOND_MS - (before + Date.now()) / 2);
  }

  deviceInformation(): Promise<Element> {
    return this.#ask('GetDeviceInformation', (done) => this.#cam.getDeviceInformation(done));
  }

  services(): Promise<Element> {
    return this.#ask('GetServices', (done) => this.#cam.getServices(false, done));
  }

  capabilities(): Promise<Element> {
    return this.#ask('GetCapabilities', (done) => this.#cam.getCapabilities(done));
  }

  profiles(paths: MediaPaths, version: 1 | 2): Promise<Element> {
    this.#useMedia(paths, version);
    return this.#ask('GetProfiles', (done) => this.#cam.getProfiles(done));
  }

  streamUri(paths: MediaPaths, version: 1 | 2, profileToken: string): Promise<Element> {
    this.#useMedia(paths, version);
    const options = { protocol: 'RTSP', profileToken: escapeXml(profileToken) };
    return this.#ask('GetStreamUri', (done) => this.#cam.getStreamUri(options, done));
  }

  /** Ends it: connections are cut and every question still open fails with `error`. */
  end(error: AppError): void {
    this.#over ??= error;
    this.#agent.destroy();
  }

  /**
   * Asks one question; answers the response element. Never lets anything escape but an AppError: the library may call back
   * twice, throw at once, or fail over an answer that is perfectly readable.
   */
  async #ask(call: string, question: (done: Done) => void): Promise<Element> {
    if (this.#over !== null) throw this.#over;
    this.#status = null;
    const { error, xml } = await new Promise<{ error: Error | null; xml: string | null }>((resolve) => {
      try {
        question((error, _data, xml) => resolve({ error, xml: xml ?? null }));
      } catch (error) {
        resolve({ error: error instanceof Error ? error : new Error(String(error)), xml: null });
      }
    });
    if (this.#over !== null) throw this.#over;
    const body = xml === null ? null : bodyOf(xml);
    this.#answersSoap ||= body !== null;
    const fault = body === null ? null : faultOf(body);
    const response = body === null ? undefined : child(body, `${call}Response`);
    if (fault === null && response !== undefined) return response;
    const clockOffsetMs = this.#clockOffsetMs;
    const outcome: Outcome = { call, error, status: this.#status, isSoap: body !== null, fault, clockOffsetMs };
    throw refusal(this.#camera.host, outcome);
  }

  #useMedia(paths: MediaPaths, version: 1 | 2): void {
    this.#cam.media2Support = version === 2;
    // The library takes only the path from here; host and port are the configured ones.
    const uri = { media: { path: paths.media1 }, media2: { path: paths.media2 } };
    Object.assign(this.#cam, { uri });
  }

  /**
   * Three of the library's own steps, replaced: it hashes passwords as ASCII, where the standard says UTF-8; it uses one user
   * name for XML, which must be escaped, and for HTTP Digest, which must not be; and it sends the body as text, which makes Node
   * write the header in UTF-8 a second time.
   */
  #correctLogins(login: CameraLogin): void {
    const escaped = escapeXml(login.user);
    const digestAuth = this.#cam.digestAuth.bind(this.#cam);
    const { _requestPart2: send } = this.#cam as unknown as { _requestPart2: Send };
    Object.assign(this.#cam, {
      _requestPart2: (request: { body: string | Buffer }, callback: unknown) => {
        request.body = Buffer.from(request.body);
        send.call(this.#cam, request, callback);
      },
      _passwordDigest: () => {
        const nonce = randomBytes(NONCE_BYTES);
        const timestamp = new Date(Date.now() + (this.#clockOffsetMs ?? 0)).toISOString();
        // WS-Security UsernameToken Profile 1.0, section 3.1: Base64(SHA-1(nonce + created + password)).
        const digest = createHash('sha1')
          .update(nonce)
          .update(timestamp)
          .update(login.password, 'utf8')
          .digest('base64');
        return { passdigest: digest, nonce: nonce.toString('base64'), timestamp };
      },
      digestAuth: (...args: Parameters<typeof digestAuth>) => {
        this.#cam.username = login.user;
        try {
          // Header bytes are UTF-8 (RFC 7616, section 3.4), and Node writes each character of a header as one byte.
          return Buffer.from(digestAuth(...args), 'utf8').toString('latin1');
        } finally {
          this.#cam.username = escaped;
        }
      },
    });
  }
}
