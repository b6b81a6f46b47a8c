/** The control plane with its API in front, on a free port of this machine, and clients that speak real HTTP. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorBody, ReviewStream } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { type Api, startApi } from '../../controller/api/start.ts';
import { Stage } from '../site/stage.ts';

/** Whatever an answer may hold; a test reads what it asked for. */
export interface Body {
  readonly error: ErrorBody['error'];
  readonly id: string;
  readonly state: string;
  readonly matter: string;
  readonly readiness: string;
  readonly from: number;
  readonly to: number;
  readonly sessions: readonly SessionView[];
  readonly streams: readonly ReviewStream[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export class Client {
  readonly url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.url = url;
  }

  /** As a Cookie header holds them. */
  get cookie(): string {
    return [...this.#cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  }

  set cookie(header: string) {
    this.#cookies.clear();
    for (const part of header.split('; ')) this.#take(part);
  }

  #take(part: string): void {
    const [key = '', value = ''] = part.split('=', 2);
    if (value === '') this.#cookies.delete(key);
    else this.#cookies.set(key, value);
  }

  async send(
    method: string,
    path: string,
    more: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.cookie === '' ? {} : { cookie: this.cookie }),
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(more.body === undefined
        ? {}
        : { body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body) }),
    });
    for (const set of response.headers.getSetCookie()) this.#take(set.split(';', 1)[0] ?? '');
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('application/json') === true;
    const body = (isJson ? JSON.parse(text) : {}) as Body;
    return { status: response.status, headers: response.headers, text, body };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, { headers });
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, { body, headers });
  }
}

export class ApiStage {
  readonly stage: Stage;
  #api: Api | null = null;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  static async open(change: (stage: Stage) => void = () => undefined): Promise<ApiStage> {
    const stage = await Stage.open(change);
    const one = new ApiStage(stage);
    const assets = join(one.panelFolder, 'assets');
    await mkdir(assets, { recursive: true });
    await writeFile(join(one.panelFolder, 'index.html'), '<!doctype html><title>全程</title>');
    await writeFile(join(assets, 'index-abc123.js'), 'export {};');
    await one.startApi();
    return one;
  }

  get panelFolder(): string {
    return join(this.stage.folder, 'panel');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#api?.port ?? 0;
  }

  async startApi(port = 0): Promise<void> {
    const { desk, log } = this.stage;
    const { panelFolder } = this;
    this.#api = await startApi({ desk, log, version: '0.0.0', host: '127.0.0.1', port, panelFolder });
  }

  async closeApi(): Promise<void> {
    await this.#api?.close();
  }

  /** A panel of the room, with nobody logged in. */
  async panelAt(room: string): Promise<Client> {
    const client = new Client(this.url);
    client.cookie = `quancheng-panel=${(await this.stage.panelAt(room)).panelToken}`;
    return client;
  }

  /** Somebody at a panel, logged in. */
  async login(person: string): Promise<Client> {
    const own = this.stage.plan.people.find((one) => one.id === person)?.rooms ?? [];
    const client = await this.panelAt(own === 'all' ? 'r1' : (own[0] ?? ''));
    const answer = await client.post('/login', { person, pin: this.stage.pins.get(person) });
    if (answer.status !== 200) throw new Error(`${person} could not log in: ${JSON.stringify(answer.body)}`);
    return client;
  }

  async close(): Promise<void> {
    await this.closeApi();
    await this.stage.close();
  }
}
