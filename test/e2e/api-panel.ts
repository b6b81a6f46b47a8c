/** A touch panel's requests, without the panel: the API with the cookies that a browser would keep. */
import { until } from '../recorder/rig.ts';
import { type House, pairingCode } from './house.ts';

/** A panel of a person; every request that is refused rejects with what the answer says. */
export class ApiPanel {
  readonly #base: string;
  #cookie = '';

  constructor(house: House) {
    this.#base = house.panel;
  }

  async enter(house: House, person: string): Promise<void> {
    await this.post('/pair', { code: await pairingCode(house) });
    await this.post('/login', { person, pin: house.pins[person] });
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#send('GET', path)) as T;
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    return (await this.#send('POST', path, body)) as T;
  }

  /** Sends until an answer comes: what a panel does with a press whose answer was lost. */
  async insist<T>(path: string, body: object): Promise<T> {
    let answer: T | null = null;
    await until(async () => {
      answer = await this.post<T>(path, body).catch(() => null);
      return answer !== null;
    }, 30_000);
    return answer as unknown as T;
  }

  async bytes(path: string): Promise<{ readonly status: number; readonly text: string; readonly size: number }> {
    const response = await fetch(new URL(path, this.#base), { headers: { cookie: this.#cookie } });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, text: body.toString('utf8'), size: body.length };
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#base}api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', cookie: this.#cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';', 1);
      const kept = this.#cookie.split('; ').filter((one) => one !== '' && !one.startsWith(`${pair.split('=')[0]}=`));
      this.#cookie = [...kept, pair].join('; ');
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
